//! Tests of plans behind a gateway that answers reads with the empty response to another request.

use super::{CATEGORY, OTHER_SOURCE, PAGE, SOURCE, account, apply, body, export, key, outcome, stored};
use funnelflux::ext::plan::ChangePlan;
use funnelflux::ext::snapshot::Snapshot;
use funnelflux::ext::{BulkDelete as _, Cascade, MoveToCategory as _, Outcome};
use funnelflux_fake::{Fake, Fault, Rule, Status};
use funnelflux_suites::run;

const LIST_SOURCES: &str = "GET /offersource/list/";
const FIND_SOURCES: &str = "GET /offersource/find/byIds/";
const LIST_PAGES: &str = "GET /page/list/";
const FIND_PAGES: &str = "GET /page/find/byIds/";

/// An empty response to another request.
fn empty() -> Rule {
    Rule::new(Fault::Repeated {
        body: "[]".to_owned(),
    })
}

#[test]
fn a_plan_does_not_lack_assets() {
    for reads in [&[LIST_PAGES][..], &[FIND_PAGES], &[LIST_PAGES, FIND_PAGES]] {
        let (fake, client) = account();
        for read in reads {
            fake.inject(empty().on(*read).times(1));
        }
        let plan = run(ChangePlan::replace(SOURCE, OTHER_SOURCE).plan(&client)).unwrap();
        assert_eq!(plan.entries().len(), 2, "{reads:?}: {plan}");
    }
}

#[test]
fn a_snapshot_does_not_lack_assets() {
    for read in [LIST_SOURCES, FIND_SOURCES] {
        let (fake, client) = account();
        let (_folder, right) = export(&client);
        fake.inject(empty().on(read).times(1));
        let folder = tempfile::tempdir().unwrap();
        let snapshot = run(Snapshot::export(&client).to_folder(folder.path())).unwrap();
        assert!(snapshot.keys().eq(right.keys()), "{read}");
    }
}

#[test]
fn a_change_is_not_rejected() {
    for after in 0..6 {
        let (fake, client) = account();
        let plan = run(ChangePlan::replace(SOURCE, OTHER_SOURCE).plan(&client)).unwrap();
        fake.inject(empty().on(FIND_PAGES).after(after).times(1));
        let report = apply(&plan, &client);
        let outcome = outcome(&report, "pages", PAGE);
        assert!(matches!(outcome, Outcome::Done { .. }), "after {after}: {report}");
        assert_eq!(
            body(&fake, "page", PAGE)["offerParams"]["idOfferSource"],
            OTHER_SOURCE
        );
    }
}

#[test]
fn an_asset_is_not_created_twice() {
    let (fake, client) = account();
    let (_folder, snapshot) = export(&client);
    let plan = run(ChangePlan::copy(&snapshot).plan(&client)).unwrap();
    assert!(apply(&plan, &client).is_success());
    let before = fake.state();
    for read in [FIND_SOURCES, FIND_PAGES] {
        fake.inject(empty().on(read).times(1));
    }
    assert_eq!(apply(&plan, &client).counts().already, 5);
    assert_eq!(fake.state(), before);
}

#[test]
fn an_undo_restores_every_asset() {
    for read in [FIND_SOURCES, LIST_PAGES, FIND_PAGES] {
        let (fake, client) = account();
        let before = fake.state();
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        fake.inject(empty().on(read).times(1));
        let job = client
            .offer_sources()
            .bulk_delete([SOURCE])
            .children(Cascade::move_to(OTHER_SOURCE));
        assert!(
            run(job.undoable_journal(&journal).send()).unwrap().is_success(),
            "{read}"
        );
        fake.inject(empty().on(FIND_PAGES).times(1));
        let undo = run(ChangePlan::undo(&client, &journal)).unwrap();
        // The deleted source cannot be restored, so its pages keep the other source, and notes name them.
        let notes = undo.notes().join("\n");
        for gone in [
            key("offer-sources", SOURCE).to_string(),
            key("pages", PAGE).to_string(),
        ] {
            assert!(notes.contains(&gone), "{read}: {notes}");
        }
        assert_eq!(stored(&fake, "offersource", SOURCE).status, Status::Deleted);
        assert_ne!(fake.state(), before);
    }
    let (fake, client) = account();
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let job = client
        .offer_sources()
        .move_to_category([SOURCE, OTHER_SOURCE], "");
    fake.inject(empty().on(FIND_SOURCES).times(1));
    assert!(run(job.undoable_journal(&journal).send()).unwrap().is_success());
    let undo = run(ChangePlan::undo(&client, &journal)).unwrap();
    assert!(apply(&undo, &client).is_success());
    for id in [SOURCE, OTHER_SOURCE] {
        assert_eq!(body(&fake, "offersource", id)["idCategory"], CATEGORY);
    }
}

#[test]
fn creations_in_an_empty_group_need_few_requests() {
    let (from, to) = (Fake::default(), Fake::default());
    from.seed_many(60);
    let (_folder, snapshot) = export(&funnelflux_suites::client(&from).build().unwrap());
    let client = funnelflux_suites::client(&to).build().unwrap();
    let plan = run(ChangePlan::copy(&snapshot).plan(&client)).unwrap();
    assert_eq!(apply(&plan, &client).counts().done, 60);
    // A creation needs three requests: it reads the asset before and afterwards.
    let more = to.request_count() - 3 * 60;
    assert!(more < 40, "{more} further requests");
}
