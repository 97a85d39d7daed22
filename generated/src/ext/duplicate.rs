//! Duplicating many assets, none of them twice.

use super::abilities::{Assets, IdOf};
use super::bulk::{
    Brakes, Counts, Entry, Failure, OnProgress, Outcome, Progress, Reason, Report, Stopping, pause_after,
};
use super::error_class::{Verdict, verdict, wants_rest};
use super::resource::{self, CopyRequest as _, Handle, Resource};
use super::validate::{self, Distinct, InvalidJob};
use crate::transport::BoxFuture;
use crate::types::DuplicateResponse;
use crate::{Call, Client, Error};
use futures_util::future::{Either, FutureExt as _, select};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::time::Duration;

/// Duplicates many assets.
///
/// ```no_run
/// use funnelflux::{Client, ext::*, types::DuplicateRequest};
///
/// # async fn run(client: Client, ids: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
/// let report = client
///     .offer_sources()
///     .duplicate_many(ids, |id| DuplicateRequest::new(format!("Copy of {id}")))
///     .send()
///     .await?;
/// for entry in report.entries() {
///     println!("{} → {:?}", entry.id, entry.copy);
/// }
/// # Ok(())
/// # }
/// ```
pub trait DuplicateMany: Assets<Resource: resource::Duplicate> {
    /// A job that makes one copy of each of these assets. `request` says, for each, how the copy is to be; a name of its own for
    /// each lets a copy be found again when a connection breaks.
    fn duplicate_many<I: Into<IdOf<Self>>>(
        &self,
        ids: impl IntoIterator<Item = I>,
        mut request: impl FnMut(&IdOf<Self>) -> RequestOf<Self::Resource>,
    ) -> Duplication<Self::Resource> {
        let ids: Vec<IdOf<Self>> = ids.into_iter().map(Into::into).collect();
        Duplication {
            client: self.assets().clone(),
            requests: ids.iter().map(&mut request).collect(),
            ids,
            concurrency: 4,
            retries: 2,
            stop_after: None,
            on_progress: None,
            cancel: None,
        }
    }
}

impl<R: resource::Duplicate> DuplicateMany for Handle<R> {}

/// A job that duplicates many assets, to be set up and sent.
///
/// The service makes the ID of a copy (documented), so a request that may have been received is never sent again. When its
/// answer is lost, the job looks for the copy by its name: if, among all assets, exactly one of that name has come into being
/// since the job began, that is the copy. Else the outcome is unknown, and the failure names what was found.
///
/// A job that is turned away five times in a row stops by itself, and one whose service asks for more than a minute of rest
/// (`Retry-After`) sends nothing more.
#[must_use = "a job does nothing until it is sent"]
pub struct Duplication<R: resource::Duplicate> {
    client: Client,
    ids: Vec<R::Id>,
    requests: Vec<RequestOf<R>>,
    concurrency: usize,
    retries: u32,
    stop_after: Option<usize>,
    on_progress: Option<OnProgress>,
    cancel: Option<BoxFuture<'static, ()>>,
}

impl<R: resource::Duplicate> fmt::Debug for Duplication<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Duplication({} {})", self.ids.len(), R::NAMES.plural)
    }
}

/// The body of a kind that says how a copy is to be.
type RequestOf<R> = <R as resource::Duplicate>::Request;

/// Assets by name.
type ByName<I> = HashMap<String, HashSet<I>>;

/// Those of before the job, and those of after it.
type Lists<I> = (ByName<I>, ByName<I>);

impl<R: resource::Duplicate> Duplication<R> {
    /// How many requests are on their way at once: 1 to 64. Default 4.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.clamp(1, 64);
        self
    }

    /// How often one that the service turned away before looking at it (no connection, too many requests) is sent again, after
    /// the client's own tries: 0 to 10. Default 2. The waits are 0.5 s, 1 s, 2 s and so on, up to 20 s, and no less than the service
    /// asks for.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries.min(10);
        self
    }

    /// Stops once so many have failed; 1 stops on the first. Default: goes on to the end.
    pub fn stop_after(mut self, failed: usize) -> Self {
        self.stop_after = Some(failed.max(1));
        self
    }

    /// Is told how far the job is, whenever an outcome becomes known.
    pub fn on_progress(mut self, on_progress: impl FnMut(&Progress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(on_progress));
        self
    }

    /// Cancels the job once this future completes: nothing more is sent, nor sent again; requests on their way are waited for.
    pub fn cancel_when<T>(mut self, cancel: impl Future<Output = T> + Send + 'static) -> Self {
        self.cancel = Some(Box::pin(async move {
            cancel.await;
        }));
        self
    }

    /// Duplicates the assets. The IDs of the copies are in the entries of the report.
    ///
    /// # Errors
    /// Only before anything is sent, when an ID cannot be one or the list is empty.
    pub async fn send(self) -> Result<Report<R::Id>, InvalidJob> {
        let mut requests: HashMap<R::Id, R::Request> = HashMap::new();
        for (id, request) in self.ids.iter().zip(self.requests) {
            requests.entry(id.clone()).or_insert(request);
        }
        let Distinct { ids, repeated } = validate::distinct(self.ids)?;
        let total = ids.len();
        let mut run = Run::<R> {
            progress: Progress {
                total,
                counts: Counts::default(),
            },
            on_progress: self.on_progress,
            entries: Vec::with_capacity(total),
            unanswered: Vec::new(),
            again: Vec::new(),
            retries: self.retries,
            brakes: Brakes::new(self.stop_after, "it was turned away"),
        };
        let stopping = run.brakes.stopping();
        let before = list::<R>(&self.client, &requests).await;
        if let Some(Err(error)) = &before
            && wants_rest(error)
        {
            run.stop_for(error);
        }
        let mut open = ids.into_iter().enumerate();
        let mut cancel = self.cancel;
        let mut in_flight = FuturesUnordered::new();
        loop {
            // One that was cancelled before this turn sends nothing in it.
            if let Some(signal) = &mut cancel
                && signal.now_or_never().is_some()
            {
                cancel = None;
                run.brakes.cancel();
            }
            while in_flight.len() < self.concurrency {
                let fresh = || {
                    let (position, id) = open.next()?;
                    let name = requests.get(&id)?.name().to_owned();
                    Some(Pending {
                        id,
                        position,
                        name,
                        tries: 0,
                        wait: Duration::ZERO,
                    })
                };
                let Some(pending) = run.again.pop().or_else(fresh) else {
                    break;
                };
                if let Some(failure) = run.brakes.stopped().cloned() {
                    run.end(pending.ends(Outcome::NotSent { failure }));
                } else if let Some(request) = requests.get(&pending.id) {
                    let call = R::DUPLICATE(&self.client, &pending.id, request);
                    let call = call.stop_with(stopping.signal());
                    in_flight.push(pending.send(call, stopping.clone()));
                }
            }
            if in_flight.is_empty() {
                break;
            }
            let answered = match &mut cancel {
                None => in_flight.next().await,
                Some(cancel) => match select(cancel, in_flight.next()).await {
                    Either::Left(_) => None,
                    Either::Right((answered, _)) => answered,
                },
            };
            match answered {
                Some((pending, Some(answer))) => run.take(pending, answer),
                Some((pending, None)) => run.again.push(pending),
                None => {
                    cancel = None;
                    run.brakes.cancel();
                }
            }
        }
        if !run.unanswered.is_empty() {
            let after = list::<R>(&self.client, &requests).await;
            let lists = before.and_then(Result::ok).zip(after.and_then(Result::ok));
            run.settle(lists.as_ref());
        }
        let job = format!("duplicate {}", R::NAMES.plural);
        Ok(Report::new(job, run.entries, repeated))
    }
}

/// One that is sent, or was.
struct Pending<I> {
    id: I,
    position: usize,
    name: String,
    /// How often it was turned away.
    tries: u32,
    /// The wait before it is sent.
    wait: Duration,
}

impl<I> Pending<I> {
    /// Sends it after its wait; without an answer where the job stops before.
    async fn send(
        self,
        call: Call<DuplicateResponse>,
        stopping: Stopping,
    ) -> (Self, Option<Result<DuplicateResponse, Error>>) {
        stopping.rest(self.wait).await;
        if stopping.is_told() {
            return (self, None);
        }
        let answer = call.await;
        (self, Some(answer))
    }

    fn ends(self, outcome: Outcome) -> Entry<I> {
        Entry::new(self.id, self.position, outcome)
    }
}

struct Run<R: Resource> {
    progress: Progress,
    on_progress: Option<OnProgress>,
    entries: Vec<Entry<R::Id>>,
    /// Those whose answer was lost.
    unanswered: Vec<(Pending<R::Id>, Failure)>,
    /// Those that were turned away and are to be sent again.
    again: Vec<Pending<R::Id>>,
    retries: u32,
    brakes: Brakes,
}

impl<R: Resource> Run<R> {
    fn end(&mut self, entry: Entry<R::Id>) {
        self.progress.counts.count(&entry.outcome);
        self.entries.push(entry);
        if let Some(on_progress) = &mut self.on_progress {
            on_progress(&self.progress);
        }
    }

    /// Sends nothing more, since it would do no better.
    fn stop_for(&mut self, error: &Error) {
        let message = format!("the job stopped: {error}");
        self.brakes
            .stop(Failure::with_error(Reason::Stopped, message, error));
    }

    fn take(&mut self, mut pending: Pending<R::Id>, answer: Result<DuplicateResponse, Error>) {
        let error = match answer {
            Ok(DuplicateResponse { id: Some(copy), .. }) if !copy.is_empty() => {
                let mut entry = pending.ends(Outcome::DONE);
                entry.copy = Some(R::Id::from(copy));
                self.end(entry);
                return self.brakes.note(Some(true), 0);
            }
            Ok(_) => {
                let message = "the service accepted it, but its answer does not name the copy";
                let failure = Failure::new(Reason::NoAnswer, message);
                self.unanswered.push((pending, failure));
                return self.brakes.note(Some(true), 1);
            }
            Err(error) => error,
        };
        if wants_rest(&error) {
            self.stop_for(&error);
        }
        match verdict(&error) {
            Verdict::TurnedAway if pending.tries < self.retries && self.brakes.stopped().is_none() => {
                pending.wait = pause_after(pending.tries, &error);
                pending.tries += 1;
                self.again.push(pending);
            }
            verdict @ (Verdict::TurnedAway | Verdict::Unauthorized) => {
                let failure = Failure::of(Reason::TurnedAway, &error);
                self.end(pending.ends(Outcome::NotSent { failure }));
                if verdict == Verdict::Unauthorized {
                    self.stop_for(&error);
                }
                self.brakes.note(Some(false), 1);
            }
            Verdict::Refused => {
                let failure = Failure::of(Reason::Refused, &error);
                self.end(pending.ends(Outcome::Rejected { failure }));
                self.brakes.note(Some(true), 1);
            }
            Verdict::Ambiguous => {
                let failure = Failure::of(Reason::NoAnswer, &error);
                self.unanswered.push((pending, failure));
                self.brakes.note(None, 1);
            }
        }
    }

    /// Looks for the copies whose answers were lost, in the lists of before and after.
    fn settle(&mut self, lists: Option<&Lists<R::Id>>) {
        let unanswered = std::mem::take(&mut self.unanswered);
        let mut rivals: HashMap<String, usize> = HashMap::new();
        for (pending, _) in &unanswered {
            *rivals.entry(pending.name.clone()).or_default() += 1;
        }
        let claimed: HashSet<R::Id> = self
            .entries
            .iter()
            .filter_map(|entry| entry.copy.clone())
            .collect();
        for (pending, failure) in unanswered {
            let new: Option<Vec<&R::Id>> = lists.map(|(before, after)| {
                let known = before.get(&pending.name);
                let is_new =
                    |id: &&R::Id| !claimed.contains(*id) && !known.is_some_and(|known| known.contains(*id));
                let now = after.get(&pending.name);
                now.into_iter().flatten().filter(is_new).collect()
            });
            let name = &pending.name;
            let mut entry = Entry::new(pending.id, pending.position, Outcome::CONFIRMED);
            let note = match new.as_deref() {
                Some([copy]) if rivals.get(&pending.name) == Some(&1) => {
                    entry.copy = Some((*copy).clone());
                    self.end(entry);
                    continue;
                }
                None => "the list of all assets could not be read to look for the copy".to_owned(),
                Some([]) => format!("no new asset is called {name:?}"),
                Some(new) => {
                    let mut ids: Vec<&str> = new.iter().map(AsRef::as_ref).collect();
                    ids.sort_unstable();
                    format!("it may have made one of these: {}", ids.join(", "))
                }
            };
            let failure = failure.because(Reason::NoAnswer, &note);
            entry.outcome = Outcome::Unknown { failure };
            self.end(entry);
        }
    }
}

/// All assets that are called as one of the copies will be; `None` for a kind that has no list.
async fn list<R: resource::Duplicate>(
    client: &Client,
    requests: &HashMap<R::Id, R::Request>,
) -> Option<Result<ByName<R::Id>, Error>> {
    let names: HashSet<&str> = requests.values().map(resource::CopyRequest::name).collect();
    let mut found = ByName::new();
    let rows = match R::LIST?(client).await {
        Ok(rows) => rows,
        Err(error) => return Some(Err(error)),
    };
    for row in rows {
        if names.contains(row.name.as_str()) {
            found.entry(row.name).or_default().insert(row.id);
        }
    }
    Some(Ok(found))
}
