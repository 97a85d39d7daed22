//! Commands of the groups of assets, such as `funnelflux pages list`. A command has the same name in all
//! groups. A group has only the commands whose operations it supports.

mod change;
mod create;
mod duplicate;
mod edit;
mod get;
mod import;
pub(crate) mod list;
pub(crate) mod replace;
pub(crate) mod set;
pub(crate) mod where_used;

use crate::assets;
use crate::context::{Context, note};
use crate::exit::{CommandResult, Failure};
use crate::input::Assignment;
use clap::{ArgMatches, Command};
use funnelflux::ext::AssetGroup;
use funnelflux::{Client, id};

/// Returns the command of each group whose assets can be found by ID. Other groups have no command.
pub(super) fn commands() -> impl Iterator<Item = Command> {
    let groups = AssetGroup::all().iter().copied();
    groups.filter(|group| group.abilities().find).map(describe)
}

/// Returns the group with this name, if the group has a command.
pub(super) fn named(name: &str) -> Option<AssetGroup> {
    AssetGroup::named(name).filter(|group| group.name() == name && group.abilities().find)
}

/// Help template. It differs from the default template in one point: the explanation (`before_help`) stands
/// below the title, not above it.
const TITLE_FIRST: &str =
    "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

fn describe(group: AssetGroup) -> Command {
    let evidence = if group.is_inferred() { " (inferred)" } else { "" };
    let about = format!("{}{evidence}", capitalised(group.plural()));
    let command = Command::new(group.name())
        .about(about)
        .subcommand_required(true)
        .arg_required_else_help(true);
    let command = if group.is_inferred() {
        command.help_template(TITLE_FIRST).before_help(format!(
            "The vendor documents only the titles and methods of operations on {}. The paths and fields \
             are inferred, and destructive commands need --accept-inferred.",
            group.plural()
        ))
    } else {
        command
    };
    // Building the commands of all groups takes longer than starting the rest of the program, so the commands
    // of a group are built on demand.
    command.defer(with_commands)
}

/// Adds the subcommands of a group to its command. The name of the command is the name of the group.
fn with_commands(command: Command) -> Command {
    let Some(group) = named(command.get_name()) else {
        return command;
    };
    let abilities = group.abilities();
    let commands = [
        abilities.list.then(|| list::command(group)),
        abilities.find.then(|| get::command(group)),
        abilities.create.then(|| create::command(group)),
        abilities.save.then(|| set::command(group)),
        abilities.save.then(|| edit::command(group)),
        abilities.save.then(|| import::command(group)),
        abilities.duplicate.then(|| duplicate::command(group)),
        abilities.archive.then(|| change::archive(group)),
        abilities.unarchive.then(|| change::unarchive(group)),
        abilities.delete.then(|| change::delete(group)),
        abilities.categorise.then(|| change::move_to_category(group)),
        Some(where_used::command(group)),
        Some(replace::command(group)),
    ];
    command.subcommands(commands.into_iter().flatten())
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// Prints a note if the operations on a group are inferred, unless `--accept-inferred` is given.
fn note_inferred(group: AssetGroup, context: &Context) {
    let said = assets::inferred_note(group).filter(|_| !context.options.accept_inferred);
    if let Some(said) = said {
        note(&said);
    }
}

/// Returns the IDs of categories of a group. Each entry of `given` is the ID or the exact name of a category.
async fn category_ids(
    client: &Client,
    group: AssetGroup,
    given: Vec<String>,
    context: &Context,
) -> Result<Vec<String>, Failure> {
    let has_names = given.iter().any(|text| !id::is_well_formed(text));
    let Some(categories) = assets::category_group(group).filter(|_| has_names) else {
        return Ok(given);
    };
    note_inferred(categories, context);
    assets::resolve(client, categories, given).await
}

/// Replaces exact names of categories and parents in assignments by their IDs.
async fn with_parent_ids(
    client: &Client,
    group: AssetGroup,
    assignments: &[Assignment],
) -> Result<Vec<Assignment>, Failure> {
    let view = assets::view(group);
    let mut found = Vec::with_capacity(assignments.len());
    for Assignment { path, value } in assignments {
        let value = assets::with_parent_id(client, group, &view.path(path), value.clone()).await?;
        found.push(Assignment {
            path: path.clone(),
            value,
        });
    }
    Ok(found)
}

/// Runs a command of a group.
pub(super) async fn run(group: AssetGroup, matches: &ArgMatches, context: &Context) -> CommandResult {
    let (name, own) = matches.subcommand().ok_or_else(|| {
        Failure::usage("the command is unknown").fix(format!("see funnelflux {} --help", group.name()))
    })?;
    note_inferred(group, context);
    match name {
        "list" => list::run(group, own, context).await,
        "get" => get::run(group, own, context).await,
        "create" => create::run(group, own, context).await,
        "set" => set::run(group, own, context).await,
        "edit" => edit::run(group, own, context).await,
        "import" => import::run(group, own, context).await,
        "replace" => replace::run(group, own, context).await,
        "where-used" => where_used::run(group, own, context).await,
        "duplicate" => duplicate::run(group, own, context).await,
        _ => change::run(group, name, own, context).await,
    }
}
