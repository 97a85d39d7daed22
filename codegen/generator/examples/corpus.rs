//! Runs all stages of the generator on each API document in a folder, with a time limit per document, and
//! prints a table of the results.
//!
//! ```sh
//! cargo run --release -p funnelflux-generator --example corpus -- FOLDER [--show CODE] [--write FOLDER]
//! ```
//!
//! `--show CODE` also prints the diagnostics with this code. `--write FOLDER` writes the generated files of
//! each document to a subfolder of its own. The exit code is 1 if a document cannot be read, causes a panic,
//! exceeds the time limit, or is rejected with an error that has no location.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use funnelflux_generator::{Input, LeftOut, Options, generate};
use funnelflux_openapi::{
    Diagnostic, Diagnostics, Severity, Source, normalise, operations::operations, read,
};

/// Time limit per document.
const LIMIT: Duration = Duration::from_mins(5);

#[path = "../../../xtask/src/isolated.rs"]
mod isolated;

#[derive(Default)]
struct Arguments {
    folder: String,
    show: Option<String>,
    write: Option<PathBuf>,
}

fn arguments() -> Option<Arguments> {
    let mut arguments = Arguments::default();
    let mut rest = std::env::args().skip(1);
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--show" => arguments.show = Some(rest.next()?),
            "--write" => arguments.write = Some(rest.next()?.into()),
            _ => arguments.folder = argument,
        }
    }
    (!arguments.folder.is_empty()).then_some(arguments)
}

/// Suffix of the message of each warning about an operation that is left out.
const LEFT_OUT: &str = "left out of the generated code";

/// Maps the code of a diagnostic to the reason that the table shows. Codes with the same remedy have the same
/// reason.
fn reason(code: &str) -> &'static str {
    match code {
        "request-content" | "response-content" => "form or file as body",
        "success-types" => "several success types",
        "success-redirect" => "only a redirect",
        "external-reference" => "part in another file",
        "generator-crash" => "merges without end",
        "derived-name" | "object-name" | "parameter-name" | "no-tag" => "no unique name",
        "discriminator" | "not" | "parameter-type" | "parameter-style" | "parameter-content"
        | "generator-refusal" | "not-understood" | "all-of-conflict" => "unsupported schema or parameter",
        _ => "invalid document",
    }
}

/// Result of generating code from one document.
struct Outcome {
    time: Duration,
    files: BTreeMap<String, String>,
    /// Cargo features, one for each group of operations.
    features: Vec<String>,
    diagnostics: Diagnostics,
    /// Number of operations in the document, including those that are left out.
    operations: usize,
    left_out: Vec<LeftOut>,
}

fn run(name: &str, text: &str) -> Outcome {
    let start = Instant::now();
    let input = Input {
        upstream: Source { name, text },
        overlays: Vec::new(),
        previous_lock: None,
    };
    let options = Options {
        isolation: Some(&isolated::run),
        ..Options::default()
    };
    let result = generate(&input, options);
    let time = start.elapsed();
    match result {
        Ok(output) => Outcome {
            time,
            operations: serde_json::from_str(&output.effective)
                .map_or(0, |document| operations(&document).count()),
            files: output.files,
            features: output.features.into_iter().map(|feature| feature.name).collect(),
            diagnostics: output.notices,
            left_out: output.left_out,
        },
        Err(diagnostics) => Outcome {
            time,
            files: BTreeMap::new(),
            features: Vec::new(),
            diagnostics,
            operations: read::read(input.upstream)
                .and_then(normalise::normalise)
                .map_or(0, |(document, _)| operations(document.value()).count()),
            left_out: Vec::new(),
        },
    }
}

impl Outcome {
    /// Returns `true` if each error has a location.
    fn is_located(&self) -> bool {
        self.errors().all(|diagnostic| diagnostic.location.is_some())
    }

    /// Formats the cells of the document's table row, except for the name and the size.
    fn row(&self) -> String {
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        if self.files.is_empty() {
            // The whole document is rejected, so all its operations are counted under the most frequent
            // reason.
            let is_loss = |diagnostic: &&Diagnostic| {
                diagnostic.code != "no-operations"
                    && (diagnostic.severity == Severity::Error || diagnostic.message.ends_with(LEFT_OUT))
            };
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for diagnostic in self.diagnostics.iter().filter(is_loss) {
                *counts.entry(reason(diagnostic.code)).or_default() += 1;
            }
            let most = counts.into_iter().max_by_key(|(_, count)| *count);
            reasons.extend(most.map(|(reason, _)| (reason, self.operations)));
        }
        for left_out in &self.left_out {
            let (_, code) = left_out.rule.split_once("::").unwrap_or_default();
            *reasons.entry(reason(code)).or_default() += 1;
        }
        let kept = if self.files.is_empty() {
            0
        } else {
            self.operations - self.left_out.len()
        };
        let mut reasons: Vec<(&str, usize)> = reasons.into_iter().collect();
        reasons.sort_by_key(|(_, count)| Reverse(*count));
        let reasons = reasons.iter().map(|(reason, count)| format!("{reason} {count}"));
        format!(
            "{kept} of {} | {} | {}{}",
            self.operations,
            self.time.as_millis(),
            reasons.collect::<Vec<_>>().join(", "),
            if self.is_located() {
                ""
            } else {
                " (WITHOUT A LOCATION)"
            }
        )
    }

    fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        let diagnostics = self.diagnostics.iter();
        diagnostics.filter(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Writes the generated files of a document. Also writes `features.toml`, which contains the cargo features
/// as lines of a `Cargo.toml`.
fn write_files(folder: &Path, outcome: &Outcome) -> io::Result<()> {
    let quoted = outcome.features.iter().map(|name| format!("{name:?}"));
    let lists = outcome.features.iter().map(|name| format!("{name:?} = []\n"));
    let lists: String = lists.collect();
    let all = quoted.collect::<Vec<_>>().join(", ");
    let features = format!("documented = [{all}]\ninferred = []\n{lists}");
    let features = ("features.toml".to_owned(), features);
    for (path, text) in outcome.files.iter().chain([(&features.0, &features.1)]) {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(())
}

/// Generates code from one document and prints the table row of the document. Returns `false` if the exit
/// code must be 1 because of this document.
fn document(file: &Path, arguments: &Arguments, out: &mut impl io::Write) -> io::Result<bool> {
    let name = file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            writeln!(out, "| {name} | | | | {error} |")?;
            return Ok(false);
        }
    };
    write!(out, "| {name} | {} | ", text.len() / 1024)?;
    out.flush()?;
    let (send, receive) = mpsc::channel();
    let job = {
        let name = name.clone();
        // Debug builds need a large stack for deeply nested schemas.
        let builder = thread::Builder::new().stack_size(64 << 20);
        builder.spawn(move || {
            // After the time limit, the receiver is gone, so sending may fail.
            let _ = send.send(run(&name, &text));
        })?
    };
    let outcome = match receive.recv_timeout(LIMIT) {
        Ok(outcome) => outcome,
        Err(mpsc::RecvTimeoutError::Timeout) => {
            writeln!(out, "| | | LONGER THAN {} s |", LIMIT.as_secs())?;
            return Ok(false);
        }
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            let _ = job.join();
            writeln!(out, "| | | PANIC |")?;
            return Ok(false);
        }
    };
    writeln!(out, "{} |", outcome.row())?;
    for diagnostic in outcome.diagnostics.iter() {
        if arguments.show.as_deref() == Some(diagnostic.code) {
            writeln!(out, "{diagnostic}")?;
        }
    }
    if let Some(folder) = &arguments.write {
        write_files(&folder.join(&name), &outcome)?;
    }
    Ok(outcome.is_located())
}

fn main() -> io::Result<ExitCode> {
    if isolated::is_child() {
        return Ok(isolated::child());
    }
    let Some(arguments) = arguments() else {
        eprintln!("usage: corpus FOLDER [--show CODE] [--write FOLDER]");
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
        "| document | KB | kept | ms | left out |\n|---|---|---|---|---|"
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
