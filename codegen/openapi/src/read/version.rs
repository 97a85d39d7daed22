//! Accepted versions, and the diagnostic for all others.

use std::fmt;

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

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Swagger20 => "Swagger 2.0",
            Self::OpenApi30 => "OpenAPI 3.0",
            Self::OpenApi31 => "OpenAPI 3.1",
        })
    }
}

const ACCEPTED: &str = "accepted are Swagger 2.0, OpenAPI 3.0.x and OpenAPI 3.1.x";

/// Returns the version that a document states.
///
/// # Errors
/// A located diagnostic with the actual and the accepted versions.
pub fn version(document: &Document) -> Result<Version, Diagnostics> {
    let error = |pointer: &str, message: String| {
        Diagnostics::from(
            document
                .error(Stage::Read, "version", pointer, message)
                .fix(ACCEPTED),
        )
    };
    let Some(root) = document.value().as_object() else {
        return Err(error(
            "",
            format!(
                "an API document must be an object, this is {}",
                kind(document.value())
            ),
        ));
    };
    match (root.get("openapi"), root.get("swagger")) {
        (Some(_), Some(_)) => Err(error(
            "/swagger",
            "the document has both `openapi` and `swagger`".to_owned(),
        )),
        (None, None) => Err(error(
            "",
            "the document has neither `openapi` nor `swagger`".to_owned(),
        )),
        (Some(value), None) => {
            let text = text(value);
            match text.split('.').collect::<Vec<_>>().as_slice() {
                ["3", "0", ..] => Ok(Version::OpenApi30),
                ["3", "1", ..] => Ok(Version::OpenApi31),
                _ => Err(error(
                    "/openapi",
                    format!("the document is OpenAPI `{text}`, which is not supported"),
                )),
            }
        }
        (None, Some(value)) => match text(value).as_str() {
            "2.0" | "2" => Ok(Version::Swagger20),
            text => Err(error(
                "/swagger",
                format!("the document is Swagger `{text}`, which is not supported"),
            )),
        },
    }
}

/// Returns the version as text. In YAML, `3.1` and `2.0` without quotes are numbers.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
