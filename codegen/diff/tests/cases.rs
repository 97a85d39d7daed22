//! Compares the two documents of each folder `cases/<topic>/<case>/` and checks the report.
//!
//! `expected.txt` has a block for each change, worst first. If there is a `report.{txt,md,json,github}`, it
//! is the whole report in that format. If the environment variable `UPDATE_EXPECT` is set, the tests rewrite
//! all these files. The file `impact.txt` is checked by the test `impact` in `codegen/generator`.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::fs;

use funnelflux_diff::{self as diff, Change, ChangeKind, Direction, Level, Proof, Report, Side};
use funnelflux_openapi::{Source, read};
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
    ("report.json", |report| diff::print_json(&report.view().json())),
    ("report.github", |report| report.view().github()),
];

fn expected(report: &Report) -> String {
    let blocks: Vec<String> = report.changes.iter().map(block).collect();
    blocks.join("\n")
}

fn block(change: &Change) -> String {
    let document = side(change.side);
    let proof = match &change.proof {
        Proof::None => String::new(),
        Proof::Included => "  proof: included\n".to_owned(),
        Proof::IncludedIfDistinct => "  proof: included if alternatives are distinct\n".to_owned(),
        Proof::Undecided => "  proof: undecided\n".to_owned(),
        Proof::Counterexample { value, accepted_by } => {
            format!(
                "  proof: only the {} document allows {value}\n",
                side(*accepted_by)
            )
        }
    };
    let operations = match &*change.operations {
        [] => "none".to_owned(),
        operations => operations.join(", "),
    };
    format!(
        "{} {}\n  direction: {}\n  pointer: {} ({document})\n  operations: {operations}\n{proof}  {}\n",
        change.level, change.id, change.direction, change.pointer, change.what
    )
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Old => "old",
        Side::New => "new",
    }
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

/// Each change has the level of its rule, with three exceptions. A change may be `Info` if it has a proof of
/// inclusion, or if the part is unused. A change with an uncertain proof may be a warning. A change with a
/// counterexample may be breaking.
#[test]
fn every_level_is_that_of_its_rule() {
    for change in all_changes() {
        let level = change.kind.rule().level(change.direction);
        let is_harmless = change.direction == Direction::None || change.proof == Proof::Included;
        let is_refuted = matches!(change.proof, Proof::Counterexample { .. });
        assert!(
            level == change.level
                || (matches!(change.proof, Proof::IncludedIfDistinct | Proof::Undecided)
                    && change.level == Level::Warning)
                || (is_refuted && change.level == Level::Breaking)
                || (is_harmless && change.level == Level::Info),
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

/// Pointers in a report lead into the source texts, not into the normalised documents.
#[test]
fn every_pointer_leads_into_its_text() {
    for case in cases() {
        let raw = |file: &str| {
            let text = fs::read_to_string(case.folder.join(file)).unwrap();
            let source = Source {
                name: file,
                text: &text,
            };
            read::parse(source).unwrap().into_parts().0
        };
        let (old, new) = (raw(case.old.name()), raw(case.new.name()));
        let report = compare(&case.old, &case.new);
        for change in &report.changes {
            let text = if change.side == Side::Old { &old } else { &new };
            let pointer = change.source_pointer.as_str();
            assert!(
                text.pointer(pointer).is_some(),
                "{}: {pointer}",
                case.folder.display()
            );
        }
        for component in &report.components {
            let pointer = component.pointer.as_str();
            let is_somewhere = [&old, &new].iter().any(|text| text.pointer(pointer).is_some());
            assert!(is_somewhere, "{}: {pointer}", case.folder.display());
        }
    }
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
