//! Enumerations that are written where they are used.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::naming;
use funnelflux_openapi::pointer;

use super::{Draft, error, objects, origin, schema, walk};

/// Names an enumeration for the rule: an overlay's way out of a clash.
pub(super) const RUST_NAME: &str = "x-rust-name";

/// The enumerations that have a name already, and what the document says of each.
struct Registry<'a, 'b> {
    /// By their Rust types: names that differ in the document may be the same there.
    known: BTreeMap<String, Known>,
    draft_source: &'a funnelflux_openapi::Document,
    origins: &'b BTreeMap<String, String>,
    diagnostics: &'b mut funnelflux_openapi::Diagnostics,
    count: usize,
}

struct Known {
    component: String,
    at: String,
    /// `None` where the name belongs to something that is no enumeration of strings.
    values: Option<Vec<String>>,
    /// `None` for a component that was there before.
    new: Option<Value>,
}

/// Makes a component of every inline enumeration: a parameter's is called after the parameter, with `Filter`; a
/// property's after the property. Same name and same values share one.
pub(super) fn hoist_enums(draft: &mut Draft<'_>) -> usize {
    let known = walk::components(&mut draft.value)
        .map(|(name, schema)| {
            let known = Known {
                component: name.to_owned(),
                at: walk::component_pointer(name),
                values: owned_values(schema),
                new: None,
            };
            (naming::type_name(name), known)
        })
        .collect();
    let mut registry = Registry {
        known,
        draft_source: draft.source,
        origins: &draft.origins,
        diagnostics: &mut draft.diagnostics,
        count: 0,
    };
    for entry in walk::operations(&mut draft.value) {
        for (at, parameter) in walk::parameters(entry.operation, &entry.pointer) {
            let Some(name) = parameter.get("name").and_then(Value::as_str) else {
                continue;
            };
            let rust_name = naming::parameter_enum(name);
            let base = format!("Values of the query parameter `{name}`.");
            let description = parameter.get("description").cloned();
            if let Some(schema) = parameter.get_mut("schema") {
                let at = pointer::join(&at, "schema");
                registry.hoist(&at, &rust_name, &base, description, schema);
            }
        }
    }
    walk::schemas(&mut draft.value, &mut |at, schema| {
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
            return;
        };
        for (name, property) in properties {
            let at = pointer::join(&pointer::join(at, "properties"), name);
            let base = format!("Values of the property `{name}`.");
            let description = property.get("description").cloned();
            registry.hoist(&at, &naming::type_name(name), &base, description, property);
        }
    });
    let Registry { known, count, .. } = registry;
    let mut new = Vec::new();
    for known in known.into_values() {
        if let Some(schema) = known.new {
            draft
                .origins
                .insert(walk::component_pointer(&known.component), known.at);
            new.push((known.component, schema));
        }
    }
    objects::add_components(&mut draft.value, new);
    count
}

fn owned_values(schema: &Value) -> Option<Vec<String>> {
    Some(
        schema::string_enum(schema)?
            .into_iter()
            .map(str::to_owned)
            .collect(),
    )
}

impl Registry<'_, '_> {
    /// Hoists the schema, or the items of an array, if it is an enumeration of strings.
    fn hoist(
        &mut self,
        at: &str,
        rust_name: &str,
        base: &str,
        description: Option<Value>,
        schema: &mut Value,
    ) {
        if let Some(items) = schema.get_mut("items") {
            self.hoist(&pointer::join(at, "items"), rust_name, base, description, items);
            return;
        }
        let Some(values) = owned_values(schema) else {
            return;
        };
        let name = schema
            .get(RUST_NAME)
            .and_then(Value::as_str)
            .map_or_else(|| rust_name.to_owned(), naming::type_name);
        let text = match description.as_ref().and_then(Value::as_str) {
            Some(description) => format!("{base}\n\n{description}"),
            None => base.to_owned(),
        };
        let component = match self.known.get_mut(&name) {
            None => {
                let new = json!({
                    "type": "string",
                    "enum": values,
                    "description": text,
                    schema::INLINE: true,
                });
                self.known.insert(
                    name.clone(),
                    Known {
                        component: name.clone(),
                        at: at.to_owned(),
                        values: Some(values),
                        new: Some(new),
                    },
                );
                name
            }
            Some(known) if known.values.as_ref().is_some_and(|known| same(known, &values)) => {
                // Where the uses are described differently, the type says only what it is for.
                if let Some(Value::Object(new)) = &mut known.new
                    && new.get("description").and_then(Value::as_str) != Some(&text)
                {
                    new.insert("description".to_owned(), Value::String(base.to_owned()));
                }
                known.component.clone()
            }
            Some(known) => {
                let other = match &known.values {
                    Some(other) => format!("an enumeration of {}", schema::codes(other)),
                    None => "no enumeration".to_owned(),
                };
                let place = self.draft_source.locate(origin(self.origins, &known.at));
                self.diagnostics.push(error(
                    self.draft_source,
                    "enum-name",
                    at,
                    format!(
                        "this enumeration of {} would get the name `{name}`, which is {other} ({place})",
                        schema::codes(&values),
                    ),
                    "let an overlay add `x-rust-name` with another name to one of the schemas",
                ));
                return;
            }
        };
        schema::refer(schema, &component);
        self.count += 1;
    }
}

/// The order of the values means nothing.
fn same(left: &[String], right: &[String]) -> bool {
    left.len() == right.len() && left.iter().all(|value| right.contains(value))
}
