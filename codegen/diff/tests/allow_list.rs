//! Tests of allow lists. A list accepts a change until the entry for this change expires.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::time::SystemTime;

use funnelflux_diff::{AllowList, Level};
use funnelflux_openapi::{Diagnostics, Source};
use serde_json::json;
use support::{cases, compare};

fn read(text: &str) -> Result<AllowList, Diagnostics> {
    AllowList::read(Source {
        name: "allow.json",
        text,
    })
}

fn at(time: &str) -> SystemTime {
    humantime::parse_rfc3339(time).unwrap()
}

#[test]
fn an_accepted_change_is_hidden_until_it_expires() {
    let mut cases = cases().iter();
    let case = cases
        .find(|case| case.folder.ends_with("seen/maximum-lowered"))
        .unwrap();
    let report = compare(&case.old, &case.new);
    let breaking = report.changes.first().unwrap().fingerprint.clone();
    let text = json!({"allow": [
        {"fingerprint": breaking, "reason": "all callers are below it", "expires": "2026-03-01"},
        {"fingerprint": "0000000000000000", "reason": "seen", "expires": "2026-03-01"},
    ]});
    let list = read(&format!("{text:#}")).unwrap();
    let on_the_day = list.apply(report.clone(), at("2026-03-01T23:59:59Z"));
    assert_eq!(
        (on_the_day.report.worst_level(), on_the_day.accepted),
        (Some(Level::Info), 1)
    );
    insta::assert_snapshot!("before", on_the_day.diagnostics.to_string());
    let after = list.apply(report, at("2026-03-02T00:00:00Z"));
    assert_eq!(
        (after.report.worst_level(), after.accepted),
        (Some(Level::Breaking), 0)
    );
    insta::assert_snapshot!("after", after.diagnostics.to_string());
}

#[test]
fn errors_in_an_allow_list_are_located() {
    let text = r#"{
  "allow": [
    {"fingerprint": "0123456789abcdef", "expires": "2026-02-29"},
    {"reason": "because", "expires": "2028-02-29", "until": "later"},
    {"fingerprint": "aa", "reason": "twice", "expires": "2026-01-01"},
    {"fingerprint": "aa", "reason": "twice", "expires": "2026-01-01"}
  ]
}
"#;
    insta::assert_snapshot!("errors", read(text).unwrap_err().to_string());
    insta::assert_snapshot!("none", read("[]").unwrap_err().to_string());
}
