//! Writes objects that an `allOf` composes as one object.

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
/// The generator would merge the parts instead, and copy each schema to which a property refers. If that
/// schema refers back to the object, it does not terminate. If parts disagree on a property, the schema is
/// left to the generator. So is a schema inside a component that composes the component.
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
    /// Components that the current part is in. To write one of them into the part would not terminate.
    open: Vec<String>,
}

struct Property<'a> {
    schema: &'a Value,
    origin: PointerBuf,
}

impl<'a> Joined<'a> {
    /// Adds all parts. Returns `None` if the schema composes no objects, or if the generator must merge them.
    fn all(&mut self, document: &'a Value, pointer: &Pointer, schema: &'a Value) -> Option<()> {
        let parts = schema.items("allOf");
        let parts = parts.filter(|part| part.has_any(&["$ref", "allOf", "properties", "required"]));
        // A single part is an alias.
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
            // Null is a value of the whole only if it is one of each part.
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

    /// Adds a property; of two with one name, keeps the one that has all constraints of the other.
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

/// Returns `true` for the keywords of an object with properties, of an `allOf`, and for annotations.
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

/// Returns `true` if a schema has each constraint of the other one.
fn is_narrower(schema: &Value, other: &Value) -> bool {
    if schema_kind::is_nullable(schema) && !schema_kind::is_nullable(other) {
        return false;
    }
    let constraints = other.as_object().into_iter().flatten();
    let mut constraints = constraints.filter(|(key, _)| *key != "nullable" && !is_annotation(key));
    references::reference(schema) == references::reference(other)
        && constraints.all(|(key, value)| schema.get(key) == Some(value))
}
