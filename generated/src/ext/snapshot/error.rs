//! Errors of snapshots.

use super::manifest::FORMAT;
use crate::json::ParseError;
use crate::runtime::error::message::one_line;
use std::io;
use std::path::{Path, PathBuf};

/// Error of a snapshot that cannot be read or written.
///
/// Displays as one line: the file, the problem, and the fix.
#[derive(thiserror::Error)]
#[error("snapshot {}: {}", .path.display(), one_line(.problem))]
pub struct SnapshotError {
    path: PathBuf,
    problem: SnapshotProblem,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum SnapshotProblem {
    #[error("this is not a snapshot; fix: name the folder or the .tar.gz file that an export wrote")]
    NotASnapshot,
    #[error(
        "it has no manifest, because its export was interrupted; fix: repeat the export, which continues"
    )]
    Interrupted,
    #[error(
        "its format has version {0}, and this version of the crate supports {FORMAT}; fix: use a newer \
         version of the crate"
    )]
    Format(u64),
    #[error(
        "it is not whole: {unread} could not be read when it was exported, first {first}; fix: export again, \
         or open it as incomplete"
    )]
    NotWhole { unread: String, first: String },
    #[error("the manifest is invalid: {0}; fix: restore the file, or export into another folder")]
    Manifest(String),
    #[error(
        "it has the group {0:?}, which this program does not know; fix: enable the cargo feature of that \
         name, or use a newer version of the crate"
    )]
    UnknownGroup(String),
    #[error("the file of the asset {0} is missing; fix: restore the file, or export again")]
    Missing(String),
    #[error(
        "the manifest does not name this file; fix: remove it, or restore the snapshot.json that belongs to \
         it"
    )]
    Unexpected,
    #[error("it has a second file for the asset {id}, which is in {other}; fix: remove one of the two files")]
    TwoFiles { id: String, other: String },
    #[error("it is not valid JSON: {0}; fix: correct or restore the file, or export again")]
    Json(String),
    #[error(
        "{0}, which would change the asset; fix: shorten the number in the file, or restore this asset with \
         the typed calls of the crate, which keep all digits"
    )]
    Rounded(String),
    #[error("{0}; fix: remove one of the two, or restore the file")]
    Repeated(String),
    #[error("expected the asset {expected}, actual {actual}; fix: restore the file, or export again")]
    OtherId { expected: String, actual: String },
    #[error(
        "it is a link or a special file, which may lead out of the snapshot; fix: replace it by the file \
         itself"
    )]
    NotAFile,
    #[error(
        "its entry {0:?} leads out of the snapshot or does not belong to one; fix: use an export that the \
             crate wrote"
    )]
    Entry(String),
    #[error("the file is damaged: {0}; fix: restore it from a copy, or export again")]
    Damaged(String),
    #[error("the file changed while it was in use; fix: open the snapshot again")]
    Changed,
    #[error(
        "it belongs to the base URL {recorded}, and the client uses {actual}; nothing was sent; fix: use a \
         client of {recorded}, or another snapshot"
    )]
    OtherService { recorded: String, actual: String },
    #[error(
        "it belongs to the account {recorded}, and the client uses the account {actual}; nothing was \
         changed; fix: use the credentials of that account, or another snapshot"
    )]
    OtherAccount { recorded: String, actual: String },
    #[error("the folder has other files, such as {0}; fix: export into a new or empty folder")]
    NotEmpty(String),
    #[error("the file is not a snapshot, so it is not replaced; fix: choose another name")]
    OtherFile,
    #[error(
        "it has the groups {0}, which this export would remove; fix: export these groups too, or export into \
         another folder"
    )]
    FewerGroups(String),
    #[error("another process exports into it; fix: wait for that process, or export into another folder")]
    InUse,
    #[error("{0}")]
    Io(io::Error),
}

crate::runtime::error::debug_as_display!(SnapshotError);

impl SnapshotError {
    pub(super) fn new(path: impl AsRef<Path>, problem: SnapshotProblem) -> Self {
        let path = path.as_ref().to_owned();
        Self { path, problem }
    }

    /// Returns the path of the file or folder with the problem.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the error of the operating system, if the file could not be read or written.
    #[must_use]
    pub fn io_error(&self) -> Option<&io::Error> {
        match &self.problem {
            SnapshotProblem::Io(error) => Some(error),
            _ => None,
        }
    }

    /// Returns true if the snapshot is readable but incomplete.
    /// [`open_incomplete`](super::Snapshot::open_incomplete) opens such a snapshot.
    #[must_use]
    pub fn is_not_whole(&self) -> bool {
        matches!(self.problem, SnapshotProblem::NotWhole { .. })
    }

    /// Returns true if the file is damaged, or is not an archive that contains a snapshot.
    pub(super) fn is_foreign(&self) -> bool {
        matches!(
            self.problem,
            SnapshotProblem::NotASnapshot | SnapshotProblem::Entry(_) | SnapshotProblem::Damaged(_)
        )
    }

    /// Returns true if the asset in the file has a number that a JSON value would round.
    pub(crate) fn is_rounded(&self) -> bool {
        matches!(self.problem, SnapshotProblem::Rounded(_))
    }

    /// Replaces `folder` in the path of the error by `archive`. The archive was unpacked into this folder.
    pub(super) fn moved(mut self, folder: &Path, archive: &Path) -> Self {
        if let Ok(inside) = self.path.strip_prefix(folder) {
            self.path = if inside.as_os_str().is_empty() {
                archive.to_owned()
            } else {
                archive.join(inside)
            };
        }
        self
    }
}

impl From<ParseError> for SnapshotProblem {
    fn from(error: ParseError) -> Self {
        match error {
            ParseError::Rounded(number) => Self::Rounded(number.to_string()),
            ParseError::Repeated(name) => Self::Repeated(name.to_string()),
            ParseError::Json(error) => Self::Json(error.to_string()),
        }
    }
}

/// Adds the path to an error of the file system.
pub(super) trait AtPath<T> {
    fn at(self, path: impl AsRef<Path>) -> Result<T, SnapshotError>;
}

impl<T> AtPath<T> for io::Result<T> {
    fn at(self, path: impl AsRef<Path>) -> Result<T, SnapshotError> {
        self.map_err(|error| SnapshotError::new(path, SnapshotProblem::Io(error)))
    }
}
