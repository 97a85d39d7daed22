//! Compares the schema check with another validator, on random schemas and values.

use fastrand::Rng;
use jsonschema::Draft;
use serde_json::{Map, Value, json};

use super::errors;
use crate::schemas::{elements, is_true};

/// Converts an OpenAPI 3.0 schema to draft 4 of JSON Schema. `nullable: true` becomes a list of types.
/// Read-only properties are no longer required, because requests need not contain them.
fn to_draft_4(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => {
            let mut object: Map<String, Value> = object
                .iter()
                .map(|(key, value)| (key.clone(), to_draft_4(value)))
                .collect();
            if object.get("nullable") == Some(&Value::Bool(true)) {
                if let Some(kind) = object.get("type").filter(|kind| kind.is_string()).cloned() {
                    object.insert("type".to_owned(), json!([kind, "null"]));
                }
                if let Some(Value::Array(values)) = object.get_mut("enum") {
                    values.push(Value::Null);
                }
            }
            let properties = object.get("properties").cloned().unwrap_or_default();
            if let Some(Value::Array(required)) = object.get_mut("required") {
                required.retain(|name| {
                    let property = name.as_str().and_then(|name| properties.get(name));
                    !property.is_some_and(|property| is_true(property, "readOnly"))
                });
                // Draft 4 does not allow an empty list.
                if required.is_empty() {
                    object.remove("required");
                }
            }
            Value::Object(object)
        }
        Value::Array(items) => Value::Array(items.iter().map(to_draft_4).collect()),
        scalar => scalar.clone(),
    }
}

fn pick<'c, T>(random: &mut Rng, choices: &'c [T]) -> &'c T {
    random.choice(choices).unwrap()
}

fn scalar(random: &mut Rng) -> Value {
    match random.u8(0..6) {
        0 => Value::Null,
        1 => json!(random.bool()),
        2 => json!(random.i64(-3..6)),
        3 => json!(*pick(random, &[-0.5, 0.0, -0.0, 1.0, 1.5, 2.25, 1e300])),
        4 => json!(*pick(random, &[u64::MAX, 9_007_199_254_740_993, 1 << 53])),
        _ => {
            let texts = [
                "",
                "a",
                "ab",
                "äöü",
                "a/b~",
                "2024-02-29",
                "2024-02-30T00:00:00Z",
                "::1",
                "ab-1",
            ];
            json!(*pick(random, &texts))
        }
    }
}

fn value(random: &mut Rng, depth: u8) -> Value {
    match random.u8(0..5) {
        0 if depth > 0 => (0..random.usize(0..4))
            .map(|_| value(random, depth - 1))
            .collect(),
        1 | 2 if depth > 0 => {
            let names = (0..random.usize(0..4)).map(|_| *pick(random, &["a", "b", "c/d", "~"]));
            let names: Vec<&str> = names.collect();
            let properties = names
                .into_iter()
                .map(|name| (name.to_owned(), value(random, depth - 1)));
            Value::Object(properties.collect())
        }
        _ => scalar(random),
    }
}

/// Returns a random schema. If `is_component` is true, the schema contains no reference that applies to the
/// same value as the schema itself, because such references could form an endless cycle.
fn schema(random: &mut Rng, depth: u8, is_component: bool) -> Value {
    if !is_component && random.u8(0..12) == 0 {
        return json!({ "$ref": pick(random, &["#/components/schemas/A", "#/components/schemas/B"]) });
    }
    let patterns = ["^a", "b$", "[0-9]+", "^\\w*$", "ö", "^[a-z]{2}-\\d"];
    let formats = ["date", "date-time", "ipv4", "ipv6", "password"];
    let mut schema = Map::new();
    let mut set = |name: &str, value: Value| schema.insert(name.to_owned(), value);
    let kind = *pick(
        random,
        &["string", "number", "integer", "boolean", "array", "object"],
    );
    if random.u8(0..3) > 0 {
        set("type", json!(kind));
        if random.u8(0..3) == 0 {
            set("nullable", json!(true));
        }
    }
    for _ in 0..random.u8(0..4) {
        let limit = json!(random.u8(0..3));
        match random.u8(0..24) {
            0 => drop(set("minimum", scalar_number(random))),
            1 => {
                set("minimum", scalar_number(random));
                set("exclusiveMinimum", json!(random.bool()));
            }
            2 => drop(set("maximum", scalar_number(random))),
            3 => {
                set("maximum", scalar_number(random));
                set("exclusiveMaximum", json!(random.bool()));
            }
            4 => drop(set("multipleOf", json!(*pick(random, &[1.0, 0.5, 2.0])))),
            5 => drop(set("minLength", limit)),
            6 => drop(set("maxLength", limit)),
            7 => drop(set("pattern", json!(*pick(random, &patterns)))),
            8 => drop(set("format", json!(*pick(random, &formats)))),
            9 => drop(set("minItems", limit)),
            10 => drop(set("maxItems", limit)),
            11 => drop(set("uniqueItems", json!(random.bool()))),
            12 => drop(set("minProperties", limit)),
            13 => drop(set("maxProperties", limit)),
            14 => drop(set(
                "enum",
                (0..random.u8(1..4)).map(|_| value(random, 1)).collect(),
            )),
            15 => drop(set("required", json!([*pick(random, &["a", "b", "c/d"])]))),
            16 => drop(set("additionalProperties", json!(random.bool()))),
            _ if depth == 0 => {}
            17 => drop(set(
                "additionalProperties",
                self::schema(random, depth - 1, false),
            )),
            18 => drop(set("items", self::schema(random, depth - 1, false))),
            19 => drop(set("not", self::schema(random, depth - 1, is_component))),
            20 => {
                let keyword = *pick(random, &["allOf", "anyOf", "oneOf"]);
                set(
                    keyword,
                    (0..random.u8(1..4))
                        .map(|_| self::schema(random, depth - 1, is_component))
                        .collect(),
                );
            }
            _ => {
                let mut property = self::schema(random, depth - 1, false);
                if random.u8(0..4) == 0 && property.get("$ref").is_none() {
                    property["readOnly"] = json!(true);
                }
                set(
                    "properties",
                    json!({ "a": property, "b": self::schema(random, depth - 1, false) }),
                );
            }
        }
    }
    Value::Object(schema)
}

fn scalar_number(random: &mut Rng) -> Value {
    loop {
        let number = scalar(random);
        if number.is_number() {
            return number;
        }
    }
}

/// Checks that the schema check and the crate `jsonschema` find violations at the same values.
#[test]
fn another_validator_agrees() {
    let seed = Rng::new().u64(..);
    let random = &mut Rng::with_seed(seed);
    let mut refused = 0;
    for _ in 0..600 {
        let schemas = json!({ "A": schema(random, 2, true), "B": schema(random, 2, true) });
        let document = json!({ "components": { "schemas": schemas } });
        let schema = schema(random, 3, false);
        let draft_4 = json!({
            "allOf": [to_draft_4(&schema)], "components": to_draft_4(&document["components"]),
        });
        let options = jsonschema::options().with_draft(Draft::Draft4);
        let validator = options.build(&draft_4).unwrap();
        for _ in 0..16 {
            let value = value(random, 3);
            let mut own: Vec<String> = errors(&document, &schema, &value)
                .into_iter()
                .map(|error| error.pointer)
                .collect();
            let mut other: Vec<String> = validator
                .iter_errors(&value)
                .map(|error| error.instance_path().to_string())
                .collect();
            for pointers in [&mut own, &mut other] {
                pointers.sort();
                // The other validator reports each unexpected property separately.
                pointers.dedup();
            }
            refused += usize::from(!own.is_empty());
            assert_eq!(
                own, other,
                "seed {seed}\nschema {schema}\nin {document}\nvalue {value}"
            );
        }
    }
    assert!(refused > 1_000, "seed {seed}: {refused} refused values");
}

/// Keywords that do not affect which values a schema accepts.
const ANNOTATIONS: [&str; 10] = [
    "title",
    "description",
    "default",
    "example",
    "deprecated",
    "discriminator",
    "externalDocs",
    "xml",
    "readOnly",
    "writeOnly",
];

const KEYWORDS: [&str; 26] = [
    "$ref",
    "type",
    "nullable",
    "enum",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "minimum",
    "exclusiveMinimum",
    "maximum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minItems",
    "maxItems",
    "uniqueItems",
    "items",
    "minProperties",
    "maxProperties",
    "required",
    "properties",
    "additionalProperties",
];

/// Adds to `unknown` each keyword and pattern that the schema check does not support. Searches the schema and
/// all schemas inside of it.
fn add_unknown(schema: &Value, unknown: &mut Vec<String>) {
    let keywords = schema.as_object().into_iter().flatten();
    let pattern = schema.get("pattern").and_then(Value::as_str);
    unknown.extend(
        pattern
            .filter(|pattern| regex_lite::Regex::new(pattern).is_err())
            .map(str::to_owned),
    );
    unknown.extend(keywords.map(|(keyword, _)| keyword).filter_map(|keyword| {
        let is_known = [&KEYWORDS[..], &ANNOTATIONS].concat().contains(&keyword.as_str());
        (!is_known && !keyword.starts_with("x-")).then(|| keyword.clone())
    }));
    let lists = ["allOf", "anyOf", "oneOf"]
        .into_iter()
        .flat_map(|keyword| elements(schema, keyword));
    let single = ["not", "items", "additionalProperties"]
        .into_iter()
        .filter_map(|keyword| schema.get(keyword));
    let properties = schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let properties = properties.map(|(_, property)| property);
    for inner in lists.chain(single).chain(properties) {
        add_unknown(inner, unknown);
    }
}

/// Adds to `unknown` the unknown keywords and patterns of all schemas of parameters and contents.
fn add_unknown_of_operations(value: &Value, unknown: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match key.as_str() {
                    "schema" => add_unknown(value, unknown),
                    "example" | "examples" => {}
                    _ => add_unknown_of_operations(value, unknown),
                }
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| add_unknown_of_operations(item, unknown)),
        _ => {}
    }
}

/// Checks that the schema check ignores no rule of the embedded document.
#[test]
fn all_keywords_of_the_embedded_document_are_known() {
    let document: Value = serde_json::from_str(include_str!("../../effective.json")).unwrap();
    let mut unknown = Vec::new();
    for schema in document["components"]["schemas"].as_object().unwrap().values() {
        add_unknown(schema, &mut unknown);
    }
    add_unknown_of_operations(&document["paths"], &mut unknown);
    assert!(unknown.is_empty(), "{unknown:?}");
    add_unknown(
        &json!({ "items": { "anyOf": [{ "patternProperties": {} }] } }),
        &mut unknown,
    );
    add_unknown(&json!({ "not": { "pattern": "^(?!a)" } }), &mut unknown);
    assert_eq!(unknown, ["patternProperties", "^(?!a)"]);
}

#[test]
fn messages_name_the_rule() {
    let document = json!({ "components": { "schemas": { "Endless": {
        "allOf": [{ "$ref": "#/components/schemas/Endless" }],
    } } } });
    for (schema, value, message) in [
        (
            json!({ "type": "string" }),
            json!(1),
            r#"1 is not of type "string""#,
        ),
        (
            json!({ "type": "string", "nullable": true }),
            json!(1),
            r#"1 is not of types "string", "null""#,
        ),
        (
            json!({ "enum": ["a", 1] }),
            json!("b"),
            r#""b" is not one of "a", 1"#,
        ),
        (
            json!({ "minimum": 2 }),
            json!(1),
            "1 is less than the minimum of 2",
        ),
        (
            json!({ "maximum": 2, "exclusiveMaximum": true }),
            json!(2),
            "2 is greater than or equal to the maximum of 2",
        ),
        (
            json!({ "multipleOf": 0.1 }),
            json!(0.25),
            "0.25 is not a multiple of 0.1",
        ),
        (
            json!({ "maxLength": 1 }),
            json!("ab"),
            r#""ab" is longer than 1 character"#,
        ),
        (
            json!({ "pattern": "^a" }),
            json!("b"),
            r#""b" does not match "^a""#,
        ),
        (json!({ "format": "date" }), json!("b"), r#""b" is not a "date""#),
        (json!({ "minItems": 2 }), json!([1]), "[1] has less than 2 items"),
        (
            json!({ "uniqueItems": true }),
            json!([1, 1.0]),
            "[1,1.0] has non-unique elements",
        ),
        (
            json!({ "minProperties": 1 }),
            json!({}),
            "{} has less than 1 property",
        ),
        (
            json!({ "required": ["a"] }),
            json!({}),
            r#""a" is a required property"#,
        ),
        (
            json!({ "additionalProperties": false }),
            json!({ "a": 1, "b": 2 }),
            "Additional properties are not allowed ('a', 'b' were unexpected)",
        ),
        (
            json!({ "not": { "type": "null" } }),
            json!(null),
            r#"{"type":"null"} is not allowed for null"#,
        ),
        (
            json!({ "oneOf": [{}, {}] }),
            json!(1),
            "1 is valid under more than one of the schemas listed in the 'oneOf' keyword",
        ),
    ] {
        let found = errors(&document, &schema, &value);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].message, message);
    }
    // An endless reference, a reference without a target and an invalid pattern accept every value.
    for schema in [
        json!({ "$ref": "#/components/schemas/Endless" }),
        json!({ "$ref": "#/nowhere" }),
        json!({ "pattern": "(" }),
    ] {
        assert_eq!(errors(&document, &schema, &json!("a")), []);
    }
}
