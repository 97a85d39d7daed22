//! The word of the caller that a call which removes something may rest on a guess.

/// Says that the caller knows: what the call that takes this does was deduced, not documented.
///
/// The vendor's index lists such an operation by title and method; its path and its body follow the pattern of another
/// group. It may fail, and it may do something else than its name says. Try it on something that may be lost, and read
/// back what it did.
///
/// ```
/// use funnelflux::Unverified;
///
/// let yes = Unverified::acknowledge();
/// # let _ = yes;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Unverified(());

impl Unverified {
    /// Accepts that a call which deletes or archives was never tried, and that its path and its body are deduced.
    ///
    /// Each item's documentation says on what evidence it rests.
    #[must_use]
    pub const fn acknowledge() -> Self {
        Self(())
    }
}
