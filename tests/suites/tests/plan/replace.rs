//! Tests plans that replace an ID by another one, or that set a value.

use super::{OTHER_PAGE, OTHER_SOURCE, PAGE, SOURCE, account, account_with, apply, body, key, notes};
use funnelflux::ext::plan::{ChangePlan, PlanStep};
use funnelflux_fake::{SaveMeaning, Settings};
use funnelflux_suites::run;
use serde_json::json;

#[test]
fn an_id_is_replaced_in_known_and_unknown_fields() {
    let (fake, client) = account();
    let before = fake.state();
    let plan = run(ChangePlan::replace(SOURCE, OTHER_SOURCE).plan(&client)).unwrap();
    assert_eq!(fake.state(), before, "a plan changes nothing");
    let keys: Vec<_> = plan.entries().iter().map(|entry| entry.key().clone()).collect();
    assert_eq!(keys, [key("pages", PAGE), key("pages", OTHER_PAGE)]);
    let paths: Vec<&str> = plan.entries()[0]
        .changes()
        .map(|change| change.path.as_str())
        .collect();
    assert_eq!(paths, ["/offerParams/idOfferSource", "/notYetKnown/list/0"]);
    assert_eq!(plan.entries()[0].steps(), [PlanStep::Save]);
    // The text that contains the ID is reported, not changed.
    assert!(notes(&plan).contains("/notYetKnown/url"), "{plan}");

    let report = apply(&plan, &client);
    assert_eq!(report.counts().done, 2, "{report}");
    for page in [PAGE, OTHER_PAGE] {
        let page = body(&fake, "page", page);
        assert_eq!(page["offerParams"]["idOfferSource"], OTHER_SOURCE);
        assert_eq!(page["notYetKnown"]["list"], json!([OTHER_SOURCE, "x"]));
        assert_eq!(
            page["notYetKnown"]["url"],
            format!("https://a.example/?s={SOURCE}")
        );
    }
    // The source itself keeps its ID, and nothing else has changed.
    assert_eq!(fake.state().offer_source(SOURCE), before.offer_source(SOURCE));
    assert_eq!(
        fake.state().category(super::CATEGORY),
        before.category(super::CATEGORY)
    );
    // A second run of the same plan finds everything done.
    assert_eq!(apply(&plan, &client).counts().already, 2);
}

#[test]
fn groups_ids_and_a_path_limit_a_replacement() {
    let (_, client) = account();
    let plan = ChangePlan::replace(SOURCE, OTHER_SOURCE)
        .groups(["pages"])
        .only([PAGE]);
    let plan = run(plan.at("/offerParams/idOfferSource").plan(&client)).unwrap();
    assert_eq!(plan.entries().len(), 1);
    assert_eq!(plan.entries()[0].changes().count(), 1);
    let plan = run(ChangePlan::replace(SOURCE, OTHER_SOURCE)
        .groups(["offer-sources"])
        .plan(&client))
    .unwrap();
    assert!(plan.is_empty(), "{plan}");
    let error = run(ChangePlan::replace("a", "b")
        .groups(["offersources"])
        .plan(&client))
    .unwrap_err();
    assert!(error.to_string().contains("no group \"offersources\""), "{error}");
    let error = run(ChangePlan::replace("a", "b").groups(["user"]).plan(&client)).unwrap_err();
    assert!(
        error.to_string().contains("user settings cannot be found by ID"),
        "{error}"
    );
    let error = run(ChangePlan::replace("a", "b").at("name").plan(&client)).unwrap_err();
    assert!(error.to_string().contains("not a JSON pointer"), "{error}");
}

#[test]
fn a_value_is_set_where_it_has_a_place() {
    let (fake, client) = account();
    fake.set("page", PAGE, "weight", json!(1));
    let plan = ChangePlan::set("/weight", Some(json!(2))).groups(["pages"]);
    let all = run(plan.clone().plan(&client)).unwrap();
    assert_eq!(all.entries().len(), 2);
    let some = run(plan.where_it_was(json!(1)).plan(&client)).unwrap();
    assert_eq!(some.entries().len(), 1);
    assert_eq!(some.made_by(), "replace 1 at /weight by 2 in pages");
    assert!(apply(&some, &client).is_success());
    assert_eq!(body(&fake, "page", PAGE)["weight"], json!(2));
    assert_eq!(body(&fake, "page", OTHER_PAGE).get("weight"), None);
    // No asset contains the parent of this path.
    let nowhere = run(ChangePlan::set("/a/b", Some(json!(1))).plan(&client)).unwrap();
    assert!(nowhere.is_empty(), "{nowhere}");
    // IDs and managed fields cannot be set.
    let id = run(ChangePlan::set("/idPage", Some(json!("x")))
        .groups(["pages"])
        .plan(&client))
    .unwrap();
    assert!(
        id.is_empty() && notes(&id).contains("an ID cannot change"),
        "{id}"
    );
}

#[test]
fn a_value_is_removed_whatever_a_save_means() {
    for save in [SaveMeaning::Replace, SaveMeaning::Merge] {
        let (fake, client) = account_with(Settings {
            save,
            ..Settings::default()
        });
        fake.set("offersource", SOURCE, "postbackTxId", "old");
        let plan = ChangePlan::set("/postbackTxId", None)
            .groups(["offer-sources"])
            .only([SOURCE]);
        let plan = run(plan.plan(&client)).unwrap();
        let report = apply(&plan, &client);
        assert!(report.is_success(), "{save:?}: {report}");
        let value = body(&fake, "offersource", SOURCE)["postbackTxId"].clone();
        assert!(value.is_null() || value == json!(""), "{save:?}: {value}");
    }
}

#[test]
fn the_undo_of_an_added_object_succeeds_whatever_a_save_means() {
    for save in [SaveMeaning::Replace, SaveMeaning::Merge] {
        let (fake, client) = account_with(Settings {
            save,
            ..Settings::default()
        });
        let plan = ChangePlan::set("/queryParams", Some(json!({"a": "b"})))
            .groups(["offer-sources"])
            .only([SOURCE]);
        let plan = run(plan.plan(&client)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        let report = run(plan.apply(&client).journal(&journal).send()).unwrap();
        assert!(report.is_success(), "{save:?}: {report}");
        let undo = run(ChangePlan::undo(&client, &journal)).unwrap();
        let report = apply(&undo, &client);
        assert!(report.is_success(), "{save:?}: {report}");
        let value = body(&fake, "offersource", SOURCE)["queryParams"].clone();
        assert!(value.is_null() || value == json!({}), "{save:?}: {value}");
    }
}

/// A merging service keeps a number that a save omits, and a number has no empty form.
#[test]
fn a_kept_value_is_to_be_removed_by_hand() {
    let (fake, client) = account_with(Settings {
        save: SaveMeaning::Merge,
        ..Settings::default()
    });
    fake.set("page", PAGE, "newNumber", 7);
    let plan = ChangePlan::set("/newNumber", None).groups(["pages"]).only([PAGE]);
    let plan = run(plan.plan(&client)).unwrap();
    let report = apply(&plan, &client);
    assert_eq!(report.counts().unknown, 1, "{report}");
    assert!(report.to_string().contains("remove it by hand"), "{report}");
}

#[test]
fn a_status_and_a_category_become_bulk_steps() {
    let (fake, client) = account();
    let plan = ChangePlan::set("/status", Some(json!("archived"))).groups(["pages"]);
    let plan = run(plan.plan(&client)).unwrap();
    assert_eq!(plan.entries()[0].steps(), [PlanStep::Archive]);
    assert!(plan.requires_acknowledgement());
    assert!(apply(&plan, &client).is_success());
    let archived = fake
        .log()
        .into_iter()
        .filter(|entry| entry.operation == Some("PUT /page/archive/"));
    assert_eq!(archived.count(), 1, "one request for both pages");
    let plan = ChangePlan::set("/idCategory", Some(json!(""))).groups(["offer-sources"]);
    let plan = run(plan.plan(&client)).unwrap();
    assert_eq!(plan.entries()[0].steps(), [PlanStep::Move]);
    assert!(!plan.requires_acknowledgement());
    assert!(apply(&plan, &client).is_success());
    assert_eq!(fake.state().offer_source(SOURCE).unwrap().category, "");
}
