//! `funnelflux GROUP where-used`: lists the assets that refer to an asset.

use crate::assets;
use crate::commands::export::{export_failure, groups, groups_argument, snapshot_failure};
use crate::context::{Context, note};
use crate::exit::{CommandResult, Exit, Failure};
use crate::input;
use crate::output::{View, quiet_argument, row_arguments};
use crate::path::JsonPath;
use crate::progress::LineDisplay;
use crate::text::of_library;
use clap::{Arg, ArgMatches, Command, value_parser};
use funnelflux::Client;
use funnelflux::ext::AssetGroup;
use funnelflux::ext::snapshot::{MentionForm, Reference, Snapshot};
use serde_json::{Value, json};
use std::path::PathBuf;

pub(super) fn command(group: AssetGroup) -> Command {
    Command::new("where-used")
        .about(format!(
            "Lists the places where other assets refer to {}",
            group.plural()
        ))
        .long_about(format!(
            "Lists the places where other assets refer to {}, including places in fields that this \
             program does not know. Reads all assets of the account, or those of a snapshot. A list without \
             entries is not a failure: the exit code is 0.",
            group.plural()
        ))
        .args(input::id_arguments("IDs or exact names"))
        .args([
            groups_argument("Search only these kinds of assets, such as offer-sources,funnels"),
            Arg::new("snapshot")
                .long("snapshot")
                .value_name("PATH")
                .value_parser(value_parser!(PathBuf))
                .help("Search in this snapshot instead of the account"),
        ])
        .arg(quiet_argument())
        .args(row_arguments())
}

pub(super) async fn run(group: AssetGroup, matches: &ArgMatches, context: &Context) -> CommandResult {
    let view = view();
    let output = context.output(matches, &view)?;
    let given = input::given(matches, assets::view(group).id.as_ref())?;
    if given.is_empty() {
        return Err(
            Failure::usage(format!("no {} is given", group.singular())).fix("pass IDs or exact names")
        );
    }
    let (ids, snapshot) = if let Some(path) = matches.get_one::<PathBuf>("snapshot") {
        let snapshot = Snapshot::open_incomplete(path).map_err(|error| snapshot_failure(&error))?;
        (given, snapshot)
    } else {
        let client = context.client()?;
        let ids = assets::resolve(&client, group, given).await?;
        // This call fails if the account cannot be read at all. Without it, the command would print an empty
        // result.
        assets::shown(&client, group, &ids).await?;
        (ids, read_account(&client, groups(matches), context.jobs()).await?)
    };
    output.print_rows(rows(group, &ids, &snapshot)?, &view)?;
    let unread = snapshot.unread().count();
    if let Some(first) = snapshot.unread().next() {
        let first = of_library(&first.to_string());
        note(&format!(
            "{unread} parts of the account could not be read, and may name more; the first: {first}"
        ));
        return Ok(Exit::Partly);
    }
    Ok(Exit::Done)
}

/// Returns a row for each place in a snapshot that refers to one of the assets. Places in the asset itself
/// are left out.
pub(crate) fn rows(group: AssetGroup, ids: &[String], snapshot: &Snapshot) -> Result<Vec<Value>, Failure> {
    let mut rows = Vec::new();
    for id in ids {
        let references = snapshot
            .references_to(id)
            .map_err(|error| snapshot_failure(&error))?;
        let is_other =
            |reference: &&Reference| reference.from.group != group.name() || reference.from.id != *id;
        rows.extend(references.iter().filter(is_other).map(row));
    }
    Ok(rows)
}

/// Reads the assets of the account into a temporary folder.
pub(crate) async fn read_account(
    client: &Client,
    groups: Option<Vec<String>>,
    jobs: usize,
) -> Result<Snapshot, Failure> {
    let display = LineDisplay::new();
    let shown = display.clone();
    let mut export = Snapshot::export(client)
        .concurrency(jobs)
        .accept_incomplete()
        .on_progress(move |progress| shown.update(progress.read + progress.unread, progress.total, progress));
    if let Some(groups) = groups {
        export = export.groups(groups);
    }
    let exported = export.to_temporary_folder().await;
    display.finish();
    exported.map_err(export_failure)
}

fn view() -> View {
    let column = |name| (name, JsonPath::of_pointer(name));
    View {
        // With `--quiet`, the command prints the IDs of the referring assets, so that other commands can read
        // them.
        id: Some(JsonPath::of_pointer("id")),
        columns: ["used", "group", "id", "path", "relation"].map(column).into(),
    }
}

fn row(reference: &Reference) -> Value {
    let form = match reference.form {
        MentionForm::Whole => "the ID",
        MentionForm::Part => "in a longer text",
        MentionForm::Name => "in a name",
        _ => "mentioned",
    };
    let relation = reference.relation.map(|relation| relation.kind.to_string());
    json!({
        "used": reference.id,
        "group": reference.from.group,
        "id": reference.from.id,
        "path": reference.path,
        "relation": relation.unwrap_or_else(|| form.to_owned()),
    })
}
