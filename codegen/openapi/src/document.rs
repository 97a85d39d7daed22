//! A document with its source texts, so that any JSON pointer leads back to a file, line and column.
//!
//! Stages that change the document (normalise, overlay) record the origin of each value that they move or
//! add. So each value in their output leads back to a place in the vendor's text, or to an overlay action.

use std::{collections::BTreeMap, fmt, iter, sync::Arc};

use serde_json::Value;

use crate::{
    diagnostic::{Diagnostic, Diagnostics, Location, Severity, Stage},
    pointer::{Pointer, PointerBuf, ToPointer, Token},
    source_map::SourceMap,
};

/// A text to read.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Name in messages: a path or a URL.
    pub name: &'a str,
    /// Content.
    pub text: &'a str,
}

/// A document and the provenance of its parts.
#[derive(Clone)]
pub struct Document {
    value: Value,
    provenance: Provenance,
}

impl Document {
    /// Creates a document from a value and the text that the value was parsed from.
    pub(crate) fn read(value: Value, origin: Text) -> Self {
        let provenance = Provenance {
            origin: Arc::new(origin),
            moved: BTreeMap::new(),
            has_null_type: false,
        };
        Self { value, provenance }
    }

    /// Creates a document from a value and the provenance of its parts.
    pub fn new(value: Value, provenance: Provenance) -> Self {
        Self { value, provenance }
    }

    /// Returns the whole document.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Returns the value at a JSON pointer.
    pub fn get<'a>(&self, pointer: impl ToPointer<'a>) -> Option<&Value> {
        self.value.pointer(pointer.to_pointer().as_str())
    }

    /// Returns the whole document and drops its provenance.
    pub fn into_value(self) -> Value {
        self.value
    }

    /// Returns the value and its provenance, so that the caller can change both together.
    pub fn into_parts(self) -> (Value, Provenance) {
        (self.value, self.provenance)
    }

    /// Returns the document's name as shown in messages.
    pub fn name(&self) -> &str {
        &self.provenance.origin.name
    }

    /// Returns the warnings about numbers that lost digits when the document was read.
    pub fn warnings(&self) -> &Diagnostics {
        &self.provenance.origin.warnings
    }

    /// Returns the provenance of each part.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Returns the location of a value in its source text: the key of a member, or the first character of an
    /// item. If the text does not contain the value, returns the location of its nearest ancestor in the
    /// text.
    pub fn locate<'a>(&self, pointer: impl ToPointer<'a>) -> Location {
        self.provenance.place(pointer).location()
    }

    /// Makes a diagnostic of severity error, with the location of the value at `pointer`.
    pub fn error<'a>(
        &self,
        stage: Stage,
        code: &'static str,
        pointer: impl ToPointer<'a>,
        message: impl Into<String>,
    ) -> Diagnostic {
        self.diagnostic(Severity::Error, stage, code, pointer, message)
    }

    /// Makes a diagnostic with the location of the value at `pointer`.
    pub fn diagnostic<'a>(
        &self,
        severity: Severity,
        stage: Stage,
        code: &'static str,
        pointer: impl ToPointer<'a>,
        message: impl Into<String>,
    ) -> Diagnostic {
        let diagnostic = Diagnostic::new(severity, stage, code, pointer, message);
        let location = self.locate(&diagnostic.pointer);
        diagnostic.at(Some(location))
    }
}

impl fmt::Debug for Document {
    /// Prints only the name and the value, because the source texts are long.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Document")
            .field("name", &self.name())
            .field("value", &self.value)
            .finish_non_exhaustive()
    }
}

/// A text that was read, with its source map.
pub(crate) struct Text {
    pub(crate) name: String,
    pub(crate) source_map: SourceMap,
    pub(crate) warnings: Diagnostics,
}

impl Text {
    fn locate(&self, pointer: &Pointer) -> (Location, usize) {
        let (position, depth) = self.source_map.locate(pointer);
        (position.in_text(&self.name), depth)
    }
}

/// The place of a value in a source text.
#[derive(Clone)]
pub struct Place {
    text: Arc<Text>,
    pointer: PointerBuf,
}

impl Place {
    /// Returns the file, line and column of the value.
    pub fn location(&self) -> Location {
        self.text.locate(&self.pointer).0
    }

    /// Returns the pointer to the value in its text. If the text does not contain the value, the pointer
    /// leads to the nearest ancestor that the text contains.
    pub fn pointer(&self) -> &Pointer {
        let (_, depth) = self.text.locate(&self.pointer);
        self.pointer.get(..depth).unwrap_or_default()
    }

    /// Returns the place of a member of this value.
    pub fn member<'t>(&self, key: impl Into<Token<'t>>) -> Self {
        Self {
            text: Arc::clone(&self.text),
            pointer: self.pointer.with_trailing_token(key),
        }
    }
}

/// The places that the values of a document came from.
///
/// Only a value that a stage moved or added has an entry of its own. The place of any other value follows
/// from its nearest ancestor with an entry: if `/a` came from `/x`, then `/a/b` came from `/x/b`. If no
/// ancestor has an entry, the value has the same pointer in the original text.
#[derive(Clone)]
pub struct Provenance {
    origin: Arc<Text>,
    moved: BTreeMap<PointerBuf, Place>,
    pub(crate) has_null_type: bool,
}

impl Provenance {
    /// Checks whether the source text expresses null as a type, as in `OpenAPI` 3.1. Normalisation replaces
    /// this type with `nullable`. Then `nullable` is unambiguous, even next to `allOf`, `oneOf` or `anyOf`.
    pub fn has_null_type(&self) -> bool {
        self.has_null_type
    }

    /// Returns the place that the value at `pointer` came from.
    pub fn place<'a>(&self, pointer: impl ToPointer<'a>) -> Place {
        let pointer = pointer.to_pointer();
        let mut ancestors = iter::successors(Some(&*pointer), |ancestor| ancestor.parent());
        let nearest = ancestors.find_map(|ancestor| {
            let place = self.moved.get(ancestor)?;
            let pointer = place.pointer.concat(pointer.strip_prefix(ancestor)?);
            let text = Arc::clone(&place.text);
            Some(Place { text, pointer })
        });
        nearest.unwrap_or_else(|| Place {
            text: Arc::clone(&self.origin),
            pointer: pointer.into_owned(),
        })
    }

    /// Records that the value at `pointer`, including all values inside it, came from `place`.
    pub fn put<'a>(&mut self, pointer: impl ToPointer<'a>, place: Place) {
        let pointer = pointer.to_pointer();
        self.forget(&*pointer);
        self.moved.insert(pointer.into_owned(), place);
    }

    /// Removes the recorded places of the value at `pointer` and of all values inside it.
    pub fn forget<'a>(&mut self, pointer: impl ToPointer<'a>) {
        let pointer = pointer.to_pointer();
        self.moved.remove(&*pointer);
        let keys: Vec<PointerBuf> = self.inside(&pointer).map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.moved.remove(&key);
        }
    }

    /// Returns the recorded places of the values inside the value at `pointer`.
    fn inside(&self, pointer: &Pointer) -> impl Iterator<Item = (&PointerBuf, &Place)> {
        // The member with the empty name sorts before all others.
        self.moved
            .range(pointer.with_trailing_token("")..)
            .take_while(move |(key, _)| key.starts_with(pointer))
    }

    /// Records the removal of item `index` from the array at `pointer`, which had `length` items. The index
    /// of each later item decreases by one.
    pub fn remove_item<'a>(&mut self, pointer: impl ToPointer<'a>, index: usize, length: usize) {
        let pointer = pointer.to_pointer();
        for later in index + 1..length {
            let from = pointer.with_trailing_token(later);
            let entries = self.entries(&from);
            self.put_entries(&pointer.with_trailing_token(later - 1), entries);
        }
        self.forget(pointer.with_trailing_token(length.saturating_sub(1)));
    }

    /// Records new keys of members of the object at `pointer`. Each pair has the old and the new key.
    pub fn rename_members<'a>(&mut self, pointer: impl ToPointer<'a>, keys: &[(String, String)]) {
        let pointer = pointer.to_pointer();
        let member = |key: &String| pointer.with_trailing_token(key);
        // A new key may be the old key of another member.
        let renamed: Vec<_> = keys
            .iter()
            .map(|(old, new)| (member(new), self.entries(&member(old))))
            .collect();
        for (old, _) in keys {
            self.forget(member(old));
        }
        for (pointer, entries) in renamed {
            self.put_entries(&pointer, entries);
        }
    }

    /// Returns the place of the value at `pointer`, and the recorded places of the values inside it, with
    /// pointers relative to it.
    fn entries(&self, pointer: &Pointer) -> (Place, Vec<(PointerBuf, Place)>) {
        let inside = self.inside(pointer);
        let inside =
            inside.filter_map(|(key, place)| Some((key.strip_prefix(pointer)?.to_buf(), place.clone())));
        (self.place(pointer), inside.collect())
    }

    /// Records places that `entries` returned as those of the value at `pointer`.
    fn put_entries(&mut self, pointer: &Pointer, (place, inside): (Place, Vec<(PointerBuf, Place)>)) {
        self.put(pointer, place);
        let inside = inside
            .into_iter()
            .map(|(key, place)| (pointer.concat(&key), place));
        self.moved.extend(inside);
    }
}
