//! Sentences in the file of a plan that say what happens when the plan is applied.

use super::ChangePlan;
use super::entry::{PlanEntry, PlanStep};

const APPLY: &str = "The plan has changed nothing. `funnelflux apply` (in Rust `ChangePlan::apply`) \
    makes the changes, reads each asset back, and reports the outcome of each.";
const ORDER: &str = "Order: assets are created, then restored from the archive, saved, moved, \
    archived, and deleted. An asset is created after the assets that it names.";
const KNOWN_ACCOUNT: &str = "`account` is the account of the plan. The plan is refused if the access \
    token names another account.";
const UNKNOWN_ACCOUNT: &str = "`account` is null because the access token did not name its account. \
    The plan is refused if the account has none of the assets that the plan changes.";
const NAME: &str = "`name` is the name of the asset before the change.";
const FINGERPRINT: &str = "`was` is the fingerprint of the asset when the plan was made. If the asset \
    was edited since, the whole entry is rejected as stale, and the asset stays as it is; the other \
    entries are made. With `--rebase` (`Apply::rebase`) the entry is made and the edit kept, if the \
    two concern different paths. Fields that the service manages, such as times and versions, do not \
    count.";
const CANNOT_UNDO: &str = "`cannot_undo` says what `funnelflux undo` cannot revert afterwards.";
const INFERRED: &str = "`inferred` is true if the vendor documents only the title and the method of \
    the operations; everything else about them is inferred from documented groups. Archiving and \
    deleting with them needs `--accept-inferred` (`Apply::acknowledge_inferred`).";

impl PlanStep {
    const ALL: [Self; 6] = [
        Self::Create,
        Self::Unarchive,
        Self::Save,
        Self::Move,
        Self::Archive,
        Self::Delete,
    ];

    /// Sentence about the operation of the step.
    const fn explanation(self) -> &'static str {
        match self {
            Self::Create => {
                "`create`: the asset is created under the ID in `asset`, with the values in `create`."
            }
            Self::Unarchive => "`unarchive`: the asset is restored from the archive.",
            Self::Save => {
                "`save`: the asset is saved with the new values in `changes`; all its other values stay."
            }
            Self::Move => "`move`: the asset gets another category. Its other values stay.",
            Self::Archive => "`archive`: the asset is archived. Its children stay unchanged.",
            Self::Delete => "`delete`: the asset is deleted for good. Its children stay unchanged.",
        }
    }
}

/// Decides if a plan needs a sentence.
type IsNeeded = fn(&ChangePlan) -> bool;

/// Sentences with the plans that need them. Sentences about steps follow.
const SENTENCES: [(&str, IsNeeded); 8] = [
    (APPLY, |_| true),
    (ORDER, |plan| plan.counts().len() > 1),
    (KNOWN_ACCOUNT, |plan| plan.account.is_some()),
    (UNKNOWN_ACCOUNT, |plan| plan.account.is_none()),
    (NAME, changes_existing),
    (FINGERPRINT, changes_existing),
    (CANNOT_UNDO, |plan| !plan.cannot_undo().is_empty()),
    (INFERRED, |plan| plan.entries.iter().any(PlanEntry::is_inferred)),
];

fn changes_existing(plan: &ChangePlan) -> bool {
    plan.entries.iter().any(|entry| entry.was.is_some())
}

/// Returns the sentences that a plan needs.
pub(super) fn of(plan: &ChangePlan) -> Vec<&'static str> {
    let needed = SENTENCES
        .iter()
        .filter(|(_, needs)| needs(plan))
        .map(|(sentence, _)| *sentence);
    needed
        .chain(plan.counts().keys().map(|step| step.explanation()))
        .collect()
}

/// Returns true if a plan can contain this sentence. An edited plan may contain fewer than it needs.
pub(super) fn is_known(sentence: &str) -> bool {
    SENTENCES.iter().any(|(known, _)| *known == sentence)
        || PlanStep::ALL.iter().any(|step| step.explanation() == sentence)
}
