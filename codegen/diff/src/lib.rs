//! Compares two `OpenAPI` 3.0.3 documents: the changes between them, and their meaning on the wire.
//!
//! The documents are compared part by part (`document`). Each key of either side is compared by a rule of
//! [`rules`], or reported as `unclassified`. Afterwards a plain structural comparison (`unclassified`) checks
//! that nothing was left out, so no difference goes unseen.

mod allow_list;
mod comparer;
mod deep_difference;
mod document;
mod external_references;
mod index;
mod level;
mod node;
mod normative_words;
mod raw_change;
mod render;
mod report;
pub mod rules;
mod site;
mod steps;
mod unclassified;
mod wording;

use std::collections::HashSet;

use serde_json::Value;

use funnelflux_openapi::{
    Document,
    pointer::{Pointer, PointerBuf},
    references::References,
};

use comparer::Comparer;
use index::DocumentIndex;
use node::ancestors;
use raw_change::{RawChange, merge};

pub use allow_list::{AllowList, Allowed, Date};
pub use external_references::external_references;
pub use level::{Direction, Level};
pub use render::{Audience, Consequence, View, annotation};
pub use report::{Change, Fact, IntegerRange, Report, Side, Summary, Usage};
pub use rules::ChangeKind;

/// The JSON Schema of a report in JSON.
pub const REPORT_SCHEMA: &str = include_str!("report.schema.json");

/// Compares two documents that have been normalised to `OpenAPI` 3.0.3.
#[must_use]
pub fn compare(old: &Document, new: &Document) -> Report {
    let (old_references, new_references) = (References::new(old.value()), References::new(new.value()));
    let mut comparer = Comparer::new(&old_references, &new_references);
    comparer.document();
    let Comparer {
        old: old_index,
        new: new_index,
        changes,
        ..
    } = comparer;
    let uncovered = unclassified::uncovered(old.value(), new.value(), &changes);
    let changes = merge(changes.raw.into_iter().chain(uncovered).collect());
    let mut changes: Vec<Change> = changes
        .into_iter()
        .map(|change| complete(change, (old, &old_index), (new, &new_index)))
        .collect();
    changes.sort_by(|left, right| {
        right
            .level
            .cmp(&left.level)
            .then_with(|| left.location.cmp(&right.location))
            .then_with(|| left.pointer.cmp(&right.pointer))
            .then_with(|| left.id.cmp(&right.id))
    });
    Report {
        old: old.name().to_owned(),
        new: new.name().to_owned(),
        changes,
    }
}

/// Adds locations, operations and usages to a change.
fn complete<'a>(
    change: RawChange,
    (old, old_index): (&Document, &DocumentIndex<'a>),
    (new, new_index): (&Document, &DocumentIndex<'a>),
) -> Change {
    let direction = change.direction;
    let (side, pointer, document, index) = match (&change.new, &change.old) {
        (Some(pointer), _) => (Side::New, pointer.clone(), new, new_index),
        (None, Some(pointer)) => (Side::Old, pointer.clone(), old, old_index),
        (None, None) => (Side::New, PointerBuf::new(), new, new_index),
    };
    let nearest = match &change.new {
        Some(pointer) => pointer,
        None => nearest_remaining(new.value(), &change.nearest),
    };
    // Operations that use the place on both sides or, if there are none, on one side.
    let (mut operations, mut usages) = index.usages(&pointer, direction);
    let other_side = match (side, &change.old) {
        (Side::New, Some(before)) => old_index.usages(before, direction).0,
        (Side::Old, _) => new_index.usages(nearest, direction).0,
        (Side::New, None) => Vec::new(),
    };
    let both: HashSet<&String> = other_side.iter().collect();
    if operations.iter().any(|operation| both.contains(operation)) {
        operations.retain(|operation| both.contains(operation));
        usages.retain(|usage| both.contains(&usage.operation));
    } else if operations.is_empty() {
        operations = other_side;
    }
    Change {
        kind: change.kind,
        id: change.id(),
        level: change.level(),
        direction,
        operations,
        location: document.locate(&pointer),
        new_location: new.locate(nearest),
        pointer,
        side,
        usages,
        meaning: change.kind.rule().meaning(direction),
        fingerprint: change.fingerprint(),
        what: change.what,
        facts: change.facts,
    }
}

/// The pointer itself or its nearest ancestor that exists.
fn nearest_remaining<'p>(document: &Value, pointer: &'p Pointer) -> &'p Pointer {
    let exists = |pointer: &&Pointer| document.pointer(pointer.as_str()).is_some();
    ancestors(pointer).find(exists).unwrap_or_default()
}
