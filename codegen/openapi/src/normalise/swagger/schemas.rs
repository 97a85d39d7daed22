//! Converts schemas of Swagger 2.0.

use serde_json::{Value, json};

use crate::{
    diagnostic::Severity,
    normalise::{aside::keep_aside, context::Part, reference_siblings::wrap_reference, type_lists::types},
};

pub(super) fn convert_schema(schema: &mut Part<'_>) {
    match schema.get("x-nullable") {
        Some(Value::Bool(nullable)) => {
            if *nullable {
                schema.set("nullable", true);
            }
            schema.shift_remove("x-nullable");
        }
        Some(_) => schema.report(
            Severity::Warning,
            "nullable",
            "x-nullable",
            "`x-nullable` is neither true nor false: it is read as false",
            "write `x-nullable: true` in an overlay if the value may be null",
        ),
        None => {}
    }
    if let Some(Value::String(property)) = schema.get("discriminator") {
        schema.set("discriminator", json!({ "propertyName": property }));
    }
    if schema.is("type", "file") {
        schema.set("type", "string");
        keep_aside(schema, "format");
        schema.set("format", "binary");
    }
    types(schema);
    wrap_reference(schema, false);
}
