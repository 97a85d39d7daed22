//! The project commands: `cargo xtask generate`, `cargo xtask check`.
//!
//! One file a command. All input and output of the workspace is here; what is done with it is in `codegen`.

mod check;
mod difference;
mod exit;
mod generate;
mod workspace;

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use exit::Code;
use workspace::Workspace;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Generates the crate funnelflux from the API document, and tells what has drifted"
)]
struct Arguments {
    /// The workspace; by default the one around the current directory.
    #[arg(long, global = true, value_name = "DIRECTORY")]
    root: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Generate(generate::Arguments),
    Check(check::Arguments),
}

/// What a command has to say, and how it ended.
struct Outcome {
    text: String,
    code: Code,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() {
                Code::Usage
            } else {
                Code::Clean
            };
            // Nothing is left to do where even the help cannot be printed.
            let _ = error.print();
            return code.into();
        }
    };
    let outcome = run(&arguments).unwrap_or_else(|failure| Outcome {
        text: failure.to_string(),
        code: failure.code(),
    });
    let written = match outcome.code {
        Code::Clean => writeln!(std::io::stdout(), "{}", outcome.text.trim_end()),
        _ => writeln!(std::io::stderr(), "{}", outcome.text.trim_end()),
    };
    match written {
        Ok(()) => outcome.code.into(),
        Err(_) => Code::Usage.into(),
    }
}

fn run(arguments: &Arguments) -> Result<Outcome, exit::Failure> {
    let workspace = Workspace::find(arguments.root.as_deref())?;
    match &arguments.command {
        Command::Generate(arguments) => generate::run(&workspace, arguments),
        Command::Check(arguments) => check::run(&workspace, arguments),
    }
}
