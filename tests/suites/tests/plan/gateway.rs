//! Tests of plans behind a gateway that answers reads with the empty response to another request.

use super::{OTHER_PAGE, OTHER_SOURCE, PAGE, SOURCE, account, apply, body, export, outcome, stored};
use funnelflux::ext::plan::ChangePlan;
use funnelflux::ext::snapshot::{AssetKey, Snapshot};
use funnelflux::ext::{BulkArchive as _, Cascade, Outcome};
use funnelflux_fake::{Fake, Fault, RetryAfter, Rule, Status};
use funnelflux_suites::run;
use serde_json::json;

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
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        fake.inject(empty().on(read).times(1));
        let job = client
            .offer_sources()
            .bulk_archive([SOURCE])
            .children(Cascade::cascade());
        assert!(
            run(job.undoable_journal(&journal).send()).unwrap().is_success(),
            "{read}"
        );
        assert_eq!(stored(&fake, "page", PAGE).status, Status::Archived);
        fake.inject(empty().on(FIND_PAGES).times(1));
        let undo = run(ChangePlan::undo(&client, &journal)).unwrap();
        assert!(apply(&undo, &client).is_success());
        for (segment, id) in [("offersource", SOURCE), ("page", PAGE), ("page", OTHER_PAGE)] {
            assert_eq!(stored(&fake, segment, id).status, Status::Active, "{read}: {id}");
        }
    }
}

/// Copies offer sources into an account that has `existing` other ones. A creation needs three requests,
/// because it reads the asset before and afterwards. Returns the number of all further requests.
fn further_requests(copied: usize, existing: usize) -> usize {
    let (from, to) = (Fake::default(), Fake::default());
    from.seed_many(copied);
    to.seed_many(existing);
    let (_folder, snapshot) = export(&funnelflux_suites::client(&from).build().unwrap());
    let client = funnelflux_suites::client(&to).build().unwrap();
    let plan = run(ChangePlan::copy(&snapshot).plan(&client)).unwrap();
    assert_eq!(apply(&plan, &client).counts().done, copied);
    usize::try_from(to.request_count()).unwrap() - 3 * copied
}

#[test]
fn creations_in_an_empty_group_need_few_requests() {
    let more = further_requests(60, 0);
    assert!(more < 40, "{more} further requests");
}

#[test]
fn creations_beside_few_assets_need_few_requests() {
    for existing in 1..6 {
        let more = further_requests(40, existing);
        assert!(more < 40, "{existing} existing: {more} further requests");
    }
}

#[test]
fn a_swapped_refusal_does_not_reject_a_change() {
    // The service applies the request, but the client receives the refusal of another request.
    let (fake, client) = account();
    let plan = run(ChangePlan::replace(SOURCE, OTHER_SOURCE).plan(&client)).unwrap();
    fake.inject(
        Rule::new(Fault::Status {
            status: 400,
            retry_after: RetryAfter::Absent,
            applied: true,
        })
        .on("PUT /page/save/")
        .times(1),
    );
    let report = apply(&plan, &client);
    assert!(report.is_success(), "{report}");
}

#[test]
fn an_asset_that_is_read_alone_is_not_another_asset() {
    const FIND_TAG: &str = "GET /visitortag/find/byId/";
    let (fake, client) = account();
    let [first, second] =
        [SOURCE, OTHER_SOURCE].map(|id| json!({ "idVisitorTag": id, "visitorTagName": id }));
    for tag in [&first, &second] {
        fake.seed("visitortag", tag.clone());
    }
    let export = || {
        let folder = tempfile::tempdir().unwrap();
        run(Snapshot::export(&client)
            .groups(["visitor-tags"])
            .to_folder(folder.path()))
        .map(|snapshot| {
            let keys: Vec<_> = snapshot.keys().collect();
            let name = |key: &AssetKey| snapshot.asset(key).unwrap().unwrap().value["visitorTagName"].clone();
            keys.into_iter().map(name).collect::<Vec<_>>()
        })
    };
    let right = export().unwrap();
    for wrong in [&first, &second] {
        let answer = Fault::Repeated {
            body: wrong.to_string(),
        };
        fake.inject(Rule::new(answer).on(FIND_TAG).times(2));
        let error = export().unwrap_err();
        assert!(
            error.to_string().contains("may belong to another request"),
            "{error}"
        );
    }
    fake.clear_faults();
    assert_eq!(export().unwrap(), right);
}
