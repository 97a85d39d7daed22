//! Credentials, their stores and their renewal.

mod account;
mod bearer_token;
mod file_token_store;
mod redactor;
mod rejection;
mod renewal_request;
mod stored_tokens;
mod token_manager;
mod token_store;

pub use account::AccountId;
pub(crate) use bearer_token::BearerToken;
pub use file_token_store::FileTokenStore;
pub(crate) use redactor::Redactor;
pub(crate) use rejection::rejects_the_token;
pub use token_manager::CredentialSource;
pub(crate) use token_manager::{RenewalOutcome, TokenManager};
pub use token_store::{MemoryTokenStore, StoreError, StoreGuard, TokenStore};

use super::{base_url::normalised, error::Error};
use secrecy::{ExposeSecret as _, SecretString};
use std::{env::VarError, fmt, time::SystemTime};

/// Environment variable that contains the access token.
pub(crate) const ACCESS_TOKEN_VARIABLE: &str = "FUNNELFLUX_ACCESS_TOKEN";
/// Environment variable that contains the refresh token.
pub(crate) const REFRESH_TOKEN_VARIABLE: &str = "FUNNELFLUX_REFRESH_TOKEN";

/// Tokens of an account, created in FunnelFlux under settings → API access.
///
/// An access token is valid for 72 hours (documented). With a refresh token, the client renews the access
/// token automatically. If the expiry is known, the first call in the last five minutes before the expiry
/// starts a renewal in the background. If the expiry is unknown, the client renews the token when the service
/// rejects it. Concurrent calls share one renewal. After a failed renewal, the client waits between one
/// second and a minute before the next attempt.
///
/// Both tokens are secrets: no `Debug` output, error or log contains them.
///
/// ```no_run
/// use funnelflux::{Client, Credentials};
///
/// # fn main() -> Result<(), funnelflux::Error> {
/// let client = Client::builder()
///     .credentials(Credentials::from_env()?)
///     .token_file("tokens.json") // renewed tokens survive the process
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Credentials {
    access_token: SecretString,
    refresh_token: Option<SecretString>,
    expires_at: Option<SystemTime>,
    /// Base URL of the service for which the tokens are valid.
    base_url: Option<String>,
    /// Account that an earlier token stated, for a current token that states no account.
    account: Option<AccountId>,
    /// Fingerprint of the credentials that the program supplied. The current credentials are either the
    /// supplied ones or the result of renewing them.
    origin: Option<String>,
}

impl Credentials {
    /// Creates credentials with an access token only; calls work until the token expires.
    pub fn new(access_token: impl Into<SecretString>) -> Self {
        Self {
            access_token: access_token.into(),
            refresh_token: None,
            expires_at: None,
            base_url: None,
            account: None,
            origin: None,
        }
    }

    /// Adds the refresh token, with which the client gets new access tokens.
    #[must_use]
    pub fn with_refresh_token(mut self, refresh_token: impl Into<SecretString>) -> Self {
        self.refresh_token = Some(refresh_token.into());
        self
    }

    /// Sets the expiry of the access token. The first call in the last five minutes before the expiry then
    /// starts a renewal in the background.
    ///
    /// Without this setting, the client uses the expiry that the token itself states, if the token is a JWT.
    /// If the expiry is unknown, the client renews the token when the service rejects it, and the rejected
    /// calls wait for the renewal.
    #[must_use]
    pub fn with_expires_at(mut self, expires_at: SystemTime) -> Self {
        self.expires_at = Some(expires_at);
        self
    }

    /// Binds the tokens to the service at this base URL. A [`TokenStore`](crate::auth::TokenStore) that does
    /// not use [`from_json`](Self::from_json) needs this method to restore stored tokens.
    ///
    /// The client binds tokens to its base URL before it saves them, and rejects stored tokens that are bound
    /// to another base URL.
    #[must_use]
    pub fn with_base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// Reads `FUNNELFLUX_ACCESS_TOKEN` and, if it is set, `FUNNELFLUX_REFRESH_TOKEN` from the environment.
    ///
    /// # Errors
    /// Returns an error if there is no access token, or if a variable is not Unicode.
    pub fn from_env() -> Result<Self, Error> {
        let found = Self::from_variables(&|name: &str| std::env::var(name))?;
        found.ok_or_else(no_access_token)
    }

    /// Reads the tokens from environment variables; `None` if there is no access token.
    pub(crate) fn from_variables(read: &impl ReadVariable) -> Result<Option<Self>, Error> {
        let Some(access_token) = environment_variable(read, ACCESS_TOKEN_VARIABLE)? else {
            return Ok(None);
        };
        let refresh_token = environment_variable(read, REFRESH_TOKEN_VARIABLE)?;
        Ok(Some(Self {
            refresh_token: refresh_token.map(SecretString::from),
            ..Self::new(access_token)
        }))
    }

    /// Access token, for implementations of [`TokenStore`](crate::auth::TokenStore).
    #[must_use]
    pub fn access_token(&self) -> &SecretString {
        &self.access_token
    }

    /// Refresh token, for implementations of [`TokenStore`](crate::auth::TokenStore).
    #[must_use]
    pub fn refresh_token(&self) -> Option<&SecretString> {
        self.refresh_token.as_ref()
    }

    /// Expiry of the access token, if known. It comes from [`with_expires_at`](Self::with_expires_at), from
    /// the response to a renewal, or from the token itself, if the token is a JWT.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
            .or_else(|| account::expiry_of_token(&self.access_token))
    }

    /// Account of the access token. `None` if neither this token nor an earlier token, from which this token
    /// was renewed, states the account.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        AccountId::of_token(&self.access_token).or_else(|| self.account.clone())
    }

    /// Base URL to which the tokens are bound, if any.
    #[must_use]
    pub fn base_url(&self) -> Option<&str> {
        self.base_url.as_deref()
    }

    /// Fingerprint of both tokens: a 64-bit FNV-1a hash, which is stable and does not reveal the tokens.
    fn fingerprint(&self) -> String {
        let refresh_token = self.refresh_token.as_ref().map(SecretString::expose_secret);
        let parts = [
            self.access_token.expose_secret(),
            "\n",
            refresh_token.unwrap_or_default(),
        ];
        let bytes = parts.iter().flat_map(|part| part.bytes());
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{hash:016x}")
    }

    /// Binds credentials from the program to the service at this base URL. Also sets `origin`.
    fn bind(&mut self, base_url: &str) -> Result<(), String> {
        if let Some(owner) = &self.base_url
            && normalised(owner) != base_url
        {
            return Err(format!(
                "the credentials are for {owner}, but the base URL of this client is {base_url}"
            ));
        }
        self.base_url = Some(base_url.to_owned());
        self.origin = Some(self.fingerprint());
        Ok(())
    }

    /// Returns true if both the access tokens and the refresh tokens are equal.
    fn same(&self, other: &Self) -> bool {
        self.same_refresh_token(other) && self.same_token(&other.access_token)
    }

    fn same_refresh_token(&self, other: &Self) -> bool {
        let expose = |credentials: &Self| {
            let token = credentials.refresh_token.as_ref();
            token.map(|token| token.expose_secret().to_owned())
        };
        expose(self) == expose(other)
    }

    /// Returns true if the access token equals `token`.
    pub(crate) fn same_token(&self, token: &SecretString) -> bool {
        self.access_token.expose_secret() == token.expose_secret()
    }
}

/// Function that reads an environment variable. Tests pass a stand-in.
pub(crate) trait ReadVariable: Fn(&str) -> Result<String, VarError> {}

impl<F: Fn(&str) -> Result<String, VarError>> ReadVariable for F {}

/// Value of an environment variable, with surrounding whitespace removed; `None` if the variable is not set
/// or its value is blank.
pub(crate) fn environment_variable(read: &impl ReadVariable, name: &str) -> Result<Option<String>, Error> {
    match read(name) {
        Ok(value) => Ok(Some(value.trim().to_owned()).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        // The error of the standard library would quote the value, which may be a secret.
        Err(VarError::NotUnicode(_)) => Err(Error::configuration(format!(
            "the environment variable {name} is not Unicode"
        ))),
    }
}

pub(crate) fn no_access_token() -> Error {
    Error::configuration(format!(
        "the environment variable {ACCESS_TOKEN_VARIABLE} is not set; set it to an access token from \
         FunnelFlux, settings → API access, and set {REFRESH_TOKEN_VARIABLE} to the refresh token"
    ))
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("access_token", &"[redacted]")
            .field(
                "refresh_token",
                &self.refresh_token.as_ref().map(|_| "[redacted]"),
            )
            .field("expires_at", &self.expires_at)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_gives_credentials_or_names_the_missing_variable() {
        let environment = |access: Result<&str, VarError>, refresh: Result<&str, VarError>| {
            let found = Credentials::from_variables(&|name: &str| match name {
                ACCESS_TOKEN_VARIABLE => access.clone().map(str::to_owned),
                REFRESH_TOKEN_VARIABLE => refresh.clone().map(str::to_owned),
                name => panic!("{name}"),
            });
            found?.ok_or_else(no_access_token)
        };
        let both = environment(Ok(" access\n"), Ok("refresh")).unwrap();
        assert_eq!(both.access_token().expose_secret(), "access");
        assert_eq!(both.refresh_token().unwrap().expose_secret(), "refresh");
        assert!(!format!("{both:?}").contains("refresh\""), "{both:?}");
        assert!(
            environment(Ok("access"), Err(VarError::NotPresent))
                .unwrap()
                .refresh_token()
                .is_none()
        );
        for missing in [Err(VarError::NotPresent), Ok("  ")] {
            let error = environment(missing, Ok("refresh")).unwrap_err().to_string();
            assert!(
                error.contains(ACCESS_TOKEN_VARIABLE) && error.contains("settings → API access"),
                "{error}"
            );
        }
        let error = environment(Err(VarError::NotUnicode("canary".into())), Ok("")).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}
