//! Checks the predicted impact on users of the crate, for each change in the test cases of `codegen/diff`.
//! The file `impact.txt` of a case states the rule, the impact and the reason for each change, in the order
//! of `expected.txt`.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "../../diff/tests/support/mod.rs"]
mod support;

use funnelflux_diff::{Change, REPORT_SCHEMA, Report};
use funnelflux_generator::impact;
use serde_json::Value;
use support::{cases, compare, expect_file};

#[test]
fn every_impact_is_as_expected() {
    let mut failures = String::new();
    for case in cases() {
        let report = compare(&case.old, &case.new);
        failures += &expect_file(&case.folder.join("impact.txt"), &impacts(&report));
    }
    assert!(failures.is_empty(), "{failures}");
}

fn impacts(report: &Report) -> String {
    let line = |change: &Change| {
        let (impact, reason) = impact::of(change);
        format!("{} {impact}: {reason}\n", change.id)
    };
    report.changes.iter().map(line).collect()
}

#[test]
fn every_report_for_users_of_the_crate_fits_the_json_schema() {
    let schema: Value = serde_json::from_str(REPORT_SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for case in cases() {
        let report = compare(&case.old, &case.new);
        let json = report.view_for(&impact::audience(&report)).json();
        let errors: Vec<String> = validator
            .iter_errors(&json)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", case.folder.display());
    }
}
