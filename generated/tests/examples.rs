//! Runs the examples against the embedded fake and checks their output.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::process::{Command, Output};

/// The command of an example. Cargo builds all examples before it runs the tests of the package.
fn command(name: &str) -> Command {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    folder.set_file_name("examples");
    Command::new(folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

fn run(name: &str, arguments: &[&str]) -> Output {
    let mut command = command(name);
    command
        .args(arguments)
        .env_remove("FUNNELFLUX_ACCESS_TOKEN")
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
    assert_eq!(text.matches("403 Forbidden").count(), 3, "{text}");
}

#[test]
fn bulk_archive_resumes_from_a_journal() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("archive.journal");
    let journal = journal.to_str().unwrap();
    let first = printed(&run("bulk_archive", &["--journal", journal]));
    // Each run has its own fake, so these outcomes come from the journal.
    let output = run("bulk_archive", &["--resume", journal]);
    let second = printed(&output);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let progress = "Resuming: archive offer sources (977 done, 20 already so, 3 rejected).";
    assert!(stderr.contains(progress), "{stderr}");
    let report = first.split_once('\n').unwrap().1;
    assert_eq!(second, report);
    // A journal is never overwritten.
    let output = run("bulk_archive", &["--journal", journal]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the file exists"));
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
            "977 moved, 0 in the category already.\nThe fake has 977 offer sources in the category.\n"
        ),
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

/// `main` returns the error, and Rust prints its `Debug`.
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
