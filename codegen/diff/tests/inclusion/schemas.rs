//! Random schemas, and random changes of them.

use fastrand::Rng;
use serde_json::{Map, Value, json};

pub(crate) const NAMES: [&str; 3] = ["a", "b", "c"];
/// Further names. The random patterns can match some of them.
pub(crate) const MORE_NAMES: [&str; 3] = ["ab", "x", "xb"];
pub(crate) const TEXTS: [&str; 7] = ["", "a", "b", "ab", "ba", "aab", "2020-02-29"];

pub(crate) fn pick<T: Clone>(random: &mut Rng, from: &[T]) -> T {
    from[random.usize(..from.len())].clone()
}

/// Creates a random schema of `OpenAPI` 3.0. Newer keywords have the prefix `x-`, as after normalisation.
pub(crate) fn schema(random: &mut Rng, depth: usize) -> Value {
    const DEEP: [&str; 10] = [
        "string", "integer", "number", "array", "object", "object", "allOf", "anyOf", "oneOf", "$ref",
    ];
    if random.u8(..60) == 0 {
        return json!({"not": {}});
    }
    let kind = match depth {
        0 => pick(random, &["string", "integer", "boolean", "number", "any", "enum"]),
        _ => pick(random, &DEEP),
    };
    let inner = depth.saturating_sub(1);
    let mut schema = Map::new();
    let mut set = |key: &str, value: Value| drop(schema.insert(key.to_owned(), value));
    let is_typed = !["any", "enum", "allOf", "anyOf", "oneOf", "$ref"].contains(&kind);
    if is_typed {
        set("type", kind.into());
        if random.u8(..5) == 0 {
            set("nullable", true.into());
        }
    }
    match kind {
        "allOf" | "anyOf" | "oneOf" => {
            let parts = 1..random.u8(2..5);
            set(kind, parts.map(|_| self::schema(random, inner)).collect());
            if random.u8(..4) == 0 {
                set("not", self::schema(random, inner));
            }
        }
        "$ref" => set("$ref", "#/components/schemas/Shared".into()),
        "enum" => {
            let values = ["a", "b", "ab"]
                .into_iter()
                .filter(|_| random.bool())
                .map(Value::from);
            set("enum", values.chain([json!(1), json!("ab")]).collect());
        }
        _ => limits(random, kind, inner, &mut set),
    }
    if depth > 0 && kind != "$ref" && random.u8(..8) == 0 {
        let condition = match random.u8(..3) {
            0 => self::schema(random, inner),
            _ => json!({"properties": {"a": self::schema(random, 0)}, "required": ["a"]}),
        };
        schema.insert("x-if".to_owned(), condition);
        for key in ["x-then", "x-else"] {
            if random.u8(..3) > 0 {
                schema.insert(key.to_owned(), self::schema(random, inner));
            }
        }
    }
    schema.into()
}

/// Sets random limits for a type.
fn limits(random: &mut Rng, kind: &str, inner: usize, set: impl FnMut(&str, Value)) {
    match kind {
        "string" => strings(random, set),
        "integer" | "number" => numbers(random, set),
        "array" => arrays(random, inner, set),
        "object" => objects(random, inner, set),
        _ => {}
    }
}

fn strings(random: &mut Rng, mut set: impl FnMut(&str, Value)) {
    for key in ["minLength", "maxLength"] {
        if random.u8(..3) == 0 {
            set(key, random.u8(..4).into());
        }
    }
    match random.u8(..8) {
        0 => set("pattern", pick(random, &["^a", "b$", "^[ab]*$"]).into()),
        1 => set("format", "date".into()),
        2 => set(
            "enum",
            json!(
                TEXTS
                    .into_iter()
                    .filter(|_| random.bool())
                    .chain(["a"])
                    .collect::<Vec<_>>()
            ),
        ),
        _ => {}
    }
}

fn numbers(random: &mut Rng, mut set: impl FnMut(&str, Value)) {
    for key in ["minimum", "maximum"] {
        if random.u8(..3) == 0 {
            set(key, random.i8(-3..4).into());
        }
    }
    for key in ["exclusiveMinimum", "exclusiveMaximum"] {
        if random.u8(..5) == 0 {
            set(key, true.into());
        }
    }
    if random.u8(..4) == 0 {
        set(
            "multipleOf",
            pick(random, &[json!(1), json!(2), json!(3), json!(0.5), json!(1.5)]),
        );
    }
}

fn arrays(random: &mut Rng, inner: usize, mut set: impl FnMut(&str, Value)) {
    match random.u8(..4) {
        0 => {
            set(
                "x-prefixItems",
                (0..random.u8(1..3)).map(|_| schema(random, inner)).collect(),
            );
            set("items", json!({}));
            match random.u8(..3) {
                0 => set("x-items", false.into()),
                1 => set("x-items", schema(random, inner)),
                _ => {}
            }
        }
        1 => {}
        _ => set("items", schema(random, inner)),
    }
    if random.u8(..6) == 0 {
        set("x-unevaluatedItems", schema(random, inner));
    }
    if random.u8(..4) == 0 {
        set("x-contains", schema(random, inner));
        for (key, least) in [("x-minContains", 0), ("x-maxContains", 1)] {
            if random.u8(..3) == 0 {
                set(key, random.u8(least..3).into());
            }
        }
    }
    for key in ["minItems", "maxItems"] {
        if random.u8(..3) == 0 {
            set(key, random.u8(..4).into());
        }
    }
    if random.u8(..4) == 0 {
        set("uniqueItems", random.bool().into());
    }
}

fn objects(random: &mut Rng, inner: usize, mut set: impl FnMut(&str, Value)) {
    let names: Vec<&str> = NAMES.into_iter().filter(|_| random.bool()).collect();
    let properties = names
        .into_iter()
        .map(|name| (name.to_owned(), schema(random, inner)));
    set("properties", properties.collect::<Map<_, _>>().into());
    let required: Vec<&str> = NAMES.into_iter().filter(|_| random.u8(..4) == 0).collect();
    let fewest = u8::try_from(required.len()).unwrap();
    set("required", required.into());
    match random.u8(..6) {
        0 => set("additionalProperties", random.bool().into()),
        1 => set("additionalProperties", schema(random, inner)),
        2 => {
            let patterns = ["^a", "b$", "^x", "^[ab]*$"];
            let all =
                (0..random.u8(1..3)).map(|_| (pick(random, &patterns).to_owned(), schema(random, inner)));
            let all = all.collect::<Vec<_>>();
            set(
                "x-patternProperties",
                all.into_iter().collect::<Map<_, _>>().into(),
            );
            set("additionalProperties", true.into());
            match random.u8(..3) {
                0 => set("x-additionalProperties", false.into()),
                1 => set("x-additionalProperties", schema(random, inner)),
                _ => {}
            }
        }
        _ => {}
    }
    match random.u8(..12) {
        0 => set(
            "x-propertyNames",
            pick(
                random,
                &[
                    json!({"pattern": "^[ab]"}),
                    json!({"maxLength": 1}),
                    json!({"enum": ["a", "b", "xb"]}),
                    json!({"minLength": 1}),
                ],
            ),
        ),
        1 => set(
            "x-dependentRequired",
            json!({pick(random, &NAMES): [pick(random, &NAMES)]}),
        ),
        2 => set(
            "x-dependentSchemas",
            json!({pick(random, &NAMES): schema(random, inner)}),
        ),
        _ => {}
    }
    // `maxProperties` is at least the number of required properties. Otherwise no object would be valid, but
    // the tests would still draw objects.
    if random.u8(..6) == 0 {
        set("minProperties", random.u8(..4).into());
    }
    if random.u8(..6) == 0 {
        set("maxProperties", random.u8(fewest..4).into());
    }
}

/// Keywords whose value is one schema.
pub(crate) const PARTS: [&str; 10] = [
    "items",
    "additionalProperties",
    "x-items",
    "x-additionalProperties",
    "x-contains",
    "x-unevaluatedItems",
    "x-propertyNames",
    "x-if",
    "x-then",
    "x-else",
];

/// Changes a keyword or a part of a schema.
pub(crate) fn change(random: &mut Rng, value: &mut Value, depth: usize) {
    let inner = depth.saturating_sub(1);
    if random.u8(..6) == 0 || !value.is_object() {
        *value = schema(random, depth);
        return;
    }
    let members = value.as_object_mut().unwrap();
    for key in ["allOf", "anyOf", "oneOf"] {
        if let Some(parts) = members.get_mut(key).and_then(Value::as_array_mut) {
            let index = random.usize(..parts.len());
            match random.u8(..4) {
                0 => parts.push(schema(random, inner)),
                1 if parts.len() > 1 => drop(parts.remove(index)),
                2 => parts.reverse(),
                _ => change(random, &mut parts[index], inner),
            }
            return;
        }
    }
    for key in ["properties", "x-patternProperties", "x-dependentSchemas"] {
        if let Some(schemas) = members.get_mut(key).and_then(Value::as_object_mut)
            && !schemas.is_empty()
            && random.bool()
        {
            let index = random.usize(..schemas.len());
            change(random, schemas.values_mut().nth(index).unwrap(), inner);
            return;
        }
    }
    let keys: Vec<String> = members.keys().cloned().collect();
    if keys.is_empty() {
        *value = schema(random, depth);
        return;
    }
    let key = pick(random, &keys);
    match members[&key].clone() {
        Value::Number(number) if random.bool() && key != "multipleOf" => {
            let changed = number.as_i64().unwrap() + random.i64(-1..2);
            let is_count = !["minimum", "maximum"].contains(&key.as_str());
            members.insert(key, if is_count { changed.max(0) } else { changed }.into());
        }
        Value::Object(_) if PARTS.contains(&key.as_str()) => {
            change(random, members.get_mut(&key).unwrap(), inner);
        }
        Value::Array(mut entries) if entries.len() > 1 => {
            entries.remove(random.usize(..entries.len()));
            members.insert(key, entries.into());
        }
        _ => {
            members.shift_remove(&key);
            // In each pair, the second keyword is valid only next to the first.
            for (key, other) in [
                ("x-patternProperties", "x-additionalProperties"),
                ("x-prefixItems", "x-items"),
            ] {
                if !members.contains_key(key) {
                    members.shift_remove(other);
                }
            }
        }
    }
}

/// Checks whether a schema applies the schema `Shared` to the whole value, not only to parts of the value. If
/// `Shared` does so, JSON Schema does not define the meaning of `Shared`.
pub(crate) fn is_circular(schema: &Value) -> bool {
    let same = |(key, part): (&String, &Value)| match (key.as_str(), part) {
        ("$ref", _) => true,
        ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => parts.iter().any(is_circular),
        ("x-dependentSchemas", Value::Object(parts)) => parts.values().any(is_circular),
        ("not" | "x-if" | "x-then" | "x-else", part) => is_circular(part),
        _ => false,
    };
    schema.as_object().is_some_and(|members| members.iter().any(same))
}
