//! Runs all stages over a folder of public API documents, each under a time limit, and prints a table.
//!
//! `cargo run --release -p funnelflux-codegen --example corpus -- FOLDER [--show CODE] [--write FOLDER]`
//!
//! `--show` prints the findings of a code too; `--write` writes what is generated, a folder per document. Exit code 1
//! if a document made the program panic, took longer than the limit, or was refused without a place.

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

use funnelflux_codegen::{Finding, Findings, Input, Severity, Source, generate_any, read};

const LIMIT: Duration = Duration::from_mins(1);

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

/// What came of a document.
struct Outcome {
    version: String,
    time: Duration,
    files: BTreeMap<String, String>,
    findings: Findings,
}

fn run(name: &str, text: &str) -> Outcome {
    let source = Source { name, text };
    let version = read::read(source)
        .and_then(|document| read::version(&document))
        .map_or_else(|_| "?".to_owned(), |version| version.to_string());
    let start = Instant::now();
    let result = generate_any(&Input {
        upstream: source,
        overlays: Vec::new(),
        previous_lock: None,
    });
    let time = start.elapsed();
    let (files, findings) = match result {
        Ok(output) => (output.files, output.notices),
        Err(findings) => (BTreeMap::new(), findings),
    };
    Outcome {
        version,
        time,
        files,
        findings,
    }
}

impl Outcome {
    /// Whether each reason has a place.
    fn is_located(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.location.is_some())
    }

    /// A row of the table, from the version on.
    fn row(&self) -> String {
        let mut codes: BTreeMap<String, usize> = BTreeMap::new();
        for finding in self.errors() {
            *codes
                .entry(format!("{}::{}", finding.stage, finding.code))
                .or_default() += 1;
        }
        let mut reasons = match self.files.len() {
            0 => String::new(),
            count => format!("{count} files"),
        };
        for (code, count) in codes {
            let comma = if reasons.is_empty() { "" } else { ", " };
            let _ = write!(reasons, "{comma}{code} {count}");
        }
        if !self.is_located() {
            reasons.push_str(" (WITHOUT A PLACE)");
        }
        format!(
            "{} | {} | {}/{}/{} | {reasons}",
            self.version,
            self.time.as_millis(),
            self.findings.count(Severity::Error),
            self.findings.count(Severity::Warning),
            self.findings.count(Severity::Notice),
        )
    }

    fn errors(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
    }
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
            writeln!(out, "| {name} | | | | | {error} |")?;
            return Ok(false);
        }
    };
    write!(out, "| {name} | {} | ", text.len() / 1024)?;
    out.flush()?;
    let (send, receive) = mpsc::channel();
    let job = {
        let name = name.clone();
        thread::spawn(move || send.send(run(&name, &text)))
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
    for finding in &outcome.findings {
        if arguments.show.as_deref() == Some(finding.code) {
            writeln!(out, "{finding}")?;
        }
    }
    if let Some(folder) = &arguments.write {
        write_files(&folder.join(&name), &outcome.files)?;
    }
    let has_answer = !outcome.files.is_empty() || outcome.errors().next().is_some();
    Ok(has_answer && outcome.is_located())
}

fn main() -> io::Result<ExitCode> {
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
        "| document | KB | version | ms | errors/warnings/notices | outcome |\n|---|---|---|---|---|---|"
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
