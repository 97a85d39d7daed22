//! Checks the impact of each change of the cases on users of the crate: `impact.txt` has the rule, the impact
//! and the reason of each change, in the order of `expected.txt`.

mod support;

use std::collections::BTreeMap;

use funnelflux_diff::{Change, Impact, Report, rules::RULES};
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
    let line = |change: &Change| format!("{} {}: {}\n", change.id, change.crate_impact, change.crate_reason);
    report.changes.iter().map(line).collect()
}

/// The impact that the table of rules states is the worst that a change can have.
#[test]
fn no_impact_exceeds_that_of_its_rule() {
    let ids = RULES
        .iter()
        .flat_map(|rule| rule.ids().into_iter().map(|(id, _)| (id, rule.impact)));
    let limits: BTreeMap<String, Impact> = ids.collect();
    for change in cases()
        .iter()
        .flat_map(|case| compare(&case.old, &case.new).changes)
    {
        let limit = limits.get(&change.id);
        assert!(
            limit.is_none_or(|limit| change.crate_impact <= *limit),
            "{}",
            change.id
        );
    }
}
