//! `funnelflux GROUP set`: sets properties of assets.

use super::{EditedAsset, replace_parent_names};
use crate::context::Context;
use crate::exit::{CommandResult, Failure};
use crate::fields::{self, AddedFields, NewFields};
use crate::input::Assignment;
use crate::path::JsonPath;
use crate::plan_job::{PlanCommand, arguments, plan_failure};
use crate::{assets, input};
use clap::{ArgGroup, ArgMatches, Command};
use funnelflux::Client;
use funnelflux::ext::AssetGroup;
use funnelflux::ext::plan::ChangePlan;
use funnelflux::ext::snapshot::managed_pointers;

pub(super) fn command(group: AssetGroup) -> Command {
    Command::new("set")
        .about(format!("Sets properties of {}", group.plural()))
        .after_help(format!(
            "Example: funnelflux --fake {} set ID --set status=active --plan",
            group.name()
        ))
        .args(input::id_arguments("IDs or exact names"))
        .args(input::set_arguments("the assets"))
        .group(
            ArgGroup::new("properties")
                .args([input::SET, input::SET_STRING])
                .required(true)
                .multiple(true),
        )
        .arg(fields::argument())
        .args(arguments())
}

pub(super) async fn run(group: AssetGroup, matches: &ArgMatches, context: &Context) -> CommandResult {
    let assignments = input::assignments(matches)?;
    check_managed(group, &assignments)?;
    let given = input::given(matches, assets::view(group).id.as_ref())?;
    if given.is_empty() {
        return Err(
            Failure::usage(format!("there are no {} to change", group.plural()))
                .fix("pass IDs or exact names, - for stdin, or a file with --ids-from"),
        );
    }
    let client = context.client()?;
    let new_fields = NewFields::of(matches);
    let plan = plan(&client, group, given, &assignments, new_fields, context).await?;
    let command = PlanCommand {
        name: "set",
        context,
        matches,
        stdin_is_used: input::ids_are_stdin(matches),
        created: Vec::new(),
    };
    command.run(&client, &plan).await
}

/// Returns an error if an assignment sets a property that only the service changes. A plan would leave out
/// such a property.
fn check_managed(group: AssetGroup, assignments: &[Assignment]) -> Result<(), Failure> {
    let managed = managed_pointers(group);
    let is_managed = |path: &JsonPath| {
        let path = path.pointer();
        let rest = |pointer: &&str| path.strip_prefix(*pointer).map(str::to_owned);
        let mut rests = managed.iter().filter_map(rest);
        rests.any(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let view = assets::view(group);
    let mut paths = assignments.iter().map(|assignment| view.path(&assignment.path));
    match paths.find(is_managed) {
        Some(path) => Err(Failure::usage(format!(
            "{path} belongs to the service, which changes it itself; nothing was sent"
        ))
        .fix("leave it out")),
        None => Ok(()),
    }
}

/// Makes a plan that sets properties of assets. The assets are given by ID or name.
pub(crate) async fn plan(
    client: &Client,
    group: AssetGroup,
    given: Vec<String>,
    assignments: &[Assignment],
    new_fields: NewFields,
    context: &Context,
) -> Result<ChangePlan, Failure> {
    let view = assets::view(group);
    let ids = assets::existing(client, group, given).await?;
    let (current, _) = assets::read(client, group, &ids).await?;
    let mut edited = Vec::with_capacity(current.len());
    let mut added = AddedFields::default();
    for asset in current {
        let mut new = asset.clone();
        for assignment in assignments {
            let path = view.path(&assignment.path);
            path.set(&mut new, assignment.value.clone())
                .map_err(Failure::usage)?;
        }
        assets::check_same_id(group, &asset, &new)?;
        added.add(Some(&asset), &new);
        let old = Some(asset);
        edited.push(EditedAsset { old, new });
    }
    replace_parent_names(client, group, &mut edited, context).await?;
    added.check(client, group, new_fields).await?;
    let words: Vec<String> = assignments
        .iter()
        .map(|assignment| assignment.path.to_string())
        .collect();
    let made_by = format!("set {} of {}", words.join(", "), group.plural());
    let wanted = edited.into_iter().map(|asset| asset.wanted(group));
    let planned = ChangePlan::wanted(client, made_by, wanted).await;
    planned.map_err(plan_failure)
}
