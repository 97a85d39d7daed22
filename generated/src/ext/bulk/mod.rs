//! Bulk jobs: a change of many assets, its builder, and what comes out of it.

mod change;
mod engine;
mod journal;
mod outcome;
mod plan;
mod progress;
mod report;
mod stop;

pub use change::{Archiving, ChangeRecord, Deleting, MovingToCategory, Unarchiving};
pub(super) use engine::pause_after;
pub use journal::{Journal, JournalError};
pub use outcome::{Entry, Failure, Outcome, Reason};
pub use plan::{Children, Plan};
pub(super) use progress::OnProgress;
pub use progress::Progress;
pub use report::{Counts, DifferentJobs, Report};
pub(super) use stop::{Brakes, Stopping};

use super::cascade::Cascade;
#[cfg(feature = "_deduced")]
use super::evidence::Deduced;
use super::read::{Reader, URL_LENGTH};
use super::resource::{Archive, Delete, Resource};
use super::validate::{self, Distinct, InvalidJob, Repeated};
#[cfg(feature = "_deduced")]
use crate::Unverified;
use crate::types::ParentMutationRequest;
use crate::{Client, RetryPolicy};
use change::{Change, Ready};
use engine::{Driver, Hooks, Input, Settings};
use futures_core::Stream;
use futures_util::StreamExt as _;
use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A bulk job, to be set up and sent: a change of many assets of one kind.
///
/// # What happens
///
/// The distinct IDs are cut into chunks, in the order in which they were given. Each chunk is looked at first: assets that are
/// as asked already, do not exist, or are deleted are not sent (with a [`Cascade`], parents that are so already are sent, for
/// the sake of their children). The others go in one request. Where the service refuses it, the job reads what was applied all
/// the same and sends the rest in halves, until the refused IDs stand alone. Where no trustworthy answer comes, it reads what
/// has become of the assets and sends again those that are unchanged. What it cannot find out is *unknown*.
///
/// # What comes out
///
/// Every distinct ID ends in exactly one [`Outcome`], also when the job is cancelled or the service goes away.
///
/// # Limits
///
/// | setting | default | limits |
/// |---|---|---|
/// | [`chunk_size`](Self::chunk_size) | 100 IDs a request | 1 to 10,000 |
/// | [`concurrency`](Self::concurrency) | 4 requests at once | 1 to 64 |
/// | [`retries`](Self::retries) | 2 after the first try, on top of the client's own | 0 to 10 |
/// | [`look_first`](Self::look_first) | yes | |
/// | [`verify`](Self::verify) | for deletions and cascades | |
/// | [`stop_after`](Self::stop_after) | never | at least 1 |
/// | [`url_length`](Self::url_length) | 1,800 bytes of IDs in a URL | 100 to 65,536 |
///
/// A job that gets no answer five times in a row stops by itself, and so does one whose service asks for more than a minute of rest
/// (`Retry-After`): what is left is not sent, and the failure says how long the service wants to rest. Of the service's own limits none is documented; a chunk that
/// it finds too large is split.
///
/// # Memory
///
/// The IDs, one small outcome for each, and what is on its way: `concurrency` chunks. Where the service refuses IDs that it
/// does not know with something else than *not found*, the list of all assets is read in addition.
#[must_use = "a job does nothing until it is sent"]
pub struct Bulk<R: Resource, C> {
    client: Client,
    ids: Vec<R::Id>,
    change: C,
    chunk_size: usize,
    concurrency: usize,
    retries: u32,
    retry_policy: Option<RetryPolicy>,
    look_first: bool,
    verify: Option<bool>,
    in_order: bool,
    stop_after: Option<usize>,
    url_length: usize,
    journal: Option<JournalAt>,
    hooks: Hooks,
}

/// Where a journal is, and whether it is new.
enum JournalAt {
    New(PathBuf),
    Resumed(PathBuf),
}

impl<R: Resource, C: fmt::Debug> fmt::Debug for Bulk<R, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Bulk")
            .field("assets", &R::NAMES.plural)
            .field("change", &self.change)
            .field("ids", &self.ids.len())
            .finish_non_exhaustive()
    }
}

impl<R: Archive<Request = ParentMutationRequest>, W> Bulk<R, Archiving<R::Id, W>> {
    /// What happens to the children of the archived parents. Default: [`Cascade::leave`].
    pub fn children(mut self, children: Cascade<R::Id>) -> Self {
        self.change.children = children;
        self
    }
}

impl<R: Delete<Request = ParentMutationRequest>, W> Bulk<R, Deleting<R::Id, W>> {
    /// What happens to the children of the deleted parents. Default: [`Cascade::leave`].
    pub fn children(mut self, children: Cascade<R::Id>) -> Self {
        self.change.children = children;
        self
    }
}

#[cfg(feature = "_deduced")]
impl<R: Archive> Bulk<R, Archiving<R::Id, Deduced>> {
    /// Says that the caller knows: the call which archives is deduced, not documented. Without it the job can be planned, and
    /// not sent.
    pub fn unverified(self, word: Unverified) -> Bulk<R, Archiving<R::Id, Unverified>> {
        self.with(|change| Archiving {
            children: change.children,
            word,
        })
    }
}

#[cfg(feature = "_deduced")]
impl<R: Delete> Bulk<R, Deleting<R::Id, Deduced>> {
    /// Says that the caller knows: the call which deletes is deduced, not documented. Without it the job can be planned, and
    /// not sent.
    pub fn unverified(self, word: Unverified) -> Bulk<R, Deleting<R::Id, Unverified>> {
        self.with(|change| Deleting {
            children: change.children,
            word,
        })
    }
}

#[cfg(feature = "_deduced")]
impl<R: Resource, C> Bulk<R, C> {
    /// The same job with another change.
    fn with<D>(self, change: impl FnOnce(C) -> D) -> Bulk<R, D> {
        Bulk {
            change: change(self.change),
            client: self.client,
            ids: self.ids,
            chunk_size: self.chunk_size,
            concurrency: self.concurrency,
            retries: self.retries,
            retry_policy: self.retry_policy,
            look_first: self.look_first,
            verify: self.verify,
            in_order: self.in_order,
            stop_after: self.stop_after,
            url_length: self.url_length,
            journal: self.journal,
            hooks: self.hooks,
        }
    }
}

impl<R: Resource, C: Change<R>> Bulk<R, C> {
    pub(super) fn new<I: Into<R::Id>>(client: &Client, ids: impl IntoIterator<Item = I>, change: C) -> Self {
        Self {
            client: client.clone(),
            ids: ids.into_iter().map(Into::into).collect(),
            change,
            chunk_size: 100,
            concurrency: 4,
            retries: 2,
            retry_policy: None,
            look_first: true,
            verify: None,
            in_order: false,
            stop_after: None,
            url_length: URL_LENGTH,
            journal: None,
            hooks: Hooks {
                cancel: None,
                on_progress: None,
            },
        }
    }

    /// How many IDs go in one request: 1 to 10,000, other values count as the nearer of the two. Default 100.
    ///
    /// The service's limit is not documented. A chunk that is refused as too large (413) is split, and later ones are made
    /// smaller.
    pub fn chunk_size(mut self, ids: usize) -> Self {
        self.chunk_size = ids.clamp(1, 10_000);
        self
    }

    /// How many requests are on their way at once: 1 to 64, other values count as the nearer of the two. Default 4.
    ///
    /// With 1, chunks are sent strictly one after the other. A client with a rate limiter obeys it besides.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.clamp(1, 64);
        self
    }

    /// How often a step to which no trustworthy answer came is tried again, after the client's own tries: 0 to 10. Default 2.
    ///
    /// Before something is sent again, the assets are read, and only those that are unchanged are sent. The waits are 0.5 s,
    /// 1 s, 2 s and so on, up to 20 s.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries.min(10);
        self
    }

    /// How the client itself tries each changing request. Default: the client's policy.
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.retry_policy = Some(policy);
        self
    }

    /// Whether assets are read before anything is sent for them. Default: yes.
    ///
    /// Without it a job needs a request less per chunk, and can no longer tell what was so already from what it has done, nor
    /// notice an ID that does not exist, where the service passes over it in silence: both come out as done. Use it with
    /// [`verify`](Self::verify), or not at all where the IDs may be wrong.
    pub fn look_first(mut self, look: bool) -> Self {
        self.look_first = look;
        self
    }

    /// Whether the assets are read back after the service has accepted a change. Default: for deletions, and with a
    /// [`Cascade`] other than [`leave`](Cascade::leave).
    ///
    /// An asset that still reads unchanged is read up to four times, 0.5 s, 1 s and 2 s apart, since the service may be late;
    /// then its outcome is unknown. The children themselves are not read back: no documented call lists them.
    pub fn verify(mut self, verify: bool) -> Self {
        self.verify = Some(verify);
        self
    }

    /// Whether [`stream`](Self::stream) gives the outcomes in the order of the IDs, instead of as they become known. Default: no.
    ///
    /// Outcomes that become known before their turn are kept until then. A [`Report`] is in order in any case.
    pub fn in_order(mut self, in_order: bool) -> Self {
        self.in_order = in_order;
        self
    }

    /// Stops once so many IDs have failed (rejected, unknown, or not sent for an error); 1 stops on the first. Default: goes on
    /// to the end.
    ///
    /// What is on its way is finished, so that more may fail; all others end as not sent.
    pub fn stop_after(mut self, failed: usize) -> Self {
        self.stop_after = Some(failed.max(1));
        self
    }

    /// How many bytes the list of IDs in a URL may have when assets are read by ID: 100 to 65,536. Default 1,800.
    ///
    /// No limit is documented; with this, URLs stay below 2,000 bytes, which common proxies accept.
    pub fn url_length(mut self, bytes: usize) -> Self {
        self.url_length = bytes.clamp(100, 65_536);
        self
    }

    /// Is told how far the job is, whenever outcomes become known.
    pub fn on_progress(mut self, on_progress: impl FnMut(&Progress) + Send + 'static) -> Self {
        self.hooks.on_progress = Some(Box::new(on_progress));
        self
    }

    /// Cancels the job once this future completes: a signal, a timer, a message.
    ///
    /// Nothing more is sent then, nor sent again by the client. Requests on their way are waited for, and what they have done is
    /// read back where that is not clear, so that the report stays truthful; all others end as not sent. Whoever cannot wait drops the job's future: then
    /// only a [`journal`](Self::journal) knows.
    pub fn cancel_when<T>(mut self, cancel: impl Future<Output = T> + Send + 'static) -> Self {
        self.hooks.cancel = Some(Box::pin(async move {
            cancel.await;
        }));
        self
    }

    /// Writes a journal to a new file, from which [`resume`](Self::resume) can go on.
    ///
    /// Before each request, what it will send is on the disk. Writing blocks the thread for the time that a disk needs. If the
    /// journal cannot be written any more, the job stops.
    pub fn journal(mut self, path: impl AsRef<Path>) -> Self {
        self.journal = Some(JournalAt::New(path.as_ref().to_owned()));
        self
    }

    /// Goes on with the journal of an earlier run of the same job: same change, same IDs ([`Journal::read`] has both).
    ///
    /// What is done, was so already, or was rejected stays so and is not sent again. What the earlier run sent without getting
    /// to know is looked at first; if it is as asked, it is done.
    pub fn resume(mut self, path: impl AsRef<Path>) -> Self {
        self.journal = Some(JournalAt::Resumed(path.as_ref().to_owned()));
        self
    }

    /// Runs the job to its end.
    ///
    /// # Errors
    /// Only before anything is sent, when the job cannot be meant or its journal cannot be used. Everything else is an outcome
    /// of the IDs.
    pub async fn send(self) -> Result<Report<R::Id>, InvalidJob>
    where
        C: Ready<R>,
    {
        Ok(self.stream()?.report().await)
    }

    /// Runs the job as a stream of outcomes, as they become known. Nothing happens but while the stream is polled.
    ///
    /// ```no_run
    /// use funnelflux::{Client, ext::*};
    /// use futures_util::StreamExt as _;
    ///
    /// # async fn run(client: Client, ids: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut outcomes = client.offer_sources().bulk_unarchive(ids).stream()?;
    /// while let Some(entry) = outcomes.next().await {
    ///     println!("{}: {:?}", entry.id, entry.outcome);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn stream(self) -> Result<Outcomes<R::Id>, InvalidJob>
    where
        C: Ready<R>,
    {
        let Distinct { ids, repeated } = validate::distinct(self.ids)?;
        self.change.check(&ids)?;
        let record = self.change.record();
        let job = record.describe(R::NAMES.plural);
        let header = journal::Header::new(R::NAMES.segment, job.clone(), record);
        let mut settled = Vec::new();
        let mut open = Vec::with_capacity(ids.len());
        let journal = match self.journal {
            None => {
                open.extend(ids.into_iter().enumerate().map(|(at, id)| (at, id, None)));
                None
            }
            Some(JournalAt::New(path)) => {
                let journal = journal::Writer::create(&path, header, &ids)?;
                open.extend(ids.into_iter().enumerate().map(|(at, id)| (at, id, None)));
                Some(journal)
            }
            Some(JournalAt::Resumed(path)) => {
                let (journal, known) = journal::Writer::resume(&path, &header, &ids)?;
                for (at, (id, known)) in ids.into_iter().zip(known).enumerate() {
                    match known.outcome {
                        Some(outcome) => settled.push(Entry::new(id, at, outcome)),
                        None => open.push((at, id, known.sent)),
                    }
                }
                Some(journal)
            }
        };
        let settings = Settings {
            chunk_size: self.chunk_size,
            concurrency: self.concurrency,
            retries: self.retries,
            retry_policy: self.retry_policy,
            look_first: self.look_first,
            verify: self.verify.unwrap_or_else(|| self.change.verifies()),
            in_order: self.in_order,
            stop_after: self.stop_after,
        };
        let driver = Driver::new(
            Reader::<R>::new(self.client.clone(), self.url_length),
            self.client,
            self.change,
            settings,
            Input { settled, open },
            journal,
            self.hooks,
        );
        // In a box, since it is handed on with each entry.
        let driver = Box::new(driver);
        let entries = futures_util::stream::unfold(driver, |mut driver| async move {
            let entry = driver.next().await?;
            Some((entry, driver))
        });
        Ok(Outcomes {
            entries: Box::pin(entries),
            job,
            repeated,
        })
    }

    /// Reads the assets and says what the job would do. Nothing is changed.
    ///
    /// # Errors
    /// When the job cannot be meant. Assets that cannot be read are part of the plan.
    pub async fn plan(self) -> Result<Plan<R::Id>, InvalidJob> {
        let Distinct { ids, repeated } = validate::distinct(self.ids)?;
        self.change.check(&ids)?;
        let reader = Reader::<R>::new(self.client.clone(), self.url_length);
        let job = self.change.record().describe(R::NAMES.plural);
        let mut plan = Plan::new(job, repeated);
        let reader = &reader;
        let chunks: Vec<Vec<R::Id>> = ids.chunks(self.chunk_size).map(<[_]>::to_vec).collect();
        let mut looks = futures_util::stream::iter(chunks)
            .map(|ids| async move {
                let seen = reader.sights(&ids).await;
                (ids, seen)
            })
            .buffered(self.concurrency);
        while let Some((ids, seen)) = looks.next().await {
            for (id, seen) in ids.into_iter().zip(seen) {
                plan.add(id, seen, |sight| self.change.is_so(sight));
            }
        }
        drop(looks);
        if self
            .change
            .children()
            .is_some_and(|children| !children.is_leave())
        {
            // A parent that is so already is sent as well, for the sake of its children.
            let parents = plan.would_change.iter().chain(&plan.already);
            let parents = parents.cloned().collect();
            let count = match R::COUNT_CHILDREN {
                Some(count) => count(self.client, parents).await,
                None => None,
            };
            plan.children = count.map_or(Children::Unknown, |count| Children::Known { count });
        }
        Ok(plan)
    }
}

/// The outcomes of a job as they become known: a [`Stream`] of [`Entry`].
///
/// Polling it is what drives the job. Dropping it ends the job where it is; requests on their way are abandoned.
#[must_use = "a job does nothing until its stream is polled"]
pub struct Outcomes<I> {
    entries: Pin<Box<dyn Stream<Item = Entry<I>> + Send>>,
    job: String,
    repeated: Vec<Repeated<I>>,
}

impl<I> Outcomes<I> {
    /// Runs the job to its end and puts what is still to come into a report.
    pub async fn report(self) -> Report<I> {
        let entries = self.entries.collect().await;
        Report::new(self.job, entries, self.repeated)
    }

    /// What the job is, in words.
    #[must_use]
    pub fn job(&self) -> &str {
        &self.job
    }

    /// The IDs that were given more than once. Each has one outcome.
    #[must_use]
    pub fn repeated(&self) -> &[Repeated<I>] {
        &self.repeated
    }
}

impl<I> Stream for Outcomes<I> {
    type Item = Entry<I>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Entry<I>>> {
        self.entries.as_mut().poll_next(context)
    }
}

impl<I> Unpin for Outcomes<I> {}

impl<I> fmt::Debug for Outcomes<I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Outcomes({})", self.job)
    }
}

/// Keeps the futures of the jobs what users need them to be: able to move between threads.
const _: fn() = || {
    fn is_send<T: Send>(_: T) {}
    fn check<R: Resource, C: Ready<R>>(bulk: fn() -> Bulk<R, C>) {
        is_send(bulk().send());
        is_send(bulk().plan());
    }
    let _ = check::<crate::ext::OfferSources, Unarchiving>;
};
