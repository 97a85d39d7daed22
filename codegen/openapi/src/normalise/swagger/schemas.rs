//! Converts schemas of Swagger 2.0.

use serde_json::{Value, json};

use crate::{
    diagnostic::Severity,
    normalise::{
        aside::keep_aside,
        context::{Context, Object},
        reference_siblings::wrap_reference,
        type_lists::types,
    },
    pointer::Pointer,
};

pub(super) fn convert_schema(context: &mut Context, pointer: &Pointer, schema: &mut Object) {
    match schema.get("x-nullable") {
        Some(Value::Bool(nullable)) => {
            if *nullable {
                schema.insert("nullable".to_owned(), Value::Bool(true));
            }
            schema.shift_remove("x-nullable");
        }
        Some(_) => context.report(
            Severity::Warning,
            "nullable",
            pointer.with_trailing_token("x-nullable"),
            "`x-nullable` is neither true nor false: it is read as false",
            "write `x-nullable: true` in an overlay if the value may be null",
        ),
        None => {}
    }
    if let Some(Value::String(property)) = schema.get("discriminator") {
        let discriminator = json!({ "propertyName": property });
        schema.insert("discriminator".to_owned(), discriminator);
    }
    if schema.get("type").is_some_and(|kind| kind == "file") {
        schema.insert("type".to_owned(), "string".into());
        keep_aside(schema, "format");
        schema.insert("format".to_owned(), "binary".into());
    }
    types(context, pointer, schema);
    wrap_reference(context, pointer, schema);
}
