//! The engine of all bulk jobs: cuts the IDs into chunks, and takes each through looking, sending and settling until every ID
//! has its outcome.
//!
//! ```text
//!            ┌──── so already, missing ────────────────────────────┐
//!          look ──► send ──── accepted, nothing to verify ─────────┤
//!            ▲       │ ▲                                           ▼
//!            │       ▼ └─── refused: split in halves ◄──┐       outcome
//!         (read    settle ─── as asked, refused alone ──┼──────────▲
//!         failed)    └─── not as asked: again, or split ┘
//! ```
//!
//! A step is one request (or one reading of a list). It takes some IDs, gives outcomes for some and further steps for the
//! others. The driver starts steps, at most so many at once, writes the journal, and winds down when it is told to stop.

use super::change::Ready;
use super::journal::{Sent, Writer};
use super::outcome::{Entry, Failure, Outcome, Reason};
use super::progress::{OnProgress, Progress};
use super::report::Counts;
use crate::ext::cascade::Cascade;
use crate::ext::read::{Reader, Seen};
use crate::ext::resource::{Resource, Sight};
use crate::ext::verdict::{Verdict, rest, verdict, wants_rest};
use crate::transport::BoxFuture;
use crate::types::Status;
use crate::{Client, Error, RetryPolicy};
use futures_util::future::{Either, FutureExt as _, select};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// The wait before the second try of a step; it doubles with each further one.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest wait between two tries of a step.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// How often an accepted change is read back before it counts as unknown.
pub(super) const VERIFY_READS: u32 = 4;
/// How many steps in a row may end without an answer before the job stops.
pub(in crate::ext) const UNANSWERED: u32 = 5;

/// How a job is done.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) chunk_size: usize,
    pub(super) concurrency: usize,
    pub(super) retries: u32,
    pub(super) retry_policy: Option<RetryPolicy>,
    pub(super) look_first: bool,
    pub(super) verify: bool,
    pub(super) in_order: bool,
    /// After how many failed IDs the job stops.
    pub(super) stop_after: Option<usize>,
}

/// An ID on its way.
#[derive(Debug)]
struct Item<I> {
    id: I,
    position: usize,
    /// Whether it was as asked when it was looked at; `None` where it was not looked at.
    so_before: Option<bool>,
    trace: Trace,
}

/// What requests may have left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trace {
    /// Nothing.
    None,
    /// It was part of a request that was refused, and may have been applied in part.
    Refused,
    /// It was part of a request to which no answer came.
    Unanswered,
}

/// A step to be done.
#[derive(Debug)]
struct Work<I> {
    task: Task,
    items: Vec<Item<I>>,
    /// How often it was tried.
    tries: u32,
    /// The wait before it.
    pause: Duration,
}

#[derive(Debug)]
enum Task {
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
enum Cause {
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
    fn error(&self) -> Option<&Error> {
        match self {
            Self::Unanswered(error) => Some(error),
            Self::Accepted | Self::Refused { .. } | Self::Stopped(_) => None,
        }
    }
}

/// What a step leaves.
#[derive(Debug)]
struct Step<I> {
    entries: Vec<Entry<I>>,
    next: Vec<Work<I>>,
    /// Ends the job.
    fatal: Option<Failure>,
    /// Whether the service answered, as far as this step is the one to say so.
    answered: Option<bool>,
}

impl<I> Step<I> {
    fn new() -> Self {
        Self {
            entries: Vec::new(),
            next: Vec::new(),
            fatal: None,
            answered: None,
        }
    }

    /// Leaves the work to be done, or given up.
    fn then_again(work: Work<I>) -> Self {
        Self {
            next: vec![work],
            ..Self::new()
        }
    }

    fn end(&mut self, item: Item<I>, outcome: Outcome) {
        self.entries
            .push(Entry::new(item.id, item.position, outcome));
    }

    fn end_all(&mut self, items: Vec<Item<I>>, outcome: &Outcome) {
        for item in items {
            self.end(item, outcome.clone());
        }
    }

    fn then(&mut self, task: Task, items: Vec<Item<I>>) {
        self.then_after(Duration::ZERO, 0, task, items);
    }

    fn then_after(&mut self, pause: Duration, tries: u32, task: Task, items: Vec<Item<I>>) {
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
    fn split(&mut self, mut items: Vec<Item<I>>, again: bool, tries: u32) {
        let second = items.split_off(items.len().div_ceil(2));
        for half in [items, second] {
            self.then_after(Duration::ZERO, tries, Task::Send { again }, half);
        }
    }
}

fn pause(tries: u32) -> Duration {
    PAUSE
        .saturating_mul(2u32.saturating_pow(tries))
        .min(LONGEST_PAUSE)
}

/// The wait before something is tried again that failed so: never shorter than what the service asks for.
pub(in crate::ext) fn pause_after(tries: u32, error: &Error) -> Duration {
    pause(tries).max(rest(error).unwrap_or_default())
}

/// What the steps of a job share.
#[derive(Debug)]
struct Shared<R: Resource, C> {
    client: Client,
    reader: Reader<R>,
    change: C,
    settings: Settings,
    stopping: watch::Receiver<bool>,
    /// The size of chunks that the service has been seen to accept at most.
    chunk_limit: AtomicUsize,
}

impl<R: Resource, C: Ready<R>> Shared<R, C> {
    async fn step(self: Arc<Self>, mut work: Work<R::Id>) -> Step<R::Id> {
        let wait = std::mem::take(&mut work.pause);
        if !wait.is_zero() {
            self.rest(wait).await;
        }
        if *self.stopping.borrow() && !matches!(work.task, Task::Settle(_)) {
            return Step::then_again(work);
        }
        match work.task {
            Task::CheckTarget => self.check_target().await,
            Task::Look => {
                // Nor for readings that nothing will be sent after.
                let seen = select(pin!(self.read(&work.items)), pin!(self.stopped()))
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

    /// Waits; whoever stops the job does not wait for its pauses.
    async fn rest(&self, wait: Duration) {
        select(pin!(tokio::time::sleep(wait)), pin!(self.stopped())).await;
    }

    /// Completes once the job is to stop.
    async fn stopped(&self) {
        let mut stopping = self.stopping.clone();
        if stopping.wait_for(|stopping| *stopping).await.is_err() {
            // The driver is gone, and nobody waits for its steps.
            std::future::pending::<()>().await;
        }
    }

    /// Whether a step that failed so is tried again.
    fn may_pass(&self, tries: u32, error: &Error) -> bool {
        let stopping = *self.stopping.borrow();
        tries < self.settings.retries
            && !stopping
            && verdict(error) != Verdict::Unauthorized
            && !wants_rest(error)
    }

    fn target(&self) -> Option<&R::Id> {
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
                    self.rest(pause_after(tries, &error)).await;
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

    async fn read(&self, items: &[Item<R::Id>]) -> Vec<Seen<Sight>> {
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

    fn not_looked_at(
        &self,
        step: &mut Step<R::Id>,
        items: Vec<Item<R::Id>>,
        tries: u32,
        error: &Error,
    ) {
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
        let entries = items.iter().map(|item| item.id.to_string()).collect();
        let call = self.change.call(&self.client, entries);
        let mut call = call.stop_with(self.stopping.clone());
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

    async fn settle(&self, items: Vec<Item<R::Id>>, tries: u32, cause: Cause) -> Step<R::Id> {
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
                let before =
                    matches!(cause, Cause::Refused { alone: true, .. }) && item.so_before.is_none();
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
                let retry = retry && !*self.stopping.borrow();
                open.after_silence(&mut step, &error, tries, retry);
            }
            Cause::Stopped(failure) => open.after_stop(&mut step, &failure),
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
fn give_up<I>(step: &mut Step<I>, items: Vec<Item<I>>, failure: &Failure) {
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
            let message =
                format!("the service accepted it, but it could not be read back: {error}");
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
            let note =
                "read back afterwards, it was unchanged; the request may still be on its way";
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

/// Position and ID of what is to be done, and how an earlier run sent it without getting to know what became of it.
pub(super) type Open<I> = (usize, I, Option<Sent>);

/// IDs of a job with what is known of them from an earlier run.
#[derive(Debug)]
pub(super) struct Input<I> {
    /// Those with an outcome.
    pub(super) settled: Vec<Entry<I>>,
    /// The others.
    pub(super) open: Vec<Open<I>>,
}

/// What the user wants to be told, and may say.
pub(super) struct Hooks {
    pub(super) cancel: Option<BoxFuture<'static, ()>>,
    pub(super) on_progress: Option<OnProgress>,
}

/// Runs a job: a stream of entries, by hand.
pub(super) struct Driver<R: Resource, C> {
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
    stop: Option<Failure>,
    stop_signal: watch::Sender<bool>,
    unanswered: u32,
    failed: usize,
    progress: Progress,
}

impl<R: Resource, C: Ready<R>> Driver<R, C> {
    pub(super) fn new(
        reader: Reader<R>,
        client: Client,
        change: C,
        settings: Settings,
        input: Input<R::Id>,
        journal: Option<Writer>,
        hooks: Hooks,
    ) -> Self {
        let (stop_signal, stopping) = watch::channel(false);
        let shared = Shared {
            client,
            reader,
            change,
            settings,
            stopping,
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
            stop: None,
            stop_signal,
            unanswered: 0,
            failed: 0,
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
    pub(super) async fn next(&mut self) -> Option<Entry<R::Id>> {
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
                let message = "the job was cancelled before its turn";
                self.stop(Failure::new(Reason::Cancelled, message));
            }
        }
    }

    /// Starts steps until enough are on their way.
    fn fill(&mut self) {
        while !self.gate
            && self.ready.is_empty()
            && self.in_flight.len() < self.shared.settings.concurrency
        {
            let Some(work) = self.queue.pop_front().or_else(|| self.cut()) else {
                return;
            };
            match self.stop.clone() {
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
                self.stop(Failure::new(
                    Reason::Stopped,
                    format!("the job stopped: {error}"),
                ));
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
        match step.answered {
            Some(true) => self.unanswered = 0,
            Some(false) => self.unanswered += 1,
            None => {}
        }
        let failed = step
            .entries
            .iter()
            .filter(|entry| !entry.outcome.is_success());
        if self.stop.is_none() {
            self.failed += failed.count();
        }
        let recorded = match &mut self.journal {
            Some(journal) => journal.settled(&step.entries),
            None => Ok(()),
        };
        self.publish(step.entries);
        if let Err(error) = recorded {
            self.stop(Failure::new(
                Reason::Stopped,
                format!("the job stopped: {error}"),
            ));
        }
        if let Some(failure) = step.fatal {
            let message = format!("the job stopped: {failure}");
            self.stop(match failure.error() {
                Some(error) => Failure::with_error(Reason::Stopped, message, error),
                None => Failure::new(failure.reason(), message),
            });
        } else if self.unanswered >= UNANSWERED {
            self.stop(Failure::new(
                Reason::Stopped,
                format!("the job stopped: the service gave no answer {UNANSWERED} times in a row"),
            ));
        } else if self
            .shared
            .settings
            .stop_after
            .is_some_and(|limit| self.failed >= limit)
        {
            self.stop(Failure::new(
                Reason::Stopped,
                format!("the job stopped after {} failed", self.failed),
            ));
        }
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

    /// Sends nothing more from now on. The first reason stays.
    fn stop(&mut self, failure: Failure) {
        if self.stop.is_none() {
            self.stop = Some(failure);
            self.stop_signal.send_replace(true);
        }
    }
}
