//! What a job would do.

use super::outcome::{Failure, Reason};
use crate::ext::read::Seen;
use crate::ext::resource::Sight;
use crate::ext::validate::{self, Repeated};
use crate::types::Status;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How many IDs of a kind the text of a plan shows.
const SHOWN: usize = 5;

/// What a job would do, as the assets read now. Every distinct ID is in exactly one of the lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Plan<I> {
    /// What the job is, in words.
    pub job: String,
    /// Those that would change.
    pub would_change: Vec<I>,
    /// Those that are so already.
    pub already: Vec<I>,
    /// Those that do not exist, or are deleted: the job would reject them. (Whether a deleted asset can still be read is not
    /// documented; where it cannot, it reads like one that never was.)
    pub missing: Vec<I>,
    /// Those that could not be read, and why.
    pub unreadable: Vec<(I, Failure)>,
    /// What is known of the children.
    pub children: Children,
    /// The IDs that were given more than once. Each counts once.
    pub repeated: Vec<Repeated<I>>,
}

/// What a plan knows of the children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Children {
    /// The job does not touch them.
    Untouched,
    /// The job handles them, and this is how many there are now, those left out that are deleted.
    ///
    /// The offer pages of offer sources are counted where the feature `pages` is on, the funnels of funnel groups where `funnels`
    /// is; the calls that read them are deduced.
    Known {
        /// How many.
        count: usize,
    },
    /// The job handles them, and how many there are is not known: no documented call lists the children of an asset, and there
    /// is no deduced one, or it failed.
    Unknown,
}

impl<I> Plan<I> {
    pub(super) fn new(job: String, repeated: Vec<Repeated<I>>) -> Self {
        Self {
            job,
            would_change: Vec::new(),
            already: Vec::new(),
            missing: Vec::new(),
            unreadable: Vec::new(),
            children: Children::Untouched,
            repeated,
        }
    }

    pub(super) fn add(&mut self, id: I, seen: Seen<Sight>, is_so: impl Fn(Option<&Sight>) -> bool) {
        let list = match seen {
            Seen::Unreadable(error) => {
                let failure = Failure::of(Reason::NotLookedAt, &error);
                self.unreadable.push((id, failure));
                return;
            }
            Seen::Missing => &mut self.missing,
            Seen::Found(sight) if is_so(Some(&sight)) => &mut self.already,
            Seen::Found(sight) if sight.status == Status::Deleted => &mut self.missing,
            Seen::Found(_) => &mut self.would_change,
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
        for (count, name) in [
            (self.already.len(), "already so"),
            (self.missing.len(), "missing or deleted"),
            (self.unreadable.len(), "unreadable"),
        ] {
            if count > 0 {
                write!(formatter, ", {count} {name}")?;
            }
        }
        validate::tell_repeated(formatter, self.repeated.len())?;
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
                formatter.write_str("\n  their children are handled too; how many there are is not known")?
            }
        }
        let mut section = |name, lines: &mut dyn Iterator<Item = String>, count: usize| {
            if count == 0 {
                return Ok(());
            }
            write!(formatter, "\n{name}:")?;
            for line in lines.take(SHOWN) {
                write!(formatter, "\n  {line}")?;
            }
            if count > SHOWN {
                write!(formatter, "\n  and {} more", count - SHOWN)?;
            }
            Ok(())
        };
        let mut missing = self.missing.iter().map(ToString::to_string);
        section("missing or deleted", &mut missing, self.missing.len())?;
        let mut unreadable = self.unreadable.iter().map(|(id, why)| format!("{id}: {why}"));
        section("unreadable", &mut unreadable, self.unreadable.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_says_what_would_change_and_what_is_wrong() {
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
        };
        assert_eq!(
            plan.to_string(),
            "\
delete offer sources, children are orphaned: 3 would change, 1 already so, 7 missing or deleted, 1 unreadable
  1 ID was given more than once and counts once
  their children are handled too; how many there are is not known
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
