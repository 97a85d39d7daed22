//! Names that become the same name in Rust.

use std::collections::HashMap;

use heck::{ToPascalCase as _, ToSnakeCase as _};
use serde_json::Value;

use super::{Lint, Object, rules};
use crate::naming;
use funnelflux_openapi::pointer;

/// Pointers to schemas by the Rust name that they get, with the schema.
type Names<'a> = HashMap<String, (String, &'a Object)>;

impl<'a> Lint<'a> {
    pub(super) fn names(&mut self) {
        let schemas = self.object("/components/schemas");
        let mut components: Names<'a> = HashMap::new();
        for (name, schema) in schemas.into_iter().flatten() {
            let Some(schema) = schema.as_object() else {
                continue;
            };
            let place = pointer::join("/components/schemas", name);
            let type_name = naming::type_name(name);
            if let Some((first, _)) = components.get(&type_name) {
                let message = format!(
                    "the schemas `{name}` and `{}` both become the type `{type_name}`",
                    last(first)
                );
                self.report(&rules::COMPONENT_NAMES, place, message);
            } else {
                components.insert(type_name, (place, schema));
            }
        }
        let mut titles = HashMap::new();
        for (name, schema) in schemas.into_iter().flatten() {
            if let Some(schema) = schema.as_object() {
                let place = pointer::join("/components/schemas", name);
                self.inline(&place, schema, &naming::type_name(name), &components, &mut titles);
            }
        }
        for (path, method, operation) in super::operations::all(self.document) {
            let place = pointer::join(&pointer::join("/paths", path), method);
            self.titles_in(&place, operation, &components, &mut titles);
        }
    }

    /// The schemas inside a schema, each with the name that the generator would derive for it.
    fn inline(
        &mut self,
        place: &str,
        schema: &'a Object,
        name: &str,
        components: &Names<'a>,
        titles: &mut Names<'a>,
    ) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for (key, property) in properties.into_iter().flatten() {
            let place = pointer::join(&pointer::join(place, "properties"), key);
            self.part(
                &place,
                property,
                &format!("{name}{}", key.to_pascal_case()),
                components,
                titles,
            );
        }
        let rest = match properties {
            Some(properties) if !properties.is_empty() => "Extra",
            _ => "Value",
        };
        for (key, suffix) in [("items", "Item"), ("additionalProperties", rest)] {
            if let Some(inner) = schema.get(key) {
                let derived = format!("{name}{suffix}");
                self.part(&pointer::join(place, key), inner, &derived, components, titles);
            }
        }
        for key in ["allOf", "oneOf", "anyOf"] {
            for (index, part) in schema
                .get(key)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .enumerate()
            {
                let place = pointer::item(&pointer::join(place, key), index);
                if let Some(part) = part.as_object() {
                    self.inline(&place, part, name, components, titles);
                }
            }
        }
    }

    fn part(
        &mut self,
        place: &str,
        schema: &'a Value,
        derived: &str,
        components: &Names<'a>,
        titles: &mut Names<'a>,
    ) {
        let Some(schema) = schema.as_object() else {
            return;
        };
        let title = schema.get("title").and_then(Value::as_str).map(naming::type_name);
        if needs_name(schema) {
            match &title {
                Some(title) => self.title(place, schema, title, components, titles),
                // An inline enumeration gets a component and a name by a prepare rule.
                None if schema.contains_key("enum") => {}
                None => {
                    if let Some((component, _)) = components.get(derived) {
                        let message = format!(
                            "this inline schema becomes the type `{derived}`, and so does the schema `{}`",
                            last(component)
                        );
                        self.report(&rules::DERIVED_NAME, place, message);
                    }
                }
            }
        }
        self.inline(
            place,
            schema,
            title.as_deref().unwrap_or(derived),
            components,
            titles,
        );
    }

    fn title(
        &mut self,
        place: &str,
        schema: &'a Object,
        title: &str,
        components: &Names<'a>,
        titles: &mut Names<'a>,
    ) {
        let clash = components
            .get(title)
            .filter(|(_, other)| !same(schema, other))
            .or_else(|| titles.get(title).filter(|(_, other)| !same(schema, other)));
        if let Some((other, _)) = clash {
            let message = format!(
                "this schema and the one at {other} both get the type `{title}` from their titles and names, and differ"
            );
            self.report(&rules::TITLE_CLASH, place, message);
        } else {
            titles
                .entry(title.to_owned())
                .or_insert_with(|| (place.to_owned(), schema));
        }
    }

    /// Titles of schemas that stand in an operation itself.
    fn titles_in(&mut self, place: &str, value: &'a Value, components: &Names<'a>, titles: &mut Names<'a>) {
        match value {
            Value::Object(object) => {
                for (key, value) in object.iter().filter(|(key, _)| {
                    !matches!(key.as_str(), "example" | "examples" | "enum" | "default")
                        && !key.starts_with("x-")
                }) {
                    let place = pointer::join(place, key);
                    if let ("schema" | "items", Value::Object(schema)) = (key.as_str(), value)
                        && needs_name(schema)
                        && let Some(title) = schema.get("title").and_then(Value::as_str)
                    {
                        self.title(&place, schema, &naming::type_name(title), components, titles);
                    }
                    self.titles_in(&place, value, components, titles);
                }
            }
            Value::Array(array) => {
                for (index, value) in array.iter().enumerate() {
                    self.titles_in(&pointer::item(place, index), value, components, titles);
                }
            }
            _ => {}
        }
    }

    /// The fields of one struct.
    pub(super) fn property_names(&mut self, pointer: &str, properties: &Object) {
        let mut seen: HashMap<String, &str> = HashMap::with_capacity(properties.len());
        for name in properties.keys() {
            let field = name.to_snake_case();
            if let Some(first) = seen.get(&field) {
                let message =
                    format!("the properties `{first}` and `{name}` both become the field `{field}`");
                self.report(&rules::PROPERTY_NAMES, pointer::join(pointer, name), message);
            } else {
                seen.insert(field, name);
            }
        }
    }
}

/// Whether the generator makes a type of its own of an inline schema.
fn needs_name(schema: &Object) -> bool {
    let parts = schema.get("allOf").and_then(Value::as_array);
    // One that is all there is of it is no type but another name.
    let is_merged = parts.is_some_and(|parts| parts.iter().filter(|part| says_more(part)).count() > 1);
    !schema.contains_key("$ref")
        && (is_merged
            || ["properties", "enum", "oneOf", "anyOf"]
                .iter()
                .any(|key| schema.contains_key(*key)))
}

/// Whether a part of an `allOf` holds what makes a type.
fn says_more(part: &Value) -> bool {
    ["$ref", "properties", "allOf", "oneOf", "anyOf"]
        .iter()
        .any(|key| part.get(key).is_some())
}

/// Whether two schemas are the same but for what is said about them.
fn same(left: &Object, right: &Object) -> bool {
    let matter =
        |key: &str| !matches!(key, "title" | "description" | "example" | "default") && !key.starts_with("x-");
    left.iter()
        .filter(|(key, _)| matter(key))
        .all(|(key, value)| right.get(key) == Some(value))
        && right
            .keys()
            .filter(|key| matter(key))
            .all(|key| left.contains_key(key))
}

fn last(place: &str) -> String {
    pointer::split_last(place)
        .map(|(_, token)| pointer::unescape(token).into_owned())
        .unwrap_or_default()
}
