//! Compares keywords for single values: type and format, null, enumerations and defaults.

use std::collections::HashSet;

use crate::{
    comparer::Comparer,
    level::Direction,
    node::{Node, canonical},
    part_names::subject,
    report::Fact,
    rules::ChangeKind as Kind,
    site::{SchemaContext, SchemaRole, Site},
};

impl<'a> Comparer<'a> {
    pub(super) fn format(&mut self, site: &Site<'_, 'a>, old: &Node<'a>, context: SchemaContext) {
        let [before, after] = texts(site);
        let kind = match [before, after] {
            [None, _] => Kind::FormatAdded,
            [_, None] => Kind::FormatRemoved,
            [Some("int32"), Some("int64")] | [Some("float"), Some("double")] => Kind::FormatGeneralized,
            [Some("int64"), Some("int32")] | [Some("double"), Some("float")] => Kind::FormatSpecialized,
            _ => Kind::FormatChanged,
        };
        let types = [old, site.parent].map(|schema| schema.str("type"));
        let allows_no_string = types.iter().all(|kind| kind.is_some_and(|kind| kind != "string"));
        if allows_no_string && [before, after].into_iter().flatten().all(is_string_format) {
            // JSON Schema applies these formats only to strings.
            return self.report_in(Kind::NotationChanged, site, site.describe("format"), context);
        }
        let [from, to] = [before, after].map(|format| format.map(str::to_owned));
        let has_limits = |schema: &Node<'a>| {
            let limits = [
                "minimum",
                "exclusiveMinimum",
                "maximum",
                "exclusiveMaximum",
                "multipleOf",
            ];
            limits.into_iter().any(|key| schema.get(key).is_some())
        };
        let fact = match types {
            [Some("string"), Some("string")] => Some(Fact::StringFormats { old: from, new: to }),
            [Some("integer"), Some("integer")] | [Some("number"), Some("number")]
                if ![old, site.parent].into_iter().any(has_limits) =>
            {
                Some(Fact::NumberFormats { old: from, new: to })
            }
            _ => None,
        };
        let mut formats_here = [before, after].into_iter().flatten();
        self.change(kind, site, site.describe("format"))
            .context(context)
            .disputed(!formats_here.any(|format| is_string_format(format) || is_number_format(format)))
            .facts(fact)
            .report();
    }

    pub(super) fn nullable(&mut self, site: &Site<'_, 'a>, context: SchemaContext) {
        let kinds = [Kind::BecameNullable, Kind::BecameNotNullable];
        if let Some(change) = self.flag("nullable", site, kinds) {
            let change = change.context(context);
            change.fact_if(context.optional, Fact::Optional).report();
        }
    }

    /// Compares a schema that has only `type` with one that has only `x-type`. Returns false for other
    /// schemas. Normalisation moves types to `x-type` if `OpenAPI` 3.0 cannot express them.
    pub(super) fn types_kept_aside(
        &mut self,
        site: &Site<'_, 'a>,
        old: &Node<'a>,
        context: SchemaContext,
    ) -> bool {
        let of = |schema: &Node<'a>| [schema.get("type"), schema.get("x-type")];
        let (before, after) = match (of(old), of(site.parent)) {
            ([Some(plain), None], [None, Some(aside)]) => (plain, aside),
            ([None, Some(aside)], [Some(plain), None]) => (aside, plain),
            _ => return false,
        };
        // The function is called for both keys, but the change is reported once.
        if site.new.is_none() {
            self.changes
                .explained
                .extend(site.values().map(|node| node.pointer.clone()));
            return true;
        }
        let site = Site::between(&before, &after, site.parent);
        self.report_in(Kind::TypeChanged, &site, site.describe("type"), context);
        true
    }

    /// Compares `x-nullable`, a list of the keywords that null need not match. Normalisation adds this list
    /// to a `nullable` schema if null must match the other keywords.
    pub(super) fn exemption_of_null(&mut self, site: &Site<'_, 'a>, old: &Node<'a>, context: SchemaContext) {
        const RELATED: [&str; 8] = [
            "nullable", "type", "x-type", "allOf", "anyOf", "oneOf", "not", "x-if",
        ];
        let has = |schema: &Node<'a>, key: &str| schema.value.get(key).is_some();
        if RELATED.iter().any(|key| has(old, key) != has(site.parent, key)) {
            // The change of the related keyword covers this difference.
            return self
                .changes
                .explained
                .extend(site.values().map(|node| node.pointer.clone()));
        }
        let what = format!("the rules for null in {} changed", subject(site.parent));
        let kind = site.pick([
            Kind::BecameNotNullable,
            Kind::BecameNullable,
            Kind::BecameNotNullable,
        ]);
        self.change(kind, site, what)
            .context(context)
            .fact_if(context.optional, Fact::Optional)
            .report();
    }

    /// Compares `readOnly` or `writeOnly`.
    pub(super) fn access(&mut self, key: &str, site: &Site<'_, 'a>, context: SchemaContext) {
        let must_be_sent = !context.optional && context.direction == Direction::Request;
        let kinds = match key {
            "readOnly" if must_be_sent => [Kind::BecameReadOnly, Kind::RequiredBecameNotReadOnly],
            "readOnly" => [Kind::BecameReadOnly, Kind::BecameNotReadOnly],
            _ => [Kind::BecameWriteOnly, Kind::BecameNotWriteOnly],
        };
        if let Some(change) = self.flag(key, site, kinds) {
            change.context(context).report();
        }
    }

    pub(super) fn enumeration(&mut self, site: &Site<'_, 'a>, context: SchemaContext) {
        if site.both().is_none() {
            let kind = site.pick_side([Kind::BecameEnum, Kind::EnumUnset]);
            return self.report_in(kind, site, site.describe("enum"), context);
        }
        let values = site.one_sided_entries(canonical);
        for value in &values {
            let kind = value.pick_side([Kind::EnumValueAdded, Kind::EnumValueRemoved]);
            let words = value.pick_side(["has the new value", "no longer has the value"]);
            self.enumerated(kind, site.parent, words, value, context);
        }
        if values.is_empty() {
            let what = site.describe("enum");
            // An enumeration may list a number twice, in two notations.
            let [old, new] = site.entries(canonical).map(|values| {
                let mut seen = HashSet::new();
                let values = values.into_iter().map(|value| canonical(value.value));
                values
                    .filter(|value| seen.insert(value.clone()))
                    .collect::<Vec<_>>()
            });
            let kind = if old == new {
                Kind::NotationChanged
            } else {
                Kind::EnumOrderChanged
            };
            self.report(kind, site, what, context.direction);
        }
    }

    /// Compares `x-extensible-enum`, which lists the known values of an open set. Reports each removed value.
    /// If none was removed, reports a difference like that of any other extension.
    pub(super) fn extensible_enumeration(&mut self, site: &Site<'_, 'a>, context: SchemaContext) {
        let mut removed = site.one_sided_entries(canonical);
        removed.retain(|value| value.new.is_none() && site.new.is_some());
        for value in &removed {
            let kind = Kind::ExtensibleEnumValueRemoved;
            self.enumerated(kind, site.parent, "no longer has the known value", value, context);
        }
        if removed.is_empty() {
            self.annotation("x-extensible-enum", site, context.direction);
        }
    }

    /// Reports a value that only one of the two lists contains.
    fn enumerated(
        &mut self,
        kind: Kind,
        schema: &Node<'a>,
        words: &str,
        value: &Site<'_, 'a>,
        context: SchemaContext,
    ) {
        let what = format!("{} {words} {}", subject(schema), value.quoted());
        // Authors disagree on `nullable` beside an `enum` without null.
        let is_null = value.values().any(|value| value.value.is_null());
        let change = self.change(kind, value, what).context(context);
        change.disputed(is_null).report();
    }
}

/// Checks whether the format is in the registry of formats of `OpenAPI`, for numbers.
fn is_number_format(format: &str) -> bool {
    let is_sized = |prefix| {
        let size = format.strip_prefix(prefix);
        size.is_some_and(|size| ["8", "16", "32", "64"].contains(&size))
    };
    is_sized("int")
        || is_sized("uint")
        || ["decimal", "decimal128", "double", "double-int", "float"].contains(&format)
}

/// Checks whether JSON Schema or `OpenAPI` define the format for strings only.
fn is_string_format(format: &str) -> bool {
    const FORMATS: [&str; 22] = [
        "binary",
        "byte",
        "date",
        "date-time",
        "duration",
        "email",
        "hostname",
        "idn-email",
        "idn-hostname",
        "ipv4",
        "ipv6",
        "iri",
        "iri-reference",
        "json-pointer",
        "password",
        "regex",
        "relative-json-pointer",
        "time",
        "uri",
        "uri-reference",
        "uri-template",
        "uuid",
    ];
    FORMATS.contains(&format)
}

/// Returns the kind of a change of `type`.
pub(super) fn type_kind(site: &Site<'_, '_>) -> Kind {
    match texts(site) {
        [None, _] | [Some("number"), Some("integer")] => Kind::TypeSpecialized,
        [_, None] | [Some("integer"), Some("number")] => Kind::TypeGeneralized,
        _ => Kind::TypeChanged,
    }
}

/// Returns the kind of a change of `default`.
pub(super) fn default_kind(site: &Site<'_, '_>, context: SchemaContext) -> Kind {
    if site.is_equal() || (context.ignores_default && context.direction == Direction::Request) {
        Kind::NotationChanged
    } else if context.role == SchemaRole::Parameter && context.direction == Direction::Request {
        site.pick([
            Kind::ParameterDefaultAdded,
            Kind::ParameterDefaultRemoved,
            Kind::ParameterDefaultChanged,
        ])
    } else {
        site.pick([Kind::DefaultAdded, Kind::DefaultRemoved, Kind::DefaultChanged])
    }
}

/// Returns the old and the new value, each only if it is a string.
fn texts<'a>(site: &Site<'_, 'a>) -> [Option<&'a str>; 2] {
    site.sides().map(|node| node?.value.as_str())
}
