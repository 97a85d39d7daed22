//! Compares two documents key by key, to find differences that no rule covers.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value;

use funnelflux_openapi::pointer::Pointer;

use crate::{
    node::{Node, ancestors, canonical, entry_name},
    raw_change::{Changes, RawChange},
    site::Site,
};

/// The value before and after, at a place where the documents differ.
type Difference<'a> = [Option<Node<'a>>; 2];

/// Lists the differences that no change covers. A difference is covered in three cases: a change is at or
/// below its place; a change above it accounts for all differences inside the changed values; or
/// `Changes::explained` lists its place or an enclosing place.
pub(crate) fn uncovered(old: &Value, new: &Value, changes: &Changes) -> Vec<RawChange> {
    let mut differences = Vec::new();
    compare(&Node::root(old), &Node::root(new), &mut differences);
    let old_side = Covered::new(changes, |change| change.old.as_deref());
    let new_side = Covered::new(changes, |change| change.new.as_deref());
    let is_covered = |[old, new]: &Difference<'_>| {
        old.as_ref().is_some_and(|old| old_side.contains(&old.pointer))
            || new.as_ref().is_some_and(|new| new_side.contains(&new.pointer))
    };
    let uncovered = differences.iter().filter(|difference| !is_covered(difference));
    let uncovered = uncovered.map(|sides| sides.each_ref().map(Option::as_ref));
    uncovered.filter_map(RawChange::unclassified).collect()
}

/// Places of one document with covered differences. They are stored as sets, because large documents have
/// thousands of differences and changes.
struct Covered<'f> {
    /// The places of changes, and all their ancestors.
    above: HashSet<&'f Pointer>,
    /// Places of changes that also account for every difference below the place.
    subtrees: HashSet<&'f Pointer>,
}

impl<'f> Covered<'f> {
    fn new(changes: &'f Changes, side: impl Fn(&'f RawChange) -> Option<&'f Pointer>) -> Self {
        let reported = changes.raw.iter().filter_map(&side);
        let explained = || changes.explained.iter().map(|pointer| &**pointer);
        let reported = reported.chain(explained());
        let subtrees = changes.raw.iter().filter(|change| change.covers_subtree);
        Self {
            above: reported.flat_map(ancestors).collect(),
            subtrees: subtrees.filter_map(&side).chain(explained()).collect(),
        }
    }

    fn contains(&self, place: &Pointer) -> bool {
        self.above.contains(place) || ancestors(place).any(|above| self.subtrees.contains(above))
    }
}

fn compare<'a>(old: &Node<'a>, new: &Node<'a>, differences: &mut Vec<Difference<'a>>) {
    match (old.value, new.value) {
        _ if old.value == new.value => {}
        (Value::Object(_), Value::Object(_)) => {
            for (_, Site { old, new, .. }) in Site::members(old, new) {
                compare_if_both(old, new, differences);
            }
        }
        (Value::Array(before), Value::Array(after)) if is_records(before) && is_records(after) => {
            records(old, new, differences);
        }
        _ => differences.push([Some(old.clone()), Some(new.clone())]),
    }
}

/// Compares the old and the new value if both exist. Otherwise adds the existing value to `differences`.
fn compare_if_both<'a>(old: Option<Node<'a>>, new: Option<Node<'a>>, differences: &mut Vec<Difference<'a>>) {
    match (&old, &new) {
        (Some(before), Some(after)) => compare(before, after, differences),
        _ => differences.push([old, new]),
    }
}

fn is_records(entries: &[Value]) -> bool {
    !entries.is_empty() && entries.iter().all(Value::is_object)
}

/// Compares lists of objects entry by entry. An entry is compared with the entry of the same name. An entry
/// without a name is compared with an equal entry if there is one, otherwise with the entry at the same
/// position.
fn records<'a>(old: &Node<'a>, new: &Node<'a>, differences: &mut Vec<Difference<'a>>) {
    let contents = |list: &Node<'a>| -> HashSet<String> {
        let entries = list.value.as_array().into_iter().flatten();
        entries.map(canonical).collect()
    };
    let on_both: HashSet<String> = &contents(old) & &contents(new);
    let [before, after] = [old, new].map(|list| {
        let entries = list.entries(|_| String::new()).into_iter().enumerate();
        let entries = entries.map(|(index, mut entry)| {
            let content = || Some(canonical(entry.value)).filter(|content| on_both.contains(content));
            let name = entry_name(entry.value).or_else(content);
            let name = name.unwrap_or_else(|| index.to_string());
            entry.identity = list.identity.with_trailing_token(&name);
            (name, entry)
        });
        entries.collect::<Vec<_>>()
    });
    let [old_entries, new_entries] = [&before, &after].map(|entries| {
        let entries = entries.iter().map(|(name, entry)| (name, entry));
        entries.collect::<BTreeMap<_, _>>()
    });
    let names: BTreeSet<&String> = old_entries.keys().chain(new_entries.keys()).copied().collect();
    for name in names {
        let [old, new] = [&old_entries, &new_entries].map(|entries| entries.get(name).copied().cloned());
        compare_if_both(old, new, differences);
    }
    let kept = |entries: &'_ [(String, Node<'a>)]| -> Vec<String> {
        let names = entries.iter().map(|(name, _)| name.clone());
        let is_on_both = |name: &String| old_entries.contains_key(name) && new_entries.contains_key(name);
        names.filter(is_on_both).collect()
    };
    let with_one_name = old_entries.len() != before.len() || new_entries.len() != after.len();
    if kept(&before) != kept(&after) || with_one_name {
        differences.push([Some(old.clone()), Some(new.clone())]);
    }
}
