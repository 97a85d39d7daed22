//! Types of the engine: IDs without an outcome, scheduled steps and their results.

use crate::Error;
use crate::ext::bulk::outcome::{Entry, Failure, Outcome};
use crate::ext::error_class::requested_wait;
use std::time::Duration;

/// Pause before the second attempt of a step; doubles with each further attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause between two attempts of a step.
const MAX_PAUSE: Duration = Duration::from_secs(20);

/// An ID without an outcome.
#[derive(Debug)]
pub(super) struct Item<I> {
    pub(super) id: I,
    pub(super) position: usize,
    /// State before the change: true if the asset was as asked, `None` if it was not read.
    pub(super) was_satisfied: Option<bool>,
    pub(super) earlier_request: EarlierRequest,
}

/// Possible effect of earlier requests on an asset, from harmless to unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EarlierRequest {
    /// No request had an effect.
    None,
    /// A request was refused, but may have been applied in part.
    Refused,
    /// A request got no answer.
    Unanswered,
}

/// A step to run.
#[derive(Debug)]
pub(super) struct ScheduledStep<I> {
    pub(super) task: Task,
    pub(super) items: Vec<Item<I>>,
    /// Number of earlier attempts.
    pub(super) attempts: u32,
    /// Pause before this attempt.
    pub(super) pause: Duration,
}

impl<I> ScheduledStep<I> {
    pub(super) fn new(task: Task, items: Vec<Item<I>>) -> Self {
        Self {
            task,
            items,
            attempts: 0,
            pause: Duration::ZERO,
        }
    }
}

#[derive(Debug)]
pub(super) enum Task {
    /// Reads the target of the children. No other step starts before its end.
    CheckTarget,
    /// Reads the assets before a change.
    Look,
    /// Sends the change.
    Send {
        /// The parents are as asked already; the request is only for their children.
        for_children: bool,
    },
    /// Reads the assets back after a request.
    Settle(SettleCause),
}

/// Reason to read assets back.
#[derive(Clone, Debug)]
pub(super) enum SettleCause {
    /// The service accepted the change.
    Accepted,
    /// The service refused the request. `alone`: it was the only request for a single asset.
    Refused { error: Error, alone: bool },
    /// The request got no answer.
    Unanswered(Error),
    /// The job stopped.
    Stopped(Failure),
}

impl SettleCause {
    /// Returns the error of a request that may have been received and was not refused.
    pub(super) fn error(&self) -> Option<&Error> {
        match self {
            Self::Unanswered(error) => Some(error),
            Self::Accepted | Self::Refused { .. } | Self::Stopped(_) => None,
        }
    }
}

/// Result of a step: outcomes for some of its items, and further steps for the others.
#[derive(Debug)]
pub(super) struct StepResult<I> {
    pub(super) entries: Vec<Entry<I>>,
    pub(super) next: Vec<ScheduledStep<I>>,
    /// Reason to stop the job.
    pub(super) fatal: Option<Failure>,
    /// True if the service answered, `None` if a later step decides.
    pub(super) answered: Option<bool>,
}

impl<I> StepResult<I> {
    pub(super) fn new() -> Self {
        Self {
            entries: Vec::new(),
            next: Vec::new(),
            fatal: None,
            answered: None,
        }
    }

    /// Returns a step that did not run to the driver.
    pub(super) fn not_run(step: ScheduledStep<I>) -> Self {
        Self {
            next: vec![step],
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

    pub(super) fn then_after(&mut self, pause: Duration, attempts: u32, task: Task, items: Vec<Item<I>>) {
        if !items.is_empty() {
            self.next.push(ScheduledStep {
                task,
                items,
                attempts,
                pause,
            });
        }
    }
}

pub(super) fn pause(attempts: u32) -> Duration {
    FIRST_PAUSE
        .saturating_mul(2u32.saturating_pow(attempts))
        .min(MAX_PAUSE)
}

/// Returns the pause before the next attempt after `error`, never shorter than the service asks for.
pub(in crate::ext) fn pause_after(attempts: u32, error: &Error) -> Duration {
    pause(attempts).max(requested_wait(error).unwrap_or_default())
}
