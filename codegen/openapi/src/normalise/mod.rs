//! Converts Swagger 2.0, `OpenAPI` 3.0.x and 3.1.x to `OpenAPI` 3.0.3.
//!
//! Each construct that 3.0.3 cannot express is reported:
//!
//! - If a type accepts more values after the conversion, the diagnostic is a warning, and an extension
//!   (`x-…`) preserves the original construct.
//! - If the conversion affects only documentation, the diagnostic is a notice.
//! - If the client would be wrong, the construct is rewritten to a form that the stage `lint` rejects. Only
//!   the operations that use the construct are left out then.
//!
//! An error means that the document cannot be converted at all, for example because a value has a wrong type.
//! The provenance of moved values is recorded, so that their new pointers lead to the original text.

mod aside;
mod context;
mod decode_references;
mod lenient;
mod openapi31;
mod path_items;
mod reference_siblings;
mod swagger;
mod type_lists;
mod whole_numbers;

use crate::{
    diagnostic::Diagnostics,
    document::Document,
    read::{Version, version},
};
use context::Context;

pub use context::TARGET;

/// Converts a document to `OpenAPI` 3.0.3. The returned diagnostics begin with the warnings that were
/// reported when the document was read.
///
/// # Errors
/// Returns all diagnostics if any of them is an error, for example about a value of a wrong type.
pub fn normalise(document: Document) -> Result<(Document, Diagnostics), Diagnostics> {
    let version = version(&document)?;
    let (document, diagnostics) = normalise_as_far_as_possible(document, version);
    diagnostics.unless_errors(document)
}

/// Converts a document to `OpenAPI` 3.0.3 as far as possible, and reports the parts that cannot be converted.
pub fn normalise_as_far_as_possible(document: Document, version: Version) -> (Document, Diagnostics) {
    let diagnostics = document.warnings().clone();
    let (mut value, mut provenance) = document.into_parts();
    if version == Version::OpenApi31 {
        provenance.has_null_type = true;
    }
    let mut context = Context {
        provenance,
        diagnostics,
    };
    let followed = path_items::inline(&mut value, &mut context);
    let mut value = match version {
        Version::Swagger20 => swagger::normalise(value, &mut context),
        Version::OpenApi30 => {
            if let Some(version) = value.get_mut("openapi") {
                *version = TARGET.into();
            }
            value
        }
        Version::OpenApi31 => openapi31::normalise(value, &followed, &mut context),
    };
    decode_references::decode(&mut value);
    lenient::repair(&mut value, &mut context);
    whole_numbers::write_as_integers(&mut value);
    (Document::new(value, context.provenance), context.diagnostics)
}
