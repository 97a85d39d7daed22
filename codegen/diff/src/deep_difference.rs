//! Differences between parts, with all references expanded, each as one change.

use std::collections::HashSet;

use funnelflux_openapi::{digest::sha256, pointer::PointerBuf};

use crate::{
    comparer::Comparer,
    index::DocumentIndex,
    node::{Node, canonical},
    site::Site,
    wording::subject,
};

/// Maximum depth to which parts are expanded; hand-written documents stay below it.
const DEEPEST: usize = 500;

/// A difference as a sentence, and a text that distinguishes it from other differences at the same place.
pub(crate) struct DeepDifference {
    pub what: String,
    pub value: String,
}

impl<'a> Comparer<'a> {
    /// Compares the old and new values of a keyword, following references; `None` if they are equal.
    pub(crate) fn deep_difference(&mut self, keyword: &str, site: &Site<'_, 'a>) -> Option<DeepDifference> {
        let Some((old, new)) = site.both() else {
            let what = site.describe(keyword);
            return site.values().next().map(|_| DeepDifference {
                what,
                value: site.value(),
            });
        };
        if self.equality.holds(old, new) {
            return None;
        }
        let before = expand(&self.old, old, &mut HashSet::new(), 0);
        let after = expand(&self.new, new, &mut HashSet::new(), 0);
        if before == after && before.is_some() {
            return None;
        }
        let what = if site.is_unchanged() {
            format!("a schema used in `{keyword}` of {} changed", subject(site.parent))
        } else {
            site.describe(keyword)
        };
        // Many parts can refer to the same large schemas.
        let value = sha256(&format!("{before:?}→{after:?}"));
        Some(DeepDifference { what, value })
    }
}

/// Expands a part by replacing each reference with its target, each target once; `None` if the part is too
/// deep.
fn expand<'a>(
    document: &DocumentIndex<'a>,
    node: &Node<'a>,
    seen: &mut HashSet<PointerBuf>,
    depth: usize,
) -> Option<String> {
    if depth > DEEPEST {
        return None;
    }
    let resolved = document.resolve(node);
    if resolved.pointer != node.pointer && !seen.insert(resolved.pointer.clone()) {
        return Some(format!("again {}", resolved.pointer));
    }
    if resolved.value.is_object() {
        let mut members = resolved.members();
        members.sort_by_key(|(key, _)| *key);
        let members = members.iter().map(|(key, member)| {
            let member = expand(document, member, seen, depth + 1)?;
            Some(format!("{key}:{member}"))
        });
        let members: Option<Vec<String>> = members.collect();
        return Some(format!("{{{}}}", members?.join(",")));
    }
    if resolved.value.is_array() {
        let entries = resolved.entries(canonical);
        let entries = entries
            .iter()
            .map(|entry| expand(document, entry, seen, depth + 1));
        let entries: Option<Vec<String>> = entries.collect();
        return Some(format!("[{}]", entries?.join(",")));
    }
    Some(resolved.value.to_string())
}
