//! Operations as data, for retries, logs and errors.

use std::{borrow::Cow, fmt};

/// An operation of the API.
///
/// [`crate::operations`] contains the generated table of all operations.
#[derive(Debug)]
#[non_exhaustive]
pub struct Operation {
    /// Name of the operation and of its method, such as `list_offer_sources`.
    pub id: &'static str,
    /// HTTP method.
    pub method: http::Method,
    /// Path relative to the base URL, exactly as documented, with its trailing slash.
    pub path: &'static str,
    /// OpenAPI tag of the operation.
    pub tag: &'static str,
    /// Summary in one line.
    pub summary: &'static str,
    /// Condition for sending the operation again.
    pub repeat: Repeat,
    /// Presence of a request body.
    pub request_body: RequestBody,
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({} {})", self.id, self.method, self.path)
    }
}

/// Condition for sending an operation again after the service may have received it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repeat {
    /// The operation only reads, and may be repeated.
    Read,
    /// The operation is an idempotent write, and may be repeated.
    Idempotent,
    /// The operation creates an asset under a client-generated ID, and may be repeated. Reading the ID back
    /// shows whether the operation was applied.
    ClientId,
    /// The operation creates a new asset each time, and is not repeated once the service may have received
    /// it.
    Never,
}

/// Presence of a request body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestBody {
    /// The operation has no request body.
    None,
    /// The body may be omitted.
    Optional,
    /// The body is required.
    Required,
}

/// Target of a request: an operation of the document, or a path of the caller.
#[derive(Clone, Debug)]
pub(crate) struct RequestTarget {
    pub(crate) id: &'static str,
    pub(crate) method: http::Method,
    pub(crate) path: Cow<'static, str>,
    pub(crate) repeat: Repeat,
}

impl From<&'static Operation> for RequestTarget {
    fn from(operation: &'static Operation) -> Self {
        Self {
            id: operation.id,
            method: operation.method.clone(),
            path: Cow::Borrowed(operation.path),
            repeat: operation.repeat,
        }
    }
}

impl fmt::Display for RequestTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({} {})", self.id, self.method, self.path)
    }
}
