//! Request bodies.

use serde_json::{Map, Value};

use super::{Draft, visit};

/// Makes the schema of an optional body nullable; the generator then takes an `Option`.
pub(super) fn optional_bodies(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    for entry in visit::operations(&mut draft.value) {
        let required = entry
            .operation
            .get("requestBody")
            .is_none_or(|body| body.get("required") == Some(&Value::Bool(true)));
        if required {
            continue;
        }
        for (body, _, body_schema) in visit::body_schemas(entry.operation, &entry.pointer) {
            if body != visit::Body::Request {
                continue;
            }
            let mut nullable = match body_schema.take() {
                // OpenAPI 3.0 ignores siblings of `$ref`.
                reference if reference.get("$ref").is_some() => {
                    Map::from_iter([("allOf".to_owned(), Value::Array(vec![reference]))])
                }
                Value::Object(inline) => inline,
                _ => Map::new(),
            };
            let before = nullable.insert("nullable".to_owned(), Value::Bool(true));
            *body_schema = Value::Object(nullable);
            count += usize::from(before != Some(Value::Bool(true)));
        }
    }
    count
}
