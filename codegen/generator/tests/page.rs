//! Document and effective document equal the vendor's page on every structural point.
//!
//! The tables below were read off the page, not off the documents: a slip in one shows against the other.

#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise and need not be fast"
)]

use serde_json::{Value, json};

/// Method, path, query parameters (`!` required, `:` the filter by status), request body (`?` optional), response.
const OPERATIONS: [(&str, &str, &str, &str, &str); 12] = [
    (
        "get",
        "/offersource/list/",
        "status!: idCategory",
        "",
        "OfferSourceInfo[]",
    ),
    (
        "get",
        "/offersource/find/byId/",
        "idOfferSource!",
        "",
        "OfferSource",
    ),
    (
        "get",
        "/offersource/find/byIds/",
        "idOfferSources!",
        "",
        "OfferSource[]",
    ),
    (
        "get",
        "/offersource/find/byStatus/",
        "status!:",
        "",
        "OfferSourceInfo[]",
    ),
    (
        "get",
        "/offersource/find/byCategory/",
        "idCategory!",
        "",
        "OfferSource[]",
    ),
    ("put", "/offersource/save/", "", "OfferSource", ""),
    ("post", "/offersource/save/", "", "OfferSource", ""),
    (
        "post",
        "/offersource/duplicate/",
        "idOfferSource!",
        "DuplicateRequest",
        "DuplicateResponse",
    ),
    (
        "delete",
        "/offersource/delete/",
        "idOfferSource",
        "ParentMutationRequest?",
        "",
    ),
    ("put", "/offersource/archive/", "", "ParentMutationRequest", ""),
    ("put", "/offersource/unarchive/", "", "StringList", ""),
    (
        "put",
        "/offersource/move-category/",
        "",
        "MoveCategoryRequest",
        "",
    ),
];

/// Schema, property, then type with its limits, `=` a default, `!` required.
const SCHEMAS: [(&str, &str, &str); 26] = [
    ("DuplicateRequest", "name", "string 1..256!"),
    ("DuplicateRequest", "parentId", "string"),
    ("DuplicateRequest", "bodyUpdates", "object"),
    ("DuplicateResponse", "id", "string"),
    ("MoveCategoryRequest", "entries", "array of string!"),
    ("MoveCategoryRequest", "idCategory", "string!"),
    ("OfferSource", "idOfferSource", "string!"),
    ("OfferSource", "offerSourceName", "string 1..256!"),
    ("OfferSource", "queryParams", "object of string"),
    ("OfferSource", "umrDomainOverride", "string=\"\""),
    ("OfferSource", "postbackSubId", "string=\"\""),
    ("OfferSource", "postbackTxId", "string=\"\""),
    ("OfferSource", "postbackPayout", "string=\"\""),
    ("OfferSource", "status", "Status"),
    ("OfferSource", "idCategory", "string=\"\""),
    ("OfferSource", "meta", "object"),
    ("OfferSourceInfo", "idOfferSource", "string!"),
    ("OfferSourceInfo", "offerSourceName", "string 1..256!"),
    ("OfferSourceInfo", "status", "Status!"),
    ("OfferSourceInfo", "idCategory", "string"),
    ("OfferSourceInfo", "categoryName", "string ..256"),
    ("ParentMutationRequest", "entries", "array of string at least 1!"),
    (
        "ParentMutationRequest",
        "cascadeAction",
        "string cascade|move|orphan",
    ),
    ("ParentMutationRequest", "targetParentID", "string"),
    ("Status", "", "string active|archived|deleted=\"active\""),
    ("StringList", "entries", "array of string!"),
];

/// The examples of request and response, by method and path.
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

/// The vendor's document, and what the overlays leave of it: each with its name.
fn documents() -> [(&'static str, Value); 2] {
    [
        ("upstream", include_str!("../../../spec/upstream.json")),
        ("effective", include_str!("../../../spec/effective.json")),
    ]
    .map(|(name, text)| (name, serde_json::from_str(text).unwrap()))
}

/// The operations of the page, with method and path. Those of other groups are deduced, and on no page.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .filter(|(path, _)| path.starts_with("/offersource/"))
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
        })
}

fn name_of(schema: &Value) -> String {
    match (schema["$ref"].as_str(), schema["type"].as_str()) {
        (Some(reference), _) => reference.rsplit('/').next().unwrap().to_owned(),
        (None, Some("array")) => format!("{}[]", name_of(&schema["items"])),
        (None, other) => other.unwrap_or_default().to_owned(),
    }
}

fn values(schema: &Value) -> String {
    let values = schema["enum"].as_array().into_iter().flatten();
    values
        .map(|value| value.as_str().unwrap())
        .collect::<Vec<_>>()
        .join("|")
}

fn shape(schema: &Value) -> String {
    let mut shape = match schema["type"].as_str() {
        Some("array") => format!("array of {}", name_of(&schema["items"])),
        _ => name_of(schema),
    };
    if let Some(value) = schema["additionalProperties"].as_object() {
        shape += &format!(" of {}", value["type"].as_str().unwrap());
    }
    if schema.get("minLength").or(schema.get("maxLength")).is_some() {
        let limit = |name| {
            schema[name]
                .as_u64()
                .map_or_else(String::new, |limit| limit.to_string())
        };
        shape += &format!(" {}..{}", limit("minLength"), limit("maxLength"));
    }
    if let Some(least) = schema["minItems"].as_u64() {
        shape += &format!(" at least {least}");
    }
    if schema["enum"].is_array() {
        shape += &format!(" {}", values(schema));
    }
    if let Some(default) = schema.get("default") {
        shape += &format!("={default}");
    }
    shape
}

#[test]
fn the_operations_are_those_of_the_page_in_its_order() {
    let json = |content: &Value| name_of(&content["content"]["application/json"]["schema"]);
    for (name, document) in documents() {
        let mut found = Vec::new();
        for (method, path, operation) in operations(&document) {
            assert_eq!(operation["tags"], json!(["Offer Sources"]), "{name}: {path}");
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let parameters: Vec<String> = parameters
                .map(|parameter| {
                    assert_eq!(
                        (&parameter["in"], &parameter["schema"]["type"]),
                        (&json!("query"), &json!("string"))
                    );
                    let required = if parameter["required"] == true { "!" } else { "" };
                    let filter = match values(&parameter["schema"]).as_str() {
                        "" => "",
                        "active|archived|not-deleted|all" => ":",
                        other => panic!("not on the page: {other}"),
                    };
                    format!("{}{required}{filter}", parameter["name"].as_str().unwrap())
                })
                .collect();
            let body = &operation["requestBody"];
            let optional = if body.is_object() && body["required"] != true {
                "?"
            } else {
                ""
            };
            let responses = operation["responses"].as_object().unwrap();
            assert_eq!(responses.keys().collect::<Vec<_>>(), ["200"], "{path}");
            found.push((
                method.to_owned(),
                path.to_owned(),
                parameters.join(" "),
                format!("{}{optional}", json(body)),
                json(&responses["200"]),
            ));
        }
        let page = OPERATIONS.map(|(method, path, parameters, request, response)| {
            (
                method.to_owned(),
                path.to_owned(),
                parameters.to_owned(),
                request.to_owned(),
                response.to_owned(),
            )
        });
        assert_eq!(found, page, "{name}");
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

/// In the order in which the page first shows them.
const NAMES: [&str; 8] = [
    "Status",
    "OfferSourceInfo",
    "OfferSource",
    "DuplicateRequest",
    "DuplicateResponse",
    "ParentMutationRequest",
    "StringList",
    "MoveCategoryRequest",
];

#[test]
fn the_schemas_are_those_of_the_page_with_its_order_of_properties() {
    for (document_name, document) in documents() {
        let mut found = Vec::new();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        // The overlays add those of other groups.
        let of_page = || schemas.iter().filter(|(name, _)| NAMES.contains(&name.as_str()));
        let names: Vec<&String> = of_page().map(|(name, _)| name).collect();
        assert_eq!(names, NAMES, "{document_name}");
        for (name, schema) in of_page() {
            let Some(properties) = schema["properties"].as_object() else {
                found.push((name.clone(), String::new(), shape(schema)));
                continue;
            };
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            for (property, schema) in properties {
                let mark = if required.contains(&json!(property)) {
                    "!"
                } else {
                    ""
                };
                found.push((name.clone(), property.clone(), shape(schema) + mark));
            }
        }
        // Stable: the properties of a schema stay in the page's order.
        found.sort_by(|one, other| one.0.cmp(&other.0));
        let page =
            SCHEMAS.map(|(name, property, shape)| (name.to_owned(), property.to_owned(), shape.to_owned()));
        assert_eq!(found, page, "{document_name}");
    }
}

/// What the page does not print is marked, and what is deduced says so.
#[test]
fn what_is_not_on_the_page_says_on_what_it_rests() {
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
