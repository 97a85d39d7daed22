//! References to other files. These files are not compared, so a warning names each of them.

use std::collections::BTreeMap;

use funnelflux_openapi::{Diagnostics, Document, Severity, Stage, references::References};

/// Warns once about each external file.
#[must_use]
pub fn external_references(document: &Document) -> Diagnostics {
    let references = References::new(document.value());
    let mut files = BTreeMap::new();
    for reference in references.all() {
        let file = reference
            .written
            .split_once('#')
            .map_or(reference.written, |(file, _)| file);
        if !file.is_empty() {
            files
                .entry(file)
                .or_insert_with(|| reference.pointer.with_trailing_token("$ref"));
        }
    }
    let warning = |(file, at)| {
        let message = format!("the external file `{file}` is not compared");
        document
            .diagnostic(Severity::Warning, Stage::Diff, "external-reference", at, message)
            .fix("bundle each document into one file before comparing")
    };
    files.into_iter().map(warning).collect()
}
