//! Runs progenitor in a child process, so that a crash does not end the command.
//!
//! The program executes itself with a hidden argument. The child reads a request from standard input and
//! writes the response to standard output. If the child crashes, it describes the crash on standard error.

use std::{
    env,
    io::{self, Write as _},
    panic::{self, PanicHookInfo},
    path::Path,
    process::{self, Command, ExitCode, Output, Stdio},
};

use funnelflux_generator::progenitor;

const ARGUMENT: &str = "--isolated-generator";

/// Runs a request in a child process. Returns the response, or describes the crash.
pub(crate) fn run(request: &str) -> Result<String, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    run_in(&program, request)
}

/// Runs a request like `run`, but in a process of another program, which must call [`child`].
pub(crate) fn run_in(program: &Path, request: &str) -> Result<String, String> {
    let output =
        output(program, request).map_err(|error| format!("its process could not be run: {error}"))?;
    if output.status.success() {
        return String::from_utf8(output.stdout).map_err(|error| error.to_string());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(if words.contains("overflowed its stack") {
        "it overflowed its stack".to_owned()
    } else if words.trim().is_empty() {
        output.status.to_string()
    } else {
        words.trim().to_owned()
    })
}

fn output(program: &Path, request: &str) -> io::Result<Output> {
    let mut child = Command::new(program)
        .arg(ARGUMENT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A child that ended early has reported the reason on standard error.
        let _ = stdin.write_all(request.as_bytes());
    }
    child.wait_with_output()
}

/// Returns true if this process is a child that [`run`] started.
pub(crate) fn is_child() -> bool {
    env::args_os().nth(1).is_some_and(|argument| argument == ARGUMENT)
}

/// Serves the request on standard input. This is the main function of the child process.
pub(crate) fn child() -> ExitCode {
    panic::set_hook(Box::new(|panic| {
        end_with(&describe(panic));
    }));
    let response = io::read_to_string(io::stdin())
        .map_err(|error| error.to_string())
        .and_then(|request| progenitor::in_process(&request))
        .and_then(|response| {
            let written = io::stdout().write_all(response.as_bytes());
            written.map_err(|error| error.to_string())
        });
    match response {
        Ok(()) => ExitCode::SUCCESS,
        Err(crash) => end_with(&crash),
    }
}

fn end_with(words: &str) -> ! {
    // If writing fails, the parent process reports only the exit status.
    let _ = writeln!(io::stderr(), "{words}");
    process::exit(1)
}

/// Formats a panic with package, file and line, without machine-specific paths.
fn describe(panic: &PanicHookInfo<'_>) -> String {
    let message = panic.payload_as_str().unwrap_or("it panicked without a message");
    let Some(location) = panic.location() else {
        return message.to_owned();
    };
    let file = location.file();
    let package = file
        .rfind("/src/")
        .and_then(|end| file.get(..end)?.rfind('/'))
        .and_then(|slash| file.get(slash + 1..))
        .unwrap_or(file);
    format!("{message} ({package}:{})", location.line())
}
