//! Groups of similar changes. Similar changes have the same rule, level and consequence, and their sentences
//! differ only in quotations.

use std::{collections::BTreeSet, sync::Arc};

use indexmap::IndexMap;

use funnelflux_openapi::text::{shared_sentence, unquoted};

use super::view::{Consequence, Entry, View};
use crate::{level::Level, report::Operations};

/// Nouns in the IDs of rules, such as `property` in `request-property-removed`.
const NOUNS: [&str; 5] = ["property", "parameter", "header", "body", "schema"];

/// Similar changes, in the order of the report.
pub(super) struct Group<'a> {
    pub(super) first: Entry<'a>,
    /// All changes, the first included.
    pub(super) entries: Vec<Entry<'a>>,
}

/// Properties that all changes of a group share: the level, the ID, the parts of the sentence outside
/// quotations, and the consequence.
type Key<'a> = (Level, &'a str, Vec<&'a str>, Option<(&'static str, Consequence)>);

impl<'a> View<'a> {
    /// Groups similar changes. Sorts the groups by level (worst first). Within a level, groups that concern
    /// the audience of the view come first. Otherwise, larger groups come first.
    pub(super) fn groups(self) -> Vec<Group<'a>> {
        let mut groups: IndexMap<Key<'_>, Group<'a>> = IndexMap::new();
        for entry in self.entries() {
            let change = entry.change;
            let key = (
                change.level,
                &*change.id,
                unquoted(&change.what),
                entry.consequence,
            );
            let group = groups.entry(key).or_insert_with(|| Group {
                first: entry,
                entries: Vec::new(),
            });
            group.entries.push(entry);
        }
        let mut groups: Vec<Group<'a>> = groups.into_values().collect();
        groups.sort_by_key(|group| std::cmp::Reverse((group.level(), group.concerns(), group.entries.len())));
        groups
    }
}

impl<'a> Group<'a> {
    pub(super) fn level(&self) -> Level {
        self.first.change.level
    }

    /// Checks whether the changes concern the audience of the view ([`Consequence::concerns`]).
    pub(super) fn concerns(&self) -> bool {
        self.first
            .consequence
            .is_some_and(|(_, consequence)| consequence.concerns)
    }

    /// Returns one sentence for all changes, with an ellipsis for each quotation that differs.
    pub(super) fn sentence(&self) -> String {
        let sentence = shared_sentence(self.entries.iter().map(|entry| entry.change.what.as_str()));
        match NOUNS.iter().find(|noun| self.first.change.id.contains(*noun)) {
            Some(noun) if sentence.starts_with("`…`") => format!("the {noun} {sentence}"),
            _ => sentence,
        }
    }

    /// Returns the operations that at least one of the changes affects.
    pub(super) fn operations(&self) -> BTreeSet<&'a Arc<str>> {
        self.lists()
            .into_iter()
            .flat_map(|(list, _)| list.iter())
            .collect()
    }

    /// Returns the distinct lists of affected operations. With each list, returns the number of changes that
    /// affect exactly these operations.
    pub(super) fn lists(&self) -> Vec<(&'a Operations, usize)> {
        // The key is the address in memory, because equal lists of a report share the same memory.
        let mut lists = IndexMap::new();
        for list in self.entries.iter().map(|entry| &entry.change.operations) {
            let (_, count) = lists.entry(list.as_ptr()).or_insert((list, 0));
            *count += 1;
        }
        lists.into_values().collect()
    }
}
