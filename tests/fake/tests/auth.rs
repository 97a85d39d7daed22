//! Tests of access tokens: validity, lifetime and renewal.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod support;

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use funnelflux_fake::{Fake, RejectedToken, Settings};
use http::Request;
use serde_json::{Value, json};
use support::{TextResponse, account, get, send};

fn with_header(fake: &Fake, authorization: Option<&str>) -> TextResponse {
    let builder = Request::get("/v1/offersource/list/?status=all");
    let builder = match authorization {
        Some(value) => builder.header("authorization", value),
        None => builder,
    };
    send(fake, builder.body(Bytes::new()).unwrap())
}

fn renew(fake: &Fake, token: &str, body: &Value) -> TextResponse {
    let body = if body.is_null() {
        Bytes::new()
    } else {
        body.to_string().into()
    };
    let request = Request::post("/v1/auth/validate").header("authorization", format!("Bearer {token}"));
    send(
        fake,
        request
            .header("content-type", "application/json")
            .body(body)
            .unwrap(),
    )
}

#[test]
fn a_valid_token_is_required() {
    let fake = account(Settings::default());
    for authorization in [
        None,
        Some(""),
        Some("Bearer"),
        Some("Bearer "),
        Some("Basic fake-access-token"),
        Some("Bearer wrong"),
        Some("fake-access-token"),
    ] {
        let answer = with_header(&fake, authorization);
        assert_eq!(
            (answer.status, answer.json()["error"].as_str().unwrap()),
            (401, "invalid_token"),
            "{authorization:?}"
        );
        assert!(answer.headers.contains_key("www-authenticate"));
    }
    assert_eq!(with_header(&fake, Some("Bearer fake-access-token")).status, 200);
    assert_eq!(with_header(&fake, Some("bearer fake-access-token")).status, 200);
    fake.configure(|settings| settings.auth = false);
    assert_eq!(with_header(&fake, None).status, 200);
}

#[test]
fn a_rejected_token_may_be_a_400_that_explains_itself() {
    let fake = account(Settings {
        rejected_token: RejectedToken::BadRequest,
        ..Settings::default()
    });
    fake.expire_access_token();
    let answer = get(&fake, "GET /offersource/list/?status=all");
    assert_eq!(answer.status, 400);
    assert!(
        answer.json()["error_description"]
            .as_str()
            .unwrap()
            .contains("expired access token")
    );
}

#[test]
fn a_token_lasts_72_hours() {
    let fake = account(Settings::default());
    let list = || get(&fake, "GET /offersource/list/?status=all").status;
    fake.advance(Duration::from_hours(72) - Duration::from_secs(1));
    assert_eq!(list(), 200);
    fake.advance(Duration::from_secs(1));
    assert_eq!(list(), 401);
}

#[test]
fn time_stays_in_the_range_of_http_dates() {
    let fake = account(Settings {
        token_lifetime: Duration::MAX,
        ..Settings::default()
    });
    fake.set_now(UNIX_EPOCH - Duration::from_hours(24));
    let date = || get(&fake, "GET /offersource/list/?status=all").headers["date"].clone();
    assert_eq!(date(), "Thu, 01 Jan 1970 00:00:00 GMT");
    fake.advance(Duration::MAX);
    fake.advance(Duration::MAX);
    fake.seed_many(2);
    assert_eq!(date(), "Fri, 31 Dec 9999 23:59:59 GMT");
}

#[test]
fn a_valid_token_is_described_and_not_renewed() {
    let fake = Fake::default();
    let answer = renew(
        &fake,
        "fake-access-token",
        &json!({ "refresh_token": "fake-refresh-token" }),
    );
    let expected = json!({ "tokens": {
        "access_token": "fake-access-token",
        "expires_at": 1_767_225_600 + 72 * 3600,
        "refresh_token": "fake-refresh-token",
    } });
    assert_eq!(
        (answer.status, answer.json(), fake.renewals()),
        (200, expected, 0)
    );
}

#[test]
fn an_expired_token_is_renewed_by_the_refresh_token() {
    let fake = account(Settings::default());
    fake.expire_access_token();
    assert_eq!(renew(&fake, "fake-access-token", &Value::Null).status, 401);
    assert_eq!(renew(&fake, "fake-access-token", &json!({})).status, 401);
    assert_eq!(
        renew(&fake, "fake-access-token", &json!({ "refresh_token": "wrong" })).status,
        401
    );
    assert_eq!(
        renew(
            &fake,
            "never-given",
            &json!({ "refresh_token": "fake-refresh-token" })
        )
        .status,
        401
    );
    assert_eq!(fake.renewals(), 0);
    let tokens = renew(
        &fake,
        "fake-access-token",
        &json!({ "refresh_token": "fake-refresh-token" }),
    )
    .json()["tokens"]
        .clone();
    assert_eq!(
        (tokens["access_token"].as_str().unwrap(), fake.renewals()),
        (fake.access_token().as_str(), 1)
    );
    assert_ne!(fake.access_token(), "fake-access-token");
    assert_eq!(get(&fake, "GET /offersource/list/?status=all").status, 200);
    assert_eq!(with_header(&fake, Some("Bearer fake-access-token")).status, 401);
}

#[test]
fn refresh_tokens_may_rotate_or_end() {
    let fake = Fake::new(Settings {
        rotate_refresh_token: true,
        ..Settings::default()
    });
    fake.expire_access_token();
    let first = json!({ "refresh_token": "fake-refresh-token" });
    let tokens = renew(&fake, &fake.access_token(), &first).json()["tokens"].clone();
    assert_eq!(tokens["refresh_token"].as_str(), fake.refresh_token().as_deref());
    fake.expire_access_token();
    assert_eq!(renew(&fake, &fake.access_token(), &first).status, 401);
    let second = json!({ "refresh_token": tokens["refresh_token"] });
    assert_eq!(renew(&fake, &fake.access_token(), &second).status, 200);
    fake.invalidate_refresh_token();
    fake.expire_access_token();
    assert_eq!(renew(&fake, &fake.access_token(), &second).status, 401);
}

#[test]
fn the_renewal_is_a_post_without_a_trailing_slash() {
    assert_eq!(get(&Fake::default(), "GET /auth/validate").status, 405);
    assert_eq!(get(&Fake::default(), "POST /auth/validate/").status, 404);
}

#[test]
fn the_log_has_no_tokens() {
    let fake = Fake::default();
    get(&fake, "GET /offersource/list/?status=all");
    fake.expire_access_token();
    renew(
        &fake,
        "fake-access-token",
        &json!({ "refresh_token": "fake-refresh-token", "more": 1 }),
    );
    let log = fake.log();
    let text = format!("{log:?}");
    assert!(
        !text.contains("fake-access-token") && !text.contains("fake-refresh-token"),
        "{text}"
    );
    assert_eq!(log[0].headers["authorization"], "Bearer [redacted]");
    assert_eq!(
        log[1].json().unwrap(),
        json!({ "refresh_token": "[redacted]", "more": 1 })
    );
    assert_eq!(
        (log[1].operation, log[1].applied),
        (Some("POST /auth/validate"), true)
    );
}
