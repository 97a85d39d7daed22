//! Schemas made of schemas: `allOf`, `anyOf`, `oneOf`, `not`, and what tells alternatives apart.

use std::collections::HashSet;

use serde_json::Value;

use super::set_unset_changed;
use crate::diff::{
    node::{Node, canonical},
    rules::{self, Rule},
    walk::{Place, Spot, Walk, before_after, keys, quote, resolve, same, subject},
};

impl<'a> Walk<'a> {
    pub(super) fn not(&mut self, spot: &Spot<'_, 'a>, place: Place) {
        // What is excluded works the other way round; any difference is told as one, references followed.
        let expanded = |node: Option<&Node<'a>>, document: &Node<'a>| {
            node.map(|node| expand(document, node, &mut HashSet::new()))
                .unwrap_or_default()
        };
        if expanded(spot.old, &self.old) != expanded(spot.new, &self.new) {
            let what = spot.told("not");
            self.note(&rules::NOT_CHANGED, spot, what).at(place);
        }
    }

    /// `around`: the schemas that the lists stand in.
    pub(super) fn composition(
        &mut self,
        key: &str,
        spot: &Spot<'_, 'a>,
        around: [&Node<'a>; 2],
        place: Place,
    ) {
        let (added, removed): (&'static Rule, &'static Rule) = match key {
            "allOf" => (&rules::ALL_OF_ADDED, &rules::ALL_OF_REMOVED),
            "anyOf" => (&rules::ANY_OF_ADDED, &rules::ANY_OF_REMOVED),
            _ => (&rules::ONE_OF_ADDED, &rules::ONE_OF_REMOVED),
        };
        let (Some(old), Some(list)) = (spot.old, spot.new) else {
            if spot.old.is_none() && spot.new.is_none() {
                return;
            }
            let rule = match (key, spot.old.is_none()) {
                ("allOf", true) => added,
                ("allOf", false) => removed,
                (_, true) => &rules::ALTERNATIVES_INTRODUCED,
                (_, false) => &rules::ALTERNATIVES_DROPPED,
            };
            let what = spot.told(key);
            self.note(rule, spot, what).at(place);
            return;
        };
        let name = |value: &Value| {
            value
                .get("$ref")
                .and_then(Value::as_str)
                .map_or_else(|| canonical(value), str::to_owned)
        };
        let (before, after) = (old.entries(name), list.entries(name));
        let mut pairs = twins(&before, &after, name);
        let in_order = pairs.is_sorted();
        let alone = |count: usize, paired: &dyn Fn(usize) -> bool| -> Vec<usize> {
            (0..count).filter(|index| !paired(*index)).collect()
        };
        let gone = alone(before.len(), &|index| {
            pairs.iter().any(|(one, _)| *one == index)
        });
        let come = alone(after.len(), &|index| {
            pairs.iter().any(|(_, other)| *other == index)
        });
        // As many came as went: each took the place of another, and they are compared one by one.
        let replaced = gone.len() == come.len();
        if replaced {
            pairs.extend(gone.iter().copied().zip(come.iter().copied()));
        } else {
            for entry in come.iter().filter_map(|index| after.get(*index)) {
                let what = format!(
                    "{} was added to `{key}` of {}",
                    quote(entry.value),
                    subject(spot.parent)
                );
                self.note(added, &Spot::added(entry, list), what).at(place);
            }
            for entry in gone.iter().filter_map(|index| before.get(*index)) {
                let what = format!(
                    "{} was removed from `{key}` of {}",
                    quote(entry.value),
                    subject(spot.parent)
                );
                self.note(removed, &Spot::removed(entry, list), what)
                    .at(place);
            }
        }
        for (one, other) in pairs {
            if let (Some(one), Some(other)) = (before.get(one), after.get(other)) {
                self.schema(one, other, place, false);
            }
        }
        if !in_order {
            let what = format!("`{key}` of {} is in another order", subject(spot.parent));
            let found = if key == "allOf" {
                self.notation(spot, what, around, place)
            } else {
                self.note(&rules::COMPOSITION_ORDER, spot, what).at(place)
            };
            found.subtree = false;
        }
    }

    pub(super) fn discriminator(&mut self, spot: &Spot<'_, 'a>, place: Place) {
        let (Some(old), Some(new)) = (spot.old, spot.new) else {
            let rule = if spot.old.is_none() {
                &rules::DISCRIMINATOR_ADDED
            } else {
                &rules::DISCRIMINATOR_REMOVED
            };
            let what = spot.told("discriminator");
            self.note(rule, spot, what).at(place);
            return;
        };
        for key in keys(old, new) {
            let (before, after) = (old.get(key), new.get(key));
            let spot = Spot::between(before.as_ref(), after.as_ref(), new);
            if same(spot.old, spot.new) {
                continue;
            }
            match key {
                "propertyName" => {
                    let what = format!(
                        "`discriminator.propertyName` {}",
                        before_after(spot.old, spot.new)
                    );
                    self.note(&rules::DISCRIMINATOR_RENAMED, &spot, what)
                        .at(place);
                }
                "mapping" => {
                    let nothing = Node {
                        value: &Value::Null,
                        ..new.clone()
                    };
                    let one = before.clone().unwrap_or_else(|| nothing.clone());
                    let other = after.clone().unwrap_or(nothing);
                    for value in keys(&one, &other) {
                        let (before, after) = (one.get(value), other.get(value));
                        let spot = Spot::between(before.as_ref(), after.as_ref(), &other);
                        if !same(spot.old, spot.new) {
                            let rule = set_unset_changed(
                                &spot,
                                [
                                    &rules::MAPPING_ADDED,
                                    &rules::MAPPING_DELETED,
                                    &rules::MAPPING_CHANGED,
                                ],
                            );
                            let what = format!(
                                "`discriminator.mapping.{value}` {}",
                                before_after(spot.old, spot.new)
                            );
                            self.note(rule, &spot, what).at(place);
                        }
                    }
                }
                _ if self.annotation(key, spot.old, spot.new, new, place.direction) => {}
                _ => self.unknown(spot.old, spot.new),
            }
        }
    }
}

/// A schema as text with its references replaced by what they lead to, each once.
fn expand(document: &Node<'_>, node: &Node<'_>, seen: &mut HashSet<String>) -> String {
    let resolved = resolve(document, node);
    if resolved.pointer != node.pointer && !seen.insert(resolved.pointer.clone()) {
        return format!("again {}", resolved.pointer);
    }
    if resolved.value.is_object() {
        let mut members = resolved.members();
        members.sort_by_key(|(key, _)| *key);
        let members: Vec<String> = members
            .iter()
            .map(|(key, member)| format!("{key}:{}", expand(document, member, seen)))
            .collect();
        return format!("{{{}}}", members.join(","));
    }
    if resolved.value.is_array() {
        let entries: Vec<String> = resolved
            .entries(canonical)
            .iter()
            .map(|entry| expand(document, entry, seen))
            .collect();
        return format!("[{}]", entries.join(","));
    }
    resolved.value.to_string()
}

/// Entries of two lists that have the same name, by their positions; each is paired once.
fn twins(
    before: &[Node<'_>],
    after: &[Node<'_>],
    name: impl Fn(&Value) -> String,
) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (index, entry) in after.iter().enumerate() {
        let twin = before.iter().enumerate().position(|(other, node)| {
            name(node.value) == name(entry.value) && !pairs.iter().any(|(one, _)| *one == other)
        });
        if let Some(twin) = twin {
            pairs.push((twin, index));
        }
    }
    pairs
}
