//! Tests the restoration of a snapshot.

use super::{
    CATEGORY, OTHER_SOURCE, PAGE, SOURCE, account, account_with, apply, body, export, key, notes, outcome,
    stored,
};
use funnelflux::ext::Outcome;
use funnelflux::ext::plan::{AssetsNotInSnapshot, ChangePlan, PlanNote, PlanNoteKind, PlanStep};
use funnelflux_fake::{Fake, Settings, Status};
use funnelflux_suites::run;
use serde_json::json;

#[test]
fn changed_assets_are_changed_back_and_others_are_left() {
    let (fake, client) = account();
    let original = fake.state();
    let (_folder, snapshot) = export(&client);
    assert!(
        run(ChangePlan::restore(&snapshot).plan(&client))
            .unwrap()
            .is_empty()
    );
    fake.set("offersource", SOURCE, "status", "archived");
    fake.set("offersource", SOURCE, "idCategory", "");
    fake.set("page", PAGE, "pageName", "Renamed");
    fake.set("page", PAGE, "added", json!([1]));
    fake.seed("page", json!({ "idPage": "2n5JuOKWLTzz", "pageName": "New" }));
    let plan = run(ChangePlan::restore(&snapshot).plan(&client)).unwrap();
    let steps: Vec<_> = plan
        .entries()
        .iter()
        .map(|entry| (entry.key().clone(), entry.steps()))
        .collect();
    assert_eq!(
        steps,
        [
            (
                key("offer-sources", SOURCE),
                vec![PlanStep::Unarchive, PlanStep::Move]
            ),
            (key("pages", PAGE), vec![PlanStep::Save]),
        ]
    );
    assert_eq!(
        notes(&plan),
        "1 asset of the account is not in the snapshot and stays as it is"
    );
    let report = apply(&plan, &client);
    assert!(report.is_success(), "{report}");
    let source = stored(&fake, "offersource", SOURCE);
    assert_eq!(
        (source.status, source.category.as_str()),
        (Status::Active, CATEGORY)
    );
    let page = body(&fake, "page", PAGE);
    assert_eq!((&page["pageName"], page.get("added")), (&json!("Lander"), None));
    assert_eq!(
        fake.state().offer_source(OTHER_SOURCE),
        original.offer_source(OTHER_SOURCE)
    );
    assert_eq!(stored(&fake, "page", "2n5JuOKWLTzz").status, Status::Active);
    // The assets that the snapshot does not have can be archived.
    let plan = ChangePlan::restore(&snapshot)
        .groups(["pages"])
        .others(AssetsNotInSnapshot::Archive);
    let plan = run(plan.plan(&client)).unwrap();
    assert_eq!(plan.entries().len(), 1, "{plan}");
    assert!(apply(&plan, &client).is_success());
    assert_eq!(stored(&fake, "page", "2n5JuOKWLTzz").status, Status::Archived);
}

#[test]
fn missing_assets_are_created_with_their_ids_after_those_that_they_name() {
    let (_, client) = account();
    let (_folder, snapshot) = export(&client);
    let (other, other_client) = account_with(Settings::default());
    // The same account, after everything except one source was lost.
    let empty = Fake::new(Settings::default());
    empty.seed(
        "offersource",
        json!({ "idOfferSource": OTHER_SOURCE, "offerSourceName": "Second", "idCategory": CATEGORY }),
    );
    let client = funnelflux_suites::client(&empty).build().unwrap();
    let plan = run(ChangePlan::restore(&snapshot).plan(&client)).unwrap();
    assert_eq!(plan.counts(), [(PlanStep::Create, 4)].into());
    let report = apply(&plan, &client);
    assert!(report.is_success(), "{report}");
    let created: Vec<String> = empty
        .log()
        .into_iter()
        .filter(|entry| entry.method == http::Method::POST)
        .map(|entry| entry.path.clone())
        .collect();
    let place = |segment: &str| created.iter().position(|path| path.contains(segment)).unwrap();
    assert!(
        place("/category/") < place("/offersource/") && place("/offersource/") < place("/page/"),
        "{created:?}"
    );
    for page in [PAGE, super::OTHER_PAGE] {
        assert_eq!(body(&empty, "page", page), body(&other, "page", page));
    }
    // Another account is recognised by its assets, whose IDs are unique.
    drop(other_client);
    let strange = Fake::new(Settings::default());
    strange.seed(
        "offersource",
        json!({ "idOfferSource": "2n5JuOKWLT00", "offerSourceName": "Other" }),
    );
    let stranger = funnelflux_suites::client(&strange).build().unwrap();
    let error = run(ChangePlan::restore(&snapshot).plan(&stranger))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("none of its assets exists in this account"),
        "{error}"
    );
}

#[test]
fn deleted_assets_and_secrets_are_said_to_be_lost() {
    let (fake, client) = account();
    let config = json!({
        "idMiddlewareConfig": "2n5JuOKWLTm0", "middlewareConfigName": "M",
        "destination": { "url": "https://a.example", "hmacSecret": "hush", "hasHmacSecret": true },
    });
    fake.seed("middlewareconfig", config);
    let (_folder, snapshot) = export(&client);
    fake.set("page", PAGE, "status", "deleted");
    fake.set(
        "middlewareconfig",
        "2n5JuOKWLTm0",
        "destination",
        json!({ "url": "https://a.example" }),
    );
    let plan = run(ChangePlan::restore(&snapshot).plan(&client)).unwrap();
    assert!(plan.is_empty(), "{plan}");
    let kinds: Vec<PlanNoteKind> = plan.notes().iter().map(PlanNote::kind).collect();
    assert_eq!(kinds, [PlanNoteKind::Secret, PlanNoteKind::Deleted]);
    let notes = notes(&plan);
    assert!(
        notes.contains(&format!(
            "pages/{PAGE} was deleted from the account, and the service has no operation that restores it"
        )),
        "{notes}"
    );
    assert!(
        notes.contains("the secret at /destination/hmacSecret differs"),
        "{notes}"
    );
}

#[test]
fn a_snapshot_of_another_service_or_without_the_group_is_refused() {
    let (fake, client) = account();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    let snapshot = funnelflux::ext::snapshot::Snapshot::export(&client)
        .groups(["pages"])
        .to_folder(&path);
    let snapshot = run(snapshot).unwrap();
    let error = run(ChangePlan::restore(&snapshot).groups(["funnels"]).plan(&client)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("\"funnels\" is not a group of the snapshot"),
        "{error}"
    );
    let elsewhere = funnelflux_suites::client(&fake)
        .base_url("https://eu.example/v1")
        .build()
        .unwrap();
    let error = run(ChangePlan::restore(&snapshot).plan(&elsewhere)).unwrap_err();
    assert!(error.to_string().contains("base URL"), "{error}");
    assert_eq!(error.path(), Some(path.as_path()));
}

#[test]
fn an_asset_that_cannot_be_created_holds_back_those_that_name_it() {
    let (_, client) = account();
    let (_folder, snapshot) = export(&client);
    let empty = Fake::new(Settings::default());
    let client = funnelflux_suites::client(&empty).build().unwrap();
    let plan = run(ChangePlan::restore(&snapshot).plan(&client)).unwrap();
    let refuse =
        funnelflux_fake::Rule::new(funnelflux_fake::Fault::status(422)).on("POST /offersource/save/");
    empty.inject(refuse.when(|request| String::from_utf8_lossy(request.body).contains("First")));
    let report = apply(&plan, &client);
    assert!(
        matches!(
            outcome(&report, "offer-sources", SOURCE),
            Outcome::Rejected { .. }
        ),
        "{report}"
    );
    let Outcome::Rejected { failure } = outcome(&report, "pages", PAGE) else {
        panic!("{report}");
    };
    assert!(
        failure.message().contains(&format!(
            "offer-sources/{SOURCE}, which it names, was not created"
        )),
        "{failure}"
    );
    assert_eq!(empty.state().pages().count(), 0);
    assert!(
        outcome(&report, "offer-sources", OTHER_SOURCE).is_success(),
        "{report}"
    );
}

#[test]
fn ten_thousand_assets_are_restored_after_a_random_quarter_has_changed() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let fake = Fake::new(Settings {
        log: funnelflux_fake::LogRetention::Last(0),
        ..Settings::default()
    });
    let mut assets = Vec::new();
    let id = |number: usize| format!("2n5J{number:08}");
    for number in 0..20 {
        fake.seed(
            "category",
            json!({ "idCategory": id(number), "categoryName": format!("C{number}") }),
        );
    }
    for number in 20..10_000 {
        let (segment, kind, name) = match number % 3 {
            0 => ("offersource", "idOfferSource", "offerSourceName"),
            1 => ("page", "idPage", "pageName"),
            _ => ("trafficsource", "idTrafficSource", "trafficSourceName"),
        };
        let body = json!({
            kind: id(number), name: format!("Asset {number}"), "idCategory": id(random.usize(..20)),
            "unknown": { "names": [id(random.usize(20..10_000))], "number": number },
        });
        assert!(fake.seed(segment, body));
        assets.push((segment, name, id(number)));
    }
    let client = funnelflux_suites::client(&fake).build().unwrap();
    let (_folder, snapshot) = export(&client);
    assert_eq!(snapshot.keys().len(), 10_000);
    let original = fake.state();
    random.shuffle(&mut assets);
    for (segment, name, asset) in &assets[..2_500] {
        let is_set = match random.u8(..4) {
            0 => fake.set(segment, asset, "status", "archived"),
            1 => fake.set(segment, asset, "idCategory", id(random.usize(..20))),
            2 => fake.set(segment, asset, name, "Changed"),
            _ => fake.set(segment, asset, "unknown", json!({ "names": [] })),
        };
        assert!(is_set);
    }
    let plan = run(ChangePlan::restore(&snapshot).plan(&client)).unwrap();
    assert!(plan.entries().len() > 2_300, "{plan}");
    let report = apply(&plan, &client);
    assert!(report.is_success(), "{report}");
    let state = fake.state();
    let managed = |asset: &funnelflux_fake::Asset| {
        let mut body = asset.body.clone();
        // Defaults that the service shows are saved with the asset.
        body.retain(|_, value| !value.is_null() && value != "" && value != &json!([]) && value != "active");
        body
    };
    for (segment, _, asset) in &assets {
        let (before, after) = (
            original.asset(segment, asset).unwrap(),
            state.asset(segment, asset).unwrap(),
        );
        assert_eq!(managed(after), managed(before), "{segment} {asset}");
    }
}
