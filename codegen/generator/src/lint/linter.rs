//! The document that is being linted, and the diagnostics so far.

use serde_json::{Map, Value};

use super::rules::LintRule;
use crate::json::Json as _;
use funnelflux_openapi::{
    Diagnostics, Document, Stage,
    pointer::{Pointer, PointerBuf, ToPointer},
    references,
};

pub(super) type Object = Map<String, Value>;

/// Keywords that combine schemas.
pub(super) const COMPOSITIONS: [&str; 3] = ["allOf", "oneOf", "anyOf"];

pub(super) struct Linter<'a> {
    pub(super) document: &'a Document,
    pub(super) diagnostics: Diagnostics,
}

impl<'a> Linter<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        Self {
            document,
            diagnostics: Diagnostics::default(),
        }
    }

    pub(super) fn report<'p>(
        &mut self,
        rule: &LintRule,
        pointer: impl ToPointer<'p>,
        message: impl Into<String>,
    ) {
        let (document, stage) = (self.document, Stage::Lint);
        let diagnostic = document.diagnostic(rule.severity, stage, rule.code, pointer, message);
        self.diagnostics.push(diagnostic.fix(rule.fix));
    }

    /// Reports a problem with a member of the object at `pointer`.
    pub(super) fn report_member(
        &mut self,
        rule: &LintRule,
        pointer: &Pointer,
        key: &str,
        message: impl Into<String>,
    ) {
        self.report(rule, pointer.with_trailing_token(key), message);
    }

    /// Follows the `$ref` of a value, if it has one. Returns the resulting object and the pointer to it.
    /// Returns `None` if the reference leads nowhere, or if the result is not an object.
    pub(super) fn resolve_at(&self, pointer: &Pointer, value: &'a Value) -> Option<(PointerBuf, &'a Object)> {
        let (pointer, value) = references::resolve(self.document.value(), pointer, value);
        let object = value.as_object();
        let object = object.filter(|_| references::reference(value).is_none())?;
        Some((pointer.into_owned(), object))
    }

    /// Follows the `$ref` of a value like `resolve_at`, but returns only the resulting object.
    pub(super) fn resolve(&self, value: &'a Value) -> Option<&'a Object> {
        self.resolve_at(Pointer::root(), value).map(|(_, object)| object)
    }

    pub(super) fn object<'p>(&self, pointer: impl ToPointer<'p>) -> Option<&'a Object> {
        self.document.get(pointer).and_then(Value::as_object)
    }
}

pub(super) fn is_composed(schema: &Object) -> bool {
    schema.has_any(&COMPOSITIONS)
}

/// Returns true if `key` may be a misspelling of `name`.
pub(super) fn is_near(name: &str, key: &str) -> bool {
    let distance = if name.len().min(key.len()) <= 4 { 1 } else { 2 };
    name.len().abs_diff(key.len()) <= distance
        && (name.eq_ignore_ascii_case(key) || strsim::osa_distance(name, key) <= distance)
}
