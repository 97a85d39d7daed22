//! What happens to the children of the assets that are archived or deleted.

use crate::types::{CascadeAction, ParentMutationRequest};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What happens to the children of the parents that are archived or deleted.
///
/// The children of an offer source are its offer pages. What the service does with them in each case (documented, unless
/// marked otherwise; for parents of other kinds, categories and funnel groups, all of it is deduced):
///
/// | choice | sent | archive | delete |
/// |---|---|---|---|
/// | [`leave`](Self::leave) | nothing | child pages are not touched | child pages are not touched |
/// | [`cascade`](Self::cascade) | `cascade` | child pages are archived too | child pages are deleted too |
/// | [`move_to`](Self::move_to) | `move` and the target | child pages are reassigned to the target | the same |
/// | [`orphan`](Self::orphan) | `orphan` | the pages lose their parent (`offerParams.idOfferSource` is cleared) | the same |
///
/// **Not documented:** whether the children of a parent that is archived or deleted *already* are handled when it is named
/// again; whether a target may itself be archived; whether unarchiving a parent brings back children that a cascade
/// archived (nothing suggests that it does).
///
/// A move without a target cannot be written, nor a target with another choice, nor one of another kind:
///
/// ```compile_fail,E0277
/// # use funnelflux::{ext::Cascade, types::{CategoryId, OfferSourceId}};
/// # let category = CategoryId::from("2nIemJxCKbFX");
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
    /// Leaves the children as they are: no option is sent.
    ///
    /// Documented: omitted options keep the endpoint's existing behaviour and do not change child pages. This is the default.
    pub const fn leave() -> Self {
        Self(Choice::Leave)
    }

    /// Does to the children what is done to the parent: archives or deletes them too.
    #[expect(
        clippy::self_named_constructors,
        reason = "the vendor calls both the option and this value of it cascade"
    )]
    pub const fn cascade() -> Self {
        Self(Choice::Cascade)
    }

    /// Reassigns the children to another parent, `target`.
    ///
    /// A bulk job refuses a target that is among the parents being removed, and reads the target before it sends anything:
    /// one that does not exist or is deleted ends the job with nothing sent.
    pub fn move_to(target: impl Into<I>) -> Self {
        Self(Choice::MoveTo(target.into()))
    }

    /// Takes the children out of their parent and leaves them without one.
    pub const fn orphan() -> Self {
        Self(Choice::Orphan)
    }

    /// Whether the children stay as they are.
    #[must_use]
    pub const fn is_leave(&self) -> bool {
        matches!(self.0, Choice::Leave)
    }

    /// The parent that the children move to.
    #[must_use]
    pub const fn target(&self) -> Option<&I> {
        match &self.0 {
            Choice::MoveTo(target) => Some(target),
            Choice::Leave | Choice::Cascade | Choice::Orphan => None,
        }
    }

    /// The same choice with another type of ID.
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
    /// The request body of an archive or delete call.
    pub(crate) fn request(&self, entries: Vec<String>) -> ParentMutationRequest {
        let request = ParentMutationRequest::new(entries);
        match &self.0 {
            Choice::Leave => request,
            Choice::Cascade => request.with_cascade_action(CascadeAction::Cascade),
            Choice::MoveTo(target) => request
                .with_cascade_action(CascadeAction::Move)
                .with_target_parent_id(target.as_ref()),
            Choice::Orphan => request.with_cascade_action(CascadeAction::Orphan),
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
