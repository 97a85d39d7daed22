//! Changes of many assets: the call that each change sends, and the asset state that satisfies the change.

use super::engine::{JobSteps, Shared, StepContext};
use crate::ext::cascade::Cascade;
use crate::ext::resource::{Archive, AssetStatus, AssetSummary, Categorised, Delete, Resource, Unarchive};
use crate::ext::validate::{self, InvalidJob};
use crate::runtime::acknowledgement::{Documented, EvidenceState, Sendable};
use crate::{Call, Client};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// A change of many assets of the resource `R`. Sealed: this module is private.
pub trait BulkChange<R: Resource>: fmt::Debug + Send + Sync + 'static {
    /// Default of [`Bulk::verify`](crate::ext::Bulk::verify).
    fn verifies(&self) -> bool {
        !self.children().is_none_or(Cascade::is_leave)
    }

    /// Returns true if the assets do not exist afterwards.
    fn deletes(&self) -> bool {
        false
    }

    /// Returns the handling of the children.
    fn children(&self) -> Option<&Cascade<R::Id>> {
        None
    }

    /// Returns true if an asset is in the requested state; `None` stands for an asset that cannot be read.
    fn is_satisfied_by(&self, summary: Option<&AssetSummary>) -> bool;

    /// Checks the change before anything is sent.
    fn check(&self, entries: &[R::Id]) -> Result<(), InvalidJob> {
        match self.children().and_then(Cascade::target) {
            Some(target) => validate::target(target, entries),
            None => Ok(()),
        }
    }

    /// Returns the change as data, for the journal and the report.
    fn record(&self) -> ChangeRecord;
}

/// A change that may be sent: its calls are documented, or the caller has acknowledged that they are
/// inferred.
pub trait SendableChange<R: Resource>: BulkChange<R> {
    /// Returns the steps of a job that makes the change.
    fn steps(self, shared: Shared<R>) -> Arc<dyn JobSteps<R::Id>>;
}

/// A change for which one call takes a list of assets.
pub(super) trait ListChange<R: Resource>: BulkChange<R> {
    /// Creates the call for some of the IDs.
    fn call(&self, client: &Client, entries: Vec<String>) -> Call<()>;
}

impl<R: Archive, E: Sendable> SendableChange<R> for Archiving<R::Id, E> {
    fn steps(self, shared: Shared<R>) -> Arc<dyn JobSteps<R::Id>> {
        Arc::new(StepContext::new(shared, self))
    }
}

impl<R: Unarchive> SendableChange<R> for Unarchiving {
    fn steps(self, shared: Shared<R>) -> Arc<dyn JobSteps<R::Id>> {
        Arc::new(StepContext::new(shared, self))
    }
}

impl<R: Delete, E: Sendable> SendableChange<R> for Deleting<R::Id, E> {
    fn steps(self, shared: Shared<R>) -> Arc<dyn JobSteps<R::Id>> {
        Arc::new(StepContext::new(shared, self))
    }
}

impl<R: Categorised> SendableChange<R> for MovingToCategory {
    fn steps(self, shared: Shared<R>) -> Arc<dyn JobSteps<R::Id>> {
        Arc::new(StepContext::new(shared, self))
    }
}

/// Archives assets. See [`BulkArchive`](crate::ext::BulkArchive).
#[derive(Clone, Debug)]
pub struct Archiving<I, E = Documented> {
    pub(crate) children: Cascade<I>,
    evidence: PhantomData<E>,
}

/// Restores assets from the archive. See [`BulkUnarchive`](crate::ext::BulkUnarchive).
#[derive(Clone, Copy, Debug)]
pub struct Unarchiving;

/// Deletes assets. See [`BulkDelete`](crate::ext::BulkDelete).
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

/// Moves assets to a category. See [`MoveToCategory`](crate::ext::MoveToCategory).
#[derive(Clone, Debug)]
pub struct MovingToCategory {
    pub(crate) category: String,
}

impl<R: Archive, E: EvidenceState> BulkChange<R> for Archiving<R::Id, E> {
    fn children(&self) -> Option<&Cascade<R::Id>> {
        Some(&self.children)
    }

    fn is_satisfied_by(&self, summary: Option<&AssetSummary>) -> bool {
        summary.is_some_and(|summary| summary.status == AssetStatus::Archived)
    }

    fn record(&self) -> ChangeRecord {
        let children = self.children.map(ToString::to_string);
        ChangeRecord::Archive { children }
    }
}

impl<R: Unarchive> BulkChange<R> for Unarchiving {
    fn is_satisfied_by(&self, summary: Option<&AssetSummary>) -> bool {
        summary.is_some_and(|summary| summary.status == AssetStatus::Active)
    }

    fn record(&self) -> ChangeRecord {
        ChangeRecord::Unarchive
    }
}

impl<R: Delete, E: EvidenceState> BulkChange<R> for Deleting<R::Id, E> {
    fn verifies(&self) -> bool {
        true
    }

    fn deletes(&self) -> bool {
        true
    }

    fn children(&self) -> Option<&Cascade<R::Id>> {
        Some(&self.children)
    }

    fn is_satisfied_by(&self, summary: Option<&AssetSummary>) -> bool {
        // It is not documented whether deleted assets can be read, but there is a status *deleted*.
        summary.is_none_or(|summary| summary.status == AssetStatus::Deleted)
    }

    fn record(&self) -> ChangeRecord {
        let children = self.children.map(ToString::to_string);
        ChangeRecord::Delete { children }
    }
}

impl<R: Categorised> BulkChange<R> for MovingToCategory {
    fn is_satisfied_by(&self, summary: Option<&AssetSummary>) -> bool {
        summary.is_some_and(|summary| summary.category == self.category)
    }

    fn check(&self, _: &[R::Id]) -> Result<(), InvalidJob> {
        let id = self.category.as_str();
        // An empty category removes assets from their current category (documented).
        match validate::problem(id).filter(|_| !id.is_empty()) {
            Some(problem) => Err(InvalidJob::Target {
                id: id.to_owned(),
                problem,
            }),
            None => Ok(()),
        }
    }

    fn record(&self) -> ChangeRecord {
        let category = self.category.clone();
        ChangeRecord::MoveToCategory { category }
    }
}

impl<R: Archive, E: Sendable> ListChange<R> for Archiving<R::Id, E> {
    fn call(&self, client: &Client, entries: Vec<String>) -> Call<()> {
        R::ARCHIVE.with_children(client, entries, &self.children)
    }
}

impl<R: Unarchive> ListChange<R> for Unarchiving {
    fn call(&self, client: &Client, entries: Vec<String>) -> Call<()> {
        R::UNARCHIVE.call(client, entries, [])
    }
}

impl<R: Delete, E: Sendable> ListChange<R> for Deleting<R::Id, E> {
    fn call(&self, client: &Client, entries: Vec<String>) -> Call<()> {
        R::DELETE.with_children(client, entries, &self.children)
    }
}

impl<R: Categorised> ListChange<R> for MovingToCategory {
    fn call(&self, client: &Client, entries: Vec<String>) -> Call<()> {
        R::MOVE_TO_CATEGORY.call(client, entries, [(R::CATEGORY, self.category.as_str())])
    }
}

/// A change as data, recorded in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChangeRecord {
    /// Archive the assets.
    Archive {
        /// Handling of the children.
        children: Cascade<String>,
    },
    /// Restore the assets from the archive.
    Unarchive,
    /// Delete the assets.
    Delete {
        /// Handling of the children.
        children: Cascade<String>,
    },
    /// Move the assets to a category.
    MoveToCategory {
        /// ID of the category; empty to remove the assets from their current category.
        category: String,
    },
    /// Make a copy of each asset.
    Duplicate {
        /// Request body of each copy, keyed by the ID of its original.
        copies: BTreeMap<String, Value>,
    },
}

impl ChangeRecord {
    /// Describes the part of the change that cannot be undone.
    pub(crate) const fn cannot_undo(&self) -> Option<&'static str> {
        match self {
            Self::Delete { .. } => Some(
                "the service has no operation that restores deleted assets, their IDs or their statistics",
            ),
            Self::Duplicate { .. } => Some("only by deleting the copies, whose IDs cannot be used again"),
            Self::Archive { .. } | Self::Unarchive | Self::MoveToCategory { .. } => None,
        }
    }

    /// Describes the job for messages.
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
