//! Compares two `OpenAPI` 3.0.3 documents. Reports the changes between them and the meaning of each change on
//! the wire.
//!
//! The module `document` compares the documents part by part. Each key of either document is compared by a
//! rule of [`rules`], or reported as `unclassified`. Afterwards, the module `unclassified` compares the
//! structure of the documents, and reports every difference that no rule has covered.
//!
//! Each change gets the level of its rule. For a changed schema, the modules `judgement` and `inclusion` look
//! for a proof, which can change the level.
//!
//! Clients follow the old document, and the service follows the new document. So the sender's document is the
//! old document for requests, and the new document for responses. The other document is the receiver's. A
//! change does not break if every message that the sender's document allows is valid in the receiver's
//! document. A change breaks if there is a counterexample: a message that the sender's document allows and
//! the receiver's document rejects.

mod allow_list;
mod cause;
mod comparer;
mod deep_difference;
mod document;
mod frames;
mod inclusion;
mod index;
mod judgement;
mod level;
mod media_type;
mod node;
mod normative_words;
mod part_names;
mod proof;
mod raw_change;
mod render;
mod report;
pub mod rules;
mod site;
mod titles;
mod unclassified;
mod warnings;

use std::{cmp::Reverse, collections::BTreeSet, sync::Arc};

use funnelflux_openapi::{Document, pointer::Pointer, references::References};

use comparer::Comparer;
use inclusion::Root;
use index::{UsageIndex, UsageTable};
use node::ancestors;
use raw_change::{RawChange, merge};

pub use allow_list::{AllowList, Allowed};
pub use judgement::prove;
pub use level::{Direction, Level, Side};
pub use proof::Proof;
pub use render::{Audience, Consequence, View, annotation, print_json};
pub use report::{Change, Component, Fact, Operations, Report, Summary, Usage, Use, User};
pub use rules::ChangeKind;
pub use warnings::warnings;

/// The JSON Schema of a report that is written as JSON.
pub const REPORT_SCHEMA: &str = include_str!("report.schema.json");

/// Compares two documents that have been normalised to `OpenAPI` 3.0.3.
#[must_use]
pub fn compare(old: &Document, new: &Document) -> Report {
    let (old_references, new_references) = (References::new(old.value()), References::new(new.value()));
    let mut comparer = Comparer::new(&old_references, &new_references);
    comparer.document();
    let (mut changes, frames) = (comparer.changes, comparer.frames);
    let roots = [old, new].map(|document| Root {
        value: document.value(),
        has_null_type: document.provenance().has_null_type(),
    });
    judgement::judge(&mut changes.raw, &frames, roots);
    let uncovered = unclassified::uncovered(old.value(), new.value(), &changes);
    let changes = merge(changes.raw.into_iter().chain(uncovered).collect());
    let mut table = UsageTable::default();
    let [mut old_usages, mut new_usages] = [(&old_references, old), (&new_references, new)]
        .map(|(references, document)| UsageIndex::new(references, document.provenance(), &mut table));
    let mut complete = |change| complete(change, (old, &mut old_usages), (new, &mut new_usages), &mut table);
    let mut changes: Vec<Change> = changes.into_iter().map(&mut complete).collect();
    changes.retain(|change| !is_converted(change));
    changes.sort_by(|left, right| {
        let place = (&left.location, &left.pointer, &left.id);
        place.cmp(&(&right.location, &right.pointer, &right.id))
    });
    changes.sort_by_key(|change| Reverse(change.level));
    Report {
        old: old.name().to_owned(),
        new: new.name().to_owned(),
        changes,
        components: table.components,
    }
}

/// Adds locations, operations and uses to a change.
fn complete<'a>(
    mut change: RawChange,
    (old, old_usages): (&Document, &mut UsageIndex<'a>),
    (new, new_usages): (&Document, &mut UsageIndex<'a>),
    table: &mut UsageTable,
) -> Change {
    let direction = change.direction;
    let (side, pointer, document) = match (&change.new, &change.old) {
        (None, Some(pointer)) => (Side::Old, pointer.clone(), old),
        (pointer, _) => (Side::New, pointer.clone().unwrap_or_default(), new),
    };
    let nearest = ancestors(&change.nearest).find(|place| new.get(*place).is_some());
    let nearest = nearest.unwrap_or_default();
    // A change affects the operations that use the place in both documents. If no operation does, it affects
    // the operations that use the place in one document.
    let (usages, other_usages, other_pointer) = match side {
        Side::New => (new_usages, old_usages, change.old.as_deref()),
        Side::Old => (old_usages, new_usages, Some(nearest)),
    };
    let mut operations = usages.operations(&pointer, direction, table);
    if let Some(other_pointer) = other_pointer {
        let others = other_usages.operations(other_pointer, direction, table);
        if operations.is_empty() {
            operations = others;
        } else if operations != others {
            let is_on_both = |operation: &&Arc<str>| others.binary_search(operation).is_ok();
            let both = table.list(operations.iter().filter(is_on_both).cloned());
            if !both.is_empty() {
                operations = both;
            }
        }
    }
    let uses = usages.uses(&pointer, direction, table);
    let provenance = document.provenance();
    let source_pointer = provenance.place(&pointer).pointer().to_buf();
    if is_other_dialect(&change, &pointer, &source_pointer, [old, new]) {
        change.kind = ChangeKind::Unclassified;
    }
    Change {
        kind: change.kind,
        id: change.id(),
        level: change.level(),
        proof: change.proof.clone(),
        direction,
        operations,
        location: document.locate(&pointer),
        new_location: new.locate(nearest),
        meaning: change.meaning(),
        fingerprint: change.fingerprint(),
        what: part_names::source_sentence(change.what, provenance, &pointer, &source_pointer),
        source_pointer,
        pointer,
        side,
        uses,
        facts: change.facts,
        old: change.old,
        new: change.new,
    }
}

/// Checks whether a change replaces the JSON Schema dialect of the document with another dialect. `OpenAPI`
/// 3.1 states the dialect as `$schema` or `jsonSchemaDialect`, which normalisation keeps as extensions. The
/// dialect of `OpenAPI` is the default, and adds only annotations to JSON Schema 2020-12. So these two and an
/// absent dialect count as the same.
fn is_other_dialect(
    change: &RawChange,
    pointer: &Pointer,
    source: &Pointer,
    documents: [&Document; 2],
) -> bool {
    let key = pointer.last().map(|key| key.decoded().into_owned());
    let is_dialect = matches!(key.as_deref(), Some("x-schema" | "x-jsonSchemaDialect"))
        // If the names are equal, the author of the document wrote the extension.
        && pointer.last() != source.last();
    let sides = [&change.old, &change.new].into_iter().zip(documents);
    let dialects = sides.map(|(pointer, document)| {
        let pointer = pointer.as_deref()?;
        let dialect = document.value().pointer(pointer.as_str())?.as_str()?;
        let standards = ["spec.openapis.org/oas/3.", "json-schema.org/draft/2020-12/"];
        let is_standard = standards.iter().any(|standard| dialect.contains(standard));
        (!is_standard).then_some(dialect)
    });
    let dialects: BTreeSet<Option<&str>> = dialects.collect();
    is_dialect && change.kind == ChangeKind::ExtensionChanged && dialects.len() > 1
}

/// Checks whether a change only adds or removes an extension that normalisation created, such as the name of
/// a Swagger 2.0 body.
fn is_converted(change: &Change) -> bool {
    change.kind == ChangeKind::ExtensionChanged
        && (change.old.is_none() || change.new.is_none())
        && change.pointer.last() != change.source_pointer.last()
}
