//! Checks values against schemas of OpenAPI 3.0. The check supports all keywords of the schema object, and
//! the text formats in the module `formats`. Patterns with look-around or back references are not supported.
//!
//! The check is written by hand, because the available validator crates have about 25 dependencies, which
//! every program that embeds the fake would have to compile. A test compares the check with another
//! validator.

use std::{cmp::Ordering, fmt};

use regex_lite::Regex;
use serde_json::{Map, Number, Value};

use crate::{
    formats,
    schemas::{elements, is_true},
    validate::{VALUE_LENGTH, bounded},
};

/// Violation of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SchemaError {
    /// JSON pointer to the wrong value.
    pub(crate) pointer: String,
    /// Message in one line of limited length.
    pub(crate) message: String,
}

/// Checks a value against a schema, and returns the violations. `document` contains the targets of
/// references. A reference without a target and an invalid pattern accept every value.
pub(crate) fn errors(document: &Value, schema: &Value, value: &Value) -> Vec<SchemaError> {
    let mut check = Check {
        document,
        errors: Vec::new(),
    };
    check.value(schema, value, Location::Root, None);
    check.errors
}

/// Location of a value inside the checked value.
#[derive(Clone, Copy)]
enum Location<'l> {
    Root,
    Property(&'l Location<'l>, &'l str),
    Item(&'l Location<'l>, usize),
}

impl fmt::Display for Location<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Property(parent, name) => {
                write!(
                    formatter,
                    "{parent}/{}",
                    name.replace('~', "~0").replace('/', "~1")
                )
            }
            Self::Item(parent, index) => write!(formatter, "{parent}/{index}"),
        }
    }
}

/// Linked list of the references that were followed to reach the schema of a value. It begins with the last
/// reference.
#[derive(Clone, Copy)]
struct Followed<'f> {
    reference: &'f str,
    before: Option<&'f Followed<'f>>,
}

impl Followed<'_> {
    fn contains(&self, reference: &str) -> bool {
        self.reference == reference || self.before.is_some_and(|before| before.contains(reference))
    }
}

struct Check<'d> {
    document: &'d Value,
    errors: Vec<SchemaError>,
}

impl<'d> Check<'d> {
    fn report(&mut self, at: Location<'_>, message: String) {
        self.errors.push(SchemaError {
            pointer: at.to_string(),
            message,
        });
    }

    /// Reports that a value violates a rule.
    fn violation(&mut self, at: Location<'_>, value: &Value, rule: impl fmt::Display) {
        self.report(
            at,
            format!("{} {rule}", bounded(&value.to_string(), VALUE_LENGTH)),
        );
    }

    fn accepts(&self, schema: &'d Value, value: &Value, followed: Option<&Followed<'_>>) -> bool {
        let mut check = Check {
            document: self.document,
            errors: Vec::new(),
        };
        check.value(schema, value, Location::Root, followed);
        check.errors.is_empty()
    }

    fn value(&mut self, schema: &'d Value, value: &Value, at: Location<'_>, followed: Option<&Followed<'_>>) {
        let Some(keywords) = schema.as_object() else {
            return;
        };
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            let target = reference
                .strip_prefix('#')
                .and_then(|pointer| self.document.pointer(pointer));
            // A reference that was already followed for this value adds no rule.
            let is_circle = followed.is_some_and(|followed| followed.contains(reference));
            if let Some(target) = target.filter(|_| !is_circle) {
                let followed = Followed {
                    reference,
                    before: followed,
                };
                self.value(target, value, at, Some(&followed));
            }
            return;
        }
        self.type_and_enum(schema, keywords, value, at);
        self.combinations(schema, keywords, value, at, followed);
        match value {
            Value::Number(number) => self.number(keywords, number, value, at),
            Value::String(text) => self.text(keywords, text, value, at),
            Value::Array(items) => self.array(keywords, items, value, at),
            Value::Object(properties) => self.object(schema, keywords, properties, value, at),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn type_and_enum(
        &mut self,
        schema: &'d Value,
        keywords: &'d Map<String, Value>,
        value: &Value,
        at: Location<'_>,
    ) {
        let kind = keywords.get("type").and_then(Value::as_str);
        let is_null = value.is_null() && is_true(schema, "nullable");
        if let Some(kind) = kind.filter(|kind| !is_null && !is_of_type(value, kind)) {
            if is_true(schema, "nullable") {
                self.violation(at, value, format_args!("is not of types \"{kind}\", \"null\""));
            } else {
                self.violation(at, value, format_args!("is not of type \"{kind}\""));
            }
        }
        if keywords.contains_key("enum") && !is_null && !elements(schema, "enum").any(|one| equal(one, value))
        {
            let mut options: Vec<String> = elements(schema, "enum").map(Value::to_string).collect();
            if is_true(schema, "nullable") {
                options.push("null".to_owned());
            }
            self.violation(at, value, format_args!("is not one of {}", options.join(", ")));
        }
    }

    fn combinations(
        &mut self,
        schema: &'d Value,
        keywords: &'d Map<String, Value>,
        value: &Value,
        at: Location<'_>,
        followed: Option<&Followed<'_>>,
    ) {
        for member in elements(schema, "allOf") {
            self.value(member, value, at, followed);
        }
        for (keyword, is_exclusive) in [("anyOf", false), ("oneOf", true)] {
            let accepting = elements(schema, keyword).filter(|member| self.accepts(member, value, followed));
            let accepting = accepting.count();
            if keywords.contains_key(keyword) && accepting == 0 {
                let rule =
                    format_args!("is not valid under any of the schemas listed in the '{keyword}' keyword");
                self.violation(at, value, rule);
            } else if is_exclusive && accepting > 1 {
                let rule = "is valid under more than one of the schemas listed in the 'oneOf' keyword";
                self.violation(at, value, rule);
            }
        }
        if let Some(excluded) = keywords
            .get("not")
            .filter(|not| self.accepts(not, value, followed))
        {
            let value = bounded(&value.to_string(), VALUE_LENGTH);
            self.report(at, format!("{excluded} is not allowed for {value}"));
        }
    }

    fn number(&mut self, keywords: &'d Map<String, Value>, number: &Number, value: &Value, at: Location<'_>) {
        for (name, exclusive, wrong, comparison) in [
            ("minimum", "exclusiveMinimum", Ordering::Less, "less"),
            ("maximum", "exclusiveMaximum", Ordering::Greater, "greater"),
        ] {
            let Some(limit) = keywords.get(name).and_then(Value::as_number) else {
                continue;
            };
            let order = compare(number, limit);
            if order == wrong {
                self.violation(
                    at,
                    value,
                    format_args!("is {comparison} than the {name} of {limit}"),
                );
            } else if order.is_eq() && keywords.get(exclusive) == Some(&Value::Bool(true)) {
                let rule = format_args!("is {comparison} than or equal to the {name} of {limit}");
                self.violation(at, value, rule);
            }
        }
        let step = keywords.get("multipleOf").and_then(Value::as_number);
        if let Some(step) = step.filter(|step| !is_multiple(number, step)) {
            self.violation(at, value, format_args!("is not a multiple of {step}"));
        }
    }

    /// Reports a length that is outside of the limits. `names` contains the keywords of the minimum and the
    /// maximum.
    fn length(
        &mut self,
        keywords: &'d Map<String, Value>,
        names: [&str; 2],
        length: usize,
        rule: impl Fn(bool, u64) -> String,
        value: &Value,
        at: Location<'_>,
    ) {
        let [minimum, maximum] = names.map(|name| keywords.get(name).and_then(Value::as_u64));
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        if let Some(limit) = maximum.filter(|limit| length > *limit) {
            self.violation(at, value, rule(true, limit));
        }
        if let Some(limit) = minimum.filter(|limit| length < *limit) {
            self.violation(at, value, rule(false, limit));
        }
    }

    fn text(&mut self, keywords: &'d Map<String, Value>, text: &str, value: &Value, at: Location<'_>) {
        let rule = |above, limit| {
            let comparison = if above { "longer" } else { "shorter" };
            format!(
                "is {comparison} than {limit} character{}",
                if limit == 1 { "" } else { "s" }
            )
        };
        let names = ["minLength", "maxLength"];
        self.length(keywords, names, text.chars().count(), rule, value, at);
        let pattern = keywords.get("pattern").and_then(Value::as_str);
        let differs = |pattern: &&str| Regex::new(pattern).is_ok_and(|compiled| !compiled.is_match(text));
        if let Some(pattern) = pattern.filter(differs) {
            self.violation(at, value, format_args!("does not match \"{pattern}\""));
        }
        let format = keywords.get("format").and_then(Value::as_str);
        if let Some(format) = format.filter(|format| !formats::accepts(format, text)) {
            self.violation(at, value, format_args!("is not a \"{format}\""));
        }
    }

    fn array(&mut self, keywords: &'d Map<String, Value>, items: &[Value], value: &Value, at: Location<'_>) {
        let rule = |above, limit| {
            let comparison = if above { "more" } else { "less" };
            format!(
                "has {comparison} than {limit} item{}",
                if limit == 1 { "" } else { "s" }
            )
        };
        self.length(keywords, ["minItems", "maxItems"], items.len(), rule, value, at);
        let is_repeated =
            |(index, item): (usize, &Value)| items.iter().take(index).any(|other| equal(other, item));
        if keywords.get("uniqueItems") == Some(&Value::Bool(true))
            && items.iter().enumerate().any(is_repeated)
        {
            self.violation(at, value, "has non-unique elements");
        }
        if let Some(schema) = keywords.get("items") {
            for (index, item) in items.iter().enumerate() {
                self.value(schema, item, Location::Item(&at, index), None);
            }
        }
    }

    fn object(
        &mut self,
        schema: &'d Value,
        keywords: &'d Map<String, Value>,
        properties: &Map<String, Value>,
        value: &Value,
        at: Location<'_>,
    ) {
        let rule = |above, limit| {
            let comparison = if above { "more" } else { "less" };
            let noun = if limit == 1 { "property" } else { "properties" };
            format!("has {comparison} than {limit} {noun}")
        };
        let names = ["minProperties", "maxProperties"];
        self.length(keywords, names, properties.len(), rule, value, at);
        let known = keywords.get("properties").and_then(Value::as_object);
        for name in elements(schema, "required").filter_map(Value::as_str) {
            // In requests, required properties may be absent if they are read-only.
            let is_read_only = known
                .and_then(|known| known.get(name))
                .is_some_and(|property| is_true(property, "readOnly"));
            if !is_read_only && !properties.contains_key(name) {
                self.report(at, format!("\"{name}\" is a required property"));
            }
        }
        for (name, schema) in known.into_iter().flatten() {
            if let Some(property) = properties.get(name) {
                self.value(schema, property, Location::Property(&at, name), None);
            }
        }
        let is_known = |name: &str| known.is_some_and(|known| known.contains_key(name));
        let others = properties.iter().filter(|(name, _)| !is_known(name));
        match keywords.get("additionalProperties") {
            Some(Value::Bool(false)) => {
                let names: Vec<String> = others.map(|(name, _)| format!("'{name}'")).collect();
                if !names.is_empty() {
                    let verb = if names.len() == 1 { "was" } else { "were" };
                    let names = bounded(&names.join(", "), VALUE_LENGTH);
                    self.report(
                        at,
                        format!("Additional properties are not allowed ({names} {verb} unexpected)"),
                    );
                }
            }
            Some(schema) => {
                for (name, property) in others {
                    self.value(schema, property, Location::Property(&at, name), None);
                }
            }
            None => {}
        }
    }
}

/// Returns true if the value has this type. Unknown types accept every value.
fn is_of_type(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        _ => true,
    }
}

/// Returns true if two values are equal as defined by JSON Schema. For example, 1 equals 1.0.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare(left, right).is_eq(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let is_in_right =
                |(name, value): (&String, &Value)| right.get(name).is_some_and(|other| equal(value, other));
            left.len() == right.len() && left.iter().all(is_in_right)
        }
        _ => left == right,
    }
}

/// Returns the number as an integer; `None` if it has a fraction, or if its absolute value is at least 1e30.
fn integer(number: &Number) -> Option<i128> {
    let signed = number.as_i64().map(i128::from);
    let unsigned = || number.as_u64().map(i128::from);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the number is an integer within the bounds"
    )]
    let rounded = || {
        let float = number.as_f64()?;
        (float.trunc().to_bits() == float.to_bits() && float.abs() < 1e30).then_some(float as i128)
    };
    signed.or_else(unsigned).or_else(rounded)
}

fn compare(left: &Number, right: &Number) -> Ordering {
    match (integer(left), integer(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => float(left).total_cmp(&float(right)),
    }
}

fn float(number: &Number) -> f64 {
    // The addition removes the sign of a negative zero.
    number.as_f64().unwrap_or_default() + 0.0
}

fn is_multiple(number: &Number, step: &Number) -> bool {
    if let (Some(number), Some(step)) = (integer(number), integer(step)) {
        return number.checked_rem(step).is_none_or(|rest| rest == 0);
    }
    let quotient = float(number) / float(step);
    !quotient.is_finite() || (quotient - quotient.round()).abs() < 1e-9 * quotient.abs().max(1.0)
}

#[cfg(test)]
mod tests;
