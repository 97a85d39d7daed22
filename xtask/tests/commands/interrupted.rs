//! Tests that no file is left half-written if a run is killed, or if the disk is full or read-only. Once the
//! cause is gone, a repeated run must succeed.

use std::{
    fs,
    os::unix::{fs::MetadataExt as _, fs::PermissionsExt as _, process::CommandExt as _},
    path::Path,
    process::Command,
};

use crate::support::{CHANGELOG, LOCK, Run, Workspace, XTASK};

/// A command that writes several files and removes one.
struct Case {
    name: &'static str,
    prepare: fn(&Workspace),
    arguments: &'static [&'static str],
}

const CASES: [Case; 2] = [
    Case {
        name: "generate after a change",
        prepare: |workspace| {
            workspace.change_document();
            workspace.write("generated/src/api/old/types.rs", "// old");
        },
        arguments: &["generate"],
    },
    Case {
        name: "fetch of a document in YAML",
        prepare: |workspace| {
            workspace.write(
                "new.yaml",
                "openapi: 3.0.3\ninfo: {title: t, version: '1'}\n\
                 paths: {/a/: {get: {tags: [A], responses: {'204': {description: d}}}}}\n",
            );
        },
        arguments: &["fetch", "new.yaml"],
    },
];

impl Case {
    /// Creates two workspaces: one before the command, and one after it.
    fn workspaces(&self) -> (Workspace, Workspace) {
        let before = Workspace::new();
        (self.prepare)(&before);
        let after = before.copied();
        after.xtask(self.arguments).ended_with(0);
        (before, after)
    }
}

/// Effect of exceeding the file size limit: a write error, or a signal that kills the process.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Excess {
    Error,
    Signal,
}

impl Workspace {
    /// Runs the command with a limit on the size of each file: `blocks` times 512 bytes.
    fn xtask_with_limit(&self, blocks: u32, excess: Excess, arguments: &[&str]) -> Run {
        let trap = if excess == Excess::Error {
            "trap '' XFSZ;"
        } else {
            ""
        };
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!(r#"{trap} ulimit -f {blocks}; ulimit -c 0; exec "$@""#))
            .args(["sh", XTASK])
            .args(self.command(arguments).get_args())
            .current_dir(self.root());
        self.run(command)
    }

    /// Asserts that each file has its content from before or after the command.
    fn has_whole_files(&self, old: &Self, new: &Self, case: &str) {
        let (old, new) = (old.contents(), new.contents());
        for (name, bytes) in self.contents() {
            let is_whole = old.get(&name) == Some(&bytes) || new.get(&name) == Some(&bytes);
            assert!(is_whole, "{case}: {name} is neither old nor new");
        }
        for name in old.keys().filter(|name| new.contains_key(*name)) {
            assert!(self.path(name).exists(), "{case}: {name} is gone");
        }
    }

    /// Asserts that the command now succeeds, with the same result as without an interruption.
    fn repeat(&self, arguments: &[&str], expected: &Self, case: &str) {
        let run = self.xtask(arguments);
        assert_eq!(run.code, Some(0), "{case}: {run}");
        assert_eq!(self.leftovers(), 0, "{case}");
        let (actual, expected) = (self.contents(), expected.contents());
        for name in actual.keys().chain(expected.keys()) {
            assert!(actual.get(name) == expected.get(name), "{case}: {name} differs");
        }
    }
}

#[test]
fn a_write_that_fails_leaves_the_old_file() {
    let workspace = Workspace::new();
    workspace.change_document();
    let before = workspace.files();
    let run = workspace
        .xtask_with_limit(2, Excess::Error, &["generate"])
        .ended_with(1);
    // The changelog is small and written first; the next run does not add the changes again.
    let mut after = workspace.files();
    let changelog = after.insert(CHANGELOG.to_owned(), before[CHANGELOG].clone());
    assert_eq!(after, before);
    insta::assert_snapshot!("write_failed", run);
    workspace.check_then_fix(3);
    assert_eq!(Some(workspace.read(CHANGELOG).into_bytes()), changelog);
}

#[test]
fn a_run_that_is_killed_while_it_writes_can_be_repeated() {
    let workspace = Workspace::new();
    workspace.change_document();
    let before = workspace.files();
    let run = workspace.xtask_with_limit(0, Excess::Signal, &["generate"]);
    assert_eq!(run.code, None, "{run}");
    assert_eq!(workspace.leftovers(), 1, "it was killed while it wrote");
    assert_eq!(workspace.contents(), before);
    workspace.check_then_fix(3);
    assert_eq!(workspace.leftovers(), 0);
}

#[test]
fn leftovers_are_removed_from_every_folder() {
    let workspace = Workspace::new();
    for name in [
        ".xtask-a0",
        "spec/.xtask-a1",
        "generated/src/api/.xtask-b2",
        "generated/src/api/offer_sources/.xtask-c3",
    ] {
        workspace.write(name, "half a fi");
    }
    workspace.fix();
    assert_eq!(workspace.leftovers(), 0);
}

/// A run writes the lock last.
#[test]
fn a_run_that_ended_before_the_lock_can_be_repeated() {
    let workspace = Workspace::new();
    let lock = workspace.read(LOCK);
    workspace.change_document();
    workspace.fix();
    workspace.write(LOCK, lock);
    let check = workspace.check_then_fix(3);
    insta::assert_snapshot!("lock_of_the_run_before", check);
}

/// In each round, the process aborts at another disk operation.
#[test]
fn a_run_that_is_killed_at_any_step_can_be_repeated() {
    for case in &CASES {
        let (before, after) = case.workspaces();
        let mut aborted = 0;
        for step in 1.. {
            let workspace = before.copied();
            let name = format!("{}, step {step}", case.name);
            let mut command = workspace.command(case.arguments);
            command.env("XTASK_ABORT_AT", step.to_string());
            let run = workspace.run(command);
            workspace.has_whole_files(&before, &after, &name);
            if run.code == Some(0) {
                break;
            }
            assert_eq!(run.code, None, "{name}: {run}");
            aborted += 1;
            workspace.repeat(case.arguments, &after, &name);
        }
        assert!(aborted >= 7, "{}: only {aborted} steps", case.name);
    }
}

#[test]
fn a_run_on_a_full_disk_leaves_whole_files() {
    for case in &CASES {
        let (before, after) = case.workspaces();
        let mut failed = 0;
        for blocks in [0, 1, 4, 16, 24, 32, 64, 512] {
            let workspace = before.copied();
            let name = format!("{}, {blocks} blocks", case.name);
            let run = workspace.xtask_with_limit(blocks, Excess::Error, case.arguments);
            workspace.has_whole_files(&before, &after, &name);
            assert_eq!(workspace.leftovers(), 0, "{name}");
            if run.code == Some(0) {
                continue;
            }
            failed += 1;
            assert_eq!(run.code, Some(1), "{name}: {run}");
            assert!(run.stderr.contains("error: cannot write"), "{name}: {run}");
            workspace.repeat(case.arguments, &after, &name);
        }
        assert!(failed >= 1, "{}", case.name);
    }
}

/// Sets the permissions of a folder and of all folders in it.
fn set_permissions(folder: &Path, mode: u32) {
    fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            set_permissions(&path, mode);
        }
    }
}

/// The superuser may write anywhere. If the superuser runs this test, the test runs the command as another
/// user.
#[test]
fn a_run_on_a_read_only_disk_changes_nothing() {
    const NOBODY: u32 = 65_534;
    for case in &CASES {
        let workspace = Workspace::new();
        (case.prepare)(&workspace);
        // The program may be in a folder that another user cannot enter.
        let program = workspace.path("xtask");
        fs::copy(XTASK, &program).unwrap();
        let before = workspace.contents();
        set_permissions(workspace.root(), 0o555);
        let mut command = Command::new(&program);
        command
            .args(workspace.command(case.arguments).get_args())
            .current_dir(workspace.root());
        if fs::metadata(workspace.root()).unwrap().uid() == 0 {
            command.uid(NOBODY).gid(NOBODY);
        }
        let run = workspace.run(command).ended_with(1);
        assert!(run.stderr.contains("error: cannot write"), "{}: {run}", case.name);
        assert!(workspace.contents() == before, "{}", case.name);
        set_permissions(workspace.root(), 0o755);
        workspace.xtask(case.arguments).ended_with(0);
    }
}
