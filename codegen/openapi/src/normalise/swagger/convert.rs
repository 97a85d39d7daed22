//! State and helpers of the conversion of a Swagger 2.0 document.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    diagnostic::{Diagnostic, Severity, Stage},
    document::Provenance,
    normalise::{
        aside,
        context::{Context, Object},
    },
    pointer::{Pointer, PointerBuf, ToPointer},
    references::fragment,
};

/// Returns the strings of a list such as `consumes`; an absent list has no strings.
pub(super) fn texts(context: &mut Context, list: Option<&Value>, place: &Pointer) -> Vec<String> {
    let strings: Option<Vec<String>> = match list {
        None => Some(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        Some(_) => None,
    };
    strings.unwrap_or_else(|| {
        misfit(context, place, "a list of strings");
        Vec::new()
    })
}

/// Reports a value of the wrong type, because lint will not see it.
pub(super) fn misfit(context: &mut Context, place: &Pointer, wanted: &str) {
    let fix = "write a value that the Swagger 2.0 specification allows";
    let message = format!("expected {wanted}");
    context.report(Severity::Error, "structure", place, message, fix);
}

/// Media types that all operations consume.
pub(super) const CONSUMES: &Pointer = Pointer::from_static("/consumes");

/// A list of media types and its place.
#[derive(Clone)]
pub(super) struct MediaTypes {
    pub(super) types: Vec<String>,
    pub(super) place: PointerBuf,
}

impl MediaTypes {
    pub(super) fn new(context: &mut Context, list: Option<&Value>, place: &Pointer) -> Self {
        Self {
            types: texts(context, list, place),
            place: place.to_buf(),
        }
    }

    /// Returns true if a body or response has exactly these media types.
    pub(super) fn are_of(&self, holder: &Value) -> bool {
        let content = holder.get("content").and_then(Value::as_object);
        content.is_some_and(|content| content.keys().eq(&self.types))
    }
}

pub(super) struct Convert<'a> {
    pub(super) consumes: MediaTypes,
    pub(super) produces: MediaTypes,
    pub(super) schemes: Vec<String>,
    pub(super) parameters: Object,
    pub(super) responses: Object,
    pub(super) host: Option<String>,
    pub(super) base_path: String,
    /// Places of shared parameters that became bodies of operations.
    pub(super) bodies_used: BTreeSet<PointerBuf>,
    /// The document's `consumes` and `produces`, if they became the content of a body or response.
    pub(super) types_used: BTreeSet<&'static str>,
    /// Provenance of the old document.
    pub(super) before: Provenance,
    pub(super) context: &'a mut Context,
}

impl Convert<'_> {
    /// Returns the media types that an operation lists itself.
    pub(super) fn own_types(&mut self, operation: &Object, key: &str, place: &Pointer) -> Option<MediaTypes> {
        let list = operation.get(key)?;
        let place = place.with_trailing_token(key);
        Some(MediaTypes::new(self.context, Some(list), &place))
    }

    /// Removes `consumes` or `produces` from an object. An unused list moves to an extension, so that
    /// comparisons see it.
    pub(super) fn types_are_read(&mut self, holder: &mut Object, key: &str, place: &Pointer, used: bool) {
        if used {
            holder.shift_remove(key);
        } else if holder.contains_key(key) {
            let aside = aside::name_aside(holder, key);
            self.moved(place.with_trailing_token(&aside), place.with_trailing_token(key));
            aside::keep_aside(holder, key);
        }
    }

    pub(super) fn moved<'a, 'b>(&mut self, new: impl ToPointer<'a>, old: impl ToPointer<'b>) {
        self.context.provenance.put(new, self.before.place(old));
    }

    /// Reports a diagnostic on a place in the old document. The new document may have a different value
    /// there.
    pub(super) fn report<'a>(
        &mut self,
        severity: Severity,
        code: &'static str,
        place: impl ToPointer<'a>,
        message: impl Into<String>,
        fix: &str,
    ) {
        let diagnostic = Diagnostic::new(severity, Stage::Normalise, code, place, message).fix(fix);
        let location = self.before.place(&diagnostic.pointer).location();
        self.context.diagnostics.push(diagnostic.at(Some(location)));
    }

    /// Reports an `OpenAPI` 3.0 key next to its Swagger 2.0 equivalent. `place` is the object's place in the
    /// old document.
    pub(super) fn mixed(&mut self, holder: &mut Object, key: &str, place: &Pointer) {
        if !holder.contains_key(key) {
            return;
        }
        self.report(
            Severity::Error,
            "mixed-versions",
            place.with_trailing_token(key),
            format!("`{key}` belongs to OpenAPI 3.0, and its equivalent in Swagger 2.0 is here too"),
            "remove one of the two: it is unknown which one applies",
        );
        aside::keep_aside(holder, key);
    }
}

/// Returns the name in a reference to a section of the document, such as `parameters`.
pub(super) fn shared_name(reference: &str, section: &str) -> Option<String> {
    let pointer = fragment(reference)?;
    let mut tokens = pointer.tokens();
    let (found, name) = (tokens.next()?, tokens.next()?);
    (found.encoded() == section && tokens.next().is_none()).then(|| name.decoded().into_owned())
}
