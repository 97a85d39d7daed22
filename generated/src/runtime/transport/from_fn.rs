//! A transport made from a function.

use super::{BoxFuture, ResponseBody, Transport, TransportError};
use bytes::Bytes;
use std::{fmt, future::Future};

/// Creates a transport from an async function, to answer requests in a test or to wrap another transport.
///
/// The body of the response is [`Bytes`] or a [`ResponseBody`].
///
/// ```
/// use funnelflux::{Client, bytes::Bytes, http, transport::{self, HttpTransport, Transport as _}};
/// use std::sync::Arc;
///
/// // Answers every request with an empty list.
/// let empty = transport::from_fn(async |_| Ok(http::Response::new(Bytes::from("[]"))));
/// let client = Client::builder().transport(empty).build()?;
///
/// // Prints every request.
/// let inner = Arc::new(HttpTransport::new()?);
/// let verbose = transport::from_fn(move |request| {
///     let inner = Arc::clone(&inner);
///     async move {
///         println!("{} {}", request.method(), request.uri().path());
///         inner.send(request).await
///     }
/// });
/// let client = Client::builder().transport(verbose).build()?;
/// # Ok::<(), funnelflux::Error>(())
/// ```
pub fn from_fn<F, R, B>(function: F) -> FromFn<F>
where
    F: Fn(http::Request<Bytes>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<http::Response<B>, TransportError>> + Send + 'static,
    B: Into<ResponseBody>,
{
    FromFn(function)
}

/// Transport that [`from_fn`] creates.
#[derive(Clone)]
pub struct FromFn<F>(F);

impl<F, R, B> Transport for FromFn<F>
where
    F: Fn(http::Request<Bytes>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<http::Response<B>, TransportError>> + Send + 'static,
    B: Into<ResponseBody>,
{
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        let response = (self.0)(request);
        Box::pin(async move { Ok(response.await?.map(Into::into)) })
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FromFn")
    }
}
