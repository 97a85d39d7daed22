//! `cargo xtask release`: records what the crate promises from now on, so that `check` can tell which version is due.

use std::collections::BTreeMap;

use funnelflux_codegen::release::Release;

use crate::{
    Outcome,
    exit::{Code, Failure},
    workspace::{CHANGELOG, RELEASE, Workspace},
};

/// Records the public interface of the crate as released with its present version, and closes the changelog's unreleased
/// part. Publishes nothing.
#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 recorded, 1 usage or I/O, 8 the crate's version is behind its changes"
)]
pub(crate) struct Arguments {}

pub(crate) fn run(workspace: &Workspace, _: &Arguments) -> Result<Outcome, Failure> {
    let files: BTreeMap<String, String> = workspace
        .generated()?
        .into_iter()
        .filter_map(|(path, text)| Some((path, text?)))
        .collect();
    let release = of(workspace, &files)?;
    if let Some(behind) = workspace
        .released()?
        .and_then(|last| behind(&last, &release))
    {
        return Ok(Outcome {
            text: String::new(),
            aside: behind,
            code: Code::Version,
        });
    }
    workspace.write(RELEASE, &release.text())?;
    if let Some(changelog) = workspace.changelog()? {
        let heading = format!("## {}", release.version);
        workspace.write(
            CHANGELOG,
            &changelog.text.replacen("## Unreleased", &heading, 1),
        )?;
    }
    Ok(Outcome {
        text: format!(
            "{RELEASE} records {} with {} public items\nnext: commit, tag v{}",
            release.version,
            release.interface.len(),
            release.version
        ),
        aside: String::new(),
        code: Code::Clean,
    })
}

/// The crate with these generated files as it would be released now.
pub(crate) fn of(
    workspace: &Workspace,
    files: &BTreeMap<String, String>,
) -> Result<Release, Failure> {
    let interface = workspace.interface(files)?;
    Ok(Release::new(workspace.version()?, files, interface))
}

/// More lines than this are not for a message.
const MOST_LINES: usize = 10;

/// What to say where the crate's version is too low for what has changed since the last release.
pub(crate) fn behind(last: &Release, now: &Release) -> Option<String> {
    let impact = last.impact(now);
    let due = last.due(impact);
    (now.version < due).then(|| {
        let changes = last.changes(now).to_string();
        let count = changes.lines().count();
        let lines = changes.lines().take(MOST_LINES);
        let shown = lines.fold(String::new(), |shown, line| shown + "\n  " + line);
        let more = match count.saturating_sub(MOST_LINES) {
            0 => String::new(),
            more => format!("\n  - and {more} more"),
        };
        format!(
            "the crate's version is {}, but since {} its code has changed by a {impact} step: {due} is due{shown}{more}",
            now.version, last.version
        )
    })
}
