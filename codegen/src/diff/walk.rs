//! The walk over two documents side by side: info, servers, security, paths, operations, parameters, bodies, responses
//! and components. Schemas are compared in [`super::schema`].

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use serde_json::{Map, Value};

use super::{
    Direction, Found, Impact,
    kin::{Kin, kin},
    node::{Node, canonical},
    rules::{self, Rule},
    structure,
};
use crate::pointer::METHODS;

/// Everything that differs, and pointers to differences that are told with another one.
pub(super) fn walk(old: &Value, new: &Value) -> (Vec<Found>, Vec<String>) {
    let mut walk = Walk {
        old: Node::root(old),
        new: Node::root(new),
        old_kin: kin(old),
        new_kin: kin(new),
        found: Vec::new(),
        seen: HashSet::new(),
        queue: VecDeque::new(),
        renamed: BTreeMap::new(),
        explained: Vec::new(),
    };
    walk.document();
    (walk.found, walk.explained)
}

/// What part of a message a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Noun {
    Body,
    Property,
    Parameter,
    ParameterProperty,
    Header,
}

/// How the walk came to a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub direction: Direction,
    pub noun: Noun,
    /// In the answer to a call that failed.
    pub failure: bool,
}

impl Place {
    fn id(self) -> &'static str {
        match (self.direction, self.noun) {
            (Direction::Response, Noun::Body) => "response-body",
            (Direction::Response, Noun::Header) => "response-header",
            (Direction::Response, _) => "response-property",
            (Direction::Request, Noun::Body | Noun::Header) => "request-body",
            (Direction::Request, Noun::Property) => "request-property",
            (Direction::Request, Noun::Parameter) => "request-parameter",
            (Direction::Request, Noun::ParameterProperty) => "request-parameter-property",
            (Direction::None | Direction::Both, _) => "schema",
        }
    }

    pub(super) fn inner(self) -> Self {
        let noun = match self.noun {
            Noun::Parameter | Noun::ParameterProperty => Noun::ParameterProperty,
            Noun::Body | Noun::Property | Noun::Header => Noun::Property,
        };
        Self { noun, ..self }
    }
}

/// A parameter of an operation, its own or its path's.
struct Parameter<'a> {
    /// Where it is sent and what it is called.
    name: String,
    value: Node<'a>,
    /// Where the operation names it: the same place, or a reference to it.
    written: Node<'a>,
}

pub(super) struct Walk<'a> {
    pub old: Node<'a>,
    pub new: Node<'a>,
    pub old_kin: Kin,
    pub new_kin: Kin,
    pub found: Vec<Found>,
    /// Pairs of schemas that have been compared.
    pub seen: HashSet<(String, String, Place)>,
    pub queue: VecDeque<(Node<'a>, Node<'a>, Place)>,
    /// Schemas that have another name now: old pointer to new pointer.
    pub renamed: BTreeMap<String, String>,
    /// Pointers to differences that are told with another one.
    pub explained: Vec<String>,
}

/// Where a change is and between which values.
pub(super) struct Spot<'n, 'a> {
    pub old: Option<&'n Node<'a>>,
    pub new: Option<&'n Node<'a>>,
    /// The object in the new document that holds it, or held it in the old one.
    pub parent: &'n Node<'a>,
}

/// A value, short enough for a sentence.
pub(super) fn short(value: &str) -> String {
    const MOST: usize = 160;
    if value.chars().count() <= MOST {
        return value.to_owned();
    }
    let beginning: String = value.chars().take(MOST).collect();
    format!("{beginning}…")
}

pub(super) fn quote(value: &Value) -> String {
    format!("`{}`", short(&value.to_string()))
}

/// The keys of both objects: the new one's in its order, then those that only the old one has.
pub(super) fn keys<'a>(old: &Node<'a>, new: &Node<'a>) -> Vec<&'a str> {
    let members = |node: &Node<'a>| {
        node.value
            .as_object()
            .into_iter()
            .flat_map(Map::keys)
            .map(String::as_str)
    };
    let mut keys: Vec<&'a str> = members(new).collect();
    keys.extend(members(old).filter(|key| new.value.get(*key).is_none()));
    keys
}

impl<'a> Walk<'a> {
    /// Notes a change. What more there is to say is said on the returned entry.
    pub(super) fn note(
        &mut self,
        rule: &'static Rule,
        spot: &Spot<'_, 'a>,
        what: String,
    ) -> &mut Found {
        let identity = spot
            .new
            .or(spot.old)
            .unwrap_or(spot.parent)
            .identity
            .clone();
        let value = match (spot.old, spot.new) {
            (Some(old), Some(new)) => format!("{}→{}", canonical(old.value), canonical(new.value)),
            _ => String::new(),
        };
        let nearest = spot.new.unwrap_or(spot.parent).pointer.clone();
        let found = Found {
            rule,
            place: "",
            need: "",
            limit: "",
            direction: Direction::None,
            unused: false,
            old: spot.old.map(|node| node.pointer.clone()),
            new: spot.new.map(|node| node.pointer.clone()),
            nearest,
            identity,
            what,
            value,
            impact: rule.impact,
            reason: None,
            subtree: true,
        };
        self.found.push_mut(found)
    }

    /// A key that no rule knows.
    pub(super) fn unknown(&mut self, old: Option<&Node<'a>>, new: Option<&Node<'a>>) {
        if same(old, new) {
            return;
        }
        self.found.push(structure::unclassified(
            old.map(|node| node.pointer.clone()),
            new.map(|node| node.pointer.clone()),
            old.map(|node| canonical(node.value)),
            new.map(|node| canonical(node.value)),
        ));
    }

    /// Keys that only document: true if the key is one of them.
    pub(super) fn annotation(
        &mut self,
        key: &str,
        old: Option<&Node<'a>>,
        new: Option<&Node<'a>>,
        parent: &Node<'a>,
        direction: Direction,
    ) -> bool {
        let rule = match key {
            "description" => &rules::DESCRIPTION_CHANGED,
            "summary" => &rules::SUMMARY_CHANGED,
            "title" => &rules::TITLE_CHANGED,
            "example" | "examples" => &rules::EXAMPLE_CHANGED,
            "externalDocs" => &rules::EXTERNAL_DOCS_CHANGED,
            _ if key.starts_with("x-") => &rules::EXTENSION_CHANGED,
            _ => return false,
        };
        if same(old, new) {
            return true;
        }
        let mut rule = rule;
        let holder = subject(parent);
        let mut what = format!("{key} of {holder} {}", before_after(old, new));
        if key == "description" || key == "summary" {
            let words = obligations(old, new);
            if !words.is_empty() {
                rule = &rules::DESCRIPTION_OBLIGATION;
                what = format!(
                    "{key} of {holder}, with {}, {}",
                    words.join(", "),
                    before_after(old, new)
                );
            }
        }
        let found = self.note(rule, &Spot { old, new, parent }, what);
        found.direction = direction;
        if key.starts_with("x-") && key != "x-evidence" {
            found.impact = Impact::None;
            found.reason = Some("Nothing in the crate comes from this extension.".to_owned());
        }
        true
    }

    fn document(&mut self) {
        let (old, new) = (self.old.clone(), self.new.clone());
        for key in keys(&old, &new) {
            let (before, after) = (old.get(key), new.get(key));
            let spot = Spot {
                old: before.as_ref(),
                new: after.as_ref(),
                parent: &new,
            };
            match key {
                "openapi" => {
                    if !same(spot.old, spot.new) {
                        let what = format!("`openapi` {}", before_after(spot.old, spot.new));
                        self.note(&rules::OPENAPI_VERSION, &spot, what);
                    }
                }
                "info" => self.info(spot.old, spot.new, &new),
                "servers" => self.servers(spot.old, spot.new, &new),
                "security" => self.security(spot.old, spot.new, &new, true),
                "tags" => self.tags(spot.old, spot.new, &new),
                "paths" => self.paths(&old, &new),
                "components" => {}
                _ if self.annotation(key, spot.old, spot.new, &new, Direction::None) => {}
                _ => self.unknown(spot.old, spot.new),
            }
        }
        self.drain();
        self.components(&old, &new);
        self.drain();
    }

    fn info(&mut self, old: Option<&Node<'a>>, new: Option<&Node<'a>>, parent: &Node<'a>) {
        let (Some(old), Some(new)) = (old, new) else {
            if !same(old, new) {
                let what = "`info` was added or removed".to_owned();
                self.note(&rules::INFO_CHANGED, &Spot { old, new, parent }, what);
            }
            return;
        };
        for key in keys(old, new) {
            let (before, after) = (old.get(key), new.get(key));
            if same(before.as_ref(), after.as_ref()) {
                continue;
            }
            let spot = Spot {
                old: before.as_ref(),
                new: after.as_ref(),
                parent: new,
            };
            let known = ["title", "version", "termsOfService", "contact", "license"].contains(&key);
            if known {
                let what = format!("`info.{key}` {}", before_after(spot.old, spot.new));
                self.note(&rules::INFO_CHANGED, &spot, what);
            } else if !self.annotation(key, spot.old, spot.new, new, Direction::None) {
                self.unknown(spot.old, spot.new);
            }
        }
    }

    fn tags(&mut self, old: Option<&Node<'a>>, new: Option<&Node<'a>>, parent: &Node<'a>) {
        if same(old, new) {
            return;
        }
        let what = format!("the list of tags {}", before_after(old, new));
        self.note(&rules::TAG_DESCRIPTION, &Spot { old, new, parent }, what);
    }

    fn servers(&mut self, old: Option<&Node<'a>>, new: Option<&Node<'a>>, parent: &Node<'a>) {
        if same(old, new) {
            return;
        }
        let list = |node: Option<&Node<'a>>| -> Vec<Node<'a>> {
            node.map(|node| node.entries(|entry| structure::name(entry).unwrap_or_default()))
                .unwrap_or_default()
        };
        let (before, after) = (list(old), list(new));
        let url = |node: &Node<'a>| node.str("url").unwrap_or_default();
        for server in before
            .iter()
            .filter(|server| !after.iter().any(|other| url(other) == url(server)))
        {
            let what = format!("the server `{}` was removed", url(server));
            self.note(
                &rules::SERVER_REMOVED,
                &Spot {
                    old: Some(server),
                    new: None,
                    parent,
                },
                what,
            );
        }
        for server in &after {
            let Some(other) = before.iter().find(|other| url(other) == url(server)) else {
                let what = format!("the server `{}` was added", url(server));
                self.note(
                    &rules::SERVER_ADDED,
                    &Spot {
                        old: None,
                        new: Some(server),
                        parent,
                    },
                    what,
                );
                continue;
            };
            for key in keys(other, server) {
                let (before, after) = (other.get(key), server.get(key));
                let spot = Spot {
                    old: before.as_ref(),
                    new: after.as_ref(),
                    parent: server,
                };
                if key == "variables" {
                    if !same(spot.old, spot.new) {
                        let what = format!(
                            "variables of the server `{}` {}",
                            url(server),
                            before_after(spot.old, spot.new)
                        );
                        self.note(&rules::SERVER_VARIABLES, &spot, what);
                    }
                } else if !self.annotation(key, spot.old, spot.new, server, Direction::None) {
                    self.unknown(spot.old, spot.new);
                }
            }
        }
        let kept: Vec<&str> = before
            .iter()
            .map(url)
            .filter(|one| after.iter().any(|other| url(other) == *one))
            .collect();
        let order: Vec<&str> = after
            .iter()
            .map(url)
            .filter(|one| kept.contains(one))
            .collect();
        if kept != order {
            let what = format!(
                "servers are in another order: {} → {}",
                kept.join(", "),
                order.join(", ")
            );
            self.note(&rules::SERVER_ORDER, &Spot { old, new, parent }, what)
                .subtree = false;
        }
    }

    /// An operation that says nothing takes what the document says; the two are compared as they apply.
    fn security_of_operation(
        &mut self,
        old: Option<&Node<'a>>,
        new: Option<&Node<'a>>,
        parent: &Node<'a>,
    ) {
        let effective = |own: Option<&Node<'a>>, document: &Node<'a>| {
            own.cloned()
                .or_else(|| document.get("security"))
                .map(|node| node.entries(canonical))
                .unwrap_or_default()
        };
        let before = effective(old, &self.old);
        let after = effective(new, &self.new);
        let names = |nodes: &[Node<'a>]| {
            nodes
                .iter()
                .map(|node| canonical(node.value))
                .collect::<BTreeSet<_>>()
        };
        let mut what = format!("`security` of the operation {}", before_after(old, new));
        let rule = if names(&before) == names(&after) {
            what.push_str("; what applies is the same");
            &rules::NOTATION_CHANGED
        } else if open(&after) {
            &rules::SECURITY_DROPPED
        } else {
            &rules::SECURITY_ADDED
        };
        self.note(rule, &Spot { old, new, parent }, what);
    }

    /// Alternatives of authentication, of the document or of one operation.
    fn security(
        &mut self,
        old: Option<&Node<'a>>,
        new: Option<&Node<'a>>,
        parent: &Node<'a>,
        global: bool,
    ) {
        if same(old, new) {
            return;
        }
        let (added, removed) = if global {
            (
                &rules::GLOBAL_SECURITY_ADDED,
                &rules::GLOBAL_SECURITY_REMOVED,
            )
        } else {
            (&rules::SECURITY_ADDED, &rules::SECURITY_REMOVED)
        };
        let list = |node: Option<&Node<'a>>| node.map(|node| node.entries(canonical));
        let before = list(old).unwrap_or_default();
        let after = list(new).unwrap_or_default();
        if !global && (old.is_none() || new.is_none()) {
            self.security_of_operation(old, new, parent);
            return;
        }
        let mut reported = false;
        for entry in &after {
            if !before
                .iter()
                .any(|other| canonical(other.value) == canonical(entry.value))
            {
                let keeps_all = before.iter().all(|other| {
                    after
                        .iter()
                        .any(|one| canonical(one.value) == canonical(other.value))
                });
                let rule = if open(std::slice::from_ref(entry)) {
                    &rules::SECURITY_DROPPED
                } else if !before.is_empty() && keeps_all {
                    &rules::SECURITY_ALTERNATIVE
                } else {
                    added
                };
                let what = format!("{} is asked for", quote(entry.value));
                self.note(
                    rule,
                    &Spot {
                        old: None,
                        new: Some(entry),
                        parent,
                    },
                    what,
                );
                reported = true;
            }
        }
        for entry in &before {
            if !after
                .iter()
                .any(|other| canonical(other.value) == canonical(entry.value))
            {
                let rule = if open(&after) {
                    &rules::SECURITY_DROPPED
                } else {
                    removed
                };
                let what = format!("{} is no longer accepted", quote(entry.value));
                self.note(
                    rule,
                    &Spot {
                        old: Some(entry),
                        new: None,
                        parent,
                    },
                    what,
                );
                reported = true;
            }
        }
        if !reported {
            let what = format!("`security` {}", before_after(old, new));
            self.note(&rules::NOTATION_CHANGED, &Spot { old, new, parent }, what);
        }
    }

    fn paths(&mut self, old: &Node<'a>, new: &Node<'a>) {
        let nowhere = Node {
            value: &Value::Null,
            pointer: "/paths".to_owned(),
            identity: "/paths".to_owned(),
        };
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
                self.note(
                    &rules::PATH_RENAMED,
                    &Spot {
                        old: Some(other),
                        new: Some(&item),
                        parent: &after,
                    },
                    what,
                )
                .subtree = false;
                let renames: Vec<(&str, &str)> = placeholders(name)
                    .into_iter()
                    .zip(placeholders(path))
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
    fn path_added_or_removed(
        &mut self,
        path: &str,
        item: &Node<'a>,
        parent: &Node<'a>,
        added: bool,
    ) {
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
            Spot {
                old: None,
                new: Some(item),
                parent,
            }
        } else {
            Spot {
                old: Some(item),
                new: None,
                parent,
            }
        };
        let rest = item
            .members()
            .into_iter()
            .any(|(key, _)| !METHODS.contains(&key));
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
            self.note(
                &rules::ENDPOINT_ADDED,
                &Spot {
                    old: None,
                    new: Some(operation),
                    parent,
                },
                what,
            );
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
        self.note(
            rule,
            &Spot {
                old: Some(operation),
                new: None,
                parent,
            },
            what,
        );
    }

    /// Another path of the new document, not in the old one, with the same operation.
    fn twin(&self, method: &str, operation: &Node<'a>) -> Option<&'a str> {
        let paths = self.new.get("paths")?;
        let wanted = canonical(operation.value);
        paths.members().into_iter().find_map(|(path, item)| {
            let is_new = self
                .old
                .get("paths")
                .is_none_or(|paths| paths.value.get(path).is_none());
            let same = item
                .get(method)
                .is_some_and(|other| canonical(other.value) == wanted);
            (is_new && same).then_some(path)
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
                ("servers", ..) => self.servers(before.as_ref(), after.as_ref(), new),
                _ if self.annotation(
                    key,
                    before.as_ref(),
                    after.as_ref(),
                    new,
                    Direction::None,
                ) => {}
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
            let spot = Spot {
                old: before.as_ref(),
                new: after.as_ref(),
                parent: new,
            };
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
            let spot = Spot {
                old: before.as_ref(),
                new: after.as_ref(),
                parent: new,
            };
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
                        let what = format!(
                            "`operationId` of {} {}",
                            subject(new),
                            before_after(spot.old, spot.new)
                        );
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
                "servers" => self.servers(spot.old, spot.new, new),
                _ if self.annotation(key, spot.old, spot.new, new, Direction::None) => {}
                _ => self.unknown(spot.old, spot.new),
            }
        }
    }

    fn operation_tags(
        &mut self,
        old: Option<&Node<'a>>,
        new: Option<&Node<'a>>,
        parent: &Node<'a>,
    ) {
        if same(old, new) {
            return;
        }
        let list = |node: Option<&Node<'a>>| -> Vec<Node<'a>> {
            node.map(|node| node.entries(|tag| tag.as_str().unwrap_or_default().to_owned()))
                .unwrap_or_default()
        };
        let (before, after) = (list(old), list(new));
        let mut reported = false;
        for tag in after
            .iter()
            .filter(|tag| !before.iter().any(|other| other.value == tag.value))
        {
            self.note(
                &rules::TAG_ADDED,
                &Spot {
                    old: None,
                    new: Some(tag),
                    parent,
                },
                format!(
                    "the tag {} was added to {}",
                    quote(tag.value),
                    subject(parent)
                ),
            );
            reported = true;
        }
        for tag in before
            .iter()
            .filter(|tag| !after.iter().any(|other| other.value == tag.value))
        {
            self.note(
                &rules::TAG_REMOVED,
                &Spot {
                    old: Some(tag),
                    new: None,
                    parent,
                },
                format!(
                    "the tag {} was removed from {}",
                    quote(tag.value),
                    subject(parent)
                ),
            );
            reported = true;
        }
        if !reported {
            let what = format!("tags {}", before_after(old, new));
            self.note(&rules::NOTATION_CHANGED, &Spot { old, new, parent }, what);
        }
    }

    pub(super) fn deprecated(
        &mut self,
        spot: &Spot<'_, 'a>,
        on: &'static Rule,
        off: &'static Rule,
        direction: Direction,
    ) {
        if same(spot.old, spot.new) {
            return;
        }
        let flag =
            |node: Option<&Node<'a>>| node.and_then(|node| node.value.as_bool()).unwrap_or(false);
        let (rule, what) = match (flag(spot.old), flag(spot.new)) {
            (false, true) => (on, "is deprecated now".to_owned()),
            (true, false) => (off, "is no longer deprecated".to_owned()),
            _ => (
                &rules::NOTATION_CHANGED,
                format!("`deprecated` {}", before_after(spot.old, spot.new)),
            ),
        };
        let what = format!("{} {what}", subject(spot.parent));
        self.note(rule, spot, what).direction = direction;
    }

    /// The parameters of an operation as they apply: its own, and those of the path that it does not override.
    fn effective_parameters(
        &self,
        operation: &Node<'a>,
        item: &Node<'a>,
        is_new: bool,
    ) -> Vec<Parameter<'a>> {
        let document = if is_new { &self.new } else { &self.old };
        let list = |holder: &Node<'a>| -> Vec<Parameter<'a>> {
            let Some(parameters) = holder.get("parameters") else {
                return Vec::new();
            };
            parameters
                .entries(|entry| {
                    let resolved = entry
                        .get("$ref")
                        .and_then(Value::as_str)
                        .and_then(|text| text.strip_prefix('#'));
                    let target = resolved
                        .and_then(|pointer| document.value.pointer(pointer))
                        .unwrap_or(entry);
                    structure::name(target).unwrap_or_else(|| canonical(target))
                })
                .into_iter()
                .map(|node| {
                    let name = node
                        .identity
                        .rsplit('/')
                        .next()
                        .unwrap_or_default()
                        .to_owned();
                    Parameter {
                        name,
                        value: resolve(document, &node),
                        written: node,
                    }
                })
                .collect()
        };
        let own = list(operation);
        let mut all: Vec<Parameter<'a>> = list(item)
            .into_iter()
            .filter(|one| !own.iter().any(|other| other.name == one.name))
            .collect();
        all.extend(own);
        all
    }

    fn parameters(
        &mut self,
        old: &Node<'a>,
        new: &Node<'a>,
        items: (&Node<'a>, &Node<'a>),
        renames: &[(&str, &str)],
    ) {
        let mut before = self.effective_parameters(old, items.0, false);
        let after = self.effective_parameters(new, items.1, true);
        for parameter in &mut before {
            if let Some(placeholder) = parameter.name.strip_prefix("path:")
                && let Some((_, renamed)) = renames.iter().find(|(from, _)| *from == placeholder)
            {
                parameter.name = format!("path:{renamed}");
            }
        }
        for parameter in &after {
            match before.iter().find(|other| other.name == parameter.name) {
                Some(other) => self.parameter(&other.value, &parameter.value),
                None => self.parameter_added(parameter, new),
            }
        }
        for Parameter {
            name,
            value: parameter,
            written,
        } in &before
        {
            if !after.iter().any(|other| other.name == *name) {
                let what = format!(
                    "the {} was removed from {}",
                    parameter_name(parameter),
                    subject(new)
                );
                self.note(
                    &rules::PARAMETER_REMOVED,
                    &Spot {
                        old: Some(written),
                        new: None,
                        parent: new,
                    },
                    what,
                )
                .direction = Direction::Request;
            }
        }
        let kept = |list: &[Parameter<'a>], other: &[Parameter<'a>]| -> Vec<String> {
            list.iter()
                .map(|one| one.name.clone())
                .filter(|name| other.iter().any(|one| one.name == *name))
                .collect()
        };
        let (order_before, order_after) = (kept(&before, &after), kept(&after, &before));
        if order_before == order_after {
            // Moved between path and operation, or behind a reference: the operation takes the same.
            let raw = (old.get("parameters"), new.get("parameters"));
            if !same(raw.0.as_ref(), raw.1.as_ref()) {
                let shape = |list: Option<&Node<'a>>| -> Vec<String> {
                    let references = |entry: &Value| {
                        entry
                            .get("$ref")
                            .and_then(Value::as_str)
                            .unwrap_or("inline")
                            .to_owned()
                    };
                    list.and_then(|list| list.value.as_array())
                        .into_iter()
                        .flatten()
                        .map(references)
                        .collect()
                };
                if shape(raw.0.as_ref()) != shape(raw.1.as_ref())
                    && order_before.len() == before.len()
                    && order_after.len() == after.len()
                {
                    let what = "the parameters are the same, written in another place".to_owned();
                    let spot = Spot {
                        old: raw.0.as_ref(),
                        new: raw.1.as_ref(),
                        parent: new,
                    };
                    self.note(&rules::NOTATION_CHANGED, &spot, what).direction = Direction::Request;
                }
            }
        } else {
            let lists = (old.get("parameters"), new.get("parameters"));
            let what = format!(
                "parameters are in another order: {} → {}",
                order_before.join(", "),
                order_after.join(", ")
            );
            let spot = Spot {
                old: lists.0.as_ref(),
                new: lists.1.as_ref(),
                parent: new,
            };
            let found = self.note(&rules::PARAMETER_ORDER, &spot, what);
            found.direction = Direction::Request;
            found.subtree = false;
            found.value = order_after.join(",");
        }
    }

    fn parameter_added(&mut self, added: &Parameter<'a>, parent: &Node<'a>) {
        let parameter = &added.value;
        let required = parameter.flag("required");
        let default = parameter.value.pointer("/schema/default").is_some();
        let rule = match (parameter.str("in"), required, default) {
            (Some("path"), ..) => &rules::NEW_PATH_PARAMETER,
            (_, true, false) => &rules::NEW_REQUIRED_PARAMETER,
            (_, true, true) => &rules::NEW_REQUIRED_PARAMETER_DEFAULT,
            (_, false, false) => &rules::NEW_OPTIONAL_PARAMETER,
            (_, false, true) => &rules::NEW_OPTIONAL_PARAMETER_DEFAULT,
        };
        let need = if required { "required" } else { "optional" };
        let what = format!(
            "the {need} {} was added to {}",
            parameter_name(parameter),
            subject(parent)
        );
        self.note(
            rule,
            &Spot {
                old: None,
                new: Some(&added.written),
                parent,
            },
            what,
        )
        .direction = Direction::Request;
    }

    fn parameter(&mut self, old: &Node<'a>, new: &Node<'a>) {
        let place = Place {
            direction: Direction::Request,
            noun: Noun::Parameter,
            failure: false,
        };
        for key in keys(old, new) {
            let (before, after) = (old.get(key), new.get(key));
            let spot = Spot {
                old: before.as_ref(),
                new: after.as_ref(),
                parent: new,
            };
            match key {
                "schema" => match (&before, &after) {
                    (Some(before), Some(after)) => self.schema(before, after, place, false),
                    _ => self.parameter_content(&spot),
                },
                "content" => match (&before, &after) {
                    (Some(before), Some(after)) => self.content(before, after, place),
                    _ => self.parameter_content(&spot),
                },
                _ if same(spot.old, spot.new) => {}
                // Its identity; a placeholder may have another name.
                "name" | "in" => {
                    let what = format!(
                        "`{key}` of {} {}",
                        subject(new),
                        before_after(spot.old, spot.new)
                    );
                    self.note(&rules::PATH_RENAMED, &spot, what).direction = Direction::Request;
                }
                "required" => {
                    let (rule, what) = match (old.flag("required"), new.flag("required")) {
                        (false, true) => (&rules::PARAMETER_BECAME_REQUIRED, "became required"),
                        (true, false) => (&rules::PARAMETER_BECAME_OPTIONAL, "became optional"),
                        _ => (&rules::NOTATION_CHANGED, "is as required as before"),
                    };
                    let what = format!("{} {what}", subject(new));
                    self.note(rule, &spot, what).direction = Direction::Request;
                }
                "deprecated" => {
                    self.deprecated(
                        &spot,
                        &rules::PARAMETER_DEPRECATED,
                        &rules::PARAMETER_REACTIVATED,
                        Direction::Request,
                    );
                }
                "style" | "explode" | "allowReserved" => {
                    let what = format!(
                        "`{key}` of {} {}",
                        subject(new),
                        before_after(spot.old, spot.new)
                    );
                    self.note(&rules::PARAMETER_SERIALIZATION, &spot, what)
                        .direction = Direction::Request;
                }
                "allowEmptyValue" => {
                    let (rule, what) = match (old.flag(key), new.flag(key)) {
                        (false, true) => (&rules::PARAMETER_EMPTY_ALLOWED, "may be empty now"),
                        (true, false) => {
                            (&rules::PARAMETER_EMPTY_FORBIDDEN, "may no longer be empty")
                        }
                        _ => (&rules::NOTATION_CHANGED, "may be empty as before"),
                    };
                    let what = format!("{} {what}", subject(new));
                    self.note(rule, &spot, what).direction = Direction::Request;
                }
                _ if self.annotation(key, spot.old, spot.new, new, Direction::Request) => {}
                _ => self.unknown(spot.old, spot.new),
            }
        }
    }

    fn parameter_content(&mut self, spot: &Spot<'_, 'a>) {
        let what = format!(
            "how {} is described {}",
            subject(spot.parent),
            before_after(spot.old, spot.new)
        );
        self.note(&rules::PARAMETER_CONTENT, spot, what).direction = Direction::Request;
    }

    fn request_body(&mut self, old: Option<&Node<'a>>, new: Option<&Node<'a>>, parent: &Node<'a>) {
        let resolved = (
            old.map(|node| resolve(&self.old, node)),
            new.map(|node| resolve(&self.new, node)),
        );
        let place = Place {
            direction: Direction::Request,
            noun: Noun::Body,
            failure: false,
        };
        match resolved {
            (None, None) => {}
            (None, Some(body)) => {
                let (rule, need) = if body.flag("required") {
                    (&rules::BODY_ADDED_REQUIRED, "a required")
                } else {
                    (&rules::BODY_ADDED_OPTIONAL, "an optional")
                };
                let what = format!("{need} request body was added to {}", subject(parent));
                self.note(
                    rule,
                    &Spot {
                        old: None,
                        new,
                        parent,
                    },
                    what,
                )
                .direction = Direction::Request;
            }
            (Some(_), None) => {
                let what = format!("the request body of {} was removed", subject(parent));
                self.note(
                    &rules::BODY_REMOVED,
                    &Spot {
                        old,
                        new: None,
                        parent,
                    },
                    what,
                )
                .direction = Direction::Request;
            }
            (Some(before), Some(after)) => {
                self.moved_behind_reference(old, new, parent, Direction::Request);
                for key in keys(&before, &after) {
                    let (one, other) = (before.get(key), after.get(key));
                    let spot = Spot {
                        old: one.as_ref(),
                        new: other.as_ref(),
                        parent: &after,
                    };
                    match key {
                        "content" => match (&one, &other) {
                            (Some(one), Some(other)) => self.content(one, other, place),
                            _ => self.unknown(spot.old, spot.new),
                        },
                        _ if same(spot.old, spot.new) => {}
                        "required" => {
                            let (rule, what) = match (before.flag(key), after.flag(key)) {
                                (false, true) => (
                                    &rules::BODY_BECAME_REQUIRED,
                                    "the request body became required",
                                ),
                                (true, false) => (
                                    &rules::BODY_BECAME_OPTIONAL,
                                    "the request body became optional",
                                ),
                                _ => (
                                    &rules::NOTATION_CHANGED,
                                    "the request body is as required as before",
                                ),
                            };
                            let what = format!("{what} ({})", subject(parent));
                            self.note(rule, &spot, what).direction = Direction::Request;
                        }
                        _ if self.annotation(
                            key,
                            spot.old,
                            spot.new,
                            &after,
                            Direction::Request,
                        ) => {}
                        _ => self.unknown(spot.old, spot.new),
                    }
                }
            }
        }
    }

    /// A part that is written in place on one side and behind a reference on the other, or behind another reference.
    fn moved_behind_reference(
        &mut self,
        old: Option<&Node<'a>>,
        new: Option<&Node<'a>>,
        parent: &Node<'a>,
        direction: Direction,
    ) {
        let reference = |node: Option<&Node<'a>>| node.and_then(|node| node.str("$ref"));
        if reference(old) != reference(new) {
            let what = format!(
                "it is written at {} instead of {}",
                reference(new).map_or("the place of use".to_owned(), |text| format!("`{text}`")),
                reference(old).map_or("the place of use".to_owned(), |text| format!("`{text}`")),
            );
            let found = self.note(&rules::NOTATION_CHANGED, &Spot { old, new, parent }, what);
            found.direction = direction;
            found.subtree = reference(old).is_none() || reference(new).is_none();
        }
    }

    fn responses(&mut self, old: &Node<'a>, new: &Node<'a>) {
        for key in keys(old, new) {
            let (before, after) = (old.get(key), new.get(key));
            if key.starts_with("x-") {
                self.annotation(
                    key,
                    before.as_ref(),
                    after.as_ref(),
                    new,
                    Direction::Response,
                );
                continue;
            }
            let success = key.starts_with('2');
            match (&before, &after) {
                (Some(before), Some(after)) => {
                    self.moved_behind_reference(
                        Some(before),
                        Some(after),
                        new,
                        Direction::Response,
                    );
                    let (before, after) = (resolve(&self.old, before), resolve(&self.new, after));
                    self.response(&before, &after, !success && key != "default");
                }
                (None, None) => {}
                _ => {
                    let added = before.is_none();
                    let rule = match (key, success, added) {
                        ("default", _, true) => &rules::DEFAULT_RESPONSE_ADDED,
                        ("default", _, false) => &rules::DEFAULT_RESPONSE_REMOVED,
                        (_, true, true) => &rules::SUCCESS_STATUS_ADDED,
                        (_, true, false) => &rules::SUCCESS_STATUS_REMOVED,
                        (_, false, true) => &rules::FAILURE_STATUS_ADDED,
                        (_, false, false) => &rules::FAILURE_STATUS_REMOVED,
                    };
                    let what = format!(
                        "the response {} was {}",
                        subject(before.as_ref().or(after.as_ref()).unwrap_or(new)),
                        if added { "added" } else { "removed" }
                    );
                    // The method returns the body of success; another status with the same body changes nothing.
                    let bodies = |node: &Node<'a>, document: &Node<'a>| -> BTreeSet<String> {
                        node.members()
                            .into_iter()
                            .filter(|(status, _)| status.starts_with('2'))
                            .map(|(_, response)| {
                                resolve(document, &response)
                                    .value
                                    .get("content")
                                    .map(canonical)
                                    .unwrap_or_default()
                            })
                            .collect()
                    };
                    let same_bodies = bodies(old, &self.old) == bodies(new, &self.new);
                    let has_success = |node: &Node<'a>| {
                        node.members()
                            .iter()
                            .any(|(status, _)| status.starts_with('2'))
                    };
                    let declared = has_success(old) && has_success(new);
                    let found = self.note(
                        rule,
                        &Spot {
                            old: before.as_ref(),
                            new: after.as_ref(),
                            parent: new,
                        },
                        what,
                    );
                    found.direction = Direction::Response;
                    if same_bodies && declared {
                        found.impact = Impact::Patch;
                        found.reason = Some(
                            "Every 2xx is success in the crate and every other status is one error type; what the method \
                             returns stays the same."
                                .to_owned(),
                        );
                    }
                }
            }
        }
    }

    fn response(&mut self, old: &Node<'a>, new: &Node<'a>, failure: bool) {
        let place = Place {
            direction: Direction::Response,
            noun: Noun::Body,
            failure,
        };
        let nothing = Map::new();
        for key in keys(old, new) {
            let (before, after) = (old.get(key), new.get(key));
            let spot = Spot {
                old: before.as_ref(),
                new: after.as_ref(),
                parent: new,
            };
            match key {
                "content" => match (&before, &after) {
                    (Some(before), Some(after)) => self.content(before, after, place),
                    (one, other) => {
                        // One side has no body: each media type of the other was added or removed.
                        let node = one.as_ref().or(other.as_ref());
                        for (_, media_type) in node.map(Node::members).unwrap_or_default() {
                            self.media_type_added_or_removed(
                                &media_type,
                                new,
                                other.is_some(),
                                place,
                                &nothing,
                            );
                        }
                        if node.is_some_and(|node| node.members().is_empty()) {
                            let what =
                                "`content` without media types was added or removed".to_owned();
                            self.note(&rules::NOTATION_CHANGED, &spot, what).direction =
                                Direction::Response;
                        }
                    }
                },
                "headers" => self.headers(before.as_ref(), after.as_ref(), new, place),
                _ if self.annotation(key, spot.old, spot.new, new, Direction::Response) => {}
                _ => self.unknown(spot.old, spot.new),
            }
        }
    }

    fn headers(
        &mut self,
        old: Option<&Node<'a>>,
        new: Option<&Node<'a>>,
        parent: &Node<'a>,
        place: Place,
    ) {
        let members = |node: Option<&Node<'a>>| node.map(Node::members).unwrap_or_default();
        let place = Place {
            noun: Noun::Header,
            ..place
        };
        let (before, after) = (members(old), members(new));
        // Header names do not depend on case.
        let find = |list: &[(&'a str, Node<'a>)], name: &str| {
            list.iter()
                .find(|(other, _)| other.eq_ignore_ascii_case(name))
                .map(|(_, node)| node.clone())
        };
        for (name, raw) in &after {
            let header = resolve(&self.new, raw);
            let Some(other) = find(&before, name) else {
                let what = format!(
                    "the response header `{name}` was added to {}",
                    subject(parent)
                );
                self.note(
                    &rules::HEADER_ADDED,
                    &Spot {
                        old: None,
                        new: Some(raw),
                        parent,
                    },
                    what,
                )
                .direction = Direction::Response;
                continue;
            };
            self.moved_behind_reference(Some(&other), Some(raw), parent, Direction::Response);
            let other = resolve(&self.old, &other);
            for key in keys(&other, &header) {
                let (one, another) = (other.get(key), header.get(key));
                let spot = Spot {
                    old: one.as_ref(),
                    new: another.as_ref(),
                    parent: &header,
                };
                match (key, &one, &another) {
                    ("schema", Some(one), Some(another)) => self.schema(one, another, place, false),
                    ("content", Some(one), Some(another)) => self.content(one, another, place),
                    _ if same(spot.old, spot.new) => {}
                    ("required", ..) => {
                        let (rule, what) = match (other.flag(key), header.flag(key)) {
                            (false, true) => (&rules::HEADER_BECAME_REQUIRED, "always comes"),
                            (true, false) => (&rules::HEADER_BECAME_OPTIONAL, "may be missing"),
                            _ => (&rules::NOTATION_CHANGED, "comes as before"),
                        };
                        self.note(
                            rule,
                            &spot,
                            format!("the response header `{name}` of {} {what}", subject(parent)),
                        )
                        .direction = Direction::Response;
                    }
                    _ if self.annotation(key, spot.old, spot.new, &header, Direction::Response) => {
                    }
                    _ => self.unknown(spot.old, spot.new),
                }
            }
        }
        for (name, raw) in &before {
            if find(&after, name).is_none() {
                let required = resolve(&self.old, raw).flag("required");
                let rule = if required {
                    &rules::HEADER_REMOVED_REQUIRED
                } else {
                    &rules::HEADER_REMOVED_OPTIONAL
                };
                let what = format!(
                    "the response header `{name}` was removed from {}",
                    subject(parent)
                );
                self.note(
                    rule,
                    &Spot {
                        old: Some(raw),
                        new: None,
                        parent,
                    },
                    what,
                )
                .direction = Direction::Response;
            }
        }
    }

    fn content(&mut self, old: &Node<'a>, new: &Node<'a>, place: Place) {
        let nothing = Map::new();
        for key in keys(old, new) {
            match (old.get(key), new.get(key)) {
                (Some(before), Some(after)) => self.media_type(&before, &after, place),
                (None, Some(media_type)) => {
                    self.media_type_added_or_removed(
                        &media_type,
                        new,
                        true,
                        place,
                        old.value.as_object().unwrap_or(&nothing),
                    );
                }
                (Some(media_type), None) => {
                    self.media_type_added_or_removed(
                        &media_type,
                        new,
                        false,
                        place,
                        new.value.as_object().unwrap_or(&nothing),
                    );
                }
                (None, None) => {}
            }
        }
    }

    fn media_type_added_or_removed(
        &mut self,
        media_type: &Node<'a>,
        parent: &Node<'a>,
        added: bool,
        place: Place,
        others: &Map<String, Value>,
    ) {
        let rule = match (place.direction, added) {
            (Direction::Response, true) => &rules::RESPONSE_MEDIA_TYPE_ADDED,
            (Direction::Response, false) => &rules::RESPONSE_MEDIA_TYPE_REMOVED,
            (_, true) => &rules::BODY_MEDIA_TYPE_ADDED,
            (_, false) => &rules::BODY_MEDIA_TYPE_REMOVED,
        };
        let name = crate::pointer::tokens(&media_type.pointer)
            .last()
            .unwrap_or_default()
            .into_owned();
        let spot = if added {
            Spot {
                old: None,
                new: Some(media_type),
                parent,
            }
        } else {
            Spot {
                old: Some(media_type),
                new: None,
                parent,
            }
        };
        let what = format!(
            "the media type `{name}` of {} was {}",
            subject(parent),
            if added { "added" } else { "removed" }
        );
        let found = self.note(rule, &spot, what);
        found.direction = place.direction;
        if place.failure {
            found.impact = Impact::Patch;
            found.reason = Some("Failures are one error type, declared or not.".to_owned());
        } else if others.contains_key("application/json") && name != "application/json" {
            found.impact = Impact::Patch;
            found.reason =
                Some("The crate speaks JSON, which is there before and after.".to_owned());
        }
    }

    fn media_type(&mut self, old: &Node<'a>, new: &Node<'a>, place: Place) {
        for key in keys(old, new) {
            let (before, after) = (old.get(key), new.get(key));
            let spot = Spot {
                old: before.as_ref(),
                new: after.as_ref(),
                parent: new,
            };
            match (key, &before, &after) {
                ("schema", Some(before), Some(after)) => self.schema(before, after, place, false),
                ("schema", before, _) => {
                    let (rule, what) = match (place.direction, before.is_none()) {
                        (Direction::Response, true) => {
                            (&rules::RESPONSE_SCHEMA_ADDED, "the body has a schema now")
                        }
                        (Direction::Response, false) => (
                            &rules::RESPONSE_SCHEMA_REMOVED,
                            "the body has no schema any more",
                        ),
                        (_, true) => (&rules::BODY_SCHEMA_ADDED, "the body has a schema now"),
                        (_, false) => (
                            &rules::BODY_SCHEMA_REMOVED,
                            "the body has no schema any more",
                        ),
                    };
                    let what = format!("{what} ({})", subject(new));
                    self.note(rule, &spot, what).direction = place.direction;
                }
                _ if self.annotation(key, spot.old, spot.new, new, place.direction) => {}
                _ => self.unknown(spot.old, spot.new),
            }
        }
    }

    fn components(&mut self, old: &Node<'a>, new: &Node<'a>) {
        let nowhere = Node {
            value: &Value::Null,
            pointer: "/components".to_owned(),
            identity: "/components".to_owned(),
        };
        let before = old.get("components").unwrap_or_else(|| nowhere.clone());
        let after = new.get("components").unwrap_or(nowhere);
        for kind in keys(&before, &after) {
            let (one, other) = (before.get(kind), after.get(kind));
            if kind.starts_with("x-") {
                self.annotation(kind, one.as_ref(), other.as_ref(), &after, Direction::None);
                continue;
            }
            let nothing = Node {
                value: &Value::Null,
                pointer: crate::pointer::join("/components", kind),
                identity: crate::pointer::join("/components", kind),
            };
            let one = one.unwrap_or_else(|| nothing.clone());
            let other = other.unwrap_or(nothing);
            match kind {
                "schemas" => self.schema_components(&one, &other),
                "securitySchemes" => self.security_schemes(&one, &other),
                _ => self.other_components(&one, &other),
            }
        }
    }

    fn schema_components(&mut self, old: &Node<'a>, new: &Node<'a>) {
        // A schema that is used on neither side keeps its name's meaning only by its content.
        let mut removed: Vec<(&'a str, Node<'a>)> = old
            .members()
            .into_iter()
            .filter(|(name, node)| {
                new.value.get(*name).is_none() && !self.renamed.contains_key(&node.pointer)
            })
            .collect();
        for (name, node) in new.members() {
            if old.value.get(name).is_some() {
                continue;
            }
            if self
                .renamed
                .values()
                .any(|pointer| *pointer == node.pointer)
            {
                continue;
            }
            let twin = removed
                .iter()
                .position(|(_, other)| canonical(other.value) == canonical(node.value));
            if let Some(index) = twin {
                let (former, other) = removed.remove(index);
                self.renamed
                    .insert(other.pointer.clone(), node.pointer.clone());
                let what = format!("the schema `{former}` is called `{name}` now");
                self.note(
                    &rules::SCHEMA_RENAMED,
                    &Spot {
                        old: Some(&other),
                        new: Some(&node),
                        parent: new,
                    },
                    what,
                )
                .value = String::new();
                continue;
            }
            let what = format!("the schema `{name}` was added");
            self.note(
                &rules::SCHEMA_ADDED,
                &Spot {
                    old: None,
                    new: Some(&node),
                    parent: new,
                },
                what,
            );
        }
        for (name, node) in &removed {
            let what = format!("the schema `{name}` was removed");
            self.note(
                &rules::SCHEMA_REMOVED,
                &Spot {
                    old: Some(node),
                    new: None,
                    parent: new,
                },
                what,
            );
        }
        // What no operation of both documents reaches is compared too, without a direction.
        for (name, node) in new.members() {
            let Some(other) = old.get(name) else { continue };
            if self
                .seen
                .iter()
                .any(|(one, another, _)| *one == other.pointer && *another == node.pointer)
            {
                continue;
            }
            let place = Place {
                direction: Direction::None,
                noun: Noun::Property,
                failure: false,
            };
            self.queue.push_back((other, node, place));
        }
    }

    fn security_schemes(&mut self, old: &Node<'a>, new: &Node<'a>) {
        for name in keys(old, new) {
            let (before, after) = (old.get(name), new.get(name));
            let spot = Spot {
                old: before.as_ref(),
                new: after.as_ref(),
                parent: new,
            };
            match (&before, &after) {
                (Some(before), Some(after)) => {
                    for key in keys(before, after) {
                        let (one, other) = (before.get(key), after.get(key));
                        let spot = Spot {
                            old: one.as_ref(),
                            new: other.as_ref(),
                            parent: after,
                        };
                        if same(spot.old, spot.new)
                            || self.annotation(key, spot.old, spot.new, after, Direction::None)
                        {
                            continue;
                        }
                        let known = [
                            "type",
                            "scheme",
                            "name",
                            "in",
                            "flows",
                            "openIdConnectUrl",
                            "bearerFormat",
                        ];
                        if known.contains(&key) {
                            let what = format!(
                                "`{key}` of the security scheme `{name}` {}",
                                before_after(spot.old, spot.new)
                            );
                            self.note(&rules::SECURITY_SCHEME_CHANGED, &spot, what);
                        } else {
                            self.unknown(spot.old, spot.new);
                        }
                    }
                }
                (None, Some(_)) => {
                    self.note(
                        &rules::SECURITY_SCHEME_ADDED,
                        &spot,
                        format!("the security scheme `{name}` was added"),
                    );
                }
                _ => {
                    self.note(
                        &rules::SECURITY_SCHEME_REMOVED,
                        &spot,
                        format!("the security scheme `{name}` was removed"),
                    );
                }
            }
        }
    }

    /// Shared parameters, responses, bodies and headers. Where they are used, they have been compared in place.
    fn other_components(&mut self, old: &Node<'a>, new: &Node<'a>) {
        for name in keys(old, new) {
            let (before, after) = (old.get(name), new.get(name));
            let spot = Spot {
                old: before.as_ref(),
                new: after.as_ref(),
                parent: new,
            };
            match (&before, &after) {
                (Some(before), Some(after)) => {
                    let told =
                        self.found.iter().any(|found| {
                            found.old.as_ref().is_some_and(|pointer| {
                                super::node::is_within(pointer, &before.pointer)
                            }) || found.new.as_ref().is_some_and(|pointer| {
                                super::node::is_within(pointer, &after.pointer)
                            })
                        });
                    let used = [(&self.old, &before.pointer), (&self.new, &after.pointer)]
                        .into_iter()
                        .all(|(document, pointer)| {
                            mentions(document.value, &format!("#{pointer}"))
                        });
                    if !told && !used && !same(spot.old, spot.new) {
                        let what = format!("the unused component `{name}` changed");
                        self.note(&rules::COMPONENT_UNUSED_CHANGED, &spot, what);
                    }
                }
                (None, Some(_)) => {
                    self.note(
                        &rules::COMPONENT_ADDED,
                        &spot,
                        format!("the component `{name}` was added"),
                    );
                }
                _ => {
                    self.note(
                        &rules::COMPONENT_REMOVED,
                        &spot,
                        format!("the component `{name}` was removed"),
                    );
                }
            }
        }
    }
}

/// Whether nothing has to be sent: no alternative of authentication at all, or an empty one.
fn open(alternatives: &[Node<'_>]) -> bool {
    alternatives.is_empty()
        || alternatives
            .iter()
            .any(|entry| entry.value.as_object().is_some_and(Map::is_empty))
}

/// Whether something in the document refers to `reference`.
fn mentions(value: &Value, reference: &str) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(key, value)| {
            (key == "$ref" && value.as_str() == Some(reference)) || mentions(value, reference)
        }),
        Value::Array(entries) => entries.iter().any(|value| mentions(value, reference)),
        _ => false,
    }
}

/// What a reference leads to, through any number of references; the node itself if it is none, or leads nowhere.
pub(super) fn resolve<'a>(document: &Node<'a>, node: &Node<'a>) -> Node<'a> {
    let mut node = node.clone();
    let mut seen = HashSet::new();
    while let Some(pointer) = node.str("$ref").and_then(|text| text.strip_prefix('#')) {
        let Some(value) = document.value.pointer(pointer) else {
            break;
        };
        if !seen.insert(pointer) {
            break;
        }
        node = Node {
            value,
            pointer: pointer.to_owned(),
            identity: pointer.to_owned(),
        };
    }
    node
}

/// Whether two optional values are equal, whatever the order of their keys.
pub(super) fn same(old: Option<&Node<'_>>, new: Option<&Node<'_>>) -> bool {
    match (old, new) {
        (None, None) => true,
        (Some(old), Some(new)) => old.value == new.value,
        _ => false,
    }
}

/// `was added: x`, `was removed: x` or `x → y`.
pub(super) fn before_after(old: Option<&Node<'_>>, new: Option<&Node<'_>>) -> String {
    match (old, new) {
        (None, None) => String::new(),
        (None, Some(new)) => format!("was added: {}", quote(new.value)),
        (Some(old), None) => format!("was removed: {}", quote(old.value)),
        (Some(old), Some(new)) => format!("changed: {} → {}", quote(old.value), quote(new.value)),
    }
}

/// What a person would call the thing at a place: `Middleware.timeoutMs`, or `body.name` of an operation.
pub(super) fn subject(node: &Node<'_>) -> String {
    let tokens: Vec<String> = crate::pointer::tokens(&node.pointer)
        .map(std::borrow::Cow::into_owned)
        .collect();
    let dotted = |first: &str, rest: &[String]| {
        let mut steps = vec![first.to_owned()];
        super::reach::schema_steps(rest, &mut steps);
        steps.join(".").replace(".[]", "[]")
    };
    match tokens.as_slice() {
        [root, kind, name, rest @ ..] if root == "components" => {
            if kind == "parameters" && rest.is_empty() {
                return format!("the {}", parameter_name(node));
            }
            format!("`{}`", dotted(name, rest))
        }
        [root, path, method, rest @ ..]
            if root == "paths" && METHODS.contains(&method.as_str()) =>
        {
            let operation = format!("`{} {path}`", method.to_ascii_uppercase());
            match rest {
                [part, _] if part == "parameters" => {
                    format!("the {} of {operation}", parameter_name(node))
                }
                [part, _, rest @ ..] if part == "parameters" => {
                    format!("`{}` of {operation}", dotted("parameter", rest))
                }
                [part, rest @ ..] if part == "requestBody" => {
                    format!("`{}` of {operation}", dotted("body", rest))
                }
                [part, status, rest @ ..] if part == "responses" => {
                    format!("`{}` of {operation}", dotted(status, rest))
                }
                _ => operation,
            }
        }
        [root, path] if root == "paths" => format!("the path `{path}`"),
        [root, path, part, _] if root == "paths" && part == "parameters" => {
            format!("the {} of the path `{path}`", parameter_name(node))
        }
        [] => "the document".to_owned(),
        _ => format!("`{}`", tokens.join(".")),
    }
}

fn parameter_name(node: &Node<'_>) -> String {
    format!(
        "{} parameter `{}`",
        node.str("in").unwrap_or("unknown"),
        node.str("name").unwrap_or("?")
    )
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

/// Words by which a description binds a client, or takes something back.
const OBLIGATIONS: [&str; 34] = [
    "must",
    "required",
    "requires",
    "require",
    "needed",
    "mandatory",
    "not",
    "never",
    "only",
    "cannot",
    "reserved",
    "forbidden",
    "refused",
    "rejected",
    "ignored",
    "overwritten",
    "deprecated",
    "obsolete",
    "removed",
    "instead",
    "unless",
    "except",
    "hidden",
    "masked",
    "placeholder",
    "secret",
    "internal",
    "unique",
    "immutable",
    "maximum",
    "minimum",
    "clamped",
    "limit",
    "limited",
];

/// The binding words that one text has and the other has not.
fn obligations(old: Option<&Node<'_>>, new: Option<&Node<'_>>) -> Vec<String> {
    let words = |node: Option<&Node<'_>>| -> BTreeMap<String, usize> {
        let mut words = BTreeMap::new();
        let text = node
            .and_then(|node| node.value.as_str())
            .unwrap_or_default()
            .to_lowercase();
        for word in text.split(|character: char| !character.is_alphanumeric()) {
            if OBLIGATIONS.contains(&word)
                || (!word.is_empty() && word.chars().all(|character| character.is_ascii_digit()))
            {
                *words.entry(word.to_owned()).or_insert(0) += 1;
            }
        }
        words
    };
    let (before, after) = (words(old), words(new));
    let count = |words: &BTreeMap<String, usize>, word: &str| words.get(word).copied().unwrap_or(0);
    let all: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    all.into_iter()
        .filter_map(
            |word| match count(&after, word).cmp(&count(&before, word)) {
                std::cmp::Ordering::Greater => Some(format!("more “{word}”")),
                std::cmp::Ordering::Less => Some(format!("less “{word}”")),
                std::cmp::Ordering::Equal => None,
            },
        )
        .collect()
}

impl Found {
    pub(super) fn at(&mut self, place: Place) -> &mut Self {
        self.place = place.id();
        self.direction = place.direction;
        self.unused = place.direction == Direction::None;
        if place.failure && !self.nearest.starts_with("/components/") {
            self.lower(
                Impact::Patch,
                "Failures are one error type, declared or not.",
            );
        }
        self
    }

    pub(super) fn lower(&mut self, impact: Impact, reason: impl Into<String>) -> &mut Self {
        self.impact = self.impact.min(impact);
        self.reason = Some(reason.into());
        self
    }
}
