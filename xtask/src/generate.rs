//! `cargo xtask generate`: writes the effective document, coverage table, generated files and lock.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use funnelflux_diff as comparison;
use funnelflux_generator::{COVERAGE, EFFECTIVE, LeftOut, Output, StageReport, changelog};
use funnelflux_openapi::{
    Diagnostics, Source,
    text::{counted, one_line},
};

use crate::{
    diff,
    exit::{Code, Failure, Outcome},
    expected::{self, ComparedFile},
    features,
    notices::grouped,
    spec::Spec,
    workspace::{CHANGELOG, MANIFEST, Workspace},
};

/// Writes spec/effective.json, spec/COVERAGE.md, spec/spec.lock and the generated files.
///
/// If the effective document changes, also adds the changes to CHANGELOG.md, under Unreleased.
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes:\n  0  all files are written\n  1  usage or I/O error\n  \
                  2  the document or an overlay is invalid\n  3  spec/spec.lock is damaged"
)]
pub(crate) struct Arguments {
    /// Prints every notice in full. Also lists all transformations of the document and of the generated code,
    /// with their reasons, including those that changed nothing.
    #[arg(short, long)]
    verbose: bool,
    /// Fails if an operation is unsupported, instead of leaving the operation out.
    #[arg(long)]
    strict: bool,
}

/// Files that a run wrote, removed or left unchanged.
#[derive(Debug, Default, PartialEq, Eq)]
struct FileChanges {
    written: Vec<String>,
    removed: Vec<String>,
    unchanged: usize,
}

pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<Outcome, Failure> {
    let start = Instant::now();
    let spec = Spec::read(workspace, None)?;
    let lock = spec.lock()?;
    let output = match spec.generate(lock, arguments.strict) {
        Err(errors) if arguments.verbose => {
            let stderr = errors.to_string();
            return Ok(Outcome {
                stdout: String::new(),
                stderr,
                code: Failure::from(errors).code(),
            });
        }
        output => output?,
    };
    let mut warnings = Vec::new();
    workspace.remove_leftovers()?;
    let expected = expected::compare(workspace, &output)?;
    let effective = expected.files.iter().find(|file| file.path == EFFECTIVE);
    let changelog = workspace.read(CHANGELOG)?.map(|changelog| changelog.text);
    let changelog = effective.map_or(Ok(None), |effective| add_changes(changelog.as_deref(), effective));
    let changelog = changelog.unwrap_or_else(|diagnostics| {
        warnings.push(format!(
            "warning: {CHANGELOG} lacks the changes, because the old {EFFECTIVE} is invalid:\n{diagnostics}"
        ));
        None
    });
    let problem = expected.manifest_problem;
    warnings
        .extend(problem.map(|problem| format!("warning: {MANIFEST}: {problem}\n  fix: {}", features::FIX)));
    let changes = write(workspace, &output, changelog, expected.files)?;
    Ok(Outcome {
        stdout: report(
            &output.stages,
            &output.notices,
            &output.left_out,
            &changes,
            start.elapsed(),
            arguments.verbose,
        ),
        stderr: warnings.join("\n"),
        code: Code::Good,
    })
}

/// Adds the changes of the effective document to the changelog. Returns `None` if there is nothing to add.
fn add_changes(changelog: Option<&str>, effective: &ComparedFile) -> Result<Option<String>, Diagnostics> {
    let Some(old) = effective.actual.as_ref().filter(|_| !effective.is_current()) else {
        return Ok(None);
    };
    let (old, new) = (String::from_utf8_lossy(old), &effective.expected);
    let document = |text| {
        diff::document(Source {
            name: EFFECTIVE,
            text,
        })
    };
    let report = comparison::compare(&document(&old)?, &document(new)?);
    Ok(changelog::add(changelog, (&old, new), &report))
}

/// Writes the changelog, removes orphaned files, and writes the stale files. The lock is written last.
fn write(
    workspace: &Workspace,
    output: &Output,
    changelog: Option<String>,
    files: Vec<ComparedFile>,
) -> Result<FileChanges, Failure> {
    let mut changes = FileChanges::default();
    if let Some(changelog) = changelog {
        workspace.write(CHANGELOG, &changelog)?;
        changes.written.push(CHANGELOG.to_owned());
    }
    for path in expected::orphans(workspace, output.files.keys())? {
        workspace.remove(&path)?;
        changes.removed.push(path);
    }
    for file in files {
        if file.is_current() {
            changes.unchanged += 1;
        } else {
            workspace.write(&file.path, &file.expected)?;
            changes.written.push(file.path);
        }
    }
    Ok(changes)
}

fn report(
    stages: &[StageReport],
    notices: &Diagnostics,
    left_out: &[LeftOut],
    changes: &FileChanges,
    time: Duration,
    verbose: bool,
) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let mut line = |columns: &str, rest: String| {
        let _ = writeln!(text, "{columns:<10} {rest}");
    };
    for stage in stages {
        line(&stage.stage.to_string(), stage.summary.clone());
        for step in &stage.steps {
            if verbose {
                line("", format!("{:>5} {}: {}", step.count, step.name, step.reason));
            } else if step.count > 0 {
                line("", format!("{:>5} {}", step.count, step.name));
            }
        }
    }
    let blocks = if verbose {
        notices.iter().map(ToString::to_string).collect()
    } else {
        grouped(notices.iter())
    };
    for part in blocks.iter().flat_map(|block| block.lines()) {
        line("", part.to_owned());
    }
    if blocks.len() < notices.len() {
        line(
            "",
            "`cargo xtask generate --verbose` prints every notice in full".to_owned(),
        );
    }
    if !left_out.is_empty() {
        let count = counted(left_out.len(), "operation");
        line("left out", format!("{count}; {COVERAGE} lists the reasons"));
    }
    for LeftOut {
        method, path, rule, ..
    } in left_out
    {
        let method = method.to_ascii_uppercase();
        line(
            "",
            format!("      {}", one_line(&format!("{method} {path} [{rule}]"))),
        );
    }
    let FileChanges {
        written,
        removed,
        unchanged,
    } = changes;
    let (count, gone) = (written.len(), removed.len());
    line(
        "files",
        format!("{count} written, {gone} removed, {unchanged} unchanged"),
    );
    for path in written {
        line("", format!("      {path}"));
    }
    for path in removed {
        line("", format!("      {path} (removed)"));
    }
    let of_stage = |stage: &StageReport| format!("{} {}", stage.stage, stage.time.as_millis());
    let of_stages: Vec<String> = stages.iter().map(of_stage).collect();
    let (all, of_stages) = (time.as_millis(), of_stages.join(", "));
    line("time", format!("{all} ms: {of_stages}"));
    text
}

#[cfg(test)]
mod tests;
