//! Every ability of `ext` × every fault × met by one or by all of its writes, or of its reads.

use crate::expectation::{Promise, Seen};
use crate::{Script, none_is_wrong, on_all_cores, run};
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

/// How many assets the job of a cell is about, two a request, one request at a time.
const IDS: usize = 6;
const CHUNK: usize = 2;
/// How often a bulk job tries a step again: the documented default.
const RETRIES: u32 = 2;
/// To whom children move.
const KEEPER: &str = "2nIemJxCKbFK";
/// What `create_or_save` creates.
const NEW: &str = "2nIemJxCKbFN";
const CATEGORY: &str = "2nIemJxCKbFC";
/// What is written into the field that the single abilities change.
const CHANGED: &str = "changed";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ability {
    Archive(Children),
    Unarchive,
    Delete(Children),
    MoveToCategory,
    DuplicateMany,
    FindMany,
    Update,
    Create,
    Save,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Children {
    Leave,
    Cascade,
    Move,
    Orphan,
}

const ABILITIES: [Ability; 15] = [
    Ability::Archive(Children::Leave),
    Ability::Archive(Children::Cascade),
    Ability::Archive(Children::Move),
    Ability::Archive(Children::Orphan),
    Ability::Unarchive,
    Ability::Delete(Children::Leave),
    Ability::Delete(Children::Cascade),
    Ability::Delete(Children::Move),
    Ability::Delete(Children::Orphan),
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
            Self::Archive(Children::Leave) => "bulk_archive",
            Self::Archive(Children::Cascade) => "bulk_archive, cascade",
            Self::Archive(Children::Move) => "bulk_archive, move",
            Self::Archive(Children::Orphan) => "bulk_archive, orphan",
            Self::Unarchive => "bulk_unarchive",
            Self::Delete(Children::Leave) => "bulk_delete",
            Self::Delete(Children::Cascade) => "bulk_delete, cascade",
            Self::Delete(Children::Move) => "bulk_delete, move",
            Self::Delete(Children::Orphan) => "bulk_delete, orphan",
            Self::MoveToCategory => "move_to_category",
            Self::DuplicateMany => "duplicate_many",
            Self::FindMany => "find_many",
            Self::Update => "update",
            Self::Create => "create_or_save, new",
            Self::Save => "create_or_save, there",
        }
    }

    /// What is promised of the operation that writes.
    const fn promise(self) -> Promise {
        let repeat = match self {
            Self::DuplicateMany => Repeat::Never,
            Self::Create => Repeat::ClientId,
            _ => Repeat::Idempotent,
        };
        Promise {
            repeat,
            data: matches!(self, Self::DuplicateMany),
        }
    }

    /// Whether it is a job of the engine, which tries again by itself.
    const fn is_engine(self) -> bool {
        matches!(
            self,
            Self::Archive(_) | Self::Unarchive | Self::Delete(_) | Self::MoveToCategory
        )
    }

    /// How many IDs it is about.
    const fn ids(self) -> usize {
        match self {
            Self::Update | Self::Create | Self::Save => 1,
            _ => IDS,
        }
    }
}

/// Which requests meet the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Met {
    Writes,
    Reads,
}

/// How many IDs came out as what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    done: usize,
    unknown: usize,
    not_sent: usize,
}

impl Counts {
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

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            (self.done, "done"),
            (self.unknown, "unknown"),
            (self.not_sent, "not sent"),
        ];
        let said = all.iter().filter(|(count, _)| *count > 0);
        let said: Vec<String> = said.map(|(count, name)| format!("{count} {name}")).collect();
        formatter.write_str(&said.join(", "))
    }
}

/// What is promised: how the IDs end, and for how long the job may run.
fn expected(ability: Ability, fault: &Fault, met: Met, script: Script) -> (Counts, Duration) {
    let seen = Seen::of(fault);
    let counts = match met {
        Met::Writes => writes(ability, seen, fault.applies(), script),
        Met::Reads => reads(ability, seen, script),
    };
    (counts, longest(ability, seen, script))
}

fn writes(ability: Ability, seen: Seen, applies: bool, script: Script) -> Counts {
    let promise = ability.promise();
    let ids = ability.ids();
    let all = |counts: fn(usize) -> Counts| counts(ids);
    if ability == Ability::FindMany || seen.is_success(promise) {
        return all(Counts::done);
    }
    // Where it may have been applied, reading tells.
    let settled: fn(usize) -> Counts = match (seen.leaves_doubt(promise), applies) {
        (true, true) => Counts::done,
        (true, false) => Counts::unknown,
        (false, _) => Counts::not_sent,
    };
    if script == Script::Always {
        return all(settled);
    }
    if seen.is_repeated(promise.repeat) {
        return all(Counts::done);
    }
    // One write, the second of a job, met it and was not sent again by the call.
    match ability {
        Ability::DuplicateMany if seen.waits_too_long() => Counts {
            not_sent: ids - 1,
            ..Counts::done(1)
        },
        // It was turned away, and the job sends it again.
        Ability::DuplicateMany if !seen.leaves_doubt(promise) => all(Counts::done),
        Ability::DuplicateMany => {
            let one = settled(1);
            Counts {
                done: ids - 1 + one.done,
                ..one
            }
        }
        // The service is left alone.
        _ if ability.is_engine() && seen.waits_too_long() => Counts {
            not_sent: ids - CHUNK,
            ..Counts::done(CHUNK)
        },
        _ if ability.is_engine() => all(Counts::done),
        _ => all(settled),
    }
}

fn reads(ability: Ability, seen: Seen, script: Script) -> Counts {
    let ids = ability.ids();
    let read = Promise {
        repeat: Repeat::Read,
        data: true,
    };
    let passes = script == Script::Once && seen.is_repeated(Repeat::Read);
    if seen.is_success(read) || passes {
        return Counts::done(ids);
    }
    match ability {
        _ if seen.waits_too_long() && ability == Ability::DuplicateMany => Counts::not_sent(ids),
        // Its lists are read for the case that an answer is lost.
        Ability::DuplicateMany => Counts::done(ids),
        Ability::FindMany if script == Script::Once => Counts {
            not_sent: CHUNK,
            ..Counts::done(ids - CHUNK)
        },
        _ if ability.is_engine() && script == Script::Once && !seen.waits_too_long() => Counts::done(ids),
        _ => Counts::not_sent(ids),
    }
}

/// The longest time that it may take: of all calls that it may have to make, each with all its tries, and the pauses in between.
fn longest(ability: Ability, seen: Seen, script: Script) -> Duration {
    let one_try = match seen {
        Seen::Silence => Duration::from_mins(1),
        _ => Duration::ZERO,
    };
    // The waits between five tries, by back-off or as the service asks.
    let waits = match seen {
        Seen::Status(429 | 503, Some(_)) => Duration::from_millis(8_800),
        _ => Duration::from_millis(7_500),
    };
    // Of a step: between its tries, and before an accepted change is read once more.
    let pauses = Duration::from_secs(4);
    match script {
        Script::Once => one_try + waits + pauses * 2,
        Script::Always => {
            let call = (one_try * 5 + waits).min(Duration::from_secs(301));
            let steps = if ability.is_engine() {
                // A chunk that the service fails at is cut until each ID stands alone.
                ability.ids().div_ceil(CHUNK) * (RETRIES as usize + 1 + CHUNK)
            } else {
                // Duplicates look at two lists besides.
                ability.ids() + 2
            };
            (call + pauses) * u32::try_from(steps).unwrap()
        }
    }
}

/// A server with all that the abilities work on.
fn server(ability: Ability) -> (Fake, Vec<String>) {
    let fake = Fake::default();
    let ids = match ability {
        Ability::Create => vec![NEW.to_owned()],
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

/// Runs the ability, and says how its IDs ended: those that are done, unknown, and not sent.
async fn perform(client: &Client, ability: Ability, ids: &[String]) -> Ends {
    let sources = client.offer_sources();
    let ids = || ids.to_vec();
    macro_rules! job {
        ($job:expr) => {{
            let job: Bulk<_, _> = $job;
            Ends::of(&job.chunk_size(CHUNK).concurrency(1).send().await.unwrap())
        }};
    }
    let children = |children| match children {
        Children::Leave => Cascade::leave(),
        Children::Cascade => Cascade::cascade(),
        Children::Move => Cascade::move_to(KEEPER),
        Children::Orphan => Cascade::orphan(),
    };
    match ability {
        Ability::Archive(what) => job!(sources.bulk_archive(ids()).children(children(what))),
        Ability::Unarchive => job!(sources.bulk_unarchive(ids())),
        Ability::Delete(what) => job!(sources.bulk_delete(ids()).children(children(what))),
        Ability::MoveToCategory => job!(sources.move_to_category(ids(), CATEGORY)),
        Ability::DuplicateMany => {
            let copies = sources.duplicate_many(ids(), |id| DuplicateRequest::new(copy_of(id.as_str())));
            Ends::of(&copies.concurrency(1).send().await.unwrap())
        }
        Ability::FindMany => {
            let find = sources.find_many(ids()).chunk_size(CHUNK).concurrency(1);
            let found = find.send().await.unwrap();
            assert!(found.missing.is_empty(), "{:?}", found.missing);
            Ends {
                done: found
                    .assets
                    .iter()
                    .map(|asset| asset.id_offer_source.to_string())
                    .collect(),
                not_sent: found.unreadable.iter().map(|(id, _)| id.to_string()).collect(),
                ..Ends::default()
            }
        }
        Ability::Update => {
            let update = sources.update(ids()[0].as_str(), |source: &mut OfferSource| {
                source.postback_tx_id = Some(CHANGED.to_owned());
            });
            match update.send().await {
                Ok(updated) => assert_eq!(updated.changed, ["/postbackTxId"]),
                Err(UpdateError::Find(_) | UpdateError::Refused(_)) => return Ends::not_sent(ids()),
                Err(UpdateError::Unknown(_)) => return Ends::unknown(ids()),
                Err(other) => panic!("{other}"),
            }
            Ends::done(ids())
        }
        Ability::Create | Ability::Save => {
            let asset = OfferSource::new(ids()[0].as_str(), "as it ought to be").with_postback_tx_id(CHANGED);
            match sources.create_or_save(asset).await {
                Ok(_) => Ends::done(ids()),
                Err(StoreError::Find { .. } | StoreError::Refused { .. }) => Ends::not_sent(ids()),
                Err(StoreError::Unknown { .. }) => Ends::unknown(ids()),
                Err(other) => panic!("{other}"),
            }
        }
    }
}

fn copy_of(id: &str) -> String {
    format!("Copy of {id}")
}

/// The IDs by how they ended.
#[derive(Debug, Default)]
struct Ends {
    done: BTreeSet<String>,
    unknown: BTreeSet<String>,
    not_sent: BTreeSet<String>,
}

impl Ends {
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
        let mut ends = Self::default();
        for entry in report.entries() {
            let list = match &entry.outcome {
                outcome if outcome.is_success() => &mut ends.done,
                funnelflux::ext::Outcome::Unknown { .. } => &mut ends.unknown,
                funnelflux::ext::Outcome::NotSent { .. } => &mut ends.not_sent,
                other => panic!("nothing here is rejected: {other:?}"),
            };
            assert!(list.insert(entry.id.to_string()), "{} came out twice", entry.id);
        }
        ends
    }

    fn counts(&self) -> Counts {
        Counts {
            done: self.done.len(),
            unknown: self.unknown.len(),
            not_sent: self.not_sent.len(),
        }
    }
}

/// Whether the server has done to an ID what was asked, exactly once; `None` if it has done something else.
fn is_done(ability: Ability, id: &str, before: &State, after: &State) -> Option<bool> {
    let (was, is) = (before.offer_source(id), after.offer_source(id));
    let page = after.page(&format!("page of {id}")).unwrap();
    let page_was = before.page(&page.id).unwrap();
    let status = |status: Status, children: Children| {
        let page_is = match children {
            Children::Leave => page == page_was,
            Children::Cascade => page.status == status,
            Children::Move => page.parent.as_deref() == Some(KEEPER),
            Children::Orphan => page.parent.is_none(),
        };
        page_is && is.is_some_and(|asset| asset.status == status)
    };
    let done = match ability {
        Ability::Archive(children) => status(Status::Archived, children),
        Ability::Unarchive => status(Status::Active, Children::Leave),
        Ability::Delete(children) => status(Status::Deleted, children),
        Ability::MoveToCategory => is.is_some_and(|asset| asset.category == CATEGORY),
        Ability::DuplicateMany => {
            let name = copy_of(id);
            match after.offer_sources().filter(|asset| asset.name == name).count() {
                0 => false,
                1 => true,
                _ => return None,
            }
        }
        Ability::FindMany => return Some(was == is),
        Ability::Update | Ability::Create | Ability::Save => {
            is.is_some_and(|asset| asset.body["postbackTxId"] == CHANGED)
        }
    };
    (done || (was == is && page == page_was)).then_some(done)
}

/// What one ability does under each fault, in the words of the page.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// Fault, and what comes out: writes met once and always, reads met once and always.
    pub(crate) cells: Vec<(String, [String; 4])>,
    wrong: Vec<String>,
}

/// Tries all of it.
pub(crate) fn matrix() -> Vec<Column> {
    let columns = on_all_cores(&ABILITIES, |ability| column(*ability));
    none_is_wrong(columns.iter().flat_map(|column| &column.wrong));
    columns
}

fn column(ability: Ability) -> Column {
    let mut wrong = Vec::new();
    let cells = faults()
        .map(|fault| {
            let said = [
                (Met::Writes, Script::Once),
                (Met::Writes, Script::Always),
                (Met::Reads, Script::Once),
                (Met::Reads, Script::Always),
            ]
            .map(|(met, script)| {
                wrong.extend(check(ability, &fault, met, script));
                expected(ability, &fault, met, script).0.to_string()
            });
            (fault.to_string(), said)
        })
        .collect();
    Column {
        name: ability.name(),
        cells,
        wrong,
    }
}

/// What is wrong with a cell; nothing, if it is as promised.
fn check(ability: Ability, fault: &Fault, met: Met, script: Script) -> Option<String> {
    let (fake, ids) = server(ability);
    let before = fake.state();
    // In a job, the second write meets it: what was done before it must stay done.
    let passes = u64::from(met == Met::Writes && ability.ids() > 1 && script == Script::Once);
    let rule = Rule::new(fault.clone())
        .when(move |request| {
            let reads = request.method == http::Method::GET;
            reads == (met == Met::Reads) && request.operation != Some("POST /auth/validate")
        })
        .after(passes);
    fake.inject(match script {
        Script::Once => rule,
        Script::Always => rule.always(),
    });
    let (ends, took) = run(async {
        let client = client(&fake).max_response_bytes(LARGE).build().unwrap();
        let start = Instant::now();
        (perform(&client, ability, &ids).await, start.elapsed())
    });
    let after = fake.state();
    let (counts, longest) = expected(ability, fault, met, script);
    let states: Vec<(&String, Option<bool>)> = ids
        .iter()
        .filter(|id| before.page(&format!("page of {id}")).is_some())
        .map(|id| (id, is_done(ability, id, &before, &after)))
        .collect();
    let holds = |id: &String, done: Option<bool>| match done {
        None => false,
        Some(true) => ability == Ability::FindMany || ends.done.contains(id),
        // Unknown here means that it was not applied: the fake knows.
        Some(false) => ends.unknown.contains(id) || ends.not_sent.contains(id),
    };
    let in_one: usize = ends.counts().done + ends.counts().unknown + ends.counts().not_sent;
    let created = |state: &State| state.offer_sources().count() - before.offer_sources().count();
    let may_create = match ability {
        Ability::DuplicateMany | Ability::Create => ends.done.len(),
        _ => 0,
    };
    let bystander = |state: &State| {
        let pages = state.page("page of the keeper").cloned();
        (state.offer_source(KEEPER).cloned(), pages)
    };
    let checks = [
        ("outcomes", ends.counts() == counts),
        ("an ID is lost", in_one == ids.len()),
        ("server", states.iter().all(|(id, done)| holds(id, *done))),
        ("number of assets", created(&after) == may_create),
        ("bystander", bystander(&before) == bystander(&after)),
        ("time", took <= longest),
    ];
    let wrong: Vec<&str> = checks
        .iter()
        .filter(|(_, holds)| !holds)
        .map(|(what, _)| *what)
        .collect();
    (!wrong.is_empty()).then(|| {
        format!(
            "{} × {fault} × {met:?} {script:?}: {} not as promised\n  expected {counts} within {longest:?}\n  \
             after {took:?} and {} requests: {ends:?}\n  on the server: {states:?}",
            ability.name(),
            wrong.join(", "),
            fake.request_count(),
        )
    })
}
