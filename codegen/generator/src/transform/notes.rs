//! Notes: sentences about facts that rules remove from a schema. The rule `describe` adds them to its
//! description.

use serde_json::{Value, json};

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

/// Lists the notes on a schema and on the items of an array.
pub(super) fn of(schema: &Value) -> Vec<String> {
    let own = |schema: &Value| -> Vec<String> {
        let notes = schema.get(NOTES).and_then(Value::as_array);
        let notes = notes.into_iter().flatten().filter_map(Value::as_str);
        notes.map(str::to_owned).collect()
    };
    let mut notes = own(schema);
    if let Some(items) = schema.get("items") {
        notes.extend(own(items).into_iter().map(|note| format!("each {note}")));
    }
    notes
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
