//! Runs every operation of the vendor's index against the fake, and asserts each request and its effect. Also
//! compares the operations that the fake simulates with `spec/COVERAGE.md`.

use super::asset_kind::{AssetKind, assert_sent, to_json};
use super::{FIRST_ID, SECOND_ID, service};
use funnelflux::types::*;
use funnelflux::{Client, operations};
use funnelflux_fake::{Fake, Verdict};
use funnelflux_suites::run;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// An ID that exists, and an ID that does not exist.
fn ids<T: From<&'static str>>() -> [T; 2] {
    [FIRST_ID.into(), "none".into()]
}

fn map(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

/// Returns the asset with the additional unknown property `kept`.
fn with_kept<T: Serialize + DeserializeOwned>(asset: &T) -> T {
    let mut body = to_json(asset);
    body["kept"] = json!(true);
    serde_json::from_value(body).unwrap()
}

/// Returns the operations that were called. Asserts that all calls succeeded.
fn called_operations(fake: &Fake) -> BTreeSet<String> {
    let log = fake.log();
    let operations = log.iter().map(|entry| {
        assert!(matches!(entry.verdict, Verdict::Answered(200..=299)), "{entry:?}");
        entry.operation.unwrap().to_owned()
    });
    operations.collect()
}

/// Calls the operations that the vendor does not describe. Asserts that each request is valid, that its
/// response decodes, and that the state of the fake stays the same.
fn undescribed_operations_change_nothing(fake: &Fake, client: &Client) {
    let before = fake.state();
    let body = json!({ "anything": { "at": [null, "all"] } });
    let sent = map(body.clone());
    let body = Some(body);

    run(client.move_funnel(&sent)).unwrap();
    assert_sent(fake, "PUT /funnel/move/", "", body.clone());
    let metadata = run(client.get_logic_script_language_metadata()).unwrap();
    assert_sent(fake, "GET /logicscript/language-metadata/", "", None);
    assert_eq!(metadata, Map::new());
    let validation = run(client.validate_logic_script(&sent)).unwrap();
    assert_sent(fake, "POST /logicscript/validate/", "", body.clone());
    assert_eq!(validation, Map::new());

    let settings = run(client.get_user_settings()).unwrap();
    assert_sent(fake, "GET /usersettings/get/", "", None);
    assert_eq!(settings, Map::new());
    run(client.save_user_settings(&sent)).unwrap();
    assert_sent(fake, "PUT /usersettings/save/", "", body.clone());
    run(client.delete_user_settings().acknowledge_inferred()).unwrap();
    assert_sent(fake, "DELETE /usersettings/delete/", "", None);

    let keys = run(client.list_integration_api_keys()).unwrap();
    assert_sent(fake, "GET /integration/list/", "", None);
    assert!(keys.is_empty());
    run(client.save_integration_api_key(&sent)).unwrap();
    assert_sent(fake, "PUT /integration/save/", "", body.clone());
    for (argument, expected) in [(None, None), (Some(&sent), body.clone())] {
        let key = run(client.create_integration_api_key(argument)).unwrap();
        assert_sent(fake, "POST /integration/save/", "", expected);
        assert_eq!(key, Map::new());
    }
    run(client
        .delete_integration_api_keys(Some(&sent))
        .acknowledge_inferred())
    .unwrap();
    assert_sent(fake, "DELETE /integration/delete/", "", body);
    assert!(
        fake.state() == before,
        "an undescribed operation changed something"
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "the test covers 161 operations")]
fn every_operation_runs() {
    let (fake, client) = service();
    let copy = DuplicateRequest::new("Copy");
    let shelf = MoveCategoryRequest::new([FIRST_ID.to_owned()], "shelf");
    let list = StringList::new([FIRST_ID.to_owned()]);
    let parents = ParentMutationRequest::new([FIRST_ID.to_owned()]);

    let kind = AssetKind::new(&fake, "category", "idCategory");
    let asset = Category::new(FIRST_ID, "One").with_category_type(CategoryType::Offer);
    kind.create(client.create_category(&asset), &asset);
    kind.list(
        client.list_categories(StatusFilter::All, Some(CategoryType::Offer)),
        "GET list/",
        "status=all&categoryType=offer",
    );
    kind.find(client.find_category_by_id(&FIRST_ID.into()));
    kind.find_many(client.find_categories_by_ids(&ids()), "idCategories");
    let saved = with_kept(&asset);
    kind.save(client.save_category(&saved), &saved);
    kind.duplicate(client.duplicate_category(&FIRST_ID.into(), &copy), &copy);
    kind.archive(client.archive_categories(&parents).acknowledge_inferred());
    kind.unarchive(client.unarchive_categories(&list));
    kind.delete(
        client
            .delete_categories(None, Some(&parents))
            .acknowledge_inferred(),
    );
    fake.seed_category("shelf", "Shelf");

    let kind = AssetKind::new(&fake, "offersource", "idOfferSource");
    let asset = OfferSource::new(FIRST_ID, "One");
    kind.create(client.create_offer_source(&asset), &asset);
    kind.list_all(client.list_offer_sources(StatusFilter::All, None));
    kind.find(client.find_offer_source_by_id(&FIRST_ID.into()));
    kind.find_many(client.find_offer_sources_by_ids(&ids()), "idOfferSources");
    kind.find_by_status(client.find_offer_sources_by_status(StatusFilter::All));
    let saved = with_kept(&asset);
    kind.save(client.save_offer_source(&saved), &saved);
    kind.duplicate(client.duplicate_offer_source(&FIRST_ID.into(), &copy), &copy);
    kind.move_to_shelf(client.move_offer_sources_to_category(&shelf));
    kind.list(
        client.list_offer_sources(StatusFilter::Active, Some(&"shelf".into())),
        "GET list/",
        "status=active&idCategory=shelf",
    );
    kind.find_by_category(client.find_offer_sources_by_category(&"shelf".into()));
    kind.archive(client.archive_offer_sources(&parents));
    kind.unarchive(client.unarchive_offer_sources(&list));
    kind.delete(client.delete_offer_sources(None, Some(&parents)));

    let kind = AssetKind::new(&fake, "trafficsource", "idTrafficSource");
    let asset = TrafficSource::new(FIRST_ID, "One");
    kind.create(client.create_traffic_source(&asset), &asset);
    kind.list_all(client.list_traffic_sources(StatusFilter::All, None));
    kind.find(client.find_traffic_source_by_id(&FIRST_ID.into()));
    kind.find_many(client.find_traffic_sources_by_ids(&ids()), "idTrafficSources");
    kind.find_by_status(client.find_traffic_sources_by_status(StatusFilter::All));
    let saved = with_kept(&asset);
    kind.save(client.save_traffic_source(&saved), &saved);
    kind.duplicate(client.duplicate_traffic_source(&FIRST_ID.into(), &copy), &copy);
    kind.move_to_shelf(client.move_traffic_sources_to_category(&shelf));
    kind.find_by_category(client.find_traffic_sources_by_category(&"shelf".into()));
    kind.archive(client.archive_traffic_sources(&list).acknowledge_inferred());
    kind.unarchive(client.unarchive_traffic_sources(&list));
    kind.delete(
        client
            .delete_traffic_sources(None, Some(&list))
            .acknowledge_inferred(),
    );

    let kind = AssetKind::new(&fake, "funnelgroup", "idFunnelGroup");
    let asset = FunnelGroup::new(FIRST_ID, "One");
    kind.create(client.create_funnel_group(&asset), &asset);
    kind.list_all(client.list_funnel_groups(StatusFilter::All));
    kind.find(client.find_funnel_group_by_id(&FIRST_ID.into()));
    kind.find_many(client.find_funnel_groups_by_ids(&ids()), "idFunnelGroups");
    kind.find_by_status(client.find_funnel_groups_by_status(StatusFilter::All));

    // The segment `campaign` lists the same assets, but has no operation to unarchive them.
    let kind = AssetKind::new(&fake, "campaign", "idFunnelGroup").stored_in("funnelgroup");
    let asset = FunnelGroup::new(FIRST_ID, "One");
    kind.list_all(client.list_campaigns(StatusFilter::All));
    kind.find(client.find_campaign_by_id(&FIRST_ID.into()));
    kind.find_many(client.find_campaigns_by_ids(&ids()), "idFunnelGroups");
    kind.find_by_status(client.find_campaigns_by_status(StatusFilter::All));
    let saved = with_kept(&asset);
    kind.save(client.save_campaign(&saved), &saved);
    kind.duplicate(client.duplicate_campaign(&FIRST_ID.into(), &copy), &copy);
    kind.archive(client.archive_campaigns(&parents).acknowledge_inferred());

    let kind = AssetKind::new(&fake, "funnelgroup", "idFunnelGroup");
    let asset = FunnelGroup::new(FIRST_ID, "One");
    kind.unarchive(client.unarchive_funnel_groups(&list));
    let saved = with_kept(&asset);
    kind.save(client.save_funnel_group(&saved), &saved);
    kind.duplicate(client.duplicate_funnel_group(&FIRST_ID.into(), &copy), &copy);
    kind.archive(client.archive_funnel_groups(&parents).acknowledge_inferred());
    kind.delete(
        client
            .delete_funnel_groups(None, Some(&parents))
            .acknowledge_inferred(),
    );
    let second = FunnelGroup::new(SECOND_ID, "Two");
    run(client.create_campaign(&second)).unwrap();
    assert_sent(&fake, "POST /campaign/save/", "", Some(to_json(&second)));
    let entries = ParentMutationRequest::new([SECOND_ID.to_owned()]);
    run(client
        .delete_campaigns(None, Some(&entries))
        .acknowledge_inferred())
    .unwrap();
    assert_sent(&fake, "DELETE /campaign/delete/", "", Some(to_json(&entries)));
    let status = fake
        .state()
        .asset("funnelgroup", SECOND_ID)
        .unwrap()
        .status
        .clone();
    assert_eq!(status.as_str(), "deleted");

    let kind = AssetKind::new(&fake, "funnel", "idFunnel");
    let asset = Funnel::new(FIRST_ID, "One").with_funnel_type("type");
    kind.create(client.create_funnel(&asset), &asset);
    kind.list(
        client.list_funnels(StatusFilter::All, Some("type")),
        "GET list/",
        "status=all&funnelType=type",
    );
    kind.find(client.find_funnel_by_id(&FIRST_ID.into()));
    kind.find_many(client.find_funnels_by_ids(&ids()), "idFunnels");
    kind.find_by_status(client.find_funnels_by_status(StatusFilter::All));
    kind.list(
        client.find_funnels_by_type("type"),
        "GET find/byType/",
        "funnelType=type",
    );
    let saved = with_kept(&asset);
    kind.save(client.save_funnel(&saved), &saved);
    let request = FunnelDuplicateRequest::new("Copy", "group");
    kind.duplicate(client.duplicate_funnel(&FIRST_ID.into(), &request), &request);
    kind.archive(client.archive_funnels(&list).acknowledge_inferred());
    kind.unarchive(client.unarchive_funnels(&list));
    kind.delete(client.delete_funnels(None, Some(&list)).acknowledge_inferred());
    // No documented property puts a funnel into a category, so the list is empty.
    let in_category = client.find_funnels_by_category(&"shelf".into());
    assert!(run(in_category).unwrap().is_empty());
    assert_sent(&fake, "GET /funnel/find/byCategory/", "idCategory=shelf", None);

    let kind = AssetKind::new(&fake, "condition", "idCondition");
    let asset = Condition::new(FIRST_ID, "One").with_restrict_to_funnel_id("funnel");
    kind.create(client.create_condition(&asset), &asset);
    kind.list(
        client.list_conditions(StatusFilter::All, Some(true), None, Some(&"funnel".into())),
        "GET list/",
        "status=all&globalOnly=true&idFunnel=funnel",
    );
    kind.find(client.find_condition_by_id(&FIRST_ID.into()));
    kind.find_many(client.find_conditions_by_ids(&ids()), "idConditions");
    kind.list(
        client.find_conditions_by_status(StatusFilter::All, Some(&"funnel".into())),
        "GET find/byStatus/",
        "status=all&idFunnel=funnel",
    );
    let saved = with_kept(&asset);
    kind.save(client.save_condition(&saved), &saved);
    kind.duplicate(client.duplicate_condition(&FIRST_ID.into(), &copy), &copy);
    kind.move_to_shelf(client.move_conditions_to_category(&shelf));
    kind.find_by_category(client.find_conditions_by_category(&"shelf".into()));
    kind.archive(client.archive_conditions(&list).acknowledge_inferred());
    kind.unarchive(client.unarchive_conditions(&list));
    kind.delete(client.delete_conditions(None, Some(&list)).acknowledge_inferred());

    let kind = AssetKind::new(&fake, "logicscript", "idLogicScript");
    let asset = LogicScript::new(FIRST_ID, "One");
    kind.create(client.create_logic_script(&asset), &asset);
    kind.list_all(client.list_logic_scripts(StatusFilter::All, None));
    kind.find(client.find_logic_script_by_id(&FIRST_ID.into()));
    kind.find_many(client.find_logic_scripts_by_ids(&ids()), "idLogicScripts");
    kind.list(
        client.find_logic_scripts_by_name("One"),
        "GET find/byName/",
        "logicScriptName=One",
    );
    kind.find_by_status(client.find_logic_scripts_by_status(StatusFilter::All));
    let saved = with_kept(&asset);
    kind.save(client.save_logic_script(&saved), &saved);
    let request = LogicScriptDuplicateRequest::new("Copy");
    kind.duplicate(
        client.duplicate_logic_script(&FIRST_ID.into(), &request),
        &request,
    );
    kind.move_to_shelf(client.move_logic_scripts_to_category(&shelf));
    kind.find_by_category(client.find_logic_scripts_by_category(&"shelf".into()));
    kind.archive(client.archive_logic_scripts(&list).acknowledge_inferred());
    kind.unarchive(client.unarchive_logic_scripts(&list));
    kind.delete(
        client
            .delete_logic_scripts(None, Some(&list))
            .acknowledge_inferred(),
    );

    let kind = AssetKind::new(&fake, "visitortag", "idVisitorTag");
    let asset = VisitorTag::new(FIRST_ID, "One");
    kind.create(client.create_visitor_tag(&asset), &asset);
    kind.list_all(client.list_visitor_tags(StatusFilter::All, None));
    kind.find(client.find_visitor_tag_by_id(&FIRST_ID.into()));
    kind.find_by_status(client.find_visitor_tags_by_status(StatusFilter::All));
    let saved = with_kept(&asset);
    kind.save(client.save_visitor_tag(&saved), &saved);
    kind.duplicate(client.duplicate_visitor_tag(&FIRST_ID.into(), &copy), &copy);
    kind.move_to_shelf(client.move_visitor_tags_to_category(&shelf));
    kind.list(
        client.list_visitor_tags(StatusFilter::All, Some(&"shelf".into())),
        "GET list/",
        "status=all&idCategory=shelf",
    );
    kind.archive(client.archive_visitor_tags(&list).acknowledge_inferred());
    kind.unarchive(client.unarchive_visitor_tags(&list));
    kind.delete(
        client
            .delete_visitor_tags(None, Some(&list))
            .acknowledge_inferred(),
    );
    let mut page_group = PageGroup::new(FIRST_ID, "One");
    page_group.extra.insert("pageGroupType".to_owned(), json!("type"));

    let kind = AssetKind::new(&fake, "pagegroup", "idPageGroup");
    let asset = page_group;
    kind.create(client.create_page_group(&asset), &asset);
    kind.list_all(client.list_page_groups(StatusFilter::All, None));
    kind.find(client.find_page_group_by_id(&FIRST_ID.into()));
    kind.find_many(client.find_page_groups_by_ids(&ids()), "idPageGroups");
    kind.find_by_status(client.find_page_groups_by_status(StatusFilter::All));
    kind.list(
        client.find_page_groups_by_type("type"),
        "GET find/byType/",
        "pageGroupType=type",
    );
    let saved = with_kept(&asset);
    kind.save(client.save_page_group(&saved), &saved);
    kind.duplicate(client.duplicate_page_group(&FIRST_ID.into(), &copy), &copy);
    kind.move_to_shelf(client.move_page_groups_to_category(&shelf));
    kind.find_by_category(client.find_page_groups_by_category(&"shelf".into()));
    kind.archive(client.archive_page_groups(&list).acknowledge_inferred());
    kind.unarchive(client.unarchive_page_groups(&list));
    kind.delete(
        client
            .delete_page_groups(None, Some(&list))
            .acknowledge_inferred(),
    );

    // The segment `globalpagegroup` is a second listing of the same page groups.
    let second_shelf = MoveCategoryRequest::new([SECOND_ID.to_owned()], "shelf");
    run(client.create_page_group(&PageGroup::new(SECOND_ID, "Two"))).unwrap();
    run(client.move_global_page_groups_to_category(&second_shelf)).unwrap();
    assert_sent(
        &fake,
        "PUT /globalpagegroup/move-category/",
        "",
        Some(to_json(&second_shelf)),
    );
    let category = fake
        .state()
        .asset("pagegroup", SECOND_ID)
        .unwrap()
        .category
        .clone();
    assert_eq!(category, "shelf");
    let rows = client.find_global_page_groups_by_category(&"shelf".into());
    let rows = run(rows).unwrap();
    assert_sent(
        &fake,
        "GET /globalpagegroup/find/byCategory/",
        "idCategory=shelf",
        None,
    );
    let found: Vec<&str> = rows.iter().map(|row| row.id_page_group.as_str()).collect();
    assert_eq!(found, [SECOND_ID]);

    let kind = AssetKind::new(&fake, "page", "idPage");
    let asset =
        Page::new(FIRST_ID, "One").with_offer_params(PageOfferParams::new().with_id_offer_source(FIRST_ID));
    kind.create(client.create_page(&asset), &asset);
    kind.list_all(client.list_pages(StatusFilter::All, None));
    kind.find(client.find_page_by_id(&FIRST_ID.into()));
    kind.find_many(client.find_pages_by_ids(&ids()), "idPages");
    kind.find_by_status(client.find_pages_by_status(StatusFilter::All));
    let saved = with_kept(&asset);
    kind.save(client.save_page(&saved), &saved);
    kind.duplicate(client.duplicate_page(&FIRST_ID.into(), &copy), &copy);
    kind.move_to_shelf(client.move_pages_to_category(&shelf));
    kind.find_by_category(client.find_pages_by_category(&"shelf".into()));
    kind.archive(client.archive_pages(&list).acknowledge_inferred());
    kind.unarchive(client.unarchive_pages(&list));
    kind.delete(client.delete_pages(None, Some(&list)).acknowledge_inferred());

    let kind = AssetKind::new(&fake, "ainodesettings", "idAiNodeSetting");
    let asset = AiNodeSettings::new(FIRST_ID);
    kind.create(client.create_ai_node_settings(&asset), &asset);
    kind.find(client.find_ai_node_settings_by_id(&FIRST_ID.into()));
    kind.find_many(client.find_ai_node_settings_by_ids(&ids()), "idAiNodeSettings");
    let saved = with_kept(&asset);
    kind.save(client.save_ai_node_settings(&saved), &saved);
    kind.delete(
        client
            .delete_ai_node_settings(None, Some(&list))
            .acknowledge_inferred(),
    );

    let kind = AssetKind::new(&fake, "webhookconfig", "idWebhookConfig");
    let asset = WebhookConfig::new(FIRST_ID, "One");
    kind.create(client.create_webhook_config(&asset), &asset);
    kind.list_all(client.list_webhook_configs(StatusFilter::All, None));
    kind.find(client.find_webhook_config_by_id(&FIRST_ID.into()));
    kind.find_many(client.find_webhook_configs_by_ids(&ids()), "idWebhookConfigs");
    let saved = with_kept(&asset);
    kind.save(client.save_webhook_config(&saved), &saved);
    kind.duplicate(client.duplicate_webhook_config(&FIRST_ID.into(), &copy), &copy);
    kind.move_to_shelf(client.move_webhook_configs_to_category(&shelf));
    kind.archive(client.archive_webhook_configs(&list).acknowledge_inferred());
    kind.unarchive(client.unarchive_webhook_configs(&list));
    kind.delete(
        client
            .delete_webhook_configs(None, Some(&list))
            .acknowledge_inferred(),
    );

    let kind = AssetKind::new(&fake, "middlewareconfig", "idMiddlewareConfig");
    let asset = MiddlewareConfig::new(FIRST_ID, "One");
    kind.create(client.create_middleware_config(&asset), &asset);
    kind.list(client.list_middleware_configs(None, None), "GET list/", "");
    kind.find(client.find_middleware_config_by_id(&FIRST_ID.into()));
    kind.find_many(
        client.find_middleware_configs_by_ids(&ids()),
        "idMiddlewareConfigs",
    );
    let saved = with_kept(&asset);
    kind.save(client.save_middleware_config(&saved), &saved);
    kind.duplicate(client.duplicate_middleware_config(&FIRST_ID.into(), &copy), &copy);
    kind.move_to_shelf(client.move_middleware_configs_to_category(&shelf));
    kind.archive(client.archive_middleware_configs(&list).acknowledge_inferred());
    kind.unarchive(client.unarchive_middleware_configs(&list));
    kind.delete(
        client
            .delete_middleware_configs(None, Some(&list))
            .acknowledge_inferred(),
    );
    undescribed_operations_change_nothing(&fake, &client);

    let known: BTreeSet<String> = operations::GROUPS
        .iter()
        .flat_map(|group| group.iter())
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    assert_eq!(known.len(), 161);
    let called = called_operations(&fake);
    let missing: Vec<&String> = known.difference(&called).collect();
    assert!(missing.is_empty(), "never called: {missing:?}");
}

#[test]
fn the_coverage_table_lists_the_simulated_operations() {
    let coverage = include_str!("../../../../spec/COVERAGE.md");
    let rows: BTreeMap<String, bool> = coverage
        .lines()
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .filter(|cells: &Vec<&str>| cells.len() == 11 && cells[0].parse::<usize>().is_ok())
        .map(|cells| {
            let key = format!("{} {}", cells[3], cells[4].trim_matches('`'));
            (key, cells[10] == "yes")
        })
        .collect();
    assert_eq!(rows.len(), 161);
    for (operation, simulated) in rows {
        assert_eq!(Fake::simulates(&operation), Some(simulated), "{operation}");
    }
}
