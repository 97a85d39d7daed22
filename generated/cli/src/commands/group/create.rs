//! `funnelflux GROUP create`: creates assets.

use super::{EditedAsset, parents_words, replace_parent_names};
use crate::context::Context;
use crate::exit::{CommandResult, Failure};
use crate::fields::{self, AddedFields, NewFields};
use crate::input::Assignment;
use crate::path::{JsonPath, leaves};
use crate::plan_job::{PlanCommand, arguments, plan_failure};
use crate::text::one_line;
use crate::{assets, input};
use clap::{ArgMatches, Command};
use funnelflux::Client;
use funnelflux::ext::AssetGroup;
use funnelflux::ext::plan::{ChangePlan, WantedAsset};
use funnelflux::id;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) fn command(group: AssetGroup) -> Command {
    Command::new("create")
        .about(format!("Creates {}, and prints their IDs", group.plural()))
        .long_about(format!(
            "Creates {}, and prints their IDs. The body is an asset or a list of assets; an asset without an \
             ID gets a new one.{}",
            group.plural(),
            parents_words(group),
        ))
        .after_help(format!(
            "Example: funnelflux --fake {} create --set name='My first' --yes",
            group.name()
        ))
        .args(input::body_arguments())
        .arg(fields::argument())
        .args(arguments())
}

pub(super) async fn run(group: AssetGroup, matches: &ArgMatches, context: &Context) -> CommandResult {
    let view = assets::view(group);
    let id_path = view
        .id
        .clone()
        .ok_or_else(|| Failure::usage("these assets have no IDs"))?;
    let assignments = input::assignments(matches)?;
    let bodies = bodies(matches, &assignments)?;
    let client = context.client()?;
    let mut edited = Vec::with_capacity(bodies.len());
    for mut new in bodies {
        for assignment in &assignments {
            let path = view.path(&assignment.path);
            path.set(&mut new, assignment.value.clone())
                .map_err(Failure::usage)?;
        }
        edited.push(EditedAsset { old: None, new });
    }
    replace_parent_names(&client, group, &mut edited, context).await?;
    let mut ids = Vec::with_capacity(edited.len());
    let mut given = BTreeMap::new();
    let mut added = AddedFields::default();
    for EditedAsset { new: body, .. } in &mut edited {
        let id = match group.id(body).filter(|id| !id.is_empty()) {
            Some(id) => {
                let id = given_id(id.into_owned(), &ids)?;
                given.insert(id.clone(), body.clone());
                id
            }
            None => new_id(&id_path, body)?,
        };
        ids.push(id);
        added.add(None, body);
    }
    added.check(&client, group, NewFields::of(matches)).await?;
    check_new(&client, group, &given).await?;
    let made_by = format!("create {}", group.plural());
    let wanted = edited.into_iter().map(|asset| asset.wanted(group));
    let plan = ChangePlan::wanted(&client, made_by, wanted)
        .await
        .map_err(plan_failure)?;
    let command = PlanCommand {
        name: "create",
        context,
        matches,
        stdin_is_used: input::body_is_stdin(matches),
        created: ids,
    };
    command.run(&client, &plan).await
}

/// Reads the bodies of the new assets from `--json`: one object, or a list of objects. Without `--json`,
/// returns one empty object, in which the options can set properties.
fn bodies(matches: &ArgMatches, assignments: &[Assignment]) -> Result<Vec<Value>, Failure> {
    let bodies = match input::json(matches)? {
        None if assignments.is_empty() => {
            return Err(Failure::usage("there is nothing to create")
                .fix("describe the asset with --set PATH=VALUE or --json FILE"));
        }
        None => vec![Value::Object(Map::new())],
        Some(Value::Array(bodies)) => bodies,
        Some(body) => vec![body],
    };
    match bodies.iter().find(|body| !body.is_object()) {
        Some(other) => Err(Failure::usage(format!("an asset is a JSON object, not {other}"))
            .fix("pass an object or a list of objects with --json FILE")),
        None => Ok(bodies),
    }
}

/// Checks the ID that the user gives to a new asset.
fn given_id(id: String, earlier: &[String]) -> Result<String, Failure> {
    if !id::is_well_formed(&id) {
        let message = format!("{:?} is not an ID of the service", one_line(&id));
        return Err(Failure::usage(message).fix("leave the ID out, or make one with: funnelflux id new"));
    }
    if earlier.contains(&id) {
        return Err(Failure::usage(format!("the ID {id} is given twice")).fix("give each asset its own ID"));
    }
    Ok(id)
}

/// Returns an error if an asset of the account has one of the given IDs and differs from the new asset. An
/// equal asset is no error, because an earlier run of the same command may have created it.
async fn check_new(
    client: &Client,
    group: AssetGroup,
    given: &BTreeMap<String, Value>,
) -> Result<(), Failure> {
    let ids: Vec<String> = given.keys().cloned().collect();
    let (existing, _) = assets::read(client, group, &ids).await?;
    let mut changed = Vec::with_capacity(existing.len());
    for asset in existing {
        let mut wanted = asset.clone();
        let body = group.id(&asset).and_then(|id| given.get(&*id));
        for (path, value) in body.map(leaves).unwrap_or_default() {
            path.set(&mut wanted, value.clone()).map_err(Failure::usage)?;
        }
        changed.push(WantedAsset::changed(group, asset, wanted));
    }
    let plan = ChangePlan::wanted(client, "create", changed).await;
    match plan.map_err(plan_failure)?.entries().first() {
        Some(entry) => {
            let message = format!("another {} has the ID {}", group.singular(), entry.key().id);
            Err(Failure::usage(format!("{message}; nothing was sent"))
                .fix("leave the ID out, or change that asset with set"))
        }
        None => Ok(()),
    }
}

fn new_id(path: &JsonPath, body: &mut Value) -> Result<String, Failure> {
    let id = id::generate()?;
    path.set(body, json!(id)).map_err(Failure::usage)?;
    Ok(id)
}
