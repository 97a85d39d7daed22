//! `funnelflux GROUP list`: prints the assets of a group.

use crate::assets;
use crate::context::{Context, note};
use crate::exit::{CommandResult, Exit, Failure};
use crate::output::{Format, Output, View, quiet_argument, row_arguments, write_out};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use funnelflux::Client;
use funnelflux::ext::{AssetGroup, AssetStatus};
use funnelflux::json;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write as _;

/// Choices of `--status`. The first is the default.
pub(crate) const STATUSES: [&str; 5] = ["not-deleted", "active", "archived", "deleted", "all"];

pub(super) fn command(group: AssetGroup) -> Command {
    Command::new("list")
        .about(format!("Lists {}", group.plural()))
        .args([
            Arg::new("status")
                .long("status")
                .value_name("STATUS")
                .value_parser(PossibleValuesParser::new(STATUSES))
                .default_value("not-deleted")
                .help("List assets with this status"),
            Arg::new("all-fields")
                .long("all-fields")
                .action(ArgAction::SetTrue)
                .help("Also read the fields that the list lacks; this needs more requests"),
            quiet_argument(),
        ])
        .args(row_arguments())
}

pub(super) async fn run(group: AssetGroup, matches: &ArgMatches, context: &Context) -> CommandResult {
    let view = assets::view(group);
    let output = context.output(matches, &view)?;
    let client = context.client()?;
    let status = matches
        .get_one::<String>("status")
        .map_or("not-deleted", String::as_str);
    if output.is_plain_ndjson() {
        print_texts(group, &group.list_json(&client).await?, status)?;
        return Ok(Exit::Done);
    }
    let rows = rows(&client, group, status, matches.get_flag("all-fields"), &output).await?;
    output.print_rows(rows, &view)?;
    Ok(Exit::Done)
}

/// Lists the assets with this status. The rows are whole assets if `all_fields` is true, or if a filter, a
/// sort key or a column needs fields that the list lacks.
pub(crate) async fn rows(
    client: &Client,
    group: AssetGroup,
    status: &str,
    all_fields: bool,
    output: &Output,
) -> Result<Vec<Value>, Failure> {
    let view = assets::view(group);
    let mut rows = group.list(client).await?;
    rows.retain(|row| has_status(&group.summary(row).status, status));
    let needs_more = output.needs_more_than(&rows, &view)?;
    if all_fields || needs_more {
        rows = whole(client, group, rows, output, &view).await?;
    }
    if needs_more {
        output.check_conditions(&rows, &view)?;
    }
    Ok(rows)
}

/// Prints rows as the service sent them. Only one row at a time is decoded.
fn print_texts(group: AssetGroup, rows: &[Box<RawValue>], status: &str) -> Result<(), Failure> {
    write_out(|out| {
        for row in rows {
            let text = row.get();
            let is_one_line = !text.contains('\n');
            if is_one_line && status == "all" {
                writeln!(out, "{text}")?;
                continue;
            }
            let value = json::show(text)?;
            if !has_status(&group.summary(&value).status, status) {
                continue;
            }
            if is_one_line {
                writeln!(out, "{text}")?;
            } else {
                writeln!(out, "{value}")?;
            }
        }
        Ok(())
    })
}

fn has_status(status: &AssetStatus, wanted: &str) -> bool {
    match wanted {
        "all" => true,
        "not-deleted" => *status != AssetStatus::Deleted,
        wanted => assets::status_word(status) == wanted,
    }
}

/// Replaces the rows of a list with whole assets. If an asset cannot be found by ID, its row stays.
async fn whole(
    client: &Client,
    group: AssetGroup,
    rows: Vec<Value>,
    output: &Output,
    view: &View,
) -> Result<Vec<Value>, Failure> {
    // If the list contains all fields that the filters, sort keys and columns name, rows are selected first,
    // so that fewer assets are read.
    let rows = if output.needs_more_than(&rows, view)? {
        rows
    } else {
        output.select(rows, view)?
    };
    let ids: Vec<String> = rows
        .iter()
        .filter_map(|row| group.id(row).map(Cow::into_owned))
        .collect();
    let (found, missing) = assets::shown(client, group, &ids).await?;
    if !missing.is_empty() && output.format() == Format::Table {
        note(&format!(
            "{} of the list cannot be read by ID, and have fewer fields",
            missing.len()
        ));
    }
    let mut found: HashMap<String, Value> = found
        .into_iter()
        .filter_map(|asset| Some((group.id(&asset)?.into_owned(), asset)))
        .collect();
    let rows = rows.into_iter();
    Ok(rows
        .map(|row| group.id(&row).and_then(|id| found.remove(&*id)).unwrap_or(row))
        .collect())
}
