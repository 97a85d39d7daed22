//! Keeps fields that the document does not declare.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{json::Json as _, naming};

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

/// Removes each property whose field name is already the name of an earlier field or of the map of unknown
/// fields. A name that is required but has no property also counts, because progenitor makes a field for it.
pub(super) fn drop_clashing_properties(state: &mut State<'_>) {
    visit::schemas(&mut state.document, &mut |_, schema| {
        let mut fields = BTreeSet::from([EXTRA.to_owned()]);
        let mut names: Vec<String> = visit::properties(schema)
            .map(|(name, _)| name.to_owned())
            .collect();
        for name in schema.items("required").filter_map(Value::as_str) {
            if names.iter().all(|known| known != name) {
                names.push(name.to_owned());
            }
        }
        let clashes: Vec<String> = names
            .into_iter()
            .filter(|name| !fields.insert(naming::argument(name)))
            .collect();
        for key in ["properties", "required"] {
            match schema.get_mut(key) {
                Some(Value::Object(properties)) => properties.retain(|name, _| !clashes.contains(name)),
                Some(Value::Array(names)) => {
                    names.retain(|name| clashes.iter().all(|clash| name != clash.as_str()));
                }
                _ => {}
            }
        }
        for name in &clashes {
            notes::add(schema, format!("with `{name}` among its unknown fields"));
        }
        state.count += clashes.len();
    });
}
