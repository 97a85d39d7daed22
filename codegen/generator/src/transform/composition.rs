//! Parts and titles that mislead the generator when it merges an `allOf`.

use std::mem;

use serde_json::{Map, Value};

use funnelflux_openapi::{pointer::Pointer, references};

use super::{schema_kind, state::State, visit};

/// Removes the parts of an `allOf` that constrain nothing, as long as another part remains.
pub(super) fn drop_empty_parts(state: &mut State<'_>) -> usize {
    let mut count = 0;
    visit::schemas(&mut state.document, &mut |_, schema| {
        let Some(parts) = schema.get_mut("allOf").and_then(Value::as_array_mut) else {
            return;
        };
        if parts.iter().all(is_empty) {
            return;
        }
        let (dropped, kept): (Vec<_>, Vec<_>) = mem::take(parts).into_iter().partition(is_empty);
        *parts = kept;
        count += dropped.len();
        // The whole takes over the annotations of its parts, but for the title, which is a name.
        let structure = ["type", "additionalProperties", "properties", "title"];
        for (key, value) in dropped.iter().filter_map(Value::as_object).flatten() {
            if let Some(schema) = schema.as_object_mut()
                && !structure.contains(&key.as_str())
            {
                schema.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    });
    count
}

/// Returns `true` if a part of an `allOf` accepts every object.
fn is_empty(part: &Value) -> bool {
    part.as_object().is_some_and(|part| {
        part.iter().all(|(key, value)| match key.as_str() {
            "type" => value == "object",
            "additionalProperties" => {
                *value == Value::Bool(true) || value.as_object().is_some_and(Map::is_empty)
            }
            "properties" => value.as_object().is_some_and(Map::is_empty),
            "title" | "description" | "example" | "examples" | "externalDocs" | "deprecated" => true,
            _ => key.starts_with("x-"),
        })
    })
}

/// Turns an `anyOf` with an alternative that is no object into a `oneOf`, of which the first that decodes
/// counts.
pub(super) fn any_of_as_one_of(state: &mut State<'_>) -> usize {
    let source = state.document.clone();
    let mut count = 0;
    visit::schemas(&mut state.document, &mut |_, schema| {
        let Some(alternatives) = schema.get("anyOf").and_then(Value::as_array) else {
            return;
        };
        let is_object = |part: &Value| {
            let (_, part) = references::resolve(&source, Pointer::root(), part);
            match part.get("type") {
                Some(kind) => kind == "object",
                None => schema_kind::is_object(part) || schema_kind::is_composed(part),
            }
        };
        if alternatives.len() > 1
            && !alternatives.iter().all(is_object)
            && schema.get("oneOf").is_none()
            && let Some(schema) = schema.as_object_mut()
            && let Some(alternatives) = schema.shift_remove("anyOf")
        {
            schema.insert("oneOf".to_owned(), alternatives);
            count += 1;
        }
    });
    count
}

/// Removes the titles of components. Their types are named after the components.
pub(super) fn drop_titles(state: &mut State<'_>) -> usize {
    visit::components(&mut state.document)
        .filter_map(|(_, schema)| schema.as_object_mut()?.shift_remove("title"))
        .count()
}
