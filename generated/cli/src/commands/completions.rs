//! `funnelflux completions`: prints a completion script for a shell.

use crate::arguments;
use crate::exit::{CommandResult, Exit};
use crate::output::write_out;
use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::{Shell, generate};
use std::io::Write as _;

pub(crate) fn command() -> Command {
    Command::new("completions")
        .about("Prints a completion script for a shell")
        .after_help(
            "Example: funnelflux completions bash > ~/.local/share/bash-completion/completions/funnelflux",
        )
        .arg(
            Arg::new("shell")
                .required(true)
                .value_parser(value_parser!(Shell))
                .help("Shell that runs the script"),
        )
}

pub(crate) fn run(matches: &ArgMatches) -> CommandResult {
    let Some(shell) = matches.get_one::<Shell>("shell").copied() else {
        return Ok(Exit::Usage);
    };
    let mut script = Vec::new();
    generate(shell, &mut arguments::command(), "funnelflux", &mut script);
    write_out(|out| out.write_all(&script))?;
    Ok(Exit::Done)
}
