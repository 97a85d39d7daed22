//! `cargo xtask generate`: document and overlays to effective document, lock and generated files.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    time::{Duration, Instant},
};

use funnelflux_diff as comparison;
use funnelflux_generator::{COVERAGE, EFFECTIVE, Output, StageReport, api};
use funnelflux_openapi::{Diagnostics, Stage};

use crate::{
    Outcome, diff,
    exit::{Code, Failure},
    features,
    workspace::{CHANGELOG, GENERATED, LOCK, MANIFEST, Text, Workspace},
};

/// Writes spec/effective.json, spec/COVERAGE.md, spec/spec.lock and the generated files.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Lists also the rules and passes that found nothing to do, and says why each is there.
    #[arg(short, long)]
    verbose: bool,
}

/// What became of the files.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changes {
    written: Vec<String>,
    removed: Vec<String>,
    unchanged: usize,
}

/// How long it took.
struct Times {
    /// Each stage, in their order.
    stages: Vec<(Stage, Duration)>,
    /// All of it, the files included.
    all: Duration,
}

pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<Outcome, Failure> {
    let start = Instant::now();
    let spec = workspace.spec()?;
    let lock = spec.read_lock()?;
    let mut times = Vec::new();
    let mut since = Instant::now();
    let output = spec.generate(lock, &mut |stage| {
        times.push((stage, since.elapsed()));
        since = Instant::now();
    })?;
    let told = changelog(workspace, &output)?;
    let mut changes = write(workspace, &output, spec.lock.map(|lock| lock.text))?;
    let mut aside = Vec::new();
    match told {
        Ok(told) => changes.written.extend(told),
        Err(why) => aside.push(format!(
            "{CHANGELOG} does not tell what has changed, since it could not be compared:\n{why}"
        )),
    }
    let manifest = workspace.manifest()?.map(|manifest| manifest.text);
    if let Some(problem) = features::problem(manifest.as_deref(), &output.features) {
        aside.push(format!(
            "{MANIFEST}: {problem}\n  mend: correct the features by hand, until `cargo xtask check` is content"
        ));
    }
    Ok(Outcome {
        text: report(
            &output.stages,
            &output.notices,
            &changes,
            &Times {
                stages: times,
                all: start.elapsed(),
            },
            arguments.verbose,
        ),
        aside: aside.join("\n"),
        code: Code::Clean,
    })
}

/// Tells in the changelog what the new document means, before what it is compared with is overwritten. An interrupted
/// run that is repeated tells it once.
///
/// Returns which file was written, or else why nothing could be told.
fn changelog(workspace: &Workspace, output: &Output) -> Result<Result<Option<String>, String>, Failure> {
    let Some(before) = workspace.effective()? else {
        return Ok(Ok(None));
    };
    let files: BTreeMap<String, String> = workspace
        .generated()?
        .into_iter()
        .filter_map(|(path, text)| Some((path, text?)))
        .collect();
    let after = Text {
        name: EFFECTIVE.to_owned(),
        text: output.effective.clone(),
    };
    if before.text == after.text {
        return Ok(Ok(None));
    }
    // What was there may be anything; it is told only where it can be compared.
    let compared = || -> Result<_, Failure> {
        let report = comparison::compare(&diff::document(&before)?, &diff::document(&after)?);
        let changes = api::compare(
            &workspace.interface(&files)?,
            &workspace.interface(&output.files)?,
        );
        Ok((report, changes))
    };
    let (report, changes) = match compared() {
        Ok(compared) => compared,
        Err(failure) => return Ok(Err(failure.to_string())),
    };
    let there = workspace.changelog()?;
    let there = there.as_ref().map(|text| text.text.as_str());
    let documents = (before.text.as_str(), after.text.as_str());
    let Some(text) = funnelflux_generator::changelog::add(there, documents, &report, &changes) else {
        return Ok(Ok(None));
    };
    workspace.write(CHANGELOG, &text)?;
    Ok(Ok(Some(CHANGELOG.to_owned())))
}

/// Writes what is not there already. The lock comes last: a run that is interrupted before leaves the old one, which
/// the next run replaces.
fn write(workspace: &Workspace, output: &Output, lock: Option<String>) -> Result<Changes, Failure> {
    workspace.remove_leftovers()?;
    let mut changes = Changes::default();
    let mut there = workspace.generated()?;
    let mut wanted: Vec<(String, &str, Option<String>)> = output
        .files
        .iter()
        .map(|(path, text)| {
            let old = there.remove(path).flatten();
            (format!("{GENERATED}/{path}"), text.as_str(), old)
        })
        .collect();
    let effective = workspace.effective()?.map(|effective| effective.text);
    wanted.push((EFFECTIVE.to_owned(), &output.effective, effective));
    let coverage = workspace.coverage()?.map(|coverage| coverage.text);
    wanted.push((COVERAGE.to_owned(), &output.coverage, coverage));
    let new_lock = output.lock.text();
    wanted.push((LOCK.to_owned(), &new_lock, lock));
    for path in there.into_keys() {
        let path = format!("{GENERATED}/{path}");
        workspace.remove(&path)?;
        changes.removed.push(path);
    }
    for (path, text, old) in wanted {
        if old.as_deref() == Some(text) {
            changes.unchanged += 1;
        } else {
            workspace.write(&path, text)?;
            changes.written.push(path);
        }
    }
    Ok(changes)
}

fn report(
    stages: &[StageReport],
    notices: &Diagnostics,
    changes: &Changes,
    times: &Times,
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
    for notice in notices {
        for part in notice.to_string().lines() {
            line("", part.to_owned());
        }
    }
    line(
        "files",
        format!(
            "{} written, {} removed, {} unchanged",
            changes.written.len(),
            changes.removed.len(),
            changes.unchanged
        ),
    );
    for path in &changes.written {
        line("", format!("      {path}"));
    }
    for path in &changes.removed {
        line("", format!("      {path} (removed)"));
    }
    let of_stages: Vec<String> = times
        .stages
        .iter()
        .map(|(stage, took)| format!("{stage} {}", took.as_millis()))
        .collect();
    line(
        "time",
        format!("{} ms: {}", times.all.as_millis(), of_stages.join(", ")),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use funnelflux_generator::StepReport;

    fn sample(verbose: bool) -> String {
        let step = |name, count| StepReport {
            name,
            reason: "it must be so",
            count,
            idle: false,
        };
        let stages = [
            StageReport::new(
                Stage::Read,
                "spec/upstream.json: 11 paths, 12 operations, 8 schemas",
            ),
            StageReport {
                steps: vec![step("name-operations", 12), step("keep-json", 0)],
                ..StageReport::new(Stage::Transform, "1 of 2 rules applied")
            },
        ];
        let changes = Changes {
            written: vec!["spec/effective.json".to_owned()],
            removed: vec!["generated/src/api/old.rs".to_owned()],
            unchanged: 7,
        };
        report(
            &stages,
            &Diagnostics::new(),
            &changes,
            &Times {
                stages: vec![
                    (Stage::Read, Duration::from_millis(3)),
                    (Stage::Transform, Duration::from_millis(70)),
                ],
                all: Duration::from_millis(87),
            },
            verbose,
        )
    }

    #[test]
    fn it_says_what_each_stage_did() {
        insta::assert_snapshot!(sample(false), @r"
        read       spec/upstream.json: 11 paths, 12 operations, 8 schemas
        transform  1 of 2 rules applied
                      12 name-operations
        files      1 written, 1 removed, 7 unchanged
                         spec/effective.json
                         generated/src/api/old.rs (removed)
        time       87 ms: read 3, transform 70
        ");
    }

    #[test]
    fn it_says_why_if_asked() {
        insta::assert_snapshot!(sample(true), @r"
        read       spec/upstream.json: 11 paths, 12 operations, 8 schemas
        transform  1 of 2 rules applied
                      12 name-operations: it must be so
                       0 keep-json: it must be so
        files      1 written, 1 removed, 7 unchanged
                         spec/effective.json
                         generated/src/api/old.rs (removed)
        time       87 ms: read 3, transform 70
        ");
    }
}
