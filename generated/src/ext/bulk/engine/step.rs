//! Types of the engine: IDs without an outcome, scheduled steps and their results.

use crate::Error;
use crate::ext::bulk::outcome::{Entry, Failure, Outcome};
use crate::ext::error_class::requested_wait;
use crate::runtime::attempt_time::AttemptTime;
use crate::values::id::IdText;
use std::time::Duration;

/// Pause before the second attempt of a step. The pause doubles with each further attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause between two attempts of a step.
const MAX_PAUSE: Duration = Duration::from_secs(20);

/// An ID without an outcome.
#[derive(Clone, Debug)]
pub(in crate::ext::bulk) struct Item {
    pub(in crate::ext::bulk) id: IdText,
    pub(in crate::ext::bulk) position: usize,
    /// True if the asset was already in the requested state before the change; `None` if the asset was not
    /// read.
    pub(in crate::ext::bulk) was_satisfied: Option<bool>,
    pub(in crate::ext::bulk) earlier_request: EarlierRequest,
    /// Time of the last request for a copy, if its response was lost.
    pub(in crate::ext::bulk) attempt: Option<AttemptTime>,
    /// Reason why the result of the last request is unknown.
    pub(in crate::ext::bulk) failure: Option<Failure>,
}

/// Possible effect of earlier requests on an asset. The variants are ordered from no effect to an unknown
/// effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ext::bulk) enum EarlierRequest {
    /// No request had an effect.
    None,
    /// A request was refused, but may have been applied in part.
    Refused,
    /// The result of a request is unknown: the request got no response, or a response that does not show
    /// whether the request was applied.
    Unanswered,
}

/// A step to run.
#[derive(Clone, Debug)]
pub struct ScheduledStep {
    pub(in crate::ext::bulk) task: Task,
    pub(in crate::ext::bulk) items: Vec<Item>,
    /// Number of earlier attempts.
    pub(in crate::ext::bulk) attempts: u32,
    /// Pause before this attempt.
    pub(in crate::ext::bulk) pause: Duration,
}

impl ScheduledStep {
    pub(in crate::ext::bulk) fn new(task: Task, items: Vec<Item>) -> Self {
        Self {
            task,
            items,
            attempts: 0,
            pause: Duration::ZERO,
        }
    }
}

/// Task of a step.
#[derive(Clone, Debug)]
pub enum Task {
    /// Checks the account, and reads the parent to which children move. Records the states of the assets if
    /// the job keeps them for an undo. A duplication lists all assets instead. No other step starts before
    /// this step ends.
    Prepare,
    /// Reads the assets before a change.
    Look,
    /// Sends the change.
    Send {
        /// True if the assets are already in the requested state, so that the request is sent only because of
        /// their children.
        for_children: bool,
    },
    /// Reads the assets back after a request.
    Settle(SettleCause),
}

/// Reason for reading assets back.
#[derive(Clone, Debug)]
pub enum SettleCause {
    /// The service accepted the change.
    Accepted,
    /// The service refused the request. `alone` is true if the request was for a single asset, and no request
    /// (neither this one nor an earlier one) can have changed the asset.
    Refused { error: Error, alone: bool },
    /// The request got no response, or a response that does not show whether the request was applied.
    Unanswered(Error),
    /// The job stopped.
    Stopped(Failure),
    /// Responses to requests of this run or an earlier run were lost.
    Lost,
}

impl SettleCause {
    /// Returns the error of a request whose result is unknown; `None` for other causes.
    pub(super) fn error(&self) -> Option<&Error> {
        match self {
            Self::Unanswered(error) => Some(error),
            Self::Accepted | Self::Refused { .. } | Self::Stopped(_) | Self::Lost => None,
        }
    }
}

/// Result of a step: outcomes for some of its items, and further steps for the others.
#[derive(Debug)]
pub struct StepResult {
    pub(in crate::ext::bulk) entries: Vec<Entry<IdText>>,
    pub(in crate::ext::bulk) next: Vec<ScheduledStep>,
    /// Items whose response was lost. When no other step is left, a single step looks for the results of all
    /// these items.
    pub(in crate::ext::bulk) lost: Vec<Item>,
    /// Reason to stop the job, if any.
    pub(in crate::ext::bulk) fatal: Option<Failure>,
    /// True if the service responded; `None` if only a later step shows whether it responded.
    pub(in crate::ext::bulk) answered: Option<bool>,
    /// IDs of assets that the account owns, to be recorded in the journal; `None` if none were listed.
    pub(in crate::ext::bulk) seen: Option<Vec<String>>,
    /// The account that the token states, to be recorded in the journal.
    pub(in crate::ext::bulk) account: Option<String>,
    /// The account of the journal and the account of the client, if they differ.
    pub(in crate::ext::bulk) other_account: Option<(String, String)>,
}

impl StepResult {
    pub(in crate::ext::bulk) fn new() -> Self {
        Self {
            entries: Vec::new(),
            next: Vec::new(),
            lost: Vec::new(),
            fatal: None,
            answered: None,
            seen: None,
            account: None,
            other_account: None,
        }
    }

    /// Creates the result of a step that did not run. The driver schedules the step again.
    pub(in crate::ext::bulk) fn not_run(step: ScheduledStep) -> Self {
        Self {
            next: vec![step],
            ..Self::new()
        }
    }

    pub(in crate::ext::bulk) fn end(&mut self, item: Item, outcome: Outcome) {
        self.entries.push(Entry::new(item.id, item.position, outcome));
    }

    pub(in crate::ext::bulk) fn end_all(&mut self, items: Vec<Item>, outcome: &Outcome) {
        for item in items {
            self.end(item, outcome.clone());
        }
    }

    pub(in crate::ext::bulk) fn then(&mut self, task: Task, items: Vec<Item>) {
        self.then_after(Duration::ZERO, 0, task, items);
    }

    pub(in crate::ext::bulk) fn then_after(
        &mut self,
        pause: Duration,
        attempts: u32,
        task: Task,
        items: Vec<Item>,
    ) {
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

pub(in crate::ext::bulk) fn pause(attempts: u32) -> Duration {
    FIRST_PAUSE
        .saturating_mul(2u32.saturating_pow(attempts))
        .min(MAX_PAUSE)
}

/// Returns the pause between an attempt that failed with `error` and the next attempt. If the service asks
/// for a wait, the pause is at least that long.
pub(in crate::ext::bulk) fn pause_after(attempts: u32, error: &Error) -> Duration {
    pause(attempts).max(requested_wait(error).unwrap_or_default())
}
