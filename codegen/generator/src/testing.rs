//! Helpers that the tests of several stages use.

use serde_json::{Value, json};

use crate::transform::{self, ApiModel};
use funnelflux_openapi::{Document, Source, read};

/// Creates an OpenAPI document that has `members` in addition to the mandatory members.
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

/// Applies all rules of the stage `transform` to a document, and returns the resulting model.
pub(crate) fn model(source: &Document) -> ApiModel {
    transform::transform(source).unwrap().0
}
