//! Credentials, their stores and their renewal.

mod account;
mod file;
mod redactor;
mod rejection;
mod store;
mod token_manager;

pub use account::AccountId;
pub use file::FileTokenStore;
pub(crate) use redactor::Redactor;
pub(crate) use rejection::rejects_the_token;
pub use store::{MemoryTokenStore, StoreError, StoreGuard, TokenStore};
pub(crate) use token_manager::{BearerToken, RenewalOutcome, TokenManager};

use super::error::Error;
use secrecy::{ExposeSecret as _, SecretString};
use std::{fmt, time::SystemTime};

/// Environment variable of the access token.
pub(crate) const ACCESS_TOKEN_VARIABLE: &str = "FUNNELFLUX_ACCESS_TOKEN";
/// Environment variable of the refresh token.
pub(crate) const REFRESH_TOKEN_VARIABLE: &str = "FUNNELFLUX_REFRESH_TOKEN";

/// Tokens of an account, created in FunnelFlux under settings → API access.
///
/// An access token is valid for 72 hours (documented). With a refresh token, the client renews it by itself:
/// shortly before it expires if the expiry is known, otherwise when the service rejects it. Concurrent calls
/// share one renewal.
///
/// Both tokens are secrets: no `Debug` output, error or log shows them.
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
}

impl Credentials {
    /// Creates credentials with an access token; calls work until it expires.
    pub fn new(access_token: impl Into<SecretString>) -> Self {
        Self {
            access_token: access_token.into(),
            refresh_token: None,
            expires_at: None,
        }
    }

    /// Adds the refresh token, with which the client gets new access tokens.
    #[must_use]
    pub fn with_refresh_token(mut self, refresh_token: impl Into<SecretString>) -> Self {
        self.refresh_token = Some(refresh_token.into());
        self
    }

    /// Adds the expiry of the access token, so that it is renewed from one minute before.
    ///
    /// Without it, the token is renewed when the service first rejects it.
    #[must_use]
    pub fn with_expires_at(mut self, expires_at: SystemTime) -> Self {
        self.expires_at = Some(expires_at);
        self
    }

    /// Reads `FUNNELFLUX_ACCESS_TOKEN` and, if it is set, `FUNNELFLUX_REFRESH_TOKEN` from the environment.
    ///
    /// # Errors
    /// When there is no access token, or when a variable is not Unicode.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(|name| std::env::var(name))
    }

    fn from_variables(read: impl Fn(&str) -> Result<String, std::env::VarError>) -> Result<Self, Error> {
        let variable = |name: &str| match read(name) {
            Ok(value) if value.trim().is_empty() => Ok(None),
            Ok(value) => Ok(Some(SecretString::from(value.trim()))),
            Err(std::env::VarError::NotPresent) => Ok(None),
            // The standard library's error quotes the value.
            Err(std::env::VarError::NotUnicode(_)) => Err(Error::configuration(format!(
                "the environment variable {name} is not Unicode"
            ))),
        };
        let Some(access_token) = variable(ACCESS_TOKEN_VARIABLE)? else {
            return Err(Error::configuration(format!(
                "the environment variable {ACCESS_TOKEN_VARIABLE} is not set; set it to an access token from \
                 FunnelFlux, settings → API access, and set {REFRESH_TOKEN_VARIABLE} to the refresh token"
            )));
        };
        Ok(Self {
            access_token,
            refresh_token: variable(REFRESH_TOKEN_VARIABLE)?,
            expires_at: None,
        })
    }

    /// Access token, for a store of your own.
    #[must_use]
    pub fn access_token(&self) -> &SecretString {
        &self.access_token
    }

    /// Refresh token, for a store of your own.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&SecretString> {
        self.refresh_token.as_ref()
    }

    /// Expiry of the access token, if it is known: set by [`with_expires_at`](Self::with_expires_at), or
    /// stated by a token that is a JWT.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
            .or_else(|| account::expiry_of_token(&self.access_token))
    }

    /// Account of the access token, if the token says so.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        AccountId::of_token(&self.access_token)
    }

    /// Compares both tokens.
    fn same(&self, other: &Self) -> bool {
        let same_refresh_token = match (&self.refresh_token, &other.refresh_token) {
            (Some(left), Some(right)) => left.expose_secret() == right.expose_secret(),
            (None, None) => true,
            _ => false,
        };
        same_refresh_token && self.same_token(&other.access_token)
    }

    /// Compares the access token.
    pub(crate) fn same_token(&self, token: &SecretString) -> bool {
        self.access_token.expose_secret() == token.expose_secret()
    }
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
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::env::VarError;

    #[test]
    fn the_environment_gives_credentials_or_names_the_missing_variable() {
        let environment = |access: Result<&str, VarError>, refresh: Result<&str, VarError>| {
            Credentials::from_variables(|name| match name {
                ACCESS_TOKEN_VARIABLE => access.clone().map(str::to_owned),
                REFRESH_TOKEN_VARIABLE => refresh.clone().map(str::to_owned),
                name => panic!("{name}"),
            })
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
