//! Changes as the comparison finds them: at which site, in which context, and how they are reported.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use funnelflux_openapi::pointer::{Pointer, PointerBuf};

use crate::{
    node::{Node, canonical},
    report::{Direction, Fact, Level},
    rules::{ChangeKind, Id},
    wording::{before_after, subject},
};

/// The part of a message that a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum SchemaRole {
    Body,
    Property,
    Parameter,
    ParameterProperty,
    Header,
}

/// The context in which a schema is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SchemaContext {
    pub direction: Direction,
    pub role: SchemaRole,
    /// In the response to a failed call.
    pub failure: bool,
}

impl SchemaContext {
    pub(crate) fn new(direction: Direction, role: SchemaRole) -> Self {
        Self {
            direction,
            role,
            failure: false,
        }
    }

    /// The context of what the schema contains.
    pub(crate) fn inner(self) -> Self {
        let role = match self.role {
            SchemaRole::Parameter | SchemaRole::ParameterProperty => SchemaRole::ParameterProperty,
            SchemaRole::Body | SchemaRole::Property | SchemaRole::Header => SchemaRole::Property,
        };
        Self { role, ..self }
    }

    fn id(self) -> &'static str {
        match (self.direction, self.role) {
            (Direction::Response, SchemaRole::Body) => "response-body",
            (Direction::Response, SchemaRole::Header) => "response-header",
            (Direction::Response, _) => "response-property",
            (Direction::Request, SchemaRole::Body | SchemaRole::Header) => "request-body",
            (Direction::Request, SchemaRole::Property) => "request-property",
            (Direction::Request, SchemaRole::Parameter) => "request-parameter",
            (Direction::Request, SchemaRole::ParameterProperty) => "request-parameter-property",
            (Direction::None | Direction::Both, _) => "schema",
        }
    }
}

/// The place of a change: the values before and after, and the object that contains them.
pub(crate) struct Site<'n, 'a> {
    pub old: Option<Node<'a>>,
    pub new: Option<Node<'a>>,
    /// In the new document: the object that contains the new value, or contained the old one.
    pub parent: &'n Node<'a>,
}

impl<'n, 'a> Site<'n, 'a> {
    pub(crate) fn between(old: &Node<'a>, new: &Node<'a>, parent: &'n Node<'a>) -> Self {
        Self {
            old: Some(old.clone()),
            new: Some(new.clone()),
            parent,
        }
    }

    pub(crate) fn added(new: &Node<'a>, parent: &'n Node<'a>) -> Self {
        Self {
            old: None,
            new: Some(new.clone()),
            parent,
        }
    }

    pub(crate) fn removed(old: &Node<'a>, parent: &'n Node<'a>) -> Self {
        Self {
            old: Some(old.clone()),
            new: None,
            parent,
        }
    }

    /// The member `key` of two objects.
    pub(crate) fn member(key: &str, old: &Node<'a>, new: &'n Node<'a>) -> Self {
        Self {
            old: old.get(key),
            new: new.get(key),
            parent: new,
        }
    }

    /// Every member of two objects: those of the new one in its order, then those that only the old one has.
    pub(crate) fn members(old: &Node<'a>, new: &'n Node<'a>) -> impl Iterator<Item = (&'a str, Self)> {
        let only_old = old.keys().filter(|key| new.value.get(*key).is_none());
        let keys: Vec<&'a str> = new.keys().chain(only_old).collect();
        keys.into_iter().map(|key| (key, Self::member(key, old, new)))
    }

    /// Both values, if both exist.
    pub(crate) fn both(&self) -> Option<(&Node<'a>, &Node<'a>)> {
        self.old.as_ref().zip(self.new.as_ref())
    }

    /// The values that exist.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Node<'a>> {
        self.old.iter().chain(&self.new)
    }

    /// Whether the values are equal, whatever the order of their keys.
    pub(crate) fn is_unchanged(&self) -> bool {
        let [old, new] = [&self.old, &self.new].map(|node| node.as_ref().map(|node| node.value));
        old == new
    }

    /// The value of a flag before and after, where absent is false.
    pub(crate) fn flags(&self) -> (bool, bool) {
        let flag = |node: &Option<Node<'a>>| node.as_ref().is_some_and(|node| node.value == true);
        (flag(&self.old), flag(&self.new))
    }

    /// Picks the kind for a value that was added, removed or changed.
    pub(crate) fn kind(&self, [added, removed, changed]: [ChangeKind; 3]) -> ChangeKind {
        match (&self.old, &self.new) {
            (None, _) => added,
            (_, None) => removed,
            _ => changed,
        }
    }

    /// The values before and after, as text that distinguishes changes at one place. A value that was added counts, too:
    /// accepting one limit does not accept another one.
    pub(crate) fn value(&self) -> String {
        let value = |node: &Option<Node<'a>>| {
            node.as_ref()
                .map_or_else(String::new, |node| canonical(node.value))
        };
        format!("{}→{}", value(&self.old), value(&self.new))
    }

    /// The difference of the values in words: ``was added: `1` `` or ``changed: `1` → `2` ``.
    pub(crate) fn before_after(&self) -> String {
        before_after(self.old.as_ref(), self.new.as_ref())
    }

    /// The difference of a keyword in words.
    pub(crate) fn describe(&self, keyword: &str) -> String {
        format!("`{keyword}` of {} {}", subject(self.parent), self.before_after())
    }
}

/// A change as the comparison finds it.
#[derive(Clone, Debug)]
pub(crate) struct RawChange {
    pub kind: ChangeKind,
    /// Parts that complete the id.
    context: &'static str,
    presence: &'static str,
    keyword: &'static str,
    pub direction: Direction,
    /// No operation uses the schema, so it is never on the wire.
    unused: bool,
    /// Pointers to the values; `None` for a value that was added or removed.
    pub old: Option<PointerBuf>,
    pub new: Option<PointerBuf>,
    /// Pointer in the new document from which to look for the nearest remaining ancestor.
    pub nearest: PointerBuf,
    identity: String,
    pub what: String,
    /// Distinguishes this change from others of the same kind at the same place.
    value: String,
    /// Facts for each context.
    pub facts: Vec<Vec<Fact>>,
    /// Whether it covers everything below the values.
    pub covers_subtree: bool,
}

impl RawChange {
    pub(crate) fn new(
        kind: ChangeKind,
        [old, new]: [Option<PointerBuf>; 2],
        nearest: PointerBuf,
        identity: String,
        what: String,
        value: String,
    ) -> Self {
        Self {
            kind,
            context: "",
            presence: "",
            keyword: "",
            direction: Direction::None,
            unused: false,
            old,
            new,
            nearest,
            identity,
            what,
            value,
            facts: Vec::new(),
            covers_subtree: true,
        }
    }

    pub(crate) fn id(&self) -> String {
        let direction = match self.direction {
            Direction::Request => "request",
            Direction::Response => "response",
            Direction::Both | Direction::None => "schema",
        };
        let Self {
            context,
            presence,
            keyword,
            ..
        } = self;
        match self.kind.rule().id {
            Id::Fixed(id) => id.to_owned(),
            Id::Schema(change) => format!("{context}-{change}"),
            Id::Keyword(change) => format!("{context}-{keyword}-{change}"),
            Id::Property(change) => format!("{direction}-property-{change}"),
            Id::PropertyPresence(change) => format!("{direction}-{presence}-property-{change}"),
        }
    }

    pub(crate) fn level(&self) -> Level {
        let level = self.kind.rule().level(self.direction);
        if self.unused {
            level.min(Level::Info)
        } else {
            level
        }
    }

    pub(crate) fn fingerprint(&self) -> String {
        let text = format!("{}\n{}\n{}", self.id(), self.identity, self.value);
        let digest = Sha256::digest(text);
        digest
            .iter()
            .take(8)
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }

    fn absorb(&mut self, other: Self) {
        self.direction = self.direction.union(other.direction);
        self.unused &= other.unused;
        for facts in other.facts {
            if !self.facts.contains(&facts) {
                self.facts.push(facts);
            }
        }
    }
}

/// Merges changes of one kind at one place that were found in several contexts.
pub(crate) fn merge(changes: Vec<RawChange>) -> Vec<RawChange> {
    let mut merged: BTreeMap<(String, Option<PointerBuf>, Option<PointerBuf>, String), RawChange> =
        BTreeMap::new();
    for change in changes {
        let key = (
            change.id(),
            change.old.clone(),
            change.new.clone(),
            change.value.clone(),
        );
        match merged.get_mut(&key) {
            None => {
                merged.insert(key, change);
            }
            Some(first) => first.absorb(change),
        }
    }
    merged.into_values().collect()
}

/// What the comparison has found.
#[derive(Default)]
pub(crate) struct Findings {
    pub changes: Vec<RawChange>,
    /// Pointers to differences that a change elsewhere covers.
    pub explained: Vec<PointerBuf>,
}

impl Findings {
    /// Begins a change; [`ChangeBuilder::report`] ends it.
    pub(crate) fn change(
        &mut self,
        kind: ChangeKind,
        site: &Site<'_, '_>,
        what: String,
    ) -> ChangeBuilder<'_> {
        let node = site.new.as_ref().or(site.old.as_ref()).unwrap_or(site.parent);
        let pointer = |node: &Option<Node<'_>>| node.as_ref().map(|node| node.pointer.clone());
        let change = RawChange::new(
            kind,
            [&site.old, &site.new].map(pointer),
            site.new.as_ref().unwrap_or(site.parent).pointer.clone(),
            node.identity.clone(),
            what,
            site.value(),
        );
        ChangeBuilder {
            findings: self,
            change,
            facts: Vec::new(),
        }
    }

    /// Whether a change is at or below one of the places.
    pub(crate) fn has_within(&self, old: &Pointer, new: &Pointer) -> bool {
        let is_in = |at: &Option<PointerBuf>, place| at.as_ref().is_some_and(|at| at.starts_with(place));
        self.changes
            .iter()
            .any(|change| is_in(&change.old, old) || is_in(&change.new, new))
    }
}

/// A change in the making.
#[must_use = "nothing is reported without `report`"]
pub(crate) struct ChangeBuilder<'f> {
    findings: &'f mut Findings,
    change: RawChange,
    facts: Vec<Fact>,
}

impl ChangeBuilder<'_> {
    /// The schema is compared in this context.
    pub(crate) fn context(mut self, context: SchemaContext) -> Self {
        self.change.context = context.id();
        self.change.direction = context.direction;
        self.change.unused = context.direction == Direction::None;
        let is_shared = self
            .change
            .nearest
            .starts_with(Pointer::from_static("/components"));
        self.fact_if(context.failure && !is_shared, Fact::FailureResponse)
    }

    pub(crate) fn direction(mut self, direction: Direction) -> Self {
        self.change.direction = direction;
        self
    }

    /// Completes the id with the name of a keyword.
    pub(crate) fn keyword(mut self, name: &'static str) -> Self {
        self.change.keyword = name;
        self
    }

    /// Completes the id with `optional` or `required`.
    pub(crate) fn presence(mut self, optional: bool) -> Self {
        self.change.presence = if optional { "optional" } else { "required" };
        self
    }

    pub(crate) fn fact(mut self, fact: Fact) -> Self {
        self.facts.push(fact);
        self
    }

    pub(crate) fn fact_if(self, holds: bool, fact: Fact) -> Self {
        if holds { self.fact(fact) } else { self }
    }

    /// Replaces the values as what distinguishes the change.
    pub(crate) fn value(mut self, value: String) -> Self {
        self.change.value = value;
        self
    }

    /// Differences below the values are reported separately.
    pub(crate) fn without_subtree(mut self) -> Self {
        self.change.covers_subtree = false;
        self
    }

    pub(crate) fn report(mut self) {
        self.change.facts.push(self.facts);
        self.findings.changes.push(self.change);
    }
}
