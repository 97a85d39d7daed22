//! Hooks, spans, options, the escape hatch: what a program can see and change.

use super::*;
use funnelflux::hook::{Hook, RequestView, ResponseView};
use funnelflux::types::StatusFilter;
use funnelflux::{Error, operations::Repeat};
use funnelflux_fake::Settings;
use funnelflux_suites::client;
use std::collections::BTreeMap;
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
            request.try_number,
            request.uri.path()
        );
        self.0.lock().unwrap().push(note);
    }

    fn after_response(&self, response: &ResponseView<'_>) {
        let note = format!(
            "< {} {} {:?} {}",
            response.operation,
            response.try_number,
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
    assert!(
        fake.log()
            .iter()
            .all(|entry| entry.headers["x-team"] == "buyers")
    );
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
    assert_eq!((response.status.as_u16(), response.tries), (200, 1));
    assert_eq!(response.headers["x-request-id"], "fake-00000001");
    let seen = &fake.log()[0].headers;
    assert_eq!(
        (&seen["x-trace"], &seen["user-agent"]),
        (&"4711".parse().unwrap(), &"my-tool/1".parse().unwrap())
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn any_path_can_be_called_with_everything_that_a_call_has() -> Result<(), Error> {
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
        save().empty().await.unwrap_err().tries(),
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
            .tries,
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

/// Spans and events as text, one line each.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

struct Line(BTreeMap<String, String>);

impl tracing::field::Visit for Line {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl Lines {
    fn push(&self, kind: &str, record: impl FnOnce(&mut Line)) {
        let mut line = Line(BTreeMap::new());
        record(&mut line);
        let fields = line
            .0
            .iter()
            .map(|(name, value)| format!(" {name}={value}"));
        self.0
            .lock()
            .unwrap()
            .push(format!("{kind}{}", fields.collect::<String>()));
    }

    fn with(&self, part: &str) -> usize {
        self.0
            .lock()
            .unwrap()
            .iter()
            .filter(|line| line.contains(part))
            .count()
    }
}

impl tracing::Subscriber for Lines {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, attributes: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        self.push("span", |line| attributes.record(line));
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        self.push("record", |line| values.record(line));
    }
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        self.push(event.metadata().level().as_str(), |line| event.record(line));
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test(start_paused = true)]
async fn a_call_leaves_a_span_with_everything_and_an_unknown_value_is_said_once()
-> Result<(), Error> {
    let lines = Lines::default();
    let _guard = tracing::subscriber::set_default(lines.clone());
    let fake = Fake::new(Settings {
        request_id_header: Some("x-request-id".to_owned()),
        unknown_status: Some("paused-by-visible-rs".to_owned()),
        ..Settings::default()
    });
    fake.seed_offer_source("a");
    let client = client(&fake).build()?;
    inject(&fake, LIST, Fault::status(503), 1);
    for _ in 0..3 {
        client.list_offer_sources(StatusFilter::All, None).await?;
    }
    assert_eq!(
        lines.with("span method=GET operation=\"list_offer_sources\" path=/offersource/list/"),
        3
    );
    for field in [
        "record status=200",
        "record tries=2",
        "record request_id=\"fake-00000002\"",
        "record wait_ms=",
        "record duration_ms=",
    ] {
        assert!(
            lines.with(field) >= 1,
            "{field}: {:#?}",
            lines.0.lock().unwrap()
        );
    }
    assert_eq!(lines.with("INFO message=trying again reason=503"), 1);
    assert_eq!(
        lines.with("paused-by-visible-rs"),
        1,
        "{:#?}",
        lines.0.lock().unwrap()
    );
    inject(&fake, LIST, Fault::status(400), 1);
    client
        .list_offer_sources(StatusFilter::All, None)
        .await
        .unwrap_err();
    assert_eq!(
        lines.with("WARN error=list_offer_sources (GET /offersource/list/): 400"),
        1
    );
    Ok(())
}
