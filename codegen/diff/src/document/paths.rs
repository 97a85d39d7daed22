//! Paths and their operations.

use std::collections::HashSet;

use serde_json::Value;

use funnelflux_openapi::pointer::{METHODS, Pointer};

use crate::{
    comparer::Comparer,
    level::Direction,
    node::{Node, missing_from},
    part_names::{quote, subject},
    rules::ChangeKind as Kind,
    site::Site,
};

use super::parameters::Renames;

impl<'a> Comparer<'a> {
    pub(crate) fn paths(&mut self, site: &Site<'_, 'a>) {
        let nothing = Node::at(&Value::Null, Pointer::from_static("/paths").to_buf());
        let [old, new] = [&site.old, &site.new].map(|node| node.as_ref().unwrap_or(&nothing));
        let mut matched: HashSet<&str> = HashSet::new();
        let old_paths = old.members();
        for (path, item) in new.members() {
            if path.starts_with("x-") {
                self.annotation(path, &Site::member(path, old, new), Direction::None);
                continue;
            }
            if let Some(other) = old.get(path) {
                matched.insert(path);
                self.path_item(path, &other, &item, &Vec::new());
                continue;
            }
            let twin = old_paths.iter().find(|(other, _)| {
                template(other) == template(path)
                    && new.value.get(*other).is_none()
                    && !matched.contains(other)
            });
            if let Some((name, other)) = twin {
                matched.insert(name);
                self.renamed_path((name, other), (path, &item), new);
            } else {
                self.path_added_or_removed(path, &Site::added(&item, new));
            }
        }
        for (path, item) in &old_paths {
            if path.starts_with("x-") {
                if new.value.get(*path).is_none() {
                    self.annotation(path, &Site::removed(item, new), Direction::None);
                }
            } else if !matched.contains(path) {
                self.path_added_or_removed(path, &Site::removed(item, new));
            }
        }
    }

    /// Compares paths that differ only in the names of their parameters.
    fn renamed_path(&mut self, old: (&str, &Node<'a>), new: (&str, &Node<'a>), parent: &Node<'a>) {
        let [old_names, new_names] = [old.0, new.0].map(placeholders);
        let pairs = old_names.iter().copied().zip(new_names.iter().copied());
        // A name that occurs in both paths at different positions.
        let is_swapped = pairs
            .clone()
            .any(|(before, after)| before != after && new_names.contains(&before));
        let kind = if is_swapped {
            Kind::PathParametersSwapped
        } else {
            Kind::PathParameterRenamed
        };
        let what = format!("the path `{}` became `{}`", old.0, new.0);
        self.change(kind, &Site::between(old.1, new.1, parent), what)
            .covers_subtree(false)
            .report();
        // A name that occurs in both paths identifies the same parameter, even at another position.
        let is_renamed = |pair: &(&str, &str)| !new_names.contains(&pair.0) && !old_names.contains(&pair.1);
        let renames: Renames<'_> = pairs.filter(is_renamed).collect();
        self.path_item(new.0, old.1, new.1, &renames);
    }

    /// Reports all operations of a path that only one side has.
    fn path_added_or_removed(&mut self, path: &str, site: &Site<'_, 'a>) {
        let Some(item) = site.values().next() else { return };
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                let site = site.with(operation);
                let removed = [Kind::PathRemoved, Kind::DeprecatedPathRemoved];
                self.operation_added_or_removed(path, method, &site, removed);
            }
        }
        // The rest of the path item is added and removed with its operations.
        let is_empty = !METHODS.iter().any(|method| item.value.get(*method).is_some());
        if is_empty || item.keys().any(|key| !METHODS.contains(&key)) {
            let what = format!("the path `{path}` {}", site.verb());
            self.change(Kind::PathItemChanged, site, what).report();
        }
    }

    fn operation_added_or_removed(
        &mut self,
        path: &str,
        method: &str,
        site: &Site<'_, 'a>,
        [removed, deprecated_removed]: [Kind; 2],
    ) {
        let name = format!("the operation `{} {path}`", method.to_ascii_uppercase());
        let Some(operation) = &site.old else {
            return self.report(
                Kind::OperationAdded,
                site,
                format!("{name} was added"),
                Direction::None,
            );
        };
        let kind = if operation.flag("deprecated") {
            deprecated_removed
        } else {
            removed
        };
        let what = match self.moved_to(method, operation) {
            Some(path) => format!("{name} was removed; the same operation is now at `{path}`"),
            None => format!("{name} was removed"),
        };
        self.change(kind, site, what).report();
    }

    /// A path that contains the same operation and that only the new document has.
    fn moved_to(&self, method: &str, operation: &Node<'a>) -> Option<&'a str> {
        let paths = |root: &Node<'a>| root.value.get("paths").and_then(Value::as_object);
        let old = paths(&self.old.root);
        paths(&self.new.root)?.iter().find_map(|(path, item)| {
            let is_new = old.is_none_or(|old| !old.contains_key(path));
            let is_same = item.get(method) == Some(operation.value);
            (is_new && is_same).then_some(path.as_str())
        })
    }

    fn path_item(&mut self, path: &str, old: &Node<'a>, new: &Node<'a>, renames: &Renames<'_>) {
        for (key, site) in Site::members(old, new) {
            match key {
                _ if METHODS.contains(&key) => {
                    if let Some(operations) = site.both() {
                        self.operation(operations, (old, new), renames);
                    } else {
                        let removed = [Kind::OperationRemoved, Kind::DeprecatedOperationRemoved];
                        self.operation_added_or_removed(path, key, &site, removed);
                    }
                }
                // These are compared together with each operation, or as a whole if there is no operation.
                "parameters" => {}
                "servers" => {
                    let inherited = [&self.old, &self.new].map(|document| document.root.get(key));
                    self.servers(&site, &inherited);
                }
                _ => self.annotation_or_unclassified(key, &site, Direction::None),
            }
        }
        let has = |item: &Node<'a>, method: &str| item.value.get(method).is_some();
        let shares_operation = METHODS.iter().any(|method| has(old, method) && has(new, method));
        let parameters = Site::member("parameters", old, new);
        if !shares_operation && !parameters.is_unchanged() {
            let what = format!("parameters of the path `{path}` {}", parameters.before_after());
            self.change(Kind::PathItemChanged, &parameters, what).report();
        }
    }

    fn operation(
        &mut self,
        (old, new): (&Node<'a>, &Node<'a>),
        items: (&Node<'a>, &Node<'a>),
        renames: &Renames<'_>,
    ) {
        self.parameters((old, new), items, renames);
        for (key, site) in Site::members(old, new) {
            match key {
                "parameters" => {}
                "requestBody" => self.request_body(&site),
                "responses" => match site.both() {
                    Some((old, new)) => self.responses(old, new),
                    None => self.unclassified(&site),
                },
                "operationId" => {
                    if !site.is_unchanged() {
                        let removed = Kind::OperationIdRemoved;
                        let kind = site.kind([Kind::OperationIdAdded, removed, removed]);
                        self.change(kind, &site, site.describe(key)).report();
                    }
                }
                "tags" => self.operation_tags(&site),
                "deprecated" => {
                    let kinds = [Kind::OperationDeprecated, Kind::OperationReactivated];
                    self.deprecated(&site, kinds, Direction::None);
                }
                "security" => self.operation_security(&site),
                "servers" => {
                    let inherited = [(items.0, &self.old), (items.1, &self.new)];
                    let inherited =
                        inherited.map(|(item, document)| item.get(key).or_else(|| document.root.get(key)));
                    self.servers(&site, &inherited);
                }
                "callbacks" => self.callbacks(&site),
                _ => self.unconverted_or_annotation(key, &site),
            }
        }
    }

    fn operation_tags(&mut self, site: &Site<'_, 'a>) {
        if site.is_unchanged() {
            return;
        }
        let [before, after] = site.entries(|tag| tag.as_str().unwrap_or_default().to_owned());
        let (added, removed) = (missing_from(&after, &before), missing_from(&before, &after));
        let operation = subject(site.parent);
        for tag in &added {
            let what = format!("the tag {} was added to {operation}", quote(tag.value));
            self.report(
                Kind::TagAdded,
                &Site::added(tag, site.parent),
                what,
                Direction::None,
            );
        }
        for tag in &removed {
            let what = format!("the tag {} was removed from {operation}", quote(tag.value));
            self.report(
                Kind::TagRemoved,
                &Site::removed(tag, site.parent),
                what,
                Direction::None,
            );
        }
        let [old_first, new_first] = [&before, &after].map(|tags| tags.first().map(|tag| tag.value));
        if old_first != new_first {
            let what = format!("the first tag of {operation} {}", site.before_after());
            self.change(Kind::FirstTagChanged, site, what).report();
        } else if added.is_empty() && removed.is_empty() {
            let what = format!("tags {}", site.before_after());
            self.change(Kind::NotationChanged, site, what).report();
        }
    }
}

/// The path without the names of its placeholders.
fn template(path: &str) -> String {
    let mut text = String::new();
    for (index, part) in path.split('{').enumerate() {
        match part.split_once('}') {
            Some((_, rest)) if index > 0 => {
                text.push_str("{}");
                text.push_str(rest);
            }
            _ => text.push_str(part),
        }
    }
    text
}

fn placeholders(path: &str) -> Vec<&str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .collect()
}
