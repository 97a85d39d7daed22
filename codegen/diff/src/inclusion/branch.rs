//! Branches. A schema is represented as a list of branches, and a value matches the schema if it matches one
//! of them. Each branch has one JSON type, and all constraints on values of this type. For example,
//! `"type": ["string", "number"], "maximum": 5` becomes two branches: all strings, and the numbers up to 5.
//! Each alternative of an `anyOf` or `oneOf` has branches of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use indexmap::IndexMap;
use serde_json::Value;

use super::{decimal::Decimal, pattern::Language, schema::Schema};

/// A JSON type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    pub(super) const ALL: [Self; 6] = [
        Self::Null,
        Self::Boolean,
        Self::Number,
        Self::String,
        Self::Array,
        Self::Object,
    ];

    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        }
    }
}

/// A lower limit of numbers. An upper limit is stored as a lower limit of the negated numbers: `x <= 5` as
/// `-x >= -5`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    pub at: Decimal,
    pub is_exclusive: bool,
}

impl Bound {
    /// Checks whether this bound is at least as strict as `other`: `other` admits every number that this
    /// bound admits.
    pub(super) fn is_at_least(self, other: Self) -> bool {
        self.at > other.at || (self.at == other.at && (self.is_exclusive || !other.is_exclusive))
    }

    /// Checks whether a number is above the bound, or equal to it if the bound is inclusive.
    pub(super) fn admits(self, number: Decimal) -> bool {
        number > self.at || (number == self.at && !self.is_exclusive)
    }

    pub(super) fn inclusive(at: Decimal) -> Self {
        let is_exclusive = false;
        Self { at, is_exclusive }
    }

    /// Returns the inclusive bound that admits the same whole numbers: 3 for an exclusive bound of 2, or for
    /// a bound of 2.5.
    fn of_whole(self) -> Self {
        let at = match self.at.ceiling() {
            whole if self.is_exclusive && self.at.is_whole() => whole.saturating_add(1),
            whole => whole,
        };
        Self::inclusive(Decimal::whole(at))
    }

    pub(super) fn negated(self) -> Self {
        Self {
            at: self.at.negated(),
            ..self
        }
    }
}

/// A schema for properties with certain names: the names that match at least one of the patterns, or the
/// names that match none of them. If it applies to a declared property, [`Branch::properties`] contains it
/// already.
#[derive(Clone)]
pub(super) struct NameRule<'a> {
    pub patterns: Vec<Rc<Language>>,
    /// True for names that match at least one of the patterns, false for names that match none of them.
    pub is_match: bool,
    pub schema: Schema<'a>,
}

impl NameRule<'_> {
    pub(super) fn concerns(&self, matches: impl Fn(&Rc<Language>) -> bool) -> bool {
        self.patterns.iter().any(matches) == self.is_match
    }
}

/// A constraint on the number of items that match a schema.
#[derive(Clone, Copy)]
pub(super) struct Contains<'a> {
    pub schema: Schema<'a>,
    pub least: u64,
    pub most: Option<u64>,
}

/// The values of one type that a schema allows.
#[derive(Clone, Default)]
pub(super) struct Branch<'a> {
    pub kind: Kind,
    /// If present, the branch allows only these values. The key of each value is its canonical text, so that
    /// `1` and `1.0` are the same value.
    pub values: Option<Rc<IndexMap<String, &'a Value>>>,
    /// True if a number must be whole.
    pub is_whole: bool,
    /// The lower limit of a number.
    pub minimum: Option<Bound>,
    /// The upper limit of a number, negated.
    pub negated_maximum: Option<Bound>,
    pub multiples: Vec<Decimal>,
    /// Minimum length of a string, or minimum number of items or properties.
    pub least: u64,
    /// Maximum length of a string, or maximum number of items or properties.
    pub most: Option<u64>,
    pub patterns: BTreeSet<&'a str>,
    pub formats: BTreeSet<&'a str>,
    pub has_unique_items: bool,
    /// Schemas of the first items: one list for each position. The item at a position must match all schemas
    /// of the list.
    pub prefix: Vec<Vec<Schema<'a>>>,
    /// Schemas for the remaining items: each item after those of `prefix` must match all these schemas.
    pub items: Vec<Schema<'a>>,
    pub contains: Vec<Contains<'a>>,
    /// Schemas of declared properties.
    pub properties: BTreeMap<&'a str, Vec<Schema<'a>>>,
    pub required: BTreeSet<&'a str>,
    /// Properties that messages omit: read-only properties in requests, and write-only properties in
    /// responses.
    pub unsent: BTreeSet<&'a str>,
    /// Properties that no value of the branch has, even if the schema declares them.
    pub absent: BTreeSet<&'a str>,
    /// Schemas that every undeclared property must match, such as the schema of `additionalProperties`.
    pub further: Vec<Schema<'a>>,
    /// Further schemas of undeclared properties. Each applies only to properties with certain names.
    pub names: Vec<NameRule<'a>>,
    /// Schemas that the value must not match.
    pub not: Vec<Schema<'a>>,
    /// The other alternatives of a `oneOf`, which the value must not match either.
    pub others: Vec<Schema<'a>>,
    /// Keywords that describe the encoding of the value. Each text begins with the keyword and its value,
    /// such as `x-contentEncoding "base64"`.
    pub representation: BTreeSet<String>,
}

impl<'a> Branch<'a> {
    /// Returns the branch of all values of a type.
    pub(super) fn all(kind: Kind) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }

    /// Checks whether the constraints obviously allow no value, for example because the minimum exceeds the
    /// maximum. If the result is false, the branch may still have no value.
    pub(super) fn is_empty(&self) -> bool {
        let has_no_value = self.values.as_ref().is_some_and(|values| values.is_empty());
        let has_no_count = self.most.is_some_and(|most| most < self.least);
        let limits = self.minimum().zip(self.negated_maximum());
        let has_no_number = limits.is_some_and(|(low, negated_high)| {
            !low.admits(negated_high.at.negated()) || !negated_high.admits(low.at.negated())
        });
        let has_no_item = self.least > self.longest().unwrap_or(u64::MAX) || self.lacks_matches();
        let lacks_property = self.required.iter().any(|name| self.forbids(name));
        has_no_value
            || has_no_count
            || has_no_number
            || (self.kind == Kind::Array && has_no_item)
            || lacks_property
            || (self.kind == Kind::Object && self.most.is_some_and(|most| most < self.required.len() as u64))
    }

    /// Checks whether `contains` requires more matching items than any array of the branch can have.
    fn lacks_matches(&self) -> bool {
        self.contains.iter().any(|Contains { schema, least, most }| {
            most.is_some_and(|most| most < *least)
                || (*least > 0 && schema.is_nothing())
                || self.longest().is_some_and(|longest| longest < *least)
        })
    }

    /// Lists all schemas that the value must not match.
    pub(super) fn excluded(&self) -> impl Iterator<Item = Schema<'a>> + Clone {
        self.not.iter().chain(&self.others).copied()
    }

    /// Returns the maximum number of items of an array; `None` if there is no maximum.
    pub(super) fn longest(&self) -> Option<u64> {
        let is_impossible = |schemas: &Vec<Schema<'a>>| schemas.iter().any(Schema::is_nothing);
        let end = self.prefix.iter().chain([&self.items]).position(is_impossible);
        self.most.into_iter().chain(end.map(|end| end as u64)).min()
    }

    /// Returns the schemas that the item at a position must match.
    pub(super) fn item(&self, position: usize) -> &[Schema<'a>] {
        self.prefix.get(position).unwrap_or(&self.items)
    }

    /// Returns the schemas that a property must match.
    pub(super) fn property(&self, name: &str) -> Vec<Schema<'a>> {
        match self.properties.get(name) {
            Some(schemas) => schemas.clone(),
            None => self.undeclared(|pattern| pattern.contains(name)),
        }
    }

    /// Returns the schemas that an undeclared property must match. `matches` returns true for the patterns
    /// that the name of the property matches.
    pub(super) fn undeclared(&self, matches: impl Fn(&Rc<Language>) -> bool) -> Vec<Schema<'a>> {
        let mut schemas = self.further.clone();
        for rule in self.names.iter().filter(|rule| rule.concerns(&matches)) {
            rule.schema.add_to(&mut schemas);
        }
        schemas
    }

    /// Checks whether the branch allows no object with the property.
    pub(super) fn forbids(&self, name: &str) -> bool {
        self.absent.contains(name) || self.property(name).iter().any(Schema::is_nothing)
    }

    pub(super) fn minimum(&self) -> Option<Bound> {
        self.bound(self.minimum)
    }

    pub(super) fn negated_maximum(&self) -> Option<Bound> {
        self.bound(self.negated_maximum)
    }

    fn bound(&self, bound: Option<Bound>) -> Option<Bound> {
        let bound = bound.map(|bound| if self.is_whole { bound.of_whole() } else { bound })?;
        let nearest = |bound: Bound, of: &Decimal| {
            of.next_multiple(bound.at, bound.is_exclusive)
                .map_or(bound, Bound::inclusive)
        };
        Some(self.multiples.iter().fold(bound, nearest))
    }

    /// Checks whether the branch allows only whole numbers. Versions of JSON Schema differ on whether `3.0`
    /// is an integer. Here it counts as an integer, because it is the same number as `3`.
    pub(super) fn has_whole_numbers(&self) -> bool {
        self.is_whole || self.multiples.iter().any(|number| number.is_whole())
    }

    /// Lists the whole numbers between the limits of the branch. Returns `None` if the numbers of the branch
    /// need not be whole, if a limit is missing, or if there are more than `most` numbers.
    pub(super) fn whole_numbers(&self, most: usize) -> Option<Vec<Value>> {
        let low = self.minimum().filter(|_| self.has_whole_numbers())?.of_whole();
        let high = self.negated_maximum()?.of_whole().negated();
        let (low, high) = (low.at.floor(), high.at.floor());
        let count = usize::try_from(high.checked_sub(low)?.max(-1) + 1).ok()?;
        if count > most {
            return None;
        }
        let numbers = (low..=high).map(Decimal::whole);
        numbers.map(Decimal::to_value).collect()
    }

    /// Raises a lower limit to `bound`. A limit that is higher stays unchanged.
    pub(super) fn raise(limit: &mut Option<Bound>, bound: Bound) {
        if limit.is_none_or(|limit| bound.is_at_least(limit)) {
            *limit = Some(bound);
        }
    }
}
