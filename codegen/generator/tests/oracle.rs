//! Tests that the comparison of two documents predicts the impact of each change on users of the crate. The
//! oracle is the generated code. The comparison must predict every change of the code's public interface.
//! `codegen/diff/tests/documents.rs` uses the same random schemas to test that breaking changes of requests
//! and responses are predicted.
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
use funnelflux_diff::Report;
use funnelflux_generator::{
    Input, Options, generate,
    impact::{self, Impact},
};
use funnelflux_openapi::{Document, Source, normalise, read};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

#[expect(dead_code, reason = "the program that serves requests is another one")]
#[path = "../../../xtask/src/isolated.rs"]
mod isolated;

#[path = "oracle/interface.rs"]
mod interface;

#[path = "../../diff/tests/random/mod.rs"]
mod random;

use interface::Interface;
use random::{Schemas, pair, pick};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Request,
    Response,
}

/// Builds a document with one operation that sends or receives the schema.
fn operation(schemas: &Schemas, direction: Direction) -> Value {
    let content = json!({"description": "d", "content": {"application/json": {"schema": schemas.root}}});
    let members = match direction {
        Direction::Request => json!({"requestBody": content, "responses": {"204": {"description": "d"}}}),
        Direction::Response => json!({"responses": {"200": content}}),
    };
    json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {"/offersource/save/": {"put": members}},
        "components": {"schemas": schemas.named},
    })
}

fn document(name: &str, value: &Value) -> Document {
    let text = value.to_string();
    let (document, _) = normalise::normalise(read::read(Source { name, text: &text }).unwrap()).unwrap();
    document
}

fn compare(old: &Value, new: &Value) -> Report {
    diff::compare(&document("old", old), &document("new", new))
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

/// Returns the public interface of the code that is generated from a document. Returns `None` if the
/// generator rejects the document.
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

/// Describes a change of the interface that the comparison did not predict. Returns `None` if there is no
/// such change, or if the generator rejects one of the documents.
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
    // Many cases are necessary, because the generator rejects most pairs.
    #![proptest_config(config(200))]

    #[test]
    fn changes_of_the_interface_are_predicted(seed in any::<u64>()) {
        let mut random = Rng::with_seed(seed);
        let pair = pair(&mut random);
        let direction = pick(&mut random, &[Direction::Request, Direction::Response]);
        let [old, new] = [&pair.old, &pair.new].map(|schemas| operation(schemas, direction));
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
            operation(&Schemas { root, named }, Direction::Response)
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

/// Checks that enough of the random pairs generate code, and that some of them change the interface.
#[test]
fn random_pairs_exercise_the_oracle() {
    let (mut generated, mut changed) = (0, 0);
    for seed in 0..200 {
        let mut random = Rng::with_seed(seed);
        let pair = pair(&mut random);
        let interface = |schemas: &Schemas| interface(&operation(schemas, Direction::Request));
        if let Some((old, new)) = interface(&pair.old).zip(interface(&pair.new)) {
            generated += 1;
            changed += usize::from(old.compare(&new).0 > Impact::None);
        }
    }
    assert!(generated > 4, "{generated} of 200 pairs generate");
    assert!(changed > 0, "{changed} of {generated} interfaces change");
}
