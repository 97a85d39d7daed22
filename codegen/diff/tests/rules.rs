//! Checks the table of rules on its own and against the rules of oasdiff.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod support;

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use funnelflux_diff::{ChangeKind, Direction, Level, rules::Id};
use support::expect_file;

#[test]
fn an_id_has_one_level() {
    let mut levels = BTreeMap::new();
    for (id, level) in ChangeKind::ALL.iter().copied().flat_map(ids) {
        let known = *levels.entry(id.clone()).or_insert(level);
        assert_eq!(known, level, "{id}");
    }
}

/// Lists the IDs of a kind in every context, with their levels.
fn ids(kind: ChangeKind) -> Vec<(String, Level)> {
    let rule = kind.rule();
    let contexts = [
        "request-body",
        "request-property",
        "request-parameter",
        "request-parameter-property",
        "response-body",
        "response-property",
        "response-header",
    ];
    let directions = ["request", "response"];
    let with = |prefixes: &[&str], change: &str| {
        let ids = prefixes.iter().map(|prefix| format!("{prefix}-{change}"));
        ids.collect::<Vec<_>>()
    };
    let ids = match rule.id {
        Id::Fixed(id) => vec![id.to_owned()],
        Id::Schema(change) => with(&contexts, change),
        Id::Property(change) => with(&directions, &format!("property-{change}")),
        Id::PropertyPresence(change) => ["required", "optional"]
            .iter()
            .flat_map(|presence| with(&directions, &format!("{presence}-property-{change}")))
            .collect(),
        Id::Keyword(change) => keywords(kind)
            .iter()
            .flat_map(|keyword| with(&contexts, &format!("{keyword}-{change}")))
            .collect(),
    };
    let level = |id: &str| {
        let is_response = id.starts_with("response") || id.contains("-response-");
        rule.level(if is_response {
            Direction::Response
        } else {
            Direction::Request
        })
    };
    let ids = ids.into_iter().filter(|id| is_own(kind, id));
    ids.map(|id| (id.clone(), level(&id))).collect()
}

/// Returns false if the ID is the fixed ID of another kind.
fn is_own(kind: ChangeKind, id: &str) -> bool {
    let is_fixed = |other: &&ChangeKind| matches!(other.rule().id, Id::Fixed(fixed) if fixed == id);
    ChangeKind::ALL
        .iter()
        .filter(is_fixed)
        .all(|other| *other == kind)
}

/// Lists the keywords that a kind of change can affect, by their names in IDs.
fn keywords(kind: ChangeKind) -> &'static [&'static str] {
    match kind {
        ChangeKind::MaximumDecreased | ChangeKind::MaximumIncreased => {
            &["max", "max-length", "max-items", "max-properties", "max-contains"]
        }
        ChangeKind::MinimumDecreased | ChangeKind::MinimumIncreased => {
            &["min", "min-length", "min-items", "min-properties", "min-contains"]
        }
        ChangeKind::LimitSet | ChangeKind::LimitUnset => &[
            "max",
            "max-length",
            "max-items",
            "max-properties",
            "max-contains",
            "min",
            "min-length",
            "min-items",
            "min-properties",
            "min-contains",
            "exclusive-limit",
            "unique-items",
            "multiple-of",
        ],
        ChangeKind::AlternativeAdded | ChangeKind::AlternativeRemoved => &["any-of", "one-of"],
        ChangeKind::RepresentationChanged => &[
            "allow-empty-value",
            "collection-format",
            "content-encoding",
            "content-media-type",
            "prefix-items",
        ],
        _ => &[
            "multiple-of",
            "pattern",
            "if",
            "then",
            "else",
            "contains",
            "content-schema",
            "dependent-required",
            "dependent-schema",
            "pattern-property",
            "property-names",
            "unevaluated-items",
            "unevaluated-properties",
            "further-properties",
            "further-items",
        ],
    }
}

/// For each ID that oasdiff has, too, our level is at least as strict as that of oasdiff. `oasdiff/rules.txt`
/// contains the IDs and levels of oasdiff. For each of our rules, `oasdiff/parity.txt` lists the IDs that
/// oasdiff also has, with both levels.
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
    for kind in ChangeKind::ALL {
        writeln!(parity, "{kind:?}").unwrap();
        for (id, level) in ids(*kind) {
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
