//! `funnelflux undo`: reverts a job from its journal.

use crate::context::Context;
use crate::exit::{CommandResult, Failure};
use crate::input::require_regular_file;
use crate::journals;
use crate::plan_job::{PlanCommand, arguments, plan_failure};
use clap::{Arg, ArgMatches, Command, value_parser};
use funnelflux::ext::plan::ChangePlan;
use std::path::PathBuf;

pub(crate) fn command() -> Command {
    Command::new("undo")
        .about("Reverts a job")
        .long_about(
            "Reverts a job, using its journal. Jobs of these commands can be reverted: archive, unarchive, \
             move, duplicate, create, set, edit, import, replace and apply. A value is changed back only if \
             nobody has changed it since the job. A deletion cannot be undone.",
        )
        .arg(
            Arg::new("file")
                .value_name("JOURNAL")
                .value_parser(value_parser!(PathBuf))
                .help(
                    "Journal of the job to revert; default: the newest journal in the state folder, not \
                     counting journals of undo. If the job wrote its journal elsewhere, give the path here",
                ),
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
        created: Vec::new(),
    };
    command.run(&client, &plan).await
}

/// Returns the newest journal of the profile that does not belong to an undo. If undos were included, a
/// second undo would revert the first one.
fn newest(context: &Context) -> Result<PathBuf, Failure> {
    let mut journals = journals::all(context)?.into_iter();
    let newest = journals.find(|journal| !journal.begins_with("undo-"));
    newest.map(|journal| journal.path).ok_or_else(|| {
        Failure::usage("there is no journal of an earlier job").fix("name the journal of the job")
    })
}
