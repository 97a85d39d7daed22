//! What the documentation of the generated code says.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::prose;

use super::{Draft, schema, walk};

/// On what the responses of all operations of a tag rest; written to the tag.
const OF_RESPONSES: &str = "x-evidence-of-responses";

const EVIDENCE: &str = "x-evidence";

/// Moves the evidence of the responses to their tag, where all operations of the tag have the same: said on each, it
/// would hide what is particular to one.
pub(super) fn share_evidence(draft: &mut Draft<'_>) -> usize {
    let mut tags: BTreeMap<String, Vec<Option<Value>>> = BTreeMap::new();
    for entry in walk::operations(&mut draft.value) {
        if let Some(tag) = tag_of(entry.operation) {
            let evidence = success(entry.operation).and_then(|success| success.get(EVIDENCE));
            tags.entry(tag).or_default().push(evidence.cloned());
        }
    }
    let mut shared: BTreeMap<String, Value> = BTreeMap::new();
    let list = draft.value.get_mut("tags").and_then(Value::as_array_mut);
    for tag in list.into_iter().flatten().filter_map(Value::as_object_mut) {
        let name = tag.get("name").and_then(Value::as_str).unwrap_or_default();
        let Some([Some(first), others @ ..]) = tags.get(name).map(Vec::as_slice) else {
            continue;
        };
        if !others.is_empty() && others.iter().all(|other| other.as_ref() == Some(first)) {
            shared.insert(name.to_owned(), first.clone());
            tag.insert(OF_RESPONSES.to_owned(), first.clone());
        }
    }
    let mut count = 0;
    for entry in walk::operations(&mut draft.value) {
        let is_shared = tag_of(entry.operation).is_some_and(|tag| shared.contains_key(&tag));
        if is_shared && let Some(success) = success(entry.operation) {
            count += usize::from(success.remove(EVIDENCE).is_some());
        }
    }
    count
}

fn tag_of(operation: &Map<String, Value>) -> Option<String> {
    let tag = operation.get("tags")?.get(0)?.as_str()?;
    Some(tag.to_owned())
}

fn success(operation: &mut Map<String, Value>) -> Option<&mut Map<String, Value>> {
    operation
        .get_mut("responses")?
        .get_mut("2XX")?
        .as_object_mut()
}

/// Writes the description of every schema and property: in the document's words, then the facts, then the evidence. A
/// property or request body without words of its own gets those of its schema.
pub(super) fn describe(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    let of_schemas: BTreeMap<String, Value> = walk::components(&mut draft.value)
        .filter_map(|(name, schema)| Some((name.to_owned(), schema.get("description")?.clone())))
        .collect();
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
            let words = of_referenced(property, &of_schemas);
            if property.get("$ref").is_some() {
                let reference = property.take();
                *property = serde_json::json!({"allOf": [reference]});
            }
            complete(property, words);
            set(property, Some(format!("`{name}` in JSON")));
            count += 1;
        }
    }
    for entry in walk::operations(&mut draft.value) {
        if let Some(body) = entry.operation.get_mut("requestBody") {
            let words = body
                .pointer("/content/application~1json/schema")
                .and_then(|schema| of_referenced(schema, &of_schemas));
            complete(body, words);
        }
    }
    count
}

/// The description of the component that `schema` refers to: its first paragraph, which says what it is.
fn of_referenced(schema: &Value, descriptions: &BTreeMap<String, Value>) -> Option<String> {
    let description = descriptions.get(schema::referenced(schema)?)?.as_str()?;
    description.split("\n\n").next().map(str::to_owned)
}

/// Gives `value` a description if it has none.
fn complete(value: &mut Value, words: Option<String>) {
    if let (Some(object), Some(words)) = (value.as_object_mut(), words) {
        object
            .entry("description")
            .or_insert_with(|| Value::String(words));
    }
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
    let mut paragraphs: Vec<String> = [description, facts, evidence(value)]
        .into_iter()
        .flatten()
        .collect();
    mark(value, &mut paragraphs);
    paragraphs.join("\n\n")
}

/// Lets the documentation of what is not on the vendor's page begin with a word that says so.
pub(super) fn mark(value: &Value, paragraphs: &mut [String]) {
    let word = match value.pointer("/x-evidence/kind").and_then(Value::as_str) {
        Some("docs") => "**Documented in part.**",
        Some("help") => "**From the help centre.**",
        Some("sibling" | "pattern") => "**Deduced.**",
        _ => return,
    };
    if let Some(first) = paragraphs.first_mut() {
        *first = format!("{word} {first}");
    }
}

/// On what a part of the document rests, in words: `x-evidence`, with its kind and its source.
pub(super) fn evidence(value: &Value) -> Option<String> {
    worded("Evidence", value.get(EVIDENCE)?)
}

/// On what the responses of all operations of a tag rest.
pub(super) fn evidence_of_responses(tag: &Value) -> Option<String> {
    worded("Evidence for all responses", tag.get(OF_RESPONSES)?)
}

fn worded(heading: &str, evidence: &Value) -> Option<String> {
    let words = match evidence.get("kind").and_then(Value::as_str)? {
        "page" => "documented on the vendor's page",
        "docs" => "documented elsewhere by the vendor",
        "help" => "from the vendor's help centre",
        "sibling" => "**deduced** from a similar operation",
        "pattern" => "**deduced** from the pattern of the other operations",
        other => other,
    };
    let source = evidence
        .get("source")
        .and_then(Value::as_str)
        .map(prose::sanitise)
        .map(|source| format!(" {}", prose::sentence(&source)))
        .unwrap_or_default();
    Some(format!("{heading}: {words}.{source}"))
}
