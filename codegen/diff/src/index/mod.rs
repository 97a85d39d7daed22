//! Indexes of one document, built from its reference graph.

mod usages;

use std::collections::BTreeMap;

use funnelflux_openapi::{
    pointer::{Pointer, Token},
    references::References,
};

use crate::node::Node;

pub(crate) use usages::{UsageIndex, UsageTable};

/// Maximum depth to which compositions are followed. Deeper compositions are circular or malicious.
const DEEPEST: usize = 12;

/// One document with its indexes.
pub(crate) struct DocumentIndex<'a> {
    pub root: Node<'a>,
    references: &'a References<'a>,
}

impl<'a> DocumentIndex<'a> {
    pub(crate) fn new(references: &'a References<'a>) -> Self {
        Self {
            root: Node::root(references.document()),
            references,
        }
    }

    pub(crate) fn node(&self, pointer: &Pointer) -> Option<Node<'a>> {
        let value = self.root.value.pointer(pointer.as_str())?;
        Some(Node::at(value, pointer.to_buf()))
    }

    pub(crate) fn resolve(&self, node: &Node<'a>) -> Node<'a> {
        node.resolve(self.root.value)
    }

    /// Checks whether an operation has a body to which the list `key` of Swagger 2.0 may apply. `x-consumes`
    /// lists media types of request bodies, and `x-produces` lists media types of response bodies.
    pub(crate) fn has_body(&self, operation: &Node<'a>, key: &str) -> bool {
        if key == "x-consumes" {
            return operation.value.get("requestBody").is_some();
        }
        let responses = operation.get("responses").map(|responses| responses.members());
        let mut responses = responses.into_iter().flatten();
        // Examples also show that there is a body. Normalisation keeps those without a schema as an
        // extension.
        responses.any(|(_, response)| {
            let response = self.resolve(&response).value;
            response.get("content").or(response.get("x-examples")).is_some()
        })
    }

    /// Checks whether any reference leads to the value at `pointer`.
    pub(crate) fn is_referenced(&self, pointer: &Pointer) -> bool {
        self.references.referrers(pointer).next().is_some()
    }

    /// Checks whether the schema, or another schema that applies to the same value, has alternatives (`anyOf`
    /// or `oneOf`).
    pub(crate) fn has_alternatives(&self, schema: &Node<'a>) -> bool {
        self.has_alternatives_below(schema, DEEPEST) || self.is_beside_alternatives(&schema.pointer, DEEPEST)
    }

    /// Checks whether the schema or a part of its `allOf` has alternatives.
    fn has_alternatives_below(&self, schema: &Node<'a>, depth: usize) -> bool {
        let schema = self.resolve(schema);
        let parts = schema.get("allOf").map(|list| list.entries(|_| String::new()));
        let mut parts = parts.into_iter().flatten();
        schema.value.get("anyOf").or(schema.value.get("oneOf")).is_some()
            || (depth > 0 && parts.any(|part| self.has_alternatives_below(&part, depth - 1)))
    }

    /// Checks whether the schema is used as an alternative of an `anyOf` or `oneOf`, or as an entry of the
    /// `allOf` of a schema for which `has_alternatives` is true.
    fn is_beside_alternatives(&self, schema: &Pointer, depth: usize) -> bool {
        let is_part = |place: &Pointer| {
            let list = place.parent().unwrap_or_default();
            let holder = list.parent().and_then(|holder| self.node(holder));
            match list.last().as_ref().map(Token::encoded) {
                Some("anyOf" | "oneOf") => holder.is_some(),
                Some("allOf") => holder.is_some_and(|holder| {
                    self.has_alternatives_below(&holder, depth)
                        || self.is_beside_alternatives(&holder.pointer, depth - 1)
                }),
                _ => false,
            }
        };
        let referrers = self.references.referrers(schema);
        let mut uses = referrers.map(|reference| &*reference.pointer);
        depth > 0 && (is_part(schema) || uses.any(is_part))
    }

    /// Returns the schemas that the discriminator of this schema can select, by name.
    pub(crate) fn subtypes(&self, schema: &Node<'a>) -> BTreeMap<String, Node<'a>> {
        let subtypes = self.references.subtypes(&schema.pointer).into_iter();
        subtypes
            .filter_map(|(name, pointer)| Some((name.into_owned(), self.node(pointer)?)))
            .collect()
    }
}
