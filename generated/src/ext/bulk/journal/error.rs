//! Errors of journals.

use super::VERSION;
use crate::ext::line_file::LineError;
use crate::runtime::error::message::one_line;
use std::io;
use std::path::{Path, PathBuf};

/// Error of a journal that cannot be used.
#[derive(thiserror::Error)]
#[error("journal {}: {}", .path.display(), one_line(.problem))]
pub struct JournalError {
    path: PathBuf,
    problem: JournalProblem,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum JournalProblem {
    #[error("another process uses it; fix: wait until that job has ended, or cancel it")]
    InUse,
    #[error("this is not the journal of a bulk job")]
    NotAJournal,
    #[error("its format has version {0}; this version of the crate supports {VERSION}")]
    Version(u32),
    #[error(
        "it is the journal of another job{}; fix: use another file for the journal, or resume that job",
        if recorded == expected {
            " with other details".to_owned()
        } else {
            format!("; expected {expected:?}, actual {recorded:?}")
        }
    )]
    OtherJob { recorded: String, expected: String },
    #[error("it is the journal of a job with other IDs; fix: take the IDs from Journal::read")]
    OtherIds,
    #[error(
        "it was written for the base URL {recorded}, and the client uses {actual}; nothing was sent; \
         fix: use a client of {recorded}, or another journal"
    )]
    OtherService { recorded: String, actual: String },
    #[error(
        "it was written for the account {recorded}, and the client uses the account {actual}; nothing was \
         sent; fix: use the credentials of the first account, or another journal"
    )]
    OtherAccount { recorded: String, actual: String },
    #[error("line {line} is damaged, so the lines after it are unusable: {message}; fix: {fix}")]
    Damaged {
        line: usize,
        message: String,
        fix: &'static str,
    },
    #[error(
        "the file was removed, replaced or truncated while the job ran; fix: do not resume the job from this \
         file, if it still exists; begin a job with a new journal for the IDs that this run did not send"
    )]
    Removed,
    #[error("{0}")]
    Io(io::Error),
}

crate::runtime::error::debug_as_display!(JournalError);

impl From<LineError> for JournalProblem {
    fn from(error: LineError) -> Self {
        match error {
            LineError::InUse => Self::InUse,
            LineError::Removed => Self::Removed,
            LineError::Io(error) => Self::Io(error),
        }
    }
}

impl JournalError {
    pub(super) fn new(path: &Path, problem: JournalProblem) -> Self {
        let path = path.to_owned();
        Self { path, problem }
    }

    /// Returns the path of the journal.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the error of the operating system, if the file could not be read or written.
    #[must_use]
    pub fn io_error(&self) -> Option<&io::Error> {
        match &self.problem {
            JournalProblem::Io(error) => Some(error),
            _ => None,
        }
    }
}
