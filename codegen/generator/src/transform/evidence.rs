//! Applies the evidence that the document states (`x-evidence`). If many parts share the same evidence, it is
//! documented only once. Fields whose types are inferred are marked, so that the generated code accepts
//! values of another type.

use std::{
    collections::{BTreeMap, BTreeSet},
    ptr,
};

use serde_json::{Map, Value, json};

use crate::{json::Json as _, naming, rustdoc};
use funnelflux_openapi::{
    evidence::{Evidence, KEY},
    pointer::Pointer,
    references,
};

use super::{component, notes, schema_kind, state::State, visit};

/// Key that marks the evidence of a part as documented elsewhere: in the documentation of its tag or type. On
/// a type, the key has another meaning: the evidence of the type also applies to all its fields.
const STATED_ELSEWHERE: &str = "stated-elsewhere";

/// Key that marks the evidence of a tag or type if some of its parts have different evidence.
const HAS_EXCEPTIONS: &str = "has-exceptions";

/// Key under which a schema lists the properties whose types are inferred, because the vendor's page does not
/// state them.
const INFERRED: &str = "x-inferred-properties";

/// Lists, in each schema, the properties whose types are inferred. A part without the extension `x-evidence`
/// inherits the evidence of the enclosing part. If neither the part nor an enclosing part has the extension,
/// the part is documented on the vendor's page. A type with evidence from other documentation of the vendor
/// also counts as inferred, because that documentation states names and meanings, but usually not types.
pub(super) fn mark_inferred_properties(state: &mut State<'_>) {
    state.count += mark_inferred(&mut state.document, Evidence::Page);
}

fn mark_inferred(value: &mut Value, inherited: Evidence) -> usize {
    let evidence = Evidence::of(value).unwrap_or(inherited);
    match value {
        Value::Object(object) => {
            let inferred = object.members("properties").filter_map(|(name, property)| {
                let own = Evidence::of(property).unwrap_or(evidence);
                (own != Evidence::Page).then(|| Value::from(name.as_str()))
            });
            let inferred: Vec<Value> = inferred.collect();
            let mut count = 0;
            let is_shown = |key: &str| matches!(key, "example" | "examples" | "enum" | "default");
            for (key, value) in object.iter_mut() {
                if !is_shown(key) && !key.starts_with("x-") {
                    count += mark_inferred(value, evidence);
                }
            }
            if !inferred.is_empty() && !object.contains_key(INFERRED) {
                count += inferred.len();
                object.insert(INFERRED.to_owned(), inferred.into());
            }
            count
        }
        Value::Array(items) => items.iter_mut().map(|item| mark_inferred(item, evidence)).sum(),
        _ => 0,
    }
}

/// Replaces the type of the values of a map with any JSON if this type is inferred. Otherwise, a value of
/// another type would make the whole response fail.
pub(super) fn inferred_values(state: &mut State<'_>) {
    visit::schemas(&mut state.document, &mut |_, schema| {
        for (_, property) in visit::properties(schema) {
            if !schema_kind::is_map(property) {
                continue;
            }
            let of_property = Evidence::of(property);
            let Some(values) = property.get_mut("additionalProperties") else {
                continue;
            };
            let evidence = Evidence::of(values).or(of_property);
            if schema_kind::is_simple(values) && evidence.is_some_and(Evidence::is_inferred) {
                *values = json!({});
                let note = "with values of any type, because the exact type is only inferred";
                notes::add(property, note.to_owned());
                state.count += 1;
            }
        }
    });
}

/// Returns the names of the properties whose types are inferred, keyed by the Rust type of their component.
pub(super) fn inferred_properties(document: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let named = component::all(document).map(|(name, schema)| {
        let mut names = BTreeSet::new();
        let mut open = vec![schema];
        let mut seen: Vec<*const Value> = Vec::new();
        while let Some(part) = open.pop() {
            let (_, part) = references::resolve(document, Pointer::root(), part);
            if seen.contains(&ptr::from_ref(part)) {
                continue;
            }
            seen.push(part);
            names.extend(part.items(INFERRED).filter_map(Value::as_str).map(str::to_owned));
            open.extend(part.items("allOf"));
        }
        (naming::type_name(name), names)
    });
    named.filter(|(_, names)| !names.is_empty()).collect()
}

/// Parts for which a tag can state the common evidence: operations, their arguments, and their responses.
#[derive(Clone, Copy)]
enum Part {
    Operation,
    Argument,
    Response,
}

impl Part {
    const ALL: [Self; 3] = [Self::Operation, Self::Argument, Self::Response];

    /// Returns the key under which a tag states the evidence of these parts.
    fn key(self) -> String {
        format!("x-evidence-of-{}", self.plural())
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
            Self::Argument => {
                let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
                let parameters = parameters.into_iter().flatten();
                parameters.filter_map(Value::as_object_mut).collect()
            }
            Self::Response => {
                let responses = operation.get_mut("responses");
                let response = responses.and_then(|responses| responses.get_mut("2XX")?.as_object_mut());
                response.into_iter().collect()
            }
        }
    }
}

/// Moves shared evidence to one place. The most common evidence of operations, arguments and responses is
/// stated at their tag. Properties that have the same evidence as their schema no longer state this evidence.
pub(super) fn share_evidence(state: &mut State<'_>) {
    for part in Part::ALL {
        state.count += share_at_tags(&mut state.document, part);
    }
    for (_, schema) in visit::components(&mut state.document) {
        state.count += share_at_schema(schema);
    }
}

fn share_at_tags(document: &mut Value, part: Part) -> usize {
    let mut evidence_by_tag: BTreeMap<String, Vec<Option<Value>>> = BTreeMap::new();
    for operation in visit::operations(document) {
        if let Some(tag) = tag_of(operation.members) {
            let parts = part.of(operation.members).into_iter();
            let evidence = parts.map(|part| part.get(KEY).cloned());
            evidence_by_tag.entry(tag).or_default().extend(evidence);
        }
    }
    let mut shared: BTreeMap<String, Value> = BTreeMap::new();
    let list = document.get_mut("tags").and_then(Value::as_array_mut);
    for tag in list.into_iter().flatten().filter_map(Value::as_object_mut) {
        let name = tag.text("name").unwrap_or_default();
        let Some((common, is_of_all)) = evidence_by_tag.get(name).and_then(|all| most_common(all)) else {
            continue;
        };
        shared.insert(name.to_owned(), common.clone());
        tag.entry(part.key())
            .or_insert_with(|| with_mark(common, (!is_of_all).then_some(HAS_EXCEPTIONS)));
    }
    let mut count = 0;
    for operation in visit::operations(document) {
        let common = tag_of(operation.members).and_then(|tag| shared.get(&tag));
        for part in part.of(operation.members) {
            count += usize::from(common.is_some_and(|common| state_elsewhere(part, common)));
        }
    }
    count
}

fn share_at_schema(schema: &mut Value) -> usize {
    let Some(common) = schema.get(KEY).cloned() else {
        return 0;
    };
    let properties = visit::properties(schema).filter_map(|(_, property)| property.as_object_mut());
    let shared = properties.map(|property| state_elsewhere(property, &common));
    let shared: Vec<bool> = shared.collect();
    let count = shared.iter().filter(|is_shared| **is_shared).count();
    if count > 0
        && let Some(schema) = schema.as_object_mut()
    {
        let mark = if count == shared.len() {
            STATED_ELSEWHERE
        } else {
            HAS_EXCEPTIONS
        };
        schema.insert(KEY.to_owned(), with_mark(&common, Some(mark)));
    }
    count
}

/// Returns the most common evidence, and true if all parts share this evidence. Returns `None` if a part has
/// no evidence, or if no two parts have the same evidence.
fn most_common(all: &[Option<Value>]) -> Option<(&Value, bool)> {
    let mut counts: Vec<(&Value, usize)> = Vec::new();
    for evidence in all {
        let evidence = evidence.as_ref()?;
        match counts.iter_mut().find(|(counted, _)| *counted == evidence) {
            Some((_, count)) => *count += 1,
            None => counts.push((evidence, 1)),
        }
    }
    // In a tie, the first evidence wins. The document is in canonical order here, so the result is stable.
    let (common, count) = counts.into_iter().rev().max_by_key(|(_, count)| *count)?;
    (count > 1).then_some((common, count == all.len()))
}

/// If the evidence of a part equals `common`, marks it as stated elsewhere, and returns true. `common` is the
/// evidence that the tag or the schema of the part states.
fn state_elsewhere(part: &mut Map<String, Value>, common: &Value) -> bool {
    let is_common = part.get(KEY) == Some(common) && common.get(STATED_ELSEWHERE).is_none();
    if is_common {
        part.insert(KEY.to_owned(), with_mark(common, Some(STATED_ELSEWHERE)));
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
    operation.items("tags").next()?.as_str().map(str::to_owned)
}

/// Puts a label in front of the documentation of a part that the vendor's page does not document.
pub(super) fn label(part: &Value, paragraphs: &mut [String]) {
    let label = match Evidence::of(part) {
        Some(Evidence::Docs) => "**Partly documented.**",
        Some(Evidence::Help) => "**From the help centre.**",
        Some(evidence) if evidence.is_inferred() => "**Inferred.**",
        _ => return,
    };
    if let Some(first) = paragraphs.first_mut() {
        *first = rustdoc::labelled(label, first);
    }
}

/// Describes the evidence of a part, unless the tag or the schema states this evidence.
pub(super) fn paragraph(part: &Value) -> Option<String> {
    let evidence = part.get(KEY)?;
    if evidence.get(STATED_ELSEWHERE).is_some() {
        return None;
    }
    in_words("Evidence", evidence)
}

/// Describes the evidence of a schema. This evidence may also apply to the properties of the schema.
pub(super) fn paragraph_of_schema(schema: &Value) -> Option<String> {
    let evidence = schema.get(KEY)?;
    let heading = if evidence.get(STATED_ELSEWHERE).is_some() {
        "Evidence for the type and its fields"
    } else if evidence.get(HAS_EXCEPTIONS).is_some() {
        "Evidence for the type and its fields, unless stated otherwise"
    } else {
        "Evidence"
    };
    in_words(heading, evidence)
}

/// Describes the evidence of the operations of a tag, their arguments and their responses.
pub(super) fn paragraphs_of_tag(tag: &Value) -> Vec<String> {
    let paragraph = |part: Part| {
        let evidence = tag.get(part.key())?;
        let parts = part.plural();
        let heading = if evidence.get(HAS_EXCEPTIONS).is_some() {
            format!("Evidence for all {parts}, unless stated otherwise")
        } else {
            format!("Evidence for all {parts}")
        };
        in_words(&heading, evidence)
    };
    Part::ALL.into_iter().filter_map(paragraph).collect()
}

fn in_words(heading: &str, extension: &Value) -> Option<String> {
    let words = match Evidence::parse(extension)? {
        Evidence::Page => "documented on the vendor's page",
        Evidence::Docs => "partly documented by the vendor",
        Evidence::Help => "from the vendor's help centre",
        Evidence::Sibling => "**inferred** from a similar operation or field",
        Evidence::Pattern => "**inferred** from the general pattern of the API",
        Evidence::Unknown => "unknown",
    };
    let source = extension.text("source").map(rustdoc::sanitise);
    let source = source.map(|source| format!(" {}", rustdoc::sentence(&source)));
    Some(format!("{heading}: {words}.{}", source.unwrap_or_default()))
}
