//! A document together with the texts that it came from, so that any JSON pointer leads back to a file, line and column.
//!
//! The value is read by a fast parser; the index of places is built only when a diagnostic asks for one. Stages that
//! change the document (normalise, overlay) note what they moved or put in, hence the pointers of their output still
//! lead to the vendor's text, or to the overlay action that put the value there.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, OnceLock},
};

use serde_json::Value;

use crate::{
    diagnostic::{Diagnostic, Diagnostics, Location, Severity, Stage},
    pointer,
    source_map::{self, Position, SourceMap},
};

/// A text to read.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// What messages call it: a path or an address.
    pub name: &'a str,
    /// Its content.
    pub text: &'a str,
}

/// A document and where each part of it came from.
#[derive(Clone)]
pub struct Document {
    value: Value,
    provenance: Provenance,
}

impl Document {
    /// A document that is `value`, as read from `text`.
    pub(crate) fn read(value: Value, text: Text) -> Self {
        Self {
            value,
            provenance: Provenance::new(Arc::new(text)),
        }
    }

    /// A document that is `value`, whose parts came from where `provenance` says.
    pub fn new(value: Value, provenance: Provenance) -> Self {
        Self { value, provenance }
    }

    /// The whole document.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The value at a JSON pointer.
    #[must_use]
    pub fn get(&self, pointer: &str) -> Option<&Value> {
        self.value.pointer(pointer)
    }

    /// The whole document, without its places.
    #[must_use]
    pub fn into_value(self) -> Value {
        self.value
    }

    /// The value and the places, to be changed together and put together again.
    pub fn into_parts(self) -> (Value, Provenance) {
        (self.value, self.provenance)
    }

    /// What its text is called in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.provenance.origin.name
    }

    /// What reading its text found that does not stop anything: numbers that are not kept as they are written.
    #[must_use]
    pub fn warnings(&self) -> &Diagnostics {
        &self.provenance.origin.warnings
    }

    /// Returns the provenance of each part.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Where the value at a JSON pointer stands in the text that it came from: a member at its key, an item at its
    /// start. A pointer to nothing gets the place of its nearest ancestor that is in the text. `None` only if
    /// `pointer` is no JSON pointer.
    #[must_use]
    pub fn locate(&self, pointer: &str) -> Option<Location> {
        (pointer.is_empty() || pointer.starts_with('/')).then(|| self.provenance.place(pointer).location())
    }

    /// A located diagnostic that stops the generation.
    #[must_use]
    pub fn error(
        &self,
        stage: Stage,
        code: &'static str,
        pointer: impl Into<String>,
        message: impl Into<String>,
    ) -> Diagnostic {
        self.diagnostic(Severity::Error, stage, code, pointer, message)
    }

    /// A located diagnostic.
    #[must_use]
    pub fn diagnostic(
        &self,
        severity: Severity,
        stage: Stage,
        code: &'static str,
        pointer: impl Into<String>,
        message: impl Into<String>,
    ) -> Diagnostic {
        let diagnostic = Diagnostic::new(severity, stage, code, pointer, message);
        let location = self.locate(&diagnostic.pointer);
        diagnostic.at(location)
    }
}

impl fmt::Debug for Document {
    /// The name and the value; the texts would bury them.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Document")
            .field("name", &self.name())
            .field("value", &self.value)
            .finish_non_exhaustive()
    }
}

/// A text that was read, with the places of its values.
pub(crate) struct Text {
    name: String,
    /// The text itself where the places are still to be found in it.
    json: String,
    positions: OnceLock<SourceMap>,
    warnings: Diagnostics,
}

impl Text {
    /// A JSON text that has been read without an error; its places are looked up when one is wanted, unless they have
    /// been.
    pub(crate) fn json(source: Source<'_>, positions: Option<SourceMap>, warnings: Diagnostics) -> Self {
        Self {
            name: source.name.to_owned(),
            json: source.text.to_owned(),
            positions: positions.map_or_else(OnceLock::new, OnceLock::from),
            warnings,
        }
    }

    /// A YAML text, whose places come with reading it.
    pub(crate) fn yaml(name: &str, positions: SourceMap, warnings: Diagnostics) -> Self {
        Self {
            name: name.to_owned(),
            json: String::new(),
            positions: OnceLock::from(positions),
            warnings,
        }
    }

    fn locate(&self, pointer: &str) -> Location {
        let Position { line, column } = if pointer.is_empty() && !self.json.is_empty() {
            // The start of a text needs no index.
            Position::START
        } else {
            self.positions
                .get_or_init(|| source_map::json::positions(&self.json))
                .locate(pointer)
        };
        Location {
            file: self.name.clone(),
            line: line as usize,
            column: column as usize,
        }
    }
}

/// A value in a text.
#[derive(Clone)]
pub struct Place {
    text: Arc<Text>,
    pointer: String,
}

impl Place {
    /// Returns the file, line and column of the value.
    #[must_use]
    pub fn location(&self) -> Location {
        self.text.locate(&self.pointer)
    }

    /// The place of a member of what is here.
    pub fn member(&self, key: &str) -> Self {
        Self {
            text: Arc::clone(&self.text),
            pointer: pointer::join(&self.pointer, key),
        }
    }
}

/// Where each part of a document came from.
///
/// Only what is not where its parent is gets an entry: the place of a value is the entry of its nearest ancestor (or
/// its own), extended by the rest of the pointer.
#[derive(Clone)]
pub struct Provenance {
    origin: Arc<Text>,
    moved: BTreeMap<String, Place>,
}

impl Provenance {
    fn new(origin: Arc<Text>) -> Self {
        Self {
            origin,
            moved: BTreeMap::new(),
        }
    }

    /// Where the value at `pointer` came from.
    pub fn place(&self, pointer: &str) -> Place {
        let mut ancestor = pointer;
        loop {
            let rest = pointer.get(ancestor.len()..).unwrap_or_default();
            if let Some(place) = self.moved.get(ancestor) {
                return Place {
                    text: Arc::clone(&place.text),
                    pointer: format!("{}{rest}", place.pointer),
                };
            }
            match pointer::split_last(ancestor) {
                Some((parent, _)) => ancestor = parent,
                None => {
                    return Place {
                        text: Arc::clone(&self.origin),
                        pointer: pointer.to_owned(),
                    };
                }
            }
        }
    }

    /// Notes that the value at `pointer`, with all that is in it, came from `place`.
    pub fn put(&mut self, pointer: String, place: Place) {
        self.forget(&pointer);
        self.moved.insert(pointer, place);
    }

    /// Drops what was noted of `pointer` and of all that is in it.
    pub fn forget(&mut self, pointer: &str) {
        self.moved.remove(pointer);
        let inside = format!("{pointer}/");
        let keys: Vec<String> = self
            .moved
            .range(inside.clone()..)
            .take_while(|(key, _)| key.starts_with(&inside))
            .map(|(key, _)| key.clone())
            .collect();
        for key in keys {
            self.moved.remove(&key);
        }
    }

    /// Notes that item `index` of the array at `pointer`, which had `length` items, has been taken out: the later
    /// items now stand one place earlier.
    pub fn remove_item(&mut self, pointer: &str, index: usize, length: usize) {
        for later in index + 1..length {
            let from = pointer::item(pointer, later);
            let to = pointer::item(pointer, later - 1);
            let inside = format!("{from}/");
            let entries: Vec<(String, Place)> = self
                .moved
                .range(inside.clone()..)
                .take_while(|(key, _)| key.starts_with(&inside))
                .map(|(key, place)| {
                    (
                        format!("{to}{}", key.get(from.len()..).unwrap_or_default()),
                        place.clone(),
                    )
                })
                .collect();
            let place = self.place(&from);
            self.put(to, place);
            self.moved.extend(entries);
        }
        self.forget(&pointer::item(pointer, length.saturating_sub(1)));
    }
}
