//! Tests that the vendor's document supersedes an inferred overlay, and that the inference is compared with
//! the document.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod transcription;

use std::fmt::Write as _;

use funnelflux_generator::{Input, Options, Output, generate, overlay, supersede::supersede};
use funnelflux_openapi::{Diagnostics, Document, Source, read::read};
use serde_json::{Value, json};
use transcription::transcription;

const EFFECTIVE: &str = include_str!("../../../spec/effective.json");
const PAGES: Source<'_> = Source {
    name: "spec/overlays/09-pages.yaml",
    text: include_str!("../../../spec/overlays/09-pages.yaml"),
};

/// Returns a possible later version of our transcription, which also documents the group of pages exactly as
/// we inferred it. Returns `None` if the vendor's document has replaced the transcription, because the
/// inferences may then be superseded.
fn later() -> Option<Value> {
    let mut document: Value = serde_json::from_str(&transcription()?).unwrap();
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
    Some(document)
}

/// Returns a value without extensions, such as our evidence.
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

/// Applies the inferred overlay to a document. Returns the effective document, the notices of the comparison,
/// and the number of remaining overlays.
fn apply(document: &Value) -> (Document, Diagnostics, usize) {
    let text = document.to_string();
    let source = Source {
        name: "spec/upstream.json",
        text: &text,
    };
    let superseded = supersede(read(source).unwrap(), overlay::read(&[PAGES]).unwrap());
    let applied = overlay::apply(superseded.document, &superseded.overlays).unwrap();
    assert!(applied.notices.is_empty(), "{}", applied.notices);
    (applied.document, superseded.notices, superseded.overlays.len())
}

fn report(notices: &Diagnostics) -> String {
    let mut text = String::new();
    for notice in notices.iter() {
        let operation = notice.operation.as_deref().unwrap_or_default();
        writeln!(text, "{} {operation}: {}", notice.code, notice.message).unwrap();
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
    let options = Options {
        strict: true,
        no_idle_steps: true,
        ..Options::default()
    };
    generate(&input, options).unwrap()
}

#[test]
fn a_document_that_lacks_the_group_supersedes_nothing() {
    let Some(upstream) = transcription() else { return };
    let upstream: Value = serde_json::from_str(&upstream).unwrap();
    let (document, notices, overlays) = apply(&upstream);
    assert_eq!((notices.len(), overlays), (0, 1));
    assert!(document.get("/paths/~1page~1list~1/get/x-evidence").is_some());
}

#[test]
fn a_correct_inference_is_confirmed_and_superseded() {
    let Some(document) = later() else { return };
    let (effective, notices, overlays) = apply(&document);
    assert_eq!(overlays, 0);
    insta::assert_snapshot!(report(&notices));
    // The effective document adds only extensions, for facts that the vendor's document cannot express.
    let mut expected = document.clone();
    expected["tags"][0]["x-children"] =
        json!([{"tag": "Pages", "properties": ["/offerParams/idOfferSource"]}]);
    assert_eq!(effective.value(), &expected);
    let output = generated(&document);
    let is_inferred = |output: &Output| {
        output
            .features
            .iter()
            .map(|group| group.inferred)
            .collect::<Vec<_>>()
    };
    assert_eq!(is_inferred(&output), [false, false], "the group is documented");
    assert!(
        output
            .coverage
            .contains("| Pages | List pages | GET | `/page/list/` | `list_pages` | page |")
    );
    let methods = &output.files["pages/methods.rs"];
    assert!(!methods.contains("Inferred"));
}

#[test]
fn failures_that_the_document_describes_make_no_inference_wrong() {
    let Some(mut document) = later() else { return };
    for (path, item) in document["paths"].as_object_mut().unwrap() {
        for (_, operation) in item
            .as_object_mut()
            .unwrap()
            .iter_mut()
            .filter(|_| path.starts_with("/page/"))
        {
            let schema = json!({"type": "object", "properties": {"message": {"type": "string"}}});
            let failure = json!({"description": "No.", "content": {"application/json": {"schema": schema}}});
            for status in ["400", "default"] {
                operation["responses"][status] = failure.clone();
            }
        }
    }
    let report = report(&apply(&document).1);
    let count = |code: &str| report.lines().filter(|line| line.starts_with(code)).count();
    assert_eq!((count("confirmed "), count("wrong ")), (12, 0), "{report}");
}

/// Moves a part of an operation to the components, and leaves a reference.
fn extract(part: &mut Value, kind: &str, components: &mut Value) {
    let all = components.as_object_mut().unwrap();
    let all = all.entry(kind).or_insert_with(|| json!({}));
    let all = all.as_object_mut().unwrap();
    let name = format!("Part{}", all.len());
    let reference = json!({"$ref": format!("#/components/{kind}/{name}")});
    all.insert(name, std::mem::replace(part, reference));
}

/// Changes the notation of an operation. The arguments are the operation, the parameters of its path, and the
/// components of the document.
type Rewrite = fn(&mut Value, &mut Value, &mut Value);

#[test]
fn the_notation_of_the_document_makes_no_inference_wrong() {
    let rewrites: [(&str, Rewrite); 4] = [
        ("parts in components", |operation, _, components| {
            let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
            for parameter in parameters.into_iter().flatten() {
                extract(parameter, "parameters", components);
            }
            if let Some(body) = operation.get_mut("requestBody") {
                extract(body, "requestBodies", components);
            }
            extract(&mut operation["responses"]["200"], "responses", components);
        }),
        ("parameters of the path", |operation, shared, _| {
            if let Some(parameters) = operation.as_object_mut().unwrap().shift_remove("parameters") {
                *shared = parameters;
            }
        }),
        ("only a default response", |operation, _, _| {
            let responses = operation["responses"].as_object_mut().unwrap();
            let response = responses.shift_remove("200").unwrap();
            responses.insert("default".to_owned(), response);
        }),
        ("ignored header", |operation, _, _| {
            let header = json!({"name": "Authorization", "in": "header", "schema": {"type": "string"}});
            let parameters = operation.as_object_mut().unwrap();
            let parameters = parameters.entry("parameters").or_insert_with(|| json!([]));
            parameters.as_array_mut().unwrap().push(header);
        }),
    ];
    for (name, rewrite) in rewrites {
        let Some(mut document) = later() else { return };
        let mut components = document["components"].take();
        let paths = document["paths"].as_object_mut().unwrap();
        let pages = paths.iter_mut().filter(|(path, _)| path.starts_with("/page/"));
        for (_, item) in pages {
            let item = item.as_object_mut().unwrap();
            let is_shared = item.len() == 1;
            let mut shared = json!([]);
            for operation in item.values_mut() {
                // The parameters of a path apply to all its operations.
                if is_shared || name != "parameters of the path" {
                    rewrite(operation, &mut shared, &mut components);
                }
            }
            item.insert("parameters".to_owned(), shared);
        }
        document["components"] = components;
        let report = report(&apply(&document).1);
        let count = |code: &str| report.lines().filter(|line| line.starts_with(code)).count();
        assert_eq!(
            (count("confirmed "), count("wrong ")),
            (12, 0),
            "{name}: {report}"
        );
    }
}

#[test]
fn each_difference_from_a_wrong_inference_is_reported() {
    let Some(mut document) = later() else { return };
    let paths = document["paths"].as_object_mut().unwrap();
    // A different path.
    let moved = paths.shift_remove("/page/move-category/").unwrap();
    paths.insert("/page/move/".to_owned(), moved);
    // A different parameter.
    paths["/page/find/byIds/"]["get"]["parameters"][0]["name"] = json!("ids");
    // A required body, and a different success status. The status is not reported, because statuses are never
    // inferred.
    paths["/page/delete/"]["delete"]["requestBody"]["required"] = json!(true);
    let done = paths["/page/delete/"]["delete"]["responses"]
        .as_object_mut()
        .unwrap();
    let response = done.shift_remove("200").unwrap();
    done.insert("204".to_owned(), response);
    // An operation that the document lacks.
    paths.shift_remove("/page/unarchive/").unwrap();
    // A type with a different name, and a property with a different type.
    paths["/page/duplicate/"]["post"]["responses"]["200"]["content"]["application/json"]["schema"] =
        json!({"type": "object", "properties": {"id": {"type": "integer"}}});
    // A property with a different name, in the rows of the list.
    let info = &mut document["components"]["schemas"]["PageInfo"]["properties"];
    let name = info
        .as_object_mut()
        .unwrap()
        .shift_remove("categoryName")
        .unwrap();
    info["category"] = name;
    let (found, notices, _) = apply(&document);
    insta::assert_snapshot!(report(&notices));
    // The missing operation stays inferred.
    assert!(found.get("/paths/~1page~1unarchive~1/put/x-evidence").is_some());
    assert!(found.get("/paths/~1page~1move-category~1").is_none());
    let info = found.get("/components/schemas/PageInfo/properties").unwrap();
    assert!(info.get("category").is_some() && info.get("categoryName").is_none());
    // The group is only partly documented, so it stays behind its feature.
    let output = generated(&document);
    let inferred = output.features.iter().filter(|group| group.inferred);
    let inferred: Vec<&str> = inferred.map(|group| group.name.as_str()).collect();
    assert_eq!(inferred, ["pages"]);
    let notices = output.notices.to_string();
    assert!(
        notices.contains("notice[supersede::wrong] at PUT /page/move-category/"),
        "{notices}"
    );
}

#[test]
fn a_tag_that_the_document_declares_without_operations_stays_inferred() {
    let Some(mut document) = later() else { return };
    let paths = document["paths"].as_object_mut().unwrap();
    paths.retain(|path, _| !path.starts_with("/page/"));
    let output = generated(&document);
    let inferred = output.features.iter().filter(|group| group.inferred);
    assert_eq!(inferred.map(|group| &group.name).collect::<Vec<_>>(), ["pages"]);
}

#[test]
fn a_schema_that_is_no_longer_used_is_not_added() {
    let Some(mut document) = later() else { return };
    let schemas = document["components"]["schemas"].as_object_mut().unwrap();
    let page = schemas.shift_remove("Page").unwrap();
    schemas.insert("LandingPage".to_owned(), page);
    let text = document.to_string().replace(
        "#/components/schemas/Page\"",
        "#/components/schemas/LandingPage\"",
    );
    let document: Value = serde_json::from_str(&text).unwrap();
    let (effective, notices, _) = apply(&document);
    assert!(effective.get("/components/schemas/Page").is_none());
    insta::assert_snapshot!(report(&notices));
}
