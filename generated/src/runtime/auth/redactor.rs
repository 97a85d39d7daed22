//! Redaction of tokens in the text of errors.

use super::Credentials;
use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use std::{borrow::Cow, sync::Arc};

/// If a text ends inside a secret, the part of the secret in the text is redacted if it has at least this
/// number of bytes. A shorter part may be an ordinary word.
const MIN_PART: usize = 8;
/// Maximum number of bytes of an escape sequence.
const MAX_ESCAPE: usize = 10;

/// Redacts tokens in the text of errors, because a response may contain tokens. Cheap to clone.
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

    /// Replaces each secret in the bytes with `[redacted]`, even if some characters of the secret are escaped
    /// as in JSON, URLs or HTML. Also replaces the first part of a secret at the end of the bytes, because
    /// the bytes may be cut there. Returns `None` if the bytes contain no secret.
    pub(crate) fn redact(&self, bytes: &[u8]) -> Option<Bytes> {
        let secrets = self.all().iter().map(ExposeSecret::expose_secret);
        let mut secrets: Vec<&str> = secrets.filter(|secret| !secret.is_empty()).collect();
        // Longest first, because one secret may be part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let mut redacted = Vec::new();
        let mut is_redacted = false;
        let mut rest = bytes;
        while let Some((first, others)) = rest.split_first() {
            if let Some(after) = secrets
                .iter()
                .find_map(|secret| strip_prefix(rest, secret.as_bytes()))
            {
                redacted.extend_from_slice(b"[redacted]");
                rest = after;
                is_redacted = true;
            } else {
                redacted.push(*first);
                rest = others;
            }
        }
        is_redacted.then(|| redacted.into())
    }
}

/// If the text begins with this secret, escaped or not, returns the rest of the text. If the text ends inside
/// the secret, after at least [`MIN_PART`] bytes of the secret, the rest is empty.
fn strip_prefix<'t>(mut text: &'t [u8], secret: &[u8]) -> Option<&'t [u8]> {
    let mut expected = secret;
    while let Some((first, others)) = expected.split_first() {
        let mut buffer = [0; 4];
        let escaped = unescape(text).and_then(|(character, rest)| {
            let expected = expected.strip_prefix(character.encode_utf8(&mut buffer).as_bytes())?;
            Some((expected, rest))
        });
        let literal = || Some((others, text.strip_prefix(&[*first])?));
        (expected, text) = match escaped.or_else(literal) {
            Some(rests) => rests,
            None if is_cut(text) && secret.len() - expected.len() >= MIN_PART => return Some(&[]),
            None => return None,
        };
    }
    Some(text)
}

/// Returns true if the text is empty or may be the start of an escape sequence.
fn is_cut(text: &[u8]) -> bool {
    let first = text.first();
    first.is_none_or(|first| text.len() < MAX_ESCAPE && matches!(first, b'\\' | b'%' | b'&'))
}

/// Decodes the escape sequence at the start of a text. Returns the character and the rest of the text.
fn unescape(text: &[u8]) -> Option<(char, &[u8])> {
    let ((number, rest), radix) = match text {
        [b'\\', b'u', text @ ..] => (text.split_at_checked(4)?, 16),
        [b'\\', character @ (b'"' | b'\\' | b'/'), rest @ ..] => return Some((char::from(*character), rest)),
        [b'%', text @ ..] => (text.split_at_checked(2)?, 16),
        [b'&', b'#', entity @ ..] => {
            let end = entity
                .iter()
                .take(MAX_ESCAPE - 2)
                .position(|byte| *byte == b';')?;
            let (number, rest) = (entity.get(..end)?, entity.get(end + 1..)?);
            match number {
                [b'x' | b'X', number @ ..] => ((number, rest), 16),
                number => ((number, rest), 10),
            }
        }
        _ => return None,
    };
    let number = u32::from_str_radix(std::str::from_utf8(number).ok()?, radix).ok()?;
    Some((char::from_u32(number)?, rest))
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

    #[test]
    fn escaped_secrets_are_redacted() {
        let redactor = Redactor::for_credentials(&[Credentials::new(r"a/b+c\d%e")]);
        for text in [
            r"a/b+c\d%e",
            r"a\/b+c\\d%e",
            r"\u0061\u002Fb\u002bc\u005cd\u0025e",
            "a%2Fb%2bc%5Cd%25e",
            "a&#x2F;b&#43;c&#92;d&#X25;e",
        ] {
            let text = format!(r#"{{"\u": "%& {text}"}}"#);
            let redacted = redactor.redact(text.as_bytes());
            assert_eq!(
                redacted,
                Some(Bytes::from(r#"{"\u": "%& [redacted]"}"#)),
                "{text}"
            );
        }
        for text in [r"a/b+c\d", "a%2", r"a\u00", "a&#", "a&#47", "%%a&#x2F;b+c"] {
            assert_eq!(redactor.redact(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_secret_is_redacted_even_if_the_text_is_cut_inside_it() {
        let redactor = Redactor::for_credentials(&[Credentials::new("abcdefgh/ijk").with_refresh_token("x")]);
        for part in [
            "abcdefgh",
            "abcdefgh/ij",
            r"abcdefgh\",
            r"abcdefgh\u002",
            "abcdefgh%2",
            "abcdefgh&#x2F",
            r"\u0061bcdefgh%2fi",
        ] {
            let redacted = redactor.redact(format!("xabc {part}").as_bytes());
            assert_eq!(redacted, Some(Bytes::from("[redacted]abc [redacted]")), "{part}");
        }
        for text in [
            "abcdefg",
            "abcdefgh, ijk",
            "abcdefgh%2 and more",
            "abcdefgh% is no escape",
        ] {
            assert_eq!(redactor.redact(text.as_bytes()), None, "{text}");
        }
    }
}
