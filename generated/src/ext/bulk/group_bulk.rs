//! Bulk jobs of a group that is chosen at run time.

use super::change::{BulkChange, SendableChange};
use super::journal::JournalError;
use super::progress::{OnProgress, Progress};
use super::{Bulk, Plan, Report};
use crate::RetryPolicy;
use crate::ext::resource::{AssetId, Resource};
use crate::ext::validate::InvalidJob;
use crate::transport::BoxFuture;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Builder of a bulk job of a group that is chosen at run time. [`AssetGroup`](crate::ext::AssetGroup)
/// creates it.
///
/// The job has the same settings and outcomes as a [`Bulk`]. A `Bulk` can resume the journal of a
/// `GroupBulk`, and the other way round.
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
    job: Box<dyn AnyBulk>,
    description: String,
    cannot_undo: Option<&'static str>,
    /// The call is inferred and destructive.
    is_inferred: bool,
    is_acknowledged: bool,
}

/// A setting of a job.
enum Setting {
    ChunkSize(usize),
    Concurrency(usize),
    Retries(u32),
    RetryPolicy(RetryPolicy),
    LookFirst(bool),
    Verify(bool),
    StopAfter(usize),
    UrlLength(usize),
    Journal(PathBuf),
    #[cfg(feature = "snapshot")]
    UndoableJournal(PathBuf),
    OnProgress(OnProgress),
    CancelWhen(BoxFuture<'static, ()>),
    CancelGrace(Duration),
}

/// A bulk job of any kind of asset.
trait AnyBulk: Send {
    fn set(self: Box<Self>, setting: Setting) -> Box<dyn AnyBulk>;
    fn plan(self: Box<Self>) -> BoxFuture<'static, Result<Plan<String>, InvalidJob>>;
    fn send(self: Box<Self>) -> BoxFuture<'static, Result<Report<String>, InvalidJob>>;
}

impl<R: Resource, C: SendableChange<R>> AnyBulk for Bulk<R, C> {
    fn set(self: Box<Self>, setting: Setting) -> Box<dyn AnyBulk> {
        Box::new(match setting {
            Setting::ChunkSize(ids) => self.chunk_size(ids),
            Setting::Concurrency(requests) => self.concurrency(requests),
            Setting::Retries(retries) => self.retries(retries),
            Setting::RetryPolicy(policy) => self.retry_policy(policy),
            Setting::LookFirst(look) => self.look_first(look),
            Setting::Verify(verify) => self.verify(verify),
            Setting::StopAfter(failed) => self.stop_after(failed),
            Setting::UrlLength(bytes) => self.url_length(bytes),
            Setting::Journal(path) => self.journal(path),
            #[cfg(feature = "snapshot")]
            Setting::UndoableJournal(path) => self.undoable_journal(path),
            Setting::OnProgress(on_progress) => self.on_progress(on_progress),
            Setting::CancelWhen(cancel) => self.cancel_when(cancel),
            Setting::CancelGrace(wait) => self.cancel_grace(wait),
        })
    }

    fn plan(self: Box<Self>) -> BoxFuture<'static, Result<Plan<String>, InvalidJob>> {
        Box::pin(async move { Ok((*self).plan().await?.map(text)) })
    }

    fn send(self: Box<Self>) -> BoxFuture<'static, Result<Report<String>, InvalidJob>> {
        Box::pin(async move { Ok((*self).send().await?.map(text)) })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the reports give their IDs away")]
fn text<I: AssetId>(id: I) -> String {
    id.as_ref().to_owned()
}

impl GroupBulk {
    pub(in crate::ext) fn new<R, C>(job: Bulk<R, C>, is_inferred: bool) -> Self
    where
        R: Resource,
        C: SendableChange<R> + BulkChange<R>,
    {
        let record = job.change.record();
        Self {
            description: record.describe(R::NAMES.plural),
            cannot_undo: record.cannot_undo(),
            job: Box::new(job),
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
        self.cannot_undo
    }

    /// Returns true if [`send`](Self::send) needs [`acknowledge_inferred`](Self::acknowledge_inferred): the
    /// job archives or deletes, and its call is inferred.
    #[must_use]
    pub const fn requires_acknowledgement(&self) -> bool {
        self.is_inferred
    }

    /// Acknowledges that the call is inferred, not documented. No effect on a job whose call is documented.
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
        self.job = self.job.set(setting);
        self
    }

    /// Reads the assets and returns a preview of the job. Changes nothing, and needs no acknowledgement.
    ///
    /// # Errors
    /// When the job is invalid. Assets that cannot be read are part of the plan.
    pub async fn plan(self) -> Result<Plan<String>, InvalidJob> {
        self.job.plan().await
    }

    /// Runs the job to its end.
    ///
    /// # Errors
    /// When the job is not acknowledged or invalid, or when its journal cannot be used; nothing is sent then.
    /// All other failures are outcomes of the IDs.
    pub async fn send(self) -> Result<Report<String>, GroupJobError> {
        if self.is_inferred && !self.is_acknowledged {
            let job = self.description;
            return Err(GroupJobError::NotAcknowledged { job });
        }
        Ok(self.job.send().await?)
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
    /// The job archives or deletes with an inferred call, and the caller has not acknowledged that the call
    /// is inferred.
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
