//! The transport over HTTP, by reqwest.

use super::{BoxFuture, ResponseBody, Transport, TransportError, TransportErrorKind};
use bytes::Bytes;

/// Sends requests over HTTP.
#[derive(Clone, Debug)]
pub(crate) struct ReqwestTransport(::reqwest::Client);

impl ReqwestTransport {
    pub(crate) fn new(client: ::reqwest::Client) -> Self {
        Self(client)
    }
}

impl Transport for ReqwestTransport {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        Box::pin(async move {
            let request = ::reqwest::Request::try_from(request)
                .map_err(|error| TransportError::new(TransportErrorKind::Request, error))?;
            let mut response = self.0.execute(request).await.map_err(classify)?;
            let mut head = http::Response::builder().status(response.status());
            if let Some(headers) = head.headers_mut() {
                *headers = std::mem::take(response.headers_mut());
            }
            let pieces = futures_util::stream::unfold(response, |mut response| async move {
                let piece = response.chunk().await.transpose()?;
                Some((piece.map_err(classify), response))
            });
            head.body(ResponseBody::stream(pieces))
                .map_err(|error| TransportError::new(TransportErrorKind::Interrupted, error))
        })
    }
}

fn classify(error: ::reqwest::Error) -> TransportError {
    let kind = if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_builder() {
        TransportErrorKind::Request
    } else {
        TransportErrorKind::Interrupted
    };
    // The URL of an error may carry IDs but never a secret; it is left out because ours is better placed.
    TransportError::new(kind, error.without_url())
}
