//! Words of a description that bind a client.

use crate::diff::node::Node;
use std::collections::{BTreeMap, BTreeSet};

/// Words by which a description binds a client, or takes something back.
const OBLIGATIONS: [&str; 34] = [
    "must",
    "required",
    "requires",
    "require",
    "needed",
    "mandatory",
    "not",
    "never",
    "only",
    "cannot",
    "reserved",
    "forbidden",
    "refused",
    "rejected",
    "ignored",
    "overwritten",
    "deprecated",
    "obsolete",
    "removed",
    "instead",
    "unless",
    "except",
    "hidden",
    "masked",
    "placeholder",
    "secret",
    "internal",
    "unique",
    "immutable",
    "maximum",
    "minimum",
    "clamped",
    "limit",
    "limited",
];

/// The binding words that one text has and the other has not.
pub(super) fn obligations(old: Option<&Node<'_>>, new: Option<&Node<'_>>) -> Vec<String> {
    let words = |node: Option<&Node<'_>>| -> BTreeMap<String, usize> {
        let mut words = BTreeMap::new();
        let text = node
            .and_then(|node| node.value.as_str())
            .unwrap_or_default()
            .to_lowercase();
        for word in text.split(|character: char| !character.is_alphanumeric()) {
            if OBLIGATIONS.contains(&word)
                || (!word.is_empty() && word.chars().all(|character| character.is_ascii_digit()))
            {
                *words.entry(word.to_owned()).or_insert(0) += 1;
            }
        }
        words
    };
    let (before, after) = (words(old), words(new));
    let count = |words: &BTreeMap<String, usize>, word: &str| words.get(word).copied().unwrap_or(0);
    let all: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    all.into_iter()
        .filter_map(
            |word| match count(&after, word).cmp(&count(&before, word)) {
                std::cmp::Ordering::Greater => Some(format!("more “{word}”")),
                std::cmp::Ordering::Less => Some(format!("less “{word}”")),
                std::cmp::Ordering::Equal => None,
            },
        )
        .collect()
}
