//! Tests each lint rule with a document that violates the rule.

use std::fmt::Write as _;

use crate::lint;
use funnelflux_openapi::{Diagnostics, Document, Severity, Source, read};

fn document(code: &str) -> Document {
    let file = format!("{}/tests/documents/lint/{code}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{code}: {file}: {error}"));
    let name = format!("{code}.yaml");
    read::read(Source {
        name: &name,
        text: &text,
    })
    .unwrap()
}

#[test]
fn each_rule_is_broken_by_its_document() {
    let mut all = String::new();
    for rule in lint::rules::ALL {
        let diagnostics = lint::lint(&document(rule.code));
        let broken = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.code == rule.code);
        assert!(broken.count() > 0, "{}: {diagnostics}", rule.code);
        writeln!(all, "{diagnostics}\n").unwrap();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn each_rule_breaks_no_other_error_by_accident() {
    for rule in lint::rules::ALL {
        let others: Diagnostics = lint::lint(&document(rule.code))
            .into_iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error && diagnostic.code != rule.code)
            .collect();
        assert!(others.is_empty(), "{}: {others}", rule.code);
    }
}

#[test]
fn constructs_that_transform_repairs_are_not_reported() {
    let diagnostics = lint::lint(&document("nothing-to-say"));
    assert!(diagnostics.is_empty(), "{diagnostics}");
}

#[test]
fn our_document_has_no_diagnostics() {
    let document = read::read(Source {
        name: "offer-sources.json",
        text: include_str!("../../tests/documents/offer-sources.json"),
    })
    .unwrap();
    let diagnostics = lint::lint(&document);
    assert!(diagnostics.is_empty(), "{diagnostics}");
}

#[test]
fn rules_are_complete_and_unique() {
    let mut seen = std::collections::HashSet::new();
    for rule in lint::rules::ALL {
        assert!(seen.insert(rule.code), "{} is there twice", rule.code);
        assert!(!rule.fix.is_empty() && !rule.fix.ends_with('.'), "{}", rule.code);
    }
}
