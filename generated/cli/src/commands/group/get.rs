//! `funnelflux GROUP get`: prints assets that are given by ID or name.

use crate::context::Context;
use crate::exit::{CommandResult, Exit, Failure};
use crate::output::{quiet_argument, row_arguments};
use crate::{assets, input};
use clap::{ArgMatches, Command};
use funnelflux::ext::AssetGroup;
use serde_json::Value;

pub(super) fn command(group: AssetGroup) -> Command {
    Command::new("get")
        .about(format!("Prints {} with all their fields", group.plural()))
        .args(input::id_arguments("IDs or exact names"))
        .arg(quiet_argument())
        .args(row_arguments())
}

pub(super) async fn run(group: AssetGroup, matches: &ArgMatches, context: &Context) -> CommandResult {
    let view = assets::view(group);
    let output = context.output(matches, &view)?;
    let given = input::given(matches, view.id.as_ref())?;
    if given.is_empty() {
        return Err(
            Failure::usage(format!("no {} is given", group.singular())).fix("pass IDs or exact names")
        );
    }
    let single = given.len() == 1 && !matches.contains_id("ids-from");
    let client = context.client()?;
    let ids = assets::resolve(&client, group, given.clone()).await?;
    let (mut found, mut missing) = assets::shown(&client, group, &ids).await?;
    if !missing.is_empty() && group.abilities().list {
        // A name can have the format of an ID, so the missing IDs are looked up as names.
        let named = assets::ids_of_names(&client, group, &missing).await?;
        let ids: Vec<String> = named.iter().flatten().cloned().collect();
        let (more, _) = assets::shown(&client, group, &ids).await?;
        found.extend(more);
        missing = missing
            .into_iter()
            .zip(named)
            .filter(|(_, id)| id.is_none())
            .map(|(text, _)| text)
            .collect();
    }
    let is_any = !found.is_empty();
    match found.pop() {
        Some(asset) if single => output.print_value(asset, &view)?,
        last => {
            found.extend(last);
            if is_any {
                output.print_value(Value::Array(found), &view)?;
            }
        }
    }
    if missing.is_empty() {
        return Ok(Exit::Done);
    }
    let failure = assets::unknown_assets(group, &missing);
    Err(if is_any {
        failure.with_exit(Exit::Partly)
    } else {
        failure
    })
}
