//! Compares the two documents of each folder `cases/<topic>/<case>/` and checks the report.
//!
//! `expected.txt` has a block for each change, worst first. `report.{txt,md,json,github}`, if present, is the
//! whole report in that format. `UPDATE_EXPECT=1` rewrites all of them. The test `impact` checks
//! `impact.txt`.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use funnelflux_diff::{self as diff, Change, ChangeKind, Direction, Level, Report, Side};
use serde_json::Value;
use support::{cases, compare, expect_file};

#[test]
fn every_report_is_as_expected() {
    let mut failures = String::new();
    for case in cases() {
        let report = compare(&case.old, &case.new);
        failures += &expect_file(&case.folder.join("expected.txt"), &expected(&report));
        for (name, render) in FORMATS {
            let file = case.folder.join(name);
            if file.exists() {
                failures += &expect_file(&file, &render(&report));
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

type Render = fn(&Report) -> String;

const FORMATS: [(&str, Render); 4] = [
    ("report.txt", |report| report.view().text()),
    ("report.md", |report| report.view().markdown()),
    ("report.json", |report| format!("{:#}\n", report.view().json())),
    ("report.github", |report| report.view().github()),
];

fn expected(report: &Report) -> String {
    let blocks: Vec<String> = report.changes.iter().map(block).collect();
    blocks.join("\n")
}

fn block(change: &Change) -> String {
    let document = match change.side {
        Side::Old => "old",
        Side::New => "new",
    };
    let operations = match change.operations.as_slice() {
        [] => "none".to_owned(),
        operations => operations.join(", "),
    };
    format!(
        "{} {}\n  direction: {}\n  pointer: {} ({document})\n  operations: {operations}\n  {}\n",
        change.level, change.id, change.direction, change.pointer, change.what
    )
}

#[test]
fn every_change_is_seen_backwards() {
    for case in cases() {
        let report = compare(&case.new, &case.old);
        assert!(
            !report.is_empty(),
            "{} is silent backwards",
            case.folder.display()
        );
    }
}

#[test]
fn every_rule_has_a_case() {
    let changes = all_changes();
    for kind in ChangeKind::ALL {
        assert!(
            changes.iter().any(|change| change.kind == *kind),
            "no case reports {kind:?}"
        );
    }
}

/// Changes of parts that no operation uses are at most informative.
#[test]
fn every_level_is_that_of_its_rule() {
    for change in all_changes() {
        let level = change.kind.rule().level(change.direction);
        let is_unused = change.direction == Direction::None && change.level == Level::Info;
        assert!(
            level == change.level || is_unused,
            "{} {}",
            change.id,
            change.level
        );
    }
}

fn all_changes() -> Vec<Change> {
    cases()
        .iter()
        .flat_map(|case| compare(&case.old, &case.new).changes)
        .collect()
}

#[test]
fn every_report_fits_the_json_schema() {
    let schema: Value = serde_json::from_str(diff::REPORT_SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for case in cases() {
        for new in [&case.new, &case.old] {
            let json = compare(&case.old, new).view().json();
            let errors: Vec<String> = validator
                .iter_errors(&json)
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{}: {errors:?}", case.folder.display());
        }
    }
}
