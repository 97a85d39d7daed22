//! Contents of objects and arrays: declared, required and undeclared properties, and items.

use serde_json::{Map, Value};

use crate::{
    comparer::Comparer,
    level::Direction,
    node::{Node, missing_from},
    part_names::{quote, subject},
    report::Fact,
    rules::ChangeKind as Kind,
    site::{SchemaContext, Site},
};

impl<'a> Comparer<'a> {
    pub(super) fn required(&mut self, site: &Site<'_, 'a>, old: &Node<'a>, context: SchemaContext) {
        let new = site.parent;
        let [before, after] = site.entries(|name| name.as_str().unwrap_or_default().to_owned());
        let (added, removed) = (missing_from(&after, &before), missing_from(&before, &after));
        for name in &added {
            let site = Site::added(name, new);
            self.presence(Kind::PropertyBecameRequired, &site, name, (new, old), context);
        }
        for name in &removed {
            let site = Site::removed(name, new);
            self.presence(Kind::PropertyBecameOptional, &site, name, (old, new), context);
        }
        if added.is_empty() && removed.is_empty() {
            self.report(
                Kind::NotationChanged,
                site,
                site.describe("required"),
                context.direction,
            );
        }
    }

    /// Reports a property that only one of two schemas requires.
    fn presence(
        &mut self,
        kind: Kind,
        site: &Site<'_, 'a>,
        name: &Node<'a>,
        (requiring, other): (&Node<'a>, &Node<'a>),
        context: SchemaContext,
    ) {
        let declares = |schema: &Node<'a>| {
            let properties = schema.value.get("properties");
            properties
                .zip(name.value.as_str())
                .is_some_and(|(all, name)| all.get(name).is_some())
        };
        // The change that reports the added or removed property covers this.
        if declares(requiring) && !declares(other) {
            return self.changes.explained.push(name.pointer.clone());
        }
        let difference = match kind {
            Kind::PropertyBecameRequired => "became required",
            _ => "became optional",
        };
        let what = format!(
            "the property {} of {} {difference}",
            quote(name.value),
            subject(site.parent)
        );
        self.change(kind, site, what)
            .context(context)
            .fact_if(!declares(site.parent), Fact::UndeclaredProperty)
            .report();
    }

    pub(super) fn properties(&mut self, old: &Node<'a>, new: &Node<'a>, context: SchemaContext) {
        let inner = context.inner();
        let site = Site::member("properties", old, new);
        let members = |node: &Option<Node<'a>>| node.as_ref().map(Node::members).unwrap_or_default();
        let (before, after) = (members(&site.old), members(&site.new));
        let container = site.new.clone().unwrap_or_else(|| new.clone());
        for (name, property) in &after {
            let is_optional = !new.lists("required", name);
            if let Some((_, other)) = before.iter().find(|(other, _)| other == name) {
                if self.became_absent(other, property, is_optional, new, inner) {
                    continue;
                }
                self.schema(
                    other,
                    property,
                    inner,
                    is_optional && !old.lists("required", name),
                );
                continue;
            }
            let site = Site::added(property, &container);
            self.property_added(&site, property, is_optional, old, inner);
        }
        for (name, property) in &before {
            if after.iter().any(|(other, _)| other == name) {
                continue;
            }
            let is_optional = !old.lists("required", name);
            let is_new = |name: &str| !before.iter().any(|(other, _)| *other == name);
            let is_twin = |(name, node): &&(&'a str, Node<'a>)| is_new(name) && node.value == property.value;
            let twin = after.iter().find(is_twin).map(|(name, _)| *name);
            let site = Site::removed(property, &container);
            self.property_removed(&site, property, is_optional, twin, inner);
        }
        if before.is_empty() && after.is_empty() && !site.is_unchanged() {
            let what = "an empty `properties` was added or removed".to_owned();
            self.notation(&site, what, [old, new], context, true);
        }
    }

    /// Reports a property that must be absent on one side only: its schema there is `false`.
    fn became_absent(
        &mut self,
        old: &Node<'a>,
        new: &Node<'a>,
        is_optional: bool,
        parent: &Node<'a>,
        context: SchemaContext,
    ) -> bool {
        let (kind, words) = match (old.allows_nothing(), new.allows_nothing(), context.direction) {
            (false, true, Direction::Response) => (Kind::OptionalResponsePropertyRemoved, "must be absent"),
            (false, true, _) => (Kind::RequestPropertyRemoved, "must be absent"),
            (true, false, Direction::Response) => (Kind::ClosedResponsePropertyAdded, "may be present"),
            (true, false, _) => (Kind::OptionalRequestPropertyAdded, "may be present"),
            _ => return false,
        };
        let site = Site::between(old, new, parent);
        let what = format!("the property {} {words} now", subject(new));
        self.change(kind, &site, what)
            .context(context)
            .fact_if(is_optional, Fact::Optional)
            .report();
        true
    }

    fn property_added(
        &mut self,
        site: &Site<'_, 'a>,
        property: &Node<'a>,
        is_optional: bool,
        old: &Node<'a>,
        context: SchemaContext,
    ) {
        let is_closed = old.value.get("additionalProperties") == Some(&Value::Bool(false));
        let has_default = self.new.resolve(property).value.get("default").is_some();
        let kind = match (context.direction, is_optional) {
            (Direction::Response, _) if is_closed => Kind::ClosedResponsePropertyAdded,
            (Direction::Response, false) => Kind::RequiredResponsePropertyAdded,
            (Direction::Response, true) => Kind::OptionalResponsePropertyAdded,
            (_, false) if has_default => Kind::RequiredRequestPropertyWithDefaultAdded,
            (_, false) => Kind::RequiredRequestPropertyAdded,
            (_, true) => Kind::OptionalRequestPropertyAdded,
        };
        let what = format!(
            "the {} property {} was added",
            presence(is_optional),
            subject(property)
        );
        let properties = old.value.get("properties").and_then(Value::as_object);
        self.change(kind, site, what)
            .context(context)
            .fact_if(properties.is_none_or(Map::is_empty), Fact::FirstProperty)
            .fact_if(is_optional, Fact::Optional)
            .report();
    }

    fn property_removed(
        &mut self,
        site: &Site<'_, 'a>,
        property: &Node<'a>,
        is_optional: bool,
        twin: Option<&str>,
        context: SchemaContext,
    ) {
        let kind = match (context.direction, is_optional) {
            (Direction::Response, false) => Kind::RequiredResponsePropertyRemoved,
            (Direction::Response, true) => Kind::OptionalResponsePropertyRemoved,
            _ => Kind::RequestPropertyRemoved,
        };
        let twin = twin.map(|twin| format!("; the new property `{twin}` has the same schema"));
        let twin = twin.unwrap_or_default();
        let what = format!(
            "the {} property {} was removed{twin}",
            presence(is_optional),
            subject(property)
        );
        self.report(kind, site, what, context);
    }

    pub(super) fn items(&mut self, site: &Site<'_, 'a>, context: SchemaContext) {
        if let Some((old, new)) = site.both() {
            return self.schema(old, new, context.inner(), false);
        }
        let kind = site.one_sided_kind([Kind::ItemsAdded, Kind::ItemsRemoved]);
        self.report(kind, site, site.describe("items"), context);
    }

    pub(super) fn additional_properties(
        &mut self,
        site: &Site<'_, 'a>,
        old: &Node<'a>,
        context: SchemaContext,
    ) {
        use Allowed::{Anything, Matching, Nothing};
        let new = site.parent;
        let (before, after) = (Allowed::by(site.old.as_ref()), Allowed::by(site.new.as_ref()));
        let what = || site.describe("additionalProperties");
        let kind = match (before, after) {
            (Matching, Matching) => {
                if let Some((old, new)) = site.both() {
                    self.schema(old, new, context.inner(), false);
                }
                return;
            }
            (Anything, Anything) | (Nothing, Nothing) => {
                if !site.is_unchanged() {
                    self.notation(site, what(), [old, new], context, true);
                }
                return;
            }
            (_, Nothing) => Kind::AdditionalPropertiesForbidden,
            (Nothing, _) => Kind::AdditionalPropertiesAllowed,
            (Anything, Matching) => Kind::AdditionalPropertiesRestricted,
            (Matching, Anything) => Kind::AdditionalPropertiesUnrestricted,
        };
        let has_schema = before == Matching || after == Matching;
        let declares_properties = [old, new]
            .iter()
            .all(|schema| schema.value.get("properties").is_some());
        self.change(kind, site, what())
            .context(context)
            .fact_if(!has_schema && declares_properties, Fact::UndeclaredPropertiesOnly)
            .report();
    }
}

/// Undeclared properties that `additionalProperties` allows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Allowed {
    Anything,
    Nothing,
    /// Only properties that match a schema.
    Matching,
}

impl Allowed {
    fn by(keyword: Option<&Node<'_>>) -> Self {
        match keyword.map(|node| node.value) {
            None | Some(Value::Bool(true)) => Self::Anything,
            Some(Value::Bool(false)) => Self::Nothing,
            Some(Value::Object(members)) if members.is_empty() => Self::Anything,
            Some(_) => Self::Matching,
        }
    }
}

fn presence(is_optional: bool) -> &'static str {
    if is_optional { "optional" } else { "required" }
}
