//! Limits, formats and defaults: out of the types, into words.

use serde_json::{Map, Value};

use super::{Draft, schema, visit};
use funnelflux_openapi::text::counted;

/// Takes every limit off the schemas and notes it.
pub(super) fn drop_limits(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    visit::schemas(&mut draft.value, &mut |_, schema| {
        let Some(object) = schema.as_object_mut() else {
            return;
        };
        let notes = take_limits(object);
        count += notes.len();
        for note in notes {
            schema::note(schema, note);
        }
    });
    count
}

/// Every kind of limit, removed and put into words.
fn take_limits(object: &mut Map<String, Value>) -> Vec<String> {
    let mut notes: Vec<String> = [
        ("minLength", "maxLength", "character"),
        ("minItems", "maxItems", "item"),
        ("minProperties", "maxProperties", "member"),
    ]
    .into_iter()
    .filter_map(|(least, most, unit)| {
        let least = object.remove(least).and_then(|value| value.as_u64());
        let most = object.remove(most).and_then(|value| value.as_u64());
        amount(least, most, unit)
    })
    .collect();
    notes.extend(range(object));
    let kind = object.get("type").and_then(Value::as_str);
    let (is_text, is_number) = (kind == Some("string"), matches!(kind, Some("integer" | "number")));
    for (key, words) in [
        ("multipleOf", "a multiple of"),
        ("pattern", "matches"),
        ("format", "format"),
    ] {
        if key == "format" && is_number {
            // The width of a number makes its Rust type.
            continue;
        }
        if let Some(value) = object.remove(key) {
            if key == "format" && value == "password" && is_text {
                object.insert(schema::SECRET.to_owned(), Value::Bool(true));
            }
            notes.push(match &value {
                Value::String(text) if !text.contains('`') => format!("{words} `{text}`"),
                other => format!("{words} {}", schema::code(other)),
            });
        }
    }
    for (key, words) in [
        ("uniqueItems", "no item twice"),
        ("readOnly", "set by the service"),
        ("writeOnly", "never returned"),
        ("deprecated", "deprecated"),
    ] {
        if object.remove(key) == Some(Value::Bool(true)) {
            notes.push(words.to_owned());
        }
    }
    if !is_text && let Some(Value::Array(values)) = object.remove("enum") {
        let values: Vec<String> = values.iter().map(schema::code).collect();
        notes.push(format!("one of {}", values.join(", ")));
    }
    notes
}

fn amount(least: Option<u64>, most: Option<u64>, unit: &str) -> Option<String> {
    match (least.filter(|least| *least > 0), most) {
        (None, None) => None,
        (Some(least), None) => Some(format!("at least {}", counted(least, unit))),
        (None, Some(most)) => Some(format!("at most {}", counted(most, unit))),
        (Some(least), Some(most)) if least == most => Some(format!("exactly {}", counted(least, unit))),
        (Some(least), Some(most)) => Some(format!("{least} to {most} {unit}s")),
    }
}

fn range(object: &mut Map<String, Value>) -> Option<String> {
    let exclusive_least = object.remove("exclusiveMinimum") == Some(Value::Bool(true));
    let exclusive_most = object.remove("exclusiveMaximum") == Some(Value::Bool(true));
    let least = object.remove("minimum").map(|least| {
        let words = if exclusive_least { "more than" } else { "at least" };
        format!("{words} {least}")
    });
    let most = object.remove("maximum").map(|most| {
        let words = if exclusive_most { "less than" } else { "at most" };
        format!("{words} {most}")
    });
    match (least, most) {
        (Some(least), Some(most)) => Some(format!("{least} and {most}")),
        (least, most) => least.or(most),
    }
}

/// Takes every default off the schemas and notes it.
pub(super) fn drop_defaults(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    visit::schemas(&mut draft.value, &mut |_, schema| {
        let default = schema.as_object_mut().and_then(|object| object.remove("default"));
        if let Some(default) = default {
            schema::note(schema, format!("default {}", schema::code(&default)));
            count += 1;
        }
    });
    count
}
