//! IDs, single and many.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::naming::{self, Resource};

use super::{Draft, hoist_objects, schema, visit};

/// Makes a list of every query parameter that holds many IDs in one string. `explode: false` says that a comma
/// separates them.
pub(super) fn id_lists(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    for entry in visit::operations(&mut draft.value) {
        for (_, parameter) in visit::parameters(entry.operation, &entry.pointer) {
            let is_list = parameter.get("in").and_then(Value::as_str) == Some("query")
                && parameter
                    .get("name")
                    .and_then(Value::as_str)
                    .is_some_and(|name| naming::resource_of_id_list(name).is_some())
                && parameter.get("schema").is_some_and(schema::is_plain_string);
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

/// Gives every string that is called as the ID of a resource the type of that ID.
pub(super) fn id_types(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    let mut used: BTreeMap<&str, &Resource> = BTreeMap::new();
    let mut type_id = |name: &str, schema: &mut Value| {
        let (resource, place) = match naming::resource_of_id(name) {
            Some(resource) => (resource, Some(schema)),
            None => match naming::resource_of_id_list(name) {
                Some(resource) => (resource, schema.get_mut("items")),
                None => return,
            },
        };
        if let Some(place) = place.filter(|place| schema::is_plain_string(place)) {
            schema::refer(place, resource.id_type);
            // A type may be that of several kinds; the first that is used describes it.
            used.entry(resource.id_type).or_insert(resource);
            count += 1;
        }
    };
    for entry in visit::operations(&mut draft.value) {
        for (_, parameter) in visit::parameters(entry.operation, &entry.pointer) {
            let Some(name) = parameter.get("name").and_then(Value::as_str).map(str::to_owned) else {
                continue;
            };
            if let Some(schema) = parameter.get_mut("schema") {
                type_id(&name, schema);
            }
        }
    }
    visit::schemas(&mut draft.value, &mut |_, schema| {
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
            return;
        };
        for (name, property) in properties {
            type_id(name, property);
        }
    });
    for resource in used.into_values() {
        let component = json!({
            "type": "string",
            "description": format!("ID of {} (`{}`).", resource.with_article(), resource.id),
            schema::ID_TYPE: resource.id,
        });
        let what = format!("the IDs `{}`", resource.id);
        hoist_objects::declare(draft, "id-name", resource.id_type, &what, component);
    }
    count
}
