//! The token manager: holds the tokens that a client uses and renews them, once for all calls that wait.
//!
//! Documented: `POST /auth/validate` takes the access token, expired or not, as bearer token and the refresh
//! token in the body. For a valid access token it returns the same token with its expiry, for an expired one
//! a new token. A renewal before the expiry may therefore change nothing; the client then renews again at the
//! expiry.

use super::{AccountId, Credentials, Redactor, TokenStore, store::StoreError};
use crate::runtime::{
    attempt_loop::execute,
    client::Client,
    error::{Error, ErrorKind},
    operation::{Repeat, RequestTarget},
    prepared_request::{Authorization, PreparedRequest},
    trace,
};
use crate::transport::BoxFuture;
use bytes::Bytes;
use futures_util::{FutureExt as _, future::Shared};
use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::{
    borrow::Cow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};
use tokio::sync::OnceCell;

/// Time before the expiry at which a token is renewed, and the pause after a renewal that changed nothing.
const RENEWAL_MARGIN: Duration = Duration::from_mins(1);

/// Tokens of a client.
pub(crate) struct TokenManager {
    store: Option<Box<dyn TokenStore>>,
    loaded: OnceCell<()>,
    state: Mutex<TokenState>,
}

#[derive(Default)]
struct TokenState {
    current: Option<ActiveCredentials>,
    /// Credentials from the builder, used if the stored ones fail.
    configured: Option<Credentials>,
    renewal: Option<SharedRenewal>,
    /// Time before which only a rejected token causes a renewal.
    no_renewal_before: Option<SystemTime>,
    /// Credentials that the service has refused to renew, with the failure; asking again would not help.
    permanent_rejection: Option<(Vec<Credentials>, RenewalFailure)>,
}

/// Credentials in use, with the bearer token that all requests share.
struct ActiveCredentials {
    credentials: Credentials,
    bearer: Arc<BearerToken>,
}

/// An access token in the form that requests carry.
pub(crate) struct BearerToken {
    token: SecretString,
    /// `Authorization` header; `None` if the token contains invalid characters.
    header: Option<HeaderValue>,
    redactor: Redactor,
}

impl BearerToken {
    /// Creates the bearer token of `credentials`. Its redactor knows the tokens of `others`, too.
    fn new<'c>(credentials: &'c Credentials, others: impl IntoIterator<Item = &'c Credentials>) -> Self {
        let token = credentials.access_token.clone();
        let text = SecretString::from(format!("Bearer {}", token.expose_secret()));
        let mut header = HeaderValue::from_str(text.expose_secret()).ok();
        if let Some(header) = &mut header {
            header.set_sensitive(true);
        }
        Self {
            token,
            header,
            redactor: Redactor::for_credentials(others.into_iter().chain([credentials])),
        }
    }

    /// `Authorization` header of a request.
    pub(crate) fn header(&self) -> Result<HeaderValue, ErrorKind> {
        self.header.clone().ok_or_else(|| {
            ErrorKind::Configuration(
                "the access token contains characters that a header cannot carry".to_owned(),
            )
        })
    }

    /// Redactor for errors of requests that carry this token.
    pub(crate) fn redactor(&self) -> Redactor {
        self.redactor.clone()
    }
}

/// A renewal in progress, whose outcome all waiting calls share.
type SharedRenewal = Shared<BoxFuture<'static, Result<RenewalOutcome, RenewalFailure>>>;

/// Origin of the token that replaces a rejected one.
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
            RenewalFailure::Login { reason, cause } => Self::Login { reason, cause },
        }
    }
}

impl TokenManager {
    pub(crate) fn new(credentials: Option<Credentials>, store: Option<Box<dyn TokenStore>>) -> Option<Self> {
        if credentials.is_none() && store.is_none() {
            return None;
        }
        Some(Self {
            store,
            loaded: OnceCell::new(),
            state: Mutex::new(TokenState {
                configured: credentials,
                ..TokenState::default()
            }),
        })
    }

    fn state(&self) -> MutexGuard<'_, TokenState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Account of the tokens in use, if they say so.
    pub(crate) async fn account(&self) -> Result<Option<AccountId>, ErrorKind> {
        self.loaded.get_or_try_init(|| self.load()).await?;
        let state = self.state();
        Ok(state
            .current
            .as_ref()
            .and_then(|current| current.credentials.account()))
    }

    /// Access token for the next request, renewed first if it is about to expire.
    pub(crate) async fn token(&self, client: &Client) -> Result<Arc<BearerToken>, ErrorKind> {
        if !self.loaded.initialized() {
            // Boxed, because few calls need it and the future of every call stays smaller.
            Box::pin(self.loaded.get_or_try_init(|| self.load())).await?;
        }
        let (bearer, expiring) = {
            let state = self.state();
            let Some(ActiveCredentials { credentials, bearer }) = &state.current else {
                return Err(ErrorKind::Login {
                    reason:
                        "there is no access token: no credentials were given, and the token store is empty"
                            .to_owned(),
                    cause: None,
                });
            };
            let is_near = |expiry: SystemTime| {
                let soon = client.now().checked_add(RENEWAL_MARGIN);
                soon.is_none_or(|soon| soon >= expiry)
            };
            let expiring = credentials.refresh_token.is_some()
                && credentials.expires_at.is_some_and(is_near)
                && state.no_renewal_before.is_none_or(|until| client.now() >= until);
            (Arc::clone(bearer), expiring)
        };
        if expiring {
            // If the renewal fails, the old token may still be valid, and its rejection gives the better
            // error.
            let _ = Box::pin(self.renew(client, &bearer)).await;
            let state = self.state();
            let current = state.current.as_ref();
            return Ok(current.map_or(bearer, |current| Arc::clone(&current.bearer)));
        }
        Ok(bearer)
    }

    /// Loads the stored tokens, or else takes those from the builder.
    async fn load(&self) -> Result<(), RenewalFailure> {
        let stored = match &self.store {
            Some(store) => store.load().await?,
            None => None,
        };
        let mut state = self.state();
        if let Some(credentials) = stored.or_else(|| state.configured.take()) {
            state.activate(credentials);
        }
        Ok(())
    }

    /// Replaces the rejected token, or waits for a renewal that is already in progress.
    pub(crate) async fn renew(
        &self,
        client: &Client,
        rejected: &BearerToken,
    ) -> Result<RenewalOutcome, ErrorKind> {
        let rejected = &rejected.token;
        // A renewal whose runtime has ended is restarted once, on this runtime.
        let mut may_restart = true;
        loop {
            let renewal = {
                let mut state = self.state();
                if state
                    .current
                    .as_ref()
                    .is_some_and(|current| !current.credentials.same_token(rejected))
                {
                    return Ok(RenewalOutcome::AlreadyReplaced);
                }
                state
                    .renewal
                    .get_or_insert_with(|| spawn_renewal(client, rejected))
                    .clone()
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

    /// Renews the tokens, trying the stored credentials first.
    async fn perform_renewal(
        &self,
        client: &Client,
        rejected: &SecretString,
    ) -> Result<RenewalOutcome, RenewalFailure> {
        let (_guard, stored) = match &self.store {
            None => (None, None),
            Some(store) => {
                let guard = store.lock().await?;
                (Some(guard), store.load().await?)
            }
        };
        if let Some(stored) = &stored
            && !stored.same_token(rejected)
            && stored.expires_at.is_some_and(|expiry| expiry > client.now())
        {
            // Another process has already renewed the tokens.
            self.adopt(client, stored.clone(), rejected);
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
        let mut last_failure = RenewalFailure::Login {
            reason: "the access token was rejected, and there is no refresh token to renew it with"
                .to_owned(),
            cause: None,
        };
        let mut permanent = true;
        for candidate in &candidates {
            let known: Vec<Credentials> = self.state().known().cloned().collect();
            let bearer = Arc::new(BearerToken::new(candidate, &known));
            match validate(client, candidate, bearer).await {
                Ok(renewed) => {
                    if let Some(store) = &self.store
                        && let Err(error) = store.save(&renewed).await
                    {
                        trace::warn("the renewed tokens are in use but could not be stored", &error);
                    }
                    self.adopt(client, renewed, rejected);
                    return Ok(RenewalOutcome::Confirmed);
                }
                Err(error) => {
                    let retryable = error.is_retryable();
                    // An HTML page or an undecodable response says nothing about the token.
                    permanent &= error.status().is_some_and(is_permanent_rejection);
                    last_failure = RenewalFailure::Login {
                        reason: "the access token was rejected and could not be renewed".to_owned(),
                        cause: Some(error),
                    };
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

    /// Uses the credentials that a renewal returned.
    fn adopt(&self, client: &Client, credentials: Credentials, rejected: &SecretString) {
        let mut state = self.state();
        state.no_renewal_before = credentials.same_token(rejected).then(|| {
            let now = client.now();
            let soon = now.checked_add(RENEWAL_MARGIN).unwrap_or(now);
            credentials.expires_at.map_or(soon, |expiry| expiry.max(soon))
        });
        state.activate(credentials);
        state.permanent_rejection = None;
    }
}

impl TokenState {
    /// All known credentials, the active ones first.
    fn known(&self) -> impl Iterator<Item = &Credentials> {
        let current = self.current.as_ref().map(|current| &current.credentials);
        current.into_iter().chain(&self.configured)
    }

    /// Uses these credentials for all further requests.
    fn activate(&mut self, credentials: Credentials) {
        let bearer = Arc::new(BearerToken::new(&credentials, &self.configured));
        self.current = Some(ActiveCredentials { credentials, bearer });
    }
}

/// Starts a renewal as a separate task, which completes even if all waiting calls are dropped: a refresh
/// token may be valid for one use only.
fn spawn_renewal(client: &Client, rejected: &SecretString) -> SharedRenewal {
    struct ClearOnDrop(Client);
    impl Drop for ClearOnDrop {
        fn drop(&mut self) {
            if let Some(token_manager) = self.0.token_manager() {
                token_manager.state().renewal = None;
            }
        }
    }
    let (client, rejected) = (client.clone(), rejected.clone());
    let task = tokio::spawn(async move {
        let guard = ClearOnDrop(client);
        match guard.0.token_manager() {
            Some(token_manager) => token_manager.perform_renewal(&guard.0, &rejected).await,
            None => Ok(RenewalOutcome::AlreadyReplaced),
        }
    });
    let outcome: BoxFuture<'static, _> =
        Box::pin(async move { task.await.unwrap_or(Err(RenewalFailure::Aborted)) });
    outcome.shared()
}

/// Recognises a status after which the service would refuse the same renewal again.
fn is_permanent_rejection(status: http::StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 401 | 403)
}

/// Asks the service to confirm or renew these tokens.
async fn validate(
    client: &Client,
    credentials: &Credentials,
    bearer: Arc<BearerToken>,
) -> Result<Credentials, Error> {
    let body = match &credentials.refresh_token {
        Some(token) => serde_json::json!({ "refresh_token": token.expose_secret() }),
        None => serde_json::json!({}),
    };
    let request = PreparedRequest {
        authorization: Authorization::Fixed(bearer),
        confidential: true,
        body: Some(Bytes::from(body.to_string())),
        ..PreparedRequest::new(RequestTarget {
            id: "renew_access_token",
            method: http::Method::POST,
            // Documented without a trailing slash.
            path: Cow::Borrowed("/auth/validate"),
            repeat: Repeat::Idempotent,
        })
    };
    // Boxed, because the attempt loop is recursive here.
    let execution: BoxFuture<'_, _> = Box::pin(execute(client, &request));
    let received = execution.await?;
    parse_renewed(&received.body, credentials).ok_or_else(|| {
        received.fail(
            &request,
            ErrorKind::Argument("the response contains no tokens.access_token".to_owned()),
        )
    })
}

/// Parses the tokens in a response; an absent refresh token stays as it was.
fn parse_renewed(body: &[u8], before: &Credentials) -> Option<Credentials> {
    let response: Value = serde_json::from_slice(body).ok()?;
    let tokens = response.get("tokens")?;
    let text = |name: &str| {
        let token = tokens.get(name)?.as_str().filter(|token| !token.is_empty());
        token.map(SecretString::from)
    };
    let seconds = match tokens.get("expires_at") {
        Some(Value::Number(seconds)) => seconds.as_f64(),
        Some(Value::String(seconds)) => seconds.parse().ok(),
        _ => None,
    };
    Some(Credentials {
        access_token: text("access_token")?,
        refresh_token: text("refresh_token").or_else(|| before.refresh_token.clone()),
        expires_at: seconds
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_are_parsed_tolerantly() {
        let before = Credentials::new("old").with_refresh_token("kept");
        let read = |body: &str| parse_renewed(body.as_bytes(), &before);
        let expiry = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for body in [
            r#"{"tokens":{"access_token":"new","expires_at":1700000000}}"#,
            r#"{"tokens":{"access_token":"new","expires_at":"1700000000","other":1},"user":{}}"#,
        ] {
            let credentials = read(body).unwrap();
            assert!(credentials.same_token(&SecretString::from("new")));
            assert_eq!(credentials.refresh_token().unwrap().expose_secret(), "kept");
            assert_eq!(credentials.expires_at(), Some(expiry));
        }
        let rotated = read(r#"{"tokens":{"access_token":"new","refresh_token":"next"}}"#).unwrap();
        assert_eq!(rotated.refresh_token().unwrap().expose_secret(), "next");
        assert_eq!(rotated.expires_at(), None);
        for body in [
            "",
            "null",
            "{}",
            r#"{"tokens":{"access_token":""}}"#,
            r#"{"access_token":"x"}"#,
        ] {
            assert!(read(body).is_none(), "{body}");
        }
    }
}
