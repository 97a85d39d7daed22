//! Diff: what changed between two OpenAPI 3.0.3 documents, what it breaks on the wire, and what it means for users of
//! the generated crate.
//!
//! Both documents are walked side by side. At every place each key of either side is either compared by a rule of
//! [`rules`], walked into, or reported as `unclassified`; afterwards a plain structural comparison checks that nothing
//! was passed over. So no difference goes unseen.

mod all_of_parents;
mod allow_list;
mod composition_index;
mod deep_equality;
mod discriminator_subtypes;
mod external_references;
mod node;
mod render;
pub mod rules;
mod schema;
mod unclassified;
mod usages;
mod walk;

use std::{
    cell::LazyCell,
    collections::{BTreeMap, HashSet},
    fmt,
};

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use funnelflux_openapi::{Document, Location, pointer};

pub use allow_list::{AllowList, Allowed, Date};
pub use external_references::elsewhere;
pub use render::annotation;
pub use usages::Reach;

/// The JSON Schema that describes [`Report::json`].
pub const REPORT_SCHEMA: &str = include_str!("report.schema.json");

/// What a change means for those who talk to the service, whatever client they use. Ordered from harmless to harmful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Only words.
    Docs,
    /// Something that existing clients do not notice.
    Info,
    /// Possibly harmful; a person has to judge.
    Warning,
    /// A client that was right before can fail now.
    Breaking,
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Docs => "docs",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Breaking => "breaking",
        })
    }
}

/// What a change means for those who depend on the generated crate, in the words of semantic versioning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Impact {
    /// The crate stays as it is.
    None,
    /// Documentation or behaviour behind the same interface.
    Patch,
    /// The interface grows.
    Minor,
    /// Code that compiled may no longer do so.
    Major,
}

impl fmt::Display for Impact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        })
    }
}

/// Which way the messages go that a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// It is not about messages, or no operation uses the place.
    None,
    /// To the service.
    Request,
    /// From the service.
    Response,
    /// Both ways.
    Both,
}

impl Direction {
    fn union(self, other: Self) -> Self {
        match (self, other) {
            (one, Self::None) | (Self::None, one) => one,
            (one, another) if one == another => one,
            _ => Self::Both,
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::None => "none",
            Self::Request => "request",
            Self::Response => "response",
            Self::Both => "both",
        })
    }
}

/// Which of the two documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The one before.
    Old,
    /// The one after.
    New,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The rule's id.
    pub id: String,
    /// What it means on the wire.
    pub level: Level,
    /// Which way the messages go.
    pub direction: Direction,
    /// The operations that it concerns, such as `PUT /offersource/save/`; empty where it concerns the whole document or
    /// nothing that an operation uses.
    pub operations: Vec<String>,
    /// JSON pointer to the place, in the document that `side` says.
    pub pointer: String,
    /// The new document, or the old one for what has been removed.
    pub side: Side,
    /// The place in the text of that document.
    pub location: Option<Location>,
    /// The same place in the new document or, if it is gone there, its nearest surviving ancestor.
    pub new_location: Option<Location>,
    /// How operations reach the place.
    pub reach: Vec<Reach>,
    /// What has changed, before and after.
    pub what: String,
    /// What it means on the wire, in words.
    pub meaning: &'static str,
    /// What to do.
    pub action: &'static str,
    /// What it means for users of the crate.
    pub crate_impact: Impact,
    /// Why.
    pub crate_reason: String,
    /// Names this change in allow lists. It does not depend on lines, the order of keys or entries, or the time.
    pub fingerprint: String,
}

impl Change {
    /// What has changed, what it means and what to do, in one line.
    #[must_use]
    pub fn message(&self) -> String {
        format!("{}. {} {}", self.what, self.meaning, self.action)
    }
}

/// How many changes there are of each level, and the worst that they mean for the crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Changes that break on the wire.
    pub breaking: usize,
    /// Changes that a person has to judge.
    pub warning: usize,
    /// Changes that existing clients do not notice.
    pub info: usize,
    /// Changes of words.
    pub docs: usize,
    /// The worst impact on the crate.
    pub crate_impact: Impact,
}

/// All changes between two documents, worst first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What the document before is called.
    pub old: String,
    /// What the document after is called.
    pub new: String,
    /// The changes.
    pub changes: Vec<Change>,
}

impl Report {
    /// Whether there is no change at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The counts.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let count = |level| self.changes.iter().filter(|change| change.level == level).count();
        Summary {
            breaking: count(Level::Breaking),
            warning: count(Level::Warning),
            info: count(Level::Info),
            docs: count(Level::Docs),
            crate_impact: self
                .changes
                .iter()
                .map(|change| change.crate_impact)
                .max()
                .unwrap_or(Impact::None),
        }
    }

    /// What a command should exit with: 0 without changes, 6 if one breaks on the wire, 5 otherwise.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.changes.iter().map(|change| change.level).max() {
            None => 0,
            Some(Level::Breaking) => 6,
            Some(_) => 5,
        }
    }
}

/// Compares two documents that have been normalised to OpenAPI 3.0.3.
#[must_use]
pub fn compare(old: &Document, new: &Document) -> Report {
    let (mut found, explained) = walk::walk(old.value(), new.value());
    found.extend(unclassified::unexplained(
        old.value(),
        new.value(),
        &found,
        &explained,
    ));
    // Made when the first change asks.
    let reach_of = |value| LazyCell::new(move || usages::Index::new(value));
    let (old_reach, new_reach) = (reach_of(old.value()), reach_of(new.value()));
    let mut changes: Vec<Change> = merge(found)
        .into_iter()
        .map(|found| {
            let (side, pointer, document, index) = match (&found.new, &found.old) {
                (Some(pointer), _) => (Side::New, pointer.clone(), new, &new_reach),
                (None, Some(pointer)) => (Side::Old, pointer.clone(), old, &old_reach),
                (None, None) => (Side::New, String::new(), new, &new_reach),
            };
            let nearest = match &found.new {
                Some(pointer) => pointer.clone(),
                None => surviving(new.value(), &found.nearest),
            };
            // It concerns the operations that came by here on both sides; one side alone only where that is all there is.
            let (mut operations, mut reach) = index.reach(&pointer, found.direction);
            let other_side = match (side, &found.old) {
                (Side::New, Some(before)) => old_reach.reach(before, found.direction).0,
                (Side::Old, _) => new_reach.reach(&nearest, found.direction).0,
                (Side::New, None) => Vec::new(),
            };
            let both: HashSet<&String> = other_side.iter().collect();
            if operations.iter().any(|operation| both.contains(operation)) {
                operations.retain(|operation| both.contains(operation));
                reach.retain(|reach| both.contains(&reach.operation));
            } else if operations.is_empty() {
                operations = other_side;
            }
            Change {
                fingerprint: fingerprint(&found),
                level: found.level(),
                id: found.id(),
                direction: found.direction,
                location: Some(document.locate(&pointer)),
                new_location: Some(new.locate(&nearest)),
                pointer,
                side,
                operations,
                reach,
                what: found.what,
                meaning: found.rule.meaning(found.direction),
                action: found.rule.action,
                crate_impact: found.impact,
                crate_reason: found.reason.unwrap_or_else(|| found.rule.users.to_owned()),
            }
        })
        .collect();
    changes.sort_by(|one, another| {
        another
            .level
            .cmp(&one.level)
            .then_with(|| one.location.cmp(&another.location))
            .then_with(|| one.pointer.cmp(&another.pointer))
            .then_with(|| one.id.cmp(&another.id))
    });
    Report {
        old: old.name().to_owned(),
        new: new.name().to_owned(),
        changes,
    }
}

/// What the walk found, before it is told in full.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    rule: &'static rules::Rule,
    /// What stands for the placeholders in the rule's id.
    place: &'static str,
    need: &'static str,
    limit: &'static str,
    direction: Direction,
    /// No operation uses the place, so nothing of it travels.
    unused: bool,
    /// Pointers to the place before and after; one is missing where the thing itself was added or removed.
    old: Option<String>,
    new: Option<String>,
    /// Pointer in the new document to where the thing would be, to find the nearest place that is left.
    nearest: String,
    identity: String,
    what: String,
    /// What tells this change from another one of the same kind at the same place.
    value: String,
    impact: Impact,
    reason: Option<String>,
    /// Whether everything below the place is told with it.
    subtree: bool,
}

impl Found {
    fn id(&self) -> String {
        let direction = match self.direction {
            Direction::Request => "request",
            Direction::Response => "response",
            Direction::Both | Direction::None => "schema",
        };
        self.rule.expand(self.place, direction, self.need, self.limit)
    }

    fn level(&self) -> Level {
        let level = self.rule.level(self.direction);
        if self.unused {
            level.min(Level::Info)
        } else {
            level
        }
    }
}

/// One change for each rule and place, however many ways the walk came by.
fn merge(found: Vec<Found>) -> Vec<Found> {
    let mut merged: BTreeMap<(String, Option<String>, Option<String>, String), Found> = BTreeMap::new();
    for found in found {
        let key = (
            found.id(),
            found.old.clone(),
            found.new.clone(),
            found.value.clone(),
        );
        match merged.get_mut(&key) {
            None => {
                merged.insert(key, found);
            }
            Some(first) => {
                first.direction = first.direction.union(found.direction);
                first.unused &= found.unused;
                if found.impact > first.impact {
                    first.impact = found.impact;
                    first.reason = found.reason;
                }
            }
        }
    }
    merged.into_values().collect()
}

fn fingerprint(found: &Found) -> String {
    let text = format!("{}\n{}\n{}", found.id(), found.identity, found.value);
    Sha256::digest(text)
        .iter()
        .take(8)
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// The longest beginning of a pointer that leads somewhere.
fn surviving(document: &Value, pointer: &str) -> String {
    let mut pointer = pointer;
    while document.pointer(pointer).is_none() {
        match pointer::split_last(pointer) {
            Some((parent, _)) => pointer = parent,
            None => return String::new(),
        }
    }
    pointer.to_owned()
}

/// Whether the generator reads an extension of this name, so that it changes the code.
#[must_use]
pub fn is_mark(key: &str) -> bool {
    matches!(
        key,
        "x-rust-name" | "x-notes" | "x-id-type" | "x-secret" | "x-inline"
    )
}
