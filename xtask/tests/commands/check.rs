//! Tests of `generate` and `check`.

use std::{fmt::Write as _, fs, path::Path, process::Command};

use serde_json::{Value, json};

use crate::support::{EFFECTIVE, LOCK, Run, TYPES, UPSTREAM, Workspace, XTASK};

/// A change of a workspace, and the problems that `check` must then report.
struct Case {
    name: &'static str,
    change: fn(&Workspace),
    /// Expected kinds of the problems, as in the JSON output of `check`.
    kinds: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        name: "clean",
        change: |_| {},
        kinds: &[],
    },
    Case {
        name: "generated_file_edited",
        change: |workspace| workspace.replace(TYPES, "pub struct OfferSource", "struct OfferSource"),
        kinds: &["hand-edited"],
    },
    Case {
        name: "generated_file_not_text",
        change: |workspace| workspace.write(TYPES, [0xff, 0xfe]),
        kinds: &["hand-edited"],
    },
    Case {
        name: "generated_file_with_other_line_ends",
        change: |workspace| {
            let text = workspace.read(TYPES).replace('\n', "\r\n");
            workspace.write(TYPES, text);
        },
        kinds: &["hand-edited"],
    },
    Case {
        name: "generated_file_deleted",
        change: |workspace| workspace.remove(TYPES),
        kinds: &["missing"],
    },
    Case {
        name: "file_added",
        change: |workspace| workspace.write("generated/src/api/old/types.rs", "// old"),
        kinds: &["orphaned"],
    },
    Case {
        name: "document_changed",
        change: Workspace::change_document,
        kinds: &["stale", "stale", "lock"],
    },
    Case {
        name: "document_changed_in_layout_only",
        change: |workspace| workspace.replace(UPSTREAM, "{\n", "{\n\n"),
        kinds: &["lock"],
    },
    Case {
        name: "overlay_added",
        change: |workspace| {
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
        kinds: &["stale", "stale", "lock"],
    },
    Case {
        name: "effective_document_edited",
        change: |workspace| workspace.replace(EFFECTIVE, "Manage", "Manage all"),
        kinds: &["hand-edited"],
    },
    Case {
        name: "lock_deleted",
        change: |workspace| workspace.remove(LOCK),
        kinds: &["lock"],
    },
    Case {
        name: "lock_of_another_generator",
        change: |workspace| workspace.replace(LOCK, "\"progenitor-impl\": \"", "\"progenitor-impl\": \"0."),
        kinds: &["lock"],
    },
    Case {
        name: "lock_edited",
        change: |workspace| workspace.replace(LOCK, "\"sha256\": \"", "\"sha256\": \"0"),
        kinds: &["lock"],
    },
    Case {
        name: "document_changed_and_file_edited",
        change: |workspace| {
            workspace.change_document();
            workspace.replace(TYPES, "StringList", "Strings");
        },
        kinds: &["stale", "hand-edited", "lock"],
    },
    Case {
        name: "lock_and_file_deleted",
        change: |workspace| {
            workspace.remove(LOCK);
            workspace.remove(TYPES);
        },
        kinds: &["missing", "lock"],
    },
];

#[test]
fn check_reports_problems_and_generate_fixes_them() {
    for case in CASES {
        let workspace = Workspace::new();
        (case.change)(&workspace);
        let code = if case.kinds.is_empty() { 0 } else { 3 };
        let json = workspace.xtask(&["check", "--format", "json"]).ended_with(code);
        let json: Value = serde_json::from_str(&json.stdout).unwrap();
        let problems = json["problems"].as_array().unwrap().iter();
        let kinds: Vec<&str> = problems
            .map(|problem| problem["kind"].as_str().unwrap())
            .collect();
        assert_eq!(kinds, case.kinds, "{}", case.name);
        assert_eq!(json["exit_code"], json!(code));
        let check = workspace.check_then_fix(code);
        insta::assert_snapshot!(case.name, check);
    }
}

/// A change of a workspace after which nothing can be generated, for example because the document is invalid.
struct InvalidCase {
    name: &'static str,
    change: fn(&Workspace),
    code: i32,
}

const INVALID: &[InvalidCase] = &[
    InvalidCase {
        name: "document_broken",
        change: |workspace| workspace.replace(UPSTREAM, "\"paths\": {", "\"paths\": "),
        code: 2,
    },
    InvalidCase {
        name: "document_not_valid",
        change: break_document,
        code: 2,
    },
    InvalidCase {
        name: "overlay_without_a_match",
        change: |workspace| {
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
        code: 2,
    },
    InvalidCase {
        name: "no_document",
        change: |workspace| workspace.remove(UPSTREAM),
        code: 1,
    },
    InvalidCase {
        name: "two_documents",
        change: |workspace| workspace.write("spec/upstream.yaml", "openapi: 3.0.3"),
        code: 1,
    },
    InvalidCase {
        name: "document_not_text",
        change: |workspace| workspace.write(UPSTREAM, [0xff, 0xfe]),
        code: 1,
    },
];

fn break_document(workspace: &Workspace) {
    workspace.replace(
        UPSTREAM,
        "\"openapi\": \"3.0.3\"",
        "\"openapi\": \"3.0.3\", \"security\": 1",
    );
}

#[test]
fn an_invalid_document_or_overlay_changes_nothing() {
    for case in INVALID {
        let workspace = Workspace::new();
        (case.change)(&workspace);
        let before = workspace.files();
        let generate = workspace.xtask(&["generate"]).ended_with(case.code);
        let check = workspace.xtask(&["check"]).ended_with(case.code);
        assert_eq!(check.stderr, generate.stderr, "{}", case.name);
        assert_eq!(workspace.files(), before, "{}", case.name);
        insta::assert_snapshot!(case.name, generate);
    }
}

#[test]
fn check_reports_hand_edits_also_if_the_document_is_invalid() {
    let workspace = Workspace::new();
    break_document(&workspace);
    workspace.replace(EFFECTIVE, "{", "{ ");
    workspace.replace(TYPES, "///", "//// ");
    workspace.remove("generated/src/api/ids.rs");
    workspace.write("generated/src/api/stray.rs", "");
    let check = workspace.xtask(&["check"]).ended_with(2);
    insta::assert_snapshot!("document_not_valid_and_files_edited", check);
    workspace.replace(LOCK, "{\n", "<<<<<<< ours\n{\n");
    let check = workspace.xtask(&["check"]).ended_with(2);
    assert!(
        check.stderr.contains("error[lint::") && check.stderr.contains("the lock cannot be read"),
        "{check}"
    );
}

/// The lock may be the only record of the document's origin.
#[test]
fn an_unreadable_lock_is_not_overwritten() {
    let workspace = Workspace::new();
    workspace.replace(LOCK, "{\n", "<<<<<<< ours\n{\n");
    let before = workspace.files();
    let check = workspace.xtask(&["check"]).ended_with(3);
    let generate = workspace.xtask(&["generate"]).ended_with(3);
    assert_eq!(workspace.files(), before);
    insta::assert_snapshot!("lock_unreadable", format!("{check}\n{generate}"));
    workspace.remove(LOCK);
    workspace.fix();
}

/// The effective document may be overwritten, because it is only an output of `generate`.
#[test]
fn an_effective_document_that_is_not_text_is_overwritten_with_a_warning() {
    let workspace = Workspace::new();
    workspace.write(EFFECTIVE, [0xff, 0xfe]);
    let check = workspace.xtask(&["check"]).ended_with(3);
    assert!(check.stderr.contains("error[check::hand-edited]"), "{check}");
    let generate = workspace.xtask(&["generate"]).ended_with(0);
    assert!(
        generate
            .stderr
            .starts_with("warning: CHANGELOG.md lacks the changes"),
        "{generate}"
    );
    workspace.fix();
}

#[test]
fn the_first_run_reports_each_stage() {
    let workspace = Workspace::bare();
    let check = workspace.xtask(&["check"]).ended_with(3);
    let generate = workspace.xtask(&["generate"]).ended_with(0);
    insta::assert_snapshot!("first_run", format!("{check}\n{generate}"));
}

#[test]
fn the_origin_in_the_lock_is_kept() {
    let workspace = Workspace::new();
    let source = "\"source\": \"the vendor's page\"";
    workspace.replace(LOCK, "\"source\": \"not recorded\"", source);
    workspace.change_document();
    workspace.fix();
    assert!(workspace.read(LOCK).contains(source));
}

#[test]
fn wrong_arguments_are_explained() {
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
        let run = workspace.xtask(arguments).ended_with(code);
        // The list of commands is not part of this test.
        if code != 0 && !arguments.is_empty() {
            let _ = writeln!(all, "== {arguments:?}\n{run}");
        }
    }
    let nowhere = tempfile::tempdir().unwrap();
    let mut command = Command::new(XTASK);
    command.arg("check").current_dir(nowhere.path());
    let run = Run::new(command.output().unwrap(), nowhere.path()).ended_with(1);
    let _ = writeln!(all, "== outside of a workspace\n{run}");
    insta::assert_snapshot!("wrong_calls", all);
}

#[test]
fn the_features_of_groups_are_written_between_marks() {
    let workspace = Workspace::new();
    let manifest = "generated/Cargo.toml";
    workspace.write(manifest, "[package]\nname = \"funnelflux\"\n");
    let generate = workspace.xtask(&["generate"]).ended_with(0);
    let check = workspace.xtask(&["check"]).ended_with(3);
    insta::assert_snapshot!("feature_missing", format!("{}\n{check}", generate.stderr));
    let marks = "# Groups of operations: written by `cargo xtask generate`. Do not edit.\n\
                 # End of the groups of operations.\n";
    workspace.write(manifest, format!("[features]\ntls = []\n{marks}"));
    let check = workspace.xtask(&["check"]).ended_with(3);
    assert!(
        check
            .stderr
            .contains("generated/Cargo.toml:4: error[check::features]"),
        "{check}"
    );
    workspace.fix();
    let written = workspace.read(manifest);
    assert!(
        written.contains("\ndocumented = [\n    \"offer-sources\",\n]\n"),
        "{written}"
    );
}

#[cfg(unix)]
#[test]
fn a_dangling_link_is_an_orphan() {
    let workspace = Workspace::new();
    let link = workspace.path("generated/src/api/old.rs");
    std::os::unix::fs::symlink("nowhere", &link).unwrap();
    let check = workspace.xtask(&["check"]).ended_with(3);
    assert!(check.stderr.contains("old.rs: error[check::orphaned]"), "{check}");
    workspace.fix();
    assert!(fs::symlink_metadata(&link).is_err());
}

#[test]
fn the_output_does_not_depend_on_the_folder() {
    let first = Workspace::new();
    let second = Workspace::bare();
    let deep = second.path("generated/a folder/with spaces");
    fs::create_dir_all(&deep).unwrap();
    let mut command = Command::new(XTASK);
    command.arg("generate").current_dir(&deep);
    second.run(command).ended_with(0);
    assert_eq!(second.contents(), first.contents());
    let third = Workspace::bare();
    let elsewhere = tempfile::tempdir().unwrap();
    let name = third.root().file_name().unwrap();
    let mut command = Command::new(XTASK);
    command
        .args(["--root".as_ref(), Path::new("..").join(name).as_os_str()])
        .arg("generate")
        .current_dir(elsewhere.path());
    third.run(command).ended_with(0);
    assert_eq!(third.contents(), first.contents());
}
