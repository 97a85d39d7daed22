//! An operation of the document as data: what the retry, the logs and the errors need to know of it.

use std::{borrow::Cow, fmt};

/// One operation of the API.
///
/// The table of all operations is generated; [`crate::operations`] lists it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Operation {
    /// Name of the operation, the same as the method's: `list_offer_sources`.
    pub id: &'static str,
    /// HTTP method.
    pub method: http::Method,
    /// Path below the base URL, exactly as documented, with its trailing slash.
    pub path: &'static str,
    /// Tag of the document that groups the operation.
    pub tag: &'static str,
    /// One line on what it does.
    pub summary: &'static str,
    /// Whether it may be sent again when the first answer is not known.
    pub repeat: Repeat,
    /// Whether it carries a request body.
    pub request_body: RequestBody,
}

impl Operation {
    /// First segment of its path: the kind of assets that it is about.
    pub(crate) fn segment(&self) -> &'static str {
        self.path.split('/').nth(1).unwrap_or_default()
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({} {})", self.id, self.method, self.path)
    }
}

/// Whether an operation may be sent again after it may have been received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repeat {
    /// It only reads: it may always be repeated.
    Read,
    /// It writes, and twice is the same as once: it may be repeated.
    Idempotent,
    /// It creates under an ID that the client chose: it may be repeated, and reading that ID back
    /// tells whether it was applied.
    ClientId,
    /// Twice makes two: it is never repeated once it may have been received.
    Never,
}

/// Whether an operation carries a request body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestBody {
    /// It carries none.
    None,
    /// It may be sent with or without one.
    Optional,
    /// It is always sent with one.
    Required,
}

/// What a request is for: an operation of the document, or a path of the caller's own.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) id: &'static str,
    pub(crate) method: http::Method,
    pub(crate) path: Cow<'static, str>,
    pub(crate) repeat: Repeat,
}

impl From<&'static Operation> for Target {
    fn from(operation: &'static Operation) -> Self {
        Self {
            id: operation.id,
            method: operation.method.clone(),
            path: Cow::Borrowed(operation.path),
            repeat: operation.repeat,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({} {})", self.id, self.method, self.path)
    }
}
