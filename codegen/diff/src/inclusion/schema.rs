//! A schema of one of the two documents.

use std::{hash, ptr};

use serde_json::Value;

use crate::side::Side;

/// A document whose schemas are compared.
#[derive(Clone, Copy)]
pub(crate) struct Root<'a> {
    pub value: &'a Value,
    /// `nullable` adds null, also beside a composition.
    pub has_null_type: bool,
}

/// A schema and the document that it belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema<'a> {
    pub value: &'a Value,
    pub side: Side,
}

impl Schema<'_> {
    /// A schema is identified by its address in memory.
    pub(super) fn key(&self) -> usize {
        ptr::from_ref(self.value).addr()
    }

    /// Checks whether the schema explicitly matches nothing.
    pub(super) fn is_nothing(&self) -> bool {
        self.value == false
    }

    /// Checks whether the schema does not constrain values.
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
