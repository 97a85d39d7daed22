//! Tests that no keyword is silently dropped. Every keyword of Swagger 2.0 and `OpenAPI` 3.1 is converted,
//! kept as an extension, or reported at its own lines. In a 3.0 document, keywords of other versions are
//! reported. The tables in `tests/documents/keywords` list the keywords. Each keyword is tested in its own
//! document.

use std::fmt::Write as _;

use serde_json::Value;

use funnelflux_generator::lint;
use funnelflux_openapi::{Diagnostic, Document, Source, pointer::Pointer, read};

use crate::force;

/// Prefix of strings that must not be lost.
const MARK: &str = "keep";

struct Run {
    input: Document,
    output: Value,
    diagnostics: Vec<Diagnostic>,
}

fn run(value: &Value) -> Run {
    let text = format!("{value:#}");
    let source = Source {
        name: "document.json",
        text: &text,
    };
    let (output, diagnostics) = force(read::read(source).unwrap());
    let lint = lint::lint(&output);
    Run {
        input: read::read(source).unwrap(),
        output: output.into_value(),
        diagnostics: diagnostics.into_iter().chain(lint).collect(),
    }
}

/// Collects the pointers at which two values differ.
fn differences(before: &Value, after: &Value, pointer: &Pointer, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before {
                let place = pointer.with_trailing_token(key);
                match after.get(key) {
                    Some(other) => differences(value, other, &place, found),
                    None => found.push(format!("- {place}")),
                }
            }
            let new = after.keys().filter(|key| !before.contains_key(*key));
            found.extend(new.map(|key| format!("+ {}", pointer.with_trailing_token(key))));
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                differences(before, after, &pointer.with_trailing_token(index), found);
            }
        }
        _ if before == after => {}
        _ => found.push(format!("~ {pointer}")),
    }
}

fn marked(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with(MARK) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| marked(item, found)),
        Value::Object(members) => {
            for (key, member) in members {
                if key.starts_with(MARK) {
                    found.push(key.clone());
                }
                marked(member, found);
            }
        }
        _ => {}
    }
}

/// Describes the treatment of each keyword in a table. Panics if a keyword is lost without a report, or if a
/// keyword of another version is not reported.
fn fates(version: &str) -> String {
    let path = format!(
        "{}/tests/documents/keywords/{version}.yaml",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let table = read::parse(Source {
        name: &path,
        text: &text,
    })
    .unwrap()
    .into_value();
    let base = table.get("document").unwrap();
    // Keywords of other versions have no meaning in this version, so they must be reported even if they are
    // kept.
    let foreign = table.get("foreign").is_some();
    let before = run(base);
    let mut all = String::new();
    let mut silent = String::new();
    for group in table.get("keywords").unwrap().as_array().unwrap() {
        let places = group.get("at").unwrap().as_array().unwrap();
        for place in places.iter().map(|place| place.as_str().unwrap()) {
            for case in group.get("each").unwrap().as_array().unwrap() {
                for (key, value) in case.as_object().unwrap() {
                    let (fate, reported, carried) = fate(base, &before, place, key, value);
                    all += &fate;
                    if !reported && (foreign || !carried) {
                        silent += &fate;
                    }
                }
            }
        }
    }
    assert!(silent.is_empty(), "lost in silence:\n{silent}");
    all
}

/// Describes the treatment of a keyword in words. Also returns two flags: the first is true if the keyword is
/// reported, and the second is true if it is completely in the output.
fn fate(base: &Value, before: &Run, place: &str, key: &str, value: &Value) -> (String, bool, bool) {
    let mut changed = base.clone();
    let holder = changed.pointer_mut(place).and_then(Value::as_object_mut);
    let holder = holder.unwrap_or_else(|| panic!("{place} is no object of the document"));
    holder.insert(key.to_owned(), value.clone());
    let after = run(&changed);

    // Only diagnostics on the lines of the keyword itself count. A diagnostic on its parent does not count.
    let first = after.input.locate(&*format!("{place}/{key}"));
    let first = first.line;
    let lines = first..first + format!("{value:#}").lines().count();
    let reported: Vec<&Diagnostic> = after
        .diagnostics
        .iter()
        .filter(|diagnostic| !before.diagnostics.iter().any(|old| same(old, diagnostic)))
        .filter(|diagnostic| lines.contains(&diagnostic.location.as_ref().unwrap().line))
        .collect();
    let mut found = Vec::new();
    differences(&before.output, &after.output, Pointer::root(), &mut found);
    let mut lost = Vec::new();
    marked(&changed, &mut lost);
    let mut kept = Vec::new();
    marked(&after.output, &mut kept);
    // Each string must occur as often as in the input.
    lost.retain(|text| match kept.iter().position(|kept| kept == text) {
        Some(index) => {
            kept.swap_remove(index);
            false
        }
        None => true,
    });

    let mut fate = format!("{place} {key}: {value}\n");
    for diagnostic in &reported {
        let Diagnostic {
            severity,
            stage,
            code,
            message,
            ..
        } = diagnostic;
        writeln!(fate, "  {severity}[{stage}::{code}]: {message}").unwrap();
    }
    for difference in &found {
        writeln!(fate, "  {difference}").unwrap();
    }
    for text in &lost {
        writeln!(fate, "  lost: {text}").unwrap();
    }
    let carried = !found.is_empty() && lost.is_empty();
    (fate, !reported.is_empty(), carried)
}

/// Compares two diagnostics, but ignores their lines, which may have moved.
fn same(left: &Diagnostic, right: &Diagnostic) -> bool {
    (left.code, &left.pointer, &left.message) == (right.code, &right.pointer, &right.message)
}

#[test]
fn no_keyword_of_swagger_20_is_lost_in_silence() {
    insta::assert_snapshot!(fates("swagger20"));
}

#[test]
fn no_keyword_of_another_version_is_taken_in_silence_by_openapi_30() {
    insta::assert_snapshot!(fates("openapi30"));
}

#[test]
fn no_keyword_of_openapi_31_is_lost_in_silence() {
    insta::assert_snapshot!(fates("openapi31"));
}
