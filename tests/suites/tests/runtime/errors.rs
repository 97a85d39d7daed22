//! Checks that errors report the problem, its location, its cause and a fix, and that methods such as
//! `is_retryable` return the truth.

use super::*;
use funnelflux::transport::{self, ResponseBody, TransportError, TransportErrorKind};
use funnelflux::types::StatusFilter;
use funnelflux::{Client, Error, RetryPolicy};
use funnelflux_fake::{ErrorShape, Settings, TrailingSlash};
use funnelflux_suites::{FixedResponse, client};

fn service(status: u16, content_type: &'static str, body: &'static [u8]) -> Client {
    let response = FixedResponse {
        status: http::StatusCode::from_u16(status).unwrap(),
        headers: [("content-type", content_type), ("x-request-id", "81af")]
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .into_iter()
            .collect(),
        body: bytes::Bytes::from_static(body),
    };
    let builder = Client::builder().retry(RetryPolicy::none());
    builder
        .transport(response)
        .max_response_bytes(1_000)
        .build()
        .unwrap()
}

async fn list(client: &Client) -> Error {
    client
        .list_offer_sources(StatusFilter::All, None)
        .await
        .unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn a_decode_error_names_the_field() {
    let body = concat!(
        r#"[{"idOfferSource":"1","offerSourceName":"a","status":"active"},"#,
        r#"{"idOfferSource":"2","offerSourceName":null,"status":"active"}]"#
    )
    .as_bytes();
    let error = list(&service(200, "application/json", body)).await;
    assert_eq!(error.json_path(), Some("[1].offerSourceName"));
    assert_eq!(error.body(), Some(body));
    assert_eq!(
        error.to_string(),
        "list_offer_sources (GET /offersource/list/): the response (200 OK) does not decode at \
         [1].offerSourceName: invalid type: null, expected a string at line 1 column 106; \
         the body begins with [{\"idOfferSource\":\"1\",\"offerSourceName\":\"a\",\"status\":\"active\"},\
         {\"idOfferSource\":\"2\",\"offerSourceName… (request ID 81af)"
    );
    for (body, path) in [
        (&b""[..], "."),
        (b"[] trailing", "."),
        (b"[{}]", "[0]"),
        (b"{", "."),
    ] {
        let error = list(&service(200, "application/json", body)).await;
        assert_eq!(error.json_path(), Some(path), "{error}");
        assert!(!error.may_have_been_applied() && !error.is_retryable());
    }
}

#[tokio::test(start_paused = true)]
async fn errors_quote_the_service_in_every_format() {
    for (shape, expected) in [
        (
            ErrorShape::Json,
            "find_offer_source_by_id (GET /offersource/find/byId/): 404 Not Found: ",
        ),
        (
            ErrorShape::Text,
            "find_offer_source_by_id (GET /offersource/find/byId/): 404 Not Found: ",
        ),
        (
            ErrorShape::Html,
            "find_offer_source_by_id (GET /offersource/find/byId/): 404 Not Found: Not Found: 404 Not Found ",
        ),
        (
            ErrorShape::Empty,
            "find_offer_source_by_id (GET /offersource/find/byId/): 404 Not Found, \
             without a message in the body",
        ),
    ] {
        let fake = Fake::new(Settings {
            error_shape: shape,
            request_id_header: Some("x-request-id".to_owned()),
            ..Settings::default()
        });
        let client = client(&fake).build().unwrap();
        let error = client.find_offer_source_by_id(&"gone".into()).await.unwrap_err();
        assert!(error.is_not_found() && !error.is_retryable(), "{shape:?}");
        let text = error.to_string();
        assert!(text.starts_with(expected), "{shape:?}: {text}");
        assert!(!text.contains(['\n', '<']), "{shape:?}: {text}");
        assert_eq!(error.request_id(), Some("fake-00000001"));
        if shape != ErrorShape::Empty {
            assert!(
                error.message().is_some_and(|message| message.contains("gone")),
                "{shape:?}: {text}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_html_page_is_an_error_even_with_200() {
    let page = b"<!doctype html><title>Log in</title><h1>Please log in</h1>";
    for content_type in ["text/html", "application/json", ""] {
        let client = service(200, content_type, page);
        let error = list(&client).await;
        assert_eq!(
            error.to_string(),
            "list_offer_sources (GET /offersource/list/): expected JSON, but the response is an HTML page \
             (200 OK): Log in: Please log in; probably a login or maintenance page, or a wrong base URL \
             (request ID 81af)"
        );
        assert!(!error.may_have_been_applied());
        let error = client
            .delete_offer_sources(Some(&"1".into()), None)
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("HTML page") && error.may_have_been_applied(),
            "{error}"
        );
    }
    // Empty bodies, `null` and short messages all count as no data.
    for body in [&b""[..], b"null", b"{}", br#"{"message":"done"}"#, b"OK"] {
        let client = service(200, "application/json", body);
        client
            .delete_offer_sources(Some(&"1".into()), None)
            .await
            .unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_not_followed_and_its_target_is_reported() {
    let fake = Fake::new(Settings {
        trailing_slash: TrailingSlash::Redirect,
        ..Settings::default()
    });
    let client = client(&fake).build().unwrap();
    let error = client
        .request(http::Method::GET, "/offersource/list")
        .query("status", "all")
        .json::<serde_json::Value>()
        .await
        .unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(301));
    assert!(
        error
            .to_string()
            .contains("redirects to /v1/offersource/list/?status=all, and redirects are not followed"),
        "{error}"
    );
    assert_eq!(fake.request_count(), 1);
}

#[tokio::test(start_paused = true)]
async fn huge_responses_are_truncated() {
    let huge: &'static [u8] = Box::leak(vec![b'x'; 1_000_000].into_boxed_slice());
    let error = list(&service(200, "application/json", huge)).await;
    assert!(error.to_string().contains("larger than 1000 bytes"), "{error}");
    let error = list(&service(400, "text/plain", huge)).await;
    assert_eq!(error.body().map(<[u8]>::len), Some(64 * 1024));
    assert!(error.to_string().len() < 600 && format!("{error:?}").len() < 2_000);
}

/// The responses contain the token, which is cut because an error keeps or shows only the start of a
/// response, or because the response is incomplete.
#[tokio::test(start_paused = true)]
async fn no_part_of_a_cut_token_is_left_in_an_error() {
    let token: String = ('a'..='z').cycle().take(700).collect();
    let reported = |length| format!(r#"{{"error":"{}{token}"}}"#, "x".repeat(length));
    for (status, body, is_complete) in [
        (400, token.repeat(200), true),
        (400, "x".repeat(65_500) + &token, true),
        (400, format!("invalid token {}", &token[..300]), false),
        (200, reported(300), true),
        (200, reported(65_500), true),
    ] {
        let length = body.len();
        let transport = transport::from_fn(move |_| {
            let lost = TransportError::new(TransportErrorKind::Interrupted, "the connection is lost");
            let end = (!is_complete).then_some(Err(lost));
            let chunks = [Ok(bytes::Bytes::from(body.clone()))].into_iter().chain(end);
            let body = ResponseBody::stream(futures_util::stream::iter(chunks));
            let response = http::Response::builder().status(status).body(body).unwrap();
            async move { Ok(response) }
        });
        let builder = Client::builder().bearer_token(&*token).retry(RetryPolicy::none());
        let error = list(&builder.transport(transport).build().unwrap()).await;
        let kept = String::from_utf8_lossy(error.body().unwrap()).into_owned();
        assert!(kept.contains("[redacted]"), "{status}, {length} bytes: {kept}");
        for text in [kept, error.to_string()] {
            assert!(!text.contains("abcdefgh"), "{status}, {length} bytes: {text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn invalid_requests_are_refused_before_they_are_sent() {
    let fake = Fake::default();
    let client = client(&fake).build().unwrap();
    let list = || client.list_offer_sources(StatusFilter::All, None);
    let commas = client
        .find_offer_sources_by_ids(&["a,b".into()])
        .await
        .unwrap_err();
    assert!(commas.to_string().contains("\"a,b\""), "{commas}");
    let long: Vec<_> = (0..10_000).map(|_| "2nIemJxCKbFX".into()).collect();
    let long = client.find_offer_sources_by_ids(&long).await.unwrap_err();
    assert!(long.to_string().contains("bytes long"), "{long}");
    assert_eq!(long.attempts(), 0);
    assert!(list().header("bad name", "x").await.is_err());
    let secret = list().header("x-key", "can\nary").await.unwrap_err();
    assert!(!format!("{secret} {secret:?}").contains("ary\""), "{secret:?}");
    let nothing = [
        client.find_offer_sources_by_ids(&[]).await.map(drop),
        client
            .find_offer_sources_by_ids(&["a".into(), "".into()])
            .await
            .map(drop),
        client.delete_offer_sources(None, None).await,
        client.delete_offer_sources(Some(&"".into()), None).await,
    ];
    for outcome in nothing {
        let error = outcome.unwrap_err();
        assert!(error.to_string().contains("empty"), "{error}");
        assert_eq!(error.attempts(), 0);
    }
    for path in ["offersource", "//../x", "/a/../b", "/x?y=1", "/x#y"] {
        let call = client.request(http::Method::GET, path).empty();
        assert!(call.await.is_err(), "{path}");
    }
    assert_eq!(fake.request_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_cause_is_in_the_message_and_can_be_inspected() {
    let fake = Fake::default();
    fake.inject(Rule::new(Fault::RefuseConnection).times(100));
    let client = client(&fake).build().unwrap();
    let error = list(&client).await;
    assert_eq!(
        error.transport_error().map(TransportError::kind),
        Some(TransportErrorKind::Connect)
    );
    let text = error.to_string();
    assert!(
        text.contains("no connection to the service: connection refused (5 attempts in "),
        "{text}"
    );
    assert!(error.is_retryable() && !error.is_timeout() && !error.may_have_been_applied());
    assert_eq!(error.status(), None);
}

/// Compares the messages for all faults with a snapshot: those of a call that reads, and those of a call that
/// must not be repeated.
#[tokio::test(start_paused = true)]
async fn every_fault_has_a_helpful_message() {
    let mut table = Vec::new();
    for fault in faults() {
        let mut row = |operation: &str, outcome: Result<(), Error>| {
            let text = outcome.map_or_else(|error| error.to_string(), |()| "(no error)".to_owned());
            table.push(format!("{fault}, {operation}:\n    {text}"));
        };
        let fake = Fake::default();
        fake.seed_offer_source("a");
        let client = client(&fake)
            .max_response_bytes(LARGE)
            .retry(RetryPolicy::none())
            .build()
            .unwrap();
        inject(&fake, LIST, fault.clone(), 1);
        inject(&fake, DUPLICATE, fault.clone(), 1);
        let list = client.list_offer_sources(StatusFilter::All, None);
        row("list", list.await.map(drop));
        let request = funnelflux::types::DuplicateRequest::new("copy");
        let duplicate = client.duplicate_offer_source(&"a".into(), &request);
        row("duplicate", duplicate.await.map(drop));
    }
    insta::assert_snapshot!("faults", table.join("\n"));
}

#[test]
fn an_error_can_be_shared_and_kept() {
    fn shareable<T: Clone + Send + Sync + std::error::Error + 'static>() {}
    shareable::<Error>();
}
