//! Properties that hold for every bulk job, under any settings of the fake and any faults.

use crate::scenario::{
    ChildrenOption, InjectedFault, JobOptions, KEEPER, RequestedChange, Scenario, SourceSetup, scenario,
};
use crate::service::{Alarm, client};
use funnelflux::Client;
use funnelflux::ext::{
    Bulk, BulkArchive as _, BulkDelete as _, BulkUnarchive as _, Entry, InvalidJob, MoveToCategory as _,
    Outcome, Outcomes, Repeated,
};
use funnelflux::types::OfferSourceId;
use funnelflux_fake::Fault;
use funnelflux_fake::{Asset, State, Status};
use funnelflux_suites::run;
use futures_util::StreamExt as _;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::collections::{HashMap, HashSet};
use std::path::Path;

type PropertyResult = Result<(), TestCaseError>;

/// Default number of scenarios for each property, overridden by `FUNNELFLUX_SCENARIOS`.
const SCENARIOS: u32 = 10_000;

/// Checks a property for random scenarios, on all cores.
///
/// `FUNNELFLUX_SEED` repeats a failed run. A failing scenario is reduced to its simplest form.
fn for_all(scenarios: u32, property: fn(&Scenario) -> PropertyResult) {
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    let scenarios =
        number("FUNNELFLUX_SCENARIOS").map_or(scenarios, |count| u32::try_from(count).unwrap_or(u32::MAX));
    let seed = number("FUNNELFLUX_SEED").unwrap_or_else(|| fastrand::u64(..));
    let shards = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    std::thread::scope(|scope| {
        for shard in 0..shards {
            scope.spawn(move || {
                let bytes = [seed.to_le_bytes(), (shard + 1).to_le_bytes()].concat();
                let config = Config {
                    cases: scenarios / u32::try_from(shards).unwrap() + 1,
                    failure_persistence: None,
                    max_shrink_iters: 4_096,
                    ..Config::default()
                };
                let random = TestRng::from_seed(RngAlgorithm::XorShift, &bytes);
                let mut runner = TestRunner::new_with_rng(config, random);
                let result = runner.run(&scenario(), |scenario| property(&scenario));
                if let Err(failure) = result {
                    panic!("{failure}\nrepeat with FUNNELFLUX_SEED={seed}");
                }
            });
        }
    });
}

fn require(holds: bool, what: impl Fn() -> String) -> PropertyResult {
    if holds {
        Ok(())
    } else {
        Err(TestCaseError::fail(what()))
    }
}

enum JournalUse<'p> {
    None,
    At(&'p Path),
}

/// Starts the job of the scenario, and returns the stream of its outcomes.
fn job(
    client: &Client,
    scenario: &Scenario,
    journal: &JournalUse<'_>,
    cancel: Option<&Alarm>,
) -> Result<Outcomes<OfferSourceId>, InvalidJob> {
    let sources = client.offer_sources();
    let ids = scenario.ids();
    macro_rules! set {
        ($bulk:expr) => {{
            let JobOptions {
                chunk_size,
                concurrency,
                retries,
                look_first,
                verify,
                in_order,
                stop_after,
                url_length,
                ..
            } = scenario.options.clone();
            let mut bulk: Bulk<_, _> = $bulk
                .chunk_size(chunk_size)
                .concurrency(concurrency)
                .retries(retries)
                .look_first(look_first)
                .in_order(in_order)
                .url_length(url_length);
            if let Some(verify) = verify {
                bulk = bulk.verify(verify);
            }
            if let Some(stop_after) = stop_after {
                bulk = bulk.stop_after(stop_after);
            }
            if let Some(cancel) = cancel {
                bulk = bulk.cancel_when(cancel.triggered());
            }
            match journal {
                JournalUse::None => {}
                JournalUse::At(path) => bulk = bulk.journal(path),
            }
            bulk.stream()
        }};
    }
    match scenario.action {
        RequestedChange::Archive(children) => set!(sources.bulk_archive(ids).children(children.cascade())),
        RequestedChange::Delete(children) => set!(sources.bulk_delete(ids).children(children.cascade())),
        RequestedChange::Unarchive => set!(sources.bulk_unarchive(ids)),
        RequestedChange::Move(category) => set!(sources.move_to_category(ids, category)),
    }
}

/// Returns true if an asset is in the requested state.
fn is_in_requested_state(action: RequestedChange, asset: Option<&Asset>) -> bool {
    match action {
        RequestedChange::Archive(_) => asset.is_some_and(|asset| asset.status == Status::Archived),
        RequestedChange::Unarchive => asset.is_some_and(|asset| asset.status == Status::Active),
        RequestedChange::Delete(_) => asset.is_none_or(|asset| asset.status == Status::Deleted),
        RequestedChange::Move(category) => asset.is_some_and(|asset| asset.category == category),
    }
}

/// Expected status and parent of a page after the cascade.
fn after_cascade(action: RequestedChange, page: &Asset) -> (Status, Option<String>) {
    let (status, parent) = (page.status.clone(), page.parent.clone());
    if status == Status::Deleted {
        return (status, parent);
    }
    match (action.children(), action) {
        (ChildrenOption::Leave, _) => (status, parent),
        (ChildrenOption::Cascade, RequestedChange::Delete(_)) => (Status::Deleted, parent),
        (ChildrenOption::Cascade, _) => (Status::Archived, parent),
        (ChildrenOption::Move | ChildrenOption::MoveToNowhere, _) => (status, Some(KEEPER.to_owned())),
        // The fake stores an empty string, which it reads as no parent.
        (ChildrenOption::Orphan, _) => (status, None),
    }
}

fn status_and_parent(page: &Asset) -> (Status, Option<String>) {
    (page.status.clone(), page.parent.clone())
}

/// Compares the report of a job with the state of the fake before and after the job.
fn check(
    scenario: &Scenario,
    entries: &[Entry<OfferSourceId>],
    repeated: &[Repeated<OfferSourceId>],
    before: &State,
    after: &State,
    resumed: bool,
) -> PropertyResult {
    let mut distinct = Vec::new();
    let mut times: HashMap<String, usize> = HashMap::new();
    for id in scenario.ids() {
        let count = times.entry(id.clone()).or_default();
        *count += 1;
        if *count == 1 {
            distinct.push(id);
        }
    }
    let reported: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    require(distinct == reported, || {
        format!("IDs of the job: {distinct:?}, of the report: {reported:?}")
    })?;
    let repeated: Vec<(String, usize)> = repeated
        .iter()
        .map(|repeated| (repeated.id.to_string(), repeated.times))
        .collect();
    let expected: Vec<(String, usize)> = distinct
        .iter()
        .map(|id| (id.clone(), times[id]))
        .filter(|(_, times)| *times > 1)
        .collect();
    require(repeated == expected, || {
        format!("repeated IDs: expected {expected:?}, actual {repeated:?}")
    })?;

    for entry in entries {
        check_entry(
            scenario,
            entry.id.as_str(),
            &entry.outcome,
            before,
            after,
            resumed,
        )
        .map_err(|error| TestCaseError::fail(format!("{entry:?}: {error}")))?;
    }

    // Assets outside the job are unchanged.
    let inside: HashSet<&str> = reported.into_iter().collect();
    for segment in ["offersource", "page", "category"] {
        let count = |state: &State| state.assets(segment).count();
        require(count(before) == count(after), || {
            format!("{segment}: the number of assets changed")
        })?;
        for asset in before.assets(segment) {
            let owner = asset.parent.as_deref().unwrap_or(&asset.id);
            if segment == "category" || !inside.contains(owner) {
                let now = after.asset(segment, &asset.id);
                require(now == Some(asset), || {
                    format!("outside the job, {asset:?} became {now:?}")
                })?;
            }
        }
    }
    Ok(())
}

fn check_entry(
    scenario: &Scenario,
    id: &str,
    outcome: &Outcome,
    before: &State,
    after: &State,
    resumed: bool,
) -> PropertyResult {
    let action = scenario.action;
    let (old, new) = (before.offer_source(id), after.offer_source(id));
    let pages = || {
        let pages = before.pages_of(id);
        pages.map(|page| (page, after.page(&page.id).expect("pages are never removed")))
    };
    let unchanged = || pages().all(|(old, new)| old == new);
    let cascaded = || pages().all(|(old, new)| status_and_parent(new) == after_cascade(action, old));
    match outcome {
        Outcome::Done { confirmed } => {
            // A job that does not confirm a change cannot notice a wrong success if it did not read the asset
            // first, or if a fault makes a refused write look successful.
            let unverified = !confirmed
                && (!scenario.options.look_first || scenario.has_wrong_successes())
                && is_in_requested_state(action, old) == is_in_requested_state(action, new);
            require(is_in_requested_state(action, new) || unverified, || {
                format!("done is not true: {new:?}")
            })?;
            let was_in_requested_state =
                is_in_requested_state(action, old) || old.is_none_or(|old| old.status == Status::Deleted);
            require(
                cascaded() || ((was_in_requested_state || unverified) && unchanged()),
                || format!("children: {:?}", pages().collect::<Vec<_>>()),
            )?;
            let only_the_change = old
                .zip(new)
                .is_none_or(|(old, new)| equal_except_for_the_change(old, new));
            require(only_the_change, || format!("{old:?} became {new:?}"))
        }
        Outcome::AlreadySo { children } => {
            require(is_in_requested_state(action, old) || resumed, || {
                format!("reported as done before, actual: {old:?}")
            })?;
            require(is_in_requested_state(action, new), || {
                format!("it is not so: {new:?}")
            })?;
            require(resumed || old == new, || format!("{old:?} became {new:?}"))?;
            require(unchanged() || (children.is_none() && cascaded()), || {
                format!("children: {:?}", pages().collect::<Vec<_>>())
            })
        }
        Outcome::Rejected { .. } | Outcome::NotSent { .. } => {
            require(old == new, || {
                format!("reported as unchanged: {old:?} became {new:?}")
            })?;
            require(unchanged(), || {
                format!("children: {:?}", pages().collect::<Vec<_>>())
            })
        }
        Outcome::Unknown { .. } => require(
            pages().all(|(old, new)| old == new || status_and_parent(new) == after_cascade(action, old)),
            || format!("children: {:?}", pages().collect::<Vec<_>>()),
        ),
        outcome => Err(TestCaseError::fail(format!("unknown outcome: {outcome:?}"))),
    }
}

fn equal_except_for_the_change(old: &Asset, new: &Asset) -> bool {
    let rest = |asset: &Asset| {
        let mut body = asset.body.clone();
        body.remove("status");
        body.remove("idCategory");
        body
    };
    rest(old) == rest(new)
}

/// Runs one job to its end or cancellation, and compares its report with the server.
fn job_reports_the_truth(scenario: &Scenario) -> PropertyResult {
    let fake = scenario.fake();
    let before = fake.state();
    let alarm = Alarm::after(scenario.options.ends_after);
    let client = client(&fake, &alarm);
    let cancel = scenario.options.ends_after.map(|_| &alarm);
    let (entries, repeated) = run(async {
        let outcomes = job(&client, scenario, &JournalUse::None, cancel).unwrap();
        let repeated = outcomes.repeated().to_vec();
        (outcomes.collect::<Vec<_>>().await, repeated)
    });
    let mut sorted = entries.clone();
    sorted.sort_by_key(|entry| entry.position);
    require(!scenario.options.in_order || sorted == entries, || {
        "out of order".to_owned()
    })?;
    check(scenario, &sorted, &repeated, &before, &fake.state(), false)
}

#[test]
fn every_job_reports_the_truth() {
    for_all(SCENARIOS, job_reports_the_truth);
}

/// A chunk that is refused because of a locked parent may be applied in part. If a later request for a parent
/// in the chunk is refused, this refusal reveals nothing about the children.
#[test]
fn a_refusal_after_a_refused_chunk_reveals_nothing_about_children() {
    let source = |locked, pages: &[&'static str]| SourceSetup {
        status: "archived",
        category: "c1",
        locked,
        pages: pages.to_vec(),
    };
    let scenario = Scenario {
        policies: 15_526_513_105_240_503_328,
        max_entries: None,
        max_url_length: None,
        stale_lists: 0,
        sources: vec![source(true, &[]), source(false, &["active"])],
        faults: vec![InjectedFault {
            fault: Fault::ExpireToken,
            reads: false,
            after: 1,
            times: 2,
        }],
        action: RequestedChange::Archive(ChildrenOption::Orphan),
        ids: vec![0, 1],
        options: JobOptions {
            chunk_size: 4,
            concurrency: 3,
            retries: 1,
            look_first: true,
            verify: None,
            in_order: false,
            stop_after: None,
            url_length: 8_000,
            ends_after: None,
        },
    };
    job_reports_the_truth(&scenario).unwrap();
}

/// Drops a job in the middle, as a crash would, and resumes it from its journal with another client.
fn crash_loses_nothing(scenario: &Scenario) -> PropertyResult {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let fake = scenario.fake();
    let before = fake.state();
    let alarm = Alarm::after(scenario.options.ends_after.or(Some(4)));
    let first = client(&fake, &alarm);
    run(async {
        let outcomes = job(&first, scenario, &JournalUse::At(&path), None).unwrap();
        tokio::select! {
            biased;
            () = alarm.triggered() => {}
            _ = outcomes.report() => {}
        }
    });
    // Appends an incomplete last line, as a crash would leave it.
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    std::io::Write::write_all(&mut file, b"{\"settled\":[{\"id\"").unwrap();
    drop(file);
    let journal = funnelflux::ext::Journal::read(&path).unwrap();
    let known = journal.counts();
    let second = client(&fake, &Alarm::after(None));
    let sent_before = fake.request_count();
    let report = run(async {
        let outcomes = job(&second, scenario, &JournalUse::At(&path), None).unwrap();
        outcomes.report().await
    });
    check(
        scenario,
        report.entries(),
        report.repeated(),
        &before,
        &fake.state(),
        true,
    )?;
    require(known.done <= report.counts().done, || {
        "the resumed job forgot IDs that were done".to_owned()
    })?;
    let finished = known.total() == report.counts().total();
    require(!finished || fake.request_count() == sent_before, || {
        "a finished job sent another request".to_owned()
    })
}

#[test]
fn a_crash_at_any_moment_loses_nothing() {
    for_all(SCENARIOS / 10, crash_loses_nothing);
}

/// Checks that a plan changes nothing, and puts each ID into the list that fits the state of its asset.
fn plan_predicts_the_job(scenario: &Scenario) -> PropertyResult {
    let mut scenario = scenario.clone();
    scenario.faults.clear();
    scenario.options.ends_after = None;
    let fake = scenario.fake();
    let before = fake.state();
    let client = client(&fake, &Alarm::after(None));
    let ids = scenario.ids();
    let plan = run(client
        .offer_sources()
        .bulk_archive(ids.clone())
        .chunk_size(scenario.options.chunk_size)
        .url_length(scenario.options.url_length)
        .plan())
    .unwrap();
    require(fake.state() == before, || "a plan changed something".to_owned())?;
    let by_id = |list: &[OfferSourceId]| list.iter().map(ToString::to_string).collect::<HashSet<_>>();
    let lists = [
        by_id(&plan.would_change),
        by_id(&plan.already),
        by_id(&plan.missing),
    ];
    let distinct: HashSet<String> = ids.into_iter().collect();
    let unreadable: HashSet<String> = plan.unreadable.iter().map(|(id, _)| id.to_string()).collect();
    let all: usize = lists.iter().map(HashSet::len).sum::<usize>() + unreadable.len();
    require(all == distinct.len(), || format!("{plan:?}"))?;
    for id in &distinct {
        let expected = match before.offer_source(id).map(|asset| &asset.status) {
            Some(Status::Archived) => 1,
            None | Some(Status::Deleted) => 2,
            Some(_) => 0,
        };
        require(lists[expected].contains(id) || unreadable.contains(id), || {
            format!("{id} is in the wrong list of {plan:?}")
        })?;
    }
    Ok(())
}

#[test]
fn every_plan_predicts_its_job() {
    for_all(SCENARIOS / 10, plan_predicts_the_job);
}
