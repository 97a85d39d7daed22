//! Planned change of one asset: its steps, and its description in words.

use super::difference::{same, status_of};
use crate::ext::snapshot::{AssetKey, Changes, Fingerprint, ValueChange};
use crate::ext::{AssetGroup, AssetStatus, ServerBehavior};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::{self, Write as _};

/// JSON pointer to the status of an asset.
pub(super) const STATUS: &str = "/status";
/// Maximum number of changes that the description of an entry lists.
const MAX_CHANGES: usize = 6;
/// Maximum number of characters of a JSON value in the description of an entry. Longer values are shortened.
const MAX_VALUE: usize = 60;

/// Planned change of one asset.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanEntry {
    pub(super) key: AssetKey,
    /// Name of the asset when the plan was made.
    pub(super) name: Option<String>,
    /// Fingerprint of the asset when the plan was made; `None` if the entry creates the asset.
    pub(super) was: Option<Fingerprint>,
    pub(super) action: Action,
}

/// Change of an asset.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// Creates the asset. The value is the whole asset.
    Create(Value),
    /// Changes values of the asset.
    Change(Changes),
    /// Deletes the asset.
    Delete,
}

/// A step of the change of one asset. Each step is one kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PlanStep {
    /// Creates the asset under an ID that the plan contains.
    Create,
    /// Restores the asset from the archive.
    Unarchive,
    /// Saves the asset with other values.
    Save,
    /// Moves the asset to another category, or out of its category.
    Move,
    /// Archives the asset. Its children stay unchanged.
    Archive,
    /// Deletes the asset. Its children stay unchanged.
    Delete,
}

impl PlanStep {
    /// Returns the words that describe an asset after the step, such as `saved`.
    pub(super) const fn past(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Unarchive => "restored from the archive",
            Self::Save => "saved",
            Self::Move => "moved to its category",
            Self::Archive => "archived",
            Self::Delete => "deleted",
        }
    }
}

impl PlanEntry {
    /// Returns the group and the ID of the asset.
    #[must_use]
    pub fn key(&self) -> &AssetKey {
        &self.key
    }

    /// Returns the name that the asset had when the plan was made.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns the fingerprint that the asset had when the plan was made; `None` if the plan creates the
    /// asset.
    #[must_use]
    pub fn was(&self) -> Option<Fingerprint> {
        self.was
    }

    /// Returns the asset that the plan creates; `None` if the plan changes or deletes the asset.
    #[must_use]
    pub fn created(&self) -> Option<&Value> {
        match &self.action {
            Action::Create(value) => Some(value),
            Action::Change(_) | Action::Delete => None,
        }
    }

    /// Returns the changed values with their paths; empty if the plan creates or deletes the asset.
    pub fn changes(&self) -> std::slice::Iter<'_, ValueChange> {
        match &self.action {
            Action::Change(changes) => changes.iter(),
            Action::Create(_) | Action::Delete => [].iter(),
        }
    }

    /// Returns the group of the asset; `None` if the cargo feature of the group is disabled.
    pub(super) fn group(&self) -> Option<AssetGroup> {
        AssetGroup::named(&self.key.group)
    }

    /// Returns the steps of the change, in the order in which they are sent.
    #[must_use]
    pub fn steps(&self) -> Vec<PlanStep> {
        let mut steps: Vec<PlanStep> = match &self.action {
            Action::Create(value) if is_archived(value) => vec![PlanStep::Create, PlanStep::Archive],
            Action::Create(_) => vec![PlanStep::Create],
            Action::Delete => vec![PlanStep::Delete],
            Action::Change(changes) => changes.iter().map(|change| self.step_of(change)).collect(),
        };
        steps.sort_unstable();
        steps.dedup();
        steps
    }

    /// Returns the step that makes this change.
    pub(super) fn step_of(&self, change: &ValueChange) -> PlanStep {
        let Some(group) = self.group() else {
            return PlanStep::Save;
        };
        let abilities = group.abilities();
        if change.path == STATUS {
            return match status_of(change.new.as_ref()) {
                AssetStatus::Active if abilities.unarchive => PlanStep::Unarchive,
                AssetStatus::Archived if abilities.archive => PlanStep::Archive,
                _ => PlanStep::Save,
            };
        }
        if group.category_pointer() == Some(&change.path) && abilities.categorise {
            return PlanStep::Move;
        }
        PlanStep::Save
    }

    /// Returns the changes of values that this step makes.
    pub(super) fn changes_of(&self, step: PlanStep) -> impl Iterator<Item = &ValueChange> {
        self.changes().filter(move |change| self.step_of(change) == step)
    }

    /// Returns the ID of the category to which the asset moves; empty if the asset leaves its category.
    pub(super) fn category(&self) -> String {
        let change = self.changes_of(PlanStep::Move).next();
        let new = change.and_then(|change| change.new.as_ref()?.as_str());
        new.unwrap_or_default().to_owned()
    }

    /// Returns true if the operations on the asset's group are inferred. The vendor documents only the titles
    /// and HTTP methods of such operations.
    #[must_use]
    pub fn is_inferred(&self) -> bool {
        self.group().is_none_or(AssetGroup::is_inferred)
    }

    /// Returns true if applying the entry needs an acknowledgement, because the entry archives or deletes the
    /// asset by an inferred call.
    #[must_use]
    pub fn requires_acknowledgement(&self) -> bool {
        let is_destructive = |step: &PlanStep| matches!(step, PlanStep::Archive | PlanStep::Delete);
        self.is_inferred() && self.steps().iter().any(is_destructive)
    }

    /// Describes the part of the change that cannot be undone; `None` if the whole change can be undone.
    #[must_use]
    pub fn cannot_undo(&self) -> Option<String> {
        match &self.action {
            Action::Delete => Some(
                "the service has no operation that restores a deleted asset, its ID or its statistics"
                    .to_owned(),
            ),
            Action::Create(_) => {
                Some("undoing it deletes the asset; its ID cannot be used again afterwards".to_owned())
            }
            Action::Change(_) => {
                let managed = self.group()?.server_managed();
                let is_secret = |change: &&ValueChange| {
                    managed.iter().any(|(pointer, behavior)| {
                        matches!(behavior, ServerBehavior::Secret { .. }) && change.path == *pointer
                    })
                };
                let secret = self.changes().find(is_secret)?;
                Some(format!(
                    "the service does not show the old secret at {}",
                    secret.path
                ))
            }
        }
    }

    /// Describes the changes of values that the step *save* makes.
    fn saved(&self) -> String {
        let mut saved: Vec<String> = self.changes_of(PlanStep::Save).map(words).collect();
        if saved.len() > MAX_CHANGES {
            let more = saved.len() - MAX_CHANGES;
            saved.truncate(MAX_CHANGES);
            saved.push(format!("and {more} more changes"));
        }
        saved.join("; ")
    }

    /// Returns a description of the asset, such as `page "Lander" (pages/2nIemJxCKbFX)`.
    pub(super) fn subject(&self) -> String {
        let singular = self.group().map_or("asset", AssetGroup::singular);
        match &self.name {
            Some(name) => format!("{singular} {} ({})", quoted(name), self.key),
            None => format!("{singular} {}", self.key),
        }
    }
}

fn is_archived(value: &Value) -> bool {
    status_of(value.pointer(STATUS)) == AssetStatus::Archived
}

impl fmt::Display for PlanEntry {
    /// Writes one line that describes the effect of applying the entry.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = self.subject();
        match &self.action {
            Action::Create(value) => {
                let end = if is_archived(value) {
                    ", and archives it"
                } else {
                    ""
                };
                return write!(formatter, "creates the {subject}{end}");
            }
            Action::Delete => return write!(formatter, "deletes the {subject}"),
            Action::Change(_) => {}
        }
        let mut parts = Vec::new();
        for step in self.steps() {
            parts.push(match step {
                PlanStep::Unarchive => "restores it from the archive".to_owned(),
                PlanStep::Archive => "archives it".to_owned(),
                PlanStep::Move => match self.category().as_str() {
                    "" => "takes it out of its category".to_owned(),
                    category => format!("moves it to category {category}"),
                },
                PlanStep::Save => self.saved(),
                PlanStep::Create | PlanStep::Delete => continue,
            });
        }
        write!(formatter, "{subject}: {}", parts.join("; "))
    }
}

/// Describes the change of a value.
fn words(change: &ValueChange) -> String {
    let path = &change.path;
    match (&change.old, &change.new) {
        (Some(old), Some(new)) if !same(Some(old), None) => {
            format!("changes {path} from {} to {}", shown(old), shown(new))
        }
        (_, Some(new)) => format!("sets {path} to {}", shown(new)),
        (Some(old), None) => format!("removes {path}, which is {}", shown(old)),
        (None, None) => format!("leaves {path}"),
    }
}

/// Returns the JSON text of a value, shortened if necessary.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= MAX_VALUE {
        return text;
    }
    let mut short: String = text.chars().take(MAX_VALUE).collect();
    let _ = write!(short, "… ({} characters)", text.chars().count());
    short
}

fn quoted(name: &str) -> String {
    shown(&Value::from(name))
}
