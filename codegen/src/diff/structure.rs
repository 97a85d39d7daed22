//! The plain comparison of two documents, key by key, to find what no rule has explained.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::{Direction, Found, Impact, node::canonical, rules};
use crate::pointer::{item, join};

/// One place where the documents differ.
struct Difference {
    old: Option<String>,
    new: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

/// A finding for every difference that neither `found` nor one of the pointers `explained` accounts for.
pub(super) fn unexplained(
    old: &Value,
    new: &Value,
    found: &[Found],
    explained: &[String],
) -> Vec<Found> {
    let mut differences = Vec::new();
    compare(old, new, "", "", &mut differences);
    let of_old = Explained::new(found, explained, |found| found.old.as_deref());
    let of_new = Explained::new(found, explained, |found| found.new.as_deref());
    let of = |side: &Explained<'_>, place: &Option<String>| {
        place.as_deref().is_some_and(|place| side.covers(place))
    };
    differences
        .into_iter()
        .filter(|difference| !of(&of_old, &difference.old) && !of(&of_new, &difference.new))
        .map(|difference| {
            unclassified(
                difference.old,
                difference.new,
                difference.before,
                difference.after,
            )
        })
        .collect()
}

/// A change that no rule knows.
pub(super) fn unclassified(
    old: Option<String>,
    new: Option<String>,
    before: Option<String>,
    after: Option<String>,
) -> Found {
    let pointer = new.clone().or_else(|| old.clone()).unwrap_or_default();
    let before = before.map_or_else(|| "nothing".to_owned(), |value| super::walk::short(&value));
    let after = after.map_or_else(|| "nothing".to_owned(), |value| super::walk::short(&value));
    Found {
        rule: &rules::UNCLASSIFIED,
        place: "",
        need: "",
        limit: "",
        direction: Direction::None,
        unused: false,
        nearest: pointer.clone(),
        identity: pointer.clone(),
        what: format!("`{pointer}` changed: {before} → {after}"),
        value: format!("{before}→{after}"),
        old,
        new,
        impact: Impact::Major,
        reason: None,
        subtree: true,
    }
}

/// The places of one side that are accounted for. Sets, since large documents have thousands of differences and of findings.
struct Explained<'a> {
    /// Something at or below these is told.
    above: HashSet<&'a str>,
    /// These are told with all that is below them.
    whole: HashSet<&'a str>,
}

impl<'a> Explained<'a> {
    fn new(
        found: &'a [Found],
        explained: &'a [String],
        side: impl Fn(&'a Found) -> Option<&'a str>,
    ) -> Self {
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

fn compare(
    old: &Value,
    new: &Value,
    old_at: &str,
    new_at: &str,
    differences: &mut Vec<Difference>,
) {
    match (old, new) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before {
                match after.get(key) {
                    Some(other) => compare(
                        value,
                        other,
                        &join(old_at, key),
                        &join(new_at, key),
                        differences,
                    ),
                    None => differences.push(Difference {
                        old: Some(join(old_at, key)),
                        new: None,
                        before: Some(canonical(value)),
                        after: None,
                    }),
                }
            }
            for (key, value) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
                differences.push(Difference {
                    old: None,
                    new: Some(join(new_at, key)),
                    before: None,
                    after: Some(canonical(value)),
                });
            }
        }
        (Value::Array(before), Value::Array(after)) if is_records(before) && is_records(after) => {
            records(before, after, old_at, new_at, differences);
        }
        _ if canonical(old) == canonical(new) => {}
        _ => differences.push(Difference {
            old: Some(old_at.to_owned()),
            new: Some(new_at.to_owned()),
            before: Some(canonical(old)),
            after: Some(canonical(new)),
        }),
    }
}

fn is_records(entries: &[Value]) -> bool {
    !entries.is_empty() && entries.iter().all(Value::is_object)
}

/// Lists of objects are compared entry by entry, matched by what the entries are called; those without a name by what
/// they hold where the other list holds the same, and by their position otherwise.
fn records(
    before: &[Value],
    after: &[Value],
    old_at: &str,
    new_at: &str,
    differences: &mut Vec<Difference>,
) {
    let key = |entry: &Value, index: usize| {
        name(entry).unwrap_or_else(|| {
            if before.contains(entry) && after.contains(entry) {
                canonical(entry)
            } else {
                index.to_string()
            }
        })
    };
    let keyed = |entries: &[Value]| -> BTreeMap<String, usize> {
        entries
            .iter()
            .enumerate()
            .map(|(index, entry)| (key(entry, index), index))
            .collect()
    };
    let (old_index, new_index) = (keyed(before), keyed(after));
    for (name, &index) in &old_index {
        let Some(value) = before.get(index) else {
            continue;
        };
        let at = item(old_at, index);
        match new_index
            .get(name)
            .and_then(|&other| Some((other, after.get(other)?)))
        {
            Some((other, other_value)) => {
                compare(value, other_value, &at, &item(new_at, other), differences);
            }
            None => differences.push(Difference {
                old: Some(at),
                new: None,
                before: Some(canonical(value)),
                after: None,
            }),
        }
    }
    for (name, &index) in &new_index {
        if !old_index.contains_key(name) {
            differences.push(Difference {
                old: None,
                new: Some(item(new_at, index)),
                before: None,
                after: after.get(index).map(canonical),
            });
        }
    }
    let order = |entries: &[Value]| -> Vec<String> {
        let entries = entries.iter().enumerate();
        entries.map(|(index, entry)| key(entry, index)).collect()
    };
    let kept = |order: Vec<String>| -> Vec<String> {
        order
            .into_iter()
            .filter(|name| old_index.contains_key(name) && new_index.contains_key(name))
            .collect()
    };
    let entries_with_one_name = old_index.len() != before.len() || new_index.len() != after.len();
    if kept(order(before)) != kept(order(after)) || (entries_with_one_name && before != after) {
        differences.push(Difference {
            old: Some(old_at.to_owned()),
            new: Some(new_at.to_owned()),
            before: Some(canonical(&Value::from(before.to_vec()))),
            after: Some(canonical(&Value::from(after.to_vec()))),
        });
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
