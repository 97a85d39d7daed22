//! `funnelflux compare`: prints the differences between a snapshot and the account, or between two snapshots.

use super::export::{export_failure, snapshot_failure};
use crate::context::Context;
use crate::exit::{CommandResult, Exit};
use crate::output::{Format, View, format_argument, jq_argument, write_out};
use clap::{Arg, ArgMatches, Command, value_parser};
use funnelflux::ext::snapshot::{Comparison, Snapshot};
use std::io::Write as _;
use std::path::PathBuf;

pub(crate) fn command() -> Command {
    Command::new("compare")
        .about("Compares a snapshot with the account, or with another snapshot")
        .long_about(
            "Compares a snapshot with the account, or with another snapshot. Ignores the fields that the \
             service manages. Exits with 6 if assets differ.",
        )
        .args([
            Arg::new("old")
                .required(true)
                .value_name("SNAPSHOT")
                .value_parser(value_parser!(PathBuf))
                .help("Folder or file written by \"export\""),
            Arg::new("new")
                .value_name("OTHER")
                .value_parser(value_parser!(PathBuf))
                .help("Snapshot to compare with; default: the account"),
            format_argument(),
            jq_argument(),
        ])
}

pub(crate) async fn run(matches: &ArgMatches, context: &Context) -> CommandResult {
    let output = context.output(matches, &View::default())?;
    let open = |name: &str| {
        let path = matches.get_one::<PathBuf>(name);
        let opened = path.map(Snapshot::open_incomplete).transpose();
        opened.map_err(|error| snapshot_failure(&error))
    };
    let Some(old) = open("old")? else {
        return Ok(Exit::Usage);
    };
    let comparison = if let Some(new) = open("new")? {
        Comparison::between(&old, &new).map_err(|error| snapshot_failure(&error))?
    } else {
        let compared = old.compare_with_account(&context.client()?).await;
        compared.map_err(export_failure)?
    };
    if output.is_explicit() && output.format() != Format::Table {
        let value = serde_json::to_value(&comparison).unwrap_or_default();
        output.print_value(value, &View::default())?;
    } else {
        let text = comparison.to_string();
        write_out(|out| writeln!(out, "{}", crate::text::printable(&text)))?;
    }
    Ok(match (comparison.is_equal(), comparison.is_whole()) {
        (false, _) => Exit::Differs,
        (true, false) => Exit::Partly,
        (true, true) => Exit::Done,
    })
}
