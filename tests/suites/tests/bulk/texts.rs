//! Tests the texts of reports and errors, their helper methods, and repeated calls of `create_or_save`.

use crate::service::{calls, service};
use funnelflux::ext::snapshot::{AssetKey, Fingerprint};
use funnelflux::ext::{BulkArchive as _, CreateOrSave as _, DuplicateMany as _, Outcome, Stored};
use funnelflux::types::{DuplicateRequest, OfferSource};
use funnelflux_fake::{Fault, Rule, SaveMeaning, Settings};
use funnelflux_suites::run;
use serde_json::json;

#[test]
fn failures_with_one_cause_are_one_line() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(240);
    fake.inject(Rule::new(Fault::RefuseConnection).always());
    let job = client.offer_sources().bulk_archive(ids.clone()).chunk_size(10);
    let report = run(job.send()).unwrap();
    assert_eq!(report.counts().not_sent, 240);
    let text = report.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    let expected = " and 237 more: the job stopped, because the service gave no answer 5 times in a row: \
                    its state could not be read: find_offer_sources_by_ids (GET /offersource/find/byIds/): \
                    no connection to the service: connection refused (5 attempts in ";
    assert!(lines[2].contains(expected), "{text}");
    // The service's messages contain different IDs, but these rejections count as one cause as well.
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(12);
    for id in &ids {
        fake.lock(id.clone());
    }
    let report = run(client.offer_sources().bulk_archive(ids).send()).unwrap();
    assert_eq!(report.to_string().lines().count(), 3, "{report}");
    assert!(report.to_string().contains(" and 9 more: "), "{report}");
}

/// The messages about these copies differ only in a number.
#[test]
fn a_report_gives_each_copy_its_own_message() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(3);
    let sources = client.offer_sources();
    fake.inject(
        Rule::new(Fault::ResetAfterReading)
            .times(3)
            .on("POST /offersource/duplicate/"),
    );
    let mut number = 0;
    let job = sources.duplicate_many(ids, |_| {
        number += 1;
        DuplicateRequest::new(format!("Campaign {number}"))
    });
    let text = run(job.send()).unwrap().to_string();
    for number in 1..=3 {
        assert!(text.contains(&format!("Campaign {number}")), "{text}");
    }
}

#[test]
fn debug_of_reports_and_errors_is_their_text() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(2);
    fake.lock(ids[0].clone());
    let job = || client.offer_sources().bulk_archive(ids.clone());
    let plan = run(job().plan()).unwrap();
    assert_eq!(format!("{plan:?}"), plan.to_string());
    let report = run(job().send()).unwrap();
    assert_eq!(format!("{report:?}"), report.to_string());
    let failure = report.entries()[0].outcome.failure().unwrap();
    assert_eq!(format!("{failure:?}"), failure.to_string());
    let empty: [&str; 0] = [];
    let error = run(client.offer_sources().bulk_archive(empty).send()).unwrap_err();
    assert_eq!(
        format!("{error:?}"),
        "the list of IDs is empty; fix: pass at least one ID"
    );
    let key = "pages".parse::<AssetKey>().unwrap_err();
    assert_eq!(format!("{key:?}"), key.to_string());
    let fingerprint = "sha256:0".parse::<Fingerprint>().unwrap_err();
    assert_eq!(format!("{fingerprint:?}"), fingerprint.to_string());
}

#[test]
fn a_report_can_be_iterated_and_a_failure_has_a_status() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(5);
    fake.lock(ids[1].clone());
    let report = run(client.offer_sources().bulk_archive(ids).send()).unwrap();
    let mut rejected = 0;
    for entry in &report {
        if let Outcome::Rejected { failure } = &entry.outcome {
            assert_eq!(failure.status(), Some(http::StatusCode::FORBIDDEN));
            rejected += 1;
        }
    }
    assert_eq!((rejected, report.entries().len()), (1, 5));
}

#[test]
fn a_second_run_of_a_declaration_does_nothing() {
    for policies in 0..300 {
        let settings = Settings::vary(policies);
        let merges = settings.save == SaveMeaning::Merge;
        let (fake, client) = service(settings);
        let sources = client.offer_sources();
        let id = "2nIemJxCKbFX";
        let store = |asset: &OfferSource| run(sources.create_or_save(asset.clone())).unwrap();
        let asset = OfferSource::new(id, "one").with_postback_tx_id("tx");
        assert_eq!(store(&asset), Stored::Created, "policies {policies}");
        // The vendor's user interface and the service add their own fields.
        fake.set(
            "offersource",
            id,
            "meta",
            json!({"version": 7, "ui": {"open": true}}),
        );
        fake.set("offersource", id, "createdBy", "somebody");
        assert_eq!(store(&asset), Stored::Unchanged, "policies {policies}");
        let changed = OfferSource::new(id, "two").with_postback_tx_id("tx");
        assert_eq!(store(&changed), Stored::Saved, "policies {policies}");
        assert_eq!(store(&changed), Stored::Unchanged, "policies {policies}");
        assert_eq!(fake.state().offer_source(id).unwrap().name, "two");
        // As documented, every run saves if the service keeps omitted fields.
        let less = OfferSource::new(id, "two");
        assert_eq!(store(&less), Stored::Saved, "policies {policies}");
        let again = if merges { Stored::Saved } else { Stored::Unchanged };
        assert_eq!(store(&less), again, "policies {policies}");
        assert_eq!(calls(&fake, "POST /offersource/save/"), 1);
    }
}
