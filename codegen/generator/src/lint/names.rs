//! Reports names in the document that become the same Rust name.

use std::collections::HashMap;

use heck::{ToPascalCase as _, ToSnakeCase as _};
use serde_json::Value;

use super::{
    linter::{COMPOSITIONS, Linter, Object, is_composed, list},
    rules,
};
use crate::naming;
use funnelflux_openapi::{
    operations::operations,
    pointer::{Pointer, PointerBuf},
};

/// Schemas with their pointers, by the Rust names that they get.
#[derive(Default)]
struct Names<'a> {
    components: HashMap<String, (PointerBuf, &'a Object)>,
    titles: HashMap<String, (PointerBuf, &'a Object)>,
}

impl<'a> Linter<'a> {
    pub(super) fn names(&mut self) {
        let section = Pointer::from_static("/components/schemas");
        let schemas = self.object(section);
        let mut names = Names::default();
        for (name, schema) in schemas.into_iter().flatten() {
            let Some(schema) = schema.as_object() else {
                continue;
            };
            let place = section.with_trailing_token(name);
            let type_name = naming::type_name(name);
            if let Some((first, _)) = names.components.get(&type_name) {
                let message = format!(
                    "the schemas `{name}` and `{}` both become the type `{type_name}`",
                    last(first)
                );
                self.report(&rules::COMPONENT_NAMES, place, message);
            } else {
                names.components.insert(type_name, (place, schema));
            }
        }
        for (name, schema) in schemas.into_iter().flatten() {
            if let Some(schema) = schema.as_object() {
                let place = section.with_trailing_token(name);
                self.inline(&place, schema, &naming::type_name(name), &mut names);
            }
        }
        for operation in operations(self.document.value()) {
            self.titles_in(&operation.pointer, operation.value, &mut names);
        }
    }

    /// Visits the schemas inside a schema, each with the name that the generator derives for it.
    fn inline(&mut self, place: &Pointer, schema: &'a Object, name: &str, names: &mut Names<'a>) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for (key, property) in properties.into_iter().flatten() {
            let place = place.with_trailing_token("properties").with_trailing_token(key);
            self.part(
                &place,
                property,
                &format!("{name}{}", key.to_pascal_case()),
                names,
            );
        }
        let rest = match properties {
            Some(properties) if !properties.is_empty() => "Extra",
            _ => "Value",
        };
        for (key, suffix) in [("items", "Item"), ("additionalProperties", rest)] {
            if let Some(inner) = schema.get(key) {
                let derived = format!("{name}{suffix}");
                self.part(&place.with_trailing_token(key), inner, &derived, names);
            }
        }
        for key in COMPOSITIONS {
            for (index, part) in list(schema, key).enumerate() {
                let place = place.with_trailing_token(key).with_trailing_token(index);
                if let Some(part) = part.as_object() {
                    self.inline(&place, part, name, names);
                }
            }
        }
    }

    fn part(&mut self, place: &Pointer, schema: &'a Value, derived: &str, names: &mut Names<'a>) {
        let Some(schema) = schema.as_object() else {
            return;
        };
        let title = schema.get("title").and_then(Value::as_str).map(naming::type_name);
        if needs_name(schema) {
            match &title {
                Some(title) => self.title(place, schema, title, names),
                // A rule of `transform` turns an inline enumeration into a named component.
                None if schema.contains_key("enum") => {}
                None => {
                    if let Some((component, _)) = names.components.get(derived) {
                        let message = format!(
                            "this inline schema becomes the type `{derived}`, and so does the schema `{}`",
                            last(component)
                        );
                        self.report(&rules::DERIVED_NAME, place, message);
                    }
                }
            }
        }
        self.inline(place, schema, title.as_deref().unwrap_or(derived), names);
    }

    fn title(&mut self, place: &Pointer, schema: &'a Object, title: &str, names: &mut Names<'a>) {
        let others = [&names.components, &names.titles].map(|names| names.get(title));
        let clash = others
            .into_iter()
            .flatten()
            .find(|(_, other)| !same(schema, other));
        if let Some((other, _)) = clash {
            let message =
                format!("this schema differs from the one at {other}, and both become the type `{title}`");
            self.report(&rules::TITLE_CLASH, place, message);
        } else {
            names
                .titles
                .entry(title.to_owned())
                .or_insert_with(|| (place.to_buf(), schema));
        }
    }

    /// Visits the titles of schemas inside an operation.
    fn titles_in(&mut self, place: &Pointer, value: &'a Value, names: &mut Names<'a>) {
        match value {
            Value::Object(object) => {
                for (key, value) in object.iter().filter(|(key, _)| {
                    !matches!(key.as_str(), "example" | "examples" | "enum" | "default")
                        && !key.starts_with("x-")
                }) {
                    let place = place.with_trailing_token(key);
                    if let ("schema" | "items", Value::Object(schema)) = (key.as_str(), value)
                        && needs_name(schema)
                        && let Some(title) = schema.get("title").and_then(Value::as_str)
                    {
                        self.title(&place, schema, &naming::type_name(title), names);
                    }
                    self.titles_in(&place, value, names);
                }
            }
            Value::Array(array) => {
                for (index, value) in array.iter().enumerate() {
                    self.titles_in(&place.with_trailing_token(index), value, names);
                }
            }
            _ => {}
        }
    }

    /// Reports properties of a schema that become the same field.
    pub(super) fn property_names(&mut self, pointer: &Pointer, properties: &Object) {
        let mut seen: HashMap<String, &str> = HashMap::with_capacity(properties.len());
        for name in properties.keys() {
            let field = name.to_snake_case();
            if let Some(first) = seen.get(&field) {
                let message =
                    format!("the properties `{first}` and `{name}` both become the field `{field}`");
                self.report(&rules::PROPERTY_NAMES, pointer.with_trailing_token(name), message);
            } else {
                seen.insert(field, name);
            }
        }
    }
}

/// Returns true if the generator creates a type for an inline schema.
fn needs_name(schema: &Object) -> bool {
    // A single part is only an alias of a type.
    let is_merged = list(schema, "allOf").filter(|part| makes_type(part)).count() > 1;
    !schema.contains_key("$ref")
        && (is_merged
            || ["properties", "enum", "oneOf", "anyOf"]
                .iter()
                .any(|key| schema.contains_key(*key)))
}

/// Returns true if a part of an `allOf` makes the generator create a type.
fn makes_type(part: &Value) -> bool {
    part.as_object().is_some_and(|part| {
        is_composed(part) || ["$ref", "properties"].iter().any(|key| part.contains_key(*key))
    })
}

/// Returns true if two schemas are equal, apart from annotations.
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

fn last(place: &Pointer) -> String {
    place
        .back()
        .map(|token| token.decoded().into_owned())
        .unwrap_or_default()
}
