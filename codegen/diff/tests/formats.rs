//! Tests of the formats of a report: one screen of text, the size of the JSON, and the page in a browser.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at the first surprise, and says why it does nothing"
)]

mod support;

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use funnelflux_diff::{self as diff, Audience, Consequence, Level, Proof, Report, Side};
use funnelflux_openapi::{Document, Source, normalise, read};
use serde_json::{Map, Value, json};
use support::{compare, document, expect_file};

const FORMATS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/formats");

/// Creates a document whose schemas refer to each other in a circle, so that each operation uses all schemas.
fn circle(operations: usize, schemas: usize, maximum: usize) -> Value {
    let schema = |number: usize| {
        let reference = format!("#/components/schemas/S{}", number % schemas);
        json!({"application/json": {"schema": {"$ref": reference}}})
    };
    let paths = (0..operations).map(|number| {
        let post = json!({
            "requestBody": {"content": schema(number)},
            "responses": {"200": {"description": "d", "content": schema(7 * number)}},
        });
        (
            format!("/group{}/action{number}/", number % 5),
            json!({"post": post}),
        )
    });
    let components = (0..schemas).map(|number| {
        let properties = json!({
            "id": {"type": "integer", "maximum": maximum},
            "next": {"$ref": format!("#/components/schemas/S{}", (number + 1) % schemas)},
        });
        (
            format!("S{number}"),
            json!({"type": "object", "properties": properties}),
        )
    });
    json!({
        "openapi": "3.0.3",
        "info": {"title": "Circle", "version": "1"},
        "paths": paths.collect::<Map<_, _>>(),
        "components": {"schemas": components.collect::<Map<_, _>>()},
    })
}

fn circles(operations: usize, schemas: usize) -> [Document; 2] {
    let [old, new] = [30_000, 10_000].map(|maximum| circle(operations, schemas, maximum));
    [document("old.json", &old), document("new.json", &new)]
}

/// The size of the JSON grows with the size of the documents, not with the number of changes times the number
/// of operations.
#[test]
fn the_json_is_smaller_than_the_documents() {
    let [old, new] = circles(400, 100);
    let report = compare(&old, &new);
    assert_eq!(report.changes.len(), 200);
    assert!(report.changes.iter().all(|change| change.operations.len() == 400));
    let json = diff::print_json(&report.view().json());
    let documents = old.value().to_string().len() + new.value().to_string().len();
    assert!(json.len() < documents, "{} of {documents}", json.len());
    // Every path from an operation can still be found.
    let (_, paths) = report.usages(&report.changes[0], 0);
    assert_eq!(paths, 400);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(users(&json, &json["changes"][0]["uses"]).len(), 400);
    let html = report.view().html(&old, &new);
    assert!(html.len() < 4 * documents, "{} of {documents}", html.len());
}

/// Returns the positions of the operations that are reached from `uses` in a report in JSON.
fn users(json: &Value, uses: &Value) -> BTreeSet<u64> {
    let mut operations = BTreeSet::new();
    let mut components = BTreeSet::new();
    let mut open = vec![uses];
    while let Some(uses) = open.pop() {
        for used in uses.as_array().unwrap() {
            operations.extend(used.get("operation").and_then(Value::as_u64));
            if let Some(component) = used.get("component").and_then(Value::as_u64)
                && components.insert(component)
            {
                let pointer = format!("/components/{component}/used_by");
                open.push(json.pointer(&pointer).unwrap());
            }
        }
    }
    operations
}

#[test]
fn like_changes_are_one_line_of_a_screen() {
    let [old, new] = circles(20, 12);
    let mut report = compare(&old, &new);
    prove(&mut report);
    let text = report.view_for(&audience(&report)).summary(39);
    assert!(text.lines().count() <= 39);
    let failures = expect_file(&Path::new(FORMATS).join("summary.txt"), &text);
    assert!(failures.is_empty(), "{failures}");
}

/// Gives each breaking change a counterexample, and each other change a proof of inclusion.
fn prove(report: &mut Report) {
    for change in &mut report.changes {
        change.proof = match change.level {
            Level::Breaking => Proof::Counterexample {
                value: json!({"id": 20_000}),
                accepted_by: Side::Old,
            },
            _ => Proof::Included,
        };
    }
}

fn audience(report: &Report) -> Audience {
    let consequence = |level| Consequence {
        impact: "patch",
        concerns: level == Level::Breaking,
        reason: "The service validates it.",
        action: "Find callers with other values.",
    };
    let changes = report.changes.iter();
    Audience {
        name: "crate",
        consequences: changes.map(|change| consequence(change.level)).collect(),
        impact: "patch",
    }
}

/// Creates a report for tests of the page and of the formats of other tools. It has a breaking change with a
/// counterexample.
fn one_break() -> (Document, Document, Report) {
    let [old, new] = circles(2, 1);
    let mut report = compare(&old, &new);
    prove(&mut report);
    (old, new, report)
}

#[test]
fn other_tools_read_the_report() {
    let (old, new, report) = one_break();
    let audience = audience(&report);
    let view = report.view_for(&audience);
    let folder = Path::new(FORMATS);
    let mut failures = expect_file(&folder.join("report.txt"), &view.text());
    failures += &expect_file(&folder.join("report.md"), &view.markdown());
    failures += &expect_file(&folder.join("report.json"), &diff::print_json(&view.json()));
    failures += &expect_file(&folder.join("report.github"), &view.github());
    failures += &expect_file(&folder.join("report.junit.xml"), &view.junit());
    failures += &expect_file(&folder.join("report.sarif"), &format!("{:#}\n", view.sarif()));
    failures += &expect_file(&folder.join("report.html"), &view.html(&old, &new));
    assert!(failures.is_empty(), "{failures}");
}

/// Text of a document is escaped on the page.
#[test]
fn text_of_the_document_is_escaped_on_the_page() {
    let with = |value: &str| {
        let mut value_of = circle(1, 1, 1);
        value_of["components"]["schemas"]["S0"]["properties"]["id"]["default"] = json!(value);
        document("a.json", &value_of)
    };
    let (old, new) = (with("a"), with("<script>alert(1)</script>\"'&\u{202e}"));
    let report = compare(&old, &new);
    let page = report.view().html(&old, &new);
    assert!(!page.contains("<script") && !page.contains('\u{202e}'), "{page}");
    assert!(page.contains("&lt;script&gt;"), "{page}");
    for foreign in ["http://", "https://", "url(", "@import", " src="] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

/// A Swagger 2.0 document does not differ from the same API in `OpenAPI` 3.0.
#[test]
fn a_converted_document_does_not_differ() {
    let read = |name: &str| {
        let text = fs::read_to_string(Path::new(FORMATS).join(name)).unwrap();
        let document = read::read(Source { name, text: &text }).unwrap();
        normalise::normalise(document).unwrap().0
    };
    let (swagger, openapi) = (read("swagger-2.0.json"), read("openapi-3.0.json"));
    for report in [compare(&swagger, &openapi), compare(&openapi, &swagger)] {
        assert!(report.is_empty(), "{}", report.view().text());
    }
}

/// Sentences and paths in a report contain the names from the source text, not the names from the normalised
/// document.
#[test]
fn names_are_those_of_the_text() {
    let report = |old: &Value, new: &Value| {
        let [old, new] = [old, new].map(|value| {
            let text = value.to_string();
            let name = "a.json";
            let document = read::read(Source { name, text: &text }).unwrap();
            normalise::normalise(document).unwrap().0
        });
        compare(&old, &new)
    };
    let swagger = |format: &str| {
        let parameter = json!({
            "name": "ids",
            "in": "query",
            "type": "array",
            "items": {"type": "string"},
            "collectionFormat": format,
        });
        let get = json!({"parameters": [parameter], "responses": {"200": {"description": "d"}}});
        json!({"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": {"/a/": {"get": get}}})
    };
    let nested = |length: usize| {
        let schema = json!({
            "type": "object",
            "$defs": {"q": {"type": "string", "maxLength": length}},
            "properties": {"x": {"$ref": "#/components/schemas/W/$defs/q"}},
        });
        let content = json!({"application/json": {"schema": {"$ref": "#/components/schemas/W"}}});
        let get = json!({"responses": {"200": {"description": "d", "content": content}}});
        json!({
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": {"/a/": {"get": get}},
            "webhooks": {"sold": {"post": {"deprecated": length == 8}}},
            "components": {"schemas": {"W": schema}},
        })
    };
    let texts = [
        report(&swagger("csv"), &swagger("multi")).view().text(),
        report(&nested(9), &nested(8)).view().text(),
    ];
    insta::assert_snapshot!("names_of_the_text", texts.join("\n"));
}

/// Lays out the page in a wide and a narrow browser window, and checks which parts of the page are visible.
/// The test runs only if Chromium is installed.
#[test]
fn a_browser_shows_what_to_do_on_the_first_screen() {
    let has_browser = Command::new("chromium")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if has_browser.is_err() {
        println!("skipped: Chromium is not installed");
        return;
    }
    let (old, new, report) = one_break();
    let page = report.view_for(&audience(&report)).html(&old, &new);
    // The page itself has no scripts. A copy of the page gets a script that reports the layout.
    let (head, rest) = page.split_once("<meta http-equiv").unwrap();
    let (_, rest) = rest.split_once('\n').unwrap();
    let script = r##"<script>
        const shown = selector => document.querySelector(selector).checkVisibility();
        const seen = {
            overflow: document.documentElement.scrollWidth - window.innerWidth,
            actions: document.querySelector(".todo").getBoundingClientRect().bottom < window.innerHeight,
            breaking: shown(".like.breaking"),
            folded: !shown(".proof"),
        };
        document.querySelector("#show-breaking").click();
        seen.filtered = !shown(".like.breaking") && shown(".like.info");
        document.querySelector("#show-breaking").click();
        document.querySelector("#section-1").click();
        const rows = [...document.querySelectorAll("tr[data-in]")];
        seen.other = rows.length;
        seen.visible = rows.filter(row => row.checkVisibility()).length;
        document.querySelector(".like.breaking").open = true;
        seen.unfolded = shown(".proof") && document.querySelector(".proof").innerText;
        document.body.innerHTML = "<pre id=seen></pre>";
        document.querySelector("#seen").textContent = JSON.stringify(seen);
    </script></body>"##;
    let copy = format!("{head}{rest}").replace("</body>", script);
    let folder = std::env::temp_dir().join(format!("funnelflux-diff-page-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("page.html");
    fs::write(&file, copy).unwrap();
    let expected = json!({
        "overflow": 0,
        "actions": true,
        "breaking": true,
        "folded": true,
        "filtered": true,
        "other": 2,
        "visible": 1,
        "unfolded": "accepted until now, refused from now on: {\"id\":20000}",
    });
    for size in ["1280,900", "500,900"] {
        let output = Command::new("chromium")
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
            .arg(format!("--user-data-dir={}", folder.join("profile").display()))
            .arg(format!("--window-size={size}"))
            .arg("--dump-dom")
            .arg(&file)
            .output()
            .unwrap();
        let dom = String::from_utf8(output.stdout).unwrap();
        let seen = dom
            .split_once("<pre id=\"seen\">")
            .and_then(|(_, rest)| rest.split_once("</pre>"));
        let seen = seen.unwrap_or_else(|| panic!("{dom}")).0;
        assert_eq!(serde_json::from_str::<Value>(seen).unwrap(), expected, "{size}");
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// The page filters by tag groups. Without tag groups, it filters by tags, and without tags, by paths.
#[test]
fn the_page_filters_by_tag_groups_tags_and_paths() {
    let page = |tags: Value, groups: Value| {
        let value = |maximum: u8| {
            let schema = json!({"type": "integer", "maximum": maximum});
            let parameter = json!({"name": "q", "in": "query", "schema": schema});
            let operation = |tag: &str| {
                let mut operation = json!({"parameters": [parameter], "responses": {}});
                if tags == true {
                    operation["tags"] = json!([tag]);
                }
                json!({"get": operation})
            };
            json!({
                "openapi": "3.0.3",
                "info": {"title": "t", "version": "1"},
                "x-tagGroups": groups,
                "paths": {
                    "/one/": operation("First"),
                    "/two/": operation("Second"),
                    "/three/": operation("Third"),
                },
            })
        };
        let [old, new] = [9, 5].map(|maximum| document("a.json", &value(maximum)));
        let html = compare(&old, &new).view().html(&old, &new);
        let labels = html.split("id=\"section-").skip(1);
        let labels = labels.map(|rest| {
            rest.split("> ")
                .nth(1)
                .unwrap()
                .split('<')
                .next()
                .unwrap()
                .to_owned()
        });
        labels.collect::<Vec<_>>().join(" ")
    };
    let groups = json!([{"name": "Both", "tags": ["First", "Second"]}]);
    assert_eq!(page(true.into(), groups), "Both Third");
    assert_eq!(page(true.into(), json!([])), "First Second Third");
    assert_eq!(page(false.into(), json!([])), "one three two");
}

/// A composition without schemas is reported at its place, and so is a default of a wrong type.
#[test]
fn schemas_that_contradict_themselves_are_reported() {
    let value = json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {},
        "components": {"schemas": {"A": {"type": "object", "properties": {
            "any": {"anyOf": []},
            "one": {"oneOf": []},
            "count": {"type": "integer", "default": "1"},
            "whole": {"type": "integer", "default": 1.0},
            "name": {"type": "string", "nullable": true, "default": null},
        }}}},
    });
    let warnings = diff::warnings(&document("a.json", &value)).0;
    let warnings: Vec<String> = warnings
        .iter()
        .map(|warning| format!("{} {}", warning.pointer, warning.message))
        .collect();
    let at = "/components/schemas/A/properties";
    assert_eq!(
        warnings,
        [
            format!("{at}/any/anyOf `anyOf` is empty, so its meaning is undefined"),
            format!("{at}/one/oneOf `oneOf` is empty, so its meaning is undefined"),
            format!("{at}/count/default the default is a string, but the type is `integer`"),
        ]
    );
}

/// A `$dynamicRef` is reported at its place, because its target is not compared there.
#[test]
fn dynamic_references_are_reported() {
    let value = json!({
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {},
        "components": {"schemas": {"A": {
            "type": "object",
            "properties": {"a": {"$dynamicRef": "#node"}},
            "$defs": {"node": {"$dynamicAnchor": "node", "type": "string"}},
        }}},
    });
    let warnings = diff::warnings(&document("a.json", &value)).0;
    let warnings: Vec<&str> = warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(
        warnings,
        ["the target of the `$dynamicRef` to `#node` is not compared here"]
    );
}
