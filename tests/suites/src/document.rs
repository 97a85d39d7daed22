//! The effective OpenAPI document (`spec/effective.json`), and valid requests that are derived from it.

use std::{io::Write as _, sync::LazyLock};

use serde_json::{Map, Value, json};

/// ID of an existing asset, which [`sample`] uses for every ID.
pub const EXISTING_ID: &str = "2nIemJxCKbFX";

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../spec/effective.json")).unwrap_or_default());

/// The effective OpenAPI document.
#[must_use]
pub fn effective() -> &'static Value {
    &DOCUMENT
}

/// Returns true if the OpenAPI document is our transcription of the vendor's web page. If it is not, prints
/// that the test is skipped.
#[must_use]
pub fn is_transcription() -> bool {
    if !cfg!(transcription) {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("a test").to_owned();
        // Unlike the output of `println!`, this line is shown for tests that pass.
        let line = format!("skipped: {test}: the vendor's document has replaced our transcription\n");
        std::io::stderr().write_all(line.as_bytes()).ok();
    }
    cfg!(transcription)
}

/// Resolves a `$ref`, and an `allOf` with one member if there are no `properties` beside it.
#[must_use]
pub fn resolve(value: &'static Value) -> &'static Value {
    if let Some(reference) = value["$ref"].as_str() {
        return reference
            .strip_prefix('#')
            .and_then(|pointer| DOCUMENT.pointer(pointer))
            .map_or(&Value::Null, resolve);
    }
    match value["allOf"].as_array().map(Vec::as_slice) {
        Some([only]) if value["properties"].is_null() => resolve(only),
        _ => value,
    }
}

/// The schema of the JSON in a request body or a response.
#[must_use]
pub fn content(holder: &'static Value) -> &'static Value {
    let content = resolve(holder)["content"].as_object();
    let media = content.and_then(|content| content.values().next());
    media.map_or(&Value::Null, |media| resolve(&media["schema"]))
}

/// The schema of the success response of an operation: status 2xx or, if there is none, `default`.
#[must_use]
pub fn success(operation: &'static Value) -> &'static Value {
    let responses = operation["responses"].as_object();
    let mut all = responses.into_iter().flatten();
    let success = all.clone().find(|(status, _)| status.starts_with('2'));
    let found = success.or_else(|| all.find(|(status, _)| *status == "default"));
    found.map_or(&Value::Null, |(_, response)| content(response))
}

/// Returns true if a parameter or property with this name contains IDs, as `id`, `idPage` and `idPages` do.
#[must_use]
pub fn is_id(name: &str) -> bool {
    name == "id"
        || name == "ids"
        || name
            .strip_prefix("id")
            .is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_uppercase()))
}

/// Properties of an object schema, including those of the members of its `allOf`.
fn properties(schema: &'static Value) -> Vec<(&'static str, &'static Value)> {
    let schema = resolve(schema);
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let inherited = parts.flat_map(properties);
    let own = schema["properties"].as_object().into_iter().flatten();
    inherited
        .chain(own.map(|(name, property)| (name.as_str(), property)))
        .collect()
}

/// Names of the required properties of an object schema.
fn required(schema: &'static Value) -> Vec<&'static str> {
    let schema = resolve(schema);
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let own = schema["required"].as_array().into_iter().flatten();
    let own = own.filter_map(Value::as_str);
    parts.flat_map(required).chain(own).collect()
}

/// The simplest value that a request may have for this schema. `name` is the name of the parameter or
/// property. IDs are [`EXISTING_ID`], and lists have one element.
#[must_use]
pub fn sample(name: &str, schema: &'static Value) -> Value {
    let schema = resolve(schema);
    if let Some(value) = schema["enum"].as_array().and_then(|values| values.first()) {
        return value.clone();
    }
    if let Some(choice) = ["oneOf", "anyOf"]
        .into_iter()
        .find_map(|key| schema[key].as_array()?.first())
    {
        return sample(name, choice);
    }
    match schema["type"].as_str() {
        Some("array") => json!([sample("id", &schema["items"])]),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        Some("boolean") => json!(true),
        Some("string") => match schema["format"].as_str() {
            Some("date-time") => json!("2024-01-01T00:00:00Z"),
            Some("date") => json!("2024-01-01"),
            Some("uri" | "url") => json!("https://example.com/"),
            Some("email") => json!("somebody@example.com"),
            Some("uuid") => json!("00000000-0000-4000-8000-000000000000"),
            _ if is_id(name) => Value::from(EXISTING_ID),
            _ => Value::from(
                schema["default"]
                    .as_str()
                    .filter(|text| !text.is_empty())
                    .unwrap_or("text"),
            ),
        },
        _ => {
            let required = required(schema);
            let members = properties(schema).into_iter().filter(|(name, property)| {
                let is_read_only = property["readOnly"] == true || resolve(property)["readOnly"] == true;
                required.contains(name) && !is_read_only
            });
            let members = members.map(|(name, property)| (name.to_owned(), sample(name, property)));
            Value::Object(members.collect())
        }
    }
}

/// Returns a request body with the required properties and all lists of strings, which contain IDs.
#[must_use]
pub fn sample_body(schema: &'static Value) -> Value {
    let mut body = sample("", schema);
    if let Value::Object(body) = &mut body {
        let lists = properties(schema).into_iter().filter(|(_, property)| {
            let items = &resolve(property)["items"];
            resolve(items)["type"] == "string" && resolve(items)["enum"].is_null()
        });
        let lists: Map<String, Value> = lists
            .map(|(name, property)| (name.to_owned(), sample(name, property)))
            .collect();
        body.extend(lists);
    }
    body
}
