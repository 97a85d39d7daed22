//! Converts lists of types, and the type `null`, which schemas of Swagger 2.0 and `OpenAPI` 3.1 may have.

use serde_json::Value;

use super::{
    aside::{keep_aside, name_aside},
    context::{Context, Object},
};
use crate::{diagnostic::Severity, pointer::Pointer};

/// Types, each with the keywords that apply only to that type.
const OF_TYPE: &[(&str, &[&str])] = &[
    ("string", &["minLength", "maxLength", "pattern"]),
    ("number", NUMERIC),
    ("integer", NUMERIC),
    ("array", &["items", "minItems", "maxItems", "uniqueItems"]),
    (
        "object",
        &[
            "properties",
            "required",
            "additionalProperties",
            "minProperties",
            "maxProperties",
        ],
    ),
];

const NUMERIC: &[&str] = &[
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];

/// Rewrites lists of types, and the type `null`, as `nullable` and `oneOf`.
pub(in crate::normalise) fn types(context: &mut Context, pointer: &Pointer, schema: &mut Object) {
    if schema
        .get("enum")
        .and_then(Value::as_array)
        .is_some_and(|values| values.contains(&Value::Null))
        && !schema.contains_key("type")
    {
        schema.insert("nullable".to_owned(), Value::Bool(true));
    }
    let kinds: Vec<Value> = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.clone(),
        Some(Value::String(kind)) if kind == "null" => vec!["null".into()],
        _ => return,
    };
    let mut others: Vec<Value> = kinds.iter().filter(|kind| *kind != "null").cloned().collect();
    others.dedup();
    // The type `number` includes the type `integer`.
    if others.contains(&"number".into()) {
        others.retain(|kind| kind != "integer");
    }
    if kinds.contains(&"null".into()) {
        schema.insert("nullable".to_owned(), Value::Bool(true));
        if let Some(Value::Array(values)) = schema.get("enum")
            && !others.is_empty()
            && !values.contains(&Value::Null)
        {
            context.report(
                Severity::Notice,
                "null-value",
                pointer.with_trailing_token("enum"),
                "null is one of the types and none of the values: it is read all the same",
                "nothing to do; remove `null` from the types in an overlay if it never comes",
            );
        }
    }
    match others.as_slice() {
        [] if kinds.is_empty() => {
            schema.shift_remove("type");
            context.report(
                Severity::Warning,
                "type-list",
                pointer.with_trailing_token("type"),
                "the list of types is empty: any value is read",
                "write the types of the value in an overlay, or remove the list there",
            );
        }
        [] => {
            let place = pointer.with_trailing_token("type");
            context.put(pointer.with_trailing_token(name_aside(schema, "type")), &place);
            keep_aside(schema, "type");
            schema.insert("nullable".to_owned(), Value::Bool(true));
            context.report(
                Severity::Warning,
                "null-type",
                pointer.with_trailing_token("type"),
                "a value that is always null cannot be expressed in OpenAPI 3.0: any value is read",
                "nothing to do; remove it in an overlay if it is in the way",
            );
        }
        [kind] => {
            schema.insert("type".to_owned(), kind.clone());
        }
        kinds
            if ["oneOf", "anyOf", "enum"]
                .iter()
                .any(|key| schema.contains_key(*key)) =>
        {
            // The variants or values are more precise.
            let list = kinds.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
            schema.shift_remove("type");
            context.report(
                Severity::Warning,
                "type-list",
                pointer.with_trailing_token("type"),
                format!(
                    "the types {list} next to an enumeration or union cannot be expressed in OpenAPI 3.0"
                ),
                "nothing to do if the values or variants have these types",
            );
        }
        kinds => {
            let variants = kinds.iter().map(|kind| variant(kind, schema)).collect();
            for (_, keys) in OF_TYPE {
                for key in *keys {
                    schema.shift_remove(*key);
                }
            }
            schema.shift_remove("type");
            schema.shift_remove("format");
            schema.insert("oneOf".to_owned(), Value::Array(variants));
        }
    }
}

/// Returns the part of a schema that concerns one of its types.
fn variant(kind: &Value, schema: &Object) -> Value {
    let mut variant = Object::new();
    variant.insert("type".to_owned(), kind.clone());
    let keys = OF_TYPE
        .iter()
        .find(|(name, _)| kind == name)
        .map_or(&[][..], |(_, keys)| *keys);
    let format = (kind != "object" && kind != "array" && kind != "boolean").then_some(&"format");
    for key in keys.iter().chain(format) {
        if let Some(value) = schema.get(*key) {
            variant.insert((*key).to_owned(), value.clone());
        }
    }
    Value::Object(variant)
}
