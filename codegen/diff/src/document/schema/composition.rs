//! Compares composed schemas: `allOf`, `anyOf`, `oneOf`, and discriminators.

use serde_json::Value;

use funnelflux_openapi::{pointer::Pointer, references};

use crate::{
    comparer::Comparer,
    index::DocumentIndex,
    node::{Node, canonical},
    part_names::subject,
    rules::ChangeKind as Kind,
    site::{SchemaContext, Site},
};

impl<'a> Comparer<'a> {
    /// Compares the lists of schemas under the keyword `key` (`allOf`, `anyOf` or `oneOf`). `old` is the old
    /// schema, and `site.parent` is the new schema. At least one of them contains the keyword.
    pub(super) fn composition(
        &mut self,
        key: &str,
        site: &Site<'_, 'a>,
        old: &Node<'a>,
        context: SchemaContext,
    ) {
        let all_of = [Kind::AllOfAdded, Kind::AllOfRemoved];
        let alternative = [Kind::AlternativeAdded, Kind::AlternativeRemoved];
        let (keyword, kinds) = match key {
            "allOf" => ("all-of", all_of),
            "anyOf" => ("any-of", alternative),
            _ => ("one-of", alternative),
        };
        let Some((old_list, new_list)) = site.both() else {
            let kinds = match key {
                "allOf" => all_of,
                _ => [Kind::AlternativesIntroduced, Kind::AlternativesDropped],
            };
            return self.report_in(site.pick_side(kinds), site, site.describe(key), context);
        };
        let mut gone: Vec<_> = old_list.entries(part_name).into_iter().enumerate().collect();
        let (mut pairs, mut come) = (Vec::new(), Vec::new());
        for part in new_list.entries(part_name) {
            let name = part.identity.back();
            if let Some(twin) = gone.iter().position(|(_, other)| other.identity.back() == name) {
                pairs.push((gone.remove(twin), part));
            } else {
                come.push(part);
            }
        }
        let is_in_order = pairs.is_sorted_by_key(|((index, _), _)| *index);
        if gone.len() == come.len() {
            // Each new part replaces an old part and is compared with it.
            pairs.extend(gone.drain(..).zip(come.drain(..)));
        }
        let parent = subject(site.parent);
        let come = come.iter().map(|part| Site::added(part, new_list));
        let gone = gone.iter().map(|(_, part)| Site::removed(part, new_list));
        for part in come.chain(gone) {
            let words = part.pick_side(["added to", "removed from"]);
            let what = format!("{} was {words} `{key}` of {parent}", part.quoted());
            self.change(part.pick_side(kinds), &part, what)
                .context(context)
                .keyword(keyword)
                .report();
        }
        // A discriminator on only one side is reported as a separate change.
        let is_discriminated = key != "allOf" && [old, site.parent].into_iter().all(has_discriminator);
        for ((_, old_part), new_part) in &pairs {
            if is_discriminated {
                self.discriminator_names([old_part, new_part], [old, site.parent], context);
            }
            self.frames.is_part = true;
            self.schema(old_part, new_part, context);
        }
        if !is_in_order {
            let what = format!("the order of `{key}` of {parent} changed");
            if key == "allOf" {
                self.notation(site, what, old, context);
            } else {
                self.change(Kind::CompositionOrderChanged, site, what)
                    .context(context)
                    .covers_subtree(false)
                    .report();
            }
        }
    }

    /// Reports that the name of an alternative's schema became a discriminator value, or is no longer one.
    /// The name is such a value if the mapping has no entry for the alternative. The entries of the mapping
    /// are compared elsewhere.
    fn discriminator_names(
        &mut self,
        [old, new]: [&Node<'a>; 2],
        [old_parent, new_parent]: [&Node<'a>; 2],
        context: SchemaContext,
    ) {
        let (before, after) = (Identifiers::of(old, old_parent), Identifiers::of(new, new_parent));
        let parent = subject(new_parent);
        if let Some(name) = before.schema_name.filter(|name| !after.values.contains(name)) {
            let what = format!("`{name}` no longer identifies an alternative of {parent}");
            self.identifier(&Site::removed(old, new_parent), what, context);
        }
        if let Some(name) = after.schema_name.filter(|name| !before.values.contains(name)) {
            let what = format!("`{name}` identifies an alternative of {parent}");
            self.identifier(&Site::added(new, new_parent), what, context);
        }
    }

    /// Compares the subtypes that a discriminator can select.
    pub(super) fn subtypes(&mut self, old: &Node<'a>, new: &Node<'a>, context: SchemaContext) {
        if ![old, new].into_iter().all(has_discriminator) {
            return;
        }
        let (before, after) = (self.old.subtypes(old), self.new.subtypes(new));
        for (name, subtype) in &after {
            if let Some(other) = before.get(name) {
                // Each subtype is compared separately, because a value at this place may have any subtype.
                self.enqueue_root(other.clone(), subtype.clone(), context);
                continue;
            }
            let what = format!("`{name}` is a new subtype of {}", subject(new));
            self.identifier(&Site::added(subtype, new), what, context);
        }
        for (name, subtype) in before.iter().filter(|(name, _)| !after.contains_key(*name)) {
            let what = format!("`{name}` is no longer a subtype of {}", subject(new));
            self.identifier(&Site::removed(subtype, new), what, context);
        }
    }

    /// Reports that a discriminator value was added or removed. Differences inside the schema that this value
    /// selects are reported separately.
    fn identifier(&mut self, site: &Site<'_, 'a>, what: String, context: SchemaContext) {
        let kind = site.pick_side([Kind::MappingAdded, Kind::MappingRemoved]);
        self.change(kind, site, what)
            .context(context)
            .covers_subtree(false)
            .report();
    }

    pub(super) fn discriminator(&mut self, site: &Site<'_, 'a>, old: &Node<'a>, context: SchemaContext) {
        let new = site.parent;
        if site.both().is_none() {
            let kind = site.pick_side([Kind::DiscriminatorAdded, Kind::DiscriminatorRemoved]);
            return self.report_in(kind, site, site.describe("discriminator"), context);
        }
        for (key, site) in site.contents() {
            match key {
                _ if site.is_unchanged() => {}
                "propertyName" => {
                    let what = format!("`discriminator.propertyName` {}", site.before_after());
                    self.report_in(Kind::DiscriminatorPropertyChanged, &site, what, context);
                }
                "mapping" => self.mapping(&site, [old, new], context),
                _ => self.other_member(key, &site, context.direction),
            }
        }
    }

    /// Checks whether two schemas are the same schema, perhaps renamed.
    fn is_same_target(&self, old: &Node<'a>, new: &Node<'a>) -> bool {
        let is_renamed = || self.new.node(&old.pointer).is_none() || self.old.node(&new.pointer).is_none();
        old.pointer == new.pointer || (old.value == new.value && is_renamed())
    }

    fn mapping(&mut self, site: &Site<'_, 'a>, [old, new]: [&Node<'a>; 2], context: SchemaContext) {
        for (value, entry) in site.contents().filter(|(_, entry)| !entry.is_unchanged()) {
            let targets = [
                mapped(value, site.old.as_ref(), old, &self.old),
                mapped(value, site.new.as_ref(), new, &self.new),
            ];
            let kind = match targets {
                // Both sides select the same schema: the mapping entry is redundant, or only its notation
                // changed.
                [Some(before), Some(after)] if self.is_same_target(&before, &after) => {
                    Kind::TypeNotationChanged
                }
                _ => entry.pick([Kind::MappingAdded, Kind::MappingRemoved, Kind::MappingChanged]),
            };
            let what = format!("`discriminator.mapping.{value}` {}", entry.before_after());
            self.report_in(kind, &entry, what, context);
        }
    }
}

/// Returns the schema that a discriminator value selects: the target of the mapping entry with this key, or
/// else the schema with this name.
fn mapped<'a>(
    value: &str,
    mapping: Option<&Node<'a>>,
    schema: &Node<'a>,
    document: &DocumentIndex<'a>,
) -> Option<Node<'a>> {
    let component = |name: &str| {
        let pointer = Pointer::from_static("/components/schemas").with_trailing_token(name);
        document.node(&pointer)
    };
    if let Some(target) = mapping.and_then(|mapping| mapping.value.get(value)) {
        let target = target.as_str()?;
        return match references::follow(document.root.value, target) {
            Some((pointer, value)) => Some(Node::at(value, pointer)),
            None => component(target),
        };
    }
    let target = component(value)?;
    let alternatives = ["oneOf", "anyOf"].map(|key| schema.get(key).map(|list| list.entries(part_name)));
    let mut alternatives = alternatives.into_iter().flatten().flatten().peekable();
    let is_target = |alternative: Node<'a>| document.resolve(&alternative).pointer == target.pointer;
    let is_alternative = alternatives.peek().is_none() || alternatives.any(is_target);
    // A schema with a mapping entry cannot be selected by its name.
    let mut mappings = mapping.into_iter().flat_map(Node::members);
    let has_other_name = mappings.any(|(_, text)| {
        let text = text.value.as_str().unwrap_or_default();
        text == value || references::fragment(text).is_some_and(|pointer| pointer == target.pointer)
    });
    (is_alternative && !has_other_name).then_some(target)
}

fn has_discriminator(schema: &Node<'_>) -> bool {
    schema.value.get("discriminator").is_some()
}

/// The values by which a discriminator identifies an alternative.
#[derive(Default)]
struct Identifiers<'a> {
    /// All values that identify the alternative.
    values: Vec<&'a str>,
    /// The name of the alternative's schema. `None` if the mapping has an entry for the alternative, because
    /// the name does not identify it then.
    schema_name: Option<&'a str>,
}

impl<'a> Identifiers<'a> {
    /// Collects the values by which the discriminator of `parent`, if any, identifies an alternative.
    fn of(alternative: &Node<'a>, parent: &Node<'a>) -> Self {
        let discriminator = parent.value.get("discriminator");
        let (Some(reference), Some(discriminator)) = (alternative.reference(), discriminator) else {
            return Self::default();
        };
        let name = reference.rsplit('/').next().unwrap_or(reference);
        let mapping = discriminator.get("mapping").and_then(Value::as_object);
        let mapping = mapping.into_iter().flatten();
        let own = mapping.filter(|(_, target)| *target == reference || *target == name);
        let mut values: Vec<&str> = own.map(|(value, _)| value.as_str()).collect();
        let schema_name = values.is_empty().then_some(name);
        values.extend(schema_name);
        Self { values, schema_name }
    }
}

/// Returns the `$ref` of a schema in a composition, or the JSON text of the schema if it is inline.
fn part_name(part: &Value) -> String {
    references::reference(part).map_or_else(|| canonical(part), str::to_owned)
}
