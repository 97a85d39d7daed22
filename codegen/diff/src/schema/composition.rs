//! Schemas made of schemas: `allOf`, `anyOf`, `oneOf`, `not`, and what tells alternatives apart.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use serde_json::Value;

use super::set_unset_changed;
use crate::{
    Found,
    discriminator_subtypes::Heirs,
    node::{Node, canonical},
    rules::{self, CHECKS, FORMS, Rule},
    walk::{Place, Spot, Walk, before_after, keys, quote, resolve, same, subject},
};
use funnelflux_openapi::digest::sha256;

impl<'a> Walk<'a> {
    /// What is excluded works the other way round, so any difference is told as one.
    pub(super) fn not(&mut self, spot: &Spot<'_, 'a>, place: Place) {
        if let Some(found) = self.as_one("not", spot, &rules::NOT_CHANGED) {
            found.at(place);
        }
    }

    /// A keyword that `OpenAPI` 3.0 does not have, kept under `x-`: true if the key is one.
    pub(super) fn check(&mut self, key: &str, spot: &Spot<'_, 'a>, place: Place) -> bool {
        let name_in = |keywords: &[(&str, &'static str)]| {
            let found = keywords.iter().find(|(keyword, _)| *keyword == key);
            found.map(|(_, name)| *name)
        };
        let (rule, name) = match (name_in(&CHECKS), name_in(&FORMS)) {
            (Some(name), _) => {
                let rules = [&rules::CHECK_ADDED, &rules::CHECK_REMOVED, &rules::CHECK_CHANGED];
                (set_unset_changed(spot, rules), name)
            }
            (_, Some(name)) => (&rules::FORM_CHANGED, name),
            _ => return false,
        };
        if let Some(found) = self.as_one(key.trim_start_matches("x-"), spot, rule) {
            found.at(place).limit = name;
        }
        true
    }

    /// Tells a difference with all that it refers to as one change; `None` where there is none.
    pub(crate) fn as_one(
        &mut self,
        key: &str,
        spot: &Spot<'_, 'a>,
        rule: &'static Rule,
    ) -> Option<&mut Found> {
        let (Some(old), Some(new)) = (spot.old, spot.new) else {
            let is_there = spot.old.or(spot.new).is_some();
            return is_there.then(|| self.note(rule, spot, spot.told(key)));
        };
        if self.alike.are(old.value, new.value) {
            return None;
        }
        let before = expand(&self.old, old, &mut HashSet::new(), 0);
        let after = expand(&self.new, new, &mut HashSet::new(), 0);
        if before == after && before.is_some() {
            return None;
        }
        let what = if same(spot.old, spot.new) {
            format!("what `{key}` of {} refers to changed", subject(spot.parent))
        } else {
            spot.told(key)
        };
        let found = self.note(rule, spot, what);
        // Many such parts can refer to the same large schemas.
        found.value = sha256(&format!("{before:?}→{after:?}"));
        Some(found)
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
        let gone = alone(before.len(), &|index| pairs.iter().any(|(one, _)| *one == index));
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
                self.note(removed, &Spot::removed(entry, list), what).at(place);
            }
        }
        for (one, other) in pairs {
            if let (Some(one), Some(other)) = (before.get(one), after.get(other)) {
                if key != "allOf" {
                    self.names_of_alternative([one, other], around, place);
                }
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

    /// An alternative without an entry in the discriminator's mapping is told by the name of its schema, which travels then.
    fn names_of_alternative(
        &mut self,
        [old, new]: [&Node<'a>; 2],
        [before, after]: [&Node<'a>; 2],
        place: Place,
    ) {
        let (former, current) = (values_of(old, before), values_of(new, after));
        let is_new = |value: &&str| !former.values.contains(value);
        let is_gone = |value: &&str| !current.values.contains(value);
        if let Some(value) = former.name.filter(is_gone) {
            let what = format!("`{value}` no longer names an alternative of {}", subject(after));
            self.note(&rules::MAPPING_DELETED, &Spot::removed(old, after), what)
                .at(place)
                .subtree = false;
        }
        if let Some(value) = current.name.filter(is_new) {
            let what = format!("`{value}` names an alternative of {}", subject(after));
            self.note(&rules::MAPPING_ADDED, &Spot::added(new, after), what)
                .at(place)
                .subtree = false;
        }
    }

    /// Where a schema with a discriminator is expected, every schema that is put together from it may come.
    pub(super) fn heirs(&mut self, old: &Node<'a>, new: &Node<'a>, place: Place) {
        // Where only one side has a discriminator, that is told.
        if [old, new]
            .iter()
            .any(|node| node.value.get("discriminator").is_none())
        {
            return;
        }
        let [old_heirs, new_heirs] = &self.heirs;
        let heirs = |all: &Heirs<'a>, node: &Node<'a>| -> BTreeMap<&'a str, Node<'a>> {
            let heirs = all.of(&node.pointer, node.value);
            heirs.map(|(name, heir)| (name, heir.clone())).collect()
        };
        let (before, after) = (heirs(old_heirs, old), heirs(new_heirs, new));
        for (name, node) in &after {
            if let Some(other) = before.get(name) {
                self.queue.push_back((other.clone(), node.clone(), place));
            } else {
                let what = format!("`{name}` can stand for {}", subject(new));
                self.note(&rules::MAPPING_ADDED, &Spot::added(node, new), what)
                    .at(place)
                    .subtree = false;
            }
        }
        for (name, node) in before.iter().filter(|(name, _)| !after.contains_key(*name)) {
            let what = format!("`{name}` no longer stands for {}", subject(new));
            self.note(&rules::MAPPING_DELETED, &Spot::removed(node, new), what)
                .at(place)
                .subtree = false;
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
                    self.note(&rules::DISCRIMINATOR_RENAMED, &spot, what).at(place);
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

/// By which values a discriminator tells an alternative.
#[derive(Default)]
struct Values<'a> {
    values: Vec<&'a str>,
    /// The name of its schema, where that is the value.
    name: Option<&'a str>,
}

/// `around`: the schema with the alternatives and, maybe, a discriminator.
fn values_of<'a>(alternative: &Node<'a>, around: &Node<'a>) -> Values<'a> {
    let (Some(reference), Some(discriminator)) = (alternative.str("$ref"), around.value.get("discriminator"))
    else {
        return Values::default();
    };
    let name = reference.rsplit('/').next().unwrap_or(reference);
    let mapping = discriminator.get("mapping").and_then(Value::as_object);
    let values: Vec<&str> = mapping
        .into_iter()
        .flatten()
        .filter(|(_, target)| [reference, name].map(Value::from).contains(target))
        .map(|(value, _)| value.as_str())
        .collect();
    if values.is_empty() {
        return Values {
            values: vec![name],
            name: Some(name),
        };
    }
    Values { values, name: None }
}

/// How deep a part is written out. Nobody writes deeper ones by hand.
const DEEPEST: usize = 500;

/// A schema as text with its references replaced by what they lead to, each once; `None` if it is too deep for that.
fn expand(document: &Node<'_>, node: &Node<'_>, seen: &mut HashSet<String>, depth: usize) -> Option<String> {
    if depth > DEEPEST {
        return None;
    }
    let resolved = resolve(document, node);
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

/// Entries of two lists that have the same name, by their positions; each is paired once.
fn twins(before: &[Node<'_>], after: &[Node<'_>], name: impl Fn(&Value) -> String) -> Vec<(usize, usize)> {
    let mut open: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (index, entry) in before.iter().enumerate() {
        open.entry(name(entry.value)).or_default().push_back(index);
    }
    let pairs = after.iter().enumerate().filter_map(|(index, entry)| {
        let twin = open.get_mut(&name(entry.value))?.pop_front()?;
        Some((twin, index))
    });
    pairs.collect()
}
