//! Every operation of the vendor's index runs end to end against the fake, and the fake's word on what it simulates is that of
//! `spec/COVERAGE.md`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test stops at the first surprise, and this one walks over 161 operations"
)]

use funnelflux::types::*;
use funnelflux::{Client, Unverified, operations};
use funnelflux_fake::{Fake, Verdict};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// IDs: to create something under one, it has to be such.
const ONE: &str = "2nIemJxCKbFX";
const TWO: &str = "2n5JuOKWLTzd";

const SURE: Unverified = Unverified::acknowledge();

fn status(fake: &Fake, segment: &str) -> String {
    let state = fake.state();
    let asset = state.asset(segment, ONE).unwrap();
    asset.status.as_str().to_owned()
}

fn map(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

/// Calls what a group has, in the order of a life: each step says what the server holds after it.
macro_rules! group {
    ($fake:ident, $client:ident, $segment:literal, $asset:expr; $($verb:ident $method:ident $(($($extra:tt)*))?),* $(,)?) => {
        let asset = $asset;
        $(group!(@$verb $fake $client $segment asset $method $(($($extra)*))?);)*
    };
    (@create $fake:ident $client:ident $segment:literal $asset:ident $method:ident) => {
        $client.$method(&$asset).await.unwrap();
        assert_eq!(status(&$fake, $segment), "active", $segment);
    };
    (@list $fake:ident $client:ident $segment:literal $asset:ident $method:ident ($($extra:expr),*)) => {
        assert_eq!($client.$method($($extra),*).await.unwrap().len(), 1, $segment);
    };
    (@find $fake:ident $client:ident $segment:literal $asset:ident $method:ident) => {
        $client.$method(&ONE.into()).await.unwrap();
    };
    (@find_many $fake:ident $client:ident $segment:literal $asset:ident $method:ident) => {
        assert_eq!($client.$method(&[ONE.into(), "none".into()]).await.unwrap().len(), 1, $segment);
    };
    (@save $fake:ident $client:ident $segment:literal $asset:ident $method:ident) => {
        let mut saved = $asset.clone();
        saved.extra.insert("kept".to_owned(), json!(1));
        $client.$method(&saved).await.unwrap();
        assert_eq!($fake.state().asset($segment, ONE).unwrap().body["kept"], json!(1), $segment);
    };
    (@duplicate $fake:ident $client:ident $segment:literal $asset:ident $method:ident ($request:expr)) => {
        let copy = $client.$method(&ONE.into(), &$request).await.unwrap().id.unwrap();
        assert!($fake.state().asset($segment, &copy).is_some(), $segment);
    };
    (@move_to $fake:ident $client:ident $segment:literal $asset:ident $method:ident) => {
        $client.$method(&MoveCategoryRequest::new([ONE.to_owned()], "shelf")).await.unwrap();
        assert_eq!($fake.state().asset($segment, ONE).unwrap().category, "shelf", $segment);
    };
    (@archive $fake:ident $client:ident $segment:literal $asset:ident $method:ident ($request:ident)) => {
        $client.$method(&$request::new([ONE.to_owned()]), SURE).await.unwrap();
        assert_eq!(status(&$fake, $segment), "archived", $segment);
    };
    (@unarchive $fake:ident $client:ident $segment:literal $asset:ident $method:ident) => {
        $client.$method(&StringList::new([ONE.to_owned()])).await.unwrap();
        assert_eq!(status(&$fake, $segment), "active", $segment);
    };
    (@delete $fake:ident $client:ident $segment:literal $asset:ident $method:ident ($request:ident)) => {
        $client.$method(None, Some(&$request::new([ONE.to_owned()])), SURE).await.unwrap();
        assert_eq!(status(&$fake, $segment), "deleted", $segment);
    };
}

/// The keys of what was asked and answered with a success.
fn answered(fake: &Fake) -> BTreeSet<String> {
    let log = fake.log();
    let answered = log.iter().map(|entry| {
        assert!(
            matches!(entry.verdict, Verdict::Answered(200..=299)),
            "{entry:?}"
        );
        entry.operation.unwrap().to_owned()
    });
    answered.collect()
}

async fn offer_sources(client: &Client) {
    let parents = || ParentMutationRequest::new([ONE.to_owned()]);
    let offer = OfferSource::new(ONE, "Offer");
    client.create_offer_source(&offer).await.unwrap();
    client
        .list_offer_sources(StatusFilter::All, None)
        .await
        .unwrap();
    client.find_offer_source_by_id(&ONE.into()).await.unwrap();
    client
        .find_offer_sources_by_ids(&[ONE.into()])
        .await
        .unwrap();
    client
        .find_offer_sources_by_status(StatusFilter::All)
        .await
        .unwrap();
    client
        .find_offer_sources_by_category(&"shelf".into())
        .await
        .unwrap();
    client.save_offer_source(&offer).await.unwrap();
    let copy = DuplicateRequest::new("Copy");
    client
        .duplicate_offer_source(&ONE.into(), &copy)
        .await
        .unwrap();
    let entries = [ONE.to_owned()];
    let shelf = MoveCategoryRequest::new(entries.clone(), "shelf");
    client.move_offer_sources_to_category(&shelf).await.unwrap();
    client.archive_offer_sources(&parents()).await.unwrap();
    client
        .unarchive_offer_sources(&StringList::new(entries))
        .await
        .unwrap();
    client
        .delete_offer_sources(None, Some(&parents()))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn every_operation_runs() {
    let fake = Fake::default();
    let client = funnelflux_suites::client(&fake).build().unwrap();
    let all = StatusFilter::All;
    let copy = || DuplicateRequest::new("Copy");
    let open = map(json!({ "anything": 1 }));

    group!(fake, client, "category", Category::new(ONE, "One").with_category_type(CategoryType::Offer);
        create create_category, list list_categories(StatusFilter::All, Some(CategoryType::Offer)), find find_category_by_id,
        find_many find_categories_by_ids, save save_category, duplicate duplicate_category(copy()),
        archive archive_categories(ParentMutationRequest), unarchive unarchive_categories,
        delete delete_categories(ParentMutationRequest));
    fake.seed_category("shelf", "Shelf");
    offer_sources(&client).await;
    group!(fake, client, "trafficsource", TrafficSource::new(ONE, "One");
        create create_traffic_source, list list_traffic_sources(all.clone(), None), find find_traffic_source_by_id,
        find_many find_traffic_sources_by_ids, list find_traffic_sources_by_status(all.clone()), save save_traffic_source,
        duplicate duplicate_traffic_source(copy()), move_to move_traffic_sources_to_category,
        list find_traffic_sources_by_category(&"shelf".into()), archive archive_traffic_sources(StringList),
        unarchive unarchive_traffic_sources, delete delete_traffic_sources(StringList));
    group!(fake, client, "funnelgroup", FunnelGroup::new(ONE, "One");
        create create_funnel_group, list list_funnel_groups(all.clone()), find find_funnel_group_by_id,
        find_many find_funnel_groups_by_ids, list find_funnel_groups_by_status(all.clone()), save save_funnel_group,
        list list_campaigns(all.clone()), find find_campaign_by_id, find_many find_campaigns_by_ids,
        list find_campaigns_by_status(all.clone()), save save_campaign, duplicate duplicate_funnel_group(copy()),
        duplicate duplicate_campaign(copy()), archive archive_funnel_groups(ParentMutationRequest),
        unarchive unarchive_funnel_groups, archive archive_campaigns(ParentMutationRequest),
        delete delete_funnel_groups(ParentMutationRequest));
    // The other listing is about the same assets.
    client
        .create_campaign(&FunnelGroup::new(TWO, "Two"))
        .await
        .unwrap();
    let two = ParentMutationRequest::new([TWO.to_owned()]);
    client
        .delete_campaigns(None, Some(&two), SURE)
        .await
        .unwrap();
    let state = fake.state();
    let deleted = state.asset("funnelgroup", TWO).unwrap();
    assert_eq!(deleted.status.as_str(), "deleted");
    group!(fake, client, "funnel", Funnel::new(ONE, "One").with_funnel_type("type");
        create create_funnel, list list_funnels(all.clone(), Some("type")), find find_funnel_by_id,
        find_many find_funnels_by_ids, list find_funnels_by_status(all.clone()), list find_funnels_by_type("type"),
        save save_funnel, duplicate duplicate_funnel(FunnelDuplicateRequest::new("Copy", "group")),
        archive archive_funnels(StringList), unarchive unarchive_funnels, delete delete_funnels(StringList));
    client
        .find_funnels_by_category(&"shelf".into())
        .await
        .unwrap();
    client.move_funnel(&open).await.unwrap();
    group!(fake, client, "condition", Condition::new(ONE, "One").with_restrict_to_funnel_id("funnel");
        create create_condition, list list_conditions(all.clone(), Some(true), None, Some(&"funnel".into())),
        find find_condition_by_id, find_many find_conditions_by_ids,
        list find_conditions_by_status(all.clone(), Some(&"funnel".into())), save save_condition,
        duplicate duplicate_condition(copy()), move_to move_conditions_to_category,
        list find_conditions_by_category(&"shelf".into()), archive archive_conditions(StringList),
        unarchive unarchive_conditions, delete delete_conditions(StringList));
    group!(fake, client, "logicscript", LogicScript::new(ONE, "One");
        create create_logic_script, list list_logic_scripts(all.clone(), None), find find_logic_script_by_id,
        find_many find_logic_scripts_by_ids, list find_logic_scripts_by_name("One"),
        list find_logic_scripts_by_status(all.clone()), save save_logic_script,
        duplicate duplicate_logic_script(LogicScriptDuplicateRequest::new("Copy")), move_to move_logic_scripts_to_category,
        list find_logic_scripts_by_category(&"shelf".into()), archive archive_logic_scripts(StringList),
        unarchive unarchive_logic_scripts, delete delete_logic_scripts(StringList));
    client.get_logic_script_language_metadata().await.unwrap();
    client.validate_logic_script(&open).await.unwrap();
    group!(fake, client, "visitortag", VisitorTag::new(ONE, "One");
        create create_visitor_tag, list list_visitor_tags(all.clone(), None), find find_visitor_tag_by_id,
        list find_visitor_tags_by_status(all.clone()), save save_visitor_tag, duplicate duplicate_visitor_tag(copy()),
        move_to move_visitor_tags_to_category, archive archive_visitor_tags(StringList), unarchive unarchive_visitor_tags,
        delete delete_visitor_tags(StringList));
    let mut group_of_pages = PageGroup::new(ONE, "One");
    group_of_pages
        .extra
        .insert("pageGroupType".to_owned(), json!("type"));
    group!(fake, client, "pagegroup", group_of_pages;
        create create_page_group, list list_page_groups(all.clone(), None), find find_page_group_by_id,
        find_many find_page_groups_by_ids, list find_page_groups_by_status(all.clone()), list find_page_groups_by_type("type"),
        save save_page_group, duplicate duplicate_page_group(copy()), move_to move_page_groups_to_category,
        move_to move_global_page_groups_to_category, list find_page_groups_by_category(&"shelf".into()),
        list find_global_page_groups_by_category(&"shelf".into()), archive archive_page_groups(StringList),
        unarchive unarchive_page_groups, delete delete_page_groups(StringList));
    group!(fake, client, "page", Page::new(ONE, "One").with_offer_params(PageOfferParams::new().with_id_offer_source(ONE));
        create create_page, list list_pages(all.clone(), None), find find_page_by_id, find_many find_pages_by_ids,
        list find_pages_by_status(all.clone()), save save_page, duplicate duplicate_page(copy()), move_to move_pages_to_category,
        list find_pages_by_category(&"shelf".into()), archive archive_pages(StringList), unarchive unarchive_pages,
        delete delete_pages(StringList));
    client.get_user_settings().await.unwrap();
    client.save_user_settings(&open).await.unwrap();
    client.delete_user_settings(SURE).await.unwrap();
    client.list_integration_api_keys().await.unwrap();
    client.save_integration_api_key(&open).await.unwrap();
    client.create_integration_api_key(None).await.unwrap();
    client
        .delete_integration_api_keys(Some(&open), SURE)
        .await
        .unwrap();
    group!(fake, client, "ainodesettings", AiNodeSettings::new(ONE);
        create create_ai_node_settings, find find_ai_node_settings_by_id, find_many find_ai_node_settings_by_ids,
        save save_ai_node_settings, delete delete_ai_node_settings(StringList));
    group!(fake, client, "webhookconfig", WebhookConfig::new(ONE, "One");
        create create_webhook_config, list list_webhook_configs(all.clone(), None), find find_webhook_config_by_id,
        find_many find_webhook_configs_by_ids, save save_webhook_config, duplicate duplicate_webhook_config(copy()),
        move_to move_webhook_configs_to_category, archive archive_webhook_configs(StringList),
        unarchive unarchive_webhook_configs, delete delete_webhook_configs(StringList));
    group!(fake, client, "middlewareconfig", MiddlewareConfig::new(ONE, "One");
        create create_middleware_config, list list_middleware_configs(None, None), find find_middleware_config_by_id,
        find_many find_middleware_configs_by_ids, save save_middleware_config, duplicate duplicate_middleware_config(copy()),
        move_to move_middleware_configs_to_category, archive archive_middleware_configs(StringList),
        unarchive unarchive_middleware_configs, delete delete_middleware_configs(StringList));

    let known: BTreeSet<String> = operations::GROUPS
        .iter()
        .flat_map(|group| group.iter())
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    assert_eq!(known.len(), 161);
    let answered = answered(&fake);
    let missing: Vec<&String> = known.difference(&answered).collect();
    assert!(missing.is_empty(), "never called: {missing:?}");
}

#[test]
fn the_fake_simulates_what_the_coverage_says() {
    let coverage = include_str!("../../../spec/COVERAGE.md");
    let said: BTreeMap<String, bool> = coverage
        .lines()
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .filter(|cells: &Vec<&str>| cells.len() == 11 && cells[0].parse::<usize>().is_ok())
        .map(|cells| {
            let key = format!("{} {}", cells[3], cells[4].trim_matches('`'));
            (key, cells[10] == "yes")
        })
        .collect();
    assert_eq!(said.len(), 161);
    for (key, yes) in said {
        assert_eq!(Fake::simulates(&key), Some(yes), "{key}");
    }
}

/// What other pages of the documentation state of single groups.
#[tokio::test(start_paused = true)]
async fn the_service_keeps_what_only_it_can_set() {
    let fake = Fake::default();
    let client = funnelflux_suites::client(&fake).build().unwrap();

    let script = LogicScript::new(ONE, "Script")
        .with_code("return \"a\"")
        .with_code_hash("mine");
    client.create_logic_script(&script).await.unwrap();
    let hash = client
        .find_logic_script_by_id(&ONE.into())
        .await
        .unwrap()
        .code_hash
        .unwrap();
    assert_eq!(hash.len(), 64);
    assert_ne!(hash, "mine");

    let funnel = Funnel::new(ONE, "Funnel").with_id_campaign("old");
    client.create_funnel(&funnel).await.unwrap();
    let read = client.find_funnel_by_id(&ONE.into()).await.unwrap();
    assert_eq!(
        (read.id_campaign, read.id_funnel_group),
        (Some("old".into()), Some("old".into()))
    );

    let destination = MiddlewareDestination::new().with_hmac_secret("hush");
    let config = MiddlewareConfig::new(ONE, "M")
        .with_destination(destination)
        .with_timeout_ms(20_000);
    client.create_middleware_config(&config).await.unwrap();
    let stored = |fake: &Fake| {
        fake.state().asset("middlewareconfig", ONE).unwrap().body["destination"]["hmacSecret"]
            .clone()
    };
    assert_eq!(stored(&fake), json!("hush"));
    let read = client
        .find_middleware_config_by_id(&ONE.into())
        .await
        .unwrap();
    assert_eq!(read.timeout_ms, Some(10_000));
    let shown = read.destination.clone().unwrap();
    assert_eq!(
        serde_json::to_value(&shown.hmac_secret).unwrap(),
        json!("********")
    );
    assert_eq!(shown.has_hmac_secret, Some(true));
    // Saving what was read keeps the secret; saying that there is none drops it.
    client.save_middleware_config(&read).await.unwrap();
    assert_eq!(stored(&fake), json!("hush"));
    let without = read.with_destination(shown.with_has_hmac_secret(false));
    client.save_middleware_config(&without).await.unwrap();
    assert_eq!(stored(&fake), Value::Null);
}
