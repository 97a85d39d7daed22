//! State that all parts of the normalisation share.

use std::ops::{Deref, DerefMut};

use serde_json::{Map, Value};

use crate::{
    diagnostic::{Diagnostic, Diagnostics, Severity, Stage},
    document::Provenance,
    pointer::{Pointer, PointerBuf, ToPointer},
};

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// `OpenAPI` version of every document after normalisation.
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

/// An object of the document, with its place.
pub(super) struct Part<'a> {
    pub(super) context: &'a mut Context,
    pub(super) pointer: &'a Pointer,
    pub(super) object: &'a mut Object,
}

impl Part<'_> {
    /// Returns the place of a member.
    pub(super) fn place(&self, key: &str) -> PointerBuf {
        self.pointer.with_trailing_token(key)
    }

    /// Returns true if the member `key` is the string `text`.
    pub(super) fn is(&self, key: &str, text: &str) -> bool {
        self.get(key).is_some_and(|value| value == text)
    }

    /// Sets a member.
    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.insert(key.to_owned(), value.into());
    }

    /// Sets a member whose value comes from the place `old`.
    pub(super) fn set_from<'o>(&mut self, key: &str, value: impl Into<Value>, old: impl ToPointer<'o>) {
        self.context.put(self.pointer.with_trailing_token(key), old);
        self.set(key, value);
    }

    /// Reports a diagnostic on a member.
    pub(super) fn report(
        &mut self,
        severity: Severity,
        code: &'static str,
        key: &str,
        message: impl Into<String>,
        fix: &str,
    ) {
        let place = self.pointer.with_trailing_token(key);
        self.context.report(severity, code, place, message, fix);
    }
}

impl Deref for Part<'_> {
    type Target = Object;

    fn deref(&self) -> &Object {
        self.object
    }
}

impl DerefMut for Part<'_> {
    fn deref_mut(&mut self) -> &mut Object {
        self.object
    }
}
