//! Bulk jobs that do not depend on the type of their assets. The typed [`Bulk`](super::Bulk) and the untyped
//! [`GroupBulk`](super::GroupBulk) are builders of the same [`Job`]. Therefore, the code of jobs is compiled
//! only once, instead of once per kind of asset and per change.

use super::change::ChangeRecord;
use super::engine::{
    AccountCheck, Driver, JobCallbacks, JobIds, JobSettings, JobSteps, OpenId, RecordStates, Refusal, Shared,
};
use super::journal::{self, JournalWriter, RecordedState};
use super::progress::OnProgress;
use super::stop::{StopControl, refused_with_403, stopped_by_403};
use super::{Children, Entry, Outcomes, Plan, Report};
use crate::ext::read::{Reader, URL_LENGTH};
use crate::ext::read_calls::ReadCalls;
use crate::ext::validate::{self, Distinct, InvalidJob};
use crate::runtime::trace::JobSpan;
use crate::transport::BoxFuture;
use crate::values::id::IdText;
use crate::{Client, RetryPolicy};
use futures_util::StreamExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A setting of a job.
pub(super) enum Setting {
    ChunkSize(usize),
    Concurrency(usize),
    Retries(u32),
    RetryPolicy(RetryPolicy),
    LookFirst(bool),
    Verify(bool),
    InOrder(bool),
    StopAfter(usize),
    UrlLength(usize),
    Journal(PathBuf),
    #[cfg(feature = "snapshot")]
    UndoableJournal(PathBuf),
    OnProgress(OnProgress),
    CancelWhen(BoxFuture<'static, ()>),
    CancelGrace(Duration),
}

/// All settings of a job: those of the engine, the URL length, the journal and the callbacks.
pub(super) struct JobOptions {
    settings: JobSettings,
    url_length: usize,
    journal: Option<PathBuf>,
    #[cfg(feature = "snapshot")]
    is_undoable: bool,
    callbacks: JobCallbacks,
}

impl Default for JobOptions {
    fn default() -> Self {
        Self {
            settings: JobSettings::default(),
            url_length: URL_LENGTH,
            journal: None,
            #[cfg(feature = "snapshot")]
            is_undoable: false,
            callbacks: JobCallbacks {
                cancel: None,
                on_progress: None,
            },
        }
    }
}

impl JobOptions {
    pub(super) fn set(&mut self, setting: Setting) {
        let settings = &mut self.settings;
        match setting {
            Setting::ChunkSize(ids) => settings.chunk_size = ids.clamp(1, 10_000),
            Setting::Concurrency(requests) => settings.concurrency = requests.clamp(1, 64),
            Setting::Retries(retries) => settings.retries = retries.min(10),
            Setting::RetryPolicy(policy) => settings.retry_policy = Some(policy),
            Setting::LookFirst(look) => settings.look_first = look,
            Setting::Verify(verify) => settings.verify = Some(verify),
            Setting::InOrder(in_order) => settings.in_order = in_order,
            Setting::StopAfter(failed) => settings.stop_after = Some(failed.max(1)),
            Setting::UrlLength(bytes) => self.url_length = bytes.clamp(100, 65_536),
            Setting::Journal(path) => self.journal = Some(path),
            #[cfg(feature = "snapshot")]
            Setting::UndoableJournal(path) => {
                self.is_undoable = true;
                self.journal = Some(path);
            }
            Setting::OnProgress(on_progress) => self.callbacks.on_progress = Some(on_progress),
            Setting::CancelWhen(cancel) => self.callbacks.cancel = Some(cancel),
            Setting::CancelGrace(wait) => settings.cancel_grace = Some(wait),
        }
    }
}

/// A job on assets of any kind.
pub(super) struct Job {
    pub(super) client: Client,
    /// Calls that read assets of this kind.
    pub(super) calls: ReadCalls,
    pub(super) ids: Vec<IdText>,
    pub(super) record: ChangeRecord,
    pub(super) options: JobOptions,
}

impl Job {
    pub(super) fn description(&self) -> String {
        self.record.describe(self.calls.names.plural)
    }

    fn reader(&self) -> Reader {
        let options = &self.options;
        Reader::new(self.calls, self.client.clone(), options.url_length)
            .concurrency(options.settings.concurrency)
            .confirm_missing()
    }

    /// Returns the future that records the states of the assets before the job. The result is empty if the
    /// job has no undoable journal, or if it duplicates assets.
    #[cfg(feature = "snapshot")]
    fn record_states(&self, ids: &[IdText]) -> RecordStates {
        let options = &self.options;
        let Some(journal) = options.journal.as_ref().filter(|_| options.is_undoable) else {
            return RecordStates::default();
        };
        if matches!(self.record, ChangeRecord::Duplicate { .. }) {
            return RecordStates::default();
        }
        let path = crate::ext::plan::UndoLog::path_for(journal);
        let recording = crate::ext::plan::UndoLog::record(
            self.client.clone(),
            self.calls.names.segment,
            self.record.clone(),
            ids.iter().map(IdText::to_string).collect(),
            path,
        );
        RecordStates::new(async move { recording.await.map_err(String::from) })
    }

    #[cfg(not(feature = "snapshot"))]
    #[expect(clippy::unused_self, reason = "same signature as with the feature")]
    fn record_states(&self, _: &[IdText]) -> RecordStates {
        RecordStates::default()
    }

    /// Runs the job to its end. `steps` returns the steps of the change.
    pub(super) async fn send(
        self,
        steps: impl FnOnce(Shared) -> Arc<dyn JobSteps>,
    ) -> Result<Report<IdText>, InvalidJob> {
        Ok(self.stream(steps)?.try_report().await?)
    }

    /// Returns a stream of outcomes. Polling the stream runs the job.
    pub(super) fn stream(
        self,
        steps: impl FnOnce(Shared) -> Arc<dyn JobSteps>,
    ) -> Result<Outcomes<IdText>, InvalidJob> {
        let (job, shared) = self.begin()?;
        Ok(job.outcomes(steps(shared)))
    }

    /// Checks the job and opens its journal.
    fn begin(mut self) -> Result<(Begun, Shared), InvalidJob> {
        let Distinct { ids, repeated } = validate::distinct(std::mem::take(&mut self.ids))?;
        self.record.check(&ids)?;
        let description = self.description();
        let deletes = self.record.deletes();
        let duplicates = matches!(self.record, ChangeRecord::Duplicate { .. });
        let begun = self.client.now();
        let segment = self.calls.names.segment;
        let record_states = self.record_states(&ids);
        let reader = self.reader();
        let header = journal::Header::new(segment, description.clone(), self.record, &self.client, begun);
        let (journal, mut earlier) = match self.options.journal {
            None => (None, None),
            Some(path) => {
                let (journal, earlier) = JournalWriter::open(&path, &header, &ids)?;
                (Some(journal), earlier)
            }
        };
        let span = JobSpan::new(&description, ids.len());
        let account = journal
            .is_some()
            .then(|| AccountCheck::new(&ids, deletes, duplicates, earlier.as_ref()));
        let seen = earlier.as_mut().and_then(|earlier| earlier.seen.take());
        let copy_requests = earlier
            .as_mut()
            .map(|earlier| std::mem::take(&mut earlier.copy_requests));
        let mut copy_requests = copy_requests.unwrap_or_default();
        let mut settled = Vec::new();
        let mut open = Vec::with_capacity(ids.len());
        let states = earlier.map(|earlier| earlier.states).unwrap_or_default();
        let was_forbidden = stopped_by_403(states.iter().filter_map(|state| state.outcome.as_ref()));
        // Without an earlier run, every ID starts in the default state.
        let states = states
            .into_iter()
            .chain(std::iter::repeat_with(RecordedState::default));
        for (position, (id, state)) in ids.into_iter().zip(states).enumerate() {
            let RecordedState { outcome, copy, sent } = state;
            if let Some(outcome) = outcome
                && !(was_forbidden && refused_with_403(&outcome).is_some())
            {
                settled.push(Entry::new(id, position, outcome).with_copy(copy.map(IdText::from)));
                continue;
            }
            if copy.is_some() {
                copy_requests.entry(id.to_string()).or_default().copy = copy;
            }
            open.push(OpenId { position, id, sent });
        }
        let stop = StopControl::new(self.options.settings.stop_after);
        let shared = Shared {
            reader,
            client: self.client,
            settings: self.options.settings,
            stop_signal: stop.signal(),
            account,
            record_states,
            seen,
            copies: settled
                .iter()
                .filter_map(Entry::copy)
                .map(IdText::to_string)
                .collect(),
            copy_requests,
        };
        let begun = Begun {
            description,
            duplicates,
            repeated,
            span,
            stop,
            ids: JobIds {
                settled,
                open: open.into(),
            },
            journal,
            callbacks: self.options.callbacks,
        };
        Ok((begun, shared))
    }

    /// Reads the assets and returns a preview of the job.
    pub(super) async fn plan(mut self) -> Result<Plan<String>, InvalidJob> {
        let ids = self.ids.drain(..).map(String::from).collect();
        let Distinct { ids, repeated } = validate::distinct::<String>(ids)?;
        self.record.check(&ids)?;
        let reader = &self.reader();
        let record = &self.record;
        let mut plan = Plan::new(self.description(), repeated, record.cannot_undo());
        let settings = &self.options.settings;
        let chunks: Vec<Vec<String>> = ids.chunks(settings.chunk_size).map(<[_]>::to_vec).collect();
        let mut reads = futures_util::stream::iter(chunks)
            .map(|ids| async move {
                let results = reader.summaries(&ids).await;
                (ids, results)
            })
            .buffered(settings.concurrency);
        while let Some((ids, results)) = reads.next().await {
            for (id, read) in ids.into_iter().zip(results) {
                plan.add(id, read, |summary| record.is_satisfied_by(summary));
            }
        }
        drop(reads);
        if record.handles_children() {
            // Parents that are already in the requested state are sent as well, because of their children.
            let parents = plan.would_change.iter().chain(&plan.already);
            let count = reader.count_children(parents.cloned().collect()).await;
            plan.children = count.map_or(Children::Unknown, |count| Children::Known { count });
        }
        Ok(plan)
    }
}

/// A job that was checked. Its journal, if any, is open.
struct Begun {
    description: String,
    duplicates: bool,
    repeated: Vec<validate::Repeated<IdText>>,
    span: JobSpan,
    stop: StopControl,
    ids: JobIds,
    journal: Option<JournalWriter>,
    callbacks: JobCallbacks,
}

impl Begun {
    fn outcomes(self, steps: Arc<dyn JobSteps>) -> Outcomes<IdText> {
        let refusal = Refusal::default();
        let total = self.ids.settled.len() + self.ids.open.len();
        let driver = Driver::new(
            steps,
            self.stop,
            self.ids,
            self.journal,
            Arc::clone(&refusal),
            self.callbacks,
        );
        // The driver is boxed, because the stream moves it with each entry.
        let driver = Box::new(driver);
        let entries = futures_util::stream::unfold((driver, self.span), |(mut driver, span)| async move {
            let entry = span.follow(driver.next()).await?;
            Some((entry, (driver, span)))
        });
        Outcomes::new(
            entries,
            total,
            self.description,
            self.duplicates,
            self.repeated,
            refusal,
        )
    }
}
