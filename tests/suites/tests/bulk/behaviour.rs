//! Tests of guarantees of bulk jobs, one test per guarantee.

use crate::service::{Alarm, calls, client, service};
use funnelflux::ext::{
    BulkArchive as _, BulkDelete as _, BulkUnarchive as _, Cascade, Counts, DuplicateMany as _, Entry,
    InvalidJob, MoveToCategory as _, Outcome, Reason,
};
use funnelflux::types::{DuplicateRequest, OfferSourceId};
use funnelflux_fake::{
    DeletedAssets, EntryPolicy, Fault, Limit, LogRetention, MissingByIds, RetryAfter, Rule, Settings, Status,
};
use funnelflux_suites::{InProcess, client_over, run};
use futures_util::StreamExt as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

const ARCHIVE: &str = "PUT /offersource/archive/";

#[test]
fn invalid_jobs_are_refused_before_anything_is_sent() {
    let (fake, client) = service(Settings::default());
    let sources = client.offer_sources();
    let no_ids: [&str; 0] = [];
    run(async {
        let empty = sources.bulk_archive(no_ids).send().await.unwrap_err();
        assert!(matches!(empty, InvalidJob::Empty));
        for id in ["", "a,b", "a b", "a\n"] {
            let error = sources.bulk_delete(["good", id]).send().await.unwrap_err();
            assert!(matches!(error, InvalidJob::Id { position: 1, .. }), "{error}");
            assert!(sources.bulk_unarchive(["good", id]).plan().await.is_err());
        }
        let children = Cascade::move_to("b");
        let error = sources.bulk_archive(["a", "b"]).children(children).send().await;
        let error = error.unwrap_err();
        assert!(
            matches!(error, InvalidJob::TargetAmongEntries { position: 1, .. }),
            "{error}"
        );
        let error = sources.move_to_category(["a"], "x y").send().await.unwrap_err();
        assert!(matches!(error, InvalidJob::Target { .. }), "{error}");
    });
    assert_eq!(fake.request_count(), 0);
}

#[test]
fn rejected_ids_are_isolated_with_few_requests() {
    for policy in [
        EntryPolicy::refuse_all(403),
        EntryPolicy::apply_good(403),
        EntryPolicy::stop_at_bad(403),
    ] {
        let (fake, client) = service(Settings {
            locked_entry: policy,
            ..Settings::default()
        });
        let ids = fake.seed_many(100);
        for index in [3, 50, 99] {
            fake.lock(ids[index].clone());
        }
        let report = run(client.offer_sources().bulk_archive(ids.clone()).send()).unwrap();
        let rejected: Vec<&str> = report.rejected().map(OfferSourceId::as_str).collect();
        assert_eq!(rejected, [&ids[3], &ids[50], &ids[99]], "{policy:?}");
        assert_eq!(report.counts().to_string(), "97 done, 3 rejected");
        let archived = fake.state().offer_sources_with(&Status::Archived).len();
        assert_eq!(archived, 97);
        assert!(fake.request_count() <= 60, "{policy:?}: {}", fake.request_count());
    }
}

#[test]
fn a_rejection_keeps_the_message_of_the_service() {
    let (fake, client) = service(Settings::default());
    fake.seed_offer_source("a");
    fake.lock("a");
    let report = run(client.offer_sources().bulk_archive(["a"]).send()).unwrap();
    let failure = report.outcome(&"a".into()).unwrap().failure().unwrap();
    assert_eq!(
        (failure.reason(), failure.status()),
        (Reason::Refused, Some(http::StatusCode::FORBIDDEN))
    );
    assert!(failure.message().contains("locked"), "{failure}");
    assert!(failure.error().is_some());
}

#[test]
fn a_missing_target_is_detected_before_children_are_lost() {
    let (fake, client) = service(Settings {
        unknown_target: None,
        ..Settings::default()
    });
    fake.seed_offer_source("a");
    fake.seed_page("p", "a");
    let before = fake.state();
    let job = client.offer_sources().bulk_delete(["a"]);
    let report = run(job.children(Cascade::move_to("typo")).send()).unwrap();
    assert_eq!(
        report.to_string(),
        "delete offer sources, children move to typo: 0 done, 1 not sent\n\
        not sent:\n  \
        a: the job stopped: the target of the children, offer source typo, does not exist\n\
        some IDs are unknown or not sent; fix: run the job again for the IDs of unfinished()"
    );
    assert_eq!(fake.state(), before);
}

#[test]
fn a_job_stops_if_the_service_is_down() {
    let (fake, client) = service(Settings {
        log: LogRetention::Last(0),
        ..Settings::default()
    });
    let ids = fake.seed_many(10_000);
    fake.inject(Rule::new(Fault::RefuseConnection).always());
    let report = run(client.offer_sources().bulk_archive(ids).send()).unwrap();
    assert_eq!(report.counts().not_sent, 10_000);
    assert!(fake.request_count() < 200, "{}", fake.request_count());
}

#[test]
fn refused_credentials_end_the_job_at_once() {
    let (fake, _) = service(Settings::default());
    let ids = fake.seed_many(1_000);
    let client = client(&fake, &Alarm::after(None));
    fake.invalidate_refresh_token();
    fake.expire_access_token();
    let report = run(client.offer_sources().bulk_archive(ids).send()).unwrap();
    assert_eq!(report.counts().not_sent, 1_000);
    assert!(fake.request_count() <= 16, "{}", fake.request_count());
}

#[test]
fn a_job_stops_after_the_configured_number_of_failures() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(100);
    for id in &ids[..10] {
        fake.lock(id.clone());
    }
    let job = client.offer_sources().bulk_archive(ids);
    let report = run(job.chunk_size(1).concurrency(1).stop_after(2).send()).unwrap();
    assert_eq!(report.counts().to_string(), "0 done, 2 rejected, 98 not sent");
}

#[test]
fn a_cancelled_job_reports_the_truth_and_can_be_finished() {
    let (fake, _) = service(Settings::default());
    let ids = fake.seed_many(100);
    let alarm = Alarm::after(Some(7));
    let hasty = client(&fake, &alarm);
    let job = hasty
        .offer_sources()
        .bulk_archive(ids)
        .chunk_size(10)
        .concurrency(2);
    let mut report = run(job.cancel_when(alarm.triggered()).send()).unwrap();
    let Counts { done, not_sent, .. } = report.counts();
    assert!(done > 0 && not_sent > 0 && done + not_sent == 100);
    let archived = fake.state().offer_sources_with(&Status::Archived).len();
    assert_eq!(archived, done);
    let rest: Vec<_> = report.unfinished().cloned().collect();
    let later = run(hasty.offer_sources().bulk_archive(rest).send()).unwrap();
    report.merge(later).unwrap();
    assert!(report.is_success());
    assert_eq!(report.counts().total(), 100);
}

#[test]
fn stale_reads_are_repeated_and_wrong_successes_are_detected() {
    // Stale reads are repeated.
    let (fake, client) = service(Settings {
        stale_reads: 2,
        stale_by_id: true,
        ..Settings::default()
    });
    fake.seed_offer_source("a");
    let report = run(client.offer_sources().bulk_delete(["a"]).send()).unwrap();
    assert_eq!(report.entries()[0].outcome, Outcome::Done { confirmed: true });
    // The service reports success for a delete that it skips.
    let (fake, client) = service(Settings {
        locked_entry: EntryPolicy::ignore(),
        ..Settings::default()
    });
    fake.seed_offer_source("a");
    fake.lock("a");
    let report = run(client.offer_sources().bulk_delete(["a"]).send()).unwrap();
    let failure = report.entries()[0].outcome.failure().unwrap();
    assert_eq!(failure.reason(), Reason::NotApplied);
    assert!(matches!(report.entries()[0].outcome, Outcome::Unknown { .. }));
}

#[test]
fn chunks_that_are_too_large_for_the_service_become_smaller() {
    let (fake, client) = service(Settings {
        max_entries: Some(Limit { max: 30, status: 413 }),
        ..Settings::default()
    });
    let ids = fake.seed_many(1_000);
    let job = client.offer_sources().bulk_archive(ids).look_first(false);
    let report = run(job.concurrency(1).send()).unwrap();
    assert_eq!(report.counts().done, 1_000);
    // The size falls from 100 to 50 to 25, and then stays at 25.
    let archives = calls(&fake, ARCHIVE);
    assert!(archives <= 1_000 / 25 + 12, "{archives}");
}

#[test]
fn progress_and_outcomes_come_as_they_become_known() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(95);
    let lines = Arc::new(Mutex::new(Vec::new()));
    let recorded = Arc::clone(&lines);
    let job = client
        .offer_sources()
        .bulk_archive(ids.clone())
        .chunk_size(10)
        .concurrency(3)
        .in_order(true)
        .on_progress(move |progress| recorded.lock().unwrap().push(progress.to_string()));
    let mut outcomes = job.stream().unwrap();
    let first = run(outcomes.next()).unwrap();
    assert_eq!(first.id.as_str(), ids[0]);
    assert!(fake.request_count() < 10, "the stream does not run ahead");
    let report = run(outcomes.report());
    assert_eq!(report.counts().done, 94);
    let lines = lines.lock().unwrap();
    assert_eq!(lines.first().unwrap(), "10 of 95: 10 done");
    assert_eq!(lines.last().unwrap(), "95 of 95: 95 done");
}

#[test]
fn unknown_ids_are_reported_under_every_policy() {
    for missing_by_ids in [MissingByIds::LeftOut, MissingByIds::NotFound] {
        for unknown_id_status in [400, 404] {
            let (fake, client) = service(Settings {
                missing_by_ids,
                unknown_id_status,
                ..Settings::default()
            });
            let mut ids = fake.seed_many(20);
            ids.push("typo".to_owned());
            let plan = run(client.offer_sources().bulk_archive(ids.clone()).plan()).unwrap();
            assert_eq!(
                plan.to_string(),
                "archive offer sources: 20 would change, 1 missing or deleted\nmissing or deleted:\n  typo"
            );
            let report = run(client.offer_sources().bulk_archive(ids).send()).unwrap();
            assert_eq!(
                report.to_string(),
                "archive offer sources: 20 done, 1 rejected\n  \
                20 done according to the service, not read back\n\
                rejected:\n  typo: no offer source with this ID can be read"
            );
        }
    }
}

#[test]
fn a_job_takes_no_longer_than_its_requests() {
    let latency = Duration::from_millis(50);
    for (look_first, steps) in [(false, 1), (true, 2)] {
        let (fake, _) = service(Settings::default());
        let ids = fake.seed_many(2_000);
        let elapsed = run(async {
            let transport = InProcess::new(&fake).latency(latency);
            let client = client_over(transport).build().unwrap();
            let job = client.offer_sources().bulk_archive(ids);
            let begun = Instant::now();
            let report = job.concurrency(8).look_first(look_first).send().await.unwrap();
            assert_eq!(report.counts().done, 2_000);
            begun.elapsed()
        });
        assert_eq!(fake.request_count(), 20 * u64::from(steps));
        // The steps of one chunk are sequential.
        let ideal = latency * steps * u32::div_ceil(20, 8);
        assert!(elapsed <= ideal.mul_f64(1.02), "{elapsed:?} instead of {ideal:?}");
    }
}

#[test]
fn a_hundred_thousand_ids_are_possible() {
    let (fake, client) = service(Settings {
        log: LogRetention::Last(0),
        ..Settings::default()
    });
    let ids = fake.seed_many(1_000);
    let many = (0..100_000).map(|number| match ids.get(number * 7 % 10_000) {
        Some(id) => id.clone(),
        None => format!("unknown{number}"),
    });
    // Only a thousand assets exist, so the fake stays small. The job must not accumulate data.
    let mut outcomes = client
        .offer_sources()
        .bulk_unarchive(many)
        .chunk_size(5_000)
        .url_length(65_536)
        .stream()
        .unwrap();
    let count = run(async {
        let mut count = 0;
        while outcomes.next().await.is_some() {
            count += 1;
        }
        count
    });
    assert_eq!(count, 91_000);
}

/// Checks that a job stops if the service asks for a long wait, because the vendor suspends accounts that
/// send too many requests.
#[test]
fn a_long_retry_after_stops_the_job() {
    let hour = |status, applied| Fault::Status {
        status,
        retry_after: RetryAfter::Seconds(3_600),
        applied,
    };
    for fault in [hour(429, false), hour(503, false), hour(503, true)] {
        for method in [http::Method::GET, http::Method::PUT] {
            let (fake, client) = service(Settings::default());
            let ids = fake.seed_many(30);
            let faulty_method = method.clone();
            let rule = Rule::new(fault.clone()).when(move |request| *request.method == faulty_method);
            fake.inject(rule.always());
            let job = client.offer_sources().bulk_archive(ids).chunk_size(10);
            let report = run(job.concurrency(1).send()).unwrap();
            // After the first refused request, the job only reads back the assets of that request.
            let sent: Vec<_> = fake.log().into_iter().map(|entry| entry.method).collect();
            let faulty = sent.iter().filter(|sent| **sent == method).count();
            assert!(faulty == 1 && sent.len() <= 3, "{fault}, {method}: {sent:?}");
            let archived = fake.state().offer_sources_with(&Status::Archived).len();
            assert_eq!(report.counts().done, archived, "{fault}, {method}: {report}");
            assert_eq!(report.counts().total(), 30);
            let is_waiting = |entry: &&Entry<OfferSourceId>| {
                let failure = entry.outcome.failure();
                failure.is_some_and(|failure| failure.message().contains("asks to wait 3600 s"))
            };
            assert_eq!(report.entries().iter().filter(is_waiting).count(), 30 - archived);
        }
    }
    // A duplication stops as well.
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(5);
    fake.inject(
        Rule::new(hour(429, false))
            .on("POST /offersource/duplicate/")
            .always(),
    );
    let copies = client
        .offer_sources()
        .duplicate_many(ids, |id| DuplicateRequest::new(format!("Copy of {id}")));
    let report = run(copies.concurrency(1).send()).unwrap();
    assert_eq!(report.counts().to_string(), "0 done, 5 not sent");
    assert_eq!(calls(&fake, "POST /offersource/duplicate/"), 1);
}

#[test]
fn a_short_retry_after_delays_the_next_attempt() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(3);
    let busy = Fault::too_many_requests(RetryAfter::Seconds(30));
    // The call itself makes five attempts.
    fake.inject(Rule::new(busy).on(ARCHIVE).times(5));
    let (report, took) = run(async {
        let start = Instant::now();
        let report = client.offer_sources().bulk_archive(ids).send().await;
        (report.unwrap(), start.elapsed())
    });
    assert_eq!(report.counts().to_string(), "3 done");
    assert!(took >= Duration::from_secs(5 * 30), "{took:?}");
}

#[test]
fn the_target_is_read_again_after_an_invalid_response() {
    let (fake, client) = service(Settings::default());
    for id in ["a", "keeper"] {
        fake.seed_offer_source(id);
    }
    fake.inject(Rule::new(Fault::Html { applied: true }).times(2));
    let job = client.offer_sources().bulk_archive(["a"]);
    let report = run(job.children(Cascade::move_to("keeper")).send()).unwrap();
    assert_eq!(report.counts().to_string(), "1 done");
}

#[test]
fn nothing_is_sent_again_once_the_job_is_cancelled() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(10);
    let busy = Fault::Status {
        status: 503,
        retry_after: RetryAfter::Seconds(30),
        applied: false,
    };
    fake.inject(Rule::new(busy).on(ARCHIVE).always());
    let (report, took) = run(async {
        let begun = Instant::now();
        let job = client.offer_sources().bulk_archive(ids);
        let cancel = tokio::time::sleep(Duration::from_secs(5));
        let report = job.cancel_when(cancel).send().await.unwrap();
        (report, begun.elapsed())
    });
    assert_eq!(report.counts().unknown, 10, "{report}");
    assert_eq!(calls(&fake, ARCHIVE), 1);
    assert!(took < Duration::from_secs(6), "{took:?}");
}

#[test]
fn cancelling_does_not_wait_for_reads() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(10);
    let stalled = Fault::StallHeaders { applied: false };
    fake.inject(Rule::new(stalled).on("GET /offersource/find/byIds/").always());
    let (report, took) = run(async {
        let begun = Instant::now();
        let job = client.offer_sources().bulk_archive(ids);
        let cancel = tokio::time::sleep(Duration::from_secs(5));
        let report = job.cancel_when(cancel).send().await.unwrap();
        (report, begun.elapsed())
    });
    assert_eq!(report.counts().not_sent, 10, "{report}");
    assert!(took < Duration::from_secs(6), "{took:?}");
}

#[test]
fn a_job_that_is_cancelled_before_it_begins_sends_nothing() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(10);
    let job = client.offer_sources().bulk_archive(ids).look_first(false);
    let report = run(job.cancel_when(std::future::ready(())).send()).unwrap();
    assert_eq!(report.counts().not_sent, 10, "{report}");
    assert_eq!(fake.request_count(), 0);
}

#[test]
fn a_delete_without_a_response_is_done_if_the_asset_is_gone() {
    let (fake, client) = service(Settings {
        deleted: DeletedAssets::Gone,
        ..Settings::default()
    });
    fake.seed_offer_source("a");
    fake.seed_offer_source("b");
    let sources = client.offer_sources();
    fake.inject(
        Rule::new(Fault::ResetAfterApplying)
            .on("DELETE /offersource/delete/")
            .always(),
    );
    let reads = Rule::new(Fault::status(503)).on("GET /offersource/find/byIds/");
    fake.inject(reads.after(1).always());
    let mut report = run(sources.bulk_delete(["a"]).retries(0).send()).unwrap();
    assert_eq!(report.counts().unknown, 1, "{report}");
    fake.clear_faults();
    let left: Vec<_> = report.unfinished().cloned().collect();
    let later = run(sources.bulk_delete(left).send()).unwrap();
    report.merge(later).unwrap();
    assert_eq!(report.counts().to_string(), "1 done", "{report}");
    // Running the whole list again leaves finished entries done.
    let done = run(sources.bulk_delete(["b"]).send()).unwrap();
    report.merge(done).unwrap();
    report
        .merge(run(sources.bulk_delete(["a", "b", "no_ids"]).send()).unwrap())
        .unwrap();
    assert_eq!(report.counts().to_string(), "2 done, 1 rejected", "{report}");
}

#[test]
fn a_job_of_a_suspended_account_stops_and_can_be_resumed() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(500);
    let folder = tempfile::tempdir().unwrap();
    let job = || {
        let job = client.offer_sources().bulk_archive(ids.clone());
        run(job.journal(folder.path().join("journal")).send()).unwrap()
    };
    fake.inject(Rule::new(Fault::status(403)).on(ARCHIVE).always());
    let report = job();
    let counts = report.counts();
    assert!((10..14).contains(&counts.rejected), "{report}");
    assert_eq!(counts.rejected + counts.not_sent, 500, "{report}");
    assert!(fake.request_count() < 150, "{}", fake.request_count());
    let text = report.to_string();
    assert!(text.contains("the account may be suspended"), "{text}");
    // The account is still suspended.
    assert_eq!(job().counts().done, 0);
    fake.clear_faults();
    // The refused IDs are sent again, too.
    assert_eq!(job().counts().to_string(), "500 done");
}
