//! Tests how duplications find copies after lost responses, and that no copy is made twice.

use crate::duplicates::{DUPLICATE, LIST, copies, made};
use crate::service::{Alarm, calls, client, client_with_clock, service};
use bytes::Bytes;
use funnelflux::Client;
use funnelflux::ext::plan::ChangePlan;
use funnelflux::ext::{DuplicateMany as _, Duplication, OfferSources, Outcome};
use funnelflux::transport::{TransportError, from_fn};
use funnelflux::types::DuplicateRequest;
use funnelflux_fake::{Fake, Fault, RetryAfter, Rule, Settings, Status};
use funnelflux_suites::{InProcess, client_over, credentials, run};
use serde_json::json;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

const FIND_MANY: &str = "GET /offersource/find/byIds/";

/// A duplication with a journal. The response to the only request for a copy was lost.
struct LostCopy {
    fake: Fake,
    client: Client,
    ids: Vec<String>,
    folder: tempfile::TempDir,
}

impl LostCopy {
    /// Runs the job under this fault. If `crashes` is true, the job crashes after the request for the copy.
    fn new(fault: Fault, crashes: bool) -> Self {
        let (fake, client) = service(Settings::default());
        Self::with(fake, client, fault, crashes)
    }

    /// Does the same as [`new`](Self::new), with this fake and this client.
    fn with(fake: Fake, client: Client, fault: Fault, crashes: bool) -> Self {
        let ids = fake.seed_many(1);
        let folder = tempfile::tempdir().unwrap();
        fake.inject(Rule::new(fault).on(DUPLICATE));
        let lost = Self {
            fake,
            client,
            ids,
            folder,
        };
        if crashes {
            let alarm = Alarm::after(Some(2));
            let client = self::client(&lost.fake, &alarm);
            let outcomes = lost.job(&client).stream().unwrap();
            run(async {
                tokio::select! {
                    biased;
                    () = alarm.triggered() => {}
                    _ = outcomes.report() => panic!("the job ended before the crash"),
                }
            });
        } else {
            let report = run(lost.job(&lost.client).send()).unwrap();
            assert_eq!(report.counts().to_string(), "0 done, 1 unknown", "{report}");
        }
        assert_eq!(calls(&lost.fake, DUPLICATE), 1);
        lost
    }

    fn job(&self, client: &Client) -> Duplication<OfferSources> {
        copies(client, &self.ids).journal(self.folder.path().join("journal"))
    }

    /// Resumes the job, and returns the outcome with the ID of the copy.
    fn resume(&self) -> (Outcome, Option<String>) {
        let report = run(self.job(&self.client).send()).unwrap();
        let entry = &report.entries()[0];
        (entry.outcome.clone(), entry.copy().map(ToString::to_string))
    }

    /// Resumes the job, and returns the message of the unknown outcome.
    fn unknown(&self) -> String {
        match self.resume() {
            (Outcome::Unknown { failure }, None) => failure.to_string(),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_copy_of_another_job_is_not_recognised() {
    for crashes in [true, false] {
        let lost = LostCopy::new(Fault::CloseWithoutAnswer { applied: false }, crashes);
        let second = run(copies(&lost.client, &lost.ids).send()).unwrap();
        let copy = second.entries()[0].copy().unwrap().to_string();
        for minutes in [0, 60] {
            lost.fake.advance(Duration::from_mins(minutes));
            let message = lost.unknown();
            let expected = format!("the copy may be {copy}, made ");
            assert!(message.contains(&expected), "{message}");
            assert!(message.contains("somebody else may have made it;"), "{message}");
        }
        assert_eq!(calls(&lost.fake, DUPLICATE), 2);
    }
    // The second job also copies an asset that the first job has copied successfully.
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(2);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let fault = Fault::CloseWithoutAnswer { applied: false };
    fake.inject(Rule::new(fault).on(DUPLICATE).after(1));
    fake.inject(Rule::new(Fault::status(503)).on(LIST).after(1).times(100));
    let job = || copies(&client, &ids).concurrency(1).journal(&path);
    let report = run(job().send()).unwrap();
    assert_eq!(report.counts().to_string(), "1 done, 1 unknown", "{report}");
    fake.clear_faults();
    let second = run(copies(&client, &ids).send()).unwrap();
    let report = run(job().send()).unwrap();
    assert_eq!(report.counts().to_string(), "1 done, 1 unknown", "{report}");
    let (extra, copy) = (
        second.entries()[0].copy().unwrap(),
        second.entries()[1].copy().unwrap(),
    );
    let text = report.to_string();
    let reason = format!("somebody else also makes assets with the names of these copies: {extra};");
    assert!(text.contains(&format!("the copy may be {copy}, made ")), "{text}");
    assert!(text.contains(&reason), "{text}");
}

#[test]
fn a_resumed_job_finds_a_copy_that_could_not_be_looked_for() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(3);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    fake.inject(
        Rule::new(Fault::ResetAfterApplying)
            .on(DUPLICATE)
            .after(1)
            .times(1),
    );
    fake.inject(Rule::new(Fault::status(503)).on(LIST).after(1).times(100));
    let report = run(copies(&client, &ids).concurrency(1).journal(&path).send()).unwrap();
    assert_eq!(report.counts().to_string(), "2 done, 1 unknown", "{report}");
    fake.clear_faults();
    fake.advance(Duration::from_hours(1));
    let report = run(copies(&client, &ids).journal(&path).send()).unwrap();
    assert_eq!(report.counts().to_string(), "3 done", "{report}");
    assert_eq!(calls(&fake, DUPLICATE), 3);
}

#[test]
fn a_resumed_job_reads_back_a_copy_that_the_response_named() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let job = || copies(&client, &ids).verify(true).journal(&path);
    fake.inject(
        Rule::new(Fault::status(503))
            .on("GET /offersource/find/byIds/")
            .always(),
    );
    let report = run(job().send()).unwrap();
    assert_eq!(report.counts().to_string(), "0 done, 1 unknown", "{report}");
    let named = report.entries()[0].copy().cloned();
    assert!(named.is_some());
    fake.clear_faults();
    let report = run(job().send()).unwrap();
    assert_eq!(report.counts().to_string(), "1 done", "{report}");
    assert_eq!(
        (report.entries()[0].copy().cloned(), calls(&fake, DUPLICATE)),
        (named, 1)
    );
}

#[test]
fn a_copy_that_was_not_made_is_made_by_a_later_run() {
    let close = Fault::CloseWithoutAnswer { applied: false };
    let gateway = |page| Fault::Gateway { status: 404, page };
    let cases = [
        (close.clone(), true),
        (close, false),
        (gateway(true), false),
        (gateway(false), false),
        (Fault::status(408), false),
    ];
    for (fault, crashes) in cases {
        let lost = LostCopy::new(fault, crashes);
        lost.fake.advance(Duration::from_mins(9));
        let message = lost.unknown();
        assert!(
            message.contains("resume the job from its journal after 10 minutes"),
            "{message}"
        );
        lost.fake.advance(Duration::from_mins(2));
        let (outcome, _) = lost.resume();
        let Outcome::NotSent { failure } = outcome else {
            panic!("{outcome:?}")
        };
        assert!(
            failure.to_string().ends_with("so the service made no copy"),
            "{failure}"
        );
        assert_eq!(calls(&lost.fake, DUPLICATE), 1);
        let (outcome, copy) = lost.resume();
        assert!(outcome.is_success() && copy.is_some(), "{outcome:?}");
        assert_eq!(made(&lost.fake).values().sum::<usize>(), 1);
    }
}

/// The service makes the copy, but a gateway responds in its place.
#[test]
fn a_copy_is_not_made_again_after_a_timeout_or_a_page_of_a_gateway() {
    for (status, body) in [
        (408, r#"{"error":"timeout"}"#),
        (404, "<html>404 Not Found</html>"),
        (404, "default backend - 404"),
    ] {
        let fake = Fake::new(Settings::default());
        let ids = fake.seed_many(8);
        let service = fake.clone();
        let answered = AtomicBool::new(false);
        let report = run(async {
            let gateway = from_fn(move |request: http::Request<Bytes>| {
                let service = service.clone();
                let replaces = request.method() == http::Method::POST && !answered.swap(true, Relaxed);
                async move {
                    let response = service.respond(request).await.map_err(TransportError::from)?;
                    if !replaces {
                        return Ok(response);
                    }
                    let builder = http::Response::builder().status(status);
                    Ok(builder.body(Bytes::from_static(body.as_bytes())).unwrap())
                }
            });
            let clock = fake.clone();
            let builder = Client::builder()
                .credentials(credentials(&fake))
                .transport(gateway);
            let client = builder.clock(move || clock.now()).build().unwrap();
            copies(&client, &ids).send().await.unwrap()
        });
        assert_eq!(report.counts().to_string(), "8 done", "{status} {body}: {report}");
        assert_eq!(calls(&fake, DUPLICATE), 8, "{status} {body}");
    }
}

#[test]
fn a_job_stops_behind_a_gateway_that_does_not_reach_the_service() {
    for status in [404, 502] {
        let (fake, client) = service(Settings::default());
        let ids = fake.seed_many(20);
        let gateway = Fault::Gateway { status, page: true };
        fake.inject(Rule::new(gateway).on(DUPLICATE).always());
        let report = run(copies(&client, &ids).concurrency(1).send()).unwrap();
        let expected = "0 done, 5 unknown, 15 not sent";
        assert_eq!(report.counts().to_string(), expected, "{status}: {report}");
        assert_eq!(calls(&fake, DUPLICATE), 5, "{status}");
    }
}

/// The service makes the copies, but all responses are lost.
#[test]
fn a_job_that_stopped_after_lost_responses_finds_the_copies() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(20);
    fake.inject(Rule::new(Fault::ResetAfterApplying).on(DUPLICATE).always());
    let report = run(copies(&client, &ids).concurrency(1).send()).unwrap();
    assert_eq!(report.counts().to_string(), "5 done, 15 not sent", "{report}");
    assert_eq!(calls(&fake, DUPLICATE), 5);
}

/// The original exists, so a *not found* response of the service is about something else in the request.
#[test]
fn a_missing_parent_of_the_copy_is_named_as_the_cause() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(1);
    fake.inject(Rule::new(Fault::status(404)).on(DUPLICATE).always());
    let report = run(copies(&client, &ids).send()).unwrap();
    assert_eq!(report.counts().to_string(), "0 done, 1 not sent", "{report}");
    let text = report.to_string();
    assert!(text.contains("check that the category or the parent"), "{text}");
    assert_eq!(calls(&fake, DUPLICATE), 1);
}

#[test]
fn a_renamed_copy_is_not_made_again() {
    let lost = LostCopy::new(Fault::CloseWithoutAnswer { applied: false }, true);
    let sources = lost.client.offer_sources();
    let renamed = run(sources
        .duplicate_many(lost.ids.clone(), |_| DuplicateRequest::new("Other name"))
        .send())
    .unwrap();
    let copy = renamed.entries()[0].copy().unwrap().to_string();
    lost.fake.advance(Duration::from_hours(1));
    let message = lost.unknown();
    assert!(
        message.contains("may have been renamed") && message.contains(&copy),
        "{message}"
    );
    assert_eq!(calls(&lost.fake, DUPLICATE), 2);
}

/// Resumes the job several times over more than ten minutes. The service made the copy, so the job must not
/// make another one.
fn check_made_once(lost: &LostCopy, context: &str) {
    for minutes in [0, 11, 60] {
        lost.fake.advance(Duration::from_mins(minutes));
        let (outcome, copy) = lost.resume();
        match outcome {
            Outcome::Done { .. } => assert!(copy.is_some()),
            Outcome::Unknown { failure } => {
                let message = failure.to_string();
                assert!(message.contains("the copy may be"), "{context}: {message}");
            }
            outcome => panic!("{context}: {outcome:?}"),
        }
    }
    assert_eq!(calls(&lost.fake, DUPLICATE), 1, "{context}");
    assert_eq!(made(&lost.fake).values().sum::<usize>(), 1, "{context}");
}

#[test]
fn a_copy_is_not_made_again_if_the_token_states_the_account() {
    for crashes in [true, false] {
        let fake = Fake::new(Settings {
            // The claims in this token are {"sub":"account-a"}.
            access_token: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhY2NvdW50LWEifQ.".to_owned(),
            ..Settings::default()
        });
        let client = client(&fake, &Alarm::after(None));
        if !crashes {
            // The first run cannot look for the copy.
            fake.inject(Rule::new(Fault::status(400)).on(LIST).after(1).times(4));
        }
        let lost = LostCopy::with(fake, client, Fault::ResetAfterApplying, crashes);
        check_made_once(&lost, &format!("crashes: {crashes}"));
        assert!(lost.resume().0.is_success() || crashes);
    }
}

#[test]
fn a_copy_is_not_made_again_if_the_assets_could_not_be_listed_before_the_job() {
    for crashes in [true, false] {
        let (fake, client) = service(Settings::default());
        fake.inject(Rule::new(Fault::status(400)).on(LIST).times(5));
        let lost = LostCopy::with(fake, client, Fault::ResetAfterApplying, crashes);
        lost.fake.clear_faults();
        check_made_once(&lost, &format!("crashes: {crashes}"));
        // Here, the service did not make the copy. Without a list from before the job, nothing proves that.
        let (fake, client) = service(Settings::default());
        fake.inject(Rule::new(Fault::status(400)).on(LIST).times(5));
        let fault = Fault::CloseWithoutAnswer { applied: false };
        let lost = LostCopy::with(fake, client, fault, crashes);
        lost.fake.clear_faults();
        lost.fake.advance(Duration::from_hours(1));
        let message = lost.unknown();
        assert!(
            message.contains("look for it before you duplicate") && !message.contains("resume the job"),
            "{message}"
        );
        assert_eq!(calls(&lost.fake, DUPLICATE), 1);
    }
}

#[test]
fn a_wrong_clock_makes_no_second_copy() {
    let ahead = Duration::from_mins(5);
    for is_ahead in [true, false] {
        for crashes in [true, false] {
            let fake = Fake::new(Settings::default());
            let client = client_with_clock(&fake, &Alarm::after(None), move |now| {
                if is_ahead { now + ahead } else { now - ahead }
            });
            if !crashes {
                fake.inject(Rule::new(Fault::status(400)).on(LIST).after(1).times(4));
            }
            let lost = LostCopy::with(fake, client, Fault::ResetAfterApplying, crashes);
            check_made_once(&lost, &format!("ahead: {is_ahead}, crashes: {crashes}"));
        }
    }
}

#[test]
fn a_copy_in_an_unexpected_form_is_not_confirmed() {
    for (times, expected) in [(1, "1 done"), (100, "0 done, 1 unknown")] {
        let (fake, client) = service(Settings::default());
        let ids = fake.seed_many(1);
        let body = json!([{"offerSourceName": "a row without an ID"}]).to_string();
        fake.inject(Rule::new(Fault::Repeated { body }).on(FIND_MANY).times(times));
        let report = run(copies(&client, &ids).verify(true).send()).unwrap();
        assert_eq!(report.counts().to_string(), expected, "{report}");
        assert!(report.entries()[0].copy().is_some());
    }
}

#[test]
fn a_long_retry_after_ends_the_reads_for_copies() {
    let busy = Fault::Status {
        status: 429,
        retry_after: RetryAfter::Seconds(4_000),
        applied: false,
    };
    // The service is busy during the search for a lost copy.
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(1);
    fake.inject(Rule::new(Fault::ResetAfterApplying).on(DUPLICATE));
    fake.inject(Rule::new(busy.clone()).on(LIST).after(1).always());
    let report = run(copies(&client, &ids).send()).unwrap();
    assert_eq!(report.counts().to_string(), "0 done, 1 unknown", "{report}");
    assert_eq!(calls(&fake, LIST), 2);
    // The service is busy when a copy is read back.
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(3);
    fake.inject(Rule::new(busy).on(FIND_MANY).always());
    let report = run(copies(&client, &ids).concurrency(1).verify(true).send()).unwrap();
    assert_eq!(
        report.counts().to_string(),
        "0 done, 1 unknown, 2 not sent",
        "{report}"
    );
    assert_eq!((calls(&fake, FIND_MANY), calls(&fake, DUPLICATE)), (1, 1));
}

/// The job waits after its request for a copy has ended, or before it sends the request again. Meanwhile, a
/// colleague makes an asset with the name of the copy. No request for the copy is in flight when the service
/// generates the ID of this asset.
#[test]
fn an_asset_that_was_made_while_the_job_waited_is_not_recognised() {
    let status = |status, seconds| Fault::Status {
        status,
        retry_after: RetryAfter::Seconds(seconds),
        applied: false,
    };
    let page = Fault::Gateway {
        status: 404,
        page: true,
    };
    let closed = Fault::CloseWithoutAnswer { applied: false };
    let stalled = Fault::StallHeaders { applied: false };
    // Each fault affects the duplication of the original with this index. With `None`, it affects the reads.
    let cases = [
        (
            "the original is read after the request",
            vec![(page, Some(0)), (status(503, 10), None)],
        ),
        (
            "an overlapping request has no response",
            vec![(Fault::status(400), Some(0)), (stalled, Some(1))],
        ),
        (
            "the service asks to wait before the request",
            vec![(status(429, 30), Some(0)), (closed, Some(0))],
        ),
    ];
    for (case, faults) in cases {
        for is_resumed in [false, true] {
            let context = format!("{case}, resumed: {is_resumed}");
            let fake = Fake::new(Settings::default());
            let ids = fake.seed_many(3);
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("journal");
            for (fault, original) in faults.clone() {
                let rule = Rule::new(fault);
                fake.inject(match original.map(|original: usize| ids[original].clone()) {
                    Some(id) => rule
                        .on(DUPLICATE)
                        .when(move |request| request.query.contains(&id)),
                    None => rule.on(FIND_MANY).times(3),
                });
            }
            if is_resumed {
                // The first run cannot look for the copy.
                fake.inject(Rule::new(Fault::status(400)).on(LIST).after(1).always());
            }
            run(async {
                let transport = InProcess::new(&fake).latency(Duration::from_millis(100));
                let client = client_over(transport).build().unwrap();
                let (colleague, original) = (client.clone(), ids[2].as_str().into());
                let request = DuplicateRequest::new(format!("Copy of {}", ids[0]));
                let theirs = tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_secs(20)).await;
                    let copy = colleague.duplicate_offer_source(&original, &request).await;
                    copy.unwrap().id.unwrap()
                });
                let job = || copies(&client, &ids[..2]).journal(&path).send();
                let mut report = job().await.unwrap();
                let theirs = theirs.await.unwrap();
                if is_resumed {
                    fake.clear_faults();
                    report = job().await.unwrap();
                }
                let entry = &report.entries()[0];
                assert!(
                    matches!(entry.outcome, Outcome::Unknown { .. }),
                    "{context}: {report}"
                );
                assert_eq!(entry.copy(), None, "{context}");
                let message = format!("the copy may be {theirs}");
                assert!(report.to_string().contains(&message), "{context}: {report}");
                let undo = ChangePlan::undo(&client, &path).await.unwrap();
                let undone = undo.apply(&client).acknowledge_inferred().send().await;
                assert!(undone.unwrap().is_success(), "{context}");
                let status = fake.state().offer_source(theirs.as_str()).unwrap().status.clone();
                assert_eq!(status, Status::Active, "{context}");
            });
        }
    }
}
