//! The transport over HTTP with reqwest.

use super::{BoxFuture, ResponseBody, Transport, TransportError, TransportErrorKind};
use crate::runtime::{builder::CONNECT_TIMEOUT, error::Error};
use bytes::Bytes;
use std::{
    error::Error as StdError,
    fmt,
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};
use tokio::runtime::{Handle, Id};

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
compile_error!("funnelflux needs TLS: enable the feature `rustls` (on by default) or `native-tls`");

/// Transport over HTTP, the default transport of a client.
///
/// This transport does not follow redirects. With the feature `rustls`, it verifies certificates in the same
/// way as the operating system.
///
/// # Proxies
/// Requests to another machine obey `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`. A proxy can read
/// requests over plain `http`, but sees requests over `https` only in encrypted form. With or without a
/// proxy, tokens are sent to another machine over plain `http` only with
/// [`ClientBuilder::allow_plain_http`](crate::ClientBuilder::allow_plain_http). Requests to the local machine
/// (`localhost`, 127.0.0.0/8, `::1`) always bypass proxies.
///
/// # Private certificate authorities
/// Add the authority to the certificates of the operating system. On Linux, the variables `SSL_CERT_FILE` (a
/// PEM file) and `SSL_CERT_DIR` replace those certificates; on macOS and Windows, `rustls` ignores the
/// variables. If you set one of the variables, the file or folder must also include the public authorities
/// that the program needs. To trust an authority in one client only, pass a rustls configuration that
/// includes it to `tls_backend_preconfigured` in `ClientBuilder::reqwest` (feature `reqwest`).
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
    clients: ClientsPerRuntime,
    origin: CachedOrigin,
}

/// Changes the settings of a reqwest client before it is built.
pub(crate) type Configure = Box<dyn Fn(::reqwest::ClientBuilder) -> ::reqwest::ClientBuilder + Send + Sync>;

impl HttpTransport {
    /// Creates a transport that connects within 10 s.
    ///
    /// # Errors
    /// Returns an error if TLS cannot be set up.
    pub fn new() -> Result<Self, Error> {
        Self::with_connect_timeout(CONNECT_TIMEOUT)
    }

    /// Creates a transport with a time limit for connecting, including the TLS handshake.
    ///
    /// # Errors
    /// Returns an error if TLS cannot be set up.
    pub fn with_connect_timeout(timeout: Duration) -> Result<Self, Error> {
        Self::configured(timeout, None)
    }

    /// Creates a transport with the settings of the caller. Requests to the local machine bypass the proxies
    /// in these settings.
    pub(crate) fn configured(connect_timeout: Duration, configure: Option<Configure>) -> Result<Self, Error> {
        let tls = tls()?;
        let settings = move || {
            let builder = ::reqwest::Client::builder()
                .redirect(::reqwest::redirect::Policy::none())
                .connect_timeout(connect_timeout);
            let builder = tls(builder);
            match &configure {
                Some(configure) => configure(builder),
                None => builder,
            }
        };
        let build = move || {
            Ok(Clients {
                general: settings().build()?,
                direct: settings().no_proxy().build()?,
            })
        };
        let clients = ClientsPerRuntime::new(Box::new(build))
            .map_err(|error| Error::configuration(format!("cannot set up the HTTP client: {error}")))?;
        Ok(Self {
            clients,
            origin: CachedOrigin::default(),
        })
    }
}

/// Maximum number of runtimes whose connections are kept.
const RUNTIMES: usize = 16;

/// HTTP clients of one runtime.
#[derive(Clone)]
struct Clients {
    /// Client for requests to other machines.
    general: ::reqwest::Client,
    /// Client for requests to the local machine, without proxies.
    direct: ::reqwest::Client,
}

/// HTTP clients for each Tokio runtime. Each runtime has its own connections.
///
/// A runtime drives the connections that were opened on it. A current-thread runtime does not always run: its
/// thread may wait for another runtime, for example. A request on a connection of such a runtime would then
/// hang.
struct ClientsPerRuntime {
    build: Box<dyn Fn() -> ::reqwest::Result<Clients> + Send + Sync>,
    /// The most recently created clients come last. The initial clients do not belong to a runtime until they
    /// are used.
    clients: Mutex<Vec<(Option<Id>, Clients)>>,
}

impl ClientsPerRuntime {
    fn new(build: Box<dyn Fn() -> ::reqwest::Result<Clients> + Send + Sync>) -> ::reqwest::Result<Self> {
        let clients = Mutex::new(vec![(None, build()?)]);
        Ok(Self { build, clients })
    }

    /// Clients of the current runtime.
    fn get(&self) -> ::reqwest::Result<Clients> {
        let runtime = Handle::try_current().ok().map(|handle| handle.id());
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, clients)) = clients.iter().find(|(owner, _)| *owner == runtime) {
            return Ok(clients.clone());
        }
        if let Some((owner @ None, clients)) = clients.first_mut() {
            *owner = runtime;
            return Ok(clients.clone());
        }
        let built = (self.build)()?;
        if clients.len() >= RUNTIMES {
            clients.remove(0);
        }
        clients.push((runtime, built.clone()));
        Ok(built)
    }
}

impl fmt::Debug for ClientsPerRuntime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ClientsPerRuntime")
    }
}

/// Checks whether a URL leads to the local machine.
pub(crate) fn is_loopback(url: &::reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    // A dot at the end marks an absolute name, such as `localhost.`.
    host.strip_suffix('.').unwrap_or(host) == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Parsed scheme, host and port of the first request. They are cached because all requests of a client share
/// them, and because parsing the host is half the work of parsing a URL.
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
        // If another task has set the value in the meantime, that value stays.
        let _ = self.0.set(origin);
        Ok(url)
    }
}

/// Checks whether the URI and `origin` have the same scheme, host and port, written in the same way.
fn has_origin(uri: &http::Uri, origin: &::reqwest::Url) -> bool {
    let rest = origin.as_str().strip_prefix(uri.scheme_str().unwrap_or_default());
    let authority = rest.and_then(|rest| rest.strip_prefix("://")?.strip_suffix('/'));
    authority.is_some() && authority == uri.authority().map(http::uri::Authority::as_str)
}

/// Returns the TLS settings of all connections. They use rustls with ring, even if the process has another
/// default provider.
#[cfg(feature = "rustls")]
fn tls() -> Result<impl Fn(::reqwest::ClientBuilder) -> ::reqwest::ClientBuilder + Send + Sync, Error> {
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
    Ok(move |builder: ::reqwest::ClientBuilder| builder.tls_backend_preconfigured(config.clone()))
}

/// Returns the TLS settings of all connections. They use the library of the operating system.
#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
#[expect(clippy::unnecessary_wraps, reason = "same signature as with rustls")]
fn tls() -> Result<impl Fn(::reqwest::ClientBuilder) -> ::reqwest::ClientBuilder + Send + Sync, Error> {
    Ok(::reqwest::ClientBuilder::tls_backend_native)
}

impl Transport for HttpTransport {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let url = self.origin.url(&head.uri)?;
            let loopback = is_loopback(&url);
            let mut request = ::reqwest::Request::new(head.method, url);
            *request.headers_mut() = head.headers;
            *request.body_mut() = Some(body.into());
            let clients = self.clients.get().map_err(classify)?;
            let client = if loopback { clients.direct } else { clients.general };
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
    let kind = if has_certificate_error(&error) {
        TransportErrorKind::Certificate
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_builder() {
        TransportErrorKind::Request
    } else {
        TransportErrorKind::Interrupted
    };
    let timed_out = error.is_timeout();
    // The URL is removed, because the error of the call already states the operation and its path.
    let error = TransportError::new(kind, error.without_url());
    if timed_out { error.timed_out() } else { error }
}

/// Searches the chain of causes for a certificate error, which the TLS library may hide inside of I/O errors.
fn has_certificate_error(error: &::reqwest::Error) -> bool {
    let mut next: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(error) = next {
        if is_certificate_error(error) {
            return true;
        }
        // `source` of an I/O error skips its inner error.
        let inner = error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    false
}

#[cfg(feature = "rustls")]
fn is_certificate_error(error: &(dyn StdError + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))
}

/// Recognises a certificate error by its text, because the libraries of the operating systems have no common
/// type for such errors.
#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
fn is_certificate_error(error: &(dyn StdError + 'static)) -> bool {
    error.to_string().contains("certificate")
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
