//! Reads assets back after a request, and decides what happened to them.

use super::StepContext;
use super::step::{EarlierRequest, Item, SettleCause, StepResult, Task, pause, pause_after};
use crate::Error;
use crate::ext::bulk::outcome::{Failure, Outcome, Reason};
use crate::ext::error_class::{exceeds_max_wait, not_about_the_asset};
use crate::ext::read::{ReadResult, is_not_found};

/// Maximum number of times that an asset is read back after the service has accepted the change. If the last
/// read still shows the asset unchanged, the outcome is *unknown*.
const VERIFY_READS: u32 = 4;

impl StepContext {
    pub(super) async fn settle(&self, items: Vec<Item>, attempts: u32, cause: SettleCause) -> StepResult {
        let results = self.read(&items).await;
        let mut result = StepResult::new();
        let mut unsettled = Unsettled {
            sent_alone: items.len() == 1,
            unchanged: Vec::new(),
            unread: Vec::new(),
            odd: None,
            read_error: None,
        };
        for (mut item, read) in items.into_iter().zip(results) {
            let summary = match read {
                ReadResult::Found(summary) => Some(summary),
                ReadResult::Missing => None,
                ReadResult::Odd(failure) => {
                    unsettled.odd = Some(failure);
                    unsettled.unread.push(item);
                    continue;
                }
                ReadResult::Unreadable(error) => {
                    unsettled.read_error = Some(error);
                    unsettled.unread.push(item);
                    continue;
                }
            };
            if summary.is_none() && self.is_unverified() {
                let message =
                    "it cannot be read, and the account may be another one than that of the journal";
                let failure = Failure::new(Reason::NotReadable, message);
                result.end(item, Outcome::Unknown { failure });
            } else if self.change.record.is_satisfied_by(summary.as_ref()) {
                // A refused request did not change the asset, so the asset was already in the requested
                // state.
                let was_satisfied =
                    matches!(cause, SettleCause::Refused { alone: true, .. }) && item.was_satisfied.is_none();
                let outcome = if was_satisfied {
                    Outcome::ALREADY
                } else {
                    Outcome::CONFIRMED
                };
                result.end(item, outcome);
            } else if let (SettleCause::Refused { error, .. }, None) = (&cause, &summary)
                && item.earlier_request != EarlierRequest::Unanswered
            {
                let failure = Failure::of(Reason::NotFound, error);
                result.end(item, Outcome::Rejected { failure });
            } else {
                if item.earlier_request == EarlierRequest::Refused {
                    // The refused request has ended without changing the asset.
                    item.earlier_request = EarlierRequest::None;
                }
                unsettled.unchanged.push(item);
            }
        }
        let errors = [cause.error(), unsettled.read_error.as_ref()];
        let long_wait = errors.into_iter().flatten().find(|error| exceeds_max_wait(error));
        result.fatal = long_wait.map(|error| Failure::of(Reason::NotProcessed, error));
        let retry = attempts < self.settings.retries && long_wait.is_none();
        match cause {
            SettleCause::Accepted => unsettled.after_acceptance(&mut result, attempts, retry),
            SettleCause::Refused { error, .. } if is_not_found(&error) => {
                let retry = retry && !self.stop_signal.is_set();
                unsettled.after_not_found(&mut result, &error, attempts, retry);
            }
            SettleCause::Refused { error, alone } => unsettled.after_refusal(&mut result, &error, alone),
            SettleCause::Unanswered(error) => {
                let retry = retry && !self.stop_signal.is_set();
                unsettled.after_no_answer(&mut result, &error, attempts, retry);
            }
            SettleCause::Stopped(failure) => unsettled.after_stop(&mut result, &failure),
            SettleCause::Lost => {
                let failure = Failure::new(Reason::NoAnswer, "the answer was lost");
                unsettled.after_stop(&mut result, &failure);
            }
        }
        result
    }
}

/// Items that have no outcome after their assets were read back.
pub(super) struct Unsettled {
    /// True if the request was for a single ID.
    pub(super) sent_alone: bool,
    /// Items whose assets are not in the requested state.
    pub(super) unchanged: Vec<Item>,
    /// Items whose assets could not be read.
    pub(super) unread: Vec<Item>,
    /// Problem of an asset that the service returned in an unexpected form.
    odd: Option<Failure>,
    /// Error of a failed read.
    read_error: Option<Error>,
}

impl Unsettled {
    /// Returns all items, ordered by position.
    pub(super) fn all(self) -> Vec<Item> {
        let mut all = self.unchanged;
        all.extend(self.unread);
        all.sort_by_key(|item| item.position);
        all
    }

    fn after_acceptance(self, result: &mut StepResult, attempts: u32, retry: bool) {
        let again = || Task::Settle(SettleCause::Accepted);
        if attempts + 1 < VERIFY_READS {
            result.then_after(pause(attempts), attempts + 1, again(), self.unchanged);
        } else {
            let message = format!(
                "the service accepted it, but reading it back {VERIFY_READS} times shows it unchanged"
            );
            let failure = Failure::new(Reason::NotApplied, message);
            result.end_all(self.unchanged, &Outcome::Unknown { failure });
        }
        if let Some(odd) = &self.odd
            && self.read_error.is_none()
        {
            let message = format!("the service accepted it, but it could not be read back: {odd}");
            let failure = Failure::new(Reason::NotReadable, message);
            return result.end_all(self.unread, &Outcome::Unknown { failure });
        }
        if let Some(error) = self.read_error {
            if retry {
                let pause = pause_after(attempts, &error);
                result.then_after(pause, attempts + 1, again(), self.unread);
                return;
            }
            let message = format!("the service accepted it, but it could not be read back: {error}");
            let failure = Failure::with_error(Reason::NotReadable, message, &error);
            result.end_all(self.unread, &Outcome::Unknown { failure });
        }
    }

    fn after_no_answer(self, result: &mut StepResult, error: &Error, attempts: u32, retry: bool) {
        let failed = error.status() == Some(http::StatusCode::INTERNAL_SERVER_ERROR);
        if retry {
            let task = Task::Send { for_children: false };
            result.then_after(pause_after(attempts, error), attempts + 1, task, self.all());
        } else if failed && !self.sent_alone {
            // One of the IDs may make the service fail.
            result.split(self.all(), false, attempts);
        } else {
            result.answered = Some(failed);
            let failure = Failure::of(Reason::NoAnswer, error);
            let note = "read back afterwards, it was unchanged; the request may still be in flight";
            let unchanged = failure.because(Reason::NoAnswer, note);
            result.end_all(self.unchanged, &Outcome::Unknown { failure: unchanged });
            let unread = failure.because(Reason::NoAnswer, "it could not be read back");
            result.end_all(self.unread, &Outcome::Unknown { failure: unread });
        }
    }

    /// Handles a *not found* response to a request whose assets exist or could not be read. Such a response
    /// comes from a gateway that does not reach the service, or it is about something other than the assets.
    /// Therefore, the function repeats the request if `retry` is true, and otherwise gives outcomes to the
    /// items.
    fn after_not_found(self, result: &mut StepResult, error: &Error, attempts: u32, retry: bool) {
        if retry {
            let task = Task::Send { for_children: false };
            return result.then_after(pause_after(attempts, error), attempts + 1, task, self.all());
        }
        if self.unchanged.is_empty() && self.unread.is_empty() {
            return;
        }
        result.answered = Some(false);
        let failure = Failure::of(Reason::NotProcessed, error);
        let unchanged = failure.because(Reason::NotProcessed, not_about_the_asset(error));
        let unread = failure.because(Reason::NotProcessed, "it could not be read back");
        for item in self.unchanged {
            let failure = unchanged.clone();
            let outcome = match item.earlier_request {
                EarlierRequest::None => Outcome::NotSent { failure },
                EarlierRequest::Refused if self.sent_alone => Outcome::NotSent { failure },
                EarlierRequest::Refused | EarlierRequest::Unanswered => Outcome::Unknown { failure },
            };
            result.end(item, outcome);
        }
        // An attempt before the *not found* response may have reached the service.
        result.end_all(self.unread, &Outcome::Unknown { failure: unread });
    }

    fn after_stop(self, result: &mut StepResult, failure: &Failure) {
        for item in self.unchanged {
            let failure = failure.clone();
            let outcome = match item.earlier_request {
                EarlierRequest::None | EarlierRequest::Refused => Outcome::NotSent { failure },
                EarlierRequest::Unanswered => Outcome::Unknown { failure },
            };
            result.end(item, outcome);
        }
        let note = "it was part of an earlier request and could not be read back";
        let failure = failure.because(failure.reason(), note);
        result.end_all(self.unread, &Outcome::Unknown { failure });
    }
}
