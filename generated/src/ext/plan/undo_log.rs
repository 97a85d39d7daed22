//! Record of the states of assets before a bulk job.

use super::difference::{same_at, status_of};
use super::entry::STATUS;
use super::error::{PlanError, PlanProblem};
use super::journal::{Before, Header, Line, Made, open};
use super::note::{PlanNote, PlanNoteKind};
use crate::ext::asset_group::GroupReader;
use crate::ext::error_class::ErrorClass;
use crate::ext::line_file::{LineError, LineFile};
use crate::ext::snapshot::{AssetKey, Changes, ValueChange};
use crate::ext::{AssetGroup, AssetStatus, Cascade, ChangeRecord, Failure, FoundAsset, ServerBehavior};
use crate::{Client, Error};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Maximum number of attempts to list the children.
const ATTEMPTS: u32 = 3;

/// Record of the states of assets before a bulk job. [`ChangePlan::undo`](super::ChangePlan::undo) uses it to
/// make a plan that reverts the job.
#[derive(Debug)]
pub(crate) struct UndoLog {
    group: AssetGroup,
    change: ChangeRecord,
    file: LineFile,
    /// Assets whose states are already in the file.
    recorded: BTreeSet<AssetKey>,
}

impl UndoLog {
    /// Returns the path of the undo log of a job: the path of the journal with the suffix `.undo`.
    pub(crate) fn path_for(journal: &Path) -> PathBuf {
        let mut path = journal.as_os_str().to_owned();
        path.push(".undo");
        path.into()
    }

    /// Records the states of the assets of a job, and of the children that the job handles. Does nothing if
    /// an earlier run of the job has recorded all these states. `segment` identifies the group, such as
    /// `offersource`.
    ///
    /// # Errors
    /// Returns an error if the state of an asset cannot be read, or if the file cannot be used. After an
    /// error, the job must not begin. It is not an error if the service refuses to list or return children.
    pub(crate) async fn record(
        client: Client,
        segment: &'static str,
        change: ChangeRecord,
        ids: Vec<String>,
        path: PathBuf,
    ) -> Result<(), PlanError> {
        let mut groups = AssetGroup::all().iter();
        let Some(group) = groups.find(|group| group.segment() == Some(segment)).copied() else {
            return Ok(());
        };
        let failed = |problem: PlanProblem| PlanError::at(&path, problem);
        let mut header = Header::new(&client, change.describe(group.plural())).await?;
        header.bulk = Some((group.name().to_owned(), change.clone()));
        let (file, recorded) = open(&path, &Line::Undo(header.clone())).map_err(failed)?;
        let recorded = match recorded {
            None => BTreeSet::new(),
            Some(recorded) if recorded.is_plan || recorded.header.bulk != header.bulk => {
                let recorded = recorded.header.job;
                return Err(failed(PlanProblem::OtherPlan { recorded }));
            }
            Some(recorded) => {
                recorded.header.check_account(&header).map_err(failed)?;
                if recorded.is_complete {
                    return Ok(());
                }
                recorded.into_before().map(|before| before.asset).collect()
            }
        };
        let mut log = Self {
            group,
            change,
            file,
            recorded,
        };
        log.states(&GroupReader::for_job(group, &client, 1), &ids).await?;
        log.children(&client, &ids).await.map_err(failed)?;
        log.file
            .append(&Line::Complete)
            .map_err(|error| failed(error.into()))?;
        log.file.sync().map_err(|error| failed(error.into()))
    }

    async fn states(&mut self, reader: &GroupReader, ids: &[String]) -> Result<(), PlanError> {
        for ids in ids.chunks(400) {
            // The recorded asset is never sent back. A number that a `Value` would round may therefore be a
            // string of digits.
            let found = reader.find_rows(ids).await;
            for (id, found) in ids.iter().zip(found) {
                let key = AssetKey::new(self.group.name(), id.clone());
                let value = match found {
                    FoundAsset::Found(row) => row.value,
                    FoundAsset::Missing => continue,
                    FoundAsset::Unreadable(failure) => {
                        let message = format!("the state of {key} could not be recorded: {failure}");
                        return Err(PlanError::at(self.file.path(), PlanProblem::Invalid(message)));
                    }
                };
                let change = self.change_of(&value);
                self.before(key, change, value)?;
            }
        }
        Ok(())
    }

    /// Returns the change that the job makes to an asset in this state; `None` if the job does not change the
    /// asset.
    fn change_of(&self, value: &Value) -> Option<Made> {
        match &self.change {
            ChangeRecord::Archive { .. } => changed(value, &[STATUS], "archived"),
            ChangeRecord::Unarchive => changed(value, &[STATUS], "active"),
            ChangeRecord::Delete { .. } => Some(Made::Deleted),
            ChangeRecord::MoveToCategory { category } => {
                changed(value, &[self.group.category_pointer()?], category)
            }
            // The journal records the copies.
            ChangeRecord::Duplicate { .. } => None,
        }
    }

    /// Records the states of the children that the job handles. If the service refuses to return the
    /// children, or if the cargo feature of their group is disabled, records this reason instead of the
    /// states. Any other failed read is an error.
    async fn children(&mut self, client: &Client, parents: &[String]) -> Result<(), PlanProblem> {
        let (children, deletes) = match &self.change {
            ChangeRecord::Archive { children } => (children.clone(), false),
            ChangeRecord::Delete { children } => (children.clone(), true),
            _ => return Ok(()),
        };
        if children.is_leave() {
            return Ok(());
        }
        let parents: BTreeSet<&str> = parents.iter().map(String::as_str).collect();
        for relation in self.group.children() {
            let Some(group) = AssetGroup::named(relation.group) else {
                let text = format!(
                    "{} are not compiled in, so their state is not recorded",
                    relation.group
                );
                self.unread(PlanNote::general(PlanNoteKind::Unreadable, text))?;
                continue;
            };
            if relation.pointers.is_empty() {
                let text = format!(
                    "the parents of {} are unknown, so the state of children is not recorded",
                    group.plural()
                );
                self.unread(PlanNote::general(PlanNoteKind::Unreadable, text))?;
                continue;
            }
            let parent_in = |asset: &Value| {
                let mut named = relation.pointers.iter().filter_map(|path| asset.pointer(path));
                named
                    .next()
                    .map(|parent| parents.contains(parent.as_str().unwrap_or_default()))
            };
            let reader = GroupReader::for_job(group, client, 1);
            let rows = match list(&reader).await {
                Ok(rows) => rows,
                // The service may not have the path, because the paths of inferred groups are guesses.
                Err(error) if ErrorClass::of(&error) == ErrorClass::Refused => {
                    let text = format!("{} could not be listed: {error}", group.plural());
                    self.unread(PlanNote::general(PlanNoteKind::Unreadable, text))?;
                    continue;
                }
                Err(error) => return Err(PlanProblem::Call(error)),
            };
            // A row may lack the ID of the parent although the asset contains this ID, so rows without one
            // are kept.
            let rows = rows.iter().filter(|row| parent_in(row) != Some(false));
            let ids: Vec<String> = rows.filter_map(|row| Some(group.id(row)?.into_owned())).collect();
            for ids in ids.chunks(400) {
                let found = reader.find_rows(ids).await;
                for (id, found) in ids.iter().zip(found) {
                    let key = AssetKey::new(group.name(), id.clone());
                    match found {
                        FoundAsset::Found(row) if parent_in(&row.value) == Some(true) => {
                            let change =
                                child_change(group, relation.pointers, &children, deletes, &row.value);
                            self.before(key, change, row.value)?;
                        }
                        FoundAsset::Found(_) | FoundAsset::Missing => {}
                        // The asset may be readable in a moment.
                        FoundAsset::Unreadable(failure) if !is_refused(&failure) => {
                            let message = format!("the state of {key} could not be recorded: {failure}");
                            return Err(PlanProblem::Invalid(message));
                        }
                        FoundAsset::Unreadable(failure) => {
                            self.unread(PlanNote::unreadable(&key, &failure))?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn unread(&mut self, note: PlanNote) -> Result<(), LineError> {
        self.file.append(&Line::Unread(note))
    }

    fn before(&mut self, key: AssetKey, change: Option<Made>, value: Value) -> Result<(), PlanProblem> {
        let is_deleted = status_of(value.pointer(STATUS)) == AssetStatus::Deleted;
        let Some(change) = change.filter(|_| !is_deleted) else {
            return Ok(());
        };
        if self.recorded.insert(key.clone()) {
            let value = Some(value);
            self.file.append(&Line::Before(Before {
                asset: key,
                change,
                value,
            }))?;
        }
        Ok(())
    }
}

/// Returns true if the service responded, but refused the read or sent the asset in an unexpected form.
fn is_refused(failure: &Failure) -> bool {
    let error = failure.error();
    error.is_none_or(|error| ErrorClass::of(error) == ErrorClass::Refused)
}

/// Lists the assets of a group. Repeats the request if a successful response is not the list, but for example
/// a page of a gateway.
async fn list(reader: &GroupReader) -> Result<Vec<Value>, Error> {
    let mut attempts = 1;
    loop {
        match reader.list().await {
            Err(error) if attempts < ATTEMPTS && error.status().is_some_and(|status| status.is_success()) => {
                attempts += 1;
            }
            rows => return rows,
        }
    }
}

/// Returns the change that archiving or deleting a parent makes to a child; `None` if the child stays
/// unchanged.
fn child_change(
    group: AssetGroup,
    pointers: &[&'static str],
    children: &Cascade<String>,
    deletes: bool,
    value: &Value,
) -> Option<Made> {
    // Aliases (older names) of a property change together with the property.
    let aliases = group
        .server_managed()
        .iter()
        .filter_map(|(path, behavior)| match behavior {
            ServerBehavior::AliasOf(current) if pointers.contains(current) => Some(*path),
            _ => None,
        });
    let paths: Vec<&str> = pointers.iter().copied().chain(aliases).collect();
    match children.values() {
        (Some("cascade"), _) if deletes => Some(Made::Deleted),
        (Some("cascade"), _) => changed(value, &[STATUS], "archived"),
        (Some("move"), Some(target)) => changed(value, &paths, target),
        (Some(_), _) => changed(value, &paths, ""),
        (None, _) => None,
    }
}

/// Returns the change that sets the values at `paths` to the string `new`; `None` if all these values already
/// equal `new`.
fn changed(value: &Value, paths: &[&str], new: &str) -> Option<Made> {
    let new = Some(Value::from(new));
    let changes = paths.iter().map(|path| ValueChange {
        path: (*path).to_owned(),
        old: value.pointer(path).cloned(),
        new: new.clone(),
    });
    let differs = |change: &ValueChange| !same_at(&change.path, change.old.as_ref(), change.new.as_ref());
    let changes: Vec<ValueChange> = changes.filter(differs).collect();
    Changes::new(changes)
        .ok()
        .filter(|changes| !changes.is_empty())
        .map(Made::Changed)
}
