//! Compares request bodies, and the content of request and response bodies.

use serde_json::Value;

use funnelflux_openapi::{media, openapi_model::ANNOTATIONS, pointer::Pointer};

use super::serialization::range;
use crate::{
    comparer::Comparer,
    index::DocumentIndex,
    level::{Direction, Encoding},
    media_type::MediaRange,
    node::{Node, canonical},
    part_names::subject,
    report::Fact,
    rules::ChangeKind as Kind,
    site::{SchemaContext, SchemaRole, Site},
};

/// An entry of `content`: the key, the key as a media range, and the media type object.
type MediaType<'a> = (&'a str, MediaRange, Node<'a>);

/// Returns the most specific entry of `content` among those that cover `range`. This entry applies to all
/// media types of the range.
fn most_specific<'m, 'a>(content: &'m [MediaType<'a>], range: &MediaRange) -> Option<&'m MediaType<'a>> {
    let mut covering = content.iter().filter(|(_, other, _)| other.covers(range));
    let first = covering.next()?;
    Some(covering.fold(
        first,
        |best, other| {
            if best.1.covers(&other.1) { other } else { best }
        },
    ))
}

impl<'a> Comparer<'a> {
    pub(crate) fn request_body(&mut self, site: &Site<'_, 'a>) {
        let operation = subject(site.parent);
        let [old, new] = [(&site.old, &self.old), (&site.new, &self.new)]
            .map(|(body, document)| body.as_ref().map(|body| document.resolve(body)));
        let (kind, presence) = match (&old, &new) {
            (Some(old), Some(new)) => {
                self.reference(site, Direction::Request);
                return self.request_body_fields(old, new);
            }
            (None, Some(body)) if body.flag("required") => (Kind::RequiredBodyAdded, "a required"),
            (None, _) => (Kind::OptionalBodyAdded, "an optional"),
            (Some(_), None) => {
                let what = format!("the request body of {operation} was removed");
                return self.report(Kind::BodyRemoved, site, what, Direction::Request);
            }
        };
        let what = format!("{presence} request body was added to {operation}");
        self.report(kind, site, what, Direction::Request);
    }

    fn request_body_fields(&mut self, old: &Node<'a>, new: &Node<'a>) {
        let direction = Direction::Request;
        let context = SchemaContext::new(direction, SchemaRole::Body);
        for (key, site) in Site::members(old, new) {
            match (key, site.both()) {
                ("content", Some((before, after))) => self.content(before, after, context),
                _ if site.is_unchanged() => {}
                ("required", _) => {
                    let kinds = [Kind::BodyBecameRequired, Kind::BodyBecameOptional];
                    self.flag_in(key, &site, kinds, direction);
                }
                _ => self.other_member(key, &site, direction),
            }
        }
    }

    pub(crate) fn content(&mut self, old: &Node<'a>, new: &Node<'a>, context: SchemaContext) {
        let is_response = context.direction == Direction::Response;
        let [before, after] = [old, new].map(|content| {
            let members = content.members().into_iter();
            let members = members.map(|(name, node)| (name, MediaRange::new(name), node));
            members.collect::<Vec<_>>()
        });
        let twin = |list: &[MediaType<'a>], name: &str, range: &MediaRange| {
            let by_name = list.iter().find(|(other, ..)| *other == name);
            let twin = by_name.or_else(|| list.iter().find(|(_, other, _)| other == range));
            twin.cloned()
        };
        let json_stays = has_same_json([old, new]);
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
            // For a media type, only the most specific key applies. So the new key replaces the old range
            // here.
            let site = Site::added(node, new);
            if let Some((old_name, _, other)) = most_specific(&before, range) {
                let what = format!("the media type `{name}` is one of `{old_name}`, which was there before");
                self.media_range_changed(&site, what, context, json_stays);
                self.media_type(other, node, context);
            } else {
                self.media_type_added_or_removed(name, &site, context, json_stays);
            }
        }
        for (name, range, node) in &before {
            if twin(&after, name, range).is_some() {
                continue;
            }
            let site = Site::removed(node, new);
            // If the key of a response becomes a range, the response may have other formats than before.
            let covering = most_specific(&after, range)
                .filter(|(new_name, other, _)| !is_response || twin(&before, new_name, other).is_some());
            if let Some((new_name, _, other)) = covering {
                let what = format!("the media type `{name}` is one of `{new_name}`, which is there now");
                self.media_range_changed(&site, what, context, json_stays);
                self.media_type(node, other, context);
                continue;
            }
            let narrower = after
                .iter()
                .find(|(_, other, _)| is_response && range.covers(other));
            if let Some((new_name, ..)) = narrower {
                let what = format!("the media type `{name}` was narrowed to `{new_name}`");
                self.media_range_changed(&site, what, context, json_stays);
            } else {
                self.media_type_added_or_removed(name, &site, context, json_stays);
            }
        }
    }

    /// Reports that a media type, such as `text/csv`, has its own entry in one document. In the other
    /// document, the entry of a range, such as `text/*`, covers it.
    fn media_range_changed(
        &mut self,
        site: &Site<'_, 'a>,
        what: String,
        context: SchemaContext,
        json_stays: bool,
    ) {
        self.change(Kind::MediaTypeRangeChanged, site, what)
            .direction(context.direction)
            .fact_if(json_stays, Fact::JsonStays)
            .report();
    }

    /// Handles a `content` object that only one document has: reports each of its media types as added or
    /// removed.
    pub(crate) fn whole_content(&mut self, site: &Site<'_, 'a>, context: SchemaContext) {
        for (name, media_type) in site.contents() {
            self.media_type_added_or_removed(name, &media_type, context, false);
        }
        if site.contents().next().is_none() {
            let what = "`content` without media types was added or removed".to_owned();
            self.report(Kind::NotationChanged, site, what, context.direction);
        }
    }

    fn media_type_added_or_removed(
        &mut self,
        name: &str,
        site: &Site<'_, 'a>,
        context: SchemaContext,
        json_stays: bool,
    ) {
        let kinds = match context.direction {
            Direction::Response => [Kind::ResponseMediaTypeAdded, Kind::ResponseMediaTypeRemoved],
            _ => [Kind::BodyMediaTypeAdded, Kind::BodyMediaTypeRemoved],
        };
        let holder = subject(site.parent);
        let what = format!("the media type `{name}` of {holder} {}", site.verb());
        self.change(site.pick_side(kinds), site, what)
            .direction(context.direction)
            .fact_if(context.failure, Fact::FailureResponse)
            .fact_if(json_stays, Fact::JsonStays)
            .report();
    }

    /// Checks whether a schema allows any value because all its keywords are documentation. Only one of the
    /// documents (see `site`) has the schema.
    fn allows_anything(&self, schema: &Node<'a>, site: &Site<'_, 'a>) -> bool {
        let document = if site.new.is_some() { &self.new } else { &self.old };
        let mut keys = document.resolve(schema).keys();
        schema.value.is_object() && keys.all(|key| ANNOTATIONS.contains(&key))
    }

    /// Checks whether the body is binary in both documents. Its schema, if any, must describe a binary
    /// string.
    fn is_binary(&self, media_types: [&Node<'a>; 2]) -> bool {
        let mut sides = media_types.into_iter().zip([&self.old, &self.new]);
        sides.all(|(media_type, document)| {
            let schema = media_type.get("schema").map(|schema| document.resolve(&schema));
            let describes_bytes = schema.is_none_or(|schema| {
                let is_binary =
                    schema.str("type") == Some("string") && schema.str("format") == Some("binary");
                let kind = |key: &str| is_binary && ["type", "format", "x-contentMediaType"].contains(&key);
                let mut keys = schema.keys();
                schema.value.is_object() && keys.all(|key| kind(key) || ANNOTATIONS.contains(&key))
            });
            describes_bytes && range(media_type).is_binary()
        })
    }

    /// Compares the names of the root elements of XML bodies. If the schema states no name, the name of the
    /// shared schema is used.
    fn xml_root(
        &mut self,
        (old, new): (&Node<'a>, &Node<'a>),
        media_type: &Node<'a>,
        context: SchemaContext,
    ) {
        let name = |document: &DocumentIndex<'a>, schema: &Node<'a>| {
            let schema = document.resolve(schema);
            let written = schema.value.pointer("/xml/name").and_then(Value::as_str);
            let shared = schema
                .pointer
                .strip_prefix(Pointer::from_static("/components/schemas"));
            let shared = shared.filter(|name| name.count() == 1).and_then(Pointer::last);
            written
                .map(str::to_owned)
                .or_else(|| Some(shared?.decoded().into_owned()))
        };
        if let Some((before, after)) = name(&self.old, old).zip(name(&self.new, new))
            && before != after
            && range(media_type).is_xml()
        {
            let what = format!(
                "the root element of {} changed: `{before}` → `{after}`",
                subject(media_type)
            );
            self.change(
                Kind::RepresentationChanged,
                &Site::between(old, new, media_type),
                what,
            )
            .context(context)
            .keyword("xml-root")
            .covers_subtree(false)
            .report();
        }
    }

    fn media_type(&mut self, old: &Node<'a>, new: &Node<'a>, context: SchemaContext) {
        let text = context.encoded(body_encoding([old, new]));
        for (key, site) in Site::members(old, new) {
            match (key, site.both()) {
                ("schema", _) if !site.is_unchanged() && self.is_binary([old, new]) => {
                    let what = format!("the schema of {}, which is binary, {}", subject(new), site.verb());
                    self.report(Kind::NotationChanged, &site, what, context.direction);
                }
                ("schema", Some((before, after))) => {
                    self.xml_root((before, after), new, context);
                    self.schema(before, after, text);
                }
                ("encoding", _) => self.encodings(&site, old, context.direction),
                ("schema", None) if site.values().all(|node| self.allows_anything(node, &site)) => {
                    let what = format!("a schema for any value of {} {}", subject(new), site.verb());
                    self.report(Kind::NotationChanged, &site, what, context.direction);
                }
                ("schema", None) => {
                    let kinds = match context.direction {
                        Direction::Response => [Kind::ResponseSchemaAdded, Kind::ResponseSchemaRemoved],
                        _ => [Kind::BodySchemaAdded, Kind::BodySchemaRemoved],
                    };
                    let words = site.pick_side(["now has a schema", "no longer has a schema"]);
                    let what = format!("{} {words}", subject(new));
                    self.report(site.pick_side(kinds), &site, what, context.direction);
                }
                _ => self.other_member(key, &site, context.direction),
            }
        }
    }
}

/// Checks whether two `content` objects describe JSON by the same entry, or by entries with the same schema.
fn has_same_json(contents: [&Node<'_>; 2]) -> bool {
    let [Some((old, old_schema)), Some((new, new_schema))] = contents.map(|content| {
        let content = content.value.as_object()?;
        let key = media::json(content)?;
        let schema = content.get(key)?.get("schema").map(canonical);
        Some((MediaRange::new(key), schema))
    }) else {
        return false;
    };
    old == new || old_schema == new_schema
}

/// Returns the encoding of a body, given its media type object in each document.
fn body_encoding(media_types: [&Node<'_>; 2]) -> Encoding {
    let [old, new] = media_types.map(|media_type| range(media_type).encoding());
    // A field with a content type of its own may be JSON.
    let fields = media_types
        .iter()
        .filter_map(|media_type| media_type.get("encoding"));
    let mut fields = fields.flat_map(|encoding| encoding.members());
    let has_content_type = fields.any(|(_, field)| field.value.get("contentType").is_some());
    if old == new && !has_content_type {
        old
    } else {
        Encoding::Typed
    }
}
