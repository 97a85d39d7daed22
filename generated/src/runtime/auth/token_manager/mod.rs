//! The token manager: holds the tokens that a client uses, and loads, stores and replaces them.

mod renewal;

pub(crate) use renewal::RenewalOutcome;

use super::{AccountId, BearerToken, Credentials, TokenStore, token_store, token_store::StoreError};
use crate::api::BASE_URL;
use crate::runtime::{
    base_url::normalised,
    client::Client,
    error::{Error, ErrorKind},
    trace,
};
use futures_util::future::{Either, select};
use renewal::{Backoff, RenewalCause, RenewalFailure, STALLED, SharedRenewal};
use std::{
    fmt,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};
use tokio::{sync::OnceCell, time::Instant};

/// Wait between a failed attempt to store tokens and the next attempt.
const SAVE_INTERVAL: Duration = Duration::from_mins(1);

/// Tokens of a client.
pub(crate) struct TokenManager {
    /// Base URL of the service for which the tokens are valid.
    base_url: String,
    store: Option<Box<dyn TokenStore>>,
    loaded: OnceCell<()>,
    state: Mutex<TokenState>,
}

#[derive(Default)]
struct TokenState {
    current: Option<ActiveCredentials>,
    /// Credentials from the program, which are used if the service rejects the stored credentials.
    given: Option<Credentials>,
    /// Number of times that credentials came into use: from the store, from the program or from a renewal.
    generation: u64,
    renewal: Option<SharedRenewal>,
    /// Time until which only a rejection of the token starts a renewal.
    no_renewal_before: Option<SystemTime>,
    /// Credentials that the service has refused to renew, with the failure. Another attempt with the same
    /// credentials would fail, too.
    permanent_rejection: Option<(Vec<Credentials>, RenewalFailure)>,
    backoff: Option<Backoff>,
    /// Time of the next attempt to store tokens, if the last attempt failed.
    next_save: Option<Instant>,
    /// Token store error that the next call reports.
    unreported: Option<String>,
}

/// Origin of the access token in use.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialSource {
    /// The program supplied the token, for example with
    /// [`ClientBuilder::credentials`](crate::ClientBuilder::credentials).
    Given,
    /// The token comes from the token store with this description.
    Store(String),
    /// The token comes from a renewal by this client.
    Renewal,
}

impl fmt::Display for CredentialSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Given => "the given credentials",
            Self::Store(description) => description,
            Self::Renewal => "a renewal",
        })
    }
}

/// Credentials in use, with the bearer token that all requests share.
struct ActiveCredentials {
    credentials: Credentials,
    bearer: Arc<BearerToken>,
    source: CredentialSource,
    /// Expiry of the token, if it is known and the token can be renewed.
    renewable_until: Option<SystemTime>,
}

impl TokenManager {
    /// Creates the manager of a client for `base_url`; `None` if there are neither credentials nor a store.
    pub(crate) fn new(
        base_url: &str,
        mut given: Option<Credentials>,
        store: Option<Box<dyn TokenStore>>,
    ) -> Result<Option<Self>, Error> {
        if given.is_none() && store.is_none() {
            return Ok(None);
        }
        if let Some(given) = &mut given {
            given.bind(base_url).map_err(Error::configuration)?;
        }
        if let Some(store) = &store {
            store
                .check()
                .map_err(|error| Error::configuration(error.to_string()))?;
        }
        Ok(Some(Self {
            base_url: base_url.to_owned(),
            store,
            loaded: OnceCell::new(),
            state: Mutex::new(TokenState {
                given,
                ..TokenState::default()
            }),
        }))
    }

    fn state(&self) -> MutexGuard<'_, TokenState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store_description(&self) -> String {
        let store = self.store.as_ref();
        store.map_or_else(|| "the token store".to_owned(), |store| store.description())
    }

    /// Loads the stored tokens unless they are already loaded.
    async fn loaded(&self) -> Result<(), ErrorKind> {
        if !self.loaded.initialized() {
            // Boxed to keep the future of every call small. Few calls load tokens.
            Box::pin(self.load_once()).await?;
        }
        Ok(())
    }

    /// Loads the stored tokens. If another call is already loading the tokens, waits for that call. If that
    /// call has not finished after [`STALLED`], its runtime has probably stalled, so this call loads the
    /// tokens itself.
    async fn load_once(&self) -> Result<(), RenewalFailure> {
        let is_loading = AtomicBool::new(false);
        let load = pin!(self.loaded.get_or_try_init(|| {
            is_loading.store(true, Ordering::Relaxed);
            self.load()
        }));
        match select(load, pin!(tokio::time::sleep(STALLED))).await {
            Either::Left((loaded, _)) => loaded.copied(),
            Either::Right(((), load)) if is_loading.load(Ordering::Relaxed) => load.await.copied(),
            Either::Right(_) => self.load().await,
        }
    }

    /// Loads the stored tokens. If there are no suitable stored tokens, uses the tokens from the program.
    async fn load(&self) -> Result<(), RenewalFailure> {
        let stored = match &self.store {
            Some(store) => store.load().await?,
            None => None,
        };
        let mut state = self.state();
        if state.current.is_some() {
            // Another call has loaded the tokens in the meantime.
            return Ok(());
        }
        if let Some(stored) = self.admit(stored, state.given.as_ref())? {
            state.activate(stored, CredentialSource::Store(self.store_description()));
        } else if let Some(given) = state.given.take() {
            state.activate(given, CredentialSource::Given);
        }
        Ok(())
    }

    /// Checks that stored tokens belong to this service and to the account of `known`. If one of the two
    /// accounts is unknown, compares the fingerprints in `origin` instead. Returns `None` if both are
    /// recorded and differ.
    fn admit(
        &self,
        stored: Option<Credentials>,
        known: Option<&Credentials>,
    ) -> Result<Option<Credentials>, RenewalFailure> {
        let Some(stored) = stored else {
            return Ok(None);
        };
        let description = self.store_description();
        let base_url = stored.base_url.as_deref();
        let owner = normalised(base_url.unwrap_or(BASE_URL));
        if owner != self.base_url {
            let default = if base_url.is_none() {
                " (it records no base URL)"
            } else {
                ""
            };
            return Err(RenewalFailure::Store(format!(
                "{description} holds tokens for {owner}{default}, but the base URL of this client is {}; \
                 use a token store of its own for each base URL",
                self.base_url
            )));
        }
        let known_origin = known.and_then(|known| known.origin.as_ref());
        match (stored.account(), known.and_then(Credentials::account)) {
            (Some(account), Some(expected)) if account != expected => Err(RenewalFailure::Store(format!(
                "{description} holds tokens of the account {account}, but the given credentials belong \
                     to the account {expected}; use a token store of its own for each account"
            ))),
            (Some(_), Some(_)) => Ok(Some(stored)),
            _ => {
                let origins = stored.origin.as_ref().zip(known_origin);
                let is_related = origins.is_none_or(|(origin, expected)| origin == expected);
                Ok(is_related.then_some(stored))
            }
        }
    }

    /// Account of the tokens in use, if it is known.
    pub(crate) async fn account(&self) -> Result<Option<AccountId>, ErrorKind> {
        self.loaded().await?;
        let state = self.state();
        Ok(state
            .current
            .as_ref()
            .and_then(|current| current.credentials.account()))
    }

    /// Origin of the tokens in use.
    pub(crate) async fn source(&self) -> Result<Option<CredentialSource>, ErrorKind> {
        self.loaded().await?;
        Ok(self
            .state()
            .current
            .as_ref()
            .map(|current| current.source.clone()))
    }

    /// Returns the access token for the next request. If the token is about to expire, starts a renewal in
    /// the background. If the token has expired, waits for the renewal.
    pub(crate) async fn token(&self, client: &Client) -> Result<Arc<BearerToken>, ErrorKind> {
        self.loaded().await?;
        let bearer = {
            let mut state = self.state();
            if let Some(problem) = state.unreported.take() {
                return Err(ErrorKind::Configuration(problem));
            }
            let Some(current) = &state.current else {
                let reason = format!(
                    "there is no access token: no credentials were given, and {} is empty",
                    self.store_description()
                );
                return Err(ErrorKind::Login { reason, cause: None });
            };
            let (bearer, until) = (Arc::clone(&current.bearer), current.renewable_until);
            if state.next_save.is_some_and(|at| at <= Instant::now()) {
                state.next_save = Some(Instant::now() + SAVE_INTERVAL);
                spawn_save(client);
            }
            let now = client.now();
            let Some(until) = until.filter(|until| state.renewal_is_due(*until, now)) else {
                return Ok(bearer);
            };
            if until > now {
                drop(state.join_renewal(client, &bearer, RenewalCause::Expiry));
                return Ok(bearer);
            }
            bearer
        };
        // A failure is ignored here, because the old token may still be valid. If the service rejects the old
        // token, that rejection gives the better error.
        let _ = Box::pin(self.renew(client, &bearer)).await;
        let state = self.state();
        let current = state.current.as_ref();
        Ok(current.map_or(bearer, |current| Arc::clone(&current.bearer)))
    }

    /// Stores the tokens in use, after an earlier attempt to store them has failed.
    async fn save_again(&self) -> Result<(), StoreError> {
        let credentials = {
            let state = self.state();
            state.current.as_ref().map(|current| current.credentials.clone())
        };
        if let (Some(store), Some(credentials)) = (&self.store, credentials) {
            let _guard = store.lock().await?;
            token_store::save(&**store, &credentials, None).await?;
            self.state().next_save = None;
        }
        Ok(())
    }

    /// Replaces the credentials in use with these credentials from the program, and stores the new ones.
    pub(crate) async fn replace(&self, mut credentials: Credentials) -> Result<(), ErrorKind> {
        credentials
            .bind(&self.base_url)
            .map_err(ErrorKind::Configuration)?;
        // Loads first, because a store for another base URL or account must not be overwritten.
        self.loaded().await?;
        {
            let mut state = self.state();
            let account = state.known().find_map(Credentials::account);
            if let (Some(account), Some(new)) = (account, credentials.account())
                && account != new
            {
                return Err(ErrorKind::Configuration(format!(
                    "the client works on the account {account}, but the new credentials belong to the \
                     account {new}; use Client::with_credentials for another account"
                )));
            }
            *state = TokenState {
                generation: state.generation,
                ..TokenState::default()
            };
            state.activate(credentials.clone(), CredentialSource::Given);
        }
        let Some(store) = &self.store else {
            return Ok(());
        };
        let save = async {
            let _guard = store.lock().await?;
            token_store::save(&**store, &credentials, None).await
        };
        save.await.map_err(|error| {
            self.state().next_save = Some(Instant::now() + SAVE_INTERVAL);
            ErrorKind::Configuration(format!(
                "the new credentials are in use but could not be stored: {error}"
            ))
        })
    }
}

impl TokenState {
    /// All known credentials: first the active ones, then those from the program.
    fn known(&self) -> impl Iterator<Item = &Credentials> {
        let current = self.current.as_ref().map(|current| &current.credentials);
        current.into_iter().chain(&self.given)
    }

    /// Uses these credentials for all further requests.
    fn activate(&mut self, credentials: Credentials, source: CredentialSource) {
        let bearer = Arc::new(BearerToken::new(&credentials, &self.given));
        let renewable = credentials.refresh_token.is_some();
        self.generation += 1;
        self.current = Some(ActiveCredentials {
            bearer,
            source,
            renewable_until: credentials.expires_at().filter(|_| renewable),
            credentials,
        });
    }
}

/// Starts a task in the background that attempts again to store the tokens in use.
fn spawn_save(client: &Client) {
    let client = client.clone();
    tokio::spawn(async move {
        if let Some(token_manager) = client.token_manager()
            && let Err(error) = token_manager.save_again().await
        {
            trace::warn("the tokens in use could not be stored", &error);
        }
    });
}
