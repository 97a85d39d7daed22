//! Progress of a job.

use super::report::Counts;
use std::fmt;

/// Callback that receives the progress of a job.
pub(crate) type OnProgress = Box<dyn FnMut(&Progress) + Send>;

/// Progress of a job. Displays as one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Number of distinct IDs in the job.
    pub total: usize,
    /// Number of finished IDs, by outcome.
    pub counts: Counts,
}

impl Progress {
    /// Returns the number of finished IDs, whatever their outcome.
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
