//! Tables behind [`AssetGroup`](super::AssetGroup): the functions of one kind of asset, which take and return
//! JSON instead of typed assets.

use super::{ChildRelation, FoundAsset};
use crate::ext::abilities::{BulkUnarchive as _, MoveToCategory as _};
use crate::ext::bulk::{Archiving, Bulk, Deleting, Duplicating, Failure, GroupBulk, Reason};
use crate::ext::cascade::Cascade;
use crate::ext::read::{ReadResult, Reader};
use crate::ext::resource::{Archive, Categorised, Delete, Duplicate, Handle, Resource, Unarchive};
use crate::runtime::acknowledgement::EvidenceState as _;
use crate::runtime::operation::Operation;
use crate::runtime::server_managed::ServerManagedFields;
use crate::transport::BoxFuture;
use crate::{Client, Error};
use serde_json::{Value, value::RawValue};
use std::collections::BTreeMap;

/// Table of a group.
pub(crate) struct GroupTable {
    pub(super) name: &'static str,
    pub(super) tag: &'static str,
    pub(super) singular: &'static str,
    pub(super) plural: &'static str,
    pub(super) is_inferred: bool,
    pub(super) children: &'static [ChildRelation],
    pub(super) resource: Option<ResourceTable>,
    pub(super) save: Option<SaveTable>,
    pub(super) archive: Option<ChangeTable>,
    pub(super) unarchive: Option<fn(&Client, Vec<String>) -> GroupBulk>,
    pub(super) delete: Option<ChangeTable>,
    pub(super) categorise: Option<MoveAssets>,
    pub(super) duplicate: Option<DuplicateTable>,
}

/// Function that lists all assets.
pub(super) type ListTexts = fn(&Client) -> BoxFuture<'static, Result<Vec<Box<RawValue>>, Error>>;
/// Function that lists assets.
pub(super) type ListAssets = fn(&Client) -> BoxFuture<'static, Result<Vec<Value>, Error>>;
/// Function that finds assets by ID.
pub(super) type FindAssets = fn(&Client, Vec<String>) -> BoxFuture<'static, Vec<FoundAsset>>;
/// Function that creates a job that moves assets to a category.
pub(super) type MoveAssets = fn(&Client, Vec<String>, String) -> GroupBulk;
/// Function that creates a duplication job. Each ID is paired with the request body that describes its copy.
pub(super) type DuplicateAssets = fn(&Client, Vec<(String, Value)>) -> Result<GroupBulk, Error>;

/// Functions that read assets, and the places of their properties.
pub(super) struct ResourceTable {
    pub(super) segment: &'static str,
    pub(super) id: &'static str,
    pub(super) name: Option<&'static str>,
    pub(super) category: Option<&'static str>,
    pub(super) server_managed: ServerManagedFields,
    pub(super) list: Option<ListAssets>,
    pub(super) list_json: Option<ListTexts>,
    pub(super) find: FindAssets,
}

/// Operations that store an asset. Their request body is the asset.
pub(super) struct SaveTable {
    pub(super) create: &'static Operation,
    pub(super) save: &'static Operation,
}

/// A call that archives or deletes.
pub(super) struct ChangeTable {
    pub(super) has_children: bool,
    pub(super) job: fn(&Client, Vec<String>, &Cascade<String>) -> GroupBulk,
}

/// A call that duplicates.
pub(super) struct DuplicateTable {
    pub(super) can_override: bool,
    pub(super) job: DuplicateAssets,
}

/// Constructors for the generated code.
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
            segment: R::NAMES.segment,
            id,
            name,
            category,
            server_managed: R::SERVER_MANAGED,
            list: if R::LIST.is_some() { Some(list::<R>) } else { None },
            list_json: if R::LIST.is_some() {
                Some(list_json::<R>)
            } else {
                None
            },
            find: find::<R>,
        });
        self
    }

    pub(crate) const fn with_children(mut self, children: &'static [ChildRelation]) -> Self {
        self.children = children;
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

fn list<R: Resource>(client: &Client) -> BoxFuture<'static, Result<Vec<Value>, Error>> {
    match R::LIST {
        Some(list) => list(client)
            .rows(|rows| Ok(rows.into_iter().map(|row| row.value).collect()))
            .into_future(),
        None => Box::pin(async { Ok(Vec::new()) }),
    }
}

fn list_json<R: Resource>(client: &Client) -> BoxFuture<'static, Result<Vec<Box<RawValue>>, Error>> {
    match R::LIST {
        Some(list) => list(client).row_texts().into_future(),
        None => Box::pin(async { Ok(Vec::new()) }),
    }
}

fn find<R: Resource>(client: &Client, ids: Vec<String>) -> BoxFuture<'static, Vec<FoundAsset>> {
    let reader = Reader::<R>::raw(client.clone());
    Box::pin(async move {
        let ids: Vec<R::Id> = ids.into_iter().map(R::Id::from).collect();
        let results = reader.values(&ids).await.into_iter();
        results
            .map(|result| match result {
                ReadResult::Found(asset) => FoundAsset::Found(asset),
                ReadResult::Missing => FoundAsset::Missing,
                ReadResult::Odd(failure) => FoundAsset::Unreadable(failure),
                ReadResult::Unreadable(error) => {
                    FoundAsset::Unreadable(Failure::of(Reason::NotLookedAt, &error))
                }
            })
            .collect()
    })
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
