//! Writes two guesses at the vendor's future document into a folder. The script `.ci/take-over` uses these
//! guesses to rehearse the day on which the real document arrives. Usage:
//! `cargo run --package xtask --example guesses -- FOLDER`.
//!
//! Each guess is `xtask/tests/documents/as-inferred.json` with changes to everything that is inferred. Tags,
//! titles, methods, and the group that the vendor documents stay unchanged.

#![allow(
    clippy::indexing_slicing,
    reason = "a development tool stops at the first surprise"
)]

use std::{env, error::Error, fs, path::Path};

use serde_json::{Map, Value, json};

/// Tag of the documented group.
const DOCUMENTED: &str = "Offer Sources";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args_os().nth(1).ok_or("name a folder")?;
    let text = include_str!("../tests/documents/as-inferred.json");
    let document: Value = serde_json::from_str(text)?;
    for (name, guess) in [
        ("renamed.json", renamed(document.clone())),
        ("restful.json", restful(document)),
    ] {
        fs::write(Path::new(&folder).join(name), format!("{guess:#}"))?;
    }
    Ok(())
}

/// Returns a guess in OpenAPI 3.1. It has other paths, other names of schemas, enumeration values in upper
/// case, lists inside objects, response bodies for all operations, and no operation IDs.
fn renamed(mut document: Value) -> Value {
    document["openapi"] = json!("3.1.0");
    each_path(&mut document, |path| {
        let (segment, rest) = path.trim_start_matches('/').split_once('/').unwrap_or((path, ""));
        format!("/manage/{segment}s/{}", rest.trim_end_matches('/'))
    });
    each_operation(&mut document, |operation, is_documented| {
        operation.remove("operationId");
        if is_documented {
            return;
        }
        let success = operation["responses"]["200"].clone();
        let content = success.get("content").cloned();
        let schema = content
            .as_ref()
            .map(|content| content["application/json"]["schema"].clone());
        let schema = match schema {
            Some(schema) if schema.get("items").is_some() => inside_of_object(operation, &schema),
            Some(schema) => schema,
            None => json!({ "type": "object", "properties": { "message": { "type": ["string", "null"] } } }),
        };
        operation["responses"]["200"]["content"] = json!({ "application/json": { "schema": schema } });
    });
    // Schemas of the documented group keep their names and values.
    let text = document.to_string();
    let names: Vec<String> = document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .filter(|name| name.ends_with("Info") && *name != "OfferSourceInfo")
        .cloned()
        .collect();
    let text = names.iter().fold(text, |text, name| {
        let row = format!("{}Row", name.trim_end_matches("Info"));
        text.replace(&format!("schemas/{name}\""), &format!("schemas/{row}\""))
            .replace(&format!("\"{name}\":"), &format!("\"{row}\":"))
    });
    let mut document: Value = serde_json::from_str(&text).unwrap_or_default();
    if let Some(values) = document["components"]["schemas"]["CategoryType"]["enum"].as_array_mut() {
        for value in values {
            *value = json!(value.as_str().unwrap_or_default().to_uppercase());
        }
    }
    each_nullable(&mut document);
    document
}

/// Returns the schema of an object that contains a list. If the operation lists all assets, the object also
/// contains a list of warnings. Otherwise, the list is one level deeper.
fn inside_of_object(operation: &Map<String, Value>, list: &Value) -> Value {
    let title = operation["summary"].as_str().unwrap_or_default();
    if title.starts_with("List") {
        let warning = json!({ "type": "object", "properties": { "message": { "type": "string" } } });
        return json!({
            "type": "object", "required": ["data", "total"],
            "properties": {
                "data": list, "total": { "type": "integer" },
                "warnings": { "type": "array", "items": warning },
            },
        });
    }
    json!({
        "type": "object",
        "properties": { "result": { "type": "object", "properties": {
            "items": list,
            "paging": { "type": "object", "properties": { "next": { "type": ["string", "null"] } } },
        } } },
    })
}

/// Returns a guess in another style. It has IDs in paths, lists in repeated parameters, request bodies that
/// are lists of IDs, a parameter in a header, responses that are text, fields that only the service sets,
/// missing groups, an additional group, and names and descriptions that clippy would warn of. The base path
/// is in the paths instead of in `servers`, and the additional group is outside it.
fn restful(mut document: Value) -> Value {
    if let Some(paths) = document["paths"].as_object_mut() {
        paths.retain(|path, _| !path.starts_with("/webhookconfig/") && !path.starts_with("/usersettings/"));
        let find: Vec<String> = paths
            .keys()
            .filter(|path| path.ends_with("/find/byId/") && !path.starts_with("/offersource/"))
            .cloned()
            .collect();
        for path in find {
            let Some(mut item) = paths.shift_remove(&path) else {
                continue;
            };
            let parameter = &mut item["get"]["parameters"][0];
            parameter["in"] = json!("path");
            let name = parameter["name"].as_str().unwrap_or_default().to_owned();
            paths.insert(format!("{path}{{{name}}}"), item);
        }
    }
    each_operation(&mut document, |operation, is_documented| {
        if is_documented {
            return;
        }
        for parameter in operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            let name = parameter["name"].as_str().unwrap_or_default();
            if name.starts_with("id") && (name.ends_with("ies") || name.ends_with('s')) {
                parameter["schema"] = json!({ "type": "array", "items": { "type": "string" } });
                parameter["explode"] = json!(true);
            }
        }
        let body = operation
            .get_mut("requestBody")
            .map(|body| &mut body["content"]["application/json"]["schema"]);
        if let Some(schema) = body
            && schema["$ref"] == "#/components/schemas/StringList"
        {
            *schema = json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 });
        }
        let title = operation["summary"].as_str().unwrap_or_default().to_owned();
        if title.starts_with("Validate") {
            let text = json!({ "text/plain": { "schema": { "type": "string" } } });
            operation["responses"] = json!({ "default": { "description": "The result", "content": text } });
        }
        if title.starts_with("Archive") {
            let header = json!({ "name": "X-Reason", "in": "header", "schema": { "type": "string" } });
            let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
            parameters
                .as_array_mut()
                .into_iter()
                .for_each(|list| list.push(header.clone()));
        }
    });
    for name in ["Page", "Funnel", "TrafficSource"] {
        let schema = &mut document["components"]["schemas"][name];
        let time = json!({ "type": "string", "format": "date-time", "readOnly": true });
        add_required(schema, "createdAt", time);
        let version = json!({ "type": "integer", "minimum": 1, "readOnly": true });
        add_required(schema, "version", version);
    }
    many_fields(&mut document["components"]["schemas"]["Page"]);
    document["servers"] = json!([{ "url": "https://api.funnelflux.pro" }]);
    if let Some(paths) = document["paths"].as_object_mut() {
        let moved = std::mem::take(paths).into_iter();
        *paths = moved.map(|(path, item)| (format!("/v1{path}"), item)).collect();
    }
    let member = json!({
        "type": "object", "required": ["idTeamMember"],
        "properties": { "idTeamMember": { "type": "string" }, "teamMemberName": { "type": "string" } },
    });
    document["components"]["schemas"]["TeamMember"] = member;
    let asset = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/TeamMember" } } });
    let id =
        json!([{ "name": "idTeamMember", "in": "path", "required": true, "schema": { "type": "string" } }]);
    document["paths"]["/team/members/{idTeamMember}"]["get"] = json!({
        "tags": ["Team Members"], "summary": "Find a team member by ID", "parameters": id,
        "responses": { "200": { "description": "The team member", "content": asset } },
    });
    document
}

/// Adds required properties to a schema. According to clippy, the constructor then has too many arguments,
/// and the struct has too many booleans. The descriptions of the properties are lists with unusual
/// indentation.
fn many_fields(schema: &mut Value) {
    let description = "* First item of PageSettings\nlazy line\n     * an inner item\n1) one\n  two";
    for (kind, names) in [
        ("boolean", ["isA", "isB", "isC", "isD"]),
        ("string", ["pageLander", "pageOffer", "pageOther", "pageURL"]),
    ] {
        for name in names {
            add_required(schema, name, json!({ "type": kind, "description": description }));
        }
    }
}

/// Adds a property to a schema that has required properties, and makes it required too.
fn add_required(schema: &mut Value, name: &str, property: Value) {
    schema["properties"][name] = property;
    if let Some(required) = schema["required"].as_array_mut() {
        required.push(json!(name));
    }
}

/// Replaces each path of the inferred groups with the result of `change`.
fn each_path(document: &mut Value, change: impl Fn(&str) -> String) {
    if let Some(paths) = document["paths"].as_object_mut() {
        let changed = std::mem::take(paths).into_iter().map(|(path, item)| {
            let is_documented = path.starts_with("/offersource/");
            (if is_documented { path } else { change(&path) }, item)
        });
        *paths = changed.collect();
    }
}

/// Calls `change` for each operation. The second argument of `change` is true if the operation is documented.
fn each_operation(document: &mut Value, change: impl Fn(&mut Map<String, Value>, bool)) {
    let items = document["paths"].as_object_mut().into_iter().flatten();
    for operation in items.flat_map(|(_, item)| item.as_object_mut().into_iter().flatten()) {
        if let Some(operation) = operation.1.as_object_mut() {
            let is_documented = operation.get("tags").is_some_and(|tags| tags[0] == DOCUMENTED);
            change(operation, is_documented);
        }
    }
}

/// Rewrites `nullable` as the type `null`, as OpenAPI 3.1 does.
fn each_nullable(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if object.remove("nullable") == Some(json!(true))
                && let Some(kind) = object.get("type").filter(|kind| kind.is_string()).cloned()
            {
                object.insert("type".to_owned(), json!([kind, "null"]));
            }
            object.values_mut().for_each(each_nullable);
        }
        Value::Array(items) => items.iter_mut().for_each(each_nullable),
        _ => {}
    }
}
