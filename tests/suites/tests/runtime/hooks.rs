//! Tests of hooks, of the options of a call, and of calls to arbitrary paths.

use super::*;
use funnelflux::hook::{Hook, RequestView, ResponseView};
use funnelflux::types::StatusFilter;
use funnelflux::{Error, operations::Repeat};
use funnelflux_fake::Settings;
use funnelflux_suites::client;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Hook for Notes {
    fn before_request(&self, request: &mut RequestView<'_>) {
        request
            .headers
            .insert("x-team", http::HeaderValue::from_static("buyers"));
        assert!(!request.headers.contains_key("authorization"));
        let note = format!(
            "> {} {} {}",
            request.operation,
            request.attempt_number,
            request.uri.path()
        );
        self.0.lock().unwrap().push(note);
    }

    fn after_response(&self, response: &ResponseView<'_>) {
        let note = format!(
            "< {} {} {:?} {}",
            response.operation,
            response.attempt_number,
            response.status.map(|status| status.as_u16()),
            response.body.is_some()
        );
        self.0.lock().unwrap().push(note);
    }
}

#[tokio::test(start_paused = true)]
async fn hooks_see_every_try_and_every_renewal_and_change_headers() -> Result<(), Error> {
    let fake = Fake::default();
    let notes = Notes::default();
    let client = client(&fake).hook(notes.clone()).build()?;
    fake.expire_access_token();
    inject(&fake, LIST, Fault::ResetAfterReading, 1);
    client.list_offer_sources(StatusFilter::All, None).await?;
    assert_eq!(
        *notes.0.lock().unwrap(),
        [
            "> list_offer_sources 1 /v1/offersource/list/",
            "< list_offer_sources 1 None false",
            "> list_offer_sources 2 /v1/offersource/list/",
            "< list_offer_sources 2 Some(401) true",
            "> renew_access_token 1 /v1/auth/validate",
            "< renew_access_token 1 Some(200) false",
            "> list_offer_sources 3 /v1/offersource/list/",
            "< list_offer_sources 3 Some(200) true",
        ]
    );
    assert!(fake.log().iter().all(|entry| entry.headers["x-team"] == "buyers"));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_call_has_its_own_headers_and_gives_raw_access() -> Result<(), Error> {
    let fake = Fake::new(Settings {
        request_id_header: Some("x-request-id".to_owned()),
        ..Settings::default()
    });
    let client = client(&fake).user_agent("my-tool/1").build()?;
    let call = client.list_offer_sources(StatusFilter::All, None);
    let response = call.header("x-trace", "4711").response().await?;
    assert_eq!((response.status.as_u16(), response.attempts), (200, 1));
    assert_eq!(response.headers["x-request-id"], "fake-00000001");
    let seen = &fake.log()[0].headers;
    assert_eq!(
        (&seen["x-trace"], &seen["user-agent"]),
        (&"4711".parse().unwrap(), &"my-tool/1".parse().unwrap())
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn any_path_can_be_called_with_all_options() -> Result<(), Error> {
    let fake = Fake::default();
    fake.seed_offer_source("a b&c");
    fake.expire_access_token();
    let client = client(&fake).build()?;
    let found: serde_json::Value = client
        .request(http::Method::GET, "/offersource/find/byId/")
        .query("idOfferSource", "a b&c")
        .json()
        .await?;
    assert_eq!(found["idOfferSource"], "a b&c");
    let save = || {
        client
            .request(http::Method::PUT, "/offersource/save/")
            .body(&found)
    };
    inject(&fake, SAVE, Fault::status(503), 1);
    assert_eq!(
        save().empty().await.unwrap_err().attempts(),
        1,
        "a PUT is sent once"
    );
    inject(&fake, SAVE, Fault::status(503), 1);
    assert_eq!(
        save()
            .repeat(Repeat::Idempotent)
            .empty()
            .response()
            .await?
            .attempts,
        2
    );
    inject(&fake, LIST, Fault::Html { applied: true }, 1);
    let page = client
        .request(http::Method::GET, "/offersource/list/")
        .bytes()
        .await?;
    assert!(page.starts_with(b"<!doctype"));
    Ok(())
}
