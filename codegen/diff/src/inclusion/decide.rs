//! Proves inclusion by comparing the structure of two schemas.
//!
//! `small` is always the sender's schema or one of its branches, and `large` is the receiver's schema or one
//! of its branches. A *target* is a branch of the receiver's schema. Inclusion is proven if the targets allow
//! every value of each branch of the sender's schema.

use std::{collections::BTreeSet, rc::Rc};

use serde_json::Value;

use super::{
    branch::{Bound, Branch, Contains, Kind, NameRule},
    decimal::Decimal,
    evaluate::Truth,
    keywords::names,
    lower::OneOf,
    nullable::Width,
    pattern::{Language, Search, search},
    prover::{Mode, Prover},
    schema::{Pair, Schema},
};
use crate::level::Encoding;

/// Maximum number of steps for one question about inclusion.
const FUEL: usize = 20_000;

/// Maximum depth to which properties and items are followed.
const DEEPEST: usize = 40;

/// Maximum depth of splits: a branch is split into cases, its cases into further cases, and so on.
const MOST_CASES: usize = 4;

/// Maximum number of patterns for names of undeclared properties. If there are more, there is no proof.
const MOST_PATTERNS: usize = 5;

/// Conditions of a question about inclusion: its mode, the encoding of the values, and the remaining depth.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    pub mode: Mode,
    pub encoding: Encoding,
    pub depth: usize,
}

impl Terms {
    /// Returns the terms for the items or properties of a value of this kind.
    pub(super) fn inner(self, kind: Kind) -> Self {
        let encoding = self.encoding.inner(kind == Kind::Array);
        Self { encoding, ..self }
    }
}

/// The question of whether `large` includes `small`, which is decided separately for each branch of `small`.
#[derive(Clone, Copy)]
pub(super) struct Context<'q, 'a> {
    pub small: &'q [Schema<'a>],
    /// Schemas of the receiver.
    large: &'q [Schema<'a>],
    /// Branches of `large`.
    pub targets: &'q [Branch<'a>],
    /// Names of properties that the sender may send, even if the current branch does not declare them.
    known: &'q BTreeSet<&'a str>,
    pub terms: Terms,
}

impl<'a> Prover<'a> {
    /// Checks whether every value of `small` is also a value of `large`. False means only that no proof was
    /// found.
    pub(crate) fn includes(&mut self, (small, large): Pair<'a>, mode: Mode) -> bool {
        self.fuel = FUEL;
        self.open.clear();
        self.all_in(&[small], &[large], self.terms(mode))
    }

    /// Checks inclusion like `includes`, but for an item or a property. Its value must match all schemas of a
    /// list.
    pub(super) fn includes_all(&mut self, small: &[Schema<'a>], large: &[Schema<'a>]) -> bool {
        self.all_in(small, large, self.terms(Mode::Sent))
    }

    /// Returns the terms for a whole value.
    pub(super) fn terms(&self, mode: Mode) -> Terms {
        let (encoding, depth) = (self.encoding, DEEPEST);
        Terms {
            mode,
            encoding,
            depth,
        }
    }

    pub(super) fn all_in(&mut self, small: &[Schema<'a>], large: &[Schema<'a>], terms: Terms) -> bool {
        if large.iter().all(|schema| small.contains(schema)) || small.iter().any(Schema::is_nothing) {
            return true;
        }
        if let ([small], [large]) = (small, large)
            && small.value == large.value
            && !has_reference(small.value)
        {
            return true;
        }
        let keys = |schemas: &[Schema<'a>]| schemas.iter().map(|schema| self.lowering.key(*schema)).collect();
        let question = (keys(small), keys(large), terms.mode, terms.encoding);
        // If a question occurs again inside itself, the inner question is about a part of the value. So a yes
        // may be assumed as its answer, by induction.
        if self.proven.contains(&question) || self.open.contains(&question) {
            return true;
        }
        if terms.depth == 0 || self.fuel == 0 || self.unproven.contains(&question) {
            return false;
        }
        let depth = terms.depth - 1;
        self.fuel -= 1;
        self.open.insert(question.clone());
        let before = self.order.len();
        let is_proven = self.branches_in(small, large, Terms { depth, ..terms });
        self.open.remove(&question);
        if is_proven {
            self.order.push(question.clone());
            self.proven.insert(question);
        } else {
            // Proofs that were found in the meantime may depend on the assumed answer.
            for assumed in self.order.drain(before..) {
                self.proven.remove(&assumed);
            }
            if self.fuel > 0 && depth > 0 {
                self.unproven.insert(question);
            }
        }
        is_proven
    }

    fn branches_in(&mut self, small: &[Schema<'a>], large: &[Schema<'a>], terms: Terms) -> bool {
        let (Some(branches), Some(targets)) = (
            self.lowering.branches(small, self.reading(Width::Wide)),
            self.lowering.branches(large, self.reading(Width::Narrow)),
        ) else {
            return false;
        };
        // A value that matches one alternative may have a property that only another alternative declares.
        let names = |branch: &Branch<'a>| branch.properties.keys().copied().collect::<Vec<_>>();
        let mut known: BTreeSet<&'a str> = branches.iter().flat_map(names).collect();
        if branches.len() > 1 && branches.iter().any(|branch| !branch.further.is_empty()) {
            known.extend(targets.iter().flat_map(names));
        }
        let context = Context {
            small,
            large,
            targets: &targets,
            known: &known,
            terms,
        };
        let mut branches = branches.iter();
        branches.all(|branch| self.branch_in(branch, context, MOST_CASES))
    }

    /// Checks whether the receiver's schemas allow every value of a branch of the sender's schemas. The
    /// branch may be split into cases at most `most` levels deep.
    fn branch_in(&mut self, branch: &Branch<'a>, context: Context<'_, 'a>, most: usize) -> bool {
        let targets = context.targets.iter().filter(|target| target.kind == branch.kind);
        let targets: Vec<&Branch<'a>> = targets.collect();
        let terms = context.terms.inner(branch.kind);
        if targets
            .iter()
            .any(|target| self.within(branch, target, context.known, terms))
            || self.values_in(branch, context)
            // Patterns, lengths and listed values may prove that a target allows each string.
            || self.search_strings(branch, &targets) == Search::Nothing
            || self.text_in(branch, context)
            || self.is_impossible(branch, context.terms.depth)
        {
            return true;
        }
        if most == 0 || self.fuel == 0 || !matches!(context.terms.encoding, Encoding::Typed | Encoding::Form)
        {
            return false;
        }
        self.fuel -= 1;
        let cases = self.cases(branch, &targets, context);
        cases.is_some_and(|cases| {
            let mut cases = cases.iter();
            cases.all(|case| self.branch_in(case, context, most - 1))
        })
    }

    /// Splits a branch of the sender's schema into cases. The first choice is a property that a target
    /// requires or forbids, but the branch does not: one case has the values without the property, and the
    /// other case has the values with it. The second choice is a `not` of a target: one part has the values
    /// that the `not` rejects, and the other part has the remaining values. `targets` are the targets that
    /// have the type of the branch. Returns `None` if no split applies.
    fn cases(
        &mut self,
        branch: &Branch<'a>,
        targets: &[&Branch<'a>],
        context: Context<'_, 'a>,
    ) -> Option<Vec<Branch<'a>>> {
        let differs = |name: &&'a str| {
            let is_open = !branch.required.contains(name) && !branch.forbids(name);
            is_open && !branch.unsent.contains(name)
        };
        let names = targets.iter();
        let names = names.flat_map(|target| target.required.iter().chain(&target.absent));
        if let Some(name) = names.copied().find(differs).filter(|_| targets.len() > 1) {
            let mut absent = branch.clone();
            absent.absent.insert(name);
            let mut cases = vec![absent];
            let is_map = branch.properties.is_empty();
            if context.terms.mode == Mode::All || is_map || !is_unsent(branch, name, context.known) {
                let mut present = branch.clone();
                present.required.insert(name);
                cases.push(present);
            }
            return Some(cases);
        }
        let mut not = targets.iter().flat_map(|target| target.excluded());
        let not = not.find(|not| branch.excluded().all(|known| known != *not))?;
        let reading = self.reading(Width::Wide);
        let mut cases = self.lowering.restrict(vec![branch.clone()], &[not], reading)?;
        let mut other = branch.clone();
        other.not.push(not);
        cases.push(other);
        Some(cases)
    }

    /// Checks a branch with few values, such as an `enum`, value by value. The receiver's schemas must allow
    /// each value, unless the sender's schemas reject it. Returns false if the values of the branch cannot be
    /// listed.
    fn values_in(&mut self, branch: &Branch<'a>, context: Context<'_, 'a>) -> bool {
        let is_in = |value: &Value| {
            self.allows_value(context.large, value, context.terms.encoding)
                || self.excludes(context.small, value)
        };
        finite(branch).is_some_and(|values| values.iter().all(is_in))
    }

    /// Returns the maximum number of values that the schemas allow, or `None` if these values cannot be
    /// listed.
    fn count(&mut self, schemas: &[Schema<'a>]) -> Option<u64> {
        let branches = self.lowering.branches(schemas, self.reading(Width::Wide))?;
        let counts = branches.iter().map(|branch| Some(finite(branch)?.len() as u64));
        counts.sum()
    }

    /// Checks whether schemas certainly reject a value. Formats are ignored: the value may be in the `enum`
    /// of one of the schemas, and services do not check the formats of such values.
    fn excludes(&mut self, schemas: &[Schema<'a>], value: &Value) -> bool {
        self.knows_formats = false;
        let truth = self.allows(schemas, value, OneOf::Any);
        self.knows_formats = true;
        truth == Truth::No
    }

    /// Checks whether every value of one branch is a value of another branch of the same type.
    pub(super) fn within(
        &mut self,
        small: &Branch<'a>,
        large: &Branch<'a>,
        known: &BTreeSet<&'a str>,
        terms: Terms,
    ) -> bool {
        if large.values.is_some() || large.representation != small.representation {
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
            Kind::Array => self.array_within(small, large, terms),
            Kind::Object => self.object_within(small, large, known, terms),
        };
        // A property that a `not` mentions is meant to be absent, even if no schema declares it.
        is_in
            && large
                .not
                .iter()
                .all(|not| self.avoids(small, *not, None, terms.depth))
            && large.others.iter().all(|other| {
                let known = (terms.mode != Mode::All).then_some(known);
                self.avoids(small, *other, known, terms.depth)
            })
    }

    fn array_within(&mut self, small: &Branch<'a>, large: &Branch<'a>, terms: Terms) -> bool {
        let mut small = small.clone();
        small.most = small.longest();
        if small.has_unique_items && small.prefix.is_empty() && large.most.is_some() {
            small.most = small.most.into_iter().chain(self.count(&small.items)).min();
        }
        let small = &small;
        let first = small.prefix.len().max(large.prefix.len());
        counts_within(small, large)
            && (!large.has_unique_items
                || small.has_unique_items
                || small.most.is_some_and(|most| most < 2))
            // The last position stands for all later positions.
            && (0..=first).all(|position| {
                small.most.is_some_and(|most| most <= position as u64)
                    || self.all_in(small.item(position), large.item(position), terms)
            })
            && large
                .contains
                .iter()
                .all(|contains| self.contains_within(small, contains, terms))
    }

    /// Checks whether every array of the branch `small` satisfies the constraint `large`, which limits the
    /// number of items that match a schema.
    fn contains_within(&mut self, small: &Branch<'a>, large: &Contains<'a>, terms: Terms) -> bool {
        let schema = &[large.schema];
        let has_enough = large.least == 0
            || small
                .contains
                .iter()
                .any(|known| known.least >= large.least && self.all_in(&[known.schema], schema, terms))
            || (small.least >= large.least
                && (0..=small.prefix.len()).all(|position| self.all_in(small.item(position), schema, terms)));
        // An upper limit requires inclusion in the opposite direction, so the proof must cover all values,
        // not only values that are sent.
        let mode = Mode::All;
        has_enough
            && large.most.is_none_or(|limit| {
                small.most.is_some_and(|most| most <= limit)
                    || small.contains.iter().any(|known| {
                        known.most.is_some_and(|most| most <= limit)
                            && self.all_in(schema, &[known.schema], Terms { mode, ..terms })
                    })
            })
    }

    fn object_within(
        &mut self,
        small: &Branch<'a>,
        large: &Branch<'a>,
        known: &BTreeSet<&'a str>,
        terms: Terms,
    ) -> bool {
        let is_closed = small.further.iter().any(Schema::is_nothing);
        let least = small.least.max(small.required.len() as u64);
        let declared = is_closed.then_some(small.properties.len() as u64);
        let most = small.most.into_iter().chain(declared).min();
        let is_most = |limit: u64| most.is_some_and(|most| most <= limit);
        if !large.required.is_subset(&small.required)
            || least < large.least
            || !large.most.is_none_or(is_most)
        {
            return false;
        }
        let old_is_small = self.lowering.old_is_small();
        let further_names: BTreeSet<&'a str> = small.absent.union(&large.absent).copied().collect();
        let names = names(&small.properties, &large.properties);
        for name in names.iter().copied().chain(further_names) {
            let [in_small, in_large] = [small, large].map(|branch| branch.properties.contains_key(name));
            let is_removed = in_small && small.property(name).iter().any(Schema::is_nothing);
            let is_kept = if old_is_small {
                in_large || !in_small || !large.further.is_empty()
            } else {
                (in_small && !is_removed)
                    || !in_large
                    || large.unsent.contains(name)
                    || (!in_small && !small.further.is_empty() && !small.forbids(name))
            };
            if small.unsent.contains(name) {
                continue;
            }
            if terms.mode == Mode::Declared && !is_kept {
                return false;
            }
            let is_excluded = large.absent.contains(name);
            // An object that declares no properties may have any property.
            let is_map = is_excluded && small.properties.is_empty();
            let is_unsent = terms.mode != Mode::All && !is_map && is_unsent(small, name, known);
            if small.forbids(name) || is_unsent {
                continue;
            }
            if is_excluded || !self.all_in(&small.property(name), &large.property(name), terms) {
                return false;
            }
        }
        is_closed || self.undeclared_within(small, large, &names, terms)
    }

    /// Checks inclusion of the properties that neither branch declares. The schemas of such a property depend
    /// on the patterns that its name matches, so each combination of patterns is checked.
    fn undeclared_within(
        &mut self,
        small: &Branch<'a>,
        large: &Branch<'a>,
        names: &BTreeSet<&'a str>,
        terms: Terms,
    ) -> bool {
        let mut patterns: Vec<&Rc<Language>> = Vec::new();
        let rules = small.names.iter().chain(&large.names);
        for pattern in rules.flat_map(|rule| &rule.patterns) {
            if !patterns.iter().any(|known| known.is_same(pattern)) {
                patterns.push(pattern);
            }
        }
        if patterns.len() > MOST_PATTERNS {
            return false;
        }
        // If there are no patterns, the declared names do not matter.
        let languages = &mut self.lowering.languages;
        let declared = languages.listing(names.iter().copied().filter(|_| !patterns.is_empty()));
        (0..1_usize << patterns.len()).all(|chosen| {
            let mut inside: Vec<&Language> = Vec::new();
            let mut outside: Vec<Vec<&Language>> = declared.iter().map(|names| vec![&**names]).collect();
            for (index, pattern) in patterns.iter().enumerate() {
                if chosen & (1 << index) == 0 {
                    outside.push(vec![pattern]);
                } else {
                    inside.push(pattern);
                }
            }
            let matches = |pattern: &Rc<Language>| inside.iter().any(|known| known.is_same(pattern));
            let schemas = [small, large].map(|branch| branch.undeclared(matches));
            let [schemas, targets] = &schemas;
            self.all_in(schemas, targets, terms)
                || (!inside.is_empty() && search(&inside, &outside) == Search::Nothing)
        })
    }
}

/// Returns true if the sender's schema does not mention the property `name`, so that messages never contain
/// it. `branch` belongs to the sender's schema.
pub(super) fn is_unsent<'a>(branch: &Branch<'a>, name: &str, known: &BTreeSet<&'a str>) -> bool {
    let is_described = |rule: &NameRule<'a>| rule.is_match && rule.concerns(|pattern| pattern.contains(name));
    !known.contains(name)
        && !branch.required.contains(name)
        && !branch.names.iter().any(is_described)
        && branch.property(name).is_empty()
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

/// Returns the values of a branch if the schema lists them, or if there are only a few (such as the integers
/// from 1 to 5). Otherwise returns `None`.
pub(super) fn finite(branch: &Branch<'_>) -> Option<Vec<Value>> {
    /// Maximum number of values if the schema does not list them.
    const MOST: usize = 64;
    match (&branch.values, branch.kind) {
        (Some(values), _) => Some(values.values().copied().cloned().collect()),
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
