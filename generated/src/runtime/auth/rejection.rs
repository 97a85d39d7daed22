//! Recognises responses that reject the access token.

use crate::runtime::error::ErrorKind;
use http::StatusCode;

/// Checks whether a response rejects the access token. A rejection is a 401, or a 400 with a message about
/// the token. Both are documented for an expired token.
pub(crate) fn rejects_the_token(failure: &ErrorKind) -> bool {
    let ErrorKind::Status(response) = failure else {
        return false;
    };
    match response.status {
        StatusCode::UNAUTHORIZED => true,
        StatusCode::BAD_REQUEST => {
            let text = response
                .message
                .as_deref()
                .unwrap_or_default()
                .to_ascii_lowercase();
            let mentions = |words: &[&str]| words.iter().any(|word| text.contains(word));
            // The word "token" alone does not suffice, because FunnelFlux also has tokens in URLs, such as
            // {clickid}.
            mentions(&[
                "access token",
                "access_token",
                "invalid_token",
                "bearer",
                "jwt",
                "unauthorized",
                "unauthenticated",
            ]) || (mentions(&["token", "session", "credential", "login"])
                && mentions(&["expired", "expires"]))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::{auth::Redactor, error::response_snapshot::ResponseSnapshot};
    use bytes::Bytes;
    use http::HeaderMap;

    #[test]
    fn a_400_counts_only_if_it_mentions_the_token() {
        let rejection = |status, body: &str| {
            let body = Bytes::from(body.to_owned());
            let headers = HeaderMap::new();
            let response = ResponseSnapshot::new(status, &headers, &body, None, &Redactor::default());
            ErrorKind::Status(response.into())
        };
        let bad = StatusCode::BAD_REQUEST;
        assert!(rejects_the_token(&rejection(StatusCode::UNAUTHORIZED, "")));
        for message in [
            "Invalid or expired access token",
            "the token has expired",
            r#"{"error":"invalid_token"}"#,
            "jwt malformed",
        ] {
            assert!(rejects_the_token(&rejection(bad, message)), "{message}");
        }
        for message in [
            "",
            "offerSourceName is too long",
            "unknown token {clickid} in postbackSubId",
        ] {
            assert!(!rejects_the_token(&rejection(bad, message)), "{message}");
        }
        assert!(!rejects_the_token(&rejection(
            StatusCode::FORBIDDEN,
            "token expired"
        )));
    }
}
