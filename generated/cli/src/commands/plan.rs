//! `funnelflux plan`: plans the changes that restore the account to the state of a snapshot.

use super::export::{groups, groups_argument, snapshot_failure};
use crate::context::{Context, note};
use crate::exit::{CommandResult, Exit};
use crate::journals;
use crate::output::{View, format_argument, jq_argument};
use crate::plan_job::{PlanCommand, plan_failure};
use crate::profile::write_whole;
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use funnelflux::ext::plan::{AssetsNotInSnapshot, ChangePlan};
use funnelflux::ext::snapshot::Snapshot;
use std::path::PathBuf;

pub(crate) fn command() -> Command {
    Command::new("plan")
        .about("Makes a plan that restores a snapshot, or copies it into an account")
        .long_about(
            "Makes a plan that restores a snapshot. With --copy, the plan copies the assets of the snapshot \
             into an account, under new IDs. You may edit the files of the snapshot first. This command \
             changes nothing: review the plan, then apply it with funnelflux apply.",
        )
        .after_help("Example: funnelflux plan backup --out plan.json && funnelflux apply plan.json")
        .args([
            Arg::new("snapshot")
                .required(true)
                .value_name("SNAPSHOT")
                .value_parser(value_parser!(PathBuf))
                .help("Folder or file written by \"export\""),
            groups_argument("Plan changes only for these kinds of assets, such as offer-sources,funnels"),
            Arg::new("copy")
                .long("copy")
                .action(ArgAction::SetTrue)
                .conflicts_with("others")
                .help("Copy the assets under new IDs, into this or another account"),
            Arg::new("others")
                .long("others")
                .value_name("CHOICE")
                .value_parser(PossibleValuesParser::new(["leave", "archive", "delete"]))
                .default_value("leave")
                .help("Treatment of assets of the account that are not in the snapshot"),
            Arg::new("out")
                .long("out")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Write the plan to this file"),
            Arg::new("exit-code")
                .long("exit-code")
                .action(ArgAction::SetTrue)
                .help("Exit with 6 if the plan contains changes"),
            format_argument(),
            jq_argument(),
        ])
}

pub(crate) async fn run(matches: &ArgMatches, context: &Context) -> CommandResult {
    context.output(matches, &View::default())?;
    let Some(path) = matches.get_one::<PathBuf>("snapshot") else {
        return Ok(Exit::Usage);
    };
    let snapshot = Snapshot::open(path).map_err(|error| snapshot_failure(&error))?;
    let client = context.client()?;
    let groups = groups(matches).unwrap_or_default();
    let planned = if matches.get_flag("copy") {
        ChangePlan::copy(&snapshot).groups(groups).plan(&client).await
    } else {
        let others = others(
            matches
                .get_one::<String>("others")
                .map_or("leave", String::as_str),
        );
        ChangePlan::restore(&snapshot)
            .groups(groups)
            .others(others)
            .plan(&client)
            .await
    };
    let plan = planned.map_err(plan_failure)?;
    let command = PlanCommand {
        name: "plan",
        context,
        matches,
        stdin_is_used: false,
        created: Vec::new(),
    };
    command.show(&plan)?;
    if let Some(path) = matches.get_one::<PathBuf>("out") {
        write_whole(path, plan.to_json().as_bytes())?;
        let command = context.command_line(&["apply", &journals::argument(path)]);
        note(&format!("apply the plan with: {command}"));
    }
    let differs = matches.get_flag("exit-code") && !plan.is_empty();
    Ok(if differs {
        Exit::Differs
    } else if command.leaves_out_changes(&plan) {
        Exit::Partly
    } else {
        Exit::Done
    })
}

/// Converts a value of `--others` to the treatment of assets that the snapshot does not contain.
pub(crate) fn others(name: &str) -> AssetsNotInSnapshot {
    match name {
        "archive" => AssetsNotInSnapshot::Archive,
        "delete" => AssetsNotInSnapshot::Delete,
        _ => AssetsNotInSnapshot::Leave,
    }
}
