//! Tests of the texts that a person reads: the file of a plan, and its summary.

use super::{OTHER_SOURCE, PAGE, SOURCE, account, export};
use funnelflux::ext::plan::{AssetsNotInSnapshot, ChangePlan};
use funnelflux_suites::run;
use serde_json::json;

#[test]
fn the_file_says_in_words_what_will_happen() {
    let (fake, client) = account();
    fake.set("page", PAGE, "status", "archived");
    let (_folder, snapshot) = export(&client);
    fake.set("page", PAGE, "status", "active");
    fake.set("page", PAGE, "pageName", "Renamed");
    fake.set("offersource", SOURCE, "idCategory", "");
    fake.seed("page", json!({ "idPage": "2n5JuOKWLTzz", "pageName": "New" }));
    let plan = ChangePlan::restore(&snapshot).groups(["offer-sources", "pages"]);
    let plan = run(plan.others(AssetsNotInSnapshot::Delete).plan(&client)).unwrap();
    let path = snapshot.path().display().to_string();
    let made = plan
        .to_json()
        .lines()
        .find(|line| line.contains("\"made\""))
        .unwrap()
        .to_owned();
    let text = plan
        .to_json()
        .replace(&path, "backup")
        .replace(concat!("\"", env!("CARGO_PKG_VERSION"), "\""), "VERSION")
        .replace(&made, "  \"made\": TIME,");
    // The fingerprints depend on the properties that the fake shows.
    let text: Vec<String> = text
        .lines()
        .map(|line| match line.split_once("sha256:") {
            Some((start, rest)) => format!(
                "{start}sha256:…{}",
                rest.trim_start_matches(char::is_alphanumeric)
            ),
            None => line.to_owned(),
        })
        .collect();
    let text = text.join("\n");
    insta::assert_snapshot!("file", text);
    insta::assert_snapshot!("summary", plan.to_string().replace(&path, "backup"));
}

#[test]
fn the_summary_of_a_replacement_names_what_it_leaves() {
    let (_, client) = account();
    let plan = run(ChangePlan::replace(SOURCE, OTHER_SOURCE)
        .groups(["pages"])
        .plan(&client))
    .unwrap();
    insta::assert_snapshot!("replacement", plan.to_string());
}
