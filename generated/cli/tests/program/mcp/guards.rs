//! Tests that the tools refuse invalid arguments and files outside the folder, send no request that could
//! change something, and return no secrets.

use super::{Session, changing, world};
use crate::support::{World, is_transcription};
use funnelflux_fake::Fake;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

#[test]
fn wrong_arguments_are_explained_and_nothing_is_sent() {
    let (world, ids) = world();
    let mut session = Session::new(&world, "--plans plans");
    let mut page = String::new();
    for (tool, arguments) in [
        ("list_assets", json!({})),
        ("list_assets", json!({ "group": "offers" })),
        ("list_assets", json!({ "group": "pages", "limit": 501 })),
        ("list_assets", json!({ "group": "pages", "limit": "all" })),
        ("list_assets", json!({ "group": "pages", "status": "gone" })),
        ("list_assets", json!({ "group": "pages", "filter": ["name"] })),
        ("list_assets", json!({ "group": "pages", "group_by": "name" })),
        ("list_assets", json!({ "group": "pages", "fields": ["a..b"] })),
        ("account", json!({ "token": true })),
        ("get_assets", json!({ "group": "pages", "ids": [] })),
        ("get_assets", json!({ "group": "pages", "ids": [1] })),
        ("read_operation", json!({ "operation": "delete_pages" })),
        (
            "read_operation",
            json!({ "operation": "list_integration_api_keys" }),
        ),
        (
            "read_operation",
            json!({ "operation": "list_pages", "parameters": { "state": "x" } }),
        ),
        (
            "read_operation",
            json!({ "operation": "list_pages", "parameters": { "status": {} } }),
        ),
        ("read_operation", json!({ "operation": "list_pages" })),
        (
            "plan_set",
            json!({ "group": "pages", "ids": ["a"], "set": {}, "file": "p.json" }),
        ),
        (
            "plan_set",
            json!({ "group": "pages", "ids": ["a"], "set": { "name": 1 }, "file": "p" }),
        ),
        ("plan_restore", json!({ "snapshot": "absent", "file": "p.json" })),
        ("show_plan", json!({ "plan": "absent.json" })),
    ] {
        let text = session.error(tool, arguments.clone());
        let _ = writeln!(page, "{tool} {arguments}\n{text}\n");
    }
    // Nothing was sent, because each error was found before a request.
    assert_eq!(world.fake.request_count(), 0);
    let missing = session.error(
        "get_assets",
        json!({ "group": "offer-sources", "ids": ["Nothing", ids[0]] }),
    );
    let _ = writeln!(page, "get_assets\n{missing}\n");
    let same = json!({ "group": "offer-sources", "old": ids[0], "new": ids[0], "file": "p.json" });
    let _ = writeln!(page, "plan_replace\n{}", session.error("plan_replace", same));
    assert_eq!(fs::read_dir(world.path("plans")).unwrap().count(), 0);
    if is_transcription() {
        let page = page.replace(world.folder.path().to_str().unwrap(), "[folder]");
        insta::assert_snapshot!("wrong_arguments", page);
    }
}

#[cfg(unix)]
#[test]
fn names_of_files_do_not_leave_the_folder() {
    let (world, _) = world();
    world.run("export outside").code(0);
    world.run("plan outside --copy --out outside.json").code(0);
    let mut session = Session::new(&world, "--plans plans");
    session.ok("export_snapshot", json!({ "snapshot": "inside" }));
    std::os::unix::fs::symlink(world.path("outside"), world.path("plans/linked")).unwrap();
    std::os::unix::fs::symlink(world.path("outside.json"), world.path("plans/linked.json")).unwrap();
    std::os::unix::fs::symlink(world.path("new.json"), world.path("plans/dangling.json")).unwrap();
    let absolute = world.path("outside");
    let names = [
        "../outside",
        "linked",
        &absolute,
        "..",
        ".",
        "",
        "inside/pages",
        "a\0b",
        ".hidden",
        "a\\b",
    ];
    for name in names {
        for (tool, arguments) in [
            ("compare_snapshot", json!({ "snapshot": name })),
            ("compare_snapshot", json!({ "snapshot": "inside", "other": name })),
            ("plan_copy", json!({ "snapshot": name, "file": "p.json" })),
            ("plan_restore", json!({ "snapshot": name, "file": "p.json" })),
            (
                "where_used",
                json!({ "group": "pages", "ids": ["a"], "snapshot": name }),
            ),
            ("export_snapshot", json!({ "snapshot": name })),
        ] {
            let text = session.error(tool, arguments);
            assert!(text.contains("\nfix: "), "{name:?}: {text}");
        }
    }
    let plan = |file: &str| json!({ "snapshot": "inside", "file": file });
    for name in [
        "../p.json",
        "linked.json",
        "dangling.json",
        "/tmp/p.json",
        ".p.json",
        "inside/p.json",
    ] {
        session.error("plan_copy", plan(name));
        session.error("show_plan", json!({ "plan": name }));
    }
    // A symbolic link inside a snapshot is refused too, because it also leads out of the folder.
    let asset = fs::read_dir(world.path("plans/inside/pages"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    fs::remove_file(asset.path()).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", asset.path()).unwrap();
    let text = session.error("compare_snapshot", json!({ "snapshot": "inside" }));
    assert!(text.contains("symbolic link"), "{text}");
    let files = session.ok("list_files", json!({}));
    assert_eq!(files["rows"], json!([]));
    assert!(!fs::exists(world.path("new.json")).unwrap());
    let left: BTreeSet<_> = fs::read_dir(world.path("plans"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 4, "{left:?}");
}

/// Returns a random argument for a parameter with this schema. It is often valid.
fn random(random: &mut fastrand::Rng, schema: &Value, known: &[String]) -> Value {
    let choices = schema["enum"].as_array();
    match schema["type"].as_str() {
        _ if random.u8(..) < 12 => [
            json!(null),
            json!(-1),
            json!("../x"),
            json!([[]]),
            json!({ "a": [1] }),
        ][random.usize(..5)]
        .clone(),
        Some("string") => match choices {
            Some(choices) => choices[random.usize(..choices.len())].clone(),
            None => json!(known[random.usize(..known.len())]),
        },
        Some("array") => {
            let items = (0..random.usize(..3)).map(|_| self::random(random, &schema["items"], known));
            items.collect()
        }
        Some("integer") => json!(random.usize(..4)),
        Some("boolean") => json!(random.bool()),
        _ => {
            let mut object = Map::new();
            let names = [
                "name",
                "status",
                "idPage",
                "idOfferSource",
                "idOfferSources",
                "/status",
                "a.b",
            ];
            for _ in 0..random.usize(..3) {
                let value = known[random.usize(..known.len())].clone();
                object.insert(names[random.usize(..names.len())].to_owned(), json!(value));
            }
            Value::Object(object)
        }
    }
}

#[test]
fn no_tool_sends_a_changing_request_whatever_its_arguments_are() {
    let fake = Fake::default();
    let ids = fake.seed_many(3);
    for id in &ids {
        fake.seed_page(&format!("2nIemP{}", &id[6..]), id);
    }
    let world = World::of(fake);
    let seed = std::env::var("MCP_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("MCP_SEED={seed}");
    let mut generator = fastrand::Rng::with_seed(seed);
    let mut session = Session::new(&world, "--plans plans");
    session.ok("export_snapshot", json!({ "snapshot": "backup" }));
    world.fake.set("offersource", &ids[0], "postbackTxId", "changed");
    let mut known = vec![
        "backup".to_owned(),
        "deleted".to_owned(),
        "archived".to_owned(),
        String::new(),
    ];
    known.extend(ids.iter().cloned());
    known.extend(ids.iter().map(|id| format!("2nIemP{}", &id[6..])));
    known.extend((0..40).map(|number| format!("plan-{number}.json")));
    let before = world.fake.state();
    let tools = session.tools();
    let (mut done, mut failed) = (0, 0);
    for round in 0..25 {
        for tool in &tools {
            let mut arguments = Map::new();
            let required = tool["inputSchema"]["required"].as_array().unwrap();
            for (name, schema) in tool["inputSchema"]["properties"].as_object().unwrap() {
                if required.contains(&json!(name)) || generator.u8(..) < 60 {
                    let value = match name.as_str() {
                        "snapshot" if generator.u8(..) < 128 => json!("backup"),
                        "file" => json!(format!("plan-{round}-{}.json", generator.u8(..))),
                        _ => random(&mut generator, schema, &known),
                    };
                    arguments.insert(name.clone(), value);
                }
            }
            let name = tool["name"].as_str().unwrap();
            let (text, is_error) = session.call(name, Value::Object(arguments));
            assert!(text.len() < 90_000, "{name}: {}", text.len());
            if is_error {
                failed += 1;
                assert!(text.starts_with("error: "), "{text}");
            } else {
                done += 1;
            }
        }
    }
    assert!(done > 60 && failed > 60, "{done} done, {failed} failed");
    assert_eq!(changing(&world.fake), [""; 0]);
    let after = world.fake.state();
    for kind in ["offersource", "page"] {
        assert!(before.assets(kind).eq(after.assets(kind)), "{kind}");
    }
    let plans = fs::read_dir(world.path("plans")).unwrap().count();
    assert!(plans > 5, "{plans} plans");
    assert!(!session.heard.contains(&world.fake.access_token()));
}

#[test]
fn secrets_do_not_appear() {
    let (world, _) = World::new(1);
    let config = json!({
        "idMiddlewareConfig": "2nIemM000001",
        "middlewareConfigName": "Mine",
        "destination": {
            "url": "https://example.com",
            "hasHmacSecret": true,
            "hmacSecret": "canary-1",
            "basicAuth": { "username": "me", "password": "canary-2" },
        },
    });
    assert!(world.fake.seed("middlewareconfig", config));
    let mut session = Session::new(&world, "--plans plans");
    for (tool, arguments) in [
        (
            "get_assets",
            json!({ "group": "middleware-configs", "ids": ["2nIemM000001"] }),
        ),
        (
            "list_assets",
            json!({ "group": "middleware-configs", "all_fields": true }),
        ),
        (
            "read_operation",
            json!({
                "operation": "find_middleware_config_by_id",
                "parameters": { "idMiddlewareConfig": "2nIemM000001" },
            }),
        ),
        (
            "export_snapshot",
            json!({ "snapshot": "backup", "groups": ["middleware-configs"] }),
        ),
        ("plan_copy", json!({ "snapshot": "backup", "file": "copy.json" })),
        ("show_plan", json!({ "plan": "copy.json" })),
    ] {
        session.ok(tool, arguments);
    }
    world.fake.invalidate_refresh_token();
    world.fake.expire_access_token();
    let refused = session.error("list_assets", json!({ "group": "offer-sources" }));
    assert!(
        refused.contains("401") && refused.contains("fix: renew the token in the environment"),
        "{refused}"
    );
    let token = world.fake.access_token();
    assert!(session.heard.contains("2nIemM000001"));
    assert!(
        !session.heard.contains("canary") && !session.heard.contains(&token),
        "{}",
        session.heard
    );
}
