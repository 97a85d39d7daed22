//! The client: what all calls share.

use super::{
    auth::Session,
    builder::ClientBuilder,
    call::UnsentCall,
    hook::Hooks,
    limit::Limiter,
    operation::Operation,
    retry::{RetryPolicy, Tokens},
    transport::Transport,
};
use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// A client of the FunnelFlux Assets API: one method for each operation of the document.
///
/// Cheap to clone; clones share connections, tokens, the retry budget and the rate limit. It is to be used within a Tokio runtime, or
/// with the feature `blocking` without one.
///
/// The [front page](crate) shows what it does by itself; [`ClientBuilder`] lists every setting.
#[derive(Clone)]
pub struct Client(pub(super) Arc<Shared>);

/// What all clones have in common.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) transport: Box<dyn Transport>,
    pub(super) session: Option<Session>,
    pub(super) budget: Tokens,
    pub(super) limiter: Option<Limiter>,
    pub(super) hooks: Hooks,
    pub(super) clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
}

/// The numbers and texts of a client; [`ClientBuilder`] documents them.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) base_url: String,
    pub(crate) user_agent: http::HeaderValue,
    pub(crate) timeout: Duration,
    pub(crate) try_timeout: Duration,
    pub(crate) max_response_bytes: usize,
    pub(crate) retry: RetryPolicy,
}

impl Client {
    /// A builder with the defaults.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// A client with the defaults and the tokens of the environment: `FUNNELFLUX_ACCESS_TOKEN` and `FUNNELFLUX_REFRESH_TOKEN`.
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
    /// When there is no access token in the environment.
    pub fn from_env() -> Result<Self, crate::Error> {
        Self::builder()
            .credentials(crate::Credentials::from_env()?)
            .build()
    }

    /// The base URL, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.0.settings.base_url
    }

    /// Begins a call of `operation`; the generated methods do.
    pub(crate) fn call(&self, operation: &'static Operation) -> UnsentCall {
        UnsentCall::new(self.clone(), operation)
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.0.transport
    }

    pub(crate) fn session(&self) -> Option<&Session> {
        self.0.session.as_ref()
    }

    pub(crate) fn budget(&self) -> &Tokens {
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
            .field("has_tokens", &self.0.session.is_some())
            .finish_non_exhaustive()
    }
}
