//! The one error type of every call.

use super::operation::Operation;
use super::transport::TransportError;
use std::{error::Error as StdError, fmt};

/// Why a call failed. (Skeleton: the runtime helper owns and completes it.)
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) operation: Option<&'static Operation>,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Configuration(String),
    Encode(serde_json::Error),
    Transport(TransportError),
    Status(http::StatusCode, bytes::Bytes),
    Decode {
        path: String,
        source: serde_json::Error,
    },
}

impl Error {
    pub(crate) fn new(operation: Option<&'static Operation>, kind: Kind) -> Self {
        Self(Box::new(Inner { operation, kind }))
    }

    /// Status of the response, where there was one.
    #[must_use]
    pub fn status(&self) -> Option<http::StatusCode> {
        match &self.0.kind {
            Kind::Status(status, _) => Some(*status),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.operation {
            write!(formatter, "{operation}: ")?;
        }
        match &self.0.kind {
            Kind::Configuration(message) => formatter.write_str(message),
            Kind::Encode(error) => write!(formatter, "the request could not be encoded: {error}"),
            Kind::Transport(error) => write!(formatter, "{error}"),
            Kind::Status(status, body) => {
                write!(formatter, "{status}: {}", String::from_utf8_lossy(body))
            }
            Kind::Decode { path, source } => write!(formatter, "at {path}: {source}"),
        }
    }
}

impl StdError for Error {}
