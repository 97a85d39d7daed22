//! What the documentation of the generated code says.

use serde_json::{Map, Value};

use crate::prose;

use super::{Draft, schema, walk};

/// Removes examples from schemas, parameters and media types.
pub(super) fn drop_examples(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    let mut drop = |object: &mut Map<String, Value>| {
        for key in ["example", "examples", "externalDocs", "xml"] {
            count += usize::from(object.remove(key).is_some());
        }
    };
    walk::schemas(&mut draft.value, &mut |_, schema| {
        if let Some(object) = schema.as_object_mut() {
            drop(object);
        }
    });
    for entry in walk::operations(&mut draft.value) {
        for (_, parameter) in walk::parameters(entry.operation, &entry.pointer) {
            drop(parameter);
        }
        let mut bodies = Vec::new();
        for (key, value) in entry.operation.iter_mut() {
            match (key.as_str(), value) {
                ("requestBody", body) => bodies.push(body),
                ("responses", Value::Object(responses)) => bodies.extend(responses.values_mut()),
                _ => {}
            }
        }
        for body in bodies {
            let media = body
                .get_mut("content")
                .and_then(Value::as_object_mut)
                .into_iter()
                .flat_map(Map::values_mut)
                .filter_map(Value::as_object_mut);
            media.for_each(&mut drop);
        }
    }
    count
}

/// Writes the description of every schema and property: in the document's words, then the facts, then the evidence.
pub(super) fn describe(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    for (name, schema) in walk::components(&mut draft.value) {
        if schema.get(schema::ID_TYPE).is_some() {
            continue;
        }
        let text = text_of(
            schema,
            Some(format!("Schema `{name}`")),
            schema.get("description"),
        );
        set(schema, text);
        count += 1;
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
            continue;
        };
        for (name, property) in properties {
            let text = text_of(
                property,
                Some(format!("`{name}`")),
                property.get("description"),
            );
            if property.get("$ref").is_some() {
                let reference = property.take();
                *property = serde_json::json!({"allOf": [reference]});
            }
            set(property, text);
            count += 1;
        }
    }
    count
}

fn set(schema: &mut Value, text: String) {
    if let Some(object) = schema.as_object_mut() {
        object.insert("description".to_owned(), Value::String(text));
        object.remove(schema::NOTES);
    }
}

/// The description, the facts (`name` first, then what the rules noted) and the evidence of `value`.
pub(super) fn text_of(value: &Value, name: Option<String>, description: Option<&Value>) -> String {
    let description = description
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
        "sibling" => "deduced from a sibling",
        "pattern" => "deduced from the pattern of the others",
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
