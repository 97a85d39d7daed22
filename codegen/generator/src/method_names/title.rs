//! Parses the titles of operations.

use funnelflux_openapi::operations::Operation;

pub(super) fn title(operation: &Operation<'_>) -> String {
    trimmed(operation.title()).to_owned()
}

pub(super) fn trimmed(title: &str) -> &str {
    title.trim().trim_end_matches('.')
}

/// Words in titles that are not part of the name of an asset.
const FILLERS: &[&str] = &[
    "a", "an", "the", "one", "all", "new", "existing", "many", "multiple",
];

/// Parts of a title: the verb, its object, a preposition such as `by`, `to` or `in`, and the words after the
/// preposition.
pub(super) struct Title<'a> {
    pub(super) verb: String,
    pub(super) noun: Vec<&'a str>,
    pub(super) preposition: Option<String>,
    pub(super) rest: Vec<&'a str>,
}

impl<'a> Title<'a> {
    pub(super) fn of(title: &'a str) -> Option<Self> {
        let mut words = title.split_whitespace();
        let verb = words.next()?.to_lowercase();
        let mut noun = Vec::new();
        let mut preposition = None;
        for word in words.by_ref() {
            let lower = word.to_lowercase();
            if ["by", "to", "in", "into", "for", "of", "from", "with"].contains(&lower.as_str()) {
                preposition = Some(lower);
                break;
            }
            if !FILLERS.contains(&lower.as_str()) {
                noun.push(word);
            }
        }
        Some(Self {
            verb,
            noun,
            preposition,
            rest: words.collect(),
        })
    }
}
