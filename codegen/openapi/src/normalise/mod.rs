//! Normalise: Swagger 2.0, `OpenAPI` 3.0.x and 3.1.x to `OpenAPI` 3.0.3.
//!
//! What 3.0.3 cannot express is a located diagnostic, never a silent loss: an error where the client would be wrong, a
//! warning where a type is wider than meant (the original is kept under `x-…`), a notice where only documentation is
//! concerned. What moves is noted, so that its new pointer still leads to the original text.

mod context;
mod openapi31;
mod path_items;
mod schemas;
mod swagger;

use crate::{
    diagnostic::Diagnostics,
    document::Document,
    read::{Version, version},
};
use context::Context;

pub use context::TARGET;

/// Turns a document into `OpenAPI` 3.0.3 and returns it with warnings and notices, those of reading it first.
///
/// # Errors
/// Located diagnostics for what `OpenAPI` 3.0.3 cannot express.
pub fn normalise(document: Document) -> Result<(Document, Diagnostics), Diagnostics> {
    let version = version(&document)?;
    let (document, diagnostics) = normalise_as_far_as_possible(document, version);
    diagnostics.unless_errors(document)
}

/// Turns a document into `OpenAPI` 3.0.3 as far as that can express it, and reports the rest.
#[must_use]
pub fn normalise_as_far_as_possible(document: Document, version: Version) -> (Document, Diagnostics) {
    let diagnostics = document.warnings().clone();
    let (mut value, provenance) = document.into_parts();
    let mut context = Context {
        provenance,
        diagnostics,
    };
    let followed = path_items::inline(&mut value, &mut context);
    let value = match version {
        Version::Swagger20 => swagger::normalise(value, &mut context),
        Version::OpenApi30 => {
            if let Some(version) = value.get_mut("openapi") {
                *version = TARGET.into();
            }
            value
        }
        Version::OpenApi31 => openapi31::normalise(value, &followed, &mut context),
    };
    (Document::new(value, context.provenance), context.diagnostics)
}
