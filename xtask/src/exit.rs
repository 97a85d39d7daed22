//! How a command ends.

use std::{fmt, io, path::Path, process::ExitCode};

use funnelflux_diff::{Level, Report};
use funnelflux_openapi::{Diagnostics, Severity, Stage};

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// All is well.
    Clean,
    /// A wrong argument, or a file that could not be read or written.
    Usage,
    /// The document or an overlay is not valid.
    Document,
    /// Generated code is out of date, missing, or left over.
    Stale,
    /// The lock is out of date or not readable.
    Lock,
    /// The documents differ, in nothing that breaks.
    Changed,
    /// The documents differ in something that breaks on the wire.
    Breaking,
    /// A generated file was edited by hand.
    HandEdit,
    /// The crate's version is too low for what has changed since the last release.
    Version,
    /// A document's address does not answer now.
    Unreachable,
}

impl Code {
    /// How a comparison of documents ends.
    pub(crate) fn of(report: &Report) -> Self {
        let breaks = report
            .changes
            .iter()
            .any(|change| change.level == Level::Breaking);
        match (report.is_empty(), breaks) {
            (true, _) => Self::Clean,
            (false, false) => Self::Changed,
            (false, true) => Self::Breaking,
        }
    }

    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Usage => 1,
            Self::Document => 2,
            Self::Stale => 3,
            Self::Lock => 4,
            Self::Changed => 5,
            Self::Breaking => 6,
            Self::HandEdit => 7,
            Self::Version => 8,
            Self::Unreachable => 9,
        }
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code.number())
    }
}

/// Why a command could not do what it is for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What could not be done, to what, and why.
    Io(String),
    /// Which address does not answer now, and what to do. Nothing of ours is wrong.
    Unreachable(String),
    /// What is wrong with the document, an overlay, or the lock.
    Diagnostics(Diagnostics),
}

impl Failure {
    /// An error of the file system.
    pub(crate) fn io(what: &str, path: &Path, error: &io::Error) -> Self {
        let help = match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "you may not do that there: look at who owns the file and its folder"
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                "make room, then run the command again: no file is left half written"
            }
            io::ErrorKind::NotFound => "is it there, under that name?",
            _ => "mend that, then run the command again: no file is left half written",
        };
        Self::Io(format!(
            "error: cannot {what} {}: {error}\n  help: {help}",
            path.display()
        ))
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
                    Code::Lock
                } else {
                    Code::Document
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
            Self::Diagnostics(diagnostics) => diagnostics.fmt(formatter),
        }
    }
}
