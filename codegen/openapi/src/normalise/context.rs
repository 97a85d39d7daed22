//! State that all parts of the normalisation share.

use serde_json::{Map, Value};

use crate::{
    diagnostic::{Diagnostic, Diagnostics, Severity, Stage},
    document::Provenance,
    pointer::ToPointer,
};

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// The version that every document has after this stage.
pub const TARGET: &str = "3.0.3";

/// Provenance and diagnostics of the document that is being normalised.
pub(super) struct Context {
    pub(super) provenance: Provenance,
    pub(super) diagnostics: Diagnostics,
}

impl Context {
    /// Records that the value at `new` comes from the place `old`.
    pub(super) fn put<'a, 'b>(&mut self, new: impl ToPointer<'a>, old: impl ToPointer<'b>) {
        let from = self.provenance.place(old);
        self.provenance.put(new, from);
    }

    /// Reports a diagnostic on the value at `pointer`.
    pub(super) fn report<'a>(
        &mut self,
        severity: Severity,
        code: &'static str,
        pointer: impl ToPointer<'a>,
        message: impl Into<String>,
        fix: &str,
    ) {
        let diagnostic = Diagnostic::new(severity, Stage::Normalise, code, pointer, message).fix(fix);
        let location = self.provenance.place(&diagnostic.pointer).location();
        self.diagnostics.push(diagnostic.at(Some(location)));
    }
}
