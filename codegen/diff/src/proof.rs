//! Proofs that support the level of a change.

use serde::Serialize;
use serde_json::Value;

use crate::level::Side;

/// Proof of the level of a change.
///
/// A message is a request of a client, or a response of the service. Nothing breaks if two conditions hold:
/// the new document allows every request that the old document allows, and the old document allows every
/// response that the new document allows. So the sender's document is the old document for requests, and the
/// new document for responses. The other document is the receiver's.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Proof {
    /// The rule alone decides the level, for example because the change is not about schemas.
    #[default]
    None,
    /// Every message that the sender's document allows is valid in the receiver's document. The change is not
    /// breaking.
    Included,
    /// Like `Included`, but only if the alternatives of each `oneOf` are distinct, so that no message matches
    /// several of them. It is unknown whether they are distinct.
    IncludedIfDistinct,
    /// A message that the sender's document allows is invalid in the receiver's document. The change is
    /// breaking.
    Counterexample {
        /// The value that is invalid in the receiver's document: the message, or a small part of the message.
        value: Value,
        /// The document that allows the value; the other document rejects it.
        accepted_by: Side,
    },
    /// It is unknown whether every message that the sender's document allows is valid in the receiver's
    /// document. The level of the rule applies. If an operation uses the changed part, the change is at least
    /// a warning, and exactly a warning if authors disagree on the meaning of the changed value.
    Undecided,
}

impl Proof {
    /// Returns the rank of the proof. A changed part may have several uses, for example in a request and in a
    /// response, each with its own proof. The proof with the highest rank decides the level of the change.
    pub(crate) fn strength(&self) -> u8 {
        match self {
            Self::Included => 0,
            Self::None => 1,
            Self::IncludedIfDistinct => 2,
            Self::Undecided => 3,
            Self::Counterexample { .. } => 4,
        }
    }
}
