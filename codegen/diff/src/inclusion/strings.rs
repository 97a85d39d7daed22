//! Proofs about strings: patterns, lengths and lists of values as automata.

use std::rc::Rc;

use super::{
    branch::{Branch, Kind},
    pattern::{Language, Search, search},
    prover::Prover,
};

/// Maximum length in an automaton.
const LONGEST: u64 = 256;

/// The languages whose intersection a branch of strings describes.
struct Intersection {
    all: Vec<Rc<Language>>,
    /// False if the branch also has constraints that are not in the languages.
    is_complete: bool,
}

impl Intersection {
    fn all(&self) -> Vec<&Language> {
        self.all.iter().map(|language| &**language).collect()
    }
}

impl<'a> Prover<'a> {
    /// Searches for a string of a branch that belongs to none of the other branches. If the branches have
    /// constraints that are not in the languages, the string still has to be checked.
    pub(super) fn search_strings(&mut self, branch: &Branch<'a>, targets: &[&Branch<'a>]) -> Search {
        let has_pattern = |branch: &Branch<'a>| !branch.patterns.is_empty();
        if branch.kind != Kind::String || !(has_pattern(branch) || targets.iter().any(|all| has_pattern(all)))
        {
            return Search::Unknown;
        }
        let mut small = self.intersection(branch);
        // Texts are valid UTF-8, even without a constraint.
        small.all.extend(self.lowering.languages.of_length(0, None));
        let larges: Vec<Intersection> = targets
            .iter()
            .filter(|target| {
                target.formats.is_subset(&branch.formats)
                    && target.representation == branch.representation
                    && target.excluded().next().is_none()
            })
            .map(|target| self.intersection(target))
            .filter(|target| target.is_complete)
            .collect();
        let others: Vec<Vec<&Language>> = larges.iter().map(Intersection::all).collect();
        search(&small.all(), &others)
    }

    fn intersection(&mut self, branch: &Branch<'a>) -> Intersection {
        let languages = &mut self.lowering.languages;
        let mut all: Vec<Option<Rc<Language>>> = branch
            .patterns
            .iter()
            .map(|pattern| languages.containing(pattern))
            .collect();
        if let Some(values) = &branch.values {
            all.push(languages.listing(values.iter().filter_map(|value| value.as_str())));
        }
        if branch.least > 0 || branch.most.is_some() {
            let is_small = branch.least <= LONGEST && branch.most.is_none_or(|most| most <= LONGEST);
            all.push(
                is_small
                    .then(|| languages.of_length(branch.least, branch.most))
                    .flatten(),
            );
        }
        Intersection {
            is_complete: all.iter().all(Option::is_some),
            all: all.into_iter().flatten().collect(),
        }
    }
}
