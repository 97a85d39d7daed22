//! Redaction of tokens in the text of errors.

use super::Credentials;
use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use std::{borrow::Cow, sync::Arc};

/// Redacts tokens in the text of errors, in case a response contains tokens. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Option<Arc<[SecretString]>>);

impl Redactor {
    /// Creates a redactor for the tokens of these credentials.
    pub(crate) fn for_credentials<'c>(all: impl IntoIterator<Item = &'c Credentials>) -> Self {
        let tokens = all.into_iter().flat_map(|credentials| {
            std::iter::once(&credentials.access_token).chain(&credentials.refresh_token)
        });
        Self(Some(tokens.cloned().collect()))
    }

    /// Returns a redactor that also redacts this secret.
    pub(crate) fn and(self, secret: SecretString) -> Self {
        let known = self.all().iter().cloned();
        Self(Some(known.chain([secret]).collect()))
    }

    fn all(&self) -> &[SecretString] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Replaces each secret in the text with `[redacted]`.
    pub(crate) fn redact_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.redact(text.as_bytes()) {
            Some(redacted) => String::from_utf8_lossy(&redacted).into_owned().into(),
            None => text.into(),
        }
    }

    /// Replaces each secret in the bytes with `[redacted]`. Returns `None` if the bytes contain no secret.
    pub(crate) fn redact(&self, bytes: &[u8]) -> Option<Bytes> {
        let is_contained = |secret: &&SecretString| {
            let secret = secret.expose_secret().as_bytes();
            !secret.is_empty() && bytes.windows(secret.len()).any(|window| window == secret)
        };
        let mut secrets: Vec<&SecretString> = self.all().iter().filter(is_contained).collect();
        if secrets.is_empty() {
            return None;
        }
        // Longest first, because one secret may be part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
        let text = String::from_utf8_lossy(bytes).into_owned();
        Some(Bytes::from(secrets.iter().fold(text, |text, secret| {
            text.replace(secret.expose_secret(), "[redacted]")
        })))
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Redactor")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_redacted_the_longest_first() {
        let redactor = Redactor::for_credentials(&[Credentials::new("abc").with_refresh_token("abc-1")]);
        let redactor = redactor.and("".into());
        assert_eq!(
            redactor.redact(b"abc-1 abc"),
            Some(Bytes::from("[redacted] [redacted]"))
        );
        assert_eq!(redactor.redact(b"nothing"), None);
    }
}
