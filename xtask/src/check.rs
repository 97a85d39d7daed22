//! `cargo xtask check`: is everything what `cargo xtask generate` would write? Writes nothing.

use std::{collections::BTreeMap, fmt};

use funnelflux_codegen::{EFFECTIVE, Findings, Lock, Output, lock::sha256};

use crate::{
    Outcome, difference,
    exit::{Code, Failure},
    workspace::{GENERATED, LOCK, Workspace},
};

/// Tells what is not as `generate` would write it, why, and what mends it.
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 all is as it should be, 1 usage or I/O, 2 document or overlay not valid, \
                        3 generated code out of date, missing or left over, 4 lock out of date, \
                        7 generated file edited by hand (the first of 7, 3, 4 that applies)"
)]
pub(crate) struct Arguments {}

/// Something that is not as it should be.
#[derive(Debug, PartialEq, Eq)]
struct Problem {
    path: String,
    /// The first line that differs, for a file that is there.
    line: Option<usize>,
    kind: Kind,
    /// That line, as it is and as it should be.
    lines: Option<(String, String)>,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// As the last run wrote it, but a run would write another now.
    OutOfDate { because: String },
    /// Not as the last run wrote it.
    EditedByHand,
    /// To be there.
    Missing { because: String },
    /// Not to be there.
    Orphan,
    /// The lock.
    Lock { because: String },
    /// The lock, if it is missing or cannot be read.
    NoLock { because: String, mend: &'static str },
}

impl Problem {
    fn code(&self) -> Code {
        match self.kind {
            Kind::OutOfDate { .. } | Kind::Missing { .. } | Kind::Orphan => Code::Stale,
            Kind::EditedByHand => Code::HandEdit,
            Kind::Lock { .. } | Kind::NoLock { .. } => Code::Lock,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.path)?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
        }
        match &self.kind {
            Kind::OutOfDate { because } => write!(formatter, ": out of date: {because}")?,
            Kind::EditedByHand => write!(
                formatter,
                ": edited by hand: it is not what the last run wrote"
            )?,
            Kind::Missing { because } => write!(formatter, ": missing: {because}")?,
            Kind::Orphan => write!(formatter, ": orphan: nothing generates this file")?,
            Kind::Lock { because } => write!(formatter, ": the lock is out of date: {because}")?,
            Kind::NoLock { because, .. } => write!(formatter, ": {because}")?,
        }
        if let Some((is, should_be)) = &self.lines {
            write!(formatter, "\n  is:        {is}\n  should be: {should_be}")?;
        }
        let mend = match &self.kind {
            Kind::EditedByHand if self.path == EFFECTIVE => {
                "move the change to an overlay in spec/overlays/, then run `cargo xtask generate`, which overwrites \
                 the edit"
            }
            Kind::EditedByHand => {
                "move the change to where it lasts (spec/overlays/, codegen/src/ or generated/src/ext/), then run \
                 `cargo xtask generate`, which overwrites the edit"
            }
            Kind::Orphan => "`cargo xtask generate`, which removes it",
            Kind::NoLock { mend, .. } => mend,
            _ => "`cargo xtask generate`",
        };
        write!(formatter, "\n  mend: {mend}")
    }
}

pub(crate) fn run(workspace: &Workspace, _: &Arguments) -> Result<Outcome, Failure> {
    let spec = workspace.spec()?;
    let (lock, unreadable) = match spec.read_lock() {
        Ok(lock) => (lock, Findings::new()),
        Err(findings) => (None, findings),
    };
    let output = spec.generate(lock.clone())?;
    let old = Old {
        effective: workspace.effective()?.map(|effective| effective.text),
        files: workspace.generated()?,
        lock_text: spec.lock.map(|lock| lock.text),
        lock,
        unreadable,
    };
    let problems = compare(&old, &output);
    let code = exit_code(&problems);
    let report = report(&problems, &output);
    let (text, aside) = match code {
        Code::Clean => (report, String::new()),
        _ => (String::new(), report),
    };
    Ok(Outcome { text, aside, code })
}

/// What is there.
struct Old {
    effective: Option<String>,
    files: BTreeMap<String, Option<String>>,
    lock_text: Option<String>,
    lock: Option<Lock>,
    /// What is wrong with the lock, if it is there and none could be read.
    unreadable: Findings,
}

fn compare(old: &Old, new: &Output) -> Vec<Problem> {
    let because = causes(old.lock.as_ref(), &new.lock);
    let mut problems = Vec::new();
    problems.extend(compare_file(
        EFFECTIVE.to_owned(),
        old.effective.as_deref(),
        old.lock.as_ref().map(|lock| lock.effective.sha256.as_str()),
        &new.effective,
        &because,
    ));
    for (path, text) in &new.files {
        let locked = old
            .lock
            .as_ref()
            .and_then(|lock| lock.files.get(path))
            .map(String::as_str);
        let name = format!("{GENERATED}/{path}");
        let problem = match old.files.get(path) {
            // No text at all: nothing that a run has written.
            Some(None) => Some(Problem {
                path: name,
                line: None,
                kind: Kind::EditedByHand,
                lines: None,
            }),
            Some(Some(is)) => compare_file(name, Some(is), locked, text, &because),
            None => compare_file(name, None, locked, text, &because),
        };
        problems.extend(problem);
    }
    problems.extend(
        old.files
            .keys()
            .filter(|path| !new.files.contains_key(*path))
            .map(|path| Problem {
                path: format!("{GENERATED}/{path}"),
                line: None,
                kind: Kind::Orphan,
                lines: None,
            }),
    );
    problems.extend(compare_lock(old, &new.lock, because));
    problems
}

/// `locked` is the sha256 of what the last run wrote, if the lock tells.
fn compare_file(
    path: String,
    is: Option<&str>,
    locked: Option<&str>,
    should_be: &str,
    because: &str,
) -> Option<Problem> {
    let Some(is) = is else {
        let because = match locked {
            Some(_) => "the last run wrote it; it was deleted".to_owned(),
            None => because.to_owned(),
        };
        return Some(Problem {
            path,
            line: None,
            kind: Kind::Missing { because },
            lines: None,
        });
    };
    let difference = difference::first(is, should_be)?;
    let kind = match locked {
        Some(locked) if locked != sha256(is) => Kind::EditedByHand,
        _ => Kind::OutOfDate {
            because: because.to_owned(),
        },
    };
    Some(Problem {
        path,
        line: Some(difference.line),
        kind,
        lines: Some((shown(difference.is), shown(difference.should_be))),
    })
}

fn compare_lock(old: &Old, new: &Lock, because: String) -> Option<Problem> {
    let problem = |kind| Problem {
        path: LOCK.to_owned(),
        line: None,
        kind,
        lines: None,
    };
    let Some(text) = &old.lock_text else {
        return Some(problem(Kind::NoLock {
            because: "the lock is missing".to_owned(),
            mend: "restore it from version control if it was there, then run `cargo xtask generate`",
        }));
    };
    if let Some(finding) = old.unreadable.iter().next() {
        return Some(Problem {
            line: finding.location.as_ref().map(|place| place.line),
            ..problem(Kind::NoLock {
                because: format!("the lock cannot be read: {}", finding.message),
                mend: "restore it from version control, or remove it, then run `cargo xtask generate`",
            })
        });
    }
    let new = new.text();
    let difference = difference::first(text, &new)?;
    Some(Problem {
        line: Some(difference.line),
        lines: Some((shown(difference.is), shown(difference.should_be))),
        ..problem(Kind::Lock { because })
    })
}

/// What has changed since the lock was written.
fn causes(old: Option<&Lock>, new: &Lock) -> String {
    let Some(old) = old else {
        return "no lock tells what the last run was made from".to_owned();
    };
    let mut causes = Vec::new();
    if (&old.upstream.file, &old.upstream.sha256) != (&new.upstream.file, &new.upstream.sha256) {
        causes.push(format!(
            "the document {} is not the one that the lock records",
            new.upstream.file
        ));
    }
    let hash = |lock: &Lock, file: &str| {
        lock.overlays
            .iter()
            .find(|overlay| overlay.file == file)
            .map(|overlay| overlay.sha256.clone())
    };
    for overlay in &new.overlays {
        match hash(old, &overlay.file) {
            None => causes.push(format!("the overlay {} is not in the lock", overlay.file)),
            Some(sha256) if sha256 != overlay.sha256 => {
                causes.push(format!(
                    "the overlay {} is not the one that the lock records",
                    overlay.file
                ));
            }
            Some(_) => {}
        }
    }
    for overlay in &old.overlays {
        if hash(new, &overlay.file).is_none() {
            causes.push(format!(
                "the overlay {}, which the lock records, is gone",
                overlay.file
            ));
        }
    }
    for (name, version) in &new.generator {
        match old.generator.get(name) {
            Some(other) if other == version => {}
            Some(other) => causes.push(format!(
                "the generator's {name} is {version}, the lock records {other}"
            )),
            None => causes.push(format!(
                "the generator's {name} {version} is not in the lock"
            )),
        }
    }
    if !causes.is_empty() {
        return causes.join("; ");
    }
    if old.files == new.files && old.effective == new.effective {
        "document, overlays and generator are as the lock says, the lock itself was edited"
            .to_owned()
    } else {
        "the generator in codegen/ has changed, or the lock was edited".to_owned()
    }
}

/// A line as a message shows it: what cannot be seen is spelled out, and a long one is cut.
fn shown(line: Option<&str>) -> String {
    let Some(line) = line else {
        return "(the end of the file)".to_owned();
    };
    let body = line.strip_suffix('\n');
    let text = body.unwrap_or(line);
    let mut text: String = match text.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    };
    text = text.replace('\r', "\\r");
    if text.trim().is_empty() {
        return "(an empty line)".to_owned();
    }
    if body.is_none() {
        text.push_str(" (without a line end)");
    }
    text
}

/// What is worst: an edit is lost by the next run, code that is out of date is what users get.
fn exit_code(problems: &[Problem]) -> Code {
    [Code::HandEdit, Code::Stale, Code::Lock]
        .into_iter()
        .find(|code| problems.iter().any(|problem| problem.code() == *code))
        .unwrap_or(Code::Clean)
}

fn report(problems: &[Problem], output: &Output) -> String {
    if problems.is_empty() {
        return format!(
            "{EFFECTIVE}, {LOCK} and the {} files in {GENERATED} are as `cargo xtask generate` writes them",
            output.files.len()
        );
    }
    let mut blocks: Vec<String> = problems.iter().map(ToString::to_string).collect();
    blocks.push(match problems.len() {
        1 => "1 problem".to_owned(),
        count => format!("{count} problems"),
    });
    blocks.join("\n")
}
