//! Evaluation: checks whether schemas allow a value.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    branch::{Branch, Contains, Kind},
    decimal::Decimal,
    lower::OneOf,
    nullable::Width,
    prover::Prover,
    schema::Schema,
};
use crate::node::canonical;

/// Maximum depth of evaluation. The limit ends the recursion if a `not` leads back to its own schema.
const DEEPEST: usize = 48;

/// An answer: yes, no, or unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Truth {
    No,
    Unknown,
    Yes,
}

impl Truth {
    fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No => Self::No,
            _ => self.min(other()),
        }
    }

    fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    /// Returns `Yes` if `is_certain` is true, and `Unknown` otherwise. With [`and`](Self::and), callers turn
    /// an uncertain `Yes` into `Unknown`.
    fn if_certain(is_certain: bool) -> Self {
        if is_certain { Self::Yes } else { Self::Unknown }
    }

    fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }

    fn all(truths: impl IntoIterator<Item = Self>) -> Self {
        let mut truths = truths.into_iter();
        let all = truths.try_fold(Self::Yes, |all, truth| match truth {
            Self::No => None,
            _ => Some(all.min(truth)),
        });
        all.unwrap_or(Self::No)
    }
}

impl<'a> Prover<'a> {
    /// Checks whether schemas allow a value. The answer is yes only if the schemas allow the value when
    /// exactly one alternative of a `oneOf` must match. The answer is no only if they reject the value in the
    /// interpretation `one_of`.
    pub(super) fn allows(&mut self, schemas: &[Schema<'a>], value: &Value, one_of: OneOf) -> Truth {
        if schemas.is_empty() {
            return Truth::Yes;
        }
        if self.fuel == 0 || self.level == DEEPEST {
            return Truth::Unknown;
        }
        self.fuel -= 1;
        self.level += 1;
        let truth = self.branches_allow(schemas, value, one_of);
        self.level -= 1;
        truth
    }

    fn branches_allow(&mut self, schemas: &[Schema<'a>], value: &Value, one_of: OneOf) -> Truth {
        let kind = Kind::of(value);
        let narrow = self.lowering.branches(schemas, (Width::Narrow, OneOf::Exact));
        if let Some(branches) = &narrow {
            let mut same_kind = branches.iter().filter(|branch| branch.kind == kind);
            if same_kind.any(|branch| self.branch_allows(branch, value, one_of) == Truth::Yes) {
                return Truth::Yes;
            }
        }
        let Some(branches) = self.lowering.branches(schemas, (Width::Wide, one_of)) else {
            return Truth::Unknown;
        };
        let mut same_kind = branches.iter().filter(|branch| branch.kind == kind);
        if same_kind.all(|branch| self.branch_allows(branch, value, one_of) == Truth::No) {
            return Truth::No;
        }
        Truth::Unknown
    }

    pub(super) fn branch_allows(&mut self, branch: &Branch<'a>, value: &Value, one_of: OneOf) -> Truth {
        if let Some(values) = &branch.values
            && !values.contains_key(&canonical(value))
        {
            return Truth::No;
        }
        let holds = match value {
            Value::Null | Value::Bool(_) => Truth::Yes,
            Value::Number(_) => number_allowed(branch, value),
            Value::String(text) => self.text_allowed(branch, text),
            Value::Array(items) => self.items_allowed(branch, items, one_of),
            Value::Object(members) => {
                let has_required = branch.required.iter().all(|name| members.contains_key(*name));
                let has_absent = branch.absent.iter().any(|name| members.contains_key(*name));
                let members = members.iter();
                Truth::of(has_count(branch, members.len()) && has_required && !has_absent).and(|| {
                    let mut allows = |name: &str, value| self.allows(&branch.property(name), value, one_of);
                    Truth::all(members.map(|(name, value)| allows(name, value)))
                })
            }
        };
        let holds = holds.and(|| {
            let excluded = branch.excluded();
            Truth::all(excluded.map(|not| self.allows(&[not], value, one_of).negated()))
        });
        holds.and(|| Truth::if_certain(branch.representation.is_empty()))
    }

    fn items_allowed(&mut self, branch: &Branch<'a>, items: &[Value], one_of: OneOf) -> Truth {
        let distinct = || items.iter().map(canonical).collect::<HashSet<String>>();
        let is_unique = !branch.has_unique_items || distinct().len() == items.len();
        let all = Truth::of(has_count(branch, items.len()) && is_unique).and(|| {
            let items = items.iter().enumerate();
            Truth::all(items.map(|(index, item)| self.allows(branch.item(index), item, one_of)))
        });
        all.and(|| {
            let counts = branch.contains.iter().map(|Contains { schema, least, most }| {
                let items = items.iter();
                let matches: Vec<Truth> = items.map(|item| self.allows(&[*schema], item, one_of)).collect();
                let count = |least| matches.iter().filter(|truth| **truth >= least).count() as u64;
                let (certain, possible) = (count(Truth::Yes), count(Truth::Unknown));
                let is_most = |count: u64| most.is_none_or(|most| count <= most);
                if certain >= *least && is_most(possible) {
                    Truth::Yes
                } else if possible < *least || !is_most(certain) {
                    Truth::No
                } else {
                    Truth::Unknown
                }
            });
            Truth::all(counts)
        })
    }

    fn text_allowed(&mut self, branch: &Branch<'a>, text: &str) -> Truth {
        let length = text.chars().count();
        let knows_formats = self.knows_formats;
        let patterns = branch.patterns.iter().map(|pattern| {
            let matches = self.lowering.languages.matches(pattern, text);
            matches.map_or(Truth::Unknown, Truth::of)
        });
        let formats = branch.formats.iter();
        let formats = formats.map(|format| has_format(format, text, knows_formats));
        Truth::of(has_count(branch, length)).and(|| Truth::all(patterns.chain(formats)))
    }
}

fn has_count(branch: &Branch<'_>, count: usize) -> bool {
    let count = count as u64;
    count >= branch.least && branch.most.is_none_or(|most| count <= most)
}

fn number_allowed(branch: &Branch<'_>, value: &Value) -> Truth {
    let Some(number) = Decimal::of(value) else {
        return Truth::Unknown;
    };
    let is_in = (!branch.is_whole || number.is_whole())
        && branch.minimum().is_none_or(|bound| bound.admits(number))
        && branch
            .negated_maximum()
            .is_none_or(|bound| bound.admits(number.negated()))
        && branch.multiples.iter().all(|of| number.is_multiple_of(*of));
    // Versions of JSON Schema differ on whether a whole number that is written with a fraction, such as
    // `3.0`, is an integer.
    let is_clear = !branch.is_whole || !value.is_f64();
    // These formats only suggest a type.
    let mut formats = branch.formats.iter();
    let is_clear = is_clear && formats.all(|format| ["double", "float"].contains(format));
    Truth::of(is_in).and(|| Truth::if_certain(is_clear))
}

/// Formats, each with an example.
pub(super) const FORMATS: [(&str, &str); 7] = [
    ("date", "2020-02-29"),
    ("date-time", "2020-02-29T12:30:00Z"),
    ("email", "a@example.com"),
    ("ipv4", "127.0.0.1"),
    ("ipv6", "::1"),
    ("uri", "https://example.com/"),
    ("uuid", "67e55044-10b1-426f-9247-bb680e5fe0c8"),
];

/// Checks whether a text has a format. The answer is known only for a few examples, and only if `is_known` is
/// true.
fn has_format(format: &str, text: &str, is_known: bool) -> Truth {
    let Some((_, example)) = FORMATS.iter().find(|(name, _)| *name == format) else {
        return Truth::Unknown;
    };
    let mut others = FORMATS.iter().filter(|(name, _)| *name != format);
    match text {
        _ if !is_known => Truth::Unknown,
        _ if text == *example => Truth::Yes,
        "a" | "!" => Truth::No,
        _ if others.any(|(_, example)| *example == text) => Truth::No,
        _ => Truth::Unknown,
    }
}
