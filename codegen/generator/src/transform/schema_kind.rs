//! Kinds of schemas.

use serde_json::Value;

/// Returns `true` if the schema states this type.
pub(super) fn has_type(schema: &Value, expected: &str) -> bool {
    schema.get("type").and_then(Value::as_str) == Some(expected)
}

/// Returns `true` if the schema declares properties.
pub(super) fn is_object(schema: &Value) -> bool {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .is_some_and(|properties| !properties.is_empty())
}

/// Returns `true` for an object without known properties.
pub(super) fn is_map(schema: &Value) -> bool {
    has_type(schema, "object") && !is_object(schema) && !is_composed(schema)
}

/// Returns `true` if the schema combines others.
pub(super) fn is_composed(schema: &Value) -> bool {
    ["allOf", "anyOf", "oneOf"]
        .iter()
        .any(|key| schema.get(key).is_some())
}

pub(super) fn is_nullable(schema: &Value) -> bool {
    schema.get("nullable") == Some(&Value::Bool(true))
}

/// Returns the values of an enumeration of strings, without `null`.
pub(super) fn string_enum(schema: &Value) -> Option<Vec<&str>> {
    let values = schema.get("enum")?.as_array()?;
    values
        .iter()
        .filter(|value| !value.is_null())
        .map(Value::as_str)
        .collect()
}

/// Returns `true` for a string without `enum` or `format`.
pub(super) fn is_plain_string(schema: &Value) -> bool {
    has_type(schema, "string") && schema.get("enum").is_none() && schema.get("format").is_none()
}
