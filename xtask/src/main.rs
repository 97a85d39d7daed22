//! Project commands: `cargo xtask generate`, `check`, `diff` and `fetch`.
//!
//! Each command has its own file. Only this crate accesses files and the network. The crates in `codegen/`
//! parse and compare documents, and generate code, all in memory.

mod check;
mod diff;
mod exit;
mod expected;
mod features;
mod fetch;
mod generate;
mod isolated;
mod notices;
mod replacement;
mod source;
mod spec;
mod update_overlays;
mod workspace;

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use exit::{Code, Failure, Outcome};
use workspace::Workspace;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Generates the crate funnelflux from the API document and reports drift"
)]
struct Arguments {
    /// Root of the workspace; default: the workspace around the current directory.
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
                Code::Good
            };
            // If the help cannot be printed, there is nothing left to do.
            let _ = error.print();
            return code.into();
        }
    };
    let outcome = run(&arguments).unwrap_or_else(|failure| Outcome {
        stdout: String::new(),
        stderr: failure.to_string(),
        code: failure.code(),
    });
    match print(&outcome) {
        Ok(()) => outcome.code.into(),
        Err(_) => Code::Usage.into(),
    }
}

fn print(outcome: &Outcome) -> io::Result<()> {
    if !outcome.stderr.trim().is_empty() {
        writeln!(io::stderr(), "{}", outcome.stderr.trim_end())?;
    }
    if !outcome.stdout.trim().is_empty() {
        writeln!(io::stdout(), "{}", outcome.stdout.trim_end())?;
    }
    Ok(())
}

fn run(arguments: &Arguments) -> Result<Outcome, Failure> {
    let root = arguments.root.as_deref();
    let workspace = || Workspace::find(root);
    match &arguments.command {
        Command::Generate(arguments) => generate::run(&workspace()?, arguments),
        Command::Check(arguments) => check::run(&workspace()?, arguments),
        Command::Diff(arguments) => diff::run(root, arguments),
        Command::Fetch(arguments) => fetch::run(&workspace()?, arguments),
    }
}
