//! Result of a command: output, exit code, failure.

use std::{fmt, io, path::Path, process::ExitCode};

use funnelflux_diff::{Level, Report};
use funnelflux_openapi::{Diagnostics, Severity, Stage};

use crate::notices::errors_first;

/// Output of a command and its exit code.
pub(crate) struct Outcome {
    /// Text for standard output: the requested result.
    pub(crate) stdout: String,
    /// Text for standard error: errors, warnings and notes.
    pub(crate) stderr: String,
    pub(crate) code: Code,
}

/// Exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// No problem and no change.
    Good = 0,
    /// Usage error, or a file that could not be read or written.
    Usage = 1,
    /// The document or an overlay is invalid.
    Invalid = 2,
    /// A file or the lock differs from the output of `generate` (it is stale, missing, orphaned or
    /// hand-edited), or the lock cannot be read.
    Stale = 3,
    /// The documents differ, but no change breaks the messages between clients and the service.
    Changed = 5,
    /// The documents differ, and a change breaks the messages between clients and the service.
    Breaking = 6,
    /// A URL is currently unreachable.
    Unreachable = 9,
}

impl From<&Report> for Code {
    fn from(report: &Report) -> Self {
        match report.worst_level() {
            None => Self::Good,
            Some(Level::Breaking) => Self::Breaking,
            Some(_) => Self::Changed,
        }
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// Reason why a command could not run.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Wrong arguments, or an error of the file system or of a server.
    Io(String),
    /// A URL that is currently unreachable.
    Unreachable(String),
    /// Errors in the document, an overlay, or the lock.
    Diagnostics(Diagnostics),
}

impl Failure {
    /// Creates a usage error, with its fix.
    pub(crate) fn new(problem: impl fmt::Display, fix: impl fmt::Display) -> Self {
        Self::Io(format!("error: {problem}\n  fix: {fix}"))
    }

    /// Creates an error of the file system. `action` is a verb, such as `read`.
    pub(crate) fn io(action: &str, path: &Path, error: &io::Error) -> Self {
        let fix = match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "check the owner and the permissions of the file and its folder"
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                "free some space, then run the command again; no file is half written"
            }
            io::ErrorKind::NotFound => "check the name",
            _ => "correct that, then run the command again; no file is half written",
        };
        Self::new(format!("cannot {action} {}: {error}", path.display()), fix)
    }

    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Io(_) => Code::Usage,
            Self::Unreachable(_) => Code::Unreachable,
            Self::Diagnostics(diagnostics) => {
                let mut errors = diagnostics
                    .iter()
                    .filter(|diagnostic| diagnostic.severity == Severity::Error);
                if errors.all(|diagnostic| diagnostic.stage == Stage::Lock) {
                    Code::Stale
                } else {
                    Code::Invalid
                }
            }
        }
    }
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::Diagnostics(diagnostics)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(message) | Self::Unreachable(message) => formatter.write_str(message),
            Self::Diagnostics(diagnostics) => formatter.write_str(&errors_first(diagnostics)),
        }
    }
}
