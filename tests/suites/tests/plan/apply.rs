//! Tests the application of plans: stale assets, order, acknowledgement, faults, crashes, cancellation.

use super::{
    CATEGORY, OTHER_PAGE, OTHER_SOURCE, PAGE, SOURCE, account, apply, body, crash_after, key, outcome, stored,
};
use bytes::Bytes;
use funnelflux::Client;
use funnelflux::ext::plan::ChangePlan;
use funnelflux::ext::{Outcome, Reason};
use funnelflux::transport::{self, TransportError};
use funnelflux_fake::{Fake, Fault, Rule, Settings, Status};
use funnelflux_suites::{client_that_loses_a_save, run};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

fn swap(client: &Client) -> ChangePlan {
    run(ChangePlan::replace(SOURCE, OTHER_SOURCE)
        .groups(["pages"])
        .plan(client))
    .unwrap()
}

#[test]
fn an_asset_that_has_changed_is_refused_and_the_others_are_changed() {
    let (fake, client) = account();
    let plan = swap(&client);
    fake.set("page", PAGE, "pageName", "Renamed");
    let stale = stored(&fake, "page", PAGE);
    let report = apply(&plan, &client);
    let Outcome::Rejected { failure } = outcome(&report, "pages", PAGE) else {
        panic!("{report}");
    };
    assert_eq!(failure.reason(), Reason::Stale);
    assert_eq!(stored(&fake, "page", PAGE), stale, "nothing of it is changed");
    assert_eq!(
        outcome(&report, "pages", OTHER_PAGE),
        &Outcome::Done { confirmed: true }
    );

    // With a rebase, the changed name stays, and the source is swapped.
    let report = run(plan.apply(&client).rebase().send()).unwrap();
    assert_eq!(
        outcome(&report, "pages", PAGE),
        &Outcome::Done { confirmed: true }
    );
    let page = body(&fake, "page", PAGE);
    assert_eq!(page["pageName"], "Renamed");
    assert_eq!(page["offerParams"]["idOfferSource"], OTHER_SOURCE);
}

#[test]
fn a_rebase_never_touches_a_path_that_has_changed() {
    let (fake, client) = account();
    let plan = swap(&client);
    fake.set("page", PAGE, "offerParams", json!({ "idOfferSource": "another" }));
    let stale = stored(&fake, "page", PAGE);
    let report = run(plan.apply(&client).rebase().send()).unwrap();
    let Outcome::Rejected { failure } = outcome(&report, "pages", PAGE) else {
        panic!("{report}");
    };
    assert!(
        failure
            .message()
            .contains("/offerParams/idOfferSource is now \"another\""),
        "{failure}"
    );
    assert_eq!(stored(&fake, "page", PAGE), stale);
}

#[test]
fn managed_fields_do_not_make_an_asset_stale() {
    let (fake, client) = account();
    fake.set("page", PAGE, "meta", json!({ "version": 1 }));
    let plan = swap(&client);
    fake.set("page", PAGE, "meta", json!({ "version": 2 }));
    assert!(apply(&plan, &client).is_success());
    assert_eq!(
        body(&fake, "page", PAGE)["meta"],
        json!({ "version": 2 }),
        "it is sent back as it was read"
    );
}

#[test]
fn nothing_is_sent_without_an_acknowledgement() {
    let (fake, client) = account();
    let plan = ChangePlan::set("/status", Some(json!("archived"))).groups(["pages"]);
    let plan = run(plan.plan(&client)).unwrap();
    let before = fake.request_count();
    let error = run(plan.apply(&client).send()).unwrap_err();
    assert!(error.requires_acknowledgement(), "{error}");
    assert!(
        error.to_string().contains(&format!(
            "2 of its entries archive or delete by an inferred operation, the first is pages/{PAGE}"
        )),
        "{error}"
    );
    assert_eq!(fake.request_count(), before);
    // Offer sources are documented, so they need no acknowledgement.
    let plan = ChangePlan::set("/status", Some(json!("archived"))).groups(["offer-sources"]);
    let plan = run(plan.plan(&client)).unwrap();
    assert!(run(plan.apply(&client).send()).unwrap().is_success());
}

#[test]
fn a_plan_of_another_account_or_service_is_refused() {
    let (_, client) = account();
    let plan = swap(&client);
    let other = Fake::new(Settings::default());
    let stranger = funnelflux_suites::client(&other).build().unwrap();
    let error = run(plan.apply(&stranger).send()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("none of its assets exists in this account"),
        "{error}"
    );
    assert!(other.log().iter().all(|entry| entry.method == http::Method::GET));
    let elsewhere = funnelflux_suites::client(&other)
        .base_url("https://eu.example/v1")
        .build()
        .unwrap();
    let requests = other.request_count();
    let error = run(plan.apply(&elsewhere).send()).unwrap_err();
    assert!(
        error.to_string().contains("it belongs to the base URL"),
        "{error}"
    );
    assert_eq!(other.request_count(), requests);
}

#[test]
fn missing_and_deleted_assets_are_rejected() {
    let (fake, client) = account();
    let plan = swap(&client);
    fake.set("page", PAGE, "status", "deleted");
    let report = apply(&plan, &client);
    let Outcome::Rejected { failure } = outcome(&report, "pages", PAGE) else {
        panic!("{report}");
    };
    assert_eq!(failure.reason(), Reason::Deleted);
}

#[test]
fn a_refused_save_is_rejected_and_a_lost_answer_is_read_back() {
    let (fake, client) = account();
    let plan = swap(&client);
    fake.lock(PAGE);
    fake.inject(
        Rule::new(Fault::status(500))
            .on("PUT /page/save/")
            .when(|request| String::from_utf8_lossy(request.body).contains(OTHER_PAGE))
            .times(1),
    );
    let report = apply(&plan, &client);
    let Outcome::Rejected { failure } = outcome(&report, "pages", PAGE) else {
        panic!("{report}");
    };
    assert_eq!(
        (failure.reason(), failure.status()),
        (Reason::Refused, Some(http::StatusCode::FORBIDDEN))
    );
    assert_eq!(
        outcome(&report, "pages", OTHER_PAGE),
        &Outcome::Done { confirmed: true }
    );
    assert_eq!(body(&fake, "page", PAGE)["offerParams"]["idOfferSource"], SOURCE);
}

/// The response to the first save is lost. Then somebody renames the page.
#[test]
fn a_repeated_save_does_not_undo_an_edit() {
    for is_received in [true, false] {
        let (fake, client) = account();
        let plan = swap(&client);
        let edit = |fake: &Fake| {
            for page in [PAGE, OTHER_PAGE] {
                fake.set("page", page, "pageName", "theirs");
            }
        };
        let lossy = client_that_loses_a_save(&fake, is_received, edit)
            .build()
            .unwrap();
        let report = run(plan.apply(&lossy).concurrency(1).send()).unwrap();
        let (first, second) = (
            outcome(&report, "pages", PAGE),
            outcome(&report, "pages", OTHER_PAGE),
        );
        match first {
            Outcome::Done { confirmed: true } => assert!(is_received, "{report}"),
            Outcome::Unknown { failure } => {
                assert!(!is_received, "{report}");
                assert!(failure.message().contains("someone else"), "{failure}");
            }
            _ => panic!("{report}"),
        }
        let Outcome::Rejected { failure } = second else {
            panic!("{report}");
        };
        assert_eq!(failure.reason(), Reason::Stale);
        assert_eq!(body(&fake, "page", PAGE)["pageName"], "theirs");
    }
}

/// The service rejects the token of the first save. During the renewal, somebody renames the page.
#[test]
fn a_save_after_a_renewal_does_not_undo_an_edit() {
    let (fake, client) = account();
    let plan = swap(&client);
    let service = fake.clone();
    let transport = transport::from_fn(move |request: http::Request<Bytes>| {
        let fake = service.clone();
        async move {
            if request.uri().path().contains("/auth/") {
                fake.set("page", PAGE, "pageName", "theirs");
            }
            fake.respond(request).await.map_err(TransportError::from)
        }
    });
    let builder = Client::builder().credentials(funnelflux_suites::credentials(&fake));
    let renewing = builder.transport(transport).build().unwrap();
    fake.inject(Rule::new(Fault::ExpireToken).on("PUT /page/save/"));
    let report = run(plan.apply(&renewing).concurrency(1).send()).unwrap();
    let Outcome::NotSent { failure } = outcome(&report, "pages", PAGE) else {
        panic!("{report}");
    };
    assert!(failure.message().contains("changed in the meantime"), "{failure}");
    // The token is valid again, so the job continues.
    let other = outcome(&report, "pages", OTHER_PAGE);
    assert!(matches!(other, Outcome::Done { .. }), "{report}");
    assert_eq!(body(&fake, "page", PAGE)["pageName"], "theirs");
}

#[test]
fn a_rebase_with_the_same_journal_reconsiders_stale_assets() {
    let (fake, client) = account();
    let plan = swap(&client);
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    fake.set("page", PAGE, "pageName", "Renamed");
    let report = run(plan.apply(&client).journal(&journal).send()).unwrap();
    assert_eq!(report.counts().to_string(), "1 done, 1 rejected");
    let report = run(plan.apply(&client).journal(&journal).send()).unwrap();
    assert_eq!(
        report.counts().rejected,
        1,
        "without a rebase, a rejection is final"
    );
    let report = run(plan.apply(&client).journal(&journal).rebase().send()).unwrap();
    assert_eq!(report.counts().to_string(), "2 done", "{report}");
    let page = body(&fake, "page", PAGE);
    assert_eq!(page["pageName"], "Renamed");
    assert_eq!(page["offerParams"]["idOfferSource"], OTHER_SOURCE);
    assert_eq!(plan.progress(&journal).unwrap().done, 2);
    let undo = run(ChangePlan::undo(&client, &journal)).unwrap();
    assert_eq!(undo.entries().len(), 2, "{undo}");
}

/// The first run rejects the page as stale. The second run rebases the page, and crashes after the save.
#[test]
fn a_rebase_that_crashes_after_its_save_is_recorded() {
    for is_rebased_again in [true, false] {
        let (fake, client) = account();
        let plan = run(ChangePlan::replace(SOURCE, OTHER_SOURCE)
            .groups(["pages"])
            .only([PAGE])
            .plan(&client))
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        fake.set("page", PAGE, "pageName", "Renamed");
        let report = run(plan.apply(&client).journal(&journal).send()).unwrap();
        assert_eq!(report.counts().rejected, 1, "{report}");
        crash_after(http::Method::PUT, &fake, &plan, &journal, true);
        assert_eq!(
            body(&fake, "page", PAGE)["offerParams"]["idOfferSource"],
            OTHER_SOURCE
        );
        let undo = || run(ChangePlan::undo(&client, &journal)).unwrap();
        assert_eq!(undo().entries().len(), 1, "{}", undo());
        let job = plan.apply(&client).journal(&journal);
        let job = if is_rebased_again { job.rebase() } else { job };
        let report = run(job.send()).unwrap();
        assert_eq!(
            outcome(&report, "pages", PAGE),
            &Outcome::Done { confirmed: true }
        );
        assert!(apply(&undo(), &client).is_success());
        let page = body(&fake, "page", PAGE);
        assert_eq!(page["offerParams"]["idOfferSource"], SOURCE);
        assert_eq!(page["pageName"], "Renamed");
    }
}

/// Somebody renames the page after the job has compared it with the plan, but before the read that precedes
/// the save. The journal therefore has the step of a save that was not sent.
#[test]
fn a_rejection_after_its_step_was_recorded_leaves_nothing_to_undo() {
    let (fake, client) = account();
    let plan = run(ChangePlan::replace(SOURCE, OTHER_SOURCE)
        .groups(["pages"])
        .only([PAGE])
        .plan(&client))
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    // The second read precedes the save.
    let reads = Arc::new(AtomicUsize::new(0));
    let (service, token) = (fake.clone(), fake.access_token());
    let transport = transport::from_fn(move |request: http::Request<Bytes>| {
        let (fake, reads) = (service.clone(), Arc::clone(&reads));
        async move {
            let is_read = request.uri().path().contains("/page/find/");
            if is_read && reads.fetch_add(1, Ordering::SeqCst) == 1 {
                fake.set("page", PAGE, "pageName", "Renamed");
            }
            fake.respond(request).await.map_err(TransportError::from)
        }
    });
    let renaming = Client::builder().bearer_token(token).transport(transport);
    let renaming = renaming.build().unwrap();
    let report = run(plan.apply(&renaming).journal(&journal).send()).unwrap();
    assert_eq!(report.counts().rejected, 1, "{report}");
    let text = std::fs::read_to_string(&journal).unwrap();
    assert!(text.contains("\"sending\""), "{text}");
    assert!(run(ChangePlan::undo(&client, &journal)).unwrap().is_empty());
    // Somebody makes a part of the change. The next run makes the other part, and the undo reverts only the
    // other part.
    let theirs = json!({ "idOfferSource": OTHER_SOURCE });
    fake.set("page", PAGE, "offerParams", theirs.clone());
    let report = run(plan.apply(&client).journal(&journal).rebase().send()).unwrap();
    assert_eq!(report.counts().done, 1, "{report}");
    let undo = run(ChangePlan::undo(&client, &journal)).unwrap();
    assert!(apply(&undo, &client).is_success());
    let page = body(&fake, "page", PAGE);
    assert_eq!(page["notYetKnown"]["list"][0], SOURCE);
    assert_eq!(page["offerParams"], theirs);
}

#[test]
fn rejections_without_a_request_count_for_the_limit_of_failures() {
    let (fake, client) = account();
    let plan = swap(&client);
    fake.set("page", PAGE, "pageName", "Renamed");
    let report = run(plan.apply(&client).stop_after(1).send()).unwrap();
    let counts = report.counts();
    assert_eq!((counts.rejected, counts.not_sent), (1, 1), "{report}");
    assert!(fake.log().iter().all(|entry| entry.method == http::Method::GET));
}

#[test]
fn an_asset_that_is_changed_in_part_is_unknown_and_continues_later() {
    let (fake, client) = account();
    fake.set("page", PAGE, "status", "archived");
    let (_folder, snapshot) = super::export(&client);
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    // In the account, the page is active and renamed. In the snapshot, it is archived.
    fake.set("page", PAGE, "status", "active");
    fake.set("page", PAGE, "pageName", "Renamed");
    let plan = run(ChangePlan::restore(&snapshot).plan(&client)).unwrap();
    assert_eq!(plan.entries().len(), 1, "{plan}");
    fake.inject(Rule::new(Fault::status(403)).on("PUT /page/archive/"));
    let job = || plan.apply(&client).acknowledge_inferred().journal(&journal);
    let report = run(job().send()).unwrap();
    let Outcome::Unknown { failure } = outcome(&report, "pages", PAGE) else {
        panic!("{report}");
    };
    assert!(
        failure
            .message()
            .contains("it was saved, so it is changed in part"),
        "{failure}"
    );
    assert_eq!(body(&fake, "page", PAGE)["pageName"], "Lander");
    fake.clear_faults();
    let report = run(job().send()).unwrap();
    assert!(report.is_success(), "{report}");
    assert_eq!(stored(&fake, "page", PAGE).status, Status::Archived);
}

#[test]
fn a_journal_belongs_to_one_plan() {
    let (_, client) = account();
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let plan = swap(&client);
    assert!(
        run(plan.apply(&client).journal(&journal).send())
            .unwrap()
            .is_success()
    );
    let other = run(ChangePlan::replace(OTHER_SOURCE, SOURCE)
        .groups(["pages"])
        .plan(&client))
    .unwrap();
    let error = run(other.apply(&client).journal(&journal).send()).unwrap_err();
    assert!(
        error.to_string().contains("it is the journal of another plan"),
        "{error}"
    );
    assert_eq!(error.path(), Some(journal.as_path()));
    std::fs::write(&journal, "{}\n").unwrap();
    let error = run(plan.apply(&client).journal(&journal).send()).unwrap_err();
    assert!(error.to_string().contains("not the journal of a plan"), "{error}");
}

#[test]
fn progress_and_cancellation() {
    let (fake, client) = account();
    let plan = swap(&client);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let report = {
        let seen = Arc::clone(&seen);
        let job = plan.apply(&client).cancel_when(std::future::ready(()));
        run(job
            .on_progress(move |progress| seen.lock().unwrap().push(progress.finished()))
            .send())
        .unwrap()
    };
    assert_eq!(report.counts().not_sent, 2, "{report}");
    assert_eq!(*seen.lock().unwrap(), [1, 2]);
    assert!(fake.log().iter().all(|entry| entry.method == http::Method::GET));
}

#[test]
fn a_cancelled_or_failing_job_sends_no_further_change() {
    let saves = |fake: &Fake| {
        let log = fake.log();
        let saves = log
            .iter()
            .filter(|entry| entry.operation == Some("PUT /offersource/save/"));
        saves.count()
    };
    for is_cancelled in [true, false] {
        let (fake, client) = account();
        let ids = fake.seed_many(30);
        for id in &ids {
            fake.set("offersource", id, "postbackTxId", "old");
        }
        let plan = run(ChangePlan::replace("old", "new")
            .groups(["offer-sources"])
            .plan(&client))
        .unwrap();
        assert_eq!(plan.entries().len(), 30);
        fake.clear_log();
        let job = plan.apply(&client).concurrency(1);
        let job = if is_cancelled {
            let fake = fake.clone();
            job.cancel_when(std::future::poll_fn(move |_| match saves(&fake) {
                5.. => Poll::Ready(()),
                _ => Poll::Pending,
            }))
        } else {
            fake.inject(
                Rule::new(Fault::status(422))
                    .on("PUT /offersource/save/")
                    .after(4)
                    .always(),
            );
            job.stop_after(1)
        };
        let report = run(job.send()).unwrap();
        assert_eq!(saves(&fake), 5, "{report}");
        let counts = report.counts();
        assert_eq!(counts.not_sent, 25, "{report}");
        assert_eq!(
            (counts.done, counts.rejected),
            if is_cancelled { (5, 0) } else { (4, 1) }
        );
    }
}

#[test]
fn a_rebase_deletes_nothing_that_somebody_has_changed() {
    let (fake, client) = account();
    let (_folder, snapshot) = super::export(&client);
    let (edited, other) = ("2n5JuOKWLTzx", "2n5JuOKWLTzy");
    for id in [edited, other] {
        assert!(fake.seed(
            "offersource",
            json!({ "idOfferSource": id, "offerSourceName": "New" })
        ));
    }
    let plan = ChangePlan::restore(&snapshot).others(funnelflux::ext::plan::AssetsNotInSnapshot::Delete);
    let plan = run(plan.plan(&client)).unwrap();
    assert_eq!(plan.entries().len(), 2, "{plan}");
    fake.set("offersource", edited, "offerSourceName", "In use");
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    for _ in 0..2 {
        let report = run(plan.apply(&client).journal(&journal).rebase().send()).unwrap();
        let Outcome::Rejected { failure } = outcome(&report, "offer-sources", edited) else {
            panic!("{report}");
        };
        assert_eq!(failure.reason(), Reason::Stale);
        assert!(
            failure.message().ends_with("fix: make the plan again"),
            "{failure}"
        );
        assert!(outcome(&report, "offer-sources", other).is_success(), "{report}");
        assert_eq!(stored(&fake, "offersource", edited).status, Status::Active);
        assert_eq!(stored(&fake, "offersource", other).status, Status::Deleted);
    }
}

#[test]
fn deletions_come_after_everything_that_names_the_asset() {
    let (fake, client) = account();
    let (_folder, snapshot) = super::export(&client);
    let new = |segment: &str, body| assert!(fake.seed(segment, body));
    new(
        "offersource",
        json!({ "idOfferSource": "2n5JuOKWLTzx", "offerSourceName": "New" }),
    );
    new(
        "page",
        json!({
            "idPage": "2n5JuOKWLTzy", "pageName": "New",
            "offerParams": { "idOfferSource": "2n5JuOKWLTzx" },
        }),
    );
    let plan = ChangePlan::restore(&snapshot).others(funnelflux::ext::plan::AssetsNotInSnapshot::Delete);
    let plan = run(plan.plan(&client)).unwrap();
    assert_eq!(plan.entries().len(), 2, "{plan}");
    assert_eq!(plan.cannot_undo().len(), 2);
    fake.clear_log();
    assert!(apply(&plan, &client).is_success());
    let deletions: Vec<&str> = fake
        .log()
        .iter()
        .filter_map(|entry| entry.operation)
        .filter(|operation| operation.starts_with("DELETE"))
        .collect();
    assert_eq!(deletions, ["DELETE /page/delete/", "DELETE /offersource/delete/"]);
    assert_eq!(stored(&fake, "category", CATEGORY).status, Status::Active);
    assert_eq!(plan.entries()[0].key(), &key("offer-sources", "2n5JuOKWLTzx"));
}
