//! Token stores: the trait, and the implementation that keeps tokens in memory.

use super::{Credentials, Redactor};
use crate::transport::BoxFuture;
use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

/// Error of a token store.
pub type StoreError = Box<dyn std::error::Error + Send + Sync>;

/// Stores tokens between renewals and, in persistent stores, between processes.
///
/// The client loads tokens before its first call and before each renewal, so that it picks up tokens that
/// another process has renewed. The client saves the tokens after each renewal. [`MemoryTokenStore`] and
/// [`FileTokenStore`] are ready-made; implement the trait for a secrets manager or a database.
///
/// A store belongs to one account on one base URL. The client saves credentials with their [base
/// URL](Credentials::base_url); [`Credentials::to_json`] and [`Credentials::from_json`] keep the base URL. A
/// store with another format must restore the base URL with [`Credentials::with_base_url`]. The client
/// rejects stored tokens of another base URL or account. Stored tokens without a base URL are assumed to be
/// for the vendor's service.
///
/// [`FileTokenStore`]: crate::auth::FileTokenStore
///
/// ```
/// use funnelflux::{Credentials, auth::{StoreError, TokenStore}, transport::BoxFuture};
///
/// #[derive(Debug)]
/// struct Vault; // a client of your secrets manager
///
/// impl TokenStore for Vault {
///     fn load(&self) -> BoxFuture<'_, Result<Option<Credentials>, StoreError>> {
///         Box::pin(async { Ok(None) })
///     }
///
///     fn save<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, Result<(), StoreError>> {
///         Box::pin(async move {
///             let _secret = credentials.access_token();
///             Ok(())
///         })
///     }
/// }
///
/// let client = funnelflux::Client::builder().token_store(Vault).build()?;
/// # Ok::<(), funnelflux::Error>(())
/// ```
pub trait TokenStore: Send + Sync + 'static {
    /// Loads the stored tokens; `None` if there are none.
    ///
    /// # Errors
    /// Returns an error if the store cannot be read. The call that needed the tokens then fails. The text of
    /// the error must not contain a secret, because users see the text.
    fn load(&self) -> BoxFuture<'_, Result<Option<Credentials>, StoreError>>;

    /// Replaces the stored tokens.
    ///
    /// # Errors
    /// Returns an error if the tokens cannot be stored. The client keeps using the new tokens, attempts to
    /// store them again a minute later and logs a warning with `tracing`. If the service has also replaced
    /// the refresh token, the next call fails with this error, because other processes could no longer renew
    /// the stored tokens. The client redacts its own tokens in the text of the error.
    fn save<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Prevents renewals by other processes until the guard is dropped. Default: no lock.
    ///
    /// Without a lock, two processes may renew at the same time. This does harm only if a refresh token is
    /// valid for one use. It is not documented whether that is the case.
    ///
    /// # Errors
    /// Returns an error if the lock cannot be taken.
    fn lock(&self) -> BoxFuture<'_, Result<StoreGuard, StoreError>> {
        Box::pin(async { Ok(StoreGuard::none()) })
    }

    /// Checks that tokens can be stored. This method is called when a client is built. Default: no check.
    ///
    /// # Errors
    /// Returns an error if tokens cannot be stored. Building the client then fails.
    fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Name of the store in errors, such as `the token file /etc/tokens.json`.
    fn description(&self) -> String {
        "the token store".to_owned()
    }
}

/// Stores tokens. The text of an error contains neither these tokens nor those of `others`.
pub(super) async fn save<'c>(
    store: &dyn TokenStore,
    credentials: &'c Credentials,
    others: Option<&'c Credentials>,
) -> Result<(), StoreError> {
    store.save(credentials).await.map_err(|error| {
        let redactor = Redactor::for_credentials(others.into_iter().chain([credentials]));
        match redactor.redact_text(&error.to_string()) {
            Cow::Owned(text) => text.into(),
            Cow::Borrowed(_) => error,
        }
    })
}

/// Guard for the lock of a store. Dropping the guard releases the lock.
pub struct StoreGuard {
    _guard: Option<Box<dyn Send>>,
}

impl StoreGuard {
    /// Creates a guard without a lock.
    #[must_use]
    pub fn none() -> Self {
        Self { _guard: None }
    }

    /// Creates a guard for a lock that is released when `guard` is dropped.
    #[must_use]
    pub fn holding(guard: impl Send + 'static) -> Self {
        Self {
            _guard: Some(Box::new(guard)),
        }
    }
}

impl std::fmt::Debug for StoreGuard {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("StoreGuard")
    }
}

/// Stores tokens in memory. Clients of the same account can share a store.
#[derive(Debug, Default)]
pub struct MemoryTokenStore(Mutex<Option<Credentials>>);

impl MemoryTokenStore {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl TokenStore for MemoryTokenStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<Credentials>, StoreError>> {
        let credentials = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(std::future::ready(Ok(credentials)))
    }

    fn save<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, Result<(), StoreError>> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(credentials.clone());
        Box::pin(std::future::ready(Ok(())))
    }
}

impl<S: TokenStore + ?Sized> TokenStore for std::sync::Arc<S> {
    fn load(&self) -> BoxFuture<'_, Result<Option<Credentials>, StoreError>> {
        (**self).load()
    }

    fn save<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, Result<(), StoreError>> {
        (**self).save(credentials)
    }

    fn lock(&self) -> BoxFuture<'_, Result<StoreGuard, StoreError>> {
        (**self).lock()
    }

    fn check(&self) -> Result<(), StoreError> {
        (**self).check()
    }

    fn description(&self) -> String {
        (**self).description()
    }
}
