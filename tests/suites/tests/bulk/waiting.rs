//! Tests the cancellation of a job while the service hangs, and programs that read outcomes slowly.

use crate::service::{calls, service};
use funnelflux::ext::{BulkArchive as _, BulkDelete as _, Outcome};
use funnelflux_fake::{Fault, Rule, Settings, Status};
use funnelflux_suites::{InProcess, client_over, run};
use futures_util::StreamExt as _;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const ARCHIVE: &str = "PUT /offersource/archive/";

#[test]
fn a_cancelled_job_waits_no_longer_than_its_grace() {
    for applied in [false, true] {
        let (fake, client) = service(Settings::default());
        let ids = fake.seed_many(30);
        fake.inject(
            Rule::new(Fault::StallHeaders { applied })
                .on(ARCHIVE)
                .after(1)
                .always(),
        );
        let (report, took) = run(async {
            let begun = Instant::now();
            let job = client
                .offer_sources()
                .bulk_archive(ids)
                .chunk_size(10)
                .concurrency(1);
            let job = job.cancel_when(sleep(Duration::from_secs(5)));
            let report = job.cancel_grace(Duration::from_secs(1)).send().await.unwrap();
            (report, begun.elapsed())
        });
        assert!(took <= Duration::from_millis(6_050), "{took:?}");
        assert_eq!(report.counts().to_string(), "10 done, 10 unknown, 10 not sent");
        let archived = fake.state().offer_sources_with(&Status::Archived).len();
        assert_eq!(archived, if applied { 20 } else { 10 });
    }
}

#[test]
fn a_grace_does_not_cut_off_answers_in_time() {
    let (fake, _) = service(Settings::default());
    let ids = fake.seed_many(30);
    let report = run(async {
        let transport = InProcess::new(&fake).latency(Duration::from_millis(800));
        let client = client_over(transport).build().unwrap();
        let job = client
            .offer_sources()
            .bulk_archive(ids)
            .chunk_size(10)
            .concurrency(1);
        // The job is cancelled in the middle of the first change.
        let job = job.cancel_when(sleep(Duration::from_secs(1)));
        job.cancel_grace(Duration::from_secs(1)).send().await.unwrap()
    });
    assert_eq!(report.counts().to_string(), "10 done, 20 not sent");
    assert_eq!(fake.state().offer_sources_with(&Status::Archived).len(), 10);
}

#[test]
fn a_slow_consumer_lets_no_request_time_out() {
    let (fake, _) = service(Settings::default());
    let ids = fake.seed_many(40);
    let outcomes = run(async {
        let transport = InProcess::new(&fake).latency(Duration::from_secs(2));
        let client = client_over(transport).build().unwrap();
        let job = client
            .offer_sources()
            .bulk_delete(ids)
            .chunk_size(4)
            .concurrency(4);
        let mut stream = job.stream().unwrap();
        let mut outcomes = Vec::new();
        while let Some(entry) = stream.next().await {
            outcomes.push(entry.outcome);
            // This wait is longer than the time limits of an attempt and of a call.
            sleep(Duration::from_mins(6)).await;
        }
        outcomes
    });
    assert_eq!(outcomes, vec![Outcome::Done { confirmed: true }; 40]);
    assert_eq!(
        calls(&fake, "DELETE /offersource/delete/"),
        10,
        "nothing is sent twice"
    );
}

/// Checks that another runtime can continue a stream of outcomes. The requests of a stream run on the runtime
/// that polls the stream.
#[test]
fn a_stream_moves_to_another_runtime() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(40);
    let job = client
        .offer_sources()
        .bulk_archive(ids)
        .chunk_size(4)
        .concurrency(4);
    let mut stream = job.stream().unwrap();
    let mut done = 0;
    while let Some(entry) = run(stream.next()) {
        assert!(matches!(entry.outcome, Outcome::Done { .. }), "{entry:?}");
        done += 1;
    }
    assert_eq!(done, 40);
    assert_eq!(fake.state().offer_sources_with(&Status::Archived).len(), 40);
}
