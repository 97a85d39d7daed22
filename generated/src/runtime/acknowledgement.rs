//! Marker types that state whether a destructive call is documented or inferred. They prevent an inferred
//! call from being sent by accident.

use std::fmt::Debug;

/// Marks a call or job that may be sent: its operation is documented, or the caller has acknowledged that the
/// operation is inferred.
#[derive(Clone, Copy, Debug)]
pub struct Documented;

/// Marks a destructive call or job whose operation is inferred.
///
/// The vendor documents only the title and the HTTP method of an inferred operation, in an index. The path
/// and the body were inferred from similar operations. The call may fail, or may do something other than its
/// name says. Test it on an asset that you can afford to lose, and read the asset back.
/// `acknowledge_inferred` makes the call or job sendable.
#[derive(Clone, Copy, Debug)]
pub struct Inferred;

/// States whether a call or job needs an acknowledgement before it may be sent. The trait is sealed, because
/// this module is private.
pub trait EvidenceState: Copy + Debug + Send + Sync + 'static {
    /// True if the operation is inferred, and the caller has not acknowledged that.
    const IS_INFERRED: bool;
}

impl EvidenceState for Documented {
    const IS_INFERRED: bool = false;
}

impl EvidenceState for Inferred {
    const IS_INFERRED: bool = true;
}

/// Evidence state in which a call or job may be sent. The trait is sealed, because this module is private.
#[diagnostic::on_unimplemented(
    message = "this operation is inferred, not documented; acknowledge that before sending it",
    label = "fix: call `.acknowledge_inferred()` before this",
    note = "the documentation of the method and of the asset kind has the evidence; \
            `plan()` shows what a job would do and needs no acknowledgement"
)]
pub trait Sendable: EvidenceState {}

impl Sendable for Documented {}
