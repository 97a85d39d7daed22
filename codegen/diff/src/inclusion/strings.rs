//! Proofs about strings: patterns, lengths and lists of values as automata.

use std::rc::Rc;

use super::{
    branch::{Branch, Kind},
    pattern::{Language, Pattern, Search, search},
    prover::Prover,
};

/// Maximum length in an automaton.
const LONGEST: u64 = 256;

/// The languages whose intersection a branch of strings describes.
struct Languages {
    patterns: Vec<Rc<Pattern>>,
    others: Vec<Language>,
    /// False if the branch also has constraints that are not in the languages.
    is_complete: bool,
}

impl Languages {
    fn all(&self) -> Vec<&Language> {
        let patterns = self
            .patterns
            .iter()
            .filter_map(|pattern| pattern.language.as_ref());
        patterns.chain(&self.others).collect()
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
        let mut small = self.languages(branch);
        // Texts are valid UTF-8, even without a constraint.
        small.others.extend(Language::of_length(0, None));
        let larges: Vec<Languages> = targets
            .iter()
            .filter(|target| {
                target.formats.is_subset(&branch.formats)
                    && target.representation == branch.representation
                    && target.excluded().next().is_none()
            })
            .map(|target| self.languages(target))
            .filter(|languages| languages.is_complete)
            .collect();
        let others: Vec<Vec<&Language>> = larges.iter().map(Languages::all).collect();
        search(&small.all(), &others)
    }

    fn languages(&mut self, branch: &Branch<'a>) -> Languages {
        let patterns: Vec<Rc<Pattern>> = branch
            .patterns
            .iter()
            .map(|pattern| self.pattern(pattern))
            .collect();
        let mut is_complete = patterns.iter().all(|pattern| pattern.language.is_some());
        let mut others = Vec::new();
        let mut add = |language: Option<Language>| {
            is_complete &= language.is_some();
            others.extend(language);
        };
        if let Some(values) = &branch.values {
            add(Language::listing(
                values.iter().filter_map(|value| value.as_str()),
            ));
        }
        if branch.least > 0 || branch.most.is_some() {
            let is_small = branch.least <= LONGEST && branch.most.is_none_or(|most| most <= LONGEST);
            add(Some(branch)
                .filter(|_| is_small)
                .and_then(|branch| Language::of_length(branch.least, branch.most)));
        }
        Languages {
            patterns,
            others,
            is_complete,
        }
    }
}
