//! Proofs that support the level of a change.

use serde::Serialize;
use serde_json::Value;

use crate::level::Side;

/// Proof of the level of a change.
///
/// A message is a request that clients send, or a response that the service sends. Nothing breaks if the new
/// document accepts every request that the old document accepts, and the old document allows every response
/// that the new document allows.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Proof {
    /// The rule alone decides the level, for example because the change is not about schemas.
    #[default]
    None,
    /// Every message that one side sends is valid on the other side. The change is not breaking.
    Included,
    /// Every message that one side sends is valid on the other side, except perhaps a message that matches
    /// several alternatives of a `oneOf`. It is not known that the alternatives exclude each other.
    IncludedIfDistinct,
    /// A message that one side sends is invalid on the other side. The change is breaking.
    Counterexample {
        /// The value that is invalid on the other side: the message, or a part of it. It is kept small.
        value: Value,
        /// The document that accepts the value; the other document rejects it.
        accepted_by: Side,
    },
    /// It is unknown whether every message that one side sends is valid on the other side. The level of the
    /// rule applies, but it is at least a warning if an operation uses the changed part.
    Undecided,
}

impl Proof {
    /// Returns the rank of the proof. A change can have a different proof in each use, and the proof of the
    /// highest rank decides the level of the change.
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
