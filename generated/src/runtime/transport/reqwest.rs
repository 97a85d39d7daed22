//! The transport over HTTP, by reqwest.

use super::{BoxFuture, ResponseBody, Transport, TransportError, TransportErrorKind};
use crate::runtime::error::Error;
use bytes::Bytes;
use std::time::Duration;

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
compile_error!(
    "funnelflux talks to its service over TLS: enable the feature `rustls` (on by default) or `native-tls`"
);

/// Sends requests over HTTP.
#[derive(Clone, Debug)]
pub(crate) struct ReqwestTransport(::reqwest::Client);

impl ReqwestTransport {
    /// Around a client that somebody else has set up.
    pub(crate) fn from_client(client: ::reqwest::Client) -> Self {
        Self(client)
    }

    /// With TLS as the features of the crate choose it, and without redirects.
    pub(crate) fn new(connect_timeout: Duration) -> Result<Self, Error> {
        let builder = ::reqwest::Client::builder()
            .redirect(::reqwest::redirect::Policy::none())
            .connect_timeout(connect_timeout);
        let client = with_tls(builder)?.build().map_err(|error| {
            Error::configuration(format!("the HTTP client cannot be set up: {error}"))
        })?;
        Ok(Self(client))
    }
}

/// Rustls with ring, chosen for this client alone: the process may have another default provider, or none.
#[cfg(feature = "rustls")]
fn with_tls(builder: ::reqwest::ClientBuilder) -> Result<::reqwest::ClientBuilder, Error> {
    use rustls_platform_verifier::BuilderVerifierExt;

    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| Error::configuration(format!("TLS cannot be set up: {error}")))?
        .with_no_client_auth();
    #[cfg(feature = "http2")]
    config.alpn_protocols.push(b"h2".to_vec());
    config.alpn_protocols.push(b"http/1.1".to_vec());
    Ok(builder.tls_backend_preconfigured(config))
}

/// The library of the operating system.
#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "the same signature for each choice of TLS"
)]
fn with_tls(builder: ::reqwest::ClientBuilder) -> Result<::reqwest::ClientBuilder, Error> {
    Ok(builder.tls_backend_native())
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
    let timed_out = error.is_timeout();
    // The URL of an error may carry IDs but never a secret; it is left out because ours is better placed.
    let error = TransportError::new(kind, error.without_url());
    if timed_out { error.timed_out() } else { error }
}

#[cfg(all(test, feature = "rustls"))]
mod tests {
    use super::*;

    #[test]
    fn the_process_keeps_its_choice_of_a_tls_provider() {
        ReqwestTransport::new(Duration::from_secs(1)).unwrap();
        assert!(rustls::crypto::CryptoProvider::get_default().is_none());
    }
}
