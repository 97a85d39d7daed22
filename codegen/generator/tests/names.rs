//! Tests of names that once broke the generated code: tags that share a plural, title words in other scripts,
//! names that begin with a digit or consist of single letters, and names that are too long for a file.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::collections::{BTreeMap, BTreeSet};

use funnelflux_generator::{Input, Options, Output, generate};
use funnelflux_openapi::Source;
use serde_json::{Map, Value, json};

/// Generates the code of a document with these paths and schemas.
fn generated(paths: &Value, schemas: &Value) -> Output {
    generated_with(paths, schemas, Vec::new())
}

fn generated_with(paths: &Value, schemas: &Value, overlays: Vec<Source<'_>>) -> Output {
    let operations = paths.as_object().into_iter().flat_map(Map::values);
    let operations = operations.flat_map(|item| item.as_object().into_iter().flat_map(Map::values));
    let tags: BTreeSet<&str> = operations
        .filter_map(|operation| operation.pointer("/tags/0")?.as_str())
        .collect();
    let tags: Vec<Value> = tags.iter().map(|tag| json!({ "name": tag })).collect();
    let document = json!({
        "openapi": "3.0.3", "info": { "title": "T", "version": "1" }, "tags": tags,
        "paths": paths, "components": { "schemas": schemas },
    });
    let text = format!("{document:#}");
    let input = Input {
        upstream: Source {
            name: "spec/upstream.json",
            text: &text,
        },
        overlays,
        previous_lock: None,
    };
    generate(&input, Options::default()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn operation(tag: &str, title: &str, parameters: &Value, response: &Value) -> Value {
    let content = json!({ "application/json": { "schema": response } });
    json!({
        "tags": [tag], "summary": title, "parameters": parameters,
        "responses": { "200": { "description": "Yes", "content": content } },
    })
}

/// Adds a group whose assets can be found by ID and listed.
fn group(
    paths: &mut Map<String, Value>,
    schemas: &mut Map<String, Value>,
    (tag, one, asset): (&str, &str, &str),
) {
    let id = format!("id{asset}");
    let text = json!({ "type": "string" });
    let parameters = json!([{ "name": id, "in": "query", "required": true, "schema": text }]);
    let schema = json!({ "type": "object", "required": [id], "properties": { id: text } });
    schemas.insert(asset.to_owned(), schema);
    let row = json!({ "$ref": format!("#/components/schemas/{asset}") });
    let list = json!({ "type": "array", "items": row });
    let count = paths.len();
    let find = operation(tag, &format!("Find a {one} by ID"), &parameters, &row);
    paths.insert(format!("/thing{count}/find/byId/"), json!({ "get": find }));
    let list = operation(tag, &format!("List {tag}"), &json!([]), &list);
    paths.insert(format!("/thing{count}/list/"), json!({ "get": list }));
}

/// Returns the names of the functions that the files define for `Client`. Panics if a function is defined
/// twice.
fn methods(files: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (path, text) in files {
        let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let methods = file.items.into_iter().flat_map(|item| match item {
            syn::Item::Impl(item) if item.trait_.is_none() => item.items,
            _ => Vec::new(),
        });
        for method in methods {
            if let syn::ImplItem::Fn(method) = method
                && method.sig.receiver().is_some()
                && !path.ends_with("types.rs")
                && !["shared.rs", "ids.rs"].contains(&path.as_str())
            {
                let name = method.sig.ident.to_string();
                assert!(names.insert(name.clone()), "{path}: a second `{name}`");
            }
        }
    }
    names
}

#[test]
fn groups_with_one_plural_have_different_handles_and_kinds() {
    for tags in [
        ["Widget", "Widgets", "List Widgets"],
        ["Widgets", "List Widgets", "Widget"],
    ] {
        let (mut paths, mut schemas) = (Map::new(), Map::new());
        for tag in tags {
            let (one, asset) = (tag.trim_end_matches('s').to_lowercase(), tag.replace(' ', ""));
            group(&mut paths, &mut schemas, (tag, &one, &format!("{asset}Asset")));
        }
        let files = generated(&paths.into(), &schemas.into()).files;
        let methods = methods(&files);
        for handle in ["widget", "widgets", "list_widgets_handle"] {
            assert!(methods.contains(handle), "{handle}: {methods:?}");
        }
        assert!(files["widget/resource.rs"].contains("pub enum Widget {}"));
        assert!(files["widgets/resource.rs"].contains("pub enum Widgets {}"));
    }
}

#[test]
fn a_kind_avoids_every_type() {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    group(&mut paths, &mut schemas, ("Gadgets", "gadget", "Gadget"));
    let object = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    for name in ["Gadgets", "GadgetsKind"] {
        schemas.insert(name.to_owned(), object.clone());
        let response = json!({ "$ref": format!("#/components/schemas/{name}") });
        let operation = operation("Gadgets", "Get it", &json!([]), &response);
        paths.insert(format!("/{name}/"), json!({ "get": operation }));
    }
    let files = generated(&paths.into(), &schemas.into()).files;
    assert!(files["gadgets/resource.rs"].contains("pub enum GadgetsKindKind {}"));
}

#[test]
fn words_of_titles_become_names() {
    let words = [
        ("½ price", "find_things_by_1_2_price"),
        ("🦀", "find_things_by_crab"),
        ("straße", "find_things_by_strasse"),
        ("имя", "find_things_by_imia"),
        ("名前", "find_things_by_ming_qian"),
        ("1st name", "find_things_by_1st_name"),
        ("", "get_by6_thing"),
        ("ID's", "find_things_by_id_s"),
    ];
    let text = json!({ "type": "string" });
    let paths = words.iter().enumerate().map(|(index, (word, _))| {
        let operation = operation("Things", &format!("Find things by {word}"), &json!([]), &text);
        (format!("/by{index}/thing"), json!({ "get": operation }))
    });
    let names = methods(&generated(&paths.collect::<Map<_, _>>().into(), &json!({})).files);
    let expected: BTreeSet<String> = words.iter().map(|(_, name)| (*name).to_owned()).collect();
    assert_eq!(names, expected);
}

#[test]
fn types_of_ids_and_enumerations_may_have_any_words() {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    group(&mut paths, &mut schemas, ("3D Models", "3D model", "3dModel"));
    group(&mut paths, &mut schemas, ("A Bs", "a b", "AB"));
    let values = json!({ "type": "string", "enum": ["x", "y"] });
    let parameter = json!([{ "name": "a_b", "in": "query", "schema": values }]);
    let response = json!({ "type": "object", "properties": { "c_d": { "type": "string", "enum": ["z"] } } });
    let get = operation("A Bs", "Get it", &parameter, &response);
    paths.insert("/ab/".to_owned(), json!({ "get": get }));
    let output = generated(&paths.into(), &schemas.into());
    assert_eq!(output.left_out.len(), 0, "{}", output.notices);
    let all: String = output.files.values().map(String::as_str).collect();
    for name in ["X3dModelId", "AbId", "AbFilter", "Cd"] {
        assert!(
            all.contains(&format!("{name}>")) || all.contains(&format!("&{name}")),
            "{name}"
        );
    }
}

#[test]
fn a_tag_that_is_too_long_for_a_file_is_reported_at_its_place() {
    let text = json!({ "type": "string" });
    let (long, short) = ("x".repeat(300), "Things");
    let get = |tag: &str| json!({ "get": operation(tag, "Get it", &json!([]), &text) });
    let output = generated(&json!({ "/a/": get(&long), "/b/": get(short) }), &json!({}));
    assert_eq!(output.left_out.len(), 1);
    let notices = output.notices.to_string();
    assert!(
        notices.contains("the tag is too long") && notices.contains("spec/upstream.json:"),
        "{notices}"
    );
}

#[test]
fn a_tag_without_letters_gets_a_feature() {
    let text = json!({ "type": "string" });
    let get = |tag: &str| json!({ "get": operation(tag, "Get it", &json!([]), &text) });
    let output = generated(&json!({ "/a/": get("🦀"), "/b/": get("½") }), &json!({}));
    let features: Vec<&str> = output
        .features
        .iter()
        .map(|feature| feature.name.as_str())
        .collect();
    assert_eq!(features, ["1-2", "crab"]);
}

/// The overlay is taken from the recipe in `CONTRIBUTING.md`.
#[test]
fn an_overlay_keeps_the_names_of_a_renamed_tag() {
    let recipes = include_str!("../../../CONTRIBUTING.md");
    let (_, overlay) = recipes.split_once("   ```yaml\n").unwrap();
    let (overlay, _) = overlay.split_once("   ```\n").unwrap();
    let lines = overlay
        .lines()
        .map(|line| line.strip_prefix("   ").unwrap_or(line));
    let overlay = lines.collect::<Vec<_>>().join("\n");
    let methods_of = |tag: &str, overlays: Vec<Source<'_>>| {
        let (mut paths, mut schemas) = (Map::new(), Map::new());
        group(&mut paths, &mut schemas, (tag, "page", "Page"));
        let output = generated_with(&paths.into(), &schemas.into(), overlays);
        let features = output.features.into_iter().map(|feature| feature.name);
        (methods(&output.files), features.collect::<Vec<_>>())
    };
    let before = methods_of("Pages", Vec::new());
    assert_ne!(methods_of("Landing Pages", Vec::new()), before);
    let overlay = Source {
        name: "spec/overlays/90-names.yaml",
        text: &overlay,
    };
    assert_eq!(methods_of("Landing Pages", vec![overlay]), before);
}
