//! Tests of writing and reading locks, and of locks that are refused.

use super::*;

#[test]
fn the_resolved_versions_are_recorded() {
    let versions = versions(RESOLVED).unwrap();
    assert_eq!(versions.keys().map(String::as_str).collect::<Vec<_>>(), GENERATOR);
    assert_eq!(versions["progenitor-impl"], "0.15.1");
}

#[test]
fn two_versions_of_the_generator_are_an_error() {
    let package = |name: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n\n");
    let mut resolved: String = GENERATOR.iter().map(|name| package(name)).collect();
    assert!(super::versions(&resolved).is_ok());
    resolved.push_str(&package("typify-impl"));
    assert!(
        super::versions(&resolved)
            .unwrap_err()
            .to_string()
            .contains("Cargo.lock has 2 versions of `typify-impl`")
    );
}

#[test]
fn a_lock_survives_the_round_trip_and_keeps_its_source() {
    let source = |name, text| Source { name, text };
    let files = BTreeMap::from([("ids.rs".to_owned(), "x".to_owned())]);
    let make = |previous: Option<&Lock>| {
        Lock::new(
            source("spec/upstream.json", "a"),
            &[source("spec/overlays/10-a.yaml", "b")],
            [
                source("spec/effective.json", "c"),
                source("spec/COVERAGE.md", "d"),
            ],
            &files,
            previous,
        )
        .unwrap()
    };
    let mut first = make(None);
    assert_eq!(first.upstream.source, "not recorded");
    first.upstream.source = "https://example.org/".to_owned();
    let text = first.text();
    let read = Lock::read(source("spec/spec.lock", &text)).unwrap();
    assert_eq!(read, first);
    assert_eq!(make(Some(&read)).upstream.source, "https://example.org/");
    assert_eq!(
        first.files["ids.rs"],
        "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    );
}

#[test]
fn a_broken_lock_is_located() {
    let diagnostics = Lock::read(Source {
        name: "spec/spec.lock",
        text: "{\n  \"upstream\": 3\n}",
    })
    .unwrap_err();
    assert!(
        diagnostics
            .to_string()
            .starts_with("spec/spec.lock:2:15: error[lock::unreadable]"),
        "{diagnostics}"
    );
}
