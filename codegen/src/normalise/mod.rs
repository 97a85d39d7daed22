//! Normalise: any accepted version to `OpenAPI` 3.0.3. What cannot be expressed there is a located finding.

use serde_json::Value;

use crate::{
    document::Document,
    finding::{Findings, Stage},
    read::{Version, version},
};

/// Turns a document into `OpenAPI` 3.0.3. The findings that come with it are warnings and notices.
///
/// # Errors
/// Located findings for what `OpenAPI` 3.0.3 cannot express.
pub fn normalise(document: Document) -> Result<(Document, Findings), Findings> {
    match version(&document)? {
        Version::OpenApi30 => {
            let (mut value, provenance) = document.into_parts();
            if let Some(version) = value.get_mut("openapi") {
                *version = Value::from("3.0.3");
            }
            Ok((Document::new(value, provenance), Findings::new()))
        }
        version => {
            let finding = document.error(
                Stage::Normalise,
                "version",
                "",
                format!("{version} cannot be turned into OpenAPI 3.0.3 yet"),
            );
            Err(finding
                .help("convert the document with another tool")
                .into())
        }
    }
}
