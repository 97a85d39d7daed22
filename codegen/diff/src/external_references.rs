//! Other files that a document refers to: what they hold is not compared, so it can change unseen.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use funnelflux_openapi::{
    Diagnostics, Document, Severity, Stage,
    openapi_model::{self, Kind, Visitor},
    pointer::{Pointer, PointerBuf},
};

/// One warning for each other file that the document refers to.
#[must_use]
pub fn elsewhere(document: &Document) -> Diagnostics {
    let mut files = Files::default();
    openapi_model::walk(document.value(), &mut files);
    let warning = |(file, at): (String, PointerBuf)| {
        let message = format!("`{file}` is another file: what it holds is not compared");
        document
            .diagnostic(Severity::Warning, Stage::Diff, "elsewhere", at, message)
            .fix("compare documents that hold all of it, such as a bundler writes")
    };
    files.0.into_iter().map(warning).collect()
}

/// Each other file and the first reference to it.
#[derive(Default)]
struct Files(BTreeMap<String, PointerBuf>);

impl Visitor for Files {
    fn object(&mut self, _: Kind, at: &Pointer, object: &Map<String, Value>) {
        let target = object.get("$ref").and_then(Value::as_str);
        if let Some((file, _)) = target.map(|target| target.split_once('#').unwrap_or((target, "")))
            && !file.is_empty()
        {
            self.0
                .entry(file.to_owned())
                .or_insert_with(|| at.with_trailing_token("$ref"));
        }
    }

    fn misfit(&mut self, _: &Pointer, _: String) {}

    fn unknown(&mut self, _: Kind, _: &Pointer, _: &str) {}
}
