//! `funnelflux GROUP edit`: changes an asset in the user's editor.

use super::{EditedAsset, replace_parent_names};
use crate::confirm::Expected;
use crate::context::{Context, is_interactive, note};
use crate::exit::{CommandResult, Exit, Failure, file_failure};
use crate::fields::{self, AddedFields, NewFields};
use crate::plan_job::{PlanCommand, arguments, plan_failure};
use crate::{assets, input};
use clap::{Arg, ArgMatches, Command};
use funnelflux::ext::AssetGroup;
use funnelflux::ext::plan::ChangePlan;
use serde_json::Value;
use std::env;
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// Beginning of a comment line. Comment lines in the edited text are ignored.
const COMMENT: &str = "//";

pub(super) fn command(group: AssetGroup) -> Command {
    Command::new("edit")
        .about(format!(
            "Opens one of the {} in your editor ($VISUAL, $EDITOR)",
            group.plural()
        ))
        .arg(
            Arg::new("asset")
                .required(true)
                .value_name("ID")
                .help("ID or exact name"),
        )
        .arg(fields::argument())
        .args(arguments())
}

pub(super) async fn run(group: AssetGroup, matches: &ArgMatches, context: &Context) -> CommandResult {
    let given = matches.get_one::<String>("asset").cloned().unwrap_or_default();
    let client = context.client()?;
    let ids = assets::existing(&client, group, vec![given]).await?;
    let (found, _) = assets::read(&client, group, &ids).await?;
    let Some(current) = found.into_iter().next() else {
        return Err(assets::unknown_assets(group, &ids));
    };
    let pretty = serde_json::to_string_pretty(&current).unwrap_or_default();
    let command = PlanCommand {
        name: "edit",
        context,
        matches,
        stdin_is_used: false,
        created: Vec::new(),
    };
    let mut text = pretty.clone();
    let mut problem = None;
    loop {
        let edited = edit(&with_header(group, problem.as_ref(), &text))?;
        let body = without_comments(&edited);
        if body.trim().is_empty() || body.trim() == pretty.trim() {
            note("the text is unchanged, and nothing was sent");
            return Ok(Exit::Done);
        }
        let result = async {
            let new = input::parse_json(&body, "the edited text")?;
            check(group, &current, &new)?;
            let mut added = AddedFields::default();
            added.add(Some(&current), &new);
            added.check(&client, group, NewFields::of(matches)).await?;
            let old = Some(current.clone());
            let mut edited = [EditedAsset { old, new }];
            replace_parent_names(&client, group, &mut edited, context).await?;
            let made_by = format!("edit {} {}", group.singular(), ids.join(""));
            let wanted = edited.map(|asset| asset.wanted(group));
            let plan = ChangePlan::wanted(&client, made_by, wanted)
                .await
                .map_err(plan_failure)?;
            command.run(&client, &plan).await
        };
        let result = result.await;
        match result {
            Err(failure) if failure.exit != Exit::Cancelled && is_interactive() => {
                failure.report(false);
                context.confirm("edit the text again", Expected::Yes, false)?;
                text = body;
                problem = Some(failure);
            }
            // The report has already printed the reasons for the refusal.
            Ok(Exit::Refused) if is_interactive() => {
                context.confirm("edit the text again", Expected::Yes, false)?;
                text = body;
                problem = Some(Failure::failed("the service refused this text"));
            }
            // The text cannot be edited again, and it must not be lost.
            Err(failure) => {
                let message = match kept(&body) {
                    Some(path) => format!("{}; {path}", failure.message),
                    None => failure.message.clone(),
                };
                return Err(failure.with_message(message));
            }
            Ok(Exit::Done | Exit::Partly) => return result,
            Ok(_) => {
                if let Some(path) = kept(&body) {
                    note(&path);
                }
                return result;
            }
        }
    }
}

/// Writes the edited text to a temporary file, and returns a sentence with the path of the file.
fn kept(text: &str) -> Option<String> {
    let mut file = tempfile::Builder::new().suffix(".json").tempfile().ok()?;
    file.write_all(text.as_bytes()).ok()?;
    let path = file.into_temp_path().keep().ok()?;
    Some(format!("the edited text is in {}", path.display()))
}

fn check(group: AssetGroup, current: &Value, wanted: &Value) -> Result<(), Failure> {
    if !wanted.is_object() {
        return Err(Failure::usage("the edited text is not a JSON object"));
    }
    assets::check_same_id(group, current, wanted)
}

fn with_header(group: AssetGroup, problem: Option<&Failure>, text: &str) -> String {
    let mut lines = vec![format!(
        "Save to change this {}, or empty the text to leave it.",
        group.singular()
    )];
    if let Some(problem) = problem {
        lines.extend(problem.to_string().lines().map(str::to_owned));
    }
    let comments: Vec<String> = lines.iter().map(|line| format!("{COMMENT} {line}\n")).collect();
    format!("{}{text}\n", comments.concat())
}

fn without_comments(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with(COMMENT));
    lines.collect::<Vec<_>>().join("\n")
}

/// Opens the user's editor with a text, and returns the saved text.
fn edit(text: &str) -> Result<String, Failure> {
    let set = |name: &str| env::var(name).ok().filter(|editor| !editor.trim().is_empty());
    let fallback = if cfg!(windows) { "notepad" } else { "vi" };
    let editor = match set("VISUAL").or_else(|| set("EDITOR")) {
        Some(editor) => editor,
        None if is_interactive() => fallback.to_owned(),
        None => {
            return Err(Failure::usage("there is neither a terminal nor an editor")
                .fix("set $EDITOR, or use funnelflux GROUP set"));
        }
    };
    let words = shlex::split(&editor).unwrap_or_default();
    let (program, options) = words.split_first().ok_or_else(|| {
        Failure::usage(format!("$EDITOR {editor:?} is not a command")).fix("set it to your editor")
    })?;
    let failed = |error: std::io::Error| Failure::failed(format!("cannot write a temporary file: {error}"));
    // Editors highlight a file with this extension as JSON with comments.
    let mut file = tempfile::Builder::new()
        .suffix(".jsonc")
        .tempfile()
        .map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    let path = file.into_temp_path();
    let status = std::process::Command::new(program)
        .args(options)
        .arg(&path)
        .status();
    let status = status.map_err(|error| {
        Failure::failed(format!("the editor {program:?} cannot be started: {error}"))
            .fix("set $EDITOR to your editor")
    })?;
    if !status.success() {
        return Err(
            Failure::failed(format!("the editor ended with {status}, and nothing was sent"))
                .fix("run the command again; $VISUAL or $EDITOR is the editor"),
        );
    }
    let path: &Path = &path;
    fs::read_to_string(path).map_err(|error| file_failure("read", path, &error))
}
