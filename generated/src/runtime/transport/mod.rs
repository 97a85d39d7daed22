//! The transport: a trait that sends one request once, and its implementation with reqwest.
//!
//! The attempt loop decides about requests, retries and redirects.

pub(crate) mod reqwest;

use super::error::debug_as_display;
use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt as _;
use std::{error::Error as StdError, fmt, future::Future, io, pin::Pin};

/// Boxed future that a [`Transport`] returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends one request once, without retries, redirects or credentials of its own.
///
/// The crate has a transport over HTTP. Implement another one for tests without sockets, or for a program
/// with its own HTTP stack. A transport sees everything, including the `Authorization` header and the body of
/// a token renewal, and must not log them.
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends `request` and resolves when the head of the response has arrived.
    ///
    /// The client drops the future, or the body, when a time limit is exceeded.
    ///
    /// # Errors
    /// When no response arrived; the error's kind says whether the service may have received the request.
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>>;
}

/// Body of a response, which arrives in chunks.
pub struct ResponseBody(Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>);

impl ResponseBody {
    /// Creates a body from a stream of chunks.
    pub fn stream(chunks: impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static) -> Self {
        Self(Box::pin(chunks))
    }

    /// Next chunk; `None` at the end.
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

/// Error of a request without a complete response.
///
/// Its text, which `Debug` prints as well, contains every cause, so it has no
/// [`source`](std::error::Error::source); [`cause`](Self::cause) is the error of the HTTP library.
pub struct TransportError {
    kind: TransportErrorKind,
    timeout: bool,
    source: Box<dyn StdError + Send + Sync>,
}

/// Cause of a transport error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection was established: the service has not received the request.
    Connect,
    /// The connection broke afterwards: the service may have received and applied the request.
    Interrupted,
    /// The certificate of the service is not trusted: the request was not sent, and a retry will not help.
    Certificate,
    /// The request could not be built or sent, and a retry will not help.
    Request,
}

impl TransportError {
    /// Creates an error of the given kind.
    pub fn new(kind: TransportErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            kind,
            timeout: false,
            source: source.into(),
        }
    }

    /// Marks the error as an exceeded time limit, such as that of connecting.
    #[must_use]
    pub fn timed_out(mut self) -> Self {
        self.timeout = true;
        self
    }

    /// Returns true if a time limit was exceeded.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.timeout
    }

    /// The underlying error.
    #[must_use]
    pub fn cause(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.source
    }

    /// Kind of the error.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

/// For transports in tests: a refused or impossible connection is [`Connect`](TransportErrorKind::Connect), and
/// every other error [`Interrupted`](TransportErrorKind::Interrupted).
impl From<io::Error> for TransportError {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkUnreachable};
        let no_connection = [
            AddrNotAvailable,
            ConnectionRefused,
            HostUnreachable,
            NetworkUnreachable,
        ];
        let kind = if no_connection.contains(&error.kind()) {
            TransportErrorKind::Connect
        } else {
            TransportErrorKind::Interrupted
        };
        Self::new(kind, error)
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let summary = match self.kind {
            TransportErrorKind::Connect => "no connection to the service",
            TransportErrorKind::Interrupted => "the connection broke before the complete response arrived",
            TransportErrorKind::Certificate => "the certificate of the service is not trusted",
            TransportErrorKind::Request => "the request could not be sent",
        };
        // Libraries put the reason at the end of the error chain; include it in this line.
        let mut text = String::from(summary);
        let mut next: Option<&(dyn StdError + 'static)> = Some(&*self.source);
        while let Some(error) = next {
            let cause = error.to_string();
            if !text.ends_with(&cause) {
                text.push_str(": ");
                text.push_str(&cause);
            }
            next = error.source();
        }
        formatter.write_str(&text)?;
        if self.kind == TransportErrorKind::Certificate {
            formatter.write_str(
                "; fix: check the base URL and the clock of this machine; if a proxy or a private authority \
                 issues the certificate, add its CA to the system's store, or name it in SSL_CERT_FILE",
            )?;
        }
        Ok(())
    }
}

debug_as_display!(TransportError);

impl StdError for TransportError {}
