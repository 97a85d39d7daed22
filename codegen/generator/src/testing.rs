//! What the tests of several stages need.

use serde_json::{Value, json};

use crate::transform::{self, ApiModel};
use funnelflux_openapi::{Document, Source, read};

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
pub(crate) fn model(source: &Document) -> ApiModel {
    transform::transform(source).unwrap().0
}
