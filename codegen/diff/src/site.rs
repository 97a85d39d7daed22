//! Sites of changes, and the contexts in which schemas are compared.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet, VecDeque},
    hash::Hash,
};

use indexmap::IndexMap;
use serde_json::Value;

use crate::{
    level::{Direction, Encoding, Side},
    node::{Node, canonical},
    part_names::{before_after, quote, subject},
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
    /// True if the schema belongs to the response to a failed call.
    pub failure: bool,
    pub encoding: Encoding,
    /// True if the schema is a property that may be omitted, in every document that has the property.
    pub optional: bool,
    /// True if a default has no effect on clients that follow the old document: either their requests always
    /// contain the value, or the service ignores the value.
    pub ignores_default: bool,
    /// Index of the frame whose old schema restricts undeclared properties by `unevaluatedProperties`. It is
    /// the frame of the compared schemas or a frame around it, for example if the compared schemas are in an
    /// `allOf`.
    pub closed: Option<usize>,
}

impl SchemaContext {
    /// Context of the schemas of parameters.
    pub(crate) const PARAMETER: Self = Self::new(Direction::Request, SchemaRole::Parameter);

    pub(crate) const fn new(direction: Direction, role: SchemaRole) -> Self {
        Self {
            direction,
            role,
            failure: false,
            encoding: Encoding::Typed,
            optional: false,
            ignores_default: false,
            closed: None,
        }
    }

    /// Returns the same context with another encoding of the values.
    pub(crate) fn encoded(self, encoding: Encoding) -> Self {
        Self { encoding, ..self }
    }

    /// Returns the context for the items of the schema, or for its properties.
    pub(crate) fn inner(self, is_item: bool) -> Self {
        let role = match self.role {
            SchemaRole::Parameter | SchemaRole::ParameterProperty => SchemaRole::ParameterProperty,
            SchemaRole::Body | SchemaRole::Property | SchemaRole::Header => SchemaRole::Property,
        };
        Self {
            role,
            encoding: self.encoding.inner(is_item),
            optional: false,
            // An item is never missing, so its default has no effect. But in parameters of Swagger 2.0, a
            // default may replace empty items.
            ignores_default: is_item && role == SchemaRole::Property,
            closed: None,
            ..self
        }
    }

    /// Returns `optional` if the property may be omitted, otherwise `required`.
    pub(crate) fn presence(self) -> &'static str {
        if self.optional { "optional" } else { "required" }
    }

    /// Returns the prefix of the IDs of changes in this context.
    pub(crate) fn id(self) -> &'static str {
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
    /// Object of the new document that contains the value, or that has lost the value.
    pub parent: &'n Node<'a>,
}

impl<'n, 'a> Site<'n, 'a> {
    pub(crate) fn new(old: Option<Node<'a>>, new: Option<Node<'a>>, parent: &'n Node<'a>) -> Self {
        Self { old, new, parent }
    }

    pub(crate) fn between(old: &Node<'a>, new: &Node<'a>, parent: &'n Node<'a>) -> Self {
        Self::new(Some(old.clone()), Some(new.clone()), parent)
    }

    pub(crate) fn added(new: &Node<'a>, parent: &'n Node<'a>) -> Self {
        Self::new(None, Some(new.clone()), parent)
    }

    pub(crate) fn removed(old: &Node<'a>, parent: &'n Node<'a>) -> Self {
        Self::new(Some(old.clone()), None, parent)
    }

    /// Creates the site of the member `key` of two objects.
    pub(crate) fn member(key: &str, old: &Node<'a>, new: &'n Node<'a>) -> Self {
        Self::new(old.get(key), new.get(key), new)
    }

    /// Lists every member of two objects: first the members of the new object in its order, then the members
    /// that only the old object has.
    pub(crate) fn members(old: &Node<'a>, new: &'n Node<'a>) -> impl Iterator<Item = (&'a str, Self)> {
        Self::members_of(Some(old), Some(new), new)
    }

    /// Lists every member of the old and the new value. A missing value has no members.
    pub(crate) fn contents(&self) -> impl Iterator<Item = (&'a str, Site<'_, 'a>)> {
        let [old, new] = self.sides();
        Site::members_of(old, new, new.unwrap_or(self.parent))
    }

    /// Lists every member of the old and the new value, with its old and its new name. First, members with
    /// equal names form pairs. Then an old and a new member of the rest form a pair if `key` returns the same
    /// for both: the member was renamed. All other members were added or removed.
    pub(crate) fn paired<K: Eq + Hash>(
        &self,
        key: impl Fn(Side, &'a str, &Node<'a>) -> Option<K>,
    ) -> Vec<([&'a str; 2], Site<'_, 'a>)> {
        self.paired_by(|_, name| name.into(), key)
    }

    /// Pairs members like `paired`, but compares the results of `full_name` instead of the names.
    pub(crate) fn paired_by<K: Eq + Hash>(
        &self,
        full_name: impl Fn(Side, &'a str) -> Cow<'a, str>,
        key: impl Fn(Side, &'a str, &Node<'a>) -> Option<K>,
    ) -> Vec<([&'a str; 2], Site<'_, 'a>)> {
        let [mut old, mut new] = [(&self.old, Side::Old), (&self.new, Side::New)].map(|(node, side)| {
            let members = node.iter().flat_map(Node::members);
            let members = members.map(|(name, node)| (full_name(side, name), (name, node)));
            members.collect::<IndexMap<_, _>>()
        });
        let mut twins: IndexMap<Cow<'a, str>, (&'a str, Node<'a>)> = IndexMap::new();
        old.retain(|name, member| {
            let is_kept = new.contains_key(name);
            twins.extend(is_kept.then(|| (name.clone(), member.clone())));
            !is_kept
        });
        let mut by_key: HashMap<K, VecDeque<Cow<'a, str>>> = HashMap::new();
        for (full, (name, node)) in &old {
            if let Some(key) = key(Side::Old, name, node) {
                by_key.entry(key).or_default().push_back(full.clone());
            }
        }
        let parent = self.new.as_ref().unwrap_or(self.parent);
        let mut renamed = HashSet::new();
        let mut paired = Vec::new();
        for (full, (name, node)) in new.drain(..) {
            let same_key = || {
                let twin = by_key.get_mut(&key(Side::New, name, &node)?)?.pop_front()?;
                renamed.insert(twin.clone());
                old.get(&twin).cloned()
            };
            let twin = twins.get(&full).cloned().or_else(same_key);
            let old_name = twin.as_ref().map_or(name, |(old_name, _)| *old_name);
            let old = twin.map(|(_, node)| node);
            paired.push(([old_name, name], Site::new(old, Some(node), parent)));
        }
        old.retain(|full, _| !renamed.contains(full));
        let removed = old.into_values();
        paired.extend(removed.map(|(name, node)| ([name, name], Site::new(Some(node), None, parent))));
        paired
    }

    fn members_of(
        old: Option<&Node<'a>>,
        new: Option<&Node<'a>>,
        parent: &'n Node<'a>,
    ) -> impl Iterator<Item = (&'a str, Self)> {
        let is_old = move |key: &&str| new.is_none_or(|new| new.value.get(*key).is_none());
        let only_old = old.into_iter().flat_map(Node::keys).filter(is_old);
        let keys = new.into_iter().flat_map(Node::keys).chain(only_old);
        let member = |node: Option<&Node<'a>>, key: &str| node.and_then(|node| node.get(key));
        keys.map(move |key| (key, Self::new(member(old, key), member(new, key), parent)))
    }

    /// Returns the old and the new value.
    pub(crate) fn sides(&self) -> [Option<&Node<'a>>; 2] {
        [self.old.as_ref(), self.new.as_ref()]
    }

    /// Returns both values, if both exist.
    pub(crate) fn both(&self) -> Option<(&Node<'a>, &Node<'a>)> {
        self.old.as_ref().zip(self.new.as_ref())
    }

    /// Lists the values that exist: the old value, the new value, or both.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Node<'a>> {
        self.old.iter().chain(&self.new)
    }

    /// Lists the entries of both arrays. `name` returns the name of an entry. A missing array has no entries.
    pub(crate) fn entries(&self, name: impl Fn(&'a Value) -> String) -> [Vec<Node<'a>>; 2] {
        self.sides()
            .map(|node| node.map(|node| node.entries(&name)).unwrap_or_default())
    }

    /// Lists the entries that only one of the arrays has: first the added entries, then the removed entries.
    pub(crate) fn one_sided_entries(&self, name: impl Fn(&'a Value) -> String) -> Vec<Site<'_, 'a>> {
        let [old, new] = self.entries(name);
        let [known, kept] = [&old, &new].map(|entries| {
            let values = entries.iter().map(|entry| canonical(entry.value));
            values.collect::<HashSet<String>>()
        });
        let parent = self.new.as_ref().unwrap_or(self.parent);
        let added = new
            .iter()
            .filter(|entry| !known.contains(&canonical(entry.value)));
        let removed = old.iter().filter(|entry| !kept.contains(&canonical(entry.value)));
        let added = added.map(|entry| Site::added(entry, parent));
        added
            .chain(removed.map(|entry| Site::removed(entry, parent)))
            .collect()
    }

    /// Checks whether the values are equal, regardless of the order of their keys.
    pub(crate) fn is_unchanged(&self) -> bool {
        let [old, new] = self.sides().map(|node| node.map(|node| node.value));
        old == new
    }

    /// Checks whether both values exist and are equal, regardless of the notation of numbers.
    pub(crate) fn is_equal(&self) -> bool {
        self.both()
            .is_some_and(|(old, new)| canonical(old.value) == canonical(new.value))
    }

    /// Checks whether an empty list or object was added or removed.
    pub(crate) fn is_empty_on_one_side(&self) -> bool {
        let is_empty = |value: &Value| match value {
            Value::Array(entries) => entries.is_empty(),
            Value::Object(members) => members.is_empty(),
            _ => false,
        };
        self.both().is_none() && self.values().any(|node| is_empty(node.value))
    }

    /// Returns the value of a flag before and after. An absent flag counts as false.
    pub(crate) fn flags(&self) -> [bool; 2] {
        self.sides()
            .map(|node| node.is_some_and(|node| node.value == true))
    }

    /// Returns the old and the new value as a text that distinguishes changes at the same place. For example,
    /// an allow list that accepts a limit of 10 does not accept a limit of 5.
    pub(crate) fn value(&self) -> String {
        let [old, new] = self.sides().map(|node| node.map(|node| canonical(node.value)));
        format!("{}→{}", old.unwrap_or_default(), new.unwrap_or_default())
    }

    /// Picks one of three alternatives, depending on whether the value was added, removed or changed.
    pub(crate) fn pick<T>(&self, [added, removed, changed]: [T; 3]) -> T {
        match (&self.old, &self.new) {
            (None, _) => added,
            (_, None) => removed,
            _ => changed,
        }
    }

    /// Picks one of two alternatives, depending on whether the value was added or removed.
    pub(crate) fn pick_side<T>(&self, [added, removed]: [T; 2]) -> T {
        if self.old.is_none() { added } else { removed }
    }

    /// Returns `was added`, `was removed` or `changed`.
    pub(crate) fn verb(&self) -> &'static str {
        self.pick(["was added", "was removed", "changed"])
    }

    /// Describes the difference of the values in words: ``was added: `1` `` or ``changed: `1` → `2` ``.
    pub(crate) fn before_after(&self) -> String {
        before_after(self.sides())
    }

    /// Returns the value in quotes. If there are an old and a new value, returns both.
    pub(crate) fn quoted(&self) -> String {
        self.values().map(|node| quote(node.value)).collect()
    }

    /// Describes the difference of a keyword in words.
    pub(crate) fn describe(&self, keyword: &str) -> String {
        format!("`{keyword}` of {} {}", subject(self.parent), self.before_after())
    }
}
