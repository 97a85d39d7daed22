//! Copies shared parameters, bodies and responses into the operations that use them.

use serde_json::{Map, Value, json};

use funnelflux_openapi::{
    pointer::{METHODS, Pointer},
    references,
};

use super::{state::State, visit};

/// Copies every shared parameter, body and response to the places that refer to it. Also copies the
/// parameters of a path into the operations of the path. Removes callbacks, links and response headers.
/// Nothing is generated from them, but progenitor may refuse an operation because of them.
pub(super) fn inline_references(state: &mut State<'_>) {
    let source = state.document.clone();
    state.count += spread_path_parameters(&mut state.document, &source);
    for operation in visit::operations(&mut state.document) {
        if let Some(Value::Array(parameters)) = operation.members.get_mut("parameters") {
            state.count += inline_all(parameters, &source);
        }
        if let Some(body) = operation.members.get_mut("requestBody") {
            state.count += inline(body, &source);
        }
        if let Some(Value::Object(responses)) = operation.members.get_mut("responses") {
            state.count += inline_all(responses.values_mut(), &source);
            for response in responses.values_mut().filter_map(Value::as_object_mut) {
                response.retain(|key, _| key != "headers" && key != "links");
            }
        }
        operation.members.remove("callbacks");
    }
    // Components other than schemas are removed, because they are inlined now.
    if let Some(Value::Object(components)) = state.document.get_mut("components") {
        components.retain(|kind, _| kind == "schemas");
    }
}

fn inline_all<'a>(values: impl IntoIterator<Item = &'a mut Value>, source: &Value) -> usize {
    values.into_iter().map(|value| inline(value, source)).sum()
}

/// Replaces a reference with its target, and returns the number of replacements.
fn inline(value: &mut Value, source: &Value) -> usize {
    if references::reference(value).is_none() {
        return 0;
    }
    let reference = value.clone();
    let (_, target) = references::resolve(source, Pointer::root(), &reference);
    // Lint has already reported references without a target, and circular references.
    if references::reference(target).is_some() {
        return 0;
    }
    *value = target.clone();
    1
}

fn spread_path_parameters(document: &mut Value, source: &Value) -> usize {
    let items = document.get_mut("paths").and_then(Value::as_object_mut);
    let items = items.into_iter().flat_map(Map::values_mut);
    let mut count = 0;
    for item in items.filter_map(Value::as_object_mut) {
        let Some(Value::Array(mut shared)) = item.remove("parameters") else {
            continue;
        };
        // Names can be compared only after references are resolved.
        count += inline_all(&mut shared, source);
        for (method, operation) in item {
            let Some(operation) = operation.as_object_mut().filter(|_| METHODS.contains(&&**method)) else {
                continue;
            };
            let own = operation.entry("parameters").or_insert_with(|| json!([]));
            let Some(own) = own.as_array_mut() else {
                continue;
            };
            count += inline_all(&mut *own, source);
            let key = |parameter: &Value| (parameter.get("name").cloned(), parameter.get("in").cloned());
            for parameter in &shared {
                // A parameter of the operation overrides the same parameter of the path.
                if !own.iter().any(|own| key(own) == key(parameter)) {
                    own.push(parameter.clone());
                    count += 1;
                }
            }
        }
    }
    count
}
