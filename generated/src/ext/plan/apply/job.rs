//! A plan that is being applied: the order of the steps, the journal and the outcomes.

use super::read_keys;
use super::work::Work;
use crate::Client;
use crate::ext::asset_group::GroupReaders;
use crate::ext::bulk::{Entry, OnProgress, STOPPED, StopControl, stopped_because};
use crate::ext::line_file::LineError;
use crate::ext::plan::ChangePlan;
use crate::ext::plan::difference::{levels, named};
use crate::ext::plan::entry::{Action, PlanStep};
use crate::ext::plan::error::PlanProblem;
use crate::ext::plan::journal::{Earlier, PlanJournal};
use crate::ext::plan::store::{self, StoreResult, stale};
use crate::ext::snapshot::AssetKey;
use crate::ext::{AssetGroup, Cascade, Failure, FoundAsset, Outcome, Progress, Reason, Report};
use crate::transport::BoxFuture;
use futures_util::future::Shared;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use serde_json::Value;
use std::collections::BTreeMap;

/// Maximum number of assets whose states are written to the journal together, before the assets are created
/// or saved.
const BATCH: usize = 32;
/// Maximum number of assets in one bulk job.
const BULK: usize = 1_000;

/// Cancels the job if the user has requested this.
fn cancel_if_requested(cancel: Option<&Shared<BoxFuture<'static, ()>>>, stop: &mut StopControl) {
    if cancel.is_some_and(|cancel| cancel.clone().now_or_never().is_some()) {
        stop.cancel();
    }
}

/// Returns true if the entry was rejected because its asset had changed, so that nothing was sent.
fn is_stale(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Rejected { failure } if failure.reason() == Reason::Stale)
}

/// A plan that is being applied.
pub(super) struct Job<'p> {
    pub(super) client: Client,
    pub(super) readers: GroupReaders,
    pub(super) plan: &'p ChangePlan,
    pub(super) journal: PlanJournal,
    pub(super) rebase: bool,
    pub(super) concurrency: usize,
    pub(super) on_progress: Option<OnProgress>,
    pub(super) cancel: Option<Shared<BoxFuture<'static, ()>>>,
    pub(super) stop: StopControl,
    pub(super) progress: Progress,
    pub(super) works: Vec<Work<'p>>,
}

impl Job<'_> {
    /// Prepares the work on each entry. Ends entries that are finished, need no step or cannot be applied.
    pub(super) fn begin(
        &mut self,
        mut states: BTreeMap<AssetKey, FoundAsset>,
        mut earlier: BTreeMap<AssetKey, Earlier>,
    ) {
        for entry in &self.plan.entries {
            let Some(group) = entry.group() else {
                continue;
            };
            let mut earlier = earlier.remove(&entry.key).unwrap_or_default();
            let is_deletion = entry.action == Action::Delete;
            if self.rebase && !is_deletion && earlier.outcome.as_ref().is_some_and(is_stale) {
                // With `rebase`, the asset may be acceptable.
                earlier.outcome = None;
            }
            let mut work = Work {
                entry,
                group,
                steps: entry.steps(),
                sent: earlier.sent,
                finished: Vec::new(),
                current: None,
                before: earlier.before,
                outcome: None,
            };
            let finished = earlier.outcome.filter(|outcome| !outcome.is_unfinished());
            let ended = if finished.is_none() {
                let state = states.remove(&entry.key).unwrap_or(FoundAsset::Missing);
                work.look(state, self.rebase)
            } else {
                None
            };
            let index = self.works.len();
            self.works.push(work);
            if let Some(outcome) = finished {
                self.settle(index, outcome);
            } else if let Some(outcome) = ended {
                self.end_unsent(index, outcome);
            }
        }
    }

    pub(super) async fn run(&mut self) {
        self.create().await;
        for step in [
            PlanStep::Unarchive,
            PlanStep::Save,
            PlanStep::Move,
            PlanStep::Archive,
        ] {
            match step {
                PlanStep::Save => {
                    let works = self.open(PlanStep::Save);
                    self.store_all(PlanStep::Save, works).await;
                }
                step => {
                    let works = self.open(step);
                    self.bulk_all(step, works).await;
                }
            }
        }
        let works = self.open(PlanStep::Delete);
        for level in self.levels(&works).into_iter().rev() {
            self.bulk_all(PlanStep::Delete, level).await;
        }
    }

    /// Returns the indices of the entries whose next step is `step`.
    fn open(&self, step: PlanStep) -> Vec<usize> {
        let works = self.works.iter().enumerate();
        works
            .filter(|(_, work)| work.outcome.is_none() && work.steps.first() == Some(&step))
            .map(|(index, _)| index)
            .collect()
    }

    /// Orders entries in levels. An asset is in a later level than the assets whose IDs it contains.
    fn levels(&self, works: &[usize]) -> Vec<Vec<usize>> {
        let null = &Value::Null;
        let assets: Vec<(&AssetKey, &Value)> = works
            .iter()
            .filter_map(|index| self.works.get(*index))
            .map(|work| {
                (
                    &work.entry.key,
                    work.entry.created().or(work.current.as_ref()).unwrap_or(null),
                )
            })
            .collect();
        let index_of = |level: Vec<usize>| {
            level
                .into_iter()
                .filter_map(|place| works.get(place).copied())
                .collect()
        };
        levels(&assets).into_iter().map(index_of).collect()
    }

    async fn create(&mut self) {
        let works = self.open(PlanStep::Create);
        for level in self.levels(&works) {
            self.store_all(PlanStep::Create, level).await;
        }
    }

    /// Returns the assets whose creation failed or has an unknown result, with the outcomes, keyed by ID.
    fn not_created(&self) -> BTreeMap<&str, (&AssetKey, &Outcome)> {
        let works = self.works.iter().filter(|work| work.entry.created().is_some());
        let failed = works.filter_map(|work| {
            let outcome = work.outcome.as_ref().filter(|outcome| !outcome.is_success())?;
            Some((work.entry.key.id.as_str(), (&work.entry.key, outcome)))
        });
        failed.collect()
    }

    /// Ends the entries whose new values contain the ID of an asset whose creation failed, and removes these
    /// entries from `works`.
    fn end_dependents(&mut self, works: &mut Vec<usize>) {
        let not_created = self.not_created();
        if not_created.is_empty() {
            return;
        }
        let mut ended = Vec::new();
        works.retain(|index| {
            let Some(work) = self.works.get(*index) else {
                return false;
            };
            let mut values: Vec<&Value> = work.entry.created().into_iter().collect();
            values.extend(work.entry.changes().filter_map(|change| change.new.as_ref()));
            let mut missing = values.into_iter().flat_map(|value| named(value, &not_created));
            let Some((key, outcome)) = missing.find(|(key, _)| *key != &work.entry.key) else {
                return true;
            };
            let is_deleted = outcome
                .failure()
                .is_some_and(|failure| failure.reason() == Reason::Deleted);
            let state = if is_deleted {
                "is deleted"
            } else {
                "was not created"
            };
            let message = format!("{key}, which it names, {state}");
            let failure = Failure::new(Reason::Stopped, message);
            ended.push((
                *index,
                // A later run may create the asset, or an earlier run may have created this one.
                if outcome.is_unfinished() || !work.sent.is_empty() {
                    Outcome::NotSent { failure }
                } else {
                    let note =
                        "fix: remove the entry of that asset from the plan if this one should name it anyway";
                    let failure = failure.because(Reason::Stopped, note);
                    Outcome::Rejected { failure }
                },
            ));
            false
        });
        for (index, outcome) in ended {
            self.step_ended(index, outcome);
        }
    }

    /// Returns true if the job was stopped or cancelled. In this case, the entries `works` end as *not sent*.
    fn is_stopped(&mut self, works: &[usize]) -> bool {
        cancel_if_requested(self.cancel.as_ref(), &mut self.stop);
        let Some(failure) = self.stop.reason().cloned() else {
            return false;
        };
        for index in works {
            let failure = failure.clone();
            self.step_ended(*index, Outcome::NotSent { failure });
        }
        true
    }

    /// Creates or saves assets, each with its own requests.
    async fn store_all(&mut self, step: PlanStep, mut works: Vec<usize>) {
        self.end_dependents(&mut works);
        for batch in works.chunks(BATCH) {
            if self.is_stopped(batch) || !self.record(step, batch) {
                continue;
            }
            let moved = self.store(step, batch).await;
            let again = self.begin_anew(moved);
            if again.is_empty() || !self.record(step, &again) {
                continue;
            }
            for (index, _) in self.store(step, &again).await {
                if let Some(work) = self.works.get(index) {
                    let outcome = stale(work.entry, "someone else is changing the same values", false);
                    self.step_ended(index, outcome);
                }
            }
        }
    }

    /// Creates or saves the assets of a batch. Returns the current states of assets that were not sent,
    /// because someone else has changed values that the plan changes since the journal recorded them.
    async fn store(&mut self, step: PlanStep, batch: &[usize]) -> Vec<(usize, Value)> {
        let (client, readers) = (&self.client, &self.readers);
        let (rebase, signal) = (self.rebase, self.stop.signal());
        let stores: Vec<_> = batch
            .iter()
            .filter_map(|index| {
                let work = self.works.get(*index)?;
                Some((*index, work, readers.get(work.group.name())?.clone()))
            })
            .map(|(index, work, reader)| {
                let was_sent = work.sent.contains(&step);
                let policy = work.policy(rebase);
                let (entry, before, signal) = (work.entry, work.before.as_ref(), signal.clone());
                async move {
                    let result: Option<Result<StoreResult, Value>> = match step {
                        _ if signal.is_set() => None,
                        PlanStep::Create => Some(Ok(store::create(client, &reader, entry, was_sent).await)),
                        _ => Some(store::save(client, &reader, entry, before, policy, was_sent).await),
                    };
                    (index, result)
                }
            })
            .collect();
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut moved = Vec::new();
        let mut stores = stream::iter(stores).buffer_unordered(self.concurrency);
        while let Some((index, result)) = stores.next().await {
            match result {
                Some(Ok(result)) => {
                    let failed = usize::from(!result.outcome.is_success());
                    self.stop
                        .record(Some(result.answered), failed, result.outcome.failure());
                    if let Some(failure) = &result.ends_the_job {
                        self.stop.stop(stopped_because(STOPPED, failure));
                    }
                    outcomes.push((index, Some(result.outcome)));
                }
                Some(Err(current)) => moved.push((index, current)),
                None => outcomes.push((index, None)),
            }
            cancel_if_requested(self.cancel.as_ref(), &mut self.stop);
        }
        drop(stores);
        for (index, outcome) in outcomes {
            match outcome {
                Some(outcome) => self.step_ended(index, outcome),
                // According to the journal, the asset was about to be sent, so the next run reads the asset
                // first.
                None => {
                    self.is_stopped(&[index]);
                }
            }
        }
        moved
    }

    /// Begins the step *save* of assets anew. Ends the entries that cannot be applied any more, and returns
    /// the others.
    fn begin_anew(&mut self, moved: Vec<(usize, Value)>) -> Vec<usize> {
        let mut left = Vec::new();
        for (index, current) in moved {
            let Some(work) = self.works.get_mut(index) else {
                continue;
            };
            if let Some(outcome) = work.begin_anew(current, self.rebase) {
                self.end_unsent(index, outcome);
            } else {
                self.record_before(index);
                left.push(index);
            }
        }
        left
    }

    /// Records the changes that the plan makes of an asset, after someone else has made a part of them.
    fn record_before(&mut self, index: usize) {
        if let Some(before) = self.works.get(index).and_then(|work| work.before.clone()) {
            let written = self.journal.before(before);
            self.check_journal(written);
        }
    }

    /// Runs the bulk jobs of a step: one job per group or, if assets move, one job per group and target
    /// category.
    async fn bulk_all(&mut self, step: PlanStep, mut works: Vec<usize>) {
        self.end_dependents(&mut works);
        let mut jobs: BTreeMap<(&'static str, String), Vec<usize>> = BTreeMap::new();
        for index in works {
            if let Some(work) = self.works.get(index) {
                let category = if step == PlanStep::Move {
                    work.entry.category()
                } else {
                    String::new()
                };
                jobs.entry((work.group.name(), category)).or_default().push(index);
            }
        }
        for ((group, category), works) in jobs {
            let Some(group) = AssetGroup::named(group) else {
                continue;
            };
            for works in works.chunks(BULK) {
                if self.is_stopped(works) {
                    continue;
                }
                let works = self.look_again(works).await;
                if !works.is_empty() && self.record(step, &works) {
                    self.bulk(step, group, &category, &works).await;
                }
            }
        }
    }

    /// Reads the assets that this job has not changed yet. Ends entries that need no step or cannot be
    /// applied, for example because somebody else has changed the asset. Returns the other entries.
    async fn look_again(&mut self, works: &[usize]) -> Vec<usize> {
        let untouched = |work: &&Work<'_>| work.finished.is_empty() && work.before.is_none();
        let keys: Vec<AssetKey> = works
            .iter()
            .filter_map(|index| self.works.get(*index).filter(untouched))
            .map(|work| work.entry.key.clone())
            .collect();
        let mut states = read_keys(self.readers.clone(), keys).await;
        let mut left = Vec::new();
        for index in works {
            let Some(work) = self.works.get_mut(*index) else {
                continue;
            };
            let ended = states
                .remove(&work.entry.key)
                .and_then(|state| work.look(state, self.rebase));
            match ended {
                Some(outcome) => self.end_unsent(*index, outcome),
                None => left.push(*index),
            }
        }
        left
    }

    async fn bulk(&mut self, step: PlanStep, group: AssetGroup, category: &str, works: &[usize]) {
        let ids: BTreeMap<String, usize> = works
            .iter()
            .filter_map(|index| Some((self.works.get(*index)?.entry.key.id.clone(), *index)))
            .collect();
        let all: Vec<String> = ids.keys().cloned().collect();
        let job = match step {
            PlanStep::Unarchive => group.unarchive(&self.client, all),
            PlanStep::Archive => group.archive(&self.client, all, Cascade::leave()),
            PlanStep::Delete => group.delete(&self.client, all, Cascade::leave()),
            PlanStep::Move | PlanStep::Create | PlanStep::Save => {
                group.move_to_category(&self.client, all, category)
            }
        };
        let report = match job {
            Ok(job) => {
                let job = job
                    .acknowledge_inferred()
                    .verify(true)
                    .concurrency(self.concurrency);
                let job = match &self.cancel {
                    Some(cancel) => job.cancel_when(cancel.clone()),
                    None => job,
                };
                job.send().await.map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        let report = match report {
            Ok(report) => report,
            Err(message) => {
                for index in works {
                    let failure = Failure::new(Reason::Stopped, message.clone());
                    self.step_ended(*index, Outcome::NotSent { failure });
                }
                return;
            }
        };
        for entry in report.entries() {
            let Some(index) = ids.get(&entry.id).copied() else {
                continue;
            };
            let was_sent = self
                .works
                .get(index)
                .is_some_and(|work| work.sent.contains(&step));
            let is_failed = usize::from(!entry.outcome.is_success());
            let answered = !entry.outcome.is_unfinished();
            self.stop
                .record(Some(answered), is_failed, entry.outcome.failure());
            let outcome = match entry.outcome.clone() {
                // An earlier run sent the change without learning its result.
                Outcome::AlreadySo { .. } if was_sent => Outcome::CONFIRMED,
                Outcome::Rejected { failure } if failure.reason() == Reason::Gone && was_sent => {
                    Outcome::CONFIRMED
                }
                Outcome::Rejected { failure } if failure.reason() == Reason::Gone => Outcome::ALREADY,
                outcome => outcome,
            };
            self.step_ended(index, outcome);
        }
    }

    /// Records the states of the assets of `works`, and the step that is about to be sent. If the journal
    /// cannot be written, ends the entries of these assets as *not sent* and returns false.
    fn record(&mut self, step: PlanStep, works: &[usize]) -> bool {
        let mut before = Vec::new();
        let mut keys = Vec::new();
        for index in works {
            let Some(work) = self.works.get_mut(*index) else {
                continue;
            };
            if work.before.is_none() {
                work.before = Some(work.state());
                before.extend(work.before.clone());
            }
            keys.push(work.entry.key.clone());
        }
        let written = self.journal.sending(before, step, keys);
        let is_written = written.is_ok();
        self.check_journal(written);
        is_written || !self.is_stopped(works)
    }

    fn check_journal(&mut self, written: Result<(), LineError>) {
        if let Err(error) = written {
            let message = format!(
                "the job stopped, because its journal cannot be written: {}",
                PlanProblem::from(error)
            );
            self.stop.stop(Failure::new(Reason::Stopped, message));
        }
    }

    /// Records the outcome of the next step of an entry. If the step failed or was the last step, ends the
    /// entry.
    fn step_ended(&mut self, index: usize, outcome: Outcome) {
        let Some(work) = self.works.get_mut(index) else {
            return;
        };
        let is_success = outcome.is_success();
        let step = if work.steps.is_empty() {
            PlanStep::Save
        } else {
            work.steps.remove(0)
        };
        // Someone else made this change after its state was recorded.
        let is_of_others = matches!(outcome, Outcome::AlreadySo { .. });
        work.finished.push((step, outcome));
        let ended = (!is_success || work.steps.is_empty()).then(|| work.total());
        if is_of_others && work.record_only_left(step, None) {
            self.record_before(index);
        }
        if let Some(outcome) = ended {
            self.settle(index, outcome);
        }
    }

    /// Ends an entry for which this job sends nothing. A failure counts towards the limit of failed assets.
    fn end_unsent(&mut self, index: usize, outcome: Outcome) {
        self.stop
            .record(None, usize::from(!outcome.is_success()), outcome.failure());
        self.settle(index, outcome);
    }

    /// Records the final outcome of an entry, and reports the progress.
    fn settle(&mut self, index: usize, outcome: Outcome) {
        let Some(work) = self.works.get_mut(index) else {
            return;
        };
        let written = self.journal.settled(&work.entry.key, &outcome);
        self.progress.counts.count(&outcome);
        work.outcome = Some(outcome);
        self.check_journal(written);
        if let Some(on_progress) = &mut self.on_progress {
            on_progress(&self.progress);
        }
    }

    pub(super) fn report(mut self) -> Report<AssetKey> {
        let failure = self.stop.reason().cloned();
        let failure = failure.unwrap_or_else(|| Failure::new(Reason::Stopped, "the job did not reach it"));
        let entries = self.works.drain(..).enumerate().map(|(position, work)| {
            let outcome = work.outcome.unwrap_or_else(|| Outcome::NotSent {
                failure: failure.clone(),
            });
            Entry::new(work.entry.key.clone(), position, outcome)
        });
        Report::new(self.plan.made_by.clone(), false, entries.collect(), Vec::new())
    }
}
