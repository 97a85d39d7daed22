//! Levels of changes, the sides of a comparison, and directions and encodings of messages.

use std::fmt;

use serde::Serialize;

/// Meaning of a change on the wire, for any client. The levels are ordered from harmless to harmful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The change affects only documentation.
    Docs,
    /// Existing clients do not notice the change.
    Info,
    /// The change may be harmful. A person has to judge it.
    Warning,
    /// A correct client can fail because of the change.
    Breaking,
}

/// One of the two documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The old document.
    Old,
    /// The new document.
    New,
}

impl Side {
    /// Returns the element of `[old, new]` that belongs to this side.
    pub(crate) fn of<T>(self, [old, new]: [T; 2]) -> T {
        match self {
            Self::Old => old,
            Self::New => new,
        }
    }
}

/// The messages that a change affects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The change does not affect messages, or no operation uses the changed part.
    None,
    /// Messages to the service.
    Request,
    /// Messages from the service.
    Response,
    /// Requests and responses.
    Both,
}

impl Direction {
    /// Checks whether a change in this direction affects messages of the direction `messages`. A change with
    /// the direction `None` counts as affecting all messages.
    pub(crate) fn wants(self, messages: Self) -> bool {
        match self {
            Self::Request | Self::Response => messages == self,
            Self::Both | Self::None => true,
        }
    }

    pub(crate) fn union(self, other: Self) -> Self {
        match (self, other) {
            (direction, Self::None) | (Self::None, direction) => direction,
            (direction, other) if direction == other => direction,
            _ => Self::Both,
        }
    }
}

/// The encoding of values in messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Encoding {
    /// As in JSON bodies: the number `1` and the string `1` differ.
    Typed,
    /// As in the query: the number `1`, the string `"1"` and the lists `[1]` and `["1"]` are sent as the same
    /// text.
    Text,
    /// As in headers: like `Text`, but a whole list or object is sent as one text, such as `a,b`.
    OneText,
    /// As in the items or properties of a list or an object that is sent as text.
    InnerText,
    /// As in the body of a form: the value is an object, and its properties are the fields of the form.
    Form,
    /// As in a field of a form: like `Text`, but an object is sent as JSON.
    FormField,
}

impl Encoding {
    /// Returns the encoding of the items or properties of a list or an object that is sent in this encoding.
    pub(crate) fn inner(self, is_item: bool) -> Self {
        match self {
            Self::Text | Self::OneText | Self::InnerText => Self::InnerText,
            Self::Form => Self::FormField,
            Self::FormField if is_item => Self::FormField,
            Self::FormField | Self::Typed => Self::Typed,
        }
    }
}

/// Implements `Display`, which writes the name of a variant in lower case and respects padding.
macro_rules! display_lowercase {
    ($($type:ident),*) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&format!("{self:?}").to_lowercase())
            }
        }
    )*};
}
display_lowercase!(Level, Direction);
