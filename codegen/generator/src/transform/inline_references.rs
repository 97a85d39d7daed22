//! Parameters, bodies and responses that are shared by reference, or by all operations of a path.

use serde_json::{Map, Value};

use funnelflux_openapi::pointer::METHODS;

use super::{Draft, visit};

/// Puts every referenced parameter, body and response where it is used, and the parameters of a path into its
/// operations.
pub(super) fn inline_references(draft: &mut Draft<'_>) -> usize {
    let components = match draft.value.get_mut("components").map(Value::take) {
        Some(Value::Object(components)) => components,
        _ => Map::new(),
    };
    let mut count = spread_path_parameters(&mut draft.value, &components);
    for entry in visit::operations(&mut draft.value) {
        let operation = entry.operation;
        if let Some(Value::Array(parameters)) = operation.get_mut("parameters") {
            count += inline_parameters(parameters, &components);
        }
        if let Some(body) = operation.get_mut("requestBody") {
            count += inline(body, "requestBodies", &components);
        }
        if let Some(Value::Object(responses)) = operation.get_mut("responses") {
            count += responses
                .values_mut()
                .map(|response| inline(response, "responses", &components))
                .sum::<usize>();
        }
    }
    // Only schemas are still of use.
    if let Some(slot) = draft.value.get_mut("components") {
        *slot = Value::Object(
            components
                .into_iter()
                .filter(|(kind, _)| kind == "schemas")
                .collect(),
        );
    }
    count
}

fn inline_parameters(parameters: &mut [Value], components: &Map<String, Value>) -> usize {
    parameters
        .iter_mut()
        .map(|parameter| inline(parameter, "parameters", components))
        .sum()
}

fn inline(value: &mut Value, kind: &str, components: &Map<String, Value>) -> usize {
    /// A shared one may be a reference itself; lint refuses circles.
    const HOPS: usize = 16;
    let prefix = format!("#/components/{kind}/");
    let target = |value: &Value| {
        let name = value.get("$ref")?.as_str()?.strip_prefix(&prefix)?;
        components.get(kind)?.get(name)
    };
    let found = std::iter::successors(target(value), |found| target(found))
        .take(HOPS)
        .last();
    match found {
        Some(found) => {
            *value = found.clone();
            1
        }
        None => 0,
    }
}

fn spread_path_parameters(document: &mut Value, components: &Map<String, Value>) -> usize {
    let items = document
        .get_mut("paths")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flat_map(Map::values_mut)
        .filter_map(Value::as_object_mut);
    let mut count = 0;
    for item in items {
        let Some(Value::Array(mut shared)) = item.remove("parameters") else {
            continue;
        };
        // References first: what they lead to has the names that are compared.
        count += inline_parameters(&mut shared, components);
        for (method, operation) in item {
            if !METHODS.contains(&method.as_str()) {
                continue;
            }
            let Some(operation) = operation.as_object_mut() else {
                continue;
            };
            let own = operation
                .entry("parameters")
                .or_insert_with(|| Value::Array(Vec::new()));
            let Some(own) = own.as_array_mut() else {
                continue;
            };
            count += inline_parameters(own, components);
            for parameter in &shared {
                let key = |parameter: &Value| (parameter.get("name").cloned(), parameter.get("in").cloned());
                // The operation's own parameter of that name wins.
                if !own.iter().any(|other| key(other) == key(parameter)) {
                    own.push(parameter.clone());
                    count += 1;
                }
            }
        }
    }
    count
}
