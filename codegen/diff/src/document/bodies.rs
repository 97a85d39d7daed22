//! Request bodies, and the content of bodies in both directions.

use crate::{
    comparer::Comparer,
    level::Direction,
    node::Node,
    report::Fact,
    rules::ChangeKind,
    site::{SchemaContext, SchemaRole, Site},
    wording::subject,
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
                ChangeKind::RequiredBodyAdded,
                format!("a required request body was added to {operation}"),
            ),
            (None, _) => (
                ChangeKind::OptionalBodyAdded,
                format!("an optional request body was added to {operation}"),
            ),
            (Some(_), None) => (
                ChangeKind::BodyRemoved,
                format!("the request body of {operation} was removed"),
            ),
        };
        self.change(kind, site, what).direction(direction).report();
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
                    let kinds = [ChangeKind::BodyBecameRequired, ChangeKind::BodyBecameOptional];
                    let words = ["became required", "became optional", "is as required as before"];
                    self.flag(&name, &site, kinds, words, direction);
                }
                _ => self.annotation_or_unclassified(key, &site, direction),
            }
        }
    }

    pub(crate) fn content(&mut self, old: &Node<'a>, new: &Node<'a>, context: SchemaContext) {
        for (name, site) in Site::members(old, new) {
            if let Some((before, after)) = site.both() {
                self.media_type(before, after, context);
            } else {
                let other = if site.new.is_some() { old } else { new };
                self.media_type_added_or_removed(name, &site, context, other.value.get(JSON).is_some());
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
            self.change(ChangeKind::NotationChanged, site, what)
                .direction(context.direction)
                .report();
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
            Direction::Response => [
                ChangeKind::ResponseMediaTypeAdded,
                ChangeKind::ResponseMediaTypeRemoved,
            ],
            _ => [ChangeKind::BodyMediaTypeAdded, ChangeKind::BodyMediaTypeRemoved],
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

    fn media_type(&mut self, old: &Node<'a>, new: &Node<'a>, context: SchemaContext) {
        for (key, site) in Site::members(old, new) {
            match (key, site.both()) {
                ("schema", Some((before, after))) => self.schema(before, after, context, false),
                ("schema", None) => {
                    let kinds = match context.direction {
                        Direction::Response => {
                            [ChangeKind::ResponseSchemaAdded, ChangeKind::ResponseSchemaRemoved]
                        }
                        _ => [ChangeKind::BodySchemaAdded, ChangeKind::BodySchemaRemoved],
                    };
                    let words = match &site.old {
                        None => "now has a schema",
                        Some(_) => "no longer has a schema",
                    };
                    let what = format!("{} {words}", subject(new));
                    self.change(site.one_sided_kind(kinds), &site, what)
                        .direction(context.direction)
                        .report();
                }
                _ => self.annotation_or_unclassified(key, &site, context.direction),
            }
        }
    }
}
