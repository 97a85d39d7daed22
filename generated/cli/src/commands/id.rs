//! `funnelflux id`: creates IDs, and shows when existing IDs were created.

use crate::exit::{CommandResult, Exit, Failure};
use crate::input;
use crate::output::{Output, View, row_arguments, write_out};
use crate::path::JsonPath;
use crate::text::timestamp;
use clap::{Arg, ArgMatches, Command, value_parser};
use funnelflux::id;
use serde_json::json;
use std::io::Write as _;

pub(crate) fn command() -> Command {
    let new = Command::new("new")
        .about("Prints new IDs, in the documented format")
        .arg(
            Arg::new("count")
                .value_name("COUNT")
                .default_value("1")
                .value_parser(value_parser!(u32).range(1..=1_000_000))
                .help("Number of IDs"),
        );
    let when = Command::new("when")
        .about("Prints when IDs were created; an ID in the documented format contains this time")
        .args(input::id_arguments("IDs"))
        .args(row_arguments());
    Command::new("id")
        .about("Makes IDs, and shows when IDs were created")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([new, when])
}

pub(crate) fn run(matches: &ArgMatches) -> CommandResult {
    match matches.subcommand() {
        Some(("new", own)) => new(own),
        Some(("when", own)) => when(own),
        _ => Ok(Exit::Usage),
    }
}

fn new(matches: &ArgMatches) -> CommandResult {
    let count = matches.get_one::<u32>("count").copied().unwrap_or(1);
    let ids: Vec<String> = (0..count).map(|_| id::generate()).collect::<Result<_, _>>()?;
    write_out(|out| ids.iter().try_for_each(|id| writeln!(out, "{id}")))?;
    Ok(Exit::Done)
}

fn when(matches: &ArgMatches) -> CommandResult {
    let column = |name| (name, JsonPath::of_pointer(name));
    let view = View {
        id: Some(JsonPath::of_pointer("id")),
        columns: vec![column("id"), column("created_at")],
    };
    let output = Output::new(matches, None);
    output.check(&view)?;
    let given = input::given_ids(matches)?;
    if given.is_empty() {
        return Err(Failure::usage("there are no IDs").fix("pass IDs, or a file with --ids-from"));
    }
    let rows: Vec<_> = given
        .iter()
        .map(|id| json!({ "id": id, "created_at": id::created_at(id).map(timestamp) }))
        .collect();
    let odd = given.iter().find(|id| !id::is_well_formed(id));
    output.print_rows(rows, &view)?;
    match odd {
        Some(odd) => Err(Failure::failed(format!(
            "{odd:?} is not in the documented format, and states no time"
        ))
        .fix("pass IDs as funnelflux id new makes them")),
        None => Ok(Exit::Done),
    }
}
