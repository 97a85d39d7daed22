//! Tests that `generate` survives a document that crashes progenitor, and reports the crash with its
//! location.

use serde_json::{Map, Value, json};

use crate::support::{UPSTREAM, Workspace};

/// Checks that a document with these schemas causes only the error `crash`, at a schema whose name begins
/// with `name`.
fn assert_crash(schemas: &Value, name: &str, crash: &str) {
    let workspace = Workspace::bare();
    let mut document: Value = serde_json::from_str(&workspace.read(UPSTREAM)).unwrap();
    let all = document
        .pointer_mut("/components/schemas")
        .unwrap()
        .as_object_mut()
        .unwrap();
    all.extend(schemas.as_object().unwrap().clone());
    workspace.write(UPSTREAM, format!("{document:#}"));
    let run = workspace.xtask(&["generate", "--strict"]).ended_with(2);
    let text = format!("{}{}", run.stdout, run.stderr);
    assert_eq!(text.matches("error[").count(), 1, "{text}");
    let error = format!("error[progenitor::generator-crash] at /components/schemas/{name}");
    let is_error = |line: &&str| line.starts_with("spec/upstream.json:") && line.contains(&error);
    let line = text.lines().find(is_error).unwrap_or_default();
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
    let schemas = json!({
        "Left": next("Left"),
        "Right": next("Right"),
        "Both": {"allOf": [reference("Left"), reference("Right")]},
        "User": next("Both"),
    });
    assert_crash(&schemas, "Both", "it overflowed its stack");
}

#[test]
fn a_panic_is_located() {
    assert_crash(
        &json!({"Empty": {"allOf": []}}),
        "Empty",
        "we should not be trying to merge an empty array of schemas (typify-impl-",
    );
}

/// Each schema merges the next schema nine times, so progenitor does not finish in time.
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
    assert_crash(&schemas.into(), "Wide", "it did not finish within");
}
