//! Keywords of schemas: readers of their values, and their effect on a branch.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    branch::{Bound, Branch, Kind},
    decimal::Decimal,
    schema::Schema,
};

/// The keyword for properties that no other keyword describes.
pub(super) const UNEVALUATED: &str = "x-unevaluatedProperties";

/// The schema that is negated twice.
pub(super) fn doubly_negated(not: &Map<String, Value>) -> Option<&Value> {
    not.get("not").filter(|_| not.len() == 1)
}

/// Checks whether a keyword of a newer version allows every value.
pub(super) fn says_nothing(members: &Map<String, Value>, key: &str) -> bool {
    let is_anything = |value: &Value| match value {
        Value::Bool(all) => *all,
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    let value = |key: &str| members.get(key);
    let allows_all = |key: &str| value(key).is_none_or(is_anything);
    let all = |holds: &dyn Fn(&Value) -> bool| {
        let entries = value(key).and_then(Value::as_object);
        entries.is_some_and(|entries| entries.values().all(holds))
    };
    match key {
        "x-if" => allows_all("x-then") && allows_all("x-else"),
        "x-then" | "x-else" => value("x-if").is_none() || says_nothing(members, "x-if"),
        "x-contains" => {
            value("x-minContains").is_some_and(|least| least == 0) && value("x-maxContains").is_none()
        }
        "x-minContains" | "x-maxContains" => {
            value("x-contains").is_none() || says_nothing(members, "x-contains")
        }
        "x-dependentRequired" => all(&|names| names.as_array().is_some_and(Vec::is_empty)),
        "x-dependentSchemas" => all(&is_anything),
        "x-patternProperties" => {
            // Normalising has written a pattern for every name as additional properties.
            let further = value("additionalProperties");
            let repeats = |(pattern, schema): (&String, &Value)| {
                ["", ".*"].contains(&pattern.as_str()) && Some(schema) == further
            };
            let patterns = value(key).and_then(Value::as_object);
            patterns.is_some_and(|all| all.iter().all(repeats)) && value("properties").is_none()
        }
        "x-unevaluatedItems" | "x-propertyNames" | UNEVALUATED => allows_all(key),
        _ => false,
    }
}

pub(super) fn push<'a>(schemas: &mut Vec<Schema<'a>>, schema: Schema<'a>) {
    if !schemas.contains(&schema) && !schema.is_anything() {
        schemas.push(schema);
    }
}

/// Checks whether an `OpenAPI` type includes values of a JSON type; `None` for an unknown type.
pub(super) fn has_type(kind: Kind, name: &str) -> Option<bool> {
    let named = match name {
        "null" => Kind::Null,
        "boolean" => Kind::Boolean,
        "integer" | "number" => Kind::Number,
        "string" => Kind::String,
        "array" => Kind::Array,
        "object" => Kind::Object,
        _ => return None,
    };
    Some(kind == named)
}

/// The value of a flag, treating an absent flag as false; `None` if it is not boolean.
pub(super) fn flag(members: &Map<String, Value>, key: &str) -> Option<bool> {
    members.get(key).map_or(Some(false), Value::as_bool)
}

/// The entries of a list, treating an absent list as empty; `None` if the value is not a list.
pub(super) fn list<'a>(members: &'a Map<String, Value>, key: &str) -> Option<&'a [Value]> {
    members
        .get(key)
        .map_or(Some([].as_slice()), |list| list.as_array().map(Vec::as_slice))
}

/// Checks whether two values are equal, numbers by their value.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(_), Value::Number(_)) => match (Decimal::of(left), Decimal::of(right)) {
            (Some(left), Some(right)) => left.compare(right).is_eq(),
            _ => left == right,
        },
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let is_in_both =
                |(key, value): (&String, &Value)| right.get(key).is_some_and(|other| same(value, other));
            left.len() == right.len() && left.iter().all(is_in_both)
        }
        _ => left == right,
    }
}

pub(super) fn numbers<'a>(
    branch: &mut Branch<'a>,
    members: &'a Map<String, Value>,
    is_whole: bool,
) -> Option<()> {
    branch.is_whole |= is_whole;
    let number = |key: &str| match members.get(key) {
        None => Some(None),
        Some(value) => Decimal::of(value).map(Some),
    };
    if let Some(at) = number("minimum")? {
        let is_exclusive = flag(members, "exclusiveMinimum")?;
        Branch::raise(&mut branch.minimum, Bound { at, is_exclusive });
    }
    if let Some(at) = number("maximum")? {
        let is_exclusive = flag(members, "exclusiveMaximum")?;
        let bound = Bound { at, is_exclusive }.negated();
        Branch::raise(&mut branch.negated_maximum, bound);
    }
    branch.multiples.extend(number("multipleOf")?);
    match members.get("format").map(|format| format.as_str()) {
        Some(Some(format @ ("int32" | "int64"))) if is_whole => {
            let (least, most) = match format {
                "int32" => (i32::MIN.into(), i32::MAX.into()),
                _ => (i64::MIN, i64::MAX),
            };
            let bound = |at: i64| Bound {
                at: Decimal::whole(at.into()),
                is_exclusive: false,
            };
            Branch::raise(&mut branch.minimum, bound(least));
            Branch::raise(&mut branch.negated_maximum, bound(most).negated());
        }
        Some(Some(format)) => {
            branch.formats.insert(format);
        }
        Some(None) => return None,
        None => {}
    }
    Some(())
}

pub(super) fn strings<'a>(branch: &mut Branch<'a>, members: &'a Map<String, Value>) -> Option<()> {
    counts(branch, members, "minLength", "maxLength")?;
    if let Some(pattern) = members.get("pattern") {
        branch.patterns.insert(pattern.as_str()?);
    }
    if let Some(format) = members.get("format") {
        // Tools hide passwords; their values are any strings.
        branch
            .formats
            .extend(Some(format.as_str()?).filter(|format| *format != "password"));
    }
    Some(())
}

pub(super) fn counts(
    branch: &mut Branch<'_>,
    members: &Map<String, Value>,
    least: &str,
    most: &str,
) -> Option<()> {
    let count = |key: &str| match members.get(key) {
        None => Some(None),
        Some(value) => {
            let number = Decimal::of(value).filter(|number| number.is_whole())?;
            u64::try_from(number.floor()).ok().map(Some)
        }
    };
    if let Some(limit) = count(least)? {
        branch.least = branch.least.max(limit);
    }
    if let Some(limit) = count(most)? {
        branch.most = Some(branch.most.map_or(limit, |most| most.min(limit)));
    }
    Some(())
}

/// Names that two objects declare, without repetition.
pub(super) fn names<'a, T>(left: &BTreeMap<&'a str, T>, right: &BTreeMap<&'a str, T>) -> Vec<&'a str> {
    let mut names: Vec<&'a str> = left.keys().chain(right.keys()).copied().collect();
    names.sort_unstable();
    names.dedup();
    names
}
