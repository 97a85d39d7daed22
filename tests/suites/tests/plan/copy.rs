//! Tests of copies of a snapshot, into the same account or another one.

use super::{CATEGORY, PAGE, SOURCE, account, account_with, apply, body, export, key};
use funnelflux::ext::plan::{ChangePlan, PlanStep};
use funnelflux_fake::Settings;
use funnelflux_suites::run;
use serde_json::json;

#[test]
fn a_copy_has_new_ids_and_its_references_lead_inside_the_copy() {
    let (fake, client) = account();
    let original = fake.state();
    let (_folder, snapshot) = export(&client);
    // The copy goes into the same account.
    let plan = run(ChangePlan::copy(&snapshot).plan(&client)).unwrap();
    assert_eq!(plan.counts(), [(PlanStep::Create, 5)].into());
    let requests = fake.request_count();
    let new = |name: &str| {
        let mut entries = plan.entries().iter();
        entries
            .find(|entry| entry.name() == Some(name))
            .unwrap()
            .key()
            .id
            .clone()
    };
    assert_eq!(
        fake.request_count(),
        requests,
        "a copy is planned without a request"
    );
    let report = apply(&plan, &client);
    assert!(report.is_success(), "{report}");
    let page = body(&fake, "page", &new("Lander"));
    assert_eq!(page["offerParams"]["idOfferSource"], json!(new("First")));
    assert_eq!(page["notYetKnown"]["list"], json!([new("First"), "x"]));
    assert_eq!(
        body(&fake, "offersource", &new("First"))["idCategory"],
        json!(new("Shelf"))
    );
    for (segment, id) in [("page", PAGE), ("offersource", SOURCE), ("category", CATEGORY)] {
        assert_eq!(fake.state().asset(segment, id), original.asset(segment, id));
    }
    // The plan contains the new IDs, so applying it again creates nothing.
    assert_eq!(apply(&plan, &client).counts().already, 5);
    assert_eq!(fake.state().all().count(), 10);
}

#[test]
fn groups_and_assets_limit_a_copy() {
    let (_, client) = account();
    let (_folder, snapshot) = export(&client);
    let (other, stranger) = account_with(Settings::default());
    let plan = ChangePlan::copy(&snapshot)
        .groups(["pages"])
        .only([key("pages", PAGE)]);
    let plan = run(plan.plan(&stranger)).unwrap();
    assert_eq!(plan.entries().len(), 1);
    assert!(apply(&plan, &stranger).is_success());
    // A reference to an asset that is not copied keeps its ID.
    let page = body(&other, "page", &plan.entries()[0].key().id);
    assert_eq!(page["offerParams"]["idOfferSource"], json!(SOURCE));
}

#[test]
fn archived_assets_are_archived_after_their_creation_and_deleted_ones_left_out() {
    let (fake, client) = account();
    fake.set("offersource", SOURCE, "status", "archived");
    fake.set("page", PAGE, "status", "deleted");
    let (_folder, snapshot) = export(&client);
    let (other, stranger) = account_with(Settings::default());
    let plan = run(ChangePlan::copy(&snapshot)
        .groups(["offer-sources", "pages"])
        .plan(&stranger))
    .unwrap();
    assert_eq!(
        plan.counts(),
        [(PlanStep::Create, 3), (PlanStep::Archive, 1)].into()
    );
    assert!(apply(&plan, &stranger).is_success());
    let archived = other
        .state()
        .offer_sources_with(&funnelflux_fake::Status::Archived)
        .len();
    assert_eq!(archived, 1);
}
