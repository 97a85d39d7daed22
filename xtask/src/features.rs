//! Cargo features of the generated crate, compared with the inferred groups of the document.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// Feature that enables all groups.
const ALL: &str = "undocumented";

/// Feature that each group enables.
const EACH: &str = "_inferred";

/// Fix for each problem with the features.
pub(crate) const FIX: &str =
    "edit [features] in generated/Cargo.toml until `cargo xtask check` reports nothing";

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    features: BTreeMap<String, Vec<String>>,
}

/// Describes how the features of `manifest` differ from `expected`, if they do.
pub(crate) fn problem(manifest: Option<&str>, expected: &[String]) -> Option<String> {
    let manifest = match manifest {
        Some(text) => match toml::from_str::<Manifest>(text) {
            Ok(manifest) => manifest,
            Err(error) => return Some(format!("not a manifest: {}", error.message())),
        },
        None if expected.is_empty() => return None,
        None => return Some("missing; it must have a feature for each group".to_owned()),
    };
    let expected: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
    let groups = manifest
        .features
        .iter()
        .filter(|(_, enables)| enables.iter().any(|feature| feature == EACH));
    let groups: BTreeSet<&str> = groups.map(|(name, _)| name.as_str()).collect();
    let listed = manifest.features.get(ALL).into_iter().flatten();
    let listed: BTreeSet<&str> = listed.map(String::as_str).collect();
    let differences = [
        ("features are missing:", &expected - &groups),
        ("features without a group in the document:", &groups - &expected),
        ("`undocumented` must include", &expected - &listed),
        ("`undocumented` must not include", &listed - &expected),
    ];
    let messages: Vec<String> = differences
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(message, names)| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            format!("{message} {}", names.join(", "))
        })
        .collect();
    (!messages.is_empty()).then(|| messages.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem_of(manifest: &str) -> Option<String> {
        problem(Some(manifest), &["pages".to_owned(), "user".to_owned()])
    }

    #[test]
    fn the_features_are_the_groups() {
        let manifest = "[features]\ntls = []\nundocumented = ['pages', 'user']\npages = ['_inferred']\n\
                        user = ['_inferred']\n_inferred = []";
        assert_eq!(problem_of(manifest), None);
        assert_eq!(problem(None, &[]), None);
        assert_eq!(problem(Some("[package]\nname = 'x'"), &[]), None);
    }

    #[test]
    fn missing_and_superfluous_features_are_named() {
        let manifest =
            "[features]\nundocumented = ['pages', 'tls']\npages = ['_inferred']\nold = ['_inferred']";
        assert_eq!(
            problem_of(manifest).unwrap(),
            "features are missing: `user`; features without a group in the document: `old`; \
             `undocumented` must include `user`; `undocumented` must not include `tls`"
        );
        let message = problem_of("features = 3").unwrap();
        assert!(message.starts_with("not a manifest: "), "{message}");
        assert!(problem(None, &["pages".to_owned()]).is_some());
    }
}
