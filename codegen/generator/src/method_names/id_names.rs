//! Finds the names of IDs in a document, and the Rust type for each name.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase as _;
use serde_json::Value;

use crate::{json::Json as _, naming, schemas};
use funnelflux_openapi::{operations::Operation, references};

use super::{group_words::GroupWords, inflection::singular, operation_names::Draft, verb::Verb};

/// Name and type of an ID in the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdName {
    /// Name of the ID in JSON, such as `idOfferSource`.
    pub(crate) name: String,
    pub(crate) type_name: String,
    /// Asset that the ID identifies, with an article, such as `an offer source`.
    pub(crate) owner: String,
}

/// Collects the names of single IDs, and the names of parameters for lists of IDs. They come from the
/// operations that find assets by ID. The general names `id` and `ids` are excluded. The names of single IDs
/// include the aliases, and the names in `properties`, which is the result of `id_properties`.
pub(super) fn id_names(
    document: &Value,
    drafts: &[Draft<'_>],
    groups: &BTreeMap<String, GroupWords>,
    properties: &BTreeMap<String, String>,
) -> (BTreeMap<String, IdName>, BTreeMap<String, IdName>) {
    let names = |verb: &Verb, general: &str| {
        let finders = drafts.iter().filter(|draft| draft.words.verb == *verb);
        let mut names = required_by(finders, document, groups, properties);
        names.remove(general);
        names
    };
    let (mut ids, lists) = (names(&Verb::FindById, "id"), names(&Verb::FindByIds, "ids"));
    for (alias, name) in aliases(document) {
        if let Some(id) = ids.get(&name).cloned() {
            ids.entry(alias).or_insert(id);
        }
    }
    (ids, lists)
}

/// Returns, for the tag of each group, the name of the property that contains the ID of an asset. The
/// property is in the response of the operation that finds an asset by ID. If this response has no such
/// property, uses the name of the operation's parameter.
pub(super) fn id_properties(
    document: &Value,
    drafts: &[Draft<'_>],
    groups: &BTreeMap<String, GroupWords>,
) -> BTreeMap<String, String> {
    let finders = drafts.iter();
    let finders = finders.filter(|draft| draft.words.is_main && draft.words.verb == Verb::FindById);
    let properties = finders.filter_map(|draft| {
        let (parameter, _) = id_parameter(document, &draft.operation)?;
        let words = groups.get(&draft.words.tag)?;
        let property = id_property(document, &draft.operation, &parameter, words);
        Some((draft.words.tag.clone(), property.unwrap_or(parameter)))
    });
    properties.collect()
}

/// Finds the property that contains the ID in the response of an operation, or in an object in this response.
/// The property is named like the parameter or the group, such as `idPage` or `page_id`, or else just `id`.
fn id_property(
    document: &Value,
    operation: &Operation<'_>,
    parameter: &str,
    words: &GroupWords,
) -> Option<String> {
    let mut responses = operation.value.members("responses");
    let (_, response) = responses.find(|(status, _)| status.starts_with('2') || *status == "default")?;
    let own = schemas::properties(document, schemas::content(document, response)?);
    let inner = own.iter();
    let inner = inner.flat_map(|(_, property)| schemas::properties(document, property));
    let inner: BTreeSet<&str> = inner.map(|(name, _)| name.as_str()).collect();
    let own: BTreeSet<&str> = own.iter().map(|(name, _)| name.as_str()).collect();
    let group = format!("id_{}", words.singular);
    let mut candidates = [
        (&own, parameter),
        (&own, &group),
        (&inner, parameter),
        (&inner, &group),
        (&own, "id"),
        (&inner, "id"),
    ]
    .into_iter();
    let property = candidates.find_map(|(properties, name)| named(properties, name));
    property.map(str::to_owned)
}

/// Returns the property with this name, or else the only property whose name consists of the same words, or
/// else of the same words in singular or plural.
fn named<'a>(properties: &BTreeSet<&'a str>, name: &str) -> Option<&'a str> {
    let only = |form: &dyn Fn(&str) -> String| {
        let sorted = |name: &str| {
            let name = naming::snake(name);
            let mut words: Vec<String> = name.split('_').map(form).collect();
            words.sort_unstable();
            words
        };
        let mut similar = properties
            .iter()
            .filter(|property| sorted(property) == sorted(name));
        similar.next().filter(|_| similar.next().is_none())
    };
    let exact = properties.get(name).or_else(|| only(&str::to_owned));
    exact.or_else(|| only(&singular)).copied()
}

/// Returns, for the tag of each group, the type of the ID in its assets if the name of the property does not
/// determine this type. This is the case for a general name such as `id`. The name of the parameter that
/// takes the ID determines the type.
pub(super) fn own_ids(
    document: &Value,
    drafts: &[Draft<'_>],
    ids: &BTreeMap<String, IdName>,
    properties: &BTreeMap<String, String>,
) -> BTreeMap<String, IdName> {
    let finders = drafts.iter();
    let finders = finders.filter(|draft| draft.words.is_main && draft.words.verb == Verb::FindById);
    let own = finders.filter_map(|draft| {
        let tag = &draft.words.tag;
        let (parameter, _) = id_parameter(document, &draft.operation)?;
        let is_typed = ids.contains_key(properties.get(tag)?);
        let id = ids.get(&parameter).filter(|_| !is_typed)?;
        Some((tag.clone(), id.clone()))
    });
    own.collect()
}

/// Returns the IDs by which the operations `finders` find assets, keyed by the names of the parameters and by
/// the names in `properties`. Excludes each name that stands for IDs of several types.
fn required_by<'a>(
    finders: impl Iterator<Item = &'a Draft<'a>>,
    document: &Value,
    groups: &BTreeMap<String, GroupWords>,
    properties: &BTreeMap<String, String>,
) -> BTreeMap<String, IdName> {
    let mut names: BTreeMap<String, IdName> = BTreeMap::new();
    let mut ambiguous = BTreeSet::new();
    for draft in finders {
        let parameter = id_parameter(document, &draft.operation);
        let (Some((parameter, _)), Some(words)) = (parameter, groups.get(&draft.words.tag)) else {
            continue;
        };
        let is_single = draft.words.verb == Verb::FindById;
        let property = properties.get(&draft.words.tag).filter(|_| is_single);
        for name in [Some(&parameter), property].into_iter().flatten() {
            let id = IdName {
                name: name.clone(),
                type_name: naming::component(&format!("{}_id", words.singular)),
                owner: words.with_article(),
            };
            // If two groups use the same name for IDs of different types, the name does not determine the
            // type.
            let known = names.entry(name.clone()).or_insert_with(|| id.clone());
            if known.type_name != id.type_name {
                ambiguous.insert(id.name);
            }
        }
    }
    names.retain(|name, _| !ambiguous.contains(name));
    names
}

/// Returns the aliases that the tags state in `x-server-managed`. Each pair has the alias of a top-level
/// property, and the name of this property.
fn aliases(document: &Value) -> impl Iterator<Item = (String, String)> {
    let name = |entry: &Value, key: &str| {
        let name = entry.text(key)?.strip_prefix('/')?;
        (!name.contains('/')).then(|| name.to_owned())
    };
    let tags = document.items("tags");
    let entries = tags.flat_map(|tag| tag.items("x-server-managed"));
    entries.filter_map(move |entry| Some((name(entry, "property")?, name(entry, "of")?)))
}

/// Returns the name of the parameter that takes the ID or IDs of an operation, and `true` if this parameter
/// is required. It is the only required parameter in the query or path. If no parameter is required, it is
/// the only one that is named like an ID. Returns `None` if there is no such parameter, or more than one.
pub(crate) fn id_parameter(document: &Value, operation: &Operation<'_>) -> Option<(String, bool)> {
    let parameters = references::parameters(document, operation).into_iter();
    let parameters = parameters.map(|(_, parameter)| parameter);
    let parameters = parameters.filter(|parameter| matches!(parameter.text("in"), Some("query" | "path")));
    let parameters = parameters.filter_map(|parameter| {
        let name = parameter.text("name")?.to_owned();
        Some((name, parameter.is_true("required")))
    });
    let parameters: Vec<(String, bool)> = parameters.collect();
    let is_any_required = parameters.iter().any(|(_, required)| *required);
    let is_id = |name: &str| {
        let name = name.replace("IDs", "Ids").to_snake_case();
        name.split('_').any(|word| matches!(word, "id" | "ids"))
    };
    let mut found = parameters
        .into_iter()
        .filter(|(name, required)| if is_any_required { *required } else { is_id(name) });
    found.next().filter(|_| found.next().is_none())
}
