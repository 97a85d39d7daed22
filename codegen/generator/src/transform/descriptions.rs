//! What the documentation of the generated code says.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::rustdoc;

use super::{Draft, schema, visit};

const EVIDENCE: &str = "x-evidence";

/// Marks evidence that is said for many at once, at the tag or at the type.
const SAID: &str = "said-elsewhere";

/// Marks evidence that is said for many at once, but not for all.
const SOME: &str = "said-for-some";

/// What of an operation can rest on evidence.
#[derive(Clone, Copy)]
enum Part {
    Operation,
    Argument,
    Response,
}

impl Part {
    const ALL: [Self; 3] = [Self::Operation, Self::Argument, Self::Response];

    /// Where a tag has the evidence of all parts of a kind.
    fn key(self) -> &'static str {
        match self {
            Self::Operation => "x-evidence-of-operations",
            Self::Argument => "x-evidence-of-arguments",
            Self::Response => "x-evidence-of-responses",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Operation => "operations",
            Self::Argument => "arguments",
            Self::Response => "responses",
        }
    }

    fn of(self, operation: &mut Map<String, Value>) -> Vec<&mut Map<String, Value>> {
        match self {
            Self::Operation => vec![operation],
            Self::Argument => operation
                .get_mut("parameters")
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
                .filter_map(Value::as_object_mut)
                .collect(),
            Self::Response => operation
                .get_mut("responses")
                .and_then(|responses| responses.get_mut("2XX")?.as_object_mut())
                .into_iter()
                .collect(),
        }
    }
}

/// Says evidence that many parts have in common once: that of operations, arguments and responses at their tag, that
/// of properties at their schema. Said on each, it would hide what is particular to one.
pub(super) fn share_evidence(draft: &mut Draft<'_>) -> usize {
    let of_parts: usize = Part::ALL
        .into_iter()
        .map(|part| share_at_tags(&mut draft.value, part))
        .sum();
    let of_properties: usize = visit::components(&mut draft.value)
        .map(|(_, schema)| share_at_schema(schema))
        .sum();
    of_parts + of_properties
}

fn share_at_tags(document: &mut Value, part: Part) -> usize {
    let mut found: BTreeMap<String, Vec<Option<Value>>> = BTreeMap::new();
    for entry in visit::operations(document) {
        if let Some(tag) = tag_of(entry.operation) {
            let parts = part.of(entry.operation).into_iter();
            let evidence = parts.map(|part| part.get(EVIDENCE).cloned());
            found.entry(tag).or_default().extend(evidence);
        }
    }
    let mut shared: BTreeMap<String, Value> = BTreeMap::new();
    let list = document.get_mut("tags").and_then(Value::as_array_mut);
    for tag in list.into_iter().flatten().filter_map(Value::as_object_mut) {
        let name = tag.get("name").and_then(Value::as_str).unwrap_or_default();
        let Some((common, is_of_all)) = found.get(name).and_then(|all| common(all)) else {
            continue;
        };
        shared.insert(name.to_owned(), common.clone());
        tag.entry(part.key())
            .or_insert_with(|| with_mark(common, (!is_of_all).then_some(SOME)));
    }
    let mut count = 0;
    for entry in visit::operations(document) {
        let common = tag_of(entry.operation).and_then(|tag| shared.get(&tag));
        for part in part.of(entry.operation) {
            count += usize::from(common.is_some_and(|common| say_elsewhere(part, common)));
        }
    }
    count
}

fn share_at_schema(schema: &mut Value) -> usize {
    let Some(common) = schema.get(EVIDENCE).cloned() else {
        return 0;
    };
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    let properties: Vec<&mut Map<String, Value>> = properties
        .into_iter()
        .flat_map(Map::values_mut)
        .filter_map(Value::as_object_mut)
        .collect();
    let all = properties.len();
    let count = properties
        .into_iter()
        .map(|property| usize::from(say_elsewhere(property, &common)))
        .sum();
    if count > 0
        && let Some(schema) = schema.as_object_mut()
    {
        let mark = if count == all { SAID } else { SOME };
        schema.insert(EVIDENCE.to_owned(), with_mark(&common, Some(mark)));
    }
    count
}

/// The evidence that most of them have, if all have some, and whether it is that of all.
fn common(all: &[Option<Value>]) -> Option<(&Value, bool)> {
    let mut counts: Vec<(&Value, usize)> = Vec::new();
    for evidence in all {
        let evidence = evidence.as_ref()?;
        match counts.iter_mut().find(|(other, _)| *other == evidence) {
            Some((_, count)) => *count += 1,
            None => counts.push((evidence, 1)),
        }
    }
    // Of several, the first: the order of the document is canonical here.
    let (common, count) = counts
        .into_iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .filter(|(_, count)| *count > 1)?;
    Some((common, count == all.len()))
}

/// Marks the evidence of a part as said elsewhere if it is the common one.
fn say_elsewhere(part: &mut Map<String, Value>, common: &Value) -> bool {
    let is_common = part.get(EVIDENCE) == Some(common) && common.get(SAID).is_none();
    if is_common {
        part.insert(EVIDENCE.to_owned(), with_mark(common, Some(SAID)));
    }
    is_common
}

fn with_mark(evidence: &Value, mark: Option<&str>) -> Value {
    let mut evidence = evidence.clone();
    if let (Some(object), Some(mark)) = (evidence.as_object_mut(), mark) {
        object.insert(mark.to_owned(), Value::Bool(true));
    }
    evidence
}

fn tag_of(operation: &Map<String, Value>) -> Option<String> {
    let tag = operation.get("tags")?.get(0)?.as_str()?;
    Some(tag.to_owned())
}

/// Writes the description of every schema and property: in the document's words, then the facts, then the evidence. A
/// property or request body without words of its own gets those of its schema.
pub(super) fn describe(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    let of_schemas: BTreeMap<String, Value> = visit::components(&mut draft.value)
        .filter_map(|(name, schema)| Some((name.to_owned(), schema.get("description")?.clone())))
        .collect();
    for (name, schema) in visit::components(&mut draft.value) {
        if schema.get(schema::ID_TYPE).is_some() {
            continue;
        }
        // What a rule made a component of has no name in the document.
        let is_named = schema.get(schema::INLINE).is_none();
        let of_schema = evidence_of_schema(schema);
        set(schema, is_named.then(|| format!("Schema `{name}`")), of_schema);
        count += 1;
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (name, property) in properties.into_iter().flatten() {
            let words = of_referenced(property, &of_schemas);
            if property.get("$ref").is_some() {
                let reference = property.take();
                *property = serde_json::json!({"allOf": [reference]});
            }
            complete(property, words);
            let of_property = evidence(property);
            set(property, Some(format!("`{name}` in JSON")), of_property);
            count += 1;
        }
    }
    for entry in visit::operations(&mut draft.value) {
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

fn set(schema: &mut Value, name: Option<String>, evidence: Option<String>) {
    let text = text_of(schema, name, evidence);
    if let Some(object) = schema.as_object_mut() {
        object.insert("description".to_owned(), Value::String(text));
        object.remove(schema::NOTES);
    }
}

/// The description, the facts (`name` first, then what the rules noted) and the evidence of `value`.
fn text_of(value: &Value, name: Option<String>, evidence: Option<String>) -> String {
    let description = value
        .get("description")
        .and_then(Value::as_str)
        .map(|text| rustdoc::sentence(&rustdoc::sanitise(text)))
        .filter(|text| !text.is_empty());
    let facts: Vec<String> = name.into_iter().chain(schema::notes(value)).collect();
    let facts = (!facts.is_empty()).then(|| format!("{}.", facts.join(", ")));
    let mut paragraphs: Vec<String> = [description, facts, evidence].into_iter().flatten().collect();
    mark(value, &mut paragraphs);
    paragraphs.join("\n\n")
}

/// Lets the documentation of what is not on the vendor's page begin with a word that says so.
pub(super) fn mark(value: &Value, paragraphs: &mut [String]) {
    let word = match value.pointer("/x-evidence/kind").and_then(Value::as_str) {
        Some("docs") => "**Documented in part.**",
        Some("help") => "**From the help centre.**",
        Some("sibling" | "pattern") => "**Inferred.**",
        _ => return,
    };
    if let Some(first) = paragraphs.first_mut() {
        *first = format!("{word} {first}");
    }
}

/// On what a part of the document rests, in words: `x-evidence`, with its kind and its source. Nothing where that is
/// said elsewhere.
pub(super) fn evidence(value: &Value) -> Option<String> {
    let evidence = value.get(EVIDENCE)?;
    if evidence.get(SAID).is_some() {
        return None;
    }
    worded("Evidence", evidence)
}

/// The same of a schema, which may speak for its properties.
fn evidence_of_schema(schema: &Value) -> Option<String> {
    let evidence = schema.get(EVIDENCE)?;
    let heading = if evidence.get(SAID).is_some() {
        "Evidence for the type and its fields"
    } else if evidence.get(SOME).is_some() {
        "Evidence for the type and the fields that state none"
    } else {
        "Evidence"
    };
    worded(heading, evidence)
}

/// On what all operations of a tag rest, their arguments and their responses.
pub(super) fn evidence_of_tag(tag: &Value) -> Vec<String> {
    Part::ALL
        .into_iter()
        .filter_map(|part| {
            let evidence = tag.get(part.key())?;
            let heading = if evidence.get(SOME).is_some() {
                format!("Evidence for the {} that state none", part.plural())
            } else {
                format!("Evidence for all {}", part.plural())
            };
            worded(&heading, evidence)
        })
        .collect()
}

fn worded(heading: &str, evidence: &Value) -> Option<String> {
    let words = match evidence.get("kind").and_then(Value::as_str)? {
        "page" => "documented on the vendor's page",
        "docs" => "documented elsewhere by the vendor",
        "help" => "from the vendor's help centre",
        "sibling" => "**inferred** from a similar operation or field",
        "pattern" => "**inferred** from the pattern of the other operations",
        other => other,
    };
    let source = evidence
        .get("source")
        .and_then(Value::as_str)
        .map(rustdoc::sanitise)
        .map(|source| format!(" {}", rustdoc::sentence(&source)))
        .unwrap_or_default();
    Some(format!("{heading}: {words}.{source}"))
}
