//! The cargo features of the generated crate: are they those of the groups that the document deduces, and what do they promise?

use std::collections::{BTreeMap, BTreeSet};

use funnelflux_generator::api::{Entry, Surface};
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

/// The features that users name in their manifests, and which of them each brings along. A manifest that cannot be read is
/// told by [`problem`].
pub(crate) fn interface(manifest: Option<&str>) -> Surface {
    let manifest = manifest.and_then(|text| toml::from_str::<Manifest>(text).ok());
    let features = manifest.map(|manifest| manifest.features).unwrap_or_default();
    // An underscore says that nobody is to name it.
    let is_public = |name: &str| features.contains_key(name) && !name.starts_with('_');
    let mut interface = Surface::new();
    for (name, brings) in features.iter().filter(|(name, _)| is_public(name)) {
        interface.insert(format!("feature {name}"), Entry::default());
        for other in brings.iter().filter(|other| is_public(other)) {
            interface.insert(format!("feature {name} brings {other}"), Entry::default());
        }
    }
    interface
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
    fn the_features_that_users_name_are_part_of_the_interface() {
        let names = interface(Some(
            "[features]\ndefault = ['tls', '_all']\ntls = ['dep:rustls', 'reqwest/tls']\n_all = []",
        ));
        let names: Vec<String> = names.into_keys().collect();
        assert_eq!(
            names,
            ["feature default", "feature default brings tls", "feature tls"]
        );
        assert_eq!(interface(None), Surface::new());
        assert_eq!(interface(Some("features = 3")), Surface::new());
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
