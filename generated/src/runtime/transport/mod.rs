//! How requests leave the process: a trait with one method, and the implementation by reqwest.
//!
//! The runtime decides what is sent, when and how often; a transport sends one request once.

pub(crate) mod reqwest;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt as _;
use std::{error::Error as StdError, fmt, future::Future, pin::Pin};

/// A boxed future, as a [`Transport`] returns it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends one request, once: no retries, no redirects, no credentials of its own.
///
/// The crate brings a transport over HTTP. Another one is for tests without sockets, or for a
/// program that must send its requests through a stack of its own.
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends `request` and resolves when the head of the response has arrived.
    ///
    /// # Errors
    /// When no response arrived; the error says whether the service may have received the request.
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>>;
}

/// The body of a response, arriving in pieces.
pub struct ResponseBody(Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>);

impl ResponseBody {
    /// A body that arrives in pieces.
    pub fn stream(
        pieces: impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static,
    ) -> Self {
        Self(Box::pin(pieces))
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, TransportError>> {
        self.0.next().await
    }
}

impl From<Bytes> for ResponseBody {
    fn from(body: Bytes) -> Self {
        Self::stream(futures_util::stream::once(std::future::ready(Ok(body))))
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ResponseBody")
    }
}

/// Why no whole response arrived.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Box<dyn StdError + Send + Sync>,
}

/// What went wrong below HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection came about: the service has not received the request.
    Connect,
    /// The connection broke afterwards: the service may have received and applied the request.
    Interrupted,
    /// The request could not be built or sent at all, and sending it again will not help.
    Request,
}

impl TransportError {
    /// An error of the given kind.
    pub fn new(
        kind: TransportErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            source: source.into(),
        }
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            TransportErrorKind::Connect => "no connection to the service",
            TransportErrorKind::Interrupted => {
                "the connection broke before the whole answer arrived"
            }
            TransportErrorKind::Request => "the request could not be sent",
        };
        write!(formatter, "{what}: {}", self.source)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}
