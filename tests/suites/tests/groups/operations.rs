//! Every operation of the vendor's index runs end to end against the fake: what the server saw, what it holds afterwards, and
//! that the fake's word on what it simulates is that of `spec/COVERAGE.md`.

use super::{ONE, TWO, service};
use funnelflux::types::*;
use funnelflux::{Client, Unverified, operations};
use funnelflux_fake::{Fake, State, Verdict};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const SURE: Unverified = Unverified::acknowledge();

/// One kind of assets on the server.
struct Kind<'f> {
    fake: &'f Fake,
    /// First segment of its paths.
    segment: &'static str,
    /// Under which its assets are kept: a second listing is of the same.
    kept: &'static str,
    /// Name of its ID.
    id: &'static str,
}

impl Kind<'_> {
    /// The last request was this one, and it was answered with a success.
    fn saw(&self, operation: &str, query: &str, body: Option<Value>) {
        let (method, path) = operation.split_once(' ').unwrap();
        saw(
            self.fake,
            &format!("{method} /{}/{path}", self.segment),
            query,
            body,
        );
    }

    /// The last request looked for the first ID, as the query says.
    fn saw_find(&self) {
        self.saw("GET find/byId/", &format!("{}={ONE}", self.id), None);
    }

    /// What came back is the first asset, and nothing else.
    fn is_one<T: Serialize>(&self, rows: &[T]) {
        let ids: Vec<Value> = rows.iter().map(|row| self.id_of(row)).collect();
        assert_eq!(ids, [json!(ONE)], "{}", self.segment);
    }

    fn id_of(&self, row: &impl Serialize) -> Value {
        serde_json::to_value(row).unwrap()[self.id].clone()
    }

    /// A property of an asset, as the server has it.
    fn held(&self, id: &str, property: &str) -> Value {
        let state = self.fake.state();
        state.asset(self.kept, id).unwrap().body[property].clone()
    }

    /// How the server has the first asset, and that it has the others as they were.
    fn changed(&self, before: &State, status: &str, category: &str) {
        let state = self.fake.state();
        let asset = state.asset(self.kept, ONE).unwrap();
        assert_eq!(
            (asset.status.as_str(), asset.category.as_str()),
            (status, category),
            "{}",
            self.segment
        );
        let others = |state: &State| -> Vec<Value> {
            let assets = state.assets(self.kept);
            let others = assets.filter(|asset| asset.id != ONE);
            others.map(|asset| Value::from(asset.body.clone())).collect()
        };
        assert_eq!(others(&state), others(before), "{}", self.segment);
    }
}

/// The last request, as the server saw it: operation, query and body.
fn saw(fake: &Fake, operation: &str, query: &str, body: Option<Value>) {
    let log = fake.log();
    let entry = log.last().unwrap();
    assert_eq!(
        (entry.operation, &*entry.query, entry.json()),
        (Some(operation), query, body),
        "{operation}"
    );
    let (method, path) = operation.split_once(' ').unwrap();
    assert_eq!(
        (entry.method.as_str(), &*entry.path),
        (method, &*format!("{}{path}", Fake::base_path())),
        "{operation}"
    );
    assert_eq!(entry.verdict, Verdict::Answered(200), "{operation}");
}

fn body(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn map(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

/// Calls what a kind has, in the order of a life: each step says what the server saw, and what it holds after it.
macro_rules! life {
    ($fake:ident, $client:ident, $segment:literal, $id:literal, $asset:expr; $($steps:tt)*) => {
        life!($fake, $client, $segment of $segment, $id, $asset; $($steps)*)
    };
    ($fake:ident, $client:ident, $segment:literal of $kept:literal, $id:literal, $asset:expr;
        $($verb:ident $method:ident $(($($extra:tt)*))?),* $(,)?) => {
        let asset = $asset;
        let kind = Kind { fake: &$fake, segment: $segment, kept: $kept, id: $id };
        $(life!(@$verb kind $client asset $method $(($($extra)*))?);)*
    };
    (@create $kind:ident $client:ident $asset:ident $method:ident) => {
        assert!($kind.fake.state().asset($kind.kept, ONE).is_none(), "{}", $kind.segment);
        $client.$method(&$asset).await.unwrap();
        $kind.saw("POST save/", "", Some(body(&$asset)));
        assert_eq!($kind.held(ONE, $kind.id), json!(ONE));
    };
    // A list of any kind: the operation, its query, and the arguments of the method.
    (@list $kind:ident $client:ident $asset:ident $method:ident ($operation:literal ? $query:literal $(, $extra:expr)*)) => {
        let rows = $client.$method($($extra),*).await.unwrap();
        $kind.saw(concat!("GET ", $operation), $query, None);
        $kind.is_one(&rows);
    };
    (@find $kind:ident $client:ident $asset:ident $method:ident) => {
        let found = $client.$method(&ONE.into()).await.unwrap();
        $kind.saw_find();
        assert_eq!($kind.id_of(&found), json!(ONE));
    };
    (@find_many $kind:ident $client:ident $asset:ident $method:ident ($ids:literal)) => {
        let found = $client.$method(&[ONE.into(), "none".into()]).await.unwrap();
        $kind.saw("GET find/byIds/", &format!("{}={ONE}%2Cnone", $ids), None);
        $kind.is_one(&found);
    };
    (@save $kind:ident $client:ident $asset:ident $method:ident) => {
        let mut saved = $asset.clone();
        saved.extra.insert("kept".to_owned(), json!(stringify!($method)));
        $client.$method(&saved).await.unwrap();
        $kind.saw("PUT save/", "", Some(body(&saved)));
        assert_eq!($kind.held(ONE, "kept"), json!(stringify!($method)));
    };
    (@duplicate $kind:ident $client:ident $asset:ident $method:ident ($request:expr)) => {
        let request = $request;
        let copy = $client.$method(&ONE.into(), &request).await.unwrap().id.unwrap();
        $kind.saw("POST duplicate/", &format!("{}={ONE}", $kind.id), Some(body(&request)));
        let state = $kind.fake.state();
        let copy = state.asset($kind.kept, &copy).unwrap();
        assert_eq!((&*copy.name, copy.status.as_str()), ("Copy", "active"));
        assert_eq!(copy.body["kept"], $kind.held(ONE, "kept"), "the rest is the original's");
    };
    (@move_to $kind:ident $client:ident $asset:ident $method:ident) => {
        let before = $kind.fake.state();
        $client.$method(&MoveCategoryRequest::new([ONE.to_owned()], "shelf")).await.unwrap();
        $kind.saw("PUT move-category/", "", Some(json!({"entries": [ONE], "idCategory": "shelf"})));
        $kind.changed(&before, "active", "shelf");
    };
    (@unarchive $kind:ident $client:ident $asset:ident $method:ident) => {
        let before = $kind.fake.state();
        let category = before.asset($kind.kept, ONE).unwrap().category.clone();
        $client.$method(&StringList::new([ONE.to_owned()])).await.unwrap();
        $kind.saw("PUT unarchive/", "", Some(json!({"entries": [ONE]})));
        $kind.changed(&before, "active", &category);
    };
    // What the call takes after its body: nothing where it is documented, and the caller's word where it is deduced.
    (@archive $kind:ident $client:ident $asset:ident $method:ident ($request:ident $(, $word:expr)?)) => {
        let before = $kind.fake.state();
        let category = before.asset($kind.kept, ONE).unwrap().category.clone();
        $client.$method(&$request::new([ONE.to_owned()]) $(, $word)?).await.unwrap();
        $kind.saw("PUT archive/", "", Some(json!({"entries": [ONE]})));
        $kind.changed(&before, "archived", &category);
    };
    (@delete $kind:ident $client:ident $asset:ident $method:ident ($request:ident $(, $word:expr)?)) => {
        let before = $kind.fake.state();
        let category = before.asset($kind.kept, ONE).unwrap().category.clone();
        $client.$method(None, Some(&$request::new([ONE.to_owned()])) $(, $word)?).await.unwrap();
        $kind.saw("DELETE delete/", "", Some(json!({"entries": [ONE]})));
        $kind.changed(&before, "deleted", &category);
    };
}

/// The keys of what was asked and answered with a success.
fn answered(fake: &Fake) -> BTreeSet<String> {
    let log = fake.log();
    let answered = log.iter().map(|entry| {
        assert!(matches!(entry.verdict, Verdict::Answered(200..=299)), "{entry:?}");
        entry.operation.unwrap().to_owned()
    });
    answered.collect()
}

/// What is answered and does nothing, since nobody says what it does with what: the request is as documented, the answer is
/// decoded, and the state stays.
async fn what_is_only_answered(fake: &Fake, client: &Client) {
    let before = fake.state();
    let open = json!({ "anything": { "at": [null, "all"] } });
    let sent = map(open.clone());
    let open = Some(open);

    client.move_funnel(&sent).await.unwrap();
    saw(fake, "PUT /funnel/move/", "", open.clone());
    let metadata = client.get_logic_script_language_metadata().await.unwrap();
    saw(fake, "GET /logicscript/language-metadata/", "", None);
    assert_eq!(metadata, Map::new());
    let found = client.validate_logic_script(&sent).await.unwrap();
    saw(fake, "POST /logicscript/validate/", "", open.clone());
    assert_eq!(found, Map::new());

    let settings = client.get_user_settings().await.unwrap();
    saw(fake, "GET /usersettings/get/", "", None);
    assert_eq!(settings, Map::new());
    client.save_user_settings(&sent).await.unwrap();
    saw(fake, "PUT /usersettings/save/", "", open.clone());
    client.delete_user_settings(SURE).await.unwrap();
    saw(fake, "DELETE /usersettings/delete/", "", None);

    let keys = client.list_integration_api_keys().await.unwrap();
    saw(fake, "GET /integration/list/", "", None);
    assert!(keys.is_empty());
    client.save_integration_api_key(&sent).await.unwrap();
    saw(fake, "PUT /integration/save/", "", open.clone());
    for (given, seen) in [(None, None), (Some(&sent), open.clone())] {
        let key = client.create_integration_api_key(given).await.unwrap();
        saw(fake, "POST /integration/save/", "", seen);
        assert_eq!(key, Map::new());
    }
    client
        .delete_integration_api_keys(Some(&sent), SURE)
        .await
        .unwrap();
    saw(fake, "DELETE /integration/delete/", "", open);
    assert!(fake.state() == before, "what is only answered does nothing");
}

#[tokio::test(start_paused = true)]
#[expect(clippy::too_many_lines, reason = "one that walks over 161 operations")]
async fn every_operation_runs() {
    let (fake, client) = service();
    let all = StatusFilter::All;
    let copy = || DuplicateRequest::new("Copy");

    life!(fake, client, "category", "idCategory", Category::new(ONE, "One").with_category_type(CategoryType::Offer);
        create create_category,
        list list_categories("list/" ? "status=all&categoryType=offer", StatusFilter::All, Some(CategoryType::Offer)),
        find find_category_by_id, find_many find_categories_by_ids("idCategories"), save save_category,
        duplicate duplicate_category(copy()), archive archive_categories(ParentMutationRequest, SURE),
        unarchive unarchive_categories, delete delete_categories(ParentMutationRequest, SURE));
    fake.seed_category("shelf", "Shelf");
    life!(fake, client, "offersource", "idOfferSource", OfferSource::new(ONE, "One");
        create create_offer_source, list list_offer_sources("list/" ? "status=all", all.clone(), None),
        find find_offer_source_by_id, find_many find_offer_sources_by_ids("idOfferSources"),
        list find_offer_sources_by_status("find/byStatus/" ? "status=all", all.clone()), save save_offer_source,
        duplicate duplicate_offer_source(copy()), move_to move_offer_sources_to_category,
        list list_offer_sources("list/" ? "status=active&idCategory=shelf", StatusFilter::Active, Some(&"shelf".into())),
        list find_offer_sources_by_category("find/byCategory/" ? "idCategory=shelf", &"shelf".into()),
        archive archive_offer_sources(ParentMutationRequest), unarchive unarchive_offer_sources,
        delete delete_offer_sources(ParentMutationRequest));
    life!(fake, client, "trafficsource", "idTrafficSource", TrafficSource::new(ONE, "One");
        create create_traffic_source, list list_traffic_sources("list/" ? "status=all", all.clone(), None),
        find find_traffic_source_by_id, find_many find_traffic_sources_by_ids("idTrafficSources"),
        list find_traffic_sources_by_status("find/byStatus/" ? "status=all", all.clone()), save save_traffic_source,
        duplicate duplicate_traffic_source(copy()), move_to move_traffic_sources_to_category,
        list find_traffic_sources_by_category("find/byCategory/" ? "idCategory=shelf", &"shelf".into()),
        archive archive_traffic_sources(StringList, SURE), unarchive unarchive_traffic_sources,
        delete delete_traffic_sources(StringList, SURE));
    life!(fake, client, "funnelgroup", "idFunnelGroup", FunnelGroup::new(ONE, "One");
        create create_funnel_group, list list_funnel_groups("list/" ? "status=all", all.clone()),
        find find_funnel_group_by_id, find_many find_funnel_groups_by_ids("idFunnelGroups"),
        list find_funnel_groups_by_status("find/byStatus/" ? "status=all", all.clone()));
    // The other listing is about the same assets, and has no way back from the archive.
    life!(fake, client, "campaign" of "funnelgroup", "idFunnelGroup", FunnelGroup::new(ONE, "One");
        list list_campaigns("list/" ? "status=all", all.clone()), find find_campaign_by_id,
        find_many find_campaigns_by_ids("idFunnelGroups"),
        list find_campaigns_by_status("find/byStatus/" ? "status=all", all.clone()), save save_campaign,
        duplicate duplicate_campaign(copy()), archive archive_campaigns(ParentMutationRequest, SURE));
    life!(fake, client, "funnelgroup", "idFunnelGroup", FunnelGroup::new(ONE, "One");
        unarchive unarchive_funnel_groups, save save_funnel_group, duplicate duplicate_funnel_group(copy()),
        archive archive_funnel_groups(ParentMutationRequest, SURE), delete delete_funnel_groups(ParentMutationRequest, SURE));
    let two = FunnelGroup::new(TWO, "Two");
    client.create_campaign(&two).await.unwrap();
    saw(&fake, "POST /campaign/save/", "", Some(body(&two)));
    let entries = ParentMutationRequest::new([TWO.to_owned()]);
    client.delete_campaigns(None, Some(&entries), SURE).await.unwrap();
    saw(&fake, "DELETE /campaign/delete/", "", Some(body(&entries)));
    let status = fake.state().asset("funnelgroup", TWO).unwrap().status.clone();
    assert_eq!(status.as_str(), "deleted");
    life!(fake, client, "funnel", "idFunnel", Funnel::new(ONE, "One").with_funnel_type("type");
        create create_funnel, list list_funnels("list/" ? "status=all&funnelType=type", all.clone(), Some("type")),
        find find_funnel_by_id, find_many find_funnels_by_ids("idFunnels"),
        list find_funnels_by_status("find/byStatus/" ? "status=all", all.clone()),
        list find_funnels_by_type("find/byType/" ? "funnelType=type", "type"), save save_funnel,
        duplicate duplicate_funnel(FunnelDuplicateRequest::new("Copy", "group")), archive archive_funnels(StringList, SURE),
        unarchive unarchive_funnels, delete delete_funnels(StringList, SURE));
    // How a funnel gets into a category is not known, so that none is in one.
    let in_category = client.find_funnels_by_category(&"shelf".into());
    assert!(in_category.await.unwrap().is_empty());
    saw(&fake, "GET /funnel/find/byCategory/", "idCategory=shelf", None);
    life!(fake, client, "condition", "idCondition", Condition::new(ONE, "One").with_restrict_to_funnel_id("funnel");
        create create_condition,
        list list_conditions("list/" ? "status=all&globalOnly=true&idFunnel=funnel", all.clone(), Some(true), None, Some(&"funnel".into())),
        find find_condition_by_id, find_many find_conditions_by_ids("idConditions"),
        list find_conditions_by_status("find/byStatus/" ? "status=all&idFunnel=funnel", all.clone(), Some(&"funnel".into())),
        save save_condition, duplicate duplicate_condition(copy()), move_to move_conditions_to_category,
        list find_conditions_by_category("find/byCategory/" ? "idCategory=shelf", &"shelf".into()),
        archive archive_conditions(StringList, SURE), unarchive unarchive_conditions, delete delete_conditions(StringList, SURE));
    life!(fake, client, "logicscript", "idLogicScript", LogicScript::new(ONE, "One");
        create create_logic_script, list list_logic_scripts("list/" ? "status=all", all.clone(), None),
        find find_logic_script_by_id, find_many find_logic_scripts_by_ids("idLogicScripts"),
        list find_logic_scripts_by_name("find/byName/" ? "logicScriptName=One", "One"),
        list find_logic_scripts_by_status("find/byStatus/" ? "status=all", all.clone()), save save_logic_script,
        duplicate duplicate_logic_script(LogicScriptDuplicateRequest::new("Copy")), move_to move_logic_scripts_to_category,
        list find_logic_scripts_by_category("find/byCategory/" ? "idCategory=shelf", &"shelf".into()),
        archive archive_logic_scripts(StringList, SURE), unarchive unarchive_logic_scripts,
        delete delete_logic_scripts(StringList, SURE));
    life!(fake, client, "visitortag", "idVisitorTag", VisitorTag::new(ONE, "One");
        create create_visitor_tag, list list_visitor_tags("list/" ? "status=all", all.clone(), None),
        find find_visitor_tag_by_id, list find_visitor_tags_by_status("find/byStatus/" ? "status=all", all.clone()),
        save save_visitor_tag, duplicate duplicate_visitor_tag(copy()), move_to move_visitor_tags_to_category,
        list list_visitor_tags("list/" ? "status=all&idCategory=shelf", all.clone(), Some(&"shelf".into())),
        archive archive_visitor_tags(StringList, SURE), unarchive unarchive_visitor_tags,
        delete delete_visitor_tags(StringList, SURE));
    let mut group_of_pages = PageGroup::new(ONE, "One");
    group_of_pages
        .extra
        .insert("pageGroupType".to_owned(), json!("type"));
    life!(fake, client, "pagegroup", "idPageGroup", group_of_pages;
        create create_page_group, list list_page_groups("list/" ? "status=all", all.clone(), None), find find_page_group_by_id,
        find_many find_page_groups_by_ids("idPageGroups"),
        list find_page_groups_by_status("find/byStatus/" ? "status=all", all.clone()),
        list find_page_groups_by_type("find/byType/" ? "pageGroupType=type", "type"), save save_page_group,
        duplicate duplicate_page_group(copy()), move_to move_page_groups_to_category,
        list find_page_groups_by_category("find/byCategory/" ? "idCategory=shelf", &"shelf".into()),
        archive archive_page_groups(StringList, SURE), unarchive unarchive_page_groups, delete delete_page_groups(StringList, SURE));
    // The second listing of what concerns categories is about the same groups.
    let shelf = MoveCategoryRequest::new([TWO.to_owned()], "shelf");
    client
        .create_page_group(&PageGroup::new(TWO, "Two"))
        .await
        .unwrap();
    client.move_global_page_groups_to_category(&shelf).await.unwrap();
    saw(
        &fake,
        "PUT /globalpagegroup/move-category/",
        "",
        Some(body(&shelf)),
    );
    let category = fake.state().asset("pagegroup", TWO).unwrap().category.clone();
    assert_eq!(category, "shelf");
    let rows = client.find_global_page_groups_by_category(&"shelf".into());
    let rows = rows.await.unwrap();
    saw(
        &fake,
        "GET /globalpagegroup/find/byCategory/",
        "idCategory=shelf",
        None,
    );
    let found: Vec<&str> = rows.iter().map(|row| row.id_page_group.as_str()).collect();
    assert_eq!(found, [TWO]);
    life!(fake, client, "page", "idPage",
        Page::new(ONE, "One").with_offer_params(PageOfferParams::new().with_id_offer_source(ONE));
        create create_page, list list_pages("list/" ? "status=all", all.clone(), None), find find_page_by_id,
        find_many find_pages_by_ids("idPages"), list find_pages_by_status("find/byStatus/" ? "status=all", all.clone()),
        save save_page, duplicate duplicate_page(copy()), move_to move_pages_to_category,
        list find_pages_by_category("find/byCategory/" ? "idCategory=shelf", &"shelf".into()),
        archive archive_pages(StringList, SURE), unarchive unarchive_pages, delete delete_pages(StringList, SURE));
    life!(fake, client, "ainodesettings", "idAiNodeSetting", AiNodeSettings::new(ONE);
        create create_ai_node_settings, find find_ai_node_settings_by_id,
        find_many find_ai_node_settings_by_ids("idAiNodeSettings"), save save_ai_node_settings,
        delete delete_ai_node_settings(StringList, SURE));
    life!(fake, client, "webhookconfig", "idWebhookConfig", WebhookConfig::new(ONE, "One");
        create create_webhook_config, list list_webhook_configs("list/" ? "status=all", all.clone(), None),
        find find_webhook_config_by_id, find_many find_webhook_configs_by_ids("idWebhookConfigs"), save save_webhook_config,
        duplicate duplicate_webhook_config(copy()), move_to move_webhook_configs_to_category,
        archive archive_webhook_configs(StringList, SURE), unarchive unarchive_webhook_configs,
        delete delete_webhook_configs(StringList, SURE));
    life!(fake, client, "middlewareconfig", "idMiddlewareConfig", MiddlewareConfig::new(ONE, "One");
        create create_middleware_config, list list_middleware_configs("list/" ? "", None, None), find find_middleware_config_by_id,
        find_many find_middleware_configs_by_ids("idMiddlewareConfigs"), save save_middleware_config,
        duplicate duplicate_middleware_config(copy()), move_to move_middleware_configs_to_category,
        archive archive_middleware_configs(StringList, SURE), unarchive unarchive_middleware_configs,
        delete delete_middleware_configs(StringList, SURE));
    what_is_only_answered(&fake, &client).await;

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
    let coverage = include_str!("../../../../spec/COVERAGE.md");
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
