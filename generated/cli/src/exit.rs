//! Exit codes and failures. A failure is printed as text for people or as a JSON object for programs.

use crate::text;
use funnelflux::{Error, id::ClockOutOfRange};
use serde_json::{Map, Value, json};
use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Exit codes of the program, as the help and the man page list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The command succeeded.
    Done = 0,
    /// The command failed.
    Failed = 1,
    /// The command line or an input is invalid; nothing was sent.
    Usage = 2,
    /// The command succeeded only in part.
    Partly = 3,
    /// There is no valid access token.
    Authentication = 4,
    /// The service refused the request.
    Refused = 5,
    /// `compare` found differences, or `plan --exit-code` made a plan with changes.
    Differs = 6,
    /// The user or a signal cancelled the command.
    Cancelled = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        // Every code fits into a byte.
        Self::from(exit as u8)
    }
}

/// Description of the exit codes for the help.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
    0  done
    1  failed
    2  usage: the command line or an input is invalid; nothing was sent
    3  partial: the command worked for some assets, but not for all
    4  authentication: there is no valid access token
    5  refused by the service
    6  \"compare\" found differences, or \"plan --exit-code\" made a plan with changes
  130  cancelled";

/// A failure of a command.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// One-line message that states the cause and the place of the failure.
    pub(crate) message: String,
    details: Box<Details>,
}

#[derive(Clone, Debug, Default)]
struct Details {
    /// Hint to the user about the command or edit that solves the problem.
    fix: Option<String>,
    /// Additional properties of the JSON object that is printed for programs.
    properties: Map<String, Value>,
}

/// Result of a command.
pub(crate) type CommandResult = Result<Exit, Failure>;

impl Failure {
    /// Creates a failure. If the message ends in `; fix: …`, as some messages of the library do, that part
    /// becomes the fix.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        let message = text::of_library(&message.into());
        let mut details = Box::<Details>::default();
        let message = match message.split_once("; fix: ") {
            Some((message, fix)) => {
                details.fix = Some(fix.to_owned());
                message.to_owned()
            }
            None => message,
        };
        Self {
            exit,
            message,
            details,
        }
    }

    /// Creates a failure for an invalid command line or an invalid input.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// Creates a failure for a file that the library cannot read or write. If the file is missing or invalid,
    /// the failure is a usage error, because the command line names the wrong file. Any other error of the
    /// operating system, such as a full disk, is not a usage error.
    pub(crate) fn library_file(error: &impl fmt::Display, cause: Option<&io::Error>) -> Self {
        use io::ErrorKind::{InvalidData, InvalidInput, NotFound, Other, UnexpectedEof};
        let message = error.to_string();
        match cause.map(io::Error::kind) {
            None | Some(NotFound | InvalidData | InvalidInput | UnexpectedEof | Other) => {
                Self::usage(message)
            }
            Some(_) => Self::failed(message)
                .or_fix("make room there or name another place, and run the command again"),
        }
    }

    /// Adds a hint about the command or edit that solves the problem.
    pub(crate) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.details.fix = Some(fix.into());
        self
    }

    /// Adds a hint about the command or edit that solves the problem, unless the failure already has a hint.
    pub(crate) fn or_fix(self, fix: &str) -> Self {
        if self.details.fix.is_some() {
            self
        } else {
            self.fix(fix)
        }
    }

    /// Replaces the exit code.
    pub(crate) fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Replaces the message.
    pub(crate) fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// Adds a property to the JSON object that is printed for programs.
    pub(crate) fn property(mut self, name: &str, value: &str) -> Self {
        self.details.properties.insert(name.to_owned(), json!(value));
        self
    }

    /// Adds the properties of an error of the library.
    pub(crate) fn error_properties(mut self, error: &Error) -> Self {
        let details = [
            ("type", Some(json!(error.error_type()))),
            ("operation", error.operation().map(|operation| json!(operation))),
            ("status", error.status().map(|status| json!(status.as_u16()))),
            ("service_message", error.message().map(|message| json!(message))),
            ("request_id", error.request_id().map(|id| json!(id))),
            ("attempts", Some(json!(error.attempts()))),
        ];
        let known = details
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        self.details.properties.extend(known);
        self
    }

    /// Writes the failure to stderr.
    pub(crate) fn report(&self, as_json: bool) {
        // If stderr is closed, the error is ignored.
        let _ = if as_json {
            writeln!(io::stderr(), "{}", self.to_json())
        } else {
            writeln!(io::stderr(), "{self}")
        };
    }

    fn to_json(&self) -> Value {
        let mut error = Map::new();
        error.insert("message".to_owned(), json!(self.message));
        if let Some(fix) = &self.details.fix {
            error.insert("fix".to_owned(), json!(fix));
        }
        error.insert("exit_code".to_owned(), json!(self.exit as u8));
        error.extend(self.details.properties.clone());
        json!({ "error": error })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "error: {}", text::printable(&self.message))?;
        match &self.details.fix {
            Some(fix) => write!(formatter, "\nfix: {}", text::printable(fix)),
            None => Ok(()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<ClockOutOfRange> for Failure {
    fn from(error: ClockOutOfRange) -> Self {
        Self::from(&Error::from(error))
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let is_refusal = error.status().is_some_and(|status| status.is_client_error());
        let exit = match error.error_type() {
            _ if error.is_unauthorized() => Exit::Authentication,
            "configuration" | "argument" | "encode" => Exit::Usage,
            _ if is_refusal => Exit::Refused,
            _ => Exit::Failed,
        };
        let mut failure = Self::new(exit, error.to_string());
        if exit == Exit::Authentication {
            // The fix depends on the account: `Context::authentication_fix` adds it.
            failure.details.fix = None;
        } else if error.is_retryable() {
            failure.details.fix = Some("run the same command again later".to_owned());
        } else if exit == Exit::Refused {
            failure = failure.or_fix("correct what the service refuses, and run the command again");
        } else if exit == Exit::Usage {
            failure = failure.or_fix("correct the command; its --help shows the arguments");
        }
        failure.error_properties(error)
    }
}

/// Creates a failure for a file of the user that cannot be read or written.
pub(crate) fn file_failure(verb: &str, path: &std::path::Path, error: &io::Error) -> Failure {
    Failure::failed(format!("cannot {verb} {}: {error}", path.display()))
        .fix("check the path and its permissions")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missing_or_invalid_file_is_wrong_usage() {
        let exit = |cause: Option<io::Error>| Failure::library_file(&"file", cause.as_ref()).exit;
        assert_eq!(exit(None), Exit::Usage);
        for kind in [io::ErrorKind::NotFound, io::ErrorKind::InvalidData] {
            assert_eq!(exit(Some(kind.into())), Exit::Usage, "{kind}");
        }
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::PermissionDenied] {
            assert_eq!(exit(Some(kind.into())), Exit::Failed, "{kind}");
        }
    }
}
