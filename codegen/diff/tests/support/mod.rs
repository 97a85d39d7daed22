//! Reads the folders below `cases/`, and compares documents for all tests.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    reason = "a test stops at the first surprise, and not every test uses every helper"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use funnelflux_diff as diff;
use funnelflux_openapi::{
    Diagnostics, Document, Source, normalise,
    read::{self, Version},
};
use serde_json::Value;
use similar::TextDiff;

/// A case: the folder `cases/<topic>/<name>/`, and its two documents.
pub(crate) struct Case {
    pub(crate) folder: PathBuf,
    /// Document before the change, from `old.yaml` or `old.json`.
    pub(crate) old: Document,
    /// Document after the change.
    pub(crate) new: Document,
}

impl Case {
    fn read(folder: PathBuf) -> Self {
        let document = |stem: &str| {
            let json = format!("{stem}.json");
            let yaml = format!("{stem}.yaml");
            let name = if folder.join(&json).exists() { json } else { yaml };
            let text = fs::read_to_string(folder.join(&name))
                .unwrap_or_else(|error| panic!("{}/{name}: {error}", folder.display()));
            read_document(&name, &text)
        };
        Self {
            old: document("old"),
            new: document("new"),
            folder,
        }
    }
}

/// Returns all cases, in the order of their names.
pub(crate) fn cases() -> &'static [Case] {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../diff/tests/cases");
        let topics = folders(&root).into_iter();
        topics.flat_map(|topic| folders(&topic)).map(Case::read).collect()
    });
    &CASES
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

/// Compares two documents.
pub(crate) fn compare(old: &Document, new: &Document) -> diff::Report {
    diff::compare(old, new)
}

/// Compares two documents given as values.
pub(crate) fn compare_values(old: &Value, new: &Value) -> diff::Report {
    compare(&document("old.json", old), &document("new.json", new))
}

/// Prints a value as JSON and reads it as a document.
pub(crate) fn document(name: &str, value: &Value) -> Document {
    let text = format!("{value:#}");
    read::parse(Source { name, text: &text }).unwrap()
}

/// Reads a document, and normalises it if it is not `OpenAPI` 3.0. In a document of version 3.0, malformed
/// parts must stay, because the tests check how they are compared; normalisation would repair them.
pub(crate) fn read_document(name: &str, text: &str) -> Document {
    let read = || {
        let document = read::read(Source { name, text })?;
        if read::version(&document)? == Version::OpenApi30 {
            return Ok(document);
        }
        normalise::normalise(document).map(|(document, _)| document)
    };
    read().unwrap_or_else(|diagnostics: Diagnostics| panic!("{diagnostics}"))
}

/// Returns the difference between a file's actual and expected content. If the environment variable
/// `UPDATE_EXPECT` is set, rewrites the file instead.
pub(crate) fn expect_file(file: &Path, actual: &str) -> String {
    let expected = fs::read_to_string(file).unwrap_or_default();
    if expected == actual {
        return String::new();
    }
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(file, actual).unwrap();
        return String::new();
    }
    let difference = TextDiff::from_lines(expected.as_str(), actual);
    let difference = difference.unified_diff().header("expected", "actual").to_string();
    format!("{}\n{difference}UPDATE_EXPECT=1 accepts this\n", file.display())
}
