//! Warnings about schemas whose comparison can mislead, because they contradict themselves.

use serde_json::{Map, Value};

use funnelflux_openapi::{
    Diagnostics, Document, Severity, Stage,
    openapi_model::{ObjectKind, Visitor, walk},
    pointer::Pointer,
    text::kind,
};

/// Warns about compositions without schemas, and about defaults of another type.
#[must_use]
pub fn schema_warnings(document: &Document) -> Diagnostics {
    let mut warnings = Warnings {
        document,
        diagnostics: Diagnostics::default(),
    };
    walk(document.value(), &mut warnings);
    warnings.diagnostics
}

struct Warnings<'a> {
    document: &'a Document,
    diagnostics: Diagnostics,
}

impl Warnings<'_> {
    fn warn(&mut self, code: &'static str, at: &Pointer, message: String, fix: &str) {
        let warning = self
            .document
            .diagnostic(Severity::Warning, Stage::Diff, code, at, message);
        self.diagnostics.push(warning.fix(fix));
    }
}

impl Visitor for Warnings<'_> {
    fn object(&mut self, object: ObjectKind, pointer: &Pointer, members: &Map<String, Value>) {
        if object != ObjectKind::Schema {
            return;
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            if members
                .get(key)
                .and_then(Value::as_array)
                .is_some_and(Vec::is_empty)
            {
                let at = pointer.with_trailing_token(key);
                let message = format!("`{key}` is empty, so its meaning is undefined");
                self.warn(
                    "empty-composition",
                    &at,
                    message,
                    "list the schemas, or remove the keyword",
                );
            }
        }
        let type_name = members.get("type").and_then(Value::as_str);
        if let Some((default, type_name)) = members.get("default").zip(type_name)
            && !has_type(default, type_name)
            && !(default.is_null() && members.get("nullable") == Some(&Value::Bool(true)))
        {
            let at = pointer.with_trailing_token("default");
            let message = format!("the default is {}, but the type is `{type_name}`", kind(default));
            self.warn("default-type", &at, message, "correct the default or the type");
        }
    }
}

/// Checks whether a value has a type of `OpenAPI`; true for an unknown type.
fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}
