//! A schema of one of the two documents.

use std::{hash, ptr};

use serde_json::{Map, Value};

use funnelflux_openapi::openapi_model::matches_nothing;

use crate::level::{Direction, Side};

/// The schema that no value matches.
static NOTHING: Value = Value::Bool(false);

/// A document whose schemas are compared.
#[derive(Clone, Copy)]
pub(crate) struct Root<'a> {
    pub value: &'a Value,
    /// True if the source text expresses null as a type, as in `OpenAPI` 3.1.
    pub has_null_type: bool,
}

/// A schema and the document that it belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema<'a> {
    pub value: &'a Value,
    pub side: Side,
}

/// Two schemas to compare: the sender's schema (`small`) and the receiver's schema (`large`). Every value
/// that the sender's schema allows must be allowed by the receiver's schema.
pub(crate) type Pair<'a> = (Schema<'a>, Schema<'a>);

impl<'a> Schema<'a> {
    pub(crate) fn new(value: &'a Value, side: Side) -> Self {
        Self { value, side }
    }

    /// Returns the sender's schema and the receiver's schema for messages of a direction. Clients follow the
    /// old document, and the service follows the new document. So the sender's schema is the old schema in a
    /// request, and the new schema in a response.
    pub(crate) fn pair(direction: Direction, [old, new]: [&'a Value; 2]) -> Pair<'a> {
        let (old, new) = (Self::new(old, Side::Old), Self::new(new, Side::New));
        match direction {
            Direction::Response => (new, old),
            _ => (old, new),
        }
    }

    /// Returns the schema that no value matches.
    pub(super) fn nothing(side: Side) -> Self {
        Self::new(&NOTHING, side)
    }

    /// Returns the schema `value`, which is in the same document as this schema.
    pub(super) fn part(self, value: &'a Value) -> Self {
        Self { value, ..self }
    }

    /// Adds the schema to a list. A value must match all schemas of the list, so a schema that allows every
    /// value is skipped. So is a schema that is in the list already.
    pub(super) fn add_to(self, schemas: &mut Vec<Self>) {
        if !schemas.contains(&self) && !self.is_anything() {
            schemas.push(self);
        }
    }

    /// Returns the address of the schema in memory, which identifies the schema.
    pub(super) fn key(&self) -> usize {
        ptr::from_ref(self.value).addr()
    }

    /// Checks whether the schema allows no value, because it is `false` or contains `"not": {}`.
    pub(super) fn is_nothing(&self) -> bool {
        *self.value == false || self.value.as_object().is_some_and(matches_nothing)
    }

    /// Checks whether the schema allows every value, because it is `true` or empty.
    pub(super) fn is_anything(&self) -> bool {
        *self.value == true || self.value.as_object().is_some_and(Map::is_empty)
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
