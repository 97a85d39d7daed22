//! What goes through the engine: IDs on their way, steps to be done, and what a step leaves.

use crate::Error;
use crate::ext::bulk::outcome::{Entry, Failure, Outcome};
use crate::ext::error_class::rest;
use std::time::Duration;

/// The wait before the second try of a step; it doubles with each further one.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest wait between two tries of a step.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// An ID on its way.
#[derive(Debug)]
pub(super) struct Item<I> {
    pub(super) id: I,
    pub(super) position: usize,
    /// Whether it was as asked when it was looked at; `None` where it was not looked at.
    pub(super) so_before: Option<bool>,
    pub(super) trace: Trace,
}

/// What requests may have left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trace {
    /// Nothing.
    None,
    /// It was part of a request that was refused, and may have been applied in part.
    Refused,
    /// It was part of a request to which no answer came.
    Unanswered,
}

/// A step to be done.
#[derive(Debug)]
pub(super) struct Work<I> {
    pub(super) task: Task,
    pub(super) items: Vec<Item<I>>,
    /// How often it was tried.
    pub(super) tries: u32,
    /// The wait before it.
    pub(super) pause: Duration,
}

#[derive(Debug)]
pub(super) enum Task {
    /// Read the target of the children; nothing else is begun before.
    CheckTarget,
    /// Read what the assets are like.
    Look,
    /// Send the change.
    Send {
        /// For the sake of the children, since the parents are so already.
        again: bool,
    },
    /// Read what has become of the assets.
    Settle(Cause),
}

/// Why the assets are read after sending.
#[derive(Clone, Debug)]
pub(super) enum Cause {
    /// The service accepted the change.
    Accepted,
    /// It refused a request for these alone (`alone`), or for more.
    Refused { error: Error, alone: bool },
    /// No answer came.
    Unanswered(Error),
    /// Nothing more will be sent.
    Stopped(Failure),
}

impl Cause {
    /// The error of a request that may have been received and was not refused.
    pub(super) fn error(&self) -> Option<&Error> {
        match self {
            Self::Unanswered(error) => Some(error),
            Self::Accepted | Self::Refused { .. } | Self::Stopped(_) => None,
        }
    }
}

/// What a step leaves.
#[derive(Debug)]
pub(super) struct Step<I> {
    pub(super) entries: Vec<Entry<I>>,
    pub(super) next: Vec<Work<I>>,
    /// Ends the job.
    pub(super) fatal: Option<Failure>,
    /// Whether the service answered, as far as this step is the one to say so.
    pub(super) answered: Option<bool>,
}

impl<I> Step<I> {
    pub(super) fn new() -> Self {
        Self {
            entries: Vec::new(),
            next: Vec::new(),
            fatal: None,
            answered: None,
        }
    }

    /// Leaves the work to be done, or given up.
    pub(super) fn then_again(work: Work<I>) -> Self {
        Self {
            next: vec![work],
            ..Self::new()
        }
    }

    pub(super) fn end(&mut self, item: Item<I>, outcome: Outcome) {
        self.entries.push(Entry::new(item.id, item.position, outcome));
    }

    pub(super) fn end_all(&mut self, items: Vec<Item<I>>, outcome: &Outcome) {
        for item in items {
            self.end(item, outcome.clone());
        }
    }

    pub(super) fn then(&mut self, task: Task, items: Vec<Item<I>>) {
        self.then_after(Duration::ZERO, 0, task, items);
    }

    pub(super) fn then_after(&mut self, pause: Duration, tries: u32, task: Task, items: Vec<Item<I>>) {
        if !items.is_empty() {
            self.next.push(Work {
                task,
                items,
                tries,
                pause,
            });
        }
    }

    /// Sends two halves, in order.
    pub(super) fn split(&mut self, mut items: Vec<Item<I>>, again: bool, tries: u32) {
        let second = items.split_off(items.len().div_ceil(2));
        for half in [items, second] {
            self.then_after(Duration::ZERO, tries, Task::Send { again }, half);
        }
    }
}

pub(super) fn pause(tries: u32) -> Duration {
    PAUSE
        .saturating_mul(2u32.saturating_pow(tries))
        .min(LONGEST_PAUSE)
}

/// The wait before something is tried again that failed so: never shorter than what the service asks for.
pub(in crate::ext) fn pause_after(tries: u32, error: &Error) -> Duration {
    pause(tries).max(rest(error).unwrap_or_default())
}
