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
            "parameters": {}, "security": "key",
            "responses": {"200": {"description": "ok", "content": []}, "201": {"$ref": "#/x"}, "202": null},
        }}, "/b": null},
        "components": {"schemas": {"A": {
            "type": "text", "properties": [], "maximum": "5", "enum": [1, null], "required": [{}],
        }, "B": null}},
    });
    assert_eq!(normalised(&document), (document, Vec::new()));
}

/// Some programs write null for a keyword that is not set. Go programs write it for an empty list.
#[test]
fn null_is_an_absent_keyword() {
    let (document, diagnostics) = normalised(&json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "servers": null,
        "security": [{"key": null}],
        "paths": {"/a": {
            "parameters": null, "put": null,
            "get": {
                "parameters": null, "security": null, "requestBody": null, "callbacks": null,
                "responses": {"200": {"description": "ok", "headers": null, "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/A"}, "example": null},
                }}},
            },
        }},
        "components": {"headers": null, "schemas": {"A": {
            "type": "object", "format": null, "pattern": null, "maximum": null, "nullable": null,
            "required": null, "allOf": null, "items": null, "additionalProperties": null, "x-order": null,
            "properties": {"items": {
                "type": "string", "enum": null, "properties": null, "default": null, "example": null,
            }, "enum": {"type": "string", "nullable": true, "enum": ["a", null]}},
        }}},
    }));
    let expected = json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "security": [{"key": []}],
        "paths": {"/a": {"get": {
            "responses": {"200": {"description": "ok", "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/A"}, "example": null},
            }}},
        }}},
        "components": {"schemas": {"A": {
            "type": "object", "x-order": null,
            "properties": {
                "items": {"type": "string", "default": null, "example": null},
                "enum": {"type": "string", "nullable": true, "enum": ["a", null]},
            },
        }}},
    });
    assert_eq!(document, expected);
    assert_eq!(diagnostics.len(), 20, "{diagnostics:#?}");
    for line in [
        "notice /paths/~1a/get/security: `security` is null: it is ignored",
        "notice /components/schemas/A/required: `required` is null: it is ignored",
        "notice /security/0/key: `key` is null: it is read as a list",
    ] {
        assert!(
            diagnostics.iter().any(|known| known == line),
            "{line}\n{diagnostics:#?}"
        );
    }
}

/// Keywords of Swagger 2.0 or `OpenAPI` 3.1 also count as absent if they are null. Null is kept where it is a
/// value, as in `const`.
#[test]
fn null_is_an_absent_keyword_in_every_version() {
    let (document, diagnostics) = normalised(&json!({
        "swagger": "2.0",
        "info": {"title": "t", "version": "1"},
        "host": "a.example", "schemes": null, "consumes": null, "produces": ["application/json"],
        "parameters": null,
        "paths": {"/a": {"get": {
            "parameters": null, "consumes": null, "produces": null, "schemes": null,
            "responses": {"200": {"description": "ok", "schema": {"$ref": "#/definitions/A"}}},
        }}},
        "definitions": {"A": {"type": "object", "required": null}},
    }));
    let expected = json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://a.example"}],
        "paths": {"/a": {"get": {
            "responses": {"200": {"description": "ok", "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/A"}},
            }}},
        }}},
        "components": {"schemas": {"A": {"type": "object"}}},
    });
    assert_eq!(document, expected);
    assert!(
        diagnostics
            .iter()
            .all(|line| line.ends_with(" is null: it is ignored")),
        "{diagnostics:#?}"
    );
    let (document, diagnostics) = normalised(&json!({
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"get": {"parameters": null, "responses": {"204": {"description": "ok"}}}}},
        "webhooks": null,
        "components": {"schemas": {
            "A": {"type": "array", "prefixItems": null, "items": {"type": "string"}, "contains": null},
            "B": {"type": "object", "patternProperties": null, "$defs": null, "examples": null},
            "C": {"const": null},
        }},
    }));
    let expected = json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"get": {"responses": {"204": {"description": "ok"}}}}},
        "components": {"schemas": {
            "A": {"type": "array", "items": {"type": "string"}},
            "B": {"type": "object"},
            "C": {"x-type": "null", "nullable": true},
        }},
    });
    assert_eq!(document, expected, "{diagnostics:#?}");
}
