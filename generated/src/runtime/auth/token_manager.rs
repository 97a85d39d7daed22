//! The token manager: holds the tokens that a client uses, and renews them once for all waiting calls.
//!
//! A renewal before the expiry may change nothing, because the service only confirms a valid token
//! (documented). In that case, the client renews again at the expiry.
//!
//! This file is long because renewing, storing and replacing tokens share one state.

use super::{AccountId, BearerToken, Credentials, TokenStore, token_store::StoreError, validate::validate};
use crate::runtime::{
    builder::BASE_URL,
    client::Client,
    error::{Error, ErrorKind},
    hook::RenewalView,
    trace,
};
use crate::transport::BoxFuture;
use futures_util::{FutureExt as _, future::Shared};
use secrecy::SecretString;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::{sync::OnceCell, time::Instant};

/// Time before the expiry from which a token is renewed in the background.
const RENEWAL_MARGIN: Duration = Duration::from_mins(5);
/// Wait after the first failed renewal; it doubles with each further failure.
const MIN_BACKOFF: Duration = Duration::from_secs(1);
/// Longest wait after a failed renewal.
const MAX_BACKOFF: Duration = Duration::from_mins(1);
/// Wait after a failure to store tokens.
const SAVE_INTERVAL: Duration = Duration::from_mins(1);

/// The tokens of a client.
pub(crate) struct TokenManager {
    /// Base URL for which the tokens are valid.
    base_url: String,
    store: Option<Box<dyn TokenStore>>,
    loaded: OnceCell<()>,
    state: Mutex<TokenState>,
}

#[derive(Default)]
struct TokenState {
    current: Option<ActiveCredentials>,
    /// Credentials from the program, used if the stored credentials fail.
    given: Option<Credentials>,
    /// Number of times that the program replaced the credentials.
    replacements: u64,
    renewal: Option<SharedRenewal>,
    /// Time before which only a rejected token causes a renewal.
    no_renewal_before: Option<SystemTime>,
    /// Credentials that the service has permanently refused to renew, with the failure.
    permanent_rejection: Option<(Vec<Credentials>, RenewalFailure)>,
    backoff: Option<Backoff>,
    /// Time of the next attempt to store tokens, if the last one failed.
    next_save: Option<Instant>,
    /// Store error that the next call reports.
    unreported: Option<String>,
}

/// Wait after a failed renewal, during which calls fail with the same error.
struct Backoff {
    until: Instant,
    delay: Duration,
    failure: RenewalFailure,
}

/// Origin of the access token in use.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialSource {
    /// The program, by [`ClientBuilder::credentials`](crate::ClientBuilder::credentials) or later.
    Given,
    /// The token store with this description.
    Store(String),
    /// A renewal by this client.
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
    /// Expiry of a token that can be renewed.
    renewable_until: Option<SystemTime>,
}

/// A renewal in progress, whose outcome all waiting calls share.
type SharedRenewal = Shared<BoxFuture<'static, Result<RenewalOutcome, RenewalFailure>>>;

/// Origin of the token that replaces a rejected token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RenewalOutcome {
    /// The service issued or confirmed the token in this renewal.
    Confirmed,
    /// Another call or process had already replaced the token; the service was not asked.
    AlreadyReplaced,
}

/// Cause of a failed renewal, which all waiting calls share.
#[derive(Clone)]
enum RenewalFailure {
    Store(String),
    /// The task of the renewal ended without an outcome.
    Aborted,
    Login {
        reason: String,
        cause: Option<Error>,
        /// Another attempt would fail the same way.
        permanent: bool,
    },
}

impl From<StoreError> for RenewalFailure {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

impl From<RenewalFailure> for ErrorKind {
    fn from(failure: RenewalFailure) -> Self {
        match failure {
            RenewalFailure::Store(message) => Self::Configuration(message),
            RenewalFailure::Aborted => Self::Configuration(
                "the renewal of the access token was aborted: its runtime ended, or the token store panicked"
                    .to_owned(),
            ),
            RenewalFailure::Login { reason, cause, .. } => Self::Login { reason, cause },
        }
    }
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
            // Boxed, because few calls need it, and boxing keeps the future of every call smaller.
            Box::pin(self.loaded.get_or_try_init(|| self.load())).await?;
        }
        Ok(())
    }

    /// Loads the stored tokens; if there are none, uses the tokens from the program.
    async fn load(&self) -> Result<(), RenewalFailure> {
        let stored = match &self.store {
            Some(store) => store.load().await?,
            None => None,
        };
        let mut state = self.state();
        if let Some(stored) = self.admit(stored, state.given.as_ref())? {
            state.activate(stored, CredentialSource::Store(self.store_description()));
        } else if let Some(given) = state.given.take() {
            state.activate(given, CredentialSource::Given);
        }
        Ok(())
    }

    /// Checks that stored tokens belong to this service and to the account of `known`. Returns `None` if they
    /// descend from other credentials, and nothing shows that both belong to one account.
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
        let owner = base_url.unwrap_or(BASE_URL).trim_end_matches('/');
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

    /// Account of the tokens in use, if the tokens state it.
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

    /// Access token for the next request. A token that is about to expire is renewed in the background; an
    /// expired token is renewed first.
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
                drop(state.join_renewal(client, &bearer, true));
                return Ok(bearer);
            }
            bearer
        };
        // If the renewal fails, the old token may still be valid, and its rejection gives the better error.
        let _ = Box::pin(self.renew(client, &bearer)).await;
        let state = self.state();
        let current = state.current.as_ref();
        Ok(current.map_or(bearer, |current| Arc::clone(&current.bearer)))
    }

    /// Replaces the rejected token, or waits for a renewal that is already in progress.
    pub(crate) async fn renew(
        &self,
        client: &Client,
        rejected: &BearerToken,
    ) -> Result<RenewalOutcome, ErrorKind> {
        // A renewal whose runtime has ended is restarted once, on this runtime.
        let mut may_restart = true;
        loop {
            let renewal = {
                let mut state = self.state();
                let current = state.current.as_ref();
                if current.is_some_and(|current| !current.credentials.same_token(&rejected.token)) {
                    return Ok(RenewalOutcome::AlreadyReplaced);
                }
                match &state.backoff {
                    Some(backoff) if state.renewal.is_none() && backoff.until > Instant::now() => {
                        return Err(backoff.failure.clone().into());
                    }
                    _ => state.join_renewal(client, rejected, false),
                }
            };
            match renewal.await {
                Err(RenewalFailure::Aborted) if may_restart => {
                    may_restart = false;
                    self.state().renewal = None;
                }
                outcome => return outcome.map_err(ErrorKind::from),
            }
        }
    }

    /// Renews the tokens, and backs off after a temporary failure.
    async fn perform_renewal(
        &self,
        client: &Client,
        rejected: &SecretString,
        replacements: u64,
    ) -> Result<RenewalOutcome, RenewalFailure> {
        let result = self.attempt_renewal(client, rejected, replacements).await;
        let mut state = self.state();
        if state.replacements != replacements {
            return Ok(RenewalOutcome::AlreadyReplaced);
        }
        let may_pass = |failure: &RenewalFailure| match failure {
            RenewalFailure::Store(_) => true,
            RenewalFailure::Login { cause, permanent, .. } => cause.is_some() && !permanent,
            RenewalFailure::Aborted => false,
        };
        match &result {
            Err(failure) if may_pass(failure) => {
                let last = state.backoff.as_ref().map(|backoff| backoff.delay);
                let delay = last.map_or(MIN_BACKOFF, |last| (last * 2).min(MAX_BACKOFF));
                state.backoff = Some(Backoff {
                    until: Instant::now() + delay,
                    delay,
                    failure: failure.clone(),
                });
            }
            _ => state.backoff = None,
        }
        result
    }

    /// Renews the tokens once, trying the stored credentials first.
    async fn attempt_renewal(
        &self,
        client: &Client,
        rejected: &SecretString,
        replacements: u64,
    ) -> Result<RenewalOutcome, RenewalFailure> {
        let (_guard, stored) = match &self.store {
            None => (None, None),
            Some(store) => {
                let guard = store.lock().await?;
                (Some(guard), store.load().await?)
            }
        };
        let (stored, source) = {
            let state = self.state();
            let current = state.current.as_ref();
            let stored = self.admit(stored, current.map(|current| &current.credentials))?;
            (
                stored,
                current.map_or(CredentialSource::Given, |current| current.source.clone()),
            )
        };
        if let Some(stored) = &stored
            && !stored.same_token(rejected)
            && stored.expires_at().is_some_and(|expiry| expiry > client.now())
        {
            // Another process has already renewed the tokens.
            let source = CredentialSource::Store(self.store_description());
            self.adopt(client, stored.clone(), rejected, source, replacements);
            return Ok(RenewalOutcome::AlreadyReplaced);
        }
        let (candidates, permanent_rejection) = {
            let state = self.state();
            // The stored credentials may have a newer refresh token from another process.
            let all = stored.iter().chain(state.known());
            let mut candidates: Vec<Credentials> = Vec::new();
            for candidate in all {
                let not_renewable = candidate.refresh_token.is_none() && candidate.same_token(rejected);
                if !not_renewable && !candidates.iter().any(|known| known.same(candidate)) {
                    candidates.push(candidate.clone());
                }
            }
            (candidates, state.permanent_rejection.clone())
        };
        if let Some((known, failure)) = permanent_rejection
            && !candidates.is_empty()
            && candidates
                .iter()
                .all(|candidate| known.iter().any(|known| known.same(candidate)))
        {
            return Err(failure);
        }
        let failed = |reason: &str, cause: Option<Error>, permanent: bool| RenewalFailure::Login {
            reason: format!("the access token from {source} was rejected{reason}"),
            cause,
            permanent,
        };
        let mut last_failure = failed(", and there is no refresh token to renew it with", None, true);
        let mut permanent = true;
        for candidate in &candidates {
            let known: Vec<Credentials> = self.state().known().cloned().collect();
            let bearer = Arc::new(BearerToken::new(candidate, &known));
            match validate(client, candidate, bearer).await {
                Ok(renewed) => {
                    self.accept(client, candidate, renewed, rejected, replacements)
                        .await;
                    return Ok(RenewalOutcome::Confirmed);
                }
                Err(error) => {
                    let retryable = error.is_retryable();
                    // An HTML page or an undecodable response reveals nothing about the token.
                    permanent &= error.status().is_some_and(is_permanent_rejection);
                    last_failure = failed(" and could not be renewed", Some(error), permanent);
                    if retryable {
                        return Err(last_failure);
                    }
                }
            }
        }
        if permanent {
            self.state().permanent_rejection = Some((candidates, last_failure.clone()));
        }
        Err(last_failure)
    }

    /// Stores and uses the credentials that a renewal of `before` returned.
    async fn accept(
        &self,
        client: &Client,
        before: &Credentials,
        mut renewed: Credentials,
        rejected: &SecretString,
        replacements: u64,
    ) {
        renewed.base_url = Some(self.base_url.clone());
        if self.state().replacements != replacements {
            return;
        }
        let problem = match &self.store {
            Some(store) => store.save(&renewed).await.err().map(|error| error.to_string()),
            None => None,
        };
        if let Some(problem) = &problem {
            trace::warn("the renewed tokens are in use but could not be stored", problem);
        }
        let is_new = !renewed.same(before);
        let rotated = !renewed.same_refresh_token(before);
        let view = (renewed.account(), renewed.expires_at());
        {
            let mut state = self.state();
            state.next_save = problem.is_some().then(|| Instant::now() + SAVE_INTERVAL);
            state.unreported = problem.as_ref().filter(|_| rotated).map(|problem| {
                format!(
                    "the service has replaced the refresh token, and the new one could not be stored: \
                     {problem}; this client keeps using it, but the next process needs new tokens unless a \
                     later attempt to store it succeeds"
                )
            });
        }
        self.adopt(client, renewed, rejected, CredentialSource::Renewal, replacements);
        if is_new {
            client.hooks().renewed(&RenewalView {
                account: view.0.as_ref(),
                expires_at: view.1,
                storage_error: problem.as_deref(),
            });
        }
    }

    /// Stores the tokens in use after the last attempt failed.
    async fn save_again(&self) -> Result<(), StoreError> {
        let credentials = {
            let state = self.state();
            state.current.as_ref().map(|current| current.credentials.clone())
        };
        if let (Some(store), Some(credentials)) = (&self.store, credentials) {
            let _guard = store.lock().await?;
            store.save(&credentials).await?;
            self.state().next_save = None;
        }
        Ok(())
    }

    /// Uses the credentials that a renewal returned or found, unless the program has replaced them.
    fn adopt(
        &self,
        client: &Client,
        credentials: Credentials,
        rejected: &SecretString,
        source: CredentialSource,
        replacements: u64,
    ) {
        let mut state = self.state();
        if state.replacements != replacements {
            return;
        }
        let now = client.now();
        let before = state.no_renewal_before.take();
        if credentials.same_token(rejected) {
            // The service only confirms a valid token, so the next opportunity is its expiry.
            let soon = now.checked_add(RENEWAL_MARGIN).unwrap_or(now);
            let next = credentials
                .expires_at()
                .filter(|expiry| *expiry > now)
                .unwrap_or(soon);
            state.no_renewal_before = Some(next);
            if next <= soon && before != Some(next) {
                spawn_renewal_at(client, next.duration_since(now).unwrap_or_default());
            }
        }
        state.activate(credentials, source);
        state.permanent_rejection = None;
    }

    /// Replaces the credentials with those of the program and stores them.
    pub(crate) async fn replace(&self, mut credentials: Credentials) -> Result<(), ErrorKind> {
        credentials
            .bind(&self.base_url)
            .map_err(ErrorKind::Configuration)?;
        // A store for another base URL or account must not be overwritten.
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
                replacements: state.replacements + 1,
                ..TokenState::default()
            };
            state.activate(credentials.clone(), CredentialSource::Given);
        }
        let Some(store) = &self.store else {
            return Ok(());
        };
        let save = async {
            let _guard = store.lock().await?;
            store.save(&credentials).await
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
    /// All known credentials, the active ones first.
    fn known(&self) -> impl Iterator<Item = &Credentials> {
        let current = self.current.as_ref().map(|current| &current.credentials);
        current.into_iter().chain(&self.given)
    }

    /// Uses these credentials for all further requests.
    fn activate(&mut self, credentials: Credentials, source: CredentialSource) {
        let bearer = Arc::new(BearerToken::new(&credentials, &self.given));
        let renewable = credentials.refresh_token.is_some();
        self.current = Some(ActiveCredentials {
            bearer,
            source,
            renewable_until: credentials.expires_at().filter(|_| renewable),
            credentials,
        });
    }

    /// Returns true if a token that expires at `until` should be renewed now.
    fn renewal_is_due(&self, until: SystemTime, now: SystemTime) -> bool {
        now.checked_add(RENEWAL_MARGIN).is_none_or(|soon| soon >= until)
            && self.no_renewal_before.is_none_or(|earliest| now >= earliest)
            && self
                .backoff
                .as_ref()
                .is_none_or(|backoff| backoff.until <= Instant::now())
    }

    /// Starts a renewal, or joins a renewal in progress.
    fn join_renewal(&mut self, client: &Client, rejected: &BearerToken, background: bool) -> SharedRenewal {
        let replacements = self.replacements;
        self.renewal
            .get_or_insert_with(|| spawn_renewal(client, &rejected.token, replacements, background))
            .clone()
    }
}

/// Starts a renewal as a separate task, which completes even if all waiting calls are dropped: a refresh
/// token may be valid for one use only. No call waits for a renewal in the `background`, so the renewal logs
/// its failure.
fn spawn_renewal(
    client: &Client,
    rejected: &SecretString,
    replacements: u64,
    background: bool,
) -> SharedRenewal {
    struct ClearOnDrop(Client, u64);
    impl Drop for ClearOnDrop {
        fn drop(&mut self) {
            if let Some(token_manager) = self.0.token_manager() {
                let mut state = token_manager.state();
                if state.replacements == self.1 {
                    state.renewal = None;
                }
            }
        }
    }
    let (client, rejected) = (client.clone(), rejected.clone());
    let task = tokio::spawn(async move {
        let guard = ClearOnDrop(client, replacements);
        let Some(token_manager) = guard.0.token_manager() else {
            return Ok(RenewalOutcome::AlreadyReplaced);
        };
        let renewal = token_manager.perform_renewal(&guard.0, &rejected, replacements);
        let result = renewal.await;
        if let (true, Err(failure)) = (background, &result) {
            let error = Error::new(None, failure.clone().into());
            trace::warn("the access token could not be renewed before it expires", &error);
        }
        result
    });
    let outcome: BoxFuture<'static, _> =
        Box::pin(async move { task.await.unwrap_or(Err(RenewalFailure::Aborted)) });
    outcome.shared()
}

/// Renews the token after `wait`, at its expiry, unless the client has been dropped by then.
fn spawn_renewal_at(client: &Client, wait: Duration) {
    let client = Arc::downgrade(&client.0);
    tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        let Some(client) = client.upgrade().map(Client) else {
            return;
        };
        if let Some(token_manager) = client.token_manager() {
            let mut state = token_manager.state();
            let current = state.current.as_ref();
            let Some((bearer, Some(until))) =
                current.map(|current| (Arc::clone(&current.bearer), current.renewable_until))
            else {
                return;
            };
            if state.renewal_is_due(until, client.now()) {
                drop(state.join_renewal(&client, &bearer, true));
            }
        }
    });
}

/// Starts another attempt to store the tokens in use.
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

/// Recognises a status that means that the service would refuse the same renewal again.
fn is_permanent_rejection(status: http::StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 401 | 403)
}
