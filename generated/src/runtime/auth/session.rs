//! The tokens that a client uses now, and their renewal: once for all calls that wait for it.
//!
//! Documented: `POST /auth/validate` takes the access token, which may have expired, as bearer token and the refresh token in the
//! body. For an access token that is still valid it answers with that same token and its end; for an expired one with a new one. So a
//! renewal before the end may change nothing; it is then asked for again at the end.

use super::{Credentials, TokenStore, store::StoreError};
use crate::runtime::{
    client::Client,
    error::{Error, Kind},
    exchange::{Authorization, Outgoing, exchange},
    operation::{Repeat, Target},
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

/// How long before its end a token is renewed, and how long a renewal that changed nothing is not repeated.
const EARLY: Duration = Duration::from_mins(1);

/// The tokens of a client.
pub(crate) struct Session {
    store: Option<Box<dyn TokenStore>>,
    loaded: OnceCell<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Current>,
    /// What the program gave, where the store had something else: tried when that fails.
    given: Option<Credentials>,
    renewal: Option<Renewal>,
    /// Until when no renewal is asked for before the service refuses a token.
    quiet_until: Option<SystemTime>,
    /// What the service has refused to renew, and why: to ask again would not help.
    refused: Option<(Vec<Credentials>, Failure)>,
}

/// The tokens in use, and what is made of them once for all requests.
struct Current {
    credentials: Credentials,
    bearer: Arc<Bearer>,
}

/// An access token as requests carry it.
pub(crate) struct Bearer {
    token: SecretString,
    /// The header; `None` where the token cannot be in one.
    header: Option<HeaderValue>,
    secrets: Secrets,
}

impl Bearer {
    /// That of these credentials; no error about its requests may show them, nor those that are known besides.
    fn new<'c>(credentials: &'c Credentials, besides: impl IntoIterator<Item = &'c Credentials>) -> Self {
        let token = credentials.access_token.clone();
        let text = SecretString::from(format!("Bearer {}", token.expose_secret()));
        let mut header = HeaderValue::from_str(text.expose_secret()).ok();
        if let Some(header) = &mut header {
            header.set_sensitive(true);
        }
        Self {
            token,
            header,
            secrets: Secrets::of(besides.into_iter().chain([credentials])),
        }
    }

    /// The header of a request.
    pub(crate) fn header(&self) -> Result<HeaderValue, Kind> {
        self.header.clone().ok_or_else(|| {
            Kind::Configuration("the access token holds characters that cannot be in a header".to_owned())
        })
    }

    /// What no error about a request that carries it may show.
    pub(crate) fn secrets(&self) -> Secrets {
        self.secrets.clone()
    }
}

/// A renewal under way. Whoever waits for it gets the same.
type Renewal = Shared<BoxFuture<'static, Result<Renewed, Failure>>>;

/// Where a token came from that is to be used instead of a refused one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewed {
    /// The service gave or confirmed it just now.
    Confirmed,
    /// Another call or another process had it; the service was not asked.
    Taken,
}

/// Why there is no valid token. All calls that wait for one get the same.
#[derive(Clone)]
enum Failure {
    Store(String),
    /// The task of the renewal ended without an outcome.
    CutOff,
    Login {
        reason: String,
        cause: Option<Error>,
    },
}

impl Failure {
    fn store(error: &StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

impl From<Failure> for Kind {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(message) => Self::Configuration(message),
            Failure::CutOff => Self::Configuration(
                "the renewal of the access token was cut off: its runtime ended, or the token store panicked"
                    .to_owned(),
            ),
            Failure::Login { reason, cause } => Self::Login { reason, cause },
        }
    }
}

impl Session {
    pub(crate) fn new(credentials: Option<Credentials>, store: Option<Box<dyn TokenStore>>) -> Option<Self> {
        if credentials.is_none() && store.is_none() {
            return None;
        }
        Some(Self {
            store,
            loaded: OnceCell::new(),
            state: Mutex::new(State {
                given: credentials,
                ..State::default()
            }),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The access token for the next request, renewed first where its end is known to be near.
    pub(crate) async fn token(&self, client: &Client) -> Result<Arc<Bearer>, Kind> {
        if !self.loaded.initialized() {
            // Boxed, as all that few calls need: so every call is smaller.
            Box::pin(self.loaded.get_or_try_init(|| self.load())).await?;
        }
        let (bearer, ends) = {
            let state = self.state();
            let Some(Current { credentials, bearer }) = &state.current else {
                return Err(Kind::Login {
                    reason: "there is no access token: neither credentials were given nor does the token store hold any".to_owned(),
                    cause: None,
                });
            };
            let near = |at: SystemTime| {
                let soon = client.now().checked_add(EARLY);
                soon.is_none_or(|soon| soon >= at)
            };
            let ends = credentials.refresh_token.is_some()
                && credentials.expires_at.is_some_and(near)
                && state.quiet_until.is_none_or(|until| client.now() >= until);
            (Arc::clone(bearer), ends)
        };
        if ends {
            // If it fails, the old token may still do, and the service's refusal says more.
            let _ = Box::pin(self.renew(client, &bearer)).await;
            let state = self.state();
            let current = state.current.as_ref();
            return Ok(current.map_or(bearer, |current| Arc::clone(&current.bearer)));
        }
        Ok(bearer)
    }

    async fn load(&self) -> Result<(), Kind> {
        let stored = match &self.store {
            Some(store) => store
                .load()
                .await
                .map_err(|error| Kind::from(Failure::store(&error)))?,
            None => None,
        };
        let mut state = self.state();
        if let Some(credentials) = stored.or_else(|| state.given.take()) {
            state.uses(credentials);
        }
        Ok(())
    }

    /// Gets another token than the one that was rejected. Calls that come while a renewal is under way wait for it.
    pub(crate) async fn renew(&self, client: &Client, rejected: &Bearer) -> Result<Renewed, Kind> {
        let rejected = &rejected.token;
        // One that was begun on a runtime which has ended is begun anew on this one.
        let mut anew = true;
        loop {
            let renewal = {
                let mut state = self.state();
                if state
                    .current
                    .as_ref()
                    .is_some_and(|current| !current.credentials.same_token(rejected))
                {
                    return Ok(Renewed::Taken);
                }
                state
                    .renewal
                    .get_or_insert_with(|| start(client, rejected))
                    .clone()
            };
            match renewal.await {
                Err(Failure::CutOff) if anew => {
                    anew = false;
                    self.state().renewal = None;
                }
                outcome => return outcome.map_err(Kind::from),
            }
        }
    }

    async fn renewal(&self, client: &Client, rejected: &SecretString) -> Result<Renewed, Failure> {
        let (_guard, stored) = match &self.store {
            None => (None, None),
            Some(store) => {
                let guard = store.lock().await.map_err(|error| Failure::store(&error))?;
                let stored = store.load().await.map_err(|error| Failure::store(&error))?;
                (Some(guard), stored)
            }
        };
        if let Some(stored) = &stored
            && !stored.same_token(rejected)
            && stored.expires_at.is_some_and(|end| end > client.now())
        {
            // Another process was faster.
            self.adopt(client, stored.clone(), rejected);
            return Ok(Renewed::Taken);
        }
        let (candidates, refused) = {
            let state = self.state();
            // Another process may have replaced the refresh token alone.
            let all = stored.iter().chain(state.known());
            let mut candidates: Vec<Credentials> = Vec::new();
            for candidate in all {
                let hopeless = candidate.refresh_token.is_none() && candidate.same_token(rejected);
                if !hopeless && !candidates.iter().any(|known| known.same(candidate)) {
                    candidates.push(candidate.clone());
                }
            }
            (candidates, state.refused.clone())
        };
        if let Some((known, failure)) = refused
            && !candidates.is_empty()
            && candidates
                .iter()
                .all(|candidate| known.iter().any(|known| known.same(candidate)))
        {
            return Err(failure);
        }
        let mut last = Failure::Login {
            reason: "the access token is refused, and there is no refresh token to get a new one with"
                .to_owned(),
            cause: None,
        };
        let mut for_good = true;
        for candidate in &candidates {
            let besides: Vec<Credentials> = self.state().known().cloned().collect();
            let bearer = Arc::new(Bearer::new(candidate, &besides));
            match validate(client, candidate, bearer).await {
                Ok(renewed) => {
                    if let Some(store) = &self.store
                        && let Err(error) = store.save(&renewed).await
                    {
                        trace::warn("the renewed tokens are in use but could not be stored", &error);
                    }
                    self.adopt(client, renewed, rejected);
                    return Ok(Renewed::Confirmed);
                }
                Err(error) => {
                    let again = error.is_retryable();
                    // A page, or an answer that makes no sense, says nothing about the token.
                    for_good &= error.status().is_some_and(refuses_for_good);
                    last = Failure::Login {
                        reason: "the access token is refused and could not be renewed".to_owned(),
                        cause: Some(error),
                    };
                    if again {
                        return Err(last);
                    }
                }
            }
        }
        if for_good {
            self.state().refused = Some((candidates, last.clone()));
        }
        Err(last)
    }

    fn adopt(&self, client: &Client, credentials: Credentials, rejected: &SecretString) {
        let mut state = self.state();
        state.quiet_until = credentials.same_token(rejected).then(|| {
            let now = client.now();
            let soon = now.checked_add(EARLY).unwrap_or(now);
            credentials.expires_at.map_or(soon, |end| end.max(soon))
        });
        state.uses(credentials);
        state.refused = None;
    }
}

impl State {
    /// All credentials that are known, those in use first.
    fn known(&self) -> impl Iterator<Item = &Credentials> {
        let current = self.current.as_ref().map(|current| &current.credentials);
        current.into_iter().chain(&self.given)
    }

    /// From now on, requests carry these.
    fn uses(&mut self, credentials: Credentials) {
        let bearer = Arc::new(Bearer::new(&credentials, &self.given));
        self.current = Some(Current { credentials, bearer });
    }
}

/// A renewal as a task of its own, so that it ends although the calls that wait for it are given up: a refresh token may be good for
/// one use only.
fn start(client: &Client, rejected: &SecretString) -> Renewal {
    struct Done(Client);
    impl Drop for Done {
        fn drop(&mut self) {
            if let Some(session) = self.0.session() {
                session.state().renewal = None;
            }
        }
    }
    let (client, rejected) = (client.clone(), rejected.clone());
    let task = tokio::spawn(async move {
        let done = Done(client);
        match done.0.session() {
            Some(session) => session.renewal(&done.0, &rejected).await,
            None => Ok(Renewed::Taken),
        }
    });
    let outcome: BoxFuture<'static, _> = Box::pin(async move { task.await.unwrap_or(Err(Failure::CutOff)) });
    outcome.shared()
}

/// Whether the service refuses to renew, so that asking once more would be refused, too.
fn refuses_for_good(status: http::StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 401 | 403)
}

/// Asks the service for the valid form of these tokens.
async fn validate(
    client: &Client,
    credentials: &Credentials,
    bearer: Arc<Bearer>,
) -> Result<Credentials, Error> {
    let body = match &credentials.refresh_token {
        Some(token) => serde_json::json!({ "refresh_token": token.expose_secret() }),
        None => serde_json::json!({}),
    };
    let outgoing = Outgoing {
        authorization: Authorization::Token(bearer),
        confidential: true,
        body: Some(Bytes::from(body.to_string())),
        ..Outgoing::new(Target {
            id: "renew_access_token",
            method: http::Method::POST,
            // Documented without a slash at the end.
            path: Cow::Borrowed("/auth/validate"),
            repeat: Repeat::Idempotent,
        })
    };
    // Boxed, because every exchange may need a renewal.
    let exchange: BoxFuture<'_, _> = Box::pin(exchange(client, &outgoing));
    let received = exchange.await?;
    renewed(&received.body, credentials).ok_or_else(|| {
        received.fail(
            &outgoing,
            Kind::Argument("the answer holds no tokens.access_token".to_owned()),
        )
    })
}

/// The tokens in an answer; what it leaves out stays as it was.
fn renewed(body: &[u8], before: &Credentials) -> Option<Credentials> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let tokens = answer.get("tokens")?;
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

/// Tokens that no error may show, also where the service sends them back. Cheap to clone: they are copied only where a caller adds one.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Option<Arc<[SecretString]>>);

impl Secrets {
    /// The tokens of these credentials.
    fn of<'c>(all: impl IntoIterator<Item = &'c Credentials>) -> Self {
        let tokens = all.into_iter().flat_map(|credentials| {
            std::iter::once(&credentials.access_token).chain(&credentials.refresh_token)
        });
        Self(Some(tokens.cloned().collect()))
    }

    /// These and another one.
    pub(crate) fn and(self, secret: SecretString) -> Self {
        let known = self.all().iter().cloned();
        Self(Some(known.chain([secret]).collect()))
    }

    fn all(&self) -> &[SecretString] {
        self.0.as_deref().unwrap_or_default()
    }

    /// The text with each secret blotted out.
    pub(crate) fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.blot_out(text.as_bytes()) {
            Some(clean) => String::from_utf8_lossy(&clean).into_owned().into(),
            None => text.into(),
        }
    }

    /// The bytes with each secret blotted out, or `None` where they hold none.
    pub(crate) fn blot_out(&self, bytes: &[u8]) -> Option<Bytes> {
        let held = |secret: &&SecretString| {
            let secret = secret.expose_secret().as_bytes();
            !secret.is_empty() && bytes.windows(secret.len()).any(|window| window == secret)
        };
        let mut secrets: Vec<&SecretString> = self.all().iter().filter(held).collect();
        if secrets.is_empty() {
            return None;
        }
        // One may be part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
        let text = String::from_utf8_lossy(bytes).into_owned();
        Some(Bytes::from(secrets.iter().fold(text, |text, secret| {
            text.replace(secret.expose_secret(), "[redacted]")
        })))
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secrets")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_tolerantly() {
        let before = Credentials::new("old").with_refresh_token("kept");
        let read = |body: &str| renewed(body.as_bytes(), &before);
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for body in [
            r#"{"tokens":{"access_token":"new","expires_at":1700000000}}"#,
            r#"{"tokens":{"access_token":"new","expires_at":"1700000000","other":1},"user":{}}"#,
        ] {
            let credentials = read(body).unwrap();
            assert!(credentials.same_token(&SecretString::from("new")));
            assert_eq!(credentials.refresh_token().unwrap().expose_secret(), "kept");
            assert_eq!(credentials.expires_at(), Some(end));
        }
        let rotated = read(r#"{"tokens":{"access_token":"new","refresh_token":"next"}}"#).unwrap();
        assert_eq!(rotated.refresh_token().unwrap().expose_secret(), "next");
        assert_eq!(rotated.expires_at(), None);
        for nothing in [
            "",
            "null",
            "{}",
            r#"{"tokens":{"access_token":""}}"#,
            r#"{"access_token":"x"}"#,
        ] {
            assert!(read(nothing).is_none(), "{nothing}");
        }
    }

    #[test]
    fn secrets_are_blotted_out_the_longest_first() {
        let secrets = Secrets::of(&[Credentials::new("abc").with_refresh_token("abc-1")]);
        let secrets = secrets.and("".into());
        assert_eq!(
            secrets.blot_out(b"abc-1 abc"),
            Some(Bytes::from("[redacted] [redacted]"))
        );
        assert_eq!(secrets.blot_out(b"nothing"), None);
    }
}
