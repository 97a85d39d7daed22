//! Accepted versions, and the diagnostic for all others.

use serde_json::Value;

use crate::{
    diagnostic::{Diagnostics, Stage},
    document::Document,
    text::kind,
};

/// Accepted versions of API documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Swagger 2.0.
    Swagger20,
    /// `OpenAPI` 3.0.x.
    OpenApi30,
    /// `OpenAPI` 3.1.x.
    OpenApi31,
}

/// Returns the version that a document states.
///
/// # Errors
/// Returns a located diagnostic with the actual and the accepted versions if the document's version is not
/// accepted.
pub fn version(document: &Document) -> Result<Version, Diagnostics> {
    let root = document.value();
    // In YAML, `3.1` and `2.0` without quotes are numbers.
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let openapi = root.get("openapi").map(text);
    let swagger = root.get("swagger").map(text);
    let (pointer, message) = match (openapi.as_deref(), swagger.as_deref()) {
        _ if !root.is_object() => (
            "",
            format!("an API document must be an object, this is {}", kind(root)),
        ),
        (Some(_), Some(_)) => (
            "/swagger",
            "the document has both `openapi` and `swagger`".to_owned(),
        ),
        (None, None) => ("", "the document has neither `openapi` nor `swagger`".to_owned()),
        (Some(text), None) => match text.split('.').collect::<Vec<_>>().as_slice() {
            ["3", "0", ..] => return Ok(Version::OpenApi30),
            ["3", "1", ..] => return Ok(Version::OpenApi31),
            _ => (
                "/openapi",
                format!("the document is OpenAPI `{text}`, which is not supported"),
            ),
        },
        (None, Some("2" | "2.0")) => return Ok(Version::Swagger20),
        (None, Some(text)) => (
            "/swagger",
            format!("the document is Swagger `{text}`, which is not supported"),
        ),
    };
    let error = document.error(Stage::Read, "version", pointer, message);
    Err(error
        .fix("accepted are Swagger 2.0, OpenAPI 3.0.x and OpenAPI 3.1.x")
        .into())
}
