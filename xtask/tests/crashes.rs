//! Documents on which the generator crashes: each is reported with its place, and the command goes on.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{fs, process::Command};

use serde_json::{Map, Value, json};

const DOCUMENT: &str = include_str!("upstream.json");

/// Standard output and error of `check` on a document with these schemas, and its exit code.
fn check(schemas: &Value) -> (String, Option<i32>) {
    let mut document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let all = document
        .pointer_mut("/components/schemas")
        .unwrap()
        .as_object_mut()
        .unwrap();
    all.extend(schemas.as_object().unwrap().clone());
    let root = tempfile::tempdir().unwrap();
    for folder in ["spec", "generated"] {
        fs::create_dir(root.path().join(folder)).unwrap();
    }
    fs::write(root.path().join("spec/upstream.json"), format!("{document:#}")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("check")
        .arg("--root")
        .arg(root.path())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8(text).unwrap(), output.status.code())
}

/// One error, on a schema whose name begins with `schema`.
fn assert_crash(text: &str, schema: &str, crash: &str) {
    let error = format!("error[progenitor::generator-crash] at /components/schemas/{schema}");
    assert_eq!(text.matches("error[").count(), 1, "{text}");
    let is_it = |line: &&str| line.starts_with("spec/upstream.json:") && line.contains(&error);
    let line = text.lines().find(is_it).unwrap_or_default();
    assert!(
        line.contains(&format!("the generator crashed: {crash}")),
        "{text}"
    );
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

#[test]
fn a_stack_overflow_is_located() {
    let next = |name: &str| json!({"type": "object", "properties": {"next": reference(name)}});
    let (text, code) = check(&json!({
        "Left": next("Left"),
        "Right": next("Right"),
        "Both": {"allOf": [reference("Left"), reference("Right")]},
        "User": next("Both"),
    }));
    assert_crash(&text, "Both", "it overflowed its stack");
    assert_eq!(code, Some(2), "{text}");
}

#[test]
fn a_panic_is_located() {
    let (text, code) = check(&json!({"Empty": {"allOf": []}}));
    assert_crash(
        &text,
        "Empty",
        "we should not be trying to merge an empty array of schemas (typify-impl-",
    );
    assert_eq!(code, Some(2), "{text}");
}

/// Each schema is merged nine times by the one before it.
#[test]
fn an_endless_run_is_located() {
    let merged = |index: usize| {
        let next = reference(&format!("Wide{}", index + 1));
        let properties: Map<String, Value> = (0..8)
            .map(|number| (format!("p{number}"), next.clone()))
            .collect();
        let schema =
            json!({"oneOf": [{"type": "object", "properties": properties}], "properties": {"own": next}});
        (format!("Wide{index}"), schema)
    };
    let mut schemas: Map<String, Value> = (0..8).map(merged).collect();
    let last = json!({"type": "object", "properties": {"own": {"type": "string"}}});
    schemas.insert("Wide8".to_owned(), last);
    let (text, code) = check(&schemas.into());
    assert_crash(&text, "Wide", "it did not finish within");
    assert_eq!(code, Some(2), "{text}");
}
