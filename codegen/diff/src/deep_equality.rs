//! Alike: whether two parts say the same with all that they refer to, without writing it out.
//!
//! Hundreds of webhooks that refer to the same schemas would be written out hundreds of times.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use funnelflux_openapi::pointer;

pub(super) struct Alike<'a> {
    old: &'a Value,
    new: &'a Value,
    /// By the pointer in a reference: what its target refers to, if the target is the same on both sides.
    known: HashMap<&'a str, Option<Vec<&'a str>>>,
}

impl<'a> Alike<'a> {
    pub(super) fn new(old: &'a Value, new: &'a Value) -> Self {
        Self {
            old,
            new,
            known: HashMap::new(),
        }
    }

    /// Whether they are written in the same words, and all that they refer to is, too.
    pub(super) fn are(&mut self, old: &'a Value, new: &'a Value) -> bool {
        if old != new {
            return false;
        }
        let mut open = references(new);
        let mut seen = HashSet::new();
        while let Some(reference) = open.pop() {
            if !seen.insert(reference) {
                continue;
            }
            match self.behind(reference) {
                Some(more) => open.extend(more),
                None => return false,
            }
        }
        true
    }

    fn behind(&mut self, reference: &'a str) -> Option<&[&'a str]> {
        let (old, new) = (self.old, self.new);
        let known = self.known.entry(reference).or_insert_with(|| {
            let reference = format!("#{reference}");
            let target = |document| pointer::follow(document, &reference).map(|(_, value)| value);
            match (target(old), target(new)) {
                (None, None) => Some(Vec::new()),
                (Some(before), Some(after)) if before == after => Some(references(after)),
                _ => None,
            }
        });
        known.as_deref()
    }
}

/// The pointers in all references of a value; those into other files lead nowhere on either side.
fn references(value: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    funnelflux_openapi::references::collect(value, &mut found);
    found
}
