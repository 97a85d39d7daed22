//! Tests the file of a plan: reading it, edits by hand, files that are no plans, and files of newer versions.

use super::{OTHER_SOURCE, PAGE, SOURCE, account, apply, body, key};
use funnelflux::ext::plan::{ChangePlan, PlanNoteKind};
use funnelflux_suites::run;
use serde_json::{Value, json};

fn plan(client: &funnelflux::Client) -> ChangePlan {
    run(ChangePlan::replace(SOURCE, OTHER_SOURCE)
        .groups(["pages"])
        .only([PAGE])
        .plan(client))
    .unwrap()
}

/// The notes have a kind and an asset. Before the first release, they were only texts.
#[test]
fn notes_read_back_and_notes_without_a_kind_are_refused() {
    let (_, client) = account();
    let plan = plan(&client);
    assert_eq!(plan.notes()[0].kind(), PlanNoteKind::PartOfText);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.json");
    plan.write(&path).unwrap();
    assert_eq!(ChangePlan::read(&path).unwrap().notes(), plan.notes());
    let mut file: Value = serde_json::from_str(&plan.to_json()).unwrap();
    let note = file["notes"][0].take();
    let key = key("pages", PAGE).to_string();
    assert_eq!(
        (&note["asset"], &note["kind"]),
        (&json!(key), &json!("part_of_text"))
    );
    file["notes"] = json!([note["text"]]);
    std::fs::write(&path, file.to_string()).unwrap();
    let error = ChangePlan::read(&path).unwrap_err().to_string();
    assert!(
        error.contains("the plan is invalid: notes[0]: invalid type: string")
            && error.ends_with("fix: correct the file, or make the plan again"),
        "{error}"
    );
}

#[test]
fn a_plan_reads_back_as_it_was_written_and_can_be_edited() {
    let (fake, client) = account();
    let plan = plan(&client);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.json");
    plan.write(&path).unwrap();
    assert_eq!(ChangePlan::read(&path).unwrap(), plan);
    // A reviewer removes a change, and the text that describes it.
    let mut file: Value = serde_json::from_str(&plan.to_json()).unwrap();
    let entry = file["entries"][0].as_object_mut().unwrap();
    entry["changes"].as_array_mut().unwrap().remove(1);
    entry.remove("does");
    // Sentences of the explanation that no longer apply may be removed or kept.
    assert!(file["explanation"].as_array_mut().unwrap().pop().is_some());
    std::fs::write(&path, file.to_string()).unwrap();
    let edited = ChangePlan::read(&path).unwrap();
    assert!(apply(&edited, &client).is_success());
    assert_eq!(
        body(&fake, "page", PAGE)["offerParams"]["idOfferSource"],
        OTHER_SOURCE
    );
    assert_eq!(body(&fake, "page", PAGE)["notYetKnown"]["list"][0], SOURCE);
}

#[test]
fn each_invalid_edit_is_an_error_with_its_entry_and_a_fix() {
    let (fake, client) = account();
    let text = plan(&client).to_json();
    let requests = fake.request_count();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.json");
    let cases: [(&str, Value, &str); 16] = [
        (
            "/funnelflux_plan",
            json!(2),
            "has version 2, and this version of the crate supports 1; fix: use a newer",
        ),
        ("/funnelflux_plan", json!("x"), "this is not a plan"),
        ("/entries/0/unknown", json!(1), "unknown field `unknown`"),
        ("/entries/0/asset", json!("pages"), "does not name an asset"),
        (
            "/entries/0/asset",
            json!("nothing/1"),
            "there is no group \"nothing\"",
        ),
        ("/entries/0/asset", json!("pages/a,b"), "its ID contains a comma"),
        ("/entries/0/was", Value::Null, "`was` is missing"),
        ("/entries/0/was", json!("sha256:0"), "is not a fingerprint"),
        ("/entries/0/changes", json!([]), "it changes nothing"),
        (
            "/entries/0/changes/0/new",
            json!("third"),
            "`does` does not say what the entry does",
        ),
        (
            "/entries/0/changes/0/path",
            json!("/idPage"),
            "an ID cannot change",
        ),
        (
            "/entries/0/changes/0/path",
            json!("/meta/x"),
            "the service manages /meta/x",
        ),
        (
            "/explanation",
            json!(["Nothing is deleted."]),
            "does not write: \"Nothing is deleted.\"; fix: remove it",
        ),
        (
            "/entries/0/operations",
            json!(["delete"]),
            "`operations` is [\"delete\"], and its values need [\"save\"]",
        ),
        (
            "/entries/0/inferred",
            json!(false),
            "`inferred` does not say what the entry does",
        ),
        (
            "/entries/0/create",
            json!({}),
            "it has both `create` and `changes`",
        ),
    ];
    for (place, value, expected) in cases {
        let mut file: Value = serde_json::from_str(&text).unwrap();
        let (parent, name) = place.rsplit_once('/').unwrap();
        match file.pointer_mut(parent).unwrap() {
            Value::Object(members) if value.is_null() => drop(members.remove(name)),
            Value::Object(members) => drop(members.insert(name.to_owned(), value)),
            other => panic!("{other}"),
        }
        std::fs::write(&path, file.to_string()).unwrap();
        let error = ChangePlan::read(&path).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains(expected) && text.contains("fix:"),
            "{place}: {text}"
        );
        assert_eq!(error.path(), Some(path.as_path()));
    }
    for (text, expected) in [
        ("{", "the plan is invalid"),
        (
            &*text.replacen("\"made_by\"", "\"made\": \"x\", \"made_by\"", 1),
            "occurs twice",
        ),
        (
            &*text
                .replacen("\"entries\": [", "\"entries\": [ENTRY,", 1)
                .replace("ENTRY", &entry_of(&text)),
            "the plan has another entry for this asset",
        ),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = ChangePlan::read(&path).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!(fake.request_count(), requests, "nothing was sent");
}

fn entry_of(text: &str) -> String {
    let file: Value = serde_json::from_str(text).unwrap();
    file["entries"][0].to_string()
}
