//! Engine of all bulk jobs. It splits the IDs into chunks, and runs steps for each chunk until every ID has
//! an outcome. The step *look* reads the assets, the step *send* sends the change, and the step *settle*
//! reads the assets back.
//!
//! ```text
//! ┌──── already so, missing ────────────────────────────┐
//!          look ──► send ──── accepted, nothing to verify ─────────┤
//!            ▲       │ ▲                                           ▼
//!            │       ▼ └─── refused: split in halves ◄──┐       outcome
//!         (read    settle ─── as asked, refused alone ──┼──────────▲
//!         failed)    └─── not as asked: again, or split ┘
//! ```
//!
//! An item is an ID without an outcome. A step sends one request, or reads assets, for some items. It gives
//! an outcome to some of these items, and schedules further steps for the others.
//!
//! | file | contents |
//! |---|---|
//! | `account` | checks that the journal belongs to the account of the client |
//! | `driver` | starts steps, limits their number, writes the journal, stops the job |
//! | `look` | reads the assets, and the parent to which children move, before the change |
//! | `send` | sends the change |
//! | `settle` | reads the assets back and decides what happened to them |
//! | `split` | splits a refused chunk |
//! | `step` | types: items, scheduled steps, results |

mod account;
mod driver;
mod look;
mod send;
mod settle;
mod split;
mod step;

pub(super) use account::AccountCheck;
pub(super) use driver::{Driver, JobCallbacks, JobIds, OpenId, Refusal};
pub(super) use step::{
    EarlierRequest, Item, ScheduledStep, SettleCause, StepResult, Task, pause, pause_after,
};

use super::change::ListChange;
use super::outcome::{Failure, Reason};
use super::stop::StopSignal;
use crate::ext::bulk::journal::CopyRequest;
use crate::ext::error_class::{ErrorClass, exceeds_max_wait};
use crate::ext::read::{ReadResult, Reader};
use crate::ext::resource::AssetSummary;
use crate::transport::BoxFuture;
use crate::{Client, Error, RetryPolicy};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Settings of a job.
#[derive(Clone, Debug)]
pub struct JobSettings {
    pub(super) chunk_size: usize,
    pub(super) concurrency: usize,
    pub(super) retries: u32,
    pub(super) retry_policy: Option<RetryPolicy>,
    pub(super) look_first: bool,
    /// Setting of [`Bulk::verify`](crate::ext::Bulk::verify); `None` for the default of the change.
    pub(super) verify: Option<bool>,
    pub(super) in_order: bool,
    /// Number of failed IDs after which the job stops.
    pub(super) stop_after: Option<usize>,
    /// Longest wait for requests in flight after a cancellation; `None` to wait until they end.
    pub(super) cancel_grace: Option<Duration>,
}

impl Default for JobSettings {
    fn default() -> Self {
        Self {
            chunk_size: 100,
            concurrency: 4,
            retries: 2,
            retry_policy: None,
            look_first: true,
            verify: None,
            in_order: false,
            stop_after: None,
            cancel_grace: None,
        }
    }
}

/// Steps of a job. One type implements them for changes of many assets per request, and another type for
/// duplications.
pub trait JobSteps: Send + Sync + 'static {
    /// Returns the settings of the job.
    fn settings(&self) -> &JobSettings;
    /// Returns the maximum number of IDs in the next chunk.
    fn chunk_size(&self) -> usize;
    /// Returns true if a `Task::Prepare` step must run before the first chunk.
    fn prepares(&self) -> bool;
    /// Returns the first task of a chunk. `sent` is true if an earlier run sent any ID of the chunk.
    fn first_task(&self, sent: bool) -> Task;
    /// Returns the current time; `None` if the steps make no copies. The journal records the time of each
    /// request for a copy.
    fn copy_time(&self) -> Option<SystemTime>;
    /// Returns true if a step in flight will end the job, but still waits for other steps. No further step
    /// may start in the meantime.
    fn is_ending(&self) -> bool {
        false
    }
    /// Waits until the pause of the step is over, and then runs the step.
    fn run(self: Arc<Self>, step: ScheduledStep) -> BoxFuture<'static, StepResult>;
}

/// Future that records the states of the assets before the first change, so that the job can be undone. Empty
/// if the job records no states.
#[derive(Default)]
pub(super) struct RecordStates(Mutex<Option<BoxFuture<'static, Result<(), String>>>>);

impl RecordStates {
    #[cfg(feature = "snapshot")]
    pub(super) fn new(recording: impl Future<Output = Result<(), String>> + Send + 'static) -> Self {
        Self(Mutex::new(Some(Box::pin(recording))))
    }

    fn take(&self) -> Option<BoxFuture<'static, Result<(), String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn is_some(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

impl fmt::Debug for RecordStates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RecordStates({})", self.is_some())
    }
}

/// State that all kinds of jobs need.
#[derive(Debug)]
pub struct Shared {
    pub(super) client: Client,
    pub(super) reader: Reader,
    pub(super) settings: JobSettings,
    pub(super) stop_signal: StopSignal,
    /// Check of the account, if the job has a journal.
    pub(super) account: Option<AccountCheck>,
    /// Future that records the states of the assets before the first chunk, if the job can be undone.
    pub(super) record_states: RecordStates,
    /// IDs of assets that the account owned before the first request, as recorded by an earlier run. A
    /// duplication records all assets, and any other job records some of them.
    pub(super) seen: Option<HashSet<String>>,
    /// IDs of the copies that earlier runs have made.
    pub(super) copies: HashSet<String>,
    /// Requests of earlier runs for copies, keyed by the ID of the original. The results of these requests
    /// are unknown.
    pub(super) copy_requests: HashMap<String, CopyRequest>,
}

impl Shared {
    /// Waits until the pause of a step is over. Returns true if the step may run. After the job has stopped,
    /// only steps that read assets back may run.
    pub(super) async fn begin(&self, step: &mut ScheduledStep) -> bool {
        let pause = std::mem::take(&mut step.pause);
        self.stop_signal.sleep(pause).await;
        !self.stop_signal.is_set() || matches!(step.task, Task::Settle(_))
    }

    /// Returns true if a read that failed with `error` should be repeated.
    pub(super) fn may_retry(&self, attempts: u32, error: &Error) -> bool {
        attempts < self.settings.retries && !self.stop_signal.is_set() && !ends_the_job(error)
    }
}

/// State that the steps of a [`ListChange`] share.
#[derive(Debug)]
pub(super) struct StepContext {
    shared: Shared,
    change: ListChange,
    /// Limit of the chunk size. If the service refuses a chunk as too large, the limit becomes half the size
    /// of that chunk.
    max_chunk_size: AtomicUsize,
}

impl std::ops::Deref for StepContext {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl JobSteps for StepContext {
    fn settings(&self) -> &JobSettings {
        &self.settings
    }

    fn chunk_size(&self) -> usize {
        let max_size = self.max_chunk_size.load(Ordering::Relaxed);
        self.settings.chunk_size.min(max_size).max(1)
    }

    fn prepares(&self) -> bool {
        self.account.is_some() || self.target().is_some() || self.record_states.is_some()
    }

    fn first_task(&self, sent: bool) -> Task {
        if self.settings.look_first || sent {
            Task::Look
        } else {
            Task::Send { for_children: false }
        }
    }

    fn copy_time(&self) -> Option<SystemTime> {
        None
    }

    fn run(self: Arc<Self>, step: ScheduledStep) -> BoxFuture<'static, StepResult> {
        Box::pin(async move { self.run_step(step).await })
    }
}

impl StepContext {
    pub(super) fn new(shared: Shared, change: ListChange) -> Self {
        Self {
            shared,
            change,
            max_chunk_size: AtomicUsize::new(usize::MAX),
        }
    }

    async fn run_step(&self, mut step: ScheduledStep) -> StepResult {
        if !self.begin(&mut step).await {
            return StepResult::not_run(step);
        }
        match step.task {
            Task::Prepare => {
                let result = self.check_account().await;
                if result.fatal.is_some() {
                    return result;
                }
                let mut fatal = self.check_target().await.fatal;
                if let Some(recording) = self.record_states.take().filter(|_| fatal.is_none()) {
                    let message = recording.await.err();
                    fatal = message.map(|message| Failure::new(Reason::NotLookedAt, message));
                }
                StepResult { fatal, ..result }
            }
            Task::Look => self.look(step).await,
            Task::Send { for_children } => self.send(step.items, step.attempts, for_children).await,
            Task::Settle(cause) => self.settle(step.items, step.attempts, cause).await,
        }
    }

    async fn read(&self, items: &[Item]) -> Vec<ReadResult<AssetSummary>> {
        let ids: Vec<String> = items.iter().map(|item| item.id.to_string()).collect();
        self.reader.summaries(&ids).await
    }
}

/// Returns true if the job must end, because the service rejected the credentials, or asks for a longer wait
/// than a job accepts.
pub(super) fn ends_the_job(error: &Error) -> bool {
    ErrorClass::of(error) == ErrorClass::Unauthorized || exceeds_max_wait(error)
}
