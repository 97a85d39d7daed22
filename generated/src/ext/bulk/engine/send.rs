//! Sends the change, and decides the next step from the response.

use super::step::{EarlierRequest, Item, SettleCause, StepResult, Task, pause_after};
use super::{StepContext, ends_the_job};
use crate::Error;
use crate::ext::bulk::outcome::{Failure, Outcome, Reason};
use crate::ext::error_class::{ErrorClass, exceeds_max_wait};
use crate::ext::read::is_not_found;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl StepContext {
    pub(super) async fn send(&self, mut items: Vec<Item>, attempts: u32, for_children: bool) -> StepResult {
        let entries = items.iter().map(|item| item.id.to_string());
        let call = self.change.call(&self.client, entries.collect());
        let mut call = call.stop_with(self.stop_signal.receiver());
        if let Some(policy) = &self.settings.retry_policy {
            call = call.retry(policy.clone());
        }
        let mut result = StepResult::new();
        let error = match call.await {
            Ok(()) => {
                let verify = self
                    .settings
                    .verify
                    .unwrap_or_else(|| self.change.record.verifies());
                result.answered = Some(true);
                if for_children {
                    result.end_all(items, &Outcome::ALREADY);
                } else if verify {
                    result.then(Task::Settle(SettleCause::Accepted), items);
                } else {
                    result.end_all(items, &Outcome::DONE);
                }
                return result;
            }
            Err(error) => error,
        };
        let class = ErrorClass::of(&error);
        let is_first_request = items
            .iter()
            .all(|item| item.earlier_request == EarlierRequest::None);
        // The parents exist, so a *not found* response is not about them. It comes from a gateway, and
        // nothing was applied.
        let is_foreign = for_children && is_not_found(&error);
        let effect = match class {
            ErrorClass::Unauthorized | ErrorClass::NotProcessed => EarlierRequest::None,
            ErrorClass::Refused if is_foreign && !error.may_have_been_applied() => EarlierRequest::None,
            ErrorClass::Refused if !error.may_have_been_applied() => EarlierRequest::Refused,
            ErrorClass::Refused | ErrorClass::Ambiguous => EarlierRequest::Unanswered,
        };
        for item in &mut items {
            item.earlier_request = item.earlier_request.max(effect);
        }
        let retry = attempts < self.settings.retries && !exceeds_max_wait(&error);
        match class {
            ErrorClass::NotProcessed if retry => {
                let pause = pause_after(attempts, &error);
                result.then_after(pause, attempts + 1, Task::Send { for_children }, items);
            }
            ErrorClass::Unauthorized | ErrorClass::NotProcessed => {
                let failure = Failure::of(Reason::NotProcessed, &error);
                result.fatal = ends_the_job(&error).then(|| failure.clone());
                result.answered = Some(false);
                give_up(&mut result, items, &failure);
            }
            ErrorClass::Refused if is_foreign && retry => {
                let pause = pause_after(attempts, &error);
                result.then_after(pause, attempts + 1, Task::Send { for_children }, items);
            }
            ErrorClass::Refused => {
                result.answered = Some(true);
                if error.status() == Some(http::StatusCode::PAYLOAD_TOO_LARGE) {
                    let smaller = items.len().div_ceil(2).max(1);
                    self.max_chunk_size.fetch_min(smaller, Ordering::Relaxed);
                }
                // Reading a parent that was already in the requested state reveals nothing about its
                // children.
                if !for_children {
                    let alone = items.len() == 1 && is_first_request && !error.may_have_been_applied();
                    let task = Task::Settle(SettleCause::Refused { error, alone });
                    result.then_after(Duration::ZERO, attempts, task, items);
                } else if items.len() > 1 && !is_foreign {
                    result.split(items, for_children, 0);
                } else if !is_first_request
                    || items
                        .iter()
                        .any(|item| item.earlier_request == EarlierRequest::Unanswered)
                {
                    // The refusal may be a consequence of an earlier request. It is also possible that an
                    // earlier request was refused as a whole, but applied in part.
                    result.end_all(items, &children_unknown(&error));
                } else {
                    result.answered = Some(!is_foreign);
                    let children = Some(Failure::of(Reason::Refused, &error));
                    result.end_all(items, &Outcome::AlreadySo { children });
                }
            }
            ErrorClass::Ambiguous if !for_children => {
                let task = Task::Settle(SettleCause::Unanswered(error));
                result.then_after(Duration::ZERO, attempts, task, items);
            }
            ErrorClass::Ambiguous if retry => {
                let pause = pause_after(attempts, &error);
                result.then_after(pause, attempts + 1, Task::Send { for_children }, items);
            }
            ErrorClass::Ambiguous => {
                result.answered = Some(false);
                result.fatal = exceeds_max_wait(&error).then(|| Failure::of(Reason::NoAnswer, &error));
                result.end_all(items, &children_unknown(&error));
            }
        }
        result
    }
}

/// Returns the outcome *unknown* for parents that were already in the requested state. Their children may
/// have been changed.
fn children_unknown(error: &Error) -> Outcome {
    let failure = Failure::of(Reason::NoAnswer, error)
        .because(Reason::NoAnswer, "the effect on its children is unknown");
    Outcome::Unknown { failure }
}

/// Gives outcomes to the remaining items of a stopped job. If an earlier request may have changed an item's
/// asset, schedules a step that reads the asset back instead.
pub(super) fn give_up(result: &mut StepResult, items: Vec<Item>, failure: &Failure) {
    let mut maybe_changed = Vec::new();
    for item in items {
        let failure = failure.clone();
        match (item.earlier_request, item.was_satisfied) {
            (EarlierRequest::None, _) => result.end(item, Outcome::NotSent { failure }),
            // Reading the parent back reveals nothing about its children.
            (_, Some(true)) => result.end(item, Outcome::Unknown { failure }),
            _ => maybe_changed.push(item),
        }
    }
    result.then(Task::Settle(SettleCause::Stopped(failure.clone())), maybe_changed);
}
