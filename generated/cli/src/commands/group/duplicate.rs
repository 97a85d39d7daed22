//! `funnelflux GROUP duplicate`: copies assets.

use super::with_parent_ids;
use crate::context::Context;
use crate::exit::{CommandResult, Failure};
use crate::fields::{self, AddedFields, NewFields};
use crate::job::{self, JobCommand};
use crate::path::JsonPath;
use crate::{assets, input};
use clap::{Arg, ArgMatches, Command};
use funnelflux::Client;
use funnelflux::ext::{AssetGroup, ChangeRecord};
use serde_json::{Map, Value, json};

pub(super) fn command(group: AssetGroup) -> Command {
    let command = Command::new("duplicate")
        .about(format!(
            "Copies {}, and prints the IDs of the copies",
            group.plural()
        ))
        .args(input::id_arguments("IDs or exact names"))
        .args([
            Arg::new("name")
                .long("name")
                .value_name("PATTERN")
                .default_value("Copy of {name}")
                .help("Name of each copy; {name} and {id} stand for the name and the ID of the original"),
            Arg::new("into").long("into").value_name("ID").help(
                "ID or exact name of the parent or category of the copies; default: the parent or category \
                 of the original",
            ),
        ])
        .args(job::arguments());
    if !group.abilities().override_copy {
        return command;
    }
    command
        .args(input::set_arguments("the copies"))
        .arg(fields::argument())
}

pub(super) async fn run(group: AssetGroup, matches: &ArgMatches, context: &Context) -> CommandResult {
    let job = JobCommand {
        group,
        verb: "duplicate",
        context,
        matches,
        stdin_is_used: input::ids_are_stdin(matches),
    };
    let client = context.client()?;
    let resumed = job.resumed()?;
    let copies = match &resumed {
        Some((_, journal)) => match journal.change() {
            ChangeRecord::Duplicate { copies } => {
                let ids: Vec<String> = journal.ids();
                let copies = ids
                    .into_iter()
                    .filter_map(|id| Some((id.clone(), copies.get(&id)?.clone())));
                copies.collect()
            }
            _ => Vec::new(),
        },
        None => requested(&client, group, matches).await?,
    };
    job.run(resumed, || group.duplicate(&client, copies.clone()))
        .await
}

/// Returns the ID of each original, with the request body for its copy.
async fn requested(
    client: &Client,
    group: AssetGroup,
    matches: &ArgMatches,
) -> Result<Vec<(String, Value)>, Failure> {
    let given = input::given(matches, assets::view(group).id.as_ref())?;
    if given.is_empty() {
        return Err(
            Failure::usage(format!("there are no {} to duplicate", group.plural()))
                .fix("pass IDs or exact names, - for stdin, or a file with --ids-from"),
        );
    }
    let can_override = group.abilities().override_copy;
    let assignments = if can_override {
        input::assignments(matches)?
    } else {
        Vec::new()
    };
    check_assignments(group, &assignments)?;
    let assignments = with_parent_ids(client, group, &assignments).await?;
    let ids = assets::resolve(client, group, given).await?;
    let (originals, missing) = if assignments.is_empty() {
        assets::shown(client, group, &ids).await?
    } else {
        assets::read(client, group, &ids).await?
    };
    if !missing.is_empty() {
        return Err(assets::unknown_assets(group, &missing));
    }
    let pattern = matches
        .get_one::<String>("name")
        .map_or("Copy of {name}", String::as_str);
    let place = group
        .category_pointer()
        .or_else(|| parent_pointers(group).first().copied());
    let into = match (matches.get_one::<String>("into"), place) {
        (Some(into), Some(pointer)) => {
            let path = JsonPath::of_pointer(pointer);
            Some(assets::with_parent_id(client, group, &path, json!(into)).await?)
        }
        (into, _) => into.map(|into| json!(into)),
    };
    let mut copies = Vec::with_capacity(originals.len());
    let mut added = AddedFields::default();
    for (id, original) in ids.into_iter().zip(originals) {
        let name = group.name_of(&original).unwrap_or_default();
        let mut request = Map::new();
        request.insert("name".to_owned(), json!(copy_name(pattern, name, &id)));
        if let Some(into) = into.clone().or_else(|| parent(group, &original)) {
            request.insert("parentId".to_owned(), into);
        }
        if !assignments.is_empty() {
            let updates = updates(&original, &assignments)?;
            added.add(Some(&original), &updates);
            request.insert("bodyUpdates".to_owned(), updates);
        }
        copies.push((id, Value::Object(request)));
    }
    if can_override {
        added.check(client, group, NewFields::of(matches)).await?;
    }
    Ok(copies)
}

/// Returns an error for an assignment to the ID, name or status, which the service or another option sets.
fn check_assignments(group: AssetGroup, assignments: &[input::Assignment]) -> Result<(), Failure> {
    let view = assets::view(group);
    for assignment in assignments {
        let path = view.path(&assignment.path);
        let name = view.columns.iter().find(|(_, known)| *known == path);
        let fix = match name {
            Some(("id", _)) => "each copy gets a new ID",
            Some(("name", _)) => "name the copies with --name",
            Some(("status", _)) => "copies are active; archive them in a second step",
            _ => continue,
        };
        return Err(Failure::usage(format!("--set cannot set {path} of copies; nothing was sent")).fix(fix));
    }
    Ok(())
}

/// Returns the name of a copy. Only placeholders in `pattern` are replaced, not those in `name`.
fn copy_name(pattern: &str, name: &str, id: &str) -> String {
    let parts = pattern.split("{name}").map(|part| part.replace("{id}", id));
    parts.collect::<Vec<_>>().join(name)
}

/// Returns the ID of the original's parent; `None` if assets of this group have categories. Without
/// categories, the service creates the copy inside a parent, which the request must name.
fn parent(group: AssetGroup, original: &Value) -> Option<Value> {
    if group.category_pointer().is_some() {
        return None;
    }
    let mut parents = parent_pointers(group)
        .iter()
        .filter_map(|pointer| original.pointer(pointer)?.as_str());
    parents.next().map(Value::from)
}

/// Returns the JSON pointers at which the assets of a group can have the ID of their parent.
fn parent_pointers(group: AssetGroup) -> &'static [&'static str] {
    let relations = AssetGroup::all().iter().flat_map(|parent| parent.children());
    let mut own = relations.filter(|relation| relation.group == group.name());
    own.next().map_or(&[], |relation| relation.pointers)
}

/// Returns the top-level properties that the assignments change, with their values in the copy. Each property
/// is returned as a whole, because the service replaces whole properties.
fn updates(original: &Value, assignments: &[input::Assignment]) -> Result<Value, Failure> {
    let mut copy = original.clone();
    for assignment in assignments {
        assignment
            .path
            .set(&mut copy, assignment.value.clone())
            .map_err(Failure::usage)?;
    }
    let changed = assignments.iter().map(|assignment| assignment.path.first());
    let changed = changed.filter_map(|name| Some((name.to_owned(), copy.get(name)?.clone())));
    Ok(Value::Object(changed.collect()))
}
