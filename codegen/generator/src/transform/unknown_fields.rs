//! Keeps fields that the document does not declare.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    mem,
};

use serde_json::{Value, json};

use crate::{json::Json as _, naming};
use funnelflux_openapi::pointer::Pointer;

use super::{notes, schema_kind, state::State, visit};

/// Name of the field in which progenitor collects unknown fields.
const EXTRA: &str = "extra";

/// Allows unknown fields in every object. Uses an empty schema for `additionalProperties`, because progenitor
/// ignores `true`.
pub(super) fn keep_unknown_fields(state: &mut State<'_>) {
    visit::schemas(&mut state.document, &mut |_, schema| {
        // A closed object without declared fields would become a struct that drops all fields.
        let is_closed_map =
            schema_kind::is_map(schema) && schema.get("additionalProperties") == Some(&Value::Bool(false));
        if (schema_kind::is_object(schema) || is_closed_map)
            && let Some(object) = schema.as_object_mut()
        {
            let old = object.insert("additionalProperties".to_owned(), json!({}));
            state.count += usize::from(old != Some(json!({})));
        }
    });
}

/// Removes each property whose field name is already the name of another field or of the map of unknown
/// fields. A name that is required but has no property also counts, because progenitor makes a field for it.
pub(super) fn drop_clashing_properties(state: &mut State<'_>) {
    let mut document = mem::take(&mut state.document);
    visit::schemas(&mut document, &mut |pointer, schema| {
        let mut fields = BTreeMap::from([(EXTRA.to_owned(), None)]);
        let mut dropped = Vec::new();
        for candidate in candidates(schema) {
            match fields.entry(naming::argument(&candidate.name)) {
                Entry::Vacant(field) => {
                    field.insert(Some(candidate.name));
                }
                Entry::Occupied(field) => {
                    report(state, pointer, &candidate, field.key(), field.get().as_deref());
                    dropped.push(candidate);
                }
            }
        }
        let is_dropped = |name: &str| dropped.iter().any(|candidate| candidate.name == name);
        for key in ["properties", "required"] {
            match schema.get_mut(key) {
                Some(Value::Object(properties)) => properties.retain(|name, _| !is_dropped(name)),
                Some(Value::Array(names)) => names.retain(|name| !name.as_str().is_some_and(is_dropped)),
                _ => {}
            }
        }
        // The notes follow the order of the document, like the fields.
        dropped.sort_by_key(|candidate| candidate.index);
        for Candidate { name, .. } in &dropped {
            notes::add(schema, format!("with `{name}` among its unknown fields"));
        }
        state.count += dropped.len();
    });
    state.document = document;
}

/// A property that may become a field.
struct Candidate {
    name: String,
    /// Position among the properties in canonical order.
    index: usize,
    /// `false` for a name that is only in the list of required names.
    is_declared: bool,
}

/// Lists the properties of a schema, and the required names without a property. If several of them become the
/// same field, the first one in the list gets the field.
fn candidates(schema: &Value) -> Vec<Candidate> {
    let required: BTreeSet<&str> = schema.items("required").filter_map(Value::as_str).collect();
    // In canonical order, names that begin with a capital letter come first. Without the rank, such a name
    // would win, although it is often the older spelling.
    let declared = schema.members("properties").map(|(name, property)| {
        let is_required = required.contains(name.as_str());
        let rank = (!is_required, property.is_true("deprecated"), !is_camel_case(name));
        (name.as_str(), true, rank)
    });
    let mut all: Vec<(&str, bool, (bool, bool, bool))> = declared.collect();
    for name in schema.items("required").filter_map(Value::as_str) {
        if all.iter().all(|(known, ..)| *known != name) {
            all.push((name, false, (true, true, true)));
        }
    }
    let candidates = all.into_iter().enumerate();
    let candidates = candidates.map(|(index, (name, is_declared, rank))| {
        let name = name.to_owned();
        let candidate = Candidate {
            name,
            index,
            is_declared,
        };
        ((!is_declared, rank, index), candidate)
    });
    let mut candidates: Vec<_> = candidates.collect();
    candidates.sort_by_key(|(rank, _)| *rank);
    candidates.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Returns `true` for a name such as `offerSourceName`.
fn is_camel_case(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|character| character.is_ascii_alphanumeric())
}

/// Warns that a property has no field. `kept` is the property that has the field, or `None` for the map of
/// unknown fields.
fn report(state: &mut State<'_>, schema: &Pointer, dropped: &Candidate, field: &str, kept: Option<&str>) {
    let name = &dropped.name;
    let at = if dropped.is_declared {
        schema.with_trailing_token("properties").with_trailing_token(name)
    } else {
        schema.with_trailing_token("required")
    };
    let (clash, fix) = match kept {
        Some(kept) => (
            format!("`{name}` and `{kept}` would be the same field `{field}`; `{kept}` gets the field"),
            format!("if users need `{name}` as a field, remove `{kept}` in an overlay"),
        ),
        None => (
            format!("`{name}` would be the field `{field}`, which holds the unknown fields"),
            "no action needed: the unknown fields keep its value".to_owned(),
        ),
    };
    let message = format!("{clash}, and `{name}` is read and set only among the unknown fields");
    state.warning("clashing-property", &at, message, &fix);
}
