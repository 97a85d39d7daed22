//! Tests of bodies that deviate slightly from the OpenAPI document.

use super::*;
use funnelflux::ext::*;
use funnelflux::types::{DuplicateRequest, OfferSource, ParentMutationRequest, StatusFilter};
use funnelflux::{Error, RetryPolicy, transport};
use funnelflux_fake::RetryAfter;
use funnelflux_suites::{InProcess, client};
use http_body_util::BodyExt as _;
use std::sync::Arc;

#[tokio::test(start_paused = true)]
async fn json_is_read_under_any_name_and_after_a_byte_order_mark() -> Result<(), Error> {
    for fault in [Fault::ByteOrderMark, Fault::HtmlContentType] {
        let fake = Fake::default();
        fake.seed_offer_source("a");
        let client = client(&fake).build()?;
        fake.inject(Rule::new(fault.clone()).always());
        let sources = client.list_offer_sources(StatusFilter::All, None).await?;
        assert_eq!(sources.len(), 1, "{fault}");
        assert_eq!(
            client.find_offer_source_by_id(&"a".into()).await?.id_offer_source,
            "a"
        );
        // The token renewal and the read-back of a create also read JSON.
        fake.expire_access_token();
        client.create(|id| OfferSource::new(id, "b")).await?;
        assert_eq!(fake.renewals(), 1, "{fault}");
        // Raw bytes stay unchanged.
        let raw = client
            .request(http::Method::GET, "/offersource/list/")
            .query("status", "all");
        let raw = raw.bytes().await?;
        assert_eq!(raw.starts_with(b"\xef\xbb\xbf"), fault == Fault::ByteOrderMark);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_success_that_reports_an_error_is_an_error() {
    for applied in [false, true] {
        let fake = Fake::default();
        fake.seed_offer_source("a");
        fake.inject(Rule::new(Fault::ReportedError { applied }).always());
        let client = client(&fake).build().unwrap();
        let request = ParentMutationRequest::new(["a".to_owned()]);
        let errors = [
            client.list_offer_sources(StatusFilter::All, None).await.map(drop),
            client.find_offer_source_by_id(&"a".into()).await.map(drop),
            client.archive_offer_sources(&request).await,
            client
                .duplicate_offer_source(&"a".into(), &DuplicateRequest::new("copy"))
                .await
                .map(drop),
        ];
        for (error, writes) in errors.into_iter().zip([false, false, true, true]) {
            let error = error.unwrap_err();
            let text = error.to_string();
            assert!(
                text.contains("(200 OK) reports an error: denied: a fault that a test asked for"),
                "{text}"
            );
            assert_eq!(error.may_have_been_applied(), writes, "{text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_duplicated_retry_after_counts_once() -> Result<(), Error> {
    let fake = Fake::default();
    let client = client(&fake).build()?;
    inject(
        &fake,
        LIST,
        Fault::too_many_requests(RetryAfter::Text("1, 1".to_owned())),
        1,
    );
    let (outcome, time) = timed(client.list_offer_sources(StatusFilter::All, None)).await;
    outcome?;
    assert!(
        time >= Duration::from_secs(1) && time < Duration::from_millis(1_101),
        "{time:?}"
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_retried_statuses_are_a_setting() -> Result<(), Error> {
    for status in [
        408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 530,
    ] {
        let fake = Fake::default();
        fake.seed_offer_source("a");
        let client = client(&fake).build()?;
        fake.inject(Rule::new(Fault::status(status)).times(1));
        client.list_offer_sources(StatusFilter::All, None).await?;
        assert_eq!(fake.request_count(), 2, "{status}");
        // A duplication is never sent twice.
        fake.inject(Rule::new(Fault::status(status)).times(1));
        let duplicate = client.duplicate_offer_source(&"a".into(), &DuplicateRequest::new("copy"));
        assert!(duplicate.await.is_err());
        assert_eq!(fake.request_count(), 3, "{status}");
    }
    let fake = Fake::default();
    let client = client(&fake).retry(RetryPolicy::new().statuses([409])).build()?;
    fake.inject(Rule::new(Fault::status(409)).times(1));
    client.list_offer_sources(StatusFilter::All, None).await?;
    assert_eq!(fake.request_count(), 2);
    fake.inject(Rule::new(Fault::status(503)).times(1));
    let error = client
        .list_offer_sources(StatusFilter::All, None)
        .await
        .unwrap_err();
    assert!(!error.is_retryable(), "{error}");
    assert_eq!(fake.request_count(), 3);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn no_key_is_sent_twice() -> Result<(), Error> {
    /// A program's own type, which writes a key twice.
    #[derive(serde::Serialize)]
    struct Own {
        a: u8,
        #[serde(flatten)]
        rest: serde_json::Value,
    }

    let fake = Fake::default();
    let client = client(&fake).build()?;
    let mut source = OfferSource::new("2nIemJxCKbFX", "a");
    // A value in `extra` is sent if the field of that name is absent, but not if the field is set.
    source.extra.insert("postbackTxId".to_owned(), "{x}".into());
    source.extra.insert("offerSourceName".to_owned(), "b".into());
    source.extra.insert("colour".to_owned(), "red".into());
    let text = serde_json::to_string(&source).unwrap();
    for name in ["postbackTxId", "offerSourceName", "colour"] {
        assert_eq!(text.matches(&format!("{name:?}")).count(), 1, "{text}");
    }
    client.create_offer_source(&source).await?;
    let created = fake.state().offer_source("2nIemJxCKbFX").unwrap().clone();
    assert_eq!(created.name, "a");
    let read = client.find_offer_source_by_id(&"2nIemJxCKbFX".into()).await?;
    assert_eq!(read.postback_tx_id.as_deref(), Some("{x}"));
    source.postback_tx_id = Some("{y}".to_owned());
    assert_eq!(serde_json::to_value(&source).unwrap()["postbackTxId"], "{y}");

    let own = Own {
        a: 1,
        rest: serde_json::json!({"a": 2}),
    };
    let request = client.request(http::Method::PUT, "/x/").body(&own);
    let error = request.empty().await.unwrap_err().to_string();
    assert!(error.contains(r#"has the key "a" twice"#), "{error}");
    Ok(())
}

/// Checks that an error states each fact once. The `Debug` text is checked as well, because `main` and
/// `unwrap` print it. Libraries such as anyhow print every source after the text, so no source may repeat the
/// text.
#[tokio::test(start_paused = true)]
async fn an_error_says_everything_once() {
    for fault in faults() {
        let fake = Fake::default();
        fake.inject(Rule::new(fault).always());
        let client = client(&fake)
            .max_response_bytes(LARGE)
            .retry(RetryPolicy::none())
            .build()
            .unwrap();
        let list = client.list_offer_sources(StatusFilter::All, None);
        let Err(error) = list.await else { continue };
        assert_eq!(format!("{error:?}"), error.to_string());
        assert!(!error.to_string().contains('\n'));
        assert!(std::error::Error::source(&error).is_none());
        if let Some(error) = error.transport_error() {
            assert_eq!(format!("{error:?}"), error.to_string());
            assert!(std::error::Error::source(error).is_none());
        }
    }
    let error = transport::TransportError::new(transport::TransportErrorKind::Connect, "refused");
    assert_eq!(format!("{error:?}"), "no connection to the service: refused");
    assert_eq!(error.cause().to_string(), "refused");
}

/// Checks that the errors of the module `ext`, which can contain an error of a call or of the disk, state
/// each fact once.
#[tokio::test(start_paused = true)]
async fn every_other_error_says_everything_once() {
    fn assert_one_line(error: &dyn std::error::Error) {
        assert_eq!(format!("{error:?}"), error.to_string());
        assert!(error.source().is_none(), "{error}");
    }
    let fake = Fake::default();
    let client = client(&fake).build().unwrap();
    let none: [&str; 0] = [];
    assert_one_line(
        &client
            .offer_sources()
            .bulk_archive(none)
            .send()
            .await
            .unwrap_err(),
    );
    let job = client.offer_sources().bulk_archive(["a"]);
    assert_one_line(&job.journal("/no/such/folder/journal").send().await.unwrap_err());
    fake.inject(Rule::new(Fault::status(403)).always());
    let id = "2nIemJxCKbFX";
    let update = client
        .offer_sources()
        .update(id, |source| source.offer_source_name.clear());
    assert_one_line(&update.send().await.unwrap_err());
    let source = OfferSource::new(id, "a");
    let stored = client.offer_sources().create_or_save(source);
    assert_one_line(&stored.await.unwrap_err());
}

/// JSON with numbers that neither a 64-bit integer nor a double can represent exactly.
const DIGITS: &str = r#"{"a":123456789012345678901234567890,"b":[0.1000000000000000000001,1.50]}"#;

/// Returns a transport that sends each request to the fake, and replaces `from` by `to` in each response.
fn replacing(fake: &Fake, from: &'static str, to: &'static str) -> impl transport::Transport {
    let service = Arc::new(InProcess::new(fake));
    transport::from_fn(move |request: http::Request<bytes::Bytes>| {
        let service = Arc::clone(&service);
        async move {
            let response = transport::Transport::send(&*service, request).await?;
            let (parts, body) = response.into_parts();
            let body = body.collect().await?.to_bytes();
            let text = String::from_utf8_lossy(&body).replace(from, to);
            Ok(http::Response::from_parts(parts, bytes::Bytes::from(text)))
        }
    })
}

#[tokio::test(start_paused = true)]
async fn unknown_fields_are_sent_back_to_the_digit() -> Result<(), Box<dyn std::error::Error>> {
    let fake = Fake::default();
    fake.seed_offer_source("2nIemJxCKbFX");
    fake.set("offersource", "2nIemJxCKbFX", "rank", "digits");
    let client = client(&fake)
        .transport(replacing(&fake, r#""digits""#, DIGITS))
        .build()?;
    let id = "2nIemJxCKbFX".into();
    let mut source = client.find_offer_source_by_id(&id).await?;
    assert_eq!(source.extra.exact("rank"), Some(DIGITS));
    source.offer_source_name = "renamed".to_owned();
    client.save_offer_source(&source).await?;
    let saved = |fake: &Fake| {
        let log = fake.log();
        let entry = log.iter().rfind(|entry| entry.operation == Some(SAVE)).unwrap();
        String::from_utf8(entry.body.to_vec()).unwrap()
    };
    let digits = format!(r#""rank":{DIGITS}"#);
    for part in [r#""offerSourceName":"renamed""#, &*digits] {
        assert!(saved(&fake).contains(part), "{}", saved(&fake));
    }

    // The digits are also kept if one call reads, changes and saves the asset.
    fake.set("offersource", "2nIemJxCKbFX", "rank", "digits");
    let update = client
        .offer_sources()
        .update(id.clone(), |source| source.offer_source_name = "again".to_owned());
    // The result is ignored, because the fake itself cannot represent the digits.
    let _ = update.send().await;
    for part in [r#""offerSourceName":"again""#, &*digits] {
        assert!(saved(&fake).contains(part), "{}", saved(&fake));
    }

    // A changed value replaces the digits.
    source.extra.insert("rank".to_owned(), 5.into());
    assert_eq!(source.extra.exact("rank"), None);
    client.save_offer_source(&source).await?;
    assert!(saved(&fake).contains(r#""rank":5"#), "{}", saved(&fake));
    source.extra.remove("rank");
    client.save_offer_source(&source).await?;
    assert!(!saved(&fake).contains("rank"), "{}", saved(&fake));
    Ok(())
}

#[cfg(transcription)]
#[tokio::test(start_paused = true)]
async fn a_wrong_guess_about_a_field_loses_no_list_and_no_value() -> Result<(), Error> {
    let fake = Fake::default();
    for index in 0..10_000 {
        fake.seed_page(&format!("p{index}"), "2nIemJxCKbFX");
    }
    fake.set("page", "p7", "pageName", 7);
    fake.set("page", "p8", "pageName", vec![8]);
    fake.set("page", "p9", "idCategory", 9);
    let client = client(&fake).build()?;
    let pages = client.list_pages(StatusFilter::All, None).await?;
    assert_eq!(pages.len(), 10_000);
    let named = |name: &str| pages.iter().find(|page| page.id_page == name).unwrap();
    assert_eq!(named("p7").page_name, "7");
    assert_eq!(named("p7").extra.unexpected().collect::<Vec<_>>(), ["pageName"]);
    assert_eq!(named("p7").extra["pageName"], 7);
    assert_eq!(named("p8").page_name, "[8]");
    assert_eq!(named("p9").id_category, Some("9".into()));
    assert_eq!(named("p6").extra.unexpected().count(), 0);

    // Fields that are not set are sent back unchanged.
    let mut page = client.find_page_by_id(&"p7".into()).await?;
    page.base_url = Some("https://example.com".to_owned());
    let sent = |fake: &Fake| fake.log().pop().unwrap().json().unwrap();
    let _ = client.save_page(&page).await;
    assert_eq!(sent(&fake)["pageName"], 7);
    assert_eq!(sent(&fake)["baseURL"], "https://example.com");
    page.page_name = "seven".to_owned();
    client.save_page(&page).await?;
    assert_eq!(sent(&fake)["pageName"], "seven");
    Ok(())
}

/// Checks that the client accepts an ID that is a number. In inferred groups, it is only inferred that IDs
/// are strings.
#[cfg(transcription)]
#[tokio::test(start_paused = true)]
async fn an_id_may_be_a_number() -> Result<(), Error> {
    let fake = Fake::default();
    for id in ["12", "13"] {
        fake.seed_page(id, "2nIemJxCKbFX");
    }
    let numbers = replacing(&fake, r#""idPage":"12""#, r#""idPage":12"#);
    let client = client(&fake).transport(numbers).build()?;
    let listed = client.pages().list().await?;
    let listed: std::collections::BTreeSet<&str> = listed.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(listed, ["12", "13"].into());

    // A service that sends a number gets a number.
    let mut page = client.find_page_by_id(&"12".into()).await?;
    assert_eq!(page.id_page, "12");
    page.page_name = "renamed".to_owned();
    let _ = client.save_page(&page).await;
    assert_eq!(fake.log().pop().unwrap().json().unwrap()["idPage"], 12);

    let group = AssetGroup::named("pages").unwrap();
    let rows = group.list(&client).await?;
    let ids: std::collections::BTreeSet<_> = rows.iter().filter_map(|row| group.id(row)).collect();
    assert_eq!(ids, ["12".into(), "13".into()].into());
    let found = group.find(&client, &["12".to_owned(), "14".to_owned()]).await;
    assert!(
        matches!(&found[..], [FoundAsset::Found(_), FoundAsset::Missing]),
        "{found:?}"
    );

    let archive = client.pages().bulk_archive(["12", "13"]).acknowledge_inferred();
    let report = archive.verify(true).send().await.unwrap();
    assert_eq!(report.counts().done, 2, "{report}");
    let state = fake.state();
    for id in ["12", "13"] {
        assert_eq!(state.page(id).unwrap().status, funnelflux_fake::Status::Archived);
    }
    Ok(())
}

/// Checks that an error has the status of the response even if the body never ends, or if the connection
/// breaks in the middle of the body.
#[tokio::test(start_paused = true)]
async fn a_status_counts_without_its_body() {
    use funnelflux::transport::{ResponseBody, TransportError, TransportErrorKind, from_fn};
    use futures_util::{StreamExt as _, stream};

    for breaks in [false, true] {
        for (status, attempt_timeout) in [(403, 60), (404, 4), (429, 60), (503, 4)] {
            let transport = from_fn(move |_| async move {
                let first = stream::iter([Ok(bytes::Bytes::from(r#"{"error":"#))]);
                let rest = if breaks {
                    let error = TransportError::new(TransportErrorKind::Interrupted, "reset");
                    stream::iter([Err(error)]).boxed()
                } else {
                    stream::pending().boxed()
                };
                let body = ResponseBody::stream(first.chain(rest));
                Ok::<_, TransportError>(http::Response::builder().status(status).body(body).unwrap())
            });
            let client = funnelflux::Client::builder()
                .transport(transport)
                .retry(RetryPolicy::none())
                .attempt_timeout(Duration::from_secs(attempt_timeout));
            let start = Instant::now();
            let call = client.build().unwrap();
            let error = call
                .list_offer_sources(StatusFilter::All, None)
                .await
                .unwrap_err();
            assert_eq!(
                error.status().map(|status| status.as_u16()),
                Some(status),
                "{error}"
            );
            assert!(
                start.elapsed() <= Duration::from_secs(10),
                "{:?}",
                start.elapsed()
            );
        }
    }
}
