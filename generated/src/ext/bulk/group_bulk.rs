//! Bulk jobs on the assets of a group that is chosen at run time.

use super::change::SendableChange;
use super::engine::{JobSteps, Shared};
use super::job::{Job, Setting};
use super::journal::JournalError;
use super::progress::Progress;
use super::{Bulk, Plan, Report};
use crate::RetryPolicy;
use crate::ext::resource::Resource;
use crate::ext::validate::InvalidJob;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Builder of a bulk job on the assets of a group that is chosen at run time.
/// [`AssetGroup`](crate::ext::AssetGroup) creates such builders.
///
/// The job has the same outcomes as a [`Bulk`], and the same settings except for
/// [`in_order`](Bulk::in_order), which affects only streams. A `Bulk` can resume the journal of a
/// `GroupBulk`, and vice versa.
///
/// ```no_run
/// use funnelflux::{Client, ext::{AssetGroup, Cascade}};
///
/// async fn archive(client: &Client, ids: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
///     let group = AssetGroup::named("offer-sources").ok_or("no such group")?;
///     let job = group.archive(client, ids, Cascade::leave())?;
///     println!("{}", job.journal("archive.jsonl").send().await?);
///     Ok(())
/// }
/// ```
#[must_use = "a job does nothing until it is sent"]
pub struct GroupBulk {
    job: Job,
    steps: Box<dyn FnOnce(Shared) -> Arc<dyn JobSteps> + Send>,
    description: String,
    /// True if the call is inferred and destructive.
    is_inferred: bool,
    is_acknowledged: bool,
}

impl GroupBulk {
    pub(in crate::ext) fn new<R, C>(job: Bulk<R, C>, is_inferred: bool) -> Self
    where
        R: Resource,
        C: SendableChange<R>,
    {
        let (job, change) = job.into_parts();
        Self {
            description: job.description(),
            job,
            steps: Box::new(move |shared| change.steps(shared)),
            is_inferred,
            is_acknowledged: false,
        }
    }

    /// Returns the description of the job, such as `archive offer sources`.
    #[must_use]
    pub fn job(&self) -> &str {
        &self.description
    }

    /// Describes the part of the job that cannot be undone; `None` if an `undoable_journal` makes it possible
    /// to undo the whole job.
    #[must_use]
    pub const fn cannot_undo(&self) -> Option<&'static str> {
        self.job.record.cannot_undo()
    }

    /// Returns true if [`send`](Self::send) requires [`acknowledge_inferred`](Self::acknowledge_inferred),
    /// because the job archives or deletes assets by an inferred call.
    #[must_use]
    pub const fn requires_acknowledgement(&self) -> bool {
        self.is_inferred
    }

    /// Acknowledges that the call is inferred, not documented. Has no effect on a job whose call is
    /// documented.
    pub const fn acknowledge_inferred(mut self) -> Self {
        self.is_acknowledged = true;
        self
    }

    /// See [`Bulk::chunk_size`].
    pub fn chunk_size(self, ids: usize) -> Self {
        self.set(Setting::ChunkSize(ids))
    }

    /// See [`Bulk::concurrency`].
    pub fn concurrency(self, requests: usize) -> Self {
        self.set(Setting::Concurrency(requests))
    }

    /// See [`Bulk::retries`].
    pub fn retries(self, retries: u32) -> Self {
        self.set(Setting::Retries(retries))
    }

    /// See [`Bulk::retry_policy`].
    pub fn retry_policy(self, policy: RetryPolicy) -> Self {
        self.set(Setting::RetryPolicy(policy))
    }

    /// See [`Bulk::look_first`].
    pub fn look_first(self, look: bool) -> Self {
        self.set(Setting::LookFirst(look))
    }

    /// See [`Bulk::verify`].
    pub fn verify(self, verify: bool) -> Self {
        self.set(Setting::Verify(verify))
    }

    /// See [`Bulk::stop_after`].
    pub fn stop_after(self, failed: usize) -> Self {
        self.set(Setting::StopAfter(failed))
    }

    /// See [`Bulk::url_length`].
    pub fn url_length(self, bytes: usize) -> Self {
        self.set(Setting::UrlLength(bytes))
    }

    /// See [`Bulk::journal`].
    pub fn journal(self, path: impl AsRef<Path>) -> Self {
        self.set(Setting::Journal(path.as_ref().to_owned()))
    }

    /// See [`Bulk::undoable_journal`].
    #[cfg(feature = "snapshot")]
    pub fn undoable_journal(self, path: impl AsRef<Path>) -> Self {
        self.set(Setting::UndoableJournal(path.as_ref().to_owned()))
    }

    /// See [`Bulk::on_progress`].
    pub fn on_progress(self, on_progress: impl FnMut(&Progress) + Send + 'static) -> Self {
        self.set(Setting::OnProgress(Box::new(on_progress)))
    }

    /// See [`Bulk::cancel_when`].
    pub fn cancel_when<T>(self, cancel: impl Future<Output = T> + Send + 'static) -> Self {
        self.set(Setting::CancelWhen(Box::pin(async move {
            cancel.await;
        })))
    }

    /// See [`Bulk::cancel_grace`].
    pub fn cancel_grace(self, wait: Duration) -> Self {
        self.set(Setting::CancelGrace(wait))
    }

    fn set(mut self, setting: Setting) -> Self {
        self.job.options.set(setting);
        self
    }

    /// Reads the assets and returns a preview of the job. Changes nothing, and needs no acknowledgement.
    ///
    /// # Errors
    /// Returns an error if the job is invalid. An asset that cannot be read is not an error; the plan lists
    /// it.
    pub async fn plan(self) -> Result<Plan<String>, InvalidJob> {
        self.job.plan().await
    }

    /// Runs the job to its end.
    ///
    /// # Errors
    /// Returns an error if a required acknowledgement is missing, if the job is invalid, or if its journal
    /// cannot be used. In these cases, nothing is sent. All other failures are reported as outcomes of IDs.
    pub async fn send(self) -> Result<Report<String>, GroupJobError> {
        if self.is_inferred && !self.is_acknowledged {
            let job = self.description;
            return Err(GroupJobError::NotAcknowledged { job });
        }
        Ok(self.job.send(self.steps).await?.map(String::from))
    }
}

impl fmt::Debug for GroupBulk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "GroupBulk({})", self.description)
    }
}

/// Error of a [`GroupBulk`]. Nothing was sent.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum GroupJobError {
    /// The job archives or deletes assets by an inferred call, and the caller has not acknowledged that the
    /// call is inferred.
    #[error(
        "{job}: this operation is inferred, not documented, so nothing was sent; \
         fix: test it on an asset that you can lose, then acknowledge it (acknowledge_inferred)"
    )]
    NotAcknowledged {
        /// Description of the job.
        job: String,
    },
    /// The job is invalid, or its journal cannot be used.
    #[error(transparent)]
    Invalid(#[from] InvalidJob),
}

crate::runtime::error::debug_as_display!(GroupJobError);

impl From<JournalError> for GroupJobError {
    fn from(error: JournalError) -> Self {
        Self::Invalid(error.into())
    }
}
