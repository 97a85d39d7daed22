//! `diff`, `fetch` and `check --upstream` as a person or a CI job runs them, in a workspace of its own.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

#[cfg(unix)]
mod workflow;

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use serde_json::{Value, json};

/// What the commands work on, in a folder that goes away.
struct Workspace(tempfile::TempDir);

/// How a command ended.
struct Run {
    code: i32,
    text: String,
    aside: String,
}

impl Workspace {
    /// Generated from a small document, so that the texts here change when the commands do, not when the API does.
    fn new() -> Self {
        let workspace = Self(tempfile::tempdir().unwrap());
        for folder in ["spec", "generated/src"] {
            fs::create_dir_all(workspace.path(folder)).unwrap();
        }
        for (name, text) in [
            ("spec/upstream.json", include_str!("../upstream.json")),
            ("Cargo.toml", "[workspace.package]\nversion = \"0.1.0\"\n"),
            ("generated/Cargo.toml", "[package]\nversion.workspace = true\n"),
            (
                "generated/src/lib.rs",
                "mod api;\npub use api::public::{operations, types};\n",
            ),
        ] {
            fs::write(workspace.path(name), text).unwrap();
        }
        let run = workspace.run(&["generate"]);
        assert_eq!(run.code, 0, "{}", run.aside);
        workspace
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .current_dir(self.0.path())
            .args(arguments)
            .output()
            .unwrap();
        Run {
            code: output.status.code().unwrap(),
            text: String::from_utf8(output.stdout).unwrap(),
            aside: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Writes the vendor's document with a change to `name`.
    fn changed(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let text = fs::read_to_string(self.path("spec/upstream.json")).unwrap();
        let mut document: Value = serde_json::from_str(&text).unwrap();
        change(&mut document);
        fs::write(self.path(name), format!("{document:#}\n")).unwrap();
    }
}

fn at<'a>(document: &'a mut Value, pointer: &str) -> &'a mut Value {
    document
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("the document has nothing at {pointer}"))
}

fn add_field(document: &mut Value) {
    at(document, "/components/schemas/OfferSource/properties")["partnerNote"] =
        json!({"type": "string", "description": "A note."});
}

fn require_status(document: &mut Value) {
    at(document, "/paths/~1offersource~1list~1/get/parameters/0")["required"] = json!(true);
}

#[test]
fn diff_without_changes_ends_with_0() {
    let workspace = Workspace::new();
    let run = workspace.run(&["diff", "spec/upstream.json", "spec/upstream.json"]);
    assert_eq!(
        (run.code, run.text.as_str()),
        (0, "no changes\n"),
        "{}",
        run.aside
    );
}

#[test]
fn diff_tells_harmless_from_breaking() {
    let workspace = Workspace::new();
    workspace.changed("field.json", add_field);
    let run = workspace.run(&["diff", "spec/upstream.json", "field.json"]);
    assert_eq!(run.code, 5, "{}", run.aside);
    insta::assert_snapshot!("diff-harmless", run.text);

    workspace.changed("required.json", require_status);
    let run = workspace.run(&[
        "diff",
        "spec/upstream.json",
        "required.json",
        "--format",
        "github",
    ]);
    assert_eq!(run.code, 6, "{}", run.aside);
    insta::assert_snapshot!("diff-breaking-github", run.text);
}

#[test]
fn diff_takes_what_is_allowed_out() {
    let workspace = Workspace::new();
    workspace.changed("required.json", require_status);
    let run = workspace.run(&["diff", "spec/upstream.json", "required.json", "--format", "json"]);
    let report: Value = serde_json::from_str(&run.text).unwrap();
    let allow = json!({"allow": [{
        "fingerprint": report.pointer("/changes/0/fingerprint").unwrap(),
        "reason": "every caller sends it",
        "expires": "9999-12-31",
    }]});
    fs::write(workspace.path("allow.json"), allow.to_string()).unwrap();
    let run = workspace.run(&[
        "diff",
        "spec/upstream.json",
        "required.json",
        "--allow",
        "allow.json",
    ]);
    assert_eq!(
        (run.code, run.text.as_str()),
        (0, "no changes but those that are accepted\n"),
        "{}",
        run.aside
    );
    assert!(run.aside.starts_with("1 accepted by allow.json"), "{}", run.aside);
}

/// After its day an acceptance does not count any more, and what is no list is told with its place.
#[test]
fn diff_says_what_the_allow_list_no_longer_accepts() {
    let workspace = Workspace::new();
    workspace.changed("required.json", require_status);
    let diff = ["diff", "spec/upstream.json", "required.json"];
    let fingerprint = |run: Run| {
        let report: Value = serde_json::from_str(&run.text).unwrap();
        report["changes"][0]["fingerprint"].clone()
    };
    let json = [&diff[..], &["--format", "json"]].concat();
    let first = fingerprint(workspace.run(&json));
    let allow = json!({"allow": [{"fingerprint": first, "reason": "old news", "expires": "2020-02-29"}]});
    fs::write(workspace.path("allow.json"), allow.to_string()).unwrap();
    let allowed = [&diff[..], &["--allow", "allow.json"]].concat();
    let run = workspace.run(&allowed);
    assert_eq!(run.code, 6, "{}", run.aside);
    insta::assert_snapshot!("diff-allow-expired", run.aside);
    // The fingerprint is that of the change, not of the text around it.
    workspace.changed("required.json", |document| {
        require_status(document);
        add_field(document);
        document["info"]["title"] = json!("Another title");
    });
    let report: Value = serde_json::from_str(&workspace.run(&json).text).unwrap();
    let all = report["changes"].as_array().unwrap();
    assert_eq!(all.len(), 3);
    assert!(all.iter().any(|change| change["fingerprint"] == first));
    fs::write(workspace.path("allow.json"), r#"{"allow": [{"fingerprint": 1}]}"#).unwrap();
    let run = workspace.run(&allowed);
    assert_eq!(run.code, 2, "{}", run.aside);
    assert!(run.aside.starts_with("allow.json:1:"), "{}", run.aside);
}

/// The line of an annotation is the one that a reviewer has to look at.
#[test]
fn annotations_are_on_the_lines_that_changed() {
    let workspace = Workspace::new();
    workspace.changed("new.json", |document| {
        require_status(document);
        add_field(document);
    });
    let lines: Vec<String> = fs::read_to_string(workspace.path("new.json"))
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    let run = workspace.run(&["diff", "spec/upstream.json", "new.json", "--format", "github"]);
    let told: Vec<(&str, &str)> = run
        .text
        .lines()
        .map(|line| {
            let number = line.split_once("line=").unwrap().1.split_once(',').unwrap().0;
            let number: usize = number.parse().unwrap();
            (line, lines[number - 1].trim())
        })
        .collect();
    assert_eq!(told.len(), 2, "{}", run.text);
    let at = |start: &str| told.iter().find(|(line, _)| line.starts_with(start)).unwrap().1;
    assert_eq!(at("::error "), "\"required\": true");
    assert_eq!(at("::notice "), "\"partnerNote\": {");
}

/// What the form that documents are compared in does not have is kept beside, and compared there.
#[test]
fn diff_sees_what_openapi_303_does_not_have() {
    let workspace = Workspace::new();
    let with = |name: &str, hooks: Value| {
        workspace.changed(name, |document| {
            document["openapi"] = json!("3.1.0");
            document["webhooks"] = hooks;
        });
    };
    with(
        "old.json",
        json!({"sold": {"post": {"responses": {"200": {"description": "d"}}}}}),
    );
    with("new.json", json!({}));
    let run = workspace.run(&["diff", "old.json", "new.json"]);
    assert_eq!(run.code, 6, "{}", run.aside);
    assert!(
        run.text.contains("the webhook `sold` was removed"),
        "{}",
        run.text
    );
}

/// What is in another file is not compared, and that is said.
#[test]
fn diff_says_what_it_does_not_compare() {
    let workspace = Workspace::new();
    workspace.changed("outside.json", |document| {
        at(document, "/components/schemas/OfferSource/properties")["meta"] =
            json!({"$ref": "meta.json#/Meta"});
    });
    let run = workspace.run(&["diff", "outside.json", "outside.json"]);
    assert_eq!((run.code, run.text.as_str()), (0, "no changes\n"));
    insta::assert_snapshot!("diff-elsewhere", run.aside);
}

/// Answers one request with this status and body; returns the address.
fn serve(status: &'static str, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/api/schema.json", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).unwrap();
        write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
    });
    address
}

#[test]
fn documents_come_from_addresses_standard_input_and_the_usual_place() {
    let workspace = Workspace::new();
    workspace.changed("vendor.json", add_field);
    let text = fs::read_to_string(workspace.path("vendor.json")).unwrap();

    let address = serve("200 OK", text.clone());
    let run = workspace.run(&["check", "--upstream", &address]);
    assert_eq!(run.code, 5, "{}", run.aside);
    let address = serve("404 Not Found", String::new());
    let run = workspace.run(&["fetch", &address]);
    assert_eq!(run.code, 1);
    insta::assert_snapshot!("fetch-moved", run.aside.replace(&address, "<address>"));
    let address = serve("401 Unauthorized", String::new());
    let run = workspace.run(&["fetch", &address]);
    assert_eq!(run.code, 1);
    insta::assert_snapshot!("fetch-closed", run.aside.replace(&address, "<address>"));
    let run = workspace.run(&["fetch", "ftp://a.example/x"]);
    assert_eq!(run.code, 1);
    insta::assert_snapshot!("fetch-scheme", run.aside);

    let piped = |arguments: &[&str]| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .current_dir(workspace.0.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Where nothing reads it, nothing has to be written.
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        child.wait_with_output().unwrap().status.code()
    };
    assert_eq!(piped(&["diff", "spec/upstream.json", "-"]), Some(5));
    assert_eq!(piped(&["diff", "-", "-"]), Some(1));

    let run = workspace.run(&["fetch"]);
    assert_eq!(run.code, 1);
    assert!(
        run.aside.contains("there is no spec/source.toml"),
        "{}",
        run.aside
    );
    let address = serve("200 OK", text.clone());
    fs::write(
        workspace.path("spec/source.toml"),
        format!("address = \"{address}\"\n"),
    )
    .unwrap();
    let run = workspace.run(&["fetch"]);
    assert_eq!(run.code, 0, "{}", run.aside);
    let taken = fs::read_to_string(workspace.path("spec/upstream.json")).unwrap();
    assert_eq!(taken, text);
}

/// A supplement, and what the vendor's document makes of it: one operation as it was deduced, one other, one not there.
#[test]
fn fetch_says_what_was_confirmed_and_what_was_wrong() {
    let workspace = Workspace::new();
    let operation = |summary: &str, property: &str| {
        json!({"get": {"tags": ["Pages"], "summary": summary, "responses": {"200": {"description": "d", "content":
            {"application/json": {"schema": {"type": "object", "properties": {property: {"type": "string"}}}}}}}}})
    };
    let overlay = json!({
        "overlay": "1.0.0",
        "info": {"title": "Pages", "version": "1"},
        "x-inferred": true,
        "actions": [
            {"target": "$.tags", "description": "The index lists the group.", "update":
                [{"name": "Pages", "description": "Pages.", "x-undocumented": true, "x-evidence": {"kind": "page", "source": "The index."}}]},
            {"target": "$.paths", "description": "The index lists the operations.", "update": {
                "/page/list/": operation("List pages", "name"),
                "/page/find/byId/": operation("Find page by ID", "name"),
                "/page/archive/": operation("Archive pages", "name"),
            }},
        ],
    });
    fs::create_dir_all(workspace.path("spec/overlays")).unwrap();
    // JSON is YAML.
    fs::write(
        workspace.path("spec/overlays/10-pages.yaml"),
        format!("{overlay:#}\n"),
    )
    .unwrap();
    workspace.changed("vendor.json", |document| {
        document["tags"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "Pages", "description": "Pages."}));
        document["paths"]["/page/list/"] = operation("List pages", "name");
        document["paths"]["/page/find/byId/"] = operation("Find page by ID", "pageName");
    });
    let run = workspace.run(&["fetch", "vendor.json"]);
    assert_eq!(run.code, 0, "{}", run.aside);
    let (_, told) = run.text.split_once("spec/upstream.json is now").unwrap();
    insta::assert_snapshot!("fetch-supplement", told);
}

#[test]
fn diff_says_what_it_cannot_read() {
    let workspace = Workspace::new();
    fs::write(workspace.path("page.json"), "<html>").unwrap();
    let run = workspace.run(&["diff", "spec/upstream.json", "page.json"]);
    assert_eq!(run.code, 2);
    assert!(run.aside.contains("page.json:1:1: error[read::"), "{}", run.aside);
    let run = workspace.run(&["diff", "spec/upstream.json", "gone.json"]);
    assert_eq!(run.code, 1);
    assert!(run.aside.contains("gone.json"), "{}", run.aside);
}

#[test]
fn diff_reads_earlier_revisions() {
    let workspace = Workspace::new();
    let git = |arguments: &[&str]| {
        let status = Command::new("git")
            .current_dir(workspace.0.path())
            .args([
                "-c",
                "user.name=t",
                "-c",
                "user.email=t@example.org",
                "-c",
                "commit.gpgsign=false",
            ])
            .args(arguments)
            .status()
            .unwrap();
        assert!(status.success());
    };
    git(&["init", "-q"]);
    git(&["add", "spec"]);
    git(&["commit", "-qm", "before"]);
    workspace.changed("spec/upstream.json", add_field);
    let run = workspace.run(&["diff", "HEAD:spec/upstream.json", "spec/upstream.json"]);
    assert_eq!(run.code, 5, "{}", run.aside);
    let run = workspace.run(&["diff", "HEAD:spec/none.json", "spec/upstream.json"]);
    assert_eq!(run.code, 1);
    assert!(
        run.aside.contains("cannot read HEAD:spec/none.json"),
        "{}",
        run.aside
    );
}

#[test]
fn fetch_takes_the_document_over_and_the_recipe_ends_green() {
    let workspace = Workspace::new();
    workspace.changed("vendor.json", add_field);
    let run = workspace.run(&["fetch", "vendor.json"]);
    assert_eq!(run.code, 0, "{}", run.aside);
    insta::assert_snapshot!("fetch", run.text);
    assert_eq!(
        fs::read_to_string(workspace.path("spec/upstream.json")).unwrap(),
        fs::read_to_string(workspace.path("vendor.json")).unwrap()
    );
    let lock = fs::read_to_string(workspace.path("spec/spec.lock")).unwrap();
    assert!(lock.contains("\"source\": \"vendor.json\""), "{lock}");

    // Until it has been generated, check says so, and why.
    let run = workspace.run(&["check"]);
    assert_eq!(run.code, 3);
    assert!(
        run.aside
            .contains("the document spec/upstream.json is not the one that the lock records"),
        "{}",
        run.aside
    );
    assert_eq!(workspace.run(&["generate"]).code, 0);
    let changelog = fs::read_to_string(workspace.path("generated/CHANGELOG.md")).unwrap();
    insta::assert_snapshot!("changelog", changelog);
    assert_eq!(workspace.run(&["generate"]).code, 0);
    assert_eq!(
        fs::read_to_string(workspace.path("generated/CHANGELOG.md")).unwrap(),
        changelog
    );
    let run = workspace.run(&["check", "--upstream", "vendor.json"]);
    assert_eq!(run.code, 0, "{}{}", run.text, run.aside);

    let run = workspace.run(&["fetch", "vendor.json"]);
    assert_eq!(run.code, 0);
    assert!(
        run.text
            .ends_with("spec/upstream.json is what vendor.json holds: nothing to do\n"),
        "{}",
        run.text
    );
}

#[test]
fn fetch_refuses_what_does_not_read_and_loses_nothing() {
    let workspace = Workspace::new();
    let before = fs::read_to_string(workspace.path("spec/upstream.json")).unwrap();
    let lock = fs::read_to_string(workspace.path("spec/spec.lock")).unwrap();
    fs::write(workspace.path("page.json"), "<html>").unwrap();
    let run = workspace.run(&["fetch", "page.json"]);
    assert_eq!(run.code, 2);
    assert!(run.aside.contains("page.json:1:1: error[read::"), "{}", run.aside);
    assert_eq!(
        fs::read_to_string(workspace.path("spec/upstream.json")).unwrap(),
        before
    );
    assert_eq!(
        fs::read_to_string(workspace.path("spec/spec.lock")).unwrap(),
        lock
    );
}

#[test]
fn fetch_takes_yaml_and_leaves_one_document() {
    let workspace = Workspace::new();
    fs::write(
        workspace.path("vendor.yaml"),
        "openapi: 3.0.3\ninfo: {title: t, version: v}\npaths: {}\n",
    )
    .unwrap();
    let run = workspace.run(&["fetch", "vendor.yaml"]);
    assert_eq!(run.code, 0, "{}", run.aside);
    let back = "`git restore spec && rm spec/upstream.yaml` takes it back";
    assert!(run.text.contains(back), "{}", run.text);
    assert!(workspace.path("spec/upstream.yaml").exists());
    assert!(!workspace.path("spec/upstream.json").exists());
}

#[test]
fn fetch_names_overlay_actions_that_became_needless() {
    let workspace = Workspace::new();
    fs::create_dir_all(workspace.path("spec/overlays")).unwrap();
    fs::write(
        workspace.path("spec/overlays/10-note.yaml"),
        "overlay: 1.0.0\ninfo: {title: Note, version: 1.0.0}\nactions:\n  - target: $.components.schemas.OfferSource.properties\n    description: the vendor forgot it\n    update:\n      partnerNote: {type: string, description: A note.}\n",
    )
    .unwrap();
    workspace.changed("vendor.json", add_field);
    let run = workspace.run(&["fetch", "vendor.json"]);
    assert_eq!(run.code, 0, "{}", run.aside);
    let line = run
        .text
        .lines()
        .find(|line| line.contains("10-note"))
        .unwrap_or_default();
    insta::assert_snapshot!("fetch-needless-overlay", line);
}

#[test]
fn check_compares_with_the_vendors_document() {
    let workspace = Workspace::new();
    workspace.changed("vendor.json", require_status);
    let run = workspace.run(&["check", "--upstream", "vendor.json"]);
    assert_eq!(run.code, 6, "{}", run.aside);
    insta::assert_snapshot!("check-upstream", run.aside);
    workspace.changed("vendor.json", add_field);
    assert_eq!(workspace.run(&["check", "--upstream", "vendor.json"]).code, 5);

    // What is wrong with ours comes first.
    let types = workspace.path("generated/src/api/offer_sources/types.rs");
    fs::write(&types, "// edited\n").unwrap();
    let run = workspace.run(&["check", "--upstream", "vendor.json", "--format", "json"]);
    assert_eq!(run.code, 7);
    let json: Value = serde_json::from_str(&run.text).unwrap();
    assert_eq!(json.pointer("/problems/0/exit_code"), Some(&json!(7)));
    assert_eq!(json.pointer("/upstream/summary/breaking"), Some(&json!(0)));
    assert_eq!(json.pointer("/exit_code"), Some(&json!(7)));
    let run = workspace.run(&["check", "--format", "github"]);
    assert!(
        run.text.starts_with("::error file=generated/src/api/offer_sources/types.rs,line=1,col=1,title=cargo xtask check::edited by hand"),
        "{}",
        run.text
    );
}

#[test]
fn check_asks_for_the_version_that_is_due() {
    let workspace = Workspace::new();
    let set = |from: &str, to: &str| {
        let text = fs::read_to_string(workspace.path("Cargo.toml")).unwrap();
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        fs::write(workspace.path("Cargo.toml"), changed).unwrap();
    };
    set("version = \"0.1.0\"", "version = \"1.2.3\"");
    let run = workspace.run(&["release"]);
    assert_eq!(run.code, 0, "{}", run.aside);
    assert_eq!(workspace.run(&["check"]).code, 0);

    workspace.changed("spec/upstream.json", add_field);
    assert_eq!(workspace.run(&["generate"]).code, 0);
    let run = workspace.run(&["check"]);
    assert_eq!(run.code, 8);
    insta::assert_snapshot!("check-version", run.aside);
    assert_eq!(workspace.run(&["release"]).code, 8);

    set("version = \"1.2.3\"", "version = \"1.3.0\"");
    assert_eq!(workspace.run(&["check"]).code, 0);
    assert_eq!(workspace.run(&["release"]).code, 0);
    let changelog = fs::read_to_string(workspace.path("generated/CHANGELOG.md")).unwrap();
    assert!(
        changelog.contains("\n## 1.3.0\n") && changelog.ends_with("\n## 1.2.3\n\nThe first release.\n"),
        "{changelog}"
    );

    // Code that cannot be read hides nothing else, and is no version that is behind.
    let rewrite = |name: &str, addition: &str| {
        let text = fs::read_to_string(workspace.path(name)).unwrap();
        fs::write(workspace.path(name), format!("{text}{addition}")).unwrap();
        text
    };
    let code = rewrite("generated/src/lib.rs", "\nfn (");
    rewrite("spec/effective.json", "\n");
    let run = workspace.run(&["check"]);
    assert!(
        run.aside.contains("which version is due cannot be told")
            && run.aside.contains("generated/src/lib.rs")
            && run.aside.contains("spec/effective.json"),
        "{}",
        run.aside
    );
    fs::write(workspace.path("generated/src/lib.rs"), code).unwrap();
    assert_eq!(workspace.run(&["generate"]).code, 0);

    // What breaks those who compile against the crate asks for more.
    workspace.changed("spec/upstream.json", require_status);
    assert_eq!(workspace.run(&["generate"]).code, 0);
    let run = workspace.run(&["check"]);
    assert!(run.aside.contains("a major step: 2.0.0 is due"), "{}", run.aside);
}

/// What is wrong here is told although there is no network.
#[test]
fn check_tells_of_our_files_also_where_the_vendors_document_cannot_be_had() {
    let workspace = Workspace::new();
    let nowhere = ["check", "--upstream", "nowhere.json"];
    let run = workspace.run(&nowhere);
    assert_eq!(run.code, 1, "{}{}", run.text, run.aside);
    insta::assert_snapshot!("check-without-upstream", run.aside);

    workspace.changed("spec/upstream.json", add_field);
    let run = workspace.run(&nowhere);
    assert_eq!(run.code, 3, "{}{}", run.text, run.aside);
    for told in ["spec/effective.json:", "cannot read nowhere.json"] {
        assert!(run.aside.contains(told), "no {told} in {}", run.aside);
    }
    let run = workspace.run(&["check", "--upstream", "nowhere.json", "--format", "json"]);
    let told: Value = serde_json::from_str(&run.text).unwrap();
    assert_eq!(told["exit_code"], 3);
    assert!(
        told["upstream_failure"]
            .as_str()
            .unwrap()
            .contains("nowhere.json")
    );
    let run = workspace.run(&["check", "--upstream", "nowhere.json", "--format", "github"]);
    assert!(
        run.text
            .contains("::error title=cargo xtask check::error: cannot read nowhere.json")
    );
}

/// The crate of this repository, hand-written code included, in a workspace of its own.
fn of_this_repository() -> Workspace {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let to = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let workspace = Workspace(tempfile::tempdir().unwrap());
    for folder in ["spec", "generated/src"] {
        copy(&root.join(folder), &workspace.path(folder));
    }
    for file in ["Cargo.toml", "generated/Cargo.toml"] {
        fs::copy(root.join(file), workspace.path(file)).unwrap();
    }
    let _ = fs::remove_file(workspace.path("generated/released.json"));
    workspace
}

/// Each hand-written change that takes something from users asks for another version, wherever it is made.
#[test]
fn check_sees_what_hand_written_code_takes_away() {
    let workspace = of_this_repository();
    let run = workspace.run(&["release"]);
    assert_eq!(run.code, 0, "{}", run.aside);
    let record = fs::read_to_string(workspace.path("generated/released.json")).unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    for (name, gate) in [
        ("Client::list_offer_sources", None),
        ("Client::list_pages", Some("feature = \"pages\"")),
        ("Unverified", Some("feature = \"_deduced\"")),
        ("RateLimit", Some("feature = \"rate-limit\"")),
        ("auth::TokenStore: can be implemented", None),
        ("ext::BulkArchive::bulk_archive", None),
        ("impl Archive for ext::Pages", Some("feature = \"pages\"")),
        ("every open_enum!::KNOWN", None),
        ("types::Status::Active", None),
        ("operations::offer_sources::ALL", None),
        ("feature pages", None),
        ("http", None),
    ] {
        let entry = &record["interface"][name];
        assert!(entry.is_object(), "no {name}");
        assert_eq!(entry["gate"].as_str(), gate, "{name}");
    }
    let changes = [
        (
            "generated/src/lib.rs",
            "pub use runtime::call::Call;\n",
            "use runtime::call::Call;\n",
            "- removed `Call`",
        ),
        (
            "generated/src/lib.rs",
            "pub use runtime::response::Response;\n",
            "#[cfg(feature = \"tracing\")]\npub use runtime::response::Response;\n",
            "- moved `Response`: there always → with `feature = \"tracing\"`",
        ),
        (
            "generated/src/runtime/open_enum.rs",
            "pub const KNOWN",
            "const KNOWN",
            "- removed `every open_enum!::KNOWN`",
        ),
        (
            "generated/src/ext/kinds/pages.rs",
            "type Word = Unverified;",
            "type Word = crate::ext::Documented;",
            "- changed `impl Archive for ext::Pages`",
        ),
        (
            "generated/src/ext/abilities.rs",
            "impl<R: Delete> BulkDelete for Handle<R> {}",
            "",
            "- removed `impl<R: Delete> BulkDelete for ext::Handle<R>`",
        ),
        (
            "generated/Cargo.toml",
            "gzip = [",
            "compression = [",
            "- removed `feature gzip`",
        ),
    ];
    for (file, from, to, _) in changes {
        let path = workspace.path(file);
        let before = fs::read_to_string(&path).unwrap();
        assert!(before.contains(from), "no {from} in {file}");
        fs::write(&path, before.replacen(from, to, 1)).unwrap();
    }
    let run = workspace.run(&["check"]);
    assert_eq!(run.code, 8, "{}{}", run.text, run.aside);
    for (.., told) in changes {
        assert!(run.aside.contains(told), "no {told} in {}", run.aside);
    }
    assert!(run.aside.contains("a major step: 0.2.0 is due"));
}
