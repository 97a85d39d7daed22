//! Tests of copies of a snapshot, into the same account or another one.

use super::{CATEGORY, PAGE, SOURCE, account, account_with, apply, body, crash_after, export, key, outcome};
use funnelflux::ext::plan::{ChangePlan, PlanStep};
use funnelflux::ext::{Outcome, Reason};
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
fn a_copy_that_was_deleted_or_archived_is_not_already_so() {
    let (fake, client) = account();
    let (folder, snapshot) = export(&client);
    let plan = ChangePlan::copy(&snapshot).only([key("offer-sources", SOURCE), key("pages", PAGE)]);
    let plan = run(plan.plan(&client)).unwrap();
    let [source, page] = [0, 1].map(|index| plan.entries()[index].key().id.clone());
    let journal = folder.path().join("journal");
    let job = plan.apply(&client).acknowledge_inferred().journal(&journal);
    assert!(run(job.send()).unwrap().is_success());
    fake.set("page", &page, "status", "archived");
    let report = apply(&plan, &client);
    let Outcome::Rejected { failure } = outcome(&report, "pages", &page) else {
        panic!("{report}");
    };
    assert!(failure.message().contains("differs at /status"), "{failure}");
    assert!(
        outcome(&report, "offer-sources", &source).is_success(),
        "{report}"
    );

    let undo = run(ChangePlan::undo(&client, &journal)).unwrap();
    assert!(apply(&undo, &client).is_success());
    let before = fake.state();
    let report = apply(&plan, &client);
    let Outcome::Rejected { failure } = outcome(&report, "offer-sources", &source) else {
        panic!("{report}");
    };
    assert_eq!(failure.reason(), Reason::Deleted);
    assert!(
        failure
            .message()
            .contains("its ID cannot be used again; fix: make the plan again"),
        "{failure}"
    );
    assert_eq!(report.counts().rejected, 2, "{report}");
    assert_eq!(fake.state(), before);
}

/// The job crashes after it has created the offer source, or the offer source and the page. Then somebody
/// deletes the offer source.
#[test]
fn a_resumed_copy_does_not_name_a_deleted_asset() {
    for is_page_created in [false, true] {
        let (fake, client) = account();
        let (folder, snapshot) = export(&client);
        let plan = ChangePlan::copy(&snapshot).only([key("offer-sources", SOURCE), key("pages", PAGE)]);
        let plan = run(plan.plan(&client)).unwrap();
        let [source, page] = [0, 1].map(|index| plan.entries()[index].key().id.clone());
        let journal = folder.path().join("journal");
        crash_after(http::Method::POST, &fake, &plan, &journal, false);
        if is_page_created {
            crash_after(http::Method::POST, &fake, &plan, &journal, false);
            // The crash comes before the outcome of the source is on the disk.
            let text = std::fs::read_to_string(&journal).unwrap();
            let lines = text
                .split_inclusive('\n')
                .filter(|line| !line.contains("\"settled\""));
            std::fs::write(&journal, lines.collect::<String>()).unwrap();
        }
        fake.set("offersource", &source, "status", "deleted");
        let job = || plan.apply(&client).acknowledge_inferred().journal(&journal);
        let report = run(job().send()).unwrap();
        let Outcome::Rejected { failure } = outcome(&report, "offer-sources", &source) else {
            panic!("{report}");
        };
        assert_eq!(failure.reason(), Reason::Deleted);
        let failure = match outcome(&report, "pages", &page) {
            Outcome::Rejected { failure } if !is_page_created => failure,
            Outcome::Unknown { failure } if is_page_created => failure,
            _ => panic!("{report}"),
        };
        let message = format!("offer-sources/{source}, which it names, is deleted");
        assert!(failure.message().contains(&message), "{failure}");
        assert_eq!(fake.state().asset("page", &page).is_some(), is_page_created);
        let undo = run(ChangePlan::undo(&client, &journal)).unwrap();
        assert_eq!(undo.entries().len(), usize::from(is_page_created), "{undo}");
    }
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
