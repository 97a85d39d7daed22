//! Wraps references that have siblings, which schemas of Swagger 2.0 and `OpenAPI` 3.1 may have.

use serde_json::{Value, json};

use super::context::{Context, Object};
use crate::{
    openapi_model::{ANNOTATIONS, ObjectKind},
    pointer::Pointer,
};

/// Adds a schema that stood at `old` to the `allOf` of a schema.
pub(in crate::normalise) fn add_part(
    context: &mut Context,
    pointer: &Pointer,
    schema: &mut Object,
    old: &Pointer,
    part: Value,
) {
    let place = pointer.with_trailing_token("allOf");
    let from = context.provenance.place(old);
    let parts = schema.entry("allOf").or_insert_with(|| {
        context.provenance.put(place.clone(), from.clone());
        Value::Array(Vec::new())
    });
    if let Some(parts) = parts.as_array_mut() {
        context
            .provenance
            .put(place.with_trailing_token(parts.len()), from);
        parts.push(part);
    }
}

/// Wraps a `$ref` in an `allOf` if its siblings change the type: `OpenAPI` 3.0 ignores siblings of a `$ref`.
pub(in crate::normalise) fn wrap_reference(context: &mut Context, pointer: &Pointer, schema: &mut Object) {
    let mut fields = ObjectKind::Schema.fields().iter().map(|field| field.key);
    let is_changed = fields.any(|key| !ANNOTATIONS.contains(&key) && schema.contains_key(key));
    if !is_changed || !schema.contains_key("$ref") {
        return;
    }
    if let Some(target) = schema.shift_remove("$ref") {
        let old = pointer.with_trailing_token("$ref");
        add_part(context, pointer, schema, &old, json!({ "$ref": target }));
    }
}
