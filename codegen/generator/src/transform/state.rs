//! State that the rules share.

use serde_json::Value;

use funnelflux_openapi::{Diagnostics, Document, Severity, Stage, pointer::Pointer};

use crate::method_names::Vocabulary;

use super::origins::Origins;

/// A document that the rules change one after the other.
pub(super) struct State<'a> {
    pub(super) document: Value,
    /// The document as it was before the first rule changed it. The locations of diagnostics are in this
    /// document.
    pub(super) source: &'a Document,
    pub(super) vocabulary: Vocabulary,
    pub(super) origins: Origins,
    pub(super) diagnostics: Diagnostics,
    /// Number of changes by the current step.
    pub(super) count: usize,
}

impl<'a> State<'a> {
    pub(super) fn new(source: &'a Document) -> Self {
        Self {
            document: source.value().clone(),
            source,
            vocabulary: Vocabulary::of(source.value()),
            origins: Origins::default(),
            diagnostics: Diagnostics::default(),
            count: 0,
        }
    }

    /// Reports an error at a pointer into the changed document.
    pub(super) fn error(&mut self, code: &'static str, at: &Pointer, message: String, fix: &str) {
        let error = self.source.error(Stage::Transform, code, at, message);
        self.diagnostics.push(error.fix(fix));
    }

    /// Warns that the generated code deviates from the document. `at` is a pointer into the changed document.
    pub(super) fn warning(&mut self, code: &'static str, at: &Pointer, message: String, fix: &str) {
        let (severity, stage) = (Severity::Warning, Stage::Transform);
        let warning = self.source.diagnostic(severity, stage, code, at, message);
        self.diagnostics.push(warning.fix(fix));
    }
}
