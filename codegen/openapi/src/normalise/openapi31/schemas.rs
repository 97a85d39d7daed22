//! Converts schemas of JSON Schema 2020-12, the dialect of `OpenAPI` 3.1: one function per keyword.

use std::cmp::Ordering;

use serde_json::{Value, json};

use crate::{
    diagnostic::Severity,
    normalise::{
        aside::keep_aside,
        context::{Context, Object, Part},
        reference_siblings::{add_part, wrap_reference},
        type_lists::types,
    },
    number,
    openapi_model::{FieldType, ObjectKind, each_value, has_type},
    pointer::Pointer,
};

/// Keywords that only validate values. A type without these checks accepts more values.
pub(super) const CHECKS: &[&str] = &[
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
pub(super) const REMARKS: &[&str] = &[
    "$schema",
    "$id",
    "$comment",
    "$vocabulary",
    "$anchor",
    "$dynamicAnchor",
];

const SCHEMA: FieldType = FieldType::One(ObjectKind::Schema);
const SCHEMAS: FieldType = FieldType::Map(ObjectKind::Schema);

/// Keywords that contain schemas, and that are renamed to extensions. `additionalProperties` is renamed only
/// next to `patternProperties`, and `items` only next to `prefixItems`.
pub(super) const KEPT: [(&str, FieldType); 12] = [
    ("additionalProperties", FieldType::OneOrFlag(ObjectKind::Schema)),
    ("contains", SCHEMA),
    ("dependentSchemas", SCHEMAS),
    ("else", SCHEMA),
    ("if", SCHEMA),
    ("items", SCHEMA),
    ("patternProperties", SCHEMAS),
    ("prefixItems", FieldType::List(ObjectKind::Schema)),
    ("propertyNames", SCHEMA),
    ("then", SCHEMA),
    ("unevaluatedItems", SCHEMA),
    ("unevaluatedProperties", SCHEMA),
];

/// Patterns that match every property name, except perhaps the empty name and names with line breaks.
const EVERY_NAME: &[&str] = &["", ".*", "^.*$", ".+", "^.+$"];

/// Converts a schema of `OpenAPI` 3.1. `by_pattern` is the value for `additionalProperties` that replaces
/// `patternProperties`, if the schema has them.
pub(super) fn convert_schema(schema: &mut Part<'_>, by_pattern: Option<Value>) {
    for key in REMARKS {
        keep_aside(schema, key);
    }
    // These steps come before `types`, because `types` splits their results among the types.
    tuples(schema);
    if let Some(additional) = by_pattern {
        pattern_properties(schema, additional);
    }
    let null = Null::of(schema);
    constant(schema);
    null_variants(schema);
    content(schema);
    types(schema);
    null.keep_exact(schema);
    exclusive_bounds(schema);
    examples(schema);
    let mut has_checks = false;
    for key in CHECKS {
        if keep_aside(schema, key).is_some() {
            let message = format!("`{key}` cannot be expressed in OpenAPI 3.0: the type is wider than meant");
            let fix = "nothing, unless callers must obey it; the original is kept under `x-…`";
            schema.report(Severity::Warning, "unexpressed", key, message, fix);
            has_checks = true;
        }
    }
    wrap_reference(schema, has_checks);
}

/// Rewrites `const` as an enumeration of one value.
fn constant(schema: &mut Part<'_>) {
    // An `enum` that contains only null is treated like a `const`.
    let key = if schema.get("enum") == Some(&json!([null])) {
        "enum"
    } else {
        "const"
    };
    let Some(value) = schema.shift_remove(key) else {
        return enumeration(schema);
    };
    let from = schema.place(key);
    if value.is_null() || key == "enum" {
        schema.set_from("type", "null", &from);
        return;
    }
    let kind = type_of(&value);
    match schema.get_mut("type") {
        None => schema.set_from("type", kind, &from),
        Some(Value::Array(kinds)) => {
            // Null stays allowed if it is a type, because many authors forget to list it as a value, too.
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
        let message = "`const` is not among the values of the sibling `enum`, so no value matches both";
        let fix = "remove one of the two in an overlay";
        schema.report(Severity::Warning, "constant", key, message, fix);
        // The stage `lint` rejects a schema with this key.
        schema.insert(key.to_owned(), value);
        return;
    }
    schema.set_from("enum", vec![value], &from);
}

/// Adds the type of the values of an `enum` to a schema without a type, if all values except null have the
/// same type. Thus an `enum` with one value becomes the same schema as a `const`.
fn enumeration(schema: &mut Part<'_>) {
    // Other schemas may state the type.
    let states_type = |key: &&str| schema.contains_key(*key);
    if SHARED.iter().chain(&["type"]).any(states_type) {
        return;
    }
    let Some(Value::Array(values)) = schema.get("enum") else {
        return;
    };
    let mut kinds: Vec<Value> = values.iter().map(|value| type_of(value).into()).collect();
    kinds.sort_by_key(Value::to_string);
    kinds.dedup();
    let others = kinds.iter().filter(|kind| *kind != "null").count();
    if others == 1 {
        schema.set_from("type", kinds, schema.place("enum"));
    }
}

/// Returns the type of a value.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::String(_) => "string",
        Value::Bool(_) => "boolean",
        Value::Number(_) if has_type(value, "integer") => "integer",
        Value::Number(_) => "number",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Keywords for unions. A *null variant* of a union is an alternative that allows only null.
const UNIONS: [&str; 2] = ["oneOf", "anyOf"];

/// Keywords that null must match like any other value, unless the keyword is a union with a null variant.
const SHARED: [&str; 6] = ["$ref", "allOf", "not", "if", "oneOf", "anyOf"];

/// The effect of a schema on null, before the schema is converted. Null is *exempt* from a keyword if it need
/// not match the keyword. In a converted schema with `nullable`, null is exempt from all keywords except
/// `enum`. Before the conversion, null may be exempt from fewer keywords.
struct Null {
    /// The schema has types, and null is not one of them.
    is_excluded: bool,
    /// Null is one of the types, or the only allowed value.
    is_type: bool,
    /// The schema has `nullable: true`, although `OpenAPI` 3.1 has no such keyword.
    has_flag: bool,
    /// Unions with a null variant.
    unions: Vec<&'static str>,
    /// Keywords of the schema that null must match like any other value.
    shared: Vec<&'static str>,
}

impl Null {
    fn of(schema: &Object) -> Self {
        let is_type = match schema.get("type") {
            Some(Value::Array(kinds)) => kinds.contains(&json!("null")),
            _ => allows_null_only(schema),
        };
        let has_variant = |key: &&str| {
            let variants = schema.get(*key).and_then(Value::as_array);
            variants.is_some_and(|variants| variants.iter().any(is_null))
        };
        let unions: Vec<_> = UNIONS.into_iter().filter(has_variant).collect();
        let mut shared = SHARED.to_vec();
        shared.retain(|key| schema.contains_key(*key) && !unions.contains(key));
        Self {
            is_excluded: schema.contains_key("type") && !is_type,
            is_type,
            has_flag: schema.get("nullable") == Some(&Value::Bool(true)),
            unions,
            shared,
        }
    }

    /// Adds the extension `x-nullable`, which lists the keywords from which null is exempt. Adds nothing if
    /// null is exempt from all keywords.
    fn keep_exact(self, schema: &mut Part<'_>) {
        let is_allowed = self.is_type || !self.unions.is_empty();
        if self.has_flag && (self.is_excluded || !is_allowed) {
            let message = "`nullable` is not a keyword of OpenAPI 3.1: null is read all the same, but \
                           documents are compared without it";
            let fix = "add null to the types in an overlay if it may come, otherwise remove `nullable` there";
            schema.report(Severity::Notice, "nullable", "nullable", message, fix);
        }
        let lists_null = schema.get("enum").and_then(Value::as_array);
        let lists_null = lists_null.is_some_and(|values| values.contains(&Value::Null));
        let exempt: Vec<&str> = if self.is_excluded {
            Vec::new()
        } else if self.shared.is_empty() && (is_allowed || lists_null) {
            return;
        } else if !self.unions.iter().all(|key| schema.contains_key(*key)) {
            // The only other variant has been merged into this schema. Null is exempt from its keywords.
            return;
        } else {
            let is_exempt = |key: &&str| schema.contains_key(*key) && !self.shared.contains(key);
            let unions = UNIONS.into_iter().filter(is_exempt);
            self.is_type.then_some("type").into_iter().chain(unions).collect()
        };
        if schema.get("nullable") == Some(&Value::Bool(true)) {
            schema.set("x-nullable", exempt);
        }
    }
}

/// Removes null variants from unions, and makes the schema `nullable` instead. If only one other variant is
/// left, replaces the union with this variant.
fn null_variants(schema: &mut Part<'_>) {
    for key in UNIONS {
        let place = schema.place(key);
        let Some(variants) = schema.object.get_mut(key).and_then(Value::as_array_mut) else {
            continue;
        };
        let before = variants.len();
        // Removes variants from the end, so that the indices of the remaining variants stay valid.
        for index in (0..before).rev() {
            if variants.get(index).is_some_and(is_null) {
                let variant = variants.remove(index);
                // Other keywords of the null variant are lost.
                let mut keys = variant.as_object().into_iter().flat_map(Object::keys);
                if keys.any(|key| !["type", "const", "enum"].contains(&key.as_str())) {
                    let place = place.with_trailing_token(index);
                    let message =
                        "keywords of the variant null are left out: OpenAPI 3.0 has no schema for it";
                    let context = &mut *schema.context;
                    context.report(Severity::Notice, "null-variant", place, message, "nothing to do");
                }
                let provenance = &mut schema.context.provenance;
                provenance.remove_item(&place, index, variants.len() + 1);
            }
        }
        if variants.len() == before {
            continue;
        }
        let only = if variants.len() == 1 { variants.pop() } else { None };
        if variants.is_empty() {
            schema.shift_remove(key);
            if only.is_none() {
                schema.set_from("type", "null", &place);
            }
        }
        schema.set("nullable", true);
        let Some(mut only) = only else { continue };
        let place = place.with_trailing_token(0);
        let from = schema.context.provenance.place(&place);
        if let Some(object) = only.as_object_mut().filter(|only| !is_converted_first(only)) {
            // The earlier steps have not converted the keywords of the variant.
            let context = &mut *schema.context;
            booleans(context, ObjectKind::Schema, &place, object);
            constant(&mut Part {
                context,
                pointer: &place,
                object,
            });
        }
        match only {
            Value::Object(only)
                if !is_converted_first(&only)
                    && only
                        .keys()
                        .all(|key| !schema.contains_key(key) || key == "nullable") =>
            {
                for (key, mut value) in only.into_iter().filter(|(key, _)| key != "nullable") {
                    // The union allows null, even if the enumeration of this variant does not.
                    if key == "enum"
                        && let Some(values) = value.as_array_mut()
                        && !values.contains(&Value::Null)
                    {
                        values.push(Value::Null);
                    }
                    let new = schema.place(&key);
                    schema.context.provenance.put(new, from.member(&key));
                    schema.insert(key, value);
                }
            }
            only => add_part(schema, &place, only),
        }
    }
}

/// Checks whether a variant has keywords that are converted before null variants are removed. Such a variant
/// must remain a schema of its own.
fn is_converted_first(schema: &Object) -> bool {
    let is_kept = |key: &str| KEPT.iter().any(|(kept, _)| key == *kept);
    schema.keys().any(|key| match key.as_str() {
        "additionalProperties" | "items" => false,
        "definitions" => true,
        key => key.starts_with('$') || is_kept(key),
    })
}

fn is_null(schema: &Value) -> bool {
    schema.as_object().is_some_and(allows_null_only)
}

fn allows_null_only(schema: &Object) -> bool {
    let has = |key: &str, value: Value| schema.get(key) == Some(&value);
    has("type", json!("null"))
        || has("type", json!(["null"]))
        || has("const", Value::Null)
        || has("enum", json!([null]))
}

/// Rewrites a numeric exclusive bound as a bound and a flag. Of an exclusive and an inclusive bound, keeps
/// the tighter one.
fn exclusive_bounds(schema: &mut Part<'_>) {
    for (exclusive, bound, looser) in [
        ("exclusiveMinimum", "minimum", Ordering::Less),
        ("exclusiveMaximum", "maximum", Ordering::Greater),
    ] {
        let Some(limit) = schema.get(exclusive).filter(|limit| limit.is_number()).cloned() else {
            continue;
        };
        let other = schema.get(bound);
        if other.is_some_and(|other| number::compare(&limit, other) == looser) {
            schema.shift_remove(exclusive);
        } else {
            schema.set_from(bound, limit, schema.place(exclusive));
            schema.set(exclusive, true);
        }
    }
}

/// Rewrites the keywords for encoded content of strings as the formats `byte` and `binary`.
fn content(schema: &mut Part<'_>) {
    // The keywords apply only to strings. A union or a reference states its type elsewhere.
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
    schema.set_from("format", format, schema.place(key));
    schema.entry("type").or_insert_with(|| "string".into());
    for key in ["contentEncoding", "contentMediaType"] {
        keep_aside(schema, key);
    }
}

/// Rewrites the first of the `examples` of a schema as its `example`.
fn examples(schema: &mut Part<'_>) {
    let Some(Value::Array(examples)) = schema.get("examples") else {
        return;
    };
    let has_example = schema.contains_key("example");
    let first = examples.first().filter(|_| !has_example).cloned();
    if examples.len() > 1 || has_example {
        keep_aside(schema, "examples");
    } else {
        schema.shift_remove("examples");
    }
    if let Some(first) = first {
        let from = schema.place("examples").with_trailing_token(0);
        schema.set_from("example", first, &from);
    }
}

/// Rewrites tuples as lists of any values.
fn tuples(schema: &mut Part<'_>) {
    if keep_aside(schema, "prefixItems").is_some() {
        let message = "a tuple cannot be expressed in OpenAPI 3.0: its items are any JSON values";
        let fix =
            "state in an overlay what the items have in common; the original is kept under `x-prefixItems`";
        schema.report(Severity::Warning, "tuple", "prefixItems", message, fix);
        // `items` describes the items after those of the tuple.
        keep_aside(schema, "items");
        schema.set("items", json!({}));
    }
}

/// Returns the value for `additionalProperties` that replaces `patternProperties`. Returns `None` if the
/// schema has no `patternProperties`.
pub(super) fn by_pattern(context: &mut Context, pointer: &Pointer, schema: &Object) -> Option<Value> {
    let patterns = schema.get("patternProperties")?.as_object()?;
    let additional = schema.get("additionalProperties");
    let mut schemas = patterns.iter();
    Some(match (schemas.next(), schemas.next()) {
        // The schema of a single pattern becomes `additionalProperties` only if every allowed name matches
        // the pattern. Otherwise, it would also apply to properties whose names do not match.
        (Some((pattern, only)), None)
            if additional == Some(&Value::Bool(false))
                || additional.is_none() && EVERY_NAME.contains(&pattern.as_str()) =>
        {
            let old = pointer.with_trailing_token("patternProperties");
            let new = pointer.with_trailing_token("additionalProperties");
            context.put(new, old.with_trailing_token(pattern));
            only.clone()
        }
        _ => Value::Bool(true),
    })
}

/// Replaces `patternProperties` with `additionalProperties`, whose value is `additional`.
fn pattern_properties(schema: &mut Part<'_>, additional: Value) {
    let key = "patternProperties";
    let message = "properties by pattern cannot be expressed in OpenAPI 3.0: they are properties of any name";
    let fix = "nothing to do; the original is kept under `x-patternProperties`";
    schema.report(Severity::Warning, "pattern-properties", key, message, fix);
    keep_aside(schema, key);
    keep_aside(schema, "additionalProperties");
    schema.set("additionalProperties", additional);
}

/// Rewrites members that are boolean schemas. A walk does not visit them, because they are not objects.
pub(super) fn booleans(context: &mut Context, kind: ObjectKind, pointer: &Pointer, object: &mut Object) {
    use FieldType::{List, Map, One};
    for (key, value) in object.iter_mut() {
        if let Some(
            schemas @ (One(ObjectKind::Schema) | List(ObjectKind::Schema) | Map(ObjectKind::Schema)),
        ) = kind.member(key)
        {
            let mut place = pointer.with_trailing_token(key);
            each_value(&mut place, schemas, value, &mut |place, _, schema| {
                boolean(context, place, schema);
            });
        }
    }
}

/// Rewrites a schema that is a boolean: `true` allows any value, and `false` allows none.
pub(super) fn boolean(context: &mut Context, pointer: &Pointer, schema: &mut Value) {
    match schema {
        Value::Bool(true) => *schema = json!({}),
        Value::Bool(false) => {
            context.put(pointer.with_trailing_token("not"), pointer);
            *schema = json!({"not": {}});
        }
        _ => {}
    }
}
