//! Tools that only read.

use super::Server;
use super::arguments::{Arguments, shown};
use super::page::render;
use super::tool::{self, group_of, operations};
use crate::assets;
use crate::commands::auth;
use crate::commands::export::{export_failure, snapshot_failure};
use crate::commands::group::{list, where_used};
use crate::exit::Failure;
use crate::output::Output;
use crate::text::count;
use funnelflux::ext::snapshot::{Comparison, Snapshot};
use funnelflux::ext::{AssetGroup, ServerBehavior};
use funnelflux::json;
use funnelflux::operations::{Operation, ParameterPlace};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// Text that is returned instead of a secret.
const SECRET: &str = "********";

/// Returns the members of a result that come before its rows. If the operations on the group are inferred,
/// one of these members is a note.
fn head(group: Option<AssetGroup>) -> Map<String, Value> {
    let mut head = Map::new();
    if let Some(note) = group.and_then(assets::inferred_note) {
        head.insert("note".to_owned(), json!(note));
    }
    head
}

pub(super) async fn account(server: &Server) -> Result<String, Failure> {
    let mut row = auth::account(&server.context, &server.client).await?;
    let groups = tool::groups(tool::Kind::Groups).into_iter().map(|group| {
        let abilities = group.abilities();
        let known = [
            ("list", abilities.list),
            ("save", abilities.save),
            ("archive", abilities.archive),
            ("unarchive", abilities.unarchive),
            ("category", abilities.categorise),
        ];
        let abilities: Vec<&str> = known
            .iter()
            .filter(|(_, is)| *is)
            .map(|(name, _)| *name)
            .collect();
        json!({
            "group": group.name(),
            "evidence": if group.is_inferred() { "inferred" } else { "documented" },
            "abilities": abilities,
        })
    });
    row.insert("groups".to_owned(), groups.collect());
    if let Some(folder) = &server.folder {
        row.insert("folder".to_owned(), json!(folder.path()));
    }
    Ok(Value::Object(row).to_string())
}

pub(super) async fn list(server: &Server, arguments: &Arguments) -> Result<String, Failure> {
    let group = arguments.group()?;
    let view = assets::view(group);
    let fields = arguments.texts("fields");
    let output = Output::of_expressions(arguments.texts("filter"), arguments.texts("sort"), fields);
    output.check(&view)?;
    let status = arguments.text("status").unwrap_or("not-deleted");
    let all_fields = arguments.flag("all_fields");
    let rows = list::rows(&server.client, group, status, all_fields, &output).await?;
    let rows = output.select(rows, &view)?;
    Ok(render(
        head(Some(group)),
        presented(group, rows, arguments)?,
        arguments,
    ))
}

pub(super) async fn get(server: &Server, arguments: &Arguments) -> Result<String, Failure> {
    let group = arguments.group()?;
    let given = arguments.some_texts("ids")?;
    let ids = assets::existing(&server.client, group, given).await?;
    let (found, _) = assets::shown(&server.client, group, &ids).await?;
    Ok(render(
        head(Some(group)),
        presented(group, found, arguments)?,
        arguments,
    ))
}

pub(super) async fn where_used(server: &Server, arguments: &Arguments) -> Result<String, Failure> {
    let group = arguments.group()?;
    let given = arguments.some_texts("ids")?;
    let (ids, snapshot) = if let Some(name) = arguments.text("snapshot") {
        (given, server.folder()?.incomplete_snapshot(name)?)
    } else {
        let ids = assets::existing(&server.client, group, given).await?;
        let jobs = server.context.jobs();
        let snapshot = where_used::read_account(&server.client, arguments.groups(), jobs).await?;
        (ids, snapshot)
    };
    let mut rows = where_used::rows(group, &ids, &snapshot)?;
    if let Some(groups) = arguments.groups() {
        rows.retain(|row| groups.iter().any(|group| row.get("group") == Some(&json!(group))));
    }
    let mut head = head(None);
    unread(&snapshot, &mut head);
    Ok(render(head, rows, arguments))
}

/// Adds a note if parts of the account could not be read.
fn unread(snapshot: &Snapshot, head: &mut Map<String, Value>) {
    let unread = snapshot.unread().count();
    if unread > 0 {
        let parts = count(unread, "part", "parts");
        let note = format!("{parts} of the account could not be read, and may contain more");
        head.insert("note".to_owned(), json!(note));
    }
}

pub(super) fn list_operations(arguments: &Arguments) -> String {
    let rows = operations().map(|operation| {
        let parameters = operation.parameters.iter().map(|parameter| {
            json!({
                "name": parameter.name,
                "required": parameter.required,
                "list": is_list(parameter.place),
            })
        });
        let is_inferred = group_of(operation).is_some_and(AssetGroup::is_inferred);
        json!({
            "operation": operation.id,
            "summary": operation.summary,
            "request": format!("{} {}", operation.method, operation.path),
            "evidence": if is_inferred { "inferred" } else { "documented" },
            "parameters": parameters.collect::<Value>(),
        })
    });
    render(Map::new(), rows.collect(), arguments)
}

fn is_list(place: ParameterPlace) -> bool {
    matches!(place, ParameterPlace::QueryList | ParameterPlace::QueryRepeated)
}

pub(super) async fn read_operation(server: &Server, arguments: &Arguments) -> Result<String, Failure> {
    let operation = arguments.operation()?;
    let group = group_of(operation).ok_or_else(|| Failure::usage("the operation belongs to no group"))?;
    let mut request = server.client.operation(operation);
    let given = arguments.object("parameters");
    let is_missing = |name: &str| given.is_none_or(|given| !given.contains_key(name));
    let mut required = operation.parameters.iter().filter(|parameter| parameter.required);
    if let Some(parameter) = required.find(|parameter| is_missing(parameter.name)) {
        let message = format!("{}: the parameter {:?} is missing", operation.id, parameter.name);
        return Err(Failure::usage(message).fix("see list_operations"));
    }
    for (name, value) in given.into_iter().flatten() {
        for value in values(operation, name, value)? {
            request = request.parameter(name, value);
        }
    }
    let answer = request.json::<Box<RawValue>>().await?;
    let invalid = |error| Failure::failed(format!("{}: the response is invalid JSON: {error}", operation.id));
    let rows = match json::show(answer.get()).map_err(invalid)? {
        Value::Array(rows) => rows,
        Value::Null => Vec::new(),
        row => vec![row],
    };
    Ok(render(
        head(Some(group)),
        presented(group, rows, arguments)?,
        arguments,
    ))
}

/// Returns the texts that the request sends for a parameter. A comma-separated list is sent as one text.
fn values(operation: &Operation, name: &str, value: &Value) -> Result<Vec<String>, Failure> {
    let invalid = |problem: String| {
        let message = format!("{}: the parameter {:?} {problem}", operation.id, shown(name));
        Failure::usage(message).fix("see list_operations")
    };
    let mut parameters = operation.parameters.iter();
    let parameter = parameters.find(|parameter| parameter.name == name);
    let place = parameter
        .ok_or_else(|| invalid("does not exist".to_owned()))?
        .place;
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        value => Err(invalid(format!("cannot contain {}", shown(&value.to_string())))),
    };
    let texts = match value {
        Value::Array(values) if is_list(place) => values.iter().map(text).collect::<Result<Vec<_>, _>>()?,
        value => vec![text(value)?],
    };
    if place != ParameterPlace::QueryList || !value.is_array() {
        return Ok(texts);
    }
    match texts.iter().find(|text| text.is_empty() || text.contains(',')) {
        Some(text) => Err(invalid(format!("cannot contain the entry {:?}", shown(text)))),
        None => Ok(vec![texts.join(",")]),
    }
}

pub(super) async fn export(server: &Server, arguments: &Arguments) -> Result<String, Failure> {
    let name = arguments.required("snapshot")?;
    let path = server.folder()?.new_path(name)?;
    let mut export = Snapshot::export(&server.client).concurrency(server.context.jobs());
    if let Some(groups) = arguments.groups() {
        export = export.groups(groups);
    }
    let snapshot = export
        .accept_incomplete()
        .to_folder(&path)
        .await
        .map_err(export_failure)?;
    let mut head = Map::new();
    head.insert("snapshot".to_owned(), json!(name));
    head.insert("folder".to_owned(), json!(path));
    head.insert("assets".to_owned(), json!(snapshot.keys().len()));
    unread(&snapshot, &mut head);
    Ok(Value::Object(head).to_string())
}

pub(super) async fn compare(server: &Server, arguments: &Arguments) -> Result<String, Failure> {
    let folder = server.folder()?;
    let old = folder.incomplete_snapshot(arguments.required("snapshot")?)?;
    let comparison = match arguments.text("other") {
        Some(name) => Comparison::between(&old, &folder.incomplete_snapshot(name)?)
            .map_err(|error| snapshot_failure(&error))?,
        None => old
            .compare_with_account(&server.client)
            .await
            .map_err(export_failure)?,
    };
    let rows = comparison.differences.iter().map(|difference| json!(difference));
    let mut head = Map::new();
    head.insert("equal".to_owned(), json!(comparison.equal));
    if !comparison.is_whole() {
        let note = format!(
            "nothing is known about {} and these groups: {}",
            count(comparison.unknown.len(), "asset", "assets"),
            comparison.unknown_groups.join(", ")
        );
        head.insert("note".to_owned(), json!(note));
    }
    Ok(render(head, rows.collect(), arguments))
}

/// Returns the rows without secrets, reduced to the chosen fields.
fn presented(group: AssetGroup, mut rows: Vec<Value>, arguments: &Arguments) -> Result<Vec<Value>, Failure> {
    for row in &mut rows {
        mask(group, row);
    }
    let output = Output::of_expressions(Vec::new(), Vec::new(), arguments.texts("fields"));
    output.chosen(rows, &assets::view(group))
}

/// Replaces the secrets of an asset by [`SECRET`], in case the service ever returns them.
fn mask(group: AssetGroup, asset: &mut Value) {
    for (pointer, behavior) in group.server_managed() {
        if matches!(behavior, ServerBehavior::Secret { .. })
            && let Some(secret) = asset.pointer_mut(pointer)
            && !secret.is_null()
        {
            *secret = json!(SECRET);
        }
    }
}
