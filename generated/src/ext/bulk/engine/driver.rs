//! The driver: starts steps, at most so many at once, takes what they leave, writes the journal, and winds down when it is told to.

use super::Settings;
use super::send::{Shared, give_up};
use super::step::{Item, Step, Task, Trace, Work};
use crate::Client;
use crate::ext::bulk::change::Ready;
use crate::ext::bulk::journal::{Sent, Writer};
use crate::ext::bulk::outcome::{Entry, Failure, Reason};
use crate::ext::bulk::progress::{OnProgress, Progress};
use crate::ext::bulk::report::Counts;
use crate::ext::bulk::stop::Brakes;
use crate::ext::read::Reader;
use crate::ext::resource::Resource;
use crate::transport::BoxFuture;
use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Position and ID of what is to be done, and how an earlier run sent it without getting to know what became of it.
pub(in crate::ext::bulk) type Open<I> = (usize, I, Option<Sent>);

/// IDs of a job with what is known of them from an earlier run.
#[derive(Debug)]
pub(in crate::ext::bulk) struct Input<I> {
    /// Those with an outcome.
    pub(in crate::ext::bulk) settled: Vec<Entry<I>>,
    /// The others.
    pub(in crate::ext::bulk) open: Vec<Open<I>>,
}

/// What the user wants to be told, and may say.
pub(in crate::ext::bulk) struct Hooks {
    pub(in crate::ext::bulk) cancel: Option<BoxFuture<'static, ()>>,
    pub(in crate::ext::bulk) on_progress: Option<OnProgress>,
}

/// Runs a job: a stream of entries, by hand.
pub(in crate::ext::bulk) struct Driver<R: Resource, C> {
    shared: Arc<Shared<R, C>>,
    open: std::vec::IntoIter<Open<R::Id>>,
    queue: VecDeque<Work<R::Id>>,
    in_flight: FuturesUnordered<BoxFuture<'static, Step<R::Id>>>,
    /// Whether the target of the children is being checked.
    gate: bool,
    ready: VecDeque<Entry<R::Id>>,
    /// Entries that came before their turn, where the order counts.
    held: BTreeMap<usize, Entry<R::Id>>,
    turn: usize,
    journal: Option<Writer>,
    hooks: Hooks,
    brakes: Brakes,
    progress: Progress,
}

impl<R: Resource, C: Ready<R>> Driver<R, C> {
    pub(in crate::ext::bulk) fn new(
        reader: Reader<R>,
        client: Client,
        change: C,
        settings: Settings,
        input: Input<R::Id>,
        journal: Option<Writer>,
        hooks: Hooks,
    ) -> Self {
        let brakes = Brakes::new(settings.stop_after, "the service gave no answer");
        let shared = Shared {
            client,
            reader,
            change,
            settings,
            stopping: brakes.stopping(),
            chunk_limit: AtomicUsize::new(usize::MAX),
        };
        let mut driver = Self {
            gate: shared.target().is_some() && !input.open.is_empty(),
            progress: Progress {
                total: input.settled.len() + input.open.len(),
                counts: Counts::default(),
            },
            shared: Arc::new(shared),
            open: input.open.into_iter(),
            queue: VecDeque::new(),
            in_flight: FuturesUnordered::new(),
            ready: VecDeque::new(),
            held: BTreeMap::new(),
            turn: 0,
            journal,
            hooks,
            brakes,
        };
        if driver.gate {
            driver.start(Work {
                task: Task::CheckTarget,
                items: Vec::new(),
                tries: 0,
                pause: Duration::ZERO,
            });
        }
        driver.publish(input.settled);
        driver
    }

    /// The next entry; `None` at the end. Nothing is lost if the future is dropped.
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
            let step = match &mut self.hooks.cancel {
                None => self.in_flight.next().await,
                Some(cancel) => match select(cancel, self.in_flight.next()).await {
                    Either::Left(_) => None,
                    Either::Right((step, _)) => step,
                },
            };
            if let Some(step) = step {
                self.take(step);
            } else {
                self.hooks.cancel = None;
                self.brakes.cancel();
            }
        }
    }

    /// Starts steps until enough are on their way.
    fn fill(&mut self) {
        while !self.gate && self.ready.is_empty() && self.in_flight.len() < self.shared.settings.concurrency {
            let Some(work) = self.queue.pop_front().or_else(|| self.cut()) else {
                return;
            };
            match self.brakes.stopped().cloned() {
                Some(failure) if !matches!(work.task, Task::Settle(_)) => {
                    let mut step = Step::new();
                    give_up(&mut step, work.items, &failure);
                    self.take(step);
                }
                _ => self.start(work),
            }
        }
    }

    /// The next chunk of what has not been begun.
    fn cut(&mut self) -> Option<Work<R::Id>> {
        let settings = &self.shared.settings;
        let limit = self.shared.chunk_limit.load(Ordering::Relaxed);
        let size = settings.chunk_size.min(limit).max(1);
        let items: Vec<Item<R::Id>> = self
            .open
            .by_ref()
            .take(size)
            .map(|(position, id, sent)| Item {
                id,
                position,
                so_before: (sent == Some(Sent::Again)).then_some(true),
                trace: sent.map_or(Trace::None, |_| Trace::Unanswered),
            })
            .collect();
        let task = if settings.look_first || items.iter().any(|item| item.trace != Trace::None) {
            Task::Look
        } else {
            Task::Send { again: false }
        };
        (!items.is_empty()).then_some(Work {
            task,
            items,
            tries: 0,
            pause: Duration::ZERO,
        })
    }

    fn start(&mut self, work: Work<R::Id>) {
        if let (Task::Send { again }, Some(journal)) = (&work.task, &mut self.journal) {
            let ids = work.items.iter().map(|item| item.id.as_ref());
            if let Err(error) = journal.sending(ids, *again) {
                // What the journal does not know must not be sent.
                let message = format!("the job stopped: {error}");
                self.brakes.stop(Failure::new(Reason::Stopped, message));
                self.queue.push_front(work);
                return;
            }
        }
        let shared = Arc::clone(&self.shared);
        self.in_flight.push(Box::pin(shared.step(work)));
    }

    /// Takes what a step leaves.
    fn take(&mut self, step: Step<R::Id>) {
        self.gate = false;
        // What is begun comes before what is not, so that little is open at any time.
        for work in step.next.into_iter().rev() {
            self.queue.push_front(work);
        }
        let failed = step
            .entries
            .iter()
            .filter(|entry| !entry.outcome.is_success())
            .count();
        let recorded = match &mut self.journal {
            Some(journal) => journal.settled(&step.entries),
            None => Ok(()),
        };
        self.publish(step.entries);
        if let Err(error) = recorded {
            let message = format!("the job stopped: {error}");
            self.brakes.stop(Failure::new(Reason::Stopped, message));
        }
        if let Some(failure) = step.fatal {
            let message = format!("the job stopped: {failure}");
            self.brakes.stop(match failure.error() {
                Some(error) => Failure::with_error(Reason::Stopped, message, error),
                None => Failure::new(failure.reason(), message),
            });
        }
        self.brakes.note(step.answered, failed);
    }

    fn publish(&mut self, entries: Vec<Entry<R::Id>>) {
        if entries.is_empty() {
            return;
        }
        for entry in &entries {
            self.progress.counts.count(&entry.outcome);
        }
        if self.shared.settings.in_order {
            self.held
                .extend(entries.into_iter().map(|entry| (entry.position, entry)));
            while let Some(entry) = self.held.remove(&self.turn) {
                self.turn += 1;
                self.ready.push_back(entry);
            }
        } else {
            self.ready.extend(entries);
        }
        if let Some(on_progress) = &mut self.hooks.on_progress {
            on_progress(&self.progress);
        }
    }
}
