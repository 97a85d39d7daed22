//! The comparison never misses a breaking change. Oracles that do not know its rules check this.
//!
//! On the wire, the oracle is a JSON Schema validator: if a random value is valid in one of two random
//! documents and invalid in the other, the comparison must report a breaking change. For users of the crate,
//! the oracle is the generated code: the comparison must predict every change of its public interface.
//!
//! Two interpretations deviate from JSON Schema on purpose. Undeclared fields are drawn only for objects that
//! describe them, because a new field does not break clients that do not know it. `oneOf` is read as `anyOf`,
//! because a new alternative is not meant to exclude values that match two alternatives.
//!
//! `PROPTEST_CASES` sets the number of cases and makes them random.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use fastrand::Rng;
use funnelflux_diff as diff;
use funnelflux_diff::{Level, Report};
use funnelflux_generator::{
    Input, Options, generate,
    impact::{self, Impact},
};
use funnelflux_openapi::{Document, Source, normalise, read};
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Map, Value, json};

#[expect(dead_code, reason = "the program that serves requests is another one")]
#[path = "../../../xtask/src/isolated.rs"]
mod isolated;

#[path = "oracle/interface.rs"]
mod interface;

use interface::Interface;

/// Names of fields. There are only a few, so that parts of a composition describe the same fields.
const NAMES: [&str; 4] = ["a", "b", "c", "d"];
/// Names of shared schemas.
const SCHEMAS: [&str; 3] = ["First", "Second", "Third"];
const TEXTS: [&str; 10] = [
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
const PATTERNS: [&str; 3] = ["^a", "b$", "^[ab]*$"];
const FORMATS: [&str; 4] = ["date", "ipv4", "password", "uuid"];
/// Keywords that do not constrain values.
const ANNOTATIONS: [&str; 8] = [
    "title",
    "description",
    "example",
    "externalDocs",
    "deprecated",
    "readOnly",
    "default",
    "x-other",
];

fn pick<T: Clone>(random: &mut Rng, items: &[T]) -> T {
    items[random.usize(..items.len())].clone()
}

/// Draws a random schema.
fn schema(random: &mut Rng, depth: usize) -> Value {
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
        // A schema with annotations only; documents put such a schema next to a reference in an `allOf`.
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
fn annotate(random: &mut Rng, schema: &mut Map<String, Value>) {
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
fn keywords(kind: &str) -> &'static [&'static str] {
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

fn keyword(random: &mut Rng, kind: &str, key: &str, depth: usize) -> Value {
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

/// Changes a schema or a schema inside it: adds, removes or changes a keyword or an annotation, or replaces
/// the schema.
fn change(random: &mut Rng, value: &mut Value, depth: usize) {
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

/// Two versions of a schema and the schemas that it refers to.
struct Pair {
    old: Schemas,
    new: Schemas,
}

#[derive(Clone)]
struct Schemas {
    root: Value,
    named: Map<String, Value>,
}

fn pair(random: &mut Rng) -> Pair {
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
    fn document(&self, members: &Value) -> Value {
        json!({
            "openapi": "3.0.3",
            "info": {"title": "t", "version": "1"},
            "paths": {"/offersource/save/": {"put": members}},
            "components": {"schemas": self.named},
        })
    }

    /// Builds a document with one operation that sends or receives the schema.
    fn operation(&self, direction: Direction) -> Value {
        let content = json!({"description": "d", "content": {"application/json": {"schema": self.root}}});
        self.document(&match direction {
            Direction::Request => {
                json!({"requestBody": content, "responses": {"204": {"description": "d"}}})
            }
            Direction::Parameter => json!({
                "parameters": [{"name": "q", "in": "query", "required": true, "schema": self.root}],
                "responses": {"204": {"description": "d"}},
            }),
            Direction::Response => json!({"responses": {"200": content}}),
        })
    }

    fn validator(&self) -> Option<Validator> {
        let named: Map<String, Value> = self
            .named
            .iter()
            .map(|(name, schema)| (name.clone(), json_schema(schema)))
            .collect();
        let whole = json!({"allOf": [json_schema(&self.root)], "components": {"schemas": named}});
        jsonschema::draft4::options()
            .should_validate_formats(true)
            .build(&whole)
            .ok()
    }

    /// Draws a value that is probably valid.
    fn value(&self, random: &mut Rng, schema: &Value, depth: usize) -> Value {
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
                _ => (f64::from(random.i8(-14..15)) / 2.0).into(),
            },
            Some("boolean") => random.bool().into(),
            Some("array") => {
                let items = &schema["items"];
                (0..random.usize(..4))
                    .map(|_| self.value(random, items, depth.saturating_sub(1)))
                    .collect()
            }
            Some("object") => self.object(random, schema, depth.saturating_sub(1)),
            // The value is not an object, because all of its fields would be undeclared.
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

/// Merges two objects; null stands for no value.
fn merge(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Object(mut all), Value::Object(more)) => {
            for (name, value) in more {
                // If the wrong value is kept, the validator rejects it.
                all.entry(name).or_insert(value);
            }
            all.into()
        }
        (Value::Null, more) => more,
        (all, _) => all,
    }
}

/// Converts a schema of OpenAPI 3.0 to JSON Schema, draft 4.
fn json_schema(schema: &Value) -> Value {
    let Some(members) = schema.as_object() else {
        return schema.clone();
    };
    let mut plain: Map<String, Value> = Map::new();
    for (key, value) in members {
        let (key, value) = match (key.as_str(), value) {
            ("properties", Value::Object(all)) => (
                key.clone(),
                all.iter()
                    .map(|(name, property)| (name.clone(), self::json_schema(property)))
                    .collect(),
            ),
            ("oneOf", Value::Array(parts)) => {
                ("anyOf".to_owned(), parts.iter().map(self::json_schema).collect())
            }
            ("allOf" | "anyOf", Value::Array(parts)) => {
                (key.clone(), parts.iter().map(self::json_schema).collect())
            }
            ("items" | "additionalProperties" | "not", value) => (key.clone(), self::json_schema(value)),
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Request,
    Parameter,
    Response,
}

fn document(name: &str, value: &Value) -> Document {
    let text = value.to_string();
    let (document, _) = normalise::normalise(read::read(Source { name, text: &text }).unwrap()).unwrap();
    document
}

fn compare(old: &Value, new: &Value) -> Report {
    diff::compare(&document("old", old), &document("new", new))
}

/// Draws a value that breaks compatibility: a request that the new document rejects, or a response that the
/// old document rejects.
fn broken(random: &mut Rng, pair: &Pair, direction: Direction) -> Option<Value> {
    let (from, to) = match direction {
        Direction::Request | Direction::Parameter => (&pair.old, &pair.new),
        Direction::Response => (&pair.new, &pair.old),
    };
    // The validator does not know that clients never send read-only properties.
    let mentions = |schemas: &Schemas| {
        let text = format!("{} {:?}", schemas.root, schemas.named);
        text.contains("readOnly")
    };
    if direction != Direction::Response && (mentions(from) || mentions(to)) {
        return None;
    }
    let (good, bad) = (from.validator()?, to.validator()?);
    (0..60)
        .map(|_| from.value(random, &from.root, 5))
        .find(|value| good.is_valid(value) && !bad.is_valid(value))
}

/// Configures the cases. By default there are a few fixed cases, so that unrelated changes do not make the
/// test fail.
fn config(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok();
    let rng_seed = match asked {
        None => RngSeed::Fixed(1),
        Some(_) => RngSeed::Random,
    };
    ProptestConfig {
        rng_seed,
        failure_persistence: None,
        cases: asked.and_then(|cases| cases.parse().ok()).unwrap_or(cases),
        max_shrink_iters: 0,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn breaking_values_are_breaking_changes(seed in any::<u64>()) {
        let mut random = Rng::with_seed(seed);
        let pair = pair(&mut random);
        let direction = pick(&mut random, &[Direction::Request, Direction::Parameter, Direction::Response]);
        if let Some(value) = broken(&mut random, &pair, direction) {
            let [old, new] = [&pair.old, &pair.new].map(|schemas| schemas.operation(direction));
            let report = compare(&old, &new);
            let worst = report.worst_level();
            prop_assert_eq!(
                worst, Some(Level::Breaking),
                "{:?} {} is valid on one side only\nold {}\nnew {}\n{}",
                direction, value, old, new, report.view().text()
            );
        }
    }
}

/// Public interface of the code that is generated from a document; `None` if the generator rejects the
/// document.
fn interface(document: &Value) -> Option<Interface> {
    let text = document.to_string();
    let input = Input {
        upstream: Source {
            name: "upstream.json",
            text: &text,
        },
        overlays: Vec::new(),
        previous_lock: None,
    };
    let isolation =
        |request: &str| isolated::run_in(env!("CARGO_BIN_EXE_isolated-generator").as_ref(), request);
    let options = Options {
        // If an operation is left out, the pair cannot be judged.
        strict: true,
        isolation: Some(&isolation),
        ..Options::default()
    };
    Some(Interface::read(generate(&input, options).ok()?.files.values()))
}

/// Describes a change of the interface that the comparison did not predict; `None` if there is no such
/// change, or if the generator rejects one of the documents.
fn surprise(old: &Value, new: &Value) -> Option<String> {
    let (impact, names) = interface(old)?.compare(&interface(new)?);
    let report = compare(old, new);
    let predicted = impact::overall(&report);
    (impact > predicted).then(|| {
        format!(
            "predicted {predicted}, but {impact}: {names:?}\nold {old}\nnew {new}\n{}",
            report.view().text()
        )
    })
}

proptest! {
    // The generator rejects most pairs.
    #![proptest_config(config(200))]

    #[test]
    fn changes_of_the_interface_are_predicted(seed in any::<u64>()) {
        let mut random = Rng::with_seed(seed);
        let pair = pair(&mut random);
        let direction = pick(&mut random, &[Direction::Request, Direction::Response]);
        let [old, new] = [&pair.old, &pair.new].map(|schemas| schemas.operation(direction));
        let surprise = surprise(&old, &new);
        prop_assert!(surprise.is_none(), "{}", surprise.unwrap());
    }
}

/// Keywords that do not constrain values can still change types, in compositions and in schemas without a
/// type.
#[test]
fn keywords_without_effect_on_values_are_predicted() {
    let first = json!({"$ref": "#/components/schemas/First"});
    let text = json!({"type": "string"});
    let [a, b] = ["a", "b"].map(|name| json!({"type": "object", "properties": {name: text}}));
    let bases = [
        json!({"oneOf": [first, text]}),
        json!({"anyOf": [a, b]}),
        json!({"allOf": [{"oneOf": [first, text]}, {"allOf": [first]}]}),
        json!({"allOf": [a, b]}),
        json!({}),
    ];
    let without_effect = [
        json!({"additionalProperties": true}),
        json!({"properties": {}}),
        json!({"required": []}),
    ];
    let mut pairs = Vec::new();
    for base in &bases {
        for addition in &without_effect {
            for place in ["", "/allOf/0", "/allOf/1"] {
                let mut new = base.clone();
                if let Some(Value::Object(schema)) = new.pointer_mut(place)
                    && !schema.contains_key("$ref")
                {
                    for (key, value) in addition.as_object().unwrap() {
                        schema.entry(key).or_insert(value.clone());
                    }
                    pairs.push((base.clone(), new));
                }
            }
        }
        let mut new = base.clone();
        if let Some(Value::Array(parts)) = new.get_mut("allOf") {
            parts.reverse();
            pairs.push((base.clone(), new));
        }
    }
    let documents = |schema: &Value| {
        let named = json!({"First": {"type": "string", "enum": ["a", "b"]}, "Second": schema});
        [
            json!({"$ref": "#/components/schemas/Second"}),
            json!({"type": "object", "properties": {"a": schema}}),
        ]
        .map(|root| {
            let named = named.as_object().cloned().unwrap();
            Schemas { root, named }.operation(Direction::Response)
        })
    };
    let mut surprises = Vec::new();
    let mut judged = 0;
    for (old, new) in &pairs {
        for (old, new) in documents(old).iter().zip(&documents(new)) {
            judged += usize::from(interface(old).is_some() && interface(new).is_some());
            surprises.extend(surprise(old, new));
        }
    }
    assert!(surprises.is_empty(), "{}", surprises.join("\n"));
    assert!(
        judged > pairs.len(),
        "only {judged} of {} generate",
        2 * pairs.len()
    );
}

/// Enough of the random pairs are valid, and enough of them are breaking.
#[test]
fn random_pairs_exercise_the_oracles() {
    let (mut breaking, mut generated, mut changed) = (0, 0, 0);
    for seed in 0..200 {
        let mut random = Rng::with_seed(seed);
        let pair = pair(&mut random);
        breaking += usize::from(self::broken(&mut random, &pair, Direction::Request).is_some());
        let interface = |schemas: &Schemas| interface(&schemas.operation(Direction::Request));
        if let Some((old, new)) = interface(&pair.old).zip(interface(&pair.new)) {
            generated += 1;
            changed += usize::from(old.compare(&new).0 > Impact::None);
        }
    }
    assert!(breaking > 30, "{breaking} of 200 pairs break a value");
    assert!(generated > 4, "{generated} of 200 pairs generate");
    assert!(changed > 0, "{changed} of {generated} interfaces change");
}
