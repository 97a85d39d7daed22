//! Changes of many assets. Each change defines the call that is sent, and the requested state: the state in
//! which an asset needs no change.

use super::engine::{JobSteps, Shared, StepContext};
use crate::ext::cascade::Cascade;
use crate::ext::resource::{
    Archive, AssetStatus, AssetSummary, Categorised, Delete, EntriesCall, Resource, Unarchive,
};
use crate::ext::validate::{self, InvalidJob};
use crate::runtime::acknowledgement::{Documented, EvidenceState, Sendable};
use crate::{Call, Client};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// A change that a job makes to many assets of the kind `R`. Other crates cannot implement this trait.
pub trait BulkChange<R: Resource>: fmt::Debug + Send + Sync + 'static {
    /// Returns the change as data, for the job, the journal and the report.
    fn record(&self) -> ChangeRecord;
}

/// A change that may be sent: its calls are documented, or the caller has acknowledged that they are
/// inferred.
pub trait SendableChange<R: Resource>: BulkChange<R> {
    /// Returns the steps of a job that makes the change.
    fn steps(self, shared: Shared) -> Arc<dyn JobSteps>;
}

/// A change made by a call that takes a list of IDs.
#[derive(Debug)]
pub(super) struct ListChange {
    pub(super) record: ChangeRecord,
    call: EntriesCall,
    /// Name of the body property that contains the ID of the category; `None` if the change is not a move to
    /// a category.
    category: Option<&'static str>,
}

impl ListChange {
    /// Returns the steps of a job that sends `call` for the IDs of each chunk.
    fn steps(
        record: ChangeRecord,
        call: EntriesCall,
        category: Option<&'static str>,
        shared: Shared,
    ) -> Arc<dyn JobSteps> {
        let change = Self {
            record,
            call,
            category,
        };
        Arc::new(StepContext::new(shared, change))
    }

    /// Creates the call that changes the assets with the IDs `entries`.
    pub(super) fn call(&self, client: &Client, entries: Vec<String>) -> Call<()> {
        match &self.record {
            ChangeRecord::Archive { children } | ChangeRecord::Delete { children } => {
                self.call.with_children(client, entries, children)
            }
            ChangeRecord::MoveToCategory { category } => {
                let property = self.category.map(|name| (name, category.as_str()));
                self.call.call(client, entries, property)
            }
            ChangeRecord::Unarchive | ChangeRecord::Duplicate { .. } => self.call.call(client, entries, []),
        }
    }
}

impl<R: Archive, E: Sendable> SendableChange<R> for Archiving<R::Id, E> {
    fn steps(self, shared: Shared) -> Arc<dyn JobSteps> {
        ListChange::steps(BulkChange::<R>::record(&self), R::ARCHIVE, None, shared)
    }
}

impl<R: Unarchive> SendableChange<R> for Unarchiving {
    fn steps(self, shared: Shared) -> Arc<dyn JobSteps> {
        ListChange::steps(BulkChange::<R>::record(&self), R::UNARCHIVE, None, shared)
    }
}

impl<R: Delete, E: Sendable> SendableChange<R> for Deleting<R::Id, E> {
    fn steps(self, shared: Shared) -> Arc<dyn JobSteps> {
        ListChange::steps(BulkChange::<R>::record(&self), R::DELETE, None, shared)
    }
}

impl<R: Categorised> SendableChange<R> for MovingToCategory {
    fn steps(self, shared: Shared) -> Arc<dyn JobSteps> {
        ListChange::steps(
            BulkChange::<R>::record(&self),
            R::MOVE_TO_CATEGORY,
            Some(R::CATEGORY),
            shared,
        )
    }
}

/// Change that archives assets. See [`BulkArchive`](crate::ext::BulkArchive).
#[derive(Clone, Debug)]
pub struct Archiving<I, E = Documented> {
    pub(crate) children: Cascade<I>,
    evidence: PhantomData<E>,
}

/// Change that restores assets from the archive. See [`BulkUnarchive`](crate::ext::BulkUnarchive).
#[derive(Clone, Copy, Debug)]
pub struct Unarchiving;

/// Change that deletes assets. See [`BulkDelete`](crate::ext::BulkDelete).
#[derive(Clone, Debug)]
pub struct Deleting<I, E = Documented> {
    pub(crate) children: Cascade<I>,
    evidence: PhantomData<E>,
}

impl<I, E> Archiving<I, E> {
    pub(crate) const fn new(children: Cascade<I>) -> Self {
        Self {
            children,
            evidence: PhantomData,
        }
    }
}

impl<I, E> Deleting<I, E> {
    pub(crate) const fn new(children: Cascade<I>) -> Self {
        Self {
            children,
            evidence: PhantomData,
        }
    }
}

/// Change that moves assets to a category. See [`MoveToCategory`](crate::ext::MoveToCategory).
#[derive(Clone, Debug)]
pub struct MovingToCategory {
    pub(crate) category: String,
}

impl<R: Archive, E: EvidenceState> BulkChange<R> for Archiving<R::Id, E> {
    fn record(&self) -> ChangeRecord {
        let children = self.children.map(ToString::to_string);
        ChangeRecord::Archive { children }
    }
}

impl<R: Unarchive> BulkChange<R> for Unarchiving {
    fn record(&self) -> ChangeRecord {
        ChangeRecord::Unarchive
    }
}

impl<R: Delete, E: EvidenceState> BulkChange<R> for Deleting<R::Id, E> {
    fn record(&self) -> ChangeRecord {
        let children = self.children.map(ToString::to_string);
        ChangeRecord::Delete { children }
    }
}

impl<R: Categorised> BulkChange<R> for MovingToCategory {
    fn record(&self) -> ChangeRecord {
        let category = self.category.clone();
        ChangeRecord::MoveToCategory { category }
    }
}

/// A change as data, recorded in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChangeRecord {
    /// Archives the assets.
    Archive {
        /// Handling of the children of the assets.
        children: Cascade<String>,
    },
    /// Restores the assets from the archive.
    Unarchive,
    /// Deletes the assets.
    Delete {
        /// Handling of the children of the assets.
        children: Cascade<String>,
    },
    /// Moves the assets to a category.
    MoveToCategory {
        /// ID of the category; empty to remove the assets from their current category.
        category: String,
    },
    /// Makes a copy of each asset.
    Duplicate {
        /// Request body for each copy, keyed by the ID of the original.
        copies: BTreeMap<String, Value>,
    },
}

impl ChangeRecord {
    /// Returns the default of [`Bulk::verify`](crate::ext::Bulk::verify) for this change.
    pub(super) fn verifies(&self) -> bool {
        self.deletes() || self.handles_children()
    }

    /// Returns true if the change deletes the assets.
    pub(super) const fn deletes(&self) -> bool {
        matches!(self, Self::Delete { .. })
    }

    /// Returns the handling of the children; `None` if this kind of change has no such option.
    pub(super) const fn children(&self) -> Option<&Cascade<String>> {
        match self {
            Self::Archive { children } | Self::Delete { children } => Some(children),
            Self::Unarchive | Self::MoveToCategory { .. } | Self::Duplicate { .. } => None,
        }
    }

    /// Returns true if the change affects children.
    pub(super) fn handles_children(&self) -> bool {
        self.children().is_some_and(|children| !children.is_leave())
    }

    /// Returns true if an asset is in the state that the change requests. `None` represents a missing asset.
    pub(super) fn is_satisfied_by(&self, summary: Option<&AssetSummary>) -> bool {
        match self {
            Self::Archive { .. } => summary.is_some_and(|summary| summary.status == AssetStatus::Archived),
            Self::Unarchive => summary.is_some_and(|summary| summary.status == AssetStatus::Active),
            // The vendor does not document whether deleted assets can be read. If they can, their status is
            // *deleted*.
            Self::Delete { .. } => summary.is_none_or(|summary| summary.status == AssetStatus::Deleted),
            Self::MoveToCategory { category } => summary.is_some_and(|summary| summary.category == *category),
            Self::Duplicate { .. } => false,
        }
    }

    /// Checks, before anything is sent, the ID of the category or the ID of the parent to which children
    /// move.
    pub(super) fn check(&self, entries: &[impl AsRef<str>]) -> Result<(), InvalidJob> {
        if let Self::MoveToCategory { category: id } = self {
            // An empty category removes assets from their current category (documented).
            return match validate::problem(id).filter(|_| !id.is_empty()) {
                Some(problem) => Err(InvalidJob::Target {
                    id: id.clone(),
                    problem,
                }),
                None => Ok(()),
            };
        }
        match self.children().and_then(Cascade::target) {
            Some(target) => validate::target(target, entries),
            None => Ok(()),
        }
    }

    /// Describes the part of the change that cannot be undone; `None` if the whole change can be undone.
    pub(crate) const fn cannot_undo(&self) -> Option<&'static str> {
        match self {
            Self::Delete { .. } => Some(
                "the service has no operation that restores deleted assets, their IDs or their statistics",
            ),
            Self::Duplicate { .. } => Some("only by deleting the copies, whose IDs cannot be used again"),
            Self::Archive { .. } | Self::Unarchive | Self::MoveToCategory { .. } => None,
        }
    }

    /// Describes the job for messages. `assets` is the plural name of the assets, such as `offer sources`.
    pub(crate) fn describe(&self, assets: &str) -> String {
        match self {
            Self::Archive { children } if children.is_leave() => format!("archive {assets}"),
            Self::Archive { children } => format!("archive {assets}, {children}"),
            Self::Unarchive => format!("unarchive {assets}"),
            Self::Delete { children } if children.is_leave() => format!("delete {assets}"),
            Self::Delete { children } => format!("delete {assets}, {children}"),
            Self::MoveToCategory { category } if category.is_empty() => {
                format!("take {assets} out of their category")
            }
            Self::MoveToCategory { category } => format!("move {assets} to category {category}"),
            Self::Duplicate { .. } => format!("duplicate {assets}"),
        }
    }
}
