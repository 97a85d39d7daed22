//! Tests with assets in an unexpected form, and with responses that belong to another request.

use crate::service::{calls, service};
use funnelflux::ext::{
    BulkArchive as _, BulkDelete as _, DuplicateMany as _, FindMany as _, MoveToCategory as _, Outcome,
};
use funnelflux::types::DuplicateRequest;
use funnelflux_fake::{Fault, Rule, Settings, Status};
use funnelflux_suites::run;
use serde_json::{Value, json};
use std::collections::HashSet;

const FIND_MANY: &str = "GET /offersource/find/byIds/";
const ARCHIVE: &str = "PUT /offersource/archive/";
const DUPLICATE: &str = "POST /offersource/duplicate/";

fn archived(fake: &funnelflux_fake::Fake) -> usize {
    fake.state().offer_sources_with(&Status::Archived).len()
}

#[test]
fn an_odd_property_does_not_hinder_a_job() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(20);
    for (id, (property, value)) in ids.iter().zip([
        ("offerSourceName", json!({"now": "an object"})),
        ("queryParams", json!([1, 2])),
        ("postbackTxId", json!(17)),
        ("meta", json!("text")),
    ]) {
        fake.set("offersource", id, property, value);
    }
    let report = run(client.offer_sources().bulk_archive(ids.clone()).send()).unwrap();
    assert_eq!(report.counts().to_string(), "20 done");
    assert_eq!((archived(&fake), fake.request_count()), (20, 2));
    let report = run(client.offer_sources().move_to_category(ids, "").send()).unwrap();
    assert_eq!(report.counts().to_string(), "0 done, 20 already so");
}

#[test]
fn only_the_odd_asset_is_not_sent_and_the_job_goes_on() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(40);
    for id in ids.iter().step_by(3) {
        fake.set("offersource", id, "status", json!({"code": 1}));
    }
    let odd = ids.len().div_ceil(3);
    for size in [1, 100] {
        let job = client.offer_sources().bulk_delete(ids.clone()).chunk_size(size);
        let plan = run(client.offer_sources().bulk_delete(ids.clone()).plan()).unwrap();
        assert_eq!(plan.unreadable.len(), odd, "{plan}");
        if size == 1 {
            continue;
        }
        let report = run(job.send()).unwrap();
        assert_eq!(report.counts().done, ids.len() - odd, "{report}");
        assert_eq!(report.counts().not_sent, odd, "{report}");
        assert!(
            report
                .to_string()
                .contains("shows its status in an unexpected form"),
            "{report}"
        );
    }
    // With one ID per request, the service does not count as unreachable even after more than five
    // consecutive odd responses.
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(12);
    for id in ids.iter().take(10) {
        fake.set("offersource", id, "status", json!(1));
    }
    let job = client
        .offer_sources()
        .bulk_archive(ids)
        .chunk_size(1)
        .concurrency(1);
    let report = run(job.send()).unwrap();
    assert_eq!(report.counts().to_string(), "2 done, 10 not sent");
    assert_eq!(archived(&fake), 2);
}

#[test]
fn an_odd_asset_does_not_hide_the_others_of_a_search() {
    let (fake, client) = service(Settings::default());
    let mut ids = fake.seed_many(10);
    fake.set("offersource", &ids[3], "offerSourceName", json!([]));
    ids.push("missing".to_owned());
    let found = run(client.offer_sources().find_many(ids.clone()).send()).unwrap();
    assert_eq!(
        (found.assets.len(), found.missing.len(), found.unreadable.len()),
        (9, 1, 1)
    );
    let (id, failure) = &found.unreadable[0];
    assert_eq!(id.as_str(), ids[3]);
    assert!(
        failure.message().contains("does not decode at offerSourceName"),
        "{failure}"
    );
    // A row without an ID may belong to any of the missing assets.
    let row = |id: &Value| json!({"idOfferSource": id, "offerSourceName": "x"});
    let body = json!([row(&json!(ids[0])), row(&Value::Null)]).to_string();
    fake.inject(Rule::new(Fault::Repeated { body }).on(FIND_MANY));
    let found = run(client.offer_sources().find_many(ids).send()).unwrap();
    assert_eq!(
        (found.assets.len(), found.missing.len(), found.unreadable.len()),
        (1, 0, 10)
    );
}

/// Checks that a job recognises a response with the rows of another request, which a proxy may send.
#[test]
fn rows_that_were_not_asked_for_show_a_foreign_answer() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(10);
    let row = |id: &str| json!({"idOfferSource": id, "offerSourceName": "x", "status": "archived"});
    let foreign = json!([row("someoneElses"), row(&ids[0])]).to_string();
    fake.inject(
        Rule::new(Fault::Repeated {
            body: foreign.clone(),
        })
        .on(FIND_MANY),
    );
    let report = run(client.offer_sources().bulk_archive(ids.clone()).send()).unwrap();
    assert_eq!(report.counts().to_string(), "10 done", "it is read again");
    assert_eq!((archived(&fake), calls(&fake, FIND_MANY)), (10, 2));
    // If the correct response never arrives, no response is trusted.
    fake.inject(
        Rule::new(Fault::Repeated { body: foreign })
            .on(FIND_MANY)
            .always(),
    );
    let report = run(client.offer_sources().bulk_delete(ids).send()).unwrap();
    assert_eq!(report.counts().to_string(), "0 done, 10 not sent");
    assert!(
        report
            .to_string()
            .contains("someoneElses, which was not asked for"),
        "{report}"
    );
}

#[test]
fn a_copy_that_is_named_twice_is_counted_once() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(6);
    let copies = |ids: Vec<String>| {
        client
            .offer_sources()
            .duplicate_many(ids, |id| DuplicateRequest::new(format!("Copy of {id}")))
            .concurrency(1)
    };
    let first = run(copies(ids[..1].to_vec()).send()).unwrap();
    let copy = first.entries()[0].copy().cloned().unwrap();
    // In the second job, the second response repeats the response of the first job, and the third response
    // names an original.
    for id in [copy.as_str(), &ids[4]] {
        let body = json!({ "id": id }).to_string();
        fake.inject(Rule::new(Fault::Repeated { body }).on(DUPLICATE).after(1));
    }
    let mut wanted = vec![ids[0].clone()];
    wanted.extend_from_slice(&ids[3..]);
    // The second job copies the first asset again, so the new copy has the name of the first copy.
    let report = run(copies(wanted).send()).unwrap();
    let claimed: Vec<_> = report
        .into_iter()
        .filter_map(|entry| entry.copy().cloned())
        .collect();
    let distinct: HashSet<_> = claimed.iter().collect();
    assert_eq!(claimed.len(), distinct.len());
    assert!(!claimed.contains(&copy));
    for copy in &claimed {
        assert!(
            fake.state()
                .offer_source(copy.as_str())
                .is_some_and(|source| source.name.starts_with("Copy"))
        );
    }
    let report = run(client.offer_sources().bulk_archive(ids).send()).unwrap();
    assert!(matches!(report.entries()[0].outcome, Outcome::Done { .. }));
    assert_eq!(calls(&fake, ARCHIVE), 1);
}
