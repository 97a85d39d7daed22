//! `allOf` parents: the schemas that include a schema by `allOf`, if the schema has no other use.
//!
//! A property may move from one part to another without changing the parent.

use std::collections::HashSet;

use serde_json::Value;

use funnelflux_openapi::{
    pointer::{Pointer, PointerBuf},
    references::{self, References},
};

use crate::node::Node;

/// Maximum number of schemas that make up a parent; hand-written documents stay below it.
const MOST: usize = 500;

/// Merged property on which all parents agree.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct MergedProperty {
    pub required: bool,
}

/// Returns the property `name` of the parents of the schema at `pointer`. `None` if a parent lacks the
/// property, if the parents disagree, or if the schema has a use other than as a part of an `allOf`.
pub(super) fn merged_property(
    references: &References<'_>,
    pointer: &Pointer,
    name: &str,
) -> Option<MergedProperty> {
    let is_shared = pointer.count() == 3 && pointer.starts_with(Pointer::from_static("/components"));
    let referrers = references.referrers(pointer).map(|reference| &*reference.pointer);
    let uses: Vec<&Pointer> = if is_shared {
        referrers.collect()
    } else {
        vec![pointer]
    };
    let mut properties = uses.into_iter().map(|part| {
        let list = part.parent()?;
        let parent = list
            .parent()
            .filter(|_| list.last().is_some_and(|key| key.encoded() == "allOf"))?;
        let mut merged = Merged::default();
        let document = references.document();
        let schema = Node::at(document.pointer(parent.as_str())?, parent.to_buf());
        merged.add(document, &schema, name, &mut HashSet::new());
        (merged.declares && !merged.is_unclear).then_some(MergedProperty {
            required: merged.requires,
        })
    });
    let first = properties.next()??;
    properties
        .all(|property| property == Some(first))
        .then_some(first)
}

/// Property of a schema, merged from all its parts.
#[derive(Default)]
struct Merged {
    declares: bool,
    requires: bool,
    /// True if a part restricts undeclared properties, or if its discriminator accepts the parent as an
    /// alternative. In these cases, it matters which part declares a property.
    is_unclear: bool,
}

impl Merged {
    fn add<'a>(
        &mut self,
        document: &'a Value,
        schema: &Node<'a>,
        name: &str,
        seen: &mut HashSet<PointerBuf>,
    ) {
        if !seen.insert(schema.pointer.clone()) {
            return;
        }
        if seen.len() > MOST {
            self.is_unclear = true;
            return;
        }
        let target = schema
            .reference()
            .and_then(|written| references::follow(document, written));
        if let Some((pointer, value)) = target {
            return self.add(document, &Node::at(value, pointer), name, seen);
        }
        let further = schema.value.get("additionalProperties");
        self.declares |= schema
            .value
            .get("properties")
            .is_some_and(|all| all.get(name).is_some());
        self.requires |= schema.lists("required", name);
        self.is_unclear |= further.is_some_and(|further| *further != Value::Bool(true))
            || schema.value.get("discriminator").is_some();
        let parts = schema.get("allOf").map(|list| list.entries(|_| String::new()));
        for part in parts.into_iter().flatten() {
            self.add(document, &part, name, seen);
        }
    }
}
