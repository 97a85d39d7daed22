//! Finds obsolete actions among the overlay actions that only mark the evidence (`x-evidence`) for a part of
//! the vendor's document. The generator reads an inferred part leniently, so such an action may change a
//! type.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json_path::JsonPath;

use super::{differences::without_words, inferred};
use crate::{base_path::relative_to_documented, json::Json as _};
use funnelflux_openapi::{Diagnostics, Document, Severity, Stage, pointer::PointerBuf};

/// Finds the obsolete actions among the actions that only mark evidence. An action is obsolete if it fails
/// on the new document, because its target is missing or does not fit. An action is also obsolete if the
/// target differs between the old and the new document.
///
/// `errors` are the errors that occurred when all overlays were applied to the new document.
pub fn obsolete_evidence(
    overlay: &Document,
    old: Option<&Document>,
    new: &Document,
    errors: &Diagnostics,
) -> BTreeSet<PointerBuf> {
    // The targets of overlays are relative to the documented base URL.
    let documents = [old, Some(new)].map(|document| Some(relative_to_documented(document?.clone())));
    let actions = inferred::actions(overlay).filter(|(_, action)| marks_evidence(action));
    let is_obsolete = |at: &PointerBuf, action: &Value| {
        let places = ["target", "update"].map(|key| overlay.locate(at.with_trailing_token(key)));
        let fails = errors.iter().any(|error| {
            let is_error = error.severity == Severity::Error && error.stage == Stage::Overlay;
            is_error && matches!(error.code, "no-match" | "misfit") && {
                error
                    .location
                    .as_ref()
                    .is_some_and(|place| places.contains(place))
            }
        });
        fails || {
            let facts_of = |document: &Option<Document>| facts(document.as_ref()?, action.text("target")?);
            let facts = documents.each_ref().map(facts_of);
            matches!(facts, [Some(old), Some(new)] if !old.is_empty() && old != new)
        }
    };
    let obsolete = actions.filter(|(at, action)| is_obsolete(at, action));
    obsolete.map(|(at, _)| at).collect()
}

fn marks_evidence(action: &Value) -> bool {
    let update = action.object("update");
    update.is_some_and(|update| !update.is_empty() && update.keys().all(|key| key == "x-evidence"))
}

/// Returns the values in a document that a JSONPath matches, without their descriptions and extensions (see
/// `without_words`).
fn facts(document: &Document, path: &str) -> Option<Vec<Value>> {
    let matches = JsonPath::parse(path).ok()?.query(document.value());
    Some(matches.iter().map(|value| without_words(value, false)).collect())
}
