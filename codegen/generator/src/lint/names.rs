//! Reports names in the document that become the same Rust name.

use std::collections::HashMap;

use heck::{ToPascalCase as _, ToSnakeCase as _};
use serde_json::Value;

use super::{
    linter::{COMPOSITIONS, Linter, Object},
    rules,
};
use crate::{
    json::{Json as _, last_token},
    naming,
};
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
        let schemas = self.object(section).into_iter().flatten();
        let schemas = schemas.filter_map(|(name, schema)| Some((name, schema.as_object()?)));
        let mut names = Names::default();
        for (name, schema) in schemas.clone() {
            let place = section.with_trailing_token(name);
            let type_name = naming::type_name(name);
            if let Some((first, _)) = names.components.get(&type_name) {
                let first = last_token(first);
                let message =
                    format!("the schemas `{name}` and `{first}` both become the type `{type_name}`");
                self.report(&rules::COMPONENT_NAMES, place, message);
            } else {
                names.components.insert(type_name, (place, schema));
            }
        }
        for (name, schema) in schemas {
            let place = section.with_trailing_token(name);
            self.inline(&place, schema, &naming::type_name(name), &mut names);
        }
        for operation in operations(self.document.value()) {
            self.titles_in(&operation.pointer, operation.value, &mut names);
        }
    }

    /// Visits the schemas inside a schema, each with the name that the generator derives for it.
    fn inline(&mut self, place: &Pointer, schema: &'a Object, name: &str, names: &mut Names<'a>) {
        for (key, property) in schema.members("properties") {
            let place = place.with_trailing_token("properties").with_trailing_token(key);
            let derived = format!("{name}{}", key.to_pascal_case());
            self.part(&place, property, &derived, names);
        }
        let has_properties = schema.members("properties").next().is_some();
        let rest = if has_properties { "Extra" } else { "Value" };
        for (key, suffix) in [("items", "Item"), ("additionalProperties", rest)] {
            if let Some(inner) = schema.get(key) {
                let place = place.with_trailing_token(key);
                self.part(&place, inner, &format!("{name}{suffix}"), names);
            }
        }
        for key in COMPOSITIONS {
            for (index, part) in schema.items(key).enumerate() {
                if let Some(part) = part.as_object() {
                    let place = place.with_trailing_token(key).with_trailing_token(index);
                    self.inline(&place, part, name, names);
                }
            }
        }
    }

    fn part(&mut self, place: &Pointer, schema: &'a Value, derived: &str, names: &mut Names<'a>) {
        let Some(schema) = schema.as_object() else {
            return;
        };
        let title = schema.text("title").map(naming::type_name);
        if needs_name(schema) {
            if let Some(title) = &title {
                self.title(place, schema, title, names);
            } else if let Some((component, _)) = names.components.get(derived)
                // A rule of `transform` turns an inline enumeration into a named component.
                && !schema.contains_key("enum")
            {
                let component = last_token(component);
                let message = format!(
                    "this inline schema becomes the type `{derived}`, and so does the schema `{component}`"
                );
                self.report(&rules::DERIVED_NAME, place, message);
            }
        }
        self.inline(place, schema, title.as_deref().unwrap_or(derived), names);
    }

    fn title(&mut self, place: &Pointer, schema: &'a Object, title: &str, names: &mut Names<'a>) {
        let component = names.components.get(title);
        let mut others = component.into_iter().chain(names.titles.get(title));
        let clash = others.find(|(_, other)| !same(schema, other));
        if let Some((other, _)) = clash {
            let message =
                format!("this schema differs from the one at {other}, and both become the type `{title}`");
            self.report(&rules::TITLE_CLASH, place, message);
        } else {
            let first = names.titles.entry(title.to_owned());
            first.or_insert_with(|| (place.to_buf(), schema));
        }
    }

    /// Visits the titles of schemas inside an operation.
    fn titles_in(&mut self, place: &Pointer, value: &'a Value, names: &mut Names<'a>) {
        match value {
            Value::Object(object) => {
                let is_shown = |key: &str| matches!(key, "example" | "examples" | "enum" | "default");
                let has_schemas = |key: &str| !is_shown(key) && !key.starts_with("x-");
                for (key, value) in object.iter().filter(|(key, _)| has_schemas(key)) {
                    let place = place.with_trailing_token(key);
                    if let ("schema" | "items", Value::Object(schema)) = (key.as_str(), value)
                        && needs_name(schema)
                        && let Some(title) = schema.text("title")
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
            let first = *seen.entry(field.clone()).or_insert(name);
            if first != name {
                let message =
                    format!("the properties `{first}` and `{name}` both become the field `{field}`");
                self.report_member(&rules::PROPERTY_NAMES, pointer, name, message);
            }
        }
    }
}

/// Returns true if the generator creates a type for an inline schema.
fn needs_name(schema: &Object) -> bool {
    // A single part is only an alias of a type.
    let is_merged = schema.items("allOf").filter(|part| makes_type(part)).count() > 1;
    let has_form = schema.has_any(&["properties", "enum", "oneOf", "anyOf"]);
    !schema.contains_key("$ref") && (is_merged || has_form)
}

/// Returns true if a part of an `allOf` makes the generator create a type.
fn makes_type(part: &Value) -> bool {
    part.has_any(&["$ref", "properties"]) || part.has_any(&COMPOSITIONS)
}

/// Returns true if two schemas are equal, apart from annotations.
fn same(left: &Object, right: &Object) -> bool {
    let is_annotation = |key: &str| matches!(key, "title" | "description" | "example" | "default");
    let matters = |key: &&String| !is_annotation(key) && !key.starts_with("x-");
    let mut keys = left.keys().chain(right.keys()).filter(matters);
    keys.all(|key| left.get(key) == right.get(key))
}
