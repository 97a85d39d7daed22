//! Fields that are not in the document.

use serde_json::{Value, json};

use crate::naming;

use super::{schema_kind, state::State, visit};

/// Name of the field in which the generator collects unknown fields.
const EXTRA: &str = "extra";

/// Allows unknown fields in every object. (The generator treats `true` as absent.)
pub(super) fn keep_unknown_fields(state: &mut State<'_>) -> usize {
    let mut count = 0;
    let mut clashes = Vec::new();
    visit::schemas(&mut state.document, &mut |pointer, schema| {
        // A closed object without fields would become a struct that drops everything.
        let is_closed_map =
            schema_kind::is_map(schema) && schema.get("additionalProperties") == Some(&Value::Bool(false));
        if !schema_kind::is_object(schema) && !is_closed_map {
            return;
        }
        for (name, _) in visit::properties(schema) {
            if naming::argument(name) == EXTRA {
                let property = pointer
                    .with_trailing_token("properties")
                    .with_trailing_token(name);
                clashes.push((property, name.to_owned()));
            }
        }
        let Some(object) = schema.as_object_mut() else {
            return;
        };
        let anything = json!({});
        if object.get("additionalProperties") != Some(&anything) {
            object.insert("additionalProperties".to_owned(), anything);
            count += 1;
        }
    });
    for (pointer, name) in clashes {
        let message = format!(
            "the property `{name}` would become the field `{EXTRA}`, which is the map of unknown fields"
        );
        state.error(
            "unknown-fields-name",
            &pointer,
            message,
            "remove the property in an overlay: it is then kept among the unknown fields",
        );
    }
    count
}
