//! The result of a comparison: changes, their levels, and facts about them.

use serde::Serialize;

use funnelflux_openapi::{Location, pointer::PointerBuf};

use crate::{
    level::{Direction, Level},
    rules::ChangeKind,
};

/// One of the two documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The document before.
    Old,
    /// The document after.
    New,
}

/// A fact about a change that its kind does not imply. Users of the document can base their own judgement on
/// it.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// The changed part occurs only in the description of failed calls.
    FailureResponse,
    /// The bodies of successful responses are the same before and after.
    SameSuccessBodies,
    /// The media type is not JSON, and JSON is offered before and after.
    JsonStays,
    /// The evidence for an operation changed between documented and inferred.
    InferenceChanged,
    /// The value may be omitted.
    Optional,
    /// The object had no properties before.
    FirstProperty,
    /// The property is not declared in `properties`.
    UndeclaredProperty,
    /// The property moved from one part of an `allOf` to another.
    MovedBetweenParts,
    /// Objects declare properties before and after, and no schema applies to undeclared ones.
    UndeclaredPropertiesOnly,
    /// The schema, or another schema that applies with it, has `anyOf` or `oneOf`.
    HasAlternatives,
    /// The schema is inline, so it has no name of its own.
    InlineSchema,
    /// The schema describes a single value without an enumeration.
    Scalar,
    /// The array has a fixed length before or after.
    FixedLength,
    /// Formats of a string before and after.
    #[expect(missing_docs, reason = "the names of the fields say it")]
    StringFormats {
        old: Option<String>,
        new: Option<String>,
    },
    /// Ranges of the value before and after; `None` if it is not an integer.
    #[expect(missing_docs, reason = "the names of the fields say it")]
    IntegerRanges {
        old: Option<IntegerRange>,
        new: Option<IntegerRange>,
    },
}

/// Inclusive limits of an integer.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names of the fields say it")]
pub struct IntegerRange {
    pub minimum: Option<f64>,
    pub maximum: Option<f64>,
}

/// A path from an operation to a part of the document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Usage {
    /// The operation, such as `GET /offersource/list/`.
    pub operation: String,
    /// Direction of the message.
    pub direction: Direction,
    /// Steps: a status, `body` or a parameter first, then types and properties.
    pub path: Vec<String>,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Kind of the change.
    pub kind: ChangeKind,
    /// ID of the rule, completed with the context.
    pub id: String,
    /// Meaning on the wire.
    pub level: Level,
    /// Direction of the messages.
    pub direction: Direction,
    /// Affected operations, such as `PUT /offersource/save/`. Empty for the whole document, and for unused
    /// parts.
    pub operations: Vec<String>,
    /// JSON pointer to the changed part, in the document that `side` names.
    pub pointer: PointerBuf,
    /// The new document, or the old one for a removed part.
    pub side: Side,
    /// Location of the part in the text of that document.
    pub location: Location,
    /// Location of the same part in the new document, or of its nearest remaining ancestor.
    pub new_location: Location,
    /// Paths from operations to the part.
    pub usages: Vec<Usage>,
    /// The difference, before and after.
    pub what: String,
    /// Meaning on the wire, in words.
    pub meaning: &'static str,
    /// Facts for each context in which the comparison found the change.
    pub facts: Vec<Vec<Fact>>,
    /// Identifies this change in allow lists. Independent of lines, the order of keys and entries, and time.
    pub fingerprint: String,
}

/// Number of changes of each level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Changes that break on the wire.
    pub breaking: usize,
    /// Changes that a person has to judge.
    pub warning: usize,
    /// Changes that existing clients do not notice.
    pub info: usize,
    /// Changes of documentation.
    pub docs: usize,
}

/// All changes between two documents, worst first.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Name of the old document.
    pub old: String,
    /// Name of the new document.
    pub new: String,
    /// The changes.
    pub changes: Vec<Change>,
}

impl Report {
    /// Checks whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Counts the changes.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let count = |level| self.changes.iter().filter(|change| change.level == level).count();
        Summary {
            breaking: count(Level::Breaking),
            warning: count(Level::Warning),
            info: count(Level::Info),
            docs: count(Level::Docs),
        }
    }

    /// Exit code of a command: 0 without changes, 6 if one breaks on the wire, 5 otherwise.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.changes.iter().map(|change| change.level).max() {
            None => 0,
            Some(Level::Breaking) => 6,
            Some(_) => 5,
        }
    }
}
