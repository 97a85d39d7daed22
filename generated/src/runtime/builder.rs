//! Builder of clients, with all settings and their defaults.

use super::{
    auth::{
        Credentials, FileTokenStore, ReadVariable, TokenManager, TokenStore, environment_variable,
        no_access_token,
    },
    base_url::{base_url, check_plain_http, without_secrets},
    client::{Client, ClientInner, ClientSettings, SharedParts},
    error::{Error, seconds},
    hook::{Hook, Hooks},
    rate_limit::Limiter,
    retry::{RetryBudget, RetryPolicy, RetryTokens},
    transport::{Configure, HttpTransport, Transport},
};
use std::{
    fmt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// Environment variable that contains the base URL.
const BASE_URL_VARIABLE: &str = "FUNNELFLUX_BASE_URL";
/// Environment variable that contains the path of the token file.
const TOKEN_FILE_VARIABLE: &str = "FUNNELFLUX_TOKEN_FILE";
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ATTEMPT_TIMEOUT: Duration = Duration::from_mins(1);
const TIMEOUT: Duration = Duration::from_mins(5);
const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// Builds a [`Client`].
///
/// | setting | default |
/// |---|---|
/// | [`base_url`](Self::base_url) | [`DEFAULT_BASE_URL`](Self::DEFAULT_BASE_URL) |
/// | [`credentials`](Self::credentials), [`token_store`](Self::token_store) | none |
/// | [`connect_timeout`](Self::connect_timeout) | 10 s |
/// | [`attempt_timeout`](Self::attempt_timeout) | 60 s |
/// | [`timeout`](Self::timeout) | 5 min |
/// | [`max_response_bytes`](Self::max_response_bytes) | 64 MiB |
/// | [`read_only`](Self::read_only) | off: every call is sent |
/// | [`retry`](Self::retry) | 5 attempts, see [`RetryPolicy`] |
/// | [`retry_budget`](Self::retry_budget) | 100 retries, 0.2 returned for each success, see [`RetryBudget`] |
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
    read_only: bool,
    credentials: Option<Credentials>,
    store: Option<Box<dyn TokenStore>>,
    connect_timeout: Duration,
    attempt_timeout: Duration,
    timeout: Duration,
    max_response_bytes: usize,
    retry: RetryPolicy,
    retry_budget: RetryBudget,
    limiter: Option<Limiter>,
    hooks: Hooks,
    user_agent: String,
    transport: Option<Box<dyn Transport>>,
    configure: Option<Configure>,
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
}

impl ClientBuilder {
    /// Default base URL: the first usable `https` URL among the servers of the vendor's OpenAPI document. If
    /// the document has none, the URL comes from the vendor's documentation.
    pub const DEFAULT_BASE_URL: &'static str = crate::api::BASE_URL;

    pub(super) fn new() -> Self {
        Self {
            base_url: Self::DEFAULT_BASE_URL.to_owned(),
            allow_plain_http: false,
            read_only: false,
            credentials: None,
            store: None,
            connect_timeout: CONNECT_TIMEOUT,
            attempt_timeout: ATTEMPT_TIMEOUT,
            timeout: TIMEOUT,
            max_response_bytes: MAX_RESPONSE_BYTES,
            retry: RetryPolicy::new(),
            retry_budget: RetryBudget::default(),
            limiter: None,
            hooks: Hooks::default(),
            user_agent: concat!("funnelflux/", env!("CARGO_PKG_VERSION")).to_owned(),
            transport: None,
            configure: None,
            clock: Box::new(SystemTime::now),
        }
    }

    /// Starts a builder with the settings from these environment variables.
    ///
    /// | variable | setting |
    /// |---|---|
    /// | `FUNNELFLUX_ACCESS_TOKEN`, `FUNNELFLUX_REFRESH_TOKEN` | [`credentials`](Self::credentials) |
    /// | `FUNNELFLUX_TOKEN_FILE` | [`token_file`](Self::token_file); the access token may then be absent |
    /// | `FUNNELFLUX_BASE_URL` | [`base_url`](Self::base_url) |
    ///
    /// ```no_run
    /// use funnelflux::ClientBuilder;
    /// use std::time::Duration;
    ///
    /// let client = ClientBuilder::from_env()?.timeout(Duration::from_secs(30)).build()?;
    /// # Ok::<(), funnelflux::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the environment has neither an access token nor a token file, or if a variable is
    /// not Unicode.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(&|name: &str| std::env::var(name))
    }

    fn from_variables(read: &impl ReadVariable) -> Result<Self, Error> {
        let mut builder = Self::new();
        if let Some(base_url) = environment_variable(read, BASE_URL_VARIABLE)? {
            builder = builder.base_url(base_url);
        }
        builder.credentials = Credentials::from_variables(read)?;
        match environment_variable(read, TOKEN_FILE_VARIABLE)? {
            Some(path) => Ok(builder.token_file(path)),
            None if builder.credentials.is_some() => Ok(builder),
            None => Err(no_access_token()),
        }
    }

    /// Sets the base URL: `http` or `https`, a host, and the path prefix of all operations.
    ///
    /// Default: [`DEFAULT_BASE_URL`](Self::DEFAULT_BASE_URL).
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// Allows sending tokens over plain `http` to another machine.
    ///
    /// By default, plain `http` with tokens is allowed only to the local machine (`localhost`, 127.0.0.0/8,
    /// `::1`), and [`build`](Self::build) fails for other hosts. With this setting, a proxy between the two
    /// machines can read the tokens, too. Requests to the local machine always bypass proxies.
    pub fn allow_plain_http(mut self) -> Self {
        self.allow_plain_http = true;
        self
    }

    /// Sets the tokens of the account. By default, calls carry no token.
    ///
    /// Stored tokens of the same account take precedence, because they may be newer. The client uses the
    /// given tokens if the service rejects the stored tokens. If the stored tokens are known to belong to
    /// another account, calls fail. If one of the two accounts is unknown, the client checks whether the
    /// stored tokens may result from renewing the given tokens. If so, it uses the stored tokens, otherwise
    /// the given tokens. [`Client::credential_source`] reports which tokens are in use.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sets an access token without a refresh token, like [`Credentials::new`].
    pub fn bearer_token(self, token: impl Into<secrecy::SecretString>) -> Self {
        self.credentials(Credentials::new(token))
    }

    /// Sets the store of renewed tokens. Default: none; the client keeps renewed tokens in memory.
    pub fn token_store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(Box::new(store));
        self
    }

    /// Stores renewed tokens in a file, with a [`FileTokenStore`](crate::auth::FileTokenStore). The folder of
    /// the file must exist and be writable.
    pub fn token_file(self, path: impl Into<PathBuf>) -> Self {
        self.token_store(FileTokenStore::new(path))
    }

    /// Sets the time limit for connecting, including the TLS handshake. Default 10 s.
    ///
    /// A custom [`transport`](Self::transport) ignores this setting.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the time limit of one attempt, from sending the request to the last byte of the response. Default
    /// 60 s.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// Sets the time limit of a call. Default 5 min.
    ///
    /// The limit covers the renewal of the token, the wait for the rate limit, and all attempts with the
    /// waits between them. If a wait before the next attempt would exceed the limit, the call fails without
    /// waiting. If the result of a create is unknown, the client reads the asset back within the same limit.
    /// A fifth of the limit is reserved for this read, but at most the client's
    /// [`attempt_timeout`](Self::attempt_timeout).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the maximum size of a decompressed response body. Default 64 MiB. A larger response is an error.
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Refuses every call that could change something, before it is sent. Default: all calls are sent.
    ///
    /// A call is sent only if its operation [is a read](crate::operations::Repeat::Read). The HTTP method
    /// does not matter. A [request to any path](Client::request) must be a GET or HEAD. Access tokens are
    /// still renewed. Clients that are derived from this client refuse the same calls.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use funnelflux::{Client, http::Method};
    ///
    /// let client = Client::builder().bearer_token("token").read_only().build()?;
    /// let error = client.request(Method::DELETE, "/page/delete/").query("idPage", "1").empty().await;
    /// assert!(error.unwrap_err().to_string().contains("this client only reads"));
    /// # Ok(()) }
    /// ```
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Sets the retry policy of all calls. Default: [`RetryPolicy::new`].
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets the retry budget that all calls share. Default: 100 retries, and each successful call gives 0.2
    /// of a retry back.
    pub fn retry_budget(mut self, budget: RetryBudget) -> Self {
        self.retry_budget = budget;
        self
    }

    /// Limits the rate of requests. Default: no limit.
    #[cfg(feature = "rate-limit")]
    pub fn rate_limit(mut self, limit: super::rate_limit::RateLimit) -> Self {
        self.limiter = Some(Limiter::new(limit));
        self
    }

    /// Adds a hook. Hooks run in the order in which they were added.
    pub fn hook(mut self, hook: impl Hook) -> Self {
        self.hooks.0.push(Box::new(hook));
        self
    }

    /// Sets the `User-Agent` header. Default: `funnelflux/` and the version of this crate.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Sends requests through `transport` instead of over HTTP.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// Configures the HTTP client, for example its proxies, local addresses and connection pools.
    ///
    /// The builder that `configure` receives already has the TLS settings of this crate and the connect
    /// timeout, and does not follow redirects. Keep redirects disabled: a redirect could turn a write into a
    /// GET, or send a refresh token to another host. Requests to the local machine do not use proxies, as
    /// [`HttpTransport`] describes. `configure` runs twice for each Tokio runtime that uses the client: once
    /// for connections that may use proxies, and once for connections that bypass proxies.
    ///
    /// A custom [`transport`](Self::transport) ignores this setting.
    ///
    /// ```
    /// use funnelflux::{Client, reqwest};
    ///
    /// let proxy = reqwest::Proxy::https("http://proxy.example:3128")?;
    /// let client = Client::builder()
    ///     .reqwest(move |builder| builder.proxy(proxy.clone()))
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "reqwest")]
    pub fn reqwest(
        mut self,
        configure: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        self.configure = Some(Box::new(configure));
        self
    }

    /// Sets the clock for the expiry of tokens and for `Retry-After` dates. Default: the system clock.
    ///
    /// This setting is meant for tests and for machines with an unreliable clock. Waits are not affected,
    /// because they use Tokio's clock.
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    /// Returns an error if the base URL or the user agent is invalid, or if a limit is zero. Also returns an
    /// error if tokens would be sent over plain `http` to another machine, if the token store cannot store
    /// tokens, or if TLS cannot be set up.
    pub fn build(self) -> Result<Client, Error> {
        let base_url = base_url(&self.base_url)?;
        if (self.credentials.is_some() || self.store.is_some()) && !self.allow_plain_http {
            check_plain_http(&base_url)?;
        }
        for (name, length) in [
            ("connect_timeout", self.connect_timeout),
            ("attempt_timeout", self.attempt_timeout),
            ("timeout", self.timeout),
        ] {
            if length.is_zero() {
                return Err(Error::configuration(format!(
                    "{name} is {}; it must be longer than zero",
                    seconds(length)
                )));
            }
        }
        if self.max_response_bytes == 0 {
            return Err(Error::configuration(
                "max_response_bytes is 0; it must be at least 1",
            ));
        }
        let user_agent = http::HeaderValue::try_from(self.user_agent).map_err(|_| {
            Error::configuration("the user agent contains characters that a header cannot carry")
        })?;
        let transport = match self.transport {
            Some(transport) => transport,
            None => Box::new(HttpTransport::configured(self.connect_timeout, self.configure)?),
        };
        Ok(Client(Arc::new(ClientInner {
            token_manager: TokenManager::new(&base_url, self.credentials, self.store)?,
            budget: RetryTokens::new(self.retry_budget),
            limiter: self.limiter,
            shared: Arc::new(SharedParts {
                settings: ClientSettings {
                    base_url,
                    allow_plain_http: self.allow_plain_http,
                    read_only: self.read_only,
                    user_agent,
                    timeout: self.timeout,
                    attempt_timeout: self.attempt_timeout,
                    max_response_bytes: self.max_response_bytes,
                    retry: self.retry,
                    retry_budget: self.retry_budget,
                },
                transport,
                hooks: self.hooks,
                clock: self.clock,
                calls: super::call_counter::CallCounter::default(),
            }),
        })))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientBuilder")
            .field("base_url", &without_secrets(&self.base_url))
            .field("credentials", &self.credentials)
            .field("timeout", &self.timeout)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_restricted_only_with_a_token() {
        let plain = || Client::builder().base_url("http://example.com");
        assert!(plain().build().is_ok());
        assert!(plain().bearer_token("t").build().is_err());
        assert!(plain().bearer_token("t").allow_plain_http().build().is_ok());
    }

    #[test]
    fn debug_hides_the_secrets_of_the_base_url() {
        for url in [
            "https://user:canary@example.com/v1",
            "https://user:can@ry-canary@example.com/v1",
            "https://canary@example.com/v1?token=canary#canary",
            "user:canary@example.com/v1",
        ] {
            let shown = format!("{:?}", Client::builder().base_url(url));
            assert!(
                !shown.contains("canary") && shown.contains("example.com/v1"),
                "{shown}"
            );
        }
        let shown = format!("{:?}", Client::builder().base_url("https://example.com/v1"));
        assert!(shown.contains(r#""https://example.com/v1""#), "{shown}");
    }

    #[test]
    fn the_environment_names_an_account() {
        use std::env::VarError;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens.json").to_str().unwrap().to_owned();
        let build = |variables: &[(&str, &str)]| {
            let variables: std::collections::HashMap<&str, &str> = variables.iter().copied().collect();
            let read = |name: &str| variables.get(name).map(|value| (*value).to_owned());
            ClientBuilder::from_variables(&|name: &str| read(name).ok_or(VarError::NotPresent))
        };
        let token = ("FUNNELFLUX_ACCESS_TOKEN", "t");
        let url = ("FUNNELFLUX_BASE_URL", "http://localhost:1/v1");
        let path = ("FUNNELFLUX_TOKEN_FILE", &*file);
        let client = build(&[token, url, path]).unwrap().build().unwrap();
        assert_eq!(client.base_url(), "http://localhost:1/v1");
        assert_eq!(
            build(&[token]).unwrap().build().unwrap().base_url(),
            ClientBuilder::DEFAULT_BASE_URL
        );
        build(&[path]).unwrap().build().unwrap();
        let error = build(&[url]).unwrap_err().to_string();
        assert!(error.contains("FUNNELFLUX_ACCESS_TOKEN"), "{error}");
    }

    #[test]
    fn invalid_limits_are_rejected() {
        for builder in [
            Client::builder().timeout(Duration::ZERO),
            Client::builder().attempt_timeout(Duration::ZERO),
            Client::builder().connect_timeout(Duration::ZERO),
            Client::builder().max_response_bytes(0),
            Client::builder().user_agent("line\nbreak"),
        ] {
            assert!(builder.build().is_err());
        }
    }
}
