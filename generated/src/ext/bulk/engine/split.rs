//! Splits a refused chunk into halves, until each refused ID is alone in a request and is rejected.

use super::settle::Unsettled;
use super::step::{Item, StepResult, Task};
use crate::Error;
use crate::ext::bulk::outcome::{Failure, Outcome, Reason};
use std::time::Duration;

impl StepResult {
    /// Schedules one request for each half of `items`, in order.
    pub(super) fn split(&mut self, mut items: Vec<Item>, for_children: bool, attempts: u32) {
        let second = items.split_off(items.len().div_ceil(2));
        for half in [items, second] {
            self.then_after(Duration::ZERO, attempts, Task::Send { for_children }, half);
        }
    }
}

impl Unsettled {
    /// Splits a refused chunk. If the chunk has only one ID, gives this ID an outcome: *unknown* if its asset
    /// could not be read and may have changed, otherwise *rejected*.
    pub(super) fn after_refusal(self, result: &mut StepResult, error: &Error, alone: bool) {
        if !self.sent_alone {
            let rest = self.all();
            if rest.len() > 1 {
                result.split(rest, false, 0);
            } else {
                result.then(Task::Send { for_children: false }, rest);
            }
            return;
        }
        let failure = Failure::of(Reason::Refused, error);
        let rejected = Outcome::Rejected {
            failure: failure.clone(),
        };
        result.end_all(self.unchanged, &rejected);
        // A refusal is trusted only if there was no earlier request, because an earlier request may have
        // changed the asset.
        let outcome = if alone {
            rejected
        } else {
            let failure = failure.because(Reason::NotReadable, "it could not be read back");
            Outcome::Unknown { failure }
        };
        result.end_all(self.unread, &outcome);
    }
}
