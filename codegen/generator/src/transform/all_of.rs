//! Joins the parts of an `allOf` into one object, if all parts are objects.

use serde_json::{Map, Value, json};

use crate::json::Json as _;
use funnelflux_openapi::{
    openapi_model::ANNOTATIONS,
    pointer::{Pointer, PointerBuf},
    references,
};

use super::{
    component, schema_kind,
    state::State,
    visit::{self, component_pointer},
};

/// Replaces an `allOf` of objects with one object that has the properties of all parts.
///
/// Without this rule, progenitor would merge the parts and copy each schema to which a property refers. If
/// such a schema refers back to the object, progenitor does not terminate. An `allOf` is left to progenitor
/// if its parts disagree on a property, if a part is nullable or has unsupported keywords, or if one of its
/// parts is a component that encloses the `allOf`.
pub(super) fn join_object_parts(state: &mut State<'_>) {
    let source = state.document.clone();
    visit::schemas(&mut state.document, &mut |pointer, schema| {
        if schema.get("allOf").is_none() {
            return;
        }
        let parts = schema.clone();
        let enclosing = state.origins.enclosing(pointer).chain([pointer]);
        let mut joined = Joined {
            open: enclosing.filter_map(component::name).collect(),
            ..Joined::default()
        };
        let is_joined = joined.all(&source, pointer, &parts).is_some();
        let Some(members) = schema.as_object_mut().filter(|_| is_joined) else {
            return;
        };
        members.shift_remove("allOf");
        members.insert("type".to_owned(), json!("object"));
        let place = pointer.with_trailing_token("properties");
        let mut properties = Map::new();
        for (name, property) in joined.properties {
            let current = place.with_trailing_token(&name);
            if current != property.origin {
                state.origins.insert(current, property.origin);
            }
            properties.insert(name, property.schema.clone());
        }
        members.insert("properties".to_owned(), Value::Object(properties));
        if !joined.required.is_empty() {
            members.insert("required".to_owned(), json!(joined.required));
        }
        members.insert("additionalProperties".to_owned(), json!({}));
        state.count += 1;
    });
}

/// The properties of an object and of all its parts.
#[derive(Default)]
struct Joined<'a> {
    properties: Vec<(String, Property<'a>)>,
    required: Vec<&'a str>,
    /// Components that enclose the current part. If the part refers to one of them, joining would not
    /// terminate.
    open: Vec<String>,
}

struct Property<'a> {
    schema: &'a Value,
    origin: PointerBuf,
}

impl<'a> Joined<'a> {
    /// Adds the properties of a schema and of all its parts. Returns `None` if the schema does not compose
    /// objects, or if it is left to progenitor.
    fn all(&mut self, document: &'a Value, pointer: &Pointer, schema: &'a Value) -> Option<()> {
        let parts = schema.items("allOf");
        let parts = parts.filter(|part| part.has_any(&["$ref", "allOf", "properties", "required"]));
        // An `allOf` with a single part is an alias.
        if parts.count() + usize::from(schema.has_any(&["properties", "required"])) < 2 {
            return None;
        }
        self.add(document, pointer, schema)?;
        (!self.properties.is_empty()).then_some(())
    }

    fn add(&mut self, document: &'a Value, pointer: &Pointer, part: &'a Value) -> Option<()> {
        if part.get("$ref").is_some() {
            let name = component::referenced(part).filter(|name| !self.open.contains(name))?;
            let target = component::get(document, &name)?;
            if schema_kind::is_nullable(target) {
                return None;
            }
            self.open.push(name.clone());
            self.add(document, &component_pointer(&name), target)?;
            self.open.pop();
            return Some(());
        }
        let members = part.as_object()?;
        if !members.iter().all(|(key, value)| is_supported(key, value)) {
            return None;
        }
        for (index, part) in members.items("allOf").enumerate() {
            let pointer = pointer.with_trailing_token("allOf").with_trailing_token(index);
            // The `allOf` accepts null only if each of its parts accepts null.
            if schema_kind::is_nullable(part) {
                return None;
            }
            self.add(document, &pointer, part)?;
        }
        let place = pointer.with_trailing_token("properties");
        for (name, schema) in members.members("properties") {
            let origin = place.with_trailing_token(name);
            self.property(name, Property { schema, origin })?;
        }
        for name in members.items("required").filter_map(Value::as_str) {
            if !self.required.contains(&name) {
                self.required.push(name);
            }
        }
        Some(())
    }

    /// Adds a property. If there already is a property with this name, keeps the one that has all constraints
    /// of the other. Returns `None` if neither property has all constraints of the other.
    fn property(&mut self, name: &str, property: Property<'a>) -> Option<()> {
        let Some((_, other)) = self.properties.iter_mut().find(|(other, _)| other == name) else {
            self.properties.push((name.to_owned(), property));
            return Some(());
        };
        if is_narrower(property.schema, other.schema) {
            *other = property;
        } else if !is_narrower(other.schema, property.schema) {
            return None;
        }
        Some(())
    }
}

/// Returns `true` for annotations, and for the keywords of an object with properties or of an `allOf`.
fn is_supported(key: &str, value: &Value) -> bool {
    match key {
        "type" => value == "object",
        "additionalProperties" => schema_kind::is_anything(value),
        "properties" | "required" | "allOf" | "discriminator" | "nullable" => true,
        _ => is_annotation(key),
    }
}

fn is_annotation(key: &str) -> bool {
    ANNOTATIONS.contains(&key) || key.starts_with("x-")
}

/// Returns `true` if `schema` has each constraint of `other`.
fn is_narrower(schema: &Value, other: &Value) -> bool {
    if schema_kind::is_nullable(schema) && !schema_kind::is_nullable(other) {
        return false;
    }
    let constraints = other.as_object().into_iter().flatten();
    let mut constraints = constraints.filter(|(key, _)| *key != "nullable" && !is_annotation(key));
    references::reference(schema) == references::reference(other)
        && constraints.all(|(key, value)| schema.get(key) == Some(value))
}
