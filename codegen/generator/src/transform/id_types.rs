//! Gives single IDs, and IDs in lists, their own types.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    json::Json as _,
    method_names::{IdName, Verb},
};

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
        for (_, parameter) in operation.parameters() {
            let name = parameter.text("name");
            let is_finder = is_finder && parameter.is_true("required");
            let is_list = parameter.text("in") == Some("query")
                && (is_finder || name.is_some_and(|name| state.vocabulary.id_lists.contains_key(name)))
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
