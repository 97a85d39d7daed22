//! A supplement steps back where the vendor's document says itself what was deduced, and says how good the deduction was.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::fmt::Write as _;

use funnelflux_generator::{
    Input, Output, generate,
    overlay::{self, Applied},
};
use funnelflux_openapi::{Source, read::read};
use serde_json::{Value, json};

const UPSTREAM: &str = include_str!("../../../spec/upstream.json");
const EFFECTIVE: &str = include_str!("../../../spec/effective.json");
const PAGES: Source<'_> = Source {
    name: "spec/overlays/09-pages.yaml",
    text: include_str!("../../../spec/overlays/09-pages.yaml"),
};

/// The vendor's document of a later day: it has the pages, as we deduced them.
fn later() -> Value {
    let mut document: Value = serde_json::from_str(UPSTREAM).unwrap();
    let effective: Value = serde_json::from_str(EFFECTIVE).unwrap();
    let ours = |of: &Value, prefix: &str| -> Vec<(String, Value)> {
        let all = of.as_object().unwrap().iter();
        let some = all.filter(|(name, _)| name.starts_with(prefix) && !name.starts_with("PageGroup"));
        some.map(|(name, value)| (name.clone(), plain(value))).collect()
    };
    let paths = document["paths"].as_object_mut().unwrap();
    paths.extend(ours(&effective["paths"], "/page/"));
    let schemas = document["components"]["schemas"].as_object_mut().unwrap();
    schemas.extend(ours(&effective["components"]["schemas"], "Page"));
    let tag = json!({"name": "Pages", "description": "Pages of all sorts."});
    document["tags"].as_array_mut().unwrap().push(tag);
    document
}

/// A value without our marks.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let kept = object.iter().filter(|(key, _)| !key.starts_with("x-"));
            Value::Object(kept.map(|(key, value)| (key.clone(), plain(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(plain).collect()),
        other => other.clone(),
    }
}

fn apply(document: &Value) -> Applied {
    let text = document.to_string();
    let source = Source {
        name: "spec/upstream.json",
        text: &text,
    };
    overlay::apply(read(source).unwrap(), &[PAGES]).unwrap()
}

/// What the report says, without the places where all is said to be confirmed.
fn report(applied: &Applied) -> String {
    let mut text = String::new();
    for verdict in &applied.verdicts {
        writeln!(text, "{}: {}", verdict.operation, verdict.found).unwrap();
    }
    text
}

fn generated(document: &Value) -> Output {
    let text = document.to_string();
    let upstream = Source {
        name: "spec/upstream.json",
        text: &text,
    };
    let input = Input {
        upstream,
        overlays: vec![PAGES],
        previous_lock: None,
    };
    generate(&input).unwrap()
}

#[test]
fn nothing_steps_back_from_a_document_that_lacks_the_group() {
    let upstream: Value = serde_json::from_str(UPSTREAM).unwrap();
    let applied = apply(&upstream);
    assert_eq!(applied.verdicts, []);
    assert!(
        applied
            .document
            .get("/paths/~1page~1list~1/get/x-evidence")
            .is_some()
    );
}

#[test]
fn what_was_right_is_confirmed_and_known_from_now_on() {
    let document = later();
    let applied = apply(&document);
    assert_eq!(report(&applied).lines().count(), 12);
    insta::assert_snapshot!(report(&applied));
    assert_eq!(
        applied.document.value(),
        &document,
        "the overlay adds nothing any more"
    );
    let output = generated(&document);
    assert_eq!(output.features, [""; 0], "the group is documented");
    assert!(
        output
            .coverage
            .contains("| Pages | List pages | GET | `/page/list/` | `list_pages` | page |")
    );
    let methods = &output.files["pages/methods.rs"];
    assert!(!methods.contains("Deduced") && !methods.contains("Unverified"));
}

#[test]
fn what_was_wrong_is_said_and_nothing_else() {
    let mut document = later();
    let paths = document["paths"].as_object_mut().unwrap();
    // Another path.
    let moved = paths.shift_remove("/page/move-category/").unwrap();
    paths.insert("/page/move/".to_owned(), moved);
    // Another parameter.
    paths["/page/find/byIds/"]["get"]["parameters"][0]["name"] = json!("ids");
    // A body that must be there, and another number for success, of which nothing was deduced.
    paths["/page/delete/"]["delete"]["requestBody"]["required"] = json!(true);
    let done = paths["/page/delete/"]["delete"]["responses"]
        .as_object_mut()
        .unwrap();
    let response = done.shift_remove("200").unwrap();
    done.insert("204".to_owned(), response);
    // An operation that it does not have.
    paths.shift_remove("/page/unarchive/").unwrap();
    // A type of another name, and another type of a property.
    paths["/page/duplicate/"]["post"]["responses"]["200"]["content"]["application/json"]["schema"] =
        json!({"type": "object", "properties": {"id": {"type": "integer"}}});
    // A property of another name, in the slim form.
    let info = &mut document["components"]["schemas"]["PageInfo"]["properties"];
    let name = info
        .as_object_mut()
        .unwrap()
        .shift_remove("categoryName")
        .unwrap();
    info["category"] = name;
    let applied = apply(&document);
    insta::assert_snapshot!(report(&applied));
    // What it does not have stays, with its doubt; what it has is the vendor's.
    let found = &applied.document;
    assert!(found.get("/paths/~1page~1unarchive~1/put/x-evidence").is_some());
    assert!(found.get("/paths/~1page~1move-category~1").is_none());
    let info = found.get("/components/schemas/PageInfo/properties").unwrap();
    assert!(info.get("category").is_some() && info.get("categoryName").is_none());
    // The group is not wholly documented, and so stays behind its feature.
    let output = generated(&document);
    assert_eq!(output.features, ["pages"]);
    let notices = output.notices.to_string();
    assert!(
        notices.contains("notice[overlay::stepped-back] at PUT /page/move-category/"),
        "{notices}"
    );
}

#[test]
fn a_type_that_nothing_needs_any_more_is_not_added() {
    let mut document = later();
    let schemas = document["components"]["schemas"].as_object_mut().unwrap();
    let page = schemas.shift_remove("Page").unwrap();
    schemas.insert("LandingPage".to_owned(), page);
    let text = document.to_string().replace(
        "#/components/schemas/Page\"",
        "#/components/schemas/LandingPage\"",
    );
    let document: Value = serde_json::from_str(&text).unwrap();
    let applied = apply(&document);
    assert!(applied.document.get("/components/schemas/Page").is_none());
    insta::assert_snapshot!(report(&applied));
}
