//! Renewals of tokens. All waiting calls share one renewal. Calls do not wait while the token is still valid.
//!
//! A renewal before the expiry may change nothing, because the service returns a valid token unchanged
//! (documented). In that case, the client renews the token again at the expiry.

use super::{CredentialSource, SAVE_INTERVAL, TokenManager, TokenState};
use crate::runtime::{
    auth::{BearerToken, Credentials, renewal_request::validate, token_store, token_store::StoreError},
    client::Client,
    error::{Error, ErrorKind},
    hook::RenewalView,
    trace,
};
use crate::transport::BoxFuture;
use futures_util::{FutureExt as _, future::Shared};
use secrecy::SecretString;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout},
};

/// Length of the period before the expiry of the token in which a call starts a background renewal.
const RENEWAL_MARGIN: Duration = Duration::from_mins(5);
/// Wait after the first failed renewal. Each further failure doubles the wait.
const MIN_BACKOFF: Duration = Duration::from_secs(1);
/// Longest wait after a failed renewal.
const MAX_BACKOFF: Duration = Duration::from_mins(1);
/// Time without progress after which a runtime counts as stalled. Another runtime then takes over its work.
pub(super) const STALLED: Duration = Duration::from_secs(5);

type RenewalResult = Result<RenewalOutcome, RenewalFailure>;

/// A renewal in progress, whose outcome all waiting calls share.
///
/// Each renewal is a separate task, so that it completes even if all waiting calls are dropped. This matters
/// because a refresh token may be valid for one use only. The task may belong to a current-thread runtime
/// that nobody runs any more. A call on another runtime notices this and renews on its own runtime. The task
/// of the stalled renewal is not aborted, because it may have received the only copy of a new refresh token.
#[derive(Clone)]
pub(super) struct SharedRenewal {
    outcome: Shared<BoxFuture<'static, RenewalResult>>,
    runtime: Handle,
    id: RenewalId,
}

/// Identity of a renewal.
#[derive(Clone, Copy, PartialEq, Eq)]
struct RenewalId(u64);

impl RenewalId {
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Reason for a renewal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RenewalCause {
    /// The token expires soon. The renewal starts in the background.
    Expiry,
    /// Calls wait for a token.
    Call,
    /// The runtime of another renewal has ended or stalled.
    TakeOver,
}

impl SharedRenewal {
    /// Waits for the outcome. If the runtime of the renewal has ended or stalled, returns
    /// [`RenewalFailure::Aborted`].
    async fn outcome(&self) -> RenewalResult {
        let mut outcome = self.outcome.clone();
        let runtime = Handle::try_current().map(|runtime| runtime.id());
        if runtime.is_ok_and(|runtime| runtime == self.runtime.id()) {
            return outcome.await;
        }
        loop {
            let sign_of_life = self.runtime.spawn(async {});
            match timeout(STALLED, &mut outcome).await {
                Ok(result) => return result,
                Err(_) if sign_of_life.is_finished() => {}
                Err(_) => return Err(RenewalFailure::Aborted),
            }
        }
    }
}

/// Origin of the token that replaces a rejected token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RenewalOutcome {
    /// The service issued or confirmed the token in this renewal.
    Confirmed,
    /// The program, another call or another process has already replaced the rejected token.
    AlreadyReplaced,
}

/// Cause of a failed renewal. Each waiting call gets a copy.
#[derive(Clone)]
pub(super) enum RenewalFailure {
    Store(String),
    /// The task of the renewal ended without an outcome, or its runtime has stalled.
    Aborted,
    Login {
        reason: String,
        cause: Option<Error>,
        /// True if another attempt would fail in the same way.
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

/// Wait after a failed renewal. If the service rejects the token of a call before the wait ends, the call
/// fails with the error of that renewal.
pub(super) struct Backoff {
    until: Instant,
    delay: Duration,
    failure: RenewalFailure,
}

impl TokenManager {
    /// Replaces the rejected token, or waits for a renewal that is already in progress.
    pub(crate) async fn renew(
        &self,
        client: &Client,
        rejected: &BearerToken,
    ) -> Result<RenewalOutcome, ErrorKind> {
        // If the runtime of the renewal has ended or stalled, this runtime takes over the renewal, but only
        // once.
        let mut cause = RenewalCause::Call;
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
                    _ => state.join_renewal(client, rejected, cause),
                }
            };
            match renewal.outcome().await {
                Err(RenewalFailure::Aborted) if cause == RenewalCause::Call => {
                    cause = RenewalCause::TakeOver;
                    self.state().end_renewal(renewal.id);
                }
                outcome => return outcome.map_err(ErrorKind::from),
            }
        }
    }

    /// Renews the tokens. A temporary failure starts a [`Backoff`].
    async fn perform_renewal(
        &self,
        client: &Client,
        rejected: &SecretString,
        generation: u64,
        cause: RenewalCause,
    ) -> RenewalResult {
        let result = self.attempt_renewal(client, rejected, generation, cause).await;
        let mut state = self.state();
        if result.is_err() && state.generation != generation {
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

    /// Makes one attempt to renew the tokens: first with the stored credentials, then with the other known
    /// ones.
    async fn attempt_renewal(
        &self,
        client: &Client,
        rejected: &SecretString,
        generation: u64,
        cause: RenewalCause,
    ) -> RenewalResult {
        let (_guard, stored) = match &self.store {
            None => (None, None),
            Some(store) if cause == RenewalCause::TakeOver => {
                // The stalled renewal may hold the lock.
                let guard = timeout(STALLED, store.lock()).await.ok().transpose()?;
                (guard, store.load().await?)
            }
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
            self.adopt(client, stored.clone(), rejected, source, generation);
            return Ok(RenewalOutcome::AlreadyReplaced);
        }
        let (candidates, permanent_rejection) = {
            let state = self.state();
            // Stored credentials come first: another process may have stored a newer refresh token.
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
                    return Ok(self
                        .accept(client, candidate, renewed, rejected, generation)
                        .await);
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
        generation: u64,
    ) -> RenewalOutcome {
        renewed.base_url = Some(self.base_url.clone());
        if self.state().generation != generation {
            return RenewalOutcome::AlreadyReplaced;
        }
        let problem = match &self.store {
            Some(store) => {
                let saved = token_store::save(&**store, &renewed, Some(before)).await;
                saved.err().map(|error| error.to_string())
            }
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
        self.adopt(client, renewed, rejected, CredentialSource::Renewal, generation);
        if is_new {
            client.hooks().renewed(&RenewalView {
                account: view.0.as_ref(),
                expires_at: view.1,
                storage_error: problem.as_deref(),
            });
        }
        RenewalOutcome::Confirmed
    }

    /// Uses the credentials that a renewal has received or found in the store, unless other credentials have
    /// replaced the rejected credentials in the meantime.
    fn adopt(
        &self,
        client: &Client,
        credentials: Credentials,
        rejected: &SecretString,
        source: CredentialSource,
        generation: u64,
    ) {
        let mut state = self.state();
        if state.generation != generation {
            return;
        }
        let now = client.now();
        let before = state.no_renewal_before.take();
        if credentials.same_token(rejected) {
            // The service returns a valid token unchanged, so the next opportunity for a renewal is the
            // expiry of the token.
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
}

impl TokenState {
    /// Returns true if a token that expires at `until` is due for renewal.
    pub(super) fn renewal_is_due(&self, until: SystemTime, now: SystemTime) -> bool {
        now.checked_add(RENEWAL_MARGIN).is_none_or(|soon| soon >= until)
            && self.no_renewal_before.is_none_or(|earliest| now >= earliest)
            && self
                .backoff
                .as_ref()
                .is_none_or(|backoff| backoff.until <= Instant::now())
    }

    /// Starts a renewal, or joins a renewal in progress.
    pub(super) fn join_renewal(
        &mut self,
        client: &Client,
        rejected: &BearerToken,
        cause: RenewalCause,
    ) -> SharedRenewal {
        let generation = self.generation;
        self.renewal
            .get_or_insert_with(|| spawn_renewal(client, &rejected.token, generation, cause))
            .clone()
    }

    /// Removes the renewal with this ID from the state. Does nothing if another renewal has replaced it.
    fn end_renewal(&mut self, id: RenewalId) {
        self.renewal.take_if(|renewal| renewal.id == id);
    }
}

/// Starts a renewal. If no call waits for the renewal, a failure is logged.
fn spawn_renewal(
    client: &Client,
    rejected: &SecretString,
    generation: u64,
    cause: RenewalCause,
) -> SharedRenewal {
    struct EndOnDrop(Client, RenewalId);
    impl Drop for EndOnDrop {
        fn drop(&mut self) {
            if let Some(token_manager) = self.0.token_manager() {
                token_manager.state().end_renewal(self.1);
            }
        }
    }
    let id = RenewalId::next();
    let (client, rejected) = (client.clone(), rejected.clone());
    let task = tokio::spawn(async move {
        let guard = EndOnDrop(client, id);
        let Some(token_manager) = guard.0.token_manager() else {
            return Ok(RenewalOutcome::AlreadyReplaced);
        };
        let renewal = token_manager.perform_renewal(&guard.0, &rejected, generation, cause);
        let result = renewal.await;
        if let (RenewalCause::Expiry, Err(failure)) = (cause, &result) {
            let error = Error::new(None, failure.clone().into());
            trace::warn("the access token could not be renewed before it expires", &error);
        }
        result
    });
    let outcome: BoxFuture<'static, _> =
        Box::pin(async move { task.await.unwrap_or(Err(RenewalFailure::Aborted)) });
    SharedRenewal {
        outcome: outcome.shared(),
        runtime: Handle::current(),
        id,
    }
}

/// Renews the token after `wait`, if the client still exists and a renewal is due then.
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
                drop(state.join_renewal(&client, &bearer, RenewalCause::Expiry));
            }
        }
    });
}

/// Recognises a status after which another attempt at the same renewal would fail as well.
fn is_permanent_rejection(status: http::StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 401 | 403)
}
