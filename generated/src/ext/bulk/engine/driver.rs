//! Driver of a job: starts steps, limits their number, takes their results, writes the journal and stops the
//! job.

use super::send::give_up;
use super::step::{EarlierRequest, Item, ScheduledStep, StepResult, Task};
use super::{JobSettings, StepContext};
use crate::Client;
use crate::ext::bulk::change::SendableChange;
use crate::ext::bulk::journal::{JournalWriter, SentFor};
use crate::ext::bulk::outcome::{Entry, Failure, Reason};
use crate::ext::bulk::progress::{OnProgress, Progress};
use crate::ext::bulk::report::Counts;
use crate::ext::bulk::stop::StopControl;
use crate::ext::read::Reader;
use crate::ext::resource::Resource;
use crate::transport::BoxFuture;
use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// An ID without an outcome at the start of the job.
#[derive(Debug)]
pub(in crate::ext::bulk) struct OpenId<I> {
    pub(in crate::ext::bulk) position: usize,
    pub(in crate::ext::bulk) id: I,
    /// Purpose of a request of an earlier run whose result is unknown.
    pub(in crate::ext::bulk) sent: Option<SentFor>,
}

/// IDs of a job, with the results of an earlier run.
#[derive(Debug)]
pub(in crate::ext::bulk) struct JobIds<I> {
    pub(in crate::ext::bulk) settled: Vec<Entry<I>>,
    pub(in crate::ext::bulk) open: Vec<OpenId<I>>,
}

/// Callbacks of the user.
pub(in crate::ext::bulk) struct JobCallbacks {
    pub(in crate::ext::bulk) cancel: Option<BoxFuture<'static, ()>>,
    pub(in crate::ext::bulk) on_progress: Option<OnProgress>,
}

/// Runs a job and returns its entries one by one.
pub(in crate::ext::bulk) struct Driver<R: Resource, C> {
    context: Arc<StepContext<R, C>>,
    open: std::vec::IntoIter<OpenId<R::Id>>,
    queue: VecDeque<ScheduledStep<R::Id>>,
    in_flight: FuturesUnordered<BoxFuture<'static, StepResult<R::Id>>>,
    /// The target of the children is being read.
    checking_target: bool,
    ready: VecDeque<Entry<R::Id>>,
    /// Entries that wait for their turn, by position.
    waiting: BTreeMap<usize, Entry<R::Id>>,
    /// Position of the next entry, if the order matters.
    turn: usize,
    journal: Option<JournalWriter>,
    callbacks: JobCallbacks,
    stop: StopControl,
    progress: Progress,
}

impl<R: Resource, C: SendableChange<R>> Driver<R, C> {
    pub(in crate::ext::bulk) fn new(
        reader: Reader<R>,
        client: Client,
        change: C,
        settings: JobSettings,
        ids: JobIds<R::Id>,
        journal: Option<JournalWriter>,
        callbacks: JobCallbacks,
    ) -> Self {
        let stop = StopControl::new(settings.stop_after, "the service gave no answer");
        let context = StepContext {
            client,
            reader,
            change,
            settings,
            stop_signal: stop.signal(),
            max_chunk_size: AtomicUsize::new(usize::MAX),
        };
        let mut driver = Self {
            checking_target: context.target().is_some() && !ids.open.is_empty(),
            progress: Progress {
                total: ids.settled.len() + ids.open.len(),
                counts: Counts::default(),
            },
            context: Arc::new(context),
            open: ids.open.into_iter(),
            queue: VecDeque::new(),
            in_flight: FuturesUnordered::new(),
            ready: VecDeque::new(),
            waiting: BTreeMap::new(),
            turn: 0,
            journal,
            callbacks,
            stop,
        };
        if driver.checking_target {
            driver.start(ScheduledStep::new(Task::CheckTarget, Vec::new()));
        }
        driver.publish(ids.settled);
        driver
    }

    /// Returns the next entry; `None` at the end. Nothing is lost if the future is dropped.
    pub(in crate::ext::bulk) async fn next(&mut self) -> Option<Entry<R::Id>> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                return Some(entry);
            }
            self.fill();
            if !self.ready.is_empty() {
                continue;
            }
            if self.in_flight.is_empty() {
                return None;
            }
            let result = match &mut self.callbacks.cancel {
                None => self.in_flight.next().await,
                Some(cancel) => match select(cancel, self.in_flight.next()).await {
                    Either::Left(_) => None,
                    Either::Right((result, _)) => result,
                },
            };
            if let Some(result) = result {
                self.take(result);
            } else {
                self.callbacks.cancel = None;
                self.stop.cancel();
            }
        }
    }

    /// Starts steps up to the limit.
    fn fill(&mut self) {
        let concurrency = self.context.settings.concurrency;
        while !self.checking_target && self.ready.is_empty() && self.in_flight.len() < concurrency {
            let Some(step) = self.queue.pop_front().or_else(|| self.next_chunk()) else {
                return;
            };
            match self.stop.reason().cloned() {
                Some(failure) if !matches!(step.task, Task::Settle(_)) => {
                    let mut result = StepResult::new();
                    give_up(&mut result, step.items, &failure);
                    self.take(result);
                }
                _ => self.start(step),
            }
        }
    }

    /// Cuts the next chunk from the open IDs.
    fn next_chunk(&mut self) -> Option<ScheduledStep<R::Id>> {
        let settings = &self.context.settings;
        let max_size = self.context.max_chunk_size.load(Ordering::Relaxed);
        let size = settings.chunk_size.min(max_size).max(1);
        let items: Vec<Item<R::Id>> = self
            .open
            .by_ref()
            .take(size)
            .map(|OpenId { position, id, sent }| Item {
                id,
                position,
                was_satisfied: (sent == Some(SentFor::Children)).then_some(true),
                earlier_request: sent.map_or(EarlierRequest::None, |_| EarlierRequest::Unanswered),
            })
            .collect();
        let sent_before = items
            .iter()
            .any(|item| item.earlier_request != EarlierRequest::None);
        let task = if settings.look_first || sent_before {
            Task::Look
        } else {
            Task::Send { for_children: false }
        };
        (!items.is_empty()).then(|| ScheduledStep::new(task, items))
    }

    fn start(&mut self, step: ScheduledStep<R::Id>) {
        if let (Task::Send { for_children }, Some(journal)) = (&step.task, &mut self.journal) {
            let ids = step.items.iter().map(|item| item.id.as_ref());
            if let Err(error) = journal.sending(ids, *for_children) {
                // A request that the journal does not record must not be sent.
                let message = format!("the job stopped: {error}");
                self.stop.stop(Failure::new(Reason::Stopped, message));
                self.queue.push_front(step);
                return;
            }
        }
        let context = Arc::clone(&self.context);
        self.in_flight.push(Box::pin(context.run(step)));
    }

    /// Takes the result of a step.
    fn take(&mut self, result: StepResult<R::Id>) {
        self.checking_target = false;
        // Further steps of started chunks come first, so that few chunks are open at any time.
        for step in result.next.into_iter().rev() {
            self.queue.push_front(step);
        }
        let failed = result
            .entries
            .iter()
            .filter(|entry| !entry.outcome.is_success())
            .count();
        let recorded = match &mut self.journal {
            Some(journal) => journal.settled(&result.entries),
            None => Ok(()),
        };
        self.publish(result.entries);
        if let Err(error) = recorded {
            let message = format!("the job stopped: {error}");
            self.stop.stop(Failure::new(Reason::Stopped, message));
        }
        if let Some(failure) = result.fatal {
            let message = format!("the job stopped: {failure}");
            self.stop.stop(match failure.error() {
                Some(error) => Failure::with_error(Reason::Stopped, message, error),
                None => Failure::new(failure.reason(), message),
            });
        }
        self.stop.record(result.answered, failed);
    }

    fn publish(&mut self, entries: Vec<Entry<R::Id>>) {
        if entries.is_empty() {
            return;
        }
        for entry in &entries {
            self.progress.counts.count(&entry.outcome);
        }
        if self.context.settings.in_order {
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
