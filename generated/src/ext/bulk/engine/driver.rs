//! Driver of a job. It starts steps, limits the number of concurrent steps, collects the results, writes the
//! journal and stops the job.

use super::JobSteps;
use super::look::end_unseen;
use super::send::give_up;
use super::step::{EarlierRequest, Item, ScheduledStep, SettleCause, StepResult, Task};
use crate::ext::bulk::journal::{JournalError, JournalWriter, SentFor};
use crate::ext::bulk::outcome::{Entry, Failure, Outcome, Reason};
use crate::ext::bulk::progress::{OnProgress, Progress};
use crate::ext::bulk::report::Counts;
use crate::ext::bulk::stop::{STOPPED, StopControl, stopped_because};
use crate::transport::BoxFuture;
use crate::values::id::IdText;
use futures_util::future::{Either, FutureExt as _, pending, select};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::Instant;

/// Number of processed IDs after which their memory is freed.
const FREED_IDS: usize = 8_192;

/// Result of the tokio task that runs a step.
type Finished = Result<(task::Id, StepResult), JoinError>;

/// Event that a job waits for.
enum Event {
    /// A step ended.
    Finished(Finished),
    /// The user cancelled the job.
    Cancelled,
    /// The time for which a cancelled job waits for requests in flight is over.
    Deadline,
}

/// An ID that has no outcome when the run begins.
#[derive(Debug)]
pub(in crate::ext::bulk) struct OpenId {
    pub(in crate::ext::bulk) position: usize,
    pub(in crate::ext::bulk) id: IdText,
    /// Purpose of the request that an earlier run sent for this ID, if the result of that request is unknown.
    pub(in crate::ext::bulk) sent: Option<SentFor>,
}

/// IDs of a job: those with an outcome from an earlier run, and those without an outcome.
#[derive(Debug)]
pub(in crate::ext::bulk) struct JobIds {
    pub(in crate::ext::bulk) settled: Vec<Entry<IdText>>,
    pub(in crate::ext::bulk) open: VecDeque<OpenId>,
}

/// Callbacks of the user.
pub(in crate::ext::bulk) struct JobCallbacks {
    pub(in crate::ext::bulk) cancel: Option<BoxFuture<'static, ()>>,
    pub(in crate::ext::bulk) on_progress: Option<OnProgress>,
}

/// Runs a job and returns its entries one by one.
///
/// Each step runs in its own tokio task, so that requests in flight make progress even if the caller rarely
/// asks for an entry.
pub(in crate::ext::bulk) struct Driver {
    steps: Arc<dyn JobSteps>,
    open: VecDeque<OpenId>,
    queue: VecDeque<ScheduledStep>,
    in_flight: JoinSet<StepResult>,
    /// Steps in flight, keyed by tokio task. They are kept so that a step can be handled if its task ends
    /// without a result.
    running: HashMap<task::Id, ScheduledStep>,
    /// True until the step [`Task::Prepare`] has ended.
    preparing: bool,
    /// Items whose response was lost.
    lost: Vec<Item>,
    ready: VecDeque<Entry<IdText>>,
    /// Entries that must wait for entries at lower positions, keyed by position.
    waiting: BTreeMap<usize, Entry<IdText>>,
    /// Position of the next entry to return, if entries are returned in order.
    turn: usize,
    journal: Option<JournalWriter>,
    /// Set if the job finds that its journal belongs to another account.
    refusal: Refusal,
    callbacks: JobCallbacks,
    /// True if no further step may start, not even a step that reads assets back.
    is_abandoned: bool,
    /// Time at which a cancelled job stops waiting for requests in flight.
    deadline: Option<Instant>,
    stop: StopControl,
    progress: Progress,
}

/// Error that is set if the job finds that its journal belongs to another account.
pub(in crate::ext::bulk) type Refusal = Arc<OnceLock<JournalError>>;

impl Driver {
    pub(in crate::ext::bulk) fn new(
        steps: Arc<dyn JobSteps>,
        stop: StopControl,
        ids: JobIds,
        journal: Option<JournalWriter>,
        refusal: Refusal,
        callbacks: JobCallbacks,
    ) -> Self {
        let mut driver = Self {
            preparing: steps.prepares() && !ids.open.is_empty(),
            progress: Progress {
                total: ids.settled.len() + ids.open.len(),
                counts: Counts::default(),
            },
            steps,
            open: ids.open,
            queue: VecDeque::new(),
            in_flight: JoinSet::new(),
            running: HashMap::new(),
            lost: Vec::new(),
            ready: VecDeque::new(),
            waiting: BTreeMap::new(),
            turn: 0,
            journal,
            refusal,
            callbacks,
            is_abandoned: false,
            deadline: None,
            stop,
        };
        if driver.preparing {
            driver
                .queue
                .push_back(ScheduledStep::new(Task::Prepare, Vec::new()));
        }
        driver.publish(ids.settled);
        driver
    }

    /// Returns the next entry; `None` at the end. Dropping the future loses no entry.
    pub(in crate::ext::bulk) async fn next(&mut self) -> Option<Entry<IdText>> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Some(entry);
            }
            // If the job is cancelled before a step starts, the step is not started.
            if let Some(cancel) = &mut self.callbacks.cancel
                && cancel.now_or_never().is_some()
            {
                self.cancel();
            }
            self.fill();
            if !self.ready.is_empty() {
                continue;
            }
            if self.in_flight.is_empty() {
                if self.lost.is_empty() {
                    return None;
                }
                let lost = std::mem::take(&mut self.lost);
                let step = ScheduledStep::new(Task::Settle(SettleCause::Lost), lost);
                self.queue.push_back(step);
                continue;
            }
            match self.wait().await {
                Event::Finished(finished) => self.finish(finished),
                Event::Cancelled => self.cancel(),
                Event::Deadline => self.abandon(),
            }
        }
    }

    fn cancel(&mut self) {
        self.callbacks.cancel = None;
        self.stop.cancel();
        let grace = self.steps.settings().cancel_grace;
        self.deadline = grace.and_then(|grace| Instant::now().checked_add(grace));
    }

    /// Waits until a step ends, until the job is cancelled, or until the deadline of a cancelled job.
    async fn wait(&mut self) -> Event {
        let deadline = self.deadline;
        let end = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => pending().await,
            }
        };
        let cancelled = async {
            match &mut self.callbacks.cancel {
                Some(cancel) => cancel.await,
                None => pending().await,
            }
        };
        let finished = self.in_flight.join_next_with_id();
        match select(pin!(cancelled), select(pin!(finished), pin!(end))).await {
            Either::Left(_) => Event::Cancelled,
            Either::Right((Either::Left((Some(finished), _)), _)) => Event::Finished(finished),
            Either::Right(_) => Event::Deadline,
        }
    }

    fn finish(&mut self, finished: Finished) {
        match finished {
            Ok((id, result)) => {
                self.running.remove(&id);
                self.take(result);
            }
            Err(error) => {
                let step = self.running.remove(&error.id());
                if let Ok(panic) = error.try_into_panic() {
                    std::panic::resume_unwind(panic);
                }
                // The task has no result, because its runtime was shut down.
                if let Some(step) = step {
                    self.take(interrupted(step));
                }
            }
        }
    }

    /// Ends the job without waiting for the results of the requests in flight.
    fn abandon(&mut self) {
        self.deadline = None;
        self.is_abandoned = true;
        self.in_flight = JoinSet::new();
        let message = "the job was cancelled, and the service did not answer in time";
        let failure = Failure::new(Reason::Cancelled, message);
        let running = std::mem::take(&mut self.running).into_values();
        let queued = std::mem::take(&mut self.queue);
        let lost = std::mem::take(&mut self.lost);
        let mut result = StepResult::new();
        for ScheduledStep { task, items, .. } in running.chain(queued) {
            let is_sent = matches!(task, Task::Send { .. } | Task::Settle(_));
            for item in items {
                let failure = failure.clone();
                let outcome = if is_sent || item.earlier_request != EarlierRequest::None {
                    Outcome::Unknown { failure }
                } else {
                    Outcome::NotSent { failure }
                };
                result.end(item, outcome);
            }
        }
        result.end_all(lost, &Outcome::Unknown { failure });
        self.preparing = false;
        self.take(result);
    }

    /// Starts steps up to the limit of concurrent steps.
    fn fill(&mut self) {
        let concurrency = self.steps.settings().concurrency;
        while self.ready.is_empty() && self.in_flight.len() < concurrency {
            if (self.preparing || self.steps.is_ending()) && !self.in_flight.is_empty() {
                return;
            }
            let Some(step) = self.queue.pop_front().or_else(|| self.next_chunk()) else {
                return;
            };
            match self.stop.reason().cloned() {
                Some(failure) if self.is_abandoned || !matches!(step.task, Task::Settle(_)) => {
                    let mut result = StepResult::new();
                    if self.is_abandoned {
                        for item in step.items {
                            end_unseen(&mut result, item, failure.clone());
                        }
                    } else {
                        give_up(&mut result, step.items, &failure);
                    }
                    self.take(result);
                }
                _ => self.start(step),
            }
        }
    }

    /// Returns the first step of the next chunk; `None` if no IDs are left. In a duplication, an ID whose
    /// response was lost in an earlier run gets no step here, but is moved to `lost`.
    fn next_chunk(&mut self) -> Option<ScheduledStep> {
        loop {
            let step = self.cut_chunk()?;
            match step.task {
                Task::Settle(SettleCause::Lost) => self.lost.extend(step.items),
                _ => return Some(step),
            }
        }
    }

    fn cut_chunk(&mut self) -> Option<ScheduledStep> {
        let size = self.steps.chunk_size().min(self.open.len());
        let items: Vec<Item> = self
            .open
            .drain(..size)
            .map(|OpenId { position, id, sent }| Item {
                id,
                position,
                was_satisfied: (sent == Some(SentFor::Children)).then_some(true),
                earlier_request: sent.map_or(EarlierRequest::None, |_| EarlierRequest::Unanswered),
                attempt: None,
                failure: None,
            })
            .collect();
        // Frees the memory of these IDs, because the entries need memory.
        if self.open.capacity() > self.open.len() + FREED_IDS {
            self.open.shrink_to_fit();
        }
        let sent_before = items
            .iter()
            .any(|item| item.earlier_request != EarlierRequest::None);
        let task = self.steps.first_task(sent_before);
        (!items.is_empty()).then(|| ScheduledStep::new(task, items))
    }

    fn start(&mut self, step: ScheduledStep) {
        if let (Task::Send { for_children }, Some(journal)) = (&step.task, &mut self.journal) {
            let mut ids = step.items.iter().map(|item| item.id.as_str());
            let recorded = match self.steps.copy_time() {
                Some(time) => ids.try_for_each(|id| journal.copying(id, time)),
                None => journal.sending(ids, *for_children),
            };
            if let Err(error) = recorded {
                // A request must not be sent unless the journal records it.
                self.stop_for_journal(&error);
                self.queue.push_front(step);
                return;
            }
        }
        let steps = Arc::clone(&self.steps);
        let handle = self.in_flight.spawn(steps.run(step.clone()));
        self.running.insert(handle.id(), step);
    }

    fn stop_for_journal(&mut self, error: &JournalError) {
        let message = format!("{STOPPED}: {error}");
        self.stop.stop(Failure::new(Reason::Stopped, message));
    }

    /// Processes the result of a step.
    fn take(&mut self, mut result: StepResult) {
        if std::mem::take(&mut self.preparing) {
            self.prepared(&mut result);
        }
        // Further steps of started chunks come first, so that only a few chunks are in progress at any time.
        for step in result.next.into_iter().rev() {
            self.queue.push_front(step);
        }
        let lost = result.lost.len();
        if let Some(journal) = &mut self.journal {
            let times = result.lost.iter().map(|item| Some((&item.id, item.attempt?)));
            let mut times = times.flatten();
            if let Err(error) = times.try_for_each(|(id, attempt)| journal.lost(id.as_str(), attempt)) {
                self.stop_for_journal(&error);
            }
        }
        self.lost.extend(result.lost);
        let failed = result
            .entries
            .iter()
            .filter(|entry| !entry.outcome.is_success())
            .count();
        let cause = result.entries.iter().find_map(|entry| entry.outcome.failure());
        let cause = cause.or_else(|| self.lost.last().and_then(|item| item.failure.as_ref()));
        let cause = cause.cloned();
        let recorded = match &mut self.journal {
            Some(journal) => journal.settled(&result.entries),
            None => Ok(()),
        };
        for entry in &result.entries {
            self.stop.settled(&entry.outcome);
        }
        self.publish(result.entries);
        if let Err(error) = recorded {
            self.stop_for_journal(&error);
        }
        if let Some(failure) = result.fatal {
            self.stop.stop(stopped_because(STOPPED, &failure));
        }
        self.stop.record(result.answered, failed + lost, cause.as_ref());
    }

    /// Records the account in the journal. If the journal belongs to another account, stops the job.
    fn prepared(&mut self, result: &mut StepResult) {
        let Some(journal) = &mut self.journal else {
            return;
        };
        if let Some((recorded, actual)) = result.other_account.take() {
            let error = journal.other_account(recorded, actual);
            self.stop_for_journal(&error);
            // The cell is empty, because a job prepares only once.
            let _ = self.refusal.set(error);
            self.is_abandoned = true;
            // The journal of the other account stays unchanged.
            self.journal = None;
            return;
        }
        let mut recorded = result
            .account
            .as_deref()
            .map_or(Ok(()), |account| journal.account(account));
        if let Some(seen) = &result.seen {
            recorded = recorded.and_then(|()| journal.seen(seen.iter().map(String::as_str)));
        }
        if let Err(error) = recorded {
            self.stop_for_journal(&error);
        }
    }

    fn publish(&mut self, entries: Vec<Entry<IdText>>) {
        if entries.is_empty() {
            return;
        }
        for entry in &entries {
            self.progress.counts.count(&entry.outcome);
        }
        if self.steps.settings().in_order {
            self.waiting
                .extend(entries.into_iter().map(|entry| (entry.position, entry)));
            while let Some(entry) = self.waiting.remove(&self.turn) {
                self.turn += 1;
                self.ready.push_back(entry);
            }
        } else {
            self.ready.extend(entries);
        }
        if let Some(on_progress) = &mut self.callbacks.on_progress {
            on_progress(&self.progress);
        }
    }
}

/// Creates a result for a step whose tokio task ended without a result. If the step sends a change, the
/// service may have received the change, so the assets are read next. Any other step is repeated.
fn interrupted(mut step: ScheduledStep) -> StepResult {
    if let Task::Send { .. } = step.task {
        for item in &mut step.items {
            item.earlier_request = EarlierRequest::Unanswered;
            item.was_satisfied = item.was_satisfied.filter(|was_satisfied| *was_satisfied);
        }
        step.task = Task::Look;
    }
    StepResult::not_run(step)
}
