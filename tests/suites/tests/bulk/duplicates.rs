//! Checks that duplication has the features of other bulk jobs, and never makes a copy twice.

use crate::service::{Alarm, calls, client, service};
use funnelflux::Client;
use funnelflux::ext::{DuplicateMany as _, Duplication, Journal, OfferSources, Outcome};
use funnelflux::types::{DuplicateRequest, OfferSource, Status as SourceStatus};
use funnelflux_fake::{Fake, Fault, Rule, Settings};
use funnelflux_suites::run;
use futures_util::StreamExt as _;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

pub(crate) const DUPLICATE: &str = "POST /offersource/duplicate/";
pub(crate) const LIST: &str = "GET /offersource/list/";

pub(crate) fn copies(client: &Client, ids: &[String]) -> Duplication<OfferSources> {
    let request = |id: &_| DuplicateRequest::new(format!("Copy of {id}"));
    client.offer_sources().duplicate_many(ids.to_vec(), request)
}

/// Number of copies of each original.
pub(crate) fn made(fake: &Fake) -> HashMap<String, usize> {
    let mut made = HashMap::new();
    for source in fake.state().offer_sources() {
        if let Some(original) = source.name.strip_prefix("Copy of ") {
            *made.entry(original.to_owned()).or_default() += 1;
        }
    }
    made
}

#[test]
fn a_request_that_was_not_processed_is_sent_again_by_a_resumed_job() {
    for status in [429, 503] {
        let (fake, client) = service(Settings::default());
        let ids = fake.seed_many(3);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        fake.inject(Rule::new(Fault::status(status)).on(DUPLICATE).always());
        let report = run(copies(&client, &ids).journal(&path).send()).unwrap();
        if status == 429 {
            assert_eq!(report.counts().not_sent, 3, "{report}");
        }
        assert_eq!(made(&fake).len(), 0);
        fake.clear_faults();
        let report = run(copies(&client, &ids).journal(&path).send()).unwrap();
        let expected = if status == 429 {
            "3 done"
        } else {
            "0 done, 3 unknown"
        };
        assert_eq!(report.counts().to_string(), expected);
        assert!(made(&fake).values().all(|count| *count == 1));
    }
}

#[test]
fn a_crash_at_any_request_makes_no_copy_twice() {
    for policies in 0..40_u64 {
        for requests in [1, 2, 3, 5, 8, 11] {
            let (fake, _) = service(Settings {
                stale_reads: u32::from(policies % 3 == 0),
                ..Settings::vary(policies)
            });
            let ids = fake.seed_many(8);
            if policies % 2 == 0 {
                fake.inject(Rule::new(Fault::ResetAfterApplying).on(DUPLICATE).after(3));
            }
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("journal");
            let alarm = Alarm::after(Some(requests));
            let first = client(&fake, &alarm);
            run(async {
                let job = copies(&first, &ids).concurrency(2).journal(&path);
                let outcomes = job.stream().unwrap();
                tokio::select! {
                    biased;
                    () = alarm.triggered() => {}
                    _ = outcomes.report() => {}
                }
            });
            let second = client(&fake, &Alarm::after(None));
            let report = run(copies(&second, &ids).journal(&path).send()).unwrap();
            let made = made(&fake);
            let mut claimed = HashSet::new();
            for entry in &report {
                let count = made.get(entry.id.as_str()).copied().unwrap_or_default();
                let context = format!("policies {policies}, {requests} requests: {entry:?}, {count} copies");
                assert!(count <= 1, "{context}");
                match &entry.outcome {
                    Outcome::Done { .. } => {
                        let copy = entry.copy().unwrap();
                        let state = fake.state();
                        assert_eq!(
                            state.offer_source(copy.as_str()).unwrap().name,
                            format!("Copy of {}", entry.id),
                            "{context}"
                        );
                        assert!(claimed.insert(copy.clone()), "{context}");
                    }
                    Outcome::Unknown { .. } => {}
                    _ => panic!("{context}"),
                }
            }
            assert!(
                report.unfinished().next().is_none(),
                "an unknown copy is not to be made again"
            );
            let sent = calls(&fake, DUPLICATE);
            let again = run(copies(&second, &ids).journal(&path).send()).unwrap();
            assert_eq!(calls(&fake, DUPLICATE), sent);
            assert!(again.counts().done >= report.counts().done);
        }
    }
}

#[test]
fn an_unknown_copy_is_not_advised_to_be_made_again() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(3);
    fake.inject(
        Rule::new(Fault::CloseWithoutAnswer { applied: false })
            .on(DUPLICATE)
            .after(1),
    );
    let report = run(copies(&client, &ids).concurrency(1).send()).unwrap();
    assert_eq!(report.counts().to_string(), "2 done, 1 unknown");
    let text = report.to_string();
    assert!(
        text.contains("no new asset has the name") && text.contains("the list may be late"),
        "{text}"
    );
    assert!(
        text.contains("look for them before you duplicate those assets again"),
        "{text}"
    );
    assert!(!text.contains("run the job again"), "{text}");
    assert_eq!(report.unfinished().count(), 0);
    // A report that is read from a file also contains the copy.
    let text = serde_json::to_string(&report).unwrap();
    let read: funnelflux::ext::Report<String> = serde_json::from_str(&text).unwrap();
    assert_eq!(read.unfinished().count(), 0);
}

#[test]
fn a_list_that_lags_is_read_again() {
    for stale_reads in 0..=3 {
        let (fake, client) = service(Settings {
            stale_reads,
            ..Settings::default()
        });
        let ids = fake.seed_many(3);
        fake.inject(Rule::new(Fault::ResetAfterApplying).on(DUPLICATE).after(2));
        let report = run(copies(&client, &ids).concurrency(1).send()).unwrap();
        assert_eq!(report.counts().to_string(), "3 done", "{stale_reads}: {report}");
        assert!(report.entries()[2].copy().is_some());
        assert_eq!(made(&fake).len(), 3);
    }
}

#[test]
fn an_older_asset_of_the_same_name_is_not_the_copy() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(1);
    // This asset was created years ago, but is not in the earlier list.
    let old = "2nIemJxCKbFX";
    fake.inject(Rule::new(Fault::CloseWithoutAnswer { applied: false }).on(DUPLICATE));
    let elsewhere = fake.clone();
    let name = format!("Copy of {}", ids[0]);
    let mut asked = false;
    let report = run(copies(&client, &ids)
        .on_progress(move |_| assert!(!std::mem::replace(&mut asked, true)))
        .cancel_when(async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            elsewhere.seed(
                "offersource",
                json!({"idOfferSource": old, "offerSourceName": name, "status": "active"}),
            );
        })
        .send())
    .unwrap();
    assert!(
        matches!(report.entries()[0].outcome, Outcome::Unknown { .. }),
        "{report}"
    );
    assert_eq!(report.entries()[0].copy(), None);
}

#[test]
fn copies_of_two_runs_are_both_kept() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(2);
    let mut report = run(copies(&client, &ids).send()).unwrap();
    let later = run(copies(&client, &ids[..1]).send()).unwrap();
    let second = later.entries()[0].copy().cloned().unwrap();
    let first = report.entries()[0].copy().cloned();
    report.merge(later).unwrap();
    let entry = &report.entries()[0];
    assert_eq!(
        (entry.copy().cloned(), entry.more_copies().to_vec()),
        (first, vec![second])
    );
}

#[test]
fn a_plan_reads_the_originals_and_makes_nothing() {
    let (fake, client) = service(Settings::default());
    let mut ids = fake.seed_many(3);
    ids.push("missing".to_owned());
    let before = fake.state();
    let plan = run(copies(&client, &ids).plan()).unwrap();
    assert_eq!(
        plan.to_string(),
        "duplicate offer sources: 3 would change, 1 missing or deleted\n  \
         undo: only by deleting the copies, whose IDs cannot be used again\n\
         missing or deleted:\n  missing"
    );
    assert_eq!(fake.state(), before);
}

#[test]
fn outcomes_stream_in_order_and_copies_are_verified() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(9);
    let outcomes = copies(&client, &ids)
        .in_order(true)
        .verify(true)
        .stream()
        .unwrap();
    let entries = run(outcomes.collect::<Vec<_>>());
    let order: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(order, ids);
    assert!(
        entries
            .iter()
            .all(|entry| entry.outcome == Outcome::Done { confirmed: true })
    );
    // A copy that cannot be read back is not confirmed.
    let body = json!({"id": "3a0HFXFb5zzz"}).to_string();
    fake.inject(Rule::new(Fault::Repeated { body }).on(DUPLICATE));
    let report = run(copies(&client, &ids[..1]).verify(true).send()).unwrap();
    assert!(
        matches!(report.entries()[0].outcome, Outcome::Unknown { .. }),
        "{report}"
    );
}

#[test]
fn a_cancelled_job_is_finished_by_its_journal() {
    let (fake, _) = service(Settings::default());
    let ids = fake.seed_many(20);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let alarm = Alarm::after(Some(7));
    let hasty = client(&fake, &alarm);
    let job = copies(&hasty, &ids).concurrency(1).journal(&path);
    let report = run(job.cancel_when(alarm.triggered()).send()).unwrap();
    assert!(
        report.counts().done > 0 && report.counts().not_sent > 0,
        "{report}"
    );
    let report = run(copies(&hasty, &ids).journal(&path).send()).unwrap();
    assert_eq!(report.counts().to_string(), "20 done");
    assert!(report.into_iter().all(|entry| entry.copy().is_some()));
    assert_eq!((made(&fake).len(), calls(&fake, DUPLICATE)), (20, 20));
}

#[test]
fn overrides_are_typed_and_only_the_difference_is_sent() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(2);
    let job = copies(&client, &ids).overriding(|source: &mut OfferSource| {
        source.postback_tx_id = Some("other".to_owned());
        source.postback_payout = None;
    });
    let report = run(job.send()).unwrap();
    assert_eq!(report.counts().to_string(), "2 done", "{report}");
    let log = fake.log();
    let body = log
        .iter()
        .find(|entry| entry.operation == Some(DUPLICATE))
        .unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body.body).unwrap();
    assert_eq!(
        body["bodyUpdates"],
        json!({"postbackTxId": "other", "postbackPayout": ""})
    );
    let state = fake.state();
    for entry in &report {
        let copy = &state.offer_source(entry.copy().unwrap().as_str()).unwrap().body;
        assert_eq!(
            (&copy["postbackTxId"], &copy["postbackSubId"]),
            (&json!("other"), &json!("subid"))
        );
        assert_eq!(
            state.offer_source(entry.id.as_str()).unwrap().body["postbackTxId"],
            "txid"
        );
    }
    // The status cannot be overridden, because the service sets it.
    let job = copies(&client, &ids)
        .overriding(|source: &mut OfferSource| source.status = Some(SourceStatus::Archived));
    let report = run(job.send()).unwrap();
    assert_eq!(report.counts().rejected, 2, "{report}");
    assert_eq!(calls(&fake, DUPLICATE), 2);
}

#[test]
fn a_journal_of_other_copies_is_refused() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(2);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    assert!(
        run(copies(&client, &ids).journal(&path).send())
            .unwrap()
            .is_success()
    );
    let sources = client.offer_sources();
    let others = sources.duplicate_many(ids.clone(), |id| DuplicateRequest::new(format!("Other {id}")));
    let error = run(others.journal(&path).send()).unwrap_err().to_string();
    assert!(error.contains("it is the journal of another job"), "{error}");
    // The error for a damaged journal of copies does not advise running the job again.
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("{\"copying\"", "{\"copyign\"", 1)).unwrap();
    let error = run(copies(&client, &ids).journal(&path).send())
        .unwrap_err()
        .to_string();
    assert!(error.contains("fix: restore the file from a copy"), "{error}");
    assert_eq!((calls(&fake, DUPLICATE), calls(&fake, LIST)), (2, 1));
}

/// The lines that remain would let a resumed job make copies again.
#[test]
fn a_journal_that_was_truncated_after_some_copies_is_not_resumed() {
    let truncated = "the file was truncated while it was in use, so lines are missing; fix: restore";
    let cases = [
        (3, 0, truncated),
        (3, 4, truncated),
        (0, 0, "this is not the journal of a bulk job"),
    ];
    for (lines, bytes, expected) in cases {
        let (fake, client) = service(Settings::default());
        let ids = fake.seed_many(6);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let job = || copies(&client, &ids).concurrency(1).journal(&path);
        let file = path.clone();
        let report = run(job()
            .on_progress(move |progress| {
                if progress.finished() == 3 {
                    let text = std::fs::read(&file).unwrap();
                    let lines = text.split_inclusive(|byte| *byte == b'\n').take(lines);
                    let length = lines.map(<[u8]>::len).sum::<usize>() + bytes;
                    let file = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
                    file.set_len(u64::try_from(length).unwrap()).unwrap();
                }
            })
            .send())
        .unwrap();
        assert_eq!(report.counts().to_string(), "3 done, 3 not sent", "{report}");
        assert!(
            report
                .to_string()
                .contains("do not resume the job from this file"),
            "{report}"
        );
        let resumed = run(job().send()).unwrap_err().to_string();
        let read = Journal::read(&path).unwrap_err().to_string();
        for error in [resumed, read] {
            assert!(error.contains(expected), "{error}");
        }
        assert_eq!(calls(&fake, DUPLICATE), 3);
    }
}
