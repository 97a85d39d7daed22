//! `funnelflux jobs`: lists the jobs whose journals are in the state folder of the profile.

use crate::context::{Context, note};
use crate::exit::{CommandResult, Exit, Failure};
use crate::job::{left, verb_of};
use crate::journals::{self, JournalFile, plan_beside};
use crate::output::{View, row_arguments};
use crate::path::JsonPath;
use crate::plan_job::{continue_command, undo_job_command, undo_plan_command};
use crate::text::timestamp;
use clap::{ArgMatches, Command};
use funnelflux::ext::plan::ChangePlan;
use funnelflux::ext::{AssetGroup, Journal};
use serde_json::{Value, json};

pub(crate) fn command() -> Command {
    Command::new("jobs")
        .about("Lists the jobs of the profile, and the commands that continue or undo them")
        .long_about(
            "Lists the jobs of the profile, the newest first, with the command that continues or undoes each \
             job. The column \"left\" counts the assets without a final outcome; it is above 0 for \
             interrupted jobs and for jobs that are still running. Nothing is sent: the jobs are read from \
             their journals in the state folder.",
        )
        .after_help("Example: funnelflux jobs --filter 'left>0'")
        .args(row_arguments())
}

pub(crate) fn run(matches: &ArgMatches, context: &Context) -> CommandResult {
    let output = context.output(matches, &view())?;
    if context.journal_folder()?.is_none() {
        note("jobs with --fake have no journals, because their account ends with the command");
    }
    let journals = journals::all(context)?;
    let rows = journals.iter().map(|journal| {
        let row = row(context, journal);
        row.map_err(|failure| note(&failure.message)).ok()
    });
    output.print_rows(rows.flatten().collect(), &view())?;
    Ok(Exit::Done)
}

fn view() -> View {
    let column = |name| (name, JsonPath::of_pointer(name));
    View {
        id: Some(JsonPath::of_pointer("journal")),
        columns: ["changed", "job", "left", "next"].map(column).into(),
    }
}

/// Returns the row that describes a job. If a plan is stored next to the journal, the job applies this plan.
fn row(context: &Context, journal: &JournalFile) -> Result<Value, Failure> {
    let path = &journal.path;
    let plan = plan_beside(path);
    let (job, counts, unsettled, next, undo) = if plan.exists() {
        let plan_failure = crate::plan_job::plan_failure;
        let read = ChangePlan::read(&plan).map_err(plan_failure)?;
        let counts = read.progress(path).map_err(plan_failure)?;
        let next = continue_command(context, &plan, path);
        (
            read.made_by().to_owned(),
            counts,
            counts.not_sent + counts.unknown,
            next,
            undo_plan_command(context, path, &read, counts),
        )
    } else {
        let read = Journal::read(path).map_err(|error| Failure::library_file(&error, error.io_error()))?;
        let mut groups = AssetGroup::all().iter();
        let group = groups.find(|group| group.segment() == Some(read.segment()));
        let verb = verb_of(read.change()).unwrap_or_default();
        let undo = undo_job_command(context, path, verb, group.copied(), read.counts());
        let group = group.map_or(read.segment(), |group| group.name());
        let next = context.command_line(&[group, verb, "--resume", &journals::argument(path)]);
        (read.job().to_owned(), read.counts(), left(&read), next, undo)
    };
    let next = if unsettled > 0 { Some(next) } else { undo };
    Ok(json!({
        "changed": timestamp(journal.modified),
        "job": job,
        "left": unsettled,
        "next": next.unwrap_or_default(),
        "counts": counts,
        "journal": path,
    }))
}
