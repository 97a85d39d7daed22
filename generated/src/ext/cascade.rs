//! Handling of children when their parents are archived or deleted.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Handling of children when their parents are archived or deleted.
///
/// The children of an offer source are its offer pages. The following table lists the effect of each choice.
/// The vendor documents these effects for offer pages. For children of categories and of funnel groups, the
/// effects are inferred.
///
/// | choice | sent | archive | delete |
/// |---|---|---|---|
/// | [`leave`](Self::leave) | nothing | children stay unchanged | children stay unchanged |
/// | [`cascade`](Self::cascade) | `cascade` | children are archived too | children are deleted too |
/// | [`move_to`](Self::move_to) | `move` and the target | children are reassigned to the target | same |
/// | [`orphan`](Self::orphan) | `orphan` | children lose their parent | same |
///
/// On offer pages, `orphan` clears the property `offerParams.idOfferSource`.
///
/// **The vendor does not document:**
///
/// - whether a request handles the children of a parent that is *already* archived or deleted;
/// - whether the target of `move_to` may itself be archived;
/// - whether unarchiving a parent restores children that a cascade archived (probably not).
///
/// These mistakes do not compile: a move without a target, a target with a choice other than `move_to`, and a
/// target of another kind of asset. The first example below contains a target of another kind; the second
/// example is correct.
///
/// ```compile_fail,E0277
/// use funnelflux::{ext::Cascade, types::{CategoryId, OfferSourceId}};
///
/// let category = CategoryId::from("2nIemJxCKbFX");
/// let children: Cascade<OfferSourceId> = Cascade::move_to(category);
/// ```
/// ```
/// use funnelflux::{ext::Cascade, types::OfferSourceId};
///
/// let children: Cascade<OfferSourceId> = Cascade::move_to("2nIemJxCKbFX");
/// assert_eq!(children.to_string(), "children move to 2nIemJxCKbFX");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
#[must_use = "a cascade does nothing until it is given to a bulk job"]
pub struct Cascade<I>(Choice<I>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Choice<I> {
    Leave,
    Cascade,
    MoveTo(I),
    Orphan,
}

impl<I> Cascade<I> {
    /// Leaves the children unchanged. The request then has no options for children. This is the default.
    ///
    /// The vendor documents that child pages do not change if a request has no such options.
    pub const fn leave() -> Self {
        Self(Choice::Leave)
    }

    /// Archives or deletes the children together with the parent.
    #[expect(
        clippy::self_named_constructors,
        reason = "the vendor calls both the option and this value cascade"
    )]
    pub const fn cascade() -> Self {
        Self(Choice::Cascade)
    }

    /// Reassigns the children to another parent, `target`.
    ///
    /// A bulk job is invalid if the target is one of the assets that the job changes. Before any change, the
    /// job reads the target. If the target is missing, deleted or unreadable, the job changes nothing.
    pub fn move_to(target: impl Into<I>) -> Self {
        Self(Choice::MoveTo(target.into()))
    }

    /// Removes the children from their parent, and leaves them without a parent.
    pub const fn orphan() -> Self {
        Self(Choice::Orphan)
    }

    /// Returns true if the children stay unchanged.
    #[must_use]
    pub const fn is_leave(&self) -> bool {
        matches!(self.0, Choice::Leave)
    }

    /// Returns the parent to which the children move, if they move.
    #[must_use]
    pub const fn target(&self) -> Option<&I> {
        match &self.0 {
            Choice::MoveTo(target) => Some(target),
            Choice::Leave | Choice::Cascade | Choice::Orphan => None,
        }
    }

    /// Converts the target to another ID type.
    pub(crate) fn map<J>(&self, id: impl FnOnce(&I) -> J) -> Cascade<J> {
        Cascade(match &self.0 {
            Choice::Leave => Choice::Leave,
            Choice::Cascade => Choice::Cascade,
            Choice::MoveTo(target) => Choice::MoveTo(id(target)),
            Choice::Orphan => Choice::Orphan,
        })
    }
}

impl<I: AsRef<str>> Cascade<I> {
    /// Returns the values of two properties of the request body: the action and the target. If a value is
    /// `None`, the request lacks the property.
    pub(crate) fn values(&self) -> (Option<&'static str>, Option<&str>) {
        match &self.0 {
            Choice::Leave => (None, None),
            Choice::Cascade => (Some("cascade"), None),
            Choice::MoveTo(target) => (Some("move"), Some(target.as_ref())),
            Choice::Orphan => (Some("orphan"), None),
        }
    }
}

impl<I> Default for Cascade<I> {
    fn default() -> Self {
        Self::leave()
    }
}

impl<I: fmt::Display> fmt::Display for Cascade<I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Choice::Leave => formatter.write_str("children stay"),
            Choice::Cascade => formatter.write_str("children too"),
            Choice::MoveTo(target) => write!(formatter, "children move to {target}"),
            Choice::Orphan => formatter.write_str("children are orphaned"),
        }
    }
}
