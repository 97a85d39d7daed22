//! Rules for schemas whose values may be null.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::json::Json as _;
use funnelflux_openapi::{
    openapi_model::{self, ANNOTATIONS, ObjectKind, Visitor},
    operations::Direction,
    pointer::{Pointer, PointerBuf},
};

use super::{component, schema_kind, state::State, visit};

/// Pointers to all references to schemas.
#[derive(Default)]
struct References(Vec<PointerBuf>);

impl Visitor for References {
    fn object(&mut self, kind: ObjectKind, pointer: &Pointer, object: &Map<String, Value>) {
        if kind == ObjectKind::Schema && openapi_model::is_reference(kind, object) {
            self.0.push(pointer.to_owned());
        }
    }
}

/// Removes the siblings of references to schemas, apart from documentation and extensions, because OpenAPI
/// 3.0 ignores them. But `nullable: true` shows that the value may be null, so it stays, and the reference
/// moves into an `allOf`.
pub(super) fn reference_siblings(state: &mut State<'_>) {
    let mut references = References::default();
    openapi_model::walk(&state.document, &mut references);
    for pointer in references.0 {
        let Some(Value::Object(schema)) = state.document.pointer_mut(pointer.as_str()) else {
            continue;
        };
        let count = schema.len();
        let is_nullable = schema.get("nullable") == Some(&Value::Bool(true));
        schema.retain(|key, _| {
            key == "$ref"
                || key.starts_with("x-")
                || ANNOTATIONS.contains(&key.as_str())
                || (key == "nullable" && is_nullable)
        });
        if is_nullable && let Some(target) = schema.shift_remove("$ref") {
            schema.insert("allOf".to_owned(), json!([{ "$ref": target }]));
        }
        state.count += usize::from(is_nullable || schema.len() < count);
    }
}

/// Moves `nullable` from components to the references to them.
///
/// A component stays nullable if it is a part of a composition, such as a `oneOf`, that may be null. The
/// reason is that a reference in the list of parts has no place for `nullable`.
pub(super) fn nullable_components(state: &mut State<'_>) {
    let mut nullable: BTreeSet<String> = visit::components(&mut state.document)
        .filter(|(_, schema)| schema_kind::is_nullable(schema))
        .map(|(name, _)| name.to_owned())
        .collect();
    // Pointers to the lists of parts (`allOf`, `anyOf`, `oneOf`) of compositions that are never null, and to
    // each `allOf` that contains only a reference. A composition is never null if its schema, or a part of
    // its `allOf`, must be an object.
    let mut parts_of_objects = BTreeSet::new();
    visit::schemas(&mut state.document, &mut |pointer, schema| {
        for key in ["allOf", "anyOf", "oneOf"] {
            let must_be_object = |schema: &Value| {
                !schema_kind::is_nullable(schema)
                    && (schema_kind::has_type(schema, "object") || schema_kind::is_object(schema))
            };
            let is_never_null = must_be_object(schema)
                || (key == "allOf"
                    && (component::referenced(schema).is_some() || schema.items(key).any(must_be_object)));
            if is_never_null {
                parts_of_objects.insert(pointer.with_trailing_token(key));
                continue;
            }
            for part in schema.items(key).filter_map(component::referenced) {
                nullable.remove(&part);
            }
        }
    });
    for (name, schema) in visit::components(&mut state.document) {
        if nullable.contains(name)
            && let Some(schema) = schema.as_object_mut()
        {
            schema.remove("nullable");
        }
    }
    visit::schemas(&mut state.document, &mut |pointer, schema| {
        let list = pointer.parent();
        let is_part = list.is_some_and(|list| {
            list.back().is_some_and(|key| key.encoded() == "allOf") || parts_of_objects.contains(list)
        });
        let Some(name) = component::referenced(schema).filter(|_| !is_part) else {
            return;
        };
        if nullable.contains(&name) && !schema_kind::is_nullable(schema) {
            if schema.get("allOf").is_none() {
                *schema = json!({"allOf": [component::reference(&name)]});
            }
            state.count += usize::from(make_nullable(schema));
        }
    });
}

/// Makes every optional list, map and free-form object nullable. Progenitor then emits an `Option`.
pub(super) fn nullable_collections(state: &mut State<'_>) {
    visit::schemas(&mut state.document, &mut |_, object| {
        let required = object.items("required").filter_map(Value::as_str);
        let required: BTreeSet<String> = required.map(str::to_owned).collect();
        for (name, property) in visit::properties(object) {
            let is_collection = schema_kind::has_type(property, "array") || schema_kind::is_map(property);
            if is_collection && !required.contains(name) {
                state.count += usize::from(make_nullable(property));
            }
        }
    });
}

/// Makes the schemas of optional request bodies nullable. The generated methods then take an `Option`.
pub(super) fn optional_bodies(state: &mut State<'_>) {
    for mut operation in visit::operations(&mut state.document) {
        let body = operation.members.get("requestBody");
        let is_optional = body.is_some_and(|body| !body.is_true("required"));
        for (direction, _, schema) in operation.body_schemas() {
            if !is_optional || direction != Direction::Request {
                continue;
            }
            // OpenAPI 3.0 ignores siblings of `$ref`.
            if schema.get("$ref").is_some() {
                *schema = json!({"allOf": [schema.take()]});
            }
            state.count += usize::from(make_nullable(schema));
        }
    }
}

/// Makes a schema nullable. Returns `false` if the schema already was nullable.
fn make_nullable(schema: &mut Value) -> bool {
    let Some(schema) = schema.as_object_mut() else {
        return false;
    };
    schema.insert("nullable".to_owned(), Value::Bool(true)) != Some(Value::Bool(true))
}
