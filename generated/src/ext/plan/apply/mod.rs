//! Applies a plan.
//!
//! The module `job` orders the steps, and the module `work` decides how to proceed with one asset.

mod job;
mod work;

use super::ChangePlan;
use super::entry::PlanEntry;
use super::error::{PlanError, PlanProblem};
use super::journal::{Header, PlanJournal};
use crate::Client;
use crate::ext::asset_group::GroupReaders;
use crate::ext::bulk::{OnProgress, StopControl};
use crate::ext::snapshot::AssetKey;
use crate::ext::{AssetGroup, Counts, FoundAsset, Progress, Report};
use crate::transport::BoxFuture;
use futures_util::FutureExt;
use job::Job;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

impl ChangePlan {
    /// Creates a job that makes the changes of the plan.
    pub fn apply(&self, client: &Client) -> Apply<'_> {
        Apply {
            plan: self,
            client: client.clone(),
            journal: None,
            rebase: false,
            is_acknowledged: false,
            concurrency: 4,
            stop_after: None,
            on_progress: None,
            cancel: None,
        }
    }
}

/// Builder of a job that applies a plan.
///
/// # Order
///
/// An asset *names* another asset if it contains the ID of that asset. First, assets are created, each after
/// the assets that it names. Then assets are restored from the archive, saved, moved and archived, in this
/// order. Deletions come last; each asset is deleted before the assets that it names. If the creation of an
/// asset fails, the job sends nothing for assets whose new values name that asset.
///
/// # Checks
///
/// Each asset is read right before its change. If the asset has changed since the plan was made, it is
/// rejected as [stale](crate::ext::Reason::Stale) and stays unchanged. Changes to fields that the service
/// manages do not count. With [`rebase`](Self::rebase), such an asset is accepted if somebody else changed it
/// only at paths that the plan does not change. Deletions are never rebased. A failed save is repeated only
/// if the asset is still unchanged. After each change, the asset is read back.
///
/// # Outcomes
///
/// Every asset of the plan gets exactly one [`Outcome`](crate::ext::Outcome). The operations *archive*,
/// *unarchive*, *delete* and *move* run as [bulk jobs](crate::ext::Bulk). If only some changes of an asset
/// were made, its outcome is *unknown*. Running the job again makes the other changes.
#[must_use = "a job does nothing until it is sent"]
pub struct Apply<'p> {
    plan: &'p ChangePlan,
    client: Client,
    journal: Option<PathBuf>,
    rebase: bool,
    is_acknowledged: bool,
    concurrency: usize,
    stop_after: Option<usize>,
    on_progress: Option<OnProgress>,
    cancel: Option<BoxFuture<'static, ()>>,
}

impl fmt::Debug for Apply<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Apply({})", self.plan.made_by)
    }
}

impl Apply<'_> {
    /// Writes a journal to this file. If the file already contains a journal of this plan, continues that
    /// journal.
    ///
    /// The old state of each asset is written to the disk before its change is sent, so that
    /// [`ChangePlan::undo`] can revert the changes. After a crash at any point, apply the plan again with the
    /// same journal. The job then continues: finished assets are not sent again, and nothing is created
    /// twice. The outcome of a finished asset is final, even if somebody has changed or deleted it since.
    pub fn journal(mut self, path: impl AsRef<Path>) -> Self {
        self.journal = Some(path.as_ref().to_owned());
        self
    }

    /// Accepts assets that have changed since the plan was made, if they have changed only at paths that the
    /// plan does not change. If an earlier run with the same journal rejected such assets, this run considers
    /// them again. An asset that the plan deletes is not accepted after any change.
    pub fn rebase(mut self) -> Self {
        self.rebase = true;
        self
    }

    /// Acknowledges that the operations for archiving and deleting are inferred, not documented. This has no
    /// effect on groups whose operations are documented.
    pub fn acknowledge_inferred(mut self) -> Self {
        self.is_acknowledged = true;
        self
    }

    /// Sets the maximum number of concurrent requests, from 1 to 64. Values outside of this range become the
    /// nearest limit. Default: 4.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.clamp(1, 64);
        self
    }

    /// Stops the job after this number of failed assets. An asset that the job rejects without a request, for
    /// example a stale asset, counts as well. Default: never.
    pub fn stop_after(mut self, failed: usize) -> Self {
        self.stop_after = Some(failed.max(1));
        self
    }

    /// Sets a callback that receives the progress whenever outcomes become known.
    pub fn on_progress(mut self, on_progress: impl FnMut(&Progress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(on_progress));
        self
    }

    /// Cancels the job once this future completes. Requests in flight are finished. Assets for which nothing
    /// was sent end as *not sent*.
    pub fn cancel_when<T>(mut self, cancel: impl Future<Output = T> + Send + 'static) -> Self {
        self.cancel = Some(Box::pin(async move {
            cancel.await;
        }));
        self
    }

    /// Makes the changes of the plan.
    ///
    /// # Errors
    /// Returns an error if the plan is invalid, or if it belongs to another account or service. Also returns
    /// an error if a required acknowledgement is missing, or if the journal cannot be used. In these cases,
    /// no change was sent. All other failures are reported as outcomes of assets.
    pub async fn send(self) -> Result<Report<AssetKey>, PlanError> {
        let plan = self.plan;
        // The plan may have been changed in memory, so it is checked like a plan from a file.
        ChangePlan::parse(plan.to_json().as_bytes()).map_err(PlanError::new)?;
        let header = Header::new(&self.client, plan.made_by.clone()).await?;
        check_account(plan, &header)?;
        let unacknowledged: Vec<&PlanEntry> = plan
            .entries
            .iter()
            .filter(|entry| !self.is_acknowledged && entry.requires_acknowledgement())
            .collect();
        if let Some(first) = unacknowledged.first() {
            let (count, first) = (unacknowledged.len(), first.key.to_string());
            return Err(PlanError::new(PlanProblem::NotAcknowledged { count, first }));
        }
        // The account is recognised by the assets of the plan. This comes first, so that a plan of another
        // account begins no journal.
        let keys: Vec<AssetKey> = plan.entries.iter().map(|entry| entry.key.clone()).collect();
        let readers = readers_of(&self.client, &keys, self.concurrency);
        let states = read_keys(readers.clone(), keys).await;
        let is_begun = self
            .journal
            .as_deref()
            .is_some_and(|path| path.try_exists().unwrap_or(true));
        if !is_begun && plan.account.is_none() && is_foreign(plan, &states) {
            return Err(PlanError::new(PlanProblem::NoneExists));
        }
        let (journal, earlier) = match &self.journal {
            None => (PlanJournal::default(), BTreeMap::new()),
            Some(path) => PlanJournal::open(path, header, plan.fingerprint())
                .map_err(|problem| PlanError::at(path, problem))?,
        };
        let mut job = Job {
            client: self.client,
            readers,
            plan,
            journal,
            rebase: self.rebase,
            concurrency: self.concurrency,
            on_progress: self.on_progress,
            cancel: self.cancel.map(FutureExt::shared),
            stop: StopControl::new(self.stop_after),
            progress: Progress {
                total: plan.entries.len(),
                counts: Counts::default(),
            },
            works: Vec::new(),
        };
        job.begin(states, earlier);
        job.run().await;
        Ok(job.report())
    }
}

/// Checks that the client uses the service and the account of the plan.
fn check_account(plan: &ChangePlan, actual: &Header) -> Result<(), PlanError> {
    if plan.base_url != actual.base_url {
        return Err(PlanError::new(PlanProblem::OtherService {
            recorded: plan.base_url.clone(),
            actual: actual.base_url.clone(),
        }));
    }
    match (&plan.account, &actual.account) {
        (Some(recorded), Some(actual)) if recorded != actual => {
            Err(PlanError::new(PlanProblem::OtherAccount {
                recorded: recorded.clone(),
                actual: actual.clone(),
            }))
        }
        _ => Ok(()),
    }
}

/// Returns true if the plan changes existing assets, but the account has none of these assets. In this case,
/// the plan belongs to another account, because IDs are unique across accounts.
fn is_foreign(plan: &ChangePlan, states: &BTreeMap<AssetKey, FoundAsset>) -> bool {
    let mut changed = plan.entries.iter().filter(|entry| entry.was.is_some()).peekable();
    changed.peek().is_some()
        && changed.all(|entry| matches!(states.get(&entry.key), Some(FoundAsset::Missing)))
}

/// Creates the readers of a job on these assets.
pub(super) fn readers_of(client: &Client, keys: &[AssetKey], concurrency: usize) -> GroupReaders {
    let names: BTreeSet<&str> = keys.iter().map(|key| key.group.as_str()).collect();
    let groups = names.into_iter().filter_map(AssetGroup::named);
    GroupReaders::new(groups, client, concurrency)
}

/// Reads the current states of assets.
pub(super) async fn read_keys(readers: GroupReaders, keys: Vec<AssetKey>) -> BTreeMap<AssetKey, FoundAsset> {
    let mut ids: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for key in keys {
        ids.entry(key.group).or_default().push(key.id);
    }
    let mut states = BTreeMap::new();
    for (name, ids) in ids {
        let Some(reader) = readers.get(&name) else {
            continue;
        };
        let found = reader.find(&ids).await;
        let keys = ids.into_iter().map(|id| AssetKey::new(&*name, id));
        states.extend(keys.zip(found));
    }
    states
}
