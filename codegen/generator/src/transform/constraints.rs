//! Moves limits, formats and defaults from the types to the documentation.

use serde_json::{Map, Value};

use crate::json::Json as _;
use funnelflux_openapi::{openapi_model::matches_nothing, text::counted};

use super::{notes, secrets, state::State, visit};

/// Removes properties whose schema allows no value. Such properties must be absent.
pub(super) fn drop_absent_properties(state: &mut State<'_>) {
    visit::schemas(&mut state.document, &mut |_, schema| {
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            let before = properties.len();
            properties.retain(|_, property| !property.as_object().is_some_and(matches_nothing));
            state.count += before - properties.len();
        }
    });
}

/// Replaces every limit with a note for the documentation.
pub(super) fn drop_limits(state: &mut State<'_>) {
    visit::schemas(&mut state.document, &mut |_, schema| {
        let Some(object) = schema.as_object_mut() else {
            return;
        };
        let notes = take_limits(object);
        state.count += notes.len();
        for note in notes {
            notes::add(schema, note);
        }
    });
}

/// Removes limits and similar keywords from a schema, and describes them in words.
fn take_limits(object: &mut Map<String, Value>) -> Vec<String> {
    let mut notes: Vec<String> = [
        ("minLength", "maxLength", "character"),
        ("minItems", "maxItems", "item"),
        ("minProperties", "maxProperties", "member"),
    ]
    .into_iter()
    .filter_map(|(minimum, maximum, unit)| {
        let minimum = object.remove(minimum).and_then(|value| value.as_u64());
        let maximum = object.remove(maximum).and_then(|value| value.as_u64());
        count_range(minimum, maximum, unit)
    })
    .collect();
    notes.extend(number_range(object));
    let kind = object.text("type");
    let (is_string, is_number) = (kind == Some("string"), matches!(kind, Some("integer" | "number")));
    for (key, words) in [
        ("multipleOf", "a multiple of"),
        ("pattern", "matches"),
        ("format", "format"),
    ] {
        // The format of a number is kept, because it determines the Rust type.
        let stays = key == "format" && is_number;
        if !stays && let Some(value) = object.remove(key) {
            if key == "format" && value == "password" && is_string {
                object.insert(secrets::SECRET.to_owned(), Value::Bool(true));
            }
            notes.push(match &value {
                Value::String(text) if !text.contains('`') => format!("{words} `{text}`"),
                value => format!("{words} {}", notes::code(value)),
            });
        }
    }
    for (key, words) in [
        ("uniqueItems", "unique items"),
        ("readOnly", "set by the service"),
        ("writeOnly", "never returned"),
        ("deprecated", "deprecated"),
    ] {
        if object.remove(key) == Some(Value::Bool(true)) {
            notes.push(words.to_owned());
        }
    }
    if !is_string && let Some(Value::Array(values)) = object.remove("enum") {
        let values: Vec<String> = values.iter().map(notes::code).collect();
        notes.push(format!("one of {}", values.join(", ")));
    }
    notes
}

fn count_range(minimum: Option<u64>, maximum: Option<u64>, unit: &str) -> Option<String> {
    match (minimum.filter(|minimum| *minimum > 0), maximum) {
        (None, None) => None,
        (Some(minimum), None) => Some(format!("at least {}", counted(minimum, unit))),
        (None, Some(maximum)) => Some(format!("at most {}", counted(maximum, unit))),
        (Some(minimum), Some(maximum)) if minimum == maximum => {
            Some(format!("exactly {}", counted(minimum, unit)))
        }
        (Some(minimum), Some(maximum)) => Some(format!("{minimum} to {maximum} {unit}s")),
    }
}

fn number_range(object: &mut Map<String, Value>) -> Option<String> {
    let mut bound = |key, exclusive, words: [&str; 2]| {
        let is_exclusive = object.remove(exclusive) == Some(Value::Bool(true));
        let [inclusive, exclusive] = words;
        let words = if is_exclusive { exclusive } else { inclusive };
        object.remove(key).map(|bound| format!("{words} {bound}"))
    };
    let minimum = bound("minimum", "exclusiveMinimum", ["at least", "more than"]);
    let maximum = bound("maximum", "exclusiveMaximum", ["at most", "less than"]);
    match (minimum, maximum) {
        (Some(minimum), Some(maximum)) => Some(format!("{minimum} and {maximum}")),
        (minimum, maximum) => minimum.or(maximum),
    }
}

/// Replaces every default with a note for the documentation.
pub(super) fn drop_defaults(state: &mut State<'_>) {
    visit::schemas(&mut state.document, &mut |_, schema| {
        let default = schema.as_object_mut().and_then(|object| object.remove("default"));
        if let Some(default) = default {
            notes::add(schema, format!("default {}", notes::code(&default)));
            state.count += 1;
        }
    });
}
