//! The request that renews tokens.
//!
//! Documented: `POST /auth/validate` takes the access token (expired or not) as the bearer token, and takes
//! the refresh token in the body. If the access token is still valid, the response contains the same token
//! with its expiry. If the access token has expired, the response contains a new token.

use super::{BearerToken, Credentials};
use crate::runtime::{
    attempt_loop::execute,
    client::Client,
    error::{Error, ErrorKind},
    operation::{Repeat, RequestTarget},
    prepared_request::{Authorization, PreparedRequest},
};
use crate::transport::BoxFuture;
use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// Asks the service to confirm or renew these tokens.
pub(super) async fn validate(
    client: &Client,
    credentials: &Credentials,
    bearer: Arc<BearerToken>,
) -> Result<Credentials, Error> {
    let body = match &credentials.refresh_token {
        Some(token) => serde_json::json!({ "refresh_token": token.expose_secret() }),
        None => serde_json::json!({}),
    };
    let request = PreparedRequest {
        authorization: Authorization::Fixed(bearer),
        confidential: true,
        body: Some(Bytes::from(body.to_string())),
        ..PreparedRequest::new(RequestTarget {
            id: "renew_access_token",
            method: http::Method::POST,
            // The documented path has no trailing slash.
            path: Cow::Borrowed("/auth/validate"),
            repeat: Repeat::Idempotent,
        })
    };
    // Boxed, because the attempt loop is recursive here.
    let execution: BoxFuture<'_, _> = Box::pin(execute(client, &request));
    let received = execution.await?;
    let invalid = |problem: String| received.fail(&request, ErrorKind::Argument(problem));
    let renewed = parse_renewed(&received.body, credentials)
        .ok_or_else(|| invalid("the response contains no tokens.access_token".to_owned()))?;
    match (credentials.account(), renewed.account()) {
        (Some(account), Some(other)) if account != other => Err(invalid(format!(
            "the service renewed a token of the account {account} by one of the account {other}"
        ))),
        _ => Ok(renewed),
    }
}

/// Parses the tokens in a response. If the response has no refresh token, the refresh token of `before` is
/// kept.
fn parse_renewed(body: &[u8], before: &Credentials) -> Option<Credentials> {
    let response: Value = serde_json::from_slice(body).ok()?;
    let tokens = response.get("tokens")?;
    let text = |name: &str| {
        let token = tokens.get(name)?.as_str().filter(|token| !token.is_empty());
        token.map(SecretString::from)
    };
    let seconds = match tokens.get("expires_at") {
        Some(Value::Number(seconds)) => seconds.as_f64(),
        Some(Value::String(seconds)) => seconds.parse().ok(),
        _ => None,
    };
    Some(Credentials {
        access_token: text("access_token")?,
        refresh_token: text("refresh_token").or_else(|| before.refresh_token.clone()),
        expires_at: seconds
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since)),
        account: before.account(),
        ..before.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_are_parsed_tolerantly() {
        let before = Credentials::new("old").with_refresh_token("kept");
        let read = |body: &str| parse_renewed(body.as_bytes(), &before);
        let expiry = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for body in [
            r#"{"tokens":{"access_token":"new","expires_at":1700000000}}"#,
            r#"{"tokens":{"access_token":"new","expires_at":"1700000000","other":1},"user":{}}"#,
        ] {
            let credentials = read(body).unwrap();
            assert!(credentials.same_token(&SecretString::from("new")));
            assert_eq!(credentials.refresh_token().unwrap().expose_secret(), "kept");
            assert_eq!(credentials.expires_at(), Some(expiry));
        }
        let rotated = read(r#"{"tokens":{"access_token":"new","refresh_token":"next"}}"#).unwrap();
        assert_eq!(rotated.refresh_token().unwrap().expose_secret(), "next");
        assert_eq!(rotated.expires_at(), None);
        for body in [
            "",
            "null",
            "{}",
            r#"{"tokens":{"access_token":""}}"#,
            r#"{"access_token":"x"}"#,
        ] {
            assert!(read(body).is_none(), "{body}");
        }
    }
}
