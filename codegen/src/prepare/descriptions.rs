//! What the documentation of the generated code says.

use serde_json::Value;

use crate::prose;

use super::{Draft, schema, walk};

/// Writes the description of every schema and property: in the document's words, then the facts, then the evidence.
pub(super) fn describe(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    for (name, schema) in walk::components(&mut draft.value) {
        if schema.get(schema::ID_TYPE).is_some() {
            continue;
        }
        // What a rule made a component of has no name in the document.
        let is_named = schema.get(schema::INLINE).is_none();
        set(schema, is_named.then(|| format!("Schema `{name}`")));
        count += 1;
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (name, property) in properties.into_iter().flatten() {
            if property.get("$ref").is_some() {
                let reference = property.take();
                *property = serde_json::json!({"allOf": [reference]});
            }
            set(property, Some(format!("`{name}` in JSON")));
            count += 1;
        }
    }
    count
}

fn set(schema: &mut Value, name: Option<String>) {
    let text = text_of(schema, name);
    if let Some(object) = schema.as_object_mut() {
        object.insert("description".to_owned(), Value::String(text));
        object.remove(schema::NOTES);
    }
}

/// The description, the facts (`name` first, then what the rules noted) and the evidence of `value`.
fn text_of(value: &Value, name: Option<String>) -> String {
    let description = value
        .get("description")
        .and_then(Value::as_str)
        .map(|text| prose::sentence(&prose::sanitise(text)))
        .filter(|text| !text.is_empty());
    let facts: Vec<String> = name.into_iter().chain(schema::notes(value)).collect();
    let facts = (!facts.is_empty()).then(|| format!("{}.", facts.join(", ")));
    let paragraphs: Vec<String> = [description, facts, evidence(value)]
        .into_iter()
        .flatten()
        .collect();
    paragraphs.join("\n\n")
}

/// On what a part of the document rests, in words: `x-evidence`, with its kind and its source.
pub(super) fn evidence(value: &Value) -> Option<String> {
    let evidence = value.get("x-evidence")?;
    let kind = evidence.get("kind").and_then(Value::as_str)?;
    let words = match kind {
        "page" => "documented on the vendor's page",
        "docs" => "documented elsewhere by the vendor",
        "help" => "from the vendor's help centre",
        "sibling" => "deduced from a similar operation",
        "pattern" => "deduced from the pattern of the other operations",
        other => other,
    };
    let source = evidence
        .get("source")
        .and_then(Value::as_str)
        .map(prose::sanitise)
        .map(|source| format!(" {}", prose::sentence(&source)))
        .unwrap_or_default();
    Some(format!("Evidence: {words}.{source}"))
}
