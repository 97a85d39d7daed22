//! Normalise: Swagger 2.0, `OpenAPI` 3.0.x and 3.1.x to `OpenAPI` 3.0.3.
//!
//! What 3.0.3 cannot express is a located diagnostic, never a silent loss: an error where the client would be wrong, a
//! warning where a type is wider than meant (the original is kept under `x-…`), a notice where only documentation is
//! concerned. What moves is noted, so that its new pointer still leads to the original text.

mod openapi31;
mod path_items;
mod schemas;
mod swagger;

use serde_json::{Map, Value};

use crate::{
    diagnostic::{Diagnostic, Diagnostics, Severity, Stage},
    document::{Document, Provenance},
    pointer::{METHODS, ToPointer},
    read::{Version, version},
};

type Object = Map<String, Value>;

/// The version that every document has after this stage.
pub const TARGET: &str = "3.0.3";

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
    let (value, provenance) = document.into_parts();
    let mut work = Work {
        provenance,
        diagnostics,
    };
    let value = work.normalise(version, value);
    (Document::new(value, work.provenance), work.diagnostics)
}

/// What is noted on the way.
struct Work {
    provenance: Provenance,
    diagnostics: Diagnostics,
}

impl Work {
    fn normalise(&mut self, version: Version, mut value: Value) -> Value {
        let followed = path_items::inline(&mut value, self);
        match version {
            Version::Swagger20 => swagger::normalise(value, self),
            Version::OpenApi30 => {
                if let Some(version) = value.get_mut("openapi") {
                    *version = Value::from(TARGET);
                }
                value
            }
            Version::OpenApi31 => openapi31::normalise(value, &followed, self),
        }
    }

    /// Notes that what will stand at `new` comes from what stands at `old`.
    fn put<'a, 'b>(&mut self, new: impl ToPointer<'a>, old: impl ToPointer<'b>) {
        let from = self.provenance.place(old);
        self.provenance.put(new, from);
    }

    fn report<'a>(
        &mut self,
        severity: Severity,
        code: &'static str,
        pointer: impl ToPointer<'a>,
        message: impl Into<String>,
        help: &str,
    ) {
        let diagnostic = Diagnostic::new(severity, Stage::Normalise, code, pointer, message).fix(help);
        let location = self.provenance.place(&diagnostic.pointer).location();
        self.diagnostics.push(diagnostic.at(Some(location)));
    }
}

/// How many operations an object of paths or path items has.
fn count_operations(items: &Value) -> usize {
    let items = items.as_object().into_iter().flatten();
    items
        .filter_map(|(_, item)| item.as_object())
        .map(|item| {
            METHODS
                .iter()
                .filter(|method| item.contains_key(**method))
                .count()
        })
        .sum()
}
