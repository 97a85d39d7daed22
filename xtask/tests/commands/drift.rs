//! Tests of `diff`, `fetch` and `check --upstream`.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::support::{
    CHANGELOG, LOCK, Run, TYPES, UPSTREAM, Workspace, XTASK, add_field, at, require_status, serve,
};

#[test]
fn diff_without_changes_ends_with_0() {
    let workspace = Workspace::new();
    let run = workspace.xtask(&["diff", UPSTREAM, UPSTREAM]).ended_with(0);
    assert_eq!(run.stdout, "no changes\n");
}

#[test]
fn diff_distinguishes_harmless_from_breaking() {
    let workspace = Workspace::new();
    workspace.write_changed("field.json", add_field);
    let run = workspace.xtask(&["diff", UPSTREAM, "field.json"]).ended_with(5);
    insta::assert_snapshot!("diff-harmless", run.stdout);

    workspace.write_changed("required.json", require_status);
    let run = workspace
        .xtask(&["diff", UPSTREAM, "required.json", "--format", "github"])
        .ended_with(6);
    insta::assert_snapshot!("diff-breaking-github", run.stdout);
}

/// `diff` needs no workspace. It needs a repository only for documents of earlier revisions.
#[test]
fn diff_runs_outside_of_a_workspace() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let diff = |arguments: &[&str]| {
        let mut command = Command::new(XTASK);
        command.arg("diff").args(arguments).current_dir(folder.path());
        Run::new(command.output().unwrap(), folder.path())
    };
    let document = |title: &str| {
        json!({"openapi": "3.0.3", "info": {"title": title, "version": "1"}, "paths": {}}).to_string()
    };
    fs::write(path("old.json"), document("a")).unwrap();
    fs::write(path("new.json"), document("b")).unwrap();
    let run = diff(&["old.json", "new.json"]).ended_with(5);
    assert!(
        run.stdout
            .starts_with("compatible: the only change breaks no client\n"),
        "{run}"
    );
    let run = diff(&["HEAD:old.json", "new.json"]).ended_with(1);
    assert!(run.stderr.contains("cannot read HEAD:old.json"), "{run}");
    for arguments in [
        &["init", "-q"][..],
        &["add", "old.json"],
        &[
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
            "commit",
            "-qm",
            "before",
        ],
    ] {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(folder.path());
        assert!(command.status().unwrap().success());
    }
    diff(&["HEAD:old.json", "new.json"]).ended_with(5);
}

#[test]
fn diff_writes_for_people_and_for_other_tools() {
    let workspace = Workspace::new();
    workspace.write_changed("new.json", |document| {
        require_status(document);
        // The report does not fit on one screen.
        for number in 0..30 {
            at(document, "/components/schemas/OfferSource/properties")[format!("note{number}")] =
                json!({"type": "string"});
        }
    });
    let diff = |arguments: &[&str]| {
        let arguments = [&["diff", UPSTREAM, "new.json"], arguments].concat();
        workspace.xtask(&arguments).ended_with(6).stdout
    };
    let screen = diff(&[]);
    assert!(screen.lines().count() <= 40, "{screen}");
    insta::assert_snapshot!("diff-screen", screen);
    let full = diff(&["--full"]);
    assert_eq!(full.matches("was added\n").count(), 30, "{full}");
    for (format, start) in [
        ("json", "{\n"),
        ("markdown", "## "),
        ("html", "<!doctype html>\n"),
        ("github", "::error "),
        ("junit", "<?xml "),
        ("sarif", "{\n"),
    ] {
        let text = diff(&["--format", format]);
        assert!(text.starts_with(start), "{format}: {text}");
    }
}

#[test]
fn diff_omits_accepted_changes() {
    let workspace = Workspace::new();
    workspace.write_changed("required.json", require_status);
    let run = workspace.xtask(&["diff", UPSTREAM, "required.json", "--format", "json"]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let allow = json!({"allow": [{
        "fingerprint": report.pointer("/changes/0/fingerprint").unwrap(),
        "reason": "every caller sends it",
        "expires": "9999-12-31",
    }]});
    workspace.write("allow.json", allow.to_string());
    let run = workspace.xtask(&["diff", UPSTREAM, "required.json", "--allow", "allow.json"]);
    let run = run.ended_with(0);
    assert_eq!(run.stdout, "no changes except the accepted ones\n");
    assert!(run.stderr.starts_with("1 accepted by allow.json"), "{run}");
}

/// An expired entry of an allow-list no longer accepts its change, and an invalid allow-list is reported with
/// its location.
#[test]
fn diff_reports_expired_and_invalid_allow_lists() {
    let workspace = Workspace::new();
    workspace.write_changed("required.json", require_status);
    let diff = ["diff", UPSTREAM, "required.json"];
    let fingerprint = |run: Run| {
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        report["changes"][0]["fingerprint"].clone()
    };
    let json = [&diff[..], &["--format", "json"]].concat();
    let first = fingerprint(workspace.xtask(&json));
    let allow = json!({"allow": [{"fingerprint": first, "reason": "old news", "expires": "2020-02-29"}]});
    workspace.write("allow.json", allow.to_string());
    let allowed = [&diff[..], &["--allow", "allow.json"]].concat();
    let run = workspace.xtask(&allowed).ended_with(6);
    insta::assert_snapshot!("diff-allow-expired", run.stderr);
    // The fingerprint does not depend on other changes.
    workspace.write_changed("required.json", |document| {
        require_status(document);
        add_field(document);
        document["info"]["title"] = json!("Another title");
    });
    let report: Value = serde_json::from_str(&workspace.xtask(&json).stdout).unwrap();
    let all = report["changes"].as_array().unwrap();
    assert_eq!(all.len(), 3);
    assert!(all.iter().any(|change| change["fingerprint"] == first));
    workspace.write("allow.json", r#"{"allow": [{"fingerprint": 1}]}"#);
    let run = workspace.xtask(&allowed).ended_with(2);
    assert!(run.stderr.starts_with("allow.json:1:"), "{run}");
}

#[test]
fn annotations_are_on_the_lines_that_changed() {
    let workspace = Workspace::new();
    workspace.write_changed("new.json", |document| {
        require_status(document);
        add_field(document);
    });
    let lines: Vec<String> = workspace.read("new.json").lines().map(str::to_owned).collect();
    let run = workspace.xtask(&["diff", UPSTREAM, "new.json", "--format", "github"]);
    let annotations: Vec<(&str, &str)> = run
        .stdout
        .lines()
        .map(|line| {
            let number = line.split_once("line=").unwrap().1.split_once(',').unwrap().0;
            let number: usize = number.parse().unwrap();
            (line, lines[number - 1].trim())
        })
        .collect();
    assert_eq!(annotations.len(), 2, "{run}");
    let line_of = |start: &str| {
        annotations
            .iter()
            .find(|(line, _)| line.starts_with(start))
            .unwrap()
            .1
    };
    assert_eq!(line_of("::error "), "\"required\": true");
    assert_eq!(line_of("::notice "), "\"partnerNote\": {");
}

/// Webhooks are compared, although OpenAPI 3.0.3 has no webhooks.
#[test]
fn diff_compares_webhooks() {
    let workspace = Workspace::new();
    let with = |name: &str, hooks: Value| {
        workspace.write_changed(name, |document| {
            document["openapi"] = json!("3.1.0");
            document["webhooks"] = hooks;
        });
    };
    with(
        "old.json",
        json!({"sold": {"post": {"responses": {"200": {"description": "d"}}}}}),
    );
    with("new.json", json!({}));
    let run = workspace.xtask(&["diff", "old.json", "new.json"]).ended_with(6);
    assert!(run.stdout.contains("the webhook `sold` was removed"), "{run}");
}

#[test]
fn diff_reports_references_to_other_files() {
    let workspace = Workspace::new();
    workspace.write_changed("outside.json", |document| {
        at(document, "/components/schemas/OfferSource/properties")["meta"] =
            json!({"$ref": "meta.json#/Meta"});
    });
    let run = workspace
        .xtask(&["diff", "outside.json", "outside.json"])
        .ended_with(0);
    assert_eq!(run.stdout, "no changes\n");
    insta::assert_snapshot!("diff-elsewhere", run.stderr);
}

#[test]
fn references_that_lead_nowhere_are_reported() {
    let workspace = Workspace::new();
    workspace.write_changed("broken.json", |document| {
        let schemas = at(document, "/components/schemas");
        schemas["OfferSource"]["properties"]["gone"] = json!({"$ref": "#/components/schemas/Gone"});
        schemas["OfferSource"]["properties"]["gone2"] = json!({"$ref": "#/components/schemas/Gone"});
        schemas["Egg"] = json!({"$ref": "#/components/schemas/Hen"});
        schemas["Hen"] = json!({"$ref": "#/components/schemas/Egg"});
    });
    let run = workspace.xtask(&["diff", UPSTREAM, "broken.json"]);
    insta::assert_snapshot!("diff-broken-references", run.stderr);
    for arguments in [
        ["check", "--upstream", "broken.json"].as_slice(),
        &["fetch", "broken.json"],
    ] {
        let run = workspace.xtask(arguments);
        for code in ["dangling-reference", "circular-reference"] {
            let warning = format!("warning[diff::{code}]");
            assert!(
                [&run.stdout, &run.stderr]
                    .iter()
                    .any(|text| text.contains(&warning)),
                "{run}"
            );
        }
    }
}

#[test]
fn printed_commands_run() {
    let workspace = Workspace::new();
    workspace.write_changed("their document.json", add_field);
    let run = workspace
        .xtask(&["check", "--upstream", "their document.json"])
        .ended_with(5);
    assert!(
        run.stderr
            .contains("fix: `cargo xtask fetch 'their document.json'`"),
        "{run}"
    );
    let mut command = workspace.command(&["check", "--upstream", "-"]);
    command.stdin(std::fs::File::open(workspace.path("their document.json")).unwrap());
    let run = workspace.run(command).ended_with(5);
    assert!(run.stderr.contains("fix: `cargo xtask fetch -`"), "{run}");

    workspace.write("allow.json", "");
    let run = workspace
        .xtask(&["diff", UPSTREAM, UPSTREAM, "--allow", "allow.json"])
        .ended_with(2);
    assert!(
        run.stderr
            .contains("fix: put the content there, or name another file"),
        "{run}"
    );
}

#[test]
fn documents_come_from_addresses_standard_input_and_the_default_source() {
    let workspace = Workspace::new();
    workspace.write_changed("vendor.json", add_field);
    let text = workspace.read("vendor.json");

    let address = serve("200 OK", text.clone());
    workspace.xtask(&["check", "--upstream", &address]).ended_with(5);
    let address = serve("404 Not Found", String::new());
    let run = workspace.xtask(&["fetch", &address]).ended_with(1);
    insta::assert_snapshot!("fetch-moved", run.stderr.replace(&address, "<address>"));
    let address = serve("401 Unauthorized", String::new());
    let run = workspace.xtask(&["fetch", &address]).ended_with(1);
    insta::assert_snapshot!("fetch-closed", run.stderr.replace(&address, "<address>"));
    let run = workspace.xtask(&["fetch", "ftp://a.example/x"]).ended_with(1);
    insta::assert_snapshot!("fetch-scheme", run.stderr);

    let piped = |arguments: &[&str]| {
        let mut child = workspace
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // This write fails if the command ends without reading.
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        child.wait_with_output().unwrap().status.code()
    };
    assert_eq!(piped(&["diff", UPSTREAM, "-"]), Some(5));
    assert_eq!(piped(&["diff", "-", "-"]), Some(1));

    let run = workspace.xtask(&["fetch"]).ended_with(1);
    assert!(run.stderr.contains("there is no spec/source.toml"), "{run}");
    let address = serve("200 OK", text.clone());
    workspace.write("spec/source.toml", format!("address = \"{address}\"\n"));
    workspace.xtask(&["fetch"]).ended_with(0);
    assert_eq!(workspace.read(UPSTREAM), text);
}

/// An inferred overlay with three operations. In the vendor's document, the first operation is equal, the
/// second is different, and the third is absent.
#[test]
fn fetch_reports_confirmed_and_wrong_inferences() {
    let workspace = Workspace::new();
    let operation = |summary: &str, property: &str| {
        let schema = json!({"type": "object", "properties": {property: {"type": "string"}}});
        let content = json!({"application/json": {"schema": schema}});
        json!({"get": {
            "tags": ["Pages"],
            "summary": summary,
            "responses": {"200": {"description": "d", "content": content}},
        }})
    };
    let tag = json!({
        "name": "Pages",
        "description": "Pages.",
        "x-undocumented": true,
        "x-evidence": {"kind": "page", "source": "The index."},
    });
    let overlay = json!({
        "overlay": "1.0.0",
        "info": {"title": "Pages", "version": "1"},
        "x-inferred": true,
        "actions": [
            {"target": "$.tags", "description": "The index lists the group.", "update": [tag]},
            {"target": "$.paths", "description": "The index lists the operations.", "update": {
                "/page/list/": operation("List pages", "name"),
                "/page/find/byId/": operation("Find page by ID", "name"),
                "/page/archive/": operation("Archive pages", "name"),
            }},
        ],
    });
    // JSON is also valid YAML.
    workspace.write("spec/overlays/10-pages.yaml", format!("{overlay:#}\n"));
    workspace.write_changed("vendor.json", |document| {
        document["tags"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "Pages", "description": "Pages."}));
        document["paths"]["/page/list/"] = operation("List pages", "name");
        document["paths"]["/page/find/byId/"] = operation("Find page by ID", "pageName");
    });
    let run = workspace.xtask(&["fetch", "vendor.json"]).ended_with(0);
    let (_, notes) = run.stdout.split_once("spec/upstream.json is now").unwrap();
    insta::assert_snapshot!("fetch-inferred", notes);
}

#[test]
fn a_document_without_operations_is_refused() {
    let workspace = Workspace::new();
    let before = workspace.files();
    workspace.write(
        "vendor.json",
        r#"{"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {}}"#,
    );
    for arguments in [
        &["fetch", "vendor.json"][..],
        &["check", "--upstream", "vendor.json"],
    ] {
        let run = workspace.xtask(arguments).ended_with(2);
        assert!(
            run.stderr
                .contains("vendor.json:1:62: error[lint::no-operations] at /paths"),
            "{run}"
        );
    }
    workspace.remove("vendor.json");
    assert_eq!(workspace.files(), before);
    workspace.write_changed(UPSTREAM, |document| document["paths"] = json!({}));
    let run = workspace.xtask(&["generate"]).ended_with(2);
    assert!(
        run.stderr
            .contains("fix: check that this is the document of the API"),
        "{run}"
    );
    workspace.xtask(&["check"]).ended_with(2);
}

/// A text that was cut off may still be valid YAML. Overlays may contain more operations than the rest of the
/// document.
#[test]
fn a_document_without_supported_operations_is_refused() {
    let workspace = Workspace::new();
    let overlay = json!({
        "overlay": "1.0.0",
        "info": {"title": "Inferred", "version": "1"},
        "x-inferred": true,
        "actions": [{"target": "$.paths", "description": "The index lists it.", "update": {
            "/page/archive/": {"put": {
                "tags": ["Offer Sources"], "summary": "Archive", "responses": {"204": {"description": "d"}},
            }},
        }}],
    });
    workspace.write("spec/overlays/10-pages.yaml", format!("{overlay:#}\n"));
    workspace.xtask(&["generate"]).ended_with(0);
    let before = workspace.files();
    let vendor = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n  /a/:\n    get:\n      \
                  responses:\n        '200': {$ref: '#/components/responses/A'}\n  /b/:\n    get:\n";
    workspace.write("vendor.yaml", vendor);
    for arguments in [
        &["fetch", "vendor.yaml"][..],
        &["check", "--upstream", "vendor.yaml"],
    ] {
        let run = workspace.xtask(arguments).ended_with(2);
        assert!(
            run.stderr
                .contains("vendor.yaml:3:1: error[lint::no-operations] at /paths: every operation"),
            "{run}"
        );
        assert!(
            run.stderr
                .contains("vendor.yaml:7:17: warning[lint::dangling-reference]"),
            "{run}"
        );
    }
    workspace.remove("vendor.yaml");
    assert_eq!(workspace.files(), before);
}

/// The limit of 60 lines applies even if there are many changes, and many confirmed, wrong and absent
/// inferences.
#[test]
fn fetch_prints_at_most_60_lines() {
    let workspace = Workspace::new();
    let operation = |group: usize, property: &str| {
        let schema = json!({"type": "object", "properties": {property: {"type": "string"}}});
        let content = json!({"application/json": {"schema": schema}});
        json!({"get": {
            "tags": [format!("Group {group}")],
            "summary": "List",
            "responses": {"200": {"description": "d", "content": content}},
        }})
    };
    let tags = (0..10).map(|group| json!({"name": format!("Group {group}"), "description": "d"}));
    let tags: Vec<Value> = tags.collect();
    let path = |number: usize| format!("/group{}/list{number}/", number % 10);
    let paths = (0..50).map(|number| (path(number), operation(number % 10, "name")));
    let overlay = json!({
        "overlay": "1.0.0",
        "info": {"title": "Groups", "version": "1"},
        "x-inferred": true,
        "actions": [
            {"target": "$.tags", "description": "The index lists them.", "update": tags},
            {"target": "$.paths", "description": "The index lists them.",
             "update": paths.collect::<serde_json::Map<_, _>>()},
        ],
    });
    workspace.write("spec/overlays/10-groups.yaml", format!("{overlay:#}\n"));
    workspace.write_changed("vendor.json", |document| {
        document["tags"].as_array_mut().unwrap().extend(tags);
        // Of every five operations, three are as inferred, one is different and one is missing.
        for number in (0..50).filter(|number| number / 10 != 4) {
            let property = if number / 10 == 3 { "title" } else { "name" };
            document["paths"][path(number)] = operation(number % 10, property);
        }
    });
    let run = workspace.xtask(&["fetch", "vendor.json"]).ended_with(0);
    assert!(run.stdout.lines().count() <= 60, "{run}");
    insta::assert_snapshot!("fetch-many", run.stdout);
}

#[test]
fn diff_reports_unreadable_documents() {
    let workspace = Workspace::new();
    workspace.write("page.json", "<html>");
    let run = workspace.xtask(&["diff", UPSTREAM, "page.json"]).ended_with(2);
    assert!(run.stderr.contains("page.json:1:1: error[read::"), "{run}");
    let run = workspace.xtask(&["diff", UPSTREAM, "gone.json"]).ended_with(1);
    assert!(run.stderr.contains("gone.json"), "{run}");
}

#[test]
fn diff_reads_earlier_revisions() {
    let workspace = Workspace::new();
    workspace.git(&["init", "-q"]);
    workspace.git(&["add", "spec"]);
    workspace.git(&["commit", "-qm", "before"]);
    workspace.write_changed(UPSTREAM, add_field);
    workspace
        .xtask(&["diff", "HEAD:spec/upstream.json", UPSTREAM])
        .ended_with(5);
    let run = workspace
        .xtask(&["diff", "HEAD:spec/none.json", UPSTREAM])
        .ended_with(1);
    assert!(run.stderr.contains("cannot read HEAD:spec/none.json"), "{run}");
}

#[test]
fn fetch_and_generate_leave_a_current_workspace() {
    let workspace = Workspace::new();
    workspace.write_changed("vendor.json", add_field);
    let run = workspace.xtask(&["fetch", "vendor.json"]).ended_with(0);
    insta::assert_snapshot!("fetch", run.stdout);
    assert_eq!(workspace.read(UPSTREAM), workspace.read("vendor.json"));
    let lock = workspace.read(LOCK);
    assert!(lock.contains("\"source\": \"vendor.json\""), "{lock}");

    let run = workspace.xtask(&["check"]).ended_with(3);
    assert!(
        run.stderr
            .contains("the document spec/upstream.json differs from the one in the lock"),
        "{run}"
    );
    workspace.xtask(&["generate"]).ended_with(0);
    let changelog = workspace.read(CHANGELOG);
    insta::assert_snapshot!("changelog", changelog);
    workspace.xtask(&["generate"]).ended_with(0);
    assert_eq!(workspace.read(CHANGELOG), changelog);
    workspace
        .xtask(&["check", "--upstream", "vendor.json"])
        .ended_with(0);

    let run = workspace.xtask(&["fetch", "vendor.json"]).ended_with(0);
    assert!(
        run.stdout
            .ends_with("spec/upstream.json is identical to vendor.json; nothing to do\n"),
        "{run}"
    );
}

#[test]
fn fetch_refuses_an_invalid_document_and_writes_nothing() {
    let workspace = Workspace::new();
    workspace.write("page.json", "<html>");
    let before = workspace.files();
    let run = workspace.xtask(&["fetch", "page.json"]).ended_with(2);
    assert!(run.stderr.contains("page.json:1:1: error[read::"), "{run}");
    assert_eq!(workspace.files(), before);
}

#[test]
fn fetch_of_yaml_leaves_one_document() {
    let workspace = Workspace::new();
    workspace.write(
        "vendor.yaml",
        "openapi: 3.0.3\ninfo: {title: t, version: v}\n\
         paths: {/a/: {get: {tags: [A], responses: {'204': {description: d}}}}}\n",
    );
    workspace.git(&["init", "-q"]);
    let run = workspace.xtask(&["fetch", "vendor.yaml"]).ended_with(0);
    assert!(
        run.stdout
            .contains("mv spec/upstream.json.orig spec/upstream.json && rm spec/upstream.yaml`"),
        "{run}"
    );
    assert!(workspace.path("spec/upstream.yaml").exists());
    assert!(!workspace.path(UPSTREAM).exists());
}

#[test]
fn fetch_reports_redundant_overlay_actions() {
    let workspace = Workspace::new();
    workspace.write(
        "spec/overlays/10-note.yaml",
        r"overlay: 1.0.0
info: {title: Note, version: 1.0.0}
actions:
  - target: $.components.schemas.OfferSource.properties
    description: the vendor forgot it
    update: {partnerNote: {type: string, description: A note.}}
",
    );
    workspace.write_changed("vendor.json", add_field);
    let run = workspace.xtask(&["fetch", "vendor.json"]).ended_with(0);
    let line = run
        .stdout
        .lines()
        .find(|line| line.contains("10-note"))
        .unwrap_or_default();
    insta::assert_snapshot!("fetch-redundant-overlay", line);
}

#[test]
fn check_compares_with_the_vendors_document() {
    let workspace = Workspace::new();
    workspace.write_changed("vendor.json", require_status);
    let run = workspace
        .xtask(&["check", "--upstream", "vendor.json"])
        .ended_with(6);
    insta::assert_snapshot!("check-upstream", run.stderr);
    workspace.write_changed("vendor.json", add_field);
    workspace
        .xtask(&["check", "--upstream", "vendor.json"])
        .ended_with(5);

    // A problem with our own files determines the exit code.
    workspace.write(TYPES, "// edited\n");
    let run = workspace
        .xtask(&["check", "--upstream", "vendor.json", "--format", "json"])
        .ended_with(3);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json.pointer("/problems/0/kind"), Some(&json!("hand-edited")));
    assert_eq!(json.pointer("/upstream/summary/breaking"), Some(&json!(0)));
    assert_eq!(json.pointer("/exit_code"), Some(&json!(3)));
    let run = workspace.xtask(&["check", "--format", "github"]);
    let start = format!("::error file={TYPES},line=1,col=1,title=check%3A%3Ahand-edited::differs from");
    assert!(run.stdout.starts_with(&start), "{run}");
}

#[test]
fn check_reports_our_problems_also_without_the_vendors_document() {
    let workspace = Workspace::new();
    let nowhere = ["check", "--upstream", "nowhere.json"];
    let run = workspace.xtask(&nowhere).ended_with(1);
    insta::assert_snapshot!("check-without-upstream", run.stderr);

    workspace.write_changed(UPSTREAM, add_field);
    let run = workspace.xtask(&nowhere).ended_with(3);
    for message in ["spec/effective.json:", "cannot read nowhere.json"] {
        assert!(run.stderr.contains(message), "no {message} in {run}");
    }
    let run = workspace.xtask(&["check", "--upstream", "nowhere.json", "--format", "json"]);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["exit_code"], 3);
    assert!(
        json["upstream_failure"]
            .as_str()
            .unwrap()
            .contains("nowhere.json")
    );
    let run = workspace.xtask(&["check", "--upstream", "nowhere.json", "--format", "github"]);
    assert!(
        run.stdout
            .contains("::error title=cargo xtask check::error: cannot read nowhere.json")
    );
}
