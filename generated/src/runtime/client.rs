//! The client and the state that all its calls share.

use super::{
    auth::{AccountId, TokenManager},
    builder::ClientBuilder,
    call::UnsentCall,
    error::Error,
    hook::Hooks,
    operation::Operation,
    rate_limit::Limiter,
    retry::{RetryPolicy, RetryTokens},
    transport::Transport,
};
use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// Client for the FunnelFlux Assets API, with one method for each operation.
///
/// Cloning is cheap; clones share connections, tokens, the retry budget and the rate limit. Calls need a
/// Tokio runtime, or the feature `blocking`.
///
/// The [front page](crate) describes its behaviour, and [`ClientBuilder`] lists every setting.
#[derive(Clone)]
pub struct Client(pub(super) Arc<ClientInner>);

/// State shared by all clones.
pub(super) struct ClientInner {
    pub(super) settings: ClientSettings,
    pub(super) transport: Box<dyn Transport>,
    pub(super) token_manager: Option<TokenManager>,
    pub(super) budget: RetryTokens,
    pub(super) limiter: Option<Limiter>,
    pub(super) hooks: Hooks,
    pub(super) clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
}

/// Plain settings of a client; [`ClientBuilder`] documents them.
#[derive(Debug)]
pub(crate) struct ClientSettings {
    pub(crate) base_url: String,
    pub(crate) user_agent: http::HeaderValue,
    pub(crate) timeout: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) max_response_bytes: usize,
    pub(crate) retry: RetryPolicy,
}

impl Client {
    /// Starts a builder with the default settings.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// Builds a client with default settings and the tokens in `FUNNELFLUX_ACCESS_TOKEN` and
    /// `FUNNELFLUX_REFRESH_TOKEN`.
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
    /// When the environment has no access token.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder()
            .credentials(crate::Credentials::from_env()?)
            .build()
    }

    /// Base URL without a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.0.settings.base_url
    }

    /// Account that the client acts on, as its access token says; `None` if the client has no token or the
    /// token does not say.
    ///
    /// It loads the token store if no call has done so yet, and sends nothing.
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
    /// When the token store cannot be read.
    pub async fn account(&self) -> Result<Option<AccountId>, Error> {
        match self.token_manager() {
            Some(token_manager) => token_manager
                .account()
                .await
                .map_err(|kind| Error::new(None, kind)),
            None => Ok(None),
        }
    }

    /// Starts a call of `operation`, for the generated methods.
    pub(crate) fn call(&self, operation: &'static Operation) -> UnsentCall {
        UnsentCall::new(self.clone(), operation)
    }

    pub(crate) fn settings(&self) -> &ClientSettings {
        &self.0.settings
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.0.transport
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
        &self.0.hooks
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.0.clock)()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("settings", &self.0.settings)
            .field("has_tokens", &self.0.token_manager.is_some())
            .finish_non_exhaustive()
    }
}
