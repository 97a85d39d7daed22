//! Proofs about random pairs of schemas agree with a validator of JSON Schema.
//!
//! `PROOF_SEED` selects other pairs, and `PROOF_PAIRS` sets their number.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::env;

use fastrand::Rng;
use funnelflux_diff::{Direction, Proof, Side, prove};
use funnelflux_openapi::pointer::Pointer;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

const PAIRS: u64 = 10_000;
/// Values that are drawn for a pair.
const DRAWS: usize = 16;
const NAMES: [&str; 3] = ["a", "b", "c"];
const TEXTS: [&str; 7] = ["", "a", "b", "ab", "ba", "aab", "2020-02-29"];

fn pick<T: Clone>(random: &mut Rng, from: &[T]) -> T {
    from[random.usize(..from.len())].clone()
}

/// A random schema of `OpenAPI` 3.0.
fn schema(random: &mut Rng, depth: usize) -> Value {
    const DEEP: [&str; 10] = [
        "string", "integer", "number", "array", "object", "object", "allOf", "anyOf", "oneOf", "$ref",
    ];
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
    schema.into()
}

/// Sets limits of a type.
fn limits(random: &mut Rng, kind: &str, inner: usize, mut set: impl FnMut(&str, Value)) {
    match kind {
        "string" => {
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
        "integer" | "number" => {
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
        "array" => {
            if random.bool() {
                set("items", schema(random, inner));
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
        "object" => {
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
                _ => {}
            }
            // No object that cannot exist: its properties would be drawn, although nobody sends them.
            if random.u8(..6) == 0 {
                set("minProperties", random.u8(..4).into());
            }
            if random.u8(..6) == 0 {
                set("maxProperties", random.u8(fewest..4).into());
            }
        }
        _ => {}
    }
}

/// Changes a keyword or a part of a schema.
fn change(random: &mut Rng, value: &mut Value, depth: usize) {
    let inner = depth.saturating_sub(1);
    if random.u8(..6) == 0 {
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
    if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut)
        && !properties.is_empty()
        && random.bool()
    {
        let index = random.usize(..properties.len());
        change(random, properties.values_mut().nth(index).unwrap(), inner);
        return;
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
        Value::Object(_) if key == "items" || key == "additionalProperties" => {
            change(random, members.get_mut(&key).unwrap(), inner);
        }
        Value::Array(mut entries) if entries.len() > 1 => {
            entries.remove(random.usize(..entries.len()));
            members.insert(key, entries.into());
        }
        _ => drop(members.shift_remove(&key)),
    }
}

/// Converts an `OpenAPI` 3.0 schema to JSON Schema, draft 4. `oneOf` becomes `anyOf`, because the comparison
/// reads it in this way.
fn plain(schema: &Value) -> Value {
    let Some(members) = schema.as_object() else {
        return schema.clone();
    };
    let mut plain = Map::new();
    for (key, value) in members {
        let value = match (key.as_str(), value) {
            ("properties", Value::Object(all)) => all
                .iter()
                .map(|(name, value)| (name.clone(), self::plain(value)))
                .collect::<Map<_, _>>()
                .into(),
            ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => parts.iter().map(self::plain).collect(),
            ("items" | "additionalProperties" | "not", value) => self::plain(value),
            ("required", Value::Array(names)) if names.is_empty() => continue,
            ("nullable", _) => continue,
            ("exclusiveMinimum", _) if !members.contains_key("minimum") => continue,
            ("exclusiveMaximum", _) if !members.contains_key("maximum") => continue,
            _ => value.clone(),
        };
        plain.insert(if key == "oneOf" { "anyOf" } else { key }.to_owned(), value);
    }
    if members.get("nullable") == Some(&Value::Bool(true)) {
        return json!({"anyOf": [{"type": "null"}, plain]});
    }
    plain.into()
}

fn validator(schema: &Value, shared: &Value) -> Validator {
    let mut root = json!({"allOf": [plain(schema)]});
    root["components"] = json!({"schemas": {"Shared": plain(shared)}});
    let options = jsonschema::draft4::options();
    options.should_validate_formats(true).build(&root).unwrap()
}

/// Draws a value that the schema probably allows; the validator decides. Undeclared properties are not drawn,
/// because a new property does not break clients that do not know it.
fn draw(random: &mut Rng, schema: &Value, shared: &Value, depth: usize) -> Value {
    let inner = depth.saturating_sub(1);
    if schema["nullable"] == true && random.u8(..5) == 0 {
        return Value::Null;
    }
    if schema.get("$ref").is_some() && depth > 0 {
        return draw(random, shared, shared, inner);
    }
    if let Some(values) = schema["enum"].as_array() {
        return pick(random, values);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let values = parts.iter().map(|part| draw(random, part, shared, depth));
        return values.collect::<Vec<_>>().into_iter().reduce(merged).unwrap();
    }
    if let Some(parts) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        let part = pick(random, parts);
        return draw(random, &part, shared, depth);
    }
    let near = |random: &mut Rng, key: &str| {
        schema[key]
            .as_f64()
            .map(|edge| edge + f64::from(random.i8(-2..3)) / 2.0)
    };
    match schema["type"].as_str() {
        Some("string") => pick(random, &TEXTS).into(),
        Some(kind @ ("integer" | "number")) => {
            let key = pick(random, &["minimum", "maximum", "multipleOf"]);
            let any = f64::from(random.i8(-14..15)) / 2.0;
            let number = near(random, key).unwrap_or(any);
            if kind == "integer" || number.fract() == 0.0 {
                #[expect(clippy::cast_possible_truncation, reason = "it is small")]
                return (number.floor() as i64).into();
            }
            number.into()
        }
        Some("boolean") => random.bool().into(),
        Some("array") => (0..random.u8(..4))
            .map(|_| draw(random, &schema["items"], shared, inner))
            .collect(),
        Some("object") => {
            let required: Vec<&Value> = schema["required"].as_array().into_iter().flatten().collect();
            let mut object = Map::new();
            for name in NAMES {
                let declared = &schema["properties"][name];
                let further = schema["additionalProperties"]
                    .as_object()
                    .is_some_and(|further| !further.is_empty());
                let is_required = required.iter().any(|required| *required == name);
                if is_required || ((!declared.is_null() || further) && random.bool()) {
                    let schema = if declared.is_null() {
                        &schema["additionalProperties"]
                    } else {
                        declared
                    };
                    object.insert(name.to_owned(), draw(random, schema, shared, inner));
                }
            }
            if schema["additionalProperties"] != false && random.u8(..4) == 0 {
                let other = draw(random, &schema["additionalProperties"], shared, inner);
                object.insert("other".to_owned(), other);
            }
            object.into()
        }
        // The schema allows everything, so the value is not an object: all of its properties would be
        // undeclared.
        _ => pick(
            random,
            &[
                json!("a"),
                json!("b"),
                json!(1),
                json!(0.5),
                json!(true),
                json!([]),
                Value::Null,
            ],
        ),
    }
}

/// Merges two objects; for other values, returns one of them.
fn merged(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Object(mut first), Value::Object(second)) => {
            for (name, value) in second {
                first.entry(name).or_insert(value);
            }
            first.into()
        }
        (first, _) => first,
    }
}

#[test]
fn proofs_agree_with_a_validator() {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seed = number("PROOF_SEED").unwrap_or(1);
    let pairs = number("PROOF_PAIRS").unwrap_or(PAIRS);
    println!("PROOF_SEED={seed}");
    let random = &mut Rng::with_seed(seed);
    let (mut included, mut refuted, mut undecided, mut missed) = (0_u32, 0_u32, 0_u32, 0_u32);
    for _ in 0..pairs {
        let (old, old_shared) = (schema(random, 2), schema(random, 1));
        let (mut new, mut new_shared) = (old.clone(), old_shared.clone());
        for _ in 0..random.u8(1..3) {
            let target = if random.u8(..4) == 0 {
                &mut new_shared
            } else {
                &mut new
            };
            change(random, target, 2);
        }
        let document = |schema: &Value, shared: &Value| {
            let schemas = json!({"Shared": shared});
            json!({"root": schema, "components": {"schemas": schemas}})
        };
        let documents = [document(&old, &old_shared), document(&new, &new_shared)];
        let direction = pick(random, &[Direction::Request, Direction::Response]);
        let [old_document, new_document] = &documents;
        let proof = prove(
            [old_document, new_document],
            Pointer::from_static("/root"),
            direction,
        );
        let old = (&old, &old_shared, validator(&old, &old_shared));
        let new = (&new, &new_shared, validator(&new, &new_shared));
        let (small, large, side) = match direction {
            Direction::Response => (&new, &old, Side::New),
            _ => (&old, &new, Side::Old),
        };
        let breaks = |value: &&Value| small.2.is_valid(value) && !large.2.is_valid(value);
        let place = || {
            format!(
                "{direction}: {} and {}, PROOF_SEED={seed}",
                documents[0], documents[1]
            )
        };
        let witness = (0..DRAWS)
            .map(|_| draw(random, small.0, small.1, 3))
            .find(|value| breaks(&value));
        match proof {
            Proof::Included => {
                included += 1;
                assert!(
                    witness.is_none(),
                    "{} is allowed on one side: {}",
                    witness.unwrap(),
                    place()
                );
            }
            Proof::Counterexample { value, accepted_by } => {
                refuted += 1;
                assert_eq!(accepted_by, side);
                assert!(breaks(&&value), "{value} is no counterexample: {}", place());
            }
            Proof::Undecided => {
                undecided += 1;
                if let Some(witness) = witness {
                    missed += 1;
                    if env::var("PROOF_SHOW").is_ok() {
                        println!("undecided, {witness}: {}", place());
                    }
                }
            }
            Proof::None => unreachable!("both documents have the schema"),
        }
    }
    println!("included {included}, refuted {refuted}, undecided {undecided} ({missed} with a witness)");
    assert!(
        u64::from(undecided) * 5 < pairs,
        "{undecided} of {pairs} are undecided"
    );
}
