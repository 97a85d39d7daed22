//! Runs all stages, from the vendor's document to the generated files.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    time::Instant,
};

use serde_json::Value;

use crate::{
    StageReport, base_path, base_url,
    coverage::{COVERAGE, coverage},
    json::Json as _,
    left_out::{LeftOut, leave_out},
    lint,
    lock::{self, Lock},
    overlay,
    progenitor::{self, Isolation},
    render, resources,
    rewrite::{self, Items},
    security, supersede,
    transform::{self, ApiModel, Operation, Tag},
};
use funnelflux_openapi::{
    Diagnostic, Diagnostics, Document, Severity, Source, Stage, normalise, operations::operations, read,
    text::counted,
};

/// Path of the effective document, as it appears in the lock and in messages.
pub const EFFECTIVE: &str = "spec/effective.json";

/// Code of the error for a document from which an empty client would be generated.
pub const NO_OPERATIONS: &str = "no-operations";

/// Input of [`generate`].
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// The vendor's document.
    pub upstream: Source<'a>,
    /// Our overlays on the vendor's document, in the order in which they apply.
    pub overlays: Vec<Source<'a>>,
    /// The existing lock, if there is one. The new lock copies the source of the document from it.
    pub previous_lock: Option<Lock>,
}

/// Options of [`generate`]. The default is suitable for documents of other vendors.
#[derive(Default)]
pub struct Options<'a> {
    /// Treats an unsupported operation as an error, instead of leaving it out.
    pub strict: bool,
    /// Reports an error if a rule or pass changes nothing although it is expected to change something.
    pub no_idle_steps: bool,
    /// Function that runs progenitor in isolation, so that any crash can be reported. If it is `None`,
    /// progenitor runs in a thread of this process. Then a panic can be reported, but a stack overflow ends
    /// the process.
    pub isolation: Option<Isolation<'a>>,
}

/// Output of [`generate`].
#[derive(Clone, Debug)]
pub struct Output {
    /// Text of the effective document.
    pub effective: String,
    /// Text of the coverage table.
    pub coverage: String,
    /// Cargo features that the generated code needs, one for each group of operations.
    pub features: Vec<GroupFeature>,
    /// The new lock.
    pub lock: Lock,
    /// The generated files, keyed by their paths relative to `generated/src/api`.
    pub files: BTreeMap<String, String>,
    /// Operations that are left out, because the generator does not support them.
    pub left_out: Vec<LeftOut>,
    /// One report for each stage.
    pub stages: Vec<StageReport>,
    /// Warnings and notices.
    pub notices: Diagnostics,
}

/// Cargo feature of a group of operations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupFeature {
    /// Name of the feature.
    pub name: String,
    /// `true` if the group has inferred operations. The feature is then part of the feature `inferred`
    /// instead of `documented`.
    pub inferred: bool,
}

/// Runs all stages.
///
/// # Errors
/// Returns all errors of the first stage that fails, after the warnings and notices of the earlier stages.
pub fn generate(input: &Input<'_>, options: Options<'_>) -> Result<Output, Diagnostics> {
    let mut run = Pipeline {
        options,
        stage_start: Instant::now(),
        stages: Vec::new(),
        notices: Diagnostics::default(),
    };
    run.all(input).map_err(|errors| {
        let mut diagnostics = mem::take(&mut run.notices);
        diagnostics.extend(errors);
        diagnostics
    })
}

struct Pipeline<'a> {
    options: Options<'a>,
    stage_start: Instant,
    stages: Vec<StageReport>,
    notices: Diagnostics,
}

impl Pipeline<'_> {
    fn all(&mut self, input: &Input<'_>) -> Result<Output, Diagnostics> {
        let (document, upstream) = self.effective(input)?;
        let effective = format!("{:#}\n", document.value());
        let (model, items, left_out) = self.supported(document.clone())?;
        let is_kept = |operation: &Operation| {
            upstream.contains(&(operation.method.to_ascii_lowercase(), operation.path.clone()))
        };
        if !model.operations.iter().any(is_kept) {
            let message = "every operation of the document is left out, so the client would be empty";
            let fix = "correct what the warnings name, in the document or in an overlay";
            return Err(no_operations(&document, message, fix).into());
        }
        let (resources, notices) = resources::resources(&items, &model, &document);
        self.notices.extend(model.relocate(notices, &document));
        let version = document.get("/info/version").and_then(Value::as_str);
        let (base_url, diagnostic) = base_url::base_url(&document);
        self.notices.extend(diagnostic);
        self.notices.extend(security::security(&document));
        let facts = render::DocumentFacts {
            version: version.unwrap_or_default(),
            base_url: &base_url,
        };
        let (files, report) = render::render(&facts, &items, &resources);
        self.report(report);
        if input.previous_lock.is_none() {
            self.notices.push(lock::missing());
        }
        let feature = |tag: &Tag| GroupFeature {
            name: tag.feature.clone(),
            inferred: tag.inferred,
        };
        let mut features: Vec<GroupFeature> = model.tags.iter().map(feature).collect();
        features.sort();
        features.dedup_by(|left, right| left.name == right.name);
        let coverage = coverage(document.value(), &left_out);
        let written = [(EFFECTIVE, &effective), (COVERAGE, &coverage)];
        let lock = Lock::new(
            input.upstream,
            &input.overlays,
            written.map(|(name, text)| Source { name, text }),
            &files,
            input.previous_lock.as_ref(),
        )?;
        // A file whose checksum is in the existing lock was already verified when that lock was written.
        let verified = input.previous_lock.as_ref().map(|previous| &previous.files);
        let is_new = |path: &String| verified.and_then(|files| files.get(path)) != lock.files.get(path);
        render::verify(files.iter().filter(|(path, _)| is_new(path)))?;
        Ok(Output {
            effective,
            coverage,
            features,
            lock,
            files,
            left_out,
            stages: mem::take(&mut self.stages),
            notices: mem::take(&mut self.notices),
        })
    }

    /// Returns the effective document, which is the normalised document of the vendor with the overlays
    /// applied. Also returns method and path of each operation in the vendor's document.
    fn effective(&mut self, input: &Input<'_>) -> Result<(Document, Operations), Diagnostics> {
        let document = read::read(input.upstream)?;
        let summary = format!("{}: {}", input.upstream.name, census(document.value()));
        self.report(StageReport::new(Stage::Read, summary));

        let (document, notices) = normalise::normalise(document)?;
        self.notices.extend(notices);
        self.report(StageReport::new(Stage::Normalise, "OpenAPI 3.0.3"));
        require_operations(&document)?;

        let superseded = supersede::supersede(document, overlay::read(&input.overlays)?);
        let upstream = base_path::restore(superseded.document.clone());
        let upstream = operations(upstream.value());
        let upstream = upstream.map(|operation| (operation.method.to_owned(), operation.path.to_owned()));
        let upstream: Operations = upstream.collect();
        let summary = superseded.summary();
        self.notices.extend(superseded.notices);
        self.report(StageReport::new(Stage::Supersede, summary));

        let applied = overlay::apply(superseded.document, &superseded.overlays)?;
        self.notices.extend(applied.notices);
        let summary = format!(
            "{} with {} make {EFFECTIVE}: {}",
            counted(superseded.overlays.len(), "overlay"),
            counted(applied.actions.len(), "action"),
            census(applied.document.value())
        );
        self.report(StageReport::new(Stage::Overlay, summary));

        Ok((applied.document, upstream))
    }

    /// Generates the code of the supported parts of the document, and leaves out all other parts.
    fn supported(&mut self, mut document: Document) -> Result<(ApiModel, Items, Vec<LeftOut>), Diagnostics> {
        let mut left_out = Vec::new();
        loop {
            // Each round removes or simplifies at least one part of the document, so the loop ends.
            let notices = self.notices.len();
            let errors = match self.items(&document) {
                Ok((model, items)) => return Ok((model, items, left_out)),
                Err(errors) if self.options.strict => return Err(errors),
                Err(errors) => errors,
            };
            self.notices.0.truncate(notices);
            let is_error = |error: &Diagnostic| error.severity == Severity::Error;
            let errors = errors.into_iter().filter(is_error).collect();
            let (rest, removed, warnings) = leave_out(document, errors)?;
            document = rest;
            left_out.extend(removed);
            self.notices.extend(warnings);
        }
    }

    fn items(&mut self, document: &Document) -> Result<(ApiModel, Items), Diagnostics> {
        let ((), notices) = lint::lint(document).unless_errors(())?;
        let summary = match notices.len() {
            0 => "no diagnostics".to_owned(),
            count => format!("{}, see below", counted(count, "diagnostic")),
        };
        self.notices.extend(notices);
        self.report(StageReport::new(Stage::Lint, summary));
        let (model, report, notices) = transform::transform(document)?;
        self.notices.extend(notices);
        self.check_and_report(report)?;
        let isolation = self.options.isolation.unwrap_or(&progenitor::in_process);
        let (file, report) = progenitor::generate_items(&model, document, isolation)
            .map_err(|diagnostics| model.relocate(diagnostics, document))?;
        self.report(report);
        let (items, report) = rewrite::rewrite(file, &model, document)
            .map_err(|diagnostics| model.relocate(diagnostics, document))?;
        self.check_and_report(report)?;
        Ok((model, items))
    }

    /// Adds the report of a stage. With the option `no_idle_steps`, returns an error if a step of the stage
    /// changed nothing although it was expected to change something.
    fn check_and_report(&mut self, report: StageReport) -> Result<(), Diagnostics> {
        if self.options.no_idle_steps {
            report.idle().unless_errors(())?;
        }
        self.report(report);
        Ok(())
    }

    fn report(&mut self, mut report: StageReport) {
        report.time = mem::replace(&mut self.stage_start, Instant::now()).elapsed();
        // If operations are left out, the stage runs again on the remaining operations. The new report then
        // replaces the earlier report of the stage.
        let mut earlier = self.stages.iter();
        if let Some(index) = earlier.position(|earlier| earlier.stage == report.stage) {
            report.time += self.stages.remove(index).time;
        }
        self.stages.push(report);
    }
}

/// Method and path of each operation.
type Operations = BTreeSet<(String, String)>;

/// Requires that a document has at least one path, because a document without paths has no operations.
///
/// # Errors
/// Returns a located diagnostic if the document has no paths, for example because the file is not an API
/// document.
fn require_operations(document: &Document) -> Result<(), Diagnostics> {
    if document.value().members("paths").next().is_some() {
        return Ok(());
    }
    let message = "the document has no operations, so the client would be empty";
    let fix = "check that this is the document of the API, as the button *Download schema* gives it";
    Err(no_operations(document, message, fix).into())
}

fn no_operations(document: &Document, message: &str, fix: &str) -> Diagnostic {
    let error = document.error(Stage::Lint, NO_OPERATIONS, "/paths", message);
    error.fix(fix)
}

/// Counts the paths, operations and schemas of a document.
fn census(document: &Value) -> String {
    let components = document.get("components").into_iter();
    let schemas = components.flat_map(|components| components.members("schemas"));
    let paths = counted(document.members("paths").count(), "path");
    let operations = counted(operations(document).count(), "operation");
    let schemas = counted(schemas.count(), "schema");
    format!("{paths}, {operations}, {schemas}")
}
