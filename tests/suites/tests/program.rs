//! Runs bulk commands of the program as processes, against a fake that injects faults.
//!
//! `FUNNELFLUX_SEED` sets the seed of the first case, and `FUNNELFLUX_CASES` the number of cases.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use fastrand::Rng;
use funnelflux_fake::{Break, Fault, Rule, Settings};
use funnelflux_suites::faults;
use funnelflux_suites::jobs::{Job, JobSize, Ran, World};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Default number of cases.
const CASES: u64 = 24;
/// Path of the program.
const PROGRAM: &str = env!("CARGO_BIN_EXE_program");

/// Runs a command of the program. Returns its exit code, and the report that it printed to stdout.
fn run(world: &World, base_url: &str, folder: &Path, arguments: &[String]) -> (Option<i32>, Ran) {
    let mut command = Command::new(PROGRAM);
    command
        .env_clear()
        .env("HOME", folder)
        .env("FUNNELFLUX_CONFIG_DIR", folder.join("config"))
        .env("FUNNELFLUX_STATE_DIR", folder.join("state"))
        .env("FUNNELFLUX_BASE_URL", base_url)
        .env("FUNNELFLUX_ACCESS_TOKEN", world.fake.access_token());
    let Output {
        status,
        stdout,
        stderr,
    } = command.args(arguments).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    let rows: Vec<Value> = serde_json::from_slice(&stdout).unwrap_or_default();
    let outcomes = rows.iter().map(|row| {
        let member = |name: &str| row[name].as_str().map(str::to_owned);
        (member("id").unwrap(), member("outcome").unwrap(), member("copy"))
    });
    (status.code(), world.ran(outcomes, text))
}

/// Runs a command while a fault occurs, and then continues its job without the fault.
fn check(seed: u64, runtime: &tokio::runtime::Runtime) {
    let mut random = Rng::with_seed(seed);
    let job = random
        .choice([Job::Archive, Job::Delete, Job::Move, Job::Duplicate])
        .unwrap();
    let size = JobSize {
        assets: random.usize(6..15),
        chunk: random.usize(1..6),
        concurrency: random.usize(1..4),
    };
    let world = World::new(&Settings::default(), job, size);
    let server = runtime
        .block_on(world.fake.serve(([127, 0, 0, 1], 0).into()))
        .unwrap();
    // A stall lasts as long as the timeout, and a large body takes long to send.
    let is_quick = |fault: &Fault| {
        !matches!(fault.breaks(), Some((Break::Stalled, _))) && !matches!(fault, Fault::Oversized { .. })
    };
    let gateways = [(404, true), (404, false), (502, true)];
    let gateways = gateways.map(|(status, page)| Fault::Gateway { status, page });
    let all: Vec<Fault> = faults().filter(is_quick).chain(gateways).collect();
    let fault = all[random.usize(..all.len())].clone();
    let reads = random.u8(..3) == 0;
    let rule = Rule::new(fault.clone())
        .when(move |request| (request.method == http::Method::GET) == reads)
        .after(random.u64(..3))
        .times(random.u64(1..4));
    world.fake.inject(rule);
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("job.journal").display().to_string();
    let mut arguments = vec!["offer-sources".to_owned()];
    arguments.extend(world.command());
    for argument in ["--yes", "-o", "json", "--chunk-size"] {
        arguments.push(argument.to_owned());
    }
    arguments.extend([
        size.chunk.to_string(),
        "--jobs".to_owned(),
        size.concurrency.to_string(),
    ]);
    let with = |option: &str| [arguments.clone(), vec![option.to_owned(), journal.clone()]].concat();
    for option in ["--journal", "--resume"] {
        let option = if Path::new(&journal).exists() {
            option
        } else {
            "--journal"
        };
        let before = world.fake.state();
        let (code, ran) = run(&world, &server.base_url(), folder.path(), &with(option));
        let context = || {
            format!(
                "{} × {fault}, reads {reads}, {option}, exit {code:?}: {}",
                job.name(),
                ran.text()
            )
        };
        let contradictions = world.contradictions(&ran, &before);
        assert!(
            contradictions.is_empty(),
            "{}\n{}",
            context(),
            contradictions.join("\n")
        );
        assert_eq!(code == Some(0), ran.is_done(), "{}", context());
        world.fake.clear_faults();
    }
}

#[test]
fn no_command_reports_anything_false() {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let cases = number("FUNNELFLUX_CASES").unwrap_or(CASES);
    let first = number("FUNNELFLUX_SEED").unwrap_or_else(|| fastrand::u64(..u64::MAX / 2));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let runtime = &runtime;
            scope.spawn(move || {
                for seed in (first..first + cases).filter(|seed| seed % 4 == thread) {
                    let checked = std::panic::AssertUnwindSafe(|| check(seed, runtime));
                    let outcome = std::panic::catch_unwind(checked);
                    assert!(
                        outcome.is_ok(),
                        "repeat with FUNNELFLUX_CASES=1 FUNNELFLUX_SEED={seed}"
                    );
                }
            });
        }
    });
}
