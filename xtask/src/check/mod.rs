//! `cargo xtask check`: reports files that differ from those that `cargo xtask generate` would write.

mod formats;
mod problems;
mod stale_cause;

use funnelflux_diff::compare as compare_documents;
use funnelflux_openapi::Diagnostics;

use crate::{
    diff,
    exit::{Code, Failure, Outcome},
    source::{self, Source},
    spec::{self, Spec},
    update_overlays,
    workspace::Workspace,
};

use formats::{CheckReport, Format, Upstream};

const EXIT_CODES: &str = "Exit codes (2 takes precedence over 3, 3 over 6, and 6 over 5):
  0  everything is up to date
  1  usage or I/O error
  2  the document or an overlay is invalid
  3  a file is stale, missing, orphaned or hand-edited, or spec/spec.lock is not up to date
With --upstream also:
  5  the vendor's document changed; no change is breaking
  6  the vendor's document changed; at least one change is breaking
  9  the URL is currently unreachable";

/// Compares the generated files with what `generate` would write now, and reports each difference with its
/// cause and fix.
///
/// Writes nothing.
#[derive(clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[arg(
        long,
        value_name = "SOURCE",
        help = format!("Also compares spec/upstream.* with the vendor's current document: {}", source::HELP)
    )]
    upstream: Option<Source>,
    /// Output format.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<Outcome, Failure> {
    let spec = Spec::read(workspace, None)?;
    let upstream = arguments
        .upstream
        .as_ref()
        .and_then(|source| compare_upstream(workspace, &spec, source).transpose());
    let lock = spec.lock();
    let (invalid, problems, generated) = match spec.generate(lock.clone().unwrap_or_default(), false) {
        Err(invalid) => (invalid, problems::with_lock(workspace, &lock)?, 0),
        Ok(output) => {
            let problems = problems::with_output(workspace, &lock, &output)?;
            (Diagnostics::default(), problems, output.files.len())
        }
    };
    let report = CheckReport {
        invalid,
        problems,
        generated,
        upstream,
    };
    let code = report.code();
    let (stdout, stderr) = match (arguments.format, code) {
        (Format::Json, _) => (funnelflux_diff::print_json(&report.json()), String::new()),
        (Format::Github, _) => (report.github(), String::new()),
        (Format::Text, Code::Good) => (report.text(), String::new()),
        (Format::Text, _) => (String::new(), report.text()),
    };
    Ok(Outcome { stdout, stderr, code })
}

/// Compares our document with the vendor's current document. Returns `None` if our document is invalid,
/// because that problem is reported separately.
fn compare_upstream(
    workspace: &Workspace,
    spec: &Spec,
    source: &Source,
) -> Result<Option<Upstream>, Failure> {
    let text = source.read(workspace.root())?;
    let theirs = diff::document(text.source())?;
    let ours = diff::document(spec.upstream.source()).ok();
    // A document that `fetch` would refuse is not worth a comparison.
    let update = update_overlays::update(ours.as_ref(), theirs.clone(), &spec.overlays, "");
    spec::require_operations(text, update.overlays)?;
    Ok(ours.map(|ours| Upstream {
        report: compare_documents(&ours, &theirs),
        warnings: funnelflux_diff::warnings(&theirs),
        argument: source.argument(),
    }))
}
