//! Runs the examples against a fake service, and checks their output.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use funnelflux_fake::{Fake, Fault, Rule, Status};
#[cfg(all(feature = "snapshot", unix))]
use std::collections::HashSet;
#[cfg(all(feature = "snapshot", target_os = "linux"))]
use std::io::Read as _;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Command that runs an example without an access token. Cargo builds all examples before it runs the tests
/// of the package.
fn command(name: &str) -> Command {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    folder.set_file_name("examples");
    let mut command = Command::new(folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)));
    command.env_remove("FUNNELFLUX_ACCESS_TOKEN");
    command
}

fn run(name: &str, arguments: &[&str]) -> Output {
    let mut command = command(name);
    command
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; fix: cargo build -p funnelflux --examples"))
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn bulk_archive_archives_and_reports_rejections() {
    let text = printed(&run("bulk_archive", &["--children", "orphan"]));
    // Children are counted if the crate can read pages.
    let children = if cfg!(feature = "pages") {
        "their 250 children are handled too"
    } else {
        "their children are handled too; their number is unknown"
    };
    let start = format!(
        "archive offer sources, children are orphaned: 980 would change, 20 already so\n  \
        {children}\n\
        archive offer sources, children are orphaned: 977 done, 20 already so, 3 rejected\n\
        rejected:\n"
    );
    assert!(text.starts_with(&start), "{text}");
    // The three rejections have the same cause, which is printed once.
    assert_eq!(text.matches("403 Forbidden").count(), 1, "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bulk_archive_resumes_from_a_journal() {
    let fake = Fake::default();
    let ids = fake.seed_many(30);
    fake.lock(ids[7].clone());
    let server = fake.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("ids");
    std::fs::write(&list, ids.join("\n")).unwrap();
    let journal = folder.path().join("archive.journal");
    let (list, journal) = (list.to_str().unwrap(), journal.to_str().unwrap());
    let url = server.base_url();
    let live = ["--live", "--yes", "--base-url", &url, "--journal", journal];
    let archive = |more: &[&str]| {
        let mut command = command("bulk_archive");
        command
            .args(live)
            .args(more)
            .env("FUNNELFLUX_ACCESS_TOKEN", fake.access_token());
        command.output().unwrap()
    };
    let first = archive(&["--ids-from", list]);
    let first = String::from_utf8(first.stdout).unwrap();
    assert!(
        first.contains("archive offer sources: 29 done, 1 rejected"),
        "{first}"
    );
    // The second run takes IDs and outcomes from the journal, and sends nothing.
    let sent = fake.request_count();
    let second = archive(&[]);
    let stderr = String::from_utf8_lossy(&second.stderr);
    let progress = "Resuming: archive offer sources (29 done, 1 rejected).";
    assert!(stderr.contains(progress), "{stderr}");
    let report = first.split_once('\n').unwrap().1;
    assert_eq!(String::from_utf8_lossy(&second.stdout), report);
    assert_eq!(fake.request_count(), sent);
    // A journal is never used for another job.
    let output = archive(&["another"]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("a job with other IDs"), "{stderr}");
}

/// Checks that the example ends soon after a signal, even if the service does not respond.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_ends_bulk_archive_although_the_service_hangs() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    for (signals, limit) in [
        (&[Signal::SIGINT][..], 1_000),
        (&[Signal::SIGTERM], 1_000),
        (&[Signal::SIGINT, Signal::SIGINT], 500),
        (&[Signal::SIGTERM, Signal::SIGINT], 500),
    ] {
        let fake = Fake::default();
        let ids = fake.seed_many(3);
        let archive = "PUT /offersource/archive/";
        fake.inject(
            Rule::new(Fault::StallHeaders { applied: false })
                .on(archive)
                .always(),
        );
        let server = fake.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        let child = command("bulk_archive")
            .args(["--live", "--yes", "--base-url", &server.base_url()])
            .args(&ids)
            .env("FUNNELFLUX_ACCESS_TOKEN", fake.access_token())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while !fake.log().iter().any(|entry| entry.operation == Some(archive)) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let begun = Instant::now();
        for &signal in signals {
            let process = Pid::from_raw(i32::try_from(child.id()).unwrap());
            kill(process, signal).unwrap();
            // Waits, because the process must handle the first signal before the second arrives.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let output = tokio::task::spawn_blocking(move || child.wait_with_output());
        let output = output.await.unwrap().unwrap();
        let took = begun.elapsed();
        let text = String::from_utf8_lossy(&output.stdout);
        let case = format!("{signals:?}: {took:?}, {}, {text}", output.status);
        // The test allows more time than the limit, for machines under load.
        assert!(took < Duration::from_millis(limit + 400), "{case}");
        if signals.len() == 1 {
            assert!(
                text.contains("archive offer sources: 0 done, 3 unknown"),
                "{case}"
            );
        } else {
            assert_eq!(output.status.code(), Some(130), "{case}");
        }
        assert_eq!(fake.state().offer_sources_with(&Status::Archived).len(), 0);
    }
}

#[test]
fn bulk_archive_prints_only_a_plan_if_asked() {
    let text = printed(&run("bulk_archive", &["--plan", "nobody"]));
    assert_eq!(
        text,
        "archive offer sources: 0 would change, 1 missing or deleted\nmissing or deleted:\n  nobody\n"
    );
}

#[test]
fn move_category_moves() {
    let text = printed(&run("move_category", &[]));
    assert!(
        text.ends_with(
            "977 moved, 0 already in the category.\nThe fake has 977 offer sources in the category.\n"
        ),
        "{text}"
    );
}

#[cfg(all(feature = "snapshot", feature = "pages"))]
#[test]
fn swap_offer_replaces_the_id_in_every_page() {
    let text = printed(&run("swap_offer", &["--groups", "pages"]));
    assert!(
        text.starts_with("replace \"2nIemJxCoff1\" by \"2nIemJxCoff2\" in pages: 20 assets, 20 to save\n"),
        "{text}"
    );
    assert!(
        text.ends_with(
            "replace \"2nIemJxCoff1\" by \"2nIemJxCoff2\" in pages: 20 done\n\
            The fake has 20 pages that name the new offer.\n"
        ),
        "{text}"
    );
}

#[cfg(feature = "snapshot")]
#[test]
fn undo_restores_what_was_archived() {
    let text = printed(&run("undo", &[]));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..2],
        [
            "archive offer sources, children too: 3 done",
            "The fake has 23 archived offer sources."
        ]
    );
    assert!(
        lines[2].starts_with("undo: archive offer sources, children too: "),
        "{text}"
    );
    assert_eq!(
        lines.last(),
        Some(&"The fake has 20 archived offer sources."),
        "{text}"
    );
}

#[test]
fn record_replay_needs_no_service_to_replay() {
    let text = printed(&run("record_replay", &[]));
    assert_eq!(
        text,
        "recorded 3 offer sources\nreplayed 3 offer sources in 0 requests\n"
    );
}

#[test]
fn safe_update_keeps_a_concurrent_change() {
    let text = printed(&run("safe_update", &[]));
    assert!(
        text.ends_with(
            "Another client has changed /offerSourceName in the meantime.\n\
            The changes do not overlap, so ours is repeated on the current asset.\n\
            Renamed by another client: transaction ID parameter \"txid_new\" (changed: /postbackTxId)\n"
        ),
        "{text}"
    );
}

#[test]
fn a_live_account_needs_a_token_and_explicit_arguments() {
    for name in ["bulk_archive", "move_category", "safe_update"] {
        let help = printed(&run(name, &["--help"]));
        assert!(
            help.contains("--live") && help.contains("FUNNELFLUX_ACCESS_TOKEN"),
            "{help}"
        );
    }
    let arguments: [(&str, &[&str], &str); 3] = [
        (
            "bulk_archive",
            &["--live", "a"],
            "FUNNELFLUX_ACCESS_TOKEN is not set",
        ),
        ("move_category", &["--live"], "--category"),
        ("safe_update", &["--live"], "--id"),
    ];
    for (name, arguments, message) in arguments {
        let output = run(name, arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && stderr.contains(message),
            "{name}: {stderr}"
        );
    }
}

#[test]
fn soak_finds_no_leak() {
    let text = printed(&run("soak", &["--calls", "500", "--ids", "200"]));
    assert!(text.contains("archive offer sources: 200 done"), "{text}");
    assert!(text.contains("\nno leak: "), "{text}");
}

#[test]
fn explore_finds_the_planted_mistake_and_nothing_else() {
    let text = printed(&run("explore", &[]));
    let (careless, careful) = text.split_once("careful script: ").unwrap();
    assert!(
        careless.contains("offersource \"Summer\": 2 instead of 1"),
        "{text}"
    );
    assert!(
        careless.contains("fix: repeat one of them with Explore::only("),
        "{text}"
    );
    assert!(careful.starts_with("no asset was lost or doubled in "), "{text}");
}

/// Checks the output of a `main` that returns an error. Rust prints such an error with `Debug`.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_main_is_one_useful_line() {
    let fake = funnelflux_fake::Fake::default();
    let server = fake.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let output = command("safe_update")
        .args(["--live", "--id", "2nIemJxCKbFX", "--base-url", &server.base_url()])
        .env("FUNNELFLUX_ACCESS_TOKEN", "wrong")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && output.stdout.is_empty(), "{printed}");
    let line = printed
        .strip_prefix("Error: find_offer_source_by_id (GET /offersource/find/byId/): ")
        .unwrap();
    assert!(
        line.contains("401 Unauthorized") && line.contains("create new tokens"),
        "{line}"
    );
    assert_eq!(line.matches("401 Unauthorized").count(), 1, "{line}");
    assert_eq!(printed.lines().count(), 1, "{printed}");
}

#[cfg(feature = "snapshot")]
#[test]
fn backup_exports_compares_and_finds_usages() {
    let text = printed(&run("backup", &[]));
    assert!(text.contains("offer-sources: 1000 assets\n"), "{text}");
    assert!(text.contains("1 changed, 0 added, 0 removed, "), "{text}");
    assert!(text.contains("\": archived\n"), "{text}");
    assert!(text.contains(" is named in:\n  offer-sources/"), "{text}");
}

/// Checks that an interrupted export over an older snapshot can be continued. The export is interrupted first
/// by a full disk, then by the end of its process.
#[cfg(all(feature = "snapshot", unix))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backup_continues_after_a_full_disk() {
    let fake = Fake::default();
    let ids = fake.seed_many(1_000);
    let server = fake.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    let list = || {
        let list = std::fs::read_dir(backup.join("offer-sources")).unwrap();
        list.map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect::<HashSet<_>>()
    };
    let run = |limit: &str| {
        let example = command("backup");
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!(r#"{limit} exec "$@""#), "sh"])
            .arg(example.get_program())
            .args([
                "--live",
                "--group",
                "offer-sources",
                "--base-url",
                &server.base_url(),
            ])
            .arg(&backup)
            .env("FUNNELFLUX_ACCESS_TOKEN", fake.access_token());
        shell.output().unwrap()
    };
    printed(&run(""));
    let before = list();
    for id in &ids {
        fake.set("offersource", id, "postbackSubId", "new");
    }
    // The file with the progress of a thousand assets is larger than 32 KiB.
    let full = run("trap '' XFSZ; ulimit -f 64;");
    let error = String::from_utf8_lossy(&full.stderr);
    assert!(
        error.contains("backup/.export/progress.jsonl: File too large"),
        "{error}"
    );
    let killed = run("ulimit -c 0; ulimit -f 96;");
    assert!(!killed.status.success() && killed.stdout.is_empty(), "{killed:?}");
    assert_eq!(list(), before);
    fake.clear_log();
    printed(&run(""));
    let after = list();
    assert!(after.len() == 1_000 && after.is_disjoint(&before));
    let finds = fake
        .log()
        .iter()
        .filter(|entry| entry.path.contains("/find/"))
        .count();
    assert!((1..9).contains(&finds), "{finds} of 10 requests were repeated");
}

/// Checks that a process exports and compares 10,000 assets of more than 1 KB each with little memory.
#[cfg(all(feature = "snapshot", target_os = "linux"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backup_of_ten_thousand_assets_needs_little_memory() {
    const LIMIT: u64 = 64 * 1024;
    let fake = Fake::default();
    for id in fake.seed_many(10_000) {
        fake.set("offersource", &id, "notes", "n".repeat(1_000));
    }
    let server = fake.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (url, token) = (server.base_url(), fake.access_token());
    let live = ["--live", "--base-url", &url, "--group", "offer-sources"];
    let directory = folder.path().join("backup");
    let directory = directory.to_str().unwrap();
    for (arguments, expected) in [
        (&[directory][..], "offer-sources: 10000 assets"),
        (
            &[directory, "--compare"],
            "0 changed, 0 added, 0 removed, 10000 equal",
        ),
    ] {
        let mut child = command("backup")
            .args(live)
            .args(arguments)
            .env("FUNNELFLUX_ACCESS_TOKEN", &token)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let status = format!("/proc/{}/status", child.id());
        let peak = std::thread::spawn(move || {
            let mut peak = 0;
            // The line disappears when the process has ended.
            while let Some(kilobytes) = peak_memory(&status) {
                peak = peak.max(kilobytes);
                std::thread::sleep(Duration::from_millis(5));
            }
            peak
        });
        let mut text = String::new();
        child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        assert!(child.wait().unwrap().success());
        assert!(
            text.contains(expected),
            "{arguments:?}: {}",
            &text[..text.len().min(1_000)]
        );
        let peak = peak.join().unwrap();
        println!("{arguments:?}: {peak} KiB");
        assert!(peak > 0 && peak < LIMIT, "{arguments:?}: {peak} KiB");
    }
}

/// Peak memory of a process in KiB. `status` is the path of the process's file `/proc/<ID>/status`.
#[cfg(all(feature = "snapshot", target_os = "linux"))]
fn peak_memory(status: &str) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
