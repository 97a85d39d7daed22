//! The plain comparison of two documents, key by key, to find what no rule has explained.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::{
    Direction, Found, Impact,
    node::{Node, canonical},
    rules,
    walk::both_short,
};
use funnelflux_openapi::pointer::join;

/// One place where the documents differ.
pub(super) struct Difference {
    /// Pointers to it.
    pub(super) old: Option<String>,
    pub(super) new: Option<String>,
    /// What [`Node`](super::node::Node) calls so.
    pub(super) identity: String,
    /// What stands there.
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

impl Difference {
    pub(super) fn between(old: Option<&Node<'_>>, new: Option<&Node<'_>>) -> Self {
        let identity = new.or(old).map(|node| node.identity.clone());
        Self {
            old: old.map(|node| node.pointer.clone()),
            new: new.map(|node| node.pointer.clone()),
            identity: identity.unwrap_or_default(),
            before: old.map(|node| canonical(node.value)),
            after: new.map(|node| canonical(node.value)),
        }
    }
}

/// A diagnostic for every difference that neither `found` nor one of the pointers `explained` accounts for.
pub(super) fn unexplained(old: &Value, new: &Value, found: &[Found], explained: &[String]) -> Vec<Found> {
    let mut differences = Vec::new();
    compare(&Node::root(old), &Node::root(new), &mut differences);
    let of_old = Explained::new(found, explained, |found| found.old.as_deref());
    let of_new = Explained::new(found, explained, |found| found.new.as_deref());
    let of = |side: &Explained<'_>, place: &Option<String>| {
        place.as_deref().is_some_and(|place| side.covers(place))
    };
    differences
        .into_iter()
        .filter(|difference| !of(&of_old, &difference.old) && !of(&of_new, &difference.new))
        .map(unclassified)
        .collect()
}

/// A change that no rule knows.
pub(super) fn unclassified(difference: Difference) -> Found {
    let Difference {
        old,
        new,
        identity,
        before,
        after,
    } = difference;
    let pointer = new.clone().or_else(|| old.clone()).unwrap_or_default();
    let side = |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
    let (before, after) = (side(before), side(after));
    let value = format!("{before}→{after}");
    let (before, after) = both_short(&before, &after);
    Found {
        rule: &rules::UNCLASSIFIED,
        place: "",
        need: "",
        limit: "",
        direction: Direction::None,
        unused: false,
        nearest: pointer.clone(),
        identity,
        what: format!("`{pointer}` changed: {before} → {after}"),
        value,
        old,
        new,
        impact: Impact::Major,
        reason: None,
        subtree: true,
    }
}

/// The places of one side that are accounted for. Sets, since large documents have thousands of differences and of diagnostics.
struct Explained<'a> {
    /// Something at or below these is told.
    above: HashSet<&'a str>,
    /// These are told with all that is below them.
    whole: HashSet<&'a str>,
}

impl<'a> Explained<'a> {
    fn new(found: &'a [Found], explained: &'a [String], side: impl Fn(&'a Found) -> Option<&'a str>) -> Self {
        let told = found.iter().filter_map(&side);
        let told = told.chain(explained.iter().map(String::as_str));
        let subtrees = found.iter().filter(|found| found.subtree);
        Self {
            above: told.flat_map(ancestors).collect(),
            whole: subtrees.filter_map(&side).collect(),
        }
    }

    fn covers(&self, place: &str) -> bool {
        self.above.contains(place) || ancestors(place).any(|above| self.whole.contains(above))
    }
}

/// The pointer itself and all that it lies below, up to the whole document.
fn ancestors(pointer: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(pointer), |pointer| {
        pointer.rfind('/').and_then(|slash| pointer.get(..slash))
    })
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
        _ if canonical(old.value) == canonical(new.value) => {}
        _ => differences.push(Difference::between(Some(old), Some(new))),
    }
}

fn is_records(entries: &[Value]) -> bool {
    !entries.is_empty() && entries.iter().all(Value::is_object)
}

/// Lists of objects are compared entry by entry, matched by what the entries are called; those without a name by what
/// they hold where the other list holds the same, and by their position otherwise.
fn records<'a>(
    old: &Node<'a>,
    new: &Node<'a>,
    (before, after): (&'a [Value], &'a [Value]),
    differences: &mut Vec<Difference>,
) {
    let nameless = |entries: &'a [Value]| -> HashSet<String> {
        let entries = entries.iter().filter(|entry| name(entry).is_none());
        entries.map(canonical).collect()
    };
    let on_both: HashSet<String> = &nameless(before) & &nameless(after);
    let key = |entry: &Value, index: usize| {
        name(entry).unwrap_or_else(|| {
            let held = canonical(entry);
            if on_both.contains(&held) {
                held
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
                entry.identity = join(&list.identity, &name);
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

/// What an entry of a list is called.
pub(super) fn name(entry: &Value) -> Option<String> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    match (text("in"), text("name"), text("$ref"), text("url")) {
        (Some(place), Some(name), ..) => Some(format!("{place}:{name}")),
        (_, Some(name), ..) => Some(name.to_owned()),
        (_, _, Some(reference), _) => Some(reference.to_owned()),
        (_, _, _, Some(url)) => Some(url.to_owned()),
        _ => None,
    }
}
