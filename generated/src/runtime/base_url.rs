//! Base URLs: validation, and the protection of tokens and other secrets.

use super::{error::Error, transport::is_loopback};

/// Normalises a base URL as [`base_url`] does, but returns an invalid URL unchanged.
pub(super) fn normalised(text: &str) -> String {
    base_url(text).unwrap_or_else(|_| text.to_owned())
}

/// Validates and normalises a base URL, and removes its trailing slash.
pub(super) fn base_url(text: &str) -> Result<String, Error> {
    let invalid = |reason: &str| Err(unusable(text, reason));
    let url = match reqwest::Url::parse(text) {
        Ok(url) => url,
        Err(error) => return invalid(&format!("is not a URL: {error}")),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return invalid("must begin with https:// or http://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return invalid("must not contain a user name or password; use Credentials");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return invalid("must not contain a query or a fragment");
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Returns an error if tokens would be sent unencrypted to another machine.
pub(super) fn check_plain_http(base_url: &str) -> Result<(), Error> {
    let is_safe = |url: reqwest::Url| url.scheme() == "https" || is_loopback(&url);
    if reqwest::Url::parse(base_url).is_ok_and(is_safe) {
        return Ok(());
    }
    Err(unusable(
        base_url,
        "would send the token unencrypted to another machine; use https, or allow it with \
         ClientBuilder::allow_plain_http",
    ))
}

fn unusable(base_url: &str, reason: &str) -> Error {
    let shown = without_secrets(base_url);
    Error::configuration(format!("the base URL {shown:?} {reason}"))
}

/// Hides the parts of a URL that may be secret: user name and password, query and fragment.
pub(super) fn without_secrets(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://[redacted]@{rest}"),
        (None, Some((_, rest))) => format!("[redacted]@{rest}"),
        (_, None) => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::BASE_URL;

    #[test]
    fn the_default_is_in_normal_form_and_uses_https() {
        assert_eq!(base_url(BASE_URL).unwrap(), BASE_URL);
        assert!(BASE_URL.starts_with("https://"));
    }

    #[test]
    fn an_invalid_base_url_is_rejected() {
        for (given, expected) in [
            ("https://api.example.com/v1/", "https://api.example.com/v1"),
            ("https://API.example.com", "https://api.example.com"),
            ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
            ("http://127.9.9.9", "http://127.9.9.9"),
            ("http://[::1]:80/x", "http://[::1]/x"),
            ("http://localhost:3000", "http://localhost:3000"),
        ] {
            assert_eq!(base_url(given).unwrap(), expected, "{given}");
        }
        for (given, reason) in [
            ("", "not a URL"),
            ("api.example.com/v1", "not a URL"),
            ("ftp://example.com", "https://"),
            ("https://user:canary@example.com/", "password"),
            ("https://example.com/?token=canary", "query"),
            ("http://example.com", "unencrypted"),
            ("http://localhost.example.com", "unencrypted"),
            ("http://128.0.0.1", "unencrypted"),
        ] {
            let checked = base_url(given).and_then(|url| check_plain_http(&url));
            let error = checked.unwrap_err().to_string();
            assert!(
                error.contains(reason) && !error.contains("canary"),
                "{given}: {error}"
            );
        }
        for local in [
            "http://127.0.0.1:1",
            "http://[::1]",
            "http://[::ffff:127.0.0.1]",
            "http://LOCALHOST",
            "http://localhost.",
            "http://127.0.0.2",
            "http://127.1",
        ] {
            check_plain_http(&base_url(local).unwrap()).unwrap();
        }
    }
}
