//! Moves inline objects to components.
//!
//! Equal bodies and responses of a group become one component, because the handle of the group can save
//! assets only if its operations find and save the same type.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    mem,
};

use serde_json::Value;

use crate::{json::Json as _, naming, rustdoc};
use funnelflux_openapi::{openapi_model::ANNOTATIONS, operations::Direction, pointer::PointerBuf};

use super::{
    component, schema_kind,
    state::State,
    visit::{self, component_pointer},
};

/// Place of an inline schema.
struct Site {
    pointer: PointerBuf,
    /// Name of the component for an object at this place.
    name: String,
    /// Noun phrase for the description of the component. It begins with a lower-case letter, because it is
    /// used in sentences.
    noun: String,
    /// Tag of the operation, if the schema is in a body or response of an operation.
    tag: Option<String>,
}

/// New components, and names already in use.
struct Hoist<'a, 'b> {
    /// State that the rules share. Its document has been moved out, because the document is being visited.
    state: &'b mut State<'a>,
    /// Rust types in use. Different names in the document may become the same type.
    taken: BTreeSet<String>,
    /// New components whose properties have not been visited yet.
    open: VecDeque<(String, Value)>,
    /// Objects that occur in several bodies and responses of a group, alone or as items of a list.
    shared: BTreeMap<SharedKey, Shared>,
}

/// Tag of a group, and the text that `form` returns for an object.
type SharedKey = (String, String);

/// An object that occurs several times.
#[derive(Default)]
struct Shared {
    count: usize,
    /// The component of the object, once it has been created.
    component: Option<String>,
}

/// Moves every inline object to a component that is named after the place of the object. An object that
/// several bodies and responses of a group share gets the name of the group, if this name is free.
pub(super) fn hoist_objects(state: &mut State<'_>) {
    let mut document = mem::take(&mut state.document);
    let names = component::all(&document).map(|(name, _)| naming::type_name(name));
    let mut hoist = Hoist {
        state,
        taken: names.collect(),
        open: VecDeque::new(),
        shared: BTreeMap::new(),
    };
    for mut operation in visit::operations(&mut document) {
        let words = hoist.state.vocabulary.operation(&operation.pointer);
        let tag = words.map_or("", |words| &words.tag);
        for (_, _, schema) in operation.body_schemas() {
            let object = schema.get("items").unwrap_or(schema);
            if schema_kind::is_object(object) {
                let key = (tag.to_owned(), form(object));
                hoist.shared.entry(key).or_default().count += 1;
            }
        }
    }
    hoist.shared.retain(|_, shared| shared.count > 1);
    for mut operation in visit::operations(&mut document) {
        let name = format!("{} {}", operation.method, operation.path);
        let words = hoist.state.vocabulary.operation(&operation.pointer).cloned();
        let type_name = naming::type_name(words.as_ref().map_or("", |words| &words.id));
        for (direction, pointer, schema) in operation.body_schemas() {
            let (suffix, noun) = match direction {
                Direction::Request => ("Request", "the request body"),
                Direction::Response => ("Response", "the response"),
            };
            let site = Site {
                pointer,
                name: format!("{type_name}{suffix}"),
                noun: format!("{noun} of `{name}`"),
                tag: words.as_ref().map(|words| words.tag.clone()),
            };
            hoist.schema(site, schema);
        }
    }
    for (name, schema) in visit::components(&mut document) {
        hoist.component(name, schema);
    }
    let mut hoisted = Vec::new();
    while let Some((name, mut schema)) = hoist.open.pop_front() {
        hoist.component(&name, &mut schema);
        hoisted.push((name, schema));
    }
    state.count += hoisted.len();
    component::add(&mut document, hoisted);
    state.document = document;
}

impl Hoist<'_, '_> {
    /// Moves a schema to a component if it is an object. If it is a list or map of objects, moves the schema
    /// of the objects.
    fn schema(&mut self, site: Site, schema: &mut Value) {
        let (mut pointer, mut name, noun) = (site.pointer, site.name, site.noun);
        let mut description = rustdoc::sentence(&rustdoc::capitalised(&noun));
        let is_map_of = schema.object("additionalProperties").is_some() && !schema_kind::is_object(schema);
        let object = if schema.get("items").is_some() {
            (name, description) = (format!("{name}Item"), format!("An item of {noun}."));
            pointer.push_back("items");
            schema.get_mut("items")
        } else if is_map_of {
            (name, description) = (format!("{name}Value"), format!("A value of {noun}."));
            pointer.push_back("additionalProperties");
            schema.get_mut("additionalProperties")
        } else {
            Some(schema)
        };
        let Some(object) = object.filter(|object| schema_kind::is_object(object)) else {
            return;
        };
        let key = site.tag.map(|tag| (tag, form(object)));
        if let Some((key, shared)) = key.and_then(|key| Some((key.0.clone(), self.shared.get_mut(&key)?))) {
            if let Some(component) = &shared.component {
                component::refer(object, component);
                self.state.origins.insert(component_pointer(component), pointer);
                return;
            }
            let words = self.state.vocabulary.groups.get(&key);
            let of_group = words.map(|words| naming::type_name(&words.singular));
            if let Some(of_group) = of_group.filter(|name| !self.taken.contains(name)) {
                name = of_group;
                description = words.map_or(description, |words| {
                    let words = rustdoc::capitalised(&words.with_article());
                    format!("{words}, as several operations send or return it.")
                });
            }
            shared.component = Some(name.clone());
        }
        if !self.taken.insert(naming::type_name(&name)) {
            let message = format!("this object would get the name `{name}`, which another schema has");
            let fix = "move it to a component with a name of its own in an overlay";
            self.state.error("object-name", &pointer, message, fix);
            return;
        }
        let mut hoisted = component::refer(object, &name);
        if let Some(hoisted) = hoisted.as_object_mut() {
            hoisted.insert(component::INLINE.to_owned(), Value::Bool(true));
            hoisted.remove("nullable");
            hoisted.entry("description").or_insert(Value::String(description));
        }
        self.state.origins.insert(component_pointer(&name), pointer);
        self.open.push_back((name, hoisted));
    }

    /// Moves the objects inside a component to components of their own.
    fn component(&mut self, name: &str, schema: &mut Value) {
        let pointer = component_pointer(name);
        let type_name = naming::type_name(name);
        // Objects in a component that is a list or a map are named after the component.
        let is_object = schema_kind::is_object(schema);
        for key in ["items", "additionalProperties"] {
            if !is_object && schema.get(key).is_some_and(schema_kind::is_object) {
                let site = Site {
                    pointer: pointer.clone(),
                    name: type_name.clone(),
                    noun: format!("`{name}`"),
                    tag: None,
                };
                self.schema(site, schema);
            }
        }
        let properties = pointer.with_trailing_token("properties");
        for (property, schema) in visit::properties(schema) {
            let site = Site {
                pointer: properties.with_trailing_token(property),
                name: format!("{type_name}{}", naming::type_name(property)),
                noun: format!("the property `{property}` of `{name}`"),
                tag: None,
            };
            self.schema(site, schema);
        }
    }
}

/// Returns the schema of an object as text, without annotations, extensions and its own `nullable`. Objects
/// that differ only in these parts have equal texts.
fn form(object: &Value) -> String {
    let mut object = object.clone();
    if let Some(object) = object.as_object_mut() {
        object.remove("nullable");
    }
    visit::schema_and_inner(&mut PointerBuf::root(), &mut object, &mut |_, schema| {
        if let Some(members) = schema.as_object_mut() {
            members.retain(|key, _| !ANNOTATIONS.contains(&key.as_str()) && !key.starts_with("x-"));
        }
    });
    object.to_string()
}
