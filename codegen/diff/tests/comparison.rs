//! Compares documents with random changes: the report must miss no change, and its fingerprints must not
//! depend on the order of keys.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod support;

use std::{collections::BTreeSet, sync::LazyLock};

use funnelflux_diff::{Level, Report};
use funnelflux_openapi::{
    Document,
    pointer::{Pointer, PointerBuf},
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use support::{Case, cases, compare, compare_values, read_document};

/// Returns a document with one part of each kind, for changes at random places.
fn everything() -> Value {
    let text = include_str!("everything.yaml");
    support::read_document("everything.yaml", text).into_value()
}

fn set(document: &mut Value, pointer: &str, key: &str, value: Value) {
    let object = document.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
    object.insert(key.to_owned(), value);
}

fn fingerprints(report: &Report) -> BTreeSet<String> {
    let changes = report.changes.iter();
    changes.map(|change| change.fingerprint.clone()).collect()
}

const THING: &str = "/components/schemas/Thing";
const PROPERTIES: &str = "/components/schemas/Thing/properties";
const LIST: &str = "/paths/~1thing~1list~1/get";

/// An allow list that accepts one value must not accept a different value.
#[test]
fn the_fingerprint_of_an_addition_depends_on_the_value() {
    let fingerprints = |change: &dyn Fn(&mut Value)| {
        let mut new = everything();
        change(&mut new);
        let report = compare_values(&everything(), &new);
        let all = self::fingerprints(&report);
        assert!(!all.is_empty());
        all
    };
    let property =
        |members: Value| fingerprints(&|document| set(document, PROPERTIES, "fresh", members.clone()));
    let of_name = |key: &'static str, value: Value| {
        fingerprints(&|document| set(document, &format!("{PROPERTIES}/name"), key, value.clone()))
    };
    for (one, another) in [
        (of_name("default", json!("a")), of_name("default", json!("b"))),
        (of_name("enum", json!(["a"])), of_name("enum", json!(["b"]))),
        (
            property(json!({"type": "string"})),
            property(json!({"type": "integer"})),
        ),
    ] {
        assert!(one.is_disjoint(&another));
    }
}

#[test]
fn the_fingerprint_of_an_unclassified_change_does_not_depend_on_order() {
    let unknown = |before: Value, after: Value, first: bool| {
        let list = |value: Value| {
            let mut document = everything();
            let own = json!({"name": "own", "in": "query", "schema": {"type": "string"}, "unheard": value});
            let other = json!({"name": "other", "in": "query", "schema": {"type": "string"}});
            let list = if first { vec![own, other] } else { vec![other, own] };
            set(&mut document, LIST, "parameters", Value::from(list));
            document
        };
        let report = compare_values(&list(before), &list(after));
        assert_eq!(report.changes.len(), 1, "{}", report.view().text());
        assert_eq!(report.changes[0].id, "unclassified");
        report.changes[0].fingerprint.clone()
    };
    let fingerprint = unknown(json!(1), json!(2), true);
    assert_eq!(unknown(json!(1), json!(2), false), fingerprint);
    // Texts that differ only at the end have different fingerprints.
    let long = |end: &str| json!(format!("{}{end}", "long ".repeat(100)));
    assert_ne!(
        unknown(long("a"), long("b"), true),
        unknown(long("a"), long("c"), true)
    );
}

/// References can form a long chain, on which recursion would overflow the stack.
#[test]
fn a_long_chain_of_references_does_not_overflow_the_stack() {
    let chain = |last: &str| {
        let mut document = everything();
        let long = 1_000;
        for index in 0..long {
            let next = json!({"$ref": format!("#/components/schemas/Chain{}", index + 1)});
            let link = json!({"allOf": [next], "properties": {"a": next}});
            set(
                &mut document,
                "/components/schemas",
                &format!("Chain{index}"),
                link,
            );
        }
        set(
            &mut document,
            "/components/schemas",
            &format!("Chain{long}"),
            json!({"type": last}),
        );
        let reference = json!({"$ref": "#/components/schemas/Chain0"});
        set(&mut document, THING, "not", reference);
        document
    };
    let report = compare_values(&chain("string"), &chain("integer"));
    assert_eq!(
        report.worst_level(),
        Some(Level::Breaking),
        "{}",
        report.changes.len()
    );
}

/// The order of the types in a list has no meaning, so another order is not a change.
#[test]
fn a_list_of_types_has_no_order() {
    let document = |types: &str| {
        let schemas = format!(
            "{{A: {{type: {types}}}, B: {{type: {types}, enum: [a, 1]}}, C: {{allOf: [{{type: {types}}}]}}}}"
        );
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: v}}\npaths: {{}}\ncomponents: {{schemas: {schemas}}}"
        );
        read_document("api.yaml", &text)
    };
    let report = compare(
        &document("[string, integer, 'null']"),
        &document("['null', integer, string]"),
    );
    assert!(report.changes.is_empty(), "{:?}", report.changes);
}

/// If two long texts differ, a report shows the part that differs.
#[test]
fn the_difference_of_long_texts_is_shown() {
    let described = |sentence: &str| {
        let mut document = everything();
        let before = "The time that a request may take before it is given up. ".repeat(4);
        let after = " It is counted from the moment when the request has come in.".repeat(4);
        set(
            &mut document,
            THING,
            "description",
            json!(format!("{before}{sentence}{after}")),
        );
        document
    };
    let report = compare_values(
        &described("It may be sent empty."),
        &described("It must never be sent."),
    );
    insta::assert_snapshot!("long_texts", report.changes[0].what);
}

#[test]
fn text_of_the_document_is_escaped() {
    let mut new = everything();
    let name = "a\n::error::b\u{1b}[2J`@c <d> [e](f) *g* \\[h\\](i) \\|";
    set(
        &mut new,
        PROPERTIES,
        name,
        json!({"type": "string", "default": "`@h` <i> | \n::error::j"}),
    );
    let report = compare_values(&everything(), &new);
    insta::assert_snapshot!(
        "commands",
        format!("{}\n{}", report.view().text(), report.view().markdown())
    );
}

/// Returns the same document with the keys of every object in another order.
fn reordered(value: &Value, seed: usize) -> Value {
    match value {
        Value::Object(members) => {
            let mut keys: Vec<&String> = members.keys().collect();
            keys.sort_by_key(|key| {
                key.bytes()
                    .fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()))
            });
            keys.into_iter()
                .map(|key| (key.clone(), reordered(&members[key], seed)))
                .collect::<Map<_, _>>()
                .into()
        }
        Value::Array(entries) => entries.iter().map(|entry| reordered(entry, seed)).collect(),
        scalar => scalar.clone(),
    }
}

fn pointers(value: &Value, at: &Pointer, all: &mut Vec<PointerBuf>) {
    all.push(at.to_buf());
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                pointers(value, &at.with_trailing_token(key), all);
            }
        }
        Value::Array(entries) => {
            for (index, value) in entries.iter().enumerate() {
                pointers(value, &at.with_trailing_token(index), all);
            }
        }
        _ => {}
    }
}

/// Returns keys and values that mutations insert. Some of them are unknown to OpenAPI.
fn ingredients() -> (Vec<String>, Vec<Value>) {
    let keys = "type format nullable enum default minimum maximum minLength pattern required properties \
                items additionalProperties allOf oneOf not $ref description summary title example tags \
                deprecated readOnly parameters requestBody responses content schema headers security servers \
                x-other unheard-of get 201";
    let values = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(10.5),
        json!(""),
        json!("string"),
        json!("object"),
        json!("It must never be sent."),
        json!([]),
        json!(["id"]),
        json!({}),
        json!({"type": "string"}),
        json!([{"type": "integer"}]),
        json!({"$ref": "#/components/schemas/Note"}),
        json!({"$ref": "#/components/schemas/Gone"}),
        json!([{"name": "a", "in": "query"}]),
        json!({"a": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}),
        json!("#/components/schemas/Shape"),
    ];
    (
        keys.split_whitespace().map(str::to_owned).collect(),
        Vec::from(values),
    )
}

#[derive(Clone, Debug)]
struct Mutation {
    place: prop::sample::Index,
    kind: usize,
    key: prop::sample::Index,
    value: prop::sample::Index,
}

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let mutation = (
        any::<prop::sample::Index>(),
        0..5_usize,
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
    )
        .prop_map(|(place, kind, key, value)| Mutation {
            place,
            kind,
            key,
            value,
        });
    prop::collection::vec(mutation, 1..4)
}

fn mutate(document: &mut Value, mutation: &Mutation) {
    let (keys, values) = ingredients();
    let mut all = Vec::new();
    pointers(document, Pointer::root(), &mut all);
    let pointer = mutation.place.get(&all).clone();
    let value = mutation.value.get(&values).clone();
    let target = document.pointer_mut(pointer.as_str()).unwrap();
    match (mutation.kind, target) {
        (0, Value::Object(members)) if !members.is_empty() => {
            let key = members
                .keys()
                .nth(mutation.key.index(members.len()))
                .unwrap()
                .clone();
            members.shift_remove(&key);
        }
        (0, Value::Array(entries)) if !entries.is_empty() => {
            entries.remove(mutation.key.index(entries.len()));
        }
        (1, Value::Object(members)) => {
            members.insert(mutation.key.get(&keys).clone(), value);
        }
        (1, Value::Array(entries)) => entries.insert(mutation.key.index(entries.len() + 1), value),
        (2, Value::Array(entries)) if entries.len() > 1 => {
            let last = entries.len() - 1;
            entries.swap(mutation.key.index(last), last);
        }
        (3, Value::Object(members)) if !members.is_empty() => {
            // Rename a key.
            let key = members
                .keys()
                .nth(mutation.key.index(members.len()))
                .unwrap()
                .clone();
            let value = members.shift_remove(&key).unwrap();
            members.insert(format!("{key}x"), value);
        }
        (_, target) if !pointer.is_empty() => *target = value,
        _ => {}
    }
}

/// Reads the number of random cases from the environment variable `PROPTEST_CASES`. The default is only 48,
/// which is fast.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    ProptestConfig {
        failure_persistence: None,
        cases: cases.unwrap_or(48),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_random_change_is_silent(mutations in mutations(), seed in any::<usize>()) {
        let old = everything();
        let mut new = old.clone();
        for mutation in &mutations {
            mutate(&mut new, mutation);
        }
        let forwards = compare_values(&old, &new);
        let backwards = compare_values(&new, &old);
        prop_assert_eq!(old == new, forwards.is_empty(), "{}", forwards.view().text());
        prop_assert_eq!(old == new, backwards.is_empty(), "{}", backwards.view().text());

        let fingerprints = fingerprints(&forwards);
        let again = compare_values(&reordered(&old, seed), &reordered(&new, seed.rotate_left(7)));
        prop_assert_eq!(fingerprints, self::fingerprints(&again), "fingerprints depend on the order of keys");
        // Every change has a text.
        prop_assert!(!forwards.view().text().is_empty() && !forwards.view().markdown().is_empty());
        prop_assert_eq!(forwards.view().github().lines().count(), forwards.changes.len());
    }

    #[test]
    fn a_document_does_not_differ_from_itself(mutations in mutations(), seed in any::<usize>()) {
        let mut document = everything();
        for mutation in &mutations {
            mutate(&mut document, mutation);
        }
        let report = compare_values(&document, &reordered(&document, seed));
        prop_assert!(report.is_empty(), "{}", report.view().text());
    }

    /// A changed description does not hide a breaking change.
    #[test]
    fn a_breaking_change_stays_breaking_beside_others(
        index in any::<prop::sample::Index>(),
        mutations in mutations(),
    ) {
        let case = index.get(&BREAKING);
        // The provenance keeps the version of OpenAPI, on which the meaning of `nullable` depends.
        let (mut old, provenance) = case.old.clone().into_parts();
        for mutation in &mutations {
            describe(&mut old, mutation);
        }
        let level = compare(&Document::new(old, provenance), &case.new).worst_level();
        prop_assert_eq!(level, Some(Level::Breaking), "{}", case.folder.display());
    }
}

/// Cases with a breaking change.
static BREAKING: LazyLock<Vec<&Case>> = LazyLock::new(|| {
    let is_breaking = |case: &&Case| compare(&case.old, &case.new).worst_level() == Some(Level::Breaking);
    cases().iter().filter(is_breaking).collect()
});

/// Changes or adds the description of the document, or of a schema, parameter, response or operation.
fn describe(document: &mut Value, mutation: &Mutation) {
    let mut all = Vec::new();
    pointers(document, Pointer::root(), &mut all);
    all.retain(|pointer| {
        let has = |key| {
            document
                .pointer(pointer.as_str())
                .is_some_and(|value| value.get(key).is_some())
        };
        pointer == "/info" || ["description", "type", "in", "responses"].into_iter().any(has)
    });
    if let Some(Value::Object(members)) = document.pointer_mut(mutation.place.get(&all).as_str()) {
        members.insert("description".to_owned(), json!("Other words."));
    }
}
