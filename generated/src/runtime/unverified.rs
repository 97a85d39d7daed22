//! Acknowledgement that a destructive call uses an inferred operation.

/// Acknowledges that the operation of a destructive call is inferred, not documented.
///
/// The vendor's index lists such an operation by title and method only; its path and its body follow the
/// pattern of another group. The call may fail, or may not do what its name says. Test it on an asset that
/// you can afford to lose, and read the asset back.
///
/// ```
/// use funnelflux::Unverified;
///
/// let acknowledged = Unverified::acknowledge();
/// println!("{acknowledged:?}");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Unverified(());

impl Unverified {
    /// Acknowledges that the call was never tested against the service, and that its path and body are
    /// inferred.
    ///
    /// The documentation of each operation states its evidence.
    #[must_use]
    pub const fn acknowledge() -> Self {
        Self(())
    }
}
