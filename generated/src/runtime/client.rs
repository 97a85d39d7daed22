//! The client and the state that all its calls share.

use super::{
    auth::{AccountId, CredentialSource, Credentials, TokenManager, TokenStore},
    base_url::check_plain_http,
    builder::ClientBuilder,
    call::UnsentCall,
    call_counter::CallCounter,
    error::Error,
    hook::Hooks,
    operation::Operation,
    rate_limit::Limiter,
    retry::{RetryBudget, RetryPolicy, RetryTokens},
    transport::Transport,
};
use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// Client for the FunnelFlux Assets API, with one method for each operation.
///
/// Cloning is cheap; clones share connections, tokens, the retry budget and the rate limit. For another
/// account, [`with_credentials`](Self::with_credentials) makes a client that shares the connections of this
/// client. Calls need a Tokio runtime, or the feature `blocking`.
///
/// The [front page](crate) describes the behaviour of a client, and [`ClientBuilder`] lists every setting.
#[derive(Clone)]
pub struct Client(pub(super) Arc<ClientInner>);

/// State shared by all clones.
pub(super) struct ClientInner {
    pub(super) shared: Arc<SharedParts>,
    pub(super) token_manager: Option<TokenManager>,
    pub(super) budget: RetryTokens,
    pub(super) limiter: Option<Limiter>,
}

/// Parts that a client shares with all clients derived from it, even if they are for other accounts.
pub(super) struct SharedParts {
    pub(super) settings: ClientSettings,
    pub(super) transport: Box<dyn Transport>,
    pub(super) hooks: Hooks,
    pub(super) clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
    pub(super) calls: CallCounter,
}

/// Simple settings of a client; [`ClientBuilder`] documents them.
#[derive(Debug)]
pub(crate) struct ClientSettings {
    pub(crate) base_url: String,
    pub(crate) allow_plain_http: bool,
    pub(crate) read_only: bool,
    pub(crate) user_agent: http::HeaderValue,
    pub(crate) timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) max_response_bytes: usize,
    pub(crate) retry: RetryPolicy,
    pub(crate) retry_budget: RetryBudget,
}

impl Client {
    /// Starts a builder with the default settings.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// Builds a client from the environment variables that
    /// [`ClientBuilder::from_env`](crate::ClientBuilder::from_env) lists.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), funnelflux::Error> {
    /// use funnelflux::{Client, types::StatusFilter};
    ///
    /// for source in Client::from_env()?.list_offer_sources(StatusFilter::Active, None).await? {
    ///     println!("{} {}", source.id_offer_source, source.offer_source_name);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns an error if the environment has neither an access token nor a token file, or if the client
    /// cannot be built.
    pub fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.build()
    }

    /// Makes a client for another account. The new client shares the connections, hooks and settings of this
    /// client.
    ///
    /// The new client has its own retry budget and rate limit. It keeps renewed tokens in memory; to store
    /// them, use [`with_token_store`](Self::with_token_store).
    ///
    /// ```
    /// use funnelflux::{Client, Credentials};
    ///
    /// # fn example() -> Result<(), funnelflux::Error> {
    /// let first = Client::builder().bearer_token("token of the first account").build()?;
    /// let second = first.with_credentials(Credentials::new("token of the second account"))?;
    /// # Ok(()) }
    /// # example().unwrap();
    /// ```
    ///
    /// # Errors
    /// Returns an error if the tokens are bound to another base URL, or if they would be sent over plain
    /// `http` to another machine without
    /// [`ClientBuilder::allow_plain_http`](crate::ClientBuilder::allow_plain_http).
    pub fn with_credentials(&self, credentials: Credentials) -> Result<Self, Error> {
        self.for_account(Some(credentials), None)
    }

    /// Makes a client for the account of this token store. As with
    /// [`with_credentials`](Self::with_credentials), the new client shares the connections, hooks and
    /// settings of this client.
    ///
    /// [`ClientBuilder::credentials`](crate::ClientBuilder::credentials) describes which tokens are used.
    ///
    /// ```no_run
    /// # fn example(client: funnelflux::Client) -> Result<(), funnelflux::Error> {
    /// use funnelflux::auth::FileTokenStore;
    ///
    /// let second = client.with_token_store(None, FileTokenStore::new("second.json"))?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns the errors of [`with_credentials`](Self::with_credentials). Also returns an error if the store
    /// cannot store tokens.
    pub fn with_token_store(
        &self,
        credentials: Option<Credentials>,
        store: impl TokenStore,
    ) -> Result<Self, Error> {
        self.for_account(credentials, Some(Box::new(store)))
    }

    fn for_account(
        &self,
        credentials: Option<Credentials>,
        store: Option<Box<dyn TokenStore>>,
    ) -> Result<Self, Error> {
        let settings = self.settings();
        if !settings.allow_plain_http {
            check_plain_http(&settings.base_url)?;
        }
        Ok(Self(Arc::new(ClientInner {
            shared: Arc::clone(&self.0.shared),
            token_manager: TokenManager::new(&settings.base_url, credentials, store)?,
            budget: RetryTokens::new(settings.retry_budget),
            limiter: self.0.limiter.as_ref().map(Limiter::fresh),
        })))
    }

    /// Replaces the tokens of this running client and its clones, and stores the new tokens in the token
    /// store.
    ///
    /// Running calls use the new tokens from their next attempt on. The outcome of a renewal in progress is
    /// discarded.
    ///
    /// ```no_run
    /// # async fn example(client: funnelflux::Client) -> Result<(), funnelflux::Error> {
    /// use funnelflux::Credentials;
    ///
    /// let renewed = Credentials::new("new access token").with_refresh_token("new refresh token");
    /// client.replace_credentials(renewed).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns an error if the client was built without tokens, if the tokens are known to belong to another
    /// account, or if the token store fails. If the store fails while it saves the new tokens, these tokens
    /// are already in use, and the error says so.
    pub async fn replace_credentials(&self, credentials: Credentials) -> Result<(), Error> {
        let Some(token_manager) = self.token_manager() else {
            return Err(Error::configuration(
                "the client was built without credentials; use Client::with_credentials",
            ));
        };
        let replaced = token_manager.replace(credentials).await;
        replaced.map_err(|kind| Error::new(None, kind))
    }

    /// Base URL without a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.0.shared.settings.base_url
    }

    /// Account that is stated in the client's access token, or in an earlier token from which that token was
    /// renewed. `None` if none of these tokens states an account, or if the client has no token.
    ///
    /// This method sends nothing. It loads the stored tokens if no call has loaded them yet.
    ///
    /// ```no_run
    /// # async fn example(client: funnelflux::Client) -> Result<(), funnelflux::Error> {
    /// if let Some(account) = client.account().await? {
    ///     println!("this is the account {account}");
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns an error if the token store cannot be read, or belongs to another base URL or account.
    pub async fn account(&self) -> Result<Option<AccountId>, Error> {
        match self.token_manager() {
            Some(token_manager) => token_manager
                .account()
                .await
                .map_err(|kind| Error::new(None, kind)),
            None => Ok(None),
        }
    }

    /// Origin of the access token in use; `None` if the client has no token.
    ///
    /// Stored tokens take precedence over given credentials of the same account, because the stored tokens
    /// may be newer. Like [`account`](Self::account), this method loads the stored tokens if necessary.
    ///
    /// ```no_run
    /// # async fn example(client: funnelflux::Client) -> Result<(), funnelflux::Error> {
    /// if let Some(source) = client.credential_source().await? {
    ///     println!("using the token from {source}"); // … from the token file tokens.json
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns an error if the token store cannot be read, or belongs to another base URL or account.
    pub async fn credential_source(&self) -> Result<Option<CredentialSource>, Error> {
        match self.token_manager() {
            Some(token_manager) => token_manager
                .source()
                .await
                .map_err(|kind| Error::new(None, kind)),
            None => Ok(None),
        }
    }

    /// Starts a call of `operation`. The generated methods use this function.
    pub(crate) fn call(&self, operation: &'static Operation) -> UnsentCall {
        UnsentCall::new(self.clone(), operation)
    }

    pub(crate) fn call_counter(&self) -> &CallCounter {
        &self.0.shared.calls
    }

    pub(crate) fn settings(&self) -> &ClientSettings {
        &self.0.shared.settings
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.0.shared.transport
    }

    pub(crate) fn token_manager(&self) -> Option<&TokenManager> {
        self.0.token_manager.as_ref()
    }

    pub(crate) fn budget(&self) -> &RetryTokens {
        &self.0.budget
    }

    pub(crate) fn limiter(&self) -> Option<&Limiter> {
        self.0.limiter.as_ref()
    }

    pub(crate) fn hooks(&self) -> &Hooks {
        &self.0.shared.hooks
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.0.shared.clock)()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("settings", &self.0.shared.settings)
            .field("has_tokens", &self.0.token_manager.is_some())
            .finish_non_exhaustive()
    }
}
