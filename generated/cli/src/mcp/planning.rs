//! Tools that write and show plans. A plan is a file that a person reviews and applies.

use super::Server;
use super::arguments::{Arguments, shown};
use super::page::{cut, render};
use crate::commands::group::{replace, set};
use crate::commands::plan::others;
use crate::exit::Failure;
use crate::fields::NewFields;
use crate::input::Assignment;
use crate::path::JsonPath;
use crate::plan_job::plan_failure;
use crate::text::of_library;
use funnelflux::ext::plan::{ChangePlan, PlanStep};
use funnelflux::ext::snapshot::AssetKey;
use serde_json::{Map, Number, Value, json};
use std::path::Path;

pub(super) fn list_files(server: &Server, arguments: &Arguments) -> Result<String, Failure> {
    let folder = server.folder()?;
    let mut rows = Vec::new();
    for name in folder.names()? {
        let (kind, description) = folder.describe(&name)?;
        rows.push(json!({ "name": name, "kind": kind, "description": description }));
    }
    let mut head = Map::new();
    head.insert("folder".to_owned(), json!(folder.path()));
    Ok(render(head, rows, arguments))
}

pub(super) fn show(server: &Server, arguments: &Arguments) -> Result<String, Failure> {
    let plan = server.folder()?.plan(arguments.required("plan")?)?;
    let mut file: Value = serde_json::from_str(&plan.to_json()).unwrap_or_default();
    let entries = file.get_mut("entries").map(Value::take);
    let rows = match entries {
        Some(Value::Array(rows)) => rows,
        _ => Vec::new(),
    };
    let mut head = Map::new();
    for (name, value) in [
        ("made_by", json!(plan.made_by())),
        ("base_url", json!(plan.base_url())),
        ("account", json!(plan.account())),
        ("operations", operations(&plan)),
    ] {
        head.insert(name.to_owned(), value);
    }
    Ok(render(head, rows, arguments))
}

/// Returns the number of assets for each kind of step in a plan.
fn operations(plan: &ChangePlan) -> Value {
    let counts = plan.counts().into_iter();
    let counts = counts.map(|(step, count)| (name_of(step), json!(count)));
    Value::Object(counts.collect())
}

/// Returns the name that plan files use for this kind of step.
fn name_of(step: PlanStep) -> String {
    json!(step).as_str().unwrap_or("change").to_owned()
}

pub(super) async fn replace(server: &Server, arguments: &Arguments) -> Result<String, Failure> {
    let path = server.folder()?.new_plan(arguments.required("file")?)?;
    let old_and_new = [
        arguments.required("old")?.to_owned(),
        arguments.required("new")?.to_owned(),
    ];
    let group = arguments.group()?;
    let at = arguments.text("at");
    let plan = replace::plan(&server.client, group, old_and_new, arguments.groups(), at).await?;
    write(server, &path, &plan)
}

pub(super) async fn set(server: &Server, arguments: &Arguments) -> Result<String, Failure> {
    let path = server.folder()?.new_plan(arguments.required("file")?)?;
    let mut assignments = Vec::new();
    for (path, value) in arguments.object("set").into_iter().flatten() {
        let path = JsonPath::parse(path).map_err(Failure::usage)?;
        if let Some(number) = maybe_rounded(value) {
            let message = format!("plan_set: the number {number} at {path} may be rounded");
            return Err(Failure::usage(message).fix("pass a number of at most 15 digits"));
        }
        let value = value.clone();
        assignments.push(Assignment { path, value });
    }
    if assignments.is_empty() {
        return Err(
            Failure::usage("plan_set: there is no value to set").fix("pass set, such as {\"name\": \"A\"}")
        );
    }
    let new_fields = if arguments.flag("new_fields") {
        NewFields::Allow
    } else {
        NewFields::Refuse
    };
    plan_to_set(server, arguments, &path, &assignments, new_fields).await
}

/// Finds a number with more than 15 digits that is not a 64-bit integer. The assistant may have sent even
/// more digits, which were lost when its message was decoded.
fn maybe_rounded(value: &Value) -> Option<&Number> {
    match value {
        Value::Number(number) if number.is_f64() => {
            let text = number.to_string();
            let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
            let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
            (digits.trim_matches('0').len() > 15).then_some(number)
        }
        Value::Array(items) => items.iter().find_map(maybe_rounded),
        Value::Object(members) => members.values().find_map(maybe_rounded),
        _ => None,
    }
}

/// Writes a plan that archives assets, or restores them from the archive.
pub(super) async fn status(server: &Server, arguments: &Arguments, status: &str) -> Result<String, Failure> {
    let path = server.folder()?.new_plan(arguments.required("file")?)?;
    let assignment = Assignment {
        path: JsonPath::of_pointer("/status"),
        value: json!(status),
    };
    plan_to_set(server, arguments, &path, &[assignment], NewFields::Allow).await
}

async fn plan_to_set(
    server: &Server,
    arguments: &Arguments,
    path: &Path,
    assignments: &[Assignment],
    new_fields: NewFields,
) -> Result<String, Failure> {
    let given = arguments.some_texts("ids")?;
    let group = arguments.group()?;
    let context = &server.context;
    let plan = set::plan(&server.client, group, given, assignments, new_fields, context).await?;
    write(server, path, &plan)
}

pub(super) async fn restore(server: &Server, arguments: &Arguments) -> Result<String, Failure> {
    let folder = server.folder()?;
    let path = folder.new_plan(arguments.required("file")?)?;
    let snapshot = folder.snapshot(arguments.required("snapshot")?)?;
    let planned = ChangePlan::restore(&snapshot)
        .groups(arguments.groups().unwrap_or_default())
        .others(others(arguments.text("others").unwrap_or("leave")))
        .plan(&server.client)
        .await;
    write(server, &path, &planned.map_err(plan_failure)?)
}

pub(super) async fn copy(server: &Server, arguments: &Arguments) -> Result<String, Failure> {
    let folder = server.folder()?;
    let path = folder.new_plan(arguments.required("file")?)?;
    let snapshot = folder.snapshot(arguments.required("snapshot")?)?;
    let mut copying = ChangePlan::copy(&snapshot).groups(arguments.groups().unwrap_or_default());
    let assets = arguments.texts("assets");
    if !assets.is_empty() {
        let mut keys = Vec::with_capacity(assets.len());
        for asset in assets {
            let key = asset
                .parse::<AssetKey>()
                .ok()
                .filter(|key| snapshot.contains(key));
            keys.push(key.ok_or_else(|| {
                Failure::usage(format!("{:?} is not an asset of the snapshot", shown(&asset)))
                    .fix("write GROUP/ID, such as pages/2nIemJxCKbFX")
            })?);
        }
        copying = copying.only(keys);
    }
    let planned = copying.plan(&server.client).await;
    write(server, &path, &planned.map_err(plan_failure)?)
}

/// Writes a plan, and describes it. An empty plan is not written.
fn write(server: &Server, path: &Path, plan: &ChangePlan) -> Result<String, Failure> {
    let mut result = Map::new();
    let summary = cut(&of_library(&plan.to_string()));
    result.insert("summary".to_owned(), json!(summary));
    if plan.is_empty() {
        result.insert(
            "next".to_owned(),
            json!("nothing to change, so no plan was written"),
        );
        return Ok(Value::Object(result).to_string());
    }
    server.folder()?.write_plan(path, plan)?;
    result.insert("plan".to_owned(), json!(path));
    result.insert("operations".to_owned(), operations(plan));
    let context = &server.context;
    if context.options.fake {
        let next = "nothing was changed; the account in memory ends with the server, so the plan cannot be \
                    applied";
        result.insert("next".to_owned(), json!(next));
        return Ok(Value::Object(result).to_string());
    }
    let file = path.to_string_lossy();
    let mut words = vec!["apply", &file];
    if plan.requires_acknowledgement() && !context.options.accept_inferred {
        words.push("--accept-inferred");
    }
    let command = context.command_line(&words);
    let next = format!(
        "nothing was changed; ask the user to review the plan with: {command} --plan, and to apply it with: \
         {command}"
    );
    result.insert("next".to_owned(), json!(next));
    Ok(Value::Object(result).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_more_than_15_digits_are_refused() {
        for (value, is_refused) in [
            (json!({ "a": [1.5, 18_446_744_073_709_551_615_u64, -3] }), false),
            (json!([100_000_000_000_000_000_000.0, 1e-7]), false),
            (json!({ "a": [0.123_456_789_012_345_68] }), true),
            (json!(18_446_744_073_709_551_616.0), true),
        ] {
            assert_eq!(maybe_rounded(&value).is_some(), is_refused, "{value}");
        }
    }
}
