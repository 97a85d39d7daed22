//! Moves inline objects to components.

use std::collections::{BTreeSet, VecDeque};

use serde_json::Value;

use crate::{naming, rustdoc};
use funnelflux_openapi::{operations::Direction, pointer::PointerBuf};

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
    /// Noun phrase for the description, in the form for the middle of a sentence.
    noun: String,
}

/// New components, and names already in use.
struct Hoist {
    /// Rust types in use. Different names in the document may become the same type.
    taken: BTreeSet<String>,
    clashes: Vec<(PointerBuf, String)>,
    moves: Vec<(PointerBuf, PointerBuf)>,
    /// New components whose properties have not been visited yet.
    open: VecDeque<(String, Value)>,
}

/// Moves every inline object to a component that is named after its place.
pub(super) fn hoist_objects(state: &mut State<'_>) -> usize {
    let mut hoist = Hoist {
        taken: visit::components(&mut state.document)
            .map(|(name, _)| naming::type_name(name))
            .collect(),
        clashes: Vec::new(),
        moves: Vec::new(),
        open: VecDeque::new(),
    };
    for mut operation in visit::operations(&mut state.document) {
        let name = format!("{} {}", operation.method, operation.path);
        let words = state.vocabulary.operation(&operation.pointer);
        let type_name = naming::type_name(words.map_or("", |words| &words.id));
        for (direction, pointer, schema) in operation.body_schemas() {
            let (suffix, noun) = match direction {
                Direction::Request => ("Request", "the request body"),
                Direction::Response => ("Response", "the response"),
            };
            let site = Site {
                pointer,
                name: format!("{type_name}{suffix}"),
                noun: format!("{noun} of `{name}`"),
            };
            hoist.schema(site, schema);
        }
    }
    for (name, schema) in visit::components(&mut state.document) {
        hoist.component(name, schema);
    }
    let mut hoisted = Vec::new();
    while let Some((name, mut schema)) = hoist.open.pop_front() {
        hoist.component(&name, &mut schema);
        hoisted.push((name, schema));
    }
    for (pointer, name) in hoist.clashes {
        state.error(
            "object-name",
            &pointer,
            format!("this object would get the name `{name}`, which another schema has"),
            "move it to a component with a name of its own in an overlay",
        );
    }
    state.origins.extend(hoist.moves);
    let count = hoisted.len();
    component::add(&mut state.document, hoisted);
    count
}

impl Hoist {
    /// Hoists a schema, its items or its values, if it is an object.
    fn schema(&mut self, site: Site, schema: &mut Value) {
        let Site { pointer, name, noun } = site;
        let is_map_of = schema.get("additionalProperties").is_some_and(Value::is_object)
            && !schema_kind::is_object(schema);
        let (name, description, inside) = if schema.get("items").is_some() {
            (
                format!("{name}Item"),
                format!("An item of {noun}."),
                Some("items"),
            )
        } else if is_map_of {
            let description = format!("A value of {noun}.");
            (format!("{name}Value"), description, Some("additionalProperties"))
        } else {
            (name, rustdoc::sentence(&rustdoc::capitalised(&noun)), None)
        };
        let (pointer, object) = match inside {
            Some(key) => (pointer.with_trailing_token(key), schema.get_mut(key)),
            None => (pointer, Some(schema)),
        };
        let Some(object) = object.filter(|object| schema_kind::is_object(object)) else {
            return;
        };
        if !self.taken.insert(naming::type_name(&name)) {
            self.clashes.push((pointer, name));
            return;
        }
        let mut hoisted = component::refer(object, &name);
        if let Some(hoisted) = hoisted.as_object_mut() {
            hoisted.insert(component::INLINE.to_owned(), Value::Bool(true));
            hoisted.remove("nullable");
            hoisted.entry("description").or_insert(Value::String(description));
        }
        self.moves.push((component_pointer(&name), pointer));
        self.open.push_back((name, hoisted));
    }

    /// Hoists the objects inside a component.
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
            };
            self.schema(site, schema);
        }
    }
}
