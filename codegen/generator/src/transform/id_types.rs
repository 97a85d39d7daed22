//! IDs, single and in lists.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::naming::{self, Resource};

use super::{component, schema_kind, state::State, visit};

/// Marks the component of an ID type; its value is the JSON name of the ID.
pub(super) const ID_TYPE: &str = "x-id-type";

/// Turns every query parameter that holds several IDs in one string into a list.
///
/// `explode: false` makes the comma the separator.
pub(super) fn id_lists(state: &mut State<'_>) -> usize {
    let mut count = 0;
    for mut operation in visit::operations(&mut state.document) {
        for (_, parameter) in operation.parameters() {
            let name = parameter.get("name").and_then(Value::as_str);
            let is_list = parameter.get("in").and_then(Value::as_str) == Some("query")
                && name.is_some_and(|name| naming::resource_of_id_list(name).is_some())
                && parameter.get("schema").is_some_and(schema_kind::is_plain_string);
            if is_list {
                parameter.insert("explode".to_owned(), Value::Bool(false));
                if let Some(schema) = parameter.get_mut("schema") {
                    let items = schema.take();
                    *schema = json!({"type": "array", "items": items});
                }
                count += 1;
            }
        }
    }
    count
}

/// Gives every string with the name of an ID the type of that ID.
pub(super) fn id_types(state: &mut State<'_>) -> usize {
    let mut count = 0;
    let mut used: BTreeMap<&str, &Resource> = BTreeMap::new();
    let mut type_id = |name: &str, schema: &mut Value| {
        let (resource, id) = match naming::resource_of_id(name) {
            Some(resource) => (resource, Some(schema)),
            None => match naming::resource_of_id_list(name) {
                Some(resource) => (resource, schema.get_mut("items")),
                None => return,
            },
        };
        if let Some(id) = id.filter(|id| schema_kind::is_plain_string(id)) {
            component::refer(id, resource.id_type);
            // Several resources may share a type, which is then described after the first of them.
            used.entry(resource.id_type).or_insert(resource);
            count += 1;
        }
    };
    for mut operation in visit::operations(&mut state.document) {
        for (_, parameter) in operation.parameters() {
            let Some(name) = parameter.get("name").and_then(Value::as_str).map(str::to_owned) else {
                continue;
            };
            if let Some(schema) = parameter.get_mut("schema") {
                type_id(&name, schema);
            }
        }
    }
    visit::schemas(&mut state.document, &mut |_, schema| {
        for (name, property) in visit::properties(schema) {
            type_id(name, property);
        }
    });
    for resource in used.into_values() {
        let schema = json!({
            "type": "string",
            "description": format!("ID of {} (`{}`).", resource.with_article(), resource.id),
            ID_TYPE: resource.id,
        });
        let purpose = format!("the IDs `{}`", resource.id);
        component::declare(state, "id-name", resource.id_type, &purpose, schema);
    }
    count
}
