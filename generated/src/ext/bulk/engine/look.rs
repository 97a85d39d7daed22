//! Reads the parent to which children move, and the state of the assets before the change.

use super::step::{EarlierRequest, Item, ScheduledStep, StepResult, Task, pause_after};
use super::{StepContext, ends_the_job};
use crate::Error;
use crate::ext::bulk::outcome::{Failure, Outcome, Reason};
use crate::ext::read::{ReadResult, is_not_found};
use crate::ext::resource::{AssetStatus, AssetSummary};
use futures_util::future::{Either, FutureExt as _, select};
use std::pin::pin;

impl StepContext {
    pub(super) fn target(&self) -> Option<&String> {
        self.change.record.children()?.target()
    }

    /// Checks that the new parent of the children exists and is not deleted, because children of a missing
    /// parent would be lost.
    pub(super) async fn check_target(&self) -> StepResult {
        let mut result = StepResult::new();
        let Some(target) = self.target() else {
            return result;
        };
        let mut attempts = 0;
        let target_read = loop {
            let results = self.reader.summaries(std::slice::from_ref(target)).await;
            match results.into_iter().next() {
                Some(ReadResult::Unreadable(error)) if self.may_retry(attempts, &error) => {
                    self.stop_signal.sleep(pause_after(attempts, &error)).await;
                    attempts += 1;
                }
                target_read => break target_read,
            }
        };
        let target = format!(
            "the target of the children, {} {target},",
            self.reader.names().singular
        );
        result.fatal = match target_read {
            Some(ReadResult::Found(summary)) if summary.status == AssetStatus::Deleted => {
                Some(Failure::new(Reason::Deleted, format!("{target} is deleted")))
            }
            Some(ReadResult::Found(_)) => None,
            Some(ReadResult::Odd(failure)) => {
                let message = format!("{target} could not be read: {failure}");
                Some(Failure::new(Reason::NotLookedAt, message))
            }
            Some(ReadResult::Unreadable(error)) => {
                let message = format!("{target} could not be read: {error}");
                Some(Failure::with_error(Reason::NotLookedAt, message, &error))
            }
            Some(ReadResult::Missing) | None => {
                Some(Failure::new(Reason::NotFound, format!("{target} does not exist")))
            }
        };
        result
    }

    pub(super) async fn look(&self, step: ScheduledStep) -> StepResult {
        // A stopped job sends nothing after this read, so it does not wait for the response.
        let results = select(pin!(self.read(&step.items)), pin!(self.stop_signal.wait()))
            .map(|first| match first {
                Either::Left((results, _)) => Some(results),
                Either::Right(_) => None,
            })
            .await;
        match results {
            Some(results) => self.looked(step.items, step.attempts, results),
            None => StepResult::not_run(step),
        }
    }

    fn looked(&self, items: Vec<Item>, attempts: u32, results: Vec<ReadResult<AssetSummary>>) -> StepResult {
        let mut result = StepResult::new();
        let (mut to_change, mut for_children, mut unread) = (Vec::new(), Vec::new(), Vec::new());
        let mut odd = Vec::new();
        let mut read_error = None;
        let has_children = self.change.record.handles_children();
        for (mut item, read) in items.into_iter().zip(results) {
            let summary = match read {
                ReadResult::Found(summary) => Some(summary),
                ReadResult::Missing => None,
                ReadResult::Odd(failure) => {
                    odd.push((item, failure));
                    continue;
                }
                ReadResult::Unreadable(error) => {
                    read_error = Some(error);
                    unread.push(item);
                    continue;
                }
            };
            if summary.is_none() && self.is_unverified() {
                let message = "no asset of this ID can be read, and the account may differ from that \
                               of the journal";
                odd.push((item, Failure::new(Reason::NotReadable, message)));
                continue;
            }
            let satisfied = self.change.record.is_satisfied_by(summary.as_ref());
            let earlier_look = item.was_satisfied.replace(satisfied);
            match summary {
                // An earlier run of this job sent the change without learning the result.
                _ if satisfied
                    && item.earlier_request == EarlierRequest::Unanswered
                    && earlier_look.is_none() =>
                {
                    result.end(item, Outcome::CONFIRMED);
                }
                // An earlier request may have changed the asset.
                _ if item.earlier_request != EarlierRequest::None
                    && summary
                        .as_ref()
                        .is_none_or(|summary| !satisfied && summary.status == AssetStatus::Deleted) =>
                {
                    let message = format!(
                        "an earlier request may have changed it, and the {} is now missing or deleted",
                        self.reader.names().singular
                    );
                    odd.push((item, Failure::new(Reason::NotReadable, message)));
                }
                None => {
                    let message = format!("no {} with this ID can be read", self.reader.names().singular);
                    // In a deletion, a missing asset may have been deleted earlier.
                    let reason = if satisfied { Reason::Gone } else { Reason::NotFound };
                    let failure = Failure::new(reason, message);
                    result.end(item, Outcome::Rejected { failure });
                }
                Some(_) if satisfied && has_children => for_children.push(item),
                Some(_) if satisfied => result.end(item, Outcome::ALREADY),
                Some(summary) if summary.status == AssetStatus::Deleted => {
                    let message = format!("this {} is deleted", self.reader.names().singular);
                    let failure = Failure::new(Reason::Deleted, message);
                    result.end(item, Outcome::Rejected { failure });
                }
                Some(_) => to_change.push(item),
            }
        }
        // If nothing is sent, only this read shows that the service is reachable.
        let nothing_sent = to_change.is_empty() && for_children.is_empty() && read_error.is_none();
        result.answered = nothing_sent.then_some(true);
        for (item, failure) in odd {
            end_unseen(&mut result, item, failure);
        }
        result.then(Task::Send { for_children: false }, to_change);
        result.then(Task::Send { for_children: true }, for_children);
        if let Some(error) = read_error {
            self.look_failed(&mut result, unread, attempts, &error);
        }
        result
    }

    fn look_failed(&self, result: &mut StepResult, items: Vec<Item>, attempts: u32, error: &Error) {
        if self.may_retry(attempts, error) {
            result.then_after(pause_after(attempts, error), attempts + 1, Task::Look, items);
            return;
        }
        let message = format!("its state could not be read: {error}");
        let failure = Failure::with_error(Reason::NotLookedAt, message, error);
        // If every read is refused, the URL is probably wrong, and further reads would also be refused.
        let is_elsewhere = is_not_found(error) && !self.reader.was_answered();
        result.fatal = (ends_the_job(error) || is_elsewhere).then(|| failure.clone());
        result.answered = Some(false);
        for item in items {
            end_unseen(result, item, failure.clone());
        }
    }
}

/// Gives an outcome to an item whose asset could not be read before the change was sent. The outcome is
/// *unknown* if an earlier request may have changed the asset, and *not sent* otherwise.
pub(super) fn end_unseen(result: &mut StepResult, item: Item, failure: Failure) {
    let outcome = match item.earlier_request {
        EarlierRequest::None => Outcome::NotSent { failure },
        EarlierRequest::Refused | EarlierRequest::Unanswered => Outcome::Unknown { failure },
    };
    result.end(item, outcome);
}
