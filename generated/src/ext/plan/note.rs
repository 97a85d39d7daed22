//! Notes on the changes that a plan leaves out.

use crate::ext::Failure;
use crate::ext::snapshot::AssetKey;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Note on a change that a plan leaves out. See [`ChangePlan::notes`](super::ChangePlan::notes).
///
/// Displays as a sentence that states the asset and the reason.
///
/// ```
/// use funnelflux::ext::plan::{ChangePlan, PlanNoteKind};
///
/// /// Prints the assets whose secrets have to be set by hand.
/// fn print_secrets(plan: &ChangePlan) {
///     let notes = plan.notes().iter();
///     for note in notes.filter(|note| note.kind() == PlanNoteKind::Secret) {
///         println!("{:?}: {note}", note.asset());
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanNote {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asset: Option<AssetKey>,
    kind: PlanNoteKind,
    text: String,
}

/// Reason why a plan leaves out a change. Returned by [`PlanNote::kind`].
///
/// ```
/// use funnelflux::ext::plan::{PlanNote, PlanNoteKind};
///
/// /// Returns true if the same plan may be complete when it is made again.
/// fn may_pass(note: &PlanNote) -> bool {
///     note.kind() == PlanNoteKind::Unreadable
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PlanNoteKind {
    /// The asset, or the assets of a group, could not be read.
    Unreadable,
    /// The asset, or an asset that the change names, is deleted in the account or in the snapshot.
    Deleted,
    /// The service does not show the secret, so a plan cannot restore it.
    Secret,
    /// Someone has changed the value since the job that the plan undoes.
    Changed,
    /// A duplication may have created a copy, but the ID of the copy is not known.
    LostCopy,
    /// The text to replace is only a part of a longer text, or of the name of a member.
    PartOfText,
    /// Assets of the account are not in the snapshot, and stay as they are.
    NotInSnapshot,
    /// The service has no such operation, or does not accept the ID or a value.
    Invalid,
}

impl PlanNote {
    /// Creates a note on one asset. `rest` follows the key of the asset in the text.
    pub(super) fn on(key: &AssetKey, kind: PlanNoteKind, rest: impl fmt::Display) -> Self {
        Self {
            asset: Some(key.clone()),
            kind,
            text: format!("{key}{rest}"),
        }
    }

    /// Creates a note on an asset that could not be read.
    pub(super) fn unreadable(key: &AssetKey, failure: &Failure) -> Self {
        Self::on(
            key,
            PlanNoteKind::Unreadable,
            format_args!(" could not be read: {failure}"),
        )
    }

    /// Creates a note that does not concern a certain asset.
    pub(super) fn general(kind: PlanNoteKind, text: impl Into<String>) -> Self {
        Self {
            asset: None,
            kind,
            text: text.into(),
        }
    }

    /// Returns the asset that the note concerns; `None` if it concerns, for example, a whole group.
    #[must_use]
    pub fn asset(&self) -> Option<&AssetKey> {
        self.asset.as_ref()
    }

    /// Returns the reason why the change is left out.
    #[must_use]
    pub fn kind(&self) -> PlanNoteKind {
        self.kind
    }
}

impl fmt::Display for PlanNote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}
