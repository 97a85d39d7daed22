//! Renames schemas whose Rust types would have a name that is in use.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::{json::Json as _, naming};
use funnelflux_openapi::pointer::PointerBuf;

use super::{
    component, secrets,
    state::State,
    visit::{self, SCHEMAS, component_pointer},
};

/// Renames each schema whose Rust type would have the name of another type. Appends `Schema` until no other
/// type has the name. If names of schemas differ only in case or punctuation, one schema keeps its name:
/// preferably the one that is named like the type.
pub(super) fn name_components(state: &mut State<'_>) {
    let vocabulary = &state.vocabulary;
    let ids = vocabulary.ids.values().chain(vocabulary.id_lists.values());
    let reserved: BTreeSet<String> = ids
        .map(|id| id.type_name.as_str())
        .chain(naming::TYPES.iter().copied())
        .chain([secrets::SECRET_TYPE])
        .map(str::to_owned)
        .collect();
    let mut names: Vec<(String, String)> = component::all(&state.document)
        .map(|(name, _)| (naming::type_name(name), name.clone()))
        .collect();
    names.sort_by_key(|(type_name, name)| (type_name.clone(), type_name != name, name.clone()));
    let types: BTreeSet<&String> = names.iter().map(|(type_name, _)| type_name).collect();
    let mut taken = reserved.clone();
    let mut renamed: BTreeMap<String, String> = BTreeMap::new();
    for (type_name, name) in &names {
        // The generator does not decode references to names with these characters.
        let is_escaped = name.contains(['~', '/', '%']);
        let is_free = taken.insert(type_name.clone());
        let mut new = type_name.clone();
        while !is_free && (types.contains(&new) || !taken.insert(new.clone())) {
            new = naming::component(&format!("{new}Schema"));
        }
        if is_escaped || !is_free {
            renamed.insert(name.clone(), new);
        }
        if !is_free {
            let by = if reserved.contains(type_name) {
                "the generated code already uses"
            } else {
                "another schema already has"
            };
            let new = renamed.get(name).map_or("", String::as_str);
            let message = format!("the schema `{name}` becomes the type `{new}`, because {by} `{type_name}`");
            let fix = "nothing to do, unless an overlay should give the schema another name";
            state.warning("component-name", &component_pointer(name), message, fix);
        }
    }
    if renamed.is_empty() {
        return;
    }
    visit::schemas(&mut state.document, &mut |_, schema| {
        let new = schema
            .get("$ref")
            .and_then(|_| renamed.get(&component::referenced(schema)?));
        if let Some(new) = new {
            *schema = component::reference(new);
        }
        let mapping = schema
            .get_mut("discriminator")
            .and_then(|discriminator| discriminator.get_mut("mapping"));
        for target in mapping
            .and_then(Value::as_object_mut)
            .into_iter()
            .flat_map(Map::values_mut)
        {
            let name = component::mapped(target);
            if let Some(new) = name.and_then(|name| renamed.get(&name)) {
                *target = component::reference(new).text("$ref").into();
            }
        }
    });
    if let Some(Value::Object(schemas)) = state.document.pointer_mut(SCHEMAS.as_str()) {
        let all = std::mem::take(schemas).into_iter();
        schemas.extend(all.map(|(name, schema)| (renamed.get(&name).cloned().unwrap_or(name), schema)));
    }
    for (name, new) in &renamed {
        let [current, original]: [PointerBuf; 2] = [component_pointer(new), component_pointer(name)];
        state.origins.insert(current, original);
    }
    state.count += renamed.len();
}
