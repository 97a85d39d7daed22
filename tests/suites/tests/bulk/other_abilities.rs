//! Tests of the other operations that a handle supports: find many, update, create, duplicate.

use crate::service::{calls, service};
use bytes::Bytes;
use funnelflux::ext::{
    CreateOrSave as _, DuplicateMany as _, FindMany as _, Outcome, StoreError, Stored, Update as _,
    UpdateError,
};
use funnelflux::transport::{self, BoxFuture, ResponseBody, Transport, TransportError};
use funnelflux::types::{DuplicateRequest, Funnel, OfferSource};
use funnelflux::{Client, RateLimit};
use funnelflux_fake::{
    AbsentProperty, DeletedAssets, Fake, Fault, MissingByIds, RetryAfter, Rule, SaveMeaning, Settings,
};
use funnelflux_suites::{client_that_loses_a_save, run};
use serde_json::json;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

const FIND: &str = "GET /offersource/find/byId/";
const FIND_MANY: &str = "GET /offersource/find/byIds/";
const SAVE: &str = "PUT /offersource/save/";
const CREATE: &str = "POST /offersource/save/";
const DUPLICATE: &str = "POST /offersource/duplicate/";

#[test]
fn many_are_found_in_order_under_every_policy() {
    for policies in 0..200 {
        let (fake, client) = service(Settings {
            unknown_fields: false,
            deleted: DeletedAssets::Readable,
            ..Settings::vary(policies)
        });
        let mut wanted = fake.seed_many(40);
        wanted.reverse();
        let mut asked = wanted.clone();
        asked.insert(7, "missing".to_owned());
        asked.push("nowhere".to_owned());
        asked.push(wanted[0].clone());
        let search = client.offer_sources().find_many(asked);
        let found = run(search.chunk_size(15).url_length(150).send()).unwrap();
        let ids: Vec<&str> = found
            .assets
            .iter()
            .map(|asset| asset.id_offer_source.as_str())
            .collect();
        assert_eq!(ids, wanted, "policies {policies}");
        assert_eq!(found.missing, ["missing", "nowhere"], "policies {policies}");
        assert!(found.unreadable.is_empty() && found.repeated.len() == 1);
    }
}

#[test]
fn urls_respect_the_maximum_length() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(300);
    let found = run(client.offer_sources().find_many(ids).chunk_size(300).send()).unwrap();
    assert_eq!(found.assets.len(), 300);
    let longest = fake.log().iter().map(|entry| entry.query.len()).max().unwrap();
    assert!((1_700..2_000).contains(&longest), "{longest}");
}

#[test]
fn an_unreachable_service_does_not_make_ids_missing() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(30);
    fake.inject(Rule::new(Fault::TruncatedJson).on(FIND_MANY).after(1).always());
    let search = client.offer_sources().find_many(ids);
    let found = run(search.chunk_size(10).concurrency(1).send()).unwrap();
    assert_eq!((found.assets.len(), found.missing.len()), (10, 0));
    assert_eq!(found.unreadable.len(), 20);
}

#[test]
fn an_update_keeps_unknown_fields() {
    for policies in 0..100 {
        let (fake, client) = service(Settings::vary(policies));
        let id = fake.seed_many(1).remove(0);
        fake.set("offersource", &id, "unknown", json!({"deep": [1, null]}));
        let rename = |source: &mut OfferSource| source.offer_source_name = "new".into();
        let updated = run(client.offer_sources().update(&*id, rename).send()).unwrap();
        assert_eq!(updated.changed, ["/offerSourceName"]);
        assert_eq!(updated.after.offer_source_name, "new");
        let state = fake.state();
        let stored = &state.offer_source(&id).unwrap().body;
        assert_eq!(
            stored["unknown"],
            json!({"deep": [1, null]}),
            "policies {policies}"
        );
        assert_eq!(stored["offerSourceName"], "new");
    }
}

#[test]
fn a_removed_field_may_read_as_empty() {
    for absent in [
        AbsentProperty::Default,
        AbsentProperty::LeftOut,
        AbsentProperty::Null,
    ] {
        let (fake, client) = service(Settings {
            absent,
            ..Settings::default()
        });
        fake.seed_offer_source("a");
        let clear = |source: &mut OfferSource| source.postback_tx_id = None;
        let updated = run(client.offer_sources().update("a", clear).send()).unwrap();
        assert_eq!(updated.changed, ["/postbackTxId"]);
        assert!(updated.unexpected.is_empty(), "{:?}", updated.unexpected);
        let state = fake.state();
        assert_eq!(state.offer_source("a").unwrap().body.get("postbackTxId"), None);
    }
}

#[test]
fn an_update_without_changes_saves_nothing() {
    let (fake, client) = service(Settings::default());
    fake.seed_offer_source("a");
    let updated = run(client.offer_sources().update("a", |_| {}).send()).unwrap();
    assert!(updated.changed.is_empty());
    assert_eq!(calls(&fake, SAVE), 0);
}

#[test]
fn a_conflict_is_detected_and_nothing_is_saved() {
    let (fake, client) = service(Settings::default());
    fake.seed_offer_source("a");
    let elsewhere = fake.clone();
    let mut changes = 0;
    let update = client.offer_sources().update("a", |source: &mut OfferSource| {
        if changes == 0 {
            elsewhere.set("offersource", "a", "postbackTxId", "theirs");
        }
        changes += 1;
        source.offer_source_name = "mine".into();
    });
    let Err(UpdateError::Conflict { fields, current }) = run(update.send()) else {
        panic!("no conflict");
    };
    assert_eq!(fields, ["/postbackTxId"]);
    assert_eq!(current.postback_tx_id.as_deref(), Some("theirs"));
    assert_eq!(calls(&fake, SAVE), 0);

    // If the update is repeated on the current asset, its change and the other change are kept.
    let elsewhere = fake.clone();
    let mut changes = 0;
    let update = client.offer_sources().update("a", |source: &mut OfferSource| {
        if changes == 0 {
            elsewhere.set("offersource", "a", "postbackSubId", "theirs too");
        }
        changes += 1;
        source.offer_source_name = "mine".into();
    });
    let updated = run(update.repeat_on_conflict(1).send()).unwrap();
    assert_eq!(updated.after.postback_sub_id.as_deref(), Some("theirs too"));
    assert_eq!(updated.after.offer_source_name, "mine");
}

#[test]
fn an_update_based_on_an_old_read_detects_conflicts() {
    let (fake, client) = service(Settings::default());
    fake.seed_offer_source("a");
    let seen = run(async { client.find_offer_source_by_id(&"a".into()).await.unwrap() });
    fake.set("offersource", "a", "postbackPayout", "theirs");
    let rename = |source: &mut OfferSource| source.offer_source_name = "mine".into();
    let update = client.offer_sources().update("a", rename).based_on(seen);
    let error = run(update.send()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the asset was changed in the meantime (/postbackPayout), so nothing was saved; \
         fix: repeat the change on the current asset"
    );
}

#[test]
fn a_field_is_removed_whatever_a_save_means() {
    for save in [SaveMeaning::Replace, SaveMeaning::Merge] {
        let (fake, client) = service(Settings {
            save,
            ..Settings::default()
        });
        fake.seed_offer_source("a");
        fake.set("offersource", "a", "queryParams", json!({"b": "c"}));
        let remove = |source: &mut OfferSource| {
            source.postback_tx_id = None;
            source.query_params = None;
        };
        let updated = run(client.offer_sources().update("a", remove).send()).unwrap();
        assert!(
            updated.unexpected.is_empty(),
            "{save:?}: {:?}",
            updated.unexpected
        );
        assert_eq!(calls(&fake, SAVE), if save == SaveMeaning::Merge { 2 } else { 1 });
    }
}

#[test]
fn a_field_that_the_service_keeps_is_reported() {
    let (fake, client) = service(Settings {
        save: SaveMeaning::Merge,
        ..Settings::default()
    });
    fake.seed_offer_source("a");
    fake.set("offersource", "a", "newNumber", 7);
    let remove = |source: &mut OfferSource| drop(source.extra.remove("newNumber"));
    let Err(UpdateError::Lost { fields, .. }) = run(client.offer_sources().update("a", remove).send()) else {
        panic!("a merge does not remove a field");
    };
    assert_eq!(fields, ["/newNumber"]);
}

/// The service shows absent properties as `null`, but the document does not allow `null` in requests.
#[test]
fn an_update_sends_no_null_that_only_the_service_set() {
    let (fake, client) = service(Settings {
        absent: AbsentProperty::Null,
        ..Settings::default()
    });
    fake.seed_offer_source("a");
    let rename = |source: &mut OfferSource| source.offer_source_name = "mine".into();
    run(client.offer_sources().update("a", rename).send()).unwrap();
    let funnel = run(client.create(|id| Funnel::new(id, "bare"))).unwrap();
    let rename = |funnel: &mut Funnel| funnel.funnel_name = "mine".into();
    let updated = run(client.funnels().update(&funnel, rename).send()).unwrap();
    assert_eq!(updated.changed, ["/funnelName"]);
}

#[test]
fn a_deleted_asset_cannot_be_saved() {
    let (fake, client) = service(Settings::default());
    fake.seed_offer_source("2nIemJxCKbFX");
    fake.set("offersource", "2nIemJxCKbFX", "status", "deleted");
    let asset = OfferSource::new("2nIemJxCKbFX", "mine");
    let error = run(client.offer_sources().create_or_save(asset)).unwrap_err();
    assert!(matches!(error, StoreError::Deleted { .. }), "{error}");
    let rename = |source: &mut OfferSource| source.offer_source_name = "mine".into();
    let error = run(client.offer_sources().update("2nIemJxCKbFX", rename).send()).unwrap_err();
    assert!(matches!(error, UpdateError::Deleted { .. }), "{error}");
    assert_eq!(calls(&fake, SAVE), 0);
}

#[test]
fn an_asset_that_is_deleted_during_an_update_is_reported() {
    for is_received in [true, false] {
        let (fake, _) = service(Settings::default());
        fake.seed_offer_source("a");
        let delete = |fake: &Fake| assert!(fake.set("offersource", "a", "status", "deleted"));
        let client = client_that_loses_a_save(&fake, is_received, delete)
            .build()
            .unwrap();
        let rename = |source: &mut OfferSource| source.offer_source_name = "mine".into();
        let error = run(client.offer_sources().update("a", rename).send()).unwrap_err();
        assert!(matches!(error, UpdateError::Unknown(_)), "{error}");
        let has_note = error.to_string().contains("probably by someone else");
        assert_eq!(has_note, !is_received, "{error}");
    }
}

#[test]
fn an_update_whose_answer_is_lost_is_settled_by_reading() {
    for (fault, saved) in [
        (Fault::ResetAfterApplying, true),
        (Fault::CloseWithoutAnswer { applied: false }, false),
    ] {
        let (fake, client) = service(Settings::default());
        fake.seed_offer_source("a");
        fake.inject(Rule::new(fault).on(SAVE).always());
        let rename = |source: &mut OfferSource| source.offer_source_name = "mine".into();
        let result = run(client.offer_sources().update("a", rename).send());
        match result {
            Ok(updated) => assert!(saved && updated.after.offer_source_name == "mine"),
            Err(UpdateError::Unknown(_)) => assert!(!saved),
            Err(error) => panic!("{error}"),
        }
    }
}

/// The response to the first save is lost. Then somebody renames the asset.
#[test]
fn a_repeated_update_does_not_undo_an_edit() {
    for is_received in [true, false] {
        let (fake, _) = service(Settings::default());
        fake.seed_offer_source("a");
        let edit = |fake: &Fake| assert!(fake.set("offersource", "a", "offerSourceName", "theirs"));
        let client = client_that_loses_a_save(&fake, is_received, edit)
            .build()
            .unwrap();
        let change = |source: &mut OfferSource| source.postback_tx_id = Some("mine".into());
        let result = run(client.offer_sources().update("a", change).send());
        match result {
            Ok(updated) => assert!(is_received && updated.unexpected == ["/offerSourceName"]),
            // The lost request may still arrive, so this is no conflict.
            Err(error @ UpdateError::Unknown(_)) => {
                assert!(!is_received);
                assert!(error.to_string().contains("probably by someone else"), "{error}");
            }
            Err(error) => panic!("{error}"),
        }
        assert_eq!(fake.state().offer_source("a").unwrap().name, "theirs");
        assert_eq!(calls(&fake, SAVE), usize::from(is_received));
    }
}

/// Returns a client of the fake. Somebody renames the asset directly after the first save, before the
/// response arrives.
fn client_with_an_edit_after_a_save(fake: &Fake) -> Client {
    let service = fake.clone();
    let transport = transport::from_fn(move |request: http::Request<Bytes>| {
        let fake = service.clone();
        async move {
            let is_save = request.method() == http::Method::PUT;
            let response = fake.respond(request).await;
            if is_save && calls(&fake, SAVE) == 1 {
                fake.set("offersource", "a", "offerSourceName", "theirs");
            }
            response.map_err(TransportError::from)
        }
    });
    let builder = Client::builder().credentials(funnelflux_suites::credentials(fake));
    builder.transport(transport).build().unwrap()
}

/// The service refuses the first save, because the token has expired or because of the rate limit.
#[test]
fn an_edit_after_a_refused_attempt_is_a_conflict() {
    let limited = Fault::Status {
        status: 429,
        retry_after: RetryAfter::Absent,
        applied: false,
    };
    for fault in [Fault::ExpireToken, limited] {
        for repetitions in [0, 1] {
            let (fake, _) = service(Settings::default());
            fake.seed_offer_source("a");
            fake.inject(Rule::new(fault.clone()).on(SAVE));
            let client = client_with_an_edit_after_a_save(&fake);
            let change = |source: &mut OfferSource| source.postback_tx_id = Some("mine".into());
            let update = client.offer_sources().update("a", change);
            match run(update.repeat_on_conflict(repetitions).send()) {
                Ok(updated) => {
                    assert_eq!(repetitions, 1);
                    assert_eq!(updated.after.offer_source_name, "theirs");
                    assert_eq!(updated.after.postback_tx_id.as_deref(), Some("mine"));
                }
                Err(UpdateError::Conflict { fields, .. }) => {
                    assert_eq!(repetitions, 0);
                    assert_eq!(fields, ["/offerSourceName"]);
                }
                Err(error) => panic!("{error}"),
            }
            assert_eq!(fake.state().offer_source("a").unwrap().name, "theirs");
        }
    }
}

#[test]
fn create_or_save_does_not_undo_an_edit_after_a_renewal() {
    let (fake, _) = service(Settings::default());
    fake.seed_offer_source("a");
    fake.inject(Rule::new(Fault::ExpireToken).on(SAVE));
    let client = client_with_an_edit_after_a_save(&fake);
    let error = run(client
        .offer_sources()
        .create_or_save(OfferSource::new("a", "mine")))
    .unwrap_err();
    let StoreError::Refused { error, .. } = error else {
        panic!("{error}");
    };
    // The token is valid again.
    assert!(!error.is_unauthorized(), "{error}");
    assert!(
        error
            .to_string()
            .contains("the asset was changed in the meantime"),
        "{error}"
    );
    assert_eq!(fake.state().offer_source("a").unwrap().name, "theirs");
}

/// With a low rate, a request waits for 20 s. The wait must not come between the check and the repetition.
#[test]
fn a_save_is_repeated_directly_after_its_check() {
    let (fake, _) = service(Settings::default());
    fake.seed_offer_source("a");
    let log = Arc::new(Mutex::new(Vec::new()));
    let (service, times) = (fake.clone(), Arc::clone(&log));
    let transport = transport::from_fn(move |request: http::Request<Bytes>| {
        let (fake, times) = (service.clone(), Arc::clone(&times));
        async move {
            times
                .lock()
                .unwrap()
                .push((request.method().clone(), Instant::now()));
            fake.respond(request).await.map_err(TransportError::from)
        }
    });
    fake.inject(Rule::new(Fault::CloseWithoutAnswer { applied: false }).on(SAVE));
    let limit = RateLimit::per_minute(const { NonZeroU32::new(3).unwrap() });
    let client = Client::builder()
        .bearer_token(fake.access_token())
        .transport(transport)
        .rate_limit(limit)
        .build()
        .unwrap();
    let rename = |source: &mut OfferSource| source.offer_source_name = "mine".into();
    run(client.offer_sources().update("a", rename).send()).unwrap();
    let log = log.lock().unwrap();
    let repeated = log
        .iter()
        .rposition(|(method, _)| method == http::Method::PUT)
        .unwrap();
    let (check, repetition) = (&log[repeated - 1], &log[repeated]);
    assert_eq!(check.0, http::Method::GET);
    assert!(repetition.1 - check.1 < Duration::from_secs(1), "{log:?}");
}

/// Somebody renames the asset before the update reads it back, and the service has kept a removed value.
#[test]
fn a_second_save_with_empty_values_does_not_undo_an_edit() {
    let (fake, _) = service(Settings {
        save: SaveMeaning::Merge,
        ..Settings::default()
    });
    fake.seed_offer_source("a");
    let client = client_with_an_edit_after_a_save(&fake);
    let remove = |source: &mut OfferSource| source.postback_tx_id = None;
    let updated = run(client.offer_sources().update("a", remove).send()).unwrap();
    assert_eq!(updated.unexpected, ["/offerSourceName"]);
    assert_eq!(calls(&fake, SAVE), 2);
    assert_eq!(fake.state().offer_source("a").unwrap().name, "theirs");
}

/// The response to the first save is lost, and nobody else changes the asset.
#[test]
fn an_update_is_repeated_on_an_unchanged_asset() {
    let (fake, _) = service(Settings::default());
    fake.seed_offer_source("a");
    let client = client_that_loses_a_save(&fake, false, |_| {}).build().unwrap();
    let rename = |source: &mut OfferSource| source.offer_source_name = "mine".into();
    run(client.offer_sources().update("a", rename).send()).unwrap();
    assert_eq!(fake.state().offer_source("a").unwrap().name, "mine");
}

#[test]
fn create_or_save_does_not_undo_an_edit_by_a_repetition() {
    for is_received in [true, false] {
        let (fake, _) = service(Settings::default());
        fake.seed_offer_source("2nIemJxCKbFX");
        let edit =
            |fake: &Fake| assert!(fake.set("offersource", "2nIemJxCKbFX", "offerSourceName", "theirs"));
        let client = client_that_loses_a_save(&fake, is_received, edit)
            .build()
            .unwrap();
        let asset = OfferSource::new("2nIemJxCKbFX", "mine");
        let error = run(client.offer_sources().create_or_save(asset)).unwrap_err();
        assert!(matches!(error, StoreError::Unknown { .. }), "{error}");
        assert_eq!(fake.state().offer_source("2nIemJxCKbFX").unwrap().name, "theirs");
    }
}

#[test]
fn an_id_cannot_be_changed() {
    let (fake, client) = service(Settings::default());
    fake.seed_offer_source("a");
    let rename = |source: &mut OfferSource| source.id_offer_source = "b".into();
    let error = run(client.offer_sources().update("a", rename).send()).unwrap_err();
    assert!(matches!(error, UpdateError::IdChanged { .. }), "{error}");
    assert_eq!(calls(&fake, SAVE), 0);
}

#[test]
fn create_or_save_creates_saves_or_does_nothing() {
    let shown = [
        AbsentProperty::Default,
        AbsentProperty::LeftOut,
        AbsentProperty::Null,
    ];
    for (missing, absent) in [MissingByIds::LeftOut, MissingByIds::NotFound]
        .into_iter()
        .flat_map(|missing| shown.map(|absent| (missing, absent)))
    {
        for unknown_id_status in [400, 404] {
            let (fake, client) = service(Settings {
                missing_by_ids: missing,
                unknown_id_status,
                absent,
                ..Settings::default()
            });
            let sources = client.offer_sources();
            let store =
                |name: &str| run(sources.create_or_save(OfferSource::new("2nIemJxCKbFX", name))).unwrap();
            assert_eq!(store("one"), Stored::Created);
            assert_eq!(store("one"), Stored::Unchanged);
            assert_eq!(store("two"), Stored::Saved);
            assert_eq!(fake.state().offer_source("2nIemJxCKbFX").unwrap().name, "two");
            assert_eq!((calls(&fake, CREATE), calls(&fake, SAVE)), (1, 1));
        }
    }
}

fn copies(fake: &Fake) -> usize {
    let state = fake.state();
    state
        .offer_sources()
        .filter(|source| source.name.starts_with("Copy"))
        .count()
}

#[test]
fn each_asset_is_duplicated_once_under_any_fault() {
    let faults = [
        None,
        Some((Fault::ResetAfterApplying, true)),
        Some((Fault::ResetInBody, true)),
        Some((Fault::TruncatedJson, true)),
        Some((Fault::CloseWithoutAnswer { applied: false }, false)),
    ];
    for policies in 0..50 {
        for fault in &faults {
            let (fake, client) = service(Settings::vary(policies));
            let ids = fake.seed_many(6);
            if let Some((fault, _)) = fault {
                fake.inject(Rule::new(fault.clone()).on(DUPLICATE).after(2));
            }
            let name = |id: &_| DuplicateRequest::new(format!("Copy of {id}"));
            let job = client
                .offer_sources()
                .duplicate_many(ids.iter().map(|id| &**id), name);
            let report = run(job.concurrency(1).send()).unwrap();
            assert_eq!(calls(&fake, DUPLICATE), 6, "nothing is sent twice");
            let state = fake.state();
            for (position, entry) in report.entries().iter().enumerate() {
                let hit = fault.as_ref().filter(|_| position == 2);
                match (&entry.outcome, hit) {
                    (Outcome::Unknown { .. }, Some((_, false))) => assert_eq!(entry.copy(), None),
                    (Outcome::Done { confirmed }, hit) => {
                        assert_eq!(*confirmed, hit.is_some());
                        let copy = entry.copy().unwrap().as_str();
                        let copy = state.offer_source(copy).unwrap();
                        assert_eq!(copy.name, format!("Copy of {}", entry.id));
                    }
                    outcome => panic!("{outcome:?}"),
                }
            }
            let lost = fault.as_ref().is_some_and(|(_, applied)| !applied);
            assert_eq!(copies(&fake), if lost { 5 } else { 6 });
        }
    }
}

#[test]
fn copies_with_equal_names_are_ambiguous() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(3);
    fake.inject(Rule::new(Fault::ResetAfterApplying).on(DUPLICATE).times(2));
    let job = client
        .offer_sources()
        .duplicate_many(ids, |_| DuplicateRequest::new("Copy"));
    let report = run(job.concurrency(1).send()).unwrap();
    assert_eq!(report.counts().to_string(), "1 done, 2 unknown");
    let shown = report.to_string();
    assert!(shown.contains("the copy may be one of these: "), "{shown}");
}

#[test]
fn a_source_that_does_not_exist_is_rejected_and_the_others_are_duplicated() {
    let (fake, client) = service(Settings::default());
    let mut ids = fake.seed_many(3);
    ids.insert(1, "missing".to_owned());
    let job = client
        .offer_sources()
        .duplicate_many(ids, |id| DuplicateRequest::new(format!("Copy of {id}")));
    let report = run(job.send()).unwrap();
    assert_eq!(report.counts().to_string(), "3 done, 1 rejected");
    assert_eq!(calls(&fake, FIND), 0);
    assert_eq!(copies(&fake), 3);
}

#[test]
fn an_update_applied_before_its_refusal_is_not_refused() {
    let (fake, client) = service(Settings::default());
    fake.seed_offer_source("a");
    let answer = |status, applied| {
        let retry_after = RetryAfter::Absent;
        let fault = Fault::Status {
            status,
            retry_after,
            applied,
        };
        Rule::new(fault).on(SAVE)
    };
    fake.inject(answer(503, true));
    let rename = |source: &mut OfferSource| source.offer_source_name = "mine".into();
    let updated = run(client.offer_sources().update("a", rename).send()).unwrap();
    assert_eq!(updated.after.offer_source_name, "mine");
    // The read before the second attempt shows the change.
    assert_eq!(calls(&fake, SAVE), 1);
    // Without an earlier applied attempt, the update is refused.
    fake.inject(answer(409, false));
    let rename = |source: &mut OfferSource| source.offer_source_name = "other".into();
    let error = run(client.offer_sources().update("a", rename).send()).unwrap_err();
    assert!(matches!(error, UpdateError::Refused(_)), "{error}");
}

#[test]
fn storing_an_unchanged_asset_sends_nothing() {
    for policies in 0..50 {
        let (_fake, client) = service(Settings {
            unknown_fields: false,
            ..Settings::vary(policies)
        });
        let sources = client.offer_sources();
        let asset = OfferSource::new("2nIemJxCKbFX", "one").with_postback_tx_id("tx");
        let store = |asset| run(sources.create_or_save(asset)).unwrap();
        assert_eq!(store(asset.clone()), Stored::Created, "policies {policies}");
        assert_eq!(store(asset), Stored::Unchanged, "policies {policies}");
        // Fields that the new asset lacks are removed.
        let less = OfferSource::new("2nIemJxCKbFX", "one");
        assert_eq!(store(less), Stored::Saved, "policies {policies}");
    }
    // A deleted asset is not in the requested state.
    let (fake, client) = service(Settings::default());
    fake.seed_offer_source("2nIemJxCKbFX");
    let asset = run(async {
        let id = "2nIemJxCKbFX".into();
        client.find_offer_source_by_id(&id).await.unwrap()
    });
    let without_status = OfferSource::new("2nIemJxCKbFX", asset.offer_source_name);
    run(client.offer_sources().create_or_save(without_status.clone())).unwrap();
    fake.set("offersource", "2nIemJxCKbFX", "status", "deleted");
    let stored = run(client.offer_sources().create_or_save(without_status));
    assert_ne!(stored.ok(), Some(Stored::Unchanged));
}

#[test]
fn duplicating_waits_as_retry_after_asks() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(20);
    let busy = Fault::Status {
        status: 429,
        retry_after: RetryAfter::Seconds(30),
        applied: false,
    };
    fake.inject(Rule::new(busy).on(DUPLICATE).after(3).times(4));
    let sources = client.offer_sources();
    let job = sources.duplicate_many(ids, |id| DuplicateRequest::new(format!("Copy of {id}")));
    let report = run(job.send()).unwrap();
    assert_eq!(report.counts().to_string(), "20 done");
    assert_eq!(copies(&fake), 20);
    assert_eq!(calls(&fake, DUPLICATE), 24);
}

#[test]
fn duplicating_stops_if_the_service_is_down() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(1_000);
    fake.inject(Rule::new(Fault::RefuseConnection).on(DUPLICATE).always());
    let sources = client.offer_sources();
    let job = sources.duplicate_many(ids, |id| DuplicateRequest::new(format!("Copy of {id}")));
    let report = run(job.send()).unwrap();
    assert_eq!(report.counts().not_sent, 1_000);
    assert!(fake.request_count() < 200, "{}", fake.request_count());
}

#[test]
fn cancelled_duplicating_sends_nothing() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(10);
    let sources = client.offer_sources();
    let job = sources.duplicate_many(ids, |id| DuplicateRequest::new(format!("Copy of {id}")));
    let report = run(job.cancel_when(std::future::ready(())).send()).unwrap();
    assert_eq!(report.counts().not_sent, 10);
    assert_eq!(calls(&fake, DUPLICATE), 0);
}

/// Answers each GET request with `[]`, and each other request with `{}`. Counts the other requests.
#[derive(Debug)]
struct EmptyResponses(Arc<AtomicUsize>);

impl Transport for EmptyResponses {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        let body = if request.method() == http::Method::GET {
            "[]"
        } else {
            self.0.fetch_add(1, Ordering::Relaxed);
            "{}"
        };
        let body = ResponseBody::from(Bytes::from_static(body.as_bytes()));
        Box::pin(std::future::ready(Ok(http::Response::new(body))))
    }
}

#[test]
fn duplicating_stops_after_the_configured_number_of_failures() {
    let copy = |id: &_| DuplicateRequest::new(format!("Copy of {id}"));
    // Every request is refused.
    let (fake, client) = service(Settings::default());
    let job = client.offer_sources().duplicate_many(["a", "b", "c", "d"], copy);
    let report = run(job.concurrency(1).stop_after(2).send()).unwrap();
    assert_eq!(report.counts().to_string(), "0 done, 2 rejected, 2 not sent");
    assert_eq!(calls(&fake, DUPLICATE), 2);
    let shown = report.to_string();
    assert!(shown.contains("the job stopped after 2 failed"), "{shown}");
    // The response is a success, but lacks the ID of the copy, so the outcome is unknown.
    let sent = Arc::new(AtomicUsize::new(0));
    let transport = EmptyResponses(Arc::clone(&sent));
    let client = Client::builder().transport(transport).build().unwrap();
    let job = client.offer_sources().duplicate_many(["a", "b", "c"], copy);
    let report = run(job.concurrency(1).stop_after(1).send()).unwrap();
    assert_eq!(report.counts().to_string(), "0 done, 1 unknown, 2 not sent");
    assert_eq!(sent.load(Ordering::Relaxed), 1);
}
