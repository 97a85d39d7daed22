//! Tests that normalising preserves the API, reports every loss, and keeps every location.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod keywords;

use funnelflux_generator::lint;
use funnelflux_openapi::{
    Diagnostics, Document, Source,
    normalise::{normalise, normalise_as_far_as_possible},
    read,
};

fn text_of(file: &str) -> String {
    let path = format!("{}/tests/documents/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn read_file(file: &str) -> Document {
    let text = text_of(file);
    let name = file.rsplit('/').next().unwrap();
    read::read(Source { name, text: &text }).unwrap()
}

/// Normalises a document as far as possible.
fn force(document: Document) -> (Document, Diagnostics) {
    let version = read::version(&document).unwrap();
    normalise_as_far_as_possible(document, version)
}

fn golden(document: &Document, diagnostics: &Diagnostics) -> String {
    let lint = lint::lint(document);
    let value = serde_json::to_string_pretty(document.value()).unwrap();
    format!("{value}\n\n== normalise\n{diagnostics}\n\n== lint\n{lint}")
}

/// Asserts that each pointer into the normalised document leads to the expected text in the original file.
fn places(file: &str, document: &Document, places: &[(&str, &str)]) {
    let text = text_of(file);
    for (pointer, expected) in places {
        assert!(document.get(*pointer).is_some(), "{pointer}");
        let location = document.locate(*pointer);
        let line = text.lines().nth(location.line - 1).unwrap();
        let found = line.get(location.column - 1..).unwrap();
        assert!(found.starts_with(expected), "{pointer} is at {location}: {found}");
    }
}

#[test]
fn swagger_20() {
    let (document, diagnostics) = force(read_file("swagger20/assets.yaml"));
    insta::assert_snapshot!(golden(&document, &diagnostics));
    places(
        "swagger20/assets.yaml",
        &document,
        &[
            ("/openapi", "swagger:"),
            ("/servers/0/url", "host:"),
            ("/components/schemas/Asset/properties/note/type", "type: ['null'"),
            (
                "/components/schemas/Asset/properties/parent/allOf/0/$ref",
                "$ref: '#/definitions/Asset', x-nullable",
            ),
            (
                "/components/parameters/idCategory/schema/maxLength",
                "maxLength: 10",
            ),
            (
                "/components/responses/AssetList/content/application~1json/schema/items",
                "items: {$ref",
            ),
            ("/components/securitySchemes/token", "token: {"),
            (
                "/paths/~1asset~1save~1/put/requestBody/content/application~1json/schema",
                "schema: {$ref: '#/definitions/Asset'}",
            ),
            ("/paths/~1asset~1save~1/put/parameters/0", "{name: dryRun"),
            (
                "/paths/~1asset~1save~1/post/requestBody/content/application~1xml/schema",
                "schema:",
            ),
            (
                "/paths/~1asset~1save~1/post/responses/200/content/text~1csv/schema",
                "schema:",
            ),
            (
                "/paths/~1asset~1save~1/post/responses/201/content/text~1csv/schema/type",
                "type: array",
            ),
            (
                "/paths/~1asset~1upload~1{id}/post/requestBody/content/multipart~1form-data/schema/properties\
                 /note/type",
                "type: string, description: shared",
            ),
        ],
    );
}

#[test]
fn what_two_versions_say_is_refused_at_its_line() {
    let file = "swagger20/mixed.yaml";
    let (document, diagnostics) = force(read_file(file));
    let mixed = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.code == "mixed-versions");
    let mut found: Vec<usize> = mixed
        .map(|diagnostic| diagnostic.location.as_ref().unwrap().line)
        .collect();
    found.sort_unstable();
    let text = text_of(file);
    let refused = text
        .lines()
        .zip(1..)
        .filter(|(line, _)| line.ends_with("# refused"));
    assert_eq!(found, refused.map(|(_, line)| line).collect::<Vec<usize>>());
    insta::assert_snapshot!(golden(&document, &diagnostics));
    let schema = "/paths/~1a/post/parameters/2/schema";
    places(
        file,
        &document,
        &[
            (&format!("{schema}/minItems"), "minItems: 1"),
            (&format!("{schema}/maxItems"), "maxItems: 9"),
        ],
    );
}

#[test]
fn openapi_31() {
    let (document, diagnostics) = force(read_file("openapi31/assets.yaml"));
    insta::assert_snapshot!(golden(&document, &diagnostics));
    places(
        "openapi31/assets.yaml",
        &document,
        &[
            ("/info/description", "summary:"),
            ("/paths/~1asset~1/get/responses/200", "'200':"),
            ("/components/schemas/Tag/oneOf", "type: [integer, string]"),
            ("/components/schemas/Tag/oneOf/1/minimum", "minimum: 1"),
            ("/components/schemas/AssetMoney/properties/unit", "unit: {$ref"),
            ("/components/schemas/Unit/enum", "const: EUR"),
            (
                "/components/schemas/Asset/properties/count/minimum",
                "exclusiveMinimum: 0",
            ),
            (
                "/components/schemas/Asset/properties/picture/format",
                "contentEncoding: base64",
            ),
            (
                "/components/schemas/Asset/properties/name/maxLength",
                "maxLength: 3",
            ),
            (
                "/components/schemas/Asset/properties/tag/oneOf/1/type",
                "type: boolean",
            ),
        ],
    );
}

#[test]
fn path_items_by_reference() {
    let mut all = String::new();
    for version in ["openapi31", "openapi30", "swagger20"] {
        let (document, diagnostics) = force(read_file(&format!("path-items/{version}.yaml")));
        all += &golden(&document, &diagnostics);
        all += "\n\n";
    }
    insta::assert_snapshot!(all);
    let file = "path-items/openapi31.yaml";
    places(
        file,
        &force(read_file(file)).0,
        &[
            (
                "/paths/~1chain/get",
                "get: {responses: {'204': {description: the end}",
            ),
            ("/paths/~1chain/description", "description: beside the third"),
            ("/paths/~1late/summary", "summary: beside the first"),
            ("/paths/~1late/get", "get: {responses: {'204': {description: own}"),
            (
                "/paths/~1webhook/post",
                "post: {responses: {'204': {description: of a webhook}",
            ),
            (
                "/components/x-pathItems/CalledLater/post",
                "post: {responses: {'204': {description: called later}",
            ),
        ],
    );
    let file = "path-items/swagger20.yaml";
    places(
        file,
        &force(read_file(file)).0,
        &[
            ("/paths/~1c/parameters/0", "{name: b"),
            ("/paths/~1c/post/parameters/0", "{name: e"),
            ("/paths/~1c/post/requestBody", "{name: d"),
        ],
    );
}

#[test]
fn path_items_that_stand_for_too_much_are_refused() {
    let tags = vec!["tag"; 20_000];
    let mut paths = serde_json::json!({"/all": {"get": {"tags": tags, "responses": {}}}});
    for index in 0..200 {
        paths[format!("/{index}")] = serde_json::json!({"$ref": "#/paths/~1all"});
    }
    let text = serde_json::json!({"openapi": "3.0.3", "info": {}, "paths": paths}).to_string();
    let document = read::read(Source {
        name: "a.json",
        text: &text,
    })
    .unwrap();
    let diagnostics = normalise(document).unwrap_err();
    insta::assert_snapshot!(diagnostics);
}

/// References in callbacks do not prevent generation, although callbacks are not generated.
#[test]
fn references_in_callbacks_generate() {
    let text = include_str!("../documents/path-items/openapi30.yaml");
    let input = funnelflux_generator::Input {
        upstream: Source {
            name: "openapi30.yaml",
            text,
        },
        overlays: Vec::new(),
        previous_lock: None,
    };
    let output = funnelflux_generator::generate(&input, funnelflux_generator::Options::default()).unwrap();
    let codes: Vec<&str> = output.notices.iter().map(|diagnostic| diagnostic.code).collect();
    assert_eq!(codes, ["callbacks", "callbacks", "server", "missing"]);
}

#[test]
fn keywords_that_concern_each_other() {
    let (document, diagnostics) = force(read_file("openapi31/together.yaml"));
    insta::assert_snapshot!(golden(&document, &diagnostics));
}

/// The stages after normalising compare references with names.
#[test]
fn encoded_references_are_decoded_in_every_version() {
    for (version, section) in [
        (r#""swagger": "2.0""#, r#""definitions": "#),
        (r#""openapi": "3.0.3""#, r#""components": {"schemas": "#),
        (r#""openapi": "3.1.0""#, r#""components": {"schemas": "#),
    ] {
        let (pointer, end) = if section.contains("components") {
            ("components/schemas", "}")
        } else {
            ("definitions", "")
        };
        let text = format!(
            r##"{{{version}, "info": {{"title": "t", "version": "1"}}, "paths": {{}}, {section} {{
                "A.B«C»": {{"type": "string"}},
                "D": {{"type": "object", "properties": {{"a": {{"$ref": "#/{pointer}/A%2EB%C2%ABC%C2%BB"}}}},
                    "example": {{"$ref": "#/{pointer}/A%2EB%C2%ABC%C2%BB"}}}}
            }}{end}}}"##
        );
        let (document, diagnostics) = force(
            read::read(Source {
                name: "a.json",
                text: &text,
            })
            .unwrap(),
        );
        let schema = &document.value()["components"]["schemas"]["D"];
        assert_eq!(
            schema["properties"]["a"]["$ref"], "#/components/schemas/A.B«C»",
            "{diagnostics}"
        );
        assert_eq!(
            schema["example"]["$ref"],
            format!("#/{pointer}/A%2EB%C2%ABC%C2%BB")
        );
        let lint = lint::lint(&document);
        assert!(lint.is_empty(), "{lint}");
    }
}

#[test]
fn references_of_swagger() {
    let (document, diagnostics) = force(read_file("swagger20/references.yaml"));
    insta::assert_snapshot!(golden(&document, &diagnostics));
}

#[test]
fn what_cannot_be_expressed_is_left_to_lint() {
    for file in ["swagger20/assets.yaml", "openapi31/assets.yaml"] {
        let (document, _) = normalise(read_file(file)).unwrap();
        let diagnostics = lint::lint(&document);
        assert!(diagnostics.has_errors());
        assert!(diagnostics.iter().all(|diagnostic| diagnostic.location.is_some()));
    }
}

#[test]
fn openapi_30_stays_as_it_is() {
    let text = include_str!("../../../../spec/effective.json");
    let document = read::read(Source { name: "a.json", text }).unwrap();
    let before = document.value().clone();
    let (document, diagnostics) = normalise(document).unwrap();
    assert_eq!(document.value(), &before);
    assert!(diagnostics.is_empty());
}

#[test]
fn the_same_api_in_each_version_is_the_same_document() {
    let (swagger, diagnostics) = normalise(read_file("swagger20/same.yaml")).unwrap();
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let (openapi, diagnostics) = normalise(read_file("openapi31/same.yaml")).unwrap();
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let pretty = |document: &Document| serde_json::to_string_pretty(document.value()).unwrap();
    let reference = read_file("openapi30/same.yaml");
    assert_eq!(swagger.value(), reference.value(), "{}", pretty(&swagger));
    assert_eq!(openapi.value(), reference.value(), "{}", pretty(&openapi));
    for document in [&reference, &swagger, &openapi] {
        let diagnostics = lint::lint(document);
        assert!(!diagnostics.has_errors(), "{diagnostics}");
    }
}
