//! The file of a plan: JSON that a person can read, review and keep under version control.

use super::ChangePlan;
use super::difference::{managed, status_of};
use super::entry::{Action, PlanEntry, PlanStep, STATUS};
use super::error::{PlanError, PlanProblem};
use super::explanation;
use super::note::PlanNote;
use crate::ext::snapshot::{AssetKey, Changes, Fingerprint, pointer};
use crate::ext::{AssetStatus, validate};
use crate::json::{self, ParseError};
use crate::runtime::private_file::PrivateFile;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// Version of the format.
pub(super) const FORMAT: u64 = 1;
/// Name of the JSON member that contains the version of the format.
const FORMAT_MEMBER: &str = "funnelflux_plan";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanFile {
    funnelflux_plan: u64,
    made_by: String,
    made: String,
    base_url: String,
    account: Option<String>,
    crate_version: String,
    document_version: String,
    /// Sentences that explain the other members; may be absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    explanation: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    notes: Vec<PlanNote>,
    entries: Vec<EntryFile>,
}

/// An entry in the file. The members `does`, `cannot_undo` and `inferred` only describe the other members.
/// Each of these three may be absent, but must agree with the other members if it is present.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryFile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    does: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cannot_undo: Option<String>,
    asset: AssetKey,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    operations: Vec<PlanStep>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inferred: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    was: Option<Fingerprint>,
    #[serde(default, skip_serializing_if = "Changes::is_empty")]
    changes: Changes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    create: Option<Value>,
}

impl From<&PlanEntry> for EntryFile {
    fn from(entry: &PlanEntry) -> Self {
        let (changes, create) = match &entry.action {
            Action::Change(changes) => (changes.clone(), None),
            Action::Create(value) => (Changes::default(), Some(value.clone())),
            Action::Delete => (Changes::default(), None),
        };
        Self {
            does: None,
            cannot_undo: None,
            asset: entry.key.clone(),
            name: entry.name.clone(),
            operations: entry.steps(),
            inferred: None,
            was: entry.was,
            changes,
            create,
        }
    }
}

impl ChangePlan {
    /// Writes the plan to a file. If the file exists, replaces it atomically.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), PlanError> {
        let path = path.as_ref();
        let write = || {
            let mut new = PrivateFile::beside(path)?;
            new.file().write_all(self.to_json().as_bytes())?;
            new.file().sync_all()?;
            new.replace(path).map(drop)
        };
        write().map_err(|error: std::io::Error| PlanError::at(path, error))
    }

    /// Reads a plan from a file and checks it.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, is not a plan, has a newer format, or is invalid after an
    /// edit. The error names the entry, the problem and the fix.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, PlanError> {
        let path = path.as_ref();
        let text = fs::read(path).map_err(|error| PlanError::at(path, error))?;
        Self::parse(&text).map_err(|problem| PlanError::at(path, problem))
    }

    /// Returns the JSON text that [`write`](Self::write) stores in a file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut file = self.file();
        file.explanation = explanation::of(self).into_iter().map(str::to_owned).collect();
        for (written, entry) in file.entries.iter_mut().zip(&self.entries) {
            written.describe(entry);
        }
        let mut text = pretty(&file);
        text.push('\n');
        text
    }

    /// Returns the fingerprint of the plan. The members that only describe the plan (`explanation`, `does`,
    /// `cannot_undo`, `inferred`) do not affect the fingerprint. Another version of the crate may word these
    /// members differently, but must still recognise the journal of the plan.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_bytes(pretty(&self.file()).as_bytes())
    }

    /// Returns the contents of the file, without the members that only describe the plan.
    fn file(&self) -> PlanFile {
        PlanFile {
            funnelflux_plan: FORMAT,
            made_by: self.made_by.clone(),
            made: self.made.clone(),
            base_url: self.base_url.clone(),
            account: self.account.clone(),
            crate_version: self.crate_version.clone(),
            document_version: self.document_version.clone(),
            explanation: Vec::new(),
            notes: self.notes.clone(),
            entries: self.entries.iter().map(EntryFile::from).collect(),
        }
    }

    /// Parses the text of a plan file, and checks the plan.
    pub(super) fn parse(text: &[u8]) -> Result<Self, PlanProblem> {
        let invalid = |message: String| PlanProblem::Invalid(message);
        let json = std::str::from_utf8(text).map_err(|error| invalid(error.to_string()))?;
        let value = json::parse(json).map_err(|error| match error {
            ParseError::Json(error) => invalid(error.to_string()),
            error => invalid(error.to_string()),
        })?;
        match value.get(FORMAT_MEMBER).and_then(Value::as_u64) {
            Some(FORMAT) => {}
            Some(version) if version > FORMAT => return Err(PlanProblem::Format(version)),
            _ => return Err(PlanProblem::NotAPlan),
        }
        let file: PlanFile =
            serde_path_to_error::deserialize(value).map_err(|error| invalid(error.to_string()))?;
        if let Some(sentence) = file.explanation.iter().find(|text| !explanation::is_known(text)) {
            return Err(invalid(format!(
                "`explanation` has a sentence that this version of the crate does not write: {sentence:?}; \
                 fix: remove it"
            )));
        }
        let mut keys = HashSet::new();
        let mut entries = Vec::with_capacity(file.entries.len());
        for (number, entry) in (1..).zip(file.entries) {
            let asset = entry.asset.to_string();
            let problem = |problem| PlanProblem::Entry {
                number,
                asset: asset.clone(),
                problem,
            };
            if !keys.insert(entry.asset.clone()) {
                let message = "the plan has another entry for this asset; fix: merge the two".to_owned();
                return Err(problem(message));
            }
            entries.push(entry.check().map_err(problem)?);
        }
        Ok(Self {
            made_by: file.made_by,
            made: file.made,
            base_url: file.base_url,
            account: file.account,
            crate_version: file.crate_version,
            document_version: file.document_version,
            notes: file.notes,
            entries,
        })
    }
}

impl EntryFile {
    /// Adds the members that describe the entry in words.
    fn describe(&mut self, entry: &PlanEntry) {
        self.does = Some(entry.to_string());
        self.cannot_undo = entry.cannot_undo();
        self.inferred = Some(entry.is_inferred());
    }

    /// Converts the entry. Fails if a member is invalid, or if a description in words disagrees with the
    /// change.
    fn check(self) -> Result<PlanEntry, String> {
        let action = match (&self.create, self.changes.is_empty()) {
            (Some(value), true) => Action::Create(value.clone()),
            (Some(_), false) => {
                return Err("it has both `create` and `changes`; fix: remove one of the two".to_owned());
            }
            (None, false) => Action::Change(self.changes.clone()),
            (None, true) if self.operations == [PlanStep::Delete] => Action::Delete,
            (None, true) => {
                return Err("it changes nothing; fix: remove it, or add `changes` or `create`".to_owned());
            }
        };
        let entry = PlanEntry {
            key: self.asset.clone(),
            name: self.name.clone(),
            was: self.was,
            action,
        };
        check(&entry)?;
        if entry.steps() != self.operations {
            return Err(format!(
                "`operations` is {}, and its values need {}; fix: correct `operations`",
                names(&self.operations),
                names(&entry.steps())
            ));
        }
        let mut written = Self::from(&entry);
        written.describe(&entry);
        let lies = [
            ("does", self.does.is_some() && self.does != written.does),
            (
                "cannot_undo",
                self.cannot_undo.is_some() && self.cannot_undo != written.cannot_undo,
            ),
            (
                "inferred",
                self.inferred.is_some() && self.inferred != written.inferred,
            ),
        ];
        match lies.iter().find(|(_, lies)| *lies) {
            Some((member, _)) => Err(format!(
                "`{member}` does not say what the entry does ({entry}); fix: remove `{member}`, or \
                 correct the entry"
            )),
            None => Ok(entry),
        }
    }
}

/// Checks that the entry can be applied.
pub(super) fn check(entry: &PlanEntry) -> Result<(), String> {
    let Some(group) = entry.group().filter(|group| group.name() == entry.key.group) else {
        let group = &entry.key.group;
        return Err(format!(
            "there is no group {group:?}; fix: enable the feature of that name, or correct it"
        ));
    };
    if let Some(problem) = validate::problem(&entry.key.id) {
        return Err(format!("its ID {problem}; fix: correct the ID"));
    }
    let abilities = group.abilities();
    for step in entry.steps() {
        let is_able = match step {
            PlanStep::Create => abilities.create,
            PlanStep::Unarchive => abilities.unarchive,
            PlanStep::Save => abilities.save,
            PlanStep::Move => abilities.categorise,
            PlanStep::Archive => abilities.archive,
            PlanStep::Delete => abilities.delete,
        };
        if !is_able || !abilities.find {
            let plural = group.plural();
            return Err(format!(
                "{plural} have no operation for {}; fix: remove the entry",
                names(&[step])
            ));
        }
    }
    match (&entry.action, entry.was) {
        (Action::Create(_), None) | (Action::Change(_) | Action::Delete, Some(_)) => {}
        (Action::Create(_), Some(_)) => {
            return Err("it creates the asset, and `was` says that it exists; fix: remove `was`".to_owned());
        }
        (Action::Change(_) | Action::Delete, None) => {
            return Err(
                "`was` is missing, the fingerprint of the asset; fix: make the plan again".to_owned(),
            );
        }
    }
    if let Action::Create(value) = &entry.action {
        if group.id(value).as_deref() != Some(&*entry.key.id) {
            let pointer = group.id_pointer().unwrap_or_default();
            return Err(format!(
                "the ID at {pointer} of `create` differs from that of the entry; fix: correct it"
            ));
        }
        if matches!(
            status_of(value.pointer(STATUS)),
            AssetStatus::Deleted | AssetStatus::Other(_)
        ) {
            return Err("an asset cannot be created with this status; fix: correct the status".to_owned());
        }
    }
    for change in entry.changes() {
        let path = &change.path;
        let within = |other: &str| pointer::is_within(path, other) || pointer::is_within(other, path);
        if group.id_pointer().is_some_and(within) {
            return Err(format!(
                "it changes {path}, and an ID cannot change; fix: remove the change"
            ));
        }
        if managed(group).into_iter().any(within) {
            return Err(format!("the service manages {path}; fix: remove the change"));
        }
        if change.old == change.new {
            return Err(format!(
                "the old and the new value of {path} are equal; fix: remove the change"
            ));
        }
        if *path == STATUS
            && !matches!(
                status_of(change.new.as_ref()),
                AssetStatus::Active | AssetStatus::Archived
            )
        {
            let message = "the status can only change to `active` or `archived`; fix: correct `new`";
            return Err(message.to_owned());
        }
        let is_category = group.category_pointer() == Some(path);
        if is_category
            && change
                .new
                .as_ref()
                .is_some_and(|new| !new.is_string() && !new.is_null())
        {
            return Err("the category is the ID of one, as text; fix: correct `new`".to_owned());
        }
    }
    Ok(())
}

/// Serialises the file with indentation. This does not fail, because strings, numbers and maps with string
/// keys always serialise.
fn pretty(file: &PlanFile) -> String {
    serde_json::to_string_pretty(file).unwrap_or_default()
}

/// Returns the names of steps as a JSON array, like the member `operations` of the file.
fn names(steps: &[PlanStep]) -> String {
    serde_json::to_string(steps).unwrap_or_default()
}
