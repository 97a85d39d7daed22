//! What the rules ask of a schema, and the two things they write into one: references and notes.

use serde_json::{Map, Value, json};

const PREFIX: &str = "#/components/schemas/";

/// Where the rules keep what they took out of a schema, in words, until the last rule puts it into the description.
pub(super) const NOTES: &str = "x-notes";

/// Marks the component of an ID type; its value is the JSON name of the ID.
pub(super) const ID_TYPE: &str = "x-id-type";

/// Marks a string that is a secret, and the component of their type.
pub(super) const SECRET: &str = "x-secret";

/// The name of the component of secrets, and of their type, which the runtime has.
pub(super) const SECRET_TYPE: &str = "Secret";

/// Marks a component that the document writes where it is used.
pub(super) const INLINE: &str = "x-inline";

/// Siblings that stay beside a schema when the rest of it moves to a component.
pub(super) const SIBLINGS: [&str; 5] = ["description", "nullable", "x-evidence", NOTES, "deprecated"];

pub(super) fn has_type(schema: &Value, expected: &str) -> bool {
    schema.get("type").and_then(Value::as_str) == Some(expected)
}

/// Has properties of its own.
pub(super) fn is_object(schema: &Value) -> bool {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .is_some_and(|properties| !properties.is_empty())
}

/// An object of which only is known that it is one, or what its values are.
pub(super) fn is_map(schema: &Value) -> bool {
    has_type(schema, "object") && !is_object(schema) && !is_composed(schema)
}

/// Put together from others.
pub(super) fn is_composed(schema: &Value) -> bool {
    ["allOf", "anyOf", "oneOf"]
        .iter()
        .any(|key| schema.get(key).is_some())
}

/// The values of an enumeration of strings; `null` among them is not one.
pub(super) fn string_enum(schema: &Value) -> Option<Vec<&str>> {
    let values = schema.get("enum")?.as_array()?;
    values
        .iter()
        .filter(|value| !value.is_null())
        .map(Value::as_str)
        .collect()
}

/// A string without anything that would make it more than one.
pub(super) fn is_plain_string(schema: &Value) -> bool {
    has_type(schema, "string") && schema.get("enum").is_none() && schema.get("format").is_none()
}

/// The component that a schema refers to, directly or with siblings (`allOf` of one).
pub(super) fn referenced(schema: &Value) -> Option<&str> {
    let reference = match schema.get("$ref") {
        Some(reference) => reference,
        None => match schema.get("allOf")?.as_array()?.as_slice() {
            [only] => only.get("$ref")?,
            _ => return None,
        },
    };
    reference.as_str()?.strip_prefix(PREFIX)
}

/// A reference to a component.
pub(super) fn reference(component: &str) -> Value {
    json!({ "$ref": format!("{PREFIX}{component}") })
}

/// Turns a schema into a reference to a component. What describes the use, not the type, stays beside it; OpenAPI 3.0
/// ignores siblings of `$ref`, hence the `allOf` of one.
pub(super) fn refer(schema: &mut Value, component: &str) -> Value {
    let old = schema.take();
    let mut new = Map::new();
    for key in SIBLINGS {
        if let Some(value) = old.get(key) {
            new.insert(key.to_owned(), value.clone());
        }
    }
    *schema = if new.is_empty() {
        reference(component)
    } else {
        new.insert("allOf".to_owned(), Value::Array(vec![reference(component)]));
        Value::Object(new)
    };
    old
}

/// Adds to what the description will say.
pub(super) fn note(schema: &mut Value, note: String) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    let notes = object.entry(NOTES).or_insert_with(|| Value::Array(Vec::new()));
    if let Some(notes) = notes.as_array_mut() {
        notes.push(Value::String(note));
    }
}

/// What the rules noted on a schema, and on the items of an array.
pub(super) fn notes(schema: &Value) -> Vec<String> {
    let own = |schema: &Value| -> Vec<String> {
        schema
            .get(NOTES)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let mut notes = own(schema);
    if let Some(items) = schema.get("items") {
        notes.extend(own(items).into_iter().map(|note| format!("each {note}")));
    }
    notes
}

/// Strings as code, in a list.
pub(super) fn codes(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
    values.join(", ")
}

/// A value as it is written in JSON, as code.
pub(super) fn code(value: &Value) -> String {
    let text = value.to_string();
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}
