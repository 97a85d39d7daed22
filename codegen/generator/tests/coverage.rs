//! Tests that `spec/COVERAGE.md` lists every operation of the vendor's index, and never overstates the
//! evidence.
//!
//! `documents/index.txt` was transcribed from the documentation, not from our document. For the path,
//! parameters, body and response of each operation, it states the strongest possible evidence. The file uses
//! these values: `page` (the complete page of the group documents the part), `docs` (a shortened copy of that
//! page or a general page documents it, at least partly), `inferred` (no page does), and `none` (the
//! operation has no such part).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod transcription;

use std::collections::BTreeSet;

use heck::ToSnakeCase as _;
use transcription::transcription;

const INDEX: &str = include_str!("documents/index.txt");
const COVERAGE: &str = include_str!("../../../spec/COVERAGE.md");

/// An operation in the vendor's index.
struct Indexed<'a> {
    group: &'a str,
    method: &'a str,
    title: &'a str,
    /// Strongest possible evidence for each part.
    strongest: Parts<'a>,
}

/// A row of the coverage table.
struct Row<'a> {
    number: &'a str,
    group: &'a str,
    title: &'a str,
    method: &'a str,
    path: &'a str,
    name: &'a str,
    evidence: Parts<'a>,
}

/// Evidence for the parts of an operation.
struct Parts<'a> {
    path: &'a str,
    parameters: &'a str,
    body: &'a str,
    response: &'a str,
}

fn index() -> Vec<Indexed<'static>> {
    let mut group = "";
    let mut operations = Vec::new();
    for line in INDEX.lines() {
        let Some(operation) = line.strip_prefix("  ") else {
            group = line.trim_end_matches(':');
            continue;
        };
        let (operation, evidence) = operation.split_once(" | ").unwrap();
        let (method, title) = operation.split_once(' ').unwrap();
        let mut evidence = evidence.split(", ");
        let mut of = |part| evidence.next().unwrap().strip_prefix(part).unwrap().trim_start();
        operations.push(Indexed {
            group,
            method,
            title,
            strongest: Parts {
                path: of("path"),
                parameters: of("parameters"),
                body: of("body"),
                response: of("response"),
            },
        });
    }
    operations
}

/// Reads the rows of the table. Sorts the groups into the order of the index, because the table has the order
/// of the document.
fn rows() -> Vec<Row<'static>> {
    let cells = COVERAGE
        .lines()
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect());
    let rows = cells.filter(|cells: &Vec<&str>| cells.len() == 11 && cells[0].parse::<usize>().is_ok());
    let rows = rows.map(|cells| Row {
        number: cells[0],
        group: cells[1],
        title: cells[2],
        method: cells[3],
        path: cells[4],
        name: cells[5],
        evidence: Parts {
            path: cells[6],
            parameters: cells[7],
            body: cells[8],
            response: cells[9],
        },
    });
    let mut rows: Vec<Row<'_>> = rows.collect();
    for (number, row) in (1..).zip(&rows) {
        assert_eq!(row.number, number.to_string());
    }
    rows.sort_by_key(|row| INDEX.find(&format!("{}:", row.group)));
    rows
}

/// Returns the rank of a kind of evidence, by its name in the index or in the coverage table. The strongest
/// evidence has the smallest rank.
fn rank(evidence: &str) -> usize {
    match evidence {
        "page" => 0,
        "docs" | "help" => 1,
        "sibling" | "pattern" | "inferred" => 2,
        "unknown" => 3,
        _ => panic!("not a kind of evidence: {evidence}"),
    }
}

#[test]
fn every_operation_of_the_index_has_its_row_in_order() {
    if transcription().is_none() {
        return;
    }
    let (index, rows) = (index(), rows());
    assert_eq!(index.len(), 161);
    assert_eq!(rows.len(), 161);
    for (indexed, row) in index.iter().zip(&rows) {
        assert_eq!(
            (row.group, row.title, row.method),
            (indexed.group, indexed.title, indexed.method)
        );
    }
}

#[test]
fn no_row_claims_more_than_is_known() {
    if transcription().is_none() {
        return;
    }
    for (indexed, row) in index().iter().zip(&rows()) {
        let (strongest, claimed) = (&indexed.strongest, &row.evidence);
        for (part, strongest, claimed) in [
            ("path", strongest.path, claimed.path),
            ("parameters", strongest.parameters, claimed.parameters),
            ("body", strongest.body, claimed.body),
            ("response", strongest.response, claimed.response),
        ] {
            let at = format!("{} / {}: {part}: {claimed}", row.group, row.title);
            match (strongest, claimed) {
                ("none", _) => assert_eq!(claimed, "–", "{at}"),
                // For an `inferred` part, the index does not claim that the part exists.
                ("inferred", "–") => {}
                _ => assert!(
                    rank(claimed) >= rank(strongest),
                    "{at}: at most {strongest} is known"
                ),
            }
        }
    }
}

#[test]
fn groups_are_behind_their_features() {
    let document: serde_json::Value =
        serde_json::from_str(include_str!("../../../spec/effective.json")).unwrap();
    let public = include_str!("../../../generated/src/api/public.rs");
    let lines: Vec<&str> = public.lines().map(str::trim).collect();
    for tag in document["tags"].as_array().unwrap() {
        let name = tag["name"].as_str().unwrap();
        let module = name.to_snake_case();
        let condition = format!("#[cfg(feature = \"{}\")]", module.replace('_', "-"));
        let is_of_tag =
            |line: &str| line == format!("{module}::ALL,") || line.contains(&format!("::{module}::types::*"));
        let preceding: Vec<&str> = lines
            .windows(2)
            .filter(|pair| is_of_tag(pair[1]))
            .map(|pair| pair[0])
            .collect();
        assert!(!preceding.is_empty(), "{name} is missing");
        assert!(
            preceding.iter().all(|line| *line == condition),
            "{name}: {preceding:?}"
        );
    }
}

#[test]
fn no_two_operations_share_a_name_or_a_path() {
    let rows = rows();
    let names: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
    let paths: BTreeSet<(&str, &str)> = rows.iter().map(|row| (row.method, row.path)).collect();
    assert_eq!((names.len(), paths.len()), (rows.len(), rows.len()));
}
