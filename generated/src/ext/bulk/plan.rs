//! Preview of a job.

use super::outcome::{Failure, Reason};
use super::text::{write_counts, write_repeated, write_section};
use crate::ext::read::ReadResult;
use crate::ext::resource::AssetStatus;
use crate::ext::resource::AssetSummary;
use crate::ext::validate::Repeated;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Preview of a job, based on the current state of the assets. Every distinct ID is in exactly one of the
/// lists `would_change`, `already`, `missing` and `unreadable`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Plan<I> {
    /// Description of the job.
    pub job: String,
    /// IDs of the assets that would change.
    pub would_change: Vec<I>,
    /// IDs of the assets that are already in the requested state.
    pub already: Vec<I>,
    /// IDs of missing or deleted assets, which the job would reject. The vendor does not document whether
    /// deleted assets can be read. Deleted assets that cannot be read appear as missing.
    pub missing: Vec<I>,
    /// IDs of the assets that could not be read, each with the reason.
    pub unreadable: Vec<(I, Failure)>,
    /// Effect on children, with their number if it is known.
    pub children: Children,
    /// IDs that were given more than once. Each of them counts once.
    pub repeated: Vec<Repeated<I>>,
    /// Part of the job that cannot be undone; `None` if an `undoable_journal` (feature `snapshot`) makes it
    /// possible to undo the whole job.
    #[serde(default)]
    pub cannot_undo: Option<String>,
}

/// Effect of a job on the children of its assets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Children {
    /// The job does not change children.
    Untouched,
    /// The job handles children, and their number is known.
    ///
    /// The offer pages of offer sources are counted if the feature `pages` is enabled. The funnels of funnel
    /// groups are counted if the feature `funnels` is enabled. The calls that read these children are
    /// inferred.
    Known {
        /// Number of children that are not deleted.
        count: usize,
    },
    /// The job handles children, but their number is unknown. No documented call lists the children, and the
    /// inferred call that lists them is unavailable or failed.
    Unknown,
}

impl<I> Plan<I> {
    pub(super) fn new(job: String, repeated: Vec<Repeated<I>>, cannot_undo: Option<&str>) -> Self {
        Self {
            job,
            would_change: Vec::new(),
            already: Vec::new(),
            missing: Vec::new(),
            unreadable: Vec::new(),
            children: Children::Untouched,
            repeated,
            cannot_undo: cannot_undo.map(str::to_owned),
        }
    }

    /// Converts the IDs.
    pub(super) fn map<J>(self, id: impl Fn(I) -> J) -> Plan<J> {
        let all = |ids: Vec<I>| ids.into_iter().map(&id).collect();
        Plan {
            job: self.job,
            would_change: all(self.would_change),
            already: all(self.already),
            missing: all(self.missing),
            unreadable: self
                .unreadable
                .into_iter()
                .map(|(unread, failure)| (id(unread), failure))
                .collect(),
            children: self.children,
            repeated: self
                .repeated
                .into_iter()
                .map(|repeated| repeated.map(&id))
                .collect(),
            cannot_undo: self.cannot_undo,
        }
    }

    pub(super) fn add(
        &mut self,
        id: I,
        read: ReadResult<AssetSummary>,
        is_satisfied_by: impl Fn(Option<&AssetSummary>) -> bool,
    ) {
        let list = match read {
            ReadResult::Unreadable(error) => {
                let failure = Failure::of(Reason::NotLookedAt, &error);
                self.unreadable.push((id, failure));
                return;
            }
            ReadResult::Odd(failure) => {
                self.unreadable.push((id, failure));
                return;
            }
            ReadResult::Missing => &mut self.missing,
            ReadResult::Found(summary) if is_satisfied_by(Some(&summary)) => &mut self.already,
            ReadResult::Found(summary) if summary.status == AssetStatus::Deleted => &mut self.missing,
            ReadResult::Found(_) => &mut self.would_change,
        };
        list.push(id);
    }
}

impl<I: fmt::Display> fmt::Display for Plan<I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: {} would change",
            self.job,
            self.would_change.len()
        )?;
        let counts = [
            (self.already.len(), "already so"),
            (self.missing.len(), "missing or deleted"),
            (self.unreadable.len(), "unreadable"),
        ];
        write_counts(formatter, counts)?;
        write_repeated(formatter, self.repeated.len())?;
        match self.children {
            Children::Untouched => {}
            Children::Known { count: 0 } => formatter.write_str("\n  they have no children")?,
            Children::Known { count: 1 } => {
                formatter.write_str("\n  their 1 child is handled too")?;
            }
            Children::Known { count } => {
                write!(formatter, "\n  their {count} children are handled too")?;
            }
            Children::Unknown => {
                formatter.write_str("\n  their children are handled too; their number is unknown")?;
            }
        }
        if let Some(problem) = &self.cannot_undo {
            write!(formatter, "\n  undo: {problem}")?;
        }
        let missing = self.missing.iter().map(|id| (id, None));
        write_section(formatter, "missing or deleted", missing)?;
        let unreadable = self.unreadable.iter().map(|(id, failure)| (id, Some(failure)));
        write_section(formatter, "unreadable", unreadable)
    }
}

crate::runtime::error::debug_as_display!(Plan<I>, I: fmt::Display);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_shows_changes_and_problems() {
        let ids = |range: std::ops::Range<u8>| range.map(|id| format!("id{id}")).collect();
        let failure = Failure::new(Reason::NotLookedAt, "503 Service Unavailable");
        let plan: Plan<String> = Plan {
            job: "delete offer sources, children are orphaned".to_owned(),
            would_change: ids(0..3),
            already: ids(3..4),
            missing: ids(4..11),
            unreadable: vec![("id11".to_owned(), failure)],
            children: Children::Unknown,
            repeated: vec![Repeated {
                id: "id0".to_owned(),
                times: 2,
            }],
            cannot_undo: None,
        };
        assert_eq!(
            plan.to_string(),
            "\
delete offer sources, children are orphaned: 3 would change, 1 already so, 7 missing or deleted, 1 unreadable
  1 ID was given more than once and counts once
  their children are handled too; their number is unknown
missing or deleted:
  id4
  id5
  id6
  id7
  id8
  and 2 more
unreadable:
  id11: 503 Service Unavailable"
        );
    }
}
