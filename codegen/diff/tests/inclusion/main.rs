//! Checks proofs about random pairs of schemas against a validator for JSON Schema.
//!
//! The environment variable `PROOF_SEED` selects other pairs, and `PROOF_PAIRS` sets their number.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod schemas;
mod values;

use std::{cell::LazyCell, env};

use fastrand::Rng;
use funnelflux_diff::{Direction, Proof, Side, prove};
use funnelflux_openapi::pointer::Pointer;
use jsonschema::Validator;
use schemas::{PARTS, change, is_circular, pick, schema};
use serde_json::{Map, Value, json};
use values::draw;

const PAIRS: u64 = 10_000;
/// Number of values that are drawn for a pair.
const DRAWS: usize = 16;

/// Converts an `OpenAPI` 3.0 schema to JSON Schema. If `is_exact` is false, `oneOf` becomes `anyOf`.
fn plain(schema: &Value, is_exact: bool) -> Value {
    let Some(members) = schema.as_object() else {
        return schema.clone();
    };
    let part = |schema: &Value| self::plain(schema, is_exact);
    let mut plain = Map::new();
    for (key, value) in members {
        let key = key.strip_prefix("x-").unwrap_or(key);
        let value = match (key, value) {
            ("properties" | "patternProperties" | "dependentSchemas", Value::Object(all)) => all
                .iter()
                .map(|(name, value)| (name.clone(), part(value)))
                .collect::<Map<_, _>>()
                .into(),
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(parts)) => {
                parts.iter().map(part).collect()
            }
            ("not", value) => part(value),
            (key, value) if PARTS.iter().any(|part| part.trim_start_matches("x-") == key) => part(value),
            ("nullable", _) => continue,
            ("exclusiveMinimum", _) => match members.get("minimum").filter(|_| *value == true) {
                Some(limit) => limit.clone(),
                None => continue,
            },
            ("exclusiveMaximum", _) => match members.get("maximum").filter(|_| *value == true) {
                Some(limit) => limit.clone(),
                None => continue,
            },
            _ => value.clone(),
        };
        let key = if key == "oneOf" && !is_exact { "anyOf" } else { key };
        plain.insert(key.to_owned(), value);
    }
    for (key, other) in [
        ("patternProperties", "additionalProperties"),
        ("prefixItems", "items"),
    ] {
        let kept = members.get(&format!("x-{other}"));
        if plain.contains_key(key) {
            plain.shift_remove(other);
            plain.extend(kept.map(|kept| (other.to_owned(), part(kept))));
        }
    }
    if members.get("nullable") == Some(&Value::Bool(true)) {
        return json!({"anyOf": [{"type": "null"}, plain]});
    }
    plain.into()
}

fn validator(schema: &Value, shared: &Value, is_exact: bool) -> Validator {
    let mut root = json!({"allOf": [plain(schema, is_exact)]});
    root["components"] = json!({"schemas": {"Shared": plain(shared, is_exact)}});
    let options = jsonschema::draft202012::options();
    options.should_validate_formats(true).build(&root).unwrap()
}

/// Creates two versions of a schema, each with a version of the shared schema.
fn versions(random: &mut Rng) -> [(Value, Value); 2] {
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
    [(old, old_shared), (new, new_shared)]
}

#[test]
fn proofs_agree_with_a_validator() {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seed = number("PROOF_SEED").unwrap_or(1);
    let pairs = number("PROOF_PAIRS").unwrap_or(PAIRS);
    println!("PROOF_SEED={seed}");
    let random = &mut Rng::with_seed(seed);
    let (mut included, mut distinct, mut refuted) = (0_u32, 0_u32, 0_u32);
    let (mut undecided, mut missed) = (0_u32, 0_u32);
    for _ in 0..pairs {
        let [(old, old_shared), (new, new_shared)] = versions(random);
        if is_circular(&old_shared) || is_circular(&new_shared) {
            continue;
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
        let validators = |schema, shared| {
            [true, false].map(|is_exact| LazyCell::new(move || validator(schema, shared, is_exact)))
        };
        let old = (&old, &old_shared, validators(&old, &old_shared));
        let new = (&new, &new_shared, validators(&new, &new_shared));
        let (small, large, side) = match direction {
            Direction::Response => (&new, &old, Side::New),
            _ => (&old, &new, Side::Old),
        };
        // Checks whether a value breaks in one interpretation of `oneOf`.
        let breaks_in = |value: &Value, reading: usize| {
            small.2[reading].is_valid(value) && !large.2[reading].is_valid(value)
        };
        let breaks = |value: &&Value| breaks_in(value, 0);
        let place = || {
            format!(
                "{direction}: {} and {}, PROOF_SEED={seed}",
                documents[0], documents[1]
            )
        };
        let counterexample = (0..DRAWS)
            .map(|_| draw(random, small.0, small.1, 3))
            .find(|value| breaks(&value));
        match proof {
            Proof::Included => {
                included += 1;
                assert!(
                    counterexample.is_none(),
                    "{} is allowed on one side: {}",
                    counterexample.unwrap(),
                    place()
                );
            }
            Proof::IncludedIfDistinct => {
                distinct += 1;
                let counterexample = (0..DRAWS)
                    .map(|_| draw(random, small.0, small.1, 3))
                    .find(|value| breaks_in(value, 1));
                assert!(
                    counterexample.is_none(),
                    "{} is allowed on one side: {}",
                    counterexample.unwrap(),
                    place()
                );
            }
            Proof::Counterexample { value, accepted_by } => {
                refuted += 1;
                assert_eq!(accepted_by, side);
                let is_counterexample = (0..2).all(|reading| breaks_in(&value, reading));
                assert!(is_counterexample, "{value} is no counterexample: {}", place());
            }
            Proof::Undecided => {
                undecided += 1;
                if let Some(counterexample) = counterexample {
                    missed += 1;
                    if env::var("PROOF_SHOW").is_ok() {
                        println!("undecided, {counterexample}: {}", place());
                    }
                }
            }
            Proof::None => unreachable!("both documents have the schema"),
        }
    }
    println!(
        "included {included} and {distinct} if distinct, refuted {refuted}, undecided {undecided}, \
         {missed} of them with a counterexample"
    );
    assert!(
        u64::from(undecided) * 5 < pairs,
        "{undecided} of {pairs} are undecided"
    );
}
