//! Tests of adding entries to a changelog.

use super::*;
use funnelflux_diff as diff;
use funnelflux_openapi::{Source, read};

/// Compares two documents. `old` and `new` are JSON text: the members of each document besides the mandatory
/// members.
fn compare(old: &str, new: &str) -> Report {
    let document = |rest: &str| {
        let text = format!(r#"{{"openapi":"3.0.3","info":{{"title":"a","version":"1"}},{rest}}}"#);
        read::parse(Source {
            name: "a.json",
            text: &text,
        })
        .unwrap()
    };
    diff::compare(&document(old), &document(new))
}

const NOTHING: &str = r#""paths":{}"#;
const SCHEMA: &str = r#""paths":{},"components":{"schemas":{"A":{"type":"object"}}}"#;
const OPERATION: &str = r#""paths":{"/a/":{"get":{"responses":{"200":{"description":"d"}}}}}"#;

#[test]
fn entries_go_to_their_sections_once() {
    let added = compare(NOTHING, SCHEMA);
    let first = add(None, ("1", "2"), &added).unwrap();
    let second = add(Some(&first), ("2", "3"), &compare(OPERATION, NOTHING)).unwrap();
    insta::assert_snapshot!(second);
    assert_eq!(add(Some(&second), ("2", "3"), &added), None, "a repeated run");
    assert!(
        add(Some(&second), ("1", "2"), &added).is_some(),
        "the same change once more"
    );
}

#[test]
fn hand_written_text_is_kept() {
    let old = "# Changelog\n\n## [Unreleased]\n\nWords.\n\n### Fixed\n\n- a\n  b\n\n\
               ## [0.1.0] - 2026-01-01\n\n\
               ### Added\n\n- old\n";
    let new = add(Some(old), ("1", "2"), &compare(NOTHING, SCHEMA)).unwrap();
    assert!(new.contains("\n\nWords.\n\n### Added\n\n- "), "{new}");
    assert!(
        new.ends_with("\n### Fixed\n\n- a\n  b\n\n## [0.1.0] - 2026-01-01\n\n### Added\n\n- old\n"),
        "{new}"
    );
    let released = "# Changelog\n\n## [0.1.0]\n";
    let new = add(Some(released), ("1", "2"), &compare(NOTHING, SCHEMA)).unwrap();
    assert!(
        new.find(UNRELEASED).unwrap() < new.find("## [0.1.0]").unwrap(),
        "{new}"
    );
}

/// A name in the document must not start a section or a release of the changelog.
#[test]
fn names_in_the_document_are_not_headings() {
    let mut report = compare(NOTHING, SCHEMA);
    for change in &mut report.changes {
        change.what = "the schema `a\n## 0.2.0\n` was added".to_owned();
    }
    let text = add(None, ("1", "2"), &report).unwrap();
    assert!(!text.contains("\n## 0.2.0"), "{text}");
}

#[test]
fn changes_of_evidence_are_counted() {
    let with = |kind: &str| {
        format!(
            r#""paths":{{}},"components":{{"schemas":{{
            "A":{{"type":"object","x-evidence":{{"kind":"{kind}"}}}},
            "B":{{"x-evidence":{{"kind":"{kind}"}}}}}}}}"#
        )
    };
    let text = add(None, ("1", "2"), &compare(&with("pattern"), &with("page"))).unwrap();
    let entry = "- `x-` fields, which record the evidence for a part of the document, changed in 2 places\n";
    assert!(text.ends_with(entry), "{text}");
}

#[test]
fn without_changes_nothing_is_written() {
    assert_eq!(add(None, ("1", "2"), &compare(SCHEMA, SCHEMA)), None);
}
