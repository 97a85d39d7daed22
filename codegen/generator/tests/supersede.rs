//! Tests that the vendor's document supersedes an inferred overlay, and that the inference is compared with
//! the document.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod transcription;

use std::fmt::Write as _;

use funnelflux_generator::{
    Input, Options, Output, generate, overlay,
    supersede::{obsolete_evidence, supersede},
};
use funnelflux_openapi::{Diagnostics, Document, Source, read::read};
use serde_json::{Map, Value, json};
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

/// Returns the document with other servers and with paths that `path` changes. References to parts of paths
/// still lead there.
fn republished(document: &Value, servers: &Value, path: impl Fn(&str) -> String) -> Value {
    let mut document = document.clone();
    let paths = document["paths"].as_object().unwrap();
    let text = |path: &str| format!("#/paths/{}/", path.replace('/', "~1"));
    let references: Vec<_> = paths.keys().map(|old| (text(old), text(&path(old)))).collect();
    let paths: Map<String, Value> = paths
        .iter()
        .map(|(old, item)| (path(old), item.clone()))
        .collect();
    document["paths"] = Value::Object(paths);
    document["servers"] = servers.clone();
    if servers.is_null() {
        document.as_object_mut().unwrap().remove("servers");
    }
    let text = document.to_string();
    let replace = |text: String, (old, new): &(String, String)| text.replace(old, new);
    let text = references.iter().fold(text, replace);
    serde_json::from_str(&text).unwrap()
}

/// Servers with the documented host or without a usable host, all with an empty path.
fn servers_without_path() -> [Value; 6] {
    [
        json!([{"url": "https://api.funnelflux.pro"}]),
        json!([{"url": "https://api.funnelflux.pro/"}, {"url": "http://localhost:3000"}]),
        json!([{"url": "https://{host}", "variables": {"host": {"default": "api.funnelflux.pro"}}}]),
        json!([{"url": "/"}]),
        json!([]),
        Value::Null,
    ]
}

fn counts(notices: &Diagnostics) -> [usize; 3] {
    let report = report(notices);
    let count = |code: &str| report.lines().filter(|line| line.starts_with(code)).count();
    ["confirmed ", "wrong ", "absent "].map(count)
}

#[test]
fn a_base_path_that_moved_into_the_paths_changes_no_url_and_no_name() {
    let Some(all) = later() else { return };
    let mut documented = all.clone();
    let paths = documented["paths"].as_object_mut().unwrap();
    paths.retain(|path, _| path.starts_with("/offersource/"));
    let mut part = all.clone();
    part["paths"]
        .as_object_mut()
        .unwrap()
        .shift_remove("/page/archive/")
        .unwrap();
    for (document, expected) in [(all, [12, 0, 0]), (documented, [0, 0, 0]), (part, [11, 0, 1])] {
        let before = generated(&document);
        for servers in servers_without_path() {
            let moved = republished(&document, &servers, |path| format!("/v1{path}"));
            assert_eq!(counts(&apply(&moved).1), expected, "{servers}");
            let after = generated(&moved);
            assert!(after.files == before.files, "{servers}");
            assert!(after.coverage == before.coverage, "{servers}");
        }
    }
}

#[test]
fn a_base_path_that_moved_out_of_the_paths_changes_no_url() {
    let Some(mut document) = later() else { return };
    let paths = document["paths"].as_object_mut().unwrap();
    paths.retain(|path, _| path.starts_with("/page/"));
    paths.shift_remove("/page/archive/").unwrap();
    let (before, notices, _) = apply(&document);
    assert_eq!(counts(&notices), [11, 0, 1]);
    for url in [
        "https://api.funnelflux.pro/v1/page",
        "/v1/page/",
        "https://example.com/v1/page",
    ] {
        let server = json!([{"url": url}]);
        let moved = republished(&document, &server, |path| path.replacen("/page", "", 1));
        let (after, notices, _) = apply(&moved);
        assert_eq!(counts(&notices), [11, 0, 1], "{url}");
        assert_eq!(after.get("/paths"), before.get("/paths"), "{url}");
        let expected = url.trim_end_matches('/').trim_end_matches("/page");
        assert_eq!(after.get("/servers/0/url"), Some(&json!(expected)));
    }
    // The base path is in a variable. The new paths do not lead to the URLs of the second server.
    let variables = json!({"base": {"default": "/v1/page"}});
    let servers = json!([
        {"url": "https://api.funnelflux.pro{base}", "variables": variables},
        {"url": "http://localhost:3000"},
    ]);
    let (after, ..) = apply(&republished(&document, &servers, |path| {
        path.replacen("/page", "", 1)
    }));
    assert_eq!(after.get("/paths"), before.get("/paths"));
    let servers = json!([{"url": "https://api.funnelflux.pro/v1", "variables": variables}]);
    assert_eq!(after.get("/servers"), Some(&servers));
}

/// The client has one base URL, which is then the common start of all URLs.
#[test]
fn operations_outside_the_base_path_keep_their_urls() {
    let Some(mut document) = later() else { return };
    let paths = document["paths"].as_object_mut().unwrap();
    let health = json!({"get": {
        "tags": ["Health"], "summary": "Check health", "responses": {"200": {"description": "d"}},
    }});
    paths.shift_remove("/page/archive/").unwrap();
    let moved_list = paths["/page/list/"].clone();
    let names = |output: &Output| {
        let methods = output.files["pages/methods.rs"].lines();
        let methods = methods.filter_map(|line| line.trim().strip_prefix("pub fn "));
        methods.map(str::to_owned).collect::<Vec<_>>()
    };
    let expected = names(&generated(&document));
    for servers in servers_without_path() {
        let mut moved = republished(&document, &servers, |path| format!("/v1{path}"));
        moved["paths"]["/health"] = health.clone();
        // An old path outside the base path is a different operation.
        moved["paths"]["/page/list/"] = moved_list.clone();
        moved["paths"]["/page/list/"]["get"]["tags"] = json!(["Health"]);
        let (effective, notices, _) = apply(&moved);
        assert_eq!(counts(&notices), [11, 0, 1], "{servers}");
        let mut paths: Vec<&str> = effective
            .get("/paths")
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .map(|path| &**path)
            .collect();
        paths.retain(|path| !path.starts_with("/v1/offersource/") && !path.starts_with("/v1/page/"));
        assert_eq!(paths, ["/health", "/page/list/"]);
        assert!(
            effective
                .get("/paths/~1v1~1page~1archive~1/put/x-evidence")
                .is_some()
        );
        let output = generated(&moved);
        assert_eq!(names(&output), expected, "{servers}");
        let client: String = output.files.values().map(String::as_str).collect();
        assert!(client.contains("\"https://api.funnelflux.pro\""), "{servers}");
        assert!(!client.contains("api.funnelflux.pro/v1"), "{servers}");
    }
    // A group at another URL: the inferred path was wrong.
    let servers = json!([{"url": "https://api.funnelflux.pro"}]);
    let moved = republished(&document, &servers, |path| {
        let prefix = if path.starts_with("/page/") { "" } else { "/v1" };
        format!("{prefix}{path}")
    });
    let (effective, notices, _) = apply(&moved);
    assert_eq!(counts(&notices), [0, 11, 1]);
    let line = "the path is `/page/list/`, outside `/v1`";
    assert!(report(&notices).contains(line), "{}", report(&notices));
    assert!(effective.get("/paths/~1page~1list~1").is_some());
    assert!(effective.get("/paths/~1v1~1page~1archive~1").is_some());
}

#[test]
fn another_version_is_no_moved_base_path() {
    let Some(document) = later() else { return };
    let host = "https://api.funnelflux.pro";
    let (effective, notices, _) = apply(&republished(
        &document,
        &json!([{"url": format!("{host}/v2")}]),
        str::to_owned,
    ));
    assert_eq!(counts(&notices), [12, 0, 0]);
    assert!(effective.get("/paths/~1page~1list~1").is_some());
    let moved = republished(&document, &json!([{"url": host}]), |path| format!("/v2{path}"));
    let (effective, notices, _) = apply(&moved);
    assert_eq!(counts(&notices), [0, 12, 0]);
    assert_eq!(effective.get("/servers"), moved.get("servers"));
}

#[test]
fn overlays_and_messages_refer_to_the_same_parts_after_a_move() {
    let Some(document) = transcription() else { return };
    let mut document: Value = serde_json::from_str(&document).unwrap();
    let reference = "#/paths/~1offersource~1find~1byId~1/get/responses/200";
    document["paths"]["/offersource/save/"]["put"]["responses"]["200"] = json!({"$ref": reference});
    let overlay = Source {
        name: "spec/overlays/20-evidence.yaml",
        text: "overlay: 1.1.0\ninfo: {title: Evidence, version: '1'}\nactions:\n\
               - target: $.paths['/offersource/list/'].get\n  \
                 description: The examples show it.\n  \
                 update: {x-evidence: {kind: pattern, source: The examples.}}\n",
    };
    let servers = json!([{"url": "https://api.funnelflux.pro"}]);
    let moved = republished(&document, &servers, |path| format!("/v1{path}"));
    let [old, new] = [&document, &moved].map(|document| {
        let text = format!("{document:#}");
        let name = "spec/upstream.json";
        read(Source { name, text: &text }).unwrap()
    });
    let absolute = overlay.text.replace("/offersource", "/v1/offersource");
    let absolute = Source {
        name: overlay.name,
        text: &absolute,
    };
    let absolute = overlay::read(&[absolute]).unwrap();
    let errors = overlay::apply(old.clone(), &absolute).unwrap_err().to_string();
    assert!(
        errors.contains("its paths are relative to the base path `/v1`"),
        "{errors}"
    );
    let overlays = overlay::read(&[overlay]).unwrap();
    let obsolete = obsolete_evidence(&overlays[0], Some(&old), &new, &Diagnostics::default());
    assert!(obsolete.is_empty(), "{obsolete:?}");
    let pointer = "/paths/~1v1~1offersource~1list~1/get/responses";
    let location = new.locate(pointer);
    let superseded = supersede(new, overlays);
    let applied = overlay::apply(superseded.document, &superseded.overlays).unwrap();
    assert!(
        applied
            .document
            .get("/paths/~1offersource~1list~1/get/x-evidence")
            .is_some()
    );
    let saved = "/paths/~1offersource~1save~1/put/responses/200/$ref";
    assert_eq!(applied.document.get(saved), Some(&json!(reference)));
    assert_eq!(
        applied.document.locate(pointer.replace("~1v1", "").as_str()),
        location
    );
}
