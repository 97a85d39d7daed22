//! Where renewed tokens go: a trait, and the store that forgets them with the process.

use super::Credentials;
use crate::transport::BoxFuture;
use std::sync::{Mutex, PoisonError};

/// What went wrong in a store.
pub type StoreError = Box<dyn std::error::Error + Send + Sync>;

/// Keeps tokens between renewals, and between processes where it can.
///
/// The client loads from the store before its first call and before each renewal, so that tokens that another process has
/// renewed are used instead of being renewed again, and saves after each renewal. [`MemoryTokenStore`] and [`FileTokenStore`] are
/// ready-made; implement the trait for a secrets manager or a database. One store belongs to one account.
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
    /// The tokens that are kept; `None` when there are none.
    ///
    /// # Errors
    /// When the store cannot be read; the call that needed it then fails. The text of the error is shown to people and must hold no
    /// secret.
    fn load(&self) -> BoxFuture<'_, Result<Option<Credentials>, StoreError>>;

    /// Keeps the tokens instead of those from before.
    ///
    /// # Errors
    /// When they cannot be kept. The client goes on with the new tokens and warns in `tracing`: the process works, but the next one
    /// starts with the old ones.
    fn save<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Keeps other processes from renewing until the guard is dropped. Without it, two processes may renew at the same time, which
    /// is harmless unless the service ends a refresh token with its use (unknown).
    ///
    /// # Errors
    /// When the lock cannot be had.
    fn lock(&self) -> BoxFuture<'_, Result<StoreGuard, StoreError>> {
        Box::pin(async { Ok(StoreGuard::none()) })
    }
}

/// Holds a store's lock until it is dropped.
pub struct StoreGuard {
    _held: Option<Box<dyn Send>>,
}

impl StoreGuard {
    /// No lock.
    #[must_use]
    pub fn none() -> Self {
        Self { _held: None }
    }

    /// Whatever unlocks when it is dropped.
    #[must_use]
    pub fn holding(guard: impl Send + 'static) -> Self {
        Self {
            _held: Some(Box::new(guard)),
        }
    }
}

impl std::fmt::Debug for StoreGuard {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("StoreGuard")
    }
}

/// Keeps tokens as long as the process lives. Share one between clients that have the same account.
#[derive(Debug, Default)]
pub struct MemoryTokenStore(Mutex<Option<Credentials>>);

impl MemoryTokenStore {
    /// An empty store.
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
}
