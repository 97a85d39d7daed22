//! Gives single IDs, and IDs in lists, their own types.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    json::Json as _,
    method_names::{IdName, Verb},
};
use funnelflux_openapi::operations::operations;

use super::{component, schema_kind, state::State, visit};

/// Key that marks the component of an ID type. Its value is the JSON name of the ID.
pub(super) const ID_TYPE: &str = "x-id-type";

/// Turns every query parameter that takes several IDs in one string into a list of IDs.
///
/// The parameter gets `explode: false`, which means that commas separate the items.
pub(super) fn id_lists(state: &mut State<'_>) {
    for mut operation in visit::operations(&mut state.document) {
        let words = state.vocabulary.operation(&operation.pointer);
        let is_finder = words.is_some_and(|words| words.verb == Verb::FindByIds);
        // In an operation that changes many assets, the general name `ids` means the IDs of these assets.
        let is_change = words.is_some_and(|words| {
            matches!(
                words.verb,
                Verb::Archive | Verb::Unarchive | Verb::Delete | Verb::MoveToCategory
            )
        });
        for (_, parameter) in operation.parameters() {
            let name = parameter.text("name");
            let is_finder = is_finder && parameter.is_true("required");
            let is_named =
                |name| state.vocabulary.id_lists.contains_key(name) || (is_change && name == "ids");
            let is_list = parameter.text("in") == Some("query")
                && (is_finder || name.is_some_and(is_named))
                && parameter.get("schema").is_some_and(schema_kind::is_plain_string);
            if is_list {
                parameter.insert("explode".to_owned(), Value::Bool(false));
                if let Some(schema) = parameter.get_mut("schema") {
                    let items = schema.take();
                    *schema = json!({"type": "array", "items": items});
                }
                state.count += 1;
            }
        }
    }
}

/// If a string parameter or property has the name of an ID, sets its type to the type of that ID.
pub(super) fn id_types(state: &mut State<'_>) {
    let mut used: BTreeMap<String, IdName> = BTreeMap::new();
    let vocabulary = &state.vocabulary;
    for (name, property, id) in own_ids(state) {
        let pointer = visit::component_pointer(&name).with_trailing_token("properties");
        let schema = state.document.pointer_mut(pointer.as_str());
        let schema = schema.and_then(|properties| properties.get_mut(&property));
        if let Some(schema) = schema.filter(|schema| schema_kind::is_plain_string(schema)) {
            component::refer(schema, &id.type_name);
            used.entry(id.type_name.clone()).or_insert(id);
            state.count += 1;
        }
    }
    let mut type_id = |name: &str, schema: &mut Value| {
        let (name, id) = match vocabulary.ids.get(name) {
            Some(name) => (name, Some(schema)),
            None => match vocabulary.id_lists.get(name) {
                Some(name) => (name, schema.get_mut("items")),
                None => return,
            },
        };
        if let Some(id) = id.filter(|id| schema_kind::is_plain_string(id)) {
            component::refer(id, &name.type_name);
            // Several names may share a type. Then the description of the type uses the first name.
            used.entry(name.type_name.clone()).or_insert_with(|| name.clone());
            state.count += 1;
        }
    };
    for mut operation in visit::operations(&mut state.document) {
        // In an operation on one asset, the general name `id` means the ID of this asset.
        let words = vocabulary.operation(&operation.pointer);
        let words = words.filter(|words| matches!(words.verb, Verb::FindById | Verb::Duplicate));
        let own = words.and_then(|words| vocabulary.id_properties.get(&words.tag));
        for (_, parameter) in operation.parameters() {
            let name = parameter.text("name").map(str::to_owned);
            let name = if name.as_deref() == Some("id") {
                own.cloned().or(name)
            } else {
                name
            };
            if let (Some(name), Some(schema)) = (name, parameter.get_mut("schema")) {
                type_id(&name, schema);
            }
        }
    }
    visit::schemas(&mut state.document, &mut |_, schema| {
        for (name, property) in visit::properties(schema) {
            type_id(name, property);
        }
    });
    for id in used.into_values() {
        let schema = json!({
            "type": "string",
            "description": format!("ID of {} (`{}`).", id.owner, id.name),
            ID_TYPE: id.name,
        });
        let purpose = format!("the IDs `{}`", id.name);
        component::declare(state, "id-name", &id.type_name, &purpose, schema);
    }
}

/// Maximum depth at which assets are looked for in a request or response.
const DEPTH: usize = 4;

/// Finds the components of assets whose ID has a general name, such as `id`. Returns the name of each
/// component, the name of the property, and the ID. A component that stands for assets of several groups is
/// omitted.
fn own_ids(state: &State<'_>) -> Vec<(String, String, IdName)> {
    let vocabulary = &state.vocabulary;
    let mut found: BTreeMap<(String, String), BTreeMap<&str, &IdName>> = BTreeMap::new();
    for operation in operations(&state.document) {
        let Some(words) = vocabulary.operation(&operation.pointer) else {
            continue;
        };
        let is_of_assets = matches!(
            words.verb,
            Verb::List | Verb::FindById | Verb::FindByIds | Verb::FindBy(_) | Verb::Save | Verb::Create
        );
        let own = vocabulary.own_ids.get(&words.tag).filter(|_| is_of_assets);
        let Some((id, property)) = own.zip(vocabulary.id_properties.get(&words.tag)) else {
            continue;
        };
        let responses = operation.value.members("responses").map(|(_, response)| response);
        let messages = responses.chain(operation.value.get("requestBody"));
        let media = messages.flat_map(|message| message.members("content"));
        for schema in media.filter_map(|(_, media)| media.get("schema")) {
            if let Some(name) = asset(&state.document, schema, property) {
                let ids = found.entry((name, property.clone())).or_default();
                ids.insert(&id.type_name, id);
            }
        }
    }
    let found = found.into_iter().filter(|(_, ids)| ids.len() == 1);
    let found = found.flat_map(|((name, property), ids)| {
        let ids = ids.into_values();
        ids.map(move |id| (name.clone(), property.clone(), id.clone()))
    });
    found.collect()
}

/// Finds the component of the assets in a message: the only component with this property. If several
/// components have it, the one closest to the message is used. At the same depth, items of lists take
/// precedence.
fn asset(document: &Value, message: &Value, property: &str) -> Option<String> {
    let mut known = BTreeSet::new();
    let mut level = vec![(message, false)];
    for _ in 0..DEPTH {
        let (mut found, mut next) = (Vec::new(), Vec::new());
        for (schema, is_item) in level {
            let name = component::referenced(schema);
            let target = name.as_deref().and_then(|name| component::get(document, name));
            let object = target.unwrap_or(schema);
            let has_property = object
                .object("properties")
                .is_some_and(|own| own.contains_key(property));
            let is_new = name.as_ref().is_none_or(|name| known.insert(name.clone()));
            match name.filter(|_| has_property) {
                Some(name) => found.push((name, is_item)),
                None if is_new => {
                    next.extend(object.get("items").map(|items| (items, true)));
                    next.extend(object.items("allOf").map(|part| (part, is_item)));
                    next.extend(
                        object
                            .members("properties")
                            .map(|(_, inner)| match inner.get("items") {
                                Some(items) => (items, true),
                                None => (inner, false),
                            }),
                    );
                }
                None => {}
            }
        }
        if found.iter().any(|(_, is_item)| *is_item) {
            found.retain(|(_, is_item)| *is_item);
        }
        let names: BTreeSet<String> = found.into_iter().map(|(name, _)| name).collect();
        let mut names = names.into_iter();
        match (names.next(), names.next()) {
            (None, _) => level = next,
            (only, None) => return only,
            _ => return None,
        }
    }
    None
}
