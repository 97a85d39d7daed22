//! `funnelflux GROUP archive|unarchive|delete|move`: changes many assets in a job.

use super::parent_ids;
use crate::context::Context;
use crate::exit::{CommandResult, Failure};
use crate::job::{self, JobCommand};
use crate::{assets, input};
use clap::{Arg, ArgMatches, Command};
use funnelflux::Client;
use funnelflux::ext::{AssetGroup, Cascade, ChangeRecord};

fn job_command(name: &'static str, about: String) -> Command {
    Command::new(name)
        .about(about)
        .args(input::id_arguments("IDs or exact names"))
        .args(job::arguments())
}

/// Returns the plural names of a group's child groups in words, such as `pages, funnels and conditions`.
fn children_words(group: AssetGroup) -> String {
    let children = group.children().iter();
    let names = children.map(|child| AssetGroup::named(child.group).map_or(child.group, AssetGroup::plural));
    let names: Vec<&str> = names.collect();
    match names.as_slice() {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        names => names.concat(),
    }
}

/// Returns the option `--children`.
fn children_argument(group: AssetGroup) -> Arg {
    let target = group.singular();
    Arg::new("children")
        .long("children")
        .value_name("CHOICE")
        .default_value("leave")
        .help(format!(
            "Treatment of the children: leave (no change), cascade (the same change), orphan (they lose \
             their parent) or move:ID (they move to the {target} with this ID or exact name). The children \
             of {} are {}",
            group.plural(),
            children_words(group),
        ))
}

pub(super) fn archive(group: AssetGroup) -> Command {
    let command = job_command("archive", format!("Archives {}", group.plural()));
    if group.abilities().archive_children {
        command.arg(children_argument(group))
    } else {
        command
    }
}

pub(super) fn unarchive(group: AssetGroup) -> Command {
    job_command(
        "unarchive",
        format!("Restores {} from the archive", group.plural()),
    )
}

pub(super) fn delete(group: AssetGroup) -> Command {
    let command = job_command(
        "delete",
        format!("Deletes {}; this cannot be undone", group.plural()),
    );
    if group.abilities().delete_children {
        command.arg(children_argument(group))
    } else {
        command
    }
}

pub(super) fn move_to_category(group: AssetGroup) -> Command {
    let category = Arg::new("to")
        .long("to")
        .value_name("CATEGORY")
        .help("ID or exact name of the category; an empty value removes each asset from its category");
    job_command("move", format!("Moves {} to a category", group.plural())).arg(category)
}

pub(super) async fn run(
    group: AssetGroup,
    name: &str,
    matches: &ArgMatches,
    context: &Context,
) -> CommandResult {
    let verb = match name {
        "archive" => "archive",
        "unarchive" => "unarchive",
        "delete" => "delete",
        "move" => "move",
        _ => return Err(Failure::usage(format!("the command {name:?} is unknown"))),
    };
    let job = JobCommand {
        group,
        verb,
        context,
        matches,
        stdin_is_used: input::ids_are_stdin(matches),
    };
    let client = context.client()?;
    let resumed = job.resumed()?;
    let (ids, change) = if let Some((_, journal)) = &resumed {
        (journal.ids(), journal.change().clone())
    } else {
        let change = requested(verb, matches)?;
        let given = input::given(matches, assets::view(group).id.as_ref())?;
        if given.is_empty() {
            return Err(
                Failure::usage(format!("there are no {} to {verb}", group.plural()))
                    .fix("pass IDs or exact names, - for stdin, or a file with --ids-from"),
            );
        }
        let ids = assets::resolve(&client, group, given).await?;
        (ids, with_target_id(&client, group, change, context).await?)
    };
    job.run(resumed, || match &change {
        ChangeRecord::Archive { children } => group.archive(&client, ids.clone(), children.clone()),
        ChangeRecord::Delete { children } => group.delete(&client, ids.clone(), children.clone()),
        ChangeRecord::MoveToCategory { category } => {
            group.move_to_category(&client, ids.clone(), category.clone())
        }
        _ => group.unarchive(&client, ids.clone()),
    })
    .await
}

/// Returns the change that the options request.
fn requested(verb: &str, matches: &ArgMatches) -> Result<ChangeRecord, Failure> {
    Ok(match verb {
        "archive" => ChangeRecord::Archive {
            children: children(matches)?,
        },
        "delete" => ChangeRecord::Delete {
            children: children(matches)?,
        },
        "move" => {
            let category = matches.get_one::<String>("to").cloned();
            let category = category.ok_or_else(|| {
                Failure::usage("there is no category")
                    .fix("pass its ID or name: --to CATEGORY, or --to '' for none")
            })?;
            ChangeRecord::MoveToCategory { category }
        }
        _ => ChangeRecord::Unarchive,
    })
}

/// Replaces the target of a change by its ID, if the user gave the name of the target. The target is the
/// category of a move, or the asset to which `--children move:ID` moves the children.
async fn with_target_id(
    client: &Client,
    group: AssetGroup,
    change: ChangeRecord,
    context: &Context,
) -> Result<ChangeRecord, Failure> {
    if let ChangeRecord::MoveToCategory { category } = &change {
        let Some(categories) = assets::category_group(group).filter(|_| !category.is_empty()) else {
            return Ok(change);
        };
        let ids = parent_ids(client, categories, vec![category.clone()], context).await?;
        let category = ids.into_iter().next().unwrap_or_default();
        return Ok(ChangeRecord::MoveToCategory { category });
    }
    let (ChangeRecord::Archive { children } | ChangeRecord::Delete { children }) = &change else {
        return Ok(change);
    };
    let Some(target) = children.target() else {
        return Ok(change);
    };
    let ids = assets::resolve(client, group, vec![target.clone()]).await?;
    let Some(target) = ids.into_iter().next() else {
        return Ok(change);
    };
    assets::check_targets(client, group, std::slice::from_ref(&target)).await?;
    let children = Cascade::move_to(target);
    Ok(match change {
        ChangeRecord::Delete { .. } => ChangeRecord::Delete { children },
        _ => ChangeRecord::Archive { children },
    })
}

/// Reads the option `--children`, which only some groups have.
fn children(matches: &ArgMatches) -> Result<Cascade<String>, Failure> {
    let choice = matches.try_get_one::<String>("children").ok().flatten();
    let choice = choice.map_or("leave", String::as_str);
    match (choice, choice.strip_prefix("move:")) {
        ("leave", _) => Ok(Cascade::leave()),
        ("cascade", _) => Ok(Cascade::cascade()),
        ("orphan", _) => Ok(Cascade::orphan()),
        (_, Some(target)) if !target.is_empty() => Ok(Cascade::move_to(target)),
        _ => Err(Failure::usage(format!("--children {choice:?} is not a choice"))
            .fix("write leave, cascade, orphan or move:ID")),
    }
}
