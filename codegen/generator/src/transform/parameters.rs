//! Requires IDs, simplifies parameters, and removes headers that the runtime sends itself.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    json::Json as _,
    lint::path_parameters,
    method_names::{Verb, id_parameter},
};
use funnelflux_openapi::{
    operations::{Operation, operations},
    pointer::{Pointer, PointerBuf},
    references,
};

use super::{component, schema_kind, state::State, visit};

/// Headers that parameters cannot set, according to the OpenAPI specification.
const IGNORED: [&str; 3] = ["accept", "content-type", "authorization"];

/// Adds each path parameter that the document does not define. A query parameter of the same name becomes the
/// path parameter. If there is none, the path parameter is a string. Makes all path parameters required. Of
/// parameters that are listed twice, keeps the first.
pub(super) fn complete_parameters(state: &mut State<'_>) {
    for operation in visit::operations(&mut state.document) {
        let names: Vec<&str> = path_parameters(operation.path).unwrap_or_default();
        let list = operation.members.entry("parameters").or_insert_with(|| json!([]));
        let Some(parameters) = list.as_array_mut() else {
            continue;
        };
        let before = parameters.len();
        let mut seen = Vec::new();
        parameters.retain(|parameter| {
            let key = (parameter.get("name").cloned(), parameter.get("in").cloned());
            let is_new = !seen.contains(&key);
            seen.push(key);
            is_new
        });
        state.count += before - parameters.len();
        for name in names {
            let is_at = |place: &str, parameter: &Value| {
                parameter.text("in") == Some(place) && parameter.text("name") == Some(name)
            };
            if parameters.iter().any(|parameter| is_at("path", parameter)) {
                continue;
            }
            let mut others = parameters.iter_mut();
            match others.find(|parameter| is_at("query", parameter)) {
                Some(Value::Object(other)) => {
                    other.insert("in".to_owned(), "path".into());
                }
                _ => parameters.push(json!({"name": name, "in": "path", "schema": {"type": "string"}})),
            }
            state.count += 1;
        }
        for parameter in parameters.iter_mut().filter_map(Value::as_object_mut) {
            if parameter.text("in") == Some("path") && !parameter.is_true("required") {
                parameter.insert("required".to_owned(), true.into());
                state.count += 1;
            }
        }
        if parameters.is_empty() {
            operation.members.shift_remove("parameters");
        }
    }
}

/// Marks the ID parameter as required in operations that find, copy or change assets by ID. The document may
/// make this parameter optional.
pub(super) fn require_ids(state: &mut State<'_>) {
    let needs_id = |operation: &Operation<'_>, verb: &Verb| match verb {
        Verb::FindById | Verb::FindByIds | Verb::Duplicate => true,
        // The body may contain the IDs of the assets instead.
        Verb::Archive | Verb::Unarchive | Verb::Delete => operation.value.get("requestBody").is_none(),
        _ => false,
    };
    let optional = operations(&state.document).filter_map(|operation| {
        let words = state.vocabulary.operation(&operation.pointer)?;
        let (name, required) = id_parameter(&state.document, &operation)?;
        (needs_id(&operation, &words.verb) && !required).then_some((operation.pointer, name))
    });
    let optional: BTreeMap<PointerBuf, String> = optional.collect();
    for mut operation in visit::operations(&mut state.document) {
        let Some(name) = optional.get(&operation.pointer) else {
            continue;
        };
        let mut parameters = operation.parameters().map(|(_, parameter)| parameter);
        if let Some(id) = parameters.find(|parameter| parameter.text("name") == Some(name)) {
            id.insert("required".to_owned(), true.into());
            state.count += 1;
        }
    }
}

/// Removes header parameters that OpenAPI ignores. Removes `nullable` from parameters, and `enum` from
/// parameters that are not strings. A parameter that allows several simple types becomes a string, because it
/// is sent as text.
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
                let mut text = Map::from_iter([("type".to_owned(), json!("string"))]);
                let description = schema.get("description").cloned();
                text.extend(description.map(|description| ("description".to_owned(), description)));
                *schema = Value::Object(text);
                state.count += 1;
            } else if let Some(schema) = schema.as_object_mut() {
                state.count += usize::from(simplify(schema));
            }
        }
    }
}

fn is_ignored(parameter: &Value) -> bool {
    let name = parameter.text("name").unwrap_or_default().to_ascii_lowercase();
    parameter.text("in") == Some("header") && IGNORED.contains(&&*name)
}

/// Returns `true` if a schema allows several simple types. Such a schema has alternatives or no type, and it
/// allows neither objects nor lists.
fn is_mixed(document: &Value, schema: &Value) -> bool {
    let (_, schema) = references::resolve(document, Pointer::root(), schema);
    let is_text = schema_kind::string_enum(schema).is_some() || schema_kind::has_type(schema, "string");
    let has_parts = schema.has_any(&["oneOf", "anyOf"]);
    (has_parts || schema.get("type").is_none())
        && !is_text
        && component::referenced(schema).is_none()
        && is_simple(document, schema, 0)
}

/// Returns `true` for a schema whose values are neither objects nor lists.
fn is_simple(document: &Value, schema: &Value, depth: usize) -> bool {
    /// Maximum number of nested compositions. Reasonable documents have fewer.
    const DEPTH: usize = 8;
    let (_, schema) = references::resolve(document, Pointer::root(), schema);
    let keys = ["allOf", "oneOf", "anyOf"].iter();
    let mut parts = keys.flat_map(|key| schema.items(key));
    depth < DEPTH
        && !matches!(schema.text("type"), Some("array" | "object"))
        && !schema_kind::is_object(schema)
        && schema.get("items").is_none()
        && parts.all(|part| is_simple(document, part, depth + 1))
}

fn simplify(schema: &mut Map<String, Value>) -> bool {
    let was_nullable = schema.remove("nullable").is_some_and(|nullable| nullable == true);
    let was_enumeration = schema.text("type") != Some("string") && schema.remove("enum").is_some();
    let items = schema.get_mut("items").and_then(Value::as_object_mut);
    items.is_some_and(simplify) || was_nullable || was_enumeration
}
