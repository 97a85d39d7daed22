//! Converts schemas of JSON Schema 2020-12 (`OpenAPI` 3.1) and of Swagger 2.0 to the dialect of `OpenAPI`
//! 3.0.
//!
//! One function per keyword, and the order in which they run: splitting the file would hide the order.

use serde_json::{Value, json};

use super::context::{Context, Object};
use crate::{
    diagnostic::Severity,
    number,
    openapi_model::{ANNOTATIONS, ObjectKind},
    pointer::Pointer,
};

/// Keywords that only validate: without them, a type is wider.
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

/// Keywords that belong to one type, by that type.
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

/// Converts a schema of Swagger 2.0.
pub(super) fn swagger(context: &mut Context, pointer: &Pointer, schema: &mut Object) {
    match schema.get("x-nullable") {
        Some(Value::Bool(nullable)) => {
            if *nullable {
                schema.insert("nullable".to_owned(), Value::Bool(true));
            }
            schema.shift_remove("x-nullable");
        }
        Some(_) => context.report(
            Severity::Warning,
            "nullable",
            pointer.with_trailing_token("x-nullable"),
            "`x-nullable` is neither true nor false: it is read as false",
            "write `x-nullable: true` in an overlay if the value may be null",
        ),
        None => {}
    }
    if let Some(Value::String(property)) = schema.get("discriminator") {
        let discriminator = json!({ "propertyName": property });
        schema.insert("discriminator".to_owned(), discriminator);
    }
    if schema.get("type").is_some_and(|kind| kind == "file") {
        schema.insert("type".to_owned(), "string".into());
        keep_aside(schema, "format");
        schema.insert("format".to_owned(), "binary".into());
    }
    types(context, pointer, schema);
    wrap_reference(context, pointer, schema);
}

/// Converts a schema of `OpenAPI` 3.1.
pub(super) fn openapi31(context: &mut Context, pointer: &Pointer, schema: &mut Object) {
    for key in REMARKS {
        keep_aside(schema, key);
    }
    if schema.contains_key("$dynamicRef") {
        context.report(
            Severity::Error,
            "dynamic-reference",
            pointer.with_trailing_token("$dynamicRef"),
            "`$dynamicRef` cannot be expressed in OpenAPI 3.0",
            "replace it by a `$ref` to the intended schema",
        );
    }
    // Before `types`, which splits their results among the types.
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

/// Moves a member to `x-…`, where it is kept without being read as a keyword. Returns true if there was one.
pub(super) fn keep_aside(object: &mut Object, key: &str) -> bool {
    let Some(value) = object.shift_remove(key) else {
        return false;
    };
    object.insert(name_aside(object, key), value);
    true
}

/// Returns the name of the extension that keeps a member.
pub(super) fn name_aside(object: &Object, key: &str) -> String {
    let mut name = format!("x-{}", key.trim_start_matches('$'));
    while object.contains_key(&name) {
        // The document has an extension of that name.
        name.insert_str(0, "x-");
    }
    name
}

/// Rewrites `const` as an enumeration of one value.
fn constant(context: &mut Context, pointer: &Pointer, schema: &mut Object) {
    // An enumeration of null alone equals a constant.
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
            // Null stays: many authors add the type and forget the value.
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
            "`const` is none of the values of `enum` beside it: no value fits both",
            "remove one of the two in an overlay",
        );
        return;
    }
    context.put(pointer.with_trailing_token("enum"), &from);
    schema.insert("enum".to_owned(), Value::Array(vec![value]));
}

/// Rewrites lists of types, and the type `null`, as `nullable` and `oneOf`.
fn types(context: &mut Context, pointer: &Pointer, schema: &mut Object) {
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
    // An integer is a number.
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
            schema.shift_remove("type");
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
                // Other keywords than these are lost.
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
                for (key, value) in only.into_iter().filter(|(key, _)| key != "nullable") {
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

/// Adds a schema that stood at `old` to the `allOf` of a schema.
fn add_part(context: &mut Context, pointer: &Pointer, schema: &mut Object, old: &Pointer, part: Value) {
    let place = pointer.with_trailing_token("allOf");
    let from = context.provenance.place(old);
    let parts = schema.entry("allOf").or_insert_with(|| {
        context.provenance.put(place.clone(), from.clone());
        Value::Array(Vec::new())
    });
    if let Some(parts) = parts.as_array_mut() {
        context
            .provenance
            .put(place.with_trailing_token(parts.len()), from);
        parts.push(part);
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

/// Rewrites properties by pattern as additional properties.
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
    if schema.get("additionalProperties").is_some_and(Value::is_object) {
        keep_aside(schema, "additionalProperties");
    }
    schema.insert("additionalProperties".to_owned(), additional);
}

/// Wraps a `$ref` in an `allOf` if its siblings change the type: `OpenAPI` 3.0 ignores siblings of a `$ref`.
fn wrap_reference(context: &mut Context, pointer: &Pointer, schema: &mut Object) {
    let mut fields = ObjectKind::Schema.fields().iter().map(|field| field.key);
    let is_changed = fields.any(|key| !ANNOTATIONS.contains(&key) && schema.contains_key(key));
    if !is_changed || !schema.contains_key("$ref") {
        return;
    }
    if let Some(target) = schema.shift_remove("$ref") {
        let old = pointer.with_trailing_token("$ref");
        add_part(context, pointer, schema, &old, json!({ "$ref": target }));
    }
}
