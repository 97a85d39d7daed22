//! What the caller has to say before a job that removes something is sent: nothing where the call is documented, and that it
//! is deduced where it is.

#[cfg(feature = "_inferred")]
use crate::Unverified;
use std::fmt::Debug;

/// The calls of the job are documented: nothing has to be said before it is sent.
#[derive(Clone, Copy, Debug)]
pub struct Documented;

/// The calls of the job are deduced, and nobody has said yet that he knows. It can be planned, but not sent, before
/// [`Bulk::unverified`](super::Bulk::unverified).
#[cfg(feature = "_inferred")]
#[derive(Clone, Copy, Debug)]
pub struct Deduced;

/// What is said, or not yet.
pub trait Said: Copy + Debug + Send + Sync + 'static {}

impl<T: Copy + Debug + Send + Sync + 'static> Said for T {}

/// What has to be said. Sealed: this module is private.
pub trait Word: Said {
    /// What stands in its place before it is said.
    type Unsaid: Said;
    /// Nothing is said yet.
    const UNSAID: Self::Unsaid;
}

impl Word for Documented {
    type Unsaid = Self;
    const UNSAID: Self = Self;
}

/// A word that suffices where `Needed` has to be said. Sealed: this module is private.
#[diagnostic::on_unimplemented(
    message = "the call of this job is deduced, not documented, and nobody has said yet that he knows",
    label = "call `.unverified(Unverified::acknowledge())` on the job before this",
    note = "without it, `plan()` tells what the job would do; the evidence is in the documentation of the kind of assets"
)]
pub trait Suffices<Needed>: Said {
    /// The word.
    fn word(self) -> Needed;
}

impl<W: Word> Suffices<W> for W {
    fn word(self) -> W {
        self
    }
}

#[cfg(feature = "_inferred")]
impl Word for Unverified {
    type Unsaid = Deduced;
    const UNSAID: Deduced = Deduced;
}
