//! Tokens, with their expiry and their renewal by `POST /auth/validate`.
//!
//! The documentation states that an access token is valid for 72 hours. The request to renew it contains a
//! bearer token, which may have expired, and an optional `refresh_token` in the body. The response contains
//! `tokens` with `access_token`, `expires_at` (seconds since 1970) and a refresh token. Everything else
//! follows the most literal interpretation of the documentation.

use std::time::SystemTime;

use http::{HeaderMap, header::AUTHORIZATION};
use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::{
    clock::{later, unix_seconds},
    error_responses::Refusal,
    settings::{RejectedToken, Settings},
};

/// Path of the operation that renews tokens, relative to the base path. The documentation writes it without a
/// trailing slash.
pub(crate) const VALIDATE_PATH: &str = "/auth/validate";

#[derive(Debug)]
pub(crate) struct Tokens {
    /// Every access token issued so far, with its expiry.
    access: IndexMap<String, SystemTime>,
    current: String,
    /// The current refresh token, or `None` if it was invalidated.
    refresh: Option<String>,
    pub(crate) renewals: u64,
}

impl Tokens {
    pub(crate) fn new(settings: &Settings, now: SystemTime) -> Self {
        Self {
            access: IndexMap::from([(settings.access_token.clone(), later(now, settings.token_lifetime))]),
            current: settings.access_token.clone(),
            refresh: Some(settings.refresh_token.clone()),
            renewals: 0,
        }
    }

    pub(crate) fn current(&self) -> &str {
        &self.current
    }

    pub(crate) fn refresh(&self) -> Option<&str> {
        self.refresh.as_deref()
    }

    /// Expires every access token issued so far.
    pub(crate) fn expire(&mut self, now: SystemTime) {
        for end in self.access.values_mut() {
            *end = (*end).min(now);
        }
    }

    pub(crate) fn invalidate_refresh(&mut self) {
        self.refresh = None;
    }

    /// Checks the bearer token of a request.
    pub(crate) fn check(
        &self,
        settings: &Settings,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<(), Refusal> {
        let problem =
            match bearer(headers).and_then(|token| self.access.get(token).ok_or("unknown access token")) {
                Ok(end) if now < *end => return Ok(()),
                Ok(_) => "the access token has expired",
                Err(problem) => problem,
            };
        Err(rejected(settings, problem))
    }

    /// Handles `POST /auth/validate`.
    pub(crate) fn validate(
        &mut self,
        settings: &Settings,
        headers: &HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Value, Refusal> {
        let token = bearer(headers).map_err(unauthorized)?;
        let Some(end) = self.access.get(token) else {
            return Err(unauthorized("unknown access token"));
        };
        if now < *end {
            return Ok(self.describe(token, *end));
        }
        let body: Value = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(body).map_err(|error| {
                Refusal::new(400, "invalid_request", format!("the body is not JSON: {error}"))
            })?
        };
        match body.get("refresh_token") {
            None | Some(Value::Null) => Err(unauthorized(
                "the access token has expired; send refresh_token to renew it",
            )),
            Some(sent)
                if sent
                    .as_str()
                    .is_some_and(|sent| Some(sent) == self.refresh.as_deref()) =>
            {
                self.renewals += 1;
                let renewed = format!("{}-{}", settings.access_token, self.renewals);
                let end = later(now, settings.token_lifetime);
                self.access.insert(renewed.clone(), end);
                self.current.clone_from(&renewed);
                if settings.rotate_refresh_token {
                    self.refresh = Some(format!("{}-{}", settings.refresh_token, self.renewals));
                }
                Ok(self.describe(&renewed, end))
            }
            Some(_) => Err(unauthorized("the refresh token is not valid; log in again")),
        }
    }

    fn describe(&self, access_token: &str, end: SystemTime) -> Value {
        let mut tokens = json!({ "access_token": access_token, "expires_at": unix_seconds(end) });
        if let (Some(refresh), Some(tokens)) = (&self.refresh, tokens.as_object_mut()) {
            tokens.insert("refresh_token".to_owned(), Value::from(refresh.as_str()));
        }
        json!({ "tokens": tokens })
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, &'static str> {
    let value = headers.get(AUTHORIZATION).ok_or("no Authorization header")?;
    let text = value
        .to_str()
        .map_err(|_| "the Authorization header is not text")?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() {
        Ok(token)
    } else {
        Err("the Authorization header is not `Bearer <token>`")
    }
}

pub(crate) fn rejected(settings: &Settings, problem: &str) -> Refusal {
    match settings.rejected_token {
        RejectedToken::Unauthorized => unauthorized(problem),
        RejectedToken::BadRequest => Refusal::new(
            400,
            "invalid_token",
            format!("Invalid or expired access token: {problem}"),
        ),
    }
}

fn unauthorized(problem: &str) -> Refusal {
    Refusal::new(401, "invalid_token", problem)
        .with_header("www-authenticate", "Bearer error=\"invalid_token\"")
}
