//! Objects: inline ones, mere aliases, collections that may be null, fields that nobody knows.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    mem,
};

use serde_json::{Map, Value};

use crate::{naming, rustdoc};
use funnelflux_openapi::pointer;

use super::{Draft, schema, visit};

/// Where an object is written.
struct Place<'a> {
    at: &'a str,
    /// The component that it becomes.
    name: String,
    /// What it is, for the middle of a sentence.
    what: String,
}

/// Takes the parts out of an `allOf` that say no more than that it is an object, as long as another one is left.
pub(super) fn drop_empty_parts(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    visit::schemas(&mut draft.value, &mut |_, schema| {
        let Some(parts) = schema.get_mut("allOf").and_then(Value::as_array_mut) else {
            return;
        };
        if parts.iter().all(says_nothing) {
            return;
        }
        let (dropped, kept): (Vec<_>, Vec<_>) = mem::take(parts).into_iter().partition(says_nothing);
        *parts = kept;
        count += dropped.len();
        // What is said of the whole there is said by the whole now. A title is a name, and its part is gone.
        let shape = ["type", "additionalProperties", "properties", "title"];
        for (key, value) in dropped.iter().filter_map(Value::as_object).flatten() {
            if let Some(schema) = schema.as_object_mut()
                && !shape.contains(&key.as_str())
            {
                schema.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    });
    count
}

fn says_nothing(schema: &Value) -> bool {
    schema.as_object().is_some_and(|schema| {
        schema.iter().all(|(key, value)| match key.as_str() {
            "type" => value == "object",
            "additionalProperties" => {
                *value == Value::Bool(true) || value.as_object().is_some_and(Map::is_empty)
            }
            "properties" => value.as_object().is_some_and(Map::is_empty),
            "title" | "description" | "example" | "examples" | "externalDocs" | "deprecated" => true,
            _ => key.starts_with("x-"),
        })
    })
}

/// Makes a component of every object that is written where it is used, named by its place.
pub(super) fn hoist_objects(draft: &mut Draft<'_>) -> usize {
    // By their Rust types: names that differ in the document may be the same there.
    let mut taken: BTreeSet<String> = visit::components(&mut draft.value)
        .map(|(name, _)| naming::type_name(name))
        .collect();
    let mut found = VecDeque::new();
    let mut clashes = Vec::new();
    let mut origins = BTreeMap::new();
    let mut hoist = |place: Place<'_>, schema: &mut Value, found: &mut VecDeque<_>| {
        let Place { at, name, what } = place;
        let is_map_of =
            schema.get("additionalProperties").is_some_and(Value::is_object) && !schema::is_object(schema);
        let (name, what, inside) = match () {
            () if schema.get("items").is_some() => (
                format!("{name}Item"),
                format!("An item of {what}."),
                Some("items"),
            ),
            () if is_map_of => (
                format!("{name}Value"),
                format!("A value of {what}."),
                Some("additionalProperties"),
            ),
            () => (name, rustdoc::sentence(&rustdoc::capitalised(&what)), None),
        };
        let (at, place) = match inside {
            Some(key) => (pointer::join(at, key), schema.get_mut(key)),
            None => (at.to_owned(), Some(schema)),
        };
        let Some(place) = place.filter(|place| schema::is_object(place)) else {
            return;
        };
        if !taken.insert(naming::type_name(&name)) {
            clashes.push((at, name));
            return;
        }
        let mut old = schema::refer(place, &name);
        if let Some(old) = old.as_object_mut() {
            old.insert(schema::INLINE.to_owned(), Value::Bool(true));
            old.remove("nullable");
            old.entry("description").or_insert(Value::String(what));
        }
        origins.insert(visit::component_pointer(&name), at);
        found.push_back((name, old));
    };

    for entry in visit::operations(&mut draft.value) {
        let id = naming::operation(&entry.method, entry.path).id;
        for (body, at, schema) in visit::body_schemas(entry.operation, &entry.pointer) {
            let (suffix, what) = match body {
                visit::Body::Request => ("Request", "the request body"),
                visit::Body::Response => ("Response", "the response"),
            };
            let place = Place {
                at: &at,
                name: format!("{}{suffix}", naming::type_name(&id)),
                what: format!("{what} of `{} {}`", entry.method, entry.path),
            };
            hoist(place, schema, &mut found);
        }
    }
    for (name, schema) in visit::components(&mut draft.value) {
        hoist_properties(
            &visit::component_pointer(name),
            name,
            schema,
            &mut |place, schema| hoist(place, schema, &mut found),
        );
    }
    let mut hoisted = Vec::new();
    while let Some((name, mut schema)) = found.pop_front() {
        let mut inner = VecDeque::new();
        hoist_properties(
            &visit::component_pointer(&name),
            &name,
            &mut schema,
            &mut |place, schema| hoist(place, schema, &mut inner),
        );
        found.extend(inner);
        hoisted.push((name, schema));
    }
    for (at, name) in clashes {
        draft.error(
            "object-name",
            &at,
            format!("this object would get the name `{name}`, which another schema has"),
            "let an overlay move it to a component with a name of its own",
        );
    }
    draft.origins.extend(origins);
    let count = hoisted.len();
    add_components(&mut draft.value, hoisted);
    count
}

fn hoist_properties(at: &str, name: &str, schema: &mut Value, hoist: &mut dyn FnMut(Place<'_>, &mut Value)) {
    // A component that is a list or a map of objects names them after itself.
    if !schema::is_object(schema) {
        for key in ["items", "additionalProperties"] {
            if schema.get(key).is_some_and(schema::is_object) {
                let place = Place {
                    at,
                    name: naming::type_name(name),
                    what: format!("`{name}`"),
                };
                hoist(place, schema);
            }
        }
    }
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (property, inner) in properties {
        let place = Place {
            at: &pointer::join(&pointer::join(at, "properties"), property),
            name: format!("{}{}", naming::type_name(name), naming::type_name(property)),
            what: format!("the property `{property}` of `{name}`"),
        };
        hoist(place, inner);
    }
}

/// Puts schemas under `components`.
pub(super) fn add_components(document: &mut Value, schemas: impl IntoIterator<Item = (String, Value)>) {
    let mut schemas = schemas.into_iter().peekable();
    if schemas.peek().is_none() {
        return;
    }
    let Some(root) = document.as_object_mut() else {
        return;
    };
    let components = root
        .entry("components")
        .or_insert_with(|| Value::Object(Map::new()));
    let Some(components) = components.as_object_mut() else {
        return;
    };
    let all = components
        .entry("schemas")
        .or_insert_with(|| Value::Object(Map::new()));
    if let Some(all) = all.as_object_mut() {
        all.extend(schemas);
    }
}

/// Adds a component for a type of ours; the document cannot have one of its name. `what` says what ours is.
pub(super) fn declare(draft: &mut Draft<'_>, code: &'static str, name: &str, what: &str, component: Value) {
    let other = visit::components(&mut draft.value)
        .find(|(other, _)| naming::type_name(other) == name)
        .map(|(other, _)| other.to_owned());
    if let Some(other) = other {
        draft.error(
            code,
            &visit::component_pointer(&other),
            format!("`{name}` is the type of {what}, and that of the schema `{other}`"),
            "let an overlay rename the schema",
        );
    }
    add_components(&mut draft.value, [(name.to_owned(), component)]);
}

/// Writes a component that needs no type of its own where it is used.
pub(super) fn inline_aliases(draft: &mut Draft<'_>) -> usize {
    let mut aliases: BTreeMap<String, Value> = BTreeMap::new();
    for (name, schema) in visit::components(&mut draft.value) {
        let is_type = schema::is_object(schema)
            || schema::string_enum(schema).is_some()
            || schema.get(schema::ID_TYPE).is_some()
            || (schema::is_composed(schema) && schema::referenced(schema).is_none());
        if !is_type {
            aliases.insert(name.to_owned(), schema.clone());
        }
    }
    for name in containing_themselves(&aliases) {
        draft.error(
            "alias-of-itself",
            &visit::component_pointer(&name),
            format!("`{name}` is a list or map that contains itself without an object between"),
            "let an overlay give it an object",
        );
        aliases.remove(&name);
    }
    let mut count = 0;
    visit::schemas(&mut draft.value, &mut |_, schema| {
        // An alias may be of another alias; one that is inside of it is met later on this walk.
        while let Some(alias) = schema::referenced(schema).and_then(|name| aliases.get(name)) {
            let mut merged = alias.as_object().cloned().unwrap_or_default();
            if let Some(uses) = schema.as_object() {
                merged.extend(
                    uses.iter()
                        .filter(|(key, _)| !matches!(key.as_str(), "$ref" | "allOf"))
                        .map(|(key, value)| (key.clone(), value.clone())),
                );
            }
            *schema = Value::Object(merged);
            count += 1;
        }
    });
    if let Some(Value::Object(schemas)) = draft.value.pointer_mut("/components/schemas") {
        schemas.retain(|name, _| !aliases.contains_key(name));
    }
    count
}

/// The aliases that cannot be written out, since they would never end.
fn containing_themselves(aliases: &BTreeMap<String, Value>) -> Vec<String> {
    let contained = |name: &str| {
        let mut names = Vec::new();
        if let Some(mut alias) = aliases.get(name).cloned() {
            visit::schema_and_inner("", &mut alias, &mut |_, schema| {
                names.extend(schema::referenced(schema).map(str::to_owned));
            });
        }
        names
    };
    aliases
        .keys()
        .filter(|alias| {
            let mut reached = BTreeSet::new();
            let mut open = contained(alias);
            while let Some(name) = open.pop() {
                if reached.insert(name.clone()) {
                    open.extend(contained(&name));
                }
            }
            reached.contains(*alias)
        })
        .cloned()
        .collect()
}

/// Takes `nullable` off the components and puts it on what refers to them. A component that is one of several alternatives
/// stays as it is: what refers to it there would lose that it may be null.
pub(super) fn nullable_components(draft: &mut Draft<'_>) -> usize {
    let mut nullable: BTreeSet<String> = visit::components(&mut draft.value)
        .filter(|(_, schema)| schema.get("nullable") == Some(&Value::Bool(true)))
        .map(|(name, _)| name.to_owned())
        .collect();
    // What is said of a part of an `allOf` is said of the whole, if at all; so it is with what must be an object.
    let mut parts_of_objects = BTreeSet::new();
    visit::schemas(&mut draft.value, &mut |at, schema| {
        for key in ["allOf", "anyOf", "oneOf"] {
            let parts = schema.get(key).and_then(Value::as_array);
            // Where the whole or another part is an object, null was none of the values anyway.
            let not_null = |schema: &Value| {
                schema.get("nullable") != Some(&Value::Bool(true))
                    && (schema::has_type(schema, "object") || schema::is_object(schema))
            };
            let is_other = not_null(schema)
                || (key == "allOf"
                    && (schema::referenced(schema).is_some()
                        || parts.is_some_and(|parts| parts.iter().any(not_null))));
            if is_other {
                parts_of_objects.insert(pointer::join(at, key));
                continue;
            }
            for part in parts.into_iter().flatten().filter_map(schema::referenced) {
                nullable.remove(part);
            }
        }
    });
    for (name, schema) in visit::components(&mut draft.value) {
        if nullable.contains(name)
            && let Some(schema) = schema.as_object_mut()
        {
            schema.remove("nullable");
        }
    }
    let mut count = 0;
    visit::schemas(&mut draft.value, &mut |at, schema| {
        let is_part = pointer::split_last(at)
            .is_some_and(|(list, _)| list.ends_with("/allOf") || parts_of_objects.contains(list));
        let Some(name) = schema::referenced(schema).filter(|_| !is_part).map(str::to_owned) else {
            return;
        };
        if !nullable.contains(&name) || schema.get("nullable") == Some(&Value::Bool(true)) {
            return;
        }
        if schema.get("allOf").is_none() {
            *schema = Value::Object(Map::from_iter([(
                "allOf".to_owned(),
                Value::Array(vec![schema::reference(&name)]),
            )]));
        }
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("nullable".to_owned(), Value::Bool(true));
        }
        count += 1;
    });
    count
}

/// Makes every list, map and free object that is not required nullable; the generator then takes an `Option`.
pub(super) fn nullable_collections(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    visit::schemas(&mut draft.value, &mut |_, object| {
        let required: BTreeSet<String> = object
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) else {
            return;
        };
        for (name, property) in properties {
            let is_collection = schema::has_type(property, "array") || schema::is_map(property);
            if is_collection
                && !required.contains(name)
                && let Some(property) = property.as_object_mut()
                && property.insert("nullable".to_owned(), Value::Bool(true)) != Some(Value::Bool(true))
            {
                count += 1;
            }
        }
    });
    count
}

/// Takes the titles off the components, whose types are called after their names.
pub(super) fn drop_titles(draft: &mut Draft<'_>) -> usize {
    visit::components(&mut draft.value)
        .filter_map(|(_, schema)| schema.as_object_mut()?.shift_remove("title"))
        .count()
}

/// The field in which the generator collects what the document does not list.
const UNKNOWN_FIELDS: &str = "extra";

/// Lets every object have fields that the document does not list. (`true` is the same as absent to the generator.)
pub(super) fn keep_unknown_fields(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    let mut clashes = Vec::new();
    visit::schemas(&mut draft.value, &mut |at, schema| {
        // One without fields that is closed would be a struct that drops all it gets.
        let is_closed_map =
            schema::is_map(schema) && schema.get("additionalProperties") == Some(&Value::Bool(false));
        if !schema::is_object(schema) && !is_closed_map {
            return;
        }
        let Some(object) = schema.as_object_mut() else {
            return;
        };
        let properties = object.get("properties").and_then(Value::as_object);
        for (name, _) in properties.into_iter().flatten() {
            if naming::argument(name) == UNKNOWN_FIELDS {
                clashes.push((
                    pointer::join(&pointer::join(at, "properties"), name),
                    name.clone(),
                ));
            }
        }
        let anything = Value::Object(Map::new());
        if object.get("additionalProperties") != Some(&anything) {
            object.insert("additionalProperties".to_owned(), anything);
            count += 1;
        }
    });
    for (at, name) in clashes {
        draft.error(
            "unknown-fields-name",
            &at,
            format!(
                "the property `{name}` makes a field `{UNKNOWN_FIELDS}`, which is the name of the map of unknown fields"
            ),
            "let an overlay remove the property: it will be kept among the unknown fields",
        );
    }
    count
}
