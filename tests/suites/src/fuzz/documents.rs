//! Fuzz targets for OpenAPI documents: the generator, and the comparison of two documents.

use funnelflux_diff::{Level, compare};
use funnelflux_generator::{Input, Options, generate};
use funnelflux_openapi::{Document, Severity, Source, normalise, read};
use serde_json::{Value, json};

/// Maximum size of an input for the generator. Larger inputs take long and reveal nothing new.
const MAX_DOCUMENT: usize = 20_000;

/// Checks that the generator either writes valid Rust code, which must be the same in two runs, or returns
/// errors that have locations.
pub(super) fn generator(bytes: &[u8]) {
    if bytes.len() > MAX_DOCUMENT {
        return;
    }
    let text = String::from_utf8_lossy(bytes);
    let input = Input {
        upstream: Source {
            name: "upstream.yaml",
            text: &text,
        },
        overlays: Vec::new(),
        previous_lock: None,
    };
    match generate(&input, Options::default()) {
        Ok(output) => {
            let again = generate(&input, Options::default()).unwrap_or_else(|errors| panic!("{errors}"));
            assert_eq!(output.files, again.files, "two runs differ");
            for (name, text) in &output.files {
                let parsed = syn::parse_file(text);
                assert!(parsed.is_ok(), "{name} is not Rust: {:?}\n{text}", parsed.err());
            }
        }
        Err(diagnostics) => {
            let mut errors = diagnostics
                .iter()
                .filter(|diagnostic| diagnostic.severity == Severity::Error);
            assert!(errors.clone().next().is_some(), "refused without an error");
            assert!(
                errors.all(|error| error.location.is_some()),
                "an error without a location: {diagnostics}"
            );
        }
    }
}

/// A document with one operation, which sends and receives `schema`. Its component `Shared` is `shared`.
fn document(name: &str, schema: &Value, shared: &Value) -> Option<Document> {
    let content = json!({ "application/json": { "schema": schema } });
    let text = json!({
        "openapi": "3.0.3",
        "info": { "title": "t", "version": "1" },
        "paths": { "/a/": { "put": {
            "operationId": "a",
            "requestBody": { "content": content },
            "responses": { "200": { "description": "d", "content": content } },
        } } },
        "components": { "schemas": { "Shared": shared } },
    });
    let text = text.to_string();
    let document = read::read(Source { name, text: &text }).ok()?;
    Some(normalise::normalise(document).ok()?.0)
}

/// Compares two schemas. Checks that a document equals itself, and that a repeated comparison gives the same
/// report. The input has four lines: the old schema, the new schema, and the schema `Shared` of each
/// document.
pub(super) fn inclusion(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap_or(json!({})));
    let mut next = || lines.next().unwrap_or(json!({}));
    let [old, new, old_shared, new_shared] = [next(), next(), next(), next()];
    let Some(old) = document("old.json", &old, &old_shared) else {
        return;
    };
    let same = compare(&old, &old);
    assert!(
        same.is_empty(),
        "a document differs from itself: {:?}",
        same.worst_level()
    );
    let Some(new) = document("new.json", &new, &new_shared) else {
        return;
    };
    let report = compare(&old, &new);
    let again = compare(&old, &new);
    let texts = |report: &funnelflux_diff::Report| -> Vec<String> {
        let changes = report.changes.iter();
        changes
            .map(|change| format!("{:?} {} {:?}", change.level, change.what, change.proof))
            .collect()
    };
    assert_eq!(texts(&report), texts(&again));
    let equal = old.value() == new.value();
    assert!(!equal || report.worst_level().is_none_or(|level| level < Level::Breaking));
}
