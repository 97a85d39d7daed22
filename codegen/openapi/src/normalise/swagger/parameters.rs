//! Converts parameters that do not become request bodies.

use serde_json::Value;

use super::convert::{Convert, shared_name, take, text};
use crate::{
    diagnostic::Severity,
    normalise::{aside, context::Object},
    pointer::{Pointer, PointerBuf},
};

/// Keys of a parameter or header that describe its value. The other keys describe the parameter or header
/// itself.
const VALUE_KEYS: &[&str] = &[
    "type",
    "format",
    "items",
    "default",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "enum",
    "multipleOf",
    "x-nullable",
    "example",
    "$ref",
];

/// A parameter and its place in the old document.
#[derive(Clone)]
pub(super) struct Placed<'a> {
    pub(super) place: PointerBuf,
    pub(super) parameter: &'a Object,
}

impl Placed<'_> {
    /// Returns the text of a member. Returns an empty text if the member is absent or not a string.
    pub(super) fn text(&self, key: &str) -> &str {
        text(self.parameter, key)
    }

    /// Returns true if the parameter is a whole body, not a field of a form.
    pub(super) fn is_whole(&self) -> bool {
        self.text("in") == "body"
    }

    fn is_body(&self) -> bool {
        matches!(self.text("in"), "body" | "formData")
    }
}

/// Lists the parameters that become request bodies.
pub(super) fn bodies<'a>(list: &'a [Value], place: &Pointer, global: &'a Object) -> Vec<Placed<'a>> {
    let list = list.iter().enumerate();
    list.filter_map(|(index, parameter)| placed(parameter, place.with_trailing_token(index), global))
        .filter(Placed::is_body)
        .collect()
}

/// Resolves a parameter that may be a reference.
fn placed<'a>(parameter: &'a Value, place: PointerBuf, global: &'a Object) -> Option<Placed<'a>> {
    let parameter = parameter.as_object()?;
    let written = parameter.get("$ref").and_then(Value::as_str);
    let name = written.and_then(|written| shared_name(written, "parameters"));
    Some(match name {
        Some(name) if !parameter.contains_key("in") => Placed {
            parameter: global.get(&name)?.as_object()?,
            place: Pointer::from_static("/parameters").with_trailing_token(name),
        },
        _ => Placed { place, parameter },
    })
}

impl Convert<'_> {
    /// Converts the non-body parameters of a list.
    pub(super) fn parameter_list(&mut self, list: &[Value], place: &Pointer) -> Vec<Value> {
        let mut converted = Vec::new();
        for (index, parameter) in list.iter().enumerate() {
            let from = place.with_trailing_token(index);
            let placed = placed(parameter, from.clone(), &self.old.parameters);
            if !placed.is_some_and(|placed| placed.is_body()) {
                let new = place.with_trailing_token(converted.len());
                converted.push(self.parameter(parameter.clone(), &new, &from));
            }
        }
        converted
    }

    pub(super) fn parameter(&mut self, parameter: Value, new: &Pointer, old: &Pointer) -> Value {
        self.moved(new, old);
        let Value::Object(mut parameter) = parameter else {
            return parameter;
        };
        if parameter.contains_key("$ref") && !parameter.contains_key("in") {
            return Value::Object(parameter);
        }
        self.collection_format(&mut parameter, new, old);
        self.value_schema(&mut parameter, new, old);
        Value::Object(parameter)
    }

    /// Moves the keys that describe a value into a schema.
    pub(super) fn value_schema(&mut self, holder: &mut Object, new: &Pointer, old: &Pointer) {
        let mut schema = Object::new();
        take(holder, &mut schema, VALUE_KEYS);
        if schema.is_empty() && !holder.contains_key("schema") {
            let message = "the type of this value is missing: any value is accepted";
            let fix = "give it a `type` in an overlay";
            self.report(Severity::Warning, "type-missing", old, message, fix);
        }
        // Lists inside lists have delimiters of their own, which only Swagger 2.0 can express.
        let mut items = schema.get_mut("items").and_then(Value::as_object_mut);
        let mut place = old.to_buf();
        while let Some(inner) = items {
            place = place.with_trailing_token("items");
            aside::keep_aside(inner, "collectionFormat");
            if inner.get("type").is_some_and(|kind| kind == "array") {
                let place = place.with_trailing_token("collectionFormat");
                let message = "how a list in a list is joined cannot be expressed in OpenAPI 3.0";
                let fix = "make it a string in an overlay";
                self.report(Severity::Warning, "collection-format", place, message, fix);
            }
            items = inner.get_mut("items").and_then(Value::as_object_mut);
        }
        // Some documents have a `schema` where only keys such as `type` are allowed. The `schema` and the
        // keys both apply, unless they contradict each other.
        let written = holder.get("schema");
        if schema.is_empty() && written.is_some() {
            return;
        }
        if written.is_some_and(|written| contradict(written, &schema)) {
            self.mixed(holder, "schema", old);
        }
        let place = new.with_trailing_token("schema");
        if let Some(Value::Object(written)) = holder.get_mut("schema") {
            for (key, value) in schema {
                if !written.contains_key(&key) {
                    self.moved(place.with_trailing_token(&key), old.with_trailing_token(&key));
                    written.insert(key, value);
                }
            }
        } else {
            self.moved(place, old);
            holder.insert("schema".to_owned(), Value::Object(schema));
        }
    }

    fn collection_format(&mut self, parameter: &mut Object, new: &Pointer, old: &Pointer) {
        let written = parameter.get("schema").and_then(|schema| schema.get("type"));
        let kind = parameter.get("type").or(written);
        if kind.is_none_or(|kind| kind != "array") {
            // The key `collectionFormat` applies only to lists.
            aside::keep_aside(parameter, "collectionFormat");
            return;
        }
        let old = old.with_trailing_token("collectionFormat");
        let format = parameter.shift_remove("collectionFormat");
        let format = format.as_ref().and_then(Value::as_str).unwrap_or("csv");
        let place = text(parameter, "in");
        let (style, explode) = match (place, format) {
            ("query", "multi") => ("form", true),
            ("query", "csv") => ("form", false),
            ("query", "ssv") => ("spaceDelimited", false),
            ("query", "pipes") => ("pipeDelimited", false),
            ("path" | "header", "csv") => ("simple", false),
            // OpenAPI 3.0 cannot express the format. The stage `lint` rejects this style.
            _ => (&*format!("{format}Delimited"), false),
        };
        for (key, value) in [("style", Value::from(style)), ("explode", explode.into())] {
            self.moved(new.with_trailing_token(key), &old);
            parameter.insert(key.to_owned(), value);
        }
    }
}

fn contradict(schema: &Value, keys: &Object) -> bool {
    schema.as_object().is_none_or(|schema| {
        keys.iter()
            .any(|(key, value)| schema.get(key).is_some_and(|other| other != value))
    })
}
