//! Notes on facts that rules remove from a schema. The rule `describe` adds the notes to the description of
//! the schema.

use serde_json::{Value, json};

use crate::json::Json as _;

pub(super) const NOTES: &str = "x-notes";

pub(super) fn add(schema: &mut Value, note: String) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    let notes = object.entry(NOTES).or_insert_with(|| json!([]));
    if let Some(notes) = notes.as_array_mut() {
        notes.push(Value::String(note));
    }
}

/// Lists the notes on a schema and, if the schema is an array, on its items.
pub(super) fn of(schema: &Value) -> Vec<String> {
    let own = schema.items(NOTES).filter_map(Value::as_str).map(str::to_owned);
    let items = schema.get("items").into_iter();
    let of_items = items.flat_map(|items| items.items(NOTES).filter_map(Value::as_str));
    own.chain(of_items.map(|note| format!("each {note}"))).collect()
}

/// Formats a JSON value as Markdown code.
pub(super) fn code(value: &Value) -> String {
    let text = value.to_string();
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}
