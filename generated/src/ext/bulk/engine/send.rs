//! The steps that look and send: what one request does, and what it leaves to be done.

use super::Settings;
use super::step::{Cause, Item, Step, Task, Trace, Work, pause_after};
use crate::ext::bulk::change::Ready;
use crate::ext::bulk::outcome::{Failure, Outcome, Reason};
use crate::ext::bulk::stop::Stopping;
use crate::ext::cascade::Cascade;
use crate::ext::error_class::{Verdict, verdict, wants_rest};
use crate::ext::read::{Reader, Seen};
use crate::ext::resource::{Resource, Sight};
use crate::types::Status;
use crate::{Client, Error};
use futures_util::future::{Either, FutureExt as _, select};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What the steps of a job share.
#[derive(Debug)]
pub(super) struct Shared<R: Resource, C> {
    pub(super) client: Client,
    pub(super) reader: Reader<R>,
    pub(super) change: C,
    pub(super) settings: Settings,
    pub(super) stopping: Stopping,
    /// The size of chunks that the service has been seen to accept at most.
    pub(super) chunk_limit: AtomicUsize,
}

impl<R: Resource, C: Ready<R>> Shared<R, C> {
    pub(super) async fn step(self: Arc<Self>, mut work: Work<R::Id>) -> Step<R::Id> {
        let wait = std::mem::take(&mut work.pause);
        self.stopping.rest(wait).await;
        if self.stopping.is_told() && !matches!(work.task, Task::Settle(_)) {
            return Step::then_again(work);
        }
        match work.task {
            Task::CheckTarget => self.check_target().await,
            Task::Look => {
                // Nor for readings that nothing will be sent after.
                let seen = select(pin!(self.read(&work.items)), pin!(self.stopping.told()))
                    .map(|first| match first {
                        Either::Left((seen, _)) => Some(seen),
                        Either::Right(_) => None,
                    })
                    .await;
                match seen {
                    Some(seen) => self.looked(work.items, work.tries, seen),
                    None => Step::then_again(work),
                }
            }
            Task::Send { again } => self.send(work.items, work.tries, again).await,
            Task::Settle(cause) => self.settle(work.items, work.tries, cause).await,
        }
    }

    /// Whether a step that failed so is tried again.
    fn may_pass(&self, tries: u32, error: &Error) -> bool {
        let stopping = self.stopping.is_told();
        tries < self.settings.retries
            && !stopping
            && verdict(error) != Verdict::Unauthorized
            && !wants_rest(error)
    }

    pub(super) fn target(&self) -> Option<&R::Id> {
        self.change.children()?.target()
    }

    /// A target that does not exist would take the children with it.
    async fn check_target(&self) -> Step<R::Id> {
        let mut step = Step::new();
        let Some(target) = self.target() else {
            return step;
        };
        let name = R::NAMES.singular;
        let mut tries = 0;
        let seen = loop {
            let seen = self.reader.sights(std::slice::from_ref(target)).await;
            match seen.into_iter().next() {
                Some(Seen::Unreadable(error)) if self.may_pass(tries, &error) => {
                    self.stopping.rest(pause_after(tries, &error)).await;
                    tries += 1;
                }
                seen => break seen,
            }
        };
        step.fatal = match seen {
            Some(Seen::Found(sight)) if sight.status == Status::Deleted => Some(Failure::new(
                Reason::Deleted,
                format!("the target of the children, {name} {target}, is deleted"),
            )),
            Some(Seen::Found(_)) => None,
            Some(Seen::Unreadable(error)) => Some(Failure::with_error(
                Reason::NotLookedAt,
                format!("the target of the children, {name} {target}, could not be read: {error}"),
                &error,
            )),
            Some(Seen::Missing) | None => Some(Failure::new(
                Reason::NotFound,
                format!("the target of the children, {name} {target}, does not exist"),
            )),
        };
        step
    }

    pub(super) async fn read(&self, items: &[Item<R::Id>]) -> Vec<Seen<Sight>> {
        let ids: Vec<R::Id> = items.iter().map(|item| item.id.clone()).collect();
        self.reader.sights(&ids).await
    }

    fn looked(&self, items: Vec<Item<R::Id>>, tries: u32, seen: Vec<Seen<Sight>>) -> Step<R::Id> {
        let mut step = Step::new();
        let (mut fresh, mut again, mut unread) = (Vec::new(), Vec::new(), Vec::new());
        let mut unreadable = None;
        let has_children = !self.change.children().is_none_or(Cascade::is_leave);
        for (mut item, seen) in items.into_iter().zip(seen) {
            let sight = match seen {
                Seen::Found(sight) => Some(sight),
                Seen::Missing => None,
                Seen::Unreadable(error) => {
                    unreadable = Some(error);
                    unread.push(item);
                    continue;
                }
            };
            let so = self.change.is_so(sight.as_ref());
            let was_so = item.so_before.replace(so);
            match sight {
                // An earlier run of this job sent it and did not get to know.
                _ if so && item.trace == Trace::Unanswered && was_so.is_none() => {
                    step.end(item, Outcome::CONFIRMED);
                }
                None => {
                    let message = format!("no {} of this ID can be read", R::NAMES.singular);
                    // What is to be deleted may have been.
                    let reason = if so { Reason::Gone } else { Reason::NotFound };
                    let failure = Failure::new(reason, message);
                    step.end(item, Outcome::Rejected { failure });
                }
                Some(_) if so && has_children => again.push(item),
                Some(_) if so => step.end(item, Outcome::ALREADY),
                Some(sight) if sight.status == Status::Deleted => {
                    let message = format!("this {} is deleted", R::NAMES.singular);
                    let failure = Failure::new(Reason::Deleted, message);
                    step.end(item, Outcome::Rejected { failure });
                }
                Some(_) => fresh.push(item),
            }
        }
        // Where nothing is sent, reading is the service's only chance to answer.
        let nothing_sent = fresh.is_empty() && again.is_empty() && unreadable.is_none();
        step.answered = nothing_sent.then_some(true);
        step.then(Task::Send { again: false }, fresh);
        step.then(Task::Send { again: true }, again);
        if let Some(error) = unreadable {
            self.not_looked_at(&mut step, unread, tries, &error);
        }
        step
    }

    fn not_looked_at(&self, step: &mut Step<R::Id>, items: Vec<Item<R::Id>>, tries: u32, error: &Error) {
        if self.may_pass(tries, error) {
            step.then_after(pause_after(tries, error), tries + 1, Task::Look, items);
            return;
        }
        let message = format!("its state could not be read: {error}");
        let failure = Failure::with_error(Reason::NotLookedAt, message, error);
        step.fatal = ends_the_job(error).then(|| failure.clone());
        step.answered = Some(false);
        for item in items {
            let failure = failure.clone();
            let outcome = match item.trace {
                Trace::None => Outcome::NotSent { failure },
                Trace::Refused | Trace::Unanswered => Outcome::Unknown { failure },
            };
            step.end(item, outcome);
        }
    }

    async fn send(&self, mut items: Vec<Item<R::Id>>, tries: u32, again: bool) -> Step<R::Id> {
        let entries = items.iter().map(|item| item.id.as_ref().to_owned());
        let call = self.change.call(&self.client, entries.collect());
        let mut call = call.stop_with(self.stopping.signal());
        if let Some(policy) = &self.settings.retry_policy {
            call = call.retry(policy.clone());
        }
        let mut step = Step::new();
        let error = match call.await {
            Ok(()) => {
                step.answered = Some(true);
                if again {
                    step.end_all(items, &Outcome::ALREADY);
                } else if self.settings.verify {
                    step.then(Task::Settle(Cause::Accepted), items);
                } else {
                    step.end_all(items, &Outcome::DONE);
                }
                return step;
            }
            Err(error) => error,
        };
        let verdict = verdict(&error);
        let first = items.iter().all(|item| item.trace == Trace::None);
        let trace = match verdict {
            Verdict::Unauthorized | Verdict::TurnedAway => Trace::None,
            Verdict::Refused if !error.may_have_been_applied() => Trace::Refused,
            Verdict::Refused | Verdict::Ambiguous => Trace::Unanswered,
        };
        for item in &mut items {
            item.trace = item.trace.max(trace);
        }
        let retry = tries < self.settings.retries && !wants_rest(&error);
        match verdict {
            Verdict::TurnedAway if retry => {
                let pause = pause_after(tries, &error);
                step.then_after(pause, tries + 1, Task::Send { again }, items);
            }
            Verdict::Unauthorized | Verdict::TurnedAway => {
                let failure = Failure::of(Reason::TurnedAway, &error);
                step.fatal = ends_the_job(&error).then(|| failure.clone());
                step.answered = Some(false);
                give_up(&mut step, items, &failure);
            }
            Verdict::Refused => {
                step.answered = Some(true);
                if error.status() == Some(http::StatusCode::PAYLOAD_TOO_LARGE) {
                    let smaller = items.len().div_ceil(2).max(1);
                    self.chunk_limit.fetch_min(smaller, Ordering::Relaxed);
                }
                // A parent that is so already reads the same whatever has become of its children.
                if !again {
                    let alone = items.len() == 1 && first && !error.may_have_been_applied();
                    step.then(Task::Settle(Cause::Refused { error, alone }), items);
                } else if items.len() > 1 {
                    step.split(items, again, 0);
                } else if items.iter().any(|item| item.trace == Trace::Unanswered) {
                    // The refusal may be about what an earlier request has done.
                    step.end_all(items, &children_unknown(&error));
                } else {
                    let children = Some(Failure::of(Reason::Refused, &error));
                    step.end_all(items, &Outcome::AlreadySo { children });
                }
            }
            Verdict::Ambiguous if !again => {
                step.then_after(
                    Duration::ZERO,
                    tries,
                    Task::Settle(Cause::Unanswered(error)),
                    items,
                );
            }
            Verdict::Ambiguous if retry => {
                let pause = pause_after(tries, &error);
                step.then_after(pause, tries + 1, Task::Send { again }, items);
            }
            Verdict::Ambiguous => {
                step.answered = Some(false);
                step.fatal = wants_rest(&error).then(|| Failure::of(Reason::NoAnswer, &error));
                step.end_all(items, &children_unknown(&error));
            }
        }
        step
    }
}

/// Whether no request will do any better for now.
fn ends_the_job(error: &Error) -> bool {
    verdict(error) == Verdict::Unauthorized || wants_rest(error)
}

/// The end of parents that were so already, where nobody knows about their children.
fn children_unknown(error: &Error) -> Outcome {
    let failure = Failure::of(Reason::NoAnswer, error)
        .because(Reason::NoAnswer, "what became of its children is not known");
    Outcome::Unknown { failure }
}

/// Ends items for which nothing more is sent, or reads what has become of them.
pub(super) fn give_up<I>(step: &mut Step<I>, items: Vec<Item<I>>, failure: &Failure) {
    let mut touched = Vec::new();
    for item in items {
        let failure = failure.clone();
        match (item.trace, item.so_before) {
            (Trace::None, _) => step.end(item, Outcome::NotSent { failure }),
            // Reading it says nothing, and its refusals were no answer about its children.
            (_, Some(true)) => step.end(item, Outcome::Unknown { failure }),
            _ => touched.push(item),
        }
    }
    step.then(Task::Settle(Cause::Stopped(failure.clone())), touched);
}
