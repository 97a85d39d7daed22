//! An access token in the form used in requests.

use super::{Credentials, Redactor};
use crate::runtime::error::ErrorKind;
use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};

/// An access token in the form used in requests.
pub(crate) struct BearerToken {
    pub(super) token: SecretString,
    /// `Authorization` header; `None` if the token contains characters that a header cannot carry.
    header: Option<HeaderValue>,
    redactor: Redactor,
}

impl BearerToken {
    /// Creates the bearer token of `credentials`. If a call with this token fails, the error contains neither
    /// the tokens of `credentials` nor those of `others`.
    pub(super) fn new<'c>(
        credentials: &'c Credentials,
        others: impl IntoIterator<Item = &'c Credentials>,
    ) -> Self {
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

    /// Returns the [`Redactor`] for the errors of requests that carry this token.
    pub(crate) fn redactor(&self) -> Redactor {
        self.redactor.clone()
    }
}
