//! Each flaw is repaired and reported. Everything else stays unchanged.

use crate::{
    document::{Document, Source},
    normalise::normalise,
    read::read,
};
use serde_json::{Value, json};

/// Returns a normalised document, and its diagnostics.
fn normalised(document: &Value) -> (Value, Vec<String>) {
    let text = format!("{document:#}");
    let source = Source {
        name: "a.json",
        text: &text,
    };
    let (document, diagnostics): (Document, _) = read(source).and_then(normalise).unwrap();
    let diagnostics = diagnostics.iter().map(|diagnostic| {
        assert!(diagnostic.location.is_some(), "{diagnostic}");
        format!(
            "{} {}: {}",
            diagnostic.severity, diagnostic.pointer, diagnostic.message
        )
    });
    (document.into_value(), diagnostics.collect())
}

#[test]
fn flaws_of_the_documentation_are_repaired() {
    let ok = json!({"description": "ok"});
    let (document, diagnostics) = normalised(&json!({
        "openapi": "3.0.0",
        "info": {"version": 1, "description": null},
        "servers": [{"description": "x"}, "https://a.example", {
            "url": "https://{h}:{p}", "variables": {"p": {"default": 443}, "h": "a.example"},
        }],
        "tags": ["Pages", {"description": "nothing"}, {"name": "Users", "externalDocs": "https://b.example"}],
        "paths": {"/a": {"get": {
            "summary": null, "operationId": 7, "tags": "Pages", "description": {}, "deprecated": null,
            "parameters": [{"name": 404, "in": "Query", "required": "true", "schema": {"type": "String"}}],
            "responses": {"200": {}, "201": "Created", "202": {"description": null}, "204": ok},
        }}},
        "components": {"schemas": {"A": {
            "title": 5, "type": "object", "required": "a", "properties": {"title": {"type": "string"}},
        }}},
    }));
    let expected = json!({
        "openapi": "3.0.3",
        "info": {"version": "1", "title": ""},
        "servers": [{"url": "https://a.example"}, {
            "url": "https://{h}:{p}", "variables": {"p": {"default": "443"}, "h": {"default": "a.example"}},
        }],
        "tags": [{"name": "Pages"}, {"name": "Users", "externalDocs": {"url": "https://b.example"}}],
        "paths": {"/a": {"get": {
            "operationId": "7", "tags": ["Pages"],
            "parameters": [{"name": "404", "in": "query", "required": true, "schema": {"type": "string"}}],
            "responses": {
                "200": {"description": ""}, "201": {"description": "Created"}, "202": {"description": ""},
                "204": ok,
            },
        }}},
        "components": {"schemas": {"A": {
            "title": "5", "type": "object", "required": ["a"], "properties": {"title": {"type": "string"}},
        }}},
    });
    assert_eq!(document, expected);
    for line in [
        "notice /info/version: `version` is a number: it is read as `1`",
        "notice /info/description: `description` is null: it is ignored",
        "notice /info/title: the info needs `title`: it is read as empty",
        "warning /servers/0: a server needs `url`: it is ignored",
        "warning /tags/1: a tag needs `name`: it is ignored",
        "notice /paths/~1a/get/tags: `tags` is the string `Pages`: it is read as a list",
        "warning /paths/~1a/get/description: `description` is an object: it is ignored",
        "notice /components/schemas/A/required: `required` is the string `a`: it is read as a list",
        "notice /paths/~1a/get/parameters/0/in: `in` is the string `Query`: it is read as `query`",
        "notice /paths/~1a/get/responses/200/description: a response needs `description`: it is read as \
         empty",
    ] {
        assert!(
            diagnostics.iter().any(|known| known == line),
            "{line}\n{diagnostics:#?}"
        );
    }
    assert_eq!(diagnostics.len(), 25, "{diagnostics:#?}");
}

#[test]
fn a_document_without_info_is_read() {
    for info in [json!(null), json!({}), json!({"title": null, "version": null})] {
        let (document, diagnostics) = normalised(&json!({"openapi": "3.0.3", "info": info, "paths": {}}));
        assert_eq!(document["info"], json!({"title": "", "version": ""}), "{info}");
        assert!(!diagnostics.is_empty());
    }
    let (document, _) = normalised(&json!({"openapi": "3.0.3", "paths": {}}));
    assert_eq!(document["info"], json!({"title": "", "version": ""}));
}

/// Flaws that affect the client stay as they are, so that later stages report them.
#[test]
fn other_flaws_stay() {
    let document = json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"get": {
            "parameters": null, "security": null,
            "responses": {"200": {"description": "ok", "content": null}, "201": {"$ref": "#/x"}},
        }}},
        "components": {"schemas": {"A": {
            "type": "text", "properties": null, "maximum": "5", "enum": [1, null], "example": null,
            "required": [{}],
        }}},
    });
    assert_eq!(normalised(&document), (document, Vec::new()));
}
