//! Converts lists of types and the type `null`. Both may occur in schemas of Swagger 2.0 and `OpenAPI` 3.1.

use serde_json::Value;

use super::{
    aside::name_aside,
    context::{Object, Part},
};
use crate::diagnostic::Severity;

/// Types, each with the keywords that apply only to values of that type.
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
pub(in crate::normalise) fn types(schema: &mut Part<'_>) {
    let values = schema.get("enum").and_then(Value::as_array);
    let lacks_null = values.map(|values| !values.contains(&Value::Null));
    if lacks_null == Some(false) && !schema.contains_key("type") {
        schema.set("nullable", true);
    }
    let mut kinds: Vec<Value> = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.clone(),
        Some(Value::String(kind)) if kind == "null" => vec!["null".into()],
        _ => return,
    };
    // The order of the types in a list has no meaning.
    kinds.sort_by_key(|kind| OF_TYPE.iter().position(|(name, _)| kind == name));
    kinds.dedup();
    let mut others: Vec<Value> = kinds.iter().filter(|kind| *kind != "null").cloned().collect();
    // The type `number` includes the type `integer`.
    if others.contains(&"number".into()) {
        others.retain(|kind| kind != "integer");
    }
    if kinds.contains(&"null".into()) {
        schema.set("nullable", true);
        if lacks_null == Some(true) && !others.is_empty() {
            let message = "null is one of the types and none of the values: it is read all the same";
            let fix = "nothing to do; remove `null` from the types in an overlay if it never comes";
            schema.report(Severity::Notice, "null-value", "enum", message, fix);
        }
    }
    match others.as_slice() {
        [] if kinds.is_empty() => {
            schema.shift_remove("type");
            let message = "the list of types is empty: any value is read";
            let fix = "write the types of the value in an overlay, or remove the list there";
            schema.report(Severity::Warning, "type-list", "type", message, fix);
        }
        [] => {
            keep_types_aside(schema, "null");
            schema.set("nullable", true);
            let message = "a value that is always null cannot be expressed in OpenAPI 3.0: any value is read";
            let fix = "nothing to do; remove it in an overlay if it is in the way";
            schema.report(Severity::Warning, "null-type", "type", message, fix);
        }
        [kind] => schema.set("type", kind.clone()),
        others
            if ["oneOf", "anyOf", "enum"]
                .iter()
                .any(|key| schema.contains_key(*key)) =>
        {
            // The variants of the union, or the values of the enumeration, are more precise than the types.
            let list = others.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
            keep_types_aside(schema, kinds);
            let message = format!(
                "the types {list} next to an enumeration or union cannot be expressed in OpenAPI 3.0"
            );
            let fix = "nothing to do if the values or variants have these types; the original is kept under \
                       `x-type`";
            schema.report(Severity::Warning, "type-list", "type", message, fix);
        }
        kinds => {
            let variants: Vec<Value> = kinds.iter().map(|kind| variant(kind, schema)).collect();
            let keys = OF_TYPE.iter().flat_map(|(_, keys)| *keys);
            for key in keys.chain(&["type", "format"]) {
                schema.shift_remove(*key);
            }
            let count = variants.len();
            schema.set_from("oneOf", variants, schema.place("type"));
            let place = schema.place("oneOf");
            for index in 0..count {
                schema
                    .context
                    .put(place.with_trailing_token(index), schema.pointer);
            }
        }
    }
}

/// Moves the types of a schema to the extension `x-type`, because `OpenAPI` 3.0 cannot express them.
fn keep_types_aside(schema: &mut Part<'_>, kinds: impl Into<Value>) {
    schema.shift_remove("type");
    let aside = name_aside(schema, "type");
    schema.set_from(&aside, kinds, schema.place("type"));
}

/// Returns a schema with the type `kind` and those keywords of `schema` that apply to this type.
fn variant(kind: &Value, schema: &Object) -> Value {
    let keys = OF_TYPE.iter().find(|(name, _)| kind == name);
    let keys = keys.map_or(&[][..], |(_, keys)| *keys).iter();
    let format = (kind != "object" && kind != "array" && kind != "boolean").then_some(&"format");
    let mut variant = Object::new();
    variant.insert("type".to_owned(), kind.clone());
    let own = keys.chain(format).filter_map(|key| schema.get_key_value(*key));
    variant.extend(own.map(|(key, value)| (key.clone(), value.clone())));
    Value::Object(variant)
}
