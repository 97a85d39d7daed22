//! The change of one asset while a plan is applied.

use crate::ext::plan::entry::{Action, PlanEntry, PlanStep};
use crate::ext::plan::journal::{Before, Made, is_left};
use crate::ext::plan::store::{Freshness, StalePolicy, deleted, freshness, is_deleted, stale};
use crate::ext::snapshot::{Changes, ValueChange};
use crate::ext::{AssetGroup, Failure, FoundAsset, Outcome, Reason};
use serde_json::Value;
use std::collections::BTreeSet;

/// The progress of one entry of the plan.
pub(super) struct Work<'p> {
    pub(super) entry: &'p PlanEntry,
    pub(super) group: AssetGroup,
    /// Steps that the entry still needs.
    pub(super) steps: Vec<PlanStep>,
    /// Steps that an earlier run sent, or was about to send.
    pub(super) sent: BTreeSet<PlanStep>,
    /// Steps that this run has finished, with their outcomes.
    pub(super) finished: Vec<(PlanStep, Outcome)>,
    /// State of the asset when it was last read.
    pub(super) current: Option<Value>,
    /// State before the change, according to the journal.
    pub(super) before: Option<Before>,
    pub(super) outcome: Option<Outcome>,
}

impl Work<'_> {
    pub(super) fn policy(&self, rebase: bool) -> StalePolicy {
        StalePolicy {
            rebase,
            is_begun: self.before.is_some(),
        }
    }

    /// Compares the entry with the current state of the asset. Returns an outcome if the entry needs no step,
    /// or cannot be applied.
    pub(super) fn look(&mut self, state: FoundAsset, rebase: bool) -> Option<Outcome> {
        let current = match state {
            FoundAsset::Found(current) => current,
            // The step *create* reads the asset itself.
            FoundAsset::Missing | FoundAsset::Unreadable(_) if self.entry.was.is_none() => return None,
            FoundAsset::Missing if self.entry.action == Action::Delete => {
                return Some(if self.sent.is_empty() {
                    Outcome::ALREADY
                } else {
                    Outcome::CONFIRMED
                });
            }
            FoundAsset::Missing => {
                let message = format!("no {} with this ID can be read", self.group.singular());
                let failure = Failure::new(Reason::NotFound, message);
                if self.sent.is_empty() {
                    return Some(Outcome::Rejected { failure });
                }
                return Some(Outcome::Unknown { failure });
            }
            FoundAsset::Unreadable(failure) if self.sent.is_empty() => {
                return Some(Outcome::NotSent { failure });
            }
            FoundAsset::Unreadable(failure) => return Some(Outcome::Unknown { failure }),
        };
        if self.entry.was.is_none() {
            // An earlier run may have created the asset, so that only its archiving is left. The step
            // *create* checks this.
            self.current = Some(current);
            return None;
        }
        if is_deleted(self.group, &current) {
            return Some(match (&self.entry.action, self.sent.is_empty()) {
                (Action::Delete, true) => Outcome::ALREADY,
                (Action::Delete, false) => Outcome::CONFIRMED,
                _ => deleted(self.group, self.entry),
            });
        }
        let policy = self.policy(rebase);
        let freshness = freshness(self.group, self.entry, &current, policy);
        self.current = Some(current);
        match freshness {
            Freshness::Fresh => None,
            Freshness::Satisfied if self.sent.is_empty() => Some(Outcome::ALREADY),
            Freshness::Satisfied => Some(Outcome::CONFIRMED),
            Freshness::Stale(reason) => Some(stale(self.entry, &reason, !self.sent.is_empty())),
        }
    }

    /// Begins the step *save* anew, because someone else has changed values at its paths since the state for
    /// the journal was read. Returns an outcome if the entry cannot be applied any more.
    pub(super) fn begin_anew(&mut self, current: Value, rebase: bool) -> Option<Outcome> {
        if self.finished.is_empty() && self.sent.is_empty() {
            self.before = None;
            return self.look(FoundAsset::Found(current), rebase);
        }
        self.record_only_left(PlanStep::Save, Some(&current));
        None
    }

    /// Replaces the recorded changes of `step` by those that the asset `current` still lacks; without an
    /// asset, by none. The others were made by someone else, and an undo must not revert them. Returns true
    /// if the recorded changes are others than before.
    pub(super) fn record_only_left(&mut self, step: PlanStep, current: Option<&Value>) -> bool {
        let Some(Before {
            change: Made::Changed(recorded),
            ..
        }) = &mut self.before
        else {
            return false;
        };
        let kept = recorded
            .iter()
            .filter(|change| self.entry.step_of(change) != step)
            .cloned();
        let left = current.map(|current| left(self.entry.changes_of(step), current));
        let changes = kept.chain(left.into_iter().flatten()).collect();
        let changes = Changes::new(changes).unwrap_or_else(|_| recorded.clone());
        let is_other = changes != *recorded;
        *recorded = changes;
        is_other
    }

    /// Returns the state before the change, for the journal.
    pub(super) fn state(&self) -> Before {
        let change = match &self.entry.action {
            Action::Create(_) => Made::Created,
            Action::Delete => Made::Deleted,
            Action::Change(changes) => Made::Changed(match &self.current {
                Some(current) => {
                    Changes::new(left(changes.iter(), current)).unwrap_or_else(|_| changes.clone())
                }
                None => changes.clone(),
            }),
        };
        Before {
            asset: self.entry.key.clone(),
            change,
            value: self.current.clone(),
        }
    }

    /// Derives the outcome of the entry from the outcomes of its steps.
    pub(super) fn total(&self) -> Outcome {
        let mut outcomes = self.finished.iter().map(|(_, outcome)| outcome);
        let changed: Vec<&str> = self
            .finished
            .iter()
            .filter(|(_, outcome)| matches!(outcome, Outcome::Done { .. }))
            .map(|(step, _)| step.past())
            .collect();
        let failed = self.finished.iter().find(|(_, outcome)| !outcome.is_success());
        let Some((_, failed)) = failed else {
            let is_confirmed = |outcome: &Outcome| !matches!(outcome, Outcome::Done { confirmed: false });
            return if changed.is_empty() {
                Outcome::ALREADY
            } else {
                Outcome::Done {
                    confirmed: outcomes.all(is_confirmed),
                }
            };
        };
        let (Some(failure), false) = (failed.failure(), changed.is_empty() && self.sent.is_empty()) else {
            return failed.clone();
        };
        if changed.is_empty() {
            return match failed {
                // An earlier run may have made a part of the change.
                Outcome::NotSent { failure } => Outcome::Unknown {
                    failure: failure.clone(),
                },
                failed => failed.clone(),
            };
        }
        let note = format!(
            "before that, it was {}, so it is changed in part",
            changed.join(" and ")
        );
        Outcome::Unknown {
            failure: failure.because(failure.reason(), &note),
        }
    }
}

/// Returns the changes that are left to make, with the values of the current asset as old values. The plan
/// may write an old value differently: for example, as an empty string if the property is now absent.
fn left<'c>(changes: impl Iterator<Item = &'c ValueChange>, current: &Value) -> Vec<ValueChange> {
    let left = changes.filter(|change| is_left(change, current));
    let with_old = |change: &ValueChange| ValueChange {
        old: current.pointer(&change.path).cloned(),
        ..change.clone()
    };
    left.map(with_old).collect()
}
