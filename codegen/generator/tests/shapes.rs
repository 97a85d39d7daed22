//! Documents that hold what that of FunnelFlux does not: each comes out as code, or as a diagnostic with a place.

#![expect(
    clippy::needless_pass_by_value,
    clippy::indexing_slicing,
    reason = "what `json!` makes is written where it is used, and is there"
)]

use std::{collections::BTreeMap, fmt::Write as _};

use funnelflux_generator::{Input, Options, generate};
use funnelflux_openapi::{Diagnostics, Severity, Source};
use serde_json::{Value, json};

/// What is generated from a document with these members beside those that every one has.
fn generated(members: Value) -> Result<BTreeMap<String, String>, Diagnostics> {
    let mut document = json!({"openapi": "3.0.3", "info": {"title": "t", "version": "1"}});
    if let (Value::Object(document), Value::Object(members)) = (&mut document, members) {
        document.extend(members);
    }
    let input = Input {
        upstream: Source {
            name: "spec/upstream.json",
            text: &format!("{document:#}"),
        },
        overlays: Vec::new(),
        previous_lock: None,
    };
    let output = generate(&input, Options::default());
    output.map(|output| output.files)
}

/// An operation that answers with a schema.
fn answering(schema: Value) -> Value {
    json!({"paths": {"/offersource/list/": {"get": {
        "responses": {"200": {"description": "All.", "content": {"application/json": {"schema": schema}}}},
    }}}})
}

/// An operation that takes a parameter, and nothing else.
fn taking(parameter: Value) -> Value {
    let path = match parameter["in"].as_str() {
        Some("path") => "/offersource/{name}/",
        _ => "/offersource/list/",
    };
    json!({"paths": {path: {"get": {"parameters": [parameter], "responses": {"204": {"description": "None."}}}}}})
}

/// An operation with a body.
fn sending(content: Value) -> Value {
    json!({"paths": {"/offersource/save/": {"put": {
        "requestBody": {"required": true, "content": content},
        "responses": {"204": {"description": "None."}},
    }}}})
}

fn with_schemas(mut document: Value, schemas: Value) -> Value {
    document["components"] = json!({"schemas": schemas});
    document
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Documents that make code.
#[expect(clippy::too_many_lines, reason = "a table is as long as what it lists")]
fn documents() -> Vec<(&'static str, Value)> {
    let text = || json!({"type": "string"});
    let object = |name: &str| json!({"type": "object", "required": [name], "properties": {name: text()}});
    vec![
        (
            "list_with_commas",
            taking(
                json!({"name": "words", "in": "query", "required": true, "explode": false,
                "schema": {"type": "array", "items": text()}}),
            ),
        ),
        (
            "numbers",
            answering(json!({"type": "object", "required": ["count"], "properties": {
                "count": {"type": "integer", "minimum": 1},
                "small": {"type": "integer", "format": "int32"},
                "large": {"type": "integer", "format": "int64"},
                "largest": {"type": "integer", "format": "uint64", "maximum": u64::MAX, "default": u64::MAX},
                "ratio": {"type": "number"},
                "single": {"type": "number", "format": "float"},
                "flag": {"type": "boolean", "default": true},
            }})),
        ),
        (
            "number_parameters",
            taking(
                json!({"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100, "default": 10}}),
            ),
        ),
        (
            // The generator would derive the names of these schemas for the parameters, and take the schemas for them.
            "parameters_named_like_schemas",
            with_schemas(
                json!({"paths": {"/offersource/list/": {"get": {
                    "parameters": [
                        {"name": "kind", "in": "query", "schema": {"type": "string", "enum": ["a", "b"]}},
                        {"name": "word", "in": "query", "schema": {"type": "string", "minLength": 1, "pattern": "^a"}},
                    ],
                    "responses": {"200": {"description": "All.", "content": {"application/json": {
                        "schema": {"type": "array", "items": reference("ListOfferSourcesKind")}}}}},
                }}}}),
                json!({
                    "ListOfferSourcesKind": object("kind"),
                    "ListOfferSourcesWord": object("word"),
                }),
            ),
        ),
        (
            "dates_and_the_like",
            answering(json!({"type": "object", "properties": {
                "at": {"type": "string", "format": "date-time"},
                "on": {"type": "string", "format": "date"},
                "id": {"type": "string", "format": "uuid"},
                "address": {"type": "string", "format": "ipv4"},
                "bytes": {"type": "string", "format": "byte"},
            }})),
        ),
        (
            "unused_schema_shares_what_it_holds",
            with_schemas(
                answering(reference("Thing")),
                json!({
                    "Thing": object("name"),
                    "Unused": {"type": "object", "properties": {"thing": reference("Thing")}},
                }),
            ),
        ),
        (
            "format_of_an_object",
            answering(json!({"type": "object", "properties": {
                "links": {"type": "object", "format": "uri-map"},
            }})),
        ),
        (
            "inline_objects",
            answering(
                json!({"type": "array", "items": {"type": "object", "properties": {
                    "inner": {"type": "object", "description": "Inside.", "properties": {"name": text()}},
                    "by_name": {"type": "object", "additionalProperties": object("name")},
                }}}),
            ),
        ),
        (
            "all_of",
            with_schemas(
                answering(reference("Both")),
                json!({
                    "One": object("one"),
                    "Both": {"allOf": [reference("One"), {"type": "object", "properties": {"two": text()}}]},
                }),
            ),
        ),
        (
            "collections_of_parts",
            answering(json!({"type": "object", "required": ["must"], "properties": {
                "list": {"allOf": [{"type": "array", "items": text()}, {"description": "What they are."}]},
                "map": {"allOf": [{"type": "object", "additionalProperties": text()}, {"description": "What they are."}]},
                "must": {"allOf": [{"type": "array", "items": text()}, {"minItems": 1}]},
                "merged": {"allOf": [{"type": "array", "items": text()}, {"type": "array", "items": {"minLength": 1}}]},
            }})),
        ),
        (
            // An object is never null, whatever its alternatives say.
            "alternatives_that_may_be_null_in_an_object",
            with_schemas(
                answering(reference("Either")),
                json!({
                    "one": {"title": "One", "type": "object", "nullable": true, "required": ["one"], "properties": {"one": text()}},
                    "two": object("two"),
                    "Either": {"type": "object", "oneOf": [reference("one"), reference("two")]},
                }),
            ),
        ),
        (
            "one_of",
            with_schemas(
                answering(reference("Either")),
                json!({
                    "One": object("one"),
                    "Two": object("two"),
                    "Either": {"description": "One or the other.", "oneOf": [reference("One"), reference("Two")]},
                }),
            ),
        ),
        (
            // Their fields are as those of any other object, but that one which is required must be there: it tells which one it is.
            "alternatives_written_in_the_list",
            with_schemas(
                answering(reference("Pet")),
                json!({"Pet": {"oneOf": [
                    {"title": "Cat", "type": "object", "required": ["claws"],
                        "properties": {"claws": {"type": "array", "items": text()}}},
                    {"title": "Dog", "type": "object", "required": ["tail"], "properties": {"tail": text()}},
                ]}}),
            ),
        ),
        (
            "any_of",
            with_schemas(
                answering(reference("Either")),
                json!({
                    // Some values are both.
                    "One": {"type": "object", "properties": {"one": text()}},
                    "Two": {"type": "object", "properties": {"two": text()}},
                    "Either": {"anyOf": [reference("One"), reference("Two")]},
                }),
            ),
        ),
        (
            "recursion",
            with_schemas(
                answering(reference("Node")),
                json!({"Node": {"type": "object", "properties": {
                    "parent": reference("Node"),
                    "children": {"type": "array", "items": reference("Node")},
                    "maybe": {"nullable": true, "allOf": [reference("Node")]},
                }}}),
            ),
        ),
        (
            // Each of these is taken for the type of its name: nothing has to be put together that holds itself.
            "recursion_by_composition",
            with_schemas(
                answering(reference("Tree")),
                json!({
                    "Tree": {"type": "object", "properties": {
                        "only": {"oneOf": [reference("Tree")]},
                        "either": {"oneOf": [reference("Tree"), text()]},
                        "same": {"type": "object", "allOf": [reference("Tree")]},
                        "wrapped": {"allOf": [{}, reference("Tree")]},
                        "by_name": {"type": "object", "additionalProperties": reference("Tree")},
                    }},
                    "Planted": {"allOf": [
                        {"type": "object", "properties": {"tree": reference("Tree")}},
                        {"type": "object", "properties": {"trees": {"type": "array", "items": reference("Planted")}}},
                    ]},
                }),
            ),
        ),
        (
            "schemas_that_may_be_null",
            with_schemas(
                answering(reference("Outer")),
                json!({
                    "Inner": {"type": "object", "nullable": true, "properties": {"name": text()}},
                    "Kind": {"type": "string", "nullable": true, "enum": ["a", "b"]},
                    "Outer": {"type": "object", "required": ["must"], "properties": {
                        "must": reference("Inner"),
                        "may": reference("Inner"),
                        "kind": reference("Kind"),
                        "written_here": {"type": "object", "nullable": true, "properties": {"name": text()}},
                        "list": {"type": "array", "items": reference("Inner")},
                    }},
                }),
            ),
        ),
        (
            "names_in_other_cases",
            with_schemas(
                answering(reference("outer_thing")),
                json!({
                    "outer_thing": {"type": "object", "properties": {"kind": reference("thing_enum-kind"), "inner": reference("innerThing")}},
                    "thing_enum-kind": {"type": "string", "enum": ["a", "b"]},
                    "innerThing": object("name"),
                }),
            ),
        ),
        (
            // Written as a schema, inline, and inline in another order: one type.
            "enumeration_with_names_in_other_cases",
            with_schemas(
                answering(reference("Settings")),
                json!({
                    "enabled-things": {"type": "string", "enum": ["all", "none"]},
                    "Settings": {"type": "object", "properties": {
                        "enabled_things": {"type": "string", "enum": ["none", "all"]},
                        "others": reference("enabled-things"),
                    }},
                }),
            ),
        ),
        (
            // An enumeration is only open where our name of its type is that of the generator.
            "enumerations_with_odd_names",
            with_schemas(
                answering(reference("Thing")),
                json!({
                    "3d": {"type": "string", "enum": ["a"]},
                    "Thing": {"type": "object", "properties": {
                        "three": reference("3d"),
                        "2fa": {"type": "string", "enum": ["b"]},
                        "don't": {"type": "string", "enum": ["c"]},
                        "½": {"type": "string", "enum": ["d"]},
                    }},
                }),
            ),
        ),
        (
            // What nothing is known of is kept.
            "closed_object_without_fields",
            answering(json!({"type": "object", "additionalProperties": false})),
        ),
        ("any_json", answering(json!({}))),
        ("text", answering(text())),
        ("free_object", answering(json!({"type": "object"}))),
        (
            "list_as_body",
            sending(json!({"application/json": {"schema": {"type": "array", "items": text()}}})),
        ),
        (
            "keywords_as_names",
            answering(json!({"type": "object", "required": ["type"], "properties": {
                "type": text(), "self": text(), "3d": text(), "new": text(), "a-b": text(),
            }})),
        ),
        (
            "two_tags_share_a_type",
            json!({
                "paths": {
                    "/offersource/list/": {"get": {"responses": {"200": {"description": "a",
                        "content": {"application/json": {"schema": reference("Thing")}}}}}},
                    "/category/list/": {"get": {"responses": {"200": {"description": "a",
                        "content": {"application/json": {"schema": reference("Thing")}}}}}},
                },
                "components": {"schemas": {"Thing": object("name")}},
            }),
        ),
    ]
}

#[test]
fn what_makes_code() {
    for (name, members) in documents() {
        let files = generated(members).unwrap_or_else(|diagnostics| panic!("{name}: {diagnostics}"));
        let mut text = String::new();
        for (path, file) in &files {
            // The others say nothing about the shape of the API.
            if path.ends_with("methods.rs") || path.ends_with("types.rs") || path == "shared.rs" {
                let _ = writeln!(text, "==== {path}\n{file}");
            }
        }
        insta::assert_snapshot!(name, text);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table is as long as what it lists")]
fn what_is_refused() {
    let text = || json!({"type": "string"});
    let documents = [
        (
            "a list that repeats its name",
            taking(json!({"name": "words", "in": "query", "schema": {"type": "array", "items": text()}})),
        ),
        (
            "a list that may be left out",
            taking(json!({"name": "words", "in": "query", "explode": false,
                "schema": {"type": "array", "items": text()}})),
        ),
        (
            "a list of numbers",
            taking(
                json!({"name": "limits", "in": "query", "required": true, "explode": false,
                "schema": {"type": "array", "items": {"type": "integer"}}}),
            ),
        ),
        (
            "an object as a parameter",
            taking(
                json!({"name": "filter", "in": "query", "schema": {"type": "object", "properties": {"a": text()}}}),
            ),
        ),
        (
            "a parameter in the path",
            taking(json!({"name": "name", "in": "path", "required": true, "schema": text()})),
        ),
        (
            "a parameter in a header",
            taking(json!({"name": "X-Trace", "in": "header", "schema": text()})),
        ),
        (
            "a property with the name of the map of unknown fields",
            answering(json!({"type": "object", "properties": {"Extra": text()}})),
        ),
        (
            "a file as an answer",
            json!({"paths": {"/offersource/list/": {"get": {"responses": {"200": {"description": "It.",
                "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}}}}}),
        ),
        (
            "a form as a body",
            sending(
                json!({"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": {"a": text()}}}}),
            ),
        ),
        (
            "text as a body",
            sending(json!({"text/plain": {"schema": text()}})),
        ),
        (
            "an enumeration, in an object that is written where it is used, with the name of another one",
            json!({"paths": {
                "/offersource/list/": {"get": {"responses": {"200": {"description": "It.", "content": {"application/json": {
                    "schema": {"type": "object", "properties": {"status": {"type": "string", "enum": ["a"]}}}}}}}}},
                "/offersource/save/": {"put": {"responses": {"200": {"description": "It.", "content": {"application/json": {
                    "schema": {"type": "array", "items": {"type": "object", "properties": {
                        "inner": {"type": "object", "properties": {"status": {"type": "string", "enum": ["b"]}}}}}}}}}}}},
            }}),
        ),
        (
            "an object without an end",
            with_schemas(
                answering(json!({"$ref": "#/components/schemas/List"})),
                json!({"List": {"type": "array", "items": {"$ref": "#/components/schemas/List"}}}),
            ),
        ),
        (
            "an enumeration with a name that is taken",
            answering(
                json!({"type": "object", "properties": {"result": {"type": "string", "enum": ["good", "bad"]}}}),
            ),
        ),
        (
            "an alternative whose type gets the name of an enumeration",
            with_schemas(
                answering(json!({"type": "object", "properties": {
                    "thing": reference("Thing"), "thing_kind": {"type": "string", "enum": ["a", "b"]},
                }})),
                json!({
                    "One": {"type": "object", "required": ["one"], "properties": {"one": text()}},
                    "Two": {"type": "object", "required": ["two"], "properties": {"two": text()}},
                    "Thing": {"type": "object", "properties": {"kind": {"oneOf": [reference("One"), reference("Two")]}}},
                }),
            ),
        ),
        (
            "a merge whose type gets the name of a schema",
            with_schemas(
                answering(reference("Thing")),
                json!({
                    "One": {"type": "object", "properties": {"one": text()}},
                    "Two": {"type": "object", "properties": {"two": text()}},
                    "ThingBoth": {"type": "object", "properties": {"three": text()}},
                    "Thing": {"type": "object", "properties": {
                        "both": {"allOf": [reference("One"), reference("Two")]}, "three": reference("ThingBoth"),
                    }},
                }),
            ),
        ),
        (
            "an alternative that may be null, with a title like its name",
            with_schemas(
                answering(reference("Either")),
                json!({
                    "one": {"title": "One", "type": "object", "nullable": true, "properties": {"one": text()}},
                    "two": {"type": "object", "properties": {"two": text()}},
                    "Either": {"oneOf": [reference("one"), reference("two")]},
                }),
            ),
        ),
        (
            "an item in an alternative, whose type the generator names like a schema",
            with_schemas(
                answering(
                    json!({"type": "object", "properties": {"either": reference("Either"), "item": reference("EitherArrayItem")}}),
                ),
                json!({
                    "Either": {"oneOf": [text(), {"type": "array", "items": {"type": "object", "properties": {"a": text()}}}]},
                    "EitherArrayItem": {"type": "object", "properties": {"b": text()}},
                }),
            ),
        ),
        (
            "a schema with a name that is taken",
            with_schemas(
                answering(json!({"$ref": "#/components/schemas/Option"})),
                json!({"Option": {"type": "object", "properties": {"a": text()}}}),
            ),
        ),
    ];
    let mut all = String::new();
    for (name, members) in documents {
        let diagnostics = match generated(members) {
            Ok(files) => panic!("{name}: {files:#?}"),
            Err(diagnostics) => diagnostics,
        };
        assert!(
            diagnostics
                .iter()
                .all(|diagnostic| diagnostic.location.is_some() || diagnostic.severity < Severity::Error),
            "{name}: {diagnostics}"
        );
        let _ = writeln!(all, "== {name}\n{diagnostics}");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn the_same_api_in_each_version_is_the_same_code() {
    let code = |text: &str| {
        // The runtime knows no parameters in paths.
        let text = &text.replace("{id}:", ":").replace("in: path", "in: query");
        let input = Input {
            upstream: Source {
                name: "spec/upstream.yaml",
                text,
            },
            overlays: Vec::new(),
            previous_lock: None,
        };
        let output = generate(&input, Options::default());
        output.unwrap_or_else(|diagnostics| panic!("{diagnostics}")).files
    };
    let expected = code(include_str!("documents/openapi30/same.yaml"));
    assert!(!expected.is_empty());
    assert_eq!(code(include_str!("documents/swagger20/same.yaml")), expected);
    assert_eq!(code(include_str!("documents/openapi31/same.yaml")), expected);
}
