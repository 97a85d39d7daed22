//! State and helpers of the conversion of a Swagger 2.0 document.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

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

/// Deserializes a value. Returns an empty value if the value is absent or has a wrong type. Reports a wrong
/// type, because the stage `lint` will not see the value.
pub(super) fn typed<T: DeserializeOwned + Default>(
    context: &mut Context,
    value: Option<Value>,
    place: &Pointer,
    wanted: &str,
) -> T {
    value.map_or_else(T::default, |value| {
        serde_json::from_value(value).unwrap_or_else(|_| {
            let message = format!("expected {wanted}");
            context.report(Severity::Error, "structure", place, message, MISFIT);
            T::default()
        })
    })
}

/// Fix for a value of the wrong type.
pub(super) const MISFIT: &str = "write a value that the Swagger 2.0 specification allows";

/// Pointer to the media types that all operations consume by default.
pub(super) const CONSUMES: &Pointer = Pointer::from_static("/consumes");

/// A list of media types and its place.
#[derive(Default)]
pub(super) struct MediaTypes {
    pub(super) types: Vec<String>,
    pub(super) place: PointerBuf,
}

impl MediaTypes {
    /// Reads the list in the member `key` of `holder`. `place` is the place of `holder`.
    pub(super) fn of(context: &mut Context, holder: &Object, key: &str, place: &Pointer) -> Option<Self> {
        let list = holder.get(key)?.clone();
        let place = place.with_trailing_token(key);
        let types = typed(context, Some(list), &place, "a list of strings");
        Some(Self { types, place })
    }

    /// Returns true if the `content` of a body or response has exactly these media types.
    pub(super) fn are_of(&self, holder: &Value) -> bool {
        let content = holder.get("content").and_then(Value::as_object);
        content.is_some_and(|content| content.keys().eq(&self.types))
    }
}

/// Parts of the old document (Swagger 2.0) that any operation may use.
pub(super) struct Old {
    pub(super) consumes: MediaTypes,
    pub(super) produces: MediaTypes,
    /// URL schemes, the safest first, because the first server is the default.
    pub(super) schemes: Vec<String>,
    pub(super) parameters: Object,
    pub(super) responses: Object,
    /// Host; empty if it is absent.
    pub(super) host: String,
    pub(super) base_path: String,
    /// Provenance of the old document.
    before: Provenance,
}

impl Old {
    /// Removes the parts from a document and returns them. The media types remain in the document.
    pub(super) fn take(context: &mut Context, document: &mut Object) -> Self {
        let before = context.provenance.clone();
        let place = |key: &str| Pointer::root().with_trailing_token(key);
        let mut types =
            |key: &str| MediaTypes::of(context, document, key, Pointer::root()).unwrap_or_default();
        let (consumes, produces) = (types("consumes"), types("produces"));
        let schemes = document.shift_remove("schemes");
        let mut schemes: Vec<String> = typed(context, schemes, &place("schemes"), "a list of strings");
        if schemes.is_empty() {
            schemes.push("https".to_owned());
        }
        schemes.sort_by_key(|scheme| (scheme != "https", scheme != "http"));
        let mut section = |key: &str| typed(context, document.shift_remove(key), &place(key), "an object");
        let (parameters, responses) = (section("parameters"), section("responses"));
        let mut text = |key: &str| typed(context, document.shift_remove(key), &place(key), "a string");
        Self {
            consumes,
            produces,
            schemes,
            parameters,
            responses,
            host: text("host"),
            base_path: text("basePath"),
            before,
        }
    }
}

pub(super) struct Convert<'a> {
    pub(super) old: &'a Old,
    /// Places of the parameters that became bodies of operations.
    pub(super) bodies_used: BTreeSet<PointerBuf>,
    /// The top-level lists (`consumes`, `produces`) that became the content of a body or response.
    pub(super) types_used: BTreeSet<&'static str>,
    /// Operations that inherit a top-level list, although it did not become their content.
    pub(super) types_inherited: Vec<(&'static str, PointerBuf)>,
    pub(super) context: &'a mut Context,
}

impl Convert<'_> {
    /// Removes a used list (`consumes` or `produces`) from an object. Renames an unused list to an extension,
    /// so that comparisons of documents include it.
    pub(super) fn types_are_read(&mut self, holder: &mut Object, key: &str, place: &Pointer, used: bool) {
        if used {
            holder.shift_remove(key);
        } else if let Some(aside) = aside::keep_aside(holder, key) {
            self.moved(place.with_trailing_token(&aside), place.with_trailing_token(key));
        }
    }

    /// Copies each list of the document that became no content to the operations that inherit it. So
    /// comparisons of documents know to which operations the list applies.
    pub(super) fn copy_inherited_types(&mut self, document: &mut Object) {
        for (key, place) in std::mem::take(&mut self.types_inherited) {
            let types = match key {
                "consumes" => &self.old.consumes,
                _ => &self.old.produces,
            };
            let operation = place
                .split_front()
                .and_then(|(front, rest)| document.get_mut(&*front.decoded())?.pointer_mut(rest.as_str()));
            if !self.types_used.contains(key)
                && !types.types.is_empty()
                && let Some(Value::Object(operation)) = operation
            {
                operation.insert(key.to_owned(), json!(types.types));
                if let Some(aside) = aside::keep_aside(operation, key) {
                    self.moved(place.with_trailing_token(&aside), &types.place);
                }
            }
        }
    }

    pub(super) fn moved<'a, 'b>(&mut self, new: impl ToPointer<'a>, old: impl ToPointer<'b>) {
        self.context.provenance.put(new, self.old.before.place(old));
    }

    /// Reports a diagnostic on a place in the old document. In the new document, the place may have another
    /// value.
    pub(super) fn report<'a>(
        &mut self,
        severity: Severity,
        code: &'static str,
        place: impl ToPointer<'a>,
        message: impl Into<String>,
        fix: &str,
    ) {
        let diagnostic = Diagnostic::new(severity, Stage::Normalise, code, place, message).fix(fix);
        let location = self.old.before.place(&diagnostic.pointer).location();
        self.context.diagnostics.push(diagnostic.at(Some(location)));
    }

    /// Reports a key of `OpenAPI` 3.0 beside its equivalent of Swagger 2.0. `place` is the place of `holder`
    /// in the old document.
    pub(super) fn mixed(&mut self, holder: &mut Object, key: &str, place: &Pointer) {
        if !holder.contains_key(key) {
            return;
        }
        let place = place.with_trailing_token(key);
        let message =
            format!("`{key}` belongs to OpenAPI 3.0, and its equivalent in Swagger 2.0 is here too");
        let fix = "remove one of the two: it is unknown which one applies";
        self.report(Severity::Error, "mixed-versions", place, message, fix);
        aside::keep_aside(holder, key);
    }
}

/// Moves members to another object.
pub(super) fn take(old: &mut Object, new: &mut Object, keys: &[&str]) {
    for key in keys {
        new.extend(old.shift_remove_entry(*key));
    }
}

/// Returns the text of a member. Returns an empty text if the member is absent or not a string.
pub(super) fn text<'a>(object: &'a Object, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Returns the name of the target of a reference, if the target is a member of `section`, such as
/// `parameters`.
pub(super) fn shared_name(reference: &str, section: &str) -> Option<String> {
    let pointer = fragment(reference)?;
    let mut tokens = pointer.tokens();
    let (found, name) = (tokens.next()?, tokens.next()?);
    (found.encoded() == section && tokens.next().is_none()).then(|| name.decoded().into_owned())
}
