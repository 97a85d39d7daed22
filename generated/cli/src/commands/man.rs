//! `funnelflux man`: prints or writes manual pages.

use crate::arguments;
use crate::exit::{CommandResult, Exit, Failure, file_failure};
use crate::output::write_out;
use clap::{Arg, ArgMatches, Command, value_parser};
use clap_mangen::Man;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

pub(crate) fn command() -> Command {
    Command::new("man")
        .about("Prints the manual page of the program, or writes a page for every command to a folder")
        .after_help("Example: funnelflux man | man -l -")
        .arg(
            Arg::new("folder")
                .value_name("FOLDER")
                .value_parser(value_parser!(PathBuf))
                .help("Folder for the pages of all commands"),
        )
}

pub(crate) fn run(matches: &ArgMatches) -> CommandResult {
    let mut command = arguments::command();
    match matches.get_one::<PathBuf>("folder") {
        None => {
            let page = render(command)?;
            write_out(|out| out.write_all(&page))?;
        }
        Some(folder) => {
            fs::create_dir_all(folder).map_err(|error| file_failure("create", folder, &error))?;
            command.build();
            write_pages(&command, "funnelflux", folder)?;
        }
    }
    Ok(Exit::Done)
}

/// Writes the manual page of a command and the manual pages of its subcommands.
fn write_pages(command: &Command, name: &str, folder: &Path) -> Result<(), Failure> {
    let path = folder.join(format!("{name}.1"));
    // The title of the manual page is the name of the command.
    let page = render(command.clone().name(name.to_owned()))?;
    fs::write(&path, page).map_err(|error| file_failure("write", &path, &error))?;
    let commands = command.get_subcommands().filter(|command| !command.is_hide_set());
    for command in commands {
        write_pages(command, &format!("{name}-{}", command.get_name()), folder)?;
    }
    Ok(())
}

fn render(command: Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    let rendered = Man::new(command).render(&mut page);
    rendered.map_err(|error| Failure::failed(format!("the manual page cannot be rendered: {error}")))?;
    Ok(page)
}
