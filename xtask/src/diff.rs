//! `cargo xtask diff OLD NEW`: reports the changes between two documents.

use std::{
    path::{Path, PathBuf},
    time::SystemTime,
};

use funnelflux_diff::{self as diff, AllowList, Report};
use funnelflux_generator::impact;
use funnelflux_openapi::{Diagnostics, Document, normalise, read};

use crate::{
    exit::{Code, Failure, Outcome},
    source::{self, Source},
    workspace::Workspace,
};

/// Reports the changes between two documents, and what each change means on the wire and for users of the
/// crate.
///
/// Requires only the two documents, and writes nothing.
#[derive(clap::Args)]
#[command(after_help = "Exit codes:\n  0  no changes\n  1  usage or I/O error\n  \
                  2  a document or the allow list is invalid\n  \
                  5  the documents differ; no change is breaking\n  \
                  6  the documents differ; at least one change is breaking\n  \
                  9  a URL is currently unreachable")]
pub(crate) struct Arguments {
    #[arg(help = format!("Old document: {}", source::HELP))]
    old: Source,
    #[arg(help = format!("New document: {}", source::HELP))]
    new: Source,
    /// Output format.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Prints every change in full, instead of groups of similar changes.
    #[arg(long)]
    full: bool,
    /// File with accepted changes: `{"allow": [{"fingerprint": "…", "reason": "…", "expires":
    /// "YYYY-MM-DD"}]}`.
    #[arg(long, value_name = "FILE")]
    allow: Option<PathBuf>,
}

/// Number of lines on a screen, not counting the hint below them.
pub(crate) const SCREEN: usize = 22;

/// Hint on how to see changes beyond one screen.
const ALL: &str = "`--full` prints every change; `--format html` writes a web page";

/// Output format of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Text for a terminal.
    #[default]
    Text,
    /// JSON for programs, as described by codegen/diff/src/report.schema.json.
    Json,
    /// Markdown for a pull request.
    Markdown,
    /// Web page with filters.
    Html,
    /// Annotations for a GitHub workflow.
    Github,
    /// XML for test reports (junit).
    Junit,
    /// SARIF for code scanning.
    Sarif,
}

pub(crate) fn run(root: Option<&Path>, arguments: &Arguments) -> Result<Outcome, Failure> {
    if (&arguments.old, &arguments.new) == (&Source::StandardInput, &Source::StandardInput) {
        let fix = "name a file for one of them";
        return Err(Failure::new("both documents come from standard input", fix));
    }
    // The root matters only for GITREV:path. It is the value of `--root`, or else the workspace, or else the
    // current directory.
    let workspace = Workspace::find(root).ok();
    let root = root
        .or(workspace.as_ref().map(Workspace::root))
        .unwrap_or(Path::new("."));
    let allow = arguments.allow.as_ref();
    let allow = allow
        .map(|path| Source::File(path.clone()).read(root))
        .transpose()?;
    let old = document(arguments.old.read(root)?.source());
    let new = document(arguments.new.read(root)?.source());
    let (old, new) = match (old, new) {
        (Ok(old), Ok(new)) => (old, new),
        (old, new) => {
            let errors = [old.err(), new.err()].into_iter().flatten().flatten();
            return Err(errors.collect::<Diagnostics>().into());
        }
    };
    let mut report = diff::compare(&old, &new);
    let mut diagnostics: Diagnostics = [&old, &new]
        .into_iter()
        .flat_map(|document| {
            let warnings = document.warnings().clone().into_iter();
            warnings.chain(diff::warnings(document))
        })
        .collect();
    let mut notes = Vec::new();
    let mut accepted = 0;
    if let Some(allow) = allow {
        let allowed = AllowList::read(allow.source())?.apply(report, SystemTime::now());
        report = allowed.report;
        accepted = allowed.accepted;
        notes.push(format!("{accepted} accepted by {}", allow.name));
        diagnostics.0.extend(allowed.diagnostics);
    }
    if !diagnostics.is_empty() {
        notes.push(diagnostics.to_string());
    }
    let stdout = match arguments.format {
        Format::Text if accepted > 0 && report.is_empty() => "no changes except the accepted ones".to_owned(),
        Format::Text if !arguments.full => screen(&report, SCREEN, ALL),
        format => render(&report, format, [&old, &new]),
    };
    Ok(Outcome {
        stdout,
        stderr: notes.join("\n"),
        code: Code::from(&report),
    })
}

/// Parses and normalises a document.
pub(crate) fn document(source: funnelflux_openapi::Source<'_>) -> Result<Document, Diagnostics> {
    let (document, _) = normalise::normalise(read::read(source)?)?;
    Ok(document)
}

/// Summarises a report in at most `most_lines` lines. If changes are left out, `hint` follows.
pub(crate) fn screen(report: &Report, most_lines: usize, hint: &str) -> String {
    let audience = impact::audience(report);
    let view = report.view_for(&audience);
    view.short_text(most_lines)
        .unwrap_or_else(|| format!("{}\n{hint}\n", view.summary(most_lines)))
}

/// Renders the report of a comparison of these documents.
pub(crate) fn render(report: &Report, format: Format, [old, new]: [&Document; 2]) -> String {
    let audience = impact::audience(report);
    let view = report.view_for(&audience);
    match format {
        Format::Text => view.text(),
        Format::Json => diff::print_json(&view.json()),
        Format::Markdown => view.markdown(),
        Format::Html => view.html(old, new),
        Format::Github => view.github(),
        Format::Junit => view.junit(),
        Format::Sarif => format!("{:#}", view.sarif()),
    }
}

/// Renders annotations for a GitHub workflow.
pub(crate) fn github(report: &Report) -> String {
    report.view_for(&impact::audience(report)).github()
}

/// Renders the report as JSON, with the impact on users of the crate.
pub(crate) fn json(report: &Report) -> serde_json::Value {
    report.view_for(&impact::audience(report)).json()
}
