//! Properties of every job, for any behaviour of the service.

use crate::scenario::{Action, Children, KEEPER, Options, Scenario, scenario};
use crate::service::{Alarm, client, run};
use funnelflux::Client;
use funnelflux::ext::{
    Bulk, BulkArchive as _, BulkDelete as _, BulkUnarchive as _, Entry, InvalidJob, MoveToCategory as _,
    Outcome, Outcomes, Repeated,
};
use funnelflux::types::OfferSourceId;
use funnelflux_fake::{Asset, State, Status};
use futures_util::StreamExt as _;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::collections::{HashMap, HashSet};
use std::path::Path;

type Check = Result<(), TestCaseError>;

/// Default number of scenarios for each property, overridden by `FUNNELFLUX_SCENARIOS`.
const SCENARIOS: u32 = 10_000;

/// Checks a property for random scenarios, on all cores.
///
/// `FUNNELFLUX_SEED` repeats a failed run. Failures are shown in their smallest form.
fn for_all(scenarios: u32, property: fn(&Scenario) -> Check) {
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

fn require(holds: bool, what: impl Fn() -> String) -> Check {
    if holds {
        Ok(())
    } else {
        Err(TestCaseError::fail(what()))
    }
}

enum Journal<'p> {
    None,
    New(&'p Path),
    Resumed(&'p Path),
}

/// Creates the job of the scenario.
fn job(
    client: &Client,
    scenario: &Scenario,
    journal: &Journal<'_>,
    cancel: Option<&Alarm>,
) -> Result<Outcomes<OfferSourceId>, InvalidJob> {
    let sources = client.offer_sources();
    let ids = scenario.ids();
    macro_rules! set {
        ($bulk:expr) => {{
            let Options {
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
                bulk = bulk.cancel_when(cancel.rings());
            }
            match journal {
                Journal::None => {}
                Journal::New(path) => bulk = bulk.journal(path),
                Journal::Resumed(path) => bulk = bulk.resume(path),
            }
            bulk.stream()
        }};
    }
    match scenario.action {
        Action::Archive(children) => set!(sources.bulk_archive(ids).children(children.cascade())),
        Action::Delete(children) => set!(sources.bulk_delete(ids).children(children.cascade())),
        Action::Unarchive => set!(sources.bulk_unarchive(ids)),
        Action::Move(category) => set!(sources.move_to_category(ids, category)),
    }
}

/// Returns whether an asset is in the requested state.
fn is_so(action: Action, asset: Option<&Asset>) -> bool {
    match action {
        Action::Archive(_) => asset.is_some_and(|asset| asset.status == Status::Archived),
        Action::Unarchive => asset.is_some_and(|asset| asset.status == Status::Active),
        Action::Delete(_) => asset.is_none_or(|asset| asset.status == Status::Deleted),
        Action::Move(category) => asset.is_some_and(|asset| asset.category == category),
    }
}

/// Expected status and parent of a page after the cascade.
fn handled(action: Action, page: &Asset) -> (Status, Option<String>) {
    let (status, parent) = (page.status.clone(), page.parent.clone());
    if status == Status::Deleted {
        return (status, parent);
    }
    match (action.children(), action) {
        (Children::Leave, _) => (status, parent),
        (Children::Cascade, Action::Delete(_)) => (Status::Deleted, parent),
        (Children::Cascade, _) => (Status::Archived, parent),
        (Children::Move | Children::MoveToNowhere, _) => (status, Some(KEEPER.to_owned())),
        // The fake stores an empty string, which it reads as no parent.
        (Children::Orphan, _) => (status, None),
    }
}

fn place(page: &Asset) -> (Status, Option<String>) {
    (page.status.clone(), page.parent.clone())
}

/// Compares the results to the server before and after the job.
fn check(
    scenario: &Scenario,
    entries: &[Entry<OfferSourceId>],
    repeated: &[Repeated<OfferSourceId>],
    before: &State,
    after: &State,
    resumed: bool,
) -> Check {
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
        format!("{distinct:?} went in, {reported:?} came out")
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
        format!("repeated: {repeated:?}, not {expected:?}")
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

    // Assets outside of the job are unchanged.
    let inside: HashSet<&str> = reported.into_iter().collect();
    for segment in ["offersource", "page", "category"] {
        let count = |state: &State| state.assets(segment).count();
        require(count(before) == count(after), || {
            format!("{segment}: assets came or went")
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
) -> Check {
    let action = scenario.action;
    let (was, is) = (before.offer_source(id), after.offer_source(id));
    let pages = || {
        let pages = before.pages_of(id);
        pages.map(|page| (page, after.page(&page.id).expect("pages are never removed")))
    };
    let untouched = || pages().all(|(was, is)| was == is);
    let cascaded = || pages().all(|(was, is)| place(is) == handled(action, was));
    match outcome {
        Outcome::Done { confirmed } => {
            // Without read-back and without `look_first`, a job cannot notice a wrong success.
            let on_its_word = !confirmed
                && (!scenario.options.look_first || scenario.has_lies())
                && is_so(action, was) == is_so(action, is);
            require(is_so(action, is) || on_its_word, || {
                format!("done is not true: {is:?}")
            })?;
            let was_so = is_so(action, was) || was.is_none_or(|was| was.status == Status::Deleted);
            require(cascaded() || ((was_so || on_its_word) && untouched()), || {
                format!("children: {:?}", pages().collect::<Vec<_>>())
            })?;
            let only_the_change = was
                .zip(is)
                .is_none_or(|(was, is)| same_but_for_the_change(was, is));
            require(only_the_change, || format!("{was:?} became {is:?}"))
        }
        Outcome::AlreadySo { children } => {
            require(is_so(action, was) || resumed, || {
                format!("it was not so before: {was:?}")
            })?;
            require(is_so(action, is), || format!("it is not so: {is:?}"))?;
            require(resumed || was == is, || format!("{was:?} became {is:?}"))?;
            require(untouched() || (children.is_none() && cascaded()), || {
                format!("children: {:?}", pages().collect::<Vec<_>>())
            })
        }
        Outcome::Rejected { .. } | Outcome::NotSent { .. } => {
            require(was == is, || format!("it left a trace: {was:?} became {is:?}"))?;
            require(untouched(), || {
                format!("children: {:?}", pages().collect::<Vec<_>>())
            })
        }
        Outcome::Unknown { .. } => require(
            pages().all(|(was, is)| was == is || place(is) == handled(action, was)),
            || format!("children: {:?}", pages().collect::<Vec<_>>()),
        ),
        other => Err(TestCaseError::fail(format!(
            "an outcome that nobody knows: {other:?}"
        ))),
    }
}

fn same_but_for_the_change(was: &Asset, is: &Asset) -> bool {
    let rest = |asset: &Asset| {
        let mut body = asset.body.clone();
        body.remove("status");
        body.remove("idCategory");
        body
    };
    rest(was) == rest(is)
}

/// Runs one job to its end or cancellation.
fn a_job_tells_the_truth(scenario: &Scenario) -> Check {
    let fake = scenario.fake();
    let before = fake.state();
    let alarm = Alarm::after(scenario.options.ends_after);
    let client = client(&fake, &alarm);
    let cancel = scenario.options.ends_after.map(|_| &alarm);
    let (entries, repeated) = run(async {
        let outcomes = job(&client, scenario, &Journal::None, cancel).unwrap();
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
fn every_job_tells_the_truth() {
    for_all(SCENARIOS, a_job_tells_the_truth);
}

/// Runs a job whose process dies, and resumes it in another process.
fn a_crash_loses_nothing(scenario: &Scenario) -> Check {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let fake = scenario.fake();
    let before = fake.state();
    let alarm = Alarm::after(scenario.options.ends_after.or(Some(4)));
    let first = client(&fake, &alarm);
    run(async {
        let outcomes = job(&first, scenario, &Journal::New(&path), None).unwrap();
        tokio::select! {
            biased;
            () = alarm.rings() => {}
            _ = outcomes.report() => {}
        }
    });
    // An incomplete last line, as a crash leaves it.
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    std::io::Write::write_all(&mut file, b"{\"settled\":[{\"id\"").unwrap();
    drop(file);
    let journal = funnelflux::ext::Journal::read(&path).unwrap();
    let known = journal.counts();
    let second = client(&fake, &Alarm::after(None));
    let sent_before = fake.request_count();
    let report = run(async {
        let outcomes = job(&second, scenario, &Journal::Resumed(&path), None).unwrap();
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
        "what was done was forgotten".to_owned()
    })?;
    let finished = known.total() == report.counts().total();
    require(!finished || fake.request_count() == sent_before, || {
        "a finished job sent something again".to_owned()
    })
}

#[test]
fn a_crash_at_any_moment_loses_nothing() {
    for_all(SCENARIOS / 10, a_crash_loses_nothing);
}

/// Without faults, the job does what the plan predicts.
fn a_plan_comes_true(scenario: &Scenario) -> Check {
    let mut scenario = scenario.clone();
    scenario.troubles.clear();
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
fn every_plan_comes_true() {
    for_all(SCENARIOS / 10, a_plan_comes_true);
}
