//! Finds properties whose members have names that the user chooses, such as the parameters of a URL.

use serde_json::Value;

use super::tag_extensions::DEPTH;
use crate::{
    json::Json as _,
    schemas::{alternatives, parts, properties},
};
use funnelflux_openapi::pointer::Pointer;

/// Returns JSON pointers to the free-form properties of an asset: maps, objects without declared members, and
/// properties without a type.
pub(super) fn free_form(document: &Value, asset: Option<&Value>) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(asset) = asset {
        search(document, asset, Pointer::root(), DEPTH, &mut found);
    }
    // The order of a schema's properties must not change the generated code.
    found.sort();
    // Several parts of a schema may describe the same property.
    found.dedup();
    found
}

fn search(document: &Value, schema: &Value, at: &Pointer, depth: usize, found: &mut Vec<String>) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    for (name, property) in properties(document, schema) {
        let pointer = at.with_trailing_token(name);
        let is_map = |part: &Value| part.object("additionalProperties").is_some();
        let is_map = parts(document, property).into_iter().any(is_map);
        let may_be_object = |schema: &&Value| {
            schema.get("enum").is_none() && schema.text("type").is_none_or(|kind| kind == "object")
        };
        if !is_map && !properties(document, property).is_empty() {
            search(document, property, &pointer, depth, found);
        } else if is_map || alternatives(document, property).iter().any(may_be_object) {
            found.push(pointer.to_string());
        }
    }
}
