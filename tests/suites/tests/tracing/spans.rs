//! Tests of spans and events: one complete span per call, and one event per unknown value.

use super::*;
use funnelflux::Error;
use funnelflux::ext::*;
use funnelflux::types::StatusFilter;
use funnelflux_fake::{Fake, Fault, Rule, Settings};
use funnelflux_suites::client;

const LIST: &str = "GET /offersource/list/";

/// The recorded lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn listen(&self) -> DefaultGuard {
        let lines = self.clone();
        listen(move |line| lines.0.lock().unwrap().push(line))
    }

    fn with(&self, part: &str) -> usize {
        let lines = self.0.lock().unwrap();
        lines.iter().filter(|line| line.contains(part)).count()
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_has_one_complete_span_and_unknown_values_are_logged_once() -> Result<(), Error> {
    let lines = Lines::default();
    let _guard = lines.listen();
    let fake = Fake::new(Settings {
        request_id_header: Some("x-request-id".to_owned()),
        unknown_status: Some("paused-by-visible-rs".to_owned()),
        ..Settings::default()
    });
    fake.seed_offer_source("a");
    let client = client(&fake).build()?;
    fake.inject(Rule::new(Fault::status(503)).on(LIST).times(1));
    for _ in 0..3 {
        client.list_offer_sources(StatusFilter::All, None).await?;
    }
    assert_eq!(
        lines.with(
            "span http.request.method=GET operation=\"list_offer_sources\" otel.kind=\"internal\" \
             otel.name=\"list_offer_sources\" url.template=/offersource/list/"
        ),
        3
    );
    let uri: http::Uri = client.base_url().parse().unwrap();
    assert_eq!(
        lines.with(&format!(
            "span http.request.method=GET otel.kind=\"client\" otel.name=GET /offersource/list/ \
             server.address={:?} url.template=/offersource/list/",
            uri.host().unwrap()
        )),
        4
    );
    for (field, count) in [
        ("record http.request.resend_count=1", 1),
        ("record http.response.status_code=503", 1),
        ("record error.type=\"503\"", 1),
        ("record otel.status_code=\"ERROR\"", 1),
        // Three calls and three attempts.
        ("record http.response.status_code=200", 6),
        ("record attempts=2", 1),
        ("record request_id=\"fake-00000002\"", 1),
        ("record wait_ms=", 3),
        ("record duration_ms=", 3),
    ] {
        assert_eq!(
            lines.with(field),
            count,
            "{field}: {:#?}",
            lines.0.lock().unwrap()
        );
    }
    assert_eq!(lines.with("INFO attempts=1 message=retrying reason=503"), 1);
    assert_eq!(
        lines.with("paused-by-visible-rs"),
        1,
        "{:#?}",
        lines.0.lock().unwrap()
    );
    fake.inject(Rule::new(Fault::status(400)).on(LIST).times(1));
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

#[tokio::test(start_paused = true)]
async fn an_expected_404_is_no_warning() {
    let lines = Lines::default();
    let _guard = lines.listen();
    let client = client(&Fake::default()).build().unwrap();
    let error = client.find_offer_source_by_id(&"gone".into()).await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(lines.with("DEBUG error=find_offer_source_by_id"), 1);
    assert_eq!(lines.with("WARN"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_bulk_job_is_one_span() -> Result<(), Box<dyn std::error::Error>> {
    let lines = Lines::default();
    let _guard = lines.listen();
    let fake = Fake::default();
    let ids = fake.seed_many(30);
    let client = client(&fake).build()?;
    let report = client.offer_sources().bulk_archive(ids).send().await?;
    assert!(report.is_success(), "{report}");
    assert_eq!(lines.with("span assets=30 otel.kind=\"internal\" otel.name="), 1);
    Ok(())
}
