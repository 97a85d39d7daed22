//! Functions that determine the kind of a schema.

use serde_json::{Map, Value};

use crate::json::Json as _;

/// Returns `true` if the schema states this type.
pub(super) fn has_type(schema: &Value, expected: &str) -> bool {
    schema.text("type") == Some(expected)
}

/// Returns `true` if the schema states the type of a string, number or boolean.
pub(super) fn is_simple(schema: &Value) -> bool {
    let kind = schema.text("type");
    matches!(kind, Some("string" | "integer" | "number" | "boolean"))
}

/// Returns `true` for a schema without constraints.
pub(super) fn is_anything(schema: &Value) -> bool {
    *schema == Value::Bool(true) || schema.as_object().is_some_and(Map::is_empty)
}

/// Returns `true` if the schema declares properties.
pub(super) fn is_object(schema: &Value) -> bool {
    schema.members("properties").next().is_some()
}

/// Returns `true` for an object without declared properties.
pub(super) fn is_map(schema: &Value) -> bool {
    has_type(schema, "object") && !is_object(schema) && !is_composed(schema)
}

/// Returns `true` if the schema combines other schemas.
pub(super) fn is_composed(schema: &Value) -> bool {
    schema.has_any(&["allOf", "anyOf", "oneOf"])
}

pub(super) fn is_nullable(schema: &Value) -> bool {
    schema.is_true("nullable")
}

/// Returns the values of an enumeration of strings, without `null`.
pub(super) fn string_enum(schema: &Value) -> Option<Vec<&str>> {
    let values = schema.get("enum")?.as_array()?.iter();
    let values = values.filter(|value| !value.is_null());
    values.map(Value::as_str).collect()
}

/// Returns `true` for a string without `enum` or `format`.
pub(super) fn is_plain_string(schema: &Value) -> bool {
    has_type(schema, "string") && schema.get("enum").is_none() && schema.get("format").is_none()
}
