//! `funnelflux GROUP duplicate`: copies assets.

use super::{EditedAsset, parent_ids, replace_parent_names};
use crate::context::Context;
use crate::exit::{CommandResult, Failure};
use crate::fields::{self, AddedFields, NewFields};
use crate::job::{self, JobCommand};
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
        None => requested(&client, group, matches, context).await?,
    };
    job.run(resumed, || group.duplicate(&client, copies.clone()))
        .await
}

/// Returns the ID of each original, with the request body for its copy.
async fn requested(
    client: &Client,
    group: AssetGroup,
    matches: &ArgMatches,
    context: &Context,
) -> Result<Vec<(String, Value)>, Failure> {
    let given = input::given(matches, assets::view(group).id.as_ref())?;
    if given.is_empty() {
        return Err(
            Failure::usage(format!("there are no {} to duplicate", group.plural()))
                .fix("pass IDs or exact names, - for stdin, or a file with --ids-from"),
        );
    }
    let can_override = group.abilities().override_copy;
    let mut assignments = if can_override {
        input::assignments(matches)?
    } else {
        Vec::new()
    };
    check_assignments(group, &assignments)?;
    let view = assets::view(group);
    for assignment in &mut assignments {
        assignment.path = view.path(&assignment.path);
    }
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
    let into = match (matches.get_one::<String>("into"), assets::parents(group).first()) {
        (Some(into), Some((parents, _))) if !into.is_empty() => {
            let ids = parent_ids(client, *parents, vec![into.clone()], context).await?;
            ids.into_iter().next().map(Value::from)
        }
        (into, _) => into.map(|into| json!(into)),
    };
    let mut edited = Vec::with_capacity(originals.len());
    for original in originals {
        let mut new = original.clone();
        for assignment in &assignments {
            assignment
                .path
                .set(&mut new, assignment.value.clone())
                .map_err(Failure::usage)?;
        }
        let old = Some(original);
        edited.push(EditedAsset { old, new });
    }
    replace_parent_names(client, group, &mut edited, context).await?;
    let mut copies = Vec::with_capacity(edited.len());
    let mut added = AddedFields::default();
    for (id, EditedAsset { old, new }) in ids.into_iter().zip(edited) {
        let original = old.unwrap_or_default();
        let name = group.name_of(&original).unwrap_or_default();
        let mut request = Map::new();
        request.insert("name".to_owned(), json!(copy_name(pattern, name, &id)));
        if let Some(into) = into.clone().or_else(|| parent(group, &original)) {
            request.insert("parentId".to_owned(), into);
        }
        if !assignments.is_empty() {
            let updates = updates(&new, &assignments);
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
    let parents = assets::parents(group).into_iter();
    let mut ids = parents.filter_map(|(_, pointer)| original.pointer(pointer)?.as_str());
    ids.next().map(Value::from)
}

/// Returns the top-level properties that the assignments change, with their values in the copy. Each property
/// is returned as a whole, because the service replaces whole properties.
fn updates(copy: &Value, assignments: &[input::Assignment]) -> Value {
    let changed = assignments.iter().map(|assignment| assignment.path.first());
    let changed = changed.filter_map(|name| Some((name.to_owned(), copy.get(name)?.clone())));
    Value::Object(changed.collect())
}
