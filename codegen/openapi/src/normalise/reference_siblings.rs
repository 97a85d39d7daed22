//! Wraps a reference that has siblings in an `allOf`: `{"$ref": …, "nullable": true}` becomes
//! `{"allOf": [{"$ref": …}], "nullable": true}`. Schemas of Swagger 2.0 and `OpenAPI` 3.1 may contain such
//! references.

use serde_json::{Value, json};

use super::context::Part;
use crate::{
    openapi_model::{ANNOTATIONS, ObjectKind},
    pointer::Pointer,
};

/// Adds `part`, a schema that came from the place `old`, to the `allOf` of `schema`.
pub(in crate::normalise) fn add_part(schema: &mut Part<'_>, old: &Pointer, part: Value) {
    let place = schema.place("allOf");
    let provenance = &mut schema.context.provenance;
    let from = provenance.place(old);
    let parts = schema.object.entry("allOf").or_insert_with(|| {
        provenance.put(&place, from.clone());
        Value::Array(Vec::new())
    });
    if let Some(parts) = parts.as_array_mut() {
        provenance.put(place.with_trailing_token(parts.len()), from);
        parts.push(part);
    }
}

/// Wraps a `$ref` in an `allOf` if any sibling concerns values, because `OpenAPI` 3.0 ignores siblings of a
/// `$ref`. `has_checks` is true if siblings that concern values have already been renamed to extensions.
pub(in crate::normalise) fn wrap_reference(schema: &mut Part<'_>, has_checks: bool) {
    let mut keys = ObjectKind::Schema.keys();
    let concerns_values = |key| ["readOnly", "writeOnly"].contains(&key) || !ANNOTATIONS.contains(&key);
    if (has_checks || keys.any(|key| concerns_values(key) && schema.contains_key(key)))
        && let Some(target) = schema.shift_remove("$ref")
    {
        let old = schema.place("$ref");
        add_part(schema, &old, json!({ "$ref": target }));
    }
}
