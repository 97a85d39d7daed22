//! Changes of many assets: the call that each change sends, and the asset state that satisfies the change.

use super::engine::{JobSteps, Shared, StepContext};
use crate::ext::cascade::Cascade;
use crate::ext::evidence::{AcknowledgementState, Documented, Satisfies};
use crate::ext::resource::{
    Archive, AssetSummary, Categorised, Delete, EntriesRequest as _, Resource, Unarchive,
};
use crate::ext::validate::{self, InvalidJob};
use crate::types::{CategoryId, MoveCategoryRequest, Status, StringList};
use crate::{Call, Client};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
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

/// A change that one call makes to a list of assets.
pub(super) trait ListChange<R: Resource>: BulkChange<R> {
    /// Creates the call for some of the IDs.
    fn call(&self, client: &Client, entries: Vec<String>) -> Call<()>;
}

impl<R: Archive, W: Satisfies<R::Acknowledgement>> SendableChange<R> for Archiving<R::Id, W> {
    fn steps(self, shared: Shared<R>) -> Arc<dyn JobSteps<R::Id>> {
        Arc::new(StepContext::new(shared, self))
    }
}

impl<R: Unarchive> SendableChange<R> for Unarchiving {
    fn steps(self, shared: Shared<R>) -> Arc<dyn JobSteps<R::Id>> {
        Arc::new(StepContext::new(shared, self))
    }
}

impl<R: Delete, W: Satisfies<R::Acknowledgement>> SendableChange<R> for Deleting<R::Id, W> {
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
pub struct Archiving<I, W = Documented> {
    pub(crate) children: Cascade<I>,
    pub(crate) acknowledgement: W,
}

/// Restores assets from the archive. See [`BulkUnarchive`](crate::ext::BulkUnarchive).
#[derive(Clone, Copy, Debug)]
pub struct Unarchiving;

/// Deletes assets. See [`BulkDelete`](crate::ext::BulkDelete).
#[derive(Clone, Debug)]
pub struct Deleting<I, W = Documented> {
    pub(crate) children: Cascade<I>,
    pub(crate) acknowledgement: W,
}

/// Moves assets to a category. See [`MoveToCategory`](crate::ext::MoveToCategory).
#[derive(Clone, Debug)]
pub struct MovingToCategory {
    pub(crate) category: CategoryId,
}

impl<R: Archive, W: AcknowledgementState> BulkChange<R> for Archiving<R::Id, W> {
    fn children(&self) -> Option<&Cascade<R::Id>> {
        Some(&self.children)
    }

    fn is_satisfied_by(&self, summary: Option<&AssetSummary>) -> bool {
        summary.is_some_and(|summary| summary.status == Status::Archived)
    }

    fn record(&self) -> ChangeRecord {
        let children = self.children.map(ToString::to_string);
        ChangeRecord::Archive { children }
    }
}

impl<R: Unarchive> BulkChange<R> for Unarchiving {
    fn is_satisfied_by(&self, summary: Option<&AssetSummary>) -> bool {
        summary.is_some_and(|summary| summary.status == Status::Active)
    }

    fn record(&self) -> ChangeRecord {
        ChangeRecord::Unarchive
    }
}

impl<R: Delete, W: AcknowledgementState> BulkChange<R> for Deleting<R::Id, W> {
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
        // It is not documented whether deleted assets can be read, but the status exists.
        summary.is_none_or(|summary| summary.status == Status::Deleted)
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
        // An empty category removes assets from their current one (documented).
        match validate::problem(id).filter(|_| !id.is_empty()) {
            Some(problem) => Err(InvalidJob::Target {
                id: id.to_owned(),
                problem,
            }),
            None => Ok(()),
        }
    }

    fn record(&self) -> ChangeRecord {
        let category = self.category.to_string();
        ChangeRecord::MoveToCategory { category }
    }
}

impl<R: Archive, W: Satisfies<R::Acknowledgement>> ListChange<R> for Archiving<R::Id, W> {
    fn call(&self, client: &Client, entries: Vec<String>) -> Call<()> {
        let request = R::Request::new(entries, &self.children);
        R::ARCHIVE(client, &request, self.acknowledgement.give())
    }
}

impl<R: Unarchive> ListChange<R> for Unarchiving {
    fn call(&self, client: &Client, entries: Vec<String>) -> Call<()> {
        R::UNARCHIVE(client, &StringList::new(entries))
    }
}

impl<R: Delete, W: Satisfies<R::Acknowledgement>> ListChange<R> for Deleting<R::Id, W> {
    fn call(&self, client: &Client, entries: Vec<String>) -> Call<()> {
        let request = R::Request::new(entries, &self.children);
        R::DELETE(client, None, Some(&request), self.acknowledgement.give())
    }
}

impl<R: Categorised> ListChange<R> for MovingToCategory {
    fn call(&self, client: &Client, entries: Vec<String>) -> Call<()> {
        R::MOVE_TO_CATEGORY(client, &MoveCategoryRequest::new(entries, &self.category))
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
        /// ID of the category; empty to remove the assets from their current one.
        category: String,
    },
    /// Make a copy of each asset.
    Duplicate {
        /// Request body of each copy, by the ID of its original.
        copies: BTreeMap<String, Value>,
    },
}

impl ChangeRecord {
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
