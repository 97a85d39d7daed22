//! Composed schemas: `allOf`, `anyOf`, `oneOf`, and discriminators.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::Value;

use funnelflux_openapi::{pointer::Pointer, references};

use crate::{
    comparer::Comparer,
    index::DocumentIndex,
    node::{Node, canonical},
    part_names::{quote, subject},
    rules::ChangeKind as Kind,
    site::{SchemaContext, Site},
};

impl<'a> Comparer<'a> {
    /// Compares the lists of a keyword of the schemas `old` and `site.parent`.
    pub(super) fn composition(
        &mut self,
        key: &str,
        site: &Site<'_, 'a>,
        old: &Node<'a>,
        context: SchemaContext,
    ) {
        let (added, removed) = match key {
            "allOf" => (Kind::AllOfAdded, Kind::AllOfRemoved),
            "anyOf" => (Kind::AnyOfAdded, Kind::AnyOfRemoved),
            _ => (Kind::OneOfAdded, Kind::OneOfRemoved),
        };
        let Some((old_list, new_list)) = site.both() else {
            let kinds = match key {
                "allOf" => [added, removed],
                _ => [Kind::AlternativesIntroduced, Kind::AlternativesDropped],
            };
            let kind = site.one_sided_kind(kinds);
            return self.report(kind, site, site.describe(key), context);
        };
        let [before, after] = [old_list, new_list].map(|list| list.entries(part_name));
        let mut pairs = pair_by_name(&before, &after);
        let is_in_order = pairs.is_sorted();
        let paired: HashSet<usize> = pairs.iter().map(|(old, _)| *old).collect();
        let gone: Vec<usize> = (0..before.len())
            .filter(|index| !paired.contains(index))
            .collect();
        let paired: HashSet<usize> = pairs.iter().map(|(_, new)| *new).collect();
        let come: Vec<usize> = (0..after.len()).filter(|index| !paired.contains(index)).collect();
        if gone.len() == come.len() {
            // Each new part replaces an old part and is compared with it.
            pairs.extend(gone.into_iter().zip(come));
        } else {
            let parent = subject(site.parent);
            for part in come.iter().filter_map(|index| after.get(*index)) {
                let what = format!("{} was added to `{key}` of {parent}", quote(part.value));
                self.report(added, &Site::added(part, new_list), what, context);
            }
            for part in gone.iter().filter_map(|index| before.get(*index)) {
                let what = format!("{} was removed from `{key}` of {parent}", quote(part.value));
                self.report(removed, &Site::removed(part, new_list), what, context);
            }
        }
        for (old_index, new_index) in pairs {
            if let (Some(old_part), Some(new_part)) = (before.get(old_index), after.get(new_index)) {
                if key != "allOf" {
                    self.discriminator_names([old_part, new_part], [old, site.parent], context);
                }
                self.frames.is_part = true;
                self.schema(old_part, new_part, context, false);
            }
        }
        if !is_in_order {
            let what = format!("the order of `{key}` of {} changed", subject(site.parent));
            if key == "allOf" {
                self.notation(site, what, [old, site.parent], context, false);
            } else {
                self.change(Kind::CompositionOrderChanged, site, what)
                    .context(context)
                    .covers_subtree(false)
                    .report();
            }
        }
    }

    /// Compares the names by which discriminators identify an alternative. If the mapping has no entry for an
    /// alternative, messages contain the name of its schema.
    fn discriminator_names(
        &mut self,
        [old, new]: [&Node<'a>; 2],
        [old_parent, new_parent]: [&Node<'a>; 2],
        context: SchemaContext,
    ) {
        let (before, after) = (Identifiers::of(old, old_parent), Identifiers::of(new, new_parent));
        if let Some(name) = before.schema_name.filter(|name| !after.values.contains(name)) {
            let what = format!(
                "`{name}` no longer identifies an alternative of {}",
                subject(new_parent)
            );
            self.change(Kind::MappingRemoved, &Site::removed(old, new_parent), what)
                .context(context)
                .covers_subtree(false)
                .report();
        }
        if let Some(name) = after.schema_name.filter(|name| !before.values.contains(name)) {
            let what = format!("`{name}` identifies an alternative of {}", subject(new_parent));
            self.change(Kind::MappingAdded, &Site::added(new, new_parent), what)
                .context(context)
                .covers_subtree(false)
                .report();
        }
    }

    /// Compares the subtypes that a discriminator can select.
    pub(super) fn subtypes(&mut self, old: &Node<'a>, new: &Node<'a>, context: SchemaContext) {
        // If only one side has a discriminator, that is reported as a separate change.
        if [old, new]
            .iter()
            .any(|schema| schema.value.get("discriminator").is_none())
        {
            return;
        }
        let (before, after) = (self.old.subtypes(old), self.new.subtypes(new));
        for (name, subtype) in &after {
            if let Some(other) = before.get(name) {
                // Each subtype is compared on its own, because a value here may be of any subtype.
                self.enqueue_root(other.clone(), subtype.clone(), context);
                continue;
            }
            let what = format!("`{name}` is a new subtype of {}", subject(new));
            self.change(Kind::MappingAdded, &Site::added(subtype, new), what)
                .context(context)
                .covers_subtree(false)
                .report();
        }
        for (name, subtype) in before.iter().filter(|(name, _)| !after.contains_key(*name)) {
            let what = format!("`{name}` is no longer a subtype of {}", subject(new));
            self.change(Kind::MappingRemoved, &Site::removed(subtype, new), what)
                .context(context)
                .covers_subtree(false)
                .report();
        }
    }

    pub(super) fn discriminator(
        &mut self,
        site: &Site<'_, 'a>,
        old_schema: &Node<'a>,
        context: SchemaContext,
    ) {
        let new_schema = site.parent;
        let Some((old, new)) = site.both() else {
            let kinds = [Kind::DiscriminatorAdded, Kind::DiscriminatorRemoved];
            let kind = site.one_sided_kind(kinds);
            return self.report(kind, site, site.describe("discriminator"), context);
        };
        for (key, site) in Site::members(old, new) {
            match key {
                _ if site.is_unchanged() => {}
                "propertyName" => {
                    let what = format!("`discriminator.propertyName` {}", site.before_after());
                    let kind = Kind::DiscriminatorPropertyChanged;
                    self.report(kind, &site, what, context);
                }
                "mapping" => self.mapping(&site, [old_schema, new_schema], context),
                _ => self.annotation_or_unclassified(key, &site, context.direction),
            }
        }
    }

    /// Checks whether two schemas are the same schema, perhaps renamed.
    fn is_same_target(&self, old: &Node<'a>, new: &Node<'a>) -> bool {
        let is_renamed = || self.new.node(&old.pointer).is_none() || self.old.node(&new.pointer).is_none();
        old.pointer == new.pointer || (old.value == new.value && is_renamed())
    }

    fn mapping(&mut self, site: &Site<'_, 'a>, [old, new]: [&Node<'a>; 2], context: SchemaContext) {
        let nothing = site.parent.with(&Value::Null);
        let [before, after] = [&site.old, &site.new].map(|node| node.as_ref().unwrap_or(&nothing));
        for (value, site) in Site::members(before, after) {
            if site.is_unchanged() {
                continue;
            }
            let targets = [
                mapped(value, before.value, old, &self.old),
                mapped(value, after.value, new, &self.new),
            ];
            let kind = match targets {
                // Both sides select the same schema: the mapping entry is redundant or has another notation.
                [Some(before), Some(after)] if self.is_same_target(&before, &after) => {
                    Kind::TypeNotationChanged
                }
                _ => site.kind([Kind::MappingAdded, Kind::MappingRemoved, Kind::MappingChanged]),
            };
            let what = format!("`discriminator.mapping.{value}` {}", site.before_after());
            self.report(kind, &site, what, context);
        }
    }
}

/// The schema that a discriminator value selects. The value is a key of the mapping or the name of the
/// schema.
fn mapped<'a>(
    value: &str,
    mapping: &'a Value,
    schema: &Node<'a>,
    document: &DocumentIndex<'a>,
) -> Option<Node<'a>> {
    let component = |name: &str| {
        let pointer = Pointer::from_static("/components/schemas").with_trailing_token(name);
        document.node(&pointer)
    };
    if let Some(target) = mapping.get(value) {
        let target = target.as_str()?;
        return match references::follow(document.root.value, target) {
            Some((pointer, value)) => Some(Node::at(value, pointer)),
            None => component(target),
        };
    }
    let target = component(value)?;
    let alternatives = |key: &str| {
        schema
            .get(key)
            .map(|list| list.entries(part_name))
            .unwrap_or_default()
    };
    let alternatives = [alternatives("oneOf"), alternatives("anyOf")].concat();
    let is_target = |alternative: &Node<'a>| document.resolve(alternative).pointer == target.pointer;
    // A schema with a mapping entry cannot be selected by its name.
    let mut mappings = mapping.as_object().into_iter().flatten();
    let has_other_name = mappings.any(|(_, text)| {
        let text = text.as_str().unwrap_or_default();
        text == value || references::fragment(text).is_some_and(|pointer| pointer == target.pointer)
    });
    let is_alternative = alternatives.is_empty() || alternatives.iter().any(is_target);
    (is_alternative && !has_other_name).then_some(target)
}

/// The values by which a discriminator identifies an alternative.
#[derive(Default)]
struct Identifiers<'a> {
    values: Vec<&'a str>,
    /// The name of the schema, if a discriminator value can be that name.
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
        let values: Vec<&str> = mapping
            .into_iter()
            .flatten()
            .filter(|(_, target)| *target == reference || *target == name)
            .map(|(value, _)| value.as_str())
            .collect();
        if values.is_empty() {
            return Self {
                values: vec![name],
                schema_name: Some(name),
            };
        }
        Self {
            values,
            schema_name: None,
        }
    }
}

/// The reference of a part, or its content if it is inline.
fn part_name(part: &Value) -> String {
    let reference = part.get("$ref").and_then(Value::as_str);
    reference.map_or_else(|| canonical(part), str::to_owned)
}

/// Pairs the positions of equal names in two lists; each position occurs in at most one pair.
fn pair_by_name(before: &[Node<'_>], after: &[Node<'_>]) -> Vec<(usize, usize)> {
    let mut open: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (index, part) in before.iter().enumerate() {
        open.entry(part_name(part.value)).or_default().push_back(index);
    }
    let pairs = after.iter().enumerate().filter_map(|(index, part)| {
        let twin = open.get_mut(&part_name(part.value))?.pop_front()?;
        Some((twin, index))
    });
    pairs.collect()
}
