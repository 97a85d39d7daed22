//! Bulk jobs: the builder, the changes, the engine and the results.

mod change;
mod constructors;
mod duplicate;
mod engine;
mod group_bulk;
mod job;
mod journal;
mod outcome;
mod outcomes;
mod plan;
mod progress;
mod report;
mod stop;
mod text;

pub use change::{Archiving, ChangeRecord, Deleting, MovingToCategory, Unarchiving};
pub use duplicate::{DuplicateMany, Duplicating, Duplication};
pub use group_bulk::{GroupBulk, GroupJobError};
pub use journal::{Journal, JournalError};
pub use outcome::{Entry, Failure, Outcome, Reason};
pub use outcomes::Outcomes;
pub use plan::{Children, Plan};
#[cfg(feature = "snapshot")]
pub(super) use progress::OnProgress;
pub use progress::Progress;
pub use report::{Counts, DifferentJobs, Report};

use super::cascade::Cascade;
use super::read_calls::ReadCalls;
use super::resource::{Archive, ArchiveChildren, Delete, DeleteChildren, Resource};
use super::validate::InvalidJob;
use crate::runtime::acknowledgement::{Documented, Inferred};
use crate::{Client, RetryPolicy};
use change::{BulkChange, SendableChange};
use job::{Job, JobOptions, Setting};
use std::fmt;
use std::path::Path;
use std::time::Duration;
#[cfg(feature = "snapshot")]
pub(super) use stop::{STOPPED, StopControl, stopped_because};

/// Builder of a bulk job, which changes many assets of one kind.
///
/// # Steps of a job
///
/// The distinct IDs are split into chunks, in the given order. Each chunk goes through these steps:
///
/// 1. The job reads the assets. It skips assets that are missing, deleted, or already in the requested state.
///    With a [`Cascade`] other than [`leave`](Cascade::leave), it does not skip parents that are already in
///    the requested state, so that their children are handled.
/// 2. The job sends one request with the IDs of the assets to change. If some parents need no change, but
///    their children must be handled, the job sends the IDs of these parents in a second request.
/// 3. If the service refuses the request, the job reads the assets to find out which changes were applied
///    anyway. It splits the remaining IDs into two halves, and sends a request for each half. It repeats the
///    splitting until each refused ID is alone in a request. If the service responds with 404 although
///    assets of the request exist, the job repeats the request for these assets without splitting it. Such a
///    404 comes from a gateway, or it is about something other than these assets, such as a category that
///    does not exist.
/// 4. If no trustworthy response arrives, for example because the connection breaks, the job reads the
///    assets. It repeats the request for the assets that are unchanged or cannot be read.
///
/// If the job cannot determine the result, the outcome is *unknown*. An asset counts as missing only if a
/// successful response omits it; a 404 is not sufficient. A gateway may answer a read with the response to
/// another request of the job. If this is possible, the job reads the assets again, together with an asset
/// that is known to exist. The job decodes only the ID, status and category of each asset, so unusual values
/// in other fields do not affect the job.
///
/// # Outcomes
///
/// Every distinct ID gets exactly one [`Outcome`], even if the job is cancelled or the service becomes
/// unavailable.
///
/// # Limits
///
/// | setting | default | limits |
/// |---|---|---|
/// | [`chunk_size`](Self::chunk_size) | 100 IDs per request | 1 to 10,000 |
/// | [`concurrency`](Self::concurrency) | 4 concurrent requests | 1 to 64 |
/// | [`retries`](Self::retries) | 2, in addition to the client's own | 0 to 10 |
/// | [`look_first`](Self::look_first) | yes | |
/// | [`verify`](Self::verify) | for deletions and cascades | |
/// | [`stop_after`](Self::stop_after) | never | at least 1 |
/// | [`cancel_grace`](Self::cancel_grace) | until requests in flight end | |
/// | [`url_length`](Self::url_length) | 1,800 bytes of IDs in a URL | 100 to 65,536 |
///
/// A job stops early in these cases:
///
/// - Five consecutive requests are not processed or get no response in spite of all retries.
/// - Every read gets a 404.
/// - The service refuses ten IDs with 403, each in a request of its own, and no ID was changed before. The
///   account may be suspended.
/// - The service rejects the credentials.
/// - The service asks for a wait of more than a minute (`Retry-After`).
///
/// The remaining IDs are not sent. If the service asked for a wait, the failures of these IDs contain the
/// requested wait.
///
/// The vendor documents no limit for the size of a request. If the service refuses a chunk as too large, the
/// job splits the chunk.
///
/// # Memory
///
/// A job keeps in memory the IDs, a small outcome for each ID, and up to `concurrency` chunks. If the service
/// refuses a read of a chunk, the job reads the list of all assets, and keeps this list in memory for a short
/// time.
#[must_use = "a job does nothing until it is sent"]
pub struct Bulk<R: Resource, C> {
    client: Client,
    ids: Vec<R::Id>,
    change: C,
    options: JobOptions,
}

impl<R: Resource, C: fmt::Debug> fmt::Debug for Bulk<R, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Bulk")
            .field("assets", &R::NAMES.plural)
            .field("change", &self.change)
            .field("ids", &self.ids.len())
            .finish_non_exhaustive()
    }
}

impl<R: ArchiveChildren, E> Bulk<R, Archiving<R::Id, E>> {
    /// Sets how the job handles the children of the assets that it archives. Default: [`Cascade::leave`].
    pub fn children(mut self, children: Cascade<R::Id>) -> Self {
        self.change.children = children;
        self
    }
}

impl<R: DeleteChildren, E> Bulk<R, Deleting<R::Id, E>> {
    /// Sets how the job handles the children of the assets that it deletes. Default: [`Cascade::leave`].
    pub fn children(mut self, children: Cascade<R::Id>) -> Self {
        self.change.children = children;
        self
    }
}

impl<R: Archive> Bulk<R, Archiving<R::Id, Inferred>> {
    /// Acknowledges that the archiving call is inferred, not documented. Without this acknowledgement, a job
    /// can be planned, but not sent.
    ///
    /// Once the vendor documents the operation, the acknowledgement has no effect and may be removed.
    pub fn acknowledge_inferred(self) -> Bulk<R, Archiving<R::Id>> {
        self.with(|change| Archiving::new(change.children))
    }
}

impl<R: Archive> Bulk<R, Archiving<R::Id, Documented>> {
    /// Does nothing, because the operation is documented.
    #[deprecated(note = "the operation is documented now; remove the call of `acknowledge_inferred`")]
    pub fn acknowledge_inferred(self) -> Self {
        self
    }
}

impl<R: Delete> Bulk<R, Deleting<R::Id, Inferred>> {
    /// Acknowledges that the deleting call is inferred, not documented. Without this acknowledgement, a job
    /// can be planned, but not sent.
    ///
    /// Once the vendor documents the operation, the acknowledgement has no effect and may be removed.
    pub fn acknowledge_inferred(self) -> Bulk<R, Deleting<R::Id>> {
        self.with(|change| Deleting::new(change.children))
    }
}

impl<R: Delete> Bulk<R, Deleting<R::Id, Documented>> {
    /// Does nothing, because the operation is documented.
    #[deprecated(note = "the operation is documented now; remove the call of `acknowledge_inferred`")]
    pub fn acknowledge_inferred(self) -> Self {
        self
    }
}

impl<R: Resource, C> Bulk<R, C> {
    /// Replaces the change of the job by the result of the function `change`. Keeps all settings.
    fn with<D>(self, change: impl FnOnce(C) -> D) -> Bulk<R, D> {
        Bulk {
            change: change(self.change),
            client: self.client,
            ids: self.ids,
            options: self.options,
        }
    }
}

impl<R: Resource, C: BulkChange<R>> Bulk<R, C> {
    pub(super) fn new<I: Into<R::Id>>(client: &Client, ids: impl IntoIterator<Item = I>, change: C) -> Self {
        Self {
            client: client.clone(),
            ids: ids.into_iter().map(Into::into).collect(),
            change,
            options: JobOptions::default(),
        }
    }

    /// Sets the number of IDs per request, from 1 to 10,000. Values outside of this range become the nearest
    /// limit. Default: 100.
    ///
    /// The limit of the service is not documented. A chunk that the service refuses as too large (413) is
    /// split, and later chunks are smaller.
    pub fn chunk_size(self, ids: usize) -> Self {
        self.set(Setting::ChunkSize(ids))
    }

    /// Sets the maximum number of concurrent requests, from 1 to 64. Values outside of this range become the
    /// nearest limit. Default: 4.
    ///
    /// If the maximum is 1, chunks are sent strictly one after the other. The rate limiter of the client
    /// applies as well.
    pub fn concurrency(self, requests: usize) -> Self {
        self.set(Setting::Concurrency(requests))
    }

    /// Sets how many times (0 to 10) the job repeats a request if no trustworthy response arrives. These
    /// repetitions come in addition to the client's own retries. Default: 2.
    ///
    /// If the request may have been applied, the job first reads the assets, and repeats the request only for
    /// assets that are still unchanged or cannot be read. The waits between the attempts are 0.5 s, 1 s, 2 s
    /// and so on, up to 20 s. If the service asks for a longer wait of at most a minute, the job waits that
    /// long. If it asks for more than a minute, the job stops.
    pub fn retries(self, retries: u32) -> Self {
        self.set(Setting::Retries(retries))
    }

    /// Sets the retry policy of the requests that change assets. Default: the policy of the client.
    pub fn retry_policy(self, policy: RetryPolicy) -> Self {
        self.set(Setting::RetryPolicy(policy))
    }

    /// Sets whether the assets are read before the change is sent. Default: yes.
    ///
    /// Switching this setting off saves one request per chunk. But then assets that are already in the
    /// requested state are reported as *done*. Missing assets are also reported as *done* if the service
    /// silently ignores their IDs. Leave this setting on if the IDs may be wrong. If you switch it off,
    /// consider switching on [`verify`](Self::verify).
    pub fn look_first(self, look: bool) -> Self {
        self.set(Setting::LookFirst(look))
    }

    /// Sets whether the assets are read back after the service has accepted the change. Default: yes for
    /// deletions and for jobs with a [`Cascade`] other than [`leave`](Cascade::leave), no for other jobs.
    ///
    /// An unchanged asset is read up to four times, because the service may apply the change with a delay.
    /// The waits between the reads are 0.5 s, 1 s and 2 s. If the asset is unchanged even in the last read,
    /// the outcome is *unknown*. Children are not read back, because no documented call lists them.
    pub fn verify(self, verify: bool) -> Self {
        self.set(Setting::Verify(verify))
    }

    /// Sets whether [`stream`](Self::stream) yields outcomes in the order of the IDs. Default: no; outcomes
    /// come in the order in which they become known.
    ///
    /// With this setting, outcomes that become known early are kept until their turn. A [`Report`] is always
    /// in order.
    pub fn in_order(self, in_order: bool) -> Self {
        self.set(Setting::InOrder(in_order))
    }

    /// Stops the job after this number of failed IDs (rejected, unknown, or not sent because of an error).
    /// The number 1 stops the job on the first failure. Default: never.
    ///
    /// Requests in flight are finished, so more IDs may fail. All other IDs end as *not sent*.
    pub fn stop_after(self, failed: usize) -> Self {
        self.set(Setting::StopAfter(failed))
    }

    /// Sets the maximum length of the ID list in the URL of a read, from 100 to 65,536 bytes. Default: 1,800.
    ///
    /// No limit is documented. The default keeps URLs below 2,000 bytes, which common proxies accept.
    pub fn url_length(self, bytes: usize) -> Self {
        self.set(Setting::UrlLength(bytes))
    }

    /// Sets a callback that receives the progress whenever outcomes become known.
    pub fn on_progress(self, on_progress: impl FnMut(&Progress) + Send + 'static) -> Self {
        self.set(Setting::OnProgress(Box::new(on_progress)))
    }

    /// Cancels the job when the future `cancel` completes. For example, `cancel` can wait for a signal, a
    /// timer or a message.
    ///
    /// After the cancellation, no further change is sent or retried. The job waits for requests in flight,
    /// and reads the assets back if the effect of a request is unclear, so that the report stays accurate.
    /// All other IDs end as *not sent*. To limit the wait, set a [`cancel_grace`](Self::cancel_grace).
    pub fn cancel_when<T>(self, cancel: impl Future<Output = T> + Send + 'static) -> Self {
        self.set(Setting::CancelWhen(Box::pin(async move {
            cancel.await;
        })))
    }

    /// Sets the longest time that a cancelled job waits for requests in flight. Default: no limit.
    ///
    /// If the result of a request is not known when this time is over, the IDs of the request end as
    /// *unknown*. Run the job again for the IDs that [`Report::unfinished`] returns.
    ///
    /// ```no_run
    /// use funnelflux::{Client, ext::*};
    /// use std::time::Duration;
    ///
    /// async fn archive(client: &Client, ids: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
    ///     let an_hour = tokio::time::sleep(Duration::from_secs(3_600));
    ///     let job = client.offer_sources().bulk_archive(ids).cancel_when(an_hour);
    ///     println!("{}", job.cancel_grace(Duration::from_secs(1)).send().await?);
    ///     Ok(())
    /// }
    /// ```
    pub fn cancel_grace(self, wait: Duration) -> Self {
        self.set(Setting::CancelGrace(wait))
    }

    /// Writes a journal to this file. If the file already contains the journal of this job, continues the
    /// job.
    ///
    /// A journal belongs to one job: one change of one list of IDs, in one account at one base URL. If the
    /// file is the journal of a different job, the new job is refused, and no change is sent.
    /// [`Journal::read`] returns the change and the IDs of a journal. When a job continues, IDs with the
    /// outcome *done*, *already so* or *rejected* keep this outcome and are not sent again. If the earlier
    /// run stopped because the service refused the first IDs with 403, these IDs are sent again. For an ID
    /// whose result is unknown, the job first reads the asset. If the asset is in the requested state, the
    /// outcome is *done*. A duplication does not read the asset, but looks for the copy.
    ///
    /// If the access token states its account, the journal records this account. Otherwise, a new job lists
    /// the assets and records the IDs of some of them. A resumed job must then find at least one of these
    /// assets, or an asset whose ID an earlier run sent.
    ///
    /// Before the job sends a change, it writes the IDs of the request to the disk. Writing blocks the
    /// thread. If the journal can no longer be written, or the file is removed, the job stops.
    pub fn journal(self, path: impl AsRef<Path>) -> Self {
        self.set(Setting::Journal(path.as_ref().to_owned()))
    }

    /// Writes a [`journal`](Self::journal), and a second file with the suffix `.undo` that contains the state
    /// of each asset before the job. From these two files,
    /// [`ChangePlan::undo`](crate::ext::plan::ChangePlan::undo) makes a plan that reverts the job.
    ///
    /// Before the job changes anything, it reads the assets, and the children that the change affects. If the
    /// service refuses to return children, or if the cargo feature of their group is disabled, changes to
    /// these children cannot be undone. If any other read fails, the job sends no change. A deletion cannot
    /// be undone, because the service has no operation that restores deleted assets or their statistics. To
    /// undo a duplication, the plan deletes the copies.
    #[cfg(feature = "snapshot")]
    pub fn undoable_journal(self, path: impl AsRef<Path>) -> Self {
        self.set(Setting::UndoableJournal(path.as_ref().to_owned()))
    }

    fn set(mut self, setting: Setting) -> Self {
        self.options.set(setting);
        self
    }

    /// Splits the builder into the untyped job, whose code does not depend on `R`, and the typed change.
    fn into_parts(self) -> (Job, C) {
        let job = Job {
            client: self.client,
            calls: ReadCalls::of::<R>(),
            ids: self.ids.iter().map(|id| id.as_ref().into()).collect(),
            record: self.change.record(),
            options: self.options,
        };
        (job, self.change)
    }

    /// Runs the job to its end.
    ///
    /// # Errors
    /// Returns an error if the job is invalid or its journal cannot be used. In these cases, nothing is sent.
    /// All other failures are reported as outcomes of IDs.
    pub async fn send(self) -> Result<Report<R::Id>, InvalidJob>
    where
        C: SendableChange<R>,
    {
        let (job, change) = self.into_parts();
        let report = job.send(|shared| change.steps(shared)).await?;
        Ok(report.map(|id| R::Id::from(id.as_str())))
    }

    /// Runs the job as a stream of outcomes. By default, outcomes come in the order in which they become
    /// known (see [`in_order`](Self::in_order)). The job starts requests only while the stream is polled.
    ///
    /// ```no_run
    /// use funnelflux::{Client, ext::*};
    /// use futures_util::StreamExt as _;
    ///
    /// async fn restore(client: &Client, ids: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
    ///     let mut outcomes = client.offer_sources().bulk_unarchive(ids).stream()?;
    ///     while let Some(entry) = outcomes.next().await {
    ///         println!("{}: {:?}", entry.id, entry.outcome);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// Returns the same errors as [`send`](Self::send), with one exception. The job detects a journal of
    /// another account only while the stream runs. The remaining IDs then get this error as their failure.
    pub fn stream(self) -> Result<Outcomes<R::Id>, InvalidJob>
    where
        C: SendableChange<R>,
    {
        let (job, change) = self.into_parts();
        let outcomes = job.stream(|shared| change.steps(shared))?;
        Ok(outcomes.map(|id| R::Id::from(id.as_str())))
    }

    /// Reads the assets and returns a preview of the job. Changes nothing.
    ///
    /// # Errors
    /// Returns an error if the job is invalid. An asset that cannot be read is not an error; the plan lists
    /// it.
    pub async fn plan(self) -> Result<Plan<R::Id>, InvalidJob> {
        let (job, _) = self.into_parts();
        Ok(job.plan().await?.map(R::Id::from))
    }
}

/// Checks at compile time that the futures of `send` and `plan` can move between threads.
#[allow(dead_code, reason = "it only has to compile")]
fn jobs_are_send<R: Resource, C: SendableChange<R>>(bulk: fn() -> Bulk<R, C>) {
    fn is_send<T: Send>(_: T) {}
    is_send(bulk().send());
    is_send(bulk().plan());
}
