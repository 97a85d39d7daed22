//! Spans and events: one complete span per call, and one event per unknown value.

use super::*;
use funnelflux::Error;
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
        lines.with("span method=GET operation=\"list_offer_sources\" path=/offersource/list/"),
        3
    );
    for field in [
        "record status=200",
        "record attempts=2",
        "record request_id=\"fake-00000002\"",
        "record wait_ms=",
        "record duration_ms=",
    ] {
        assert!(lines.with(field) >= 1, "{field}: {:#?}", lines.0.lock().unwrap());
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
