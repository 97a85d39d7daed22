//! Compares two documents key by key, to find differences that no rule covers.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use crate::{
    node::{Node, ancestors, canonical, entry_name},
    raw_change::{Changes, RawChange},
    rules::ChangeKind,
};
use funnelflux_openapi::{
    pointer::{Pointer, PointerBuf},
    text::shorten_pair,
};

/// A place where the documents differ.
pub(crate) struct Difference {
    old: Option<PointerBuf>,
    new: Option<PointerBuf>,
    /// The identity of the node.
    identity: PointerBuf,
    before: Option<String>,
    after: Option<String>,
}

impl Difference {
    pub(crate) fn between(old: Option<&Node<'_>>, new: Option<&Node<'_>>) -> Self {
        let identity = new.or(old).map(|node| node.identity.clone());
        Self {
            old: old.map(|node| node.pointer.clone()),
            new: new.map(|node| node.pointer.clone()),
            identity: identity.unwrap_or_default(),
            before: old.map(|node| canonical(node.value)),
            after: new.map(|node| canonical(node.value)),
        }
    }

    /// Turns the difference into an unclassified change.
    pub(crate) fn into_change(self) -> RawChange {
        let pointer = self.new.clone().or_else(|| self.old.clone()).unwrap_or_default();
        let [before, after] =
            [self.before, self.after].map(|value| value.unwrap_or_else(|| "nothing".to_owned()));
        let value = format!("{before}→{after}");
        let (before, after) = shorten_pair(&before, &after);
        let what = format!("`{pointer}` changed: {before} → {after}");
        RawChange::new(
            ChangeKind::Unclassified,
            [self.old, self.new],
            pointer,
            self.identity,
            what,
            value,
        )
    }
}

/// Lists the differences that no change reports, neither at their own place nor at another place
/// (`Changes::explained`).
pub(crate) fn uncovered(old: &Value, new: &Value, changes: &Changes) -> Vec<RawChange> {
    let mut differences = Vec::new();
    compare(&Node::root(old), &Node::root(new), &mut differences);
    let old_side = Covered::new(changes, |change| change.old.as_deref());
    let new_side = Covered::new(changes, |change| change.new.as_deref());
    let is_covered = |side: &Covered<'_>, place: &Option<PointerBuf>| {
        place.as_deref().is_some_and(|place| side.contains(place))
    };
    differences
        .into_iter()
        .filter(|difference| {
            !is_covered(&old_side, &difference.old) && !is_covered(&new_side, &difference.new)
        })
        .map(Difference::into_change)
        .collect()
}

/// The places of one side that changes cover. Stored as sets, because large documents have thousands of
/// differences and changes.
struct Covered<'f> {
    /// Places with a change at or below them.
    above: HashSet<&'f Pointer>,
    /// Places of changes that also report every difference below them.
    subtrees: HashSet<&'f Pointer>,
}

impl<'f> Covered<'f> {
    fn new(changes: &'f Changes, side: impl Fn(&'f RawChange) -> Option<&'f Pointer>) -> Self {
        let reported = changes.raw.iter().filter_map(&side);
        let reported = reported.chain(changes.explained.iter().map(|pointer| &**pointer));
        let subtrees = changes.raw.iter().filter(|change| change.covers_subtree);
        Self {
            above: reported.flat_map(ancestors).collect(),
            subtrees: subtrees.filter_map(&side).collect(),
        }
    }

    fn contains(&self, place: &Pointer) -> bool {
        self.above.contains(place) || ancestors(place).any(|above| self.subtrees.contains(above))
    }
}

fn compare(old: &Node<'_>, new: &Node<'_>, differences: &mut Vec<Difference>) {
    match (old.value, new.value) {
        (Value::Object(_), Value::Object(after)) => {
            for (key, member) in old.members() {
                match new.get(key) {
                    Some(other) => compare(&member, &other, differences),
                    None => differences.push(Difference::between(Some(&member), None)),
                }
            }
            for key in after.keys().filter(|key| old.value.get(*key).is_none()) {
                let added = new.get(key);
                differences.push(Difference::between(None, added.as_ref()));
            }
        }
        (Value::Array(before), Value::Array(after)) if is_records(before) && is_records(after) => {
            records(old, new, (before, after), differences);
        }
        _ if old.value == new.value => {}
        _ => differences.push(Difference::between(Some(old), Some(new))),
    }
}

fn is_records(entries: &[Value]) -> bool {
    !entries.is_empty() && entries.iter().all(Value::is_object)
}

/// Compares lists of objects entry by entry. Entries match by name; nameless entries match by equality if
/// possible, otherwise by position.
fn records<'a>(
    old: &Node<'a>,
    new: &Node<'a>,
    (before, after): (&'a [Value], &'a [Value]),
    differences: &mut Vec<Difference>,
) {
    let nameless = |entries: &'a [Value]| -> HashSet<String> {
        let entries = entries.iter().filter(|entry| entry_name(entry).is_none());
        entries.map(canonical).collect()
    };
    let on_both: HashSet<String> = &nameless(before) & &nameless(after);
    let key = |entry: &Value, index: usize| {
        entry_name(entry).unwrap_or_else(|| {
            let content = canonical(entry);
            if on_both.contains(&content) {
                content
            } else {
                index.to_string()
            }
        })
    };
    let keyed = |list: &Node<'a>| -> BTreeMap<String, Node<'a>> {
        let entries = list.entries(|_| String::new()).into_iter().enumerate();
        entries
            .map(|(index, mut entry)| {
                let name = key(entry.value, index);
                entry.identity = list.identity.with_trailing_token(&name);
                (name, entry)
            })
            .collect()
    };
    let (old_entries, new_entries) = (keyed(old), keyed(new));
    for (name, entry) in &old_entries {
        match new_entries.get(name) {
            Some(other) => compare(entry, other, differences),
            None => differences.push(Difference::between(Some(entry), None)),
        }
    }
    for (name, entry) in &new_entries {
        if !old_entries.contains_key(name) {
            differences.push(Difference::between(None, Some(entry)));
        }
    }
    let order = |entries: &[Value]| -> Vec<String> {
        let entries = entries.iter().enumerate();
        let names = entries.map(|(index, entry)| key(entry, index));
        let is_kept = |name: &String| old_entries.contains_key(name) && new_entries.contains_key(name);
        names.filter(is_kept).collect()
    };
    let with_one_name = old_entries.len() != before.len() || new_entries.len() != after.len();
    if order(before) != order(after) || (with_one_name && before != after) {
        differences.push(Difference::between(Some(old), Some(new)));
    }
}
