//! Sentences that explain the effect of a plan. They are written into the file of the plan.

use super::ChangePlan;
use super::entry::{PlanEntry, PlanStep};

const APPLY: &str = "The plan has changed nothing yet. `funnelflux apply` (in Rust \
    `ChangePlan::apply`) makes the changes, reads each asset back, and reports the outcome of each. \
    It changes only the assets in `entries`.";
const ORDER: &str = "The operations run in this order, whatever the order of `entries`: create, \
    unarchive, save, move, archive, delete. An asset is created after the assets whose IDs it \
    contains.";
const KNOWN_ACCOUNT: &str = "`account` is the account that the plan is for. If the access token names \
    another account, the plan is refused.";
const UNKNOWN_ACCOUNT: &str = "`account` is null because the access token does not name its account. \
    The plan applies to the account of the token that is used then. It is refused if that account has \
    none of the assets.";
const NAME: &str = "`name` is the name of the asset before the change.";
const FINGERPRINT: &str = "`was` identifies the state of the asset when the plan was made. If someone \
    edits the asset before the plan is applied, its entry is rejected as stale, and the asset stays \
    as it is; the other entries are applied. With `--rebase` (`Apply::rebase`) the entry is applied \
    and the edit kept, unless both concern the same property or the entry deletes the asset. \
    Properties that the service sets, such as times and versions, may differ.";
const UNDO: &str = "Afterwards, `funnelflux undo` reverts the changes with the journal that `apply` \
    writes. An entry with something that it cannot revert says so in `cannot_undo`.";
const INFERRED: &str = "`inferred: true` warns that the vendor's documentation has only the titles \
    and methods of these operations. The rest is inferred from similar operations, and the service \
    may behave differently. If such operations archive or delete, the plan is refused without \
    `--accept-inferred` (`Apply::acknowledge_inferred`).";

impl PlanStep {
    const ALL: [Self; 6] = [
        Self::Create,
        Self::Unarchive,
        Self::Save,
        Self::Move,
        Self::Archive,
        Self::Delete,
    ];

    /// Returns the sentence that explains the step.
    const fn explanation(self) -> &'static str {
        match self {
            Self::Create => {
                "`create`: the asset is created with the ID in `asset` and the values in `create`."
            }
            Self::Unarchive => "`unarchive`: the asset is restored from the archive. Its other values stay.",
            Self::Save => {
                "`save`: the asset is saved with the new values in `changes`. Its other values stay."
            }
            Self::Move => "`move`: the asset gets another category. Its other values stay.",
            Self::Archive => "`archive`: the asset is archived. Its other values and its children stay.",
            Self::Delete => "`delete`: the asset is deleted for good. Its children stay.",
        }
    }
}

/// Function that decides if a plan needs a sentence.
type IsNeeded = fn(&ChangePlan) -> bool;

/// General sentences, each with a function that decides if a plan needs the sentence. In the file, they come
/// before the explanations of the steps.
const SENTENCES: [(&str, IsNeeded); 8] = [
    (APPLY, |_| true),
    (ORDER, |plan| plan.counts().len() > 1),
    (KNOWN_ACCOUNT, |plan| plan.account.is_some()),
    (UNKNOWN_ACCOUNT, |plan| plan.account.is_none()),
    (NAME, changes_existing),
    (FINGERPRINT, changes_existing),
    (UNDO, |_| true),
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

/// Returns true if the crate writes this sentence into plans. An edited plan must not contain any other
/// explanation, but may lack sentences that the crate writes.
pub(super) fn is_known(sentence: &str) -> bool {
    SENTENCES.iter().any(|(known, _)| *known == sentence)
        || PlanStep::ALL.iter().any(|step| step.explanation() == sentence)
}
