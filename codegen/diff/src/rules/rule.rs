//! A rule: the ID, level and meaning of a kind of change.

use crate::level::{Direction, Level};

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// ID of the changes that the rule covers.
    pub id: Id,
    /// Level of the changes that the rule covers.
    pub level: ByDirection<Level>,
    /// Meaning of these changes on the wire.
    pub meaning: ByDirection<&'static str>,
}

/// A value that may depend on the direction of the message.
#[derive(Clone, Copy, Debug)]
pub enum ByDirection<T> {
    /// The same value in every direction.
    Any(T),
    /// Different values for requests and responses.
    #[expect(missing_docs, reason = "the names of the fields say it")]
    Each { request: T, response: T },
}

/// ID of a change. If the tool oasdiff has the same rule, the ID is the same as in oasdiff.
#[derive(Clone, Copy, Debug)]
pub enum Id {
    /// An ID without parts that vary.
    Fixed(&'static str),
    /// An ID that begins with the context of a schema: `{context}-…`, such as `request-body-type-changed`.
    Schema(&'static str),
    /// An ID that also names a keyword: `{context}-{keyword}-…`, such as
    /// `response-property-max-length-set`.
    Keyword(&'static str),
    /// An ID for a property: `{direction}-property-…`.
    Property(&'static str),
    /// An ID for a required or optional property: `{direction}-{required or optional}-property-…`.
    PropertyPresence(&'static str),
}

impl Rule {
    /// Returns the level of a change in messages of a direction.
    #[must_use]
    pub fn level(&self, direction: Direction) -> Level {
        match (self.level, direction) {
            (ByDirection::Any(level), _)
            | (ByDirection::Each { request: level, .. }, Direction::Request)
            | (ByDirection::Each { response: level, .. }, Direction::Response) => level,
            (ByDirection::Each { request, response }, Direction::Both | Direction::None) => {
                request.max(response)
            }
        }
    }

    pub(crate) fn meaning(&self, direction: Direction) -> &'static str {
        match (self.meaning, direction) {
            (ByDirection::Any(text), _)
            | (ByDirection::Each { request: text, .. }, Direction::Request)
            | (ByDirection::Each { response: text, .. }, Direction::Response) => text,
            (ByDirection::Each { .. }, Direction::Both | Direction::None) => {
                "No operation is known to send or receive it. Other uses of it are reported separately."
            }
        }
    }
}
