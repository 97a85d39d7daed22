//! Are the cargo features of the generated crate those of the groups that the document deduces?

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// The feature that has all groups in it.
const ALL: &str = "undocumented";

/// The feature that each group sets.
const EACH: &str = "_deduced";

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    features: BTreeMap<String, Vec<String>>,
}

/// What is wrong with the features of `manifest`, if anything.
pub(crate) fn problem(manifest: Option<&str>, wanted: &[String]) -> Option<String> {
    let manifest = match manifest {
        Some(text) => match toml::from_str::<Manifest>(text) {
            Ok(manifest) => manifest,
            Err(error) => return Some(format!("not a manifest: {}", error.message())),
        },
        None if wanted.is_empty() => return None,
        None => return Some("missing: it has a feature for each group".to_owned()),
    };
    let wanted: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
    let groups: BTreeSet<&str> = manifest
        .features
        .iter()
        .filter(|(_, sets)| sets.iter().any(|feature| feature == EACH))
        .map(|(name, _)| name.as_str())
        .collect();
    let listed: BTreeSet<&str> = manifest
        .features
        .get(ALL)
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let mut wrong = Vec::new();
    let mut say = |names: Vec<&&str>, what: &str| {
        if !names.is_empty() {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            wrong.push(format!("{what} {}", names.join(", ")));
        }
    };
    let missing = "it lacks a feature (with `_deduced` in it) for the group";
    say(wanted.difference(&groups).collect(), missing);
    say(
        groups.difference(&wanted).collect(),
        "the document has no group for the feature",
    );
    say(wanted.difference(&listed).collect(), "`undocumented` lacks");
    say(
        listed.difference(&wanted).collect(),
        "`undocumented` has no business with",
    );
    (!wrong.is_empty()).then(|| format!("features: {}", wrong.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem_of(manifest: &str) -> Option<String> {
        problem(Some(manifest), &["pages".to_owned(), "user".to_owned()])
    }

    #[test]
    fn the_features_are_the_groups() {
        let right = "[features]\ntls = []\nundocumented = ['pages', 'user']\npages = ['_deduced']\n\
                     user = ['_deduced']\n_deduced = []";
        assert_eq!(problem_of(right), None);
        assert_eq!(problem(None, &[]), None);
        assert_eq!(problem(Some("[package]\nname = 'x'"), &[]), None);
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        insta::assert_snapshot!(
            problem_of("[features]\nundocumented = ['pages', 'tls']\npages = ['_deduced']\nold = ['_deduced']").unwrap(),
            @"features: it lacks a feature (with `_deduced` in it) for the group `user`; the document has no group for the feature `old`; `undocumented` lacks `user`; `undocumented` has no business with `tls`"
        );
        assert!(
            problem_of("features = 3")
                .unwrap()
                .starts_with("not a manifest: ")
        );
        assert!(problem(None, &["pages".to_owned()]).is_some());
    }
}
