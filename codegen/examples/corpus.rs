//! Runs read, normalise and lint over a folder of public API documents, each under a time limit, and prints a table.
//!
//! `cargo run --release -p funnelflux-codegen --example corpus -- FOLDER [CODE]`
//!
//! With a code, the findings of that code are printed too. Exit code 1 if a document made the program panic or took
//! longer than the limit.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::ExitCode,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use funnelflux_codegen::{Findings, Severity, Source, lint, normalise, read};

const LIMIT: Duration = Duration::from_secs(30);

struct Outcome {
    times: String,
    counts: String,
    codes: String,
    details: Vec<String>,
}

fn run(name: &str, text: &str, wanted: Option<&str>) -> Outcome {
    let mut times = Vec::new();
    let start = Instant::now();
    let mut findings = Findings::new();
    let document = read::read(Source { name, text });
    times.push(start.elapsed().as_millis().to_string());
    match document {
        Err(read) => findings.extend(read),
        Ok(document) => {
            let start = Instant::now();
            let normalised = normalise::normalise(document);
            times.push(start.elapsed().as_millis().to_string());
            match normalised {
                Err(normalise) => findings.extend(normalise),
                Ok((document, notices)) => {
                    findings.extend(notices);
                    let start = Instant::now();
                    findings.extend(lint::lint(&document));
                    times.push(start.elapsed().as_millis().to_string());
                }
            }
        }
    }
    let mut codes: BTreeMap<String, usize> = BTreeMap::new();
    for finding in findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
    {
        *codes
            .entry(format!("{}::{}", finding.stage, finding.code))
            .or_default() += 1;
    }
    let located = findings
        .iter()
        .filter(|finding| finding.location.is_none())
        .count();
    let codes: Vec<String> = codes
        .iter()
        .map(|(code, count)| format!("{code} {count}"))
        .collect();
    Outcome {
        times: times.join("/"),
        counts: format!(
            "{}/{}/{}{}",
            findings.count(Severity::Error),
            findings.count(Severity::Warning),
            findings.count(Severity::Notice),
            if located > 0 { " UNLOCATED" } else { "" }
        ),
        codes: codes.join(", "),
        details: findings
            .iter()
            .filter(|finding| Some(finding.code) == wanted)
            .map(ToString::to_string)
            .collect(),
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next() else {
        eprintln!("usage: corpus FOLDER [CODE]");
        return ExitCode::from(2);
    };
    let wanted = arguments.next();
    let mut files: Vec<PathBuf> = match std::fs::read_dir(&folder) {
        Ok(entries) => entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.is_file())
            .collect(),
        Err(error) => {
            eprintln!("{folder}: {error}");
            return ExitCode::from(2);
        }
    };
    files.sort();
    let mut failed = false;
    println!(
        "| document | KB | read/normalise/lint ms | errors/warnings/notices | errors by rule |"
    );
    println!("|---|---|---|---|---|");
    for file in files {
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let Ok(text) = std::fs::read_to_string(&file) else {
            println!("| {name} | not UTF-8 | | | |");
            continue;
        };
        let size = text.len() / 1024;
        let (send, receive) = mpsc::channel();
        let job = {
            let (name, wanted) = (name.clone(), wanted.clone());
            thread::spawn(move || send.send(run(&name, &text, wanted.as_deref())))
        };
        match receive.recv_timeout(LIMIT) {
            Ok(outcome) => {
                println!(
                    "| {name} | {size} | {} | {} | {} |",
                    outcome.times, outcome.counts, outcome.codes
                );
                for detail in outcome.details {
                    println!("{detail}");
                }
                let _ = job.join();
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {
                failed = true;
                println!(
                    "| {name} | {size} | longer than {} s | | |",
                    LIMIT.as_secs()
                );
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                failed = true;
                println!("| {name} | {size} | PANIC | | |");
            }
        }
    }
    ExitCode::from(u8::from(failed))
}
