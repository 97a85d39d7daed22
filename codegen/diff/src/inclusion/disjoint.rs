//! Proofs that a branch (the values of one JSON type that a schema allows) has no value in common with
//! another schema.

use std::{collections::BTreeSet, mem};

use serde_json::Value;

use super::{
    branch::{Branch, Kind},
    decide::{Terms, finite, is_unsent},
    evaluate::Truth,
    nullable::Width,
    pattern::Search,
    prover::{Mode, Prover},
    schema::Schema,
};
use crate::level::Encoding;

impl<'a> Prover<'a> {
    /// Checks whether no value of the branch matches the schema `not`. `known` has the names of the
    /// properties that values may have; with `None`, values may have any properties.
    pub(super) fn avoids(
        &mut self,
        branch: &Branch<'a>,
        not: Schema<'a>,
        known: Option<&BTreeSet<&'a str>>,
        depth: usize,
    ) -> bool {
        if branch.excluded().any(|known| known == not) {
            return true;
        }
        if depth == 0 || self.fuel == 0 || self.encoding != Encoding::Typed {
            return false;
        }
        let depth = depth - 1;
        self.fuel -= 1;
        // The branch may exclude a schema that includes `not`. This question is about the value itself, not
        // about a part of the value. So the answers that are assumed for open questions do not apply.
        let open = mem::take(&mut self.open);
        let terms = Terms {
            depth,
            ..self.terms(Mode::All)
        };
        let mut known_excluded = branch.excluded();
        let is_known = known_excluded.any(|known| self.all_in(&[not], &[known], terms));
        self.open = open;
        if is_known {
            return true;
        }
        let reading = self.reading(Width::Wide);
        let Some(excluded) = self.lowering.branches(&[not], reading) else {
            return false;
        };
        let mut restricted = branch.clone();
        let excluded = excluded.iter().filter(|other| other.kind == branch.kind);
        for name in excluded.flat_map(|other| &other.required) {
            if known.is_some_and(|known| is_unsent(branch, name, known)) && !branch.properties.is_empty() {
                restricted.absent.insert(name);
            }
        }
        let common = self.lowering.restrict(vec![restricted], &[not], reading);
        common.is_some_and(|common| common.iter().all(|branch| self.is_impossible(branch, depth)))
    }

    /// Checks whether a branch certainly has no value.
    pub(super) fn is_impossible(&mut self, branch: &Branch<'a>, depth: usize) -> bool {
        if depth == 0 || self.fuel == 0 {
            return false;
        }
        let depth = depth - 1;
        self.fuel -= 1;
        let is_rejected = |value: &Value| self.branch_allows(branch, value, self.one_of) == Truth::No;
        if finite(branch).is_some_and(|values| values.iter().all(is_rejected)) {
            return true;
        }
        let mut has_no_value = |schemas: &[Schema<'a>]| {
            let branches = self.lowering.branches(schemas, self.reading(Width::Wide));
            branches.is_some_and(|branches| branches.iter().all(|branch| self.is_impossible(branch, depth)))
        };
        let lacks_part = match branch.kind {
            Kind::Object => {
                let mut required = branch.required.iter();
                required.any(|name| has_no_value(&branch.property(name)))
            }
            Kind::Array => {
                let least = usize::try_from(branch.least).unwrap_or(usize::MAX);
                (0..least.min(branch.prefix.len() + 1)).any(|position| has_no_value(branch.item(position)))
            }
            _ => false,
        };
        if lacks_part || self.search_strings(branch, &[]) == Search::Nothing {
            return true;
        }
        let terms = self.terms(Mode::All).inner(branch.kind);
        let terms = Terms { depth, ..terms };
        branch.excluded().any(|not| {
            let targets = self.lowering.branches(&[not], self.reading(Width::Narrow));
            targets.is_some_and(|targets| {
                let mut targets = targets.iter().filter(|target| target.kind == branch.kind);
                targets.any(|target| self.within(branch, target, &BTreeSet::new(), terms))
            })
        })
    }
}
