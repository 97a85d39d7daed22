//! Reports different names in the document that become the same Rust name.

use std::collections::HashMap;

use heck::ToPascalCase as _;
use serde_json::Value;

use super::{
    linter::{COMPOSITIONS, Linter, Object},
    rules,
};
use crate::{
    json::{Json as _, last_token},
    naming,
};
use funnelflux_openapi::pointer::{Pointer, PointerBuf};

/// Pointers to components, keyed by the Rust names that the components get.
type Components = HashMap<String, PointerBuf>;

impl<'a> Linter<'a> {
    pub(super) fn names(&mut self) {
        let section = Pointer::from_static("/components/schemas");
        let schemas = self.object(section).into_iter().flatten();
        let schemas = schemas.filter_map(|(name, schema)| Some((name, schema.as_object()?)));
        let mut components = Components::new();
        for (name, _) in schemas.clone() {
            let place = section.with_trailing_token(name);
            // Two schemas may have the same type name, because the stage `transform` renames one of them.
            components.entry(naming::type_name(name)).or_insert(place);
        }
        for (name, schema) in schemas {
            let place = section.with_trailing_token(name);
            self.inline(&place, schema, &naming::type_name(name), &components);
        }
    }

    /// Derives a name for each schema inside `schema`, in the same way as progenitor. Reports a name that a
    /// component already has.
    fn inline(&mut self, place: &Pointer, schema: &'a Object, name: &str, components: &Components) {
        for (key, property) in schema.members("properties") {
            let place = place.with_trailing_token("properties").with_trailing_token(key);
            let derived = format!("{name}{}", key.to_pascal_case());
            self.part(&place, property, &derived, components);
        }
        let has_properties = schema.members("properties").next().is_some();
        let rest = if has_properties { "Extra" } else { "Value" };
        for (key, suffix) in [("items", "Item"), ("additionalProperties", rest)] {
            if let Some(inner) = schema.get(key) {
                let place = place.with_trailing_token(key);
                self.part(&place, inner, &format!("{name}{suffix}"), components);
            }
        }
        for key in COMPOSITIONS {
            for (index, part) in schema.items(key).enumerate() {
                if let Some(part) = part.as_object() {
                    let place = place.with_trailing_token(key).with_trailing_token(index);
                    self.inline(&place, part, name, components);
                }
            }
        }
    }

    fn part(&mut self, place: &Pointer, schema: &'a Value, derived: &str, components: &Components) {
        let Some(schema) = schema.as_object() else {
            return;
        };
        let title = schema.text("title").map(naming::type_name);
        if needs_name(schema)
            && title.is_none()
            && let Some(component) = components.get(derived)
            // An inline enumeration needs no derived name, because `transform` turns it into a named
            // component.
            && !schema.contains_key("enum")
        {
            let component = last_token(component);
            let message = format!(
                "this inline schema becomes the type `{derived}`, and so does the schema `{component}`"
            );
            self.report(&rules::DERIVED_NAME, place, message);
        }
        self.inline(place, schema, title.as_deref().unwrap_or(derived), components);
    }
}

/// Returns true if progenitor creates a type for an inline schema.
pub(crate) fn needs_name(schema: &Object) -> bool {
    // If only one part of an `allOf` makes a type, the schema is an alias of that type.
    let is_merged = schema.items("allOf").filter(|part| makes_type(part)).count() > 1;
    let has_form = schema.has_any(&["properties", "enum", "oneOf", "anyOf"]);
    !schema.contains_key("$ref") && (is_merged || has_form)
}

/// Returns true if a part of an `allOf` makes progenitor create a type.
fn makes_type(part: &Value) -> bool {
    part.has_any(&["$ref", "properties"]) || part.has_any(&COMPOSITIONS)
}
