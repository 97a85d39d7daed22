//! Tests every ability of `ext`, that is, every operation of a handle, such as `bulk_archive`. Every fault is
//! injected into one or all of the ability's writes, or into one or all of its reads.
//!
//! The file is long because the model, the setup and the assertions of an ability belong together.

use crate::expectation::{Guarantees, VisibleFault};
use crate::{Occurrence, assert_no_failures, on_all_cores, run};
use funnelflux::Client;
use funnelflux::ext::{
    Bulk, BulkArchive as _, BulkDelete as _, BulkUnarchive as _, Cascade, CreateOrSave as _,
    DuplicateMany as _, FindMany as _, MoveToCategory as _, Report, StoreError, Update as _, UpdateError,
};
use funnelflux::operations::Repeat;
use funnelflux::types::{DuplicateRequest, OfferSource, OfferSourceId};
use funnelflux_fake::{Fake, Fault, Rule, State, Status};
use funnelflux_suites::{LARGE, client, faults};
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

/// Number of assets in a job. A job sends one request at a time, with [`CHUNK`] IDs.
const IDS: usize = 6;
const CHUNK: usize = 2;
/// Number of times that a bulk job repeats a failed step: the documented default.
const RETRIES: u32 = 2;
/// Number of lost responses after which a duplication stops.
const MAX_LOST: usize = 5;
/// ID of the parent to which children are moved.
const KEEPER: &str = "2nIemJxCKbFK";
/// ID that `create_or_save` creates.
const NEW_ID: &str = "2nIemJxCKbFN";
const CATEGORY: &str = "2nIemJxCKbFC";
/// Value that `Update`, `Create` and `Save` write into an asset.
const CHANGED: &str = "changed";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ability {
    Archive(ChildrenOption),
    Unarchive,
    Delete(ChildrenOption),
    MoveToCategory,
    DuplicateMany,
    FindMany,
    Update,
    Create,
    Save,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChildrenOption {
    Leave,
    Cascade,
    Move,
    Orphan,
}

const ABILITIES: [Ability; 15] = [
    Ability::Archive(ChildrenOption::Leave),
    Ability::Archive(ChildrenOption::Cascade),
    Ability::Archive(ChildrenOption::Move),
    Ability::Archive(ChildrenOption::Orphan),
    Ability::Unarchive,
    Ability::Delete(ChildrenOption::Leave),
    Ability::Delete(ChildrenOption::Cascade),
    Ability::Delete(ChildrenOption::Move),
    Ability::Delete(ChildrenOption::Orphan),
    Ability::MoveToCategory,
    Ability::DuplicateMany,
    Ability::FindMany,
    Ability::Update,
    Ability::Create,
    Ability::Save,
];

impl Ability {
    const fn name(self) -> &'static str {
        match self {
            Self::Archive(ChildrenOption::Leave) => "bulk_archive",
            Self::Archive(ChildrenOption::Cascade) => "bulk_archive, cascade",
            Self::Archive(ChildrenOption::Move) => "bulk_archive, move",
            Self::Archive(ChildrenOption::Orphan) => "bulk_archive, orphan",
            Self::Unarchive => "bulk_unarchive",
            Self::Delete(ChildrenOption::Leave) => "bulk_delete",
            Self::Delete(ChildrenOption::Cascade) => "bulk_delete, cascade",
            Self::Delete(ChildrenOption::Move) => "bulk_delete, move",
            Self::Delete(ChildrenOption::Orphan) => "bulk_delete, orphan",
            Self::MoveToCategory => "move_to_category",
            Self::DuplicateMany => "duplicate_many",
            Self::FindMany => "find_many",
            Self::Update => "update",
            Self::Create => "create_or_save, new",
            Self::Save => "create_or_save, there",
        }
    }

    /// Guarantees of the API operation with which the ability writes.
    const fn guarantees(self) -> Guarantees {
        let repeat = match self {
            Self::DuplicateMany => Repeat::Never,
            Self::Create => Repeat::ClientId,
            _ => Repeat::Idempotent,
        };
        Guarantees {
            repeat,
            returns_data: matches!(self, Self::DuplicateMany),
        }
    }

    /// Returns true if the ability is a bulk job, which repeats failed steps.
    const fn is_bulk_job(self) -> bool {
        matches!(
            self,
            Self::Archive(_) | Self::Unarchive | Self::Delete(_) | Self::MoveToCategory
        )
    }

    /// Number of IDs to which the ability is applied.
    const fn ids(self) -> usize {
        match self {
            Self::Update | Self::Create | Self::Save => 1,
            _ => IDS,
        }
    }
}

/// The requests that get the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultyRequests {
    Writes,
    Reads,
}

/// Number of IDs per outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct OutcomeCounts {
    done: usize,
    unknown: usize,
    not_sent: usize,
}

impl OutcomeCounts {
    const fn done(done: usize) -> Self {
        Self {
            done,
            unknown: 0,
            not_sent: 0,
        }
    }

    const fn unknown(unknown: usize) -> Self {
        Self {
            unknown,
            ..Self::done(0)
        }
    }

    const fn not_sent(not_sent: usize) -> Self {
        Self {
            not_sent,
            ..Self::done(0)
        }
    }
}

impl fmt::Display for OutcomeCounts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            (self.done, "done"),
            (self.unknown, "unknown"),
            (self.not_sent, "not sent"),
        ];
        let present = all.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = present.map(|(count, name)| format!("{count} {name}")).collect();
        formatter.write_str(&parts.join(", "))
    }
}

/// Returns the expected outcomes and the maximum duration of the ability.
fn expected(
    ability: Ability,
    fault: &Fault,
    faulty: FaultyRequests,
    occurrence: Occurrence,
) -> (OutcomeCounts, Duration) {
    let visible = VisibleFault::of(fault);
    let counts = match faulty {
        FaultyRequests::Writes => writes(ability, visible, fault.applies(), occurrence),
        FaultyRequests::Reads => reads(ability, visible, occurrence),
    };
    (counts, max_duration(ability, visible, occurrence))
}

fn writes(ability: Ability, visible: VisibleFault, applies: bool, occurrence: Occurrence) -> OutcomeCounts {
    let guarantees = ability.guarantees();
    let ids = ability.ids();
    let all = |counts: fn(usize) -> OutcomeCounts| counts(ids);
    if ability == Ability::FindMany || visible.is_success(guarantees) {
        return all(OutcomeCounts::done);
    }
    // After an ambiguous result, reading back shows whether the change was applied.
    let settled: fn(usize) -> OutcomeCounts = match (visible.is_ambiguous(guarantees), applies) {
        (true, true) => OutcomeCounts::done,
        (true, false) => OutcomeCounts::unknown,
        (false, _) => OutcomeCounts::not_sent,
    };
    if occurrence == Occurrence::Always {
        let sent = match ability {
            Ability::DuplicateMany if visible.is_ambiguous(guarantees) => ids.min(MAX_LOST),
            _ => ids,
        };
        let counts = settled(sent);
        return OutcomeCounts {
            not_sent: counts.not_sent + ids - sent,
            ..counts
        };
    }
    if visible.is_repeated(guarantees.repeat) {
        return all(OutcomeCounts::done);
    }
    // One write failed (in a job, the second write), and the call itself did not retry it.
    match ability {
        Ability::DuplicateMany if visible.waits_too_long() => OutcomeCounts {
            not_sent: ids - 1,
            ..OutcomeCounts::done(1)
        },
        // The request was not processed, and the job sends it again.
        Ability::DuplicateMany if !visible.is_ambiguous(guarantees) => all(OutcomeCounts::done),
        Ability::DuplicateMany => {
            let lost = settled(1);
            OutcomeCounts {
                done: ids - 1 + lost.done,
                ..lost
            }
        }
        // The job sends nothing more.
        _ if ability.is_bulk_job() && visible.waits_too_long() => OutcomeCounts {
            not_sent: ids - CHUNK,
            ..OutcomeCounts::done(CHUNK)
        },
        _ if ability.is_bulk_job() => all(OutcomeCounts::done),
        _ => all(settled),
    }
}

fn reads(ability: Ability, visible: VisibleFault, occurrence: Occurrence) -> OutcomeCounts {
    let ids = ability.ids();
    let read = Guarantees {
        repeat: Repeat::Read,
        returns_data: true,
    };
    let passes = occurrence == Occurrence::Once && visible.is_repeated(Repeat::Read);
    if visible.is_success(read) || passes {
        return OutcomeCounts::done(ids);
    }
    match ability {
        _ if visible.waits_too_long() && ability == Ability::DuplicateMany => OutcomeCounts::not_sent(ids),
        // A duplication needs its lists only to find copies after a lost response.
        Ability::DuplicateMany => OutcomeCounts::done(ids),
        Ability::FindMany if occurrence == Occurrence::Once => OutcomeCounts {
            not_sent: CHUNK,
            ..OutcomeCounts::done(ids - CHUNK)
        },
        _ if ability.is_bulk_job() && occurrence == Occurrence::Once && !visible.waits_too_long() => {
            OutcomeCounts::done(ids)
        }
        _ => OutcomeCounts::not_sent(ids),
    }
}

/// Returns the maximum duration: the sum of all possible calls and attempts, and of the pauses in between.
fn max_duration(ability: Ability, visible: VisibleFault, occurrence: Occurrence) -> Duration {
    let one_try = match visible {
        VisibleFault::NoResponse => Duration::from_mins(1),
        _ => Duration::ZERO,
    };
    // The waits between five attempts, by back-off or as requested by the service.
    let waits = match visible {
        VisibleFault::Status(429 | 503, Some(_)) => Duration::from_millis(8_800),
        _ => Duration::from_millis(7_500),
    };
    // Pauses of a step: between its attempts, and before an accepted change is read again.
    let pauses = Duration::from_secs(4);
    match occurrence {
        Occurrence::Once => one_try + waits + pauses * 2,
        Occurrence::Always => {
            let call = (one_try * 5 + waits).min(Duration::from_secs(301));
            let steps = if ability.is_bulk_job() {
                // A chunk that keeps failing is split down to single IDs.
                ability.ids().div_ceil(CHUNK) * (RETRIES as usize + 1 + CHUNK)
            } else {
                // A duplication also reads two lists.
                ability.ids() + 2
            };
            (call + pauses) * u32::try_from(steps).unwrap()
        }
    }
}

/// Creates a server with the assets that the ability needs. Also returns the IDs for the ability.
fn server(ability: Ability) -> (Fake, Vec<String>) {
    let fake = Fake::default();
    let ids = match ability {
        Ability::Create => vec![NEW_ID.to_owned()],
        _ => fake.seed_many(ability.ids()),
    };
    fake.seed_category(CATEGORY, "Shelf");
    fake.seed_offer_source(KEEPER);
    fake.seed_page("page of the keeper", KEEPER);
    for id in &ids {
        fake.seed_page(&format!("page of {id}"), id);
        if ability == Ability::Unarchive {
            fake.set("offersource", id, "status", "archived");
        }
    }
    (fake, ids)
}

/// Runs the ability and returns the outcomes of its IDs.
async fn run_ability(client: &Client, ability: Ability, ids: &[String]) -> OutcomeIds {
    let sources = client.offer_sources();
    let ids = || ids.to_vec();
    macro_rules! job {
        ($job:expr) => {{
            let job: Bulk<_, _> = $job;
            OutcomeIds::of(&job.chunk_size(CHUNK).concurrency(1).send().await.unwrap())
        }};
    }
    let children = |children| match children {
        ChildrenOption::Leave => Cascade::leave(),
        ChildrenOption::Cascade => Cascade::cascade(),
        ChildrenOption::Move => Cascade::move_to(KEEPER),
        ChildrenOption::Orphan => Cascade::orphan(),
    };
    match ability {
        Ability::Archive(option) => job!(sources.bulk_archive(ids()).children(children(option))),
        Ability::Unarchive => job!(sources.bulk_unarchive(ids())),
        Ability::Delete(option) => job!(sources.bulk_delete(ids()).children(children(option))),
        Ability::MoveToCategory => job!(sources.move_to_category(ids(), CATEGORY)),
        Ability::DuplicateMany => {
            let copies = sources.duplicate_many(ids(), |id| DuplicateRequest::new(copy_of(id.as_str())));
            OutcomeIds::of(&copies.concurrency(1).send().await.unwrap())
        }
        Ability::FindMany => {
            let find = sources.find_many(ids()).chunk_size(CHUNK).concurrency(1);
            let found = find.send().await.unwrap();
            assert!(found.missing.is_empty(), "{:?}", found.missing);
            OutcomeIds {
                done: found
                    .assets
                    .iter()
                    .map(|asset| asset.id_offer_source.to_string())
                    .collect(),
                not_sent: found.unreadable.iter().map(|(id, _)| id.to_string()).collect(),
                ..OutcomeIds::default()
            }
        }
        Ability::Update => {
            let update = sources.update(ids()[0].as_str(), |source: &mut OfferSource| {
                source.postback_tx_id = Some(CHANGED.to_owned());
            });
            match update.send().await {
                Ok(updated) => assert_eq!(updated.changed, ["/postbackTxId"]),
                Err(UpdateError::Find(_) | UpdateError::Refused(_)) => return OutcomeIds::not_sent(ids()),
                Err(UpdateError::Unknown(_)) => return OutcomeIds::unknown(ids()),
                Err(error) => panic!("{error}"),
            }
            OutcomeIds::done(ids())
        }
        Ability::Create | Ability::Save => {
            let asset = OfferSource::new(ids()[0].as_str(), "as it ought to be").with_postback_tx_id(CHANGED);
            match sources.create_or_save(asset).await {
                Ok(_) => OutcomeIds::done(ids()),
                Err(StoreError::Find { .. } | StoreError::Refused { .. }) => OutcomeIds::not_sent(ids()),
                Err(StoreError::Unknown { .. }) => OutcomeIds::unknown(ids()),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn copy_of(id: &str) -> String {
    format!("Copy of {id}")
}

/// IDs by outcome.
#[derive(Debug, Default)]
struct OutcomeIds {
    done: BTreeSet<String>,
    unknown: BTreeSet<String>,
    not_sent: BTreeSet<String>,
}

impl OutcomeIds {
    fn done(ids: Vec<String>) -> Self {
        Self {
            done: ids.into_iter().collect(),
            ..Self::default()
        }
    }

    fn unknown(ids: Vec<String>) -> Self {
        Self {
            unknown: ids.into_iter().collect(),
            ..Self::default()
        }
    }

    fn not_sent(ids: Vec<String>) -> Self {
        Self {
            not_sent: ids.into_iter().collect(),
            ..Self::default()
        }
    }

    fn of(report: &Report<OfferSourceId>) -> Self {
        let mut outcomes = Self::default();
        for entry in report.entries() {
            let list = match &entry.outcome {
                outcome if outcome.is_success() => &mut outcomes.done,
                funnelflux::ext::Outcome::Unknown { .. } => &mut outcomes.unknown,
                funnelflux::ext::Outcome::NotSent { .. } => &mut outcomes.not_sent,
                outcome => panic!("unexpected outcome: {outcome:?}"),
            };
            assert!(list.insert(entry.id.to_string()), "{} came out twice", entry.id);
        }
        outcomes
    }

    fn counts(&self) -> OutcomeCounts {
        OutcomeCounts {
            done: self.done.len(),
            unknown: self.unknown.len(),
            not_sent: self.not_sent.len(),
        }
    }
}

/// Compares the assets of an ID before and after the run. Returns true if the change was applied exactly
/// once, false if nothing changed, and `None` in any other case. For `FindMany`, returns true if nothing
/// changed.
fn is_done(ability: Ability, id: &str, before: &State, after: &State) -> Option<bool> {
    let (asset_before, asset) = (before.offer_source(id), after.offer_source(id));
    let page = after.page(&format!("page of {id}")).unwrap();
    let page_before = before.page(&page.id).unwrap();
    let status = |status: Status, children: ChildrenOption| {
        let page_changed = match children {
            ChildrenOption::Leave => page == page_before,
            ChildrenOption::Cascade => page.status == status,
            ChildrenOption::Move => page.parent.as_deref() == Some(KEEPER),
            ChildrenOption::Orphan => page.parent.is_none(),
        };
        page_changed && asset.is_some_and(|asset| asset.status == status)
    };
    let done = match ability {
        Ability::Archive(children) => status(Status::Archived, children),
        Ability::Unarchive => status(Status::Active, ChildrenOption::Leave),
        Ability::Delete(children) => status(Status::Deleted, children),
        Ability::MoveToCategory => asset.is_some_and(|asset| asset.category == CATEGORY),
        Ability::DuplicateMany => {
            let name = copy_of(id);
            match after.offer_sources().filter(|asset| asset.name == name).count() {
                0 => false,
                1 => true,
                _ => return None,
            }
        }
        Ability::FindMany => return Some(asset_before == asset),
        Ability::Update | Ability::Create | Ability::Save => {
            asset.is_some_and(|asset| asset.body["postbackTxId"] == CHANGED)
        }
    };
    (done || (asset_before == asset && page == page_before)).then_some(done)
}

/// Expected outcomes of one ability under each fault, and descriptions of the cells with other outcomes.
pub(crate) struct AbilityColumn {
    pub(crate) name: &'static str,
    /// For each fault, its name, and the outcomes if one write, all writes, one read or all reads get it.
    pub(crate) cells: Vec<(String, [String; 4])>,
    failures: Vec<String>,
}

/// Checks all cells of the matrix.
pub(crate) fn matrix() -> Vec<AbilityColumn> {
    let columns = on_all_cores(&ABILITIES, |ability| column(*ability));
    assert_no_failures(columns.iter().flat_map(|column| &column.failures));
    columns
}

fn column(ability: Ability) -> AbilityColumn {
    let mut failures = Vec::new();
    let cells = faults()
        .map(|fault| {
            let outcomes = [
                (FaultyRequests::Writes, Occurrence::Once),
                (FaultyRequests::Writes, Occurrence::Always),
                (FaultyRequests::Reads, Occurrence::Once),
                (FaultyRequests::Reads, Occurrence::Always),
            ]
            .map(|(faulty, occurrence)| {
                failures.extend(check(ability, &fault, faulty, occurrence));
                expected(ability, &fault, faulty, occurrence).0.to_string()
            });
            (fault.to_string(), outcomes)
        })
        .collect();
    AbilityColumn {
        name: ability.name(),
        cells,
        failures,
    }
}

/// Checks a cell of the matrix. If it differs from the expectation, returns a description of the difference.
fn check(ability: Ability, fault: &Fault, faulty: FaultyRequests, occurrence: Occurrence) -> Option<String> {
    let (fake, ids) = server(ability);
    let before = fake.state();
    // In a job, the second write gets the fault, and the IDs of the first write must stay *done*.
    let passes =
        u64::from(faulty == FaultyRequests::Writes && ability.ids() > 1 && occurrence == Occurrence::Once);
    let rule = Rule::new(fault.clone())
        .when(move |request| {
            let reads = request.method == http::Method::GET;
            reads == (faulty == FaultyRequests::Reads) && request.operation != Some("POST /auth/validate")
        })
        .after(passes);
    fake.inject(match occurrence {
        Occurrence::Once => rule,
        Occurrence::Always => rule.always(),
    });
    let (outcomes, took) = run(async {
        let client = client(&fake).max_response_bytes(LARGE).build().unwrap();
        let start = Instant::now();
        (run_ability(&client, ability, &ids).await, start.elapsed())
    });
    let after = fake.state();
    let (counts, max_duration) = expected(ability, fault, faulty, occurrence);
    let states: Vec<(&String, Option<bool>)> = ids
        .iter()
        .filter(|id| before.page(&format!("page of {id}")).is_some())
        .map(|id| (id, is_done(ability, id, &before, &after)))
        .collect();
    let agrees = |id: &String, done: Option<bool>| match done {
        None => false,
        Some(true) => ability == Ability::FindMany || outcomes.done.contains(id),
        // The state of the fake shows whether an ID with an unknown outcome was changed.
        Some(false) => outcomes.unknown.contains(id) || outcomes.not_sent.contains(id),
    };
    let total: usize = outcomes.counts().done + outcomes.counts().unknown + outcomes.counts().not_sent;
    let created = |state: &State| state.offer_sources().count() - before.offer_sources().count();
    let may_create = match ability {
        Ability::DuplicateMany | Ability::Create => outcomes.done.len(),
        _ => 0,
    };
    let bystander = |state: &State| {
        let pages = state.page("page of the keeper").cloned();
        (state.offer_source(KEEPER).cloned(), pages)
    };
    let checks = [
        ("outcomes", outcomes.counts() == counts),
        ("number of IDs", total == ids.len()),
        ("server", states.iter().all(|(id, done)| agrees(id, *done))),
        ("number of assets", created(&after) == may_create),
        ("bystander", bystander(&before) == bystander(&after)),
        ("time", took <= max_duration),
    ];
    let failures: Vec<&str> = checks
        .iter()
        .filter(|(_, passed)| !passed)
        .map(|(name, _)| *name)
        .collect();
    (!failures.is_empty()).then(|| {
        format!(
            "{} × {fault} × {faulty:?} {occurrence:?}: {} not as expected\n  \
             expected {counts} within {max_duration:?}\n  \
             after {took:?} and {} requests: {outcomes:?}\n  on the server: {states:?}",
            ability.name(),
            failures.join(", "),
            fake.request_count(),
        )
    })
}
