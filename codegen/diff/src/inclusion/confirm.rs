//! Confirms counterexamples with a validator for JSON Schema that is independent of the proofs.

use std::collections::HashMap;

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use funnelflux_openapi::references;

use super::{
    lower::OneOf,
    nullable::{Nullable, Width, is_nullable_reference},
    schema::{Pair, Root, Schema},
    sent_as_text::forms,
};
use crate::level::{Direction, Encoding};

/// Keywords that normalisation renames to extensions (`x-…`). Those in [`INNER`] are not repeated here.
const NEWER: [&str; 9] = [
    "contentEncoding",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "maxContains",
    "minContains",
    "then",
    "type",
];

/// Keywords whose values contain the schemas of properties or items.
const INNER: [&str; 9] = [
    "additionalProperties",
    "contains",
    "items",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// The role of a schema in the confirmation of a counterexample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Role {
    /// The sender's schema, which must allow the value in every interpretation.
    Allowing,
    /// The receiver's schema, which must reject the value even in the widest interpretation of `nullable`,
    /// and in this interpretation of `oneOf`.
    Rejecting(OneOf),
}

/// Validators for schemas of two documents.
pub(crate) struct Validators<'a> {
    documents: [Root<'a>; 2],
    known: HashMap<(usize, Direction, Role, usize), Option<Validator>>,
}

impl<'a> Validators<'a> {
    pub(crate) fn new(documents: [Root<'a>; 2]) -> Self {
        Self {
            documents,
            known: HashMap::new(),
        }
    }

    /// Checks whether a value is valid for the sender's schema (`small`) and invalid for the receiver's
    /// schema (`large`).
    pub(crate) fn confirm(
        &mut self,
        (small, large): Pair<'a>,
        (direction, encoding): (Direction, Encoding),
        one_of: OneOf,
        value: &Value,
    ) -> bool {
        let forms = forms(value, encoding);
        let depth = forms.iter().chain([value]).map(depth).max().unwrap_or_default();
        let allows = |validator: Option<&Validator>| validator.is_some_and(|all| all.is_valid(value));
        let rejects = |validator: Option<&Validator>| {
            validator.is_some_and(|all| !forms.iter().chain([value]).any(|value| all.is_valid(value)))
        };
        allows(self.validator(small, direction, Role::Allowing, depth))
            && rejects(self.validator(large, direction, Role::Rejecting(one_of), depth))
    }

    /// Returns the validator for values with at most `depth` levels of objects and arrays.
    fn validator(
        &mut self,
        schema: Schema<'a>,
        direction: Direction,
        role: Role,
        depth: usize,
    ) -> Option<&Validator> {
        let root = schema.side.of(self.documents);
        let build = || {
            let mut conversion = Conversion {
                root,
                direction,
                role,
                numbers: HashMap::new(),
                targets: Vec::new(),
            };
            let schema = conversion.schema(schema.value, depth);
            let mut definitions = Map::new();
            while let Some((target, depth)) = conversion.targets.get(definitions.len()).copied() {
                let number = definitions.len().to_string();
                definitions.insert(number, conversion.schema(target, depth));
            }
            let whole = json!({"allOf": [schema], "$defs": definitions});
            let options = jsonschema::options().with_draft(Draft::Draft202012);
            options.should_validate_formats(true).build(&whole).ok()
        };
        let key = (schema.key(), direction, role, depth);
        self.known.entry(key).or_insert_with(build).as_ref()
    }
}

/// Conversion of schemas of `OpenAPI` 3.0 to JSON Schema.
struct Conversion<'a> {
    root: Root<'a>,
    direction: Direction,
    role: Role,
    /// Positions in `targets`, by the text of the `$ref` and the maximum depth of values.
    numbers: HashMap<(&'a str, usize), usize>,
    /// Targets of references, which are converted, too. Each has the maximum depth of the values.
    targets: Vec<(&'a Value, usize)>,
}

impl<'a> Conversion<'a> {
    /// Converts a schema. The result is used only for values with at most `depth` levels, so deeper schemas
    /// are left out.
    fn schema(&mut self, schema: &'a Value, depth: usize) -> Value {
        let Value::Object(members) = schema else {
            return schema.clone();
        };
        if let Some(written) = references::reference(schema) {
            let target = self.reference(written, depth);
            let is_wide = self.role != Role::Allowing;
            if is_wide && is_nullable_reference(self.root, schema) {
                return json!({"anyOf": [{"type": "null"}, target]});
            }
            return target;
        }
        let mut plain = Map::new();
        for (key, value) in members {
            // If there are pattern properties, the schema of the other properties is in
            // `x-additionalProperties`.
            if key == "additionalProperties" && members.contains_key("x-patternProperties") {
                continue;
            }
            let is_kept = |key: &&str| NEWER.contains(key) || (INNER.contains(key) && *key != "properties");
            let kept = key.strip_prefix("x-").filter(is_kept);
            if let Some(kept) = kept {
                plain.insert(kept.to_owned(), self.keyword(kept, value, members, depth));
            } else if !members.contains_key(&format!("x-{key}")) {
                plain.insert(key.clone(), self.keyword(key, value, members, depth));
            }
        }
        let nullable = Nullable::of(self.root, members).unwrap_or(Nullable::No);
        let variant = json!({"type": "null"});
        let name = Value::from("null");
        for (key, entry) in [("type", &name), ("anyOf", &variant), ("oneOf", &variant)] {
            match plain.get_mut(key).filter(|_| nullable.is_exempt_from(key)) {
                Some(Value::Array(all)) if !all.contains(entry) => all.push(entry.clone()),
                Some(kind @ Value::String(_)) if *kind != *entry => *kind = json!([kind, entry]),
                _ => {}
            }
        }
        self.limits(members, &mut plain);
        let width = match self.role {
            Role::Allowing => Width::Narrow,
            Role::Rejecting(_) => Width::Wide,
        };
        if nullable.is_exempt(width) {
            return json!({"anyOf": [variant, plain]});
        }
        plain.into()
    }

    fn reference(&mut self, written: &'a str, depth: usize) -> Value {
        let next = self.targets.len();
        if !self.numbers.contains_key(&(written, depth)) {
            let Some((_, target)) = references::follow(self.root.value, written) else {
                // The target is unknown. So the value must count neither as allowed by the sender nor as
                // rejected by the receiver.
                return Value::Bool(self.role != Role::Allowing);
            };
            self.targets.push((target, depth));
        }
        let number = *self.numbers.entry((written, depth)).or_insert(next);
        json!({"$ref": format!("#/$defs/{number}")})
    }

    fn keyword(
        &mut self,
        key: &str,
        value: &'a Value,
        members: &'a Map<String, Value>,
        depth: usize,
    ) -> Value {
        let is_inner = INNER.contains(&key);
        // Values have at most `depth` levels, so they do not reach the contents of deeper schemas.
        let mut part = |schema: &'a Value| match depth.checked_sub(usize::from(is_inner)) {
            Some(depth) => self.schema(schema, depth),
            None => true.into(),
        };
        match (key, value) {
            ("properties" | "patternProperties" | "dependentSchemas", Value::Object(all)) => {
                let all = all.iter().map(|(name, schema)| (name.clone(), part(schema)));
                all.collect::<Map<_, _>>().into()
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(all)) => {
                all.iter().map(part).collect()
            }
            ("required", _) => {
                let names = value.as_array().into_iter().flatten();
                let is_sent = |name: &&Value| !self.is_unsent(name, members);
                names.filter(is_sent).cloned().collect()
            }
            ("not" | "if" | "then" | "else", _) => part(value),
            _ if is_inner => part(value),
            _ => value.clone(),
        }
    }

    /// Checks whether messages omit the property, because it is read-only (in requests) or write-only (in
    /// responses).
    fn is_unsent(&self, name: &Value, members: &Map<String, Value>) -> bool {
        let flag = match self.direction {
            Direction::Request => "readOnly",
            _ => "writeOnly",
        };
        let declared = members.get("properties").zip(name.as_str());
        let property = declared.and_then(|(properties, name)| properties.get(name));
        let target = property.and_then(references::reference);
        let target = target.and_then(|written| references::follow(self.root.value, written));
        let mut schemas = property.into_iter().chain(target.map(|(_, target)| target));
        schemas.any(|schema| schema.get(flag) == Some(&Value::Bool(true)))
    }

    /// Rewrites exclusive limits and integer formats, because JSON Schema interprets them differently from
    /// `OpenAPI` 3.0. Also rewrites `oneOf` as `anyOf` if at least one alternative must match.
    fn limits(&self, members: &Map<String, Value>, plain: &mut Map<String, Value>) {
        if self.role == Role::Rejecting(OneOf::Any)
            && let Some(alternatives) = plain.shift_remove("oneOf")
        {
            also(plain, json!({"anyOf": alternatives}));
        }
        for (flag, limit) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
            plain.shift_remove(flag);
            if members.get(flag) == Some(&Value::Bool(true))
                && let Some(edge) = plain.shift_remove(limit)
            {
                plain.insert(flag.to_owned(), edge);
            }
        }
        let is_integer = members.get("type").is_some_and(|kind| kind == "integer");
        let range = match members.get("format").and_then(Value::as_str) {
            Some("int32") if is_integer => json!({"minimum": i32::MIN, "maximum": i32::MAX}),
            Some("int64") if is_integer => json!({"minimum": i64::MIN, "maximum": i64::MAX}),
            _ => return,
        };
        also(plain, range);
    }
}

/// Adds a schema that values must also match.
fn also(plain: &mut Map<String, Value>, schema: Value) {
    let parts = plain.entry("allOf").or_insert_with(|| json!([]));
    if let Some(parts) = parts.as_array_mut() {
        parts.push(schema);
    }
}

/// Returns the number of nested levels of objects and arrays in a value.
fn depth(value: &Value) -> usize {
    let deepest = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    deepest.unwrap_or_default() + 1
}
