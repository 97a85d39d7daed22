//! Runs all stages on a folder of public API documents, each under a time limit, and prints a table.
//!
//! ```sh
//! cargo run --release -p funnelflux-generator --example corpus -- \
//!     FOLDER [--prune] [--show CODE] [--write FOLDER]
//! ```
//!
//! `--prune` removes the parts with errors, again and again, until the rest generates, so that the later
//! stages see foreign constructs, too. `--show` also prints the diagnostics of a code; those of later rounds
//! have locations in the document of that round. `--write` writes the generated files, a folder per document,
//! and the document that they come from, `NAME.pruned.json`. The exit code is 1 if a document made the
//! program panic, took longer than the limit, was refused without a location, or, with `--prune`, left
//! nothing that generates.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use funnelflux_generator::{Input, Options, generate};
use funnelflux_openapi::{Diagnostic, Diagnostics, Severity, Source, normalise, pointer, read};
use serde_json::{Map, Value, json};

/// Pruning runs all stages many times.
const LIMIT: Duration = Duration::from_mins(5);

#[path = "../../../xtask/src/isolated.rs"]
mod isolated;

#[derive(Default)]
struct Arguments {
    folder: String,
    prune: bool,
    show: Option<String>,
    write: Option<PathBuf>,
}

fn arguments() -> Option<Arguments> {
    let mut arguments = Arguments::default();
    let mut rest = std::env::args().skip(1);
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--prune" => arguments.prune = true,
            "--show" => arguments.show = Some(rest.next()?),
            "--write" => arguments.write = Some(rest.next()?.into()),
            _ => arguments.folder = argument,
        }
    }
    (!arguments.folder.is_empty()).then_some(arguments)
}

/// What came of a document.
struct Outcome {
    version: String,
    time: Duration,
    files: BTreeMap<String, String>,
    diagnostics: Diagnostics,
    /// How many operations there are, and for how many of them there is code.
    operations: usize,
    kept: usize,
    /// What was left out for there to be files.
    pruned: Option<Pruned>,
    /// The document that the files are made of.
    document: String,
}

fn run(name: &str, text: &str, prune: bool) -> Outcome {
    let source = Source { name, text };
    let version = read::read(source)
        .and_then(|document| read::version(&document))
        .map_or_else(|_| "?".to_owned(), |version| version.to_string());
    let mut outcome = run_once(source, version);
    let document = read::read(source).and_then(normalise::normalise);
    let Ok((document, _)) = document else {
        return outcome;
    };
    let mut document = document.into_value();
    outcome.operations = operations(&document);
    if prune && outcome.files.is_empty() {
        let mut pruned = Pruned::default();
        let mut reasons = outcome.diagnostics.clone();
        while pruned.leave_out(&mut document, &reasons) {
            let text = document.to_string();
            let source = Source { name, text: &text };
            let next = run_once(source, String::new());
            reasons = next.diagnostics;
            pruned.later.0.extend(errors(&reasons).cloned());
            outcome.files = next.files;
        }
        pruned.rest = errors(&reasons).cloned().collect();
        outcome.pruned = Some(pruned);
    }
    if !outcome.files.is_empty() {
        outcome.kept = operations(&document);
        outcome.document = format!("{document:#}");
    }
    outcome
}

fn operations(document: &Value) -> usize {
    let paths = document.get("paths").and_then(Value::as_object);
    let items = paths.into_iter().flat_map(Map::values);
    let members = items.filter_map(Value::as_object).flat_map(Map::keys);
    members
        .filter(|key| pointer::METHODS.contains(&key.as_str()))
        .count()
}

/// What was left out of a document.
#[derive(Default)]
struct Pruned {
    opened: usize,
    named: usize,
    other: usize,
    /// What the later rounds objected to.
    later: Diagnostics,
    /// Errors that leaving out does not mend.
    rest: Diagnostics,
}

impl Pruned {
    /// Leaves out what errors point to; whether that changed the document.
    fn leave_out(&mut self, document: &mut Value, diagnostics: &Diagnostics) -> bool {
        let mut changed = false;
        for diagnostic in diagnostics {
            if diagnostic.severity != Severity::Error {
                continue;
            }
            let tokens: Vec<String> = pointer::tokens(diagnostic.pointer.as_str())
                .map(std::borrow::Cow::into_owned)
                .collect();
            let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
            changed |= match tokens.as_slice() {
                // The way out that the message names.
                _ if diagnostic.code == "enum-name"
                    && document
                        .pointer(diagnostic.pointer.as_str())
                        .is_some_and(|schema| schema.get("x-rust-name").is_none()) =>
                {
                    self.named += 1;
                    let name = format!("Enumeration{}", self.named);
                    set(document, diagnostic.pointer.as_str(), "x-rust-name", json!(name))
                }
                ["paths", path, method, ..] if diagnostic.code == "no-tag" => {
                    let place = pointer::join(&pointer::join("/paths", path), method);
                    set(document, &place, "tags", json!(["Default"]))
                }
                ["paths", path, method, ..] if pointer::METHODS.contains(method) => {
                    remove(document, &pointer::join("/paths", path), method)
                }
                ["paths", path, ..] => {
                    let gone = remove(document, "/paths", path);
                    self.other += usize::from(gone);
                    gone
                }
                ["components", "schemas", name, ..] => {
                    let place = pointer::join("/components/schemas", name);
                    let is_there = document.pointer(&place).is_some();
                    let opened = is_there && set(document, "/components/schemas", name, json!({}));
                    self.opened += usize::from(opened);
                    // Where even its name is in the way, those who use it go next.
                    let gone = !opened && remove(document, "/components/schemas", name);
                    self.other += usize::from(gone);
                    opened || gone
                }
                ["components", section, name, ..] => {
                    let gone = remove(document, &format!("/components/{section}"), name);
                    self.other += usize::from(gone);
                    gone
                }
                _ => false,
            };
        }
        changed
    }
}

fn remove(document: &mut Value, place: &str, key: &str) -> bool {
    document
        .pointer_mut(place)
        .and_then(Value::as_object_mut)
        .is_some_and(|object| object.shift_remove(key).is_some())
}

/// Sets a member; whether it was another before.
fn set(document: &mut Value, place: &str, key: &str, value: Value) -> bool {
    let Some(object) = document.pointer_mut(place).and_then(Value::as_object_mut) else {
        return false;
    };
    if object.get(key) == Some(&value) {
        return false;
    }
    object.insert(key.to_owned(), value);
    true
}

fn run_once(source: Source<'_>, version: String) -> Outcome {
    let start = Instant::now();
    let input = Input {
        upstream: source,
        overlays: Vec::new(),
        previous_lock: None,
    };
    let options = Options {
        isolation: Some(&isolated::run),
        ..Options::default()
    };
    let result = generate(&input, options);
    let time = start.elapsed();
    let (files, diagnostics) = match result {
        Ok(output) => (output.files, output.notices),
        Err(diagnostics) => (BTreeMap::new(), diagnostics),
    };
    Outcome {
        version,
        time,
        files,
        diagnostics,
        operations: 0,
        kept: 0,
        pruned: None,
        document: String::new(),
    }
}

impl Outcome {
    /// Whether each reason has a place.
    fn is_located(&self) -> bool {
        self.errors().all(|diagnostic| diagnostic.location.is_some())
    }

    /// A row of the table, from the version on.
    fn row(&self) -> String {
        let mut reasons: Vec<String> = Vec::new();
        if !self.files.is_empty() {
            reasons.push(format!("{} files", self.files.len()));
        }
        reasons.extend(counted(&codes(&self.diagnostics)));
        let mut reasons = reasons.join(", ");
        if let Some(pruned) = &self.pruned {
            let _ = write!(
                reasons,
                "; without {} other parts, with {} schemas open and {} enumerations named",
                pruned.other, pruned.opened, pruned.named
            );
            if !pruned.later.is_empty() {
                let later = counted(&codes(&pruned.later)).join(", ");
                let _ = write!(reasons, "; later {later}");
            }
            for diagnostic in &pruned.rest {
                let _ = write!(reasons, "; {diagnostic}");
            }
        }
        if !self.is_located() {
            reasons.push_str(" (WITHOUT A PLACE)");
        }
        format!(
            "{} | {} of {} | {} | {}/{}/{} | {reasons}",
            self.version,
            self.kept,
            self.operations,
            self.time.as_millis(),
            self.diagnostics.count(Severity::Error),
            self.diagnostics.count(Severity::Warning),
            self.diagnostics.count(Severity::Notice),
        )
    }

    fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        errors(&self.diagnostics)
    }
}

fn errors(diagnostics: &Diagnostics) -> impl Iterator<Item = &Diagnostic> {
    diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
}

/// How often each rule refuses something.
fn codes(diagnostics: &Diagnostics) -> BTreeMap<String, usize> {
    let mut codes = BTreeMap::new();
    for diagnostic in errors(diagnostics) {
        let code = format!("{}::{}", diagnostic.stage, diagnostic.code);
        *codes.entry(code).or_default() += 1;
    }
    codes
}

fn counted(codes: &BTreeMap<String, usize>) -> Vec<String> {
    codes
        .iter()
        .map(|(code, count)| format!("{code} {count}"))
        .collect()
}

/// Writes the files of a document.
fn write_files(folder: &Path, files: &BTreeMap<String, String>) -> io::Result<()> {
    for (path, text) in files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(())
}

/// Runs one document and prints its row; whether it went as it must.
fn document(file: &Path, arguments: &Arguments, out: &mut impl io::Write) -> io::Result<bool> {
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            writeln!(out, "| {name} | | | | | | {error} |")?;
            return Ok(false);
        }
    };
    write!(out, "| {name} | {} | ", text.len() / 1024)?;
    out.flush()?;
    let (send, receive) = mpsc::channel();
    let job = {
        let (name, prune) = (name.clone(), arguments.prune);
        thread::spawn(move || {
            // Nobody listens any more where it took too long.
            let _ = send.send(run(&name, &text, prune));
        })
    };
    let outcome = match receive.recv_timeout(LIMIT) {
        Ok(outcome) => outcome,
        Err(mpsc::RecvTimeoutError::Timeout) => {
            writeln!(out, "| | | | LONGER THAN {} s |", LIMIT.as_secs())?;
            return Ok(false);
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            let _ = job.join();
            writeln!(out, "| | | | PANIC |")?;
            return Ok(false);
        }
    };
    writeln!(out, "{} |", outcome.row())?;
    let later = outcome.pruned.iter().flat_map(|pruned| &pruned.later);
    for diagnostic in outcome.diagnostics.iter().chain(later) {
        if arguments.show.as_deref() == Some(diagnostic.code) {
            writeln!(out, "{diagnostic}")?;
        }
    }
    if let Some(folder) = &arguments.write {
        write_files(&folder.join(&name), &outcome.files)?;
        if !outcome.document.is_empty() {
            std::fs::write(folder.join(format!("{name}.pruned.json")), &outcome.document)?;
        }
    }
    let is_refused = outcome.pruned.is_none() && outcome.errors().next().is_some();
    let has_answer = is_refused || !outcome.files.is_empty();
    Ok(has_answer && outcome.is_located())
}

fn main() -> io::Result<ExitCode> {
    if isolated::is_child() {
        return Ok(isolated::child());
    }
    let Some(arguments) = arguments() else {
        eprintln!("usage: corpus FOLDER [--prune] [--show CODE] [--write FOLDER]");
        return Ok(ExitCode::from(2));
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(&arguments.folder)? {
        let path = entry?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "| document | KB | version | operations | ms | errors/warnings/notices | outcome |\n\
         |---|---|---|---|---|---|---|"
    )?;
    let mut good = true;
    for file in files {
        good &= document(&file, &arguments, &mut out)?;
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
