//! Proofs about strings. Patterns, lengths and lists of values are represented as automata. The *language* of
//! an automaton is the set of the strings that it accepts.

use std::rc::Rc;

use super::{
    branch::{Branch, Kind},
    pattern::{Language, Languages, Search, search},
    prover::Prover,
};

/// Largest `minLength` or `maxLength` that is represented as an automaton.
const LONGEST: u64 = 256;

impl<'a> Prover<'a> {
    /// Searches for a string of a branch that none of the targets (branches of the receiver's schema) allows.
    /// Automata do not represent all constraints: formats are missing, for example. So the caller must still
    /// check that the branch allows the string.
    pub(super) fn search_strings(&mut self, branch: &Branch<'a>, targets: &[&Branch<'a>]) -> Search {
        let has_pattern = |branch: &Branch<'a>| !branch.patterns.is_empty();
        if branch.kind != Kind::String || !(has_pattern(branch) || targets.iter().any(|all| has_pattern(all)))
        {
            return Search::Unknown;
        }
        let known = &mut self.lowering.languages;
        let small: Vec<_> = languages(known, branch, LONGEST).into_iter().flatten().collect();
        // This language ensures that strings are valid UTF-8, even if there is no constraint.
        let any = known.of_length(0, None);
        let small: Vec<&Language> = small.iter().chain(&any).map(|language| &**language).collect();
        let targets = targets.iter().filter(|target| {
            target.formats.is_subset(&branch.formats)
                && target.representation == branch.representation
                && target.excluded().next().is_none()
        });
        // A target is skipped if no automaton represents one of its constraints, because it may allow fewer
        // strings than its languages contain.
        let larges = targets.map(|target| languages(known, target, LONGEST).into_iter().collect());
        let larges: Vec<Option<Vec<Rc<Language>>>> = larges.collect();
        let larges = larges.iter().flatten();
        let larges = larges.map(|large| large.iter().map(|language| &**language).collect());
        search(&small, &larges.collect::<Vec<_>>())
    }
}

/// Returns the languages of a branch of strings: one for each pattern, for the list of values, and for the
/// length. The branch allows only strings that all these languages contain. An entry is `None` if no
/// automaton represents the constraint, for example because a length is above `longest`.
pub(super) fn languages(
    known: &mut Languages,
    branch: &Branch<'_>,
    longest: u64,
) -> Vec<Option<Rc<Language>>> {
    let patterns = branch.patterns.iter();
    let mut all: Vec<_> = patterns.map(|pattern| known.containing(pattern)).collect();
    if let Some(values) = &branch.values {
        all.push(known.listing(values.values().filter_map(|value| value.as_str())));
    }
    if branch.least > 0 || branch.most.is_some() {
        let is_short = branch.least.max(branch.most.unwrap_or_default()) <= longest;
        let length = is_short.then(|| known.of_length(branch.least, branch.most));
        all.push(length.flatten());
    }
    all
}
