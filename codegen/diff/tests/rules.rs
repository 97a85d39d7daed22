//! Checks the table of rules by itself and against the rules of oasdiff.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod support;

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use funnelflux_diff::{self as diff, Level};
use support::expect_file;

#[test]
fn an_id_has_one_level() {
    let mut levels = BTreeMap::new();
    for (id, level) in diff::rules::RULES.iter().flat_map(|rule| rule.ids()) {
        let known = *levels.entry(id.clone()).or_insert(level);
        assert_eq!(known, level, "{id}");
    }
}

#[test]
fn the_table_of_rules_can_be_printed() {
    insta::assert_snapshot!("rules", diff::rules::table());
}

/// Where oasdiff has an id of ours, our level is at least as strict. `oasdiff/rules.txt` has its ids and
/// levels. `oasdiff/parity.txt` lists each of our rules with the ids that oasdiff has too.
#[test]
fn no_level_is_milder_than_that_of_oasdiff() {
    let theirs: BTreeMap<&str, Level> = include_str!("oasdiff/rules.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (id, level) = line.split_once(' ').unwrap();
            let level = match level {
                "breaking" => Level::Breaking,
                "warning" => Level::Warning,
                "info" => Level::Info,
                _ => panic!("oasdiff has no level {level}"),
            };
            (id, level)
        })
        .collect();
    let mut parity = String::new();
    for rule in diff::rules::RULES {
        writeln!(parity, "{}", rule.id).unwrap();
        for (id, level) in rule.ids() {
            if let Some(their_level) = theirs.get(id.as_str()) {
                assert!(
                    level >= *their_level,
                    "{id} is {level}, for oasdiff {their_level}"
                );
                writeln!(parity, "  {id}: {level}, for oasdiff {their_level}").unwrap();
            }
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oasdiff/parity.txt");
    let difference = expect_file(&file, &parity);
    assert!(difference.is_empty(), "{difference}");
}
