//! `funnelflux GROUP replace`: replaces references to an asset by references to another asset.

use crate::commands::export::{groups, groups_argument};
use crate::context::Context;
use crate::exit::{CommandResult, Failure};
use crate::path::JsonPath;
use crate::plan_job::{PlanCommand, arguments, plan_failure};
use crate::{assets, fields};
use clap::{Arg, ArgMatches, Command};
use funnelflux::Client;
use funnelflux::ext::AssetGroup;
use funnelflux::ext::plan::ChangePlan;

pub(super) fn command(group: AssetGroup) -> Command {
    Command::new("replace")
        .about(format!(
            "Replaces references to one of the {} with references to another",
            group.plural()
        ))
        .args([
            Arg::new("old")
                .required(true)
                .value_name("OLD")
                .help(format!("ID or exact name of the {} to replace", group.singular())),
            Arg::new("new")
                .required(true)
                .value_name("NEW")
                .help("ID or exact name of its replacement"),
            groups_argument(
                "Change only these kinds of assets, such as pages,funnels; default: all kinds that can be \
                 changed",
            ),
            Arg::new("at")
                .long("at")
                .value_name("PATH")
                .help("Change only the value at this JSON path"),
        ])
        .args(arguments())
}

pub(super) async fn run(group: AssetGroup, matches: &ArgMatches, context: &Context) -> CommandResult {
    let text = |name: &str| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let client = context.client()?;
    let at = matches.get_one::<String>("at").map(String::as_str);
    let plan = plan(&client, group, [text("old"), text("new")], groups(matches), at).await?;
    let command = PlanCommand {
        name: "replace",
        context,
        matches,
        stdin_is_used: false,
        created: Vec::new(),
    };
    command.run(&client, &plan).await
}

/// Makes a plan that replaces all references to the first asset by references to the second asset. Both
/// assets are given by ID or name.
pub(crate) async fn plan(
    client: &Client,
    group: AssetGroup,
    old_and_new: [String; 2],
    groups: Option<Vec<String>>,
    at: Option<&str>,
) -> Result<ChangePlan, Failure> {
    let ids = assets::existing(client, group, old_and_new.into()).await?;
    let [old, new] = ids.as_slice() else {
        return Err(Failure::usage("two IDs or names are needed"));
    };
    if old == new {
        return Err(Failure::usage("OLD and NEW are the same").fix("name two assets"));
    }
    assets::check_targets(client, group, std::slice::from_ref(new)).await?;
    let mut replacing = ChangePlan::replace(old, new);
    let searched = AssetGroup::all().iter().copied().filter(|searched| {
        let name = |given: &String| AssetGroup::named(given) == Some(*searched);
        searched.abilities().list && groups.as_ref().is_none_or(|groups| groups.iter().any(name))
    });
    let searched: Vec<AssetGroup> = searched.collect();
    if let Some(groups) = groups {
        replacing = replacing.groups(groups);
    }
    let path = at.map(JsonPath::parse).transpose().map_err(Failure::usage)?;
    if let Some(path) = &path {
        replacing = replacing.at(path.pointer());
    }
    let plan = replacing.plan(client).await.map_err(plan_failure)?;
    if let Some(path) = path.filter(|_| plan.is_empty()) {
        fields::check_path(client, &searched, &path).await?;
    }
    Ok(plan)
}
