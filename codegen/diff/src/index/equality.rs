//! Deep equality: compares two values, following references.
//!
//! Hundreds of webhooks may refer to the same schemas, so each reference is compared once.

use std::collections::{HashMap, HashSet};

use funnelflux_openapi::references::{Reference, References, follow};

use crate::node::Node;

pub(crate) struct DeepEquality<'a> {
    old: &'a References<'a>,
    new: &'a References<'a>,
    /// Maps the text of a reference to the references inside its target. The value is `None` if the targets
    /// in the two documents differ.
    known: HashMap<&'a str, Option<&'a [Reference<'a>]>>,
}

impl<'a> DeepEquality<'a> {
    pub(crate) fn new(old: &'a References<'a>, new: &'a References<'a>) -> Self {
        Self {
            old,
            new,
            known: HashMap::new(),
        }
    }

    /// Compares a value of the old document with one of the new document.
    pub(crate) fn holds(&mut self, old: &Node<'a>, new: &Node<'a>) -> bool {
        if old.value != new.value {
            return false;
        }
        let mut open: Vec<&Reference<'a>> = self.new.within(&new.pointer).iter().collect();
        let mut seen = HashSet::new();
        while let Some(reference) = open.pop() {
            if !seen.insert(reference.written) {
                continue;
            }
            match self.references_behind(reference) {
                Some(more) => open.extend(more),
                None => return false,
            }
        }
        true
    }

    fn references_behind(&mut self, reference: &'a Reference<'a>) -> Option<&'a [Reference<'a>]> {
        let (old, new) = (self.old, self.new);
        *self.known.entry(reference.written).or_insert_with(|| {
            match (follow(old.document(), reference.written), new.target(reference)) {
                (None, None) => Some(&[]),
                (Some((_, before)), Some(after)) if before == after.value => Some(new.within(&after.pointer)),
                _ => None,
            }
        })
    }
}
