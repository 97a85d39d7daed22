//! Composition index: the schemas that a value must match together, because `allOf` and alternatives combine
//! them.
//!
//! A property that is new in one of these schemas may already be described by another schema.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use funnelflux_openapi::pointer::{Pointer, PointerBuf};

use crate::node::{Node, walk};

/// Maximum depth to which compositions are followed; deeper compositions are circular or malicious.
const DEEPEST: usize = 12;

/// Maximum number of schema visits. Documents without circles need far fewer.
const MOST_VISITS: usize = 200_000;

/// Maps the pointer of a schema to the pointers of the schemas that apply together with it.
pub(super) struct CompositionIndex(HashMap<PointerBuf, BTreeSet<PointerBuf>>);

impl CompositionIndex {
    pub(super) fn new(document: &Value) -> Self {
        let mut search = Search {
            document,
            index: HashMap::new(),
            visits: 0,
        };
        walk(document, &mut PointerBuf::new(), &mut |at, value| {
            let is_composed = |key: &str| value.get(key).is_some_and(Value::is_array);
            if ["allOf", "anyOf", "oneOf"].into_iter().any(is_composed) {
                search.visit(&Node::at(value, at.to_buf()), &BTreeSet::new(), DEEPEST);
            }
        });
        Self(search.index)
    }

    pub(super) fn with(&self, schema: &Pointer) -> impl Iterator<Item = &PointerBuf> + use<'_> {
        self.0.get(schema).into_iter().flatten()
    }
}

struct Search<'a> {
    document: &'a Value,
    index: HashMap<PointerBuf, BTreeSet<PointerBuf>>,
    visits: usize,
}

impl<'a> Search<'a> {
    /// Records the schemas that apply together with a schema and each of its parts: `around`, the schema
    /// itself, and the other parts.
    fn visit(&mut self, schema: &Node<'a>, around: &BTreeSet<PointerBuf>, depth: usize) {
        self.visits += 1;
        let Some(depth) = depth.checked_sub(1) else {
            return;
        };
        if self.visits > MOST_VISITS {
            return;
        }
        let Parts { all, alternatives } = Parts::of(schema, self.document);
        let below = |parts: &[Node<'a>], except: Option<usize>| {
            let mut below = BTreeSet::new();
            for (index, part) in parts.iter().enumerate() {
                if Some(index) != except {
                    self.with_parts(part, depth, &mut below);
                }
            }
            below
        };
        let below_alternatives = below(&alternatives, None);
        let below_all = below(&all, None);
        let beside: Vec<_> = (0..all.len()).map(|index| below(&all, Some(index))).collect();
        let mut with_this = around.clone();
        with_this.insert(schema.pointer.clone());
        for (part, beside) in all.iter().zip(&beside) {
            let around = &(&with_this | beside) | &below_alternatives;
            self.visit(part, &around, depth);
        }
        // A value needs to match only one alternative, so alternatives do not constrain each other.
        let around = &with_this | &below_all;
        for part in &alternatives {
            self.visit(part, &around, depth);
        }
        let own = self.index.entry(schema.pointer.clone()).or_default();
        own.extend(around);
        own.extend(below_alternatives);
        own.remove(&schema.pointer);
    }

    /// Collects a schema and all its parts.
    fn with_parts(&self, schema: &Node<'a>, depth: usize, found: &mut BTreeSet<PointerBuf>) {
        if let Some(depth) = depth.checked_sub(1)
            && found.insert(schema.pointer.clone())
        {
            let Parts { all, alternatives } = Parts::of(schema, self.document);
            for part in all.iter().chain(&alternatives) {
                self.with_parts(part, depth, found);
            }
        }
    }
}

/// The parts of a schema, references resolved.
struct Parts<'a> {
    all: Vec<Node<'a>>,
    alternatives: Vec<Node<'a>>,
}

impl<'a> Parts<'a> {
    fn of(schema: &Node<'a>, document: &'a Value) -> Self {
        let list = |key: &str| {
            let entries = schema.get(key).map(|list| list.entries(|_| String::new()));
            let entries = entries.into_iter().flatten();
            entries.map(|entry| entry.resolve(document)).collect::<Vec<_>>()
        };
        Self {
            all: list("allOf"),
            alternatives: [list("anyOf"), list("oneOf")].concat(),
        }
    }
}
