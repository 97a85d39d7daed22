//! The changes that can be made to many assets at once: what is sent, and when an asset is as asked.

use crate::ext::cascade::Cascade;
use crate::ext::evidence::{Documented, Said, Suffices};
use crate::ext::resource::{Archive, Categorised, Delete, Entries as _, Resource, Sight, Unarchive};
use crate::ext::validate::{self, InvalidJob};
use crate::types::{CategoryId, MoveCategoryRequest, Status, StringList};
use crate::{Call, Client};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A change of many assets of the resource `R`. Sealed: this module is private.
pub trait Change<R: Resource>: Clone + fmt::Debug + Send + Sync + 'static {
    /// Whether the job's answers are checked by reading back, unless the user says otherwise.
    fn verifies(&self) -> bool {
        !self.children().is_none_or(Cascade::is_leave)
    }

    /// What happens to the children.
    fn children(&self) -> Option<&Cascade<R::Id>> {
        None
    }

    /// Whether an asset that reads like this is as asked; `None`: it cannot be read.
    fn is_so(&self, sight: Option<&Sight>) -> bool;

    /// Refuses what cannot be meant.
    fn check(&self, entries: &[R::Id]) -> Result<(), InvalidJob> {
        match self.children().and_then(Cascade::target) {
            Some(target) => validate::target(target, entries),
            None => Ok(()),
        }
    }

    /// The change as data, for the journal and the report.
    fn record(&self) -> ChangeRecord;
}

/// A change that may be sent: its calls are documented, or the caller has said that he knows they are not.
pub trait Ready<R: Resource>: Change<R> {
    /// The call for some of the IDs.
    fn call(&self, client: &Client, entries: Vec<String>) -> Call<()>;
}

/// Archiving. See [`BulkArchive`](crate::ext::BulkArchive).
#[derive(Clone, Debug)]
pub struct Archiving<I, W = Documented> {
    pub(crate) children: Cascade<I>,
    pub(crate) word: W,
}

/// Bringing back from the archive. See [`BulkUnarchive`](crate::ext::BulkUnarchive).
#[derive(Clone, Copy, Debug)]
pub struct Unarchiving;

/// Deleting. See [`BulkDelete`](crate::ext::BulkDelete).
#[derive(Clone, Debug)]
pub struct Deleting<I, W = Documented> {
    pub(crate) children: Cascade<I>,
    pub(crate) word: W,
}

/// Moving to a category. See [`MoveToCategory`](crate::ext::MoveToCategory).
#[derive(Clone, Debug)]
pub struct MovingToCategory {
    pub(crate) category: CategoryId,
}

impl<R: Archive, W: Said> Change<R> for Archiving<R::Id, W> {
    fn children(&self) -> Option<&Cascade<R::Id>> {
        Some(&self.children)
    }

    fn is_so(&self, sight: Option<&Sight>) -> bool {
        sight.is_some_and(|sight| sight.status == Status::Archived)
    }

    fn record(&self) -> ChangeRecord {
        let children = self.children.map(ToString::to_string);
        ChangeRecord::Archive { children }
    }
}

impl<R: Unarchive> Change<R> for Unarchiving {
    fn is_so(&self, sight: Option<&Sight>) -> bool {
        sight.is_some_and(|sight| sight.status == Status::Active)
    }

    fn record(&self) -> ChangeRecord {
        ChangeRecord::Unarchive
    }
}

impl<R: Delete, W: Said> Change<R> for Deleting<R::Id, W> {
    fn verifies(&self) -> bool {
        true
    }

    fn children(&self) -> Option<&Cascade<R::Id>> {
        Some(&self.children)
    }

    fn is_so(&self, sight: Option<&Sight>) -> bool {
        // Whether a deleted asset can still be read is not documented; the status exists.
        sight.is_none_or(|sight| sight.status == Status::Deleted)
    }

    fn record(&self) -> ChangeRecord {
        let children = self.children.map(ToString::to_string);
        ChangeRecord::Delete { children }
    }
}

impl<R: Categorised> Change<R> for MovingToCategory {
    fn is_so(&self, sight: Option<&Sight>) -> bool {
        sight.is_some_and(|sight| sight.category == self.category)
    }

    fn check(&self, _: &[R::Id]) -> Result<(), InvalidJob> {
        let id = self.category.as_str();
        // The empty one is documented: it takes assets out of their category.
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

impl<R: Archive, W: Suffices<R::Word>> Ready<R> for Archiving<R::Id, W> {
    fn call(&self, client: &Client, entries: Vec<String>) -> Call<()> {
        let request = R::Request::new(entries, &self.children);
        R::ARCHIVE(client, &request, self.word.word())
    }
}

impl<R: Unarchive> Ready<R> for Unarchiving {
    fn call(&self, client: &Client, entries: Vec<String>) -> Call<()> {
        R::UNARCHIVE(client, &StringList::new(entries))
    }
}

impl<R: Delete, W: Suffices<R::Word>> Ready<R> for Deleting<R::Id, W> {
    fn call(&self, client: &Client, entries: Vec<String>) -> Call<()> {
        let request = R::Request::new(entries, &self.children);
        R::DELETE(client, None, Some(&request), self.word.word())
    }
}

impl<R: Categorised> Ready<R> for MovingToCategory {
    fn call(&self, client: &Client, entries: Vec<String>) -> Call<()> {
        R::MOVE_TO_CATEGORY(client, &MoveCategoryRequest::new(entries, &self.category))
    }
}

/// A change as data: what a journal is a journal of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChangeRecord {
    /// Archive.
    Archive {
        /// What happens to the children.
        children: Cascade<String>,
    },
    /// Bring back from the archive.
    Unarchive,
    /// Delete.
    Delete {
        /// What happens to the children.
        children: Cascade<String>,
    },
    /// Move to a category.
    MoveToCategory {
        /// The category; empty: out of theirs.
        category: String,
    },
}

impl ChangeRecord {
    /// The job in words.
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
        }
    }
}
