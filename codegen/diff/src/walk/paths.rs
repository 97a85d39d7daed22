//! Paths and their operations.

use super::{NOT_TAKEN, Spot, Walk, before_after, keys, quote, same, subject};
use crate::{Direction, node::Node, rules};
use funnelflux_openapi::pointer::METHODS;
use serde_json::Value;
use std::collections::HashSet;

impl<'a> Walk<'a> {
    pub(super) fn paths(&mut self, old: &Node<'a>, new: &Node<'a>) {
        let nowhere = Node::at(&Value::Null, "/paths".to_owned());
        let before = old.get("paths").unwrap_or_else(|| nowhere.clone());
        let after = new.get("paths").unwrap_or(nowhere);
        let mut matched: HashSet<&str> = HashSet::new();
        let old_paths = before.members();
        for (path, item) in after.members() {
            if path.starts_with("x-") {
                self.annotation(
                    path,
                    before.get(path).as_ref(),
                    Some(&item),
                    &after,
                    Direction::None,
                );
                continue;
            }
            if let Some(other) = before.get(path) {
                matched.insert(path);
                self.path_item(path, &other, &item, &[]);
                continue;
            }
            let twin = old_paths.iter().find(|(other, _)| {
                template(other) == template(path)
                    && after.value.get(*other).is_none()
                    && !matched.contains(other)
            });
            if let Some((name, other)) = twin {
                matched.insert(name);
                let what = format!("the path `{name}` is written `{path}`");
                let (former, current) = (placeholders(name), placeholders(path));
                let pairs: Vec<(&str, &str)> = former.iter().copied().zip(current.iter().copied()).collect();
                // A name that both have, at another place.
                let is_swapped = pairs
                    .iter()
                    .any(|(one, other)| one != other && current.contains(one));
                let rule = if is_swapped {
                    &rules::PATH_SWAPPED
                } else {
                    &rules::PATH_RENAMED
                };
                self.note(
                    rule,
                    &Spot {
                        old: Some(other),
                        new: Some(&item),
                        parent: &after,
                    },
                    what,
                )
                .subtree = false;
                // A name that both have stays itself, wherever it stands.
                let renames: Vec<(&str, &str)> = pairs
                    .into_iter()
                    .filter(|(one, other)| !current.contains(one) && !former.contains(other))
                    .collect();
                self.path_item(path, other, &item, &renames);
                continue;
            }
            self.path_added_or_removed(path, &item, &after, true);
        }
        for (path, item) in &old_paths {
            if path.starts_with("x-") {
                if after.value.get(*path).is_none() {
                    self.annotation(path, Some(item), None, &after, Direction::None);
                }
            } else if !matched.contains(path) {
                self.path_added_or_removed(path, item, &after, false);
            }
        }
    }

    /// All operations of a path that only one side has.
    fn path_added_or_removed(&mut self, path: &str, item: &Node<'a>, parent: &Node<'a>, added: bool) {
        let mut any = false;
        for method in METHODS {
            let Some(operation) = item.get(method) else {
                continue;
            };
            any = true;
            self.operation_added_or_removed(path, method, &operation, parent, added, true);
        }
        // The rest of the path item comes and goes with its operations.
        let spot = if added {
            Spot::added(item, parent)
        } else {
            Spot::removed(item, parent)
        };
        let rest = item.members().into_iter().any(|(key, _)| !METHODS.contains(&key));
        if !any || rest {
            let what = format!(
                "the path `{path}` was {}",
                if added { "added" } else { "removed" }
            );
            self.note(&rules::PATH_ITEM_CHANGED, &spot, what);
        }
    }

    fn operation_added_or_removed(
        &mut self,
        path: &str,
        method: &str,
        operation: &Node<'a>,
        parent: &Node<'a>,
        added: bool,
        whole_path: bool,
    ) {
        let name = format!("{} {path}", method.to_ascii_uppercase());
        if added {
            let what = format!("`{name}` was added");
            self.note(&rules::ENDPOINT_ADDED, &Spot::added(operation, parent), what);
            return;
        }
        let rule = match (whole_path, operation.flag("deprecated")) {
            (true, false) => &rules::PATH_REMOVED,
            (true, true) => &rules::PATH_REMOVED_DEPRECATED,
            (false, false) => &rules::API_REMOVED,
            (false, true) => &rules::API_REMOVED_DEPRECATED,
        };
        let mut what = format!("`{name}` was removed");
        if let Some(moved) = self.twin(method, operation) {
            what = format!("{what}; the same operation stands at `{moved}` now");
        }
        self.note(rule, &Spot::removed(operation, parent), what);
    }

    /// Another path of the new document, not in the old one, with the same operation.
    fn twin(&self, method: &str, operation: &Node<'a>) -> Option<&'a str> {
        let paths = |document: &Node<'a>| document.value.get("paths").and_then(Value::as_object);
        let old = paths(&self.old);
        paths(&self.new)?.iter().find_map(|(path, item)| {
            let is_new = old.is_none_or(|old| !old.contains_key(path));
            let is_same = item.get(method) == Some(operation.value);
            (is_new && is_same).then_some(path.as_str())
        })
    }

    fn path_item(&mut self, path: &str, old: &Node<'a>, new: &Node<'a>, renames: &[(&str, &str)]) {
        for key in keys(old, new) {
            let (before, after) = (old.get(key), new.get(key));
            match (key, &before, &after) {
                (_, Some(before), Some(after)) if METHODS.contains(&key) => {
                    self.operation(before, after, (old, new), renames);
                }
                (_, None, Some(operation)) if METHODS.contains(&key) => {
                    self.operation_added_or_removed(path, key, operation, new, true, false);
                }
                (_, Some(operation), None) if METHODS.contains(&key) => {
                    self.operation_added_or_removed(path, key, operation, new, false, false);
                }
                // Compared with each operation, and as a whole where there is none.
                ("parameters", ..) => {}
                ("servers", ..) => {
                    let around = [self.old.get(key), self.new.get(key)];
                    let spot = Spot::between(before.as_ref(), after.as_ref(), new);
                    self.servers(&spot, around);
                }
                _ if self.annotation(key, before.as_ref(), after.as_ref(), new, Direction::None) => {}
                _ => self.unknown(before.as_ref(), after.as_ref()),
            }
        }
        let both = METHODS
            .iter()
            .any(|method| old.value.get(method).is_some() && new.value.get(method).is_some());
        let (before, after) = (old.get("parameters"), new.get("parameters"));
        if !both && !same(before.as_ref(), after.as_ref()) {
            let what = format!(
                "parameters of the path `{path}` {}",
                before_after(before.as_ref(), after.as_ref())
            );
            let spot = Spot::between(before.as_ref(), after.as_ref(), new);
            self.note(&rules::PATH_ITEM_CHANGED, &spot, what);
        }
    }

    fn operation(
        &mut self,
        old: &Node<'a>,
        new: &Node<'a>,
        items: (&Node<'a>, &Node<'a>),
        renames: &[(&str, &str)],
    ) {
        self.parameters(old, new, items, renames);
        for key in keys(old, new) {
            let (before, after) = (old.get(key), new.get(key));
            let spot = Spot::between(before.as_ref(), after.as_ref(), new);
            match key {
                "parameters" => {}
                "requestBody" => self.request_body(spot.old, spot.new, new),
                "responses" => {
                    if let (Some(before), Some(after)) = (spot.old, spot.new) {
                        self.responses(before, after);
                    } else {
                        self.unknown(spot.old, spot.new);
                    }
                }
                "operationId" => {
                    if !same(spot.old, spot.new) {
                        let rule = if spot.old.is_none() {
                            &rules::OPERATION_ID_ADDED
                        } else {
                            &rules::OPERATION_ID_REMOVED
                        };
                        let what = spot.told("operationId");
                        self.note(rule, &spot, what);
                    }
                }
                "tags" => self.operation_tags(spot.old, spot.new, new),
                "deprecated" => {
                    self.deprecated(
                        &spot,
                        &rules::ENDPOINT_DEPRECATED,
                        &rules::ENDPOINT_REACTIVATED,
                        Direction::None,
                    );
                }
                "security" => self.security(spot.old, spot.new, new, false),
                "servers" => {
                    let around = [(items.0, &self.old), (items.1, &self.new)];
                    let around = around.map(|(item, document)| item.get(key).or_else(|| document.get(key)));
                    self.servers(&spot, around);
                }
                "callbacks" => self.callbacks(&spot),
                _ if NOT_TAKEN.contains(&key) => self.unknown(spot.old, spot.new),
                _ if self.annotation(key, spot.old, spot.new, new, Direction::None) => {}
                _ => self.unknown(spot.old, spot.new),
            }
        }
    }

    fn operation_tags(&mut self, old: Option<&Node<'a>>, new: Option<&Node<'a>>, parent: &Node<'a>) {
        if same(old, new) {
            return;
        }
        let list = |node: Option<&Node<'a>>| -> Vec<Node<'a>> {
            node.map(|node| node.entries(|tag| tag.as_str().unwrap_or_default().to_owned()))
                .unwrap_or_default()
        };
        let (before, after) = (list(old), list(new));
        let from = self.found.len();
        let others = |one: &[Node<'a>], other: &[Node<'a>]| -> Vec<Node<'a>> {
            let is_there = |tag: &Node<'a>| other.iter().any(|other| other.value == tag.value);
            one.iter().filter(|tag| !is_there(tag)).cloned().collect()
        };
        for tag in others(&after, &before) {
            let what = format!("the tag {} was added to {}", quote(tag.value), subject(parent));
            self.note(&rules::TAG_ADDED, &Spot::added(&tag, parent), what);
        }
        for tag in others(&before, &after) {
            let what = format!(
                "the tag {} was removed from {}",
                quote(tag.value),
                subject(parent)
            );
            self.note(&rules::TAG_REMOVED, &Spot::removed(&tag, parent), what);
        }
        let first = |tags: &[Node<'a>]| tags.first().map(|tag| tag.value);
        if first(&before) != first(&after) {
            let what = format!(
                "the first of the tags of {} {}",
                subject(parent),
                before_after(old, new)
            );
            self.note(&rules::TAG_GROUP, &Spot { old, new, parent }, what);
        } else if self.found.len() == from {
            let what = format!("tags {}", before_after(old, new));
            self.note(&rules::NOTATION_CHANGED, &Spot { old, new, parent }, what);
        }
    }
}

/// A path with its placeholders unnamed.
fn template(path: &str) -> String {
    path.split('/')
        .map(|segment| {
            let mut text = String::new();
            let mut inside = false;
            for character in segment.chars() {
                match character {
                    '{' => {
                        inside = true;
                        text.push_str("{}");
                    }
                    '}' => inside = false,
                    _ if inside => {}
                    _ => text.push(character),
                }
            }
            text
        })
        .collect::<Vec<_>>()
        .join("/")
}

fn placeholders(path: &str) -> Vec<&str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .collect()
}
