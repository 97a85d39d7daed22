//! Table-driven tests. Each row lists an operation and the method name that it should get.

use super::*;
use serde_json::json;

/// Checks the method name of each operation in a table. The table has the columns method, path, tag, title
/// and expected name.
fn check(table: &str) {
    let mut paths = json!({});
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split('|').map(str::trim).collect())
        .filter(|row: &Vec<&str>| row.len() == 5)
        .collect();
    for row in &rows {
        paths[row[1]][row[0].to_lowercase()] = json!({"tags": [row[2]], "summary": row[3]});
    }
    let document = json!({"paths": paths});
    let vocabulary = Vocabulary::of(&document);
    for operation in operations(&document) {
        let row = rows
            .iter()
            .find(|row| row[1] == operation.path && row[0].eq_ignore_ascii_case(operation.method))
            .unwrap();
        assert_eq!(
            vocabulary.operation(&operation.pointer).unwrap().id,
            row[4],
            "{operation}"
        );
    }
}

#[test]
fn operations_are_named_by_tag_title_and_method() {
    check(
        "
        GET | /campaign/funnel/find/byId/ | Funnels | Find funnel by ID | find_funnel_by_id
        PUT | /funnel/save/ | Funnels | Update a funnel | save_funnel
        POST | /f/new | Funnels | Create a funnel | create_funnel
        PUT | /funnel/move/ | Funnels | Move a funnel | move_funnel
        DELETE | /logicscript/delete/        | Logic Scripts    | Soft-delete logic scripts     | \
            delete_logic_scripts
        POST | /logicscript/validate/ | Logic Scripts | Validate logic script code | validate_logic_script
        GET | /user/settings/get/ | User | Get user settings | get_user_settings
        PUT | /user/settings/save/ | User | Save user settings | save_user_settings
        GET | /integration/apikey/list/ | Integration | List integration API keys | \
            list_integration_api_keys
        PUT | /integration/apikey/save/ | Integration | Update integration API key | \
            save_integration_api_key
        POST | /integration/apikey/save/ | Integration | Generate integration API key | \
            create_integration_api_key
        DELETE | /integration/apikey/delete/ | Integration      | Delete integration API key    | \
            delete_integration_api_keys
        GET | /ainodesetting/find/byId/ | AI Node Settings | Find AI node settings by ID | \
            find_ai_node_settings_by_id
        PUT | /ainodesetting/save/ | AI Node Settings | Update AI node settings | save_ai_node_settings
        PUT | /page/move-category/ | Pages | Move pages to a category | move_pages_to_category
        GET | /domain/find/byId/ | Domains | Find one by ID | find_domain_by_id
        POST | /domain/save/ | Domains | Create | create_domain
        GET | /domain/checks/ | Domains | Check the certificates | get_domain_checks
        ",
    );
}

#[test]
fn a_prefix_of_the_paths_changes_no_name() {
    for prefix in [
        "",
        "/v1",
        "/api/v1/assets",
        "/{account}",
        "/{account}/v1",
        "/v1/{account}",
    ] {
        check(&format!(
            "
            GET | {prefix}/page/find/byId/ | Pages | Find page by ID | find_page_by_id
            GET | {prefix}/page/language-metadata/ | Pages | Get page metadata | get_page_language_metadata
            GET | {prefix}/pages/lang-uage | Pages | | get_page_lang_uage
            GET | {prefix}/pages/lang_uage | Pages | | get_pages_lang_underscore_uage
            "
        ));
        check(&format!(
            "
            GET | {prefix}/page/find/byId/ | Pages | Find page by ID | find_page_by_id
            GET | {prefix}/logicscript/find/byId/ | Logic Scripts | Find logic script by ID | \
                find_logic_script_by_id
            GET | {prefix}/logicscript/meta/ | Logic Scripts | Get script metadata | get_logic_script_meta
            GET | {prefix}/campaign/funnel/find/byId/ | Funnels | Find funnel by ID | find_funnel_by_id
            GET | {prefix}/campaign/funnel/check/ | Funnels | | get_campaign_funnel_check
            GET | /health/deep/ | Health | | get_health_deep
            "
        ));
    }
    check(
        "
        GET | /v1/page/find/byId/ | Pages | Find page by ID | find_page_by_id
        GET | /v1/page/meta/ | Pages | | get_page_meta
        GET | /v2/page/meta/ | Pages | | get_v2_page_meta
        GET | /v2/offer/find/byId/ | Offers | Find offer by ID | find_offer_by_id
        ",
    );
}

#[test]
fn an_operation_without_a_tag_belongs_to_the_group_of_its_path() {
    for prefix in ["", "/v1", "/api/v1"] {
        let get = |tags: &[&str]| json!({"get": {"tags": tags, "summary": "Check"}});
        let vocabulary = Vocabulary::of(&json!({"paths": {
            format!("{prefix}/page/list/"): get(&["Landing Pages"]),
            format!("{prefix}/offer/list/"): get(&["Offers"]),
            format!("{prefix}/page/check/"): get(&[]),
            format!("{prefix}/node_setting/check/"): get(&[]),
        }}));
        let tags: Vec<&str> = vocabulary.operations.values().map(|words| &*words.tag).collect();
        assert_eq!(
            tags,
            ["Node Setting", "Offers", "Landing Pages", "Landing Pages"],
            "{prefix}"
        );
    }
}

#[test]
fn a_second_listing_is_named_after_its_path() {
    check(
        "
        GET | /campaign/list/ | Funnel Groups | List funnel groups | list_campaigns
        GET | /funnelgroup/list/ | Funnel Groups | List funnel groups | list_funnel_groups
        GET | /pagegroup/find/byCategory/ | Page Groups | Find page groups by category | \
            find_page_groups_by_category
        GET | /globalpagegroup/find/byCategory/ | Page Groups | Find page groups by category | \
            find_global_page_groups_by_category
        ",
    );
}

#[test]
fn paths_that_differ_in_signs_only_get_different_names() {
    check(
        "
        GET | /thing/a/b | Things | | get_thing_a_b
        GET | /thing/a-b | Things | | get_thing_a_dash_b
        GET | /thing/a_b | Things | | get_thing_a_underscore_b
        GET | /thing/a.b | Things | | get_thing_a_dot_b
        GET | /thing/aB | Things | | get_thing_a_upper_b
        GET | /thing/a/b/ | Things | | get_thing_a_b_slash
        GET | /thing/a/{b} | Things | | get_thing_a_by_b
        GET | /thing/a/b/c | Things | | get_thing_a_b_c
        GET | /thing/a/{b}c | Things | | get_thing_a_by_b_end_c
        GET | /thing/a/e | Things | | get_thing_a_e
        GET | /thing/a/é | Things | | get_thing_a_ue9
        GET | /thing/é | Things | | get_thing_e
        GET | /thing/c/d | Things | Check the ends | get_thing_c_d
        GET | /thing/c-d | Things | Check the dash | check_the_dash
        GET | /thing/list | Things | List things | list_things
        GET | /thing/list/ | Things | List things | get_thing_list
        ",
    );
}

#[test]
fn a_path_that_differs_by_its_final_slash_takes_no_name_over() {
    check(
        "
        GET | /thing/list/ | Things | List things | list_things
        GET | /thing/list | Things | List things | get_thing_list
        GET | /thing/find/byId/ | Things | Find a thing by ID | find_thing_by_id
        ",
    );
}

#[test]
fn names_do_not_depend_on_the_order_of_the_operations() {
    let paths = ["/thing/a/b", "/thing/a-b", "/thing/a_b", "/thing/a/{b}"];
    let names = |paths: &[&str]| {
        let items = paths.iter().map(|path| {
            let operation = json!({"get": {"tags": ["Things"]}});
            ((*path).to_owned(), operation)
        });
        let document = json!({"paths": items.collect::<serde_json::Map<_, _>>()});
        let vocabulary = Vocabulary::of(&document);
        let names = operations(&document).map(|operation| {
            let words = vocabulary.operation(&operation.pointer).unwrap();
            (operation.path.to_owned(), words.id.clone())
        });
        names.collect::<BTreeMap<String, String>>()
    };
    let mut turned = paths;
    turned.reverse();
    assert_eq!(names(&paths), names(&turned));
}
