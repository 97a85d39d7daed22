//! Tests that `fetch` removes the parts of our overlays that the vendor's document makes needless.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use serde_json::{Value, json};

use crate::support::{EFFECTIVE, UPSTREAM, Workspace, at, is_transcription};

/// Creates a workspace with our document and our overlays.
fn workspace() -> Workspace {
    let workspace = Workspace::bare();
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec");
    for folder in ["", "overlays"] {
        for entry in fs::read_dir(spec.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.strip_prefix(&spec).unwrap().to_str().unwrap().to_owned();
                workspace.write(&format!("spec/{name}"), fs::read(&path).unwrap());
            }
        }
    }
    workspace
}

fn overlays(workspace: &Workspace) -> Vec<(String, String)> {
    let files = workspace.files().into_iter();
    let overlays = files.filter(|(name, _)| name.starts_with("spec/overlays/"));
    let overlays = overlays.filter(|(name, _)| !name.contains(".orig"));
    overlays
        .map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap()))
        .collect()
}

/// Returns true if the lines of `part` occur in `whole` in the same order.
fn is_subsequence(part: &str, whole: &str) -> bool {
    let mut lines = whole.lines();
    part.lines().all(|line| lines.any(|other| other == line))
}

#[test]
fn fetch_removes_what_the_document_makes_needless() {
    if !is_transcription() {
        return;
    }
    let documents = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents");
    for name in ["as-inferred.json", "otherwise.yaml"] {
        let document = documents.join(name);
        let document = document.to_str().unwrap();
        let fetched = workspace();
        let before = overlays(&fetched);
        let run = fetched.xtask(&["fetch", document]).ended_with(0);
        let line = "removed 379 parts from 14 overlays, because the new document contains them";
        assert!(run.stdout.contains(line), "{name}: {run}");
        assert!(run.stdout.lines().count() <= 60, "{name}: {run}");

        // The parts that describe the behaviour of groups remain, because no document contains them.
        let after = overlays(&fetched);
        assert!(after.len() < before.len(), "{name}");
        for (file, text) in &after {
            let (_, old) = before.iter().find(|(old, _)| old == file).unwrap();
            assert!(is_subsequence(text, old), "{name}: {file}:\n{text}");
            let comment = old.lines().next().unwrap();
            assert!(
                comment.starts_with('#') && text.starts_with(comment),
                "{name}: {file}"
            );
            assert!(
                !text.contains("$.paths\n") && !text.contains("$.components.schemas\n"),
                "{text}"
            );
        }
        let pages = &after
            .iter()
            .find(|(file, _)| file.ends_with("09-pages.yaml"))
            .unwrap()
            .1;
        assert!(
            pages.contains("      # The children of an offer source are its offers"),
            "{pages}"
        );
        assert!(pages.contains("x-children:"), "{pages}");

        fetched.fix();
        let run = fetched.xtask(&["generate", "--verbose"]).ended_with(0);
        assert!(
            !run.stdout.contains("because the new document contains them"),
            "{name}: {run}"
        );

        // The trimmed overlays have the same effect as the original overlays.
        let untouched = workspace();
        fetched.xtask(&["fetch", document]).ended_with(0);
        untouched.xtask(&["fetch", document]).ended_with(0);
        for (file, text) in &before {
            untouched.write(file, text);
        }
        untouched.xtask(&["generate"]).ended_with(0);
        assert_eq!(untouched.read(EFFECTIVE), fetched.read(EFFECTIVE), "{name}");
        assert!(
            overlays(&fetched) == after,
            "{name}: the second fetch has written"
        );
    }
}

/// The vendor may write the base path `/v1` in the paths instead of in `servers`.
#[test]
fn a_moved_base_path_contradicts_no_inference() {
    if !is_transcription() {
        return;
    }
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents/as-inferred.json");
    let document: Value = serde_json::from_slice(&fs::read(document).unwrap()).unwrap();
    let mut moved = document.clone();
    moved["servers"] = json!([{"url": "https://api.funnelflux.pro"}]);
    let paths = document["paths"].as_object().unwrap().iter();
    let paths = paths.map(|(path, item)| (format!("/v1{path}"), item.clone()));
    moved["paths"] = Value::Object(paths.collect());
    let [unmoved, moved] = [document, moved].map(|document| {
        let workspace = workspace();
        workspace.write("vendor.json", format!("{document:#}\n"));
        let run = workspace.xtask(&["fetch", "vendor.json"]).ended_with(0);
        let line = "all                       149      0       0";
        assert!(run.stdout.contains(line), "{run}");
        workspace.xtask(&["generate"]).ended_with(0);
        let before = workspace.contents();
        workspace.xtask(&["fetch", "vendor.json"]).ended_with(0);
        assert!(workspace.contents() == before, "the second fetch has written");
        let is_derived = |name: &String| {
            name.starts_with("generated/") || name.starts_with("spec/overlays/") || name == EFFECTIVE
        };
        let files = before.into_iter().filter(|(name, _)| is_derived(name));
        files.collect::<BTreeMap<_, _>>()
    });
    assert!(unmoved.contains_key(EFFECTIVE));
    assert!(
        moved == unmoved,
        "generated code, overlays or the effective document differ"
    );
}

#[test]
fn an_overlay_that_changes_nothing_any_more_is_removed() {
    let workspace = Workspace::new();
    workspace.write(
        "spec/overlays/10-note.yaml",
        "overlay: 1.0.0\n\
         info: {title: Notes, version: 1.0.0}\n\
         actions:\n  \
           - target: $.components.schemas.OfferSource.properties\n    \
             description: the vendor forgot it\n    \
             update: {note: {type: string}}\n  \
           # This one stays.\n  \
           - target: $.info\n    \
             description: our name for it\n    \
             update: {x-name: ours}\n",
    );
    workspace.write_changed("vendor.json", |document| {
        document["components"]["schemas"]["OfferSource"]["properties"]["note"] =
            serde_json::json!({"type": "string"});
    });
    let run = workspace.xtask(&["fetch", "vendor.json"]).ended_with(0);
    assert!(
        run.stdout.contains("its reason was: the vendor forgot it"),
        "{run}"
    );
    assert!(run.stdout.contains("removed 1 part from 1 overlay"), "{run}");
    insta::assert_snapshot!(workspace.read("spec/overlays/10-note.yaml"), @r"
    overlay: 1.0.0
    info: {title: Notes, version: 1.0.0}
    actions:
      # This one stays.
      - target: $.info
        description: our name for it
        update: {x-name: ours}
    ");
    workspace.fix();

    // An action that shares a line with other actions is kept.
    let text = "{overlay: 1.0.0, info: {title: t, version: '1'}, actions: [{target: $.info, \
                description: twice, update: {x-name: ours}}, {target: $.info, description: other, \
                update: {x-other: 1}}]}\n";
    workspace.write("spec/overlays/20-line.yaml", text);
    workspace.write_changed("vendor.json", |document| document["info"]["x-more"] = 1.into());
    let run = workspace.xtask(&["fetch", "vendor.json"]).ended_with(0);
    assert!(
        run.stdout
            .contains("parts of spec/overlays/20-line.yaml needless, which cannot be removed"),
        "{run}"
    );
    assert_eq!(workspace.read("spec/overlays/20-line.yaml"), text);
    workspace.fix();
}

/// Returns an overlay that adds this property. The property must not be in the vendor's document.
fn overlay_of(property: &str) -> String {
    format!(
        "overlay: 1.0.0\ninfo: {{title: Notes, version: 1.0.0}}\nactions:\n  \
           - target: $.components.schemas.OfferSource.properties\n    \
             description: the vendor forgot it\n    \
             update: {{{property}: {{type: string}}}}\n"
    )
}

#[test]
fn fetch_loses_no_file_that_git_lacks() {
    let [committed, edited, new] =
        ["1-committed", "2-edited", "3-new"].map(|name| format!("spec/overlays/{name}.yaml"));
    for has_git in [true, false] {
        let workspace = Workspace::new();
        workspace.write(&committed, overlay_of("a"));
        workspace.write(&edited, overlay_of("x"));
        if has_git {
            workspace.git(&["init", "-q"]);
            workspace.git(&["add", "."]);
            workspace.git(&["commit", "-qm", "before"]);
        }
        workspace.write(&edited, overlay_of("b"));
        workspace.write(&new, overlay_of("c"));
        workspace.write_changed("first.json", |document| {
            document["info"]["title"] = json!("First");
        });
        workspace.xtask(&["fetch", "first.json"]).ended_with(0);
        let spec = || {
            let files = workspace.files().into_iter();
            let files = files.filter(|(name, _)| name.starts_with("spec/"));
            files.collect::<Vec<_>>()
        };
        let before = spec();
        workspace.write_changed("vendor.json", |document| {
            for name in ["a", "b", "c"] {
                document["components"]["schemas"]["OfferSource"]["properties"][name] =
                    json!({"type": "string"});
            }
        });
        let run = workspace.xtask(&["fetch", "vendor.json"]).ended_with(0);
        assert!(
            run.stdout.contains(&format!("{edited}.orig, {new}.orig\n")),
            "{run}"
        );
        assert_eq!(overlays(&workspace), []);
        let mut lines = run.stdout.lines();
        let undo = lines.find_map(|line| line.strip_prefix("undo: `")?.strip_suffix('`'));
        let mut shell = Command::new("sh");
        shell.current_dir(workspace.root()).args(["-c", undo.unwrap()]);
        assert!(shell.status().unwrap().success(), "{run}");
        assert!(spec() == before, "{run}");
        if has_git {
            workspace.fix();
        }
    }
}

#[test]
fn fetch_removes_corrections_of_lists_that_the_document_contains() {
    let workspace = Workspace::new();
    for (version, update) in [("1.0.0", "note"), ("1.1.0", "[note, other]")] {
        workspace.write(
            "spec/overlays/10-list.yaml",
            format!(
                "overlay: {version}\ninfo: {{title: Lists, version: 1.0.0}}\nactions:\n  \
                   - target: $.components.schemas.StringList.required\n    \
                     description: the service requires it\n    \
                     update: {update}\n"
            ),
        );
        workspace.write_changed("vendor.json", |document| {
            let schema = at(document, "/components/schemas/StringList");
            let required = schema["required"].as_array_mut().unwrap();
            required.extend(["note", "other"].map(|name| json!(name)));
            for name in ["note", "other"] {
                schema["properties"][name] = json!({"type": "string"});
            }
        });
        let upstream = workspace.read(UPSTREAM);
        let run = workspace.xtask(&["fetch", "vendor.json"]).ended_with(0);
        assert!(
            run.stdout.contains("its reason was: the service requires it"),
            "{run}"
        );
        assert_eq!(overlays(&workspace), [], "{run}");
        workspace.write(UPSTREAM, upstream);
    }
}

/// An overlay that only marks evidence for a part of the document.
const EVIDENCE: &str = "overlay: 1.1.0\n\
    info: {title: Evidence, version: '1'}\n\
    actions:\n  \
      - target: $.components.schemas.OfferSource.properties.queryParams.additionalProperties\n    \
        description: The examples hold strings only.\n    \
        update:\n      \
          x-evidence: {kind: pattern, source: The examples of the page hold strings only.}\n";

/// Creates a workspace with this overlay. The document of the workspace contains the part that `EVIDENCE` is
/// about.
fn with_evidence(overlay: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write_changed("spec/upstream.json", |document| {
        document["components"]["schemas"]["OfferSource"]["properties"]["queryParams"] =
            json!({"type": "object", "additionalProperties": {"type": "string"}});
    });
    workspace.write("spec/overlays/20-evidence.yaml", overlay);
    workspace
}

#[test]
fn evidence_about_a_part_that_the_document_lacks_or_describes_differently_is_removed() {
    let file = "spec/overlays/20-evidence.yaml";
    let other = "  - target: $.info\n    description: our name for it\n    update: {x-name: ours}\n";
    for params in [
        json!({"type": "object"}),
        json!({"type": "object", "additionalProperties": true}),
        json!({"type": "object", "additionalProperties": {"type": "integer"}}),
        json!({"$ref": "#/components/schemas/Meta"}),
    ] {
        for rest in ["", other] {
            let workspace = with_evidence(&format!("{EVIDENCE}{rest}"));
            workspace.write_changed("vendor.json", |document| {
                document["components"]["schemas"]["OfferSource"]["properties"]["queryParams"] =
                    params.clone();
                document["components"]["schemas"]["Meta"] = json!({"type": "object"});
            });
            let run = workspace.xtask(&["fetch", "vendor.json"]).ended_with(0);
            let line = format!("{file}:4:5: removed the action on `$.components.schemas.OfferSource");
            assert!(run.stdout.contains(&line), "{params}: {run}");
            let left = workspace
                .files()
                .get(file)
                .map(|text| String::from_utf8(text.clone()).unwrap());
            match rest {
                "" => assert_eq!(left, None, "{params}"),
                rest => {
                    assert!(left.is_some_and(|left| left.ends_with(rest) && !left.contains("queryParams")));
                }
            }
            workspace.fix();
        }
    }
}

#[test]
fn evidence_about_an_unchanged_part_stays() {
    let workspace = with_evidence(EVIDENCE);
    workspace.write_changed("vendor.json", |document| {
        document["info"]["version"] = "v2".into();
    });
    workspace.xtask(&["fetch", "vendor.json"]).ended_with(0);
    assert_eq!(workspace.read("spec/overlays/20-evidence.yaml"), EVIDENCE);
}

/// The fetch succeeds, because the document is in place. Only the overlays still have to be corrected.
#[test]
fn fetch_warns_of_overlays_that_do_not_fit() {
    let workspace = with_evidence(&EVIDENCE.replace("x-evidence", "x-other"));
    workspace.write_changed("vendor.json", |document| {
        document["components"]["schemas"]["OfferSource"]["properties"]["queryParams"] =
            json!({"type": "object"});
    });
    for _ in 0..2 {
        let run = workspace.xtask(&["fetch", "vendor.json"]).ended_with(0);
        assert!(
            run.stdout
                .contains("warning: the overlays do not fit the new document"),
            "{run}"
        );
        assert!(
            run.stdout
                .contains("next: correct the overlays, run `cargo xtask generate`"),
            "{run}"
        );
    }
    workspace.xtask(&["generate"]).ended_with(2);
}
