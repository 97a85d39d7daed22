//! Stream of the outcomes of a job.

use super::engine::Refusal;
use super::journal::JournalError;
use super::outcome::Entry;
use super::report::Report;
use crate::ext::validate::Repeated;
use futures_core::Stream;
use futures_util::StreamExt as _;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

/// [`Stream`] of the outcomes of a job, by default in the order in which they become known.
///
/// Polling the stream runs the job. Requests in flight make progress between polls, so a slow consumer does
/// not cause timeouts. However, the next requests start only with the next poll. Dropping the stream ends the
/// job and abandons the requests in flight.
#[must_use = "a job does nothing until its stream is polled"]
pub struct Outcomes<I> {
    entries: Pin<Box<dyn Stream<Item = Entry<I>> + Send>>,
    /// Number of distinct IDs of the job.
    total: usize,
    job: String,
    duplicates: bool,
    repeated: Vec<Repeated<I>>,
    refusal: Refusal,
}

impl<I> Outcomes<I> {
    pub(super) fn new(
        entries: impl Stream<Item = Entry<I>> + Send + 'static,
        total: usize,
        job: String,
        duplicates: bool,
        repeated: Vec<Repeated<I>>,
        refusal: Refusal,
    ) -> Self {
        Self {
            entries: Box::pin(entries),
            total,
            job,
            duplicates,
            repeated,
            refusal,
        }
    }

    /// Converts the IDs.
    pub(super) fn map<J>(self, id: impl Fn(I) -> J + Copy + Send + 'static) -> Outcomes<J>
    where
        I: 'static,
    {
        let repeated = self.repeated.into_iter();
        Outcomes {
            entries: Box::pin(self.entries.map(move |entry| entry.map(id))),
            total: self.total,
            job: self.job,
            duplicates: self.duplicates,
            repeated: repeated.map(|repeated| repeated.map(id)).collect(),
            refusal: self.refusal,
        }
    }

    /// Runs the job to its end and returns its report. Returns an error if the journal belongs to another
    /// account.
    pub(super) async fn try_report(self) -> Result<Report<I>, JournalError> {
        let refusal = Arc::clone(&self.refusal);
        let report = self.report().await;
        match Arc::into_inner(refusal).and_then(OnceLock::into_inner) {
            Some(error) => Err(error),
            None => Ok(report),
        }
    }

    /// Runs the job to its end and collects the remaining outcomes in a report.
    pub async fn report(mut self) -> Report<I> {
        let mut entries = Vec::with_capacity(self.total);
        while let Some(entry) = self.entries.next().await {
            entries.push(entry);
        }
        Report::new(self.job, self.duplicates, entries, self.repeated)
    }

    /// Returns the description of the job.
    #[must_use]
    pub fn job(&self) -> &str {
        &self.job
    }

    /// Returns the IDs that were given more than once. Each of them has one outcome.
    #[must_use]
    pub fn repeated(&self) -> &[Repeated<I>] {
        &self.repeated
    }
}

impl<I> Stream for Outcomes<I> {
    type Item = Entry<I>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Entry<I>>> {
        self.entries.as_mut().poll_next(context)
    }
}

impl<I> Unpin for Outcomes<I> {}

impl<I> fmt::Debug for Outcomes<I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Outcomes({})", self.job)
    }
}
