//! Compares the keywords that determine the text of a value in a message. Parameters, headers and fields of
//! forms have such keywords.

use std::{borrow::Cow, collections::BTreeSet};

use serde_json::Value;

use crate::{
    comparer::Comparer,
    index::DocumentIndex,
    level::{Direction, Encoding},
    media_type::MediaRange,
    node::Node,
    part_names::subject,
    rules::ChangeKind as Kind,
    site::{SchemaContext, Site},
};

/// Maximum depth to which compositions are followed.
const DEEPEST: usize = 12;

/// Styles that differ only in the separator between several values.
const SEPARATING: [&str; 3] = ["form", "spaceDelimited", "pipeDelimited"];

/// A value that is sent as text.
pub(super) struct Serialized<'a> {
    /// The object with the keywords for serialization: a parameter, a header, or the entry of a form field in
    /// `encoding`.
    keywords: Option<Node<'a>>,
    schema: Option<Node<'a>>,
    default_style: &'static str,
    /// True if characters that are reserved in URLs are escaped. The keyword `allowReserved` can prevent
    /// this.
    is_escaped: bool,
}

impl<'a> Serialized<'a> {
    /// Returns the serialization of a parameter or a header.
    pub(super) fn of(holder: &Node<'a>) -> Self {
        let place = holder.str("in");
        Self {
            schema: holder.get("schema"),
            keywords: Some(holder.clone()),
            default_style: match place {
                Some("query" | "cookie") => "form",
                _ => "simple",
            },
            is_escaped: place == Some("query"),
        }
    }

    /// Returns the serialization of a field of a form. `encoding` is the entry of the field in the `encoding`
    /// object of the media type.
    fn field(schema: Option<Node<'a>>, encoding: Option<Node<'a>>) -> Self {
        Self {
            keywords: encoding,
            schema,
            default_style: "form",
            is_escaped: true,
        }
    }

    /// Checks whether the value is neither a list nor an object.
    fn is_scalar(&self, document: &DocumentIndex<'a>) -> bool {
        let types = self
            .schema
            .as_ref()
            .and_then(|schema| types_of(document, schema, DEEPEST));
        types.is_some_and(|types| types.is_disjoint(&["array", "object"].into()))
    }

    fn style(&self) -> &'a str {
        let style = self.keywords.as_ref().and_then(|keywords| keywords.str("style"));
        style.unwrap_or(self.default_style)
    }

    /// Returns the value of a keyword, or its default.
    fn keyword(&self, key: &str) -> Cow<'a, Value> {
        let written = self
            .keywords
            .as_ref()
            .and_then(|keywords| keywords.value.get(key));
        written.map_or_else(
            || {
                Cow::Owned(match key {
                    "style" => self.style().into(),
                    "explode" => (self.style() == "form").into(),
                    "x-collectionFormat" => "csv".into(),
                    _ => false.into(),
                })
            },
            Cow::Borrowed,
        )
    }
}

impl<'a> Comparer<'a> {
    /// Returns the encoding of a value that is sent as text in both documents.
    pub(super) fn text_encoding(&self, sides: [&Serialized<'a>; 2]) -> Encoding {
        let is_one_text = |side: &Serialized<'a>, document: &DocumentIndex<'a>| {
            let style = side.style();
            let is_separating = SEPARATING.contains(&style);
            style == "simple"
                || (is_separating && (*side.keyword("explode") == false || side.is_scalar(document)))
        };
        let mut sides = sides.into_iter().zip([&self.old, &self.new]);
        if sides.all(|(side, document)| is_one_text(side, document)) {
            Encoding::OneText
        } else {
            Encoding::Text
        }
    }

    /// Checks whether a keyword for serialization has the same effect in both documents.
    fn is_serialized_alike(&self, key: &str, sides: [&Serialized<'a>; 2]) -> bool {
        let [old, new] = sides;
        if old.keyword(key) == new.keyword(key) {
            return true;
        }
        if key == "allowReserved" && !old.is_escaped && !new.is_escaped {
            return true;
        }
        let documents = [&self.old, &self.new];
        // A scalar is one text, with or without `explode`. A change of the type is found when the schemas are
        // compared.
        let mut pairs = sides.iter().zip(documents);
        if key == "explode" && pairs.any(|(side, document)| side.is_scalar(document)) {
            return true;
        }
        let types = sides.iter().zip(documents);
        let types = types.map(|(side, document)| types_of(document, side.schema.as_ref()?, DEEPEST));
        let Some(types) = types.collect::<Option<Vec<_>>>() else {
            return false;
        };
        let is_simple = sides.iter().all(|side| side.style() == "simple");
        types.iter().flatten().all(|name| match (key, *name) {
            ("allowReserved", "integer" | "boolean") => true,
            // For the style `deepObject`, `explode: false` is undefined, so there is only one form.
            ("explode", "object") if sides.iter().all(|side| side.style() == "deepObject") => true,
            ("allowReserved", _) | (_, "object") => false,
            // With the style `simple`, commas separate items regardless of `explode`.
            ("explode", "array") => is_simple,
            ("style", _) => *name != "array" && sides.iter().all(|side| SEPARATING.contains(&side.style())),
            _ => *name != "array",
        })
    }

    /// Checks whether the name of a path parameter is sent together with its value, in at least one document.
    /// This happens only with the style `matrix`. For an exploded object, the names of its properties are
    /// sent instead.
    pub(super) fn sends_name(&self, sides: [&Serialized<'a>; 2]) -> bool {
        let mut sides = sides.into_iter().zip([&self.old, &self.new]);
        sides.any(|(side, document)| {
            let types = || types_of(document, side.schema.as_ref()?, DEEPEST);
            let is_object = || types().is_some_and(|types| types.iter().all(|name| *name == "object"));
            side.style() == "matrix" && !(*side.keyword("explode") == true && is_object())
        })
    }

    /// Compares the `encoding` objects of a form. For other media types, `encoding` has no effect, so a
    /// change of `encoding` counts as a change of notation.
    pub(super) fn encodings(&mut self, site: &Site<'_, 'a>, old: &Node<'a>, direction: Direction) {
        let new = site.parent;
        let range = range(new);
        let holder = subject(new);
        if !range.may_be_form() || site.contents().next().is_none() {
            if !site.is_unchanged() {
                let what = format!("`encoding` of {holder}, which has no effect, {}", site.verb());
                self.report(Kind::NotationChanged, site, what, direction);
            }
            return;
        }
        // Versions of OpenAPI disagree about the effect of `encoding` in responses.
        if direction != Direction::Request {
            return self.unclassified(site);
        }
        for (name, entry) in site.contents() {
            let schemas = [(old, &self.old), (new, &self.new)]
                .map(|(media_type, document)| field(document, media_type, name));
            let [old_schema, new_schema] = schemas;
            let is_on_one_side = old_schema.is_some() != new_schema.is_some();
            let sides = [
                Serialized::field(old_schema, entry.old.clone()),
                Serialized::field(new_schema, entry.new.clone()),
            ];
            if entry.contents().next().is_none() && !entry.is_unchanged() {
                let what = format!("an empty encoding of `{name}` of {holder} {}", entry.verb());
                self.report(Kind::NotationChanged, &entry, what, direction);
            }
            for (key, member) in entry.contents() {
                let kind = match key {
                    "headers" if range.may_be_multipart() && !is_on_one_side => {
                        self.part_headers(&member);
                        continue;
                    }
                    _ if member.is_unchanged() => continue,
                    "headers" => Kind::NotationChanged,
                    "style" | "explode" | "allowReserved" | "contentType" if is_on_one_side => {
                        Kind::NotationChanged
                    }
                    "style" | "explode" | "allowReserved" => {
                        self.serialization_kind(key, sides.each_ref(), Kind::SerializationChanged)
                    }
                    "contentType" => self.content_type_kind(sides.each_ref()),
                    _ => {
                        self.other_member(key, &member, direction);
                        continue;
                    }
                };
                let what = format!("`{key}` of `{name}` of {holder} {}", member.before_after());
                self.report(kind, &member, what, direction);
            }
        }
    }

    /// Returns the kind of change for a serialization keyword: `NotationChanged` if the keyword has the same
    /// effect in both documents, otherwise `changed`.
    pub(super) fn serialization_kind(&self, key: &str, sides: [&Serialized<'a>; 2], changed: Kind) -> Kind {
        if self.is_serialized_alike(key, sides) {
            Kind::NotationChanged
        } else {
            changed
        }
    }

    fn content_type_kind(&self, sides: [&Serialized<'a>; 2]) -> Kind {
        let [Some(old), Some(new)] = [(sides, &self.old, 0), (sides, &self.new, 1)]
            .map(|(sides, document, side)| content_types(document, sides.into_iter().nth(side)?))
        else {
            return Kind::SerializationChanged;
        };
        let covers = |large: &[MediaRange], small: &[MediaRange]| {
            let mut small = small.iter();
            small.all(|range| large.iter().any(|other| other.covers(range)))
        };
        match (covers(&new, &old), covers(&old, &new)) {
            (true, true) => Kind::NotationChanged,
            (true, false) => Kind::BodyMediaTypeAdded,
            _ => Kind::SerializationChanged,
        }
    }

    /// Compares the headers of a part of a multipart body.
    fn part_headers(&mut self, headers: &Site<'_, 'a>) {
        let direction = Direction::Request;
        for (name, header) in headers.contents() {
            let [old, new] = [(&header.old, &self.old), (&header.new, &self.new)]
                .map(|(header, document)| header.as_ref().map(|header| document.resolve(header)));
            if let Some((old, new)) = old.as_ref().zip(new.as_ref()) {
                self.reference(&header, direction);
                self.parameter(old, new, SchemaContext::PARAMETER);
                continue;
            }
            let kind = match new {
                None => Kind::ParameterRemoved,
                Some(header) if header.flag("required") => Kind::RequiredParameterAdded,
                Some(_) => Kind::OptionalParameterAdded,
            };
            let what = format!(
                "the header `{name}` of {} {}",
                subject(header.parent),
                header.verb()
            );
            self.report(kind, &header, what, direction);
        }
    }
}

/// Returns the media range of a media type object, which is its key in `content`.
pub(super) fn range(media_type: &Node<'_>) -> MediaRange {
    let key = media_type.pointer.last();
    MediaRange::new(&key.map(|key| key.decoded().into_owned()).unwrap_or_default())
}

/// Returns the schema of the field `name` of a form.
fn field<'a>(document: &DocumentIndex<'a>, media_type: &Node<'a>, name: &str) -> Option<Node<'a>> {
    let schema = document.resolve(&media_type.get("schema")?);
    schema.get("properties")?.get(name)
}

/// Returns the media types of a field of a form; `None` if they are unknown.
fn content_types(document: &DocumentIndex<'_>, field: &Serialized<'_>) -> Option<Vec<MediaRange>> {
    let written = field
        .keywords
        .as_ref()
        .and_then(|keywords| keywords.value.get("contentType"));
    if let Some(written) = written {
        return Some(written.as_str()?.split(',').map(MediaRange::new).collect());
    }
    let mut schema = document.resolve(field.schema.as_ref()?);
    if schema.str("type") == Some("array") {
        schema = document.resolve(&schema.get("items")?);
    }
    let default = match (schema.str("type")?, schema.str("format")) {
        ("object", _) => "application/json",
        ("array", _) | ("string", Some("byte")) => return None,
        ("string", Some("binary")) => "application/octet-stream",
        _ => "text/plain",
    };
    Some(vec![MediaRange::new(default)])
}

/// Returns the JSON types of the values that a schema allows, or `None` if they are unknown. An array of at
/// most one item has the types of that item.
fn types_of<'a>(document: &DocumentIndex<'a>, schema: &Node<'a>, depth: usize) -> Option<BTreeSet<&'a str>> {
    let depth = depth.checked_sub(1)?;
    let schema = document.resolve(schema);
    let is_single = schema.value.get("maxItems").is_some_and(|most| most == 1);
    match schema.str("type") {
        Some("array") if is_single => return types_of(document, &schema.get("items")?, depth),
        Some(name) => return Some([name].into()),
        None => {}
    }
    let parts = |key: &str| schema.get(key).map(|list| list.entries(|_| String::new()));
    let types = |part: &Node<'a>| types_of(document, part, depth);
    let all = parts("allOf")
        .into_iter()
        .flatten()
        .filter_map(|part| types(&part));
    let alternatives = [parts("anyOf"), parts("oneOf")]
        .into_iter()
        .flatten()
        .filter_map(|parts| {
            let types: Option<Vec<BTreeSet<&str>>> = parts.iter().map(types).collect();
            Some(types?.into_iter().flatten().collect())
        });
    all.chain(alternatives).reduce(|first, other| &first & &other)
}
