//! Runs a plan, with its review, confirmation, journal, display of progress, and report.

use crate::confirm::Expected;
use crate::context::{Context, note};
use crate::exit::{CommandResult, Exit, Failure};
use crate::input::require_regular_file;
use crate::job::{check_report, exit_of, journal_path, print_report, report_arguments, write_report};
use crate::journals::{self, plan_beside};
use crate::output::{Format, View, format_argument, jq_argument, write_out};
use crate::profile::write_whole;
use crate::progress::LineDisplay;
use crate::signals::stop_signal;
use crate::text::{count, of_library, printable};
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use funnelflux::Client;
use funnelflux::ext::plan::{ChangePlan, PlanEntry, PlanError, PlanNoteKind, PlanStep};
use funnelflux::ext::snapshot::AssetKey;
use funnelflux::ext::{AssetGroup, Counts, Report};
use serde_json::Value;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Returns the options of commands that make a plan and apply it.
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

/// Returns the options of commands that apply a plan.
pub(crate) fn apply_arguments() -> Vec<Arg> {
    let mut arguments = vec![
        Arg::new("journal")
            .long("journal")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help(
                "New file that records the progress of the changes. After an interruption, run the command \
                 \"apply PLAN --journal FILE\" that the program prints: it stores the plan beside the \
                 journal. To revert the changes, give this file to \"undo\". Default: a file in the \
                 state folder of the profile",
            ),
        Arg::new("rebase").long("rebase").action(ArgAction::SetTrue).help(
            "Also change an asset that somebody else has changed since the plan was made, unless both \
             changes affect the same field",
        ),
        format_argument(),
        jq_argument(),
    ];
    arguments.extend(report_arguments());
    arguments
}

/// A command that applies a plan.
pub(crate) struct PlanCommand<'c> {
    /// Name of the command, such as `set`. It is part of the name of the journal.
    pub(crate) name: &'static str,
    pub(crate) context: &'c Context,
    pub(crate) matches: &'c ArgMatches,
    /// True if the input comes from stdin.
    pub(crate) stdin_is_used: bool,
    /// IDs of the new assets, in the order in which they are printed. If this list is empty, the IDs are
    /// printed in the order of the plan.
    pub(crate) created: Vec<String>,
}

impl PlanCommand<'_> {
    /// Shows a plan, and applies it unless `--plan` or `--out` is given.
    pub(crate) async fn run(&self, client: &Client, plan: &ChangePlan) -> CommandResult {
        let exit = if let Some(path) = self.matches.get_one::<PathBuf>("out") {
            write_whole(path, plan.to_json().as_bytes())?;
            self.show(plan)?;
            let command = self.context.command_line(&["apply", &journals::argument(path)]);
            note(&format!("nothing was changed; apply the plan with: {command}"));
            Exit::Done
        } else if self.matches.get_flag("plan") {
            self.show(plan)?;
            Exit::Done
        } else {
            self.apply(client, plan, None).await?
        };
        // Nobody has reviewed the notes yet, so a plan that leaves out a change ends as partial.
        Ok(if exit == Exit::Done && self.leaves_out_changes(plan) {
            Exit::Partly
        } else {
            exit
        })
    }

    /// Returns true if a note states that the plan leaves out a change.
    pub(crate) fn leaves_out_changes(&self, plan: &ChangePlan) -> bool {
        plan.notes().iter().any(|note| match self.name {
            // General notes state which groups cannot be searched, and a longer text is no reference.
            "replace" => note.asset().is_some() && note.kind() != PlanNoteKind::PartOfText,
            // General notes count the assets that are not in the snapshot, and no plan can restore a secret.
            "plan" => note.asset().is_some() && note.kind() != PlanNoteKind::Secret,
            _ => true,
        })
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
        // If stderr is closed, the error is ignored.
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
        check_report(self.matches)?;
        let journal = journal_path(self.matches, self.context, self.name)?;
        let begun = journal.as_deref().filter(|path| path.exists());
        let is_begun = begun.is_some();
        let change = match begun {
            None => changes(plan),
            Some(path) if file.is_none() => return Err(already_begun(self.context, path)),
            // The user confirmed the plan when its job began, but may have abandoned the job since then. The
            // program therefore asks again.
            Some(path) => {
                let counts = plan.progress(path).map_err(plan_failure)?;
                let left = counts.not_sent + counts.unknown;
                note(&journals::progress(path, left));
                format!("continue to change {}", count(left, "asset", "assets"))
            }
        };
        self.confirm(plan, &change)?;
        // The plan is stored beside its journal, because the commands that continue and list the job need the
        // plan.
        if let Some(journal) = &journal
            && !(is_begun && plan_beside(journal).exists())
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
        print_report(self.context, &report);
        let is_unfinished = report.entries().iter().any(|entry| entry.outcome.is_unfinished());
        if let Some(journal) = &journal {
            if is_unfinished {
                let kept = plan_beside(journal);
                let command = continue_command(self.context, file.unwrap_or(&kept), journal);
                note(&format!("continue with: {command}"));
            } else if let Some(command) = undo_plan_command(self.context, journal, plan, report.counts()) {
                note(&format!("undo with: {command}"));
            }
        }
        if !output.is_explicit() {
            self.print_created(plan, &report)?;
        }
        write_report(&report, self.matches, &output)?;
        Ok(exit_of(&report))
    }

    /// Prints the IDs of the assets that were created, if all assets of the plan belong to one group.
    fn print_created(&self, plan: &ChangePlan, report: &Report<AssetKey>) -> Result<(), Failure> {
        let mut groups = plan.entries().iter().map(|entry| &entry.key().group);
        let first = groups.next();
        if !groups.all(|group| Some(group) == first) {
            return Ok(());
        }
        let entries = plan.entries().iter().zip(report.entries());
        let created =
            entries.filter(|(entry, outcome)| entry.created().is_some() && outcome.outcome.is_success());
        let mut ids: Vec<&str> = created.map(|(entry, _)| entry.key().id.as_str()).collect();
        ids.sort_by_key(|id| self.created.iter().position(|given| given == id));
        write_out(|out| ids.iter().try_for_each(|id| writeln!(out, "{id}")))
    }

    fn confirm(&self, plan: &ChangePlan, change: &str) -> Result<(), Failure> {
        let expected = if plan.counts().contains_key(&PlanStep::Delete) {
            Expected::Word("delete")
        } else {
            Expected::Yes
        };
        self.context.confirm(change, expected, self.stdin_is_used)
    }
}

/// Describes the changes of a plan.
fn changes(plan: &ChangePlan) -> String {
    let counts = plan.counts().into_iter();
    let parts = counts.map(|(step, number)| format!("{} {}", verb(step), count(number, "asset", "assets")));
    parts.collect::<Vec<_>>().join(", ")
}

/// Creates the failure for a journal that already records a job. Such a journal is refused, because the new
/// plan may differ from the plan of that job.
fn already_begun(context: &Context, journal: &Path) -> Failure {
    let message = format!("{} already records a job; nothing was sent", journal.display());
    let kept = plan_beside(journal);
    Failure::usage(message).fix(if kept.exists() {
        let command = continue_command(context, &kept, journal);
        format!("continue that job with: {command}; for another job, name a new file")
    } else {
        "name a new file".to_owned()
    })
}

fn undo_command(context: &Context, journal: &Path, is_inferred: bool) -> String {
    let journal = journals::argument(journal);
    let mut words = vec!["undo", &journal];
    if is_inferred && !context.options.accept_inferred {
        words.push("--accept-inferred");
    }
    context.command_line(&words)
}

/// Returns the command that undoes a bulk job; `None` if the job changed nothing or deletes assets. In an
/// inferred group, the command gets the option `--accept-inferred` if the undo deletes or archives assets:
/// the copies of a duplication, or assets that were restored from the archive.
pub(crate) fn undo_job_command(
    context: &Context,
    journal: &Path,
    verb: &str,
    group: Option<AssetGroup>,
    counts: Counts,
) -> Option<String> {
    let is_inferred = matches!(verb, "duplicate" | "unarchive") && group.is_some_and(AssetGroup::is_inferred);
    (verb != "delete" && counts.done > 0).then(|| undo_command(context, journal, is_inferred))
}

/// Returns the command that undoes an applied plan; `None` if the plan changed nothing or only deletes
/// assets.
pub(crate) fn undo_plan_command(
    context: &Context,
    journal: &Path,
    plan: &ChangePlan,
    counts: Counts,
) -> Option<String> {
    let can_undo = plan.counts().into_keys().any(|step| step != PlanStep::Delete);
    let is_inferred = plan.entries().iter().any(PlanEntry::is_inferred);
    (can_undo && counts.done > 0).then(|| undo_command(context, journal, is_inferred))
}

/// Returns the command that continues an interrupted `apply` of a plan.
pub(crate) fn continue_command(context: &Context, plan: &Path, journal: &Path) -> String {
    let (plan, journal) = (journals::argument(plan), journals::argument(journal));
    context.command_line(&["apply", &plan, "--journal", &journal])
}

/// Returns the verb for a step of a plan.
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

/// Converts an error of a plan into a failure.
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
    // The library reports a missing file only with the message of the operating system.
    if let Err(error) = fs::metadata(path) {
        return Err(Failure::usage(format!("cannot read {}: {error}", path.display()))
            .fix("name the file that --out or funnelflux plan wrote"));
    }
    require_regular_file(path)?;
    ChangePlan::read(path).map_err(plan_failure)
}
