//! Decides whether the title of a schema may name a type in generated code.

use serde_json::{Map, Value};

use funnelflux_openapi::pointer::Pointer;

use crate::{comparer::Comparer, index::DocumentIndex, part_names::tokens, site::Site};

const COMPONENTS: &Pointer = Pointer::from_static("/components/schemas");

impl Comparer<'_> {
    /// Checks whether a changed title may name a type. Shared schemas have names of their own. The types of
    /// most other schemas are built in, or are named after a property.
    pub(crate) fn title_may_name_type(&self, site: &Site<'_, '_>) -> bool {
        let schema = site.parent;
        let place = schema.pointer.strip_prefix(COMPONENTS).map(tokens);
        if place.as_ref().is_some_and(|place| place.len() == 1) {
            return false;
        }
        if self.new.has_alternatives(schema) {
            return true;
        }
        let names_component = || {
            let mut titles = site.values().filter_map(|title| title.value.as_str());
            titles.any(|title| {
                [&self.old, &self.new]
                    .iter()
                    .any(|document| has_component(document, title))
            })
        };
        let is_named = place.is_some_and(|place| is_in_property(&place)) && !names_component();
        needs_name(schema.value, is_named)
    }
}

/// Checks whether the title is the name of a shared schema of a document. Ignores case and punctuation.
fn has_component(document: &DocumentIndex<'_>, title: &str) -> bool {
    let simplified = |text: &str| -> String {
        let letters = text.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let title = simplified(title);
    let components = document.root.value.pointer(COMPONENTS.as_str());
    let mut names = components
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::keys);
    names.any(|name| simplified(name) == title)
}

/// Checks whether a place in the shared schemas is a property of a shared schema, perhaps inside other
/// properties. These may be lists.
fn is_in_property(place: &[String]) -> bool {
    let mut rest = place.get(1..).unwrap_or_default();
    while let [keyword, _, inner @ ..] = rest
        && keyword == "properties"
    {
        rest = match inner {
            [items, inner @ ..] if items == "items" && !inner.is_empty() => inner,
            _ => inner,
        };
    }
    rest.is_empty()
}

/// Checks whether the values of an inline schema, or the inner values of its lists and maps, need a type of
/// their own. `is_named` is true if a property names the type of an object or an enumeration.
fn needs_name(schema: &Value, is_named: bool) -> bool {
    let has = |key: &str| schema.get(key).is_some();
    if has("$ref") {
        return false;
    }
    let part_needs_name = match schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        None => false,
        Some([only]) => needs_name(only, is_named),
        Some(_) => true,
    };
    let inner_needs_name =
        |key: &str, is_named| schema.get(key).is_some_and(|inner| needs_name(inner, is_named));
    part_needs_name
        || ["anyOf", "oneOf", "not"].iter().any(|key| has(key))
        || (!is_named && (has("properties") || has("enum")))
        // No property names the objects in a list of lists.
        || inner_needs_name("items", is_named && schema.pointer("/items/items").is_none())
        || inner_needs_name("additionalProperties", false)
}
