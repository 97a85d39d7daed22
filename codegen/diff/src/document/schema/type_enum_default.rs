//! Single values: type and format, null, enumerations and defaults.

use std::collections::HashSet;

use crate::{
    comparer::Comparer,
    level::Direction,
    node::{Node, canonical, missing_from},
    part_names::{quote, subject},
    raw_change::ChangeBuilder,
    report::Fact,
    rules::ChangeKind as Kind,
    site::{SchemaContext, SchemaRole, Site},
};

impl<'a> Comparer<'a> {
    pub(super) fn value_type(&mut self, site: &Site<'_, 'a>, context: SchemaContext) {
        let kind = match text(site) {
            (None, _) | (Some("number"), Some("integer")) => Kind::TypeSpecialized,
            (_, None) | (Some("integer"), Some("number")) => Kind::TypeGeneralized,
            _ => Kind::TypeChanged,
        };
        self.report(kind, site, site.describe("type"), context);
    }

    pub(super) fn format(&mut self, site: &Site<'_, 'a>, old: &Node<'a>, context: SchemaContext) {
        let (before, after) = text(site);
        let kind = match (before, after) {
            (None, _) => Kind::FormatAdded,
            (_, None) => Kind::FormatRemoved,
            (Some("int32"), Some("int64")) | (Some("float"), Some("double")) => Kind::FormatGeneralized,
            (Some("int64"), Some("int32")) | (Some("double"), Some("float")) => Kind::FormatSpecialized,
            _ => Kind::FormatChanged,
        };
        let is_string = [old, site.parent]
            .iter()
            .all(|schema| schema.str("type") == Some("string"));
        let formats = Fact::StringFormats {
            old: before.map(str::to_owned),
            new: after.map(str::to_owned),
        };
        self.change(kind, site, site.describe("format"))
            .context(context)
            .fact_if(is_string, formats)
            .report();
    }

    pub(super) fn nullable(&mut self, site: &Site<'_, 'a>, context: SchemaContext, optional: bool) {
        let kinds = [Kind::BecameNullable, Kind::BecameNotNullable];
        if let Some(change) = self.schema_flag("nullable", site, kinds, context) {
            change.fact_if(optional, Fact::Optional).report();
        }
    }

    /// Compares `readOnly` or `writeOnly`.
    pub(super) fn access(&mut self, key: &str, site: &Site<'_, 'a>, context: SchemaContext, optional: bool) {
        let must_be_sent = !optional && context.direction == Direction::Request;
        let kinds = match key {
            "readOnly" if must_be_sent => [Kind::BecameReadOnly, Kind::RequiredBecameNotReadOnly],
            "readOnly" => [Kind::BecameReadOnly, Kind::BecameNotReadOnly],
            _ => [Kind::BecameWriteOnly, Kind::BecameNotWriteOnly],
        };
        if let Some(change) = self.schema_flag(key, site, kinds, context) {
            change.presence(optional).report();
        }
    }

    /// Begins the change of a flag, treating an absent flag as false; `None` if a value is not boolean, which
    /// is reported.
    pub(super) fn schema_flag(
        &mut self,
        key: &str,
        site: &Site<'_, 'a>,
        [set, unset]: [Kind; 2],
        context: SchemaContext,
    ) -> Option<ChangeBuilder<'_>> {
        if site.values().any(|node| !node.value.is_boolean()) {
            self.unclassified(site);
            return None;
        }
        let what = site.describe(key);
        Some(match site.flags() {
            (false, true) => self.change(set, site, what).context(context),
            (true, false) => self.change(unset, site, what).context(context),
            _ => self
                .change(Kind::NotationChanged, site, what)
                .direction(context.direction),
        })
    }

    pub(super) fn enumeration(&mut self, site: &Site<'_, 'a>, context: SchemaContext) {
        let Some((old, new)) = site.both() else {
            let kind = site.one_sided_kind([Kind::BecameEnum, Kind::EnumUnset]);
            return self.report(kind, site, site.describe("enum"), context);
        };
        let [before, after] = [old, new].map(|list| list.entries(canonical));
        let [known, kept] = [&before, &after].map(|entries| {
            let values = entries.iter().map(|entry| canonical(entry.value));
            values.collect::<HashSet<String>>()
        });
        let is_missing =
            |entry: &&Node<'a>, values: &HashSet<String>| !values.contains(&canonical(entry.value));
        let added: Vec<_> = after.iter().filter(|entry| is_missing(entry, &known)).collect();
        let removed: Vec<_> = before.iter().filter(|entry| is_missing(entry, &kept)).collect();
        for value in &added {
            let what = format!(
                "{} has the new value {}",
                subject(site.parent),
                quote(value.value)
            );
            let kind = Kind::EnumValueAdded;
            self.report(kind, &Site::added(value, new), what, context);
        }
        for value in &removed {
            let what = format!(
                "{} no longer has the value {}",
                subject(site.parent),
                quote(value.value)
            );
            let kind = Kind::EnumValueRemoved;
            self.report(kind, &Site::removed(value, new), what, context);
        }
        if added.is_empty() && removed.is_empty() {
            self.report(
                Kind::EnumOrderChanged,
                site,
                site.describe("enum"),
                context.direction,
            );
        }
    }

    /// Compares known values of an open set. Only the removal of a value matters.
    pub(super) fn extensible_enumeration(&mut self, site: &Site<'_, 'a>, context: SchemaContext) {
        let [before, after] = site.entries(canonical);
        let removed = match site.new {
            Some(_) => missing_from(&before, &after),
            None => Vec::new(),
        };
        for value in &removed {
            let what = format!(
                "{} no longer has the known value {}",
                subject(site.parent),
                quote(value.value)
            );
            let site = Site::removed(value, site.parent);
            self.report(Kind::ExtensibleEnumValueRemoved, &site, what, context);
        }
        if removed.is_empty() {
            self.annotation("x-extensible-enum", site, context.direction);
        }
    }

    pub(super) fn default(&mut self, site: &Site<'_, 'a>, context: SchemaContext) {
        let kinds = if context.role == SchemaRole::Parameter && context.direction == Direction::Request {
            [
                Kind::ParameterDefaultAdded,
                Kind::ParameterDefaultRemoved,
                Kind::ParameterDefaultChanged,
            ]
        } else {
            [Kind::DefaultAdded, Kind::DefaultRemoved, Kind::DefaultChanged]
        };
        self.report(site.kind(kinds), site, site.describe("default"), context);
    }
}

/// The texts before and after.
fn text<'a>(site: &Site<'_, 'a>) -> (Option<&'a str>, Option<&'a str>) {
    let text = |node: &Option<Node<'a>>| node.as_ref().and_then(|node| node.value.as_str());
    (text(&site.old), text(&site.new))
}
