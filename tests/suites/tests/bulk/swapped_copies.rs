//! Tests duplications behind a gateway that swaps the responses to two requests in flight.

use crate::duplicates::{DUPLICATE, LIST, copies, made};
use crate::service::{Alarm, calls, client, service};
use bytes::Bytes;
use funnelflux::Client;
use funnelflux::ext::Outcome;
use funnelflux::transport::{BoxFuture, ResponseBody, Transport, TransportError};
use funnelflux_fake::{Fake, Fault, RetryAfter, Rule, Settings};
use funnelflux_suites::swap::Swap;
use funnelflux_suites::{InProcess, client_over, credentials, run};
use std::time::Duration;

const FIND_MANY: &str = "GET /offersource/find/byIds/";

/// Swaps the responses to the first two duplications.
#[derive(Debug)]
struct Gateway {
    service: InProcess,
    swap: Swap<(http::StatusCode, Bytes)>,
}

impl Transport for Gateway {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        Box::pin(async move {
            let is_duplication = request.method() == http::Method::POST;
            let (parts, body) = self.service.send(request).await?.into_parts();
            let mut answer = (parts.status, body.bytes().await?);
            if is_duplication {
                answer = self.swap.exchange(answer, Duration::from_secs(1)).await;
            }
            let mut response = http::Response::new(ResponseBody::from(answer.1));
            *response.status_mut() = answer.0;
            Ok(response)
        })
    }
}

/// Creates a client of the fake behind the gateway. Must be called within a Tokio runtime.
fn behind_gateway(fake: &Fake) -> Client {
    let clock = fake.clone();
    let gateway = Gateway {
        service: InProcess::new(fake),
        swap: Swap::default(),
    };
    let builder = Client::builder()
        .credentials(credentials(fake))
        .transport(gateway);
    builder.clock(move || clock.now()).build().unwrap()
}

/// Fault that affects the duplication of this asset.
fn refusal(id: &str, status: u16) -> Rule {
    let name = format!("\"Copy of {id}\"").into_bytes();
    let is_copy = move |body: &[u8]| body.windows(name.len()).any(|part| part == name);
    let rule = Rule::new(Fault::status(status)).on(DUPLICATE).always();
    rule.when(move |request| is_copy(request.body))
}

#[test]
fn a_swapped_refusal_is_not_believed() {
    for status in [400, 404, 500] {
        for refused in [0, 1] {
            let (fake, _) = service(Settings::default());
            let ids = fake.seed_many(2);
            fake.inject(refusal(&ids[refused], status));
            let report = run(async {
                let client = behind_gateway(&fake);
                copies(&client, &ids).send().await.unwrap()
            });
            let context = format!("{status}, {refused}: {report}");
            let (denied, copied) = (&report.entries()[refused], &report.entries()[1 - refused]);
            assert!(matches!(copied.outcome, Outcome::Done { .. }), "{context}");
            let state = fake.state();
            let copy = state.offer_source(copied.copy().unwrap().as_str()).unwrap();
            assert_eq!(copy.name, format!("Copy of {}", copied.id), "{context}");
            assert!(matches!(denied.outcome, Outcome::Unknown { .. }), "{context}");
            assert_eq!(denied.copy(), None, "{context}");
            assert!(made(&fake).values().all(|count| *count == 1), "{context}");
        }
    }
}

#[test]
fn refusals_without_swapped_responses_cost_no_list() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(30);
    let all_done = run(copies(&client, &ids[20..]).send()).unwrap();
    assert_eq!(all_done.counts().to_string(), "10 done");
    assert_eq!((calls(&fake, LIST), fake.request_count()), (1, 11));
    for id in ids[..20].iter().step_by(3) {
        fake.inject(refusal(id, 400));
    }
    let report = run(copies(&client, &ids[..20]).send()).unwrap();
    assert_eq!(report.counts().to_string(), "13 done, 7 rejected", "{report}");
    assert_eq!(calls(&fake, LIST), 2);
}

/// After a refusal, a job waits for the requests in flight. If the service asks for a long wait, no further
/// request may start meanwhile.
#[test]
fn a_long_retry_after_starts_no_further_request() {
    let (fake, _) = service(Settings::default());
    let ids = fake.seed_many(20);
    let busy = Fault::Status {
        status: 429,
        retry_after: RetryAfter::Seconds(4_000),
        applied: false,
    };
    fake.inject(Rule::new(busy).on(DUPLICATE));
    let report = run(async {
        let transport = InProcess::new(&fake).latency(Duration::from_millis(100));
        let client = client_over(transport).build().unwrap();
        copies(&client, &ids).send().await.unwrap()
    });
    assert_eq!(report.counts().to_string(), "3 done, 17 not sent", "{report}");
    assert_eq!(calls(&fake, DUPLICATE), 4);
}

#[test]
fn swapped_copies_are_found_by_their_names_and_not_deleted_by_undo() {
    let (fake, _) = service(Settings::default());
    let ids = fake.seed_many(2);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    // In the first run, the copies cannot be read back.
    fake.inject(Rule::new(Fault::status(400)).on(FIND_MANY).always());
    fake.inject(Rule::new(Fault::status(400)).on(LIST).after(1).always());
    let report = run(async {
        let client = behind_gateway(&fake);
        let job = copies(&client, &ids).verify(true).journal(&path);
        job.send().await.unwrap()
    });
    assert_eq!(report.counts().to_string(), "0 done, 2 unknown", "{report}");
    let swapped: Vec<_> = report
        .entries()
        .iter()
        .map(|entry| entry.copy().cloned())
        .collect();
    assert!(swapped.iter().all(Option::is_some), "{report}");
    fake.clear_faults();
    let client = client(&fake, &Alarm::after(None));
    let undo = run(funnelflux::ext::plan::ChangePlan::undo(&client, &path)).unwrap();
    assert!(undo.entries().is_empty(), "{undo}");
    assert!(undo.to_string().contains("its name was not confirmed"), "{undo}");
    // The resumed job finds out that each response belonged to the other request.
    let report = run(copies(&client, &ids).journal(&path).send()).unwrap();
    let state = fake.state();
    for (entry, swapped) in report.entries().iter().zip(swapped) {
        assert_ne!(entry.copy().cloned(), swapped, "{report}");
        if let Some(copy) = entry.copy() {
            let name = &state.offer_source(copy.as_str()).unwrap().name;
            assert_eq!(*name, format!("Copy of {}", entry.id), "{report}");
        }
    }
    assert_eq!(calls(&fake, DUPLICATE), 2);
}
