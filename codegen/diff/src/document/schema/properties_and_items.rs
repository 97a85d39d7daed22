//! Compares the contents of objects and arrays: declared, required and undeclared properties, and items.

use serde_json::{Map, Value};

use crate::{
    comparer::Comparer,
    level::Direction,
    node::Node,
    part_names::{quote, subject},
    report::Fact,
    rules::ChangeKind as Kind,
    site::{SchemaContext, Site},
};

impl<'a> Comparer<'a> {
    pub(super) fn required(&mut self, site: &Site<'_, 'a>, old: &Node<'a>, context: SchemaContext) {
        let names = site.one_sided_entries(|name| name.as_str().unwrap_or_default().to_owned());
        for name in &names {
            self.presence(name, old, site.parent, context);
        }
        if names.is_empty() {
            let what = site.describe("required");
            self.report(Kind::NotationChanged, site, what, context.direction);
        }
    }

    /// Reports a property that only the old or only the new schema requires. `site` is the entry of the
    /// property in the list `required`.
    fn presence(&mut self, site: &Site<'_, 'a>, old: &Node<'a>, new: &Node<'a>, context: SchemaContext) {
        let Some(name) = site.values().next() else { return };
        let declares = |schema: &Node<'a>| {
            let properties = schema.value.get("properties").zip(name.value.as_str());
            properties.is_some_and(|(all, name)| all.get(name).is_some())
        };
        let (requiring, other) = site.pick_side([(new, old), (old, new)]);
        // The change that reports the added or removed property covers this difference.
        if declares(requiring) && !declares(other) {
            return self.changes.explained.push(name.pointer.clone());
        }
        let (kind, words) = site.pick_side([
            (Kind::PropertyBecameRequired, "became required"),
            (Kind::PropertyBecameOptional, "became optional"),
        ]);
        let what = format!("the property {} of {} {words}", quote(name.value), subject(new));
        self.change(kind, site, what)
            .context(context)
            .fact_if(!declares(new), Fact::UndeclaredProperty)
            .report();
    }

    pub(super) fn properties(&mut self, site: &Site<'_, 'a>, old: &Node<'a>, context: SchemaContext) {
        let new = site.parent;
        let (inner, closed) = (context.inner(false), context.closed);
        let added = site.contents().filter(|(_, property)| property.old.is_none());
        let added: Vec<_> = added
            .filter_map(|(name, property)| Some((name, property.new?.value)))
            .collect();
        for (name, property) in site.contents() {
            let [was_optional, is_optional] = [old, new].map(|schema| !schema.lists("required", name));
            let in_context = |optional| SchemaContext { optional, ..inner };
            match (&property.old, &property.new) {
                (Some(before), Some(after)) if before.allows_nothing() == after.allows_nothing() => {
                    let [was_read_only, is_read_only] =
                        [self.old.resolve(before), self.new.resolve(after)].map(|node| node.flag("readOnly"));
                    // Clients do not send a read-only property, even if it is required.
                    let ignores_default = if was_read_only {
                        is_read_only
                    } else {
                        !was_optional
                    };
                    let context = in_context(was_optional && is_optional);
                    self.schema(
                        before,
                        after,
                        SchemaContext {
                            ignores_default,
                            ..context
                        },
                    );
                }
                (Some(_), Some(after)) => self.property_allowed(&property, after, in_context(is_optional)),
                (None, Some(after)) if after.allows_nothing() => {
                    self.property_allowed(&property, after, in_context(is_optional));
                }
                (None, Some(after)) => {
                    let context = in_context(is_optional);
                    self.property_added(&property, after, (old, closed), context);
                }
                (Some(before), None) => {
                    let twin = added.iter().find(|(_, schema)| *schema == before.value);
                    let twin = twin.map(|(name, _)| *name);
                    self.property_removed(&property, before, twin, in_context(was_optional));
                }
                (None, None) => {}
            }
        }
        if site.contents().next().is_none() && !site.is_unchanged() {
            let what = "an empty `properties` was added or removed".to_owned();
            self.notation(site, what, old, context);
        }
    }

    /// Reports a property that exactly one document forbids, by the schema `false`.
    fn property_allowed(&mut self, site: &Site<'_, 'a>, new: &Node<'a>, context: SchemaContext) {
        let (kind, words) = match (new.allows_nothing(), context.direction) {
            (true, Direction::Response) => (Kind::OptionalResponsePropertyRemoved, "must be absent"),
            (true, _) => (Kind::RequestPropertyRemoved, "must be absent"),
            (false, Direction::Response) => (Kind::ClosedResponsePropertyAdded, "may be present"),
            (false, _) => (Kind::OptionalRequestPropertyAdded, "may be present"),
        };
        self.change(kind, site, format!("the property {} {words} now", subject(new)))
            .context(context)
            .fact_if(context.optional, Fact::Optional)
            .report();
    }

    fn property_added(
        &mut self,
        site: &Site<'_, 'a>,
        property: &Node<'a>,
        (old, closed): (&Node<'a>, Option<usize>),
        context: SchemaContext,
    ) {
        let is_closed =
            closed.is_some() || old.value.get("additionalProperties") == Some(&Value::Bool(false));
        let frame = closed.or(self.frames.current);
        let has_default = self.new.resolve(property).value.get("default").is_some();
        let kind = match (context.direction, context.optional) {
            (Direction::Response, _) if is_closed => Kind::ClosedResponsePropertyAdded,
            (Direction::Response, false) => Kind::RequiredResponsePropertyAdded,
            (Direction::Response, true) => Kind::OptionalResponsePropertyAdded,
            (_, false) if has_default => Kind::RequiredRequestPropertyWithDefaultAdded,
            (_, false) => Kind::RequiredRequestPropertyAdded,
            (_, true) => Kind::OptionalRequestPropertyAdded,
        };
        let (presence, name) = (context.presence(), subject(property));
        let properties = old.value.get("properties").and_then(Value::as_object);
        self.change(kind, site, format!("the {presence} property {name} was added"))
            .context(context)
            .frame(frame)
            .fact_if(properties.is_none_or(Map::is_empty), Fact::FirstProperty)
            .fact_if(context.optional, Fact::Optional)
            .report();
    }

    fn property_removed(
        &mut self,
        site: &Site<'_, 'a>,
        property: &Node<'a>,
        twin: Option<&str>,
        context: SchemaContext,
    ) {
        let kind = match (context.direction, context.optional) {
            (Direction::Response, false) => Kind::RequiredResponsePropertyRemoved,
            (Direction::Response, true) => Kind::OptionalResponsePropertyRemoved,
            _ => Kind::RequestPropertyRemoved,
        };
        let twin = twin.map(|twin| format!("; the new property `{twin}` has the same schema"));
        let twin = twin.unwrap_or_default();
        let (presence, name) = (context.presence(), subject(property));
        let what = format!("the {presence} property {name} was removed{twin}");
        self.report_in(kind, site, what, context);
    }

    pub(super) fn items(&mut self, site: &Site<'_, 'a>, old: &Node<'a>, context: SchemaContext) {
        if let Some((old, new)) = site.both() {
            return self.schema(old, new, context.inner(true));
        }
        if Allowed::by(site.old.as_ref()) == Allowed::by(site.new.as_ref()) {
            return self.notation(site, site.describe("items"), old, context);
        }
        let kind = site.pick_side([Kind::ItemsAdded, Kind::ItemsRemoved]);
        self.report_in(kind, site, site.describe("items"), context);
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
                    self.schema(old, new, context.inner(false));
                }
                return;
            }
            // The added keyword allows undeclared properties in a closed composition.
            (Anything, Anything) if context.closed.is_some() && site.old.is_none() => {
                Kind::AdditionalPropertiesAllowed
            }
            (Anything, Anything) | (Nothing, Nothing) => {
                if !site.is_unchanged() {
                    self.notation(site, what(), old, context);
                }
                return;
            }
            (_, Nothing) => Kind::AdditionalPropertiesForbidden,
            (Nothing, _) => Kind::AdditionalPropertiesAllowed,
            (Anything, Matching) => Kind::AdditionalPropertiesRestricted,
            (Matching, Anything) => Kind::AdditionalPropertiesUnrestricted,
        };
        let has_schema = before == Matching || after == Matching;
        let declares_properties = [old, new].map(|schema| schema.value.get("properties").is_some());
        let frame = context.closed.or(self.frames.current);
        self.change(kind, site, what())
            .context(context)
            .frame(frame)
            .fact_if(
                !has_schema && declares_properties == [true; 2],
                Fact::UndeclaredPropertiesOnly,
            )
            .report();
    }
}

/// The values that a schema allows for undeclared properties (`additionalProperties`) or for items (`items`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Allowed {
    Anything,
    Nothing,
    /// Only values that match a schema.
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

/// Checks whether `unevaluatedProperties` restricts the properties that no part of the schema declares.
pub(super) fn restricts_unevaluated(schema: &Node<'_>) -> bool {
    Allowed::by(schema.get("x-unevaluatedProperties").as_ref()) != Allowed::Anything
}
