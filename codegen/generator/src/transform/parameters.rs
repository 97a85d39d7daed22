//! Simplifies parameters, and removes headers that the runtime sends itself.

use serde_json::{Map, Value, json};

use funnelflux_openapi::{pointer::Pointer, references};

use super::{component, schema_kind, state::State, visit};

/// Headers that parameters cannot set, according to the OpenAPI specification.
const IGNORED: [&str; 3] = ["accept", "content-type", "authorization"];

/// Removes header parameters that OpenAPI ignores, null values, and enumerations of other values than
/// strings. A parameter that allows several simple types becomes a string, because it is sent as text.
pub(super) fn plain_parameters(state: &mut State<'_>) {
    let source = state.document.clone();
    for mut operation in visit::operations(&mut state.document) {
        if let Some(Value::Array(parameters)) = operation.members.get_mut("parameters") {
            let before = parameters.len();
            parameters.retain(|parameter| !is_ignored(parameter));
            state.count += before - parameters.len();
        }
        for (_, parameter) in operation.parameters() {
            let Some(schema) = parameter.get_mut("schema") else {
                continue;
            };
            if is_mixed(&source, schema) {
                let description = schema.get("description").cloned();
                *schema = json!({"type": "string"});
                if let (Some(schema), Some(description)) = (schema.as_object_mut(), description) {
                    schema.insert("description".to_owned(), description);
                }
                state.count += 1;
            } else if let Some(schema) = schema.as_object_mut() {
                state.count += usize::from(simplify(schema));
            }
        }
    }
}

fn is_ignored(parameter: &Value) -> bool {
    let text = |key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or_default();
    let name = text("name").to_ascii_lowercase();
    text("in") == "header" && IGNORED.contains(&&*name)
}

/// Returns `true` if a schema has no type of its own, and all of its alternatives are simple.
fn is_mixed(document: &Value, schema: &Value) -> bool {
    let (_, schema) = references::resolve(document, Pointer::root(), schema);
    let is_text = schema_kind::string_enum(schema).is_some() || schema_kind::has_type(schema, "string");
    let has_parts = ["oneOf", "anyOf"].iter().any(|key| schema.get(key).is_some());
    (has_parts || schema.get("type").is_none())
        && !is_text
        && component::referenced(schema).is_none()
        && is_simple(document, schema, 0)
}

/// Returns `true` for a schema whose values are neither objects nor lists.
fn is_simple(document: &Value, schema: &Value, depth: usize) -> bool {
    /// Maximum number of levels; reasonable documents have fewer.
    const DEPTH: usize = 8;
    let (_, schema) = references::resolve(document, Pointer::root(), schema);
    let has_simple_type = schema
        .get("type")
        .is_none_or(|kind| kind != "array" && kind != "object");
    let mut parts = ["allOf", "oneOf", "anyOf"]
        .iter()
        .filter_map(|key| schema.get(key)?.as_array())
        .flatten();
    depth < DEPTH
        && has_simple_type
        && !schema_kind::is_object(schema)
        && schema.get("items").is_none()
        && parts.all(|part| is_simple(document, part, depth + 1))
}

fn simplify(schema: &mut Map<String, Value>) -> bool {
    let was_nullable = schema.remove("nullable").is_some_and(|nullable| nullable == true);
    let is_string = schema.get("type").is_some_and(|kind| kind == "string");
    let was_enumeration = !is_string && schema.remove("enum").is_some();
    let items = schema.get_mut("items").and_then(Value::as_object_mut);
    items.is_some_and(simplify) || was_nullable || was_enumeration
}
