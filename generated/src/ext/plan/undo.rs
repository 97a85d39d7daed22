//! Plans that revert the changes of a job.

use super::ChangePlan;
use super::apply::{read_keys, readers_of};
use super::difference::{self, same_at};
use super::entry::PlanEntry;
use super::error::{PlanError, PlanProblem};
use super::journal::{Before, Header, Made, Recorded};
use super::make::keep_valid;
use super::note::{PlanNote, PlanNoteKind};
use super::undo_log::UndoLog;
use crate::Client;
use crate::ext::line_file::LineFile;
use crate::ext::snapshot::{AssetKey, Changes, ValueChange};
use crate::ext::{AssetGroup, AssetStatus, ChangeRecord, FoundAsset, Journal, ServerBehavior};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

impl ChangePlan {
    /// Makes a plan that reverts the changes of a job. `journal` is the journal of an applied plan, or the
    /// [undoable journal](crate::ext::Bulk::undoable_journal) of a bulk job. The job may
    /// have crashed, but it must not be running.
    ///
    /// The plan changes a value only if the job changed it and nobody has changed it since. The plan deletes
    /// assets that the job created. Two kinds of changes cannot be undone: deletions, and changes of values
    /// that someone else has changed since. The [`notes`](Self::notes) list them.
    ///
    /// The plan is reviewed, applied and, if necessary, undone like any other plan.
    ///
    /// # Errors
    /// Returns an error if the file is not a journal, or if the journal belongs to another account or
    /// service. Also returns an error if the job is still running, or if the job kept no record of the states
    /// before its changes.
    pub async fn undo(client: &Client, journal: impl AsRef<Path>) -> Result<Self, PlanError> {
        let path = journal.as_ref();
        LineFile::check_unused(path).map_err(|error| PlanError::at(path, error))?;
        let recorded = match Recorded::read(path) {
            Ok(recorded) => recorded,
            Err(PlanProblem::NotAJournal) => return undo_bulk(client, path).await,
            Err(problem) => return Err(PlanError::at(path, problem)),
        };
        let header = Header::new(client, String::new()).await?;
        let checked = recorded.header.check_account(&header);
        checked.map_err(|problem| PlanError::at(path, problem))?;
        let job = recorded.header.job.clone();
        let unread = recorded.unread.clone();
        let (entries, notes) = revert(client, recorded.into_before().collect(), unread).await;
        Ok(Self::new(client, format!("undo: {job}"), notes, entries).await?)
    }
}

/// Makes a plan that reverts a bulk job.
async fn undo_bulk(client: &Client, path: &Path) -> Result<ChangePlan, PlanError> {
    let journal = Journal::read(path).map_err(|error| PlanError::new(PlanProblem::Journal(error)))?;
    let mut header = Header::new(client, journal.job().to_owned()).await?;
    let actual = header.clone();
    journal.base_url().clone_into(&mut header.base_url);
    header.account = journal.account().map(str::to_owned);
    header
        .check_account(&actual)
        .map_err(|problem| PlanError::at(path, problem))?;
    let mut groups = AssetGroup::all().iter();
    let group = groups.find(|group| group.segment() == Some(journal.segment()));
    let is_duplication = matches!(journal.change(), ChangeRecord::Duplicate { .. });
    let (before, unread): (Vec<Before>, Vec<PlanNote>) = if let Some(group) = group.filter(|_| is_duplication)
    {
        let created = |id: &str| Before {
            asset: AssetKey::new(group.name(), id),
            change: Made::Created,
            value: None,
        };
        let lost = journal.lost_copies().into_iter();
        let lost = lost.map(|text| PlanNote::general(PlanNoteKind::LostCopy, text));
        (journal.copies().map(created).collect(), lost.collect())
    } else if journal.changed_nothing() {
        (Vec::new(), Vec::new())
    } else {
        let log = UndoLog::path_for(path);
        if !log.try_exists().unwrap_or(true) {
            return Err(PlanError::at(path, PlanProblem::NoRecord));
        }
        let recorded = Recorded::read(&log).map_err(|problem| PlanError::at(&log, problem))?;
        let name = group.map(|group| group.name()).unwrap_or_default();
        let may_have_changed = journal.may_have_changed();
        let changed = |before: &Before| {
            before.asset.group != name || may_have_changed.contains(before.asset.id.as_str())
        };
        let unread = recorded.unread.clone();
        (recorded.into_before().filter(changed).collect(), unread)
    };
    let (entries, notes) = revert(client, before, unread).await;
    Ok(ChangePlan::new(client, format!("undo: {}", journal.job()), notes, entries).await?)
}

/// Returns the entries that revert changes, and notes on the changes that no entry can revert.
async fn revert(
    client: &Client,
    before: Vec<Before>,
    mut notes: Vec<PlanNote>,
) -> (Vec<PlanEntry>, Vec<PlanNote>) {
    let keys: Vec<AssetKey> = before.iter().map(|before| before.asset.clone()).collect();
    let readers = readers_of(client, &keys, 1);
    let mut states = read_keys(readers, keys).await;
    let is_gone = |before: &&Before| {
        before.change == Made::Deleted && !is_there(&before.asset, states.get(&before.asset))
    };
    let gone: BTreeSet<&str> = before
        .iter()
        .filter(is_gone)
        .map(|before| before.asset.id.as_str())
        .collect();
    let mut entries = Vec::new();
    for before in &before {
        let key = &before.asset;
        let Some(group) = AssetGroup::named(&key.group) else {
            let rest = ": its group is not compiled in";
            notes.push(PlanNote::on(key, PlanNoteKind::Invalid, rest));
            continue;
        };
        let current = match states.remove(key) {
            Some(FoundAsset::Found(current)) => {
                Some(current).filter(|current| group.summary(current).status != AssetStatus::Deleted)
            }
            Some(FoundAsset::Unreadable(failure)) => {
                notes.push(PlanNote::unreadable(key, &failure));
                continue;
            }
            Some(FoundAsset::Missing) | None => None,
        };
        let entry = match (&before.change, current) {
            (Made::Created, Some(current)) => Some(difference::delete(group, key, &current)),
            (Made::Created, None) | (Made::Deleted, Some(_)) => None,
            (Made::Deleted, None) => {
                let rest = " was deleted, and the service has no operation that restores it; the journal has \
                            its last state";
                notes.push(PlanNote::on(key, PlanNoteKind::Deleted, rest));
                None
            }
            (Made::Changed(_), None) => {
                let rest = " does not exist any more, so its changes cannot be undone";
                notes.push(PlanNote::on(key, PlanNoteKind::Deleted, rest));
                None
            }
            (Made::Changed(changes), Some(current)) => {
                let changes = reverted(group, key, changes, &current, &gone, &mut notes);
                difference::entry(group, key, &current, changes)
            }
        };
        if let Some(entry) = entry {
            keep_valid(entry, &mut entries, &mut notes);
        }
    }
    (entries, notes)
}

/// Returns false if the asset is missing or deleted. An asset that could not be read counts as existing.
fn is_there(key: &AssetKey, state: Option<&FoundAsset>) -> bool {
    let group = AssetGroup::named(&key.group);
    match state {
        Some(FoundAsset::Found(asset)) => {
            group.is_some_and(|group| group.summary(asset).status != AssetStatus::Deleted)
        }
        Some(FoundAsset::Unreadable(_)) => true,
        Some(FoundAsset::Missing) | None => false,
    }
}

/// Returns the changes that revert `changes`, which a job made to one asset. Leaves out values that somebody
/// has changed since the job, and values that cannot be restored. Adds notes on both.
fn reverted(
    group: AssetGroup,
    key: &AssetKey,
    changes: &Changes,
    current: &Value,
    gone: &BTreeSet<&str>,
    notes: &mut Vec<PlanNote>,
) -> Vec<ValueChange> {
    let mut reverted = Vec::new();
    for change in changes {
        let actual = current.pointer(&change.path);
        let is_secret = group.server_managed().iter().any(|(path, behavior)| {
            matches!(behavior, ServerBehavior::Secret { .. }) && change.path == *path
        });
        if is_secret {
            let rest = format_args!(": the old secret at {} is not known", change.path);
            notes.push(PlanNote::on(key, PlanNoteKind::Secret, rest));
        } else if same_at(&change.path, actual, change.old.as_ref()) {
            // The job did not change the value, or the change was reverted already.
        } else if let Some(id) = change
            .old
            .as_ref()
            .and_then(Value::as_str)
            .filter(|id| gone.contains(id))
        {
            let rest = format_args!(": {} was {id}, which was deleted", change.path);
            notes.push(PlanNote::on(key, PlanNoteKind::Deleted, rest));
        } else if same_at(&change.path, actual, change.new.as_ref()) {
            reverted.push(ValueChange {
                path: change.path.clone(),
                old: actual.cloned(),
                new: change.old.clone(),
            });
        } else {
            let shown = actual.map_or("absent".to_owned(), Value::to_string);
            let path = &change.path;
            let rest = format_args!(": {path} has changed since the job, to {shown}, and stays");
            notes.push(PlanNote::on(key, PlanNoteKind::Changed, rest));
        }
    }
    reverted
}
