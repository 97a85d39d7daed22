//! Tables behind [`AssetGroup`](super::AssetGroup). Each table contains the functions for one kind of asset.
//! These functions take and return JSON instead of typed assets.

use super::ChildRelation;
use crate::ext::abilities::{BulkUnarchive as _, MoveToCategory as _};
use crate::ext::bulk::{Archiving, Bulk, Deleting, Duplicating, GroupBulk};
use crate::ext::cascade::Cascade;
use crate::ext::read_calls::ReadCalls;
use crate::ext::resource::{Archive, Categorised, Delete, Duplicate, Handle, Resource, Unarchive};
use crate::runtime::acknowledgement::EvidenceState as _;
use crate::runtime::operation::Operation;
use crate::runtime::server_managed::ServerManagedFields;
use crate::{Client, Error};
use serde_json::Value;
use std::collections::BTreeMap;

/// Table with the names, functions and operations of a group.
pub(crate) struct GroupTable {
    pub(super) name: &'static str,
    pub(super) tag: &'static str,
    pub(super) singular: &'static str,
    pub(super) plural: &'static str,
    pub(super) is_inferred: bool,
    pub(super) children: &'static [ChildRelation],
    pub(super) free_form: &'static [&'static str],
    pub(super) resource: Option<ResourceTable>,
    pub(super) save: Option<SaveTable>,
    pub(super) archive: Option<ChangeTable>,
    pub(super) unarchive: Option<fn(&Client, Vec<String>) -> GroupBulk>,
    pub(super) delete: Option<ChangeTable>,
    pub(super) categorise: Option<MoveAssets>,
    pub(super) duplicate: Option<DuplicateTable>,
}

/// Function that creates a job. The job moves the assets with the given IDs to a category.
pub(super) type MoveAssets = fn(&Client, Vec<String>, String) -> GroupBulk;
/// Function that creates a duplication job. Each ID is paired with the request body that describes its copy.
pub(super) type DuplicateAssets = fn(&Client, Vec<(String, Value)>) -> Result<GroupBulk, Error>;

/// Calls that read assets, and JSON pointers to the properties of an asset.
pub(super) struct ResourceTable {
    pub(super) calls: ReadCalls,
    pub(super) id: &'static str,
    pub(super) name: Option<&'static str>,
    pub(super) category: Option<&'static str>,
    pub(super) server_managed: ServerManagedFields,
}

/// Operations that store an asset. The request body is the asset.
pub(super) struct SaveTable {
    pub(super) create: &'static Operation,
    pub(super) save: &'static Operation,
}

/// A call that archives or deletes assets.
pub(super) struct ChangeTable {
    pub(super) has_children: bool,
    pub(super) job: fn(&Client, Vec<String>, &Cascade<String>) -> GroupBulk,
}

/// A call that duplicates assets.
pub(super) struct DuplicateTable {
    pub(super) can_override: bool,
    pub(super) job: DuplicateAssets,
}

/// Constructors that the generated code calls.
#[allow(dead_code, reason = "the document decides which abilities there are")]
impl GroupTable {
    pub(crate) const fn new(
        name: &'static str,
        tag: &'static str,
        singular: &'static str,
        plural: &'static str,
        is_inferred: bool,
    ) -> Self {
        Self {
            name,
            tag,
            singular,
            plural,
            is_inferred,
            children: &[],
            free_form: &[],
            resource: None,
            save: None,
            archive: None,
            unarchive: None,
            delete: None,
            categorise: None,
            duplicate: None,
        }
    }

    pub(crate) const fn with_resource<R: Resource>(
        mut self,
        id: &'static str,
        name: Option<&'static str>,
        category: Option<&'static str>,
    ) -> Self {
        self.resource = Some(ResourceTable {
            calls: ReadCalls::of::<R>(),
            id,
            name,
            category,
            server_managed: R::SERVER_MANAGED,
        });
        self
    }

    pub(crate) const fn with_children(mut self, children: &'static [ChildRelation]) -> Self {
        self.children = children;
        self
    }

    pub(crate) const fn with_free_form(mut self, pointers: &'static [&'static str]) -> Self {
        self.free_form = pointers;
        self
    }

    pub(crate) const fn with_save(mut self, create: &'static Operation, save: &'static Operation) -> Self {
        self.save = Some(SaveTable { create, save });
        self
    }

    pub(crate) const fn with_archive<R: Archive>(mut self, has_children: bool) -> Self {
        let job = archive::<R>;
        self.archive = Some(ChangeTable { has_children, job });
        self
    }

    pub(crate) const fn with_unarchive<R: Unarchive>(mut self) -> Self {
        self.unarchive = Some(unarchive::<R>);
        self
    }

    pub(crate) const fn with_delete<R: Delete>(mut self, has_children: bool) -> Self {
        let job = delete::<R>;
        self.delete = Some(ChangeTable { has_children, job });
        self
    }

    pub(crate) const fn with_categories<R: Categorised>(mut self) -> Self {
        self.categorise = Some(categorise::<R>);
        self
    }

    pub(crate) const fn with_duplicate<R: Duplicate>(mut self, can_override: bool) -> Self {
        let job = duplicate::<R>;
        self.duplicate = Some(DuplicateTable { can_override, job });
        self
    }
}

fn archive<R: Archive>(client: &Client, ids: Vec<String>, children: &Cascade<String>) -> GroupBulk {
    let children = children.map(|target| R::Id::from(target.clone()));
    let job: Bulk<R, Archiving<R::Id>> = Bulk::new(client, ids, Archiving::new(children));
    GroupBulk::new(job, R::Acknowledgement::IS_INFERRED)
}

fn unarchive<R: Unarchive>(client: &Client, ids: Vec<String>) -> GroupBulk {
    GroupBulk::new(Handle::<R>::new(client.clone()).bulk_unarchive(ids), false)
}

fn delete<R: Delete>(client: &Client, ids: Vec<String>, children: &Cascade<String>) -> GroupBulk {
    let children = children.map(|target| R::Id::from(target.clone()));
    let job: Bulk<R, Deleting<R::Id>> = Bulk::new(client, ids, Deleting::new(children));
    GroupBulk::new(job, R::Acknowledgement::IS_INFERRED)
}

fn categorise<R: Categorised>(client: &Client, ids: Vec<String>, category: String) -> GroupBulk {
    let handle = Handle::<R>::new(client.clone());
    GroupBulk::new(handle.move_to_category(ids, category), false)
}

fn duplicate<R: Duplicate>(client: &Client, copies: Vec<(String, Value)>) -> Result<GroupBulk, Error> {
    let mut requests: BTreeMap<R::Id, R::Request> = BTreeMap::new();
    let mut ids = Vec::with_capacity(copies.len());
    for (id, request) in copies {
        let request: R::Request = serde_path_to_error::deserialize(request).map_err(|error| {
            Error::configuration(format!(
                "the copy of {id} is described in an invalid way: {error}"
            ))
        })?;
        let id = R::Id::from(id);
        requests.entry(id.clone()).or_insert(request);
        ids.push(id);
    }
    let job: Bulk<R, Duplicating<R>> = Bulk::new(client, ids, Duplicating::new(requests));
    Ok(GroupBulk::new(job, false))
}
