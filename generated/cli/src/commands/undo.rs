//! `funnelflux undo`: reverts a job from its journal.

use crate::context::Context;
use crate::exit::{CommandResult, Failure, file_failure};
use crate::input::require_regular_file;
use crate::plan_job::{PlanCommand, arguments, plan_failure};
use clap::{Arg, ArgMatches, Command, value_parser};
use funnelflux::ext::plan::ChangePlan;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::PathBuf;

pub(crate) fn command() -> Command {
    Command::new("undo")
        .about("Reverts a job")
        .long_about(
            "Reverts a job, using its journal. The job can be one of archive, unarchive, move, duplicate, \
             set, edit, import, replace and apply. A value is changed back only if it is still the value \
             that the job set. A deletion cannot be undone.",
        )
        .arg(
            Arg::new("file")
                .value_name("JOURNAL")
                .value_parser(value_parser!(PathBuf))
                .help("Journal of the job; default: the newest job of the profile, not counting undo jobs"),
        )
        .args(arguments())
}

pub(crate) async fn run(matches: &ArgMatches, context: &Context) -> CommandResult {
    let path = match matches.get_one::<PathBuf>("file") {
        Some(path) => path.clone(),
        None => newest(context)?,
    };
    context.check_owner(&path)?;
    require_regular_file(&path)?;
    let client = context.client()?;
    let plan = ChangePlan::undo(&client, &path).await.map_err(plan_failure)?;
    let command = PlanCommand {
        name: "undo",
        context,
        matches,
        stdin_is_used: false,
    };
    command.run(&client, &plan).await
}

/// The newest journal of the profile, except those of this command: a second undo must not repeat the job.
fn newest(context: &Context) -> Result<PathBuf, Failure> {
    let nothing =
        || Failure::usage("there is no journal of an earlier job").fix("name the journal of the job");
    let folder = context.journal_folder()?.ok_or_else(nothing)?;
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(nothing()),
        Err(error) => return Err(file_failure("read", &folder, &error)),
    };
    let journals = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        let path = entry.path();
        let is_undo = entry.file_name().to_string_lossy().starts_with("undo-");
        let is_journal = path.extension() == Some(OsStr::new("jsonl")) && !is_undo;
        let modified = entry.metadata().ok()?.modified().ok()?;
        is_journal.then_some((modified, path))
    });
    journals.max().map(|(_, path)| path).ok_or_else(nothing)
}
