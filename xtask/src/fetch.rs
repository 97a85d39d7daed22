//! `cargo xtask fetch`: replaces the vendor's document with the current one, and reports the changes.

use std::collections::BTreeMap;

use funnelflux_diff as comparison;
use funnelflux_generator::{
    overlay,
    supersede::{self, Comparison, Inference},
};
use funnelflux_openapi::{Document, text::one_line};
use serde::Deserialize;

use crate::{
    diff,
    notices::grouped,
    outcome::{Code, Failure, Outcome},
    source::{self, Source, Text},
    spec::Spec,
    workspace::{LOCK, Workspace},
};

/// File with the URL of the vendor's document.
const SOURCE: &str = "spec/source.toml";

/// Maximum number of notes on the overlays; similar notes count once.
const MOST_NOTES: usize = 4;

/// Maximum number of lines of the report. With its notes, the report fits on one and a half screens.
const MOST_LINES: usize = 30;

/// Reports the changes in the vendor's document, then replaces spec/upstream.* with the new document.
///
/// Rejects an invalid document without writing anything.
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes; files are written only with exit code 0:\n  0  spec/upstream.* is the new \
                  document, even if nothing changed\n  1  usage or I/O error\n  \
                  2  the document is invalid\n  3  spec/spec.lock cannot be read\n  \
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
    let spec = Spec::read_replacing(workspace, Some(&text.text))?;
    let lock = spec.lock()?;
    let new = diff::document(&text)?;
    let old_name = &spec.upstream.name;
    // An invalid document can be replaced as well.
    let mut stdout = match diff::document(&spec.upstream) {
        Ok(old) => {
            let report = comparison::compare(&old, &new);
            match arguments.format {
                diff::Format::Text => diff::screen(&report, MOST_LINES, &whole_report(old_name, &text.text)),
                format => diff::render(&report, format, [&old, &new]),
            }
        }
        Err(diagnostics) => format!("{old_name} is invalid, so it cannot be compared:\n{diagnostics}\n"),
    };
    let mut notes = Vec::new();
    if spec.upstream.text == text.text {
        notes.push(format!("{old_name} is identical to {source}; nothing to do"));
    } else {
        let name = file_name(&text.text);
        workspace.remove_leftovers()?;
        workspace.write(name, &text.text)?;
        // The checksum in the lock stays, because the code still belongs to the old document.
        if let Some(mut lock) = lock {
            lock.upstream.source = source.to_string();
            workspace.write(LOCK, &lock.text())?;
        }
        // The old document is removed last.
        if name != old_name {
            workspace.remove(old_name)?;
        }
        notes.push(format!("{name} is now identical to {source}"));
        notes.extend(overlay_notes(new, &spec));
        // `git restore` does not touch files that git does not track.
        let remove_new = if name == old_name {
            String::new()
        } else {
            format!(" && rm {name}")
        };
        notes.push(format!(
            "next: run `cargo xtask generate`, review `git diff generated`, run `.ci/run`\n\
             undo: `git restore spec{remove_new}`"
        ));
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

/// Reads the URL of the vendor's document from spec/source.toml.
fn default_source(workspace: &Workspace) -> Result<Source, Failure> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        address: String,
    }
    let text = workspace.read(SOURCE)?.ok_or_else(|| {
        Failure::Io(format!(
            "error: there is no {SOURCE}\n  fix: name the source: {}",
            source::HELP
        ))
    })?;
    let file: File = toml::from_str(&text.text).map_err(|error| {
        Failure::Io(format!(
            "error: {SOURCE}: {error}\n  fix: write only `address = \"https://…\"` into it"
        ))
    })?;
    let Ok(source) = file.address.parse();
    Ok(source)
}

/// Describes the effect of the new document on our overlays.
fn overlay_notes(new: Document, spec: &Spec) -> Vec<String> {
    let sources: Vec<_> = spec.overlays.iter().map(Text::source).collect();
    let applied = overlay::read(&sources).and_then(|overlays| {
        let superseded = supersede::supersede(new, overlays);
        let applied = overlay::apply(superseded.document, &superseded.overlays)?;
        Ok((superseded.comparisons, superseded.notices, applied))
    });
    let (comparisons, notices, applied) = match applied {
        Ok(applied) => applied,
        Err(diagnostics) => {
            return vec![format!(
                "error: the overlays do not fit the new document\n{diagnostics}\n  \
                 fix: correct the overlays; `generate` refuses them until then"
            )];
        }
    };
    let redundant = applied.actions.iter().filter(|action| !action.changed);
    let redundant = redundant.map(|action| {
        format!(
            "{}: the action on `{}` no longer changes anything; its reason was: {}\n  \
             fix: remove the action if that reason no longer applies",
            action.location, action.target, action.reason
        )
    });
    let mut notes = table(&comparisons);
    let shown = notices.iter().filter(|notice| notice.code != "confirmed");
    notes.extend(most(grouped(shown)));
    notes.extend(most(redundant.collect()));
    notes
}

/// Counts the inferred operations of each group: confirmed by the vendor's document, wrong, or absent from
/// it.
fn table(comparisons: &[Comparison]) -> Vec<String> {
    let mut groups: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut all = [0; 3];
    for comparison in comparisons {
        let group = groups.entry(&comparison.group).or_default();
        let [confirmed, wrong, absent] = match comparison.inference {
            Inference::Confirmed => [1, 0, 0],
            Inference::Wrong(_) => [0, 1, 0],
            Inference::Absent => [0, 0, 1],
        };
        for counts in [group, &mut all] {
            let [sum_confirmed, sum_wrong, sum_absent] = counts;
            *sum_confirmed += confirmed;
            *sum_wrong += wrong;
            *sum_absent += absent;
        }
    }
    if groups.is_empty() {
        return Vec::new();
    }
    let width = groups
        .keys()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or_default()
        .max(9);
    let row = |name: &str, [confirmed, wrong, absent]: [String; 3]| {
        format!("{name:<width$} {confirmed:>10} {wrong:>6} {absent:>7}")
    };
    let counts = |counts: [usize; 3]| counts.map(|count| count.to_string());
    let head = ["confirmed", "wrong", "absent"].map(str::to_owned);
    let mut lines = vec![row("inferences", head)];
    lines.extend(
        groups
            .iter()
            .map(|(name, group)| row(&one_line(name), counts(*group))),
    );
    if groups.len() > 1 {
        lines.push(row("all", counts(all)));
    }
    lines.push(
        "  fix: remove the confirmed and wrong operations from the overlays; the vendor's document has them"
            .to_owned(),
    );
    vec![lines.join("\n")]
}

/// Keeps the first notes, and adds a line with the number of the other notes.
fn most(mut notes: Vec<String>) -> Vec<String> {
    let rest = notes.split_off(notes.len().min(MOST_NOTES));
    if !rest.is_empty() {
        notes.push(format!(
            "and {} more kinds of notes; `cargo xtask generate --verbose` lists all",
            rest.len()
        ));
    }
    notes
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

/// Names the command that prints the whole report after the new document is written.
fn whole_report(old_name: &str, new: &str) -> String {
    format!(
        "the whole report: `cargo xtask diff --full HEAD:{old_name} {}`",
        file_name(new)
    )
}
