//! The examples do their work on the embedded fake, and say what they should.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::path::PathBuf;
use std::process::{Command, Output};

/// Runs an example; cargo builds all of them before it runs the tests of the package.
fn run(name: &str, arguments: &[&str]) -> Output {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    folder.set_file_name("examples");
    let program: PathBuf = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    Command::new(&program)
        .args(arguments)
        .env_remove("FUNNELFLUX_ACCESS_TOKEN")
        .output()
        .unwrap_or_else(|error| {
            panic!(
                "{}: {error}; build it with cargo build -p funnelflux --examples",
                program.display()
            )
        })
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn bulk_archive_archives_what_can_be_archived() {
    let text = printed(&run("bulk_archive", &["--children", "orphan"]));
    // They are counted where the crate can read pages.
    let children = if cfg!(feature = "pages") {
        "their 250 children are handled too"
    } else {
        "their children are handled too; how many there are is not known"
    };
    let begin = format!(
        "archive offer sources, children are orphaned: 980 would change, 20 already so\n  \
        {children}\n\
        archive offer sources, children are orphaned: 977 done, 20 already so, 3 rejected\n\
        rejected:\n"
    );
    assert!(text.starts_with(&begin), "{text}");
    assert_eq!(text.matches("403 Forbidden").count(), 3, "{text}");
}

#[test]
fn bulk_archive_goes_on_with_a_journal() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("archive.journal");
    let journal = journal.to_str().unwrap();
    let first = printed(&run("bulk_archive", &["--journal", journal]));
    // Each run has a fake of its own: what the journal says is done is not asked for again.
    let output = run("bulk_archive", &["--resume", journal]);
    let second = printed(&output);
    let said = String::from_utf8_lossy(&output.stderr);
    let so_far = "archive offer sources. So far 977 done, 20 already so, 3 rejected.";
    assert!(said.contains(so_far), "{said}");
    let report = first.split_once('\n').unwrap().1;
    assert_eq!(second, report);
    // A journal is never overwritten.
    let output = run("bulk_archive", &["--journal", journal]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the file exists"));
}

#[test]
fn bulk_archive_only_plans_if_asked() {
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
        text.ends_with("977 were moved, 0 were there already.\nOn the server 977 are in it.\n"),
        "{text}"
    );
}

#[test]
fn safe_update_keeps_what_somebody_else_has_done() {
    let text = printed(&run("safe_update", &[]));
    assert!(
        text.ends_with(
            "Somebody else has changed /offerSourceName meanwhile.\n\
            Both changes can stand: it is made again on what the asset is now.\n\
            Renamed by somebody else has \"txid_new\" now; changed: /postbackTxId.\n"
        ),
        "{text}"
    );
}

#[test]
fn a_live_account_wants_a_token_and_explicit_arguments() {
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
    for (name, arguments, why) in arguments {
        let output = run(name, arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(why), "{name}: {said}");
    }
}

#[test]
fn soak_finds_memory_and_sockets_flat() {
    let text = printed(&run("soak", &["--calls", "500", "--ids", "200"]));
    assert!(text.contains("archive offer sources: 200 done"), "{text}");
    assert!(text.contains("\nflat: "), "{text}");
}
