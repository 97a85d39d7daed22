//! What becomes known by reading after something was sent.

use super::send::Shared;
use super::step::{Cause, Item, Step, Task, Trace, pause, pause_after};
use crate::Error;
use crate::ext::bulk::change::Ready;
use crate::ext::bulk::outcome::{Failure, Outcome, Reason};
use crate::ext::error_class::wants_rest;
use crate::ext::read::Seen;
use crate::ext::resource::Resource;

/// How often an accepted change is read back before it counts as unknown.
const VERIFY_READS: u32 = 4;

impl<R: Resource, C: Ready<R>> Shared<R, C> {
    pub(super) async fn settle(&self, items: Vec<Item<R::Id>>, tries: u32, cause: Cause) -> Step<R::Id> {
        let seen = self.read(&items).await;
        let mut step = Step::new();
        let mut open = Unsettled {
            sent_alone: items.len() == 1,
            left: Vec::new(),
            unread: Vec::new(),
            unreadable: None,
        };
        for (mut item, seen) in items.into_iter().zip(seen) {
            let sight = match seen {
                Seen::Found(sight) => Some(sight),
                Seen::Missing => None,
                Seen::Unreadable(error) => {
                    open.unreadable = Some(error);
                    open.unread.push(item);
                    continue;
                }
            };
            if self.change.is_so(sight.as_ref()) {
                // Never accepted, refused for itself, and so all the same: it was so before.
                let before = matches!(cause, Cause::Refused { alone: true, .. }) && item.so_before.is_none();
                let outcome = if before {
                    Outcome::ALREADY
                } else {
                    Outcome::CONFIRMED
                };
                step.end(item, outcome);
            } else {
                if item.trace == Trace::Refused {
                    // The refused request is over, and has not changed it.
                    item.trace = Trace::None;
                }
                open.left.push(item);
            }
        }
        let asked = [cause.error(), open.unreadable.as_ref()];
        let rests = asked.into_iter().flatten().find(|error| wants_rest(error));
        step.fatal = rests.map(|error| Failure::of(Reason::TurnedAway, error));
        let retry = tries < self.settings.retries && rests.is_none();
        match cause {
            Cause::Accepted => open.after_acceptance(&mut step, tries, retry),
            Cause::Refused { error, alone } => open.after_refusal(&mut step, &error, alone),
            Cause::Unanswered(error) => {
                let retry = retry && !self.stopping.is_told();
                open.after_silence(&mut step, &error, tries, retry);
            }
            Cause::Stopped(failure) => open.after_stop(&mut step, &failure),
        }
        step
    }
}

/// What was read after sending, and is not as asked.
struct Unsettled<I> {
    /// Whether the request was for one ID alone.
    sent_alone: bool,
    /// Those that read unchanged.
    left: Vec<Item<I>>,
    /// Those that could not be read.
    unread: Vec<Item<I>>,
    /// Why.
    unreadable: Option<Error>,
}

impl<I> Unsettled<I> {
    /// All of them, in order.
    fn all(self) -> Vec<Item<I>> {
        let mut all = self.left;
        all.extend(self.unread);
        all.sort_by_key(|item| item.position);
        all
    }

    fn after_acceptance(self, step: &mut Step<I>, tries: u32, retry: bool) {
        let again = || Task::Settle(Cause::Accepted);
        if tries + 1 < VERIFY_READS {
            step.then_after(pause(tries), tries + 1, again(), self.left);
        } else {
            let message = format!(
                "the service accepted it, but reading it back {VERIFY_READS} times shows it unchanged"
            );
            let failure = Failure::new(Reason::NotApplied, message);
            step.end_all(self.left, &Outcome::Unknown { failure });
        }
        if let Some(error) = self.unreadable {
            if retry {
                let pause = pause_after(tries, &error);
                step.then_after(pause, tries + 1, again(), self.unread);
                return;
            }
            let message = format!("the service accepted it, but it could not be read back: {error}");
            let failure = Failure::with_error(Reason::NotReadable, message, &error);
            step.end_all(self.unread, &Outcome::Unknown { failure });
        }
    }

    fn after_refusal(self, step: &mut Step<I>, error: &Error, alone: bool) {
        if !self.sent_alone {
            let rest = self.all();
            if rest.len() > 1 {
                step.split(rest, false, 0);
            } else {
                step.then(Task::Send { again: false }, rest);
            }
            return;
        }
        let failure = Failure::of(Reason::Refused, error);
        let rejected = Outcome::Rejected {
            failure: failure.clone(),
        };
        step.end_all(self.left, &rejected);
        // An answer to it alone is trusted, unless an earlier request may have changed it.
        let outcome = if alone {
            rejected
        } else {
            let failure = failure.because(Reason::NotReadable, "it could not be read back");
            Outcome::Unknown { failure }
        };
        step.end_all(self.unread, &outcome);
    }

    fn after_silence(self, step: &mut Step<I>, error: &Error, tries: u32, retry: bool) {
        let failed = error.status() == Some(http::StatusCode::INTERNAL_SERVER_ERROR);
        if retry {
            let task = Task::Send { again: false };
            step.then_after(pause_after(tries, error), tries + 1, task, self.all());
        } else if failed && !self.sent_alone {
            // One ID may be what the service fails at.
            step.split(self.all(), false, tries);
        } else {
            step.answered = Some(failed);
            let failure = Failure::of(Reason::NoAnswer, error);
            let note = "read back afterwards, it was unchanged; the request may still be on its way";
            let unchanged = failure.because(Reason::NoAnswer, note);
            step.end_all(self.left, &Outcome::Unknown { failure: unchanged });
            let unread = failure.because(Reason::NoAnswer, "it could not be read back");
            step.end_all(self.unread, &Outcome::Unknown { failure: unread });
        }
    }

    fn after_stop(self, step: &mut Step<I>, failure: &Failure) {
        for item in self.left {
            let failure = failure.clone();
            let outcome = match item.trace {
                Trace::None | Trace::Refused => Outcome::NotSent { failure },
                Trace::Unanswered => Outcome::Unknown { failure },
            };
            step.end(item, outcome);
        }
        let note = "it was part of an earlier request and could not be read back";
        let failure = failure.because(failure.reason(), note);
        step.end_all(self.unread, &Outcome::Unknown { failure });
    }
}
