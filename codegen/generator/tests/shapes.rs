//! Constructs that the FunnelFlux document lacks: each generates code, or is rejected with a location.
//!
//! `documents/supported` and `documents/refused` hold one construct per file.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use funnelflux_generator::{Input, Options, generate};
use funnelflux_openapi::{Diagnostics, Severity, Source};

/// Returns the documents of a folder by their names.
fn documents(folder: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/documents")
        .join(folder);
    let files = fs::read_dir(folder).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    paths
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap();
            (name.to_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// Generates the code of a document.
fn generated(text: &str) -> Result<BTreeMap<String, String>, Diagnostics> {
    let input = Input {
        upstream: Source {
            name: "spec/upstream.yaml",
            text,
        },
        overlays: Vec::new(),
        previous_lock: None,
    };
    let output = generate(&input, Options::default());
    output.map(|output| output.files)
}

#[test]
fn supported_constructs_generate_code() {
    for (name, document) in documents("supported") {
        let files = generated(&document).unwrap_or_else(|diagnostics| panic!("{name}: {diagnostics}"));
        let mut text = String::new();
        for (path, file) in &files {
            // The other files do not depend on schemas.
            if path.ends_with("methods.rs") || path.ends_with("types.rs") || path == "shared.rs" {
                let _ = writeln!(text, "==== {path}\n{file}");
            }
        }
        insta::assert_snapshot!(name.replace('-', "_"), text);
    }
}

#[test]
fn other_constructs_are_refused_with_a_location() {
    let mut all = String::new();
    for (name, document) in documents("refused") {
        let diagnostics = match generated(&document) {
            Ok(files) => panic!("{name}: {files:#?}"),
            Err(diagnostics) => diagnostics,
        };
        let mut errors = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error);
        assert!(
            errors.all(|error| error.location.is_some()),
            "{name}: {diagnostics}"
        );
        let _ = writeln!(all, "== {name}\n{diagnostics}");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn the_same_api_in_each_version_generates_the_same_code() {
    let code = |text: &str| {
        // The runtime does not support parameters in paths.
        let text = text.replace("{id}:", ":").replace("in: path", "in: query");
        generated(&text).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
    };
    let expected = code(include_str!("documents/openapi30/same.yaml"));
    assert!(!expected.is_empty());
    assert_eq!(code(include_str!("documents/swagger20/same.yaml")), expected);
    assert_eq!(code(include_str!("documents/openapi31/same.yaml")), expected);
}
