//! Engine of all bulk jobs: cuts the IDs into chunks and takes each chunk through looking, sending and
//! settling, until every ID has its outcome.
//!
//! ```text
//!            ┌──── already so, missing ────────────────────────────┐
//!          look ──► send ──── accepted, nothing to verify ─────────┤
//!            ▲       │ ▲                                           ▼
//!            │       ▼ └─── refused: split in halves ◄──┐       outcome
//!         (read    settle ─── as asked, refused alone ──┼──────────▲
//!         failed)    └─── not as asked: again, or split ┘
//! ```
//!
//! A step is one request, or the reading of one list. It takes some items, gives outcomes for some of them
//! and schedules further steps for the others.
//!
//! | file | contents |
//! |---|---|
//! | `driver` | starts steps, limits their number, writes the journal, stops the job |
//! | `look` | reads the target and the assets before the change |
//! | `send` | sends the change |
//! | `settle` | reads the assets back and decides what happened to them |
//! | `split` | splits a refused chunk |
//! | `step` | types: items, scheduled steps, results |

mod driver;
mod look;
mod send;
mod settle;
mod split;
mod step;

pub(super) use driver::{Driver, JobCallbacks, JobIds, OpenId};
pub(in crate::ext) use step::pause_after;

use super::change::SendableChange;
use super::stop::StopSignal;
use crate::ext::error_class::{ErrorClass, exceeds_max_wait};
use crate::ext::read::{ReadResult, Reader};
use crate::ext::resource::{AssetSummary, Resource};
use crate::{Client, Error, RetryPolicy};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use step::{Item, ScheduledStep, StepResult, Task};

/// Settings of a job.
#[derive(Clone, Debug)]
pub(super) struct JobSettings {
    pub(super) chunk_size: usize,
    pub(super) concurrency: usize,
    pub(super) retries: u32,
    pub(super) retry_policy: Option<RetryPolicy>,
    pub(super) look_first: bool,
    /// Reads assets back; `None` for the default of the change.
    pub(super) verify: Option<bool>,
    pub(super) in_order: bool,
    /// Number of failed IDs after which the job stops.
    pub(super) stop_after: Option<usize>,
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
        }
    }
}

/// State that the steps of a job share.
#[derive(Debug)]
struct StepContext<R: Resource, C> {
    client: Client,
    reader: Reader<R>,
    change: C,
    settings: JobSettings,
    stop_signal: StopSignal,
    /// Largest chunk size that the service has not refused as too large.
    max_chunk_size: AtomicUsize,
}

impl<R: Resource, C: SendableChange<R>> StepContext<R, C> {
    async fn run(self: Arc<Self>, mut step: ScheduledStep<R::Id>) -> StepResult<R::Id> {
        let pause = std::mem::take(&mut step.pause);
        self.stop_signal.sleep(pause).await;
        if self.stop_signal.is_set() && !matches!(step.task, Task::Settle(_)) {
            return StepResult::not_run(step);
        }
        match step.task {
            Task::CheckTarget => self.check_target().await,
            Task::Look => self.look(step).await,
            Task::Send { for_children } => self.send(step.items, step.attempts, for_children).await,
            Task::Settle(cause) => self.settle(step.items, step.attempts, cause).await,
        }
    }

    async fn read(&self, items: &[Item<R::Id>]) -> Vec<ReadResult<AssetSummary>> {
        let ids: Vec<R::Id> = items.iter().map(|item| item.id.clone()).collect();
        self.reader.summaries(&ids).await
    }
}

/// Returns true if every further request would fail for now.
fn ends_the_job(error: &Error) -> bool {
    ErrorClass::of(error) == ErrorClass::Unauthorized || exceeds_max_wait(error)
}
