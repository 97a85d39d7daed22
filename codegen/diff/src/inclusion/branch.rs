//! Branches. A schema is represented as a list of branches. Each branch has one JSON type, and all
//! constraints on values of this type.

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

/// A lower limit of numbers. An upper limit is stored negated, as a lower limit of the negated numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    pub at: Decimal,
    pub is_exclusive: bool,
}

impl Bound {
    /// Checks whether the other bound admits every number that this bound admits.
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

    /// Returns the equivalent inclusive bound for whole numbers.
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

/// A schema for all properties whose names match at least one of the patterns, or for all properties whose
/// names match none of them. The schema does not apply to properties in [`Branch::properties`].
#[derive(Clone)]
pub(super) struct NameRule<'a> {
    pub patterns: Vec<Rc<Language>>,
    /// True if the rule is for names that match one of the patterns, and false if it is for all other names.
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
    /// If present, the branch allows only these values. The key of each is its canonical text, because
    /// numbers are equal in every notation.
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
    /// Schemas for the remaining items. Each item after the positions of `prefix` must match all of them.
    pub items: Vec<Schema<'a>>,
    pub contains: Vec<Contains<'a>>,
    /// Schemas of declared properties.
    pub properties: BTreeMap<&'a str, Vec<Schema<'a>>>,
    pub required: BTreeSet<&'a str>,
    /// Read-only or write-only properties, if messages of the compared direction do not contain them.
    pub unsent: BTreeSet<&'a str>,
    /// Properties that no value of the branch has, although the schema may declare them.
    pub absent: BTreeSet<&'a str>,
    /// Schemas of every undeclared property.
    pub further: Vec<Schema<'a>>,
    /// Further schemas of undeclared properties, selected by the name of the property.
    pub names: Vec<NameRule<'a>>,
    /// Schemas that the value must not match.
    pub not: Vec<Schema<'a>>,
    /// The other alternatives of a `oneOf`, which the value must not match either.
    pub others: Vec<Schema<'a>>,
    /// Keywords that describe the encoding of the value, such as `x-contentEncoding`. Each text begins with
    /// the keyword and its value.
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

    /// Checks whether the constraints obviously allow no value.
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

    /// Checks whether the array cannot contain the required number of matching items.
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

    /// Returns the maximum number of items.
    pub(super) fn longest(&self) -> Option<u64> {
        let is_impossible = |schemas: &Vec<Schema<'a>>| schemas.iter().any(Schema::is_nothing);
        let end = self.prefix.iter().chain([&self.items]).position(is_impossible);
        self.most.into_iter().chain(end.map(|end| end as u64)).min()
    }

    /// Returns the schemas of the item at a position.
    pub(super) fn item(&self, position: usize) -> &[Schema<'a>] {
        self.prefix.get(position).unwrap_or(&self.items)
    }

    /// Returns the schemas of a property.
    pub(super) fn property(&self, name: &str) -> Vec<Schema<'a>> {
        match self.properties.get(name) {
            Some(schemas) => schemas.clone(),
            None => self.undeclared(|pattern| pattern.contains(name)),
        }
    }

    /// Returns the schemas of an undeclared property. `matches` states which patterns its name matches.
    pub(super) fn undeclared(&self, matches: impl Fn(&Rc<Language>) -> bool) -> Vec<Schema<'a>> {
        let mut schemas = self.further.clone();
        for rule in self.names.iter().filter(|rule| rule.concerns(&matches)) {
            rule.schema.add_to(&mut schemas);
        }
        schemas
    }

    /// Checks whether an object cannot have the property.
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

    /// Checks whether all numbers of the branch are whole. Versions of JSON Schema differ on whether `3.0` is
    /// an integer. Here it counts as an integer, because it is the same number as `3`.
    pub(super) fn has_whole_numbers(&self) -> bool {
        self.is_whole || self.multiples.iter().any(|number| number.is_whole())
    }

    /// Lists all numbers of the branch; `None` unless they are whole and their count is at most `most`.
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

    /// Raises a lower limit to `bound`, unless the limit is higher already.
    pub(super) fn raise(limit: &mut Option<Bound>, bound: Bound) {
        if limit.is_none_or(|limit| bound.is_at_least(limit)) {
            *limit = Some(bound);
        }
    }
}
