//! Removes `allOf` parts and titles that mislead progenitor, and simplifies alternatives (`oneOf` and
//! `anyOf`).

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use serde_json::{Map, Value};

use crate::{json::Json as _, lint, naming, unions};
use funnelflux_openapi::{openapi_model::ANNOTATIONS, pointer::Pointer, references};

use super::{component, schema_kind, state::State, visit};

/// Moves the members of the only part of an `allOf` into the schema with the `allOf`. Leaves the `allOf`
/// unchanged if the part is a reference, or if the part and the schema have different constraints for the
/// same keyword.
pub(super) fn flatten_single_parts(state: &mut State<'_>) {
    visit::schemas(&mut state.document, &mut |pointer, schema| {
        let Some([part]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) else {
            return;
        };
        let Some(part) = part
            .as_object()
            .filter(|part| !part.has_any(&["$ref", "allOf"]))
            .cloned()
        else {
            return;
        };
        let is_equal = |(key, value): (&String, &Value)| {
            let own = schema.get(key);
            key == "nullable" || ANNOTATIONS.contains(&&**key) || own.is_none_or(|own| own == value)
        };
        if !part.iter().all(is_equal) {
            return;
        }
        let old = pointer.with_trailing_token("allOf").with_trailing_token(0);
        let Some(schema) = schema.as_object_mut() else {
            return;
        };
        schema.shift_remove("allOf");
        for (key, value) in part {
            if !schema.contains_key(&key) {
                let current = pointer.with_trailing_token(&key);
                state.origins.insert(current, old.with_trailing_token(&key));
                schema.insert(key, value);
            }
        }
        state.count += 1;
    });
}

/// Removes the parts of an `allOf` that constrain nothing, as long as another part remains.
pub(super) fn drop_empty_parts(state: &mut State<'_>) {
    visit::schemas(&mut state.document, &mut |_, schema| {
        let Some(parts) = schema.get_mut("allOf").and_then(Value::as_array_mut) else {
            return;
        };
        if parts.iter().all(is_empty) {
            return;
        }
        let (dropped, kept): (Vec<_>, Vec<_>) = mem::take(parts).into_iter().partition(is_empty);
        *parts = kept;
        state.count += dropped.len();
        // The composed schema inherits the annotations of the removed parts, except for the title, which is a
        // name.
        let structure = ["type", "additionalProperties", "properties", "title"];
        for (key, value) in dropped.iter().filter_map(Value::as_object).flatten() {
            if let Some(schema) = schema.as_object_mut()
                && !structure.contains(&key.as_str())
            {
                schema.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    });
}

/// Returns `true` if a part of an `allOf` accepts every object.
fn is_empty(part: &Value) -> bool {
    part.as_object().is_some_and(|part| {
        part.iter().all(|(key, value)| match key.as_str() {
            "type" => value == "object",
            "additionalProperties" => schema_kind::is_anything(value),
            "properties" => value.as_object().is_some_and(Map::is_empty),
            "title" | "description" | "example" | "examples" | "externalDocs" | "deprecated" => true,
            _ => key.starts_with("x-"),
        })
    })
}

/// Turns an `anyOf` into a `oneOf`, which is decoded as the first alternative that fits. Does so if an
/// alternative is not an object, or if a property identifies the alternatives.
pub(super) fn any_of_as_one_of(state: &mut State<'_>) {
    let source = state.document.clone();
    visit::schemas(&mut state.document, &mut |_, schema| {
        let is_object = |part: &Value| {
            let (_, part) = references::resolve(&source, Pointer::root(), part);
            match part.get("type") {
                Some(kind) => kind == "object",
                None => schema_kind::is_object(part) || schema_kind::is_composed(part),
            }
        };
        let alternatives = schema.items("anyOf").as_slice();
        if alternatives.len() > 1
            && (!alternatives.iter().all(is_object) || unions::tag(&source, alternatives).is_some())
            && schema.get("oneOf").is_none()
            && let Some(schema) = schema.as_object_mut()
            && let Some(alternatives) = schema.shift_remove("anyOf")
        {
            schema.insert("oneOf".to_owned(), alternatives);
            state.count += 1;
        }
    });
}

/// Joins alternatives of the same simple type, such as several strings or several integers, into one schema.
pub(super) fn join_simple_alternatives(state: &mut State<'_>) {
    visit::schemas(&mut state.document, &mut |_, schema| {
        let mut keys = ["oneOf", "anyOf"].into_iter();
        let key = keys.find(|key| schema.get(*key).is_some());
        let joined = key.and_then(|key| Some((key, joined(schema.get(key)?.as_array()?)?)));
        if let Some((key, (kind, values))) = joined
            && let Some(schema) = schema.as_object_mut()
        {
            schema.shift_remove(key);
            schema.shift_remove("discriminator");
            schema.insert("type".to_owned(), kind);
            if let Some(values) = values {
                schema.insert("enum".to_owned(), Value::Array(values));
            }
            state.count += 1;
        }
    });
}

/// Returns the simple type that all alternatives have. If every alternative lists its values, also returns
/// all these values.
fn joined(alternatives: &[Value]) -> Option<(Value, Option<Vec<Value>>)> {
    let kind = alternatives.first()?.get("type")?;
    let known = ["type", "enum", "title", "description", "format", "example"];
    let is_known = |key: &String| known.contains(&key.as_str()) || key.starts_with("x-");
    let is_like = |alternative: &Value| {
        let mut keys = alternative.as_object().into_iter().flat_map(Map::keys);
        alternative.get("type") == Some(kind) && keys.all(is_known)
    };
    if !schema_kind::is_simple(alternatives.first()?) || !alternatives.iter().all(is_like) {
        return None;
    }
    let lists = alternatives.iter();
    let lists = lists.map(|alternative| alternative.get("enum")?.as_array());
    let lists: Option<Vec<&Vec<Value>>> = lists.collect();
    let mut values: Vec<Value> = Vec::new();
    for value in lists.iter().flatten().copied().flatten() {
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    Some((kind.clone(), lists.map(|_| values)))
}

/// Removes the titles of components, because the types of components are named after the components. Also
/// removes each title that would give a schema the same type name as a different schema.
pub(super) fn drop_titles(state: &mut State<'_>) {
    let components = visit::components(&mut state.document);
    let titles = components.filter_map(|(_, schema)| schema.as_object_mut()?.shift_remove("title"));
    state.count += titles.count();
    let mut titles = BTreeSet::new();
    visit::schemas(&mut state.document, &mut |pointer, schema| {
        titles.extend(type_by_title(pointer, schema));
    });
    let components = component::all(&state.document);
    let components = components.map(|(name, schema)| (naming::type_name(name), schema));
    // The first schema for each type name.
    let mut types: BTreeMap<String, Value> = components
        .filter(|(name, _)| titles.contains(name))
        .map(|(name, schema)| (name, schema.clone()))
        .collect();
    visit::schemas(&mut state.document, &mut |pointer, schema| {
        let Some(name) = type_by_title(pointer, schema) else {
            return;
        };
        let first = types.entry(name).or_insert_with(|| schema.clone());
        if !is_same(first, schema)
            && let Some(schema) = schema.as_object_mut()
        {
            schema.shift_remove("title");
            state.count += 1;
        }
    });
}

/// Returns the type name that progenitor derives from the title of a schema. Returns `None` if progenitor
/// does not use the title, for example in an alternative or part of a composition.
fn type_by_title(pointer: &Pointer, schema: &Value) -> Option<String> {
    let around = pointer.parent().and_then(Pointer::back)?;
    let is_part = ["allOf", "anyOf", "oneOf"].contains(&around.encoded());
    let schema = schema
        .as_object()
        .filter(|schema| !is_part && lint::needs_name(schema))?;
    schema.text("title").map(naming::type_name)
}

/// Returns true if two schemas are equal, apart from annotations.
fn is_same(left: &Value, right: &Value) -> bool {
    let is_annotation = |key: &str| matches!(key, "title" | "description" | "example" | "default");
    let keys = [left, right]
        .into_iter()
        .filter_map(Value::as_object)
        .flat_map(Map::keys);
    let mut keys = keys.filter(|key| !is_annotation(key) && !key.starts_with("x-"));
    keys.all(|key| left.get(key) == right.get(key))
}
