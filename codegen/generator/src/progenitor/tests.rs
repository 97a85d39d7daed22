//! Tests of the diagnostics for documents that make progenitor fail or crash.

use super::*;
use crate::transform::transform;
use funnelflux_openapi::{Source, read::read};

fn model(document: &Value) -> (Document, ApiModel) {
    let text = document.to_string();
    let document = read(Source {
        name: "spec/upstream.json",
        text: &text,
    })
    .unwrap();
    let (model, ..) = transform(&document).unwrap();
    (document, model)
}

fn operation(schema: &Value) -> Value {
    json!({
        "tags": ["T"],
        "responses": {"200": {"description": "x", "content": {"application/json": {"schema": schema}}}},
    })
}

#[test]
fn a_panic_names_the_operation() {
    let (document, model) = model(&json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/good/": {"get": operation(&json!({"type": "string"}))},
            "/bad/": {"get": operation(&json!({"$ref": "#/components/schemas/Nobody"}))},
        },
        "components": {"schemas": {}},
    }));
    let diagnostics = generate_items(&model, &document, &in_process).unwrap_err();
    assert_eq!(diagnostics.len(), 1);
    let diagnostic = &diagnostics.0[0];
    assert_eq!(diagnostic.code, "generator-crash");
    assert_eq!(diagnostic.operation.as_deref(), Some("GET /bad/"));
    assert!(diagnostic.location.is_some());
    assert!(diagnostic.message.contains("Nobody"), "{}", diagnostic.message);
}

#[test]
fn the_only_operation_is_named_too() {
    let (document, model) = model(&json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {"/bad/": {"get": operation(&json!({"$ref": "#/components/schemas/Nobody"}))}},
    }));
    let diagnostics = generate_items(&model, &document, &in_process).unwrap_err();
    assert_eq!(diagnostics.len(), 1, "{diagnostics}");
    assert_eq!(diagnostics.0[0].operation.as_deref(), Some("GET /bad/"));
}

#[test]
fn a_schema_that_many_use_is_named_with_them() {
    let bad = json!({"type": "object", "properties": {"deep": {"$ref": "#/components/schemas/Bad"}}});
    let (document, model) = model(&json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/one/": {"get": operation(&json!({"$ref": "#/components/schemas/Outer"}))},
            "/two/": {"get": operation(&json!({"$ref": "#/components/schemas/Outer"}))},
        },
        "components": {"schemas": {
            "Outer": bad,
            "Bad": {"type": "object", "properties": {
                "odd": {"not": {"type": "object", "properties": {"a": {}}}},
            }},
        }},
    }));
    let diagnostics = generate_items(&model, &document, &in_process).unwrap_err();
    assert_eq!(diagnostics.len(), 1, "{diagnostics}");
    let diagnostic = &diagnostics.0[0];
    assert_eq!(diagnostic.pointer, "/components/schemas/Bad");
    assert_eq!(diagnostic.operation.as_deref(), Some("GET /one/ and 1 more"));
}

#[test]
fn a_crash_in_isolation_is_located() {
    let text = json!({"type": "string"});
    let (document, model) = model(&json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/good/": {"get": operation(&text)},
            "/bad/": {"get": operation(&json!({"$ref": "#/components/schemas/Outer"}))},
        },
        "components": {"schemas": {
            "Outer": {"type": "object", "properties": {"inner": {"$ref": "#/components/schemas/Inner"}}},
            "Inner": {"type": "object", "properties": {"poison": text}},
        }},
    }));
    let crash = |request: &str| {
        if request.contains("poison") {
            return Err("it overflowed its stack".to_owned());
        }
        in_process(request)
    };
    let diagnostics = generate_items(&model, &document, &crash).unwrap_err();
    assert_eq!(diagnostics.len(), 1, "{diagnostics}");
    let diagnostic = &diagnostics.0[0];
    assert_eq!(diagnostic.pointer, "/components/schemas/Inner");
    assert_eq!(diagnostic.operation.as_deref(), Some("GET /bad/"));
    assert_eq!(
        diagnostic.message,
        "the generator crashed: it overflowed its stack"
    );
}

/// A rewrite pass drops the method bodies that progenitor generates. If an upgrade of progenitor changes
/// them, the generated crate stays the same, but this snapshot differs. The upgrade may also have changed
/// code that the pass keeps.
#[test]
fn methods_send_what_the_model_states() {
    let parameter = |name: &str, place: &str, required: bool| {
        let schema = json!({"type": "string"});
        json!({"name": name, "in": place, "required": required, "schema": schema})
    };
    let body = |required: bool| {
        let content = json!({"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}});
        json!({"required": required, "content": content})
    };
    let thing = operation(&json!({"$ref": "#/components/schemas/Thing"}));
    let done = json!({"204": {"description": "Done."}});
    let with = |mut operation: Value, parameters: &[Value], body: Option<Value>| {
        operation["parameters"] = json!(parameters);
        if let Some(body) = body {
            operation["requestBody"] = body;
        }
        operation
    };
    let list =
        json!({"name": "ids", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}});
    // The generator must rename its variable `url`.
    let query = [
        parameter("idThing", "query", true),
        list,
        parameter("url", "query", false),
    ];
    let headers = [
        parameter("id", "path", true),
        parameter("X-One", "header", true),
        parameter("X-Two", "header", false),
    ];
    let (document, model) = model(&json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {
            "/thing/list/": {"get": with(thing.clone(), &query, None)},
            "/thing/{id}/save": {"put": with(thing, &headers, Some(body(true)))},
            "/thing/delete/": {"delete": with(json!({"responses": done}), &[], Some(body(false)))},
        },
        "components": {"schemas": {"Thing": {"type": "object", "properties": {"a": {"type": "string"}}}}},
    }));
    let (mut file, _) = generate_items(&model, &document, &in_process).unwrap();
    let is_client = |item: &syn::Item| matches!(item, syn::Item::Impl(client) if client.trait_.is_none());
    file.items.retain(is_client);
    insta::assert_snapshot!(prettyplease::unparse(&file));
}
