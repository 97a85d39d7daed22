//! `cargo xtask release`: records what the crate promises from now on, so that `check` can tell which version is due.

use std::collections::BTreeMap;

use funnelflux_generator::{changelog, release::Release};

use crate::{
    Outcome,
    exit::{Code, Failure},
    workspace::{CHANGELOG, RELEASE, Workspace},
};

/// Records the public interface of the crate as released with its present version, and closes the changelog's unreleased
/// part with what has changed since the last release. Publishes nothing.
#[derive(clap::Args)]
#[command(after_help = "Exit codes: 0 recorded, 1 usage or I/O, 8 the crate's version is behind its changes")]
pub(crate) struct Arguments {}

pub(crate) fn run(workspace: &Workspace, _: &Arguments) -> Result<Outcome, Failure> {
    let files: BTreeMap<String, String> = workspace
        .generated()?
        .into_iter()
        .filter_map(|(path, text)| Some((path, text?)))
        .collect();
    let release = of(workspace, &files)?;
    let last = workspace.released()?;
    if let Some(behind) = last.as_ref().and_then(|last| behind(last, &release)) {
        return Ok(Outcome {
            text: String::new(),
            aside: behind,
            code: Code::Version,
        });
    }
    let changelog = workspace.changelog()?;
    let changelog = changelog.as_ref().map(|text| text.text.as_str());
    let changes = last.map(|last| last.changes(&release));
    let closed = changelog::close(changelog, &release.version, changes.as_ref());
    workspace.write(CHANGELOG, &closed)?;
    // The record goes last: until it is there, a repeated run knows what to compare with.
    workspace.write(RELEASE, &release.text())?;
    Ok(Outcome {
        text: format!(
            "{RELEASE} records {} with {} public items, {CHANGELOG} is closed\nnext: read both, commit, tag v{}",
            release.version,
            release.interface.len(),
            release.version
        ),
        aside: String::new(),
        code: Code::Clean,
    })
}

/// The crate with these generated files as it would be released now.
pub(crate) fn of(workspace: &Workspace, files: &BTreeMap<String, String>) -> Result<Release, Failure> {
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
