#![doc = include_str!("../README.md")]
//!
//! # Code
//!
//! The program derives its commands from tables in the crate `funnelflux`. Each group of assets gets a
//! command for each action that it supports. Each operation of the API becomes a subcommand of `call`. The
//! crate `funnelflux` also implements all communication with the service.
//!
//! | module | contents |
//! |---|---|
//! | `arguments` | the root command and the options of all commands |
//! | `commands` | the commands, one file each |
//! | `profile`, `context` | accounts, and the client that a command uses |
//! | `tokens`, `keyring` | storage of the tokens of an account |
//! | `input`, `assets`, `fields` | IDs, names, bodies and fields that the user gives |
//! | `job`, `plan_job`, `progress` | bulk jobs and plans: review, journal, progress, report |
//! | `journals` | the journals of a profile |
//! | `output` | rows and values on stdout |
//! | `confirm` | questions before a change |
//! | `exit` | exit codes and error texts |
//! | `probe` | experiments on an account, about behaviour that the documentation leaves open |
//! | `mcp` | the server for assistants |
//! | `demo` | the fake service of `--fake` |
//! | `fuzz` | functions that the fuzz targets run (feature `fuzz`) |
//! | `path`, `text` | paths inside JSON; text for terminals |

mod arguments;
mod assets;
mod commands;
mod confirm;
mod context;
mod demo;
mod exit;
mod fields;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod input;
mod job;
mod journals;
#[cfg(feature = "keyring")]
mod keyring;
#[cfg(feature = "mcp")]
mod mcp;
mod output;
mod path;
mod plan_job;
mod probe;
mod profile;
mod progress;
mod signals;
mod text;
mod tokens;

use exit::{CommandResult, Exit, Failure};
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Runs the program with the arguments of this process, and returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let raw: Vec<OsString> = std::env::args_os().collect();
    let as_json = arguments::errors_as_json(&raw);
    match run(&raw, as_json) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.report(as_json);
            failure.exit.into()
        }
    }
}

fn run(raw: &[OsString], as_json: bool) -> CommandResult {
    let matches = match arguments::command().try_get_matches_from(raw) {
        Ok(matches) => matches,
        // The parser returns the help and the version as errors, but they are not errors for the user.
        Err(error) if !error.use_stderr() => {
            return match error.print() {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    Err(Failure::failed(format!("cannot write to stdout: {error}")))
                }
                _ => Ok(Exit::Done),
            };
        }
        Err(error) if as_json => return Err(arguments::usage_failure(&error)),
        Err(error) => {
            // Arguments may contain control characters for terminals. If stderr is closed, the error is
            // ignored.
            let _ = write!(io::stderr(), "{}", text::printable(&error.render().to_string()));
            return Ok(Exit::Usage);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start the runtime: {error}")))?;
    let result = runtime.block_on(commands::run(&matches));
    // The program must not wait at its end for a thread that still reads a file or resolves a host name.
    runtime.shutdown_background();
    result
}
