//! What the tests of several stages need.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    Document, Findings, Source, emit, lint, passes,
    prepare::{self, Prepared},
    read, render,
};

/// An OpenAPI document with these members beside those that every one has, as if read from a file in this layout.
pub(crate) fn document(members: Value) -> Document {
    let mut value = json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {},
    });
    if let (Some(value), Value::Object(members)) = (value.as_object_mut(), members) {
        value.extend(members);
    }
    read::parse(Source {
        name: "spec/upstream.json",
        text: &format!("{value:#}"),
    })
    .unwrap()
}

/// The document that the generator gets, and what the rules read off it.
pub(crate) fn prepared(source: &Document) -> Prepared {
    prepare::prepare(source).unwrap().0
}

/// Lint to render. No step has to find something to do: the document is not that of `FunnelFlux`.
pub(crate) fn files(source: &Document) -> Result<BTreeMap<String, String>, Findings> {
    lint::lint(source).unless_errors(())?;
    let (prepared, _) = prepare::prepare(source)?;
    let (file, _) = emit::emit(&prepared, source)?;
    let (items, _) = passes::run(file, &prepared, source)?;
    let (files, _) = render::render(&items)?;
    Ok(files)
}
