//! Tests of the probe, whose experiments answer questions that the documentation leaves open.

use crate::support::{World, is_transcription, ran, words};
use funnelflux_fake::{
    EntryPolicy, Fake, Fault, Limit, LogRetention, MissingByIds, RetryAfter, Rule, Settings, State, Status,
    SuccessStatus, TrailingSlash,
};
use serde_json::{Map, Value};
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Number of accounts with random settings that are tested.
const ACCOUNTS: u64 = 40;

/// Returns random values of all settings that an experiment can find out, and of some other settings.
fn random_settings(seed: u64) -> Settings {
    let mut random = fastrand::Rng::with_seed(seed);
    let drawn = |random: &mut fastrand::Rng| random.u8(..3) == 0;
    let stale_reads = if drawn(&mut random) { random.u32(1..4) } else { 0 };
    Settings {
        auth: !drawn(&mut random),
        trailing_slash: random
            .choice([
                TrailingSlash::Required,
                TrailingSlash::Optional,
                TrailingSlash::Redirect,
            ])
            .unwrap(),
        refuse_unknown_query: random.bool(),
        unknown_status: drawn(&mut random).then(|| "paused".to_owned()),
        long_names: drawn(&mut random).then(|| random.usize(257..400)),
        request_id_header: drawn(&mut random).then(|| "x-trace".to_owned()),
        max_entries: drawn(&mut random).then(|| Limit {
            max: random.usize(3..450),
            status: if random.bool() { 400 } else { 413 },
        }),
        max_url_length: drawn(&mut random).then(|| random.usize(300..9000)),
        max_body_bytes: if drawn(&mut random) {
            random.usize(10_000..2_000_000)
        } else {
            16 * 1024 * 1024
        },
        stale_reads,
        stale_by_id: stale_reads > 0 && random.bool(),
        log: LogRetention::All,
        ..Settings::vary(seed)
    }
}

/// Returns the settings that the probe is expected to find on a service with these settings.
fn visible(settings: &Settings) -> Map<String, Value> {
    let Value::Object(mut all) = serde_json::to_value(settings).unwrap() else {
        panic!("settings are an object");
    };
    let mut hide = |name: &str| assert!(all.remove(name).is_some(), "{name}");
    // These settings do not describe the service.
    for name in [
        "access_token",
        "refresh_token",
        "token_lifetime_seconds",
        "log",
        "clock",
        "seed",
    ] {
        hide(name);
    }
    // Finding out these settings requires an expired token and an asset that cannot be changed.
    for name in ["rotate_refresh_token", "locked_entry"] {
        hide(name);
    }
    // The probe does not send larger bodies.
    if settings.max_body_bytes >= 2 * 1024 * 1024 {
        hide("max_body_bytes");
    }
    if !settings.auth {
        hide("rejected_token");
    }
    if settings.stale_reads == 0 {
        hide("stale_by_id");
    }
    if settings.success_status == SuccessStatus::NoContent {
        hide("success_body");
    }
    if settings.already_entry != EntryPolicy::ignore() {
        hide("cascade_of_already");
    }
    if settings.missing_by_ids == MissingByIds::NotFound {
        hide("max_entries");
    }
    // The probe sends 500 IDs, and halves this number until the URL is short enough.
    let url_length =
        |ids: usize| "/v1/offersource/find/byIds/?idOfferSources=".len() + 12 * ids + 3 * (ids - 1);
    let fits = |ids: &usize| settings.max_url_length.is_none_or(|max| url_length(*ids) <= max);
    let sent = [500, 250, 125, 62, 31, 15, 7].into_iter().find(fits).unwrap();
    let is_reached = settings.max_entries.is_some_and(|limit| limit.max < sent);
    if sent < 500 && !is_reached {
        all.remove("max_entries");
    }
    all
}

fn account(settings: Settings) -> World {
    let fake = Fake::new(settings);
    let sources = fake.seed_many(10);
    for (number, source) in sources.iter().enumerate() {
        fake.seed_page(&format!("2nIemP00000{number}"), source);
    }
    fake.seed_category("2nIemC000001", "Evergreen");
    World::of(fake)
}

/// Asserts that all assets of `before` are unchanged, and that every other asset of the account is a deleted
/// asset of the probe. Returns the number of assets of the probe.
#[track_caller]
fn assert_restored(before: &State, after: &State, seed: u64) -> usize {
    let mut own = 0;
    for (kind, asset) in after.all() {
        if let Some(original) = before.asset(kind, &asset.id) {
            assert_eq!(original, asset, "seed {seed}");
        } else {
            assert_eq!(asset.status, Status::Deleted, "seed {seed}: {asset:?}");
            assert!(
                asset.name.starts_with("funnelflux probe "),
                "seed {seed}: {asset:?}"
            );
            own += 1;
        }
    }
    assert_eq!(after.all().count(), before.all().count() + own, "seed {seed}");
    own
}

#[test]
fn the_probe_finds_every_setting_that_can_be_seen_and_restores_the_account() {
    for seed in 0..ACCOUNTS {
        let settings = random_settings(seed);
        let world = account(settings.clone());
        let before = world.fake.state();
        let ran = world
            .run("probe --live --yes --accept-inferred --pause 0 --settings found.json -o json")
            .code(0);
        let text = fs::read_to_string(world.path("found.json")).unwrap();
        let found: Map<String, Value> = serde_json::from_str(&text).unwrap();
        let expected = visible(&settings);
        assert_eq!(found, expected, "seed {seed}\n{}\n{}", ran.out, ran.err);
        assert!(Settings::from_json(&text).is_ok(), "seed {seed}");
        assert!(
            assert_restored(&before, &world.fake.state(), seed) >= 5,
            "seed {seed}"
        );
        // Every request is as documented, except the requests that are wrong on purpose.
        let violations: usize = world.fake.log().iter().map(|entry| entry.violations.len()).sum();
        assert!(violations <= 1, "seed {seed}: {violations}");
    }
}

#[test]
fn nothing_is_sent_without_live_a_confirmation_and_a_new_file() {
    let world = account(Settings::default());
    fs::write(world.path("old.json"), "{}").unwrap();
    for (line, message) in [
        ("probe", "add --live"),
        ("probe --yes", "add --live"),
        ("probe --live", "there is no terminal"),
        ("probe --live --yes --settings old.json", "old.json exists"),
        ("probe --live --yes --settings absent/new.json", "absent/new.json"),
        ("probe --live --yes --filter result", "result"),
    ] {
        let ran = world.run_with(line, "yes\n");
        assert!(ran.code == 2 || line.contains("absent"), "{line}: {}", ran.err);
        assert!(ran.err.contains(message), "{line}: {}", ran.err);
    }
    assert_eq!(world.fake.request_count(), 0);
    let plan = world.run("probe --plan -o table").code(0);
    if is_transcription() {
        insta::assert_snapshot!("probe_plan", plan.out);
    }
    assert_eq!(world.fake.request_count(), 0);
}

#[test]
fn the_table_compares_with_our_inferences() {
    if !is_transcription() {
        return;
    }
    let settings = Settings {
        unknown_entry: EntryPolicy::refuse_all(404),
        trailing_slash: TrailingSlash::Optional,
        ..Settings::default()
    };
    let world = account(settings);
    let ran = world
        .run("probe --live --yes -o table --columns result,setting,found,inferred")
        .code(0);
    insta::assert_snapshot!("probe_table", ran.text(&world));
}

#[test]
fn the_file_makes_a_fake_that_behaves_like_the_account() {
    let first = account(Settings::vary(7));
    let line = "probe --live --yes --accept-inferred --settings found.json -o json";
    first.run(line).code(0);
    let text = fs::read_to_string(first.path("found.json")).unwrap();
    let second = account(Settings::from_json(&text).unwrap());
    second.run(line).code(0);
    assert_eq!(fs::read_to_string(second.path("found.json")).unwrap(), text);
    // `funnelflux fake` refuses an invalid file of settings.
    fs::write(first.path("wrong.json"), r#"{ "saving": "merge" }"#).unwrap();
    let ran = first.run("fake --settings wrong.json").code(2);
    assert!(
        ran.err
            .contains("wrong.json: these are no settings: unknown field `saving`"),
        "{}",
        ran.err
    );
}

#[test]
fn questions_that_cannot_be_asked_say_so_and_a_renewal_answers_one_of_them() {
    for (rotate_refresh_token, expires) in [(false, true), (true, true), (true, false)] {
        let world = account(Settings {
            rotate_refresh_token,
            ..Settings::default()
        });
        let login = format!("auth login --file --base-url {}", world.server.base_url());
        let tokens = format!(
            "{}\n{}\n",
            world.fake.access_token(),
            world.fake.refresh_token().unwrap()
        );
        ran(world.anonymous(words(&login)), &tokens).code(0);
        if expires {
            world.fake.expire_access_token();
        }
        let line = "probe --live --yes --settings found.json -o json";
        let ran = ran(world.anonymous(words(line)), "").code(0);
        assert_eq!(world.fake.renewals(), u64::from(expires));
        let rows: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
        let detail = |setting: &str| {
            let row = rows.iter().find(|row| row["setting"] == setting).unwrap();
            row["detail"].as_str().unwrap()
        };
        let found = fs::read_to_string(world.path("found.json")).unwrap();
        let found: Map<String, Value> = serde_json::from_str(&found).unwrap();
        let rotates = found.get("rotate_refresh_token");
        if expires {
            assert_eq!(rotates, Some(&Value::Bool(rotate_refresh_token)));
        } else {
            assert_eq!(rotates, None);
            assert!(detail("rotate_refresh_token").starts_with("cannot be settled from outside: "));
        }
        assert!(detail("locked_entry").starts_with("cannot be settled from outside: "));
        assert!(!ran.out.contains(&world.fake.access_token()), "{}", ran.out);
    }
}

#[test]
fn a_surprise_stops_the_probe_and_the_account_is_restored() {
    let world = account(Settings::default());
    let before = world.fake.state();
    world
        .fake
        .inject(Rule::new(Fault::status(500)).on("PUT /offersource/archive/"));
    let ran = world
        .run("probe --live --yes --settings found.json -o json")
        .code(1);
    assert!(
        ran.err.contains(
            "stopped at a surprise: Which status does a change get? PUT /offersource/archive/ got 500"
        ),
        "{}",
        ran.err
    );
    assert_eq!(assert_restored(&before, &world.fake.state(), 0), 3);
    let rows: Vec<Value> = serde_json::from_str(&ran.out).unwrap();
    let detail = |setting: &str| {
        let row = rows.iter().find(|row| row["setting"] == setting).unwrap();
        row["detail"].as_str().unwrap().to_owned()
    };
    assert!(detail("success_status").starts_with("surprise: "));
    assert_eq!(detail("unknown_entry"), "not asked");
    // The settings that were found before the surprise are still written to the file.
    let found = fs::read_to_string(world.path("found.json")).unwrap();
    assert!(
        found.contains("\"save\": \"replace\"") && !found.contains("unknown_entry"),
        "{found}"
    );
    // After the surprise, the only requests that change something are the deletions of the probe's assets.
    let log = world.fake.log();
    let surprise = log.iter().position(|entry| entry.fault.is_some()).unwrap();
    let writes = log
        .iter()
        .skip(surprise + 1)
        .filter(|entry| entry.method != "GET");
    assert!(writes.map(|entry| entry.method.as_str()).eq(["DELETE"; 3]));
}

/// Runs the probe once per fault, which affects one request. Checks that the probe finds no wrong setting,
/// and that it reports every asset that it leaves behind.
#[test]
fn one_fault_spoils_no_finding_and_hides_no_asset() {
    let faults: Vec<Fault> = Fault::all().into_iter().filter(|fault| !is_slow(fault)).collect();
    assert!(faults.len() > 20);
    let settings = Settings::default();
    let truth = visible(&settings);
    let mut failed = 0;
    for (seed, fault) in (0..).zip(faults.iter().cycle().take(faults.len())) {
        let mut random = fastrand::Rng::with_seed(seed);
        let world = account(settings.clone());
        let before = world.fake.state();
        let writes_only = random.bool();
        let passing = random.u64(..if writes_only { 30 } else { 120 });
        let rule = Rule::new(fault.clone()).when(move |received| !writes_only || received.method != "GET");
        world.fake.inject(rule.after(passing));
        let ran = world.run("probe --live --yes --accept-inferred --pause 0 --settings found.json -o json");
        let context = format!("seed {seed}, {fault:?} after {passing}: {}\n{}", ran.err, ran.out);
        let text = fs::read_to_string(world.path("found.json")).expect(&context);
        let found: Map<String, Value> = serde_json::from_str(&text).unwrap();
        for (name, value) in &found {
            assert_eq!(truth.get(name), Some(value), "{name}, {context}");
        }
        for (kind, asset) in world.fake.state().all() {
            match before.asset(kind, &asset.id) {
                Some(original) => assert_eq!(original, asset, "{context}"),
                None if asset.status == Status::Deleted => {}
                None => assert!(ran.err.contains(&format!("{}: ", asset.id)), "{context}"),
            }
        }
        failed += usize::from(ran.code != 0);
    }
    assert!(failed > faults.len() / 3, "{failed}");
}

/// Returns true if the fault makes a client wait for seconds.
fn is_slow(fault: &Fault) -> bool {
    match fault {
        Fault::StallConnect | Fault::StallHeaders { .. } | Fault::StallBody => true,
        Fault::Status { retry_after, .. } => *retry_after != RetryAfter::Absent,
        _ => false,
    }
}

#[test]
fn assets_that_cannot_be_deleted_are_reported_as_left_behind() {
    let world = account(Settings::default());
    let before = world.fake.state();
    world.fake.inject(
        Rule::new(Fault::status(403))
            .on("DELETE /offersource/delete/")
            .always(),
    );
    let ran = world.run("probe --live --yes -o json").code(1);
    let after = world.fake.state();
    let own: Vec<&str> = after
        .offer_sources()
        .filter(|asset| before.offer_source(&asset.id).is_none())
        .map(|asset| asset.id.as_str())
        .collect();
    assert_eq!(own.len(), 3);
    for id in own {
        let line = format!("note: left behind: offer source {id}: the deletion got 403");
        assert!(ran.err.contains(&line), "{}", ran.err);
    }
    // The probe also uses pages and categories if the vendor documents them.
    let own = after
        .all()
        .filter(|(kind, asset)| before.asset(kind, &asset.id).is_none());
    let (deleted, left): (Vec<_>, Vec<_>) = own.partition(|(_, asset)| asset.status == Status::Deleted);
    assert_eq!(left.len(), 3);
    let count = format!("note: {} assets of the probe: ", deleted.len() + left.len());
    assert!(ran.err.contains(&count), "{}", ran.err);
    assert_eq!(
        ran.err.contains("none is deleted"),
        deleted.is_empty(),
        "{}",
        ran.err
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_after_an_experiment_and_removes_the_assets() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let world = account(Settings::default());
    let before = world.fake.state();
    let mut command = world.command(words("probe --live --yes --rate 30 -o json"));
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    while world.fake.state().all().count() == before.all().count() && begin.elapsed() < Duration::from_mins(1)
    {
        std::thread::sleep(Duration::from_millis(5));
    }
    let process = Pid::from_raw(i32::try_from(child.id()).unwrap());
    kill(process, Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{error}");
    assert!(
        error.contains("cancelled: the other questions were not asked"),
        "{error}"
    );
    assert!((1..=3).contains(&assert_restored(&before, &world.fake.state(), 0)));
}
