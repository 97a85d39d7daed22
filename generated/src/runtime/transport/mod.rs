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
/// program that must send its requests through a stack of its own. A transport sees everything, the
/// `Authorization` header and the body of a token renewal included: it must not log them.
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends `request` and resolves when the head of the response has arrived.
    ///
    /// The runtime drops the future, or the body, when time runs out.
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
    pub fn stream(pieces: impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static) -> Self {
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
    timeout: bool,
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
    pub fn new(kind: TransportErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            kind,
            timeout: false,
            source: source.into(),
        }
    }

    /// The same error, known to be a limit of time that ran out, such as that of connecting.
    #[must_use]
    pub fn timed_out(mut self) -> Self {
        self.timeout = true;
        self
    }

    /// Whether a limit of time ran out.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.timeout
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
            TransportErrorKind::Interrupted => "the connection broke before the whole answer arrived",
            TransportErrorKind::Request => "the request could not be sent",
        };
        // Libraries put the reason at the end of the chain; a person wants it in the same line.
        let mut text = String::from(what);
        let mut next: Option<&(dyn StdError + 'static)> = Some(&*self.source);
        while let Some(error) = next {
            let cause = error.to_string();
            if !text.ends_with(&cause) {
                text.push_str(": ");
                text.push_str(&cause);
            }
            next = error.source();
        }
        formatter.write_str(&text)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}
