//! Data about operations, for retries, logs and errors.

use std::{borrow::Cow, fmt};

/// An operation of the API.
///
/// [`crate::operations`] contains the generated table of all operations.
#[derive(Debug)]
#[non_exhaustive]
pub struct Operation {
    /// Name of the operation, such as `list_offer_sources`. The method of [`Client`](crate::Client) that
    /// calls the operation has the same name.
    pub id: &'static str,
    /// HTTP method.
    pub method: http::Method,
    /// Path relative to the base URL, exactly as documented, with its trailing slash.
    pub path: &'static str,
    /// OpenAPI tag of the operation.
    pub tag: &'static str,
    /// Summary in one line.
    pub summary: &'static str,
    /// Condition under which the operation may be sent again.
    pub repeat: Repeat,
    /// Requirement for a request body: none, optional or required.
    pub request_body: RequestBody,
    /// Parameters: path parameters in the order of the path, then required parameters by name, then optional
    /// parameters by name.
    pub parameters: &'static [Parameter],
    /// `true` if the operation is destructive and inferred. In that case, callers must acknowledge that it is
    /// inferred.
    pub requires_acknowledgement: bool,
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({} {})", self.id, self.method, self.path)
    }
}

/// Condition under which an operation may be sent again after the service may have received the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repeat {
    /// The operation only reads, and may be repeated.
    Read,
    /// The operation is an idempotent write, and may be repeated.
    Idempotent,
    /// The operation creates an asset under a client-generated ID, and may be repeated. Reading the asset
    /// with this ID shows whether the operation was applied.
    ClientId,
    /// Each repetition may have a further effect, such as another new asset. The operation is repeated only
    /// if the service cannot have received the request.
    Never,
}

/// Requirement for a request body.
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

/// A parameter of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// Name of the parameter in the OpenAPI document.
    pub name: &'static str,
    /// Place of the parameter in the request.
    pub place: ParameterPlace,
    /// `true` if callers must set the parameter.
    pub required: bool,
}

/// Place of a parameter in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParameterPlace {
    /// A part of the path, written as `{name}` in [`Operation::path`].
    Path,
    /// A header.
    Header,
    /// One value in the query.
    Query,
    /// One value in the query. The value contains a comma-separated list.
    QueryList,
    /// A list in the query; the name is repeated for each entry.
    QueryRepeated,
}

#[allow(dead_code, reason = "the document decides which places there are")]
impl Parameter {
    pub(crate) const fn path(name: &'static str, required: bool) -> Self {
        Self::new(name, ParameterPlace::Path, required)
    }

    pub(crate) const fn header(name: &'static str, required: bool) -> Self {
        Self::new(name, ParameterPlace::Header, required)
    }

    pub(crate) const fn query(name: &'static str, required: bool) -> Self {
        Self::new(name, ParameterPlace::Query, required)
    }

    pub(crate) const fn query_list(name: &'static str, required: bool) -> Self {
        Self::new(name, ParameterPlace::QueryList, required)
    }

    pub(crate) const fn query_repeated(name: &'static str, required: bool) -> Self {
        Self::new(name, ParameterPlace::QueryRepeated, required)
    }

    const fn new(name: &'static str, place: ParameterPlace, required: bool) -> Self {
        Self {
            name,
            place,
            required,
        }
    }
}

/// Target of a request: an operation of the document, or a path that the caller gives.
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
