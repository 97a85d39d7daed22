//! Checks schemas: types, required properties, unions and compositions.

use std::{collections::BTreeMap, iter};

use serde_json::Value;

use super::{
    linter::{COMPOSITIONS, Linter, Object, is_composed},
    rules,
};
use crate::{json::Json as _, unions};
use funnelflux_openapi::{openapi_model::matches_nothing, pointer::Pointer};

const TYPES: &[&str] = &["string", "number", "integer", "boolean", "array", "object"];

/// Maximum depth to which nested parts of an `allOf` are checked.
const DEPTH: usize = 8;

impl<'a> Linter<'a> {
    pub(super) fn schema(&mut self, pointer: &Pointer, schema: &Object) {
        let kind = schema.text("type");
        if let Some(kind) = kind.filter(|kind| !TYPES.contains(kind)) {
            self.report_member(&rules::TYPE, pointer, "type", format!("`{kind}` is not a type"));
        }
        // A property whose schema allows no value must be absent, so the generated type has no field for it.
        let is_absent_property = matches_nothing(schema) && parent_key(pointer) == Some("properties");
        if schema.contains_key("not") && !is_absent_property {
            self.report_member(&rules::NOT, pointer, "not", "`not` is unsupported");
        }
        if kind == Some("number") && schema.text("format") == Some("decimal") {
            let message = "a decimal number is stored in binary";
            self.report_member(&rules::DECIMAL, pointer, "format", message);
        }
        if kind == Some("array") && !schema.contains_key("items") {
            let message = "the array does not describe its items";
            self.report_member(&rules::ITEMS_MISSING, pointer, "type", message);
        }
        self.required(pointer, schema);
        self.unions(pointer, schema);
        self.all_of(pointer, schema);
    }

    fn required(&mut self, pointer: &Pointer, schema: &Object) {
        let Some(properties) = schema.object("properties") else {
            return;
        };
        // In a composition, another part may define the required property.
        if is_composed(schema) || parent_key(pointer).is_some_and(|key| COMPOSITIONS.contains(&key)) {
            return;
        }
        let place = pointer.with_trailing_token("required");
        for (index, name) in schema.items("required").enumerate() {
            if let Some(name) = name.as_str().filter(|name| !properties.contains_key(*name)) {
                let message = format!("`{name}` is required, but no property `{name}` is defined");
                self.report(
                    &rules::REQUIRED_UNDEFINED,
                    place.with_trailing_token(index),
                    message,
                );
            }
        }
    }

    fn unions(&mut self, pointer: &Pointer, schema: &Object) {
        let discriminator = schema.get("discriminator");
        let property = discriminator.and_then(|discriminator| discriminator.text("propertyName"));
        for key in ["oneOf", "anyOf"] {
            let place = pointer.with_trailing_token(key);
            // The variants are borrowed from the document and not from `self`, so that `self` can be borrowed
            // for reports.
            let variants = self.document.get(&place).and_then(Value::as_array);
            match variants.map(Vec::as_slice) {
                Some([]) => self.report(&rules::EMPTY_UNION, place, format!("`{key}` has no variants")),
                Some(variants @ [_, _, ..]) => self.union(pointer, key, variants, property),
                _ => {}
            }
        }
        if let Some(property) = property.filter(|_| !schema.has_any(&["oneOf", "anyOf"])) {
            let message = format!("`{property}` distinguishes variants that are not listed here");
            self.report_member(&rules::INHERITANCE, pointer, "discriminator", message);
        }
    }

    /// Checks the variants of an `anyOf` or `oneOf`. `property` is the property that the discriminator names,
    /// if there is a discriminator.
    fn union(&mut self, pointer: &Pointer, key: &str, variants: &'a [Value], property: Option<&str>) {
        let resolved: Vec<Option<&'a Object>> =
            variants.iter().map(|variant| self.resolve(variant)).collect();
        let known = || resolved.iter().flatten().copied();
        let objects = known().filter(|variant| is_object(variant)).count();
        let is_open = |variant: &&Object| variant.get("additionalProperties") != Some(&Value::Bool(false));
        let open = known().filter(is_open).count();
        let document = self.document.value();
        let tagged = match property {
            Some(property) => unions::is_tag(document, variants, property),
            None => unions::tag(document, variants).is_some(),
        };
        if let Some(property) = property.filter(|_| !tagged) {
            let message = format!("the variants do not fix the value of their discriminator `{property}`");
            self.report_member(&rules::DISCRIMINATOR, pointer, "discriminator", message);
        } else if key == "anyOf" && objects < resolved.len() {
            let message = "this `anyOf` has a variant that is not an object";
            self.report_member(&rules::ANY_OF, pointer, key, message);
        } else if key == "anyOf" && !tagged && open > 1 {
            let message = format!("{open} objects of this `anyOf` can match the same value");
            self.report_member(&rules::OVERLAPPING_ANY_OF, pointer, key, message);
        } else if objects > 1 && !tagged {
            let message = format!("no property distinguishes the {objects} objects of this `{key}`");
            self.report_member(&rules::UNTAGGED_UNION, pointer, key, message);
        }
    }

    fn all_of(&mut self, pointer: &Pointer, schema: &Object) {
        if schema.contains_key("allOf")
            && let Some(schema) = self.object(pointer)
        {
            let mut conflicts = Vec::new();
            self.gather(schema, 0, &mut BTreeMap::new(), &mut conflicts);
            for conflict in conflicts {
                let message = format!("the parts contradict each other on {conflict}");
                self.report_member(&rules::ALL_OF_CONFLICT, pointer, "allOf", message);
            }
        }
    }

    /// Collects the keywords `type` and `enum` of a schema and its properties, including those in `allOf`
    /// parts. Adds a description of each contradiction to `conflicts`.
    fn gather(
        &self,
        schema: &'a Object,
        depth: usize,
        seen: &mut BTreeMap<String, &'a Value>,
        conflicts: &mut Vec<String>,
    ) {
        if depth > DEPTH {
            return;
        }
        let properties = schema.members("properties");
        let properties =
            properties.filter_map(|(name, property)| Some((Some(name), self.resolve(property)?)));
        for (name, schema) in iter::once((None, schema)).chain(properties) {
            for key in ["type", "enum"] {
                let Some(value) = schema.get(key) else { continue };
                let what = match name {
                    Some(name) => format!("the `{key}` of `{name}`"),
                    None => format!("the `{key}`"),
                };
                let first = *seen.entry(what.clone()).or_insert(value);
                if contradict(first, value) {
                    conflicts.push(format!("{what}: {first} and {value}"));
                }
            }
        }
        for part in schema.items("allOf").filter_map(|part| self.resolve(part)) {
            self.gather(part, depth + 1, seen, conflicts);
        }
    }
}

/// Returns true if two types, or two lists of values, have no value in common.
fn contradict(left: &Value, right: &Value) -> bool {
    let is_number = |kind: &String| ["integer", "number"].contains(&kind.as_str());
    match (left, right) {
        _ if left == right => false,
        (Value::Array(left), Value::Array(right)) => !left.iter().any(|value| right.contains(value)),
        (Value::String(left), Value::String(right)) => !(is_number(left) && is_number(right)),
        _ => false,
    }
}

/// Returns the second-to-last token of a pointer.
fn parent_key(pointer: &Pointer) -> Option<&str> {
    pointer.parent()?.as_str().rsplit('/').next()
}

fn is_object(schema: &Object) -> bool {
    match schema.get("type") {
        Some(kind) => kind == "object",
        None => is_composed(schema) || schema.has_any(&["properties", "additionalProperties"]),
    }
}
