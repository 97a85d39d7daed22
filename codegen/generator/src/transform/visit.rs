//! Ways through a document that is being changed, with the JSON pointer of each place.

use serde_json::{Map, Value};

use funnelflux_openapi::pointer::{self, METHODS};

/// An operation that is being changed.
pub(super) struct OperationMut<'a> {
    /// Pointer to the operation.
    pub(super) pointer: String,
    pub(super) path: &'a str,
    /// In upper case.
    pub(super) method: String,
    pub(super) operation: &'a mut Map<String, Value>,
}

/// Every operation, in the order of the document.
pub(super) fn operations(document: &mut Value) -> impl Iterator<Item = OperationMut<'_>> {
    document
        .get_mut("paths")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
        .flat_map(|(path, item)| {
            item.as_object_mut()
                .into_iter()
                .flatten()
                .filter(|(method, _)| METHODS.contains(&method.as_str()))
                .filter_map(move |(method, operation)| {
                    Some(OperationMut {
                        pointer: pointer::join(&pointer::join("/paths", path), method),
                        path,
                        method: method.to_ascii_uppercase(),
                        operation: operation.as_object_mut()?,
                    })
                })
        })
}

/// Every parameter of the operation.
pub(super) fn parameters<'a>(
    operation: &'a mut Map<String, Value>,
    operation_pointer: &str,
) -> impl Iterator<Item = (String, &'a mut Map<String, Value>)> {
    let list = pointer::join(operation_pointer, "parameters");
    operation
        .get_mut("parameters")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .enumerate()
        .filter_map(move |(index, parameter)| Some((pointer::item(&list, index), parameter.as_object_mut()?)))
}

/// The schemas of `content`, one a media type.
fn content_schemas<'a>(
    holder: &'a mut Value,
    holder_pointer: &str,
) -> impl Iterator<Item = (String, &'a mut Value)> + use<'a> {
    let content = pointer::join(holder_pointer, "content");
    holder
        .get_mut("content")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
        .filter_map(move |(name, media)| {
            let at = pointer::join(&pointer::join(&content, name), "schema");
            Some((at, media.get_mut("schema")?))
        })
}

/// The schema of the request body, and of each response.
pub(super) fn body_schemas<'a>(
    operation: &'a mut Map<String, Value>,
    operation_pointer: &str,
) -> impl Iterator<Item = (Body, String, &'a mut Value)> {
    let request_pointer = pointer::join(operation_pointer, "requestBody");
    let responses_pointer = pointer::join(operation_pointer, "responses");
    let mut request = None;
    let mut responses = None;
    for (key, value) in operation {
        match key.as_str() {
            "requestBody" => request = Some(value),
            "responses" => responses = value.as_object_mut(),
            _ => {}
        }
    }
    let request = request
        .into_iter()
        .flat_map(move |body| content_schemas(body, &request_pointer))
        .map(|(at, schema)| (Body::Request, at, schema));
    let responses = responses
        .into_iter()
        .flatten()
        .flat_map(move |(status, response)| {
            content_schemas(response, &pointer::join(&responses_pointer, status))
        })
        .map(|(at, schema)| (Body::Response, at, schema));
    request.chain(responses)
}

/// Which way a body goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Request,
    Response,
}

/// Visits every schema of the document, also those inside of others, outer ones first.
pub(super) fn schemas(document: &mut Value, visit: &mut dyn FnMut(&str, &mut Value)) {
    for entry in operations(document) {
        for (at, parameter) in parameters(entry.operation, &entry.pointer) {
            if let Some(schema) = parameter.get_mut("schema") {
                schema_and_inner(&pointer::join(&at, "schema"), schema, visit);
            }
        }
        for (_, at, schema) in body_schemas(entry.operation, &entry.pointer) {
            schema_and_inner(&at, schema, visit);
        }
    }
    for (name, schema) in components(document) {
        schema_and_inner(&component_pointer(name), schema, visit);
    }
}

/// Visits a schema and every one inside of it, outer ones first.
pub(super) fn schema_and_inner(at: &str, schema: &mut Value, visit: &mut dyn FnMut(&str, &mut Value)) {
    visit(at, schema);
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    for (key, value) in object {
        let here = pointer::join(at, key);
        match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                for (name, property) in properties {
                    schema_and_inner(&pointer::join(&here, name), property, visit);
                }
            }
            ("items" | "additionalProperties" | "not", inner @ Value::Object(_)) => {
                schema_and_inner(&here, inner, visit);
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => {
                for (index, part) in parts.iter_mut().enumerate() {
                    schema_and_inner(&pointer::item(&here, index), part, visit);
                }
            }
            _ => {}
        }
    }
}

/// The schemas under `components`.
pub(super) fn components(document: &mut Value) -> impl Iterator<Item = (&str, &mut Value)> {
    document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
        .map(|(name, schema)| (name.as_str(), schema))
}

/// The pointer to a schema under `components`.
pub(super) fn component_pointer(name: &str) -> String {
    pointer::join("/components/schemas", name)
}
