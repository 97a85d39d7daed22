//! `funnelflux export`: writes all assets of an account to files.

use crate::context::{Context, note};
use crate::exit::{CommandResult, Exit, Failure};
use crate::progress::LineDisplay;
use crate::text::count;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use funnelflux::ext::snapshot::{ExportError, Snapshot, SnapshotError};
use std::path::{Path, PathBuf};

pub(crate) fn command() -> Command {
    Command::new("export")
        .about("Writes all assets to a folder with one JSON file per asset, or to a .tar.gz file")
        .long_about(
            "Writes all assets to a folder or to a .tar.gz file. A folder has one JSON file per asset, so \
             that git shows the differences. An export changes nothing in the account. To continue an \
             interrupted export, repeat the command.",
        )
        .after_help("Example: funnelflux export backup")
        .args([
            Arg::new("path")
                .required(true)
                .value_name("PATH")
                .value_parser(value_parser!(PathBuf))
                .help("New folder, folder of an earlier export, or a file whose name ends in .tar.gz"),
            groups_argument("Export only these kinds of assets, such as offer-sources,funnels"),
            Arg::new("accept-incomplete")
                .long("accept-incomplete")
                .action(ArgAction::SetTrue)
                .help(
                    "Write the snapshot even if some assets cannot be read; the snapshot is then marked as \
                     incomplete",
                ),
            Arg::new("restart")
                .long("restart")
                .action(ArgAction::SetTrue)
                .help("Read everything anew instead of continuing an interrupted export"),
        ])
}

/// Returns the option `--groups`.
pub(super) fn groups_argument(help: &'static str) -> Arg {
    Arg::new("groups")
        .long("groups")
        .value_name("NAMES")
        .value_delimiter(',')
        .help(help)
}

/// Returns the names from the option `--groups`, if the option is given.
pub(super) fn groups(matches: &ArgMatches) -> Option<Vec<String>> {
    let names = matches.get_many::<String>("groups")?;
    Some(names.cloned().collect())
}

pub(crate) async fn run(matches: &ArgMatches, context: &Context) -> CommandResult {
    let Some(path) = matches.get_one::<PathBuf>("path") else {
        return Ok(Exit::Usage);
    };
    let client = context.client()?;
    let display = LineDisplay::new();
    let shown = display.clone();
    let mut export = Snapshot::export(&client)
        .concurrency(context.jobs())
        .on_progress(move |progress| shown.update(progress.read + progress.unread, progress.total, progress));
    if let Some(groups) = groups(matches) {
        export = export.groups(groups);
    }
    if matches.get_flag("accept-incomplete") {
        export = export.accept_incomplete();
    }
    if matches.get_flag("restart") {
        export = export.restart();
    }
    let exported = if is_archive(path) {
        export.to_archive(path).await
    } else {
        export.to_folder(path).await
    };
    display.finish();
    let snapshot = exported.map_err(export_failure)?;
    let assets = count(snapshot.keys().len(), "asset", "assets");
    note(&format!("{assets} are in {}", path.display()));
    let unread = snapshot.unread().count();
    if unread > 0 {
        note(&format!(
            "the snapshot is not whole: {unread} parts could not be read"
        ));
        return Ok(Exit::Partly);
    }
    Ok(Exit::Done)
}

fn is_archive(path: &Path) -> bool {
    let name = path.to_string_lossy();
    [".tar.gz", ".tgz"].iter().any(|end| name.ends_with(end))
}

/// Converts an error of an export into a failure.
pub(crate) fn export_failure(error: ExportError) -> Failure {
    match error {
        ExportError::Client(error) => Failure::from(error),
        ExportError::Snapshot(error) => Failure::library_file(&error, error.io_error())
            .or_fix("name a new folder, or a file that ends in .tar.gz"),
        ExportError::Incomplete(error) => {
            let message = error.to_string();
            let message = message.split("; fix: ").next().unwrap_or_default().to_owned();
            Failure::failed(message)
                .fix("repeat the export, which reads what is missing, or add --accept-incomplete")
        }
        error => Failure::usage(error.to_string()),
    }
}

/// Converts an error of a snapshot into a failure.
pub(crate) fn snapshot_failure(error: &SnapshotError) -> Failure {
    Failure::library_file(error, error.io_error())
        .or_fix("name a folder or file that funnelflux export wrote")
}
