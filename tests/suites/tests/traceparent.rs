//! Tests the trace context in requests. The subscriber is global, so this test program has only one test.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use funnelflux::types::StatusFilter;
use funnelflux_fake::{Fake, Fault, Rule};
use funnelflux_suites::client;
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::collections::HashSet;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;

#[tokio::test(start_paused = true)]
async fn each_request_carries_the_context_of_its_attempt() {
    let provider = SdkTracerProvider::builder().build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let fake = Fake::default();
    let client = client(&fake).build().unwrap();
    fake.inject(Rule::new(Fault::status(503)).times(1));
    let span = tracing::info_span!("program");
    let trace = span.context().span().span_context().trace_id().to_string();
    let list = client.list_offer_sources(StatusFilter::All, None).into_future();
    list.instrument(span).await.unwrap();
    let list = client.list_offer_sources(StatusFilter::All, None);
    list.header("traceparent", "mine").await.unwrap();
    let log = fake.log();
    let sent = log
        .iter()
        .map(|entry| entry.headers["traceparent"].to_str().unwrap());
    let sent: Vec<&str> = sent.collect();
    let [first, second, own] = sent.as_slice() else {
        panic!("{sent:?}");
    };
    assert_eq!(*own, "mine");
    let mut spans = HashSet::new();
    for header in [first, second] {
        let parts: Vec<&str> = header.split('-').collect();
        let [version, trace_id, span_id, flags] = parts.as_slice() else {
            panic!("{header}");
        };
        assert_eq!((*version, *trace_id, *flags), ("00", trace.as_str(), "01"));
        assert!(span_id.len() == 16 && spans.insert(*span_id), "{sent:?}");
    }
}
