//! Visits operations, parameters, bodies and schemas, each with its JSON pointer, and lets the caller change
//! them.

use serde_json::{Map, Value};

use funnelflux_openapi::{
    operations::Direction,
    pointer::{METHODS, Pointer, PointerBuf, Token},
};

pub(super) const SCHEMAS: &Pointer = Pointer::from_static("/components/schemas");

pub(super) fn component_pointer(name: &str) -> PointerBuf {
    SCHEMAS.with_trailing_token(name)
}

/// An operation that a rule may change.
pub(super) struct OperationMut<'a> {
    pub(super) pointer: PointerBuf,
    pub(super) path: &'a str,
    /// HTTP method in upper case.
    pub(super) method: String,
    pub(super) members: &'a mut Map<String, Value>,
}

/// Visits all operations in the order of the document.
pub(super) fn operations(document: &mut Value) -> impl Iterator<Item = OperationMut<'_>> {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    paths.into_iter().flatten().flat_map(|(path, item)| {
        let members = item.as_object_mut().into_iter().flatten();
        let operations = members.filter(|(method, _)| METHODS.contains(&method.as_str()));
        operations.filter_map(move |(method, operation)| {
            Some(OperationMut {
                pointer: PointerBuf::from_tokens([Token::new("paths"), path.into(), method.into()]),
                path,
                method: method.to_ascii_uppercase(),
                members: operation.as_object_mut()?,
            })
        })
    })
}

impl OperationMut<'_> {
    pub(super) fn parameters(&mut self) -> impl Iterator<Item = (PointerBuf, &mut Map<String, Value>)> {
        let list = self.pointer.with_trailing_token("parameters");
        let parameters = self.members.get_mut("parameters").and_then(Value::as_array_mut);
        let parameters = parameters.into_iter().flatten().enumerate();
        parameters.filter_map(move |(index, parameter)| {
            Some((list.with_trailing_token(index), parameter.as_object_mut()?))
        })
    }

    /// Returns the responses, keyed by status. Returns `None` if they are not an object.
    pub(super) fn responses(&mut self) -> Option<&mut Map<String, Value>> {
        self.members.get_mut("responses")?.as_object_mut()
    }

    /// Visits the schemas of the request body and of each response.
    pub(super) fn body_schemas(&mut self) -> impl Iterator<Item = (Direction, PointerBuf, &mut Value)> {
        let pointer = &self.pointer;
        self.members.iter_mut().flat_map(move |(key, value)| {
            let pointer = pointer.with_trailing_token(key);
            let (direction, holders) = match (key.as_str(), value) {
                ("requestBody", body) => (Direction::Request, vec![(pointer, body)]),
                ("responses", Value::Object(responses)) => {
                    let holders = responses.iter_mut();
                    let holders =
                        holders.map(|(status, holder)| (pointer.with_trailing_token(status), holder));
                    (Direction::Response, holders.collect())
                }
                _ => (Direction::Response, Vec::new()),
            };
            let holders = holders.into_iter();
            let schemas = holders.flat_map(|(pointer, holder)| content_schemas(holder, &pointer));
            schemas.map(move |(pointer, schema)| (direction, pointer, schema))
        })
    }
}

/// Visits the schemas of `content`, one per media type.
fn content_schemas<'a>(
    holder: &'a mut Value,
    pointer: &Pointer,
) -> impl Iterator<Item = (PointerBuf, &'a mut Value)> + use<'a> {
    let pointer = pointer.with_trailing_token("content");
    let content = holder.get_mut("content").and_then(Value::as_object_mut);
    content.into_iter().flatten().filter_map(move |(name, media)| {
        let mut pointer = pointer.with_trailing_token(name);
        pointer.push_back("schema");
        Some((pointer, media.get_mut("schema")?))
    })
}

/// Visits all schemas. An outer schema is visited before the schemas inside it.
pub(super) fn schemas(document: &mut Value, visit: &mut dyn FnMut(&Pointer, &mut Value)) {
    for mut operation in operations(document) {
        for (mut pointer, parameter) in operation.parameters() {
            if let Some(schema) = parameter.get_mut("schema") {
                pointer.push_back("schema");
                schema_and_inner(&mut pointer, schema, visit);
            }
        }
        for (_, mut pointer, schema) in operation.body_schemas() {
            schema_and_inner(&mut pointer, schema, visit);
        }
    }
    for (name, schema) in components(document) {
        schema_and_inner(&mut component_pointer(name), schema, visit);
    }
}

/// Visits a schema and all schemas inside it. An outer schema is visited before the schemas inside it.
pub(super) fn schema_and_inner(
    pointer: &mut PointerBuf,
    schema: &mut Value,
    visit: &mut dyn FnMut(&Pointer, &mut Value),
) {
    visit(pointer, schema);
    let Some(members) = schema.as_object_mut() else {
        return;
    };
    for (key, value) in members {
        pointer.push_back(key);
        match (key.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                for (name, property) in properties {
                    pointer.push_back(name);
                    schema_and_inner(pointer, property, visit);
                    pointer.pop_back();
                }
            }
            ("items" | "additionalProperties" | "not", inner @ Value::Object(_)) => {
                schema_and_inner(pointer, inner, visit);
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => {
                for (index, part) in parts.iter_mut().enumerate() {
                    pointer.push_back(index);
                    schema_and_inner(pointer, part, visit);
                    pointer.pop_back();
                }
            }
            _ => {}
        }
        pointer.pop_back();
    }
}

pub(super) fn properties(schema: &mut Value) -> impl Iterator<Item = (&str, &mut Value)> {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    let properties = properties.into_iter().flatten();
    properties.map(|(name, property)| (name.as_str(), property))
}

/// Visits the schemas under `components`.
pub(super) fn components(document: &mut Value) -> impl Iterator<Item = (&str, &mut Value)> {
    let components = document.pointer_mut(SCHEMAS.as_str());
    let components = components.and_then(Value::as_object_mut).into_iter().flatten();
    components.map(|(name, schema)| (name.as_str(), schema))
}
