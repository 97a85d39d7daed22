//! Schemas under `components`, and references to them.

use serde_json::{Map, Value, json};

use crate::naming;
use funnelflux_openapi::{pointer::Pointer, references};

use super::{
    notes::NOTES,
    state::State,
    visit::{SCHEMAS, component_pointer},
};

/// Key that marks a component whose schema is inline in the source document.
pub(super) const INLINE: &str = "x-inline";

/// Keywords that describe the use of a schema. When the rest of the schema becomes a component, these
/// keywords stay at the place of use.
const USE: [&str; 5] = ["description", "nullable", "x-evidence", NOTES, "deprecated"];

pub(super) fn get<'a>(document: &'a Value, name: &str) -> Option<&'a Value> {
    document.pointer(SCHEMAS.as_str())?.get(name)
}

/// Iterates over the components and their names.
pub(super) fn all(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let components = document.pointer(SCHEMAS.as_str());
    components.and_then(Value::as_object).into_iter().flatten()
}

/// Returns the name of the component at `pointer`, or of the component that contains the value at `pointer`.
pub(super) fn name(pointer: &Pointer) -> Option<String> {
    Some(pointer.strip_prefix(SCHEMAS)?.front()?.decoded().into_owned())
}

/// Returns the name of the component that a schema refers to, directly or by an `allOf` with one part.
pub(super) fn referenced(schema: &Value) -> Option<String> {
    let written = match schema.get("$ref") {
        Some(_) => references::reference(schema)?,
        None => match schema.get("allOf")?.as_array()?.as_slice() {
            [only] => references::reference(only)?,
            _ => return None,
        },
    };
    let pointer = references::fragment(written)?;
    let (parent, name) = pointer.split_back()?;
    (*parent == *SCHEMAS).then(|| name.decoded().into_owned())
}

/// Returns the name of the component to which a mapping of a discriminator leads. The mapping contains a name
/// or a reference.
pub(super) fn mapped(target: &Value) -> Option<String> {
    let written = target.as_str()?;
    if !written.contains(['#', '/']) {
        return Some(written.to_owned());
    }
    referenced(&json!({ "$ref": written }))
}

pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#{}", component_pointer(name)) })
}

/// Replaces a schema with a reference to a component, and returns the replaced schema.
///
/// OpenAPI 3.0 ignores siblings of `$ref`, so a schema with siblings becomes an `allOf` with one part.
pub(super) fn refer(schema: &mut Value, name: &str) -> Value {
    let old = schema.take();
    let mut new = Map::new();
    for key in USE {
        if let Some(value) = old.get(key) {
            new.insert(key.to_owned(), value.clone());
        }
    }
    *schema = if new.is_empty() {
        reference(name)
    } else {
        new.insert("allOf".to_owned(), Value::Array(vec![reference(name)]));
        Value::Object(new)
    };
    old
}

pub(super) fn add(document: &mut Value, schemas: impl IntoIterator<Item = (String, Value)>) {
    let mut schemas = schemas.into_iter().peekable();
    if schemas.peek().is_none() {
        return;
    }
    let mut parent = Some(document);
    for key in ["components", "schemas"] {
        let members = parent.and_then(Value::as_object_mut);
        parent = members.map(|members| members.entry(key).or_insert_with(|| json!({})));
    }
    if let Some(components) = parent.and_then(Value::as_object_mut) {
        components.extend(schemas);
    }
}

/// Adds a component for a type that a rule introduces. Reports an error if a schema of the document has the
/// same name.
///
/// `purpose` completes the sentence "`name` is the type of".
pub(super) fn declare(state: &mut State<'_>, code: &'static str, name: &str, purpose: &str, schema: Value) {
    let has_name = |(component, _): &(&String, &Value)| naming::type_name(component) == name;
    let clash = all(&state.document).find(has_name);
    if let Some((component, _)) = clash {
        let at = component_pointer(component);
        let message = format!("`{name}` is the type of {purpose} and also of the schema `{component}`");
        state.error(code, &at, message, "rename the schema in an overlay");
    }
    add(&mut state.document, [(name.to_owned(), schema)]);
}
