//! The transport: a trait that sends one request once, and its implementation with reqwest.
//!
//! A transport makes no decisions: the attempt loop decides which requests are sent and repeated.
//!
//! Response bodies implement `http_body::Body`, as tower layers expect. Request bodies are [`Bytes`]: the
//! client may send a request again, so it keeps the complete body and needs cheap copies.

mod from_fn;
mod reqwest;
mod service;

pub use from_fn::{FromFn, from_fn};
pub use reqwest::HttpTransport;
pub(crate) use reqwest::{Configure, is_loopback};
pub use service::{FromService, TransportService, from_service};

use super::auth::Redactor;
use super::error::debug_as_display;
use bytes::Bytes;
use futures_core::Stream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use http_body::{Body, Frame};
use std::{
    borrow::Cow,
    error::Error as StdError,
    fmt,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

/// Boxed future. For example, [`Transport`] and [`TokenStore`](crate::auth::TokenStore) return such futures.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends one request once. A transport makes no retries, follows no redirects and adds no credentials.
///
/// [`HttpTransport`] is the default. You can wrap it with [`from_fn`] or with tower layers
/// ([`TransportService`]). You can also implement a transport, for tests without sockets or for a program
/// with its own HTTP stack. A transport sees the `Authorization` header and the body of a token renewal, and
/// must not log them.
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends `request` and resolves when the head of the response has arrived.
    ///
    /// The client drops the future, or the body, when a time limit is exceeded.
    ///
    /// # Errors
    /// Returns an error if no response arrived. The kind of the error states whether the service may have
    /// received the request.
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>>;
}

impl<T: Transport + ?Sized> Transport for Arc<T> {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        (**self).send(request)
    }
}

/// Body of a response, which arrives in chunks. The type implements [`http_body::Body`].
pub struct ResponseBody(Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>);

impl ResponseBody {
    /// Creates a body from a stream of chunks.
    pub fn stream(chunks: impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static) -> Self {
        Self(Box::pin(chunks))
    }

    /// Creates a body from any [`http_body::Body`]. Trailers are dropped.
    pub fn new<B>(body: B) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let body = Box::pin(body);
        Self::stream(futures_util::stream::unfold(body, |mut body| async move {
            loop {
                let frame = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await?;
                match frame.map(Frame::into_data) {
                    Ok(Ok(chunk)) => return Some((Ok(chunk), body)),
                    Ok(Err(_trailers)) => {}
                    Err(error) => return Some((Err(TransportError::from_source(error)), body)),
                }
            }
        }))
    }

    /// Reads the whole body.
    ///
    /// # Errors
    /// Returns an error if the connection breaks before the end.
    pub async fn bytes(self) -> Result<Bytes, TransportError> {
        let chunks: Vec<Bytes> = self.0.try_collect().await?;
        Ok(match chunks.as_slice() {
            // Most bodies arrive in one chunk, which needs no copy.
            [chunk] => chunk.clone(),
            chunks => chunks.concat().into(),
        })
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

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        self.0.as_mut().poll_next(context).map_ok(Frame::data)
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ResponseBody")
    }
}

/// Error of a request that got no complete response.
///
/// The text contains every cause, and `Debug` prints the same text. Therefore, the error has no
/// [`source`](std::error::Error::source). [`cause`](Self::cause) returns the error of the HTTP library.
pub struct TransportError {
    kind: TransportErrorKind,
    timeout: bool,
    source: Box<dyn StdError + Send + Sync>,
}

/// Cause of a transport error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection was established, so the service has not received the request.
    Connect,
    /// The connection broke after it was established, so the service may have received and applied the
    /// request.
    Interrupted,
    /// The service's certificate is not trusted. The request was not sent, and a retry will not help.
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

    /// Returns a transport error unchanged. Any other error becomes a broken connection: the service may have
    /// received the request.
    fn from_source(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        match error.into().downcast::<Self>() {
            Ok(error) => *error,
            Err(error) => Self::new(TransportErrorKind::Interrupted, error),
        }
    }

    /// Marks the error as an exceeded time limit, such as the connect timeout.
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

    /// Redacts secrets. If the text of a cause contains a secret, the redacted text replaces all causes.
    pub(crate) fn redact(mut self, redactor: &Redactor) -> Self {
        if let Cow::Owned(text) = redactor.redact_text(&self.causes()) {
            self.source = text.into();
        }
        self
    }

    /// Texts of all causes, because libraries often put the reason at the end of the chain.
    fn causes(&self) -> String {
        let mut text = self.source.to_string();
        let mut next = self.source.source();
        while let Some(error) = next {
            let cause = error.to_string();
            if !text.ends_with(&cause) {
                text.push_str(": ");
                text.push_str(&cause);
            }
            next = error.source();
        }
        text
    }
}

/// Converts an I/O error. Transports in tests use this conversion. If no connection was made, the kind is
/// [`Connect`](TransportErrorKind::Connect); otherwise it is
/// [`Interrupted`](TransportErrorKind::Interrupted).
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
        write!(formatter, "{summary}: {}", self.causes())?;
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
