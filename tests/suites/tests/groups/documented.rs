//! Tests documented behaviour of single groups. The client sends the requests, and the tests check the state
//! of the fake.

use super::{FIRST_ID, SECOND_ID, secrets, service, stored, with_secrets};
use funnelflux::types::*;
use funnelflux_fake::Fake;
use serde_json::{Map, Value, json};

fn map(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

/// Returns a copy of an object with only these members.
fn only_members(object: &Value, names: &[&str]) -> Value {
    names
        .iter()
        .map(|name| ((*name).to_owned(), object[*name].clone()))
        .collect::<Map<_, _>>()
        .into()
}

/// The query of the last request.
fn last_query(fake: &Fake) -> String {
    fake.log().last().unwrap().query.clone()
}

/// The vendor's page *Schemas* states that the service sets ID, owner, status and group of a copy. The group
/// is the requested parent.
#[tokio::test(start_paused = true)]
async fn a_copy_of_a_funnel_keeps_protected_properties() {
    let (fake, client) = service();
    let original = json!({
        "idFunnel": FIRST_ID, "funnelName": "One", "funnelType": "a", "canvasWidth": 7,
        "status": "archived", "owner": "them",
        "idFunnelGroup": "old", "idCampaign": "old",
    });
    fake.seed("funnel", original.clone());
    let updates = json!({
        "idFunnel": SECOND_ID, "funnelName": "Mine", "funnelType": "b", "status": "deleted", "owner": "me",
        "idFunnelGroup": "mine", "idCampaign": "mine",
    });
    let request = FunnelDuplicateRequest::new("Copy", "new").with_body_updates(map(updates.clone()));
    let copy = client.duplicate_funnel(&FIRST_ID.into(), &request);
    let id = copy.await.unwrap().id.unwrap();
    let sent = json!({ "name": "Copy", "parentId": "new", "bodyUpdates": updates });
    assert_eq!(fake.log().last().unwrap().json(), Some(sent));
    assert!(id != FIRST_ID && id != SECOND_ID, "{id}");
    let expected = json!({
        "idFunnel": id, "funnelName": "Copy", "funnelType": "b", "canvasWidth": 7,
        "status": "active", "owner": "them",
        "idFunnelGroup": "new", "idCampaign": "new",
    });
    assert_eq!(stored(&fake, "funnel", &id), expected);
    assert_eq!(stored(&fake, "funnel", FIRST_ID), original);
    let read = client.find_funnel_by_id(&id.into()).await.unwrap();
    assert_eq!(serde_json::to_value(read).unwrap()["owner"], json!("them"));
}

/// The vendor's page *Schemas* states that only category and description of a copy can differ.
#[tokio::test(start_paused = true)]
async fn a_copy_of_a_logic_script_keeps_its_code() {
    let (fake, client) = service();
    let script = LogicScript::new(FIRST_ID, "One")
        .with_code("return \"a\"")
        .with_description("old")
        .with_meta(map(json!({ "v": 1 })));
    client.create_logic_script(&script).await.unwrap();
    let updates = json!({
        "idLogicScript": SECOND_ID, "logicScriptName": "Mine", "code": "return \"b\"",
        "codeHash": "mine", "owner": "me", "status": "archived", "meta": { "v": 2 }, "ofTomorrow": 1,
        "description": "new", "idCategory": "shelf",
    });
    let request = LogicScriptDuplicateRequest::new("Copy").with_body_updates(map(updates));
    let copy = client.duplicate_logic_script(&FIRST_ID.into(), &request);
    let id = copy.await.unwrap().id.unwrap();
    let mut expected = stored(&fake, "logicscript", FIRST_ID);
    for (name, value) in [
        ("idLogicScript", json!(id)),
        ("logicScriptName", json!("Copy")),
        ("description", json!("new")),
        ("idCategory", json!("shelf")),
        ("status", json!("active")),
    ] {
        expected[name] = value;
    }
    assert_eq!(stored(&fake, "logicscript", &id), expected);
}

/// The vendor's page *Logic Scripts* states that the service computes the hash as the SHA-256 of the code.
#[tokio::test(start_paused = true)]
async fn the_service_computes_the_hash_of_a_script() {
    let hashes = [
        "e7aa826d32019cc87cfe5ea6c75fcd9d7b1ebd962e30360c1eaee3634f75cb9c",
        "0cefbd47f770c11bbcada813752c550fdfe9921563a60ca3643b958bb4ffa52d",
    ];
    let (fake, client) = service();
    let script = LogicScript::new(FIRST_ID, "Script")
        .with_code("return \"a\"")
        .with_code_hash("mine");
    client.create_logic_script(&script).await.unwrap();
    let read = client.find_logic_script_by_id(&FIRST_ID.into()).await.unwrap();
    assert_eq!(read.code_hash.as_deref(), Some(hashes[0]));
    // The request has other code and the old hash.
    let changed = read.with_code("return \"b\"");
    client.save_logic_script(&changed).await.unwrap();
    assert_eq!(
        stored(&fake, "logicscript", FIRST_ID)["codeHash"],
        json!(hashes[1])
    );
    let listed = client.list_logic_scripts(StatusFilter::All, None);
    let listed = listed.await.unwrap();
    assert_eq!(listed[0].code_hash.as_deref(), Some(hashes[1]));
}

/// The vendor's pages *Funnels* and *Logic Scripts* state that only the service sets the owner. The name of a
/// script is trimmed.
#[tokio::test(start_paused = true)]
async fn only_the_service_sets_the_owner() {
    let (fake, client) = service();
    let funnel = Funnel::new(FIRST_ID, "F").with_owner("me");
    let script = LogicScript::new(FIRST_ID, " L ").with_owner("me");
    client.create_funnel(&funnel).await.unwrap();
    client.create_logic_script(&script).await.unwrap();
    for segment in ["funnel", "logicscript"] {
        assert_eq!(stored(&fake, segment, FIRST_ID).get("owner"), None, "{segment}");
        fake.set(segment, FIRST_ID, "owner", "them");
    }
    client.save_funnel(&funnel).await.unwrap();
    client.save_logic_script(&script).await.unwrap();
    for segment in ["funnel", "logicscript"] {
        assert_eq!(
            stored(&fake, segment, FIRST_ID)["owner"],
            json!("them"),
            "{segment}"
        );
    }
    assert_eq!(
        stored(&fake, "logicscript", FIRST_ID)["logicScriptName"],
        json!("L")
    );
}

/// The vendor's page *Conditions* states that `idFunnel` selects the conditions that are restricted to the
/// given funnel. `idFunnel` takes precedence over `globalOnly`, which selects the conditions that are not
/// restricted to a funnel.
#[tokio::test(start_paused = true)]
async fn conditions_are_listed_by_their_scope() {
    let (fake, client) = service();
    for (id, funnel) in [("everywhere", ""), ("here", "f1"), ("there", "f2")] {
        fake.seed(
            "condition",
            json!({ "idCondition": id, "conditionName": id, "restrictToFunnelId": funnel }),
        );
    }
    let (first, none) = (FunnelId::from("f1"), FunnelId::from("f3"));
    for (global, funnel, query, expected) in [
        (Some(true), None, "status=all&globalOnly=true", vec!["everywhere"]),
        (None, Some(&first), "status=all&idFunnel=f1", vec!["here"]),
        (
            Some(false),
            Some(&first),
            "status=all&globalOnly=false&idFunnel=f1",
            vec!["here"],
        ),
        (
            Some(true),
            Some(&first),
            "status=all&globalOnly=true&idFunnel=f1",
            vec!["here"],
        ),
        (None, Some(&none), "status=all&idFunnel=f3", vec![]),
        (
            Some(false),
            None,
            "status=all&globalOnly=false",
            vec!["everywhere", "here", "there"],
        ),
    ] {
        let rows = client.list_conditions(StatusFilter::All, global, None, funnel);
        let rows = rows.await.unwrap();
        let ids: Vec<&str> = rows.iter().map(|row| row.id_condition.as_str()).collect();
        assert_eq!((&*last_query(&fake), ids), (query, expected));
    }
    let by_status = |funnel| client.find_conditions_by_status(StatusFilter::Active, funnel);
    let rows = by_status(Some(&first)).await.unwrap();
    assert_eq!(last_query(&fake), "status=active&idFunnel=f1");
    assert_eq!((rows.len(), rows[0].id_condition.as_str()), (1, "here"));
    assert_eq!(by_status(None).await.unwrap().len(), 3);
    // A condition that lists omit can be found by its ID.
    let found = client.find_condition_by_id(&"there".into()).await.unwrap();
    assert_eq!(found.restrict_to_funnel_id.as_deref(), Some("f2"));
}

/// The vendor's page *Categories* lists the values of `categoryType`, whose spelling is inconsistent.
#[tokio::test(start_paused = true)]
async fn categories_are_listed_by_type() {
    let (fake, client) = service();
    let types = [
        (CategoryType::Trafficsources, "trafficsources"),
        (CategoryType::Offersources, "offersources"),
        (CategoryType::Lander, "lander"),
        (CategoryType::Offer, "offer"),
        (CategoryType::LanderGroup, "landerGroup"),
        (CategoryType::OfferGroup, "offerGroup"),
        (CategoryType::Condition, "condition"),
        (CategoryType::VisitorTag, "visitorTag"),
        (CategoryType::Logicscript, "logicscript"),
        (CategoryType::Middlewareconfig, "middlewareconfig"),
        (CategoryType::Webhookconfig, "webhookconfig"),
    ];
    for (kind, name) in &types {
        let make = |id| Category::new(id, *name).with_category_type(kind.clone());
        let id = client.create(make).await.unwrap();
        assert_eq!(
            stored(&fake, "category", id.as_str())["categoryType"],
            json!(name)
        );
    }
    let list = |kind| client.list_categories(StatusFilter::Active, kind);
    for (kind, name) in &types {
        let rows = list(Some(kind.clone())).await.unwrap();
        assert_eq!(last_query(&fake), format!("status=active&categoryType={name}"));
        let names: Vec<&str> = rows.iter().map(|row| row.category_name.as_str()).collect();
        assert_eq!(names, [*name]);
        assert_eq!(rows[0].category_type.as_ref(), Some(kind));
    }
    assert_eq!(list(None).await.unwrap().len(), types.len());
    assert_eq!(last_query(&fake), "status=active");
}

/// The vendor's page *Categories* states that the rows of a list have all fields of a category, and that
/// lists do not contain the empty category.
#[tokio::test(start_paused = true)]
async fn lists_have_all_fields_of_a_category() {
    let (fake, client) = service();
    let shelf = Category::new(FIRST_ID, "Shelf").with_category_type(CategoryType::Offer);
    client.create_category(&shelf).await.unwrap();
    fake.set("category", FIRST_ID, "meta", json!({ "color": "red" }));
    fake.seed(
        "page",
        json!({ "idPage": SECOND_ID, "pageName": "Page", "idCategory": FIRST_ID }),
    );
    let listed = client.list_categories(StatusFilter::All, None).await.unwrap();
    let found = client.find_category_by_id(&FIRST_ID.into()).await.unwrap();
    assert_eq!(listed, [found]);
    assert_eq!(
        serde_json::to_value(&listed[0]).unwrap()["meta"],
        json!({ "color": "red" })
    );

    let out = MoveCategoryRequest::new([SECOND_ID.to_owned()], "");
    client.move_pages_to_category(&out).await.unwrap();
    let sent = json!({ "entries": [SECOND_ID], "idCategory": "" });
    assert_eq!(fake.log().last().unwrap().json(), Some(sent));
    assert_eq!(stored(&fake, "page", SECOND_ID)["idCategory"], json!(""));
    let uncategorised = client.find_pages_by_category(&"".into()).await.unwrap();
    assert_eq!(uncategorised.len(), 1);
    assert_eq!(
        client.list_categories(StatusFilter::All, None).await.unwrap(),
        listed
    );
}

/// The vendor's page *Funnels* states that `idCampaign` is an older name of `idFunnelGroup`.
#[tokio::test(start_paused = true)]
async fn a_funnel_has_its_group_under_both_names() {
    let (fake, client) = service();
    let groups =
        |fake: &Fake, id: &str| only_members(&stored(fake, "funnel", id), &["idFunnelGroup", "idCampaign"]);
    let both = |group: &str| json!({ "idFunnelGroup": group, "idCampaign": group });
    let by_old = Funnel::new(FIRST_ID, "Old").with_id_campaign("g1");
    client.create_funnel(&by_old).await.unwrap();
    assert_eq!(groups(&fake, FIRST_ID), both("g1"));
    let by_new = Funnel::new(SECOND_ID, "New").with_id_funnel_group("g1");
    client.create_funnel(&by_new).await.unwrap();
    assert_eq!(groups(&fake, SECOND_ID), both("g1"));
    // A funnel that was read has both properties. If a save changes one of them, the service sets both.
    let read = client.find_funnel_by_id(&FIRST_ID.into()).await.unwrap();
    assert_eq!(
        (&read.id_campaign, &read.id_funnel_group),
        (&Some("g1".into()), &Some("g1".into()))
    );
    client
        .save_funnel(&read.clone().with_id_campaign("g2"))
        .await
        .unwrap();
    assert_eq!(groups(&fake, FIRST_ID), both("g2"));
    client
        .save_funnel(&read.with_id_funnel_group("g3"))
        .await
        .unwrap();
    assert_eq!(groups(&fake, FIRST_ID), both("g3"));
}

/// The vendor's introduction states that some URLs keep the older word *campaign*. The paths with `campaign`
/// and with `funnelgroup` return the same funnel groups.
#[tokio::test(start_paused = true)]
async fn a_campaign_is_a_funnel_group() {
    let (fake, client) = service();
    client
        .create_campaign(&FunnelGroup::new(FIRST_ID, "Old"))
        .await
        .unwrap();
    client
        .create_funnel_group(&FunnelGroup::new(SECOND_ID, "New"))
        .await
        .unwrap();
    let paths: Vec<String> = fake.log().iter().map(|entry| entry.path.clone()).collect();
    assert_eq!(paths, ["/v1/campaign/save/", "/v1/funnelgroup/save/"]);
    let old = client.list_campaigns(StatusFilter::All).await.unwrap();
    let new = client.list_funnel_groups(StatusFilter::All).await.unwrap();
    assert_eq!((old.len(), &old), (2, &new));
    client
        .save_campaign(&FunnelGroup::new(SECOND_ID, "Newer"))
        .await
        .unwrap();
    let read = client.find_funnel_group_by_id(&SECOND_ID.into()).await.unwrap();
    assert_eq!(read.funnel_group_name, "Newer");
}

/// The vendor's page *Middleware Configs* states that reads show no secrets, and that saving an asset that
/// was read keeps its secrets.
#[tokio::test(start_paused = true)]
async fn secrets_of_a_middleware_are_masked_and_kept() {
    let (fake, client) = service();
    client.create_middleware_config(&with_secrets()).await.unwrap();
    let stored = (json!("pass"), json!("hush"));
    assert_eq!(secrets(&fake), stored);
    let read = client
        .find_middleware_config_by_id(&FIRST_ID.into())
        .await
        .unwrap();
    let shown = serde_json::to_value(&read).unwrap()["destination"].clone();
    let expected = json!({
        "url": "https://example.com",
        "basicAuth": { "username": "user", "password": "********" }, "hmacSecret": "********",
        "hasBasicAuthPassword": true, "hasHmacSecret": true,
    });
    assert_eq!(shown, expected);
    let many = client.find_middleware_configs_by_ids(&[FIRST_ID.into()]);
    assert_eq!(many.await.unwrap(), std::slice::from_ref(&read));
    client.save_middleware_config(&read).await.unwrap();
    assert_eq!(secrets(&fake), stored);
    let debug = format!("{read:?}");
    assert!(!debug.contains("hush") && !debug.contains("pass\""), "{debug}");
}

/// The vendor's page *Middleware Configs* states that a placeholder, an empty string or an absent property
/// keeps a secret if its flag is set.
#[tokio::test(start_paused = true)]
async fn a_secret_is_kept_only_if_its_flag_is_set() {
    for (sent, flag, stored_secret) in [
        (json!("********"), json!(true), json!("hush")),
        (json!(""), json!(true), json!("hush")),
        (Value::Null, json!(true), json!("hush")),
        (json!("new"), json!(true), json!("new")),
        (json!("new"), json!(false), json!("new")),
        (json!("********"), json!(false), Value::Null),
        (Value::Null, Value::Null, Value::Null),
    ] {
        let (fake, client) = service();
        client.create_middleware_config(&with_secrets()).await.unwrap();
        let read = client.find_middleware_config_by_id(&FIRST_ID.into());
        let mut config = serde_json::to_value(read.await.unwrap()).unwrap();
        for (name, value) in [("hmacSecret", &sent), ("hasHmacSecret", &flag)] {
            let destination = config["destination"].as_object_mut().unwrap();
            destination.remove(name);
            destination.extend((!value.is_null()).then(|| (name.to_owned(), value.clone())));
        }
        let config: MiddlewareConfig = serde_json::from_value(config).unwrap();
        client.save_middleware_config(&config).await.unwrap();
        assert_eq!(
            secrets(&fake),
            (json!("pass"), stored_secret),
            "{sent} with {flag}"
        );
    }
}

/// The vendor's changelog states that a timeout of more than ten seconds is stored as ten seconds.
#[tokio::test(start_paused = true)]
async fn the_timeout_of_a_middleware_is_at_most_ten_seconds() {
    let (fake, client) = service();
    for (sent, expected) in [(20_000, 10_000), (10_000, 10_000), (1, 1)] {
        let make = |id| MiddlewareConfig::new(id, "M").with_timeout_ms(sent);
        let id = client.create(make).await.unwrap();
        assert_eq!(
            stored(&fake, "middlewareconfig", id.as_str())["timeoutMs"],
            json!(expected)
        );
        let read = client.find_middleware_config_by_id(&id).await.unwrap();
        assert_eq!(read.timeout_ms, Some(expected));
    }
}
