//! `generate` and `check` as a person or a CI job runs them: exit codes, messages, and what is in the files afterwards.
//!
//! Each test has a workspace of its own, made by the first `generate` from a small document, so that the texts here
//! change when the commands do, not when the API does.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const TYPES: &str = "generated/src/api/offer_sources/types.rs";
const UPSTREAM: &str = "spec/upstream.json";
const CHANGELOG: &str = "generated/CHANGELOG.md";
const LOCK: &str = "spec/spec.lock";
const EFFECTIVE: &str = "spec/effective.json";

struct Workspace {
    root: tempfile::TempDir,
}

/// How a command ended, and what it said.
struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Run {
    /// With what is no matter of the commands replaced: the time and the place of the workspace, which differ from run to
    /// run, and how many rules and passes there are.
    fn new(output: Output, root: &Path) -> Self {
        let counted = |line: &str, what: &str| {
            let (before, rest) = line.split_once(" of ")?;
            let (count, after) = rest.split_once(what)?;
            count
                .parse::<u32>()
                .is_ok()
                .then(|| format!("{before} of N{what}{after}\n"))
        };
        let text = |bytes: Vec<u8>| -> String {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(root.to_str().unwrap(), "<root>")
                .lines()
                .map(|line| match line.strip_prefix("time ") {
                    Some(_) => "time       N ms\n".to_owned(),
                    None => counted(line, " rules applied")
                        .or_else(|| counted(line, " passes applied"))
                        .unwrap_or_else(|| format!("{line}\n")),
                })
                .collect()
        };
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => writeln!(formatter, "exit code {code}")?,
            None => writeln!(formatter, "killed")?,
        }
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                write!(formatter, "--- {name}\n{text}")?;
            }
        }
        Ok(())
    }
}

impl Workspace {
    /// With nothing but the document.
    fn bare() -> Self {
        let workspace = Self {
            root: tempfile::tempdir().unwrap(),
        };
        workspace.write(UPSTREAM, include_str!("upstream.json"));
        workspace.write(
            "generated/src/lib.rs",
            "mod api;\npub use api::public::{operations, types};\n",
        );
        workspace
    }

    /// After the first run.
    fn new() -> Self {
        let workspace = Self::bare();
        let run = workspace.xtask(&["generate"]);
        assert_eq!(run.code, Some(0), "{run}");
        workspace
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Replaces a part that must be there.
    fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "no {from} in {name}:\n{text}");
        self.write(name, text.replacen(from, to, 1));
    }

    /// Lets the document say something new of the same API.
    fn change_document(&self) {
        self.replace(
            UPSTREAM,
            r#""queryParams": {"#,
            r#""note": {"type": "string"}, "queryParams": {"#,
        );
    }

    fn xtask(&self, arguments: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("--root")
            .arg(self.root.path())
            .args(arguments)
            .output()
            .unwrap();
        Run::new(output, self.root.path())
    }

    /// Runs it where no file can become longer than a few bytes. With `ignored`, a longer write fails; else it ends
    /// the process in the middle of its work.
    #[cfg(unix)]
    fn xtask_with_small_files(&self, arguments: &[&str], ignored: bool) -> Run {
        let trap = if ignored { "trap '' XFSZ;" } else { "" };
        let output = Command::new("sh")
            .arg("-c")
            .arg(format!(r#"{trap} ulimit -f 2; ulimit -c 0; exec "$@""#))
            .arg("sh")
            .arg(env!("CARGO_BIN_EXE_xtask"))
            .arg("--root")
            .arg(self.root.path())
            .args(arguments)
            .output()
            .unwrap();
        Run::new(output, self.root.path())
    }

    /// Every file with its bytes.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    collect(&path, found);
                } else {
                    found.insert(path.clone(), fs::read(&path).unwrap());
                }
            }
        }
        let mut found = BTreeMap::new();
        collect(self.root.path(), &mut found);
        found
    }

    fn leftovers(&self) -> usize {
        let is_leftover = |path: &&PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with(".xtask-")
        };
        self.files().keys().filter(is_leftover).count()
    }

    /// `check` says what `generate` would mend, changes nothing, and is content afterwards.
    fn check_then_mend(&self, code: i32) -> Run {
        let before = self.files();
        let check = self.xtask(&["check"]);
        assert_eq!(check.code, Some(code), "{check}");
        assert_eq!(self.files(), before, "check has written");
        self.mend();
        check
    }

    fn mend(&self) {
        let first = self.xtask(&["generate"]);
        assert_eq!(first.code, Some(0), "{first}");
        let before = self.files();
        let second = self.xtask(&["generate"]);
        assert_eq!(second.code, Some(0), "{second}");
        let nothing = "files      0 written, 0 removed, ";
        assert!(second.stdout.contains(nothing), "{second}");
        assert_eq!(self.files(), before, "the second run has written");
        let check = self.xtask(&["check"]);
        assert_eq!(check.code, Some(0), "{check}");
    }
}

/// What is wrong, how it comes about, and the exit code of `check`.
type Case = (&'static str, fn(&Workspace), i32);

const CASES: &[Case] = &[
    ("clean", |_| {}, 0),
    (
        "generated_file_edited",
        |workspace| workspace.replace(TYPES, "pub struct OfferSource", "struct OfferSource"),
        7,
    ),
    (
        "generated_file_not_text",
        |workspace| workspace.write(TYPES, [0xff, 0xfe]),
        7,
    ),
    (
        "generated_file_with_other_line_ends",
        |workspace| {
            let text = workspace.read(TYPES).replace('\n', "\r\n");
            workspace.write(TYPES, text);
        },
        7,
    ),
    ("generated_file_deleted", |workspace| workspace.remove(TYPES), 3),
    (
        "file_added",
        |workspace| workspace.write("generated/src/api/old/types.rs", "// old"),
        3,
    ),
    ("document_changed", Workspace::change_document, 3),
    (
        "document_changed_in_layout_only",
        |workspace| workspace.replace(UPSTREAM, "{\n", "{\n\n"),
        4,
    ),
    (
        "overlay_added",
        |workspace| {
            workspace.write(
                "spec/overlays/10-limit.yaml",
                r#"overlay: 1.0.0
info: {title: A limit, version: "1"}
actions:
  - target: $.components.schemas.OfferSource.properties.offerSourceName
    description: It is less in truth.
    update: {maxLength: 200}
"#,
            );
        },
        3,
    ),
    (
        "effective_document_edited",
        |workspace| workspace.replace(EFFECTIVE, "Manage", "Manage all"),
        7,
    ),
    ("lock_deleted", |workspace| workspace.remove(LOCK), 4),
    (
        "lock_of_another_generator",
        |workspace| workspace.replace(LOCK, "\"progenitor-impl\": \"", "\"progenitor-impl\": \"0."),
        4,
    ),
    (
        "lock_edited",
        |workspace| workspace.replace(LOCK, "\"sha256\": \"", "\"sha256\": \"0"),
        4,
    ),
    (
        "document_changed_and_file_edited",
        |workspace| {
            workspace.change_document();
            workspace.replace(TYPES, "StringList", "Strings");
        },
        7,
    ),
    (
        "lock_and_file_deleted",
        |workspace| {
            workspace.remove(LOCK);
            workspace.remove(TYPES);
        },
        3,
    ),
];

#[test]
fn check_says_what_is_wrong_and_generate_mends_it() {
    for (name, change, code) in CASES {
        let workspace = Workspace::new();
        change(&workspace);
        let check = workspace.check_then_mend(*code);
        insta::assert_snapshot!(*name, check);
    }
}

/// A document, an overlay or a place that nothing can be generated from, and the exit code of both commands.
const INVALID: &[Case] = &[
    (
        "document_broken",
        |workspace| workspace.replace(UPSTREAM, "\"paths\": {", "\"paths\": "),
        2,
    ),
    (
        "document_not_valid",
        |workspace| workspace.replace(UPSTREAM, "schemas/StringList", "schemas/Strings"),
        2,
    ),
    (
        "overlay_without_a_match",
        |workspace| {
            workspace.write(
                "spec/overlays/10-limit.yaml",
                r#"overlay: 1.0.0
info: {title: A limit, version: "1"}
actions:
  - target: $.components.schemas.Nobody
    description: It is less in truth.
    update: {maxLength: 200}
"#,
            );
        },
        2,
    ),
    (
        "rule_without_work",
        |workspace| workspace.replace(UPSTREAM, "idOfferSources", "ids"),
        2,
    ),
    ("no_document", |workspace| workspace.remove(UPSTREAM), 1),
    (
        "two_documents",
        |workspace| workspace.write("spec/upstream.yaml", "openapi: 3.0.3"),
        1,
    ),
    (
        "document_not_text",
        |workspace| workspace.write(UPSTREAM, [0xff, 0xfe]),
        1,
    ),
];

#[test]
fn what_cannot_be_generated_from_changes_nothing() {
    for (name, change, code) in INVALID {
        let workspace = Workspace::new();
        change(&workspace);
        let before = workspace.files();
        let generate = workspace.xtask(&["generate"]);
        assert_eq!(generate.code, Some(*code), "{name}: {generate}");
        let check = workspace.xtask(&["check"]);
        assert_eq!(check.code, Some(*code), "{name}: {check}");
        assert_eq!(check.stderr, generate.stderr, "{name}");
        assert_eq!(workspace.files(), before, "{name}");
        insta::assert_snapshot!(*name, generate);
    }
}

/// What stops the generation hides nothing of what can be told without it.
#[test]
fn check_tells_of_the_files_also_where_nothing_can_be_generated() {
    let (_, invalid, _) = INVALID[1];
    let workspace = Workspace::new();
    invalid(&workspace);
    workspace.replace(EFFECTIVE, "{", "{ ");
    workspace.replace(TYPES, "///", "//// ");
    workspace.remove("generated/src/api/ids.rs");
    workspace.write("generated/src/api/stray.rs", "");
    let check = workspace.xtask(&["check"]);
    assert_eq!(check.code, Some(2), "{check}");
    insta::assert_snapshot!("document_not_valid_and_files_edited", check);
    workspace.replace(LOCK, "{\n", "<<<<<<< ours\n{\n");
    let check = workspace.xtask(&["check"]);
    assert_eq!(check.code, Some(2), "{check}");
    assert!(
        check.stderr.contains("error[lint::") && check.stderr.contains("the lock cannot be read"),
        "{check}"
    );
}

/// It may be the only record of where the document came from.
#[test]
fn an_unreadable_lock_is_not_overwritten() {
    let workspace = Workspace::new();
    workspace.replace(LOCK, "{\n", "<<<<<<< ours\n{\n");
    let before = workspace.files();
    let check = workspace.xtask(&["check"]);
    assert_eq!(check.code, Some(4), "{check}");
    let generate = workspace.xtask(&["generate"]);
    assert_eq!(generate.code, Some(4), "{generate}");
    assert_eq!(workspace.files(), before);
    insta::assert_snapshot!("lock_unreadable", format!("{check}\n{generate}"));
    workspace.remove(LOCK);
    workspace.mend();
}

#[test]
fn the_first_run_says_what_it_did() {
    let workspace = Workspace::bare();
    let check = workspace.xtask(&["check"]);
    assert_eq!(check.code, Some(3), "{check}");
    let generate = workspace.xtask(&["generate"]);
    assert_eq!(generate.code, Some(0), "{generate}");
    insta::assert_snapshot!("first_run", format!("{check}\n{generate}"));
}

#[test]
fn what_the_lock_says_of_the_source_is_carried_on() {
    let workspace = Workspace::new();
    let source = "\"source\": \"the vendor's page\"";
    workspace.replace(LOCK, "\"source\": \"not recorded\"", source);
    workspace.change_document();
    workspace.mend();
    assert!(workspace.read(LOCK).contains(source));
}

#[test]
fn a_wrong_call_is_explained() {
    let workspace = Workspace::new();
    let mut all = String::new();
    for (arguments, code) in [
        (["generate"].as_slice(), 0),
        (&["genrate"], 1),
        (&[], 1),
        (&["check", "--fast"], 1),
        (&["--help"], 0),
        (&["check", "--help"], 0),
    ] {
        let run = workspace.xtask(arguments);
        assert_eq!(run.code, Some(code), "{arguments:?}: {run}");
        // What it did is elsewhere, and the list of the commands will grow.
        if code != 0 && !arguments.is_empty() {
            let _ = writeln!(all, "== {arguments:?}\n{run}");
        }
    }
    let nowhere = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("check")
        .current_dir(nowhere.path())
        .output()
        .unwrap();
    let run = Run::new(output, nowhere.path());
    assert_eq!(run.code, Some(1), "{run}");
    let _ = writeln!(all, "== outside of a workspace\n{run}");
    insta::assert_snapshot!("wrong_calls", all);
}

/// A full disk, as far as a test can have one.
#[cfg(unix)]
#[test]
fn a_write_that_fails_leaves_the_old_file_whole() {
    let workspace = Workspace::new();
    workspace.change_document();
    let before = workspace.files();
    let run = workspace.xtask_with_small_files(&["generate"], true);
    assert_eq!(run.code, Some(1), "{run}");
    // The changelog is told first, while what changed can still be compared; the next run does not tell it again.
    let mut after = workspace.files();
    assert!(after.remove(&workspace.path(CHANGELOG)).is_some());
    assert_eq!(after, before);
    insta::assert_snapshot!("write_failed", run);
    workspace.check_then_mend(3);
}

#[cfg(unix)]
#[test]
fn a_run_that_is_killed_can_be_repeated() {
    let workspace = Workspace::new();
    workspace.change_document();
    let before = workspace.files();
    let run = workspace.xtask_with_small_files(&["generate"], false);
    assert_eq!(run.code, None, "{run}");
    assert_eq!(workspace.leftovers(), 1, "it was killed while writing");
    for (path, bytes) in &before {
        assert_eq!(fs::read(path).unwrap(), *bytes, "{}", path.display());
    }
    // What it left is no generated file.
    workspace.check_then_mend(3);
    assert_eq!(workspace.leftovers(), 0);
}

#[test]
fn leftovers_are_removed_wherever_they_are() {
    let workspace = Workspace::new();
    for name in [
        "spec/.xtask-a1",
        "generated/src/api/.xtask-b2",
        "generated/src/api/offer_sources/.xtask-c3",
    ] {
        workspace.write(name, "half a fi");
    }
    workspace.mend();
    assert_eq!(workspace.leftovers(), 0);
}

/// It does not write the manifest, so it says what has to be written there.
#[test]
fn a_group_without_its_feature_is_told_by_both() {
    let workspace = Workspace::new();
    workspace.write(
        "spec/overlays/10-deduced.yaml",
        r#"overlay: 1.0.0
info: {title: A group that is deduced, version: "1"}
actions:
  - target: $.tags[0]
    description: Nobody has documented it.
    update: {x-undocumented: true}
"#,
    );
    let manifest = "generated/Cargo.toml";
    workspace.write(manifest, "[package]\nname = \"funnelflux\"\n");
    let generate = workspace.xtask(&["generate"]);
    assert_eq!(generate.code, Some(0), "{generate}");
    let check = workspace.xtask(&["check"]);
    assert_eq!(check.code, Some(3), "{check}");
    insta::assert_snapshot!("feature_missing", format!("{}\n{check}", generate.stderr));
    workspace.write(
        manifest,
        "[features]\nundocumented = ['offer-sources']\noffer-sources = ['_deduced']\n_deduced = []\n",
    );
    workspace.mend();
}

/// It is a file that is there and cannot be read.
#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_an_orphan() {
    let workspace = Workspace::new();
    let link = workspace.path("generated/src/api/old.rs");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    let check = workspace.xtask(&["check"]);
    assert_eq!(check.code, Some(3), "{check}");
    assert!(check.stderr.contains("old.rs: orphan"), "{check}");
    workspace.mend();
    assert!(fs::symlink_metadata(&link).is_err());
}

/// A run writes the lock last. One that ended before it is finished by the next.
#[test]
fn a_run_that_ended_before_the_lock_can_be_repeated() {
    let workspace = Workspace::new();
    let lock = workspace.read(LOCK);
    workspace.change_document();
    workspace.mend();
    workspace.write(LOCK, lock);
    let check = workspace.check_then_mend(4);
    insta::assert_snapshot!("lock_of_the_run_before", check);
}

/// What is to be done to the disk: how it comes about, and the command that does it.
type Work = (&'static str, fn(&Workspace), &'static [&'static str]);

/// Each writes several files, and removes one.
const WORK: &[Work] = &[
    (
        "generate after a change",
        |workspace| {
            workspace.change_document();
            workspace.write("generated/src/api/old/types.rs", "// old");
        },
        &["generate"],
    ),
    (
        "fetch of a document in YAML",
        |workspace| {
            workspace.write("new.yaml", YAML);
        },
        &["fetch", "new.yaml"],
    ),
];

/// A whole document of another kind of file.
const YAML: &str = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {}\n";

impl Workspace {
    /// The same files in another place.
    fn copied(&self) -> Self {
        let copy = Self {
            root: tempfile::tempdir().unwrap(),
        };
        for (path, bytes) in self.files() {
            let name = path.strip_prefix(self.root.path()).unwrap();
            copy.write(name.to_str().unwrap(), bytes);
        }
        copy
    }

    /// Every file by its name in the workspace; those that are being written left out.
    fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let files = self.files().into_iter().map(|(path, bytes)| {
            let name = path.strip_prefix(self.root.path()).unwrap().to_owned();
            (name, bytes)
        });
        files
            .filter(|(name, _)| {
                let name = name.file_name().unwrap().to_string_lossy();
                !name.starts_with(".xtask-")
            })
            .collect()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .arg("--root")
            .arg(self.root.path())
            .args(arguments)
            .current_dir(self.root.path());
        command
    }

    /// Holds that each file is as it was or as it is to be, whole.
    fn has_whole_files(&self, old: &Self, new: &Self, case: &str) {
        let (old, new) = (old.contents(), new.contents());
        for (name, bytes) in self.contents() {
            let whole = old.get(&name) == Some(&bytes) || new.get(&name) == Some(&bytes);
            assert!(whole, "{case}: {} is neither old nor new", name.display());
        }
        // What stays under both is never gone in between.
        for name in old.keys().filter(|name| new.contains_key(*name)) {
            assert!(
                self.path(name.to_str().unwrap()).exists(),
                "{case}: {} is gone",
                name.display()
            );
        }
    }
}

/// The process dies at every step that it does to the disk; what it leaves is whole, and the same command mends it.
#[test]
fn a_run_that_dies_at_any_step_leaves_whole_files_and_can_be_repeated() {
    for (name, prepare, arguments) in WORK {
        let before = Workspace::new();
        prepare(&before);
        let after = before.copied();
        assert!(
            after.command(arguments).output().unwrap().status.success(),
            "{name}"
        );
        let mut died = 0;
        for step in 1.. {
            let workspace = before.copied();
            let case = format!("{name}, step {step}");
            let mut command = workspace.command(arguments);
            let ended = command
                .env("XTASK_DIE_AT", step.to_string())
                .output()
                .unwrap()
                .status;
            workspace.has_whole_files(&before, &after, &case);
            if ended.success() {
                break;
            }
            assert_eq!(ended.code(), None, "{case}: it ended by itself");
            died += 1;
            let again = workspace.command(arguments).output().unwrap();
            let again = Run::new(again, workspace.root.path());
            assert_eq!(again.code, Some(0), "{case}: {again}");
            assert_eq!(workspace.leftovers(), 0, "{case}");
            let (mended, wanted) = (workspace.contents(), after.contents());
            for name in mended.keys().chain(wanted.keys()) {
                assert!(
                    mended.get(name) == wanted.get(name),
                    "{case}: {} is another",
                    name.display()
                );
            }
        }
        assert!(died >= 7, "{name}: only {died} steps");
    }
}

/// A disk that is full at any moment: no file can become longer than so many blocks of 512 bytes.
#[cfg(unix)]
#[test]
fn a_disk_that_is_full_at_any_moment_leaves_whole_files() {
    for (name, prepare, arguments) in WORK {
        let before = Workspace::new();
        prepare(&before);
        let after = before.copied();
        assert!(
            after.command(arguments).output().unwrap().status.success(),
            "{name}"
        );
        let mut failed = 0;
        for blocks in [0, 1, 4, 16, 24, 32, 64, 512] {
            let workspace = before.copied();
            let case = format!("{name}, {blocks} blocks");
            let ended = Command::new("sh")
                .arg("-c")
                .arg(format!(r#"trap '' XFSZ; ulimit -f {blocks}; exec "$@""#))
                .arg("sh")
                .arg(env!("CARGO_BIN_EXE_xtask"))
                .args(workspace.command(arguments).get_args())
                .current_dir(workspace.root.path())
                .output()
                .unwrap();
            workspace.has_whole_files(&before, &after, &case);
            assert_eq!(workspace.leftovers(), 0, "{case}");
            if ended.status.success() {
                continue;
            }
            failed += 1;
            let run = Run::new(ended, workspace.root.path());
            assert_eq!(run.code, Some(1), "{case}: {run}");
            assert!(run.stderr.contains("error: cannot write"), "{case}: {run}");
            let again = workspace.command(arguments).output().unwrap();
            assert!(again.status.success(), "{case}");
            assert_eq!(workspace.contents(), after.contents(), "{case}");
        }
        assert!(failed >= 1, "{name}");
    }
}

/// A folder that cannot be written to. The superuser may write anywhere, so it becomes somebody else for this.
#[cfg(unix)]
#[test]
fn a_disk_that_is_read_only_is_said_and_left_as_it_is() {
    use std::os::unix::{fs::MetadataExt as _, fs::PermissionsExt as _, process::CommandExt as _};
    const NOBODY: u32 = 65_534;
    for (name, prepare, arguments) in WORK {
        let workspace = Workspace::new();
        prepare(&workspace);
        // The program may be where only its owner can go.
        let program = workspace.path("xtask");
        fs::copy(env!("CARGO_BIN_EXE_xtask"), &program).unwrap();
        let before = workspace.contents();
        let mut folders = vec![workspace.root.path().to_owned()];
        while let Some(folder) = folders.pop() {
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
            let inside = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
            folders.extend(inside.filter(|path| path.is_dir()));
        }
        let mut command = Command::new(&program);
        command
            .args(workspace.command(arguments).get_args())
            .current_dir(workspace.root.path());
        if fs::metadata(workspace.root.path()).unwrap().uid() == 0 {
            command.uid(NOBODY).gid(NOBODY);
        }
        let run = Run::new(command.output().unwrap(), workspace.root.path());
        assert_eq!(run.code, Some(1), "{name}: {run}");
        assert!(run.stderr.contains("error: cannot write"), "{name}: {run}");
        assert!(workspace.contents() == before, "{name}");
        let mut folders = vec![workspace.root.path().to_owned()];
        while let Some(folder) = folders.pop() {
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
            let inside = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
            folders.extend(inside.filter(|path| path.is_dir()));
        }
        assert!(
            workspace.command(arguments).output().unwrap().status.success(),
            "{name}"
        );
    }
}

/// Neither where the workspace is nor where the command is run from can be seen in what it writes.
#[test]
fn the_same_is_generated_in_every_place_and_from_every_place() {
    let first = Workspace::new();
    let second = Workspace::bare();
    let deep = second.path("generated/a folder/with spaces");
    fs::create_dir_all(&deep).unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("generate")
        .current_dir(&deep)
        .status();
    assert!(status.unwrap().success());
    assert_eq!(second.contents(), first.contents());
    let third = Workspace::bare();
    let elsewhere = tempfile::tempdir().unwrap();
    let name = third.root.path().file_name().unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["--root".as_ref(), Path::new("..").join(name).as_os_str()])
        .arg("generate")
        .current_dir(elsewhere.path())
        .status();
    assert!(status.unwrap().success());
    assert_eq!(third.contents(), first.contents());
}
