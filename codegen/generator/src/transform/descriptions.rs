//! Writes the documentation of the generated code.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{json::Json as _, naming, rustdoc};

use super::{
    api_model::{Argument, ArgumentKind, Operation},
    component, evidence, id_types, notes, responses,
    state::State,
    visit,
};

/// Completes the description of every schema and property. A description consists of the document's text, the
/// name of the schema or property, the notes of earlier rules (`x-notes`), and the evidence, in this order.
///
/// A property or request body without a description gets the description of its schema.
pub(super) fn describe(state: &mut State<'_>) {
    let of_schemas: BTreeMap<String, Value> = visit::components(&mut state.document)
        .filter_map(|(name, schema)| Some((name.to_owned(), schema.get("description")?.clone())))
        .collect();
    for (name, schema) in visit::components(&mut state.document) {
        if schema.get(id_types::ID_TYPE).is_some() {
            continue;
        }
        // Inline schemas have no name in the document.
        let has_name = schema.get(component::INLINE).is_none();
        let name = has_name.then(|| format!("Schema `{name}`"));
        let evidence = evidence::paragraph_of_schema(schema);
        set_description(schema, name, evidence);
        state.count += 1;
        for (name, property) in visit::properties(schema) {
            let words = of_referenced(property, &of_schemas);
            if property.get("$ref").is_some() {
                *property = json!({"allOf": [property.take()]});
            }
            complete(property, words);
            let evidence = evidence::paragraph(property);
            set_description(property, Some(format!("`{name}` in JSON")), evidence);
            state.count += 1;
        }
    }
    for operation in visit::operations(&mut state.document) {
        if let Some(body) = operation.members.get_mut("requestBody") {
            let schema = body.pointer("/content/application~1json/schema");
            let words = schema.and_then(|schema| of_referenced(schema, &of_schemas));
            complete(body, words);
        }
    }
}

/// Removes the documentation of operations from the document. The model contains it now, so progenitor need
/// not write it.
pub(super) fn drop_of_operations(document: &mut Value) {
    for mut operation in visit::operations(document) {
        for (_, parameter) in operation.parameters() {
            parameter.remove("description");
        }
        let members = operation.members;
        members.retain(|key, _| key != "summary" && key != "description");
        if let Some(body) = members.get_mut("requestBody").and_then(Value::as_object_mut) {
            body.remove("description");
        }
        let responses = members.get_mut("responses").and_then(Value::as_object_mut);
        for (_, response) in responses.into_iter().flatten() {
            if let Some(response) = response.as_object_mut() {
                // The description is emptied instead of removed, because each response needs a description.
                response.insert("description".to_owned(), json!(""));
            }
        }
    }
}

/// Returns the first paragraph of the description of the component that `schema` refers to.
fn of_referenced(schema: &Value, descriptions: &BTreeMap<String, Value>) -> Option<String> {
    let description = descriptions.get(&component::referenced(schema)?)?.as_str()?;
    description.split("\n\n").next().map(str::to_owned)
}

/// Adds the description `words` unless `value` already has a description.
fn complete(value: &mut Value, words: Option<String>) {
    if let (Some(object), Some(words)) = (value.as_object_mut(), words) {
        object.entry("description").or_insert(Value::String(words));
    }
}

/// Sets the description of a schema. The description consists of the document's description, the name, the
/// notes and the evidence.
fn set_description(schema: &mut Value, name: Option<String>, evidence: Option<String>) {
    let description = Some(description(schema)).filter(|text| !text.is_empty());
    let facts: Vec<String> = name.into_iter().chain(notes::of(schema)).collect();
    let facts = (!facts.is_empty()).then(|| rustdoc::capitalised(&format!("{}.", facts.join(", "))));
    let mut paragraphs: Vec<String> = [description, facts, evidence].into_iter().flatten().collect();
    evidence::label(schema, &mut paragraphs);
    if let Some(object) = schema.as_object_mut() {
        object.insert("description".to_owned(), Value::String(paragraphs.join("\n\n")));
        object.remove(notes::NOTES);
    }
}

/// Returns the text of a member as sentences that are safe for rustdoc.
fn sentences(value: &Value, key: &str) -> String {
    rustdoc::sentence(&rustdoc::sanitise(value.text(key).unwrap_or_default()))
}

/// Returns the description of a part of the document, safe for rustdoc.
pub(super) fn description(value: &Value) -> String {
    sentences(value, "description")
}

/// Returns the documentation of the methods of a tag.
pub(super) fn of_tag(name: &str, tag: &Value) -> String {
    let mut paragraphs = vec![format!("# {name}")];
    paragraphs.extend(Some(description(tag)).filter(|text| !text.is_empty()));
    paragraphs.extend(evidence::paragraphs_of_tag(tag));
    paragraphs.join("\n\n")
}

/// Returns the documentation of a method: summary, description, request line, evidence, arguments and
/// response.
pub(super) fn of_operation(model: &Operation, operation: &Value) -> String {
    let mut paragraphs = Vec::from(["summary", "description"].map(|key| sentences(operation, key)));
    paragraphs.retain(|words| !words.is_empty());
    evidence::label(operation, &mut paragraphs);
    if operation.is_true("deprecated") {
        paragraphs.push("The API document marks this operation as deprecated.".to_owned());
    }
    paragraphs.push(format!("`{} {}`", model.method, model.path));
    if model.requires_acknowledgement {
        let words = "This operation is destructive and inferred. \
                     Call `.acknowledge_inferred()` before you send the request.";
        paragraphs.push(words.to_owned());
    }
    paragraphs.extend(evidence::paragraph(operation));
    let list = model.arguments.iter().filter_map(|argument| {
        let mut parameters = operation.items("parameters");
        let parameter = parameters.find(|parameter| parameter.text("name") == Some(&argument.name))?;
        Some(of_argument(argument, parameter))
    });
    let raw_body = operation.get(responses::RAW_BODY);
    let body = operation.get("requestBody").or(raw_body);
    let list: Vec<String> = list.chain(body.map(of_body)).collect();
    if !list.is_empty() {
        paragraphs.push(format!("# Arguments\n{}", list.join("\n")));
    }
    if let Some(response) = operation.pointer("/responses/2XX") {
        let words = description(response);
        if !words.is_empty() {
            paragraphs.push(format!("# Response\n{words}"));
        }
        paragraphs.extend(evidence::paragraph(response));
    }
    paragraphs.join("\n\n")
}

fn of_argument(argument: &Argument, parameter: &Value) -> String {
    let rust_name = naming::argument(&argument.name);
    let mut name = format!("`{rust_name}`");
    if rust_name != argument.name {
        name = format!("{name} (`{}`)", argument.name);
    }
    let mut words = vec![description(parameter)];
    words.extend(match argument.kind {
        ArgumentKind::CommaSeparated => Some("Sent as one comma-separated string.".to_owned()),
        ArgumentKind::Repeated => Some("Each item is sent as a separate parameter.".to_owned()),
        ArgumentKind::Header => Some("Sent as a header.".to_owned()),
        ArgumentKind::Path | ArgumentKind::Single => None,
    });
    let notes = parameter.get("schema").map(notes::of).unwrap_or_default();
    if !notes.is_empty() {
        words.push(rustdoc::capitalised(&format!("{}.", notes.join(", "))));
    }
    words.extend(evidence::paragraph(parameter));
    words.retain(|words| !words.is_empty());
    evidence::label(parameter, &mut words);
    if words.is_empty() {
        return format!("- {name}");
    }
    format!("- {name}: {}", words.join(" ").replace('\n', " "))
}

fn of_body(body: &Value) -> String {
    let mut words = description(body);
    if words.is_empty() {
        words.push_str("The request body.");
    }
    if !body.is_true("required") {
        words.push_str(" With `None`, no body is sent.");
    }
    format!("- `body`: {}", words.replace('\n', " "))
}
