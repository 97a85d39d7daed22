//! Proofs: the reason to believe the level of a change.

use serde_json::Value;

use crate::side::Side;

/// Proof of the level of a change.
///
/// A message is a request that clients send, or a response that the service sends. Nothing breaks if the
/// new document accepts every request that the old one accepted, and if the old document allows every
/// response that the new one allows.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Proof {
    /// The change is not about schemas, or its rule alone decides.
    #[default]
    None,
    /// Every message that was right before is right now, and nothing new arrives. The change does not break.
    Included,
    /// A message that is right on one side only. The change breaks.
    Counterexample {
        /// The value, shortened to the parts that matter.
        value: Value,
        /// The document that accepts it; the other one refuses it.
        accepted_by: Side,
    },
    /// Inclusion is not decided. The level is that of the rule.
    Undecided,
}

impl Proof {
    /// Orders the proofs of one change in several uses: the one that decides the level is the strongest.
    pub(crate) fn strength(&self) -> u8 {
        match self {
            Self::Included => 0,
            Self::None => 1,
            Self::Undecided => 2,
            Self::Counterexample { .. } => 3,
        }
    }
}
