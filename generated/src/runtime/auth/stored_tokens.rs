//! The JSON form of stored tokens.

use super::{AccountId, Credentials, token_store::StoreError};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime};

/// JSON object with tokens, their base URL and their account. The tokens and the expiry have the same keys as
/// in responses of the service.
#[derive(Deserialize, Serialize)]
struct StoredTokens {
    access_token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Unix time in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// Fingerprint of the credentials that the program supplied. The stored tokens are either the supplied
    /// ones or the result of renewing them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
}

impl Credentials {
    /// Returns the tokens as JSON, for implementations of [`TokenStore`](crate::auth::TokenStore). Base URL,
    /// account and expiry are included. [`FileTokenStore`](crate::auth::FileTokenStore) writes the same JSON.
    ///
    /// ```
    /// use funnelflux::Credentials;
    ///
    /// let stored = Credentials::new("token").with_base_url("https://example.com").to_json();
    /// let loaded = Credentials::from_json(&stored)?;
    /// assert_eq!(loaded.base_url(), Some("https://example.com"));
    /// # Ok::<(), funnelflux::auth::StoreError>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> SecretString {
        let stored = StoredTokens {
            access_token: self.access_token.expose_secret().to_owned(),
            refresh_token: self
                .refresh_token
                .as_ref()
                .map(|token| token.expose_secret().to_owned()),
            expires_at: self
                .expires_at
                .and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok())
                .map(|duration| duration.as_secs()),
            base_url: self.base_url.clone(),
            account: self.account().map(|account| account.to_string()),
            origin: self.origin.clone(),
        };
        // Strings and numbers always serialise.
        serde_json::to_string(&stored).unwrap_or_default().into()
    }

    /// Reads credentials from the JSON that [`to_json`](Self::to_json) returns.
    ///
    /// # Errors
    /// Returns an error if the text does not have this form. The error states the line and the column, and
    /// contains no token.
    pub fn from_json(json: &SecretString) -> Result<Self, StoreError> {
        // The error omits the parser's message, which could contain a token.
        let stored: StoredTokens = serde_json::from_str(json.expose_secret()).map_err(|error| {
            format!(
                "expected JSON with access_token, refresh_token and expires_at, but line {}, column {} is \
                 invalid",
                error.line(),
                error.column()
            )
        })?;
        Ok(Self {
            access_token: stored.access_token.into(),
            refresh_token: stored.refresh_token.map(SecretString::from),
            expires_at: stored
                .expires_at
                .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))),
            base_url: stored.base_url,
            account: stored.account.map(AccountId::from),
            origin: stored.origin,
        })
    }
}
