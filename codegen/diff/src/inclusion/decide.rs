//! Proofs of inclusion by structure.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    branch::{Bound, Branch, Kind},
    decimal::Decimal,
    evaluate::Truth,
    keywords::names,
    lower::Reading,
    pattern::Search,
    prover::{Mode, Prover},
    schema::Schema,
};
use crate::level::Encoding;

/// Maximum number of steps for one question.
const FUEL: usize = 20_000;

/// Maximum depth to which properties are followed.
const DEEPEST: usize = 40;

impl<'a> Prover<'a> {
    /// Checks whether every value of `small` is also a value of `large`. False means that there is no proof.
    pub(crate) fn includes(&mut self, small: Schema<'a>, large: Schema<'a>, mode: Mode) -> bool {
        self.fuel = FUEL;
        self.open.clear();
        self.all_in(&[small], &[large], mode, DEEPEST)
    }

    /// Like `includes`, for the schemas of a part of a value.
    pub(super) fn includes_all(&mut self, small: &[Schema<'a>], large: &[Schema<'a>]) -> bool {
        self.all_in(small, large, Mode::Sent, DEEPEST)
    }

    pub(super) fn all_in(
        &mut self,
        small: &[Schema<'a>],
        large: &[Schema<'a>],
        mode: Mode,
        depth: usize,
    ) -> bool {
        if large.iter().all(|schema| small.contains(schema)) || small.iter().any(Schema::is_nothing) {
            return true;
        }
        if let ([small], [large]) = (small, large)
            && small.value == large.value
            && !has_reference(small.value)
        {
            return true;
        }
        let keys = |schemas: &[Schema<'a>]| {
            let mut keys: Vec<usize> = schemas
                .iter()
                .map(|schema| self.lowering.resolve(*schema).key())
                .collect();
            keys.sort_unstable();
            keys.dedup();
            keys
        };
        let encoding = if depth == DEEPEST {
            self.encoding
        } else {
            self.encoding.inner()
        };
        let question = (keys(small), keys(large), mode, encoding);
        // A question that recurs concerns a part of the value, so it may be assumed to hold, by induction.
        if self.proven.contains(&question) || self.open.contains(&question) {
            return true;
        }
        let Some(depth) = depth.checked_sub(1) else {
            return false;
        };
        if self.fuel == 0 || self.unproven.contains(&question) {
            return false;
        }
        self.fuel -= 1;
        self.open.insert(question.clone());
        let before = self.order.len();
        let is_proven = self.branches_in(small, large, (mode, encoding), depth);
        self.open.remove(&question);
        if is_proven {
            self.order.push(question.clone());
            self.proven.insert(question);
        } else {
            // Proofs that were found in the meantime may rest on the assumed answer.
            for assumed in self.order.drain(before..) {
                self.proven.remove(&assumed);
            }
            if self.fuel > 0 && depth > 0 {
                self.unproven.insert(question);
            }
        }
        is_proven
    }

    fn branches_in(
        &mut self,
        small: &[Schema<'a>],
        large: &[Schema<'a>],
        (mode, encoding): (Mode, Encoding),
        depth: usize,
    ) -> bool {
        let Some(branches) = self.lowering.branches(small, Reading::Wide) else {
            return false;
        };
        let Some(targets) = self.lowering.branches(large, Reading::Narrow) else {
            return false;
        };
        // A value may match one alternative, but have a property that only another alternative declares.
        let names = |branches: &[Branch<'a>]| -> BTreeSet<&'a str> {
            branches
                .iter()
                .flat_map(|branch| branch.properties.keys().copied())
                .collect()
        };
        let mut known = names(&branches);
        if branches.len() > 1 && branches.iter().any(|branch| !branch.further.is_empty()) {
            known.extend(names(&targets));
        }
        branches.iter().all(|branch| {
            let mut same_kind = targets.iter().filter(|target| target.kind == branch.kind);
            same_kind.any(|target| self.within(branch, target, &known, mode, depth))
                || self.values_in(branch, small, large, encoding)
                || self.strings_in(branch, &targets)
                || self.text_in(branch, small, &targets, (mode, encoding), depth)
        })
    }

    /// Checks whether a branch has only a few values, all of which the schemas allow.
    fn values_in(
        &mut self,
        branch: &Branch<'a>,
        small: &[Schema<'a>],
        large: &[Schema<'a>],
        encoding: Encoding,
    ) -> bool {
        finite(branch).is_some_and(|values| {
            values
                .iter()
                .all(|value| self.allows_value(large, value, encoding) || self.excludes(small, value))
        })
    }

    /// Checks whether every string of a branch belongs to another branch, as far as patterns, lengths and
    /// listed values show it.
    fn strings_in(&mut self, branch: &Branch<'a>, targets: &[Branch<'a>]) -> bool {
        let targets: Vec<&Branch<'a>> = targets
            .iter()
            .filter(|target| target.kind == Kind::String)
            .collect();
        self.search_strings(branch, &targets) == Search::Nothing
    }

    /// The number of values that the schemas allow; `None` unless it is known to be small.
    fn count(&mut self, schemas: &[Schema<'a>]) -> Option<u64> {
        let branches = self.lowering.branches(schemas, Reading::Wide)?;
        let counts = branches.iter().map(|branch| Some(finite(branch)?.len() as u64));
        counts.sum()
    }

    /// Checks whether schemas certainly reject a value that a schema among them lists. Services do not check
    /// the formats of listed values.
    fn excludes(&mut self, schemas: &[Schema<'a>], value: &Value) -> bool {
        self.knows_formats = false;
        let truth = self.allows(schemas, value, false);
        self.knows_formats = true;
        truth == Truth::No
    }

    /// Checks whether every value of one branch is a value of another branch of the same type.
    fn within(
        &mut self,
        small: &Branch<'a>,
        large: &Branch<'a>,
        known: &BTreeSet<&'a str>,
        mode: Mode,
        depth: usize,
    ) -> bool {
        if large.values.is_some()
            || !large.opaque.is_subset(&small.opaque)
            || large.representation != small.representation
        {
            return false;
        }
        let is_in = match small.kind {
            Kind::Null | Kind::Boolean => true,
            Kind::Number => numbers_within(small, large),
            Kind::String => {
                counts_within(small, large)
                    && large.patterns.is_subset(&small.patterns)
                    && large.formats.is_subset(&small.formats)
            }
            Kind::Array => {
                let mut small = small.clone();
                if small.has_unique_items && large.most.is_some() {
                    small.most = small.most.into_iter().chain(self.count(&small.items)).min();
                }
                let small = &small;
                counts_within(small, large)
                    && (!large.has_unique_items
                        || small.has_unique_items
                        || small.most.is_some_and(|most| most < 2))
                    && (small.most == Some(0) || self.all_in(&small.items, &large.items, mode, depth))
            }
            Kind::Object => self.object_within(small, large, known, mode, depth),
        };
        is_in && large.not.iter().all(|not| self.avoids(small, *not, depth))
    }

    fn object_within(
        &mut self,
        small: &Branch<'a>,
        large: &Branch<'a>,
        known: &BTreeSet<&'a str>,
        mode: Mode,
        depth: usize,
    ) -> bool {
        let is_closed = small.further.iter().any(Schema::is_nothing);
        let least = small.least.max(small.required.len() as u64);
        let declared = is_closed.then_some(small.properties.len() as u64);
        let most = small.most.into_iter().chain(declared).min();
        if !large.required.is_subset(&small.required)
            || least < large.least
            || large
                .most
                .is_some_and(|limit| most.is_none_or(|most| most > limit))
        {
            return false;
        }
        let old_is_small = self.lowering.old_is_small();
        for name in names(&small.properties, &large.properties) {
            let [in_small, in_large] = [small, large].map(|branch| branch.properties.contains_key(name));
            let is_required = small.required.contains(name);
            let is_kept = if old_is_small {
                in_large || !in_small || !large.further.is_empty()
            } else {
                (in_small && !small.forbids(name))
                    || !in_large
                    || large.unsent.contains(name)
                    || (!in_small && !small.further.is_empty() && !small.forbids(name))
            };
            if small.unsent.contains(name) {
                continue;
            }
            if mode == Mode::Declared && !is_kept {
                return false;
            }
            if small.forbids(name) {
                continue;
            }
            if !known.contains(name) && !is_required && small.further.is_empty() && mode != Mode::All {
                continue;
            }
            let schemas = small.properties.get(name).unwrap_or(&small.further);
            let targets = large.properties.get(name).unwrap_or(&large.further);
            if !self.all_in(schemas, targets, mode, depth) {
                return false;
            }
        }
        is_closed || self.all_in(&small.further, &large.further, mode, depth)
    }

    /// Checks whether no value of the branch matches a schema.
    fn avoids(&mut self, branch: &Branch<'a>, not: Schema<'a>, depth: usize) -> bool {
        let Some(excluded) = self.lowering.branches(&[not], Reading::Wide) else {
            return branch.not.contains(&not);
        };
        let lacks = |other: &Branch<'a>| other.required.iter().any(|name| branch.forbids(name));
        if excluded
            .iter()
            .all(|other| other.kind != branch.kind || (branch.kind == Kind::Object && lacks(other)))
        {
            return true;
        }
        // The smaller schema must exclude more values. This question concerns the value itself, so induction
        // does not apply.
        branch.not.iter().any(|known| {
            let open = std::mem::take(&mut self.open);
            let proven = std::mem::take(&mut self.proven);
            let order = std::mem::take(&mut self.order);
            let is_in = self.all_in(&[not], &[*known], Mode::All, depth);
            (self.open, self.proven, self.order) = (open, proven, order);
            is_in
        })
    }
}

fn counts_within(small: &Branch<'_>, large: &Branch<'_>) -> bool {
    small.least >= large.least
        && large
            .most
            .is_none_or(|limit| small.most.is_some_and(|most| most <= limit))
}

fn numbers_within(small: &Branch<'_>, large: &Branch<'_>) -> bool {
    let one = Decimal::whole(1);
    let is_whole = small.has_whole_numbers();
    let is_above = |small: Option<Bound>, large: Option<Bound>| {
        large.is_none_or(|large| small.is_some_and(|small| small.is_at_least(large)))
    };
    (is_whole || !large.is_whole)
        && is_above(small.minimum(), large.minimum())
        && is_above(small.negated_maximum(), large.negated_maximum())
        && large.formats.is_subset(&small.formats)
        && large.multiples.iter().all(|of| {
            small.multiples.iter().any(|number| number.is_multiple_of(*of))
                || (is_whole && one.is_multiple_of(*of))
        })
}

/// The values of a branch, if they are few.
fn finite(branch: &Branch<'_>) -> Option<Vec<Value>> {
    /// Maximum number of values that are not listed.
    const MOST: usize = 64;
    match (&branch.values, branch.kind) {
        (Some(values), _) => Some(values.iter().copied().cloned().collect()),
        (None, Kind::Null) => Some(vec![Value::Null]),
        (None, Kind::Boolean) => Some(vec![false.into(), true.into()]),
        (None, Kind::Number) => branch.whole_numbers(MOST),
        _ => None,
    }
}

fn has_reference(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.contains_key("$ref") || members.values().any(has_reference),
        Value::Array(entries) => entries.iter().any(has_reference),
        _ => false,
    }
}
