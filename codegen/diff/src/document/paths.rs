//! Compares paths and their operations.

use std::{borrow::Cow, collections::HashMap};

use serde_json::Value;

use funnelflux_openapi::{operations::operations, pointer::METHODS};

use crate::{
    comparer::Comparer,
    level::{Direction, Side},
    node::{Node, canonical},
    part_names::subject,
    rules::ChangeKind as Kind,
    site::Site,
};

use super::{
    parameters::Renames,
    server_url::{MovedPrefix, placeholders, template_parts},
};

impl<'a> Comparer<'a> {
    /// Compares the paths of the documents. With the prefixes in `moved` before them, paths with the same URL
    /// are equal.
    pub(super) fn paths(&mut self, paths: &Site<'_, 'a>, moved: &MovedPrefix) {
        let full = |side: Side, path: &'a str| match side.of(moved.prefixes.each_ref()).as_str() {
            prefix if path.starts_with('/') && !prefix.is_empty() => format!("{prefix}{path}").into(),
            _ => Cow::Borrowed(path),
        };
        for ([old_path, path], site) in
            paths.paired_by(full, |side, path, _| Some(template(&full(side, path))))
        {
            match site.both() {
                _ if path.starts_with("x-") => {
                    self.annotation(path, &site, Direction::None);
                }
                Some((old, new)) if old_path == path => self.path_item(path, old, new, &Vec::new()),
                Some(items) if full(Side::Old, old_path) == full(Side::New, path) => {
                    let part = if moved.is_same_host { "" } else { "path of the " };
                    let what = format!("the path `{old_path}` became `{path}`, at the same {part}URL");
                    let change = self.change(Kind::NotationChanged, &site, what);
                    change.covers_subtree(false).report();
                    self.path_item(path, items.0, items.1, &Vec::new());
                }
                Some(items) => self.renamed_path([old_path, path], items, &site),
                None => self.path_added_or_removed(path, &site),
            }
        }
    }

    /// Compares paths that differ only in the names of their parameters.
    fn renamed_path(
        &mut self,
        [old_path, path]: [&str; 2],
        (old, new): (&Node<'a>, &Node<'a>),
        site: &Site<'_, 'a>,
    ) {
        let [old_names, new_names] = [old_path, path].map(placeholders);
        let pairs = old_names.iter().copied().zip(new_names.iter().copied());
        let next = |name: &str| {
            pairs
                .clone()
                .find(|(before, _)| *before == name)
                .map(|(_, after)| after)
        };
        // Names trade places if following the renames leads back to the first name.
        let trades = |(before, after): &(&str, &str)| {
            let mut chain = std::iter::successors(Some(*after), |name| next(name)).take(old_names.len());
            before != after && chain.any(|name| name == *before)
        };
        let kind = if pairs.clone().any(|pair| trades(&pair)) {
            Kind::PathParametersSwapped
        } else {
            Kind::PathParameterRenamed
        };
        let what = format!("the path `{old_path}` became `{path}`");
        self.change(kind, site, what).covers_subtree(false).report();
        // A name that trades places identifies the same parameter, even at another position.
        let is_renamed = |pair: &(&str, &str)| pair.0 != pair.1 && !trades(pair);
        let renames: Renames<'_> = pairs.clone().filter(is_renamed).collect();
        self.path_item(path, old, new, &renames);
    }

    /// Handles a path that only one document has: reports each of its operations as added or removed.
    fn path_added_or_removed(&mut self, path: &str, site: &Site<'_, 'a>) {
        let (operations, rest): (Vec<_>, Vec<_>) =
            site.contents().partition(|(key, _)| METHODS.contains(key));
        for (method, operation) in &operations {
            let removed = [Kind::PathRemoved, Kind::DeprecatedPathRemoved];
            self.operation_added_or_removed(path, method, operation, removed);
        }
        // The rest of the path item is added or removed together with the operations.
        if operations.is_empty() || !rest.is_empty() {
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
            let what = format!("{name} was added");
            return self.change(Kind::OperationAdded, site, what).report();
        };
        let is_deprecated = operation.flag("deprecated");
        let kind = if is_deprecated {
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

    /// Returns the path to which a removed operation moved: the only path that has the same operation and
    /// does not exist in the old document.
    fn moved_to(&mut self, method: &str, operation: &Node<'a>) -> Option<&'a str> {
        let (old, new) = (self.old.root.value.get("paths"), self.new.root.value);
        let moved = self.moved.get_or_insert_with(|| {
            let is_new = |path: &str| old.is_none_or(|old| old.get(path).is_none());
            let mut moved: HashMap<(&str, String), Vec<&str>> = HashMap::new();
            for operation in operations(new).filter(|operation| is_new(operation.path)) {
                let key = (operation.method, canonical(operation.value));
                moved.entry(key).or_default().push(operation.path);
            }
            moved
        });
        match moved.get(&(method, canonical(operation.value)))?.as_slice() {
            [path] => Some(path),
            _ => None,
        }
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
                // The parameters are compared with each operation. If no operation is on both sides, they are
                // compared as a whole.
                "parameters" => {}
                "servers" => {
                    let has_own = |(old, new): (Node<'a>, Node<'a>)| {
                        old.value.get(key).or(new.value.get(key)).is_some()
                    };
                    let mut operations = shared_operations(old, new).peekable();
                    if !site.is_unchanged() && operations.peek().is_some() && operations.all(has_own) {
                        let what =
                            format!("`servers` of the path `{path}`, where every operation has its own,");
                        let what = format!("{what} {}", site.before_after());
                        self.change(Kind::NotationChanged, &site, what).report();
                        continue;
                    }
                    let inherited = [&self.old, &self.new].map(|document| document.root.get(key));
                    self.servers(&site, inherited);
                }
                _ => self.other_member(key, &site, Direction::None),
            }
        }
        let operations: Vec<_> = shared_operations(old, new).collect();
        let parameters = Site::member("parameters", old, new);
        if operations.is_empty() && !parameters.is_unchanged() {
            let what = format!("parameters of the path `{path}` {}", parameters.before_after());
            self.change(Kind::PathItemChanged, &parameters, what).report();
        } else if !parameters.is_unchanged() {
            self.overridden_parameters((old, new), &operations);
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
                    Some((before, after)) => {
                        let method = new.pointer.last().map(|method| method.decoded().into_owned());
                        self.responses(&method.unwrap_or_default(), before, after);
                    }
                    None => self.unclassified(&site),
                },
                "operationId" => {
                    if !site.is_unchanged() {
                        let removed = Kind::OperationIdRemoved;
                        let kind = site.pick([Kind::OperationIdAdded, removed, removed]);
                        self.change(kind, &site, site.describe(key)).report();
                    }
                }
                "tags" => self.operation_tags(&site),
                "deprecated" => {
                    let kinds = [Kind::OperationDeprecated, Kind::OperationReactivated];
                    self.flag_in(key, &site, kinds, Direction::None);
                }
                "security" => self.operation_security(&site),
                "servers" => {
                    let inherited = [(items.0, &self.old), (items.1, &self.new)];
                    let inherited =
                        inherited.map(|(item, document)| item.get(key).or_else(|| document.root.get(key)));
                    self.servers(&site, inherited);
                }
                "callbacks" => self.callbacks(&site),
                "x-consumes" | "x-produces"
                    if !self.old.has_body(old, key) && !self.new.has_body(new, key) =>
                {
                    self.unused_media_types(key, &site);
                }
                _ => self.other_member(key, &site, Direction::None),
            }
        }
    }

    fn operation_tags(&mut self, site: &Site<'_, 'a>) {
        if site.is_unchanged() {
            return;
        }
        let name = |tag: &'a Value| tag.as_str().unwrap_or_default().to_owned();
        let tags = site.one_sided_entries(name);
        let operation = subject(site.parent);
        for tag in &tags {
            let kind = tag.pick_side([Kind::TagAdded, Kind::TagRemoved]);
            let words = tag.pick_side(["added to", "removed from"]);
            let what = format!("the tag {} was {words} {operation}", tag.quoted());
            self.change(kind, tag, what).report();
        }
        let [old_first, new_first] = site.sides().map(|tags| tags?.value.get(0));
        if old_first != new_first {
            let what = format!("the first tag of {operation} {}", site.before_after());
            self.change(Kind::FirstTagChanged, site, what).report();
        } else if tags.is_empty() {
            let what = format!("tags {}", site.before_after());
            self.change(Kind::NotationChanged, site, what).report();
        }
    }
}

/// Pairs the operations of two path items by their method.
fn shared_operations<'n, 'a>(
    old: &'n Node<'a>,
    new: &'n Node<'a>,
) -> impl Iterator<Item = (Node<'a>, Node<'a>)> + use<'n, 'a> {
    METHODS
        .iter()
        .filter_map(|method| old.get(method).zip(new.get(method)))
}

/// Returns the path without the names of its placeholders.
pub(super) fn template(path: &str) -> String {
    let parts = template_parts(path);
    let text = parts.map(|(name, text)| format!("{}{text}", name.map_or("", |_| "{}")));
    text.collect()
}
