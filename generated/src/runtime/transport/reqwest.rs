//! The transport over HTTP with reqwest.

use super::{BoxFuture, ResponseBody, Transport, TransportError, TransportErrorKind};
use crate::runtime::{builder::CONNECT_TIMEOUT, error::Error};
use bytes::Bytes;
use std::{sync::OnceLock, time::Duration};

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
compile_error!("funnelflux needs TLS: enable the feature `rustls` (on by default) or `native-tls`");

/// Transport over HTTP, which a client uses unless it is given another one.
///
/// It follows no redirects. With the feature `rustls`, it verifies certificates like the operating system.
///
/// # Proxies
/// Requests to another machine obey `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`. Requests over
/// `https` pass a proxy encrypted. Requests over plain `http` do not, and need
/// [`ClientBuilder::allow_plain_http`](crate::ClientBuilder::allow_plain_http) whether there is a proxy or
/// not. Requests to this machine (`localhost`, 127.0.0.0/8, `::1`) never pass a proxy.
///
/// # Private certificate authorities
/// Add the authority to the certificates of the operating system. On Linux, the variables `SSL_CERT_FILE` (a
/// PEM file) and `SSL_CERT_DIR` replace those certificates; on macOS and Windows `rustls` ignores them. The
/// file must then contain the public authorities, too, if they are needed. To trust an authority in one
/// client only, configure a
/// [`reqwest::Client`](crate::ClientBuilder::reqwest_client) with it.
///
/// ```
/// use funnelflux::{Client, transport::HttpTransport};
/// use std::sync::Arc;
///
/// // Two clients with different settings share their connections.
/// let transport = Arc::new(HttpTransport::new()?);
/// let first = Client::builder().transport(Arc::clone(&transport)).build()?;
/// let second = Client::builder().max_response_bytes(1_000).transport(transport).build()?;
/// # Ok::<(), funnelflux::Error>(())
/// ```
#[derive(Debug)]
pub struct HttpTransport {
    client: ::reqwest::Client,
    /// Client without proxies, for requests to this machine.
    direct: ::reqwest::Client,
    origin: CachedOrigin,
}

impl HttpTransport {
    /// Creates a transport that connects within 10 s.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, Error> {
        Self::with_connect_timeout(CONNECT_TIMEOUT)
    }

    /// Creates a transport with a time limit for connecting, TLS included.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn with_connect_timeout(timeout: Duration) -> Result<Self, Error> {
        let tls = Tls::new()?;
        let build = |builder: ::reqwest::ClientBuilder| {
            let builder = builder
                .redirect(::reqwest::redirect::Policy::none())
                .connect_timeout(timeout);
            let built = tls.configure(builder).build();
            built.map_err(|error| Error::configuration(format!("cannot set up the HTTP client: {error}")))
        };
        Ok(Self {
            client: build(::reqwest::Client::builder())?,
            direct: build(::reqwest::Client::builder().no_proxy())?,
            origin: CachedOrigin::default(),
        })
    }

    /// Uses a client configured by the caller.
    pub(crate) fn from_client(client: ::reqwest::Client) -> Self {
        Self {
            direct: client.clone(),
            client,
            origin: CachedOrigin::default(),
        }
    }
}

/// Recognises a URL of this machine.
pub(crate) fn is_loopback(url: &::reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Parsed scheme, host and port of the first request. The other requests of a client share them, and parsing
/// the host is half the work of parsing a URL.
#[derive(Debug, Default)]
struct CachedOrigin(OnceLock<::reqwest::Url>);

impl CachedOrigin {
    /// Converts the URI to reqwest's type.
    fn url(&self, uri: &http::Uri) -> Result<::reqwest::Url, TransportError> {
        let cached = self.0.get().filter(|origin| has_origin(uri, origin));
        if let Some(origin) = cached {
            let mut url = origin.clone();
            url.set_path(uri.path());
            url.set_query(uri.query());
            return Ok(url);
        }
        let url = ::reqwest::Url::parse(&uri.to_string())
            .map_err(|error| TransportError::new(TransportErrorKind::Request, error))?;
        let mut origin = url.clone();
        origin.set_path("");
        origin.set_query(None);
        // If another task was faster, its origin stays.
        let _ = self.0.set(origin);
        Ok(url)
    }
}

/// Checks that the URI begins with exactly this scheme, host and port.
fn has_origin(uri: &http::Uri, origin: &::reqwest::Url) -> bool {
    let rest = origin.as_str().strip_prefix(uri.scheme_str().unwrap_or_default());
    let authority = rest.and_then(|rest| rest.strip_prefix("://")?.strip_suffix('/'));
    authority.is_some() && authority == uri.authority().map(http::uri::Authority::as_str)
}

/// TLS of all connections: rustls with ring, independent of the process's default provider.
#[cfg(feature = "rustls")]
struct Tls(rustls::ClientConfig);

#[cfg(feature = "rustls")]
impl Tls {
    fn new() -> Result<Self, Error> {
        use rustls_platform_verifier::BuilderVerifierExt;

        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(BuilderVerifierExt::with_platform_verifier)
            .map_err(|error| Error::configuration(format!("cannot set up TLS: {error}")))?
            .with_no_client_auth();
        #[cfg(feature = "http2")]
        config.alpn_protocols.push(b"h2".to_vec());
        config.alpn_protocols.push(b"http/1.1".to_vec());
        Ok(Self(config))
    }

    fn configure(&self, builder: ::reqwest::ClientBuilder) -> ::reqwest::ClientBuilder {
        builder.tls_backend_preconfigured(self.0.clone())
    }
}

/// TLS of all connections: the library of the operating system.
#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
struct Tls;

#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
impl Tls {
    #[expect(clippy::unnecessary_wraps, reason = "same signature as with rustls")]
    fn new() -> Result<Self, Error> {
        Ok(Self)
    }

    #[expect(clippy::unused_self, reason = "same signature as with rustls")]
    fn configure(&self, builder: ::reqwest::ClientBuilder) -> ::reqwest::ClientBuilder {
        builder.tls_backend_native()
    }
}

impl Transport for HttpTransport {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let url = self.origin.url(&head.uri)?;
            let client = if is_loopback(&url) {
                &self.direct
            } else {
                &self.client
            };
            let mut request = ::reqwest::Request::new(head.method, url);
            *request.headers_mut() = head.headers;
            *request.body_mut() = Some(body.into());
            let mut response = client.execute(request).await.map_err(classify)?;
            let mut head = http::Response::builder().status(response.status());
            if let Some(headers) = head.headers_mut() {
                *headers = std::mem::take(response.headers_mut());
            }
            let chunks = futures_util::stream::unfold(response, |mut response| async move {
                let chunk = response.chunk().await.transpose()?;
                Some((chunk.map_err(classify), response))
            });
            head.body(ResponseBody::stream(chunks))
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
    // Our own error already names the operation and its path.
    let error = TransportError::new(kind, error.without_url());
    if timed_out { error.timed_out() } else { error }
}

#[cfg(all(test, feature = "rustls"))]
mod tests {
    use super::*;

    #[test]
    fn a_cached_origin_gives_the_same_urls_as_parsing() {
        let origin = CachedOrigin::default();
        for address in [
            "https://api.example.com/v1/offersource/list/?status=all",
            "https://api.example.com/v1/offersource/list/?status=all",
            "https://api.example.com/v1/offersource/find/byIds/?idOfferSources=1%2C2&x=%20a%26b",
            "https://api.example.com/v1/a b\u{fc}/",
            "https://api.example.com",
            "https://api.example.com/",
            "https://api.example.com?x",
            "https://api.example.com/?",
            "https://api.example.com/v1/../%2e%2e/x//y/./z",
            "https://api.example.com/v1/'\"|^`{}",
            "https://api.example.com:8443/v1/",
            "http://api.example.com/v1/",
            "https://API.example.com/v1/",
            "https://api.example.com:443/v1/",
            "https://api.example.com.evil.example/v1/",
            "https://user@api.example.com/v1/",
            "http://[::1]:8080/x",
        ] {
            // Skips texts that are not URIs.
            let Ok(uri) = http::Uri::try_from(address) else {
                continue;
            };
            let parsed = ::reqwest::Url::parse(&uri.to_string()).unwrap();
            for _ in 0..2 {
                assert_eq!(origin.url(&uri).unwrap(), parsed, "{address}");
            }
            let first = CachedOrigin::default();
            assert_eq!(first.url(&uri).unwrap(), parsed, "{address}");
            assert_eq!(first.url(&uri).unwrap(), parsed, "{address}");
        }
    }

    #[test]
    fn no_default_tls_provider_is_installed() {
        HttpTransport::new().unwrap();
        assert!(rustls::crypto::CryptoProvider::get_default().is_none());
    }
}
