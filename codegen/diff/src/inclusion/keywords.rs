//! Reads the values of keywords, and applies keywords for numbers and strings to a [`Branch`].

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{
    branch::{Bound, Branch, Kind},
    decimal::Decimal,
};

/// The keyword `unevaluatedProperties`, as renamed by normalisation. Its schema applies to the properties
/// that no other keyword describes.
pub(super) const UNEVALUATED: &str = "x-unevaluatedProperties";

/// The keyword `unevaluatedItems`, as renamed by normalisation. Its schema applies to the items that no other
/// keyword describes.
pub(super) const UNEVALUATED_ITEMS: &str = "x-unevaluatedItems";

/// Returns the schema `S` if the value of a `not` is `{"not": S}`: a double negation means the same as `S`.
pub(super) fn doubly_negated(not: &Map<String, Value>) -> Option<&Value> {
    not.get("not").filter(|_| not.len() == 1)
}

/// Checks whether values of the JSON type `kind` can have the `OpenAPI` type `name`. Both `integer` and
/// `number` stand for numbers. Returns `None` for an unknown name.
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

/// Returns the types of a schema, which normalisation may have moved to `x-type`. Returns `Some(None)` if the
/// schema has no types, and `None` if its types are unsupported.
#[expect(clippy::option_option, reason = "absent and unsupported keywords differ")]
pub(super) fn types(members: &Map<String, Value>) -> Option<Option<Vec<&str>>> {
    match members.get("x-type").or(members.get("type")) {
        None => Some(None),
        Some(Value::Array(kinds)) => kinds.iter().map(Value::as_str).collect::<Option<_>>().map(Some),
        Some(kind) => kind.as_str().map(|kind| Some(vec![kind])),
    }
}

/// Returns the value of a flag, or `None` if the value is not boolean. An absent flag counts as false.
pub(super) fn flag(members: &Map<String, Value>, key: &str) -> Option<bool> {
    members.get(key).map_or(Some(false), Value::as_bool)
}

/// Reads a keyword. Returns `Some(None)` if the keyword is absent, and `None` if its value is unsupported.
#[expect(clippy::option_option, reason = "absent and unsupported keywords differ")]
pub(super) fn optional<'a, T>(
    members: &'a Map<String, Value>,
    key: &str,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Option<Option<T>> {
    match members.get(key) {
        None => Some(None),
        Some(value) => read(value).map(Some),
    }
}

/// Returns the entries of a list, or `None` if the value is not a list. An absent list counts as empty.
pub(super) fn list<'a>(members: &'a Map<String, Value>, key: &str) -> Option<&'a [Value]> {
    members
        .get(key)
        .map_or(Some([].as_slice()), |list| list.as_array().map(Vec::as_slice))
}

impl<'a> Branch<'a> {
    pub(super) fn numbers(&mut self, members: &'a Map<String, Value>, is_whole: bool) -> Option<()> {
        self.is_whole |= is_whole;
        let number = |key: &str| optional(members, key, Decimal::of);
        if let Some(at) = number("minimum")? {
            let is_exclusive = flag(members, "exclusiveMinimum")?;
            Self::raise(&mut self.minimum, Bound { at, is_exclusive });
        }
        if let Some(at) = number("maximum")? {
            let is_exclusive = flag(members, "exclusiveMaximum")?;
            Self::raise(&mut self.negated_maximum, Bound { at, is_exclusive }.negated());
        }
        self.multiples.extend(number("multipleOf")?);
        match optional(members, "format", Value::as_str)? {
            Some(format @ ("int32" | "int64")) if is_whole => {
                let (least, most) = match format {
                    "int32" => (i32::MIN.into(), i32::MAX.into()),
                    _ => (i64::MIN, i64::MAX),
                };
                let bound = |at: i64| Bound::inclusive(Decimal::whole(at.into()));
                Self::raise(&mut self.minimum, bound(least));
                Self::raise(&mut self.negated_maximum, bound(most).negated());
            }
            format => self.formats.extend(format),
        }
        Some(())
    }

    pub(super) fn strings(&mut self, members: &'a Map<String, Value>) -> Option<()> {
        self.counts(members, "minLength", "maxLength")?;
        self.patterns.extend(optional(members, "pattern", Value::as_str)?);
        // The format `password` asks tools to hide the value, but does not restrict it.
        let format = optional(members, "format", Value::as_str)?;
        self.formats.extend(format.filter(|format| *format != "password"));
        Some(())
    }

    pub(super) fn counts(&mut self, members: &Map<String, Value>, least: &str, most: &str) -> Option<()> {
        let count = |value: &Value| {
            let number = Decimal::of(value).filter(|number| number.is_whole())?;
            u64::try_from(number.floor()).ok()
        };
        let (least, most) = (optional(members, least, count)?, optional(members, most, count)?);
        self.least = self.least.max(least.unwrap_or_default());
        self.most = self.most.into_iter().chain(most).min();
        Some(())
    }
}

/// Returns the names that at least one of two objects declares.
pub(super) fn names<'a, T>(left: &BTreeMap<&'a str, T>, right: &BTreeMap<&'a str, T>) -> BTreeSet<&'a str> {
    left.keys().chain(right.keys()).copied().collect()
}
