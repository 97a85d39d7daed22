//! Tests the undo of plans and bulk jobs.

use super::{CATEGORY, OTHER_PAGE, OTHER_SOURCE, PAGE, SOURCE, account, apply, body, key, notes, stored};
use bytes::Bytes;
use funnelflux::Client;
use funnelflux::ext::plan::{ChangePlan, PlanNote, PlanNoteKind, PlanStep};
use funnelflux::ext::{
    AssetGroup, BulkArchive as _, BulkDelete as _, Cascade, DuplicateMany as _, MoveToCategory as _,
};
use funnelflux::transport::{self, TransportError, from_fn};
use funnelflux::types::DuplicateRequest;
use funnelflux_fake::{Fake, Fault, Rule, Status};
use funnelflux_suites::run;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn a_plan_is_undone_and_the_undo_is_undone() {
    let (fake, client) = account();
    let folder = tempfile::tempdir().unwrap();
    let (journal, second) = (
        folder.path().join("plan.journal"),
        folder.path().join("undo.journal"),
    );
    let plan = run(ChangePlan::replace(SOURCE, OTHER_SOURCE).plan(&client)).unwrap();
    let before = body(&fake, "page", PAGE);
    assert!(
        run(plan.apply(&client).journal(&journal).send())
            .unwrap()
            .is_success()
    );
    let changed = body(&fake, "page", PAGE);
    let undo = run(ChangePlan::undo(&client, &journal)).unwrap();
    assert!(undo.made_by().starts_with("undo: replace"), "{undo}");
    assert!(
        run(undo.apply(&client).journal(&second).send())
            .unwrap()
            .is_success()
    );
    assert_eq!(body(&fake, "page", PAGE)["offerParams"], before["offerParams"]);
    assert_eq!(body(&fake, "page", PAGE)["notYetKnown"], before["notYetKnown"]);
    // Nothing is left to undo.
    assert!(run(ChangePlan::undo(&client, &journal)).unwrap().is_empty());
    let redo = run(ChangePlan::undo(&client, &second)).unwrap();
    assert!(apply(&redo, &client).is_success());
    assert_eq!(body(&fake, "page", PAGE)["offerParams"], changed["offerParams"]);
}

/// Without the lost lines, an undo would silently leave out assets.
#[test]
fn a_job_whose_journal_was_truncated_is_neither_undone_nor_resumed() {
    let (fake, client) = account();
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let plan = run(ChangePlan::replace(SOURCE, OTHER_SOURCE).plan(&client)).unwrap();
    let (service, file) = (fake.clone(), journal.clone());
    let transport = from_fn(move |request: http::Request<Bytes>| {
        let service = service.clone();
        if request.method() == http::Method::PUT {
            // The first line describes the plan.
            let text = std::fs::read_to_string(&file).unwrap();
            let length = text.lines().next().unwrap().len() + 1;
            let file = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
            file.set_len(u64::try_from(length).unwrap()).unwrap();
        }
        async move { service.respond(request).await.map_err(TransportError::from) }
    });
    let builder = Client::builder().bearer_token(fake.access_token());
    let truncating = builder.transport(transport).build().unwrap();
    let report = run(plan.apply(&truncating).journal(&journal).send()).unwrap();
    assert!(report.is_success(), "{report}");
    let undo = run(ChangePlan::undo(&client, &journal)).unwrap_err();
    let resumed = run(plan.apply(&client).journal(&journal).send()).unwrap_err();
    for error in [undo, resumed] {
        let expected = "the file was truncated while it was in use, so lines are missing; fix: move the file";
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_running_job_is_not_undone() {
    let (fake, client) = account();
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let plan = run(ChangePlan::replace(SOURCE, OTHER_SOURCE).plan(&client)).unwrap();
    let report = run(plan.apply(&client).journal(&journal).send()).unwrap();
    assert!(report.is_success(), "{report}");
    let before = fake.state();
    // A job in progress holds this lock.
    let file = std::fs::File::open(&journal).unwrap();
    file.lock().unwrap();
    let error = run(ChangePlan::undo(&client, &journal)).unwrap_err();
    assert!(error.to_string().contains("another process uses it"), "{error}");
    drop(file);
    assert!(!run(ChangePlan::undo(&client, &journal)).unwrap().is_empty());
    assert_eq!(fake.state(), before);
}

#[test]
fn changes_of_others_since_the_job_stay() {
    let (fake, client) = account();
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let plan = run(ChangePlan::replace(SOURCE, OTHER_SOURCE).plan(&client)).unwrap();
    assert!(
        run(plan.apply(&client).journal(&journal).send())
            .unwrap()
            .is_success()
    );
    fake.set("page", PAGE, "pageName", "Renamed since");
    fake.set(
        "page",
        OTHER_PAGE,
        "offerParams",
        json!({ "idOfferSource": "third" }),
    );
    let undo = run(ChangePlan::undo(&client, &journal)).unwrap();
    assert!(
        notes(&undo).contains("has changed since the job, to \"third\""),
        "{undo}"
    );
    let kinds: Vec<PlanNoteKind> = undo.notes().iter().map(PlanNote::kind).collect();
    assert_eq!(kinds, [PlanNoteKind::Changed]);
    assert_eq!(undo.notes()[0].asset(), Some(&key("pages", OTHER_PAGE)));
    assert!(apply(&undo, &client).is_success());
    assert_eq!(body(&fake, "page", PAGE)["pageName"], "Renamed since");
    assert_eq!(body(&fake, "page", PAGE)["offerParams"]["idOfferSource"], SOURCE);
    assert_eq!(
        body(&fake, "page", OTHER_PAGE)["offerParams"]["idOfferSource"],
        "third"
    );
    assert_eq!(body(&fake, "page", OTHER_PAGE)["notYetKnown"]["list"][0], SOURCE);
}

/// The plan swaps two values of a page. Somebody has already swapped the first one.
#[test]
fn an_undo_keeps_the_part_that_someone_else_made_directly_before_the_save() {
    for is_rebase in [true, false] {
        let (fake, client) = account();
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        let plan = ChangePlan::replace(SOURCE, OTHER_SOURCE)
            .groups(["pages"])
            .only([PAGE]);
        let plan = run(plan.plan(&client)).unwrap();
        let theirs = json!({ "idOfferSource": OTHER_SOURCE });
        // The job has recorded the state of its first read when it reads the page again to save it.
        let reads = AtomicUsize::new(0);
        let value = theirs.clone();
        let meddling = meddling_client(&fake, move |request, fake| {
            let is_read = request.uri().path().contains("/page/find/");
            if is_read && reads.fetch_add(1, Ordering::SeqCst) == 1 {
                fake.set("page", PAGE, "offerParams", value.clone());
            }
        });
        let job = plan.apply(&meddling).journal(&journal);
        let job = if is_rebase { job.rebase() } else { job };
        let report = run(job.send()).unwrap();
        let list = |fake: &Fake| body(fake, "page", PAGE)["notYetKnown"]["list"][0].clone();
        let counts = report.counts();
        if is_rebase {
            assert_eq!((counts.done, list(&fake)), (1, json!(OTHER_SOURCE)), "{report}");
        } else {
            assert_eq!((counts.rejected, list(&fake)), (1, json!(SOURCE)), "{report}");
        }
        let undo = run(ChangePlan::undo(&client, &journal)).unwrap();
        assert!(undo.notes().is_empty(), "{undo}");
        assert!(apply(&undo, &client).is_success());
        assert_eq!(list(&fake), SOURCE);
        assert_eq!(body(&fake, "page", PAGE)["offerParams"], theirs, "{is_rebase}");
    }
}

/// The job renames and archives a page, but somebody else archives it after it is renamed.
#[test]
fn an_undo_keeps_a_step_that_someone_else_made() {
    let (fake, client) = account();
    fake.set("page", PAGE, "status", "archived");
    let (_folder, snapshot) = super::export(&client);
    fake.set("page", PAGE, "status", "active");
    fake.set("page", PAGE, "pageName", "Renamed");
    let plan = run(ChangePlan::restore(&snapshot).plan(&client)).unwrap();
    assert_eq!(plan.entries()[0].steps(), [PlanStep::Save, PlanStep::Archive]);
    let meddling = meddling_client(&fake, |request, fake| {
        let is_saved = body(fake, "page", PAGE)["pageName"] == "Lander";
        if is_saved && request.uri().path().contains("/page/find/") {
            fake.set("page", PAGE, "status", "archived");
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let job = plan.apply(&meddling).acknowledge_inferred().journal(&journal);
    let report = run(job.send()).unwrap();
    assert_eq!(report.counts().done, 1, "{report}");
    let undo = run(ChangePlan::undo(&client, &journal)).unwrap();
    assert!(apply(&undo, &client).is_success());
    let page = stored(&fake, "page", PAGE);
    assert_eq!(
        (page.body["pageName"].as_str(), page.status),
        (Some("Renamed"), Status::Archived)
    );
}

/// Returns a client that calls `meddle` before the fake handles a request.
fn meddling_client(
    fake: &Fake,
    meddle: impl Fn(&http::Request<Bytes>, &Fake) + Send + Sync + 'static,
) -> Client {
    let (service, token, meddle) = (fake.clone(), fake.access_token(), Arc::new(meddle));
    let transport = transport::from_fn(move |request: http::Request<Bytes>| {
        let (fake, meddle) = (service.clone(), Arc::clone(&meddle));
        async move {
            meddle(&request, &fake);
            fake.respond(request).await.map_err(TransportError::from)
        }
    });
    let client = Client::builder().bearer_token(token).transport(transport);
    client.build().unwrap()
}

#[test]
fn the_undo_of_a_rebase_keeps_the_values_that_someone_else_set() {
    let (fake, client) = account();
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let plan = ChangePlan::replace(SOURCE, OTHER_SOURCE)
        .groups(["pages"])
        .only([PAGE]);
    let plan = run(plan.plan(&client)).unwrap();
    fake.set(
        "page",
        PAGE,
        "offerParams",
        json!({ "idOfferSource": OTHER_SOURCE }),
    );
    let report = run(plan.apply(&client).rebase().journal(&journal).send()).unwrap();
    assert!(report.is_success(), "{report}");
    assert_eq!(body(&fake, "page", PAGE)["notYetKnown"]["list"][0], OTHER_SOURCE);
    let undo = run(ChangePlan::undo(&client, &journal)).unwrap();
    assert!(undo.notes().is_empty(), "{undo}");
    assert!(apply(&undo, &client).is_success());
    let page = body(&fake, "page", PAGE);
    assert_eq!(page["notYetKnown"]["list"][0], SOURCE);
    assert_eq!(page["offerParams"]["idOfferSource"], OTHER_SOURCE);
}

#[test]
fn a_cascade_is_undone_with_its_children() {
    let (fake, client) = account();
    fake.set("page", OTHER_PAGE, "status", "archived");
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("archive.journal");
    let job = client
        .offer_sources()
        .bulk_archive([SOURCE])
        .children(Cascade::cascade());
    assert!(run(job.undoable_journal(&journal).send()).unwrap().is_success());
    assert_eq!(stored(&fake, "page", PAGE).status, Status::Archived);
    let undo = run(ChangePlan::undo(&client, &journal)).unwrap();
    assert_eq!(
        undo.entries().len(),
        2,
        "the page that was archived before stays: {undo}"
    );
    assert!(apply(&undo, &client).is_success());
    assert_eq!(stored(&fake, "offersource", SOURCE).status, Status::Active);
    assert_eq!(stored(&fake, "page", PAGE).status, Status::Active);
    assert_eq!(stored(&fake, "page", OTHER_PAGE).status, Status::Archived);
}

#[test]
fn children_that_were_moved_return_and_a_deleted_parent_does_not() {
    let (fake, client) = account();
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let job = client
        .offer_sources()
        .bulk_archive([SOURCE])
        .children(Cascade::move_to(OTHER_SOURCE));
    assert!(run(job.undoable_journal(&journal).send()).unwrap().is_success());
    assert_eq!(
        body(&fake, "page", PAGE)["offerParams"]["idOfferSource"],
        OTHER_SOURCE
    );
    let undo = run(ChangePlan::undo(&client, &journal)).unwrap();
    assert!(apply(&undo, &client).is_success());
    assert_eq!(body(&fake, "page", PAGE)["offerParams"]["idOfferSource"], SOURCE);

    let journal = folder.path().join("deletion");
    let job = client
        .offer_sources()
        .bulk_delete([SOURCE])
        .children(Cascade::orphan());
    assert!(run(job.undoable_journal(&journal).send()).unwrap().is_success());
    let undo = run(ChangePlan::undo(&client, &journal)).unwrap();
    let notes = notes(&undo);
    assert!(
        notes.contains(&format!("offer-sources/{SOURCE} was deleted")),
        "{notes}"
    );
    assert!(
        notes.contains(&format!(
            "/offerParams/idOfferSource was {SOURCE}, which was deleted"
        )),
        "{notes}"
    );
    assert!(undo.is_empty(), "{undo}");
}

#[test]
fn moves_and_copies_are_undone() {
    let (fake, client) = account();
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("move");
    let job = client
        .offer_sources()
        .move_to_category([SOURCE, OTHER_SOURCE], "");
    assert!(run(job.undoable_journal(&journal).send()).unwrap().is_success());
    assert_eq!(stored(&fake, "offersource", SOURCE).category, "");
    let undo = run(ChangePlan::undo(&client, &journal)).unwrap();
    assert!(apply(&undo, &client).is_success());
    assert_eq!(stored(&fake, "offersource", OTHER_SOURCE).category, CATEGORY);

    let journal = folder.path().join("copies");
    let job = client
        .offer_sources()
        .duplicate_many([SOURCE], |_| DuplicateRequest::new("Copy"));
    let report = run(job.journal(&journal).send()).unwrap();
    let copy = report.entries()[0].copy().cloned().unwrap();
    let undo = run(ChangePlan::undo(&client, &journal)).unwrap();
    assert_eq!(undo.cannot_undo().len(), 1, "{undo}");
    assert!(apply(&undo, &client).is_success());
    assert_eq!(
        stored(&fake, "offersource", copy.as_str()).status,
        Status::Deleted
    );
    assert_eq!(stored(&fake, "offersource", SOURCE).status, Status::Active);
}

#[test]
fn a_job_whose_states_cannot_be_recorded_sends_nothing() {
    let (fake, client) = account();
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let job = || {
        let job = client
            .offer_sources()
            .bulk_archive([SOURCE])
            .children(Cascade::cascade());
        job.undoable_journal(&journal)
    };
    // The children cannot be listed, or one of them cannot be read.
    for fault in [
        Rule::new(Fault::status(500)).on("GET /page/list/"),
        Rule::new(Fault::status(401)).on("GET /page/find/byIds/"),
    ] {
        fake.inject(fault.times(100));
        let report = run(job().send()).unwrap();
        assert_eq!(report.counts().not_sent, 1, "{report}");
        let renews = |path: &str| path.ends_with("/auth/validate");
        let log = fake.log();
        let mut sent = log.iter().filter(|entry| !renews(&entry.path));
        assert!(sent.all(|entry| entry.method == http::Method::GET));
        assert_eq!(stored(&fake, "offersource", SOURCE).status, Status::Active);
        fake.clear_faults();
    }
    // The same call starts the job as soon as the states can be read.
    assert!(run(job().send()).unwrap().is_success());
    assert_eq!(
        run(ChangePlan::undo(&client, &journal)).unwrap().entries().len(),
        3
    );
}

#[test]
fn a_journal_without_a_record_and_a_foreign_one_are_refused() {
    let (fake, client) = account();
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let job = client.offer_sources().bulk_archive([SOURCE]).journal(&journal);
    assert!(run(job.send()).unwrap().is_success());
    let error = run(ChangePlan::undo(&client, &journal)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("kept no record of the state before it"),
        "{error}"
    );
    // A job that ended before its first change needs no record.
    let text = std::fs::read_to_string(&journal).unwrap();
    let begun: Vec<&str> = text
        .lines()
        .take_while(|line| !line.contains("\"sending\""))
        .collect();
    std::fs::write(&journal, begun.join("\n") + "\n").unwrap();
    let nothing = run(ChangePlan::undo(&client, &journal)).unwrap();
    assert!(nothing.entries().is_empty(), "{nothing}");
    let missing = run(ChangePlan::undo(&client, folder.path().join("none"))).unwrap_err();
    assert!(missing.path().is_some(), "{missing}");
    let other = folder.path().join("other");
    let job = AssetGroup::named("pages")
        .unwrap()
        .archive(&client, vec![PAGE.to_owned()], Cascade::leave());
    let job = job.unwrap();
    assert_eq!(job.cannot_undo(), None);
    let deletion =
        AssetGroup::named("pages")
            .unwrap()
            .delete(&client, vec![PAGE.to_owned()], Cascade::leave());
    assert!(
        deletion
            .unwrap()
            .cannot_undo()
            .unwrap()
            .contains("no operation that restores deleted assets")
    );
    let job = job.acknowledge_inferred().undoable_journal(&other);
    assert!(run(job.send()).unwrap().is_success());
    let elsewhere = funnelflux_suites::client(&fake)
        .base_url("https://eu.example/v1")
        .build()
        .unwrap();
    let error = run(ChangePlan::undo(&elsewhere, &other)).unwrap_err();
    assert!(error.to_string().contains("base URL"), "{error}");
}
