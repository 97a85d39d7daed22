//! Runs jobs while the network fails, and compares the reports of the jobs with the state of the service.
//!
//! The suites `matrix`, `broken_network` and `program` use these jobs. A report is compared with the account
//! before the job, and with a second account on which the same job ran without a fault.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test stops at the first surprise"
)]

use crate::{InProcess, client_over, run};
use funnelflux::Client;
use funnelflux::ext::plan::{AssetsNotInSnapshot, ChangePlan, PlanError};
use funnelflux::ext::snapshot::{ExportError, Snapshot};
use funnelflux::ext::{
    BulkArchive as _, BulkDelete as _, Cascade, Counts, DuplicateMany as _, Entry, MoveToCategory as _,
    Outcome, Report,
};
use funnelflux::types::DuplicateRequest;
use funnelflux_fake::{Fake, LogRetention, Settings, State, Status};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::Path;
use tempfile::TempDir;

/// A kind of job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Archives offer sources with their pages.
    Archive,
    /// Deletes offer sources with their pages.
    Delete,
    /// Moves offer sources to a category.
    Move,
    /// Copies offer sources.
    Duplicate,
    /// Exports a snapshot.
    Export,
    /// Applies a plan that restores a snapshot: it creates, saves, moves, archives and unarchives assets.
    Apply,
    /// Undoes the plan of [`Job::Apply`], and thereby deletes the asset that the plan created.
    Undo,
}

impl Job {
    /// All jobs.
    pub const ALL: [Self; 7] = [
        Self::Archive,
        Self::Delete,
        Self::Move,
        Self::Duplicate,
        Self::Export,
        Self::Apply,
        Self::Undo,
    ];

    /// Name of the job in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Archive => "bulk_archive, cascade",
            Self::Delete => "bulk_delete, cascade",
            Self::Move => "move_to_category",
            Self::Duplicate => "duplicate_many",
            Self::Export => "export",
            Self::Apply => "plan, apply",
            Self::Undo => "plan, undo",
        }
    }
}

/// Number of assets of a job, and the distribution of their IDs over requests.
#[derive(Clone, Copy, Debug)]
pub struct JobSize {
    /// Number of offer sources, at least 6.
    pub assets: usize,
    /// Number of IDs in a request.
    pub chunk: usize,
    /// Number of concurrent requests.
    pub concurrency: usize,
}

/// ID of the category to which assets move.
const CATEGORY: &str = "2nIemC000001";
/// ID of an asset that no job mentions.
const BYSTANDER: &str = "2nIemB000001";
/// ID of the asset that a plan creates.
const CREATED: &str = "2nIemN000001";
/// Properties that the service manages.
const MANAGED: [&str; 2] = ["meta", "codeHash"];

/// An account on which a job is run.
#[derive(Debug)]
pub struct World {
    /// The service.
    pub fake: Fake,
    job: Job,
    size: JobSize,
    ids: Vec<String>,
    plan: Option<ChangePlan>,
    folder: TempDir,
    /// State that the account has after the job if there is no fault.
    expected: State,
    /// Files that an export writes if there is no fault, with their contents.
    files: BTreeMap<String, Vec<u8>>,
}

/// Result of one run of a job: the outcome of each asset, and the ID of its copy if there is one.
#[derive(Debug, Default)]
pub struct Ran {
    outcomes: BTreeMap<String, (Class, Option<String>)>,
    /// Text of the report or of the error.
    text: String,
}

/// Outcome of an asset. Successful outcomes are not distinguished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Done,
    Rejected,
    Unknown,
    NotSent,
}

impl Ran {
    fn of<I: Display>(report: &Report<I>) -> Self {
        let outcome = |entry: &Entry<I>| {
            let class = match &entry.outcome {
                outcome if outcome.is_success() => Class::Done,
                Outcome::Rejected { .. } => Class::Rejected,
                Outcome::Unknown { .. } => Class::Unknown,
                _ => Class::NotSent,
            };
            let copy = entry.copy().map(ToString::to_string);
            (entry.id.to_string(), (class, copy))
        };
        let entries = report.entries();
        let outcomes: BTreeMap<_, _> = entries.iter().map(outcome).collect();
        assert_eq!(outcomes.len(), entries.len(), "an ID came out twice: {report}");
        Self {
            outcomes,
            text: report.to_string(),
        }
    }

    /// Returns the result of a job that ended before its first change. All assets must be unchanged.
    fn nothing_sent(world: &World, error: &dyn Display) -> Self {
        let keys = world.keys().into_iter();
        Self {
            outcomes: keys.map(|key| (key, (Class::NotSent, None))).collect(),
            text: error.to_string(),
        }
    }

    /// Returns true if all assets are done.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.outcomes.values().all(|(class, _)| *class == Class::Done)
    }

    /// Returns true if a repetition of the job has nothing to do: each asset is done, rejected or unknown.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.outcomes.values().all(|(class, _)| *class != Class::NotSent)
    }

    /// Returns the number of assets for each outcome, as text.
    #[must_use]
    pub fn counts(&self) -> String {
        let mut counts = Counts::default();
        for (class, _) in self.outcomes.values() {
            match class {
                Class::Done => counts.done += 1,
                Class::Rejected => counts.rejected += 1,
                Class::Unknown => counts.unknown += 1,
                Class::NotSent => counts.not_sent += 1,
            }
        }
        counts.to_string().replace("0 done, ", "")
    }

    /// Text of the report or of the error.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A client that reaches the service without a fault. Must be called within a Tokio runtime.
fn faultless(fake: &Fake) -> Client {
    client_over(InProcess::new(fake)).build().unwrap()
}

/// Creates the account of a job.
fn seeded(settings: Settings, job: Job, size: JobSize) -> (Fake, Vec<String>) {
    let fake = Fake::new(settings);
    let ids = fake.seed_many(size.assets);
    fake.seed_category(CATEGORY, "Shelf");
    fake.seed_offer_source(BYSTANDER);
    for (number, id) in ids.iter().enumerate() {
        if matches!(job, Job::Archive | Job::Delete) && number % 2 == 0 {
            fake.seed_page(&format!("page of {id}"), id);
        }
    }
    (fake, ids)
}

/// Changes assets. A plan that restores them must then save, move, unarchive and archive.
fn disturb(fake: &Fake, ids: &[String]) {
    for (number, id) in ids.iter().enumerate() {
        let (property, value) = match number % 4 {
            0 => ("postbackTxId", "changed"),
            1 => ("idCategory", ""),
            2 => ("status", "archived"),
            _ => ("status", "active"),
        };
        fake.set("offersource", id, property, value);
    }
}

impl World {
    /// Creates the account of a job, and runs the job without a fault on a second, equal account.
    #[must_use]
    pub fn new(settings: &Settings, job: Job, size: JobSize) -> Self {
        let settings = Settings {
            log: LogRetention::All,
            ..settings.clone()
        };
        let mut world = Self::prepared(&settings, job, size);
        let twin = Self::prepared(&settings, job, size);
        let ran = run(async { twin.run(&faultless(&twin.fake)).await });
        assert!(ran.is_done(), "without a fault: {}", ran.text);
        world.expected = twin.fake.state();
        if job == Job::Export {
            world.files = files(&twin.folder.path().join("backup"));
        }
        world
    }

    fn prepared(settings: &Settings, job: Job, size: JobSize) -> Self {
        let (fake, ids) = seeded(settings.clone(), job, size);
        let folder = tempfile::tempdir().unwrap();
        let plan = matches!(job, Job::Apply | Job::Undo).then(|| run(plan(&fake, &ids, job, folder.path())));
        fake.clear_log();
        Self {
            expected: fake.state(),
            fake,
            job,
            size,
            ids,
            plan,
            folder,
            files: BTreeMap::new(),
        }
    }

    /// Keys of the assets of the job, as reports name them.
    fn keys(&self) -> BTreeSet<String> {
        match &self.plan {
            Some(plan) => plan
                .entries()
                .iter()
                .map(|entry| entry.key().to_string())
                .collect(),
            None => self.ids.iter().cloned().collect(),
        }
    }

    /// Arguments with which the program runs the same bulk job.
    #[must_use]
    pub fn command(&self) -> Vec<String> {
        let options: &[&str] = match self.job {
            Job::Archive => &["archive", "--children", "cascade"],
            Job::Delete => &["delete", "--children", "cascade"],
            Job::Move => &["move", "--to", CATEGORY],
            _ => &["duplicate", "--name", "Copy of {id}"],
        };
        let options = options.iter().map(|option| (*option).to_owned());
        options.chain(self.ids.iter().cloned()).collect()
    }

    /// Converts the outcomes that the program has printed. Each item consists of the ID of an asset, its
    /// outcome, and the ID of its copy. If there are no items, nothing was sent.
    pub fn ran(&self, outcomes: impl Iterator<Item = (String, String, Option<String>)>, text: String) -> Ran {
        let outcomes: BTreeMap<_, _> = outcomes
            .map(|(id, outcome, copy)| {
                let class = match outcome.as_str() {
                    outcome if outcome.starts_with("done") || outcome.starts_with("already") => Class::Done,
                    "rejected" => Class::Rejected,
                    "unknown" => Class::Unknown,
                    "not sent" => Class::NotSent,
                    outcome => panic!("{id} has the outcome {outcome:?}"),
                };
                (id, (class, copy))
            })
            .collect();
        if outcomes.is_empty() {
            return Ran::nothing_sent(self, &text);
        }
        Ran { outcomes, text }
    }

    /// Replaces the base URL in the plan of the job, if the job has a plan. Afterwards, clients must reach
    /// the account under the new base URL. Must be called within a Tokio runtime.
    pub fn move_to(&mut self, base_url: &str) {
        if let Some(plan) = &mut self.plan {
            let path = self.folder.path().join("plan.json");
            let text = plan.to_json();
            let recorded = format!("\"base_url\": {:?}", faultless(&self.fake).base_url());
            assert!(text.contains(&recorded), "{text}");
            let moved = text.replace(&recorded, &format!("\"base_url\": {base_url:?}"));
            std::fs::write(&path, moved).unwrap();
            *plan = ChangePlan::read(&path).unwrap();
        }
    }

    /// Runs the job, or continues it from its journal.
    pub async fn run(&self, client: &Client) -> Ran {
        let sources = client.offer_sources();
        let ids = || self.ids.iter().map(String::as_str);
        let journal = self.folder.path().join("job.journal");
        macro_rules! bulk {
            ($job:expr) => {{
                let job = $job
                    .chunk_size(self.size.chunk)
                    .concurrency(self.size.concurrency);
                match job.journal(&journal).send().await {
                    Ok(report) => Ran::of(&report),
                    Err(error) => Ran::nothing_sent(self, &error),
                }
            }};
        }
        match self.job {
            Job::Archive => bulk!(
                sources
                    .bulk_archive(ids())
                    .children(Cascade::cascade())
                    .verify(true)
            ),
            Job::Delete => bulk!(
                sources
                    .bulk_delete(ids())
                    .children(Cascade::cascade())
                    .verify(true)
            ),
            Job::Move => bulk!(sources.move_to_category(ids(), CATEGORY).verify(true)),
            Job::Duplicate => {
                let copies = sources.duplicate_many(ids(), |id| DuplicateRequest::new(copy_of(id.as_str())));
                let copies = copies
                    .concurrency(self.size.concurrency)
                    .verify(true)
                    .journal(&journal);
                match copies.send().await {
                    Ok(report) => Ran::of(&report),
                    Err(error) => Ran::nothing_sent(self, &error),
                }
            }
            Job::Export => self.export(client).await,
            Job::Apply | Job::Undo => {
                let plan = self.plan.as_ref().unwrap();
                let apply = plan.apply(client).concurrency(self.size.concurrency);
                let sent: Result<_, PlanError> = apply.journal(&journal).acknowledge_inferred().send().await;
                match sent {
                    Ok(report) => Ran::of(&report),
                    Err(error) => Ran::nothing_sent(self, &error),
                }
            }
        }
    }

    async fn export(&self, client: &Client) -> Ran {
        let export = Snapshot::export(client).groups(["offer-sources", "categories"]);
        let path = self.folder.path().join("backup");
        let is_repeated = Snapshot::open(&path).is_ok();
        let exported: Result<Snapshot, ExportError> =
            export.concurrency(self.size.concurrency).to_folder(&path).await;
        match exported {
            Ok(snapshot) => Ran {
                outcomes: self
                    .keys()
                    .into_iter()
                    .map(|key| (key, (Class::Done, None)))
                    .collect(),
                text: format!("{} assets", snapshot.keys().count()),
            },
            Err(error) => {
                assert!(
                    is_repeated || Snapshot::open(&path).is_err(),
                    "{error}, but there is a whole snapshot"
                );
                Ran::nothing_sent(self, &error)
            }
        }
    }

    /// Compares a report with the account before and after the run. Returns all contradictions.
    #[must_use]
    pub fn contradictions(&self, ran: &Ran, before: &State) -> Vec<String> {
        let after = self.fake.state();
        let mut found = Vec::new();
        let mut require = |holds: bool, problem: &dyn Fn() -> String| {
            if !holds {
                found.push(problem());
            }
        };
        let reported: BTreeSet<String> = ran.outcomes.keys().cloned().collect();
        require(reported == self.keys(), &|| {
            format!("the report has the IDs {reported:?}")
        });
        let mut copies = BTreeSet::new();
        for (key, (class, copy)) in &ran.outcomes {
            let (old, new, done) = (
                Self::shown(before, key),
                Self::shown(&after, key),
                Self::shown(&self.expected, key),
            );
            let context = || format!("{key} is {class:?} {copy:?}: {old:?} became {new:?}, not {done:?}");
            if self.job == Job::Duplicate {
                let made: Vec<&str> = copies_of(&after, key);
                let right = match (class, copy) {
                    (Class::Done, Some(copy)) => made == [copy.as_str()] && copies.insert(copy.clone()),
                    (Class::Done, None) => false,
                    (Class::Unknown, _) => made.len() <= 1,
                    _ => made == copies_of(before, key),
                };
                require(right, &|| {
                    format!("{key} is {class:?} {copy:?}: the copies are {made:?}")
                });
                continue;
            }
            match class {
                Class::Done => require(new == done, &context),
                Class::Rejected | Class::NotSent => require(new == old, &context),
                Class::Unknown => {}
            }
        }
        let count = |state: &State| state.all().count();
        require(count(&after) <= count(&self.expected), &|| {
            format!(
                "{} assets, expected at most {}",
                count(&after),
                count(&self.expected)
            )
        });
        for (kind, asset) in self.expected.all() {
            let is_outside = asset.id == BYSTANDER || kind == "category";
            let now = after.asset(kind, &asset.id);
            require(
                !is_outside || now.map(|now| &now.body) == Some(&asset.body),
                &|| format!("outside the job, {asset:?} became {now:?}"),
            );
        }
        if self.job == Job::Export {
            require(&after == before, &|| "the export changed the account".to_owned());
            require(!ran.is_done() || self.is_export_right(), &|| {
                "the snapshot differs from that without a fault".to_owned()
            });
        }
        let tokens = [self.fake.access_token(), "fake-refresh-token".to_owned()];
        require(tokens.iter().all(|token| !ran.text.contains(token)), &|| {
            format!("the report shows a token: {}", ran.text)
        });
        found
    }

    fn is_export_right(&self) -> bool {
        files(&self.folder.path().join("backup")) == self.files
    }

    /// Returns the bodies of the assets that a job may change for the asset with this key: the offer source
    /// and its page. Properties that are empty or managed by the service are left out.
    fn shown(state: &State, key: &str) -> Vec<Option<Map<String, Value>>> {
        let id = key.rsplit('/').next().unwrap_or(key);
        let body = |kind: &str, id: &str| {
            let asset = state.asset(kind, id)?;
            let mut body = asset.body.clone();
            for name in MANAGED {
                body.remove(name);
            }
            // A restore may add empty properties to an asset.
            body.retain(|_, value| *value != "" && !value.is_null());
            Some(body)
        };
        vec![body("offersource", id), body("page", &format!("page of {id}"))]
    }
}

/// Name of a copy.
fn copy_of(id: &str) -> String {
    format!("Copy of {id}")
}

fn copies_of<'s>(state: &'s State, id: &str) -> Vec<&'s str> {
    let name = copy_of(id);
    let copies = state.offer_sources().filter(|asset| asset.name == name);
    copies
        .filter(|asset| asset.status != Status::Deleted)
        .map(|asset| asset.id.as_str())
        .collect()
}

/// Makes the plan of a job on an account, without a fault.
async fn plan(fake: &Fake, ids: &[String], job: Job, folder: &Path) -> ChangePlan {
    let client = faultless(fake);
    for id in ids {
        fake.set("offersource", id, "idCategory", CATEGORY);
    }
    for id in ids.iter().skip(3).step_by(4) {
        fake.set("offersource", id, "status", "archived");
    }
    // The snapshot comes from another account, which has the same assets and one more.
    let (twin, twins) = seeded(
        fake.settings(),
        job,
        JobSize {
            assets: ids.len(),
            chunk: 1,
            concurrency: 1,
        },
    );
    assert_eq!(twins, ids);
    for asset in fake.state().offer_sources() {
        twin.seed("offersource", Value::Object(asset.body.clone()));
    }
    twin.seed_offer_source(CREATED);
    let export = Snapshot::export(&faultless(&twin)).groups(["offer-sources"]);
    let snapshot = export.to_folder(folder.join("wanted")).await.unwrap();
    fake.seed_offer_source("2nIemX000001");
    disturb(fake, ids);
    let restore = ChangePlan::restore(&snapshot).others(AssetsNotInSnapshot::Archive);
    let plan = restore.plan(&client).await.unwrap();
    if job == Job::Apply {
        return plan;
    }
    let journal = folder.join("applied.journal");
    let report = plan.apply(&client).journal(&journal).send().await.unwrap();
    assert!(report.is_success(), "{report}");
    ChangePlan::undo(&client, &journal).await.unwrap()
}

/// Files of a snapshot with their contents. The manifest is left out, because it contains times.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for group in ["offer-sources", "categories"] {
        for entry in std::fs::read_dir(folder.join(group)).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = format!("{group}/{}", path.file_name().unwrap().to_string_lossy());
            files.insert(name, std::fs::read(&path).unwrap());
        }
    }
    files
}
