//! `diff`, `fetch` and `check --upstream` as a person or a CI job runs them, on a copy of the workspace.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

/// A copy of what the commands work on, in a folder that goes away.
struct Workspace(tempfile::TempDir);

/// How a command ended.
struct Run {
    code: i32,
    text: String,
    aside: String,
}

impl Workspace {
    fn new() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let workspace = Self(tempfile::tempdir().unwrap());
        for folder in ["spec", "generated/src/generated"] {
            copy(&root.join(folder), &workspace.path(folder));
        }
        for file in ["Cargo.toml", "generated/Cargo.toml"] {
            fs::copy(root.join(file), workspace.path(file)).unwrap();
        }
        workspace
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .current_dir(self.0.path())
            .args(arguments)
            .output()
            .unwrap();
        Run {
            code: output.status.code().unwrap(),
            text: String::from_utf8(output.stdout).unwrap(),
            aside: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Writes the vendor's document with a change to `name`.
    fn changed(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let text = fs::read_to_string(self.path("spec/upstream.json")).unwrap();
        let mut document: Value = serde_json::from_str(&text).unwrap();
        change(&mut document);
        fs::write(self.path(name), format!("{document:#}\n")).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn at<'a>(document: &'a mut Value, pointer: &str) -> &'a mut Value {
    document
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("the document has nothing at {pointer}"))
}

fn add_field(document: &mut Value) {
    at(document, "/components/schemas/OfferSource/properties")["partnerNote"] =
        json!({"type": "string", "description": "A note."});
}

fn require_category(document: &mut Value) {
    at(document, "/paths/~1offersource~1list~1/get/parameters/1")["required"] = json!(true);
}

#[test]
fn diff_without_changes_ends_with_0() {
    let workspace = Workspace::new();
    let run = workspace.run(&["diff", "spec/upstream.json", "spec/upstream.json"]);
    assert_eq!(
        (run.code, run.text.as_str()),
        (0, "no changes\n"),
        "{}",
        run.aside
    );
}

#[test]
fn diff_tells_harmless_from_breaking() {
    let workspace = Workspace::new();
    workspace.changed("field.json", add_field);
    let run = workspace.run(&["diff", "spec/upstream.json", "field.json"]);
    assert_eq!(run.code, 5, "{}", run.aside);
    insta::assert_snapshot!("diff-harmless", run.text);

    workspace.changed("required.json", require_category);
    let run = workspace.run(&[
        "diff",
        "spec/upstream.json",
        "required.json",
        "--format",
        "github",
    ]);
    assert_eq!(run.code, 6, "{}", run.aside);
    insta::assert_snapshot!("diff-breaking-github", run.text);
}

#[test]
fn diff_takes_what_is_allowed_out() {
    let workspace = Workspace::new();
    workspace.changed("required.json", require_category);
    let run = workspace.run(&[
        "diff",
        "spec/upstream.json",
        "required.json",
        "--format",
        "json",
    ]);
    let report: Value = serde_json::from_str(&run.text).unwrap();
    let allow = json!({"allow": [{
        "fingerprint": report.pointer("/changes/0/fingerprint").unwrap(),
        "reason": "every caller sends it",
        "expires": "9999-12-31",
    }]});
    fs::write(workspace.path("allow.json"), allow.to_string()).unwrap();
    let run = workspace.run(&[
        "diff",
        "spec/upstream.json",
        "required.json",
        "--allow",
        "allow.json",
    ]);
    assert_eq!(
        (run.code, run.text.as_str()),
        (0, "no changes\n"),
        "{}",
        run.aside
    );
    assert!(
        run.aside.starts_with("1 accepted by allow.json"),
        "{}",
        run.aside
    );
}

#[test]
fn diff_says_what_it_cannot_read() {
    let workspace = Workspace::new();
    fs::write(workspace.path("page.json"), "<html>").unwrap();
    let run = workspace.run(&["diff", "spec/upstream.json", "page.json"]);
    assert_eq!(run.code, 2);
    assert!(
        run.aside.contains("page.json:1:1: error[read::"),
        "{}",
        run.aside
    );
    let run = workspace.run(&["diff", "spec/upstream.json", "gone.json"]);
    assert_eq!(run.code, 1);
    assert!(run.aside.contains("gone.json"), "{}", run.aside);
}

#[test]
fn diff_reads_earlier_revisions() {
    let workspace = Workspace::new();
    let git = |arguments: &[&str]| {
        let status = Command::new("git")
            .current_dir(workspace.0.path())
            .args([
                "-c",
                "user.name=t",
                "-c",
                "user.email=t@example.org",
                "-c",
                "commit.gpgsign=false",
            ])
            .args(arguments)
            .status()
            .unwrap();
        assert!(status.success());
    };
    git(&["init", "-q"]);
    git(&["add", "spec"]);
    git(&["commit", "-qm", "before"]);
    workspace.changed("spec/upstream.json", add_field);
    let run = workspace.run(&["diff", "HEAD:spec/upstream.json", "spec/upstream.json"]);
    assert_eq!(run.code, 5, "{}", run.aside);
    let run = workspace.run(&["diff", "HEAD:spec/none.json", "spec/upstream.json"]);
    assert_eq!(run.code, 1);
    assert!(
        run.aside.contains("cannot read HEAD:spec/none.json"),
        "{}",
        run.aside
    );
}
