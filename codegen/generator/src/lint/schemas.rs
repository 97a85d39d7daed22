//! Schemas: types, enumerations, unions and bounds.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::{
    linter::{COMPOSITIONS, Linter, Object, is_composed, list},
    rules::{self, LintRule},
};
use crate::naming;
use funnelflux_openapi::{openapi_model::matches_nothing, pointer::Pointer};

const TYPES: &[&str] = &["string", "number", "integer", "boolean", "array", "object"];

/// Checks whether a value has an `OpenAPI` type. Returns true if the type is unknown.
fn has_type(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

impl<'a> Linter<'a> {
    pub(super) fn schema(&mut self, pointer: &Pointer, schema: &Object) {
        let text = |key: &str| schema.get(key).and_then(Value::as_str);
        let has = |key: &str| schema.contains_key(key);
        let mut report = |rule: &LintRule, key: &str, message: String| {
            self.report(rule, pointer.with_trailing_token(key), message);
        };

        let kind = text("type");
        if let Some(kind) = kind.filter(|kind| !TYPES.contains(kind)) {
            report(&rules::TYPE, "type", format!("`{kind}` is not a type"));
        }
        // A property that must be absent is left out of the generated type.
        let is_absent_property = matches_nothing(schema)
            && pointer
                .parent()
                .and_then(Pointer::last)
                .is_some_and(|token| token.encoded() == "properties");
        if has("not") && !is_absent_property {
            report(&rules::NOT, "not", "`not` is unsupported".to_owned());
        }
        if kind == Some("number") && text("format") == Some("decimal") {
            report(
                &rules::DECIMAL,
                "format",
                "a decimal number is stored in binary".to_owned(),
            );
        }
        if kind == Some("array") && !has("items") {
            report(
                &rules::ITEMS_MISSING,
                "type",
                "the array does not describe its items".to_owned(),
            );
        }
        self.enumeration(pointer, schema);
        self.properties(pointer, schema);
        self.unions(pointer, schema);
        self.all_of(pointer, schema);
    }

    fn enumeration(&mut self, pointer: &Pointer, schema: &Object) {
        let Some(values) = schema.get("enum").and_then(Value::as_array) else {
            return;
        };
        let place = pointer.with_trailing_token("enum");
        let given: Vec<&Value> = values.iter().filter(|value| !value.is_null()).collect();
        if given.is_empty() {
            self.report(&rules::ENUM_VALUES, place, "the enumeration has no value");
            return;
        }
        let kind = schema.get("type").and_then(Value::as_str);
        let fits = |value: &Value| match kind {
            Some(kind) => has_type(value, kind),
            None => given
                .first()
                .is_some_and(|first| std::mem::discriminant(*first) == std::mem::discriminant(value)),
        };
        let mut variants: HashMap<String, &Value> = HashMap::new();
        for (index, value) in values.iter().enumerate().filter(|(_, value)| !value.is_null()) {
            let place = place.with_trailing_token(index);
            if !fits(value) {
                let kind = kind.unwrap_or("of the first value");
                self.report(
                    &rules::ENUM_VALUES,
                    place,
                    format!("the value {value} does not have the type {kind}"),
                );
                continue;
            }
            let Some(text) = value.as_str() else { continue };
            let variant = naming::variant(text);
            match variants.get(&variant) {
                Some(first) if *first == value => {
                    self.report(
                        &rules::ENUM_VALUES,
                        place,
                        format!("the value {value} is repeated"),
                    );
                }
                Some(first) => {
                    self.report(
                        &rules::ENUM_VARIANTS,
                        place,
                        format!("the values {first} and {value} both become the variant `{variant}`"),
                    );
                }
                None => {
                    variants.insert(variant, value);
                }
            }
        }
    }

    fn properties(&mut self, pointer: &Pointer, schema: &Object) {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return;
        };
        self.property_names(&pointer.with_trailing_token("properties"), properties);
        // In a composition, another part may define the property.
        if is_composed(schema) || is_part(pointer) {
            return;
        }
        for (index, name) in list(schema, "required").enumerate() {
            if let Some(name) = name.as_str().filter(|name| !properties.contains_key(*name)) {
                let place = pointer.with_trailing_token("required").with_trailing_token(index);
                self.report(
                    &rules::REQUIRED_UNDEFINED,
                    place,
                    format!("`{name}` is required, but no property `{name}` is defined"),
                );
            }
        }
    }

    fn unions(&mut self, pointer: &Pointer, schema: &Object) {
        let property = schema
            .get("discriminator")
            .and_then(|discriminator| discriminator.get("propertyName"))
            .and_then(Value::as_str);
        let mut is_union = false;
        for key in ["oneOf", "anyOf"] {
            let Some(variants) = schema.get(key).and_then(Value::as_array) else {
                continue;
            };
            is_union = true;
            if variants.is_empty() {
                let place = pointer.with_trailing_token(key);
                self.report(&rules::EMPTY_UNION, place, format!("`{key}` has no variants"));
            }
            if variants.len() < 2 {
                continue;
            }
            let place = pointer.with_trailing_token(key);
            // These are borrowed from the document, so that `self` can be borrowed for reports.
            let variants = self
                .document
                .get(&place)
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            let resolved: Vec<Option<&'a Object>> = variants.map(|variant| self.resolve(variant)).collect();
            let objects = resolved
                .iter()
                .flatten()
                .filter(|variant| is_object(variant))
                .count();
            let open = resolved
                .iter()
                .flatten()
                .filter(|variant| variant.get("additionalProperties") != Some(&Value::Bool(false)))
                .count();
            let tag = property.map(str::to_owned).or_else(|| self.common_tag(&resolved));
            let tagged = tag.as_deref().is_some_and(|tag| {
                resolved
                    .iter()
                    .flatten()
                    .all(|variant| self.fixes(variant, tag, 0))
            });
            if let Some(property) = property.filter(|_| !tagged) {
                let message =
                    format!("the variants do not fix the value of their discriminator `{property}`");
                self.report(
                    &rules::DISCRIMINATOR,
                    pointer.with_trailing_token("discriminator"),
                    message,
                );
            } else if key == "anyOf" && objects < resolved.len() {
                self.report(
                    &rules::ANY_OF,
                    place,
                    "this `anyOf` has a variant that is not an object",
                );
            } else if key == "anyOf" && !tagged && open > 1 {
                let message = format!("{open} objects of this `anyOf` can match the same value");
                self.report(&rules::OVERLAPPING_ANY_OF, place, message);
            } else if objects > 1 && !tagged {
                let message = format!("no property distinguishes the {objects} objects of this `{key}`");
                self.report(&rules::UNTAGGED_UNION, place, message);
            }
        }
        if let Some(property) = property.filter(|_| !is_union) {
            let message = format!("`{property}` distinguishes variants that are not listed here");
            self.report(
                &rules::INHERITANCE,
                pointer.with_trailing_token("discriminator"),
                message,
            );
        }
    }

    /// Returns a property that can have only one value in the first variant.
    fn common_tag(&self, variants: &[Option<&'a Object>]) -> Option<String> {
        let first = variants.first().copied().flatten()?;
        let properties = first.get("properties")?.as_object()?;
        let tag = properties.keys().find(|name| self.fixes(first, name, 0))?;
        Some(tag.clone())
    }

    /// Returns true if a schema allows only a single value for a property.
    fn fixes(&self, schema: &'a Object, property: &str, depth: usize) -> bool {
        const DEPTH: usize = 8;
        if depth > DEPTH {
            return false;
        }
        let own = schema
            .get("properties")
            .and_then(|properties| properties.get(property))
            .and_then(|own| self.resolve(own));
        own.is_some_and(|own| list(own, "enum").count() == 1)
            || list(schema, "allOf")
                .filter_map(|part| self.resolve(part))
                .any(|part| self.fixes(part, property, depth + 1))
    }

    fn all_of(&mut self, pointer: &Pointer, schema: &Object) {
        if !schema.contains_key("allOf") {
            return;
        }
        let Some(schema) = self.object(pointer) else {
            return;
        };
        let mut seen: BTreeMap<String, &'a Value> = BTreeMap::new();
        let mut conflicts = Vec::new();
        self.gather(schema, 0, &mut seen, &mut conflicts);
        for (what, first, second) in conflicts {
            let message = format!("the parts contradict each other on {what}: {first} and {second}");
            self.report(
                &rules::ALL_OF_CONFLICT,
                pointer.with_trailing_token("allOf"),
                message,
            );
        }
    }

    /// Collects the types of a schema and its properties, as stated by the parts of the schema.
    fn gather(
        &self,
        schema: &'a Object,
        depth: usize,
        seen: &mut BTreeMap<String, &'a Value>,
        conflicts: &mut Vec<(String, String, String)>,
    ) {
        const DEPTH: usize = 8;
        if depth > DEPTH {
            return;
        }
        let mut note = |what: String, value: &'a Value| match seen.get(&what) {
            Some(first) if contradict(first, value) => {
                conflicts.push((what, first.to_string(), value.to_string()));
            }
            Some(_) => {}
            None => {
                seen.insert(what, value);
            }
        };
        for key in ["type", "enum"] {
            if let Some(value) = schema.get(key) {
                note(format!("the `{key}`"), value);
            }
        }
        for (name, property) in schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let Some(property) = self.resolve(property) else {
                continue;
            };
            for key in ["type", "enum"] {
                if let Some(value) = property.get(key) {
                    note(format!("the `{key}` of `{name}`"), value);
                }
            }
        }
        for part in list(schema, "allOf").filter_map(|part| self.resolve(part)) {
            self.gather(part, depth + 1, seen, conflicts);
        }
    }
}

/// Returns true if the two types have no value in common, or if the two lists of values have no value in
/// common.
fn contradict(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => !left.iter().any(|value| right.contains(value)),
        (Value::String(left), Value::String(right)) => {
            left != right
                && !matches!(
                    (left.as_str(), right.as_str()),
                    ("integer", "number") | ("number", "integer")
                )
        }
        _ => false,
    }
}

/// Returns true if a schema is part of a composition. Other parts may define the properties that it requires.
fn is_part(pointer: &Pointer) -> bool {
    let key = pointer.parent().and_then(Pointer::back);
    key.is_some_and(|key| COMPOSITIONS.contains(&key.encoded()))
}

fn is_object(schema: &Object) -> bool {
    schema.get("type").map_or_else(
        || {
            let keys = ["properties", "additionalProperties"];
            is_composed(schema) || keys.iter().any(|key| schema.contains_key(*key))
        },
        |kind| kind == "object",
    )
}
