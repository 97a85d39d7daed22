//! Tests of the results of the tools. They also apply plans that a tool has written.

use super::{Session, changing, ids_of, world};
use crate::support::is_transcription;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;

#[test]
fn the_tools_are_as_expected() {
    let (world, _) = world();
    let mut session = Session::new(&world, "--plans plans");
    let tools = session.tools();
    let names = |tools: &[Value]| -> Vec<String> {
        tools
            .iter()
            .map(|tool| tool["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(session.end().success());
    let mut without = Session::new(&world, "");
    let few = names(&without.tools());
    let hint = |name: &String| {
        let tool = tools.iter().find(|tool| tool["name"] == json!(name)).unwrap();
        tool["annotations"]["readOnlyHint"].as_bool().unwrap()
    };
    assert!(few.iter().all(hint) && few.len() < tools.len(), "{few:?}");
    let unknown = without.request("tools/call", json!({ "name": "plan_set", "arguments": {} }));
    assert!(
        unknown["error"]["message"]
            .as_str()
            .unwrap()
            .contains("list_assets"),
        "{unknown}"
    );
    // Every group whose assets can be found by ID is a possible argument.
    let list = tools.iter().find(|tool| tool["name"] == "get_assets").unwrap();
    let groups = list["inputSchema"]["properties"]["group"]["enum"]
        .as_array()
        .unwrap();
    let expected = funnelflux::ext::AssetGroup::all().iter();
    let expected: Vec<&str> = expected
        .filter(|group| group.abilities().find)
        .map(|group| group.name())
        .collect();
    assert_eq!(groups, &expected);
    if !is_transcription() {
        return;
    }
    let mut page = String::new();
    for tool in &tools {
        let _ = writeln!(
            page,
            "## {}\n\n{}",
            tool["name"].as_str().unwrap(),
            tool["description"]
        );
        let schema = &tool["inputSchema"];
        for (name, parameter) in schema["properties"].as_object().unwrap() {
            let required = schema["required"].as_array().unwrap().contains(&json!(name));
            let required = if required { ", required" } else { "" };
            let _ = writeln!(page, "- {name}{required}: {parameter}");
        }
        page.push('\n');
    }
    insta::assert_snapshot!("tools", page);
}

#[test]
fn assets_are_read_page_by_page() {
    let (world, ids) = world();
    let mut session = Session::new(&world, "");
    let account = session.ok("account", json!({}));
    assert_eq!(account["base_url"], world.server.base_url());
    assert!(
        account["groups"]
            .as_array()
            .unwrap()
            .iter()
            .any(|group| group["group"] == "pages" && group["evidence"] == "inferred")
    );
    let page = session.ok("list_assets", json!({ "group": "offer-sources", "limit": 2 }));
    assert_eq!(ids_of(&page, "idOfferSource"), ids[..2]);
    assert_eq!(
        (
            &page["total"],
            page["left_out"].as_str().unwrap(),
            page.get("note")
        ),
        (&json!(3), "the last 1 row; continue with offset 2", None)
    );
    let rest = session.ok("list_assets", json!({ "group": "offer-sources", "offset": 2 }));
    assert_eq!(ids_of(&rest, "idOfferSource"), ids[2..]);
    let filtered = json!({
        "group": "pages",
        "filter": [format!("offerParams.idOfferSource={}", ids[1])],
        "fields": ["id", "offerParams.idOfferSource"],
    });
    let filtered = session.ok("list_assets", filtered);
    assert_eq!(
        filtered["rows"],
        json!([{ "id": "2nIemP000002", "offerParams.idOfferSource": ids[1] }])
    );
    assert!(
        filtered["note"].as_str().unwrap().contains("inferred"),
        "{filtered}"
    );
    let found = session.ok(
        "get_assets",
        json!({ "group": "offer-sources", "ids": ["Source 3", ids[0]] }),
    );
    assert_eq!(ids_of(&found, "idOfferSource"), [ids[2].clone(), ids[0].clone()]);
    let used = session.ok(
        "where_used",
        json!({ "group": "offer-sources", "ids": ["Source 2"] }),
    );
    assert_eq!(used["rows"][0]["id"], "2nIemP000002");
    assert_eq!(used["rows"][0]["relation"], "parent");
    let operations = session.ok("list_operations", json!({ "limit": 500 }));
    assert!(
        ids_of(&operations, "operation")
            .iter()
            .any(|name| name == "find_pages_by_ids")
    );
    let found = json!({
        "operation": "find_offer_sources_by_ids",
        "parameters": { "idOfferSources": [ids[0], ids[2]] },
        "fields": ["name"],
    });
    let found = session.ok("read_operation", found);
    assert_eq!(
        found["rows"],
        json!([{ "name": "Source 1" }, { "name": "Source 3" }])
    );
    let active = json!({ "operation": "list_offer_sources", "parameters": { "status": "active" } });
    assert_eq!(session.ok("read_operation", active)["total"], 3);
    assert!(session.end().success());
    assert_eq!(changing(&world.fake), [""; 0]);
}

#[test]
fn a_plan_of_an_assistant_is_applied_by_a_person() {
    let (world, ids) = world();
    let mut session = Session::new(&world, "--plans plans");
    let before = world.fake.state();
    let set = json!({
        "group": "offer-sources",
        "ids": ["Source 1"],
        "set": { "postbackTxId": "tx2", "name": "Renamed" },
        "file": "set.json",
    });
    let set = session.ok("plan_set", set);
    let next = set["next"].as_str().unwrap();
    assert!(
        next.contains("funnelflux apply ") && next.contains("plans/set.json --plan"),
        "{next}"
    );
    assert_eq!(set["operations"], json!({ "save": 1 }));
    let swap = json!({
        "group": "offer-sources", "old": ids[1], "new": "Source 3", "groups": ["pages"], "file": "swap.json",
    });
    assert_eq!(
        session.ok("plan_replace", swap)["operations"],
        json!({ "save": 1 })
    );
    let archive = json!({ "group": "pages", "ids": ["2nIemP000003"], "file": "archive.json" });
    let archive = session.ok("plan_archive", archive);
    assert_eq!(archive["operations"], json!({ "archive": 1 }));
    assert!(
        archive["next"].as_str().unwrap().contains("--accept-inferred"),
        "{archive}"
    );
    let none = json!({ "group": "pages", "ids": ["2nIemP000003"], "file": "none.json" });
    let none = session.ok("plan_unarchive", none);
    assert!(
        none["next"].as_str().unwrap().contains("nothing to change"),
        "{none}"
    );
    let shown = session.ok("show_plan", json!({ "plan": "set.json" }));
    assert_eq!(shown["rows"][0]["asset"], format!("offer-sources/{}", ids[0]));
    // A file that a person may have reviewed is not replaced.
    let text = fs::read(world.path("plans/set.json")).unwrap();
    let again =
        json!({ "group": "offer-sources", "ids": [ids[1]], "set": { "name": "x" }, "file": "set.json" });
    assert!(session.error("plan_set", again).contains("exists already"));
    assert_eq!(fs::read(world.path("plans/set.json")).unwrap(), text);
    // So far, nothing has changed.
    assert_eq!(changing(&world.fake), [""; 0]);
    assert!(
        before
            .assets("offersource")
            .eq(world.fake.state().assets("offersource"))
    );

    for plan in ["set", "swap", "archive"] {
        world
            .run(&format!("apply plans/{plan}.json --yes --accept-inferred"))
            .code(0);
    }
    let state = world.fake.state();
    let source = state.asset("offersource", &ids[0]).unwrap();
    assert_eq!(
        (&source.body["postbackTxId"], &source.body["offerSourceName"]),
        (&json!("tx2"), &json!("Renamed"))
    );
    let page = |id: &str| state.asset("page", id).unwrap().body.clone();
    assert_eq!(
        page("2nIemP000002")["offerParams"]["idOfferSource"],
        ids[2].as_str()
    );
    assert_eq!(page("2nIemP000003")["status"], "archived");
    assert!(session.end().success());
}

#[test]
fn snapshots_are_exported_compared_searched_restored_and_copied() {
    let (world, ids) = world();
    let mut session = Session::new(&world, "--plans plans");
    session.ok("export_snapshot", json!({ "snapshot": "backup" }));
    let again = session.error("export_snapshot", json!({ "snapshot": "backup" }));
    assert!(again.contains("exists already"), "{again}");
    world.fake.set("offersource", &ids[0], "postbackTxId", "changed");
    world.fake.set("page", "2nIemP000003", "status", "archived");
    let compared = session.ok("compare_snapshot", json!({ "snapshot": "backup" }));
    assert_eq!(compared["total"], 2, "{compared}");
    let restore = json!({ "snapshot": "backup", "groups": ["offer-sources"], "file": "restore.json" });
    assert_eq!(
        session.ok("plan_restore", restore)["operations"],
        json!({ "save": 1 })
    );
    let copy = json!({
        "snapshot": "backup",
        "groups": ["offer-sources", "pages"],
        "assets": [format!("offer-sources/{}", ids[0]), "pages/2nIemP000001"],
        "file": "copy.json",
    });
    assert_eq!(
        session.ok("plan_copy", copy)["operations"],
        json!({ "create": 2 })
    );
    let used = json!({ "group": "offer-sources", "ids": [ids[1]], "snapshot": "backup" });
    assert_eq!(session.ok("where_used", used)["rows"][0]["id"], "2nIemP000002");
    let files = session.ok("list_files", json!({}));
    let names = ["backup", "copy.json", "restore.json"];
    assert_eq!(ids_of(&files, "name"), names);
    assert_eq!(files["rows"][0]["kind"], "snapshot");
    assert_eq!(files["rows"][1]["kind"], "plan");
    session.ok(
        "export_snapshot",
        json!({ "snapshot": "after", "groups": ["pages"] }),
    );
    let pages = session.ok(
        "compare_snapshot",
        json!({ "snapshot": "backup", "other": "after" }),
    );
    assert_eq!(pages["total"], 1, "{pages}");
    assert!(session.end().success());
    assert_eq!(changing(&world.fake), [""; 0]);
    world.run("apply plans/restore.json --yes").code(0);
    let state = world.fake.state();
    assert_eq!(
        state.asset("offersource", &ids[0]).unwrap().body["postbackTxId"],
        "txid"
    );
}
