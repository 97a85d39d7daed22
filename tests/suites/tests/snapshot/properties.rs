//! Properties of exports, references and comparisons. They are checked for random accounts and random
//! settings of the fake, with faults and crashes.

use crate::account::{Crash, Expected, Scenario, client, contents, expected, files, folder, scenario};
use crate::brute_force;
use funnelflux::ext::AssetGroup;
use funnelflux::ext::snapshot::{
    AssetKey, Comparison, DifferenceKind, ExportError, MentionForm, Snapshot, SnapshotError, managed_pointers,
};
use funnelflux_fake::Fake;
use funnelflux_suites::run;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type PropertyResult = Result<(), TestCaseError>;

/// Default number of accounts for each property, overridden by `FUNNELFLUX_ACCOUNTS`.
const ACCOUNTS: u32 = 2_000;

/// Checks a property for random accounts, on all cores.
///
/// `FUNNELFLUX_SEED` repeats a failed run. A failing account is reduced to its simplest form.
fn for_all(property: fn(&Scenario) -> PropertyResult) {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let accounts =
        number("FUNNELFLUX_ACCOUNTS").map_or(ACCOUNTS, |count| u32::try_from(count).unwrap_or(u32::MAX));
    let seed = number("FUNNELFLUX_SEED").unwrap_or_else(|| fastrand::u64(..));
    let shards = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    std::thread::scope(|scope| {
        for shard in 0..shards {
            scope.spawn(move || {
                let bytes = [seed.to_le_bytes(), (shard + 1).to_le_bytes()].concat();
                let config = Config {
                    cases: accounts / u32::try_from(shards).unwrap() + 1,
                    failure_persistence: None,
                    max_shrink_iters: 1_024,
                    ..Config::default()
                };
                let random = TestRng::from_seed(RngAlgorithm::XorShift, &bytes);
                let mut runner = TestRunner::new_with_rng(config, random);
                if let Err(failure) = runner.run(&scenario(), |scenario| property(&scenario)) {
                    panic!("{failure}\nrepeat with FUNNELFLUX_SEED={seed}");
                }
            });
        }
    });
}

fn require(holds: bool, problem: impl Fn() -> String) -> PropertyResult {
    if holds {
        Ok(())
    } else {
        Err(TestCaseError::fail(problem()))
    }
}

/// Exports into a folder. Returns `None` after a crash.
async fn export(
    fake: &Fake,
    scenario: &Scenario,
    folder: &Path,
    crash: &Crash,
    accept_incomplete: bool,
) -> Option<Result<Snapshot, ExportError>> {
    let client = client(fake, crash);
    let export = Snapshot::export(&client)
        .groups(scenario.groups.iter().copied())
        .concurrency(scenario.concurrency);
    let export = if accept_incomplete {
        export.accept_incomplete()
    } else {
        export
    };
    crash.run(export.to_folder(folder)).await
}

async fn whole(fake: &Fake, scenario: &Scenario, folder: &Path) -> Snapshot {
    let exported = export(fake, scenario, folder, &Crash::never(), false).await;
    exported.unwrap().unwrap_or_else(|error| panic!("{error}"))
}

fn equal(actual: &Expected, expected: &Expected) -> PropertyResult {
    require(actual == expected, || {
        format!("expected {expected:#?}\nactual {actual:#?}")
    })
}

/// Checks that an export is either complete or lists the missing assets, and that all exported assets are
/// exactly as the service shows them.
fn exports_are_whole_or_say_what_is_missing(scenario: &Scenario) -> PropertyResult {
    run(async {
        let fake = scenario.fake();
        let before = fake.state();
        let expected = expected(&fake, scenario.groups.iter().copied()).await;
        let folder = folder();
        let path = folder.path().join("backup");
        scenario.inject_faults(&fake);
        let exported = export(
            &fake,
            scenario,
            &path,
            &Crash::never(),
            scenario.accept_incomplete,
        )
        .await;
        fake.clear_faults();
        match exported.unwrap() {
            Ok(snapshot) if snapshot.is_whole() => {
                equal(&contents(&snapshot), &expected)?;
                equal(&contents(&Snapshot::open(&path).unwrap()), &expected)?;
            }
            Ok(snapshot) => {
                require(scenario.accept_incomplete, || {
                    "nobody asked for an incomplete snapshot".to_owned()
                })?;
                let refused = Snapshot::open(&path);
                let is_refused = refused.as_ref().is_err_and(SnapshotError::is_not_whole);
                require(is_refused, || format!("opened as whole: {refused:?}"))?;
                check_incomplete(&snapshot, &expected)?;
            }
            Err(ExportError::Incomplete(error)) => {
                require(!error.unread().is_empty(), || {
                    "nothing is said to be missing".to_owned()
                })?;
                let opened = Snapshot::open_incomplete(&path);
                require(opened.is_err(), || {
                    format!("opened although interrupted: {opened:?}")
                })?;
            }
            // Without a valid token, nothing can be listed.
            Err(ExportError::Client(error)) if error.is_unauthorized() => {
                let opened = Snapshot::open_incomplete(&path);
                require(opened.is_err(), || format!("opened without a token: {opened:?}"))?;
            }
            Err(error) => return Err(TestCaseError::fail(format!("unexpected error: {error}"))),
        }
        // Without faults, the same export makes the snapshot whole.
        let snapshot = whole(&fake, scenario, &path).await;
        equal(&contents(&snapshot), &expected)?;
        require(!path.join(".export").exists(), || {
            "the folder of the export is left".to_owned()
        })?;
        require(fake.state() == before, || {
            "the export changed the account".to_owned()
        })
    })
}

fn check_incomplete(snapshot: &Snapshot, expected: &Expected) -> PropertyResult {
    let mut missing: BTreeSet<AssetKey> = BTreeSet::new();
    let mut unlisted: BTreeSet<String> = BTreeSet::new();
    for unread in snapshot.unread() {
        match unread.id {
            Some(id) => drop(missing.insert(AssetKey::new(unread.group, id))),
            None => drop(unlisted.insert(unread.group)),
        }
    }
    let actual = contents(snapshot);
    for (key, value) in &expected.assets {
        let is_right = match actual.assets.get(key) {
            Some(actual) => actual == value && !missing.contains(key),
            None => missing.contains(key) || unlisted.contains(&key.group),
        };
        require(is_right, || {
            format!("{key} is neither exact nor said to be missing")
        })?;
    }
    let unexpected = actual
        .assets
        .keys()
        .find(|key| !expected.assets.contains_key(key));
    require(unexpected.is_none(), || format!("{unexpected:?} does not exist"))
}

/// Checks that an export that crashed at any request can be continued, and that the result equals the folder
/// of an uninterrupted export.
fn crashed_exports_continue(scenario: &Scenario) -> PropertyResult {
    run(async {
        let fake = scenario.fake();
        let folder = folder();
        let (straight, crashed) = (folder.path().join("straight"), folder.path().join("crashed"));
        whole(&fake, scenario, &straight).await;
        // Half of the exports replace an older snapshot of the account.
        let has_older = scenario.accept_incomplete;
        let mut older = BTreeMap::new();
        if has_older {
            let changed = scenario.fake();
            for asset in scenario.assets.iter().skip(1).step_by(2) {
                let segment = AssetGroup::named(asset.group).unwrap().segment().unwrap();
                changed.set(segment, &asset.id, "old", true);
            }
            whole(&changed, scenario, &crashed).await;
            older = files(&crashed);
        }
        let sent = fake.request_count();
        let first = export(&fake, scenario, &crashed, &Crash::at(scenario.crash), false).await;
        if let Some(result) = first {
            drop(result.unwrap_or_else(|error| panic!("{error}")));
        } else {
            require(fake.request_count() - sent >= scenario.crash, || {
                "crashed elsewhere".to_owned()
            })?;
            let now = files(&crashed);
            let kept = older.iter().all(|(name, text)| now.get(name) == Some(text));
            require(kept, || "the older snapshot was touched".to_owned())?;
            require(Snapshot::open(&crashed).is_ok() == has_older, || {
                "a crashed export counts as a snapshot".to_owned()
            })?;
            fake.clear_log();
            let staged = staged(&crashed);
            whole(&fake, scenario, &crashed).await;
            for entry in fake.log().iter().filter(|entry| entry.path.contains("/find/")) {
                let asked = entry.query.split(['=', ',', '&']).map(decoded);
                let segment = entry.path.split('/').nth(2).unwrap().to_owned();
                let mut asked = asked.map(|id| (segment.clone(), id));
                let again = asked.find(|asset| staged.contains(asset));
                require(again.is_none(), || format!("{again:?} was read twice"))?;
            }
        }
        let (expected, actual) = (files(&straight), files(&crashed));
        require(expected == actual, || {
            let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
            format!("expected {:?}, actual {:?}", names(&expected), names(&actual))
        })
    })
}

/// Returns the path segment and the ID of each asset that an interrupted export has read.
fn staged(folder: &Path) -> BTreeSet<(String, String)> {
    let progress = std::fs::read_to_string(folder.join(".export/progress.jsonl")).unwrap_or_default();
    let lines = progress
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let keys = lines.filter_map(|line| line["asset"][0].as_str()?.parse::<AssetKey>().ok());
    keys.map(|key| {
        let segment = AssetGroup::named(&key.group).unwrap().segment().unwrap();
        (segment.to_owned(), key.id)
    })
    .collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Checks that a snapshot finds the same references, unused assets and dangling references as a search
/// through the raw JSON.
fn references_are_those_of_a_search(scenario: &Scenario) -> PropertyResult {
    run(async {
        let fake = scenario.fake();
        let folder = folder();
        let snapshot = whole(&fake, scenario, folder.path()).await;
        let assets = contents(&snapshot).assets;
        let references = snapshot.references().unwrap();
        let id_property = |group: &str| {
            let pointer = AssetGroup::named(group).unwrap().id_pointer().unwrap();
            pointer.trim_start_matches('/').to_owned()
        };
        let ids: BTreeSet<&str> = assets
            .keys()
            .map(|key| key.id.as_str())
            .chain(["gone", "2nIemJxCKbFX"])
            .collect();
        for id in ids {
            let expected = brute_force::places(&assets, id, id_property);
            let place = |reference: &funnelflux::ext::snapshot::Reference| {
                (
                    reference.from.clone(),
                    reference.path.clone(),
                    reference.form == MentionForm::Name,
                )
            };
            let found: Vec<_> = snapshot.references_to(id).unwrap().iter().map(place).collect();
            require(found.len() == found.iter().collect::<BTreeSet<_>>().len(), || {
                format!("{id}: twice: {found:?}")
            })?;
            let found: BTreeSet<_> = found.into_iter().collect();
            require(found == expected, || {
                format!("{id}: expected {expected:#?}\nactual {found:#?}")
            })?;
            if assets.keys().any(|key| key.id == id) {
                let indexed: BTreeSet<_> = references.to_id(id).iter().map(place).collect();
                require(indexed == expected, || {
                    format!("{id}: expected {expected:#?}\nindexed {indexed:#?}")
                })?;
            }
        }
        let exists = |key: &AssetKey| {
            let status = assets.get(key).map(|asset| asset["status"].clone());
            status.is_some_and(|status| status != "deleted")
        };
        let unused: BTreeSet<_> = references.unused().into_iter().collect();
        for key in assets.keys() {
            let named = brute_force::places(&assets, &key.id, id_property);
            let by_others = named.iter().any(|(from, ..)| from != key);
            let is_unused = unused.contains(key);
            // If an asset of another group has the same ID, a reference may mean either asset. This includes
            // an asset that is deleted and only in the manifest.
            let is_ambiguous = scenario.assets.iter().filter(|other| other.id == key.id).count() > 1;
            require(is_ambiguous || is_unused == (!by_others && exists(key)), || {
                format!("{key} unused: {is_unused}")
            })?;
        }
        let mut expected = BTreeSet::new();
        for (key, asset) in &assets {
            let Some(category) = AssetGroup::named(&key.group).unwrap().category_pointer() else {
                continue;
            };
            let id = asset
                .pointer(category)
                .and_then(Value::as_str)
                .unwrap_or_default();
            let target = AssetKey::new("categories", id);
            if scenario.groups.contains("categories") && !id.is_empty() && !exists(&target) {
                expected.insert((key.clone(), target));
            }
        }
        let dangling = references.dangling().into_iter();
        let dangling = dangling.filter(|dangling| {
            let category = AssetGroup::named(&dangling.reference.from.group)
                .unwrap()
                .category_pointer();
            category == Some(&dangling.reference.path)
        });
        let actual: BTreeSet<_> = dangling
            .map(|dangling| (dangling.reference.from, dangling.target))
            .collect();
        require(actual == expected, || {
            format!("dangling: expected {expected:?}, actual {actual:?}")
        })
    })
}

/// Checks that a comparison finds exactly the assets that were changed.
fn comparisons_find_what_was_changed(scenario: &Scenario) -> PropertyResult {
    run(async {
        let fake = scenario.fake();
        let folder = folder();
        let old = whole(&fake, scenario, &folder.path().join("old")).await;
        let before = contents(&old).assets;
        for (number, asset) in scenario.assets.iter().enumerate() {
            let segment = AssetGroup::named(asset.group).unwrap().segment().unwrap();
            match number % 5 {
                0 => drop(fake.set(
                    segment,
                    &asset.id,
                    "fieldThatNobodyKnows",
                    json!({"changed": number}),
                )),
                1 => drop(fake.set(segment, &asset.id, "status", "archived")),
                2 => drop(fake.set(segment, &asset.id, "meta", json!({"version": number}))),
                3 => asset.with_id(format!("new{number}")).seed(&fake),
                _ => {}
            }
        }
        let new = whole(&fake, scenario, &folder.path().join("new")).await;
        let after = contents(&new).assets;
        let comparison = Comparison::between(&old, &new).unwrap();
        let strip = |key: &AssetKey, value: &Value| {
            let mut value = value.clone();
            for pointer in managed_pointers(AssetGroup::named(&key.group).unwrap()) {
                value
                    .as_object_mut()
                    .unwrap()
                    .remove(pointer.trim_start_matches('/'));
            }
            value
        };
        let keys: BTreeSet<&AssetKey> = before.keys().chain(after.keys()).collect();
        let mut equal = 0;
        let mut expected = Vec::new();
        for key in keys {
            match (before.get(key), after.get(key)) {
                (None, _) => expected.push((key.clone(), DifferenceKind::Added)),
                (_, None) => expected.push((key.clone(), DifferenceKind::Removed)),
                (Some(old), Some(new)) if strip(key, old) == strip(key, new) => equal += 1,
                _ => expected.push((key.clone(), DifferenceKind::Changed)),
            }
        }
        let actual: Vec<_> = comparison
            .differences
            .iter()
            .map(|difference| (difference.key.clone(), difference.kind))
            .collect();
        require(
            actual == expected && comparison.equal == equal && comparison.is_whole(),
            || format!("expected {expected:#?}, {equal} equal\nactual {comparison}"),
        )?;
        for difference in comparison.differences.iter().chain(&comparison.managed_only) {
            let key = &difference.key;
            if difference.kind == DifferenceKind::Changed {
                let mut value = strip(key, &before[key]);
                require(difference.changes.apply(&mut value).is_ok(), || {
                    format!("{difference}")
                })?;
                require(value == strip(key, &after[key]), || {
                    format!("{difference}: gives {value}")
                })?;
                let status = |assets: &BTreeMap<AssetKey, Value>| assets[key]["status"].clone();
                let changes_status = status(&before) != status(&after);
                require(difference.status.is_some() == changes_status, || {
                    format!("{difference}")
                })?;
            }
        }
        // The following check compares the account itself, which needs a third export. A quarter of the
        // accounts is enough for this check.
        if scenario.crash > 3 {
            return Ok(());
        }
        let with_account = old
            .compare_with_account(&client(&fake, &Crash::never()))
            .await
            .unwrap();
        require(with_account == comparison, || {
            format!("with the account: {with_account}")
        })
    })
}

#[test]
fn every_export_is_whole_or_says_what_is_missing() {
    for_all(exports_are_whole_or_say_what_is_missing);
}

#[test]
fn every_crashed_export_continues() {
    for_all(crashed_exports_continue);
}

#[test]
fn every_reference_is_found() {
    for_all(references_are_those_of_a_search);
}

#[test]
fn every_change_is_found() {
    for_all(comparisons_find_what_was_changed);
}
