//! A schema of one of the two documents.

use std::{hash, ptr};

use serde_json::Value;

use crate::side::Side;

/// A schema and the document that it belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema<'a> {
    pub value: &'a Value,
    pub side: Side,
}

impl Schema<'_> {
    /// The place in memory identifies a schema.
    pub(super) fn key(&self) -> usize {
        ptr::from_ref(self.value).addr()
    }

    /// Checks whether nothing can match, as it says so.
    pub(super) fn is_nothing(&self) -> bool {
        self.value == false
    }

    /// Checks whether it says nothing about values.
    pub(super) fn is_anything(&self) -> bool {
        match self.value {
            Value::Bool(all) => *all,
            Value::Object(members) => members.is_empty(),
            _ => false,
        }
    }
}

impl PartialEq for Schema<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Schema<'_> {}

impl hash::Hash for Schema<'_> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}
