//! Duplicates many assets, none of them twice.

use super::abilities::{Assets, IdOf};
use super::bulk::{
    Counts, Entry, Failure, OnProgress, Outcome, Progress, Reason, Report, StopControl, StopSignal,
    pause_after,
};
use super::error_class::{ErrorClass, exceeds_max_wait};
use super::resource::{self, Handle, Resource};
use super::validate::{self, Distinct, InvalidJob};
use crate::transport::BoxFuture;
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
/// async fn copy(client: &Client, ids: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
///     let report = client
///         .offer_sources()
///         .duplicate_many(ids, |id| DuplicateRequest::new(format!("Copy of {id}")))
///         .send()
///         .await?;
///     for entry in report.entries() {
///         println!("{} → {:?}", entry.id, entry.copy);
///     }
///     Ok(())
/// }
/// ```
pub trait DuplicateMany: Assets<Resource: resource::Duplicate> {
    /// Creates a job that makes one copy of each of these assets. `request` describes each copy. Give each
    /// copy a unique name, so that the job can find it after a broken connection.
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

/// Builder of a job that duplicates many assets.
///
/// The service generates the ID of a copy (documented), so a request that may have been received is never
/// repeated. If its answer is lost, the job looks for the copy by name. If exactly one asset of that name is
/// new since the job began, that is the copy. Otherwise the outcome is *unknown*, and the failure lists the
/// candidates.
///
/// The job stops if the service does not process five requests in a row, or if it asks for a wait of more
/// than a minute (`Retry-After`).
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

/// Request body that describes a copy.
type RequestOf<R> = <R as resource::Duplicate>::Request;

/// IDs of assets by name.
type IdsByName<I> = HashMap<String, HashSet<I>>;

impl<R: resource::Duplicate> Duplication<R> {
    /// Sets the maximum number of concurrent requests: 1 to 64. Default: 4.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.clamp(1, 64);
        self
    }

    /// Sets the number of retries of a request that the service did not process (no connection, too many
    /// requests), in addition to the client's own attempts: 0 to 10. Default: 2.
    ///
    /// The waits are 0.5 s, 1 s, 2 s and so on, up to 20 s, and never shorter than the service asks for.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries.min(10);
        self
    }

    /// Stops the job after this number of failures; 1 stops on the first. Default: never.
    pub fn stop_after(mut self, failed: usize) -> Self {
        self.stop_after = Some(failed.max(1));
        self
    }

    /// Sets a callback that receives the progress after each outcome.
    pub fn on_progress(mut self, on_progress: impl FnMut(&Progress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(on_progress));
        self
    }

    /// Cancels the job once this future completes. Nothing more is sent or retried; the job waits for the
    /// requests in flight.
    pub fn cancel_when<T>(mut self, cancel: impl Future<Output = T> + Send + 'static) -> Self {
        self.cancel = Some(Box::pin(async move {
            cancel.await;
        }));
        self
    }

    /// Duplicates the assets. The entries of the report have the IDs of the copies.
    ///
    /// # Errors
    /// Returns an error if the list is empty or has an invalid ID; nothing is sent then.
    pub async fn send(self) -> Result<Report<R::Id>, InvalidJob> {
        let mut requests: HashMap<R::Id, R::Request> = HashMap::new();
        for (id, request) in self.ids.iter().zip(self.requests) {
            requests.entry(id.clone()).or_insert(request);
        }
        let Distinct { ids, repeated } = validate::distinct(self.ids)?;
        let total = ids.len();
        let mut run = DuplicationRun::<R> {
            progress: Progress {
                total,
                counts: Counts::default(),
            },
            on_progress: self.on_progress,
            entries: Vec::with_capacity(total),
            unanswered: Vec::new(),
            retry: Vec::new(),
            retries: self.retries,
            stop: StopControl::new(self.stop_after, "the service did not process the request"),
        };
        let stop_signal = run.stop.signal();
        let before = list::<R>(&self.client, &requests).await;
        if let Some(Err(error)) = &before
            && exceeds_max_wait(error)
        {
            run.stop_for(error);
        }
        let mut open = ids.into_iter().enumerate();
        let mut cancel = self.cancel;
        let mut in_flight = FuturesUnordered::new();
        loop {
            // A job that is cancelled before this turn sends nothing in it.
            if let Some(signal) = &mut cancel
                && signal.now_or_never().is_some()
            {
                cancel = None;
                run.stop.cancel();
            }
            while in_flight.len() < self.concurrency {
                let fresh = || {
                    let (position, id) = open.next()?;
                    let name = R::copy_name(requests.get(&id)?).to_owned();
                    Some(PendingCopy {
                        id,
                        position,
                        name,
                        attempts: 0,
                        wait: Duration::ZERO,
                    })
                };
                let Some(pending) = run.retry.pop().or_else(fresh) else {
                    break;
                };
                if let Some(failure) = run.stop.reason().cloned() {
                    run.end(pending.entry(Outcome::NotSent { failure }));
                } else if let Some(request) = requests.get(&pending.id) {
                    let call = R::DUPLICATE(&self.client, &pending.id, request);
                    let call = call.stop_with(stop_signal.receiver());
                    in_flight.push(pending.send(call, stop_signal.clone()));
                }
            }
            if in_flight.is_empty() {
                break;
            }
            let finished = match &mut cancel {
                None => in_flight.next().await,
                Some(cancel) => match select(cancel, in_flight.next()).await {
                    Either::Left(_) => None,
                    Either::Right((finished, _)) => finished,
                },
            };
            match finished {
                Some((pending, Some(answer))) => run.take(pending, answer),
                Some((pending, None)) => run.retry.push(pending),
                None => {
                    cancel = None;
                    run.stop.cancel();
                }
            }
        }
        if !run.unanswered.is_empty() {
            let after = list::<R>(&self.client, &requests).await;
            let lists = before.and_then(Result::ok).zip(after.and_then(Result::ok));
            let lists = lists.map(|(before, after)| ListedCopies { before, after });
            run.find_copies(lists.as_ref());
        }
        let job = format!("duplicate {}", R::NAMES.plural);
        Ok(Report::new(job, run.entries, repeated))
    }
}

/// A copy that is to be requested or was requested.
struct PendingCopy<I> {
    id: I,
    position: usize,
    name: String,
    /// Number of attempts that the service did not process.
    attempts: u32,
    /// Wait before the request.
    wait: Duration,
}

impl<I> PendingCopy<I> {
    /// Waits, then sends the request. Returns no answer if the job stops first.
    async fn send(
        self,
        call: Call<Option<String>>,
        stop_signal: StopSignal,
    ) -> (Self, Option<Result<Option<String>, Error>>) {
        stop_signal.sleep(self.wait).await;
        if stop_signal.is_set() {
            return (self, None);
        }
        let answer = call.await;
        (self, Some(answer))
    }

    fn entry(self, outcome: Outcome) -> Entry<I> {
        Entry::new(self.id, self.position, outcome)
    }
}

/// Assets that have the name of a requested copy, before and after the job.
struct ListedCopies<I> {
    before: IdsByName<I>,
    after: IdsByName<I>,
}

struct DuplicationRun<R: Resource> {
    progress: Progress,
    on_progress: Option<OnProgress>,
    entries: Vec<Entry<R::Id>>,
    /// Requests whose answer was lost.
    unanswered: Vec<(PendingCopy<R::Id>, Failure)>,
    /// Requests that the service did not process and that are to be retried.
    retry: Vec<PendingCopy<R::Id>>,
    retries: u32,
    stop: StopControl,
}

impl<R: Resource> DuplicationRun<R> {
    fn end(&mut self, entry: Entry<R::Id>) {
        self.progress.counts.count(&entry.outcome);
        self.entries.push(entry);
        if let Some(on_progress) = &mut self.on_progress {
            on_progress(&self.progress);
        }
    }

    /// Stops the job, because further requests would fail as well.
    fn stop_for(&mut self, error: &Error) {
        let message = format!("the job stopped: {error}");
        self.stop
            .stop(Failure::with_error(Reason::Stopped, message, error));
    }

    fn take(&mut self, mut pending: PendingCopy<R::Id>, answer: Result<Option<String>, Error>) {
        let error = match answer {
            Ok(Some(copy)) if !copy.is_empty() => {
                let mut entry = pending.entry(Outcome::DONE);
                entry.copy = Some(R::Id::from(copy));
                self.end(entry);
                return self.stop.record(Some(true), 0);
            }
            Ok(_) => {
                let message = "the service accepted it, but its answer does not name the copy";
                let failure = Failure::new(Reason::NoAnswer, message);
                self.unanswered.push((pending, failure));
                return self.stop.record(Some(true), 1);
            }
            Err(error) => error,
        };
        if exceeds_max_wait(&error) {
            self.stop_for(&error);
        }
        match ErrorClass::of(&error) {
            ErrorClass::NotProcessed if pending.attempts < self.retries && self.stop.reason().is_none() => {
                pending.wait = pause_after(pending.attempts, &error);
                pending.attempts += 1;
                self.retry.push(pending);
            }
            class @ (ErrorClass::NotProcessed | ErrorClass::Unauthorized) => {
                let failure = Failure::of(Reason::NotProcessed, &error);
                self.end(pending.entry(Outcome::NotSent { failure }));
                if class == ErrorClass::Unauthorized {
                    self.stop_for(&error);
                }
                self.stop.record(Some(false), 1);
            }
            ErrorClass::Refused => {
                let failure = Failure::of(Reason::Refused, &error);
                self.end(pending.entry(Outcome::Rejected { failure }));
                self.stop.record(Some(true), 1);
            }
            ErrorClass::Ambiguous => {
                let failure = Failure::of(Reason::NoAnswer, &error);
                self.unanswered.push((pending, failure));
                self.stop.record(None, 1);
            }
        }
    }

    /// Looks for the copies whose answers were lost.
    fn find_copies(&mut self, lists: Option<&ListedCopies<R::Id>>) {
        let unanswered = std::mem::take(&mut self.unanswered);
        let mut requests_by_name: HashMap<String, usize> = HashMap::new();
        for (pending, _) in &unanswered {
            *requests_by_name.entry(pending.name.clone()).or_default() += 1;
        }
        let claimed: HashSet<R::Id> = self
            .entries
            .iter()
            .filter_map(|entry| entry.copy.clone())
            .collect();
        for (pending, failure) in unanswered {
            let new_ids: Option<Vec<&R::Id>> = lists.map(|lists| {
                let before = lists.before.get(&pending.name);
                let is_new =
                    |id: &&R::Id| !claimed.contains(*id) && !before.is_some_and(|ids| ids.contains(*id));
                let after = lists.after.get(&pending.name);
                after.into_iter().flatten().filter(is_new).collect()
            });
            let name = &pending.name;
            let mut entry = Entry::new(pending.id, pending.position, Outcome::CONFIRMED);
            let note = match new_ids.as_deref() {
                Some([copy]) if requests_by_name.get(&pending.name) == Some(&1) => {
                    entry.copy = Some((*copy).clone());
                    self.end(entry);
                    continue;
                }
                None => "the list of all assets could not be read to look for the copy".to_owned(),
                Some([]) => format!("no new asset has the name {name:?}"),
                Some(candidates) => {
                    let mut ids: Vec<&str> = candidates.iter().map(AsRef::as_ref).collect();
                    ids.sort_unstable();
                    format!("the copy may be one of these: {}", ids.join(", "))
                }
            };
            let failure = failure.because(Reason::NoAnswer, &note);
            entry.outcome = Outcome::Unknown { failure };
            self.end(entry);
        }
    }
}

/// Lists the assets that have the name of a requested copy; `None` if the kind has no list.
async fn list<R: resource::Duplicate>(
    client: &Client,
    requests: &HashMap<R::Id, R::Request>,
) -> Option<Result<IdsByName<R::Id>, Error>> {
    let names: HashSet<&str> = requests.values().map(R::copy_name).collect();
    let mut ids_by_name = IdsByName::new();
    let rows = match R::LIST?(client).await {
        Ok(rows) => rows,
        Err(error) => return Some(Err(error)),
    };
    for row in rows {
        if names.contains(row.name.as_str()) {
            ids_by_name.entry(row.name).or_default().insert(row.id);
        }
    }
    Some(Ok(ids_by_name))
}
