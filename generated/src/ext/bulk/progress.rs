//! How far a job is.

use super::report::Counts;
use std::fmt;

/// What wants to know how far a job is.
pub(crate) type OnProgress = Box<dyn FnMut(&Progress) + Send>;

/// How far a job is. Its text is one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How many distinct IDs the job has.
    pub total: usize,
    /// How many have ended, by their outcome.
    pub counts: Counts,
}

impl Progress {
    /// How many IDs have ended in any outcome.
    #[must_use]
    pub const fn finished(&self) -> usize {
        self.counts.total()
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { total, counts } = self;
        write!(formatter, "{} of {total}: {counts}", self.finished())
    }
}
