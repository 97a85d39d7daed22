//! The plain comparison of two documents, key by key, to find what no rule has explained.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Direction, Found, Impact,
    node::{canonical, is_within},
    rules,
};
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
    differences
        .into_iter()
        .filter(|difference| !found.iter().any(|found| explains(found, difference)))
        .filter(|difference| {
            let places = [&difference.old, &difference.new];
            !places
                .into_iter()
                .flatten()
                .any(|place| explained.iter().any(|pointer| is_within(pointer, place)))
        })
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

fn explains(found: &Found, difference: &Difference) -> bool {
    [(&found.old, &difference.old), (&found.new, &difference.new)]
        .into_iter()
        .any(|(explained, place)| {
            let (Some(explained), Some(place)) = (explained, place) else {
                return false;
            };
            is_within(explained, place) || (found.subtree && is_within(place, explained))
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
