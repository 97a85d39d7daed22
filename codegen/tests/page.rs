//! The document equals the vendor's page on every structural point.
//!
//! The tables below were read off the page, not off the document: a slip in one shows against the other.

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
    (
        "put",
        "/offersource/archive/",
        "",
        "ParentMutationRequest",
        "",
    ),
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
    (
        "ParentMutationRequest",
        "entries",
        "array of string at least 1!",
    ),
    (
        "ParentMutationRequest",
        "cascadeAction",
        "string cascade|move|orphan",
    ),
    ("ParentMutationRequest", "targetParentID", "string"),
    ("Status", "", "string active|archived|deleted=\"active\""),
    ("StringList", "entries", "array of string!"),
];

fn document() -> Value {
    serde_json::from_str(include_str!("../../spec/upstream.json")).unwrap()
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
    if schema
        .get("minLength")
        .or(schema.get("maxLength"))
        .is_some()
    {
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
    let document = document();
    let json = |content: &Value| name_of(&content["content"]["application/json"]["schema"]);
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let parameters: Vec<String> = parameters
                .map(|parameter| {
                    assert_eq!(
                        (&parameter["in"], &parameter["schema"]["type"]),
                        (&json!("query"), &json!("string"))
                    );
                    let required = if parameter["required"] == true {
                        "!"
                    } else {
                        ""
                    };
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
                method.clone(),
                path.clone(),
                parameters.join(" "),
                format!("{}{optional}", json(body)),
                json(&responses["200"]),
            ));
        }
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
    assert_eq!(found, page);
}

#[test]
fn the_schemas_are_those_of_the_page_with_its_order_of_properties() {
    let document = document();
    let mut found = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
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
    // Stable: the page orders the properties of a schema, not the schemas.
    found.sort_by(|one, other| one.0.cmp(&other.0));
    let page = SCHEMAS
        .map(|(name, property, shape)| (name.to_owned(), property.to_owned(), shape.to_owned()));
    assert_eq!(found, page);
}

#[test]
fn server_and_security_are_those_of_the_documentation() {
    let document = document();
    let bearer = &document["components"]["securitySchemes"]["bearer"];
    assert_eq!(document["openapi"], "3.0.3");
    assert_eq!(
        document["servers"],
        json!([{"url": "https://api.funnelflux.pro/v1"}])
    );
    assert_eq!(document["security"], json!([{"bearer": []}]));
    assert_eq!(
        (&bearer["type"], &bearer["scheme"]),
        (&json!("http"), &json!("bearer"))
    );
}
