//! Random values of a schema.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::schemas::{MORE_NAMES, NAMES, TEXTS, pick};

/// Draws a value that the schema probably allows. The validator decides whether the schema allows it. Draws
/// only properties that this schema declares, describes or requires, not properties that only another schema
/// declares. A new property does not break clients that do not know it.
pub(crate) fn draw(random: &mut Rng, schema: &Value, shared: &Value, depth: usize) -> Value {
    let inner = depth.saturating_sub(1);
    if let Some(condition) = schema.get("x-if").filter(|_| depth > 0 && random.bool()) {
        let mut schema = schema.clone();
        schema.as_object_mut().unwrap().shift_remove("x-if");
        let then =
            [condition, &schema["x-then"], &schema["x-else"]].map(|part| draw(random, part, shared, inner));
        let all = draw(random, &schema, shared, depth);
        let chosen = pick(random, &then);
        return if random.bool() {
            merged(chosen, all)
        } else {
            merged(all, chosen)
        };
    }
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
        Some("array") => array(random, schema, shared, inner),
        Some("object") => object(random, schema, shared, inner),
        // The schema allows everything. Objects are not drawn, because all their properties would be
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

fn array(random: &mut Rng, schema: &Value, shared: &Value, inner: usize) -> Value {
    let first = schema["x-prefixItems"].as_array().map_or(&[][..], Vec::as_slice);
    let rest = if first.is_empty() {
        &schema["items"]
    } else {
        &schema["x-items"]
    };
    let rest = if rest.is_null() {
        &schema["x-unevaluatedItems"]
    } else {
        rest
    };
    let count = random.usize(..4);
    let mut items: Vec<Value> = (0..count)
        .map(|index| match first.get(index) {
            Some(item) => draw(random, item, shared, inner),
            None => draw(random, rest, shared, inner),
        })
        .collect();
    for item in &mut items {
        if schema["x-contains"].is_object() && random.u8(..3) == 0 {
            *item = draw(random, &schema["x-contains"], shared, inner);
        }
    }
    items.into()
}

fn object(random: &mut Rng, schema: &Value, shared: &Value, inner: usize) -> Value {
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
    for (pattern, inside) in schema["x-patternProperties"].as_object().into_iter().flatten() {
        let name = pick(random, &[NAMES, MORE_NAMES].concat());
        let is_match = regress::Regex::new(pattern).unwrap().find(name).is_some();
        if is_match && !object.contains_key(name) {
            object.insert(name.to_owned(), draw(random, inside, shared, inner));
        }
    }
    if schema["x-patternProperties"].is_object() && random.u8(..4) == 0 {
        let other = draw(random, &schema["x-additionalProperties"], shared, inner);
        object.insert("other".to_owned(), other);
    } else if schema["additionalProperties"] != false && random.u8(..4) == 0 {
        let other = draw(random, &schema["additionalProperties"], shared, inner);
        object.insert("other".to_owned(), other);
    }
    object.into()
}

/// Merges two objects. Returns `first` if one of the values is not an object.
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
