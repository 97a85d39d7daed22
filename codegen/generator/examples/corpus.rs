//! Runs all stages on a folder of public API documents, each under a time limit, and prints a table.
//!
//! ```sh
//! cargo run --release -p funnelflux-generator --example corpus -- \
//!     FOLDER [--prune] [--show CODE] [--write FOLDER]
//! ```
//!
//! `--prune` repeatedly removes the parts with errors until the rest generates, so that later stages also see
//! foreign constructs. `--show` also prints the diagnostics with a given code; locations in later rounds
//! refer to the document of that round. `--write` writes the generated files, one folder per document, and
//! their source document, `NAME.pruned.json`. The exit code is 1 if a document caused a panic, took longer
//! than the limit, was refused without a location, or, with `--prune`, left nothing to generate.

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
use funnelflux_openapi::{
    Diagnostic, Diagnostics, Severity, Source, normalise,
    pointer::{METHODS, Pointer, PointerBuf},
    read,
};
use serde_json::{Map, Value, json};

/// Time limit per document. Pruning runs all stages many times.
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

/// Result for a document.
struct Outcome {
    version: String,
    time: Duration,
    files: BTreeMap<String, String>,
    diagnostics: Diagnostics,
    /// Number of operations.
    operations: usize,
    /// Number of operations with generated code.
    kept: usize,
    /// Parts removed so that the rest could be generated.
    pruned: Option<Pruned>,
    /// Text of the document from which the files were generated.
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
        while pruned.remove_refused(&mut document, &reasons) {
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
    members.filter(|key| METHODS.contains(&key.as_str())).count()
}

/// Parts that were removed from a document.
#[derive(Default)]
struct Pruned {
    opened: usize,
    named: usize,
    other: usize,
    /// Errors of later rounds.
    later: Diagnostics,
    /// Errors that pruning cannot fix.
    rest: Diagnostics,
}

impl Pruned {
    /// Removes the parts that errors point to; returns `true` if that changed the document.
    fn remove_refused(&mut self, document: &mut Value, diagnostics: &Diagnostics) -> bool {
        let mut changed = false;
        for diagnostic in diagnostics {
            if diagnostic.severity != Severity::Error {
                continue;
            }
            let tokens: Vec<String> = diagnostic
                .pointer
                .tokens()
                .map(|token| token.decoded().into_owned())
                .collect();
            let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
            changed |= match tokens.as_slice() {
                // The fix that the message proposes.
                _ if diagnostic.code == "enum-name"
                    && document
                        .pointer(diagnostic.pointer.as_str())
                        .is_some_and(|schema| schema.get("x-rust-name").is_none()) =>
                {
                    self.named += 1;
                    let name = format!("Enumeration{}", self.named);
                    set(document, &diagnostic.pointer, "x-rust-name", json!(name))
                }
                ["paths", path, method, ..] if diagnostic.code == "no-tag" => {
                    let operation = PointerBuf::from_tokens(["paths", path, method]);
                    set(document, &operation, "tags", json!(["Default"]))
                }
                ["paths", path, method, ..] if METHODS.contains(method) => {
                    remove(document, &PointerBuf::from_tokens(["paths", path]), method)
                }
                ["paths", path, ..] => {
                    let removed = remove(document, Pointer::from_static("/paths"), path);
                    self.other += usize::from(removed);
                    removed
                }
                ["components", "schemas", name, ..] => {
                    let schemas = Pointer::from_static("/components/schemas");
                    let schema = schemas.with_trailing_token(*name);
                    let exists = document.pointer(schema.as_str()).is_some();
                    let opened = exists && set(document, schemas, name, json!({}));
                    self.opened += usize::from(opened);
                    // If its name is also refused, its users are removed in the next round.
                    let removed = !opened && remove(document, schemas, name);
                    self.other += usize::from(removed);
                    opened || removed
                }
                ["components", section, name, ..] => {
                    let removed = remove(document, &PointerBuf::from_tokens(["components", section]), name);
                    self.other += usize::from(removed);
                    removed
                }
                _ => false,
            };
        }
        changed
    }
}

fn remove(document: &mut Value, place: &Pointer, key: &str) -> bool {
    document
        .pointer_mut(place.as_str())
        .and_then(Value::as_object_mut)
        .is_some_and(|object| object.shift_remove(key).is_some())
}

/// Sets a member; returns `true` if that changed it.
fn set(document: &mut Value, place: &Pointer, key: &str, value: Value) -> bool {
    let Some(object) = document
        .pointer_mut(place.as_str())
        .and_then(Value::as_object_mut)
    else {
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
    /// Returns `true` if each error has a location.
    fn is_located(&self) -> bool {
        self.errors().all(|diagnostic| diagnostic.location.is_some())
    }

    /// Formats a row of the table, beginning with the version.
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
                "; {} other parts removed, {} schemas opened, {} enumerations named",
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
            reasons.push_str(" (WITHOUT A LOCATION)");
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

/// Counts errors by code.
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

/// Runs one document and prints its row; returns `true` if it was handled properly.
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
            // The receiver is gone after the time limit.
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
    let mut success = true;
    for file in files {
        success &= document(&file, &arguments, &mut out)?;
    }
    Ok(if success {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
