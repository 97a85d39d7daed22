//! Converts schemas of JSON Schema 2020-12, the dialect of `OpenAPI` 3.1: one function per keyword.

use serde_json::{Value, json};

use crate::{
    diagnostic::Severity,
    normalise::{
        aside::keep_aside,
        context::{Context, Object},
        reference_siblings::{add_part, wrap_reference},
        type_lists::types,
    },
    number,
    pointer::Pointer,
};

/// Keywords that only validate values. Removing them makes a type wider.
const CHECKS: &[&str] = &[
    "if",
    "then",
    "else",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "unevaluatedItems",
    "propertyNames",
    "contains",
    "minContains",
    "maxContains",
    "contentSchema",
    "contentMediaType",
    "contentEncoding",
];

/// Keywords that describe the schema, not its values.
const REMARKS: &[&str] = &["$schema", "$comment", "$vocabulary", "$anchor", "$dynamicAnchor"];

/// Patterns that match every property name.
const EVERY_NAME: &[&str] = &["", ".*", "^.*$", ".+", "^.+$"];

/// Converts a schema of `OpenAPI` 3.1.
pub(super) fn convert_schema(context: &mut Context, pointer: &Pointer, schema: &mut Object) {
    for key in REMARKS {
        keep_aside(schema, key);
    }
    if schema.contains_key("$dynamicRef") {
        context.report(
            Severity::Error,
            "dynamic-reference",
            pointer.with_trailing_token("$dynamicRef"),
            "`$dynamicRef` cannot be expressed in OpenAPI 3.0",
            "replace it with a `$ref` to the intended schema",
        );
    }
    // These steps precede `types`, which splits their results among the types.
    tuples(context, pointer, schema);
    pattern_properties(context, pointer, schema);
    constant(context, pointer, schema);
    null_variants(context, pointer, schema);
    content(context, pointer, schema);
    types(context, pointer, schema);
    exclusive_bounds(context, pointer, schema);
    examples(context, pointer, schema);
    for key in CHECKS {
        if keep_aside(schema, key) {
            context.report(
                Severity::Warning,
                "unexpressed",
                pointer.with_trailing_token(*key),
                format!("`{key}` cannot be expressed in OpenAPI 3.0: the type is wider than meant"),
                "nothing, unless callers must obey it; the original is kept under `x-…`",
            );
        }
    }
    wrap_reference(context, pointer, schema);
}

/// Rewrites `const` as an enumeration of one value.
fn constant(context: &mut Context, pointer: &Pointer, schema: &mut Object) {
    // An `enum` that contains only null is treated like a `const`.
    let key = if schema.get("enum") == Some(&json!([null])) {
        "enum"
    } else {
        "const"
    };
    let Some(value) = schema.shift_remove(key) else {
        return;
    };
    let from = pointer.with_trailing_token(key);
    if value.is_null() || key == "enum" {
        context.put(pointer.with_trailing_token("type"), &from);
        schema.insert("type".to_owned(), "null".into());
        return;
    }
    let kind = match &value {
        Value::String(_) => "string",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::Array(_) => "array",
        Value::Null | Value::Object(_) => "object",
    };
    match schema.get_mut("type") {
        None => {
            context.put(pointer.with_trailing_token("type"), &from);
            schema.insert("type".to_owned(), kind.into());
        }
        Some(Value::Array(kinds)) => {
            // Null remains allowed, because many authors list null as a type and forget it as a value.
            let fits = |other: &Value| other == kind || kind == "integer" && other == "number";
            if kinds.iter().any(fits) {
                kinds.retain(|other| fits(other) || other == "null");
            }
        }
        Some(_) => {}
    }
    if let Some(Value::Array(values)) = schema.get("enum")
        && !values.contains(&value)
    {
        context.report(
            Severity::Error,
            "constant",
            from,
            "`const` is not among the values of the sibling `enum`, so no value matches both",
            "remove one of the two in an overlay",
        );
        return;
    }
    context.put(pointer.with_trailing_token("enum"), &from);
    schema.insert("enum".to_owned(), Value::Array(vec![value]));
}

/// Rewrites null variants as `nullable`, and a union of one variant as that variant.
fn null_variants(context: &mut Context, pointer: &Pointer, schema: &mut Object) {
    for key in ["oneOf", "anyOf"] {
        let Some(variants) = schema.get_mut(key).and_then(Value::as_array_mut) else {
            continue;
        };
        let place = pointer.with_trailing_token(key);
        let before = variants.len();
        let mut index = 0;
        while let Some(variant) = variants.get(index) {
            if is_null(variant) {
                // All other keywords are lost.
                let mut keys = variant.as_object().into_iter().flat_map(Object::keys);
                if keys.any(|key| !["type", "const", "enum"].contains(&key.as_str())) {
                    context.report(
                        Severity::Notice,
                        "null-variant",
                        place.with_trailing_token(index),
                        "keywords of the variant null are left out: OpenAPI 3.0 has no schema for it",
                        "nothing to do",
                    );
                }
                context.provenance.remove_item(&place, index, variants.len());
                variants.remove(index);
            } else {
                index += 1;
            }
        }
        if variants.len() == before {
            continue;
        }
        let only = if variants.len() == 1 { variants.pop() } else { None };
        if variants.is_empty() {
            schema.shift_remove(key);
            if only.is_none() {
                schema.insert("type".to_owned(), "null".into());
                context.put(pointer.with_trailing_token("type"), &place);
            }
        }
        schema.insert("nullable".to_owned(), Value::Bool(true));
        let Some(only) = only else { continue };
        let from = context.provenance.place(place.with_trailing_token(0));
        match only {
            Value::Object(only)
                if !only.contains_key("$ref")
                    && only
                        .keys()
                        .all(|key| !schema.contains_key(key) || key == "nullable") =>
            {
                for (key, mut value) in only.into_iter().filter(|(key, _)| key != "nullable") {
                    // The union has the value null, whatever the values of this variant.
                    if key == "enum"
                        && let Some(values) = value.as_array_mut()
                        && !values.contains(&Value::Null)
                    {
                        values.push(Value::Null);
                    }
                    context
                        .provenance
                        .put(pointer.with_trailing_token(&key), from.member(&key));
                    schema.insert(key, value);
                }
            }
            only => add_part(context, pointer, schema, &place.with_trailing_token(0), only),
        }
    }
}

fn is_null(schema: &Value) -> bool {
    let Some(schema) = schema.as_object() else {
        return false;
    };
    schema
        .get("type")
        .is_some_and(|kind| kind == "null" || *kind == json!(["null"]))
        || schema.get("const").is_some_and(Value::is_null)
        || schema.get("enum").is_some_and(|values| *values == json!([null]))
}

/// Rewrites numeric exclusive bounds as a bound plus a flag, keeping the tighter bound.
fn exclusive_bounds(context: &mut Context, pointer: &Pointer, schema: &mut Object) {
    for (exclusive, bound, lower) in [
        ("exclusiveMinimum", "minimum", true),
        ("exclusiveMaximum", "maximum", false),
    ] {
        let Some(limit) = schema.get(exclusive).filter(|limit| limit.is_number()).cloned() else {
            continue;
        };
        let tighter = schema.get(bound).is_none_or(|other| {
            let order = number::compare(&limit, other);
            if lower { order.is_ge() } else { order.is_le() }
        });
        if tighter {
            let from = pointer.with_trailing_token(exclusive);
            context.put(pointer.with_trailing_token(bound), &from);
            schema.insert(bound.to_owned(), limit);
            schema.insert(exclusive.to_owned(), Value::Bool(true));
        } else {
            schema.shift_remove(exclusive);
        }
    }
}

/// Rewrites encoded content of strings as the formats `byte` and `binary`.
fn content(context: &mut Context, pointer: &Pointer, schema: &mut Object) {
    // The keywords concern text only; a union or a reference states its type elsewhere.
    let elsewhere = ["$ref", "allOf", "oneOf", "anyOf"];
    let is_text = match schema.get("type") {
        None => !elsewhere.iter().any(|key| schema.contains_key(*key)),
        Some(Value::Array(kinds)) => kinds.iter().all(|kind| kind == "string" || kind == "null"),
        Some(kind) => kind == "string",
    };
    if !is_text || schema.contains_key("format") {
        return;
    }
    let text = |key: &str| schema.get(key).and_then(Value::as_str);
    let (key, format) = match (text("contentEncoding"), text("contentMediaType")) {
        (Some(encoding), _) if encoding.eq_ignore_ascii_case("base64") => ("contentEncoding", "byte"),
        (None, Some("application/octet-stream")) => ("contentMediaType", "binary"),
        _ => return,
    };
    context.put(
        pointer.with_trailing_token("format"),
        pointer.with_trailing_token(key),
    );
    schema.insert("format".to_owned(), format.into());
    schema.entry("type").or_insert_with(|| "string".into());
    for key in ["contentEncoding", "contentMediaType"] {
        keep_aside(schema, key);
    }
}

/// Rewrites `examples` of a schema as its `example`.
fn examples(context: &mut Context, pointer: &Pointer, schema: &mut Object) {
    let Some(Value::Array(examples)) = schema.get("examples") else {
        return;
    };
    let first = examples.first().cloned();
    if examples.len() > 1 || schema.contains_key("example") {
        keep_aside(schema, "examples");
    } else {
        schema.shift_remove("examples");
    }
    if let Some(first) = first
        && !schema.contains_key("example")
    {
        let from = pointer.with_trailing_token("examples").with_trailing_token(0);
        context.put(pointer.with_trailing_token("example"), &from);
        schema.insert("example".to_owned(), first);
    }
}

/// Rewrites tuples as lists of any values.
fn tuples(context: &mut Context, pointer: &Pointer, schema: &mut Object) {
    if schema.contains_key("prefixItems") {
        context.report(
            Severity::Warning,
            "tuple",
            pointer.with_trailing_token("prefixItems"),
            "a tuple cannot be expressed in OpenAPI 3.0: its items are any JSON values",
            "state in an overlay what the items have in common; the original is kept under `x-prefixItems`",
        );
        keep_aside(schema, "prefixItems");
        // Items after those of the tuple.
        keep_aside(schema, "items");
        schema.insert("items".to_owned(), json!({}));
    }
}

/// Rewrites pattern properties as additional properties.
fn pattern_properties(context: &mut Context, pointer: &Pointer, schema: &mut Object) {
    let Some(Value::Object(patterns)) = schema.get("patternProperties") else {
        return;
    };
    let mut schemas = patterns.iter();
    let additional = match (schemas.next(), schemas.next(), schema.get("additionalProperties")) {
        // A type for all names would reject values if other names are allowed.
        (Some((key, only)), None, additional)
            if additional == Some(&Value::Bool(false))
                || additional.is_none() && EVERY_NAME.contains(&key.as_str()) =>
        {
            let from = context.provenance.place(
                pointer
                    .with_trailing_token("patternProperties")
                    .with_trailing_token(key),
            );
            context
                .provenance
                .put(pointer.with_trailing_token("additionalProperties"), from);
            only.clone()
        }
        _ => Value::Bool(true),
    };
    context.report(
        Severity::Warning,
        "pattern-properties",
        pointer.with_trailing_token("patternProperties"),
        "properties by pattern cannot be expressed in OpenAPI 3.0: they are properties of any name",
        "nothing to do; the original is kept under `x-patternProperties`",
    );
    keep_aside(schema, "patternProperties");
    keep_aside(schema, "additionalProperties");
    schema.insert("additionalProperties".to_owned(), additional);
}
