//! Errors of plans.

use super::file::FORMAT;
use crate::Error;
use crate::ext::line_file::LineError;
use crate::runtime::error::message::one_line;
use std::io;
use std::path::{Path, PathBuf};

/// Error of a plan that cannot be made, read or applied. Nothing was changed.
///
/// Displays as one line: the file, the problem, and the fix.
#[derive(thiserror::Error)]
#[error(
    "{}{}",
    .path.as_ref().map(|path| format!("{}: ", path.display())).unwrap_or_default(),
    one_line(.problem)
)]
pub struct PlanError {
    path: Option<PathBuf>,
    problem: PlanProblem,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum PlanProblem {
    #[error("this is not a plan; fix: name the file that a plan was written to")]
    NotAPlan,
    #[error(
        "the format of the plan has version {0}, and this version of the crate supports {FORMAT}; fix: use a \
         newer version of the crate"
    )]
    Format(u64),
    #[error("the plan is invalid: {0}; fix: correct the file, or make the plan again")]
    Invalid(String),
    #[error("entry {number} of the plan ({asset}) is invalid: {problem}")]
    Entry {
        number: usize,
        asset: String,
        problem: String,
    },
    #[error(
        "there is no group {0:?}; fix: choose one of AssetGroup::all(), or enable the feature of the group"
    )]
    UnknownGroup(String),
    #[error("{0:?} is not a JSON pointer; fix: write it like /offerParams/idOfferSource")]
    Pointer(String),
    #[error("{0} cannot be {1}: the vendor's index has no such operation; fix: choose other groups")]
    Unable(&'static str, &'static str),
    #[error(
        "it belongs to the base URL {recorded}, and the client uses {actual}; nothing was sent; fix: use a \
         client of {recorded}, or make another plan"
    )]
    OtherService { recorded: String, actual: String },
    #[error(
        "it belongs to the account {recorded}, and the client uses the account {actual}; nothing was sent; \
         fix: use the credentials of that account; to copy assets into another account, use ChangePlan::copy"
    )]
    OtherAccount { recorded: String, actual: String },
    #[error(
        "none of its assets exists in this account, so the plan belongs to another one; nothing was sent; \
         fix: use the credentials of the account of the plan"
    )]
    NoneExists,
    #[error(
        "{count} of its entries archive or delete by an inferred operation, the first is {first}; nothing \
         was sent; fix: test the operation on an asset that you can lose, then acknowledge it \
         (acknowledge_inferred)"
    )]
    NotAcknowledged { count: usize, first: String },
    #[error("this is not the journal of a plan; fix: name another file")]
    NotAJournal,
    #[error("it is the journal of another plan ({recorded}); nothing was sent; fix: name another file")]
    OtherPlan { recorded: String },
    #[error(
        "line {line} of the journal is damaged: {message}; fix: move the file away, and make the plan again \
         from the current state of the account"
    )]
    Damaged { line: usize, message: String },
    #[error("another process uses it; fix: wait for that process")]
    InUse,
    #[error(
        "the file was removed, replaced or truncated while it was in use; fix: do not use it again, if it \
         still exists, and make the plan again from the current state of the account"
    )]
    Removed,
    #[error(
        "this job kept no record of the state before it, so it cannot be undone; fix: give later jobs an \
         undoable journal (undoable_journal)"
    )]
    NoRecord,
    #[error("{0}")]
    Call(Error),
    #[error("{0}")]
    Snapshot(crate::ext::snapshot::SnapshotError),
    #[error("{0}")]
    Journal(crate::ext::JournalError),
    #[error("{0}")]
    Io(io::Error),
}

crate::runtime::error::debug_as_display!(PlanError);

impl PlanError {
    pub(super) fn new(problem: PlanProblem) -> Self {
        let path = None;
        Self { path, problem }
    }

    pub(super) fn at(path: &Path, problem: impl Into<PlanProblem>) -> Self {
        Self {
            path: Some(path.to_owned()),
            problem: problem.into(),
        }
    }

    /// Returns the path of the file with the problem, if the problem is in a file.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Returns true if the cause is a missing acknowledgement of inferred operations.
    #[must_use]
    pub fn requires_acknowledgement(&self) -> bool {
        matches!(self.problem, PlanProblem::NotAcknowledged { .. })
    }

    /// Returns the error of the failed call to the service; `None` if the cause is not a failed call.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        match &self.problem {
            PlanProblem::Call(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the error of the operating system, if the file could not be read or written.
    #[must_use]
    pub fn io_error(&self) -> Option<&io::Error> {
        match &self.problem {
            PlanProblem::Io(error) => Some(error),
            PlanProblem::Snapshot(error) => error.io_error(),
            PlanProblem::Journal(error) => error.io_error(),
            _ => None,
        }
    }
}

impl From<PlanProblem> for PlanError {
    fn from(problem: PlanProblem) -> Self {
        Self::new(problem)
    }
}

impl From<PlanError> for String {
    fn from(error: PlanError) -> Self {
        error.to_string()
    }
}

impl From<Error> for PlanError {
    fn from(error: Error) -> Self {
        Self::new(PlanProblem::Call(error))
    }
}

impl From<crate::ext::snapshot::SnapshotError> for PlanError {
    fn from(error: crate::ext::snapshot::SnapshotError) -> Self {
        Self::new(PlanProblem::Snapshot(error))
    }
}

impl From<io::Error> for PlanProblem {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<LineError> for PlanProblem {
    fn from(error: LineError) -> Self {
        match error {
            LineError::InUse => Self::InUse,
            LineError::Removed => Self::Removed,
            LineError::Io(error) => Self::Io(error),
        }
    }
}
