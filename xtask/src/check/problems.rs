//! Compares the files in the workspace with the files that `generate` would write.

use std::{collections::BTreeMap, fmt};

use funnelflux_generator::{COVERAGE, EFFECTIVE, Lock, Output};
use funnelflux_openapi::{Diagnostics, digest::sha256, text::shorten};
use serde::Serialize;

use crate::{
    exit::Failure,
    expected::{self, ComparedFile},
    features,
    workspace::{GENERATED, LOCK, MANIFEST, Workspace},
};

use super::stale_cause;

const GENERATE: &str = "`cargo xtask generate`";

/// A file that differs from the output of `generate`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    pub(super) kind: Kind,
    #[serde(rename = "file")]
    pub(super) path: String,
    /// Number of the first line that differs.
    pub(super) line: Option<usize>,
    pub(super) message: String,
    /// Actual text of this line.
    pub(super) actual: Option<String>,
    /// Expected text of this line.
    pub(super) expected: Option<String>,
    pub(super) fix: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// The file is unchanged since `generate` wrote it, but `generate` would now write other content.
    Stale,
    /// The file was changed after the last run of `generate` wrote it.
    HandEdited,
    /// The file does not exist.
    Missing,
    /// The file exists, but `generate` does not write it.
    Orphaned,
    /// The features of the crate do not match the groups.
    Features,
    /// The lock is stale, missing or unreadable.
    Lock,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}

/// The existing lock, if any, or the reason why it cannot be read.
pub(super) type OldLock = Result<Option<Lock>, Diagnostics>;

/// Compares the workspace with the output of the pipeline.
pub(super) fn with_output(
    workspace: &Workspace,
    old_lock: &OldLock,
    output: &Output,
) -> Result<Vec<Problem>, Failure> {
    let lock = old_lock.as_ref().ok().and_then(Option::as_ref);
    let recorded = lock.map(recorded_files).unwrap_or_default();
    let cause = stale_cause::describe(lock, &output.lock);
    let mut problems = Vec::new();
    let expected = expected::compare(workspace, output)?;
    for file in expected.files.iter().filter(|file| !file.is_current()) {
        if file.path == LOCK
            && let Some(problem) = lock_problem(old_lock)
        {
            problems.push(problem);
            continue;
        }
        let recorded = recorded.get(&file.path).copied();
        let departure = departure(&file.path, file.actual.as_deref(), recorded);
        let problem = departure.unwrap_or_else(|| {
            let (kind, message) = match (&*file.path, &file.actual) {
                (LOCK, _) => (Kind::Lock, &*cause),
                (MANIFEST, _) => (Kind::Features, "the features differ from the groups"),
                (_, None) => (Kind::Missing, &*cause),
                (_, Some(_)) => (Kind::Stale, &*cause),
            };
            problem(kind, &file.path, message, GENERATE)
        });
        problems.push(with_lines(problem, file));
    }
    problems.extend(orphans(workspace, output.files.keys())?);
    let manifest = expected.manifest_problem;
    problems.extend(manifest.map(|message| problem(Kind::Features, MANIFEST, message, features::FIX)));
    Ok(problems)
}

/// Compares the workspace only with the lock, for the case that nothing can be generated.
pub(super) fn with_lock(workspace: &Workspace, old_lock: &OldLock) -> Result<Vec<Problem>, Failure> {
    let Ok(Some(lock)) = old_lock else {
        return Ok(lock_problem(old_lock).into_iter().collect());
    };
    let mut problems = Vec::new();
    for (path, sha256) in recorded_files(lock) {
        let actual = workspace.read_bytes(&path)?;
        problems.extend(departure(&path, actual.as_deref(), Some(sha256)));
    }
    problems.extend(orphans(workspace, lock.files.keys())?);
    Ok(problems)
}

/// Returns the checksums of the files that `generate` wrote, according to the lock. The keys are paths
/// relative to the root of the repository.
fn recorded_files(lock: &Lock) -> BTreeMap<String, &str> {
    let generated = lock.files.iter();
    let generated = generated.map(|(path, sha256)| (format!("{GENERATED}/{path}"), sha256.as_str()));
    let written = [(COVERAGE, &lock.coverage), (EFFECTIVE, &lock.effective)];
    let written = written.map(|(path, file)| (path.to_owned(), file.sha256.as_str()));
    generated.chain(written).collect()
}

fn problem(kind: Kind, path: &str, message: impl Into<String>, fix: &'static str) -> Problem {
    Problem {
        kind,
        path: path.to_owned(),
        line: None,
        message: message.into(),
        actual: None,
        expected: None,
        fix,
    }
}

/// Reports a file that was changed or removed after the last run. `recorded` is its checksum in the lock.
fn departure(path: &str, actual: Option<&[u8]>, recorded: Option<&str>) -> Option<Problem> {
    let recorded = recorded?;
    let Some(actual) = actual else {
        let message = "the last run wrote it, and it was deleted";
        return Some(problem(Kind::Missing, path, message, GENERATE));
    };
    let sha256 = std::str::from_utf8(actual).ok().map(sha256);
    if sha256.as_deref() == Some(recorded) {
        return None;
    }
    let fix = if path == EFFECTIVE {
        "move the change to an overlay in spec/overlays/, then run `cargo xtask generate`, \
         which overwrites the edit"
    } else {
        "move the change to spec/overlays/, codegen/ or generated/src/ext/, then run \
         `cargo xtask generate`, which overwrites the edit"
    };
    let message = "differs from the output of the last run";
    Some(problem(Kind::HandEdited, path, message, fix))
}

/// Adds the first line that differs, if the file is text.
fn with_lines(problem: Problem, file: &ComparedFile) -> Problem {
    let actual = file.actual.as_deref();
    let actual = actual.and_then(|bytes| std::str::from_utf8(bytes).ok());
    let difference = actual.and_then(|actual| first_difference(actual, &file.expected));
    let Some((line, actual, expected)) = difference else {
        return problem;
    };
    Problem {
        line: Some(line),
        actual: Some(show(actual)),
        expected: Some(show(expected)),
        ..problem
    }
}

/// Reports a lock that is missing or cannot be read.
fn lock_problem(lock: &OldLock) -> Option<Problem> {
    match lock {
        Ok(Some(_)) => None,
        Ok(None) => {
            let fix = "restore the lock from version control if it existed, then run `cargo xtask generate`";
            Some(problem(Kind::Lock, LOCK, "the lock is missing", fix))
        }
        Err(diagnostics) => {
            let diagnostic = diagnostics.iter().next()?;
            let message = format!("the lock cannot be read: {}", diagnostic.message);
            let fix = "restore the lock from version control, or remove it, then run `cargo xtask generate`";
            Some(Problem {
                line: diagnostic.location.as_ref().map(|location| location.line),
                ..problem(Kind::Lock, LOCK, message, fix)
            })
        }
    }
}

fn orphans<'a>(
    workspace: &Workspace,
    generated: impl Iterator<Item = &'a String>,
) -> Result<impl Iterator<Item = Problem>, Failure> {
    let message = "nothing generates this file";
    let fix = "`cargo xtask generate`, which removes it";
    let paths = expected::orphans(workspace, generated)?.into_iter();
    Ok(paths.map(move |path| problem(Kind::Orphaned, &path, message, fix)))
}

/// Returns the number of the first line that differs, with both versions of the line. Line ends are compared
/// too. A version is `None` if its text has ended before this line.
fn first_difference<'a>(
    actual: &'a str,
    expected: &'a str,
) -> Option<(usize, Option<&'a str>, Option<&'a str>)> {
    let mut actual = actual.split_inclusive('\n');
    let mut expected = expected.split_inclusive('\n');
    let lines = (1..).map(|line| (line, actual.next(), expected.next()));
    let mut lines = lines.take_while(|(_, actual, expected)| actual.or(*expected).is_some());
    lines.find(|(_, actual, expected)| actual != expected)
}

/// Formats a line for a message: truncates it to 120 characters, escapes carriage returns, and marks an empty
/// line or a missing line end.
fn show(line: Option<&str>) -> String {
    let Some(line) = line else {
        return "(end of file)".to_owned();
    };
    let body = line.strip_suffix('\n');
    let text = body.unwrap_or(line);
    let mut text = shorten(text, 120).replace('\r', "\\r");
    if text.trim().is_empty() {
        return "(empty line)".to_owned();
    }
    if body.is_none() {
        text.push_str(" (no line end)");
    }
    text
}

#[cfg(test)]
mod tests;
