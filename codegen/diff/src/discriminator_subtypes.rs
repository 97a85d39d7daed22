//! Heirs: the shared schemas that take a schema as one of their parts, and may come in its place where a discriminator tells
//! which one it is.

use std::collections::BTreeMap;

use serde_json::Value;

use super::node::Node;
use funnelflux_openapi::pointer::{follow, join};

const SCHEMAS: &str = "/components/schemas";

/// By the pointer of a schema: its heirs by their names.
pub(super) struct Heirs<'a>(BTreeMap<String, BTreeMap<&'a str, Node<'a>>>);

impl<'a> Heirs<'a> {
    pub(super) fn new(document: &'a Value) -> Self {
        let mut heirs: BTreeMap<String, BTreeMap<&str, Node<'a>>> = BTreeMap::new();
        let schemas = document.pointer(SCHEMAS).and_then(Value::as_object);
        for (name, value) in schemas.into_iter().flatten() {
            let parts = value.get("allOf").and_then(Value::as_array);
            let parts = parts.into_iter().flatten();
            let references = parts.filter_map(|part| part.get("$ref")?.as_str());
            for (parent, _) in references.filter_map(|reference| follow(document, reference)) {
                let heir = Node::at(value, join(SCHEMAS, name));
                heirs.entry(parent).or_default().insert(name, heir);
            }
        }
        Self(heirs)
    }

    /// Those of a schema; none where nothing says that they can come in its place.
    pub(super) fn of(&self, pointer: &str, schema: &Value) -> impl Iterator<Item = (&'a str, &Node<'a>)> {
        let heirs = schema.get("discriminator").and_then(|_| self.0.get(pointer));
        heirs.into_iter().flatten().map(|(name, node)| (*name, node))
    }
}
