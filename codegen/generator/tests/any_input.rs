//! Tests that the stages `read`, `normalise`, `supersede`, `overlay` and `lint` do not panic, whatever the
//! input is. Also tests that diagnostics have locations, and that the locations in a document agree with its
//! text.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise"
)]

use funnelflux_generator::{lint, overlay, supersede};
use funnelflux_openapi::{
    Document, Source, normalise,
    pointer::{Pointer, PointerBuf},
    read,
};
use proptest::prelude::*;
use serde_json::Value;

const UPSTREAM: &str = include_str!("documents/offer-sources.json");
const SWAGGER: &str = include_str!("documents/swagger20/assets.yaml");
const OPENAPI31: &str = include_str!("documents/openapi31/assets.yaml");
const PATH_ITEMS: &str = include_str!("documents/path-items/openapi31.yaml");
const TOGETHER: &str = include_str!("documents/openapi31/together.yaml");
const MIXED: &str = include_str!("documents/swagger20/mixed.yaml");
const OVERLAY: &str = "\
overlay: 1.1.0
info: {title: t, version: '1'}
actions:
- {target: $.paths.*, description: because, update: {x-seen: [1]}}
- {target: $..required, description: because, remove: true}
- {target: $.info, description: because, copy: '$.tags[0]'}
";

/// Runs the stages up to the first error. Asserts that each diagnostic of `normalise` and `lint` has a
/// location.
fn run(name: &str, text: &str, overlay: &str) {
    let Ok(document) = read::read(Source { name, text }) else {
        return;
    };
    let document = match normalise::normalise(document) {
        Ok((document, _)) => document,
        Err(diagnostics) => {
            assert!(
                diagnostics.iter().all(|diagnostic| diagnostic.location.is_some()),
                "{diagnostics}"
            );
            return;
        }
    };
    let diagnostics = lint::lint(&document);
    assert!(
        diagnostics.iter().all(|diagnostic| diagnostic.location.is_some()),
        "{diagnostics}"
    );
    let source = Source {
        name: "o.yaml",
        text: overlay,
    };
    let Ok(overlays) = overlay::read(&[source]) else {
        return;
    };
    let superseded = supersede::supersede(document, overlays);
    if let Ok(applied) = overlay::apply(superseded.document, &superseded.overlays) {
        let _ = lint::lint(&applied.document);
    }
}

/// Generates a value to insert into a document.
fn any_value() -> impl Strategy<Value = Value> {
    let words = "(\\$ref|#/components/schemas/OfferSource|#/definitions/X|#/paths/~1own~1\\{id\\}|\
                 #/components/pathItems/A|#here|object|array|null|string|a|/x/\\{y\\}|200|x-z|)";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words.prop_map(Value::from),
    ];
    let keys = "(\\$ref|type|allOf|oneOf|anyOf|enum|const|items|properties|required|in|name|schema|content|\
                get|nullable|\\$defs|\\$anchor|prefixItems|security|callbacks|discriminator|examples|\
                parameters|responses|200|default|a)";
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys, inner), 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// Collects the pointers to all parts of a value.
fn pointers(value: &Value, at: &Pointer, all: &mut Vec<PointerBuf>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                pointers(value, &at.with_trailing_token(key), all);
            }
        }
        Value::Array(array) => {
            for (index, value) in array.iter().enumerate() {
                pointers(value, &at.with_trailing_token(index), all);
            }
        }
        _ => {}
    }
    all.push(at.to_buf());
}

/// Generates a document in which some values are replaced and some keys are renamed.
fn mutated(text: &'static str) -> impl Strategy<Value = String> {
    let value = read::parse(Source { name: "a", text }).unwrap().into_value();
    let mut all = Vec::new();
    pointers(&value, Pointer::root(), &mut all);
    let change = (0..all.len(), any_value(), prop::option::of("[a-zA-Z$]{1,9}"));
    prop::collection::vec(change, 1..6).prop_map(move |changes| {
        let mut value = value.clone();
        for (index, new, key) in changes {
            let place = all.get(index).unwrap();
            match (key, place.split_back()) {
                (Some(key), Some((parent, old))) => {
                    if let Some(object) = value.pointer_mut(parent.as_str()).and_then(Value::as_object_mut)
                        && let Some(member) = object.shift_remove(&*old.decoded())
                    {
                        object.insert(key, member);
                    }
                }
                _ => {
                    if let Some(old) = value.pointer_mut(place.as_str()) {
                        *old = new;
                    }
                }
            }
        }
        value.to_string()
    })
}

/// Asserts that the text at the location of each member begins with the key of the member, and that the text
/// at the location of each scalar item begins with the item.
fn places_agree(document: &Document, text: &str) {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut all = Vec::new();
    pointers(document.value(), Pointer::root(), &mut all);
    for place in all {
        let location = document.locate(&place);
        let line = lines[location.line - 1];
        let found: String = line.chars().skip(location.column - 1).collect();
        let Some((parent, token)) = place.split_back() else {
            continue;
        };
        if document.get(parent).unwrap().is_object() {
            let key = token.decoded();
            let quoted = serde_json::to_string(&*key).unwrap();
            assert!(
                found.starts_with(&*key)
                    || found.starts_with(&quoted)
                    || found.starts_with(&format!("'{key}'")),
                "{place}: {location}: {found}"
            );
        } else {
            let value = document.get(&place).unwrap();
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let starts = match value {
                Value::Object(_) | Value::Array(_) => !found.is_empty(),
                _ => found.trim_start_matches(['"', '\'']).starts_with(&text),
            };
            assert!(starts, "{place}: {location}: {found}");
        }
    }
}

#[test]
fn places_agree_with_the_text() {
    for (name, text) in [("a.json", UPSTREAM), ("a.yaml", SWAGGER), ("b.yaml", OPENAPI31)] {
        places_agree(&read::read(Source { name, text }).unwrap(), text);
    }
}

#[test]
fn places_in_one_long_line_are_found() {
    // The test is too slow if the scanner counts characters from the start of the line for each member.
    let members: Vec<String> = (0..100_000)
        .map(|index| format!(r#""ü{index}":{index}"#))
        .collect();
    let text = format!("{{{}}}", members.join(","));
    let source = Source {
        name: "a.json",
        text: &text,
    };
    let document = read::parse(source).unwrap();
    let last = document.locate("/ü99999");
    let length = text.chars().count();
    assert_eq!(
        (last.line, last.column),
        (1, length - members[99_999].chars().count())
    );
}

/// Configures few cases, because each case runs all stages on a whole document. Set `PROPTEST_CASES` to run
/// more cases.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let cases = std::env::var_os("PROPTEST_CASES").map_or(48, |_| default.cases);
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..default
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        run("a", &text, OVERLAY);
        run("a.json", &text, OVERLAY);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let text = String::from_utf8_lossy(&bytes);
        run("a.yaml", &text, OVERLAY);
        run("a.json", &text, OVERLAY);
        run("a.json", UPSTREAM, &text);
    }

    #[test]
    fn any_yaml_signs_are_read_or_refused(text in "[\\-:?&*!|>%@`\"'#,\\[\\]{}a-c0-1 \n\t<~.]{0,120}") {
        run("a.yaml", &text, &text);
        run("a.json", UPSTREAM, &format!("{OVERLAY}{text}"));
    }

    #[test]
    fn a_text_cut_or_bent_anywhere_is_read_or_refused(
        at in any::<prop::sample::Index>(),
        length in 0..9usize,
        new in "\\PC{0,3}",
    ) {
        for (name, text) in [("a.json", UPSTREAM), ("a.yaml", SWAGGER), ("b.yaml", OPENAPI31)] {
            let start = at.index(text.len());
            let end = (start + length).min(text.len());
            let mut bytes = text.as_bytes().to_vec();
            bytes.splice(start..end, new.bytes());
            run(name, &String::from_utf8_lossy(&bytes), OVERLAY);
        }
    }

    #[test]
    fn a_mutated_document_is_normalised_and_linted_or_refused(text in mutated(UPSTREAM)) {
        run("a.json", &text, OVERLAY);
    }

    #[test]
    fn a_mutated_swagger_document_is_normalised_and_linted_or_refused(text in mutated(SWAGGER)) {
        run("a.json", &text, OVERLAY);
    }

    #[test]
    fn a_mutated_openapi_31_document_is_normalised_and_linted_or_refused(text in mutated(OPENAPI31)) {
        run("a.json", &text, OVERLAY);
    }

    #[test]
    fn a_mutated_document_of_references_is_normalised_and_linted_or_refused(
        path_items in mutated(PATH_ITEMS),
        together in mutated(TOGETHER),
        mixed in mutated(MIXED),
    ) {
        for text in [path_items, together, mixed] {
            run("a.json", &text, OVERLAY);
        }
    }

    #[test]
    fn any_number_is_the_same_in_json_and_yaml(
        text in "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?([eE][-+]?[0-9]{1,2})?",
    ) {
        // `serde_json` reads `-0` as a float.
        prop_assume!(text != "-0");
        let text = format!("{{\"a\": 0.5, \"b\": {text}}}");
        let read = |text: &str| read::parse(Source { name: "a", text }).unwrap();
        // A text that starts with a comment is not JSON, so it is read as YAML.
        let (json, yaml) = (read(&text), read(&format!("# YAML\n{text}")));
        prop_assert_eq!(json.value(), yaml.value());
        prop_assert_eq!(json.warnings().len(), yaml.warnings().len());
        // If there is no warning, the digits stay the same, apart from zeros and the exponent.
        let digits = |text: &str| {
            let mantissa = text.split(['e', 'E']).next().unwrap().replace(['-', '.'], "");
            mantissa.trim_matches('0').to_owned()
        };
        let before = text.rsplit([' ', '}']).nth(1).unwrap();
        let after = json.get("/b").unwrap().to_string();
        prop_assert_eq!(json.warnings().is_empty(), digits(before) == digits(&after), "{} {}", before, after);
    }

    #[test]
    fn any_target_is_applied_or_refused(target in "\\$[\\[\\]().*?@'\"a-z0-9:,&|!=<> $-]{0,40}") {
        let target = Value::from(target);
        let text = format!("{OVERLAY}- {{description: because, remove: true, target: {target}}}\n");
        run("a.json", UPSTREAM, &text);
    }

    #[test]
    fn places_of_any_json_agree(value in any_value()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let document = read::parse(Source { name: "a.json", text: &text }).unwrap();
            prop_assert_eq!(document.value(), &value);
            places_agree(&document, &text);
        }
    }
}
