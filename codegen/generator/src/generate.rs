//! The whole way, from the vendor's document to the files.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    StageReport,
    coverage::{COVERAGE, coverage},
    lint,
    lock::{self, Lock, LockedFile},
    overlay, progenitor, render, rewrite, transform,
};
use funnelflux_openapi::text::counted;
use funnelflux_openapi::{Diagnostics, Document, Source, Stage, normalise, pointer::METHODS, read};

/// What the effective document is called in the lock and in messages.
pub const EFFECTIVE: &str = "spec/effective.json";

/// What goes in.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// The vendor's document.
    pub upstream: Source<'a>,
    /// Our deviations from it, in the order in which they apply.
    pub overlays: Vec<Source<'a>>,
    /// The lock that is there, for what it carries on.
    pub previous_lock: Option<Lock>,
}

/// What comes out.
#[derive(Clone, Debug)]
pub struct Output {
    /// The effective document, as text.
    pub effective: String,
    /// What is known of each operation, as text.
    pub coverage: String,
    /// The cargo features that the generated code wants: one for each group that is deduced.
    pub features: Vec<String>,
    /// The new lock.
    pub lock: Lock,
    /// The generated files; a path is relative to `generated/src/api`.
    pub files: BTreeMap<String, String>,
    /// What each stage did.
    pub stages: Vec<StageReport>,
    /// Warnings and notices.
    pub notices: Diagnostics,
}

/// Runs all stages.
///
/// # Errors
/// All errors of the first stage that has any, with the warnings and notices up to there.
pub fn generate(input: &Input<'_>) -> Result<Output, Diagnostics> {
    run(input, Idle::Error, &mut |_| {})
}

/// The same, and tells of each stage when it is done, so that somebody with a clock can say how long it took.
///
/// # Errors
/// As [`generate`].
pub fn generate_watched(input: &Input<'_>, done: &mut dyn FnMut(Stage)) -> Result<Output, Diagnostics> {
    run(input, Idle::Error, done)
}

/// Runs all stages over a document of somebody else. It need not have what ours has: a step of ours that finds nothing
/// to do is no error.
///
/// # Errors
/// All errors of the first stage that has any, with the warnings and notices up to there.
pub fn generate_any(input: &Input<'_>) -> Result<Output, Diagnostics> {
    run(input, Idle::Fine, &mut |_| {})
}

/// What it means that a step which our document needs finds nothing to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Idle {
    Error,
    Fine,
}

fn run(input: &Input<'_>, idle: Idle, done: &mut dyn FnMut(Stage)) -> Result<Output, Diagnostics> {
    let mut run = Run {
        idle,
        done,
        stages: Vec::new(),
        notices: Diagnostics::new(),
    };
    match run.all(input) {
        Ok(made) => Ok(Output {
            effective: made.effective,
            coverage: made.coverage,
            features: made.features,
            lock: made.lock,
            files: made.files,
            stages: run.stages,
            notices: run.notices,
        }),
        Err(errors) => {
            run.notices.0.extend(errors);
            Err(run.notices)
        }
    }
}

/// What the stages made.
struct Made {
    effective: String,
    coverage: String,
    features: Vec<String>,
    lock: Lock,
    files: BTreeMap<String, String>,
}

/// What has been said so far.
struct Run<'a> {
    idle: Idle,
    done: &'a mut dyn FnMut(Stage),
    stages: Vec<StageReport>,
    notices: Diagnostics,
}

impl Run<'_> {
    fn all(&mut self, input: &Input<'_>) -> Result<Made, Diagnostics> {
        let document = self.effective(input)?;
        let effective = text_of(document.value());
        let (prepared, report) = transform::transform(&document)?;
        self.worked(report)?;
        let (file, report) = progenitor::generate_items(&prepared, &document)
            .map_err(|diagnostics| prepared.relocate(diagnostics, &document))?;
        self.worked(report)?;
        let (items, report) = rewrite::rewrite(file, &prepared, &document)
            .map_err(|diagnostics| prepared.relocate(diagnostics, &document))?;
        self.worked(report)?;
        let (files, report) = render::render(&items)?;
        self.worked(report)?;
        if input.previous_lock.is_none() {
            self.notices.push(lock::missing());
        }
        let mut features: Vec<String> = prepared
            .tags
            .iter()
            .filter_map(|tag| tag.feature.clone())
            .collect();
        features.sort();
        let coverage = coverage(document.value());
        let mut lock = Lock::new(
            input.upstream,
            &input.overlays,
            Source {
                name: EFFECTIVE,
                text: &effective,
            },
            &files,
            input.previous_lock.as_ref(),
        )?;
        lock.coverage = Some(LockedFile::new(Source {
            name: COVERAGE,
            text: &coverage,
        }));
        Ok(Made {
            effective,
            coverage,
            features,
            lock,
            files,
        })
    }

    /// The document as we understand it: read, normalised, overlaid, and fit for the generator.
    fn effective(&mut self, input: &Input<'_>) -> Result<Document, Diagnostics> {
        let document = read::read(input.upstream)?;
        self.did(
            Stage::Read,
            format!("{}: {}", input.upstream.name, census(document.value())),
        );
        let (document, found) = normalise::normalise(document)?;
        self.did(Stage::Normalise, "OpenAPI 3.0.3");
        self.notices.0.extend(found);
        let overlay::Applied {
            document,
            actions,
            notices: found,
            ..
        } = overlay::apply(document, &input.overlays)?;
        self.did(
            Stage::Overlay,
            format!(
                "{} with {} make {EFFECTIVE}: {}",
                counted(input.overlays.len(), "overlay"),
                counted(actions.len(), "action"),
                census(document.value())
            ),
        );
        self.notices.0.extend(found);
        let ((), found) = lint::lint(&document).unless_errors(())?;
        self.did(
            Stage::Lint,
            match found.len() {
                0 => "nothing to object to".to_owned(),
                count => format!("{}, see below", counted(count, "diagnostic")),
            },
        );
        self.notices.0.extend(found);
        Ok(document)
    }

    fn did(&mut self, stage: Stage, summary: impl Into<String>) {
        self.report(StageReport::new(stage, summary));
    }

    /// Adds a report, unless a step of it was idle that must not be.
    fn worked(&mut self, report: StageReport) -> Result<(), Diagnostics> {
        if self.idle == Idle::Error {
            let ((), _) = report.idle().unless_errors(())?;
        }
        self.report(report);
        Ok(())
    }

    fn report(&mut self, report: StageReport) {
        (self.done)(report.stage);
        self.stages.push(report);
    }
}

/// How much a document holds.
fn census(document: &Value) -> String {
    let paths = document.get("paths").and_then(Value::as_object);
    let operations = paths
        .into_iter()
        .flat_map(|paths| paths.values())
        .filter_map(Value::as_object)
        .flat_map(|item| item.keys())
        .filter(|key| METHODS.contains(&key.as_str()))
        .count();
    let schemas = document
        .pointer("/components/schemas")
        .and_then(Value::as_object)
        .map_or(0, serde_json::Map::len);
    format!(
        "{}, {}, {}",
        counted(paths.map_or(0, serde_json::Map::len), "path"),
        counted(operations, "operation"),
        counted(schemas, "schema")
    )
}

fn text_of(document: &Value) -> String {
    format!("{document:#}\n")
}
