//! Applies the keywords of a schema to a branch, which describes the allowed values of one JSON type.

use std::rc::Rc;

use serde_json::Value;

use super::{
    branch::{Branch, Contains, Kind, NameRule},
    keywords::{UNEVALUATED_ITEMS, doubly_negated, flag, list, optional},
    lower::{DEEPEST, Narrowing},
    schema::Schema,
    strings::languages,
};
use crate::{document::schema::constraints::repeats_format, node::canonical};

/// Keywords that describe the encoding of a value.
const REPRESENTATION: [&str; 5] = [
    "x-contentEncoding",
    "x-contentMediaType",
    "x-contentSchema",
    "x-collectionFormat",
    "x-allowEmptyValue",
];

impl<'a> Narrowing<'_, 'a> {
    /// Applies the keywords of a schema, except compositions, to a branch. Returns `None` if a keyword is
    /// unsupported.
    pub(super) fn keywords(
        &mut self,
        mut branch: Branch<'a>,
        schema: Schema<'a>,
        is_whole: bool,
        depth: usize,
    ) -> Option<Branch<'a>> {
        let members = schema.value.as_object()?;
        if let Some(values) = members.get("enum") {
            let values = values.as_array()?;
            // If the list lacks null, null is allowed only in the wide interpretation of `nullable`. In that
            // interpretation, this check is not applied to the branch of null.
            let kind = branch.kind;
            let allowed = values.iter().filter(|value| Kind::of(value) == kind);
            let known = branch.values.as_ref();
            let kept = allowed
                .map(|value| (canonical(value), value))
                .filter(|(text, _)| known.is_none_or(|known| known.contains_key(text)));
            branch.values = Some(Rc::new(kept.collect()));
        }
        if let Some(not) = members.get("not")
            && not.as_object().and_then(doubly_negated).is_none()
        {
            branch.not.push(schema.part(not));
        }
        // A reference may lead to different schemas in the two documents. So a text with a reference names
        // the side.
        let side = schema.side;
        let text = |key: &str| {
            let text = canonical(members.get(key)?);
            let side = text.contains("$ref").then_some(side);
            Some(format!("{key} {text} {side:?}"))
        };
        let is_repeated = |key: &str| {
            let keyword = members.get(key);
            keyword.is_some_and(|keyword| repeats_format(key, keyword, schema.value))
        };
        let own = REPRESENTATION.iter().filter(|key| !is_repeated(key));
        branch.representation.extend(own.filter_map(|key| text(key)));
        match branch.kind {
            Kind::Null | Kind::Boolean => {}
            Kind::Number => branch.numbers(members, is_whole)?,
            Kind::String => branch.strings(members)?,
            Kind::Array => {
                branch.counts(members, "minItems", "maxItems")?;
                branch.has_unique_items |= flag(members, "uniqueItems")?;
                items(&mut branch, schema)?;
            }
            Kind::Object => self.objects(&mut branch, schema, depth)?,
        }
        Some(branch)
    }

    fn objects(&mut self, branch: &mut Branch<'a>, schema: Schema<'a>, depth: usize) -> Option<()> {
        let members = schema.value.as_object()?;
        branch.counts(members, "minProperties", "maxProperties")?;
        let map = |key: &str| optional(members, key, Value::as_object);
        let declared = map("properties")?;
        let mut rules: Vec<NameRule<'a>> = Vec::new();
        let further = match map("x-patternProperties")? {
            None => members.get("additionalProperties"),
            Some(patterns) => {
                let mut all = Vec::new();
                for (pattern, value) in patterns {
                    let pattern = self.lowering.languages.containing(pattern)?;
                    all.push(Rc::clone(&pattern));
                    rules.push(NameRule {
                        patterns: vec![pattern],
                        is_match: true,
                        schema: schema.part(value),
                    });
                }
                // Normalisation has moved the schema of the other properties to this extension.
                let others = members.get("x-additionalProperties");
                rules.extend(others.map(|value| NameRule {
                    patterns: all,
                    is_match: false,
                    schema: schema.part(value),
                }));
                None
            }
        };
        // A rule for matching names is kept even if it allows any value, because names that match a pattern
        // count as declared.
        rules.retain(|rule| rule.is_match || !rule.schema.is_anything());
        let further = further.map(|value| schema.part(value));
        let further = further.filter(|further| !further.is_anything());
        for (name, value) in declared.into_iter().flatten() {
            let property = schema.part(value);
            if self.lowering.is_unsent(property, DEEPEST) {
                branch.unsent.insert(name);
            }
            let mut schemas = branch.property(name);
            property.add_to(&mut schemas);
            branch.properties.insert(name, schemas);
        }
        let is_declared = |name: &str| declared.is_some_and(|declared| declared.contains_key(name));
        for (name, schemas) in &mut branch.properties {
            for rule in rules.iter().filter(|rule| rule.is_match || !is_declared(name)) {
                if rule.concerns(|pattern| pattern.contains(name)) {
                    rule.schema.add_to(schemas);
                }
            }
            if let Some(further) = further.filter(|_| !is_declared(name)) {
                further.add_to(schemas);
            }
        }
        if let Some(further) = further {
            further.add_to(&mut branch.further);
        }
        branch.names.extend(rules);
        if let Some(names) = members.get("x-propertyNames") {
            self.property_names(branch, schema.part(names), depth)?;
        }
        for name in list(members, "required")? {
            branch.required.insert(name.as_str()?);
        }
        Some(())
    }

    /// Applies the schema that the names of properties must match (`propertyNames`).
    fn property_names(&mut self, branch: &mut Branch<'a>, names: Schema<'a>, depth: usize) -> Option<()> {
        let nothing = Schema::nothing(names.side);
        let strings = self.narrow(vec![Branch::all(Kind::String)], names, depth)?;
        let languages = match strings.as_slice() {
            [] => vec![Vec::new()],
            [string] if string.formats.is_empty() && string.excluded().next().is_none() => {
                let languages = languages(&mut self.lowering.languages, string, u64::MAX).into_iter();
                languages
                    .map(|language| Some(vec![language?]))
                    .collect::<Option<_>>()?
            }
            _ => return None,
        };
        for patterns in languages {
            let rule = NameRule {
                patterns,
                is_match: false,
                schema: nothing,
            };
            for (name, schemas) in &mut branch.properties {
                if rule.concerns(|pattern| pattern.contains(name)) {
                    nothing.add_to(schemas);
                }
            }
            branch.names.push(rule);
        }
        Some(())
    }
}

/// Adds the array keywords of a schema (`prefixItems`, `items`, `unevaluatedItems`, `contains`) to the
/// branch.
fn items<'a>(branch: &mut Branch<'a>, schema: Schema<'a>) -> Option<()> {
    let members = schema.value.as_object()?;
    let first = list(members, "x-prefixItems")?;
    let has_prefix = members.contains_key("x-prefixItems");
    let rest = members.get(if has_prefix { "x-items" } else { "items" });
    let rest = rest.or(members.get(UNEVALUATED_ITEMS));
    while branch.prefix.len() < first.len() {
        branch.prefix.push(branch.items.clone());
    }
    for (index, schemas) in branch.prefix.iter_mut().enumerate() {
        if let Some(value) = first.get(index).or(rest) {
            schema.part(value).add_to(schemas);
        }
    }
    if let Some(value) = rest {
        schema.part(value).add_to(&mut branch.items);
    }
    if let Some(value) = members.get("x-contains") {
        let count = |key: &str| optional(members, key, Value::as_u64);
        branch.contains.push(Contains {
            schema: schema.part(value),
            least: count("x-minContains")?.unwrap_or(1),
            most: count("x-maxContains")?,
        });
    }
    Some(())
}
