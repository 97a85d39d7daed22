//! Checks that duplication has the features of other bulk jobs, and never makes a copy twice.

use crate::service::{Alarm, calls, client, service};
use funnelflux::Client;
use funnelflux::ext::{DuplicateMany as _, Duplication, OfferSources, Outcome};
use funnelflux::types::{DuplicateRequest, OfferSource, Status as SourceStatus};
use funnelflux_fake::{Fake, Fault, Rule, Settings};
use funnelflux_suites::run;
use futures_util::StreamExt as _;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

const DUPLICATE: &str = "POST /offersource/duplicate/";
const LIST: &str = "GET /offersource/list/";

fn copies(client: &Client, ids: &[String]) -> Duplication<OfferSources> {
    let request = |id: &_| DuplicateRequest::new(format!("Copy of {id}"));
    client.offer_sources().duplicate_many(ids.to_vec(), request)
}

/// Number of copies of each original.
fn made(fake: &Fake) -> HashMap<String, usize> {
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

/// Creates a journal of a job that lost a response.
struct LostCopy {
    fake: Fake,
    client: Client,
    ids: Vec<String>,
    folder: tempfile::TempDir,
}

impl LostCopy {
    /// Runs the job under this fault, up to its end or up to a crash after the request for the first copy.
    fn new(fault: Fault, crashes: bool) -> Self {
        let (fake, client) = service(Settings::default());
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
            let alarm = Alarm::after(Some(3));
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
    // The second job also copies an asset whose copy the first job knows.
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
    for crashes in [true, false] {
        let lost = LostCopy::new(Fault::CloseWithoutAnswer { applied: false }, crashes);
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
    assert_eq!((calls(&fake, DUPLICATE), calls(&fake, LIST)), (2, 2));
}
