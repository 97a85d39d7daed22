//! Credentials: what they are, where they are kept, how they are renewed.

mod file;
mod session;
mod store;

pub use file::FileTokenStore;
pub(crate) use session::{Bearer, Renewed, Secrets, Session};
pub use store::{MemoryTokenStore, StoreError, StoreGuard, TokenStore};

use super::error::Error;
use secrecy::{ExposeSecret as _, SecretString};
use std::{fmt, time::SystemTime};

/// The environment variable of the access token.
pub(crate) const ACCESS_TOKEN_VARIABLE: &str = "FUNNELFLUX_ACCESS_TOKEN";
/// The environment variable of the refresh token.
pub(crate) const REFRESH_TOKEN_VARIABLE: &str = "FUNNELFLUX_REFRESH_TOKEN";

/// The tokens of an account: get them in FunnelFlux under settings → API access.
///
/// An access token lives for 72 hours (documented). With the refresh token beside it, the client gets a new one by itself: at the
/// end of its life where that is known, else when the service refuses it; once for all calls that wait for it.
///
/// Both tokens are secrets: neither `Debug` nor any error or log shows them.
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
    /// With an access token alone: calls work until it expires.
    pub fn new(access_token: impl Into<SecretString>) -> Self {
        Self {
            access_token: access_token.into(),
            refresh_token: None,
            expires_at: None,
        }
    }

    /// With the refresh token, by which the client gets new access tokens.
    #[must_use]
    pub fn with_refresh_token(mut self, refresh_token: impl Into<SecretString>) -> Self {
        self.refresh_token = Some(refresh_token.into());
        self
    }

    /// With the end of the access token's life, so that it is renewed in time: from one minute before. Without it, the first refusal
    /// tells.
    #[must_use]
    pub fn with_expires_at(mut self, expires_at: SystemTime) -> Self {
        self.expires_at = Some(expires_at);
        self
    }

    /// From the environment: `FUNNELFLUX_ACCESS_TOKEN`, and `FUNNELFLUX_REFRESH_TOKEN` if it is there.
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
            // The error of the standard library quotes the value.
            Err(std::env::VarError::NotUnicode(_)) => Err(Error::configuration(format!(
                "the environment variable {name} is not Unicode"
            ))),
        };
        let Some(access_token) = variable(ACCESS_TOKEN_VARIABLE)? else {
            return Err(Error::configuration(format!(
                "the environment variable {ACCESS_TOKEN_VARIABLE} is not set: put an access token from FunnelFlux, settings → \
                 API access, into it, and the refresh token into {REFRESH_TOKEN_VARIABLE}"
            )));
        };
        Ok(Self {
            access_token,
            refresh_token: variable(REFRESH_TOKEN_VARIABLE)?,
            expires_at: None,
        })
    }

    /// The access token, for a store of your own.
    #[must_use]
    pub fn access_token(&self) -> &SecretString {
        &self.access_token
    }

    /// The refresh token, for a store of your own.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&SecretString> {
        self.refresh_token.as_ref()
    }

    /// When the access token expires, where it is known.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// Whether both tokens are the same.
    fn same(&self, other: &Self) -> bool {
        let same_refresh_token = match (&self.refresh_token, &other.refresh_token) {
            (Some(one), Some(other)) => one.expose_secret() == other.expose_secret(),
            (None, None) => true,
            _ => false,
        };
        same_refresh_token && self.same_token(&other.access_token)
    }

    /// Whether both have the same access token.
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
    fn the_environment_gives_credentials_or_says_what_is_missing() {
        let environment = |access: Result<&str, VarError>, refresh: Result<&str, VarError>| {
            Credentials::from_variables(|name| match name {
                ACCESS_TOKEN_VARIABLE => access.clone().map(str::to_owned),
                REFRESH_TOKEN_VARIABLE => refresh.clone().map(str::to_owned),
                other => panic!("{other}"),
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
