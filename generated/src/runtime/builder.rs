//! The settings of a client, each with its default.

use super::{
    auth::{Credentials, FileTokenStore, Session, TokenStore},
    client::{Client, Settings, Shared},
    error::{Error, seconds},
    hook::{Hook, Hooks},
    limit::Limiter,
    retry::{RetryBudget, RetryPolicy, Tokens},
    transport::{Transport, reqwest::ReqwestTransport},
};
use std::{
    fmt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// The server of the document.
const BASE_URL: &str = "https://api.funnelflux.pro/v1";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TRY_TIMEOUT: Duration = Duration::from_mins(1);
const TIMEOUT: Duration = Duration::from_mins(5);
const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// Builds a [`Client`].
///
/// | setting | default |
/// |---|---|
/// | [`base_url`](Self::base_url) | `https://api.funnelflux.pro/v1` |
/// | [`credentials`](Self::credentials), [`token_store`](Self::token_store) | none |
/// | [`connect_timeout`](Self::connect_timeout) | 10 s |
/// | [`try_timeout`](Self::try_timeout) | 60 s |
/// | [`timeout`](Self::timeout) | 5 min |
/// | [`max_response_bytes`](Self::max_response_bytes) | 64 MiB |
/// | [`retry`](Self::retry) | 5 tries, see [`RetryPolicy`] |
/// | [`retry_budget`](Self::retry_budget) | 100 retries, 0.2 back for each success, see [`RetryBudget`] |
/// | `rate_limit` (feature `rate-limit`) | none |
/// | [`user_agent`](Self::user_agent) | `funnelflux/` and the version of this crate |
///
/// ```
/// use funnelflux::{Client, Credentials};
/// use std::time::Duration;
///
/// let client = Client::builder()
///     .credentials(Credentials::new("access token").with_refresh_token("refresh token"))
///     .timeout(Duration::from_secs(30))
///     .build()?;
/// # Ok::<(), funnelflux::Error>(())
/// ```
#[must_use = "a builder does nothing until build() is called"]
pub struct ClientBuilder {
    base_url: String,
    allow_plain_http: bool,
    credentials: Option<Credentials>,
    store: Option<Box<dyn TokenStore>>,
    connect_timeout: Duration,
    try_timeout: Duration,
    timeout: Duration,
    max_response_bytes: usize,
    retry: RetryPolicy,
    retry_budget: RetryBudget,
    limiter: Option<Limiter>,
    hooks: Hooks,
    user_agent: String,
    transport: Option<Box<dyn Transport>>,
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
}

impl ClientBuilder {
    pub(super) fn new() -> Self {
        Self {
            base_url: BASE_URL.to_owned(),
            allow_plain_http: false,
            credentials: None,
            store: None,
            connect_timeout: CONNECT_TIMEOUT,
            try_timeout: TRY_TIMEOUT,
            timeout: TIMEOUT,
            max_response_bytes: MAX_RESPONSE_BYTES,
            retry: RetryPolicy::new(),
            retry_budget: RetryBudget::default(),
            limiter: None,
            hooks: Hooks::default(),
            user_agent: concat!("funnelflux/", env!("CARGO_PKG_VERSION")).to_owned(),
            transport: None,
            clock: Box::new(SystemTime::now),
        }
    }

    /// Base URL of the service: `http` or `https`, a host, and the path before that of each operation. Default: the server of the
    /// document, `https://api.funnelflux.pro/v1`.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// Lets tokens travel over plain `http` to another machine. Default: only to this one (`localhost`, 127.0.0.0/8, `::1`); the client
    /// cannot be built otherwise.
    pub fn allow_plain_http(mut self) -> Self {
        self.allow_plain_http = true;
        self
    }

    /// The tokens of the account. Default: none; every call is then sent without.
    ///
    /// Where the token store holds some, those are used first, and these when the service refuses those.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// An access token alone: the same as [`Credentials::new`].
    pub fn bearer_token(self, token: impl Into<secrecy::SecretString>) -> Self {
        self.credentials(Credentials::new(token))
    }

    /// Where renewed tokens are kept. Default: in the client, as long as it lives.
    pub fn token_store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(Box::new(store));
        self
    }

    /// Keeps renewed tokens in a file: the same as [`token_store`](Self::token_store) with a
    /// [`FileTokenStore`](crate::auth::FileTokenStore).
    pub fn token_file(self, path: impl Into<PathBuf>) -> Self {
        self.token_store(FileTokenStore::new(path))
    }

    /// How long connecting may take, TLS included. Default 10 s. Without meaning for a transport or an HTTP client of your own.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long one try may take, from sending the request to the last byte of the answer; a body that trickles in does not extend it.
    /// Default 60 s.
    pub fn try_timeout(mut self, timeout: Duration) -> Self {
        self.try_timeout = timeout;
        self
    }

    /// How long a call may take, with the renewal of the token, the rate limit, all tries, all waits and the reading back of a create.
    /// Default 5 min. A wait that would end later is not begun. The tries of a create may use four fifths of it, since the rest may be
    /// needed to read back.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How large an answer may be, decompressed. Default 64 MiB. A larger one is an error, and is not read further.
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// When calls are tried again. Default: [`RetryPolicy::new`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How many retries all calls of the client share. Default: 100, and a fifth of one back for each success.
    pub fn retry_budget(mut self, budget: RetryBudget) -> Self {
        self.retry_budget = budget;
        self
    }

    /// At which rate requests go out. Default: as they come.
    #[cfg(feature = "rate-limit")]
    pub fn rate_limit(mut self, limit: super::limit::RateLimit) -> Self {
        self.limiter = Some(Limiter::new(limit));
        self
    }

    /// Shows every request and every answer to `hook`, after the hooks that were given before.
    pub fn hook(mut self, hook: impl Hook) -> Self {
        self.hooks.0.push(Box::new(hook));
        self
    }

    /// The `User-Agent` header. Default `funnelflux/` and the version of this crate.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Sends requests through `transport` instead of over HTTP.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// Sends requests through an HTTP client that you have set up, for proxies, client certificates and the like.
    ///
    /// This is the one place where a type of a dependency shows: [`reqwest::Client`] of reqwest 0.13. What it does is yours to decide,
    /// and to get right: it must not follow redirects, since a redirected PUT becomes a GET and the token would travel along.
    pub fn reqwest_client(self, client: reqwest::Client) -> Self {
        self.transport(ReqwestTransport::from_client(client))
    }

    /// The clock that ends of tokens, and `Retry-After` dates without a `Date` beside them, are compared with. Default: the machine's.
    /// For tests, and for machines whose clock is not to be trusted. Waits follow Tokio's clock.
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// The client.
    ///
    /// # Errors
    /// When the base URL is none, when a token would travel over plain `http`, when a limit is zero, when the user agent cannot be sent,
    /// or when TLS cannot be set up.
    pub fn build(self) -> Result<Client, Error> {
        let has_tokens = self.credentials.is_some() || self.store.is_some();
        let base_url = base_url(&self.base_url, has_tokens && !self.allow_plain_http)?;
        for (name, length) in [
            ("connect_timeout", self.connect_timeout),
            ("try_timeout", self.try_timeout),
            ("timeout", self.timeout),
        ] {
            if length.is_zero() {
                return Err(Error::configuration(format!(
                    "{name} is {}; nothing could be done within it",
                    seconds(length)
                )));
            }
        }
        if self.max_response_bytes == 0 {
            return Err(Error::configuration(
                "max_response_bytes is 0; no answer would fit",
            ));
        }
        let user_agent = http::HeaderValue::try_from(self.user_agent).map_err(|_| {
            Error::configuration("the user agent holds characters that cannot be in a header")
        })?;
        let transport = match self.transport {
            Some(transport) => transport,
            None => Box::new(ReqwestTransport::new(self.connect_timeout)?),
        };
        Ok(Client(Arc::new(Shared {
            settings: Settings {
                base_url,
                user_agent,
                timeout: self.timeout,
                try_timeout: self.try_timeout,
                max_response_bytes: self.max_response_bytes,
                retry: self.retry,
            },
            transport,
            session: Session::new(self.credentials, self.store),
            budget: Tokens::new(self.retry_budget),
            limiter: self.limiter,
            hooks: self.hooks,
            clock: self.clock,
        })))
    }
}

/// The base URL without the slash at its end, or what is wrong with it.
fn base_url(text: &str, only_safe: bool) -> Result<String, Error> {
    let wrong = |why: &str| {
        // A URL may hold a password; what stands before the host is not repeated.
        // A query may hold a token.
        let shown = text.split(['?', '#']).next().unwrap_or_default();
        let shown = shown.rsplit_once('@').map_or(shown, |(_, rest)| rest);
        Err(Error::configuration(format!("the base URL {shown:?} {why}")))
    };
    let url = match reqwest::Url::parse(text) {
        Ok(url) => url,
        Err(error) => return wrong(&format!("is not a URL: {error}")),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return wrong("must begin with https:// or http://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("must hold no user name or password; use Credentials");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("must hold no query and no fragment");
    }
    if only_safe && url.scheme() == "http" && !is_loopback(&url) {
        return wrong(
            "would send the token unencrypted to another machine; use https, or ClientBuilder::allow_plain_http if you must",
        );
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn is_loopback(url: &reqwest::Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientBuilder")
            .field("base_url", &self.base_url)
            .field("credentials", &self.credentials)
            .field("timeout", &self.timeout)
            .field("try_timeout", &self.try_timeout)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_server_of_the_document() {
        let document = include_str!("../../../spec/upstream.json");
        let document: serde_json::Value = serde_json::from_str(document).unwrap();
        assert_eq!(document["servers"][0]["url"], BASE_URL);
    }

    #[test]
    fn a_base_url_is_checked_before_anything_is_sent() {
        for (given, expected) in [
            ("https://api.example.com/v1/", "https://api.example.com/v1"),
            ("https://API.example.com", "https://api.example.com"),
            ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
            ("http://127.9.9.9", "http://127.9.9.9"),
            ("http://[::1]:80/x", "http://[::1]/x"),
            ("http://localhost:3000", "http://localhost:3000"),
        ] {
            assert_eq!(base_url(given, true).unwrap(), expected, "{given}");
        }
        for (given, why) in [
            ("", "not a URL"),
            ("api.example.com/v1", "not a URL"),
            ("ftp://example.com", "https://"),
            ("https://user:canary@example.com/", "password"),
            ("https://example.com/?token=canary", "query"),
            ("http://example.com", "unencrypted"),
            ("http://localhost.example.com", "unencrypted"),
            ("http://128.0.0.1", "unencrypted"),
        ] {
            let error = base_url(given, true).unwrap_err().to_string();
            assert!(
                error.contains(why) && !error.contains("canary"),
                "{given}: {error}"
            );
        }
        assert!(base_url("http://example.com", false).is_ok());
    }

    #[test]
    fn plain_http_needs_to_be_asked_for_only_with_a_token() {
        let plain = || Client::builder().base_url("http://example.com");
        assert!(plain().build().is_ok());
        assert!(plain().bearer_token("t").build().is_err());
        assert!(plain().bearer_token("t").allow_plain_http().build().is_ok());
    }

    #[test]
    fn limits_that_nothing_fits_into_are_refused() {
        for builder in [
            Client::builder().timeout(Duration::ZERO),
            Client::builder().try_timeout(Duration::ZERO),
            Client::builder().connect_timeout(Duration::ZERO),
            Client::builder().max_response_bytes(0),
            Client::builder().user_agent("line\nbreak"),
        ] {
            assert!(builder.build().is_err());
        }
    }
}
