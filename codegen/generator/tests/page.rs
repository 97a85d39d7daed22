//! Tests that the vendor's document and the effective document agree with the vendor's page about offer
//! sources.
//!
//! The tables below were transcribed from the page, not from the documents, so the test finds a mistake in
//! either transcription.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_push_string,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod transcription;

use serde_json::{Value, json};
use transcription::transcription;

/// Operations in the order of the page.
const OPERATIONS: &str = "\
get /offersource/list/
    status: required, active|archived|not-deleted|all
    idCategory: optional
    response: array of OfferSourceInfo
get /offersource/find/byId/
    idOfferSource: required
    response: OfferSource
get /offersource/find/byIds/
    idOfferSources: required
    response: array of OfferSource
get /offersource/find/byStatus/
    status: required, active|archived|not-deleted|all
    response: array of OfferSourceInfo
get /offersource/find/byCategory/
    idCategory: required
    response: array of OfferSource
put /offersource/save/
    required body: OfferSource
post /offersource/save/
    required body: OfferSource
post /offersource/duplicate/
    idOfferSource: required
    required body: DuplicateRequest
    response: DuplicateResponse
delete /offersource/delete/
    idOfferSource: optional
    optional body: ParentMutationRequest
put /offersource/archive/
    required body: ParentMutationRequest
put /offersource/unarchive/
    required body: StringList
put /offersource/move-category/
    required body: MoveCategoryRequest
";

/// Schemas and their properties in the order in which the page first shows them.
const SCHEMAS: &str = "\
Status: string, active|archived|deleted, default \"active\"
OfferSourceInfo: object
    idOfferSource: required string
    offerSourceName: required string, 1 to 256 characters
    status: required Status
    idCategory: string
    categoryName: string, 0 to 256 characters
OfferSource: object
    idOfferSource: required string
    offerSourceName: required string, 1 to 256 characters
    queryParams: object of string
    umrDomainOverride: string, default \"\"
    postbackSubId: string, default \"\"
    postbackTxId: string, default \"\"
    postbackPayout: string, default \"\"
    status: Status
    idCategory: string, default \"\"
    meta: object
DuplicateRequest: object
    name: required string, 1 to 256 characters
    parentId: string
    bodyUpdates: object
DuplicateResponse: object
    id: string
ParentMutationRequest: object
    entries: required array of string, at least 1
    cascadeAction: string, cascade|move|orphan
    targetParentID: string
StringList: object
    entries: required array of string
MoveCategoryRequest: object
    entries: required array of string
    idCategory: required string
";

/// Returns the examples of the page: method, path, request and response.
fn examples() -> Vec<(&'static str, &'static str, Value, Value)> {
    let source = json!({
        "idOfferSource": "1",
        "offerSourceName": "offerSourceName",
        "postbackSubId": "subid",
        "postbackTxId": "txid",
        "postbackPayout": "payout",
        "queryParams": {"param1": "value1", "param2": "value2"},
        "umrDomainOverride": "clean.example.com",
    });
    let slim = json!([{
        "idOfferSource": "idOfferSource",
        "offerSourceName": "offerSourceName",
        "status": "active",
        "idCategory": "idCategory",
        "categoryName": "categoryName",
    }]);
    let parents = json!({
        "entries": ["parent-id"],
        "cascadeAction": "move",
        "targetParentID": "target-parent-id",
    });
    let none = Value::Null;
    vec![
        ("get", "/offersource/list/", none.clone(), slim.clone()),
        ("get", "/offersource/find/byId/", none.clone(), source.clone()),
        ("get", "/offersource/find/byIds/", none.clone(), json!([source])),
        ("get", "/offersource/find/byStatus/", none.clone(), slim),
        (
            "get",
            "/offersource/find/byCategory/",
            none.clone(),
            json!([source]),
        ),
        ("put", "/offersource/save/", source.clone(), none.clone()),
        ("post", "/offersource/save/", source, none.clone()),
        (
            "post",
            "/offersource/duplicate/",
            json!({"name": "name", "parentId": "parentId", "bodyUpdates": {}}),
            json!({"id": "id"}),
        ),
        ("delete", "/offersource/delete/", parents.clone(), none.clone()),
        ("put", "/offersource/archive/", parents, none.clone()),
        (
            "put",
            "/offersource/unarchive/",
            json!({"entries": ["entries", "entries"]}),
            none.clone(),
        ),
        (
            "put",
            "/offersource/move-category/",
            json!({"entries": ["string"], "idCategory": "idCategory"}),
            none,
        ),
    ]
}

/// Returns two documents, each with its name: our transcription of the page, and the effective document.
/// Returns an empty list if the vendor's document has replaced the transcription.
fn documents() -> Vec<(&'static str, Value)> {
    let Some(upstream) = transcription() else {
        return Vec::new();
    };
    // Other tests use this copy as an example, so it must equal the transcription.
    assert!(
        upstream == include_str!("documents/offer-sources.json"),
        "the copy is stale"
    );
    let effective = include_str!("../../../spec/effective.json");
    let documents = [("upstream", upstream.as_str()), ("effective", effective)];
    documents
        .map(|(name, text)| (name, serde_json::from_str(text).unwrap()))
        .into()
}

/// Returns the operations on offer sources, with method and path. Operations of other groups are inferred and
/// appear on no page.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .filter(|(path, _)| path.starts_with("/offersource/"))
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
        })
}

/// Describes a schema in the format of the tables.
fn describe(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap().to_owned();
    }
    let mut words = match (schema["type"].as_str().unwrap(), &schema["additionalProperties"]) {
        ("array", _) => format!("array of {}", describe(&schema["items"])),
        (kind, Value::Object(value)) => format!("{kind} of {}", value["type"].as_str().unwrap()),
        (kind, _) => kind.to_owned(),
    };
    let limit = |key: &str| schema[key].as_u64();
    match (limit("minLength"), limit("maxLength")) {
        (None, None) => {}
        (minimum, Some(maximum)) => {
            words += &format!(", {} to {maximum} characters", minimum.unwrap_or_default());
        }
        (Some(_), None) => panic!("the page has no such limit: {schema}"),
    }
    if let Some(minimum) = limit("minItems") {
        words += &format!(", at least {minimum}");
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<&str> = values.iter().map(|value| value.as_str().unwrap()).collect();
        words += &format!(", {}", values.join("|"));
    }
    if let Some(default) = schema.get("default") {
        words += &format!(", default {default}");
    }
    words
}

#[test]
fn the_operations_are_those_of_the_page_in_its_order() {
    for (name, document) in documents() {
        let mut text = String::new();
        for (method, path, operation) in operations(&document) {
            assert_eq!(operation["tags"], json!(["Offer Sources"]), "{name}: {path}");
            text += &format!("{method} {path}\n");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert_eq!(parameter["in"], "query", "{name}: {path}");
                let schema = describe(&parameter["schema"]);
                let required = if parameter["required"] == true {
                    "required"
                } else {
                    "optional"
                };
                let values = schema.strip_prefix("string").unwrap();
                text += &format!(
                    "    {}: {required}{values}\n",
                    parameter["name"].as_str().unwrap()
                );
            }
            let json = |holder: &Value| holder["content"]["application/json"].get("schema").map(describe);
            let body = &operation["requestBody"];
            if let Some(schema) = json(body) {
                let required = if body["required"] == true {
                    "required"
                } else {
                    "optional"
                };
                text += &format!("    {required} body: {schema}\n");
            }
            let responses = operation["responses"].as_object().unwrap();
            assert_eq!(responses.keys().collect::<Vec<_>>(), ["200"], "{name}: {path}");
            if let Some(schema) = json(&responses["200"]) {
                text += &format!("    response: {schema}\n");
            }
        }
        assert_eq!(text, OPERATIONS, "{name}");
    }
}

#[test]
fn the_examples_are_those_of_the_page() {
    for (name, document) in documents() {
        let found: Vec<_> = operations(&document)
            .map(|(method, path, operation)| {
                let example = |holder: &Value| holder["content"]["application/json"]["example"].clone();
                (
                    method,
                    path,
                    example(&operation["requestBody"]),
                    example(&operation["responses"]["200"]),
                )
            })
            .collect();
        assert_eq!(found, examples(), "{name}");
    }
}

#[test]
fn the_schemas_are_those_of_the_page_in_its_order() {
    let names: Vec<&str> = SCHEMAS
        .lines()
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.split_once(':').unwrap().0)
        .collect();
    for (document_name, document) in documents() {
        let mut text = String::new();
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            // The overlays add schemas of other groups, which are skipped.
            if !names.contains(&name.as_str()) {
                continue;
            }
            text += &format!("{name}: {}\n", describe(schema));
            for (property, property_schema) in schema["properties"].as_object().into_iter().flatten() {
                let mut required = schema["required"].as_array().into_iter().flatten();
                let required = if required.any(|name| name == property) {
                    "required "
                } else {
                    ""
                };
                text += &format!("    {property}: {required}{}\n", describe(property_schema));
            }
        }
        assert_eq!(text, SCHEMAS, "{document_name}");
    }
}

#[test]
fn parts_that_are_not_on_the_page_state_their_evidence() {
    for (name, document) in documents() {
        let kind = |pointer: &str| {
            let evidence = &document.pointer(pointer).unwrap()["x-evidence"];
            assert!(evidence["source"].is_string(), "{name}: {pointer}");
            evidence["kind"].as_str().unwrap()
        };
        let schemas = "/components/schemas";
        for (pointer, expected) in [
            (format!("{schemas}/OfferSource/properties/meta"), "sibling"),
            (format!("{schemas}/OfferSource/properties/queryParams"), "page"),
            (
                format!("{schemas}/DuplicateRequest/properties/bodyUpdates"),
                "page",
            ),
            ("/components/securitySchemes/bearer".to_owned(), "docs"),
            (
                "/paths/~1offersource~1find~1byIds~1/get/parameters/0".to_owned(),
                "sibling",
            ),
        ] {
            assert_eq!(kind(&pointer), expected, "{name}: {pointer}");
        }
        for (method, path, _) in operations(&document) {
            let path = path.replace('/', "~1");
            let status = format!("/paths/{path}/{method}/responses/200");
            assert_eq!(kind(&status), "pattern", "{name}: {status}");
        }
    }
}

#[test]
fn server_and_security_are_those_of_the_documentation() {
    for (name, document) in documents() {
        let bearer = &document["components"]["securitySchemes"]["bearer"];
        assert_eq!(document["openapi"], "3.0.3", "{name}");
        assert_eq!(
            document["servers"],
            json!([{"url": "https://api.funnelflux.pro/v1"}]),
            "{name}"
        );
        assert_eq!(document["security"], json!([{"bearer": []}]), "{name}");
        assert_eq!(
            (&bearer["type"], &bearer["scheme"]),
            (&json!("http"), &json!("bearer")),
            "{name}"
        );
    }
}
