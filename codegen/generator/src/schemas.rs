//! Reads schemas whose parts may be references.

use std::iter;

use serde_json::Value;

use crate::json::Json as _;
use funnelflux_openapi::{pointer::Pointer, references};

/// Follows the `$ref` of a schema. Also follows a `$ref` that is the only part of an `allOf`.
pub(crate) fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let schema = references::resolve(document, Pointer::root(), schema).1;
    match schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        Some([part]) if schema.get("properties").is_none() => {
            references::resolve(document, Pointer::root(), part).1
        }
        _ => schema,
    }
}

/// Returns the properties of a schema and of its `allOf` parts. References are resolved.
pub(crate) fn properties<'a>(document: &'a Value, schema: &'a Value) -> Vec<(&'a String, &'a Value)> {
    let parts = schema.items("allOf").filter(|part| part.get("allOf").is_none());
    let schemas = iter::once(schema).chain(parts.map(|part| resolve(document, part)));
    let properties = schemas.flat_map(|schema| schema.members("properties"));
    let resolved = properties.map(|(name, schema)| (name, resolve(document, schema)));
    resolved.collect()
}

/// Returns the alternatives of a schema in `oneOf` and `anyOf`, or else the schema itself. References are
/// resolved.
pub(crate) fn alternatives<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let schema = resolve(document, schema);
    let alternatives = schema.items("oneOf").chain(schema.items("anyOf"));
    let alternatives: Vec<&Value> = alternatives.map(|schema| resolve(document, schema)).collect();
    if alternatives.is_empty() {
        vec![schema]
    } else {
        alternatives
    }
}

/// Returns the schema of a request body or response, preferably that of its JSON.
pub(crate) fn content<'a>(document: &'a Value, message: &'a Value) -> Option<&'a Value> {
    let message = resolve(document, message);
    let content = message.object("content")?;
    let json = content.get("application/json");
    let media = json.or_else(|| content.values().next())?;
    Some(resolve(document, media.get("schema")?))
}
