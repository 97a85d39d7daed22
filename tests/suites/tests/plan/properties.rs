//! Properties of plans. They are checked for random accounts, settings of the fake, faults and crashes.
//!
//! `FUNNELFLUX_SEED` repeats the case with this seed, and `FUNNELFLUX_ACCOUNTS` sets the number of accounts.

use super::scenario::{
    Account, GROUPS, Key, crash_after, disturb, empty, group, live, random_asset, random_id, raw, segment,
    status, view,
};
use fastrand::Rng;
use funnelflux::Client;
use funnelflux::ext::plan::{AssetsNotInSnapshot, ChangePlan};
use funnelflux::ext::snapshot::{AssetKey, Snapshot};
use funnelflux::ext::{Cascade, GroupBulk, Outcome, Report};
use funnelflux_fake::{Fake, Status};
use funnelflux_suites::run;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

/// Default number of random accounts. Each property gets a share of them.
const ACCOUNTS: u64 = 2_400;

/// Checks a property for one of `parts` equal shares of the random accounts.
fn check(part: u64, parts: u64, property: impl Fn(u64, &mut Rng)) {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let accounts = number("FUNNELFLUX_ACCOUNTS").unwrap_or(ACCOUNTS) / parts;
    let first = fastrand::u64(..1 << 40) * parts + part;
    let random = (0..accounts).map(|index| first + index * parts).collect();
    let seeds: Vec<u64> = number("FUNNELFLUX_SEED").map_or(random, |seed| vec![seed]);
    for seed in seeds {
        let result = catch_unwind(AssertUnwindSafe(|| property(seed, &mut Rng::with_seed(seed))));
        if let Err(panic) = result {
            eprintln!("repeat this case with FUNNELFLUX_SEED={seed}");
            resume_unwind(panic);
        }
    }
}

fn export(client: &Client, folder: &Path) -> Snapshot {
    run(Snapshot::export(client)
        .groups(GROUPS)
        .to_folder(folder.join("backup")))
    .unwrap()
}

/// Applies a plan repeatedly, with faults and crashes, until no asset has the outcome unknown or not sent.
fn apply_to_the_end(
    account: &Fake,
    client: &Client,
    plan: &ChangePlan,
    journal: &Path,
    random: &mut Rng,
) -> Report<AssetKey> {
    let mut last = None;
    for attempt in 0..8 {
        if attempt == 3 {
            account.clear_faults();
        }
        let job = plan
            .apply(client)
            .acknowledge_inferred()
            .journal(journal)
            .concurrency(random.usize(1..5));
        let report = match attempt {
            0..3 if random.bool() => crash_after(account, random.u64(1..20), job.send()),
            _ => Some(run(job.send())),
        };
        let Some(report) = report else { continue };
        let report = report.unwrap();
        if report.unfinished().next().is_none() {
            return report;
        }
        last = Some(report);
    }
    panic!("the plan does not end: {}\n{plan}", last.unwrap());
}

/// Assets that the notes of a plan concern.
fn noted(plan: &ChangePlan, keys: &[Key]) -> BTreeSet<Key> {
    let is_noted = |(group, id): &&Key| {
        let key = AssetKey::new(*group, id.clone());
        plan.notes().iter().any(|note| note.asset() == Some(&key))
    };
    keys.iter().filter(is_noted).cloned().collect()
}

fn assert_same(
    actual: &BTreeMap<Key, Value>,
    expected: &BTreeMap<Key, Value>,
    except: &BTreeSet<Key>,
    context: &dyn std::fmt::Display,
) {
    for (key, expected) in expected {
        if !except.contains(key) {
            assert_eq!(actual.get(key), Some(expected), "{key:?}\n{context}");
        }
    }
}

/// Checks that assets outside a plan are exactly as they were.
fn assert_untouched(plan: &ChangePlan, before: &BTreeMap<Key, Value>, after: &BTreeMap<Key, Value>) {
    let planned: BTreeSet<(&str, &str)> = plan
        .entries()
        .iter()
        .map(|entry| (entry.key().group.as_str(), entry.key().id.as_str()))
        .collect();
    for ((group, id), body) in before {
        if !planned.contains(&(*group, id.as_str())) {
            assert_eq!(
                &after[&(*group, id.clone())],
                body,
                "{group}/{id} is not in the plan\n{plan}"
            );
        }
    }
}

#[test]
fn a_snapshot_gives_the_account_back() {
    check(0, 4, |seed, random| {
        let mut account = Account::new(seed, random);
        let folder = tempfile::tempdir().unwrap();
        let snapshot = export(&account.client, folder.path());
        let original = account.view();
        let snapshot_keys = account.keys.clone();
        // Other clients change, delete and create assets.
        for key in account.keys.clone() {
            match random.u8(..8) {
                0..4 => disturb(&account, &key, random),
                4 if key.0 != "categories" => account.set(&key, "status", "deleted"),
                _ => {}
            }
        }
        for _ in 0..random.usize(..3) {
            let name = GROUPS[random.usize(..GROUPS.len() - 1)];
            let id = random_id(random);
            let body = random_asset(name, &id, &account.keys, random);
            assert!(account.fake.seed(segment(name), body));
            account.keys.push((name, id));
        }
        let others = match random.u8(..3) {
            0 => AssetsNotInSnapshot::Leave,
            1 => AssetsNotInSnapshot::Archive,
            _ => AssetsNotInSnapshot::Delete,
        };
        let plan = run(ChangePlan::restore(&snapshot)
            .others(others)
            .plan(&account.client))
        .unwrap();
        // A plan that is written to a file and read again is unchanged.
        assert_eq!(ChangePlan::read(write(&plan, folder.path())).unwrap(), plan);
        let before = account.raw();
        let live_before = live(&account.fake, &account.keys);
        account.inject(random);
        let journal = folder.path().join("journal");
        let report = apply_to_the_end(&account.fake, &account.client, &plan, &journal, random);
        assert_untouched(&plan, &before, &account.raw());
        let actual = account.view();
        // Deleted assets do not come back, and the plan or the report says so.
        let deleted: BTreeSet<Key> = snapshot_keys
            .iter()
            .filter(|key| !live_before.contains(*key) || status(&original[*key]) == "deleted")
            .cloned()
            .collect();
        let noted = noted(&plan, &account.keys);
        for key in &deleted {
            let was_live = status(&original[key]) != "deleted";
            let rejected = report.outcome(&AssetKey::new(key.0, key.1.clone()));
            let is_said = noted.contains(key) || matches!(rejected, Some(Outcome::Rejected { .. }));
            assert!(
                !was_live || is_said || actual[key] == original[key],
                "{key:?}: {report}\n{plan}"
            );
        }
        // An asset may also differ if it refers to an asset that was not created. The report says so.
        let is_dependent = |(group, id): &&Key| {
            let outcome = report.outcome(&AssetKey::new(*group, id.clone()));
            let failure = outcome.and_then(Outcome::failure);
            failure.is_some_and(|failure| failure.message().contains("which it names, was not created"))
        };
        let dependent = snapshot_keys.iter().filter(is_dependent).cloned();
        let missing = deleted.iter().cloned().chain(dependent).collect();
        assert_same(&actual, &original, &missing, &report);
        for (key, view) in &actual {
            if original.contains_key(key) || !live_before.contains(key) {
                continue;
            }
            match others {
                AssetsNotInSnapshot::Archive => assert_eq!(status(view), "archived", "{key:?} {report}"),
                AssetsNotInSnapshot::Delete => assert_eq!(status(view), "deleted", "{key:?} {report}"),
                _ => {}
            }
        }
        // A second plan finds nothing to do.
        if deleted.is_empty() && others != AssetsNotInSnapshot::Leave {
            let again = run(ChangePlan::restore(&snapshot)
                .others(others)
                .plan(&account.client))
            .unwrap();
            assert!(again.is_empty(), "{again}");
        }
    });
}

fn write(plan: &ChangePlan, folder: &Path) -> std::path::PathBuf {
    let path = folder.join("plan.json");
    plan.write(&path).unwrap();
    path
}

#[test]
fn an_account_is_restored_or_copied_into_an_empty_one_and_nothing_is_created_twice() {
    check(1, 4, |seed, random| {
        let account = Account::new(seed, random);
        let folder = tempfile::tempdir().unwrap();
        let snapshot = export(&account.client, folder.path());
        let wanted = live(&account.fake, &account.keys);
        let original = account.view();
        let (other, client) = empty(seed);
        let target = Account {
            fake: other,
            client,
            keys: Vec::new(),
        };
        let journal = folder.path().join("journal");
        let is_copy = random.bool();
        let plan = if is_copy {
            run(ChangePlan::copy(&snapshot).plan(&target.client)).unwrap()
        } else {
            run(ChangePlan::restore(&snapshot).plan(&target.client)).unwrap()
        };
        assert_eq!(plan.entries().len(), wanted.len(), "{plan}");
        target.inject(random);
        let report = apply_to_the_end(&target.fake, &target.client, &plan, &journal, random);
        assert!(report.is_success(), "{report}");
        assert_eq!(target.fake.state().all().count(), wanted.len(), "{report}");
        // The entries of a copy have new IDs. The name of each entry ends with the old ID.
        let mut new_ids: BTreeMap<String, String> = BTreeMap::new();
        for entry in plan.entries() {
            let name = entry.name().unwrap();
            let old = name.rsplit(' ').next().unwrap().to_owned();
            new_ids.insert(old, entry.key().id.clone());
        }
        if !is_copy {
            assert!(new_ids.iter().all(|(old, new)| old == new), "{new_ids:?}");
        }
        let keys: Vec<Key> = wanted
            .iter()
            .map(|(group, id)| (*group, new_ids[id].clone()))
            .collect();
        let copies = view(&target.fake, &target.client, &keys);
        for (group, id) in &wanted {
            let expected = renamed(&original[&(*group, id.clone())], &new_ids);
            assert_eq!(
                copies[&(*group, new_ids[id].clone())],
                expected,
                "{group}/{id}\n{report}"
            );
        }
    });
}

/// Replaces each string that is a key of `names` by the value of that key.
fn renamed(value: &Value, names: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => json!(names.get(text).unwrap_or(text)),
        Value::Array(items) => items.iter().map(|item| renamed(item, names)).collect(),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone(), renamed(value, names)))
                .collect(),
        ),
        value => value.clone(),
    }
}

/// A plan that changes several assets of an account.
fn random_plan(account: &Account, random: &mut Rng) -> ChangePlan {
    let client = &account.client;
    let (_, id) = &account.keys[random.usize(..account.keys.len())];
    let plan = match random.u8(..5) {
        0 => ChangePlan::replace(id.as_str(), random_id(random)),
        1 => ChangePlan::set("/status", Some(json!("archived"))),
        2 => ChangePlan::set("/status", Some(json!("active"))),
        3 => ChangePlan::set("/unknownField/text", Some(json!("another"))),
        _ => ChangePlan::set("/idCategory", Some(json!(""))).where_it_was(json!(account.keys[0].1)),
    };
    run(plan.groups(GROUPS).plan(client)).unwrap()
}

#[test]
fn an_undo_after_any_crash_gives_the_account_back() {
    check(2, 4, |seed, random| {
        let account = Account::new(seed, random);
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        let original = account.view();
        let plan = random_plan(&account, random);
        let before = account.raw();
        account.inject(random);
        let job = plan
            .apply(&account.client)
            .acknowledge_inferred()
            .journal(&journal);
        match random.u8(..3) {
            0 => drop(run(job.send()).unwrap()),
            _ => drop(crash_after(&account.fake, random.u64(1..25), job.send())),
        }
        account.fake.clear_faults();
        assert_untouched(&plan, &before, &account.raw());
        if !journal.exists() {
            assert_same(&account.view(), &original, &BTreeSet::new(), &plan);
            return;
        }
        let undo = run(ChangePlan::undo(&account.client, &journal)).unwrap();
        let undo_journal = folder.path().join("undo");
        account.inject(random);
        let report = apply_to_the_end(&account.fake, &account.client, &undo, &undo_journal, random);
        assert!(report.is_success(), "{report}\n{undo}");
        let missing = noted(&undo, &account.keys);
        assert!(missing.is_empty(), "{undo}");
        assert_same(
            &account.view(),
            &original,
            &missing,
            &format!("{plan}\n{undo}\n{report}"),
        );
    });
}

/// A bulk job over all assets of a random group, and true if the job is a deletion.
fn random_job(account: &Account, random: &mut Rng) -> (GroupBulk, bool) {
    let parents = ["offer-sources", "categories", "funnel-groups", "pages"];
    let name = parents[random.usize(..parents.len())];
    let mut ids: Vec<String> = account
        .keys
        .iter()
        .filter(|(group, _)| *group == name)
        .map(|(_, id)| id.clone())
        .collect();
    if ids.is_empty() {
        ids.push(random_id(random));
    }
    let group = group(name);
    let target = random_id(random);
    if group.abilities().archive_children {
        assert!(account.fake.seed(
            segment(name),
            random_asset(name, &target, &[], &mut Rng::with_seed(1))
        ));
        account.fake.set(segment(name), &target, "status", "active");
    }
    let children = match random.u8(..4) {
        _ if !group.abilities().archive_children => Cascade::leave(),
        0 => Cascade::leave(),
        1 => Cascade::cascade(),
        2 => Cascade::move_to(target),
        _ => Cascade::orphan(),
    };
    let client = &account.client;
    match random.u8(..5) {
        0 | 1 => (group.archive(client, ids, children).unwrap(), false),
        2 => (group.unarchive(client, ids).unwrap(), false),
        3 if group.abilities().categorise => {
            let (_, category) = &account.keys[0];
            (
                group.move_to_category(client, ids, category.as_str()).unwrap(),
                false,
            )
        }
        _ => (group.delete(client, ids, children).unwrap(), true),
    }
}

#[test]
fn a_bulk_job_is_undone_with_its_children() {
    check(3, 4, |seed, random| {
        let account = Account::new(seed, random);
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        let (job, is_deletion) = random_job(&account, random);
        let description = job.job().to_owned();
        let original = account.view();
        let live_before = live(&account.fake, &account.keys);
        account.inject(random);
        let job = job.acknowledge_inferred().undoable_journal(&journal).send();
        match random.u8(..3) {
            0 => drop(run(job)),
            _ => drop(crash_after(&account.fake, random.u64(1..25), job)),
        }
        account.fake.clear_faults();
        let undo = match run(ChangePlan::undo(&account.client, &journal)) {
            Ok(undo) => undo,
            // The job sent nothing: it could not record the states, or it crashed before it recorded them.
            Err(error) => {
                assert_same(&account.view(), &original, &BTreeSet::new(), &error);
                return;
            }
        };
        let deleted: BTreeSet<Key> = {
            let live_now = live(&account.fake, &account.keys);
            live_before.difference(&live_now).cloned().collect()
        };
        assert!(is_deletion || deleted.is_empty(), "{description}");
        let report = apply_to_the_end(
            &account.fake,
            &account.client,
            &undo,
            &folder.path().join("undo"),
            random,
        );
        assert!(report.is_success(), "{description}: {report}\n{undo}");
        let noted = noted(&undo, &account.keys);
        for key in &deleted {
            assert!(noted.contains(key), "{key:?} was deleted: {undo}");
        }
        // A child cannot return to a parent that was deleted.
        let orphaned: BTreeSet<Key> = noted.into_iter().filter(|_| is_deletion).collect();
        let missing = deleted.union(&orphaned).cloned().collect();
        let context = format!("{description}\n{undo}\n{report}");
        assert_same(&account.view(), &original, &missing, &context);
    });
}

#[test]
fn a_stale_asset_is_not_changed_at_all() {
    check(0, 8, |seed, random| {
        let account = Account::new(seed, random);
        let plan = random_plan(&account, random);
        let Some(entry) = plan.entries().first() else {
            return;
        };
        let group = *GROUPS.iter().find(|group| **group == entry.key().group).unwrap();
        let key: Key = (group, entry.key().id.clone());
        account.set(&key, "changedByOthers", json!({ "at": random.u8(..) }));
        let before = raw(&account.fake, std::slice::from_ref(&key));
        account.inject(random);
        let report = run(plan.apply(&account.client).acknowledge_inferred().send()).unwrap();
        assert_eq!(raw(&account.fake, std::slice::from_ref(&key)), before, "{report}");
        let outcome = report.outcome(entry.key()).unwrap();
        assert!(
            matches!(outcome, Outcome::Rejected { .. } | Outcome::NotSent { .. }),
            "{report}"
        );
        assert!(account.fake.state().asset(segment(group), &key.1).unwrap().status != Status::Deleted);
    });
}
