//! `spec/COVERAGE.md` has every operation of the vendor's index, and claims no more than the documentation says.
//!
//! The table in `documents/index.txt` was read off the documentation, not off the document: group, method, title, and how
//! well path, parameters, body and response are known at most: `p` by the complete page, `d` by another page of the
//! documentation, `i` by deduction only, `-` there is none.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeSet;

const INDEX: &str = include_str!("documents/index.txt");
const COVERAGE: &str = include_str!("../../../spec/COVERAGE.md");

struct Expected<'a> {
    group: &'a str,
    method: &'a str,
    title: &'a str,
    /// Path, parameters, body, response.
    most: Vec<char>,
}

fn index() -> Vec<Expected<'static>> {
    let mut group = "";
    let mut rows = Vec::new();
    for line in INDEX.lines() {
        match line.strip_prefix("  ") {
            None => group = line.trim_end_matches(':'),
            Some(row) => {
                let (row, most) = row.rsplit_once(" / ").unwrap();
                let (method, title) = row.split_once(' ').unwrap();
                rows.push(Expected {
                    group,
                    method,
                    title,
                    most: most.chars().collect(),
                });
            }
        }
    }
    rows
}

fn rows() -> Vec<Vec<&'static str>> {
    COVERAGE
        .lines()
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .filter(|cells: &Vec<&str>| cells.len() == 11 && cells[0].parse::<usize>().is_ok())
        .collect()
}

fn strength(claim: &str) -> usize {
    let claims = [
        &["page"][..],
        &["docs", "help"],
        &["sibling", "pattern"],
        &["unknown"],
    ];
    claims.iter().position(|words| words.contains(&claim)).unwrap()
}

#[test]
fn every_operation_of_the_index_has_its_row_in_order() {
    let (index, rows) = (index(), rows());
    assert_eq!(index.len(), 161);
    assert_eq!(rows.len(), 161);
    for (number, (expected, row)) in index.iter().zip(&rows).enumerate() {
        assert_eq!(
            (row[0].to_owned(), row[1], row[2], row[3]),
            (
                (number + 1).to_string(),
                expected.group,
                expected.title,
                expected.method
            )
        );
    }
}

#[test]
fn no_row_claims_more_than_is_known() {
    for (expected, row) in index().iter().zip(&rows()) {
        for (part, most, claim) in [
            ("path", expected.most[0], row[6]),
            ("parameters", expected.most[1], row[7]),
            ("body", expected.most[2], row[8]),
            ("response", expected.most[3], row[9]),
        ] {
            let at = format!("{} / {}: {part}: {claim}", expected.group, expected.title);
            match (most, claim) {
                ('-', claim) => assert_eq!(claim, "–", "{at}: there is none"),
                // Nothing is known, and nothing is claimed.
                ('i', "–") => {}
                (most, claim) => {
                    let most = "pdi".find(most).unwrap();
                    assert!(strength(claim) >= most, "{at}: at most {most} is known");
                }
            }
        }
    }
}

/// What is deduced is compiled only where it is asked for.
#[test]
fn what_is_deduced_is_behind_its_feature() {
    let document: serde_json::Value =
        serde_json::from_str(include_str!("../../../spec/effective.json")).unwrap();
    let public = include_str!("../../../generated/src/api/public.rs");
    for tag in document["tags"].as_array().unwrap() {
        let name = tag["name"].as_str().unwrap();
        let module = name.to_lowercase().replace(' ', "_");
        let gate = format!("#[cfg(feature = \"{}\")]", module.replace('_', "-"));
        let lines: Vec<&str> = public.lines().map(str::trim).collect();
        let own =
            |line: &str| line == format!("{module}::ALL,") || line.contains(&format!("::{module}::types::*"));
        let gates: Vec<&str> = lines
            .windows(2)
            .filter(|pair| own(pair[1]))
            .map(|pair| pair[0])
            .collect();
        let is_deduced = tag["x-undocumented"] == true;
        assert!(!gates.is_empty(), "{name} is nowhere");
        assert!(
            gates.iter().all(|line| (*line == gate) == is_deduced),
            "{name}: {gates:?}"
        );
    }
}

#[test]
fn no_two_operations_share_a_name_or_a_path() {
    let rows = rows();
    let names: BTreeSet<&str> = rows.iter().map(|row| row[5]).collect();
    let paths: BTreeSet<(&str, &str)> = rows.iter().map(|row| (row[3], row[4])).collect();
    assert_eq!((names.len(), paths.len()), (161, 161));
}
