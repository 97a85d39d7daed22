//! `cargo xtask check`: is everything what `cargo xtask generate` would write? Writes nothing.

use std::{collections::BTreeMap, fmt};

use funnelflux_diff::{Report, annotation, compare as compare_documents};
use funnelflux_generator::{COVERAGE, EFFECTIVE, Lock, Output};
use funnelflux_openapi::{Diagnostic, Diagnostics, Location, Severity, digest::sha256};
use serde_json::{Value, json};

use crate::{
    Outcome, diff, difference,
    exit::{Code, Failure},
    features, release,
    source::{self, Source},
    workspace::{GENERATED, LOCK, MANIFEST, Spec, Workspace},
};

/// Tells what is not as `generate` would write it, why, and what mends it.
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 all is as it should be, 1 usage or I/O, 2 document or overlay not valid, \
                  3 generated code out of date, missing or left over, 4 lock out of date, \
                  7 generated file edited by hand, 8 the crate's version is behind its changes; with \
                  --upstream also 5 the vendor's document has changed, in nothing that breaks, 6 in something \
                  that breaks (the first of 2, 7, 3, 4, 8, 6, 5 that applies), 9 its address does not answer now"
)]
pub(crate) struct Arguments {
    /// Compares the vendor's current document with ours, too.
    #[arg(long, value_name = "SOURCE", help = format!("Compares the vendor's current document with ours, too: {}", source::HELP))]
    upstream: Option<Source>,
    /// How to tell it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How problems are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For a terminal.
    #[default]
    Text,
    /// For programs.
    Json,
    /// Annotations for a GitHub workflow.
    Github,
}

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
    /// The features of the crate are not those of the groups.
    Features { because: String },
    /// The lock.
    Lock { because: String },
    /// The lock, if it is missing or cannot be read.
    NoLock { because: String, mend: &'static str },
    /// The crate's version is too low for what has changed since the last release.
    Version { because: String },
    /// Nobody can tell which version is due.
    Unreadable { because: String },
}

impl Problem {
    /// One that is about a whole file.
    fn new(path: impl Into<String>, kind: Kind) -> Self {
        Self {
            path: path.into(),
            line: None,
            kind,
            lines: None,
        }
    }

    fn code(&self) -> Code {
        match self.kind {
            Kind::OutOfDate { .. } | Kind::Missing { .. } | Kind::Orphan | Kind::Features { .. } => {
                Code::Stale
            }
            Kind::EditedByHand => Code::HandEdit,
            Kind::Lock { .. } | Kind::NoLock { .. } => Code::Lock,
            Kind::Version { .. } | Kind::Unreadable { .. } => Code::Version,
        }
    }
}

impl Problem {
    /// What is wrong, and why.
    fn message(&self) -> String {
        match &self.kind {
            Kind::OutOfDate { because } => format!("out of date: {because}"),
            Kind::EditedByHand => "edited by hand: it is not what the last run wrote".to_owned(),
            Kind::Missing { because } => format!("missing: {because}"),
            Kind::Orphan => "orphan: nothing generates this file".to_owned(),
            Kind::Lock { because } => format!("the lock is out of date: {because}"),
            Kind::NoLock { because, .. } | Kind::Features { because } | Kind::Version { because } => {
                because.clone()
            }
            Kind::Unreadable { because } => {
                format!("which version is due cannot be told: {because}")
            }
        }
    }

    /// What to do.
    fn mend(&self) -> &'static str {
        match &self.kind {
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
            Kind::Features { .. } => "correct the features by hand; their names are those of the groups",
            Kind::Unreadable { .. } => "make the code of the crate compile, then run this again",
            Kind::Version { .. } => {
                "raise the version in the manifest, and say in the changelog what users have to change"
            }
            Kind::OutOfDate { .. } | Kind::Missing { .. } | Kind::Lock { .. } => "`cargo xtask generate`",
        }
    }

    /// What is there and what should be, on lines of their own.
    fn details(&self) -> String {
        let lines = self.lines.as_ref().map_or_else(String::new, |(is, should_be)| {
            format!("\n  is:        {is}\n  should be: {should_be}")
        });
        format!("{lines}\n  mend: {}", self.mend())
    }

    fn json(&self) -> Value {
        json!({
            "file": self.path,
            "line": self.line,
            "message": self.message(),
            "is": self.lines.as_ref().map(|(is, _)| is),
            "should_be": self.lines.as_ref().map(|(_, should_be)| should_be),
            "mend": self.mend(),
            "exit_code": self.code().number(),
        })
    }

    fn github(&self) -> String {
        let location = Location {
            file: self.path.clone(),
            line: self.line.unwrap_or(1),
            column: 1,
        };
        let message = format!("{}{}", self.message(), self.details());
        annotation(Severity::Error, Some(&location), "cargo xtask check", &message)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.path)?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
        }
        write!(formatter, ": {}{}", self.message(), self.details())
    }
}

/// All that there is to say.
struct Found {
    /// What stops the generation, so that nothing could be compared.
    invalid: Diagnostics,
    problems: Vec<Problem>,
    /// How many files are generated.
    files: usize,
    /// How the vendor's current document differs from ours, or why that cannot be told, if it was asked.
    upstream: Option<Result<Report, Failure>>,
}

pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<Outcome, Failure> {
    let spec = workspace.spec()?;
    let upstream = arguments
        .upstream
        .as_ref()
        .and_then(|source| compare_upstream(workspace, &spec, source).transpose());
    let (lock, unreadable) = match spec.read_lock() {
        Ok(lock) => (lock, Diagnostics::new()),
        Err(diagnostics) => (None, diagnostics),
    };
    let generated = spec.generate(lock.clone(), &mut |_| {});
    let old = Old {
        effective: workspace.effective()?.map(|effective| effective.text),
        coverage: workspace.coverage()?.map(|coverage| coverage.text),
        manifest: workspace.manifest()?.map(|manifest| manifest.text),
        files: workspace.generated()?,
        lock_text: spec.lock.map(|lock| lock.text),
        lock,
        unreadable,
    };
    let found = match generated {
        Err(invalid) => Found {
            invalid,
            problems: compare_with_lock(&old),
            files: 0,
            upstream,
        },
        Ok(output) => {
            let mut problems = compare(&old, &output);
            problems.extend(version(workspace, &output)?);
            Found {
                invalid: Diagnostics::new(),
                problems,
                files: output.files.len(),
                upstream,
            }
        }
    };
    let code = found.code();
    Ok(match (arguments.format, code) {
        (Format::Json, _) => Outcome {
            text: format!("{:#}", found.json()),
            aside: String::new(),
            code,
        },
        (Format::Github, _) => Outcome {
            text: found.github(),
            aside: String::new(),
            code,
        },
        (Format::Text, Code::Clean) => Outcome {
            text: found.text(),
            aside: String::new(),
            code,
        },
        (Format::Text, _) => Outcome {
            text: String::new(),
            aside: found.text(),
            code,
        },
    })
}

/// How the vendor's current document differs from ours. `None` if ours cannot be read, which is told besides.
fn compare_upstream(workspace: &Workspace, spec: &Spec, source: &Source) -> Result<Option<Report>, Failure> {
    let text = source.read(workspace)?;
    let theirs = diff::document(&text)?;
    let ours = diff::document(&spec.upstream).ok();
    Ok(ours.map(|ours| compare_documents(&ours, &theirs)))
}

/// What is there.
struct Old {
    effective: Option<String>,
    coverage: Option<String>,
    manifest: Option<String>,
    files: BTreeMap<String, Option<String>>,
    lock_text: Option<String>,
    lock: Option<Lock>,
    /// What is wrong with the lock, if it is there and none could be read.
    unreadable: Diagnostics,
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
    problems.extend(compare_file(
        COVERAGE.to_owned(),
        old.coverage.as_deref(),
        old.lock
            .as_ref()
            .and_then(|lock| Some(lock.coverage.as_ref()?.sha256.as_str())),
        &new.coverage,
        &because,
    ));
    problems.extend(
        features::problem(old.manifest.as_deref(), &new.features)
            .map(|because| Problem::new(MANIFEST, Kind::Features { because })),
    );
    for (path, text) in &new.files {
        let locked = old
            .lock
            .as_ref()
            .and_then(|lock| lock.files.get(path))
            .map(String::as_str);
        let name = format!("{GENERATED}/{path}");
        let problem = match old.files.get(path) {
            // No text at all: nothing that a run has written.
            Some(None) => Some(Problem::new(name, Kind::EditedByHand)),
            Some(Some(is)) => compare_file(name, Some(is), locked, text, &because),
            None => compare_file(name, None, locked, text, &because),
        };
        problems.extend(problem);
    }
    problems.extend(orphans(old, |path| new.files.contains_key(path)));
    problems.extend(compare_lock(old, &new.lock, because));
    problems
}

/// What can be told where nothing can be generated: whether the files are what the last run wrote.
fn compare_with_lock(old: &Old) -> Vec<Problem> {
    let Some(lock) = &old.lock else {
        return no_lock(old).into_iter().collect();
    };
    let of_file = |path: String, is: Option<&str>, locked: &str| {
        departed(is, locked).map(|kind| Problem::new(path, kind))
    };
    let mut problems = Vec::new();
    problems.extend(of_file(
        EFFECTIVE.to_owned(),
        old.effective.as_deref(),
        &lock.effective.sha256,
    ));
    if let Some(coverage) = &lock.coverage {
        let is = old.coverage.as_deref();
        problems.extend(of_file(COVERAGE.to_owned(), is, &coverage.sha256));
    }
    for (path, locked) in &lock.files {
        // One that is no text is nothing that a run has written.
        let is = old
            .files
            .get(path)
            .map(|text| text.as_deref().unwrap_or_default());
        problems.extend(of_file(format!("{GENERATED}/{path}"), is, locked));
    }
    problems.extend(orphans(old, |path| lock.files.contains_key(path)));
    problems
}

/// How a file is not what the last run wrote, of which `locked` is the sha256.
fn departed(is: Option<&str>, locked: &str) -> Option<Kind> {
    match is {
        None => Some(Kind::Missing {
            because: "the last run wrote it; it was deleted".to_owned(),
        }),
        Some(is) => (sha256(is) != locked).then_some(Kind::EditedByHand),
    }
}

/// The files that nothing generates.
fn orphans(old: &Old, is_known: impl Fn(&String) -> bool) -> impl Iterator<Item = Problem> {
    let unknown = old.files.keys().filter(move |path| !is_known(path));
    unknown.map(|path| Problem::new(format!("{GENERATED}/{path}"), Kind::Orphan))
}

/// `locked` is the sha256 of what the last run wrote, if the lock tells.
fn compare_file(
    path: String,
    is: Option<&str>,
    locked: Option<&str>,
    should_be: &str,
    because: &str,
) -> Option<Problem> {
    let departed = || locked.and_then(|locked| departed(is, locked));
    let because = because.to_owned();
    let Some(text) = is else {
        let kind = departed().unwrap_or(Kind::Missing { because });
        return Some(Problem::new(path, kind));
    };
    let difference = difference::first(text, should_be)?;
    let kind = departed().unwrap_or(Kind::OutOfDate { because });
    Some(Problem {
        path,
        line: Some(difference.line),
        kind,
        lines: Some((shown(difference.is), shown(difference.should_be))),
    })
}

fn compare_lock(old: &Old, new: &Lock, because: String) -> Option<Problem> {
    if let Some(problem) = no_lock(old) {
        return Some(problem);
    }
    let text = old.lock_text.as_deref().unwrap_or_default();
    let new = new.text();
    let difference = difference::first(text, &new)?;
    Some(Problem {
        line: Some(difference.line),
        lines: Some((shown(difference.is), shown(difference.should_be))),
        ..Problem::new(LOCK, Kind::Lock { because })
    })
}

/// That there is no lock to compare with, if that is so.
fn no_lock(old: &Old) -> Option<Problem> {
    if old.lock_text.is_none() {
        let kind = Kind::NoLock {
            because: "the lock is missing".to_owned(),
            mend: "restore it from version control if it was there, then run `cargo xtask generate`",
        };
        return Some(Problem::new(LOCK, kind));
    }
    let diagnostic = old.unreadable.iter().next()?;
    let kind = Kind::NoLock {
        because: format!("the lock cannot be read: {}", diagnostic.message),
        mend: "restore it from version control, or remove it, then run `cargo xtask generate`",
    };
    Some(Problem {
        line: diagnostic.location.as_ref().map(|place| place.line),
        ..Problem::new(LOCK, kind)
    })
}

/// Whether the crate's version is high enough; nothing is asked of it before the first release.
fn version(workspace: &Workspace, output: &Output) -> Result<Option<Problem>, Failure> {
    let Some(last) = workspace.released()? else {
        return Ok(None);
    };
    // Code that cannot be read hides none of the other problems.
    Ok(match release::of(workspace, &output.files) {
        Ok(now) => {
            release::behind(&last, &now).map(|because| Problem::new("Cargo.toml", Kind::Version { because }))
        }
        Err(failure) => {
            let because = failure.to_string();
            Some(Problem::new("generated/src", Kind::Unreadable { because }))
        }
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
            None => causes.push(format!("the generator's {name} {version} is not in the lock")),
        }
    }
    if !causes.is_empty() {
        return causes.join("; ");
    }
    if old.files == new.files && old.effective == new.effective {
        "document, overlays and generator are as the lock says, the lock itself was edited".to_owned()
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

impl Found {
    /// What is worst: an edit is lost by the next run, code that is out of date is what users get, and ours comes
    /// before the vendor's.
    fn code(&self) -> Code {
        if self.invalid.has_errors() {
            return Failure::from(self.invalid.clone()).code();
        }
        [Code::HandEdit, Code::Stale, Code::Lock, Code::Version]
            .into_iter()
            .find(|code| self.problems.iter().any(|problem| problem.code() == *code))
            .or_else(|| {
                Some(match self.upstream.as_ref()? {
                    Ok(report) => Code::of(report),
                    Err(failure) => failure.code(),
                })
            })
            .unwrap_or(Code::Clean)
    }

    fn text(&self) -> String {
        let mut blocks: Vec<String> = Vec::new();
        if !self.invalid.is_empty() {
            blocks.push(self.invalid.to_string());
        }
        if self.problems.is_empty() && self.invalid.is_empty() {
            blocks.push(format!(
                "{EFFECTIVE}, {COVERAGE}, {LOCK} and the {} files in {GENERATED} are as `cargo xtask generate` writes them",
                self.files
            ));
        } else if !self.problems.is_empty() {
            blocks.extend(self.problems.iter().map(ToString::to_string));
            blocks.push(match self.problems.len() {
                1 => "1 problem".to_owned(),
                count => format!("{count} problems"),
            });
        }
        match &self.upstream {
            None => {}
            Some(Ok(report)) => {
                blocks.push(format!(
                    "\nthe vendor's document against ours, {} → {}:",
                    report.old, report.new
                ));
                blocks.push(report.text());
                if !report.is_empty() {
                    blocks.push(format!("  mend: `cargo xtask fetch {}`", report.new));
                }
            }
            Some(Err(failure)) => {
                blocks.push(format!(
                    "\nthe vendor's document cannot be compared with ours:\n{failure}"
                ));
            }
        }
        blocks.join("\n")
    }

    fn json(&self) -> Value {
        let problems: Vec<Value> = self.problems.iter().map(Problem::json).collect();
        json!({
            "exit_code": self.code().number(),
            "invalid": self.invalid,
            "problems": problems,
            "upstream": self.report().map(Report::json),
            "upstream_failure": self.failure().map(ToString::to_string),
        })
    }

    fn report(&self) -> Option<&Report> {
        self.upstream.as_ref()?.as_ref().ok()
    }

    fn failure(&self) -> Option<&Failure> {
        self.upstream.as_ref()?.as_ref().err()
    }

    fn github(&self) -> String {
        let mut lines: Vec<String> = self.invalid.iter().map(annotate).collect();
        lines.extend(self.problems.iter().map(Problem::github));
        lines.extend(self.report().map(Report::github));
        match self.failure() {
            None => {}
            Some(Failure::Diagnostics(diagnostics)) => lines.extend(diagnostics.iter().map(annotate)),
            Some(Failure::Io(message)) => lines.push(annotate_failure(Severity::Error, message)),
            // Fails only where it is asked to.
            Some(Failure::Unreachable(message)) => {
                lines.push(annotate_failure(Severity::Warning, message));
            }
        }
        lines.join("\n")
    }
}

fn annotate_failure(severity: Severity, message: &str) -> String {
    annotation(severity, None, "cargo xtask check", message)
}

fn annotate(diagnostic: &Diagnostic) -> String {
    let title = format!("{}::{}", diagnostic.stage, diagnostic.code);
    let message = format!("{}\n{}", diagnostic.message, diagnostic.help);
    annotation(
        diagnostic.severity,
        diagnostic.location.as_ref(),
        &title,
        &message,
    )
}
