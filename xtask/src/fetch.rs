//! `cargo xtask fetch`: replaces the vendor's document with the current one, and reports the changes.

use funnelflux_diff as comparison;
use funnelflux_generator::EFFECTIVE;
use serde::Deserialize;

use crate::{
    diff,
    exit::{Code, Failure, Outcome},
    notices::grouped,
    replacement::Replacement,
    source::{self, Source},
    spec::{self, Spec},
    update_overlays,
    workspace::{LOCK, Workspace},
};

/// File with the URL of the vendor's document.
const SOURCE: &str = "spec/source.toml";

/// Maximum number of lines of the report. With its notes, the report fits on one and a half screens.
const MOST_LINES: usize = 28;

/// Reports the changes in the vendor's document, then replaces spec/upstream.json (or .yaml) with the new
/// document.
///
/// Rejects an invalid document without writing anything.
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes (fetch writes files only if it exits with 0):\n  0  spec/upstream.* contains \
                  the fetched document, whether or not it differs from the previous one\n  \
                  1  usage or I/O error\n  2  the document is invalid\n  3  spec/spec.lock is damaged\n  \
                  9  the URL is currently unreachable"
)]
pub(crate) struct Arguments {
    #[arg(help = format!("Source of the document: {}; default: the URL in {SOURCE}", source::HELP))]
    source: Option<Source>,
    /// Output format of the report.
    #[arg(long, value_enum, default_value_t)]
    format: diff::Format,
}

pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<Outcome, Failure> {
    let source = match &arguments.source {
        Some(source) => source.clone(),
        None => default_source(workspace)?,
    };
    let text = source.read(workspace.root())?;
    let spec = Spec::read(workspace, Some(&text.text))?;
    let lock = spec.lock()?;
    let new = diff::document(text.source())?;
    let old_name = &spec.upstream.name;
    let name = file_name(&text.text);
    let check = format!("`cargo xtask diff {name} {name}`");
    let whole_report = format!("the whole report: `cargo xtask diff --full HEAD:{old_name} {name}`");
    // The old document may be invalid. It is replaced nevertheless.
    let old = diff::document(spec.upstream.source());
    let mut stdout = match &old {
        Ok(old) => {
            let report = comparison::compare(old, &new);
            match arguments.format {
                diff::Format::Text => diff::screen(&report, MOST_LINES, &whole_report),
                format => diff::render(&report, format, [old, &new]),
            }
        }
        Err(diagnostics) => format!("{old_name} is invalid, so it cannot be compared:\n{diagnostics}\n"),
    };
    let old = old.ok();
    let warnings = comparison::warnings(&new);
    let mut notes = update_overlays::most(grouped(warnings.iter()), &check);
    let differences = format!("`cargo xtask diff --full HEAD:{EFFECTIVE} {name}`");
    let update = update_overlays::update(old.as_ref(), new, &spec.overlays, &differences);
    spec::require_operations(text.clone(), update.overlays.clone())?;
    let mut replacement = Replacement::new(workspace);
    if spec.upstream.text == text.text {
        // Somebody may have replaced the document by hand. Then the overlays still have to be updated.
        update_overlays::write(&mut replacement, &spec.overlays, &update.overlays)?;
        if update.has_trimmed || !update.fits {
            notes.push(format!("{old_name} is identical to {source}"));
            notes.extend(update.notes);
            notes.extend(replacement.note());
            notes.push(format!("next: {}", next(update.fits)));
        } else {
            notes.push(format!("{old_name} is identical to {source}; nothing to do"));
        }
    } else {
        workspace.remove_leftovers()?;
        replacement.replace(name, Some(&text.text))?;
        // The checksum in the lock stays, because the code still belongs to the old document.
        if let Some(mut lock) = lock {
            lock.upstream.source = source.to_string();
            replacement.replace(LOCK, Some(&lock.text()))?;
        }
        // The old document is removed last.
        if name != old_name {
            replacement.replace(old_name, None)?;
        }
        notes.push(format!("{name} is now identical to {source}"));
        update_overlays::write(&mut replacement, &spec.overlays, &update.overlays)?;
        notes.extend(update.notes);
        notes.extend(replacement.note());
        notes.push(format!(
            "next: {}, review `git diff generated`, run `.ci/run`",
            next(update.fits)
        ));
        notes.extend(replacement.undo().map(|undo| format!("undo: `{undo}`")));
    }
    let mut stderr = notes.join("\n");
    if arguments.format == diff::Format::Text {
        stdout.push('\n');
        stdout.push_str(&std::mem::take(&mut stderr));
    }
    Ok(Outcome {
        stdout,
        stderr,
        code: Code::Good,
    })
}

/// Returns the next step after a fetch.
fn next(overlays_fit: bool) -> &'static str {
    if overlays_fit {
        "run `cargo xtask generate`"
    } else {
        "correct the overlays, run `cargo xtask generate`"
    }
}

/// Reads the URL of the vendor's document from spec/source.toml.
fn default_source(workspace: &Workspace) -> Result<Source, Failure> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        address: String,
    }
    let text = workspace.read(SOURCE)?.ok_or_else(|| {
        let fix = format!("name the source: {}", source::HELP);
        Failure::new(format!("there is no {SOURCE}"), fix)
    })?;
    let file: File = toml::from_str(&text.text).map_err(|error| {
        let fix = "write only `address = \"https://…\"` into it";
        Failure::new(format!("{SOURCE}: {error}"), fix)
    })?;
    let Ok(source) = file.address.parse();
    Ok(source)
}

/// Returns the name of the file in which a document is stored.
fn file_name(text: &str) -> &'static str {
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text.trim_start_matches('\u{feff}')).is_ok();
    if is_json {
        "spec/upstream.json"
    } else {
        "spec/upstream.yaml"
    }
}
