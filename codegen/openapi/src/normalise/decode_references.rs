//! Removes the percent-encoding of references. Some programs encode characters such as `.` and `«` in the
//! names of components, because a reference is a URI. The later stages compare references with names that are
//! not encoded.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    openapi_model::{is_reference, walk_mut},
    references::{References, decoded},
};

/// Decodes the references of a document that has the form of `OpenAPI` 3.0.
pub(super) fn decode(document: &mut Value) {
    let references = References::new(document);
    let written = references.all().iter().map(|reference| reference.written);
    let encoded = written.filter_map(|written| Some((written.to_owned(), decoded(document, written)?)));
    let encoded: BTreeMap<String, String> = encoded.collect();
    if encoded.is_empty() {
        return;
    }
    walk_mut(document, &mut |kind, _, object| {
        if is_reference(kind, object)
            && let Some(Value::String(written)) = object.get_mut("$ref")
            && let Some(decoded) = encoded.get(written.as_str())
        {
            written.clone_from(decoded);
        }
    });
}
