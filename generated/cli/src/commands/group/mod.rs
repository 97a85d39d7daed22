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
use crate::path::JsonPath;
use crate::text::shortened;
use clap::{ArgMatches, Command};
use funnelflux::ext::AssetGroup;
use funnelflux::ext::plan::WantedAsset;
use funnelflux::{Client, id};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Maximum number of characters of a value that a message shows.
const SHOWN: usize = 60;

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

/// Returns the IDs of assets of the group `parents`. Each entry of `given` is an ID or an exact name. An
/// asset that is given by its name must not be deleted.
async fn parent_ids(
    client: &Client,
    parents: AssetGroup,
    given: Vec<String>,
    context: &Context,
) -> Result<Vec<String>, Failure> {
    if given.iter().all(|text| id::is_well_formed(text)) {
        return Ok(given);
    }
    note_inferred(parents, context);
    if parents.abilities().list {
        let ids = assets::resolve(client, parents, given.clone()).await?;
        let named = given.iter().zip(&ids).filter(|(text, id)| text != id);
        let named: Vec<String> = named.map(|(_, id)| id.clone()).collect();
        assets::check_targets(client, parents, &named).await?;
        Ok(ids)
    } else {
        // Names cannot be looked up, but a text that is no ID must not be stored.
        assets::existing(client, parents, given).await
    }
}

/// Returns a sentence for the help: commands take names of categories and parents in place of their IDs.
/// Empty if the assets of the group have no parents.
fn parents_words(group: AssetGroup) -> String {
    let names: Vec<&str> = assets::parents(group)
        .iter()
        .map(|(parents, _)| parents.singular())
        .collect();
    if names.is_empty() {
        return String::new();
    }
    format!(
        " A {} can be given by its ID or its exact name.",
        names.join(" or ")
    )
}

/// State of an asset before and after a change that the user describes. A new asset has no old state.
struct EditedAsset {
    old: Option<Value>,
    new: Value,
}

impl EditedAsset {
    fn wanted(self, group: AssetGroup) -> WantedAsset {
        match self.old {
            Some(old) => WantedAsset::changed(group, old, self.new),
            None => WantedAsset::created(group, self.new),
        }
    }
}

/// Replaces exact names of categories and parents in the new states by their IDs. A value that the asset
/// already has is not looked up.
///
/// # Errors
/// Returns an error if a value is neither an ID nor the name of exactly one category or parent. Stored as it
/// is, such a value would refer to nothing.
async fn replace_parent_names(
    client: &Client,
    group: AssetGroup,
    assets: &mut [EditedAsset],
    context: &Context,
) -> Result<(), Failure> {
    for (parents, pointer) in assets::parents(group) {
        let path = JsonPath::of_pointer(pointer);
        let mut texts = BTreeSet::new();
        let mut places = Vec::new();
        for EditedAsset { old, new } in assets.iter_mut() {
            let old = old.as_ref().and_then(|old| old.pointer(pointer));
            let Some(place) = new.pointer_mut(pointer).filter(|new| Some(&**new) != old) else {
                continue;
            };
            let text = match &*place {
                Value::Null => continue,
                Value::String(text) if text.is_empty() => continue,
                Value::String(text) => text.clone(),
                // The digits as written are not known here: 1.10 would be looked up as 1.1.
                Value::Number(number) if number.is_f64() => {
                    let message = format!("{path}: expected an ID or a name, actual the number {number}");
                    return Err(Failure::usage(message).fix("write a name in quotation marks"));
                }
                // The value of --set may be a name that looks like JSON, such as 2027.
                Value::Bool(_) | Value::Number(_) => place.to_string(),
                Value::Array(_) | Value::Object(_) => {
                    let shown = place.to_string();
                    let shown = shortened(&shown, SHOWN);
                    let message = format!("{path}: expected an ID or a name, actual {shown}");
                    return Err(Failure::usage(message)
                        .fix(format!("give the ID or the name of a {}", parents.singular())));
                }
            };
            texts.insert(text.clone());
            places.push((place, text));
        }
        let texts: Vec<String> = texts.into_iter().collect();
        let found = parent_ids(client, parents, texts.clone(), context).await;
        let ids = found.map_err(|failure| {
            // Some of these failures already say it.
            let message = failure.message.trim_end_matches("; nothing was sent");
            let message = format!("{path}: {message}; nothing was sent");
            failure.with_message(message)
        })?;
        let ids: HashMap<String, String> = texts.into_iter().zip(ids).collect();
        for (place, text) in places {
            *place = ids.get(&text).cloned().into();
        }
    }
    Ok(())
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
