//! Acknowledgements that a job needs before it is sent: none if its calls are documented, and
//! [`Unverified`](crate::Unverified) if a call that archives or deletes is inferred.

#[cfg(feature = "_inferred")]
use crate::Unverified;
use std::fmt::Debug;

/// Marks a job whose calls are documented. It can be sent without an acknowledgement.
#[derive(Clone, Copy, Debug)]
pub struct Documented;

/// Marks a job whose calls are inferred and not yet acknowledged. It can be planned. To send it, call
/// [`Bulk::unverified`](super::Bulk::unverified) first.
#[cfg(feature = "_inferred")]
#[derive(Clone, Copy, Debug)]
pub struct Inferred;

/// An acknowledgement, given or still missing.
pub trait AcknowledgementState: Copy + Debug + Send + Sync + 'static {}

impl<T: Copy + Debug + Send + Sync + 'static> AcknowledgementState for T {}

/// The acknowledgement that a call requires. Sealed: this module is private.
pub trait RequiredAcknowledgement: AcknowledgementState {
    /// The type of a job that still lacks the acknowledgement.
    type Missing: AcknowledgementState;
    /// The missing acknowledgement.
    const MISSING: Self::Missing;
}

impl RequiredAcknowledgement for Documented {
    type Missing = Self;
    const MISSING: Self = Self;
}

/// An acknowledgement that satisfies the required one, `Needed`. Sealed: this module is private.
#[diagnostic::on_unimplemented(
    message = "this operation is inferred, not documented; acknowledge that before sending the job",
    label = "fix: call `.unverified(Unverified::acknowledge())` on the job before this",
    note = "`plan()` shows what the job would do and needs no acknowledgement; \
            the documentation of the asset kind has the evidence"
)]
pub trait Satisfies<Needed>: AcknowledgementState {
    /// Converts to the required acknowledgement.
    fn give(self) -> Needed;
}

impl<W: RequiredAcknowledgement> Satisfies<W> for W {
    fn give(self) -> W {
        self
    }
}

#[cfg(feature = "_inferred")]
impl RequiredAcknowledgement for Unverified {
    type Missing = Inferred;
    const MISSING: Inferred = Inferred;
}
