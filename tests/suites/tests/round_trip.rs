//! Checks that every type of the OpenAPI document decodes and encodes without loss. The tested values contain
//! more than valid responses: unknown fields at every level, unknown enum values, and `null` for optional
//! fields.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use fastrand::Rng;
use funnelflux::types;
use funnelflux_openapi::evidence::Evidence;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json, value::RawValue};
use std::{collections::BTreeMap, fmt::Debug, sync::LazyLock};

/// Default number of values for each type. The environment variable `FUNNELFLUX_SUPERSETS` overrides it, and
/// `FUNNELFLUX_SEED` repeats a run.
const RUNS: usize = 300;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../spec/effective.json")).unwrap());

fn resolve(schema: &'static Value) -> &'static Value {
    match schema["$ref"].as_str() {
        Some(reference) => resolve(DOCUMENT.pointer(&reference[1..]).unwrap()),
        None => schema,
    }
}

/// A random name or text.
fn random_text(random: &mut Rng) -> String {
    let letters = [
        'a', 'Z', '0', '_', '-', ' ', '"', '\\', '/', 'é', '☺', '\u{0}', '\n',
    ];
    (0..random.usize(0..8))
        .map(|_| *random.choice(letters).as_ref().unwrap())
        .collect()
}

/// A random value of any type.
fn random_value(random: &mut Rng, depth: usize) -> Value {
    match random.u8(..if depth == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => json!(random.bool()),
        2 => json!(random.i64(..)),
        3 => json!(random.f64()),
        4 => json!(random_text(random)),
        5 => (0..random.usize(..4))
            .map(|_| random_value(random, depth - 1))
            .collect(),
        _ => Value::Object(unknown_fields(random, depth - 1, 4)),
    }
}

fn unknown_fields(random: &mut Rng, depth: usize, most: usize) -> Map<String, Value> {
    let names = (0..random.usize(..most))
        .map(|_| format!("x{}", random_text(random)))
        .collect::<Vec<_>>();
    names
        .into_iter()
        .map(|name| (name, random_value(random, depth)))
        .collect()
}

/// A random value of the schema, with additional unknown fields and enum values.
fn superset(schema: &'static Value, random: &mut Rng) -> Value {
    let schema = resolve(schema);
    if let Some(members) = schema["allOf"].as_array() {
        // In this document, an `allOf` only annotates one reference.
        return superset(&members[0], random);
    }
    if let Some(values) = schema["enum"].as_array() {
        return match random.u8(..4) {
            0 => json!(format!("unknown {}", random_text(random))),
            _ => random.choice(values).unwrap().clone(),
        };
    }
    match schema["type"].as_str() {
        Some("array") => {
            let items = &schema["items"];
            (0..random.usize(..4)).map(|_| superset(items, random)).collect()
        }
        Some("integer") => json!(random.i32(0..)),
        Some("number") => json!(f64::from(random.i32(..)) / 4.0),
        Some("boolean") => json!(random.bool()),
        Some("string") => json!(random_text(random)),
        Some("object") | None => {
            let mut object = Map::new();
            let required = schema["required"].as_array().into_iter().flatten();
            let required: Vec<&str> = required.filter_map(Value::as_str).collect();
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                let must = required.contains(&name.as_str());
                match random.u8(..4) {
                    0 if !must => {}
                    1 if !must => drop(object.insert(name.clone(), Value::Null)),
                    _ => drop(object.insert(name.clone(), superset(property, random))),
                }
            }
            let free = schema["properties"].is_null();
            let others = unknown_fields(random, 3, if free { 6 } else { 3 });
            let described = &schema["additionalProperties"];
            object.extend(others.into_iter().map(|(name, value)| match described {
                Value::Object(_) => (name, superset(described, random)),
                _ => (name, value),
            }));
            // The order of fields is not guaranteed.
            let mut members: Vec<(String, Value)> = object.into_iter().collect();
            random.shuffle(&mut members);
            members.into_iter().collect()
        }
        type_name => panic!("unknown type: {type_name:?}"),
    }
}

/// Returns a JSON pointer to a value that was lost or changed, or a text that names an added member. A known
/// field that is `null` may be omitted.
fn lost(sent: &Value, encoded: &Value, schema: &'static Value, at: &str) -> Option<String> {
    let mut schema = resolve(schema);
    while let Some(members) = schema["allOf"].as_array() {
        schema = resolve(&members[0]);
    }
    match (sent, encoded) {
        (Value::Object(sent), Value::Object(encoded)) => {
            let properties = &schema["properties"];
            let known = |name: &str| !properties[name].is_null();
            let added = encoded.keys().find(|name| !sent.contains_key(*name));
            added.map(|name| format!("{at}/{name} was added")).or_else(|| {
                sent.iter().find_map(|(name, value)| match encoded.get(name) {
                    None if value.is_null() && known(name) => None,
                    None => Some(format!("{at}/{name}")),
                    Some(encoded) => {
                        let schema = match &properties[name] {
                            Value::Null => &schema["additionalProperties"],
                            property => property,
                        };
                        lost(value, encoded, schema, &format!("{at}/{name}"))
                    }
                })
            })
        }
        (Value::Array(sent), Value::Array(encoded)) if sent.len() == encoded.len() => {
            let mut pairs = sent.iter().zip(encoded).enumerate();
            pairs.find_map(|(index, (sent, encoded))| {
                lost(sent, encoded, &schema["items"], &format!("{at}/{index}"))
            })
        }
        _ => (sent != encoded).then(|| at.to_owned()),
    }
}

type Check<'c> = &'c mut dyn FnMut(&str, &dyn Fn(&str) -> Result<(String, String), serde_json::Error>);

/// Calls `check` with the name of each type of the document and with a function. The function decodes a value
/// as a member of a list. It returns the JSON and the `Debug` text of the decoded value.
fn for_each_type(check: Check<'_>) {
    fn again<T: Serialize + DeserializeOwned + Debug>(
        text: &str,
    ) -> Result<(String, String), serde_json::Error> {
        let rows: Vec<T> = serde_json::from_str(&format!("[{text}]"))?;
        Ok((serde_json::to_string(&rows[0])?, format!("{:?}", rows[0])))
    }
    let mut checked = Vec::new();
    macro_rules! each {
        ($($name:ident)*) => {$(
            check(stringify!($name), &again::<types::$name>);
            checked.push(stringify!($name));
        )*};
    }
    // The schemas of the documented page. A vendor's document may give all other schemas other names and
    // types.
    each! {
        DuplicateRequest DuplicateResponse MoveCategoryRequest OfferSource OfferSourceInfo
        ParentMutationRequest Status StringList
    }
    #[cfg(transcription)]
    each! {
        AiNodeSettings Category CategoryType Condition ConditionInfo Funnel FunnelDuplicateRequest FunnelGroup
        FunnelGroupInfo FunnelInfo LogicScript LogicScriptDuplicateRequest LogicScriptInfo MiddlewareBasicAuth
        MiddlewareConfig MiddlewareConfigInfo MiddlewareDestination MiddlewareRoute Page PageGroup
        PageGroupInfo PageInfo TrackingField TrafficSource TrafficSourceInfo VisitorTag VisitorTagInfo
        WebhookConfig WebhookConfigInfo
    }
    if !funnelflux_suites::document::is_transcription() {
        return;
    }
    let all = DOCUMENT["components"]["schemas"].as_object().unwrap();
    let left: Vec<&String> = all
        .keys()
        .filter(|name| !checked.contains(&name.as_str()))
        .collect();
    assert!(left.is_empty(), "not checked: {left:?}");
}

#[test]
fn supersets_of_valid_values_round_trip_without_loss() {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let seed = number("FUNNELFLUX_SEED").unwrap_or_else(|| fastrand::u64(..));
    let runs = number("FUNNELFLUX_SUPERSETS").map_or(RUNS, |runs| usize::try_from(runs).unwrap());
    for_each_type(&mut |name, again| {
        let schema = &DOCUMENT["components"]["schemas"][name];
        let mut random = Rng::with_seed(seed);
        for _ in 0..runs {
            let sent = superset(schema, &mut random);
            // The value is decoded from text, as over the wire.
            let text = sent.to_string();
            let message = |error: &str| format!("{name}, FUNNELFLUX_SEED={seed}: {error}\n{text}");
            let (encoded, _) = again(&text).unwrap_or_else(|error| panic!("{}", message(&error.to_string())));
            let encoded = serde_json::from_str(&encoded).unwrap();
            if let Some(pointer) = lost(&sent, &encoded, schema, "") {
                panic!("{}", message(&format!("lost at {pointer}: {encoded}")));
            }
        }
    });
}

/// Members of a JSON object, each with its value as JSON text.
fn members(text: &str) -> BTreeMap<String, Box<RawValue>> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_field_whose_type_is_inferred_keeps_a_value_of_any_type() {
    let mut inferred = 0;
    for_each_type(&mut |name, again| {
        let schema = &DOCUMENT["components"]["schemas"][name];
        let required = schema["required"].as_array().into_iter().flatten();
        let required: Vec<&str> = required.filter_map(Value::as_str).collect();
        let properties = schema["properties"].as_object().into_iter().flatten();
        for (property, property_schema) in properties {
            let evidence = Evidence::of(property_schema).or_else(|| Evidence::of(schema));
            let is_inferred = evidence.is_some_and(|evidence| evidence != Evidence::Page);
            inferred += usize::from(is_inferred);
            let type_name = resolve(property_schema)["type"].as_str();
            for (value, value_type) in [
                ("null", "null"),
                ("true", "boolean"),
                ("12345678901234567890123", "number"),
                ("1.50", "number"),
                (r#""text""#, "string"),
                ("[1,[2.0]]", "array"),
                ("[]", "array"),
                (r#"{"a":{"b":[18446744073709551616]}}"#, "object"),
                ("{}", "object"),
            ] {
                let mut sent: Map<String, Value> = Map::new();
                for other in required.iter().filter(|other| *other != property) {
                    sent.insert((*other).to_owned(), "a".into());
                }
                let mut sent = members(&Value::Object(sent).to_string());
                sent.insert(property.clone(), RawValue::from_string(value.to_owned()).unwrap());
                let text = serde_json::to_string(&sent).unwrap();
                let decoded = again(&text);
                if !is_inferred {
                    // A value of another type than the documented one is an error.
                    let is_other = matches!((type_name, value_type), (Some("string"), "number" | "boolean"));
                    assert!(!is_other || decoded.is_err(), "{name}: {text}");
                    continue;
                }
                let (encoded, debug) = decoded.unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
                let encoded = members(&encoded);
                let texts = |members: &BTreeMap<String, Box<RawValue>>| {
                    let texts = members
                        .iter()
                        .map(|(name, raw)| (name.clone(), raw.get().to_owned()));
                    texts.collect::<BTreeMap<String, String>>()
                };
                let mut expected = texts(&sent);
                if value == "null" && !required.contains(&property.as_str()) {
                    // The service may show an absent property as `null`, but may refuse `null` in requests.
                    expected.remove(property);
                }
                assert_eq!(texts(&encoded), expected, "{name}");
                // The output of `Debug` shows that the value is not in the field.
                let is_kept = expected.contains_key(property);
                if type_name == Some("string") && value_type != "string" && is_kept {
                    let shown = format!("{property:?}: <unexpected>");
                    assert!(debug.contains(&shown), "{name}: {text}: {debug}");
                }
            }
        }
    });
    let is_transcription = funnelflux_suites::document::is_transcription();
    assert!(inferred > 100 || !is_transcription, "{inferred}");
}
