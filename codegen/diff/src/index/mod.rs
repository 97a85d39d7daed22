//! Indexes of one document, built from its reference graph.

mod all_of_parents;
mod composition;
mod equality;
mod usages;

use std::collections::BTreeMap;

use funnelflux_openapi::{pointer::Pointer, references::References};

use crate::node::Node;
use all_of_parents::MergedProperty;
use composition::CompositionIndex;

pub(crate) use equality::DeepEquality;
pub(crate) use usages::{UsageIndex, UsageTable};

/// One document with its indexes.
pub(crate) struct DocumentIndex<'a> {
    pub root: Node<'a>,
    references: &'a References<'a>,
    composition: CompositionIndex,
}

impl<'a> DocumentIndex<'a> {
    pub(crate) fn new(references: &'a References<'a>) -> Self {
        Self {
            root: Node::root(references.document()),
            references,
            composition: CompositionIndex::new(references.document()),
        }
    }

    pub(crate) fn node(&self, pointer: &Pointer) -> Option<Node<'a>> {
        let value = self.root.value.pointer(pointer.as_str())?;
        Some(Node::at(value, pointer.to_buf()))
    }

    pub(crate) fn resolve(&self, node: &Node<'a>) -> Node<'a> {
        node.resolve(self.root.value)
    }

    /// Checks whether any reference leads to the place.
    pub(crate) fn is_referenced(&self, pointer: &Pointer) -> bool {
        self.references.referrers(pointer).next().is_some()
    }

    /// Schemas that a value must match together with this one.
    pub(crate) fn composed_with(&self, schema: &Node<'a>) -> impl Iterator<Item = Node<'a>> {
        let others = self.composition.with(&schema.pointer);
        others.filter_map(|pointer| self.node(pointer))
    }

    /// Checks whether the schema, or another schema that applies together with it, has alternatives.
    pub(crate) fn has_alternatives(&self, schema: &Node<'a>) -> bool {
        let own = self.node(&schema.pointer);
        let mut all = own.into_iter().chain(self.composed_with(schema));
        all.any(|schema| schema.value.get("anyOf").or(schema.value.get("oneOf")).is_some())
    }

    /// Schemas that the discriminator of this schema can select, by name.
    pub(crate) fn subtypes(&self, schema: &Node<'a>) -> BTreeMap<String, Node<'a>> {
        let subtypes = self.references.subtypes(&schema.pointer).into_iter();
        subtypes
            .filter_map(|(name, pointer)| Some((name.into_owned(), self.node(pointer)?)))
            .collect()
    }

    /// The merged property on which all `allOf` parents of the schema agree.
    pub(crate) fn merged_property(&self, schema: &Node<'a>, name: &str) -> Option<MergedProperty> {
        all_of_parents::merged_property(self.references, &schema.pointer, name)
    }
}
