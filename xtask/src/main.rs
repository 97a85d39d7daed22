//! The project commands: `cargo xtask generate`, `check`, `diff`, `fetch` and `release`.
//!
//! One file a command. All input and output of the workspace is here; what is done with it is in `codegen`.

mod check;
mod diff;
mod difference;
mod exit;
mod features;
mod fetch;
mod generate;
mod isolated;
mod release;
mod source;
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
    Diff(diff::Arguments),
    Fetch(fetch::Arguments),
    Release(release::Arguments),
}

/// What a command has to say, and how it ended.
struct Outcome {
    /// What was asked for: to standard output.
    text: String,
    /// What is not part of it, such as why it could not be had: to standard error.
    aside: String,
    code: Code,
}

fn main() -> ExitCode {
    if isolated::is_child() {
        return isolated::child();
    }
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
        text: String::new(),
        aside: failure.to_string(),
        code: failure.code(),
    });
    match write(&outcome) {
        Ok(()) => outcome.code.into(),
        Err(_) => Code::Usage.into(),
    }
}

fn write(outcome: &Outcome) -> std::io::Result<()> {
    if !outcome.aside.trim().is_empty() {
        writeln!(std::io::stderr(), "{}", outcome.aside.trim_end())?;
    }
    if !outcome.text.trim().is_empty() {
        writeln!(std::io::stdout(), "{}", outcome.text.trim_end())?;
    }
    Ok(())
}

fn run(arguments: &Arguments) -> Result<Outcome, exit::Failure> {
    let workspace = Workspace::find(arguments.root.as_deref())?;
    match &arguments.command {
        Command::Generate(arguments) => generate::run(&workspace, arguments),
        Command::Check(arguments) => check::run(&workspace, arguments),
        Command::Diff(arguments) => diff::run(&workspace, arguments),
        Command::Fetch(arguments) => fetch::run(&workspace, arguments),
        Command::Release(arguments) => release::run(&workspace, arguments),
    }
}
