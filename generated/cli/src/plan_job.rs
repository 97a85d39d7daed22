//! Runs a plan: review, confirmation, journal, progress, report.

use crate::confirm::Expected;
use crate::context::{Context, note};
use crate::exit::{CommandResult, Exit, Failure};
use crate::input::require_regular_file;
use crate::job::{exit_of, finish_report, journal_path, report_arguments};
use crate::journals::plan_beside;
use crate::output::{Format, View, format_argument, jq_argument, write_out};
use crate::progress::{LineDisplay, stop_signal};
use crate::text::{count, of_library, printable};
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use funnelflux::Client;
use funnelflux::ext::plan::{ChangePlan, PlanError, PlanStep};
use serde_json::Value;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The options of commands that make a plan and apply it.
pub(crate) fn arguments() -> Vec<Arg> {
    let mut arguments = vec![
        Arg::new("plan")
            .long("plan")
            .action(ArgAction::SetTrue)
            .help("Print what would change, and change nothing"),
        Arg::new("out")
            .long("out")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help("Write the plan to this file for a review, and change nothing; see funnelflux apply"),
    ];
    arguments.extend(apply_arguments());
    arguments
}

/// The options of commands that apply a plan.
pub(crate) fn apply_arguments() -> Vec<Arg> {
    let mut arguments = vec![
        Arg::new("journal")
            .long("journal")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help(
                "File that records the progress of the changes; if it exists, continue the job that it \
                 records. Default: a new file in the state folder of the profile",
            ),
        Arg::new("rebase").long("rebase").action(ArgAction::SetTrue).help(
            "Also change an asset that somebody else has changed since it was read for the plan, if that \
             change is in other fields",
        ),
        format_argument(),
        jq_argument(),
    ];
    arguments.extend(report_arguments());
    arguments
}

/// A command that applies a plan.
pub(crate) struct PlanCommand<'c> {
    /// Name for the journal, such as `set`.
    pub(crate) name: &'static str,
    pub(crate) context: &'c Context,
    pub(crate) matches: &'c ArgMatches,
    /// True if the input comes from stdin.
    pub(crate) stdin_is_used: bool,
}

impl PlanCommand<'_> {
    /// Shows a plan, and applies it unless `--plan` or `--out` is given.
    pub(crate) async fn run(&self, client: &Client, plan: &ChangePlan) -> CommandResult {
        if let Some(path) = self.matches.get_one::<PathBuf>("out") {
            plan.write(path).map_err(plan_failure)?;
            self.show(plan)?;
            let command = self.context.command_line(&["apply", &path.to_string_lossy()]);
            note(&format!("nothing was changed; apply the plan with: {command}"));
            return Ok(Exit::Done);
        }
        if self.matches.get_flag("plan") {
            self.show(plan)?;
            return Ok(Exit::Done);
        }
        self.apply(client, plan, None).await
    }

    /// Prints a plan to stdout.
    pub(crate) fn show(&self, plan: &ChangePlan) -> Result<(), Failure> {
        let output = self.context.output(self.matches, &View::default())?;
        if output.is_explicit() && output.format() != Format::Table {
            let value: Value = serde_json::from_str(&plan.to_json()).unwrap_or_default();
            return output.print_value(value, &View::default());
        }
        let text = plan.to_string();
        write_out(|out| writeln!(out, "{}", printable(&of_library(&text))))
    }

    /// Asks for confirmation, and then applies a plan. `file` is the file that contains the plan, if there is
    /// one.
    pub(crate) async fn apply(
        &self,
        client: &Client,
        plan: &ChangePlan,
        file: Option<&Path>,
    ) -> CommandResult {
        // Nothing is left to do if stderr is closed.
        let _ = writeln!(io::stderr(), "{}", printable(&of_library(&plan.to_string())));
        if plan.is_empty() {
            note("nothing to change, and nothing was sent");
            return Ok(Exit::Done);
        }
        let accepted = self.context.options.accept_inferred;
        if plan.requires_acknowledgement() && !accepted {
            let message = "nothing was sent: the plan archives or deletes by operations that are \
                           inferred, not documented";
            return Err(
                Failure::usage(message).fix("try them on an asset that you can lose, with --accept-inferred")
            );
        }
        let journal = journal_path(self.matches, self.context, self.name)?;
        let is_begun = journal.as_ref().is_some_and(|path| path.exists());
        if !is_begun {
            self.confirm(plan)?;
        }
        // The plan is kept beside its journal, so that the job can continue and be listed.
        if let Some(journal) = &journal
            && !plan_beside(journal).exists()
        {
            plan.write(plan_beside(journal)).map_err(plan_failure)?;
        }
        let display = LineDisplay::new();
        let shown = display.clone();
        let mut job = plan
            .apply(client)
            .concurrency(self.context.jobs())
            .on_progress(move |progress| shown.update_job(progress))
            .cancel_when(stop_signal()?);
        if accepted {
            job = job.acknowledge_inferred();
        }
        if self.matches.get_flag("rebase") {
            job = job.rebase();
        }
        if let Some(failed) = self.matches.get_one::<u32>("stop-after") {
            job = job.stop_after(*failed as usize);
        }
        if let Some(path) = &journal {
            job = job.journal(path);
        }
        let sent = job.send().await;
        display.finish();
        let report = sent.map_err(plan_failure)?;
        let output = self.context.output(self.matches, &crate::job::report_view())?;
        finish_report(&report, self.matches, &output)?;
        let is_unfinished = report.entries().iter().any(|entry| entry.outcome.is_unfinished());
        if let Some(journal) = &journal {
            if is_unfinished {
                let kept = plan_beside(journal);
                let command = continue_command(self.context, file.unwrap_or(&kept), journal);
                note(&format!("continue with: {command}"));
            } else if report.counts().done > 0 {
                let command = self.context.command_line(&["undo", &journal.to_string_lossy()]);
                note(&format!("undo with: {command}"));
            }
        }
        Ok(exit_of(&report))
    }

    fn confirm(&self, plan: &ChangePlan) -> Result<(), Failure> {
        let counts = plan.counts();
        let parts: Vec<String> = counts
            .iter()
            .map(|(step, number)| format!("{} {}", verb(*step), count(*number, "asset", "assets")))
            .collect();
        let expected = if counts.contains_key(&PlanStep::Delete) {
            Expected::Word("delete")
        } else {
            Expected::Yes
        };
        self.context
            .confirm(&parts.join(", "), expected, self.stdin_is_used)
    }
}

/// The command that continues the application of a plan.
pub(crate) fn continue_command(context: &Context, plan: &Path, journal: &Path) -> String {
    let (plan, journal) = (plan.to_string_lossy(), journal.to_string_lossy());
    context.command_line(&["apply", &plan, "--journal", &journal])
}

/// Verb of a step.
fn verb(step: PlanStep) -> &'static str {
    match step {
        PlanStep::Create => "create",
        PlanStep::Unarchive => "unarchive",
        PlanStep::Save => "save",
        PlanStep::Move => "move",
        PlanStep::Archive => "archive",
        PlanStep::Delete => "delete",
        _ => "change",
    }
}

/// Failure of a plan.
#[expect(clippy::needless_pass_by_value, reason = "a function for `map_err`")]
pub(crate) fn plan_failure(error: PlanError) -> Failure {
    match error.error() {
        Some(error) => Failure::from(error),
        None => Failure::library_file(&error, error.io_error())
            .or_fix("name the right file, or make the plan again"),
    }
}

/// Reads a plan from a file.
pub(crate) fn read_plan(path: &Path) -> Result<ChangePlan, Failure> {
    // The library's message for a missing file is the operating system's.
    if let Err(error) = fs::metadata(path) {
        return Err(Failure::usage(format!("cannot read {}: {error}", path.display()))
            .fix("name the file that --out or funnelflux plan wrote"));
    }
    require_regular_file(path)?;
    ChangePlan::read(path).map_err(plan_failure)
}
