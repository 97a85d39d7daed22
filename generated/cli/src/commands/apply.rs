//! `funnelflux apply`: applies a plan from a file.

use crate::context::Context;
use crate::exit::{CommandResult, Exit};
use crate::plan_job::{PlanCommand, apply_arguments, read_plan};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::path::PathBuf;

pub(crate) fn command() -> Command {
    Command::new("apply")
        .about("Applies a plan from a file")
        .long_about(
            "Applies a plan from a file. Each asset is read right before its change. If it has changed since \
             the plan was made, the change is rejected, and the asset stays as it is. To continue an \
             interrupted job, repeat the command with the same --journal.",
        )
        .args([
            Arg::new("file")
                .required(true)
                .value_name("PLAN")
                .value_parser(value_parser!(PathBuf))
                .help("File of the plan"),
            Arg::new("plan")
                .long("plan")
                .action(ArgAction::SetTrue)
                .help("Print the plan, and change nothing"),
        ])
        .args(apply_arguments())
        .mut_arg("journal", |journal| {
            journal.help(
                "File that records the progress of the changes; if it exists, continue the job that it \
                 records. Default: a new file in the state folder of the profile",
            )
        })
}

pub(crate) async fn run(matches: &ArgMatches, context: &Context) -> CommandResult {
    let Some(path) = matches.get_one::<PathBuf>("file") else {
        return Ok(Exit::Usage);
    };
    context.check_owner(path)?;
    let plan = read_plan(path)?;
    let command = PlanCommand {
        name: "apply",
        context,
        matches,
        stdin_is_used: false,
        created: Vec::new(),
    };
    if matches.get_flag("plan") {
        command.show(&plan)?;
        return Ok(Exit::Done);
    }
    command.apply(&context.client()?, &plan, Some(path)).await
}
