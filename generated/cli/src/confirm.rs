//! Questions to the user before a change. The end of the input never counts as yes.

use crate::context::{Context, is_interactive};
use crate::exit::{Exit, Failure};
use std::io::{self, BufRead as _, Write as _};

/// Answer that a question expects.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expected<'w> {
    /// The user must type `y` or `yes`.
    Yes,
    /// The user must type this word.
    Word(&'w str),
}

impl Context {
    /// Asks the user to confirm a change, unless `--yes` is given. `change` describes the change, such as
    /// `archive 12 offer sources`.
    ///
    /// # Errors
    /// Returns an error if the user does not confirm. Also returns an error if the user cannot be asked,
    /// because the command reads its input from stdin or because there is no terminal.
    pub(crate) fn confirm(
        &self,
        change: &str,
        expected: Expected<'_>,
        stdin_is_used: bool,
    ) -> Result<(), Failure> {
        if self.options.yes {
            return Ok(());
        }
        if stdin_is_used || !is_interactive() {
            let reason = if stdin_is_used {
                "stdin is the input"
            } else {
                "there is no terminal"
            };
            let message = format!("nothing was sent: {change} needs a confirmation, and {reason}");
            return Err(Failure::usage(message).fix("add --yes; commands with --plan show the changes only"));
        }
        let question = match expected {
            Expected::Yes => format!("{change}? [y/N] "),
            Expected::Word(word) => format!("{change}? Type {word} to confirm: "),
        };
        let answer = ask(&question)?;
        let is_confirmed = match (expected, answer.as_deref().map(str::trim)) {
            (Expected::Yes, Some(answer)) => matches!(answer.to_lowercase().as_str(), "y" | "yes"),
            (Expected::Word(word), Some(answer)) => answer == word,
            (_, None) => false,
        };
        if is_confirmed {
            return Ok(());
        }
        Err(Failure::new(Exit::Cancelled, "cancelled: nothing was sent"))
    }
}

/// Prints a question to stderr and reads a line. Returns `None` at the end of the input.
pub(crate) fn ask(question: &str) -> Result<Option<String>, Failure> {
    let failed = |error: io::Error| Failure::failed(format!("cannot ask on the terminal: {error}"));
    let mut stderr = io::stderr();
    write!(stderr, "{question}")
        .and_then(|()| stderr.flush())
        .map_err(failed)?;
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line).map_err(failed)?;
    if read == 0 {
        // Without an answer, nothing has ended the line of the question.
        let _ = writeln!(stderr);
        return Ok(None);
    }
    Ok(Some(line))
}
