//! Reads schemas whose parts may be references.

use std::{collections::HashSet, ptr};

use serde_json::Value;

use crate::json::Json as _;
use funnelflux_openapi::{pointer::Pointer, references};

/// Follows the `$ref` of a schema. Also follows a schema that is the only part of an `allOf`.
pub(crate) fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let target = |schema| references::resolve(document, Pointer::root(), schema).1;
    let mut schema = target(schema);
    let mut followed = HashSet::new();
    while schema.get("properties").is_none()
        && let Some([part]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice)
        && followed.insert(ptr::from_ref(schema))
    {
        schema = target(part);
    }
    schema
}

/// Returns a schema, the parts of its `allOf`, their parts, and so on. References are resolved.
pub(crate) fn parts<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let target = |schema| references::resolve(document, Pointer::root(), schema).1;
    let mut known = HashSet::new();
    let mut parts = Vec::new();
    let mut next = vec![schema];
    while let Some(schema) = next.pop().map(target) {
        if known.insert(ptr::from_ref(schema)) {
            parts.push(schema);
            next.extend(schema.items("allOf").rev());
        }
    }
    parts
}

/// Returns the properties of a schema and of its parts. References are resolved.
pub(crate) fn properties<'a>(document: &'a Value, schema: &'a Value) -> Vec<(&'a String, &'a Value)> {
    let parts = parts(document, schema).into_iter();
    let properties = parts.flat_map(|part| part.members("properties"));
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
