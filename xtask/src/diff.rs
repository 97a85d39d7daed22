//! `cargo xtask diff OLD NEW`: what changed between two documents, what it breaks, and for whom. Writes nothing.

use std::{
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use funnelflux_diff as diff;
use funnelflux_diff::{AllowList, Date, Report};
use funnelflux_openapi::{Diagnostics, Document, normalise, read};

use crate::{
    Outcome,
    exit::{Code, Failure},
    source::{self, Source},
    workspace::{Text, Workspace},
};

/// Tells what changed between two documents, what it breaks on the wire, and what it means for users of the crate.
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 no changes, 1 usage or I/O, 2 a document or the allow list is not valid, \
                  5 changes, none of which breaks, 6 at least one change breaks on the wire, \
                  9 an address does not answer now"
)]
pub(crate) struct Arguments {
    /// The document before.
    #[arg(help = format!("The document before: {}", source::HELP))]
    old: Source,
    /// The document after.
    #[arg(help = format!("The document after: {}", source::HELP))]
    new: Source,
    /// How to tell it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Changes that have been accepted: `{"allow": [{"fingerprint", "reason", "expires"}]}`.
    #[arg(long, value_name = "FILE")]
    allow: Option<PathBuf>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For a terminal.
    #[default]
    Text,
    /// For programs: codegen/diff/src/report.schema.json describes it.
    Json,
    /// For a pull request.
    Markdown,
    /// Annotations for a GitHub workflow.
    Github,
}

pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<Outcome, Failure> {
    if (&arguments.old, &arguments.new) == (&Source::StandardInput, &Source::StandardInput) {
        return Err(Failure::Io(
            "error: only one of the two documents can come from standard input".to_owned(),
        ));
    }
    let allow = arguments.allow.as_ref();
    let allow = allow
        .map(|path| Source::File(path.clone()).read(workspace))
        .transpose()?;
    let old = document(&arguments.old.read(workspace)?);
    let new = document(&arguments.new.read(workspace)?);
    let (old, new) = both(old, new)?;
    let mut report = diff::compare(&old, &new);
    let mut diagnostics: Diagnostics = [&old, &new].into_iter().flat_map(diff::elsewhere).collect();
    let mut aside = Vec::new();
    let mut accepted = 0;
    if let Some(allow) = allow {
        let allowed = AllowList::read(allow.source())?.apply(report, today()?);
        report = allowed.report;
        accepted = allowed.accepted;
        aside.push(format!("{accepted} accepted by {}", allow.name));
        diagnostics.0.extend(allowed.diagnostics);
    }
    if !diagnostics.is_empty() {
        aside.push(diagnostics.to_string());
    }
    let text = if accepted > 0 && report.is_empty() && arguments.format == Format::Text {
        "no changes but those that are accepted".to_owned()
    } else {
        render(&report, arguments.format)
    };
    Ok(Outcome {
        text,
        aside: aside.join("\n"),
        code: Code::of(&report),
    })
}

/// A document as the comparison takes it.
pub(crate) fn document(text: &Text) -> Result<Document, Diagnostics> {
    let (document, _) = normalise::normalise(read::read(text.source())?)?;
    Ok(document)
}

/// What is wrong with either, if something is.
fn both(
    old: Result<Document, Diagnostics>,
    new: Result<Document, Diagnostics>,
) -> Result<(Document, Document), Diagnostics> {
    match (old, new) {
        (Ok(old), Ok(new)) => Ok((old, new)),
        (Err(Diagnostics(mut diagnostics)), Err(Diagnostics(more))) => {
            diagnostics.extend(more);
            Err(Diagnostics(diagnostics))
        }
        (Err(diagnostics), _) | (_, Err(diagnostics)) => Err(diagnostics),
    }
}

pub(crate) fn render(report: &Report, format: Format) -> String {
    match format {
        Format::Text => report.text(),
        // Texts, numbers and lists of them: writing them cannot fail.
        Format::Json => serde_json::to_string_pretty(report).unwrap_or_default(),
        Format::Markdown => report.markdown(),
        Format::Github => report.github(),
    }
}

/// The day in UTC.
fn today() -> Result<Date, Failure> {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| Date::from_days(since.as_secs() / 86_400))
        .ok_or_else(|| Failure::Io("error: the clock of this machine is wrong".to_owned()))
}
