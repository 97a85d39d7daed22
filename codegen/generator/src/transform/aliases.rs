//! Replaces aliases. An alias is a component that does not need its own type, such as a string, a list or a
//! map.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use funnelflux_openapi::pointer::PointerBuf;

use super::{
    component, id_types, schema_kind,
    state::State,
    visit::{self, component_pointer},
};

/// Replaces each reference to an alias with the schema of the alias.
pub(super) fn inline_aliases(state: &mut State<'_>) {
    let mut aliases: BTreeMap<String, Value> = BTreeMap::new();
    for (name, schema) in visit::components(&mut state.document) {
        let has_type = schema_kind::is_object(schema)
            || schema_kind::string_enum(schema).is_some()
            || schema.get(id_types::ID_TYPE).is_some()
            || (schema_kind::is_composed(schema) && component::referenced(schema).is_none());
        if !has_type {
            aliases.insert(name.to_owned(), schema.clone());
        }
    }
    for name in recursive(&aliases) {
        let message = format!("`{name}` is a list or map that contains itself without an object in between");
        let fix = "wrap it in an object in an overlay";
        state.error("alias-of-itself", &component_pointer(&name), message, fix);
        aliases.remove(&name);
    }
    visit::schemas(&mut state.document, &mut |_, schema| {
        // An alias may refer to another alias. Aliases inside the target are visited later.
        while let Some(alias) = component::referenced(schema).and_then(|name| aliases.get(&name)) {
            let mut merged = alias.as_object().cloned().unwrap_or_default();
            for (key, value) in schema.as_object().into_iter().flatten() {
                if !matches!(key.as_str(), "$ref" | "allOf") {
                    merged.insert(key.clone(), value.clone());
                }
            }
            *schema = Value::Object(merged);
            state.count += 1;
        }
    });
    if let Some(Value::Object(schemas)) = state.document.pointer_mut(visit::SCHEMAS.as_str()) {
        schemas.retain(|name, _| !aliases.contains_key(name));
    }
}

/// Lists the aliases that contain themselves.
fn recursive(aliases: &BTreeMap<String, Value>) -> Vec<String> {
    let referenced = |name: &str| {
        let mut names = Vec::new();
        if let Some(mut alias) = aliases.get(name).cloned() {
            visit::schema_and_inner(&mut PointerBuf::root(), &mut alias, &mut |_, schema| {
                names.extend(component::referenced(schema));
            });
        }
        names
    };
    let is_recursive = |alias: &&String| {
        let mut reached = BTreeSet::new();
        let mut open = referenced(alias);
        while let Some(name) = open.pop() {
            if reached.insert(name.clone()) {
                open.extend(referenced(&name));
            }
        }
        reached.contains(*alias)
    };
    aliases.keys().filter(is_recursive).cloned().collect()
}
