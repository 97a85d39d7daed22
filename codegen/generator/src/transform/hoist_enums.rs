//! Moves inline enumerations of strings to components.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    mem,
};

use serde_json::{Value, json};

use crate::{
    json::{Json as _, last_token},
    naming,
};
use funnelflux_openapi::pointer::{Pointer, PointerBuf};

use super::{
    component, notes, schema_kind,
    state::State,
    visit::{self, component_pointer},
};

/// Extension that sets the Rust name of an enumeration, so that an overlay can resolve a clash of names.
const RUST_NAME: &str = "x-rust-name";

/// Existing components and new enumerations.
struct Registry<'a, 'b> {
    /// Components, keyed by the name of their Rust type, because different component names may become the
    /// same type.
    known: BTreeMap<String, Known>,
    /// State that the rules share. Its document has been moved out, because the document is being visited.
    state: &'b mut State<'a>,
}

struct Known {
    component: String,
    pointer: PointerBuf,
    /// Values of the enumeration. `None` for a component that is not an enumeration of strings.
    values: Option<Vec<String>>,
    /// Schema of a new component. `None` for a component that is already in the document.
    new: Option<Value>,
}

/// Removes enumerations that are empty, that contain other values than strings, or that have two values whose
/// variants would have the same name.
pub(super) fn drop_unusable_enums(state: &mut State<'_>) {
    visit::schemas(&mut state.document, &mut |_, schema| {
        let Some(values) = schema.get("enum").and_then(Value::as_array) else {
            return;
        };
        let values: Vec<&Value> = values.iter().filter(|value| !value.is_null()).collect();
        let texts: Vec<&str> = values.iter().filter_map(|value| value.as_str()).collect();
        let variants: BTreeSet<String> = texts.iter().map(|text| naming::variant(text)).collect();
        let has_only_texts = texts.len() == values.len();
        let is_text = schema.text("type").is_none_or(|kind| kind == "string");
        let is_usable = !values.is_empty() && has_only_texts && is_text && variants.len() == texts.len();
        let listed: Vec<String> = values.iter().map(|value| notes::code(value)).collect();
        if !is_usable && !values.is_empty() {
            notes::add(schema, format!("one of {}", listed.join(", ")));
        }
        if !is_usable && let Some(schema) = schema.as_object_mut() {
            schema.remove("enum");
            state.count += 1;
        }
    });
}

/// Removes repeated values of enumerations.
pub(super) fn drop_repeated_values(state: &mut State<'_>) {
    let mut repeated = Vec::new();
    visit::schemas(&mut state.document, &mut |pointer, schema| {
        let Some(Value::Array(values)) = schema.get_mut("enum") else {
            return;
        };
        let mut seen = HashSet::new();
        values.retain(|value| {
            let is_new = seen.insert(value.clone());
            if !is_new {
                repeated.push((pointer.with_trailing_token("enum"), notes::code(value)));
            }
            is_new
        });
    });
    state.count += repeated.len();
    for (pointer, value) in repeated {
        let message = format!("the enumeration lists {value} again");
        let fix = "nothing to do, unless another value is meant; then correct it in an overlay";
        state.warning("repeated-value", &pointer, message, fix);
    }
}

/// Moves every inline enumeration to a component, or reuses a component with the same name and values.
///
/// By default, the enumeration of a parameter gets the name of the parameter with the suffix `Filter`, and
/// the enumeration of a property gets the name of the property.
pub(super) fn hoist_enums(state: &mut State<'_>) {
    let mut document = mem::take(&mut state.document);
    let known = component::all(&document).map(|(name, schema)| {
        let known = Known {
            component: name.clone(),
            pointer: component_pointer(name),
            values: owned_values(schema),
            new: None,
        };
        (naming::type_name(name), known)
    });
    let mut registry = Registry {
        known: known.collect(),
        state,
    };
    for mut operation in visit::operations(&mut document) {
        for (mut pointer, parameter) in operation.parameters() {
            let Some(name) = parameter.text("name") else {
                continue;
            };
            let rust_name = naming::parameter_enum(name);
            let summary = format!("Values of the query parameter `{name}`.");
            let description = parameter.get("description").cloned();
            if let Some(schema) = parameter.get_mut("schema") {
                pointer.push_back("schema");
                registry.hoist(&pointer, &rust_name, &summary, description, schema);
            }
        }
    }
    visit::schemas(&mut document, &mut |pointer, schema| {
        let pointer = pointer.with_trailing_token("properties");
        for (name, property) in visit::properties(schema) {
            let pointer = pointer.with_trailing_token(name);
            let summary = format!("Values of the property `{name}`.");
            let description = property.get("description").cloned();
            let rust_name = naming::type_name(name);
            registry.hoist(&pointer, &rust_name, &summary, description, property);
        }
    });
    let mut new = Vec::new();
    for known in registry.known.into_values() {
        if let Some(schema) = known.new {
            let current = component_pointer(&known.component);
            state.origins.insert(current, known.pointer);
            new.push((known.component, schema));
        }
    }
    component::add(&mut document, new);
    state.document = document;
}

fn owned_values(schema: &Value) -> Option<Vec<String>> {
    let values = schema_kind::string_enum(schema)?;
    Some(values.into_iter().map(str::to_owned).collect())
}

impl Registry<'_, '_> {
    /// Returns the type name of the component or operation that contains the part at `pointer`.
    fn around(&self, pointer: &Pointer) -> String {
        let operation = PointerBuf::from_tokens(pointer.tokens().take(3));
        let name = match self.state.vocabulary.operation(&operation) {
            Some(words) => words.id.clone(),
            None => last_token(&operation),
        };
        naming::type_name(&name)
    }

    /// Returns a name that no other type has. The candidates are `name`, `name` with the name of the
    /// enclosing schema or operation as a prefix, and the prefixed name with a number. A name also counts as
    /// free if an enumeration with the same values has it. Names that generated files use are not free.
    fn free_name(&self, pointer: &Pointer, name: &str, values: &[String]) -> String {
        let qualified = format!("{}{name}", self.around(pointer));
        let numbered = (2..).map(|number| format!("{qualified}{number}"));
        let is_free = |name: &String| {
            let is_reserved = naming::TYPES.contains(&name.as_str());
            !is_reserved && self.known.get(name).is_none_or(|known| known.has(values))
        };
        let names = [name.to_owned(), qualified.clone()].into_iter().chain(numbered);
        let mut names = names.map(|name| naming::component(&name));
        names.find(is_free).unwrap_or_else(|| name.to_owned())
    }

    /// Moves `schema` to a component if it is an enumeration of strings. If `schema` is an array, the schema
    /// of its items is moved under the same condition.
    fn hoist(
        &mut self,
        pointer: &Pointer,
        rust_name: &str,
        summary: &str,
        description: Option<Value>,
        schema: &mut Value,
    ) {
        if let Some(items) = schema.get_mut("items") {
            let pointer = pointer.with_trailing_token("items");
            self.hoist(&pointer, rust_name, summary, description, items);
            return;
        }
        let Some(values) = owned_values(schema) else {
            return;
        };
        let set = schema.text(RUST_NAME).map(naming::component);
        // The schema may be a copy of a component. The title of such a copy is the name of the component.
        let copied = schema.text("title").map(naming::type_name);
        let is_component = |known: &Known| known.new.is_none() && known.has(&values);
        let copied = copied.filter(|name| self.known.get(name).is_some_and(is_component));
        let name = set.or(copied);
        let name = name.unwrap_or_else(|| self.free_name(pointer, rust_name, &values));
        let text = match description.as_ref().and_then(Value::as_str) {
            Some(description) => format!("{summary}\n\n{description}"),
            None => summary.to_owned(),
        };
        let known = self.known.entry(name.clone()).or_insert_with(|| Known {
            component: name.clone(),
            pointer: pointer.to_buf(),
            values: Some(values.clone()),
            new: Some(json!({
                "type": "string",
                "enum": values,
                "description": text,
                component::INLINE: true,
            })),
        });
        if !known.has(&values) {
            let existing = match &known.values {
                Some(existing) => format!("an enumeration of {}", codes(existing)),
                None => "no enumeration".to_owned(),
            };
            let original = self.state.origins.original(&known.pointer);
            let location = self.state.source.locate(&original);
            let clash = format!("the name `{name}`, which is {existing} ({location})");
            let message = format!("this enumeration of {} would get {clash}", codes(&values));
            let fix = "add `x-rust-name` with another name to one of the schemas in an overlay";
            self.state.error("enum-name", pointer, message, fix);
            return;
        }
        // If the uses have different descriptions, these describe the uses and not the type, so only the
        // summary is kept.
        if let Some(Value::Object(new)) = &mut known.new
            && new.text("description") != Some(&text)
        {
            new.insert("description".to_owned(), Value::String(summary.to_owned()));
        }
        component::refer(schema, &known.component);
        self.state.count += 1;
    }
}

impl Known {
    /// Returns `true` for an enumeration of these values, in any order.
    fn has(&self, values: &[String]) -> bool {
        let own = self.values.as_ref();
        own.is_some_and(|own| own.len() == values.len() && own.iter().all(|value| values.contains(value)))
    }
}

/// Formats values as a list of Markdown code.
fn codes(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
    values.join(", ")
}
