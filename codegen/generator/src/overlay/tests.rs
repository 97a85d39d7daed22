//! Tests that overlays are applied as specified, that locations stay correct, and that stale overlays are
//! reported.

use serde_json::json;

use super::*;

const DOCUMENT: &str = r#"{
  "openapi": "3.0.3",
  "tags": ["a", "b", "c", "d"],
  "info": {"title": "t", "version": "1"},
  "paths": {
    "/a/": {"get": {"parameters": [{"name": "x"}, {"name": "y"}]}, "put": {}},
    "/b/": {"get": {}}
  }
}"#;

fn document() -> Document {
    funnelflux_openapi::read::read(Source {
        name: "spec/upstream.json",
        text: DOCUMENT,
    })
    .unwrap()
}

fn overlay(actions: &str) -> String {
    format!("overlay: 1.1.0\ninfo: {{title: t, version: '1'}}\nactions:\n{actions}")
}

fn apply_text(text: &str) -> Result<Applied, Diagnostics> {
    let overlays = read(&[Source {
        name: "01.yaml",
        text,
    }])?;
    apply(document(), &overlays)
}

fn applied(actions: &str) -> Applied {
    apply_text(&overlay(actions)).unwrap()
}

fn errors(text: &str) -> String {
    apply_text(text).unwrap_err().to_string()
}

fn place(document: &Document, pointer: &str) -> String {
    document.locate(pointer).to_string()
}

#[test]
fn update_merges_and_leads_to_the_line_that_put_it_there() {
    let applied = applied(
        "\
- target: $.paths['/a/'].get
  description: because
  x-evidence: {kind: page}
  update:
    summary: s
    parameters:
    - name: z
      in: query
- target: $.info
  description: because
  update: {title: u, version: '1'}
",
    );
    let document = &applied.document;
    assert_eq!(document.get("/paths/~1a~1/get/summary"), Some(&json!("s")));
    assert_eq!(
        document.get("/paths/~1a~1/get/parameters/2/in"),
        Some(&json!("query"))
    );
    assert_eq!(
        document.get("/info"),
        Some(&json!({"title": "u", "version": "1"}))
    );
    for (pointer, expected) in [
        ("/paths/~1a~1/get/summary", "01.yaml:8:5"),
        ("/paths/~1a~1/get/parameters/2", "01.yaml:10:7"),
        ("/paths/~1a~1/get/parameters/2/in", "01.yaml:11:7"),
        ("/paths/~1a~1/get/parameters/1/name", "spec/upstream.json:6:52"),
        ("/info/title", "01.yaml:14:12"),
        ("/info/version", "spec/upstream.json:4:26"),
    ] {
        assert_eq!(place(document, pointer), expected, "{pointer}");
    }
    let [first, second] = applied.actions.as_slice() else {
        panic!("{:?}", applied.actions)
    };
    assert_eq!(first.location.to_string(), "01.yaml:4:3");
    assert_eq!((first.matches, first.changed), (1, true));
    assert!(second.changed);
    assert!(applied.notices.is_empty());
}

#[test]
fn remove_keeps_the_order_and_the_places_of_what_stays() {
    let applied = applied(
        "\
- {target: $.tags, description: because,
   update: [e, f]}
- {target: '$.tags[4,0,2]', description: because, remove: true}
- {target: \"$.paths['/a/'].get\", description: because, remove: true}
",
    );
    let document = &applied.document;
    assert_eq!(document.get("/tags"), Some(&json!(["b", "d", "f"])));
    assert_eq!(document.get("/paths/~1a~1"), Some(&json!({"put": {}})));
    for (pointer, expected) in [
        ("/tags/0", "spec/upstream.json:3:17"),
        ("/tags/1", "spec/upstream.json:3:27"),
        ("/tags/2", "01.yaml:5:16"),
    ] {
        assert_eq!(place(document, pointer), expected, "{pointer}");
    }
    assert_eq!(
        document.value().as_object().unwrap().keys().collect::<Vec<_>>(),
        ["openapi", "tags", "info", "paths"]
    );
}

#[test]
fn copy_and_append_and_replace() {
    let applied = applied(
        "\
- target: $.paths['/b/'].get
  description: because
  copy: $.paths['/a/'].get
- target: $.tags
  description: because
  update: {name: e}
- target: $.info.title
  description: because
  update: u
",
    );
    let document = &applied.document;
    assert_eq!(
        document.get("/paths/~1b~1/get/parameters/1/name"),
        Some(&json!("y"))
    );
    assert_eq!(
        place(document, "/paths/~1b~1/get/parameters/1/name"),
        "01.yaml:4:3"
    );
    assert_eq!(document.get("/tags/4"), Some(&json!({"name": "e"})));
    assert_eq!(document.get("/info/title"), Some(&json!("u")));
}

#[test]
fn an_action_that_changes_nothing_is_reported() {
    let applied = applied("- target: $.info\n  description: because\n  update: {title: t}\n");
    assert!(!applied.actions[0].changed);
    insta::assert_snapshot!(applied.notices.to_string());
}

#[test]
fn a_number_that_is_not_kept_is_located() {
    let applied =
        applied("- target: $.info\n  description: because\n  update:\n    x-limit: 18446744073709551616\n");
    let [diagnostic] = applied.notices.0.as_slice() else {
        panic!("{}", applied.notices)
    };
    assert_eq!(diagnostic.code, "number");
    let location = diagnostic.location.as_ref().unwrap().to_string();
    assert_eq!(location, "01.yaml:7:5");
}

#[test]
fn errors_are_located() {
    let old = |actions: &str| errors(&overlay(actions).replace("1.1.0", "1.0.0"));
    insta::assert_snapshot!(
        [
            errors(&overlay(
                "- target: $.paths['/gone/']\n  description: because\n  remove: true\n"
            )),
            errors(&overlay(
                "- target: $.paths[\n  description: because\n  remove: true\n"
            )),
            errors(&overlay("- target: $.info\n  remove: true\n")),
            errors(&overlay("- target: $.info\n  description: because\n")),
            errors(&overlay(
                "- target: $.info\n  description: because\n  remove: true\n  update: {}\n"
            )),
            errors(&overlay(
                "- target: $.info\n  description: because\n  updates: {}\n  remove: yes\n"
            )),
            errors(&overlay("- target: $\n  description: because\n  remove: true\n")),
            errors(&overlay(
                "- target: $.info\n  description: because\n  update: text\n"
            )),
            errors(&overlay(
                "- target: $.info.title\n  description: because\n  update: {a: 1}\n"
            )),
            errors(&overlay(
                "- target: $.info\n  description: because\n  copy: $.nowhere\n"
            )),
            old("- target: $.info.title\n  description: d\n  update: u\n"),
            old("- target: $.info\n  description: d\n  copy: $.tags\n"),
            errors("overlay: 2.0.0\ninfo: {title: ''}\nextends: 3\nactions: []\n"),
            errors("- a list\n"),
            errors("overlay: [\n"),
        ]
        .join("\n\n")
    );
}

#[test]
fn an_overlay_for_another_document_is_reported() {
    let text = format!(
        "extends: ../swagger.yaml\n{}",
        overlay("- target: $.info\n  description: because\n  update: {title: u}\n")
    );
    let applied = apply_text(&text).unwrap();
    insta::assert_snapshot!(applied.notices.to_string());
    let text = text.replace("../swagger.yaml", "../upstream.json");
    let applied = apply_text(&text).unwrap();
    assert!(applied.notices.is_empty());
}

/// Tests the examples of list changes in the Overlay specification.
#[test]
fn lists_are_changed_as_specified() {
    let result = |version: &str, actions: &str, pointer: &str| {
        let applied = apply_text(&overlay(actions).replace("1.1.0", version)).unwrap();
        let codes: Vec<&str> = applied.notices.0.iter().map(|notice| notice.code).collect();
        (applied.document.get(pointer).cloned(), codes.join(" "))
    };
    let parameters = "/paths/~1a~1/get/parameters";
    let (x, y, z) = (json!({"name": "x"}), json!({"name": "y"}), json!({"name": "z"}));
    let update = |target: &str, update: &str| {
        format!("- target: {target}\n  description: because\n  update: {update}\n")
    };
    let remove = |target: &str| format!("- target: {target}\n  description: because\n  remove: true\n");
    let list = "$.paths.*.get.parameters";
    for (version, actions, pointer, expected, codes) in [
        // Every version appends a value as one item if the value is not a list.
        (
            "1.0.0",
            update(list, "{name: z}"),
            parameters,
            json!([x, y, z]),
            "",
        ),
        (
            "1.1.0",
            update(list, "{name: z}"),
            parameters,
            json!([x, y, z]),
            "",
        ),
        (
            "1.1.0",
            update("$.tags", "e"),
            "/tags",
            json!(["a", "b", "c", "d", "e"]),
            "",
        ),
        // Overlay 1.1 concatenates lists. Overlay 1.0 appends a list as one item.
        (
            "1.1.0",
            update(list, "[{name: z}, {name: x}]"),
            parameters,
            json!([x, y, z]),
            "",
        ),
        (
            "1.0.0",
            update(list, "[{name: z}]"),
            parameters,
            json!([x, y, [z]]),
            "list-as-item",
        ),
        // Lists in an updated object are concatenated.
        (
            "1.1.0",
            update("$.paths['/a/'].get", "{parameters: [{name: z}]}"),
            parameters,
            json!([x, y, z]),
            "",
        ),
        (
            "1.1.0",
            update("$", "{tags: [e]}"),
            "/tags",
            json!(["a", "b", "c", "d", "e"]),
            "",
        ),
        // Filters select the items to remove. Since Overlay 1.1, these items may be scalars.
        (
            "1.0.0",
            remove("$.paths.*.get.parameters[?@.name == 'x']"),
            parameters,
            json!([y]),
            "",
        ),
        (
            "1.1.0",
            remove("$.tags[?@ == 'b']"),
            "/tags",
            json!(["a", "c", "d"]),
            "",
        ),
        // Empty updates add nothing.
        (
            "1.1.0",
            update(list, "[]"),
            parameters,
            json!([x, y]),
            "empty-update",
        ),
        (
            "1.1.0",
            update("$.info", "{}"),
            "/info/title",
            json!("t"),
            "empty-update",
        ),
    ] {
        let actual = result(version, &actions, pointer);
        assert_eq!(actual, (Some(expected), codes.to_owned()), "{version}\n{actions}");
    }
    let mixed = update("$.paths['/a/'].get.parameters..*", "{name: z}");
    assert!(errors(&overlay(&mixed)).contains("misfit"), "{mixed}");
}

#[test]
fn a_set_has_no_item_twice() {
    for (version, value) in [("1.0.0", "a"), ("1.1.0", "[a, b]")] {
        let action = format!("- target: $.tags\n  description: because\n  update: {value}\n");
        let applied = apply_text(&overlay(&action).replace("1.1.0", version)).unwrap();
        assert_eq!(applied.document.get("/tags"), Some(&json!(["a", "b", "c", "d"])));
        assert!(applied.notices.iter().any(|notice| notice.code == "redundant"));
    }
}

#[test]
fn a_target_behind_a_reference_is_reported() {
    let text = r##"{
      "openapi": "3.0.3",
      "info": {"title": "t", "version": "1"},
      "paths": {"/a/": {"get": {"parameters": [{"$ref": "#/components/parameters/P"}]}}},
      "components": {"parameters": {"P": {"name": "p", "in": "query", "schema": {"type": "string"}}}}
    }"##;
    let apply = |actions: &str| {
        let document = funnelflux_openapi::read::read(Source { name: "a.json", text }).unwrap();
        let overlay = overlay(actions);
        let overlays = read(&[Source {
            name: "01.yaml",
            text: &overlay,
        }])?;
        super::apply(document, &overlays).map(|applied| applied.notices.to_string())
    };
    let behind = "- target: $.paths['/a/'].get.parameters[0].schema\n  description: because\n  \
                  update: {maxLength: 3}\n";
    let beside = "- target: $.paths['/a/'].get.parameters[0]\n  description: because\n  \
                  update: {required: true}\n";
    let replaced = beside.replace("{required: true}", "{$ref: '#/components/parameters/P2'}");
    let texts = [
        apply(behind).unwrap_err().to_string(),
        apply(beside).unwrap(),
        apply(&replaced).unwrap(),
    ];
    insta::assert_snapshot!(texts.join("\n"));
}
