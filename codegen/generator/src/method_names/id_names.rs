//! Names of IDs.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::naming;
use funnelflux_openapi::{operations::Operation, references};

use super::{group_words::GroupWords, operation_words::Draft, verb::Verb};

/// An ID that the document names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdName {
    /// Its name in JSON, such as `idOfferSource`.
    pub(crate) name: String,
    /// Rust type.
    pub(crate) type_name: String,
    /// Asset that the ID identifies, with an article, such as `an offer source`.
    pub(crate) owner: String,
}

/// Finds the names of IDs, which are the parameters of operations that find by ID.
pub(super) fn id_names(
    document: &Value,
    drafts: &[Draft<'_>],
    groups: &BTreeMap<String, GroupWords>,
) -> (BTreeMap<String, IdName>, BTreeMap<String, IdName>) {
    let mut singles: BTreeMap<String, Option<IdName>> = BTreeMap::new();
    let mut lists: BTreeMap<String, Option<IdName>> = BTreeMap::new();
    for draft in drafts {
        let found = match draft.words.verb {
            Verb::FindById => &mut singles,
            Verb::FindByIds => &mut lists,
            _ => continue,
        };
        let Some(words) = groups.get(&draft.tag) else {
            continue;
        };
        let parameters = required_parameters(document, &draft.operation);
        if let [name] = parameters.as_slice() {
            let id = IdName {
                name: name.clone(),
                type_name: naming::component(&format!("{}_id", words.singular)),
                owner: words.with_article(),
            };
            let entry = found.entry(name.clone()).or_insert_with(|| Some(id.clone()));
            // If two groups use a name, the type cannot be inferred from it.
            if entry
                .as_ref()
                .is_some_and(|known| known.type_name != id.type_name)
            {
                *entry = None;
            }
        }
    }
    let known = |found: BTreeMap<String, Option<IdName>>| {
        let found = found.into_iter();
        found
            .filter_map(|(name, id)| Some((name, id?)))
            .collect::<BTreeMap<_, _>>()
    };
    let (singles, lists) = (known(singles), known(lists));
    let mut ids: BTreeMap<String, IdName> = singles.into_iter().filter(|(name, _)| name != "id").collect();
    for (alias, name) in aliases(document) {
        if let Some(id) = ids.get(&name).cloned() {
            ids.entry(alias).or_insert(id);
        }
    }
    (ids, lists.into_iter().filter(|(name, _)| name != "ids").collect())
}

/// Pairs of an older and a newer name of a property, from `x-server-managed` of the tags.
fn aliases(document: &Value) -> Vec<(String, String)> {
    let tags = document
        .get("tags")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let entries = tags
        .filter_map(|tag| tag.get("x-server-managed")?.as_array())
        .flatten();
    let name = |entry: &Value, key: &str| {
        let pointer = entry.get(key)?.as_str()?;
        pointer
            .strip_prefix('/')
            .filter(|name| !name.contains('/'))
            .map(str::to_owned)
    };
    entries
        .filter_map(|entry| Some((name(entry, "property")?, name(entry, "of")?)))
        .collect()
}

fn required_parameters(document: &Value, operation: &Operation<'_>) -> Vec<String> {
    let required = references::parameters(document, operation).filter(|parameter| {
        let place = parameter.get("in").and_then(Value::as_str);
        matches!(place, Some("query" | "path")) && parameter.get("required") == Some(&Value::Bool(true))
    });
    let names = required.filter_map(|parameter| parameter.get("name")?.as_str().map(str::to_owned));
    names.collect()
}
