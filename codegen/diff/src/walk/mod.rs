//! The walk over two documents side by side, a module for each part of a document, and what they share: the walk itself,
//! where it stands, and what it notes. Schemas are compared in [`super::schema`].

mod bodies;
mod components;
mod info;
mod normative_words;
mod parameters;
mod paths;
mod responses;
mod security;
mod webhooks;

use std::{
    cell::OnceCell,
    collections::{BTreeMap, HashSet, VecDeque},
};

use serde_json::{Map, Value};

use super::{
    Direction, Found, Impact,
    all_of_parents::Holders,
    composition_index::{Kin, kin},
    deep_equality::Alike,
    discriminator_subtypes::Heirs,
    node::{Node, canonical},
    rules::{self, Rule},
    schema::has_alternatives,
    unclassified::{self, Difference},
};
use funnelflux_openapi::pointer::{self, METHODS};
use normative_words::obligations;

/// Everything that differs, and pointers to differences that are told with another one.
pub(super) fn walk(old: &Value, new: &Value) -> (Vec<Found>, Vec<String>) {
    let mut walk = Walk {
        old: Node::root(old),
        new: Node::root(new),
        alike: Alike::new(old, new),
        old_kin: kin(old),
        new_kin: kin(new),
        heirs: [old, new].map(Heirs::new),
        holders: [OnceCell::new(), OnceCell::new()],
        found: Vec::new(),
        seen: HashSet::new(),
        queue: VecDeque::new(),
        renamed: BTreeMap::new(),
        explained: Vec::new(),
    };
    walk.document();
    (walk.found, walk.explained)
}

/// On what a part of the document rests.
const EVIDENCE: &str = "x-evidence";

/// What an operation or a document of Swagger 2.0 says that has no place in `OpenAPI` 3.0. No rule knows them, and they are more
/// than words.
const NOT_TAKEN: [&str; 3] = ["x-schemes", "x-consumes", "x-produces"];

/// Whether the pointer leads to an operation.
fn is_operation(pointer: &str) -> bool {
    let tokens: Vec<_> = pointer::tokens(pointer).collect();
    matches!(tokens.as_slice(), [root, _, method] if root == "paths" && METHODS.contains(&method.as_ref()))
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

pub(super) struct Walk<'a> {
    pub old: Node<'a>,
    pub new: Node<'a>,
    pub alike: Alike<'a>,
    pub old_kin: Kin,
    pub new_kin: Kin,
    /// Of the old and of the new document, made when the first field may have moved.
    pub heirs: [Heirs<'a>; 2],
    pub holders: [OnceCell<Holders<'a>>; 2],
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

impl<'n, 'a> Spot<'n, 'a> {
    pub(super) fn between(
        old: Option<&'n Node<'a>>,
        new: Option<&'n Node<'a>>,
        parent: &'n Node<'a>,
    ) -> Self {
        Self { old, new, parent }
    }

    pub(super) fn added(new: &'n Node<'a>, parent: &'n Node<'a>) -> Self {
        Self::between(None, Some(new), parent)
    }

    pub(super) fn removed(old: &'n Node<'a>, parent: &'n Node<'a>) -> Self {
        Self::between(Some(old), None, parent)
    }

    /// What has happened to the keyword that is compared here.
    pub(super) fn told(&self, keyword: &str) -> String {
        format!(
            "`{keyword}` of {} {}",
            subject(self.parent),
            before_after(self.old, self.new)
        )
    }
}

/// Most characters of a value in a sentence.
const MOST: usize = 160;

/// Most characters of what differs between two values: nobody can judge what they cannot read.
const MOST_DIFFERENT: usize = 1_200;

/// What stands before and after the difference between two values.
const AROUND: usize = 60;

/// A value, short enough for a sentence.
fn short(value: &str, most: usize) -> String {
    match value.char_indices().nth(most) {
        None => value.to_owned(),
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
    }
}

/// Two values, each short enough for a sentence, and in it what differs between them, up to [`MOST_DIFFERENT`].
pub(super) fn both_short(before: &str, after: &str) -> (String, String) {
    let is_short = |text: &str| text.chars().count() <= MOST;
    if is_short(before) && is_short(after) {
        return (before.to_owned(), after.to_owned());
    }
    let same = |pair: &(char, char)| pair.0 == pair.1;
    let start = before.chars().zip(after.chars()).take_while(same).count();
    let rest = before.chars().count().min(after.chars().count()) - start;
    let ends = before.chars().rev().zip(after.chars().rev());
    let end = ends.take(rest).take_while(same).count();
    let cut = |text: &str| {
        let count = text.chars().count();
        let from = if start > AROUND + 20 { start - AROUND } else { 0 };
        let to = if end > AROUND + 20 {
            count - end + AROUND
        } else {
            count
        };
        let middle: String = text.chars().skip(from).take(to.saturating_sub(from)).collect();
        format!(
            "{}{}{}",
            if from > 0 { "…" } else { "" },
            short(&middle, MOST_DIFFERENT),
            if to < count { "…" } else { "" }
        )
    };
    (cut(before), cut(after))
}

/// A value as JSON, in which nothing ends the quotation.
fn json(value: &Value) -> String {
    value.to_string().replace('`', "\\u0060")
}

pub(super) fn quote(value: &Value) -> String {
    format!("`{}`", short(&json(value), MOST))
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
    pub(super) fn note(&mut self, rule: &'static Rule, spot: &Spot<'_, 'a>, what: String) -> &mut Found {
        let identity = spot.new.or(spot.old).unwrap_or(spot.parent).identity.clone();
        // Also of what was added: who accepts one limit has not accepted another one.
        let side = |node: Option<&Node<'a>>| node.map_or_else(String::new, |node| canonical(node.value));
        let value = format!("{}→{}", side(spot.old), side(spot.new));
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
        let difference = Difference::between(old, new);
        self.found.push(unclassified::unclassified(difference));
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
            "x-sunset" | "x-stability-level" => &rules::LIFECYCLE_CHANGED,
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
        let may_name = key == "title" && self.may_be_named(parent);
        let found = self.note(rule, &Spot { old, new, parent }, what);
        found.direction = direction;
        if key == EVIDENCE {
            let is_deduced = |node: Option<&Node<'a>>| {
                let kind = node.and_then(|node| node.str("kind"));
                matches!(kind, Some("sibling" | "pattern"))
            };
            if !is_operation(&parent.pointer) || is_deduced(old) == is_deduced(new) {
                found.impact = Impact::Patch;
                found.reason = Some("The documentation says on what evidence.".to_owned());
            }
        } else if key == "title" && !may_name {
            found.impact = Impact::Patch;
            found.reason = Some("Types are named by component, property or parameter.".to_owned());
        } else if key.starts_with("x-") && !crate::is_mark(key) {
            found.impact = Impact::None;
            found.reason = Some("Nothing in the crate comes from this extension.".to_owned());
        }
        true
    }

    /// Whether the generator may take a name from the title of the schema, which has no name of its own: where it is an
    /// alternative or a part of one, or a type.
    fn may_be_named(&self, schema: &Node<'a>) -> bool {
        let place: Vec<_> = pointer::tokens(&schema.pointer).collect();
        let is_component = matches!(place.as_slice(), [root, _, _] if root == "components");
        let is_plain = schema.value.get("enum").is_none()
            && schema
                .str("type")
                .is_some_and(|kind| kind != "object" && kind != "array");
        !is_component && (!is_plain || has_alternatives(schema, &self.new, &self.new_kin))
    }

    fn document(&mut self) {
        let (old, new) = (self.old.clone(), self.new.clone());
        for key in keys(&old, &new) {
            let (before, after) = (old.get(key), new.get(key));
            let spot = Spot::between(before.as_ref(), after.as_ref(), &new);
            match key {
                "openapi" => {
                    if !same(spot.old, spot.new) {
                        let what = format!("`openapi` {}", before_after(spot.old, spot.new));
                        self.note(&rules::OPENAPI_VERSION, &spot, what);
                    }
                }
                "info" => self.info(spot.old, spot.new, &new),
                "servers" => self.servers(&spot, [None, None]),
                "security" => self.security(spot.old, spot.new, &new, true),
                "tags" => self.tags(spot.old, spot.new, &new),
                "paths" => self.paths(&old, &new),
                "components" => {}
                // Normalising adds one more `x-` where the author has an extension of that name.
                _ if key != "webhooks" && key.trim_start_matches("x-") == "webhooks" => {
                    self.webhooks(&spot);
                }
                _ if NOT_TAKEN.contains(&key) => self.unknown(spot.old, spot.new),
                _ if self.annotation(key, spot.old, spot.new, &new, Direction::None) => {}
                _ => self.unknown(spot.old, spot.new),
            }
        }
        self.drain();
        self.components(&old, &new);
        self.drain();
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
        let flag = |node: Option<&Node<'a>>| node.and_then(|node| node.value.as_bool()).unwrap_or(false);
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
}

/// What a reference leads to, through any number of references; the node itself if it is none, or leads nowhere.
pub(super) fn resolve<'a>(document: &Node<'a>, node: &Node<'a>) -> Node<'a> {
    let mut node = node.clone();
    let mut seen = HashSet::new();
    while let Some(reference) = node.str("$ref")
        && let Some((pointer, value)) = pointer::follow(document.value, reference)
        && seen.insert(pointer.clone())
    {
        node = Node::at(value, pointer);
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
        (Some(old), Some(new)) => {
            let (before, after) = both_short(&json(old.value), &json(new.value));
            format!("changed: `{before}` → `{after}`")
        }
    }
}

/// What a person would call the thing at a place: `Middleware.timeoutMs`, or `body.name` of an operation.
pub(super) fn subject(node: &Node<'_>) -> String {
    let tokens: Vec<String> = pointer::tokens(&node.pointer)
        .map(std::borrow::Cow::into_owned)
        .collect();
    let dotted = |first: &str, rest: &[String]| {
        let mut steps = vec![first.to_owned()];
        super::usages::schema_steps(rest, &mut steps);
        steps.join(".").replace(".[]", "[]")
    };
    match tokens.as_slice() {
        [root, kind, name, rest @ ..] if root == "components" => {
            if kind == "parameters" && rest.is_empty() {
                return format!("the {}", parameter_name(node));
            }
            format!("`{}`", dotted(name, rest))
        }
        [root, path, method, rest @ ..] if root == "paths" && METHODS.contains(&method.as_str()) => {
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
        [root, path, part, _, rest @ ..] if root == "paths" && part == "parameters" => {
            let part = match rest {
                [] => format!("the {}", parameter_name(node)),
                _ => format!("`{}`", dotted("parameter", rest)),
            };
            format!("{part} of the path `{path}`")
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

impl Found {
    pub(super) fn at(&mut self, place: Place) -> &mut Self {
        self.place = place.id();
        self.direction = place.direction;
        self.unused = place.direction == Direction::None;
        if place.failure && !self.nearest.starts_with("/components/") {
            self.lower(Impact::Patch, "Failures are one error type, declared or not.");
        }
        self
    }

    pub(super) fn lower(&mut self, impact: Impact, reason: impl Into<String>) -> &mut Self {
        self.impact = self.impact.min(impact);
        self.reason = Some(reason.into());
        self
    }
}
