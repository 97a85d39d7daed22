//! Random pairs of schemas of `OpenAPI` 3.0, random values, and conversion of the schemas to JSON Schema.
//!
//! Two things deviate from JSON Schema on purpose. First, undeclared fields are drawn only if the object
//! requires them or has a schema for them, because a new field does not break clients that do not know it.
//! Second, `oneOf` can be interpreted as `anyOf`, because authors do not mean that a new alternative excludes
//! values that match two alternatives.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    dead_code,
    reason = "a test stops at the first surprise, and not every test uses every helper"
)]

use fastrand::Rng;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// Names of fields. There are only a few, so that parts of a composition describe the same fields.
pub(crate) const NAMES: [&str; 4] = ["a", "b", "c", "d"];
/// Names of shared schemas.
pub(crate) const SCHEMAS: [&str; 3] = ["First", "Second", "Third"];
pub(crate) const TEXTS: [&str; 10] = [
    "",
    "a",
    "b",
    "ab",
    "ba",
    "aab",
    "abbab",
    "2020-02-29",
    "127.0.0.1",
    "67e55044-10b1-426f-9247-bb680e5fe0c8",
];
pub(crate) const PATTERNS: [&str; 3] = ["^a", "b$", "^[ab]*$"];
pub(crate) const FORMATS: [&str; 4] = ["date", "ipv4", "password", "uuid"];
/// Keywords that do not constrain values.
pub(crate) const ANNOTATIONS: [&str; 8] = [
    "title",
    "description",
    "example",
    "externalDocs",
    "deprecated",
    "readOnly",
    "default",
    "x-other",
];

pub(crate) fn pick<T: Clone>(random: &mut Rng, items: &[T]) -> T {
    items[random.usize(..items.len())].clone()
}

/// Draws a random schema.
pub(crate) fn schema(random: &mut Rng, depth: usize) -> Value {
    if depth == 0 || random.u8(..10) == 0 {
        return match random.u8(..8) {
            0 => json!({}),
            1 => json!({"type": "boolean"}),
            2 | 3 => json!({"type": "string"}),
            _ => json!({"$ref": format!("#/components/schemas/{}", pick(random, &SCHEMAS))}),
        };
    }
    let mut schema = Map::new();
    if random.u8(..6) == 0 {
        annotate(random, &mut schema);
    }
    if random.u8(..12) == 0 {
        // This schema has only annotations. Documents put such a schema next to a reference in an `allOf`.
        annotate(random, &mut schema);
        return schema.into();
    }
    let kind = pick(
        random,
        &[
            "string", "integer", "number", "array", "object", "object", "allOf", "anyOf", "oneOf",
        ],
    );
    match kind {
        "allOf" | "anyOf" | "oneOf" => {
            let parts = (0..random.u8(1..3)).map(|_| self::schema(random, depth - 1));
            schema.insert(kind.to_owned(), parts.collect());
            if random.u8(..3) == 0 {
                schema.insert(
                    "properties".to_owned(),
                    keyword(random, "object", "properties", depth),
                );
            }
        }
        kind => {
            schema.insert("type".to_owned(), kind.into());
            for key in keywords(kind) {
                if random.u8(..3) == 0 {
                    schema.insert((*key).to_owned(), keyword(random, kind, key, depth));
                }
            }
        }
    }
    schema.into()
}

/// Toggles an annotation.
pub(crate) fn annotate(random: &mut Rng, schema: &mut Map<String, Value>) {
    let key = pick(random, &ANNOTATIONS);
    let value = match key {
        "externalDocs" => json!({"url": "https://a.example"}),
        "deprecated" | "readOnly" => true.into(),
        _ => pick(random, &["a", "b"]).into(),
    };
    if schema.get(key) == Some(&value) {
        schema.shift_remove(key);
    } else {
        schema.insert(key.to_owned(), value);
    }
}

/// Lists the keywords of a type.
pub(crate) fn keywords(kind: &str) -> &'static [&'static str] {
    match kind {
        "string" => &["minLength", "maxLength", "pattern", "format", "enum", "nullable"],
        "integer" | "number" => &[
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
            "enum",
            "nullable",
            "format",
        ],
        "array" => &["items", "minItems", "maxItems", "uniqueItems", "nullable"],
        _ => &[
            "properties",
            "properties",
            "required",
            "additionalProperties",
            "minProperties",
            "maxProperties",
            "nullable",
            "not",
        ],
    }
}

pub(crate) fn keyword(random: &mut Rng, kind: &str, key: &str, depth: usize) -> Value {
    let depth = depth.saturating_sub(1);
    let some = |random: &mut Rng| -> Vec<&str> { NAMES.into_iter().filter(|_| random.bool()).collect() };
    match key {
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" => {
            random.u8(..4).into()
        }
        "minimum" | "maximum" => random.i8(-3..4).into(),
        "multipleOf" => pick(random, &[json!(1), json!(2), json!(3)]),
        "exclusiveMinimum" | "exclusiveMaximum" | "uniqueItems" | "nullable" => random.bool().into(),
        "pattern" => pick(random, &PATTERNS).into(),
        "format" if kind == "string" => pick(random, &FORMATS).into(),
        "format" if kind == "integer" => pick(random, &["int32", "int64"]).into(),
        "format" => "double".into(),
        "enum" if kind == "string" => TEXTS.into_iter().filter(|_| random.bool()).chain(["a"]).collect(),
        "enum" => (-2..3).filter(|_| random.bool()).chain([7]).collect(),
        "items" => schema(random, depth),
        "additionalProperties" => match random.u8(..4) {
            0 => true.into(),
            1 => false.into(),
            _ => schema(random, depth),
        },
        "properties" => some(random)
            .into_iter()
            .map(|name| (name.to_owned(), schema(random, depth)))
            .collect(),
        "required" => some(random).into(),
        "not" => json!({"type": "object", "required": some(random)}),
        _ => Value::Null,
    }
}

/// Changes a schema, or a schema inside it. Adds, removes or changes a keyword or an annotation, or replaces
/// the whole schema.
pub(crate) fn change(random: &mut Rng, value: &mut Value, depth: usize) {
    let Some(members) = value.as_object_mut() else {
        *value = schema(random, depth);
        return;
    };
    if random.u8(..8) == 0 {
        annotate(random, members);
        return;
    }
    let composition = ["allOf", "anyOf", "oneOf"]
        .into_iter()
        .find(|key| members.contains_key(*key));
    if let Some(key) = composition
        && random.u8(..6) > 0
    {
        let parts = members[key].as_array_mut().unwrap();
        let index = random.usize(..parts.len());
        match random.u8(..5) {
            0 if parts.len() > 1 => {
                parts.remove(index);
            }
            1 => parts.push(schema(random, depth)),
            2 => parts.reverse(),
            _ => change(random, &mut parts[index], depth.saturating_sub(1)),
        }
        return;
    }
    let kind = members.get("type").and_then(Value::as_str).map(str::to_owned);
    let Some(kind) = kind.or(members.contains_key("properties").then(|| "object".to_owned())) else {
        *value = schema(random, depth);
        return;
    };
    if random.u8(..8) == 0 {
        *value = schema(random, depth);
        return;
    }
    if random.u8(..12) == 0 {
        let other = pick(random, &["string", "integer", "number"]);
        members.insert("type".to_owned(), other.into());
        return;
    }
    let key = pick(random, keywords(&kind));
    let inner = ["properties", "items", "additionalProperties"].contains(&key);
    if inner && random.u8(..3) > 0 {
        let target = match members.get_mut(key) {
            Some(Value::Object(all)) if key == "properties" && !all.is_empty() => {
                let index = random.usize(..all.len());
                all.values_mut().nth(index)
            }
            Some(target @ Value::Object(_)) if key != "properties" => Some(target),
            _ => None,
        };
        if let Some(target) = target {
            change(random, target, depth.saturating_sub(1));
            return;
        }
    }
    match (members.get_mut(key), key) {
        (Some(Value::Object(all)), "properties") if random.bool() => {
            let name = pick(random, &NAMES);
            if all.shift_remove(name).is_none() {
                all.insert(name.to_owned(), schema(random, depth));
            }
        }
        (Some(Value::Array(all)), "required" | "enum") if all.len() > 1 && random.bool() => {
            all.remove(random.usize(..all.len()));
        }
        (Some(_), _) if random.bool() => {
            members.shift_remove(key);
        }
        _ => {
            let value = keyword(random, &kind, key, depth);
            members.insert(key.to_owned(), value);
        }
    }
}

/// Two versions of a schema, each with the schemas that it refers to.
pub(crate) struct Pair {
    pub(crate) old: Schemas,
    pub(crate) new: Schemas,
}

#[derive(Clone)]
pub(crate) struct Schemas {
    pub(crate) root: Value,
    pub(crate) named: Map<String, Value>,
}

pub(crate) fn pair(random: &mut Rng) -> Pair {
    let old = Schemas {
        root: schema(random, 3),
        named: SCHEMAS
            .iter()
            .map(|name| ((*name).to_owned(), schema(random, 2)))
            .collect(),
    };
    let mut new = old.clone();
    for _ in 0..random.u8(1..3) {
        let target = match random.usize(..SCHEMAS.len() * 2) {
            index if index < SCHEMAS.len() => new.named.get_mut(SCHEMAS[index]).unwrap(),
            _ => &mut new.root,
        };
        change(random, target, 2);
    }
    Pair { old, new }
}

impl Schemas {
    /// Builds a validator for the schemas. If `is_exact` is false, `oneOf` is interpreted as `anyOf`.
    pub(crate) fn validator(&self, is_exact: bool) -> Option<Validator> {
        let named: Map<String, Value> = self
            .named
            .iter()
            .map(|(name, schema)| (name.clone(), json_schema(schema, is_exact)))
            .collect();
        let whole = json!({"allOf": [json_schema(&self.root, is_exact)], "components": {"schemas": named}});
        jsonschema::draft4::options()
            .should_validate_formats(true)
            .build(&whole)
            .ok()
    }

    /// Draws a value that is probably valid.
    pub(crate) fn value(&self, random: &mut Rng, schema: &Value, depth: usize) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            if depth == 0 {
                return Value::Null;
            }
            let name = reference.rsplit('/').next().unwrap();
            return self.value(random, &self.named[name], depth - 1);
        }
        if schema["nullable"] == true && random.u8(..4) == 0 {
            return Value::Null;
        }
        if let Some(values) = schema["enum"].as_array() {
            return pick(random, values);
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let mut values = parts.iter().map(|part| self.value(random, part, depth));
            let first = values.next().unwrap_or_default();
            let all = values.fold(first, merge);
            return merge(all, self.fields(random, schema, depth));
        }
        if let Some(parts) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
            let part = pick(random, parts);
            let value = self.value(random, &part, depth);
            return merge(value, self.fields(random, schema, depth));
        }
        let bound = |key: &str| schema[key].as_i64();
        match schema["type"].as_str() {
            Some("string") => pick(random, &TEXTS).into(),
            Some("integer") => match (bound("minimum"), bound("maximum"), random.u8(..6)) {
                (Some(least), _, 0 | 1) => (least + random.i64(0..3)).into(),
                (_, Some(most), 2 | 3) => (most - random.i64(0..3)).into(),
                (.., 4) => pick(random, &[1_i64 << 40, -(1 << 40)]).into(),
                _ => random.i64(-7..8).into(),
            },
            Some("number") => match (bound("minimum"), bound("maximum"), random.u8(..6)) {
                (Some(least), _, 0 | 1) => least.into(),
                (_, Some(most), 2 | 3) => most.into(),
                // Drafts of JSON Schema disagree on whether `3.0` is an integer. The comparison treats `3.0`
                // as 3.
                _ => match random.i8(-14..15) {
                    half if half % 2 == 0 => (half / 2).into(),
                    half => (f64::from(half) / 2.0).into(),
                },
            },
            Some("boolean") => random.bool().into(),
            Some("array") => {
                let items = &schema["items"];
                (0..random.usize(..4))
                    .map(|_| self.value(random, items, depth.saturating_sub(1)))
                    .collect()
            }
            Some("object") => self.object(random, schema, depth.saturating_sub(1)),
            // Objects are not drawn, because all their fields would be undeclared.
            _ => pick(
                random,
                &[json!("a"), json!(1), json!(1.5), json!(true), json!([])],
            ),
        }
    }

    /// Draws the fields next to a composition.
    fn fields(&self, random: &mut Rng, schema: &Value, depth: usize) -> Value {
        if schema["properties"].is_object() {
            self.object(random, schema, depth.saturating_sub(1))
        } else {
            Value::Null
        }
    }

    fn object(&self, random: &mut Rng, schema: &Value, depth: usize) -> Value {
        let mut object = Map::new();
        let required = |name: &str| {
            schema["required"]
                .as_array()
                .is_some_and(|all| all.iter().any(|required| required == name))
        };
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if required(name) || random.bool() {
                object.insert(name.clone(), self.value(random, property, depth));
            }
        }
        for name in NAMES {
            let declared = schema["properties"].get(name).is_some();
            let further = &schema["additionalProperties"];
            let says = further.as_object().is_some_and(|all| !all.is_empty());
            if !declared && (required(name) || (says && random.u8(..3) == 0)) {
                object.insert(name.to_owned(), self.value(random, further, depth));
            }
        }
        object.into()
    }
}

/// Merges two objects. Null stands for a missing value.
pub(crate) fn merge(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Object(mut all), Value::Object(more)) => {
            for (name, value) in more {
                // The first value is kept. If it is the wrong one, the validator rejects the object.
                all.entry(name).or_insert(value);
            }
            all.into()
        }
        (Value::Null, more) => more,
        (all, _) => all,
    }
}

/// Converts a schema of OpenAPI 3.0 to JSON Schema, draft 4.
pub(crate) fn json_schema(schema: &Value, is_exact: bool) -> Value {
    let part = |schema: &Value| self::json_schema(schema, is_exact);
    let Some(members) = schema.as_object() else {
        return schema.clone();
    };
    let mut plain: Map<String, Value> = Map::new();
    for (key, value) in members {
        let (key, value) = match (key.as_str(), value) {
            ("properties", Value::Object(all)) => (
                key.clone(),
                all.iter()
                    .map(|(name, property)| (name.clone(), part(property)))
                    .collect(),
            ),
            ("oneOf", Value::Array(parts)) if !is_exact => {
                ("anyOf".to_owned(), parts.iter().map(part).collect())
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => {
                (key.clone(), parts.iter().map(part).collect())
            }
            ("items" | "additionalProperties" | "not", value) => (key.clone(), part(value)),
            ("required", Value::Array(all)) if all.is_empty() => continue,
            ("nullable", _) => continue,
            ("format", Value::String(format)) if format == "int32" => (
                "allOf".to_owned(),
                json!([{"minimum": i32::MIN, "maximum": i32::MAX}]),
            ),
            _ => (key.clone(), value.clone()),
        };
        plain.insert(key, value);
    }
    // Draft 4 does not allow an exclusive flag without its limit.
    for (flag, limit) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if !plain.contains_key(limit) {
            plain.remove(flag);
        }
    }
    if members.get("nullable") == Some(&Value::Bool(true)) && members.contains_key("type") {
        return json!({"anyOf": [{"type": "null"}, plain]});
    }
    plain.into()
}
