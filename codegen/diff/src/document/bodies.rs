//! Request bodies, and the content of bodies in both directions.

use super::schema::ANNOTATIONS;
use crate::{
    comparer::Comparer,
    level::Direction,
    media_type::MediaRange,
    node::Node,
    part_names::subject,
    report::Fact,
    rules::ChangeKind as Kind,
    site::{SchemaContext, SchemaRole, Site},
};

const JSON: &str = "application/json";

impl<'a> Comparer<'a> {
    pub(crate) fn request_body(&mut self, site: &Site<'_, 'a>) {
        let direction = Direction::Request;
        let operation = subject(site.parent);
        let old = site.old.as_ref().map(|node| self.old.resolve(node));
        let new = site.new.as_ref().map(|node| self.new.resolve(node));
        let (kind, what) = match (&old, &new) {
            (Some(old), Some(new)) => {
                self.reference(site, direction);
                return self.request_body_fields(old, new, &operation);
            }
            (None, Some(body)) if body.flag("required") => (
                Kind::RequiredBodyAdded,
                format!("a required request body was added to {operation}"),
            ),
            (None, _) => (
                Kind::OptionalBodyAdded,
                format!("an optional request body was added to {operation}"),
            ),
            (Some(_), None) => (
                Kind::BodyRemoved,
                format!("the request body of {operation} was removed"),
            ),
        };
        self.report(kind, site, what, direction);
    }

    fn request_body_fields(&mut self, old: &Node<'a>, new: &Node<'a>, operation: &str) {
        let direction = Direction::Request;
        let context = SchemaContext::new(direction, SchemaRole::Body);
        for (key, site) in Site::members(old, new) {
            match (key, site.both()) {
                ("content", Some((before, after))) => self.content(before, after, context),
                _ if site.is_unchanged() => {}
                ("required", _) => {
                    let name = format!("the request body of {operation}");
                    let kinds = [Kind::BodyBecameRequired, Kind::BodyBecameOptional];
                    let words = ["became required", "became optional", "is as required as before"];
                    self.flag(&name, &site, kinds, words, direction);
                }
                _ => self.annotation_or_unclassified(key, &site, direction),
            }
        }
    }

    pub(crate) fn content(&mut self, old: &Node<'a>, new: &Node<'a>, context: SchemaContext) {
        let [before, after] = [old, new].map(|content| {
            let members = content.members().into_iter();
            members
                .map(|(name, node)| (name, MediaRange::new(name), node))
                .collect::<Vec<_>>()
        });
        let twin = |list: &[(&'a str, MediaRange, Node<'a>)], name: &str, range: &MediaRange| {
            let by_name = list.iter().find(|(other, ..)| *other == name);
            by_name
                .or_else(|| list.iter().find(|(_, other, _)| other == range))
                .cloned()
        };
        let is_json = |content: &Node<'a>| content.value.get(JSON).is_some();
        for (name, range, node) in &after {
            if let Some((old_name, _, other)) = twin(&before, name, range) {
                if old_name != *name {
                    let what = format!("the media type `{old_name}` is now written `{name}`");
                    self.change(Kind::NotationChanged, &Site::between(&other, node, new), what)
                        .direction(context.direction)
                        .covers_subtree(false)
                        .report();
                }
                self.media_type(&other, node, context);
                continue;
            }
            let site = Site::added(node, new);
            let covering = before.iter().find(|(_, other, _)| other.covers(range));
            if let Some((old_name, _, other)) = covering.filter(|_| context.direction == Direction::Response)
            {
                let what = format!("the media type `{name}` is one of `{old_name}`, which was there before");
                self.change(Kind::MediaTypeRangeChanged, &site, what)
                    .direction(context.direction)
                    .fact_if(is_json(old) && *name != JSON, Fact::JsonStays)
                    .report();
                self.media_type(other, node, context);
                continue;
            }
            self.media_type_added_or_removed(name, &site, context, is_json(old));
        }
        for (name, range, node) in &before {
            if twin(&after, name, range).is_some() {
                continue;
            }
            let site = Site::removed(node, new);
            let is_response = context.direction == Direction::Response;
            let covering = after.iter().find(|(_, other, _)| {
                if is_response {
                    range.covers(other)
                } else {
                    other.covers(range)
                }
            });
            let Some((new_name, _, other)) = covering else {
                self.media_type_added_or_removed(name, &site, context, is_json(new));
                continue;
            };
            let what = if is_response {
                format!("the media type `{name}` was narrowed to `{new_name}`")
            } else {
                format!("the media type `{name}` is one of `{new_name}`, which is there now")
            };
            self.change(Kind::MediaTypeRangeChanged, &site, what)
                .direction(context.direction)
                .fact_if(is_json(new) && *name != JSON, Fact::JsonStays)
                .report();
            if !is_response {
                self.media_type(node, other, context);
            }
        }
    }

    /// Reports content that only one side has: each of its media types was added or removed.
    pub(crate) fn whole_content(&mut self, site: &Site<'_, 'a>, context: SchemaContext) {
        let members = site.values().next().map(Node::members).unwrap_or_default();
        for (name, media_type) in &members {
            self.media_type_added_or_removed(name, &site.with(media_type.clone()), context, false);
        }
        if members.is_empty() {
            let what = "`content` without media types was added or removed".to_owned();
            self.report(Kind::NotationChanged, site, what, context.direction);
        }
    }

    fn media_type_added_or_removed(
        &mut self,
        name: &str,
        site: &Site<'_, 'a>,
        context: SchemaContext,
        other_has_json: bool,
    ) {
        let kinds = match context.direction {
            Direction::Response => [Kind::ResponseMediaTypeAdded, Kind::ResponseMediaTypeRemoved],
            _ => [Kind::BodyMediaTypeAdded, Kind::BodyMediaTypeRemoved],
        };
        let kind = site.one_sided_kind(kinds);
        let what = format!(
            "the media type `{name}` of {} {}",
            subject(site.parent),
            site.verb()
        );
        self.change(kind, site, what)
            .direction(context.direction)
            .fact_if(context.failure, Fact::FailureResponse)
            .fact_if(other_has_json && name != JSON, Fact::JsonStays)
            .report();
    }

    /// Checks whether a schema without a counterpart on the other side contains nothing but documentation.
    fn allows_anything(&self, schema: &Node<'a>, site: &Site<'_, 'a>) -> bool {
        let document = if site.new.is_some() { &self.new } else { &self.old };
        let mut keys = document.resolve(schema).keys();
        schema.value.is_object() && keys.all(|key| ANNOTATIONS.contains(&key))
    }

    fn media_type(&mut self, old: &Node<'a>, new: &Node<'a>, context: SchemaContext) {
        for (key, site) in Site::members(old, new) {
            match (key, site.both()) {
                ("schema", Some((before, after))) => self.schema(before, after, context, false),
                ("schema", None) if site.values().all(|node| self.allows_anything(node, &site)) => {
                    let what = format!("a schema for any value of {} {}", subject(new), site.verb());
                    self.report(Kind::NotationChanged, &site, what, context.direction);
                }
                ("schema", None) => {
                    let kinds = match context.direction {
                        Direction::Response => [Kind::ResponseSchemaAdded, Kind::ResponseSchemaRemoved],
                        _ => [Kind::BodySchemaAdded, Kind::BodySchemaRemoved],
                    };
                    let words = match &site.old {
                        None => "now has a schema",
                        Some(_) => "no longer has a schema",
                    };
                    let what = format!("{} {words}", subject(new));
                    self.report(site.one_sided_kind(kinds), &site, what, context.direction);
                }
                _ => self.annotation_or_unclassified(key, &site, context.direction),
            }
        }
    }
}
