//! Runs a bulk job, with its plan, confirmation, journal, display of progress, and report.

use crate::confirm::Expected;
use crate::context::{Context, note};
use crate::exit::{CommandResult, Exit, Failure};
use crate::input::{self, require_regular_file};
use crate::journals;
use crate::output::{Format, Output, View, row_arguments, write_out};
use crate::path::JsonPath;
use crate::plan_job::undo_job_command;
use crate::profile::{check_writable, create_private_folder, write_whole};
use crate::progress::LineDisplay;
use crate::signals::stop_signal;
use crate::text::{count, of_library, printable, timestamp};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use funnelflux::ext::snapshot::AssetKey;
use funnelflux::ext::{
    AssetGroup, ChangeRecord, Children, Entry, GroupBulk, GroupJobError, InvalidJob, Journal, Outcome, Plan,
    Report,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Arguments that a resumed job takes from its journal.
const RECORDED: [&str; 9] = [
    "ids",
    "ids-from",
    "children",
    "to",
    "name",
    "into",
    input::SET,
    input::SET_STRING,
    "journal",
];

/// Returns the options of commands that run a job.
pub(crate) fn arguments() -> Vec<Arg> {
    let mut arguments = vec![
        Arg::new("plan")
            .long("plan")
            .action(ArgAction::SetTrue)
            .help("Print what would change, and send nothing"),
        Arg::new("journal")
            .long("journal")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help("Write the journal to this file; default: a new file in the state folder of the profile"),
        Arg::new("resume")
            .long("resume")
            .value_name("FILE")
            .num_args(0..=1)
            .default_missing_value("")
            .help(
                "Continue the job of this journal, after a confirmation; without FILE, continue the newest \
                 unfinished job of this command",
            ),
        Arg::new("chunk-size")
            .long("chunk-size")
            .value_name("NUMBER")
            .value_parser(value_parser!(u32).range(1..=10_000))
            .help("Number of IDs per request; default: 100"),
    ];
    arguments.extend(report_arguments());
    let output = row_arguments();
    let wanted = ["output", "columns", "no-header", "jq"];
    arguments.extend(
        output
            .into_iter()
            .filter(|argument| wanted.contains(&argument.get_id().as_str())),
    );
    arguments
}

/// Returns the options `--report` and `--stop-after`, which concern the outcomes of a job.
pub(crate) fn report_arguments() -> [Arg; 2] {
    [
        Arg::new("report")
            .long("report")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help("Write the outcome of every ID to a .json, .ndjson or .csv file"),
        Arg::new("stop-after")
            .long("stop-after")
            .value_name("NUMBER")
            .value_parser(value_parser!(u32).range(1..))
            .help("Stop after this number of failed IDs; default: never"),
    ]
}

/// Returns the path of the journal of a job. Without `--journal`, it is the path of a new file, or `None` for
/// the fake in memory.
pub(crate) fn journal_path(
    matches: &ArgMatches,
    context: &Context,
    name: &str,
) -> Result<Option<PathBuf>, Failure> {
    if let Some(path) = matches.get_one::<PathBuf>("journal") {
        if matches.get_one::<PathBuf>("report") == Some(path) {
            return Err(Failure::usage("--journal and --report name the same file").fix("name two files"));
        }
        context.check_owner(path)?;
        require_regular_file(path)?;
        return Ok(Some(path.clone()));
    }
    let Some(folder) = context.journal_folder()? else {
        return Ok(None);
    };
    create_private_folder(&folder)?;
    let time = timestamp(SystemTime::now()).replace([':', '.'], "-");
    Ok(Some(folder.join(format!("{name}-{time}.jsonl"))))
}

/// Checks the file that `--report` names, before anything is sent. A report that cannot be written after the
/// job would make the job look as if it had failed.
pub(crate) fn check_report(matches: &ArgMatches) -> Result<(), Failure> {
    let Some(path) = matches.get_one::<PathBuf>("report") else {
        return Ok(());
    };
    ReportFormat::of(path)?;
    check_writable(path).map_err(|failure| {
        Failure::usage(format!("{}; nothing was sent", failure.message))
            .fix("name a file that can be written")
    })
}

/// Format of the file that `--report` names.
enum ReportFormat {
    Csv,
    /// One JSON value per line.
    Lines,
    Json,
}

impl ReportFormat {
    /// Returns the format that the extension of the path determines. Without an extension, it is JSON.
    fn of(path: &Path) -> Result<Self, Failure> {
        match path.extension().and_then(OsStr::to_str) {
            Some("csv") => Ok(Self::Csv),
            Some("ndjson" | "jsonl") => Ok(Self::Lines),
            None | Some("json") => Ok(Self::Json),
            Some(_) => {
                let message = format!("the report {} has an unknown format", path.display());
                Err(Failure::usage(message).fix("name a .json, .ndjson or .csv file"))
            }
        }
    }
}

/// A command that runs a job.
pub(crate) struct JobCommand<'c> {
    pub(crate) group: AssetGroup,
    /// Name of the command, such as `archive`.
    pub(crate) verb: &'static str,
    pub(crate) context: &'c Context,
    pub(crate) matches: &'c ArgMatches,
    /// True if the IDs come from stdin.
    pub(crate) stdin_is_used: bool,
}

impl JobCommand<'_> {
    /// Returns the journal that `--resume` names. If the option has no value, returns the newest journal of
    /// an unfinished job. Without the option, returns `None`.
    pub(crate) fn resumed(&self) -> Result<Option<(PathBuf, Journal)>, Failure> {
        let path = match self.matches.get_one::<String>("resume").map(String::as_str) {
            None => return Ok(None),
            Some("") => self.newest_unfinished()?,
            Some(path) => PathBuf::from(path),
        };
        let is_given = |name: &&&str| {
            let is_defined = self.matches.try_contains_id(name).is_ok();
            is_defined && self.matches.value_source(name) == Some(ValueSource::CommandLine)
        };
        if let Some(name) = RECORDED.iter().find(is_given) {
            let message = format!("--resume takes `{name}` from the journal");
            return Err(Failure::usage(message).fix("omit it, or run a new job without --resume"));
        }
        self.context.check_owner(&path)?;
        require_regular_file(&path)?;
        let journal = Journal::read(&path).map_err(|error| {
            Failure::library_file(&error, error.io_error())
                .or_fix("name the journal of the job; --resume alone finds it")
        })?;
        if verb_of(journal.change()) != Some(self.verb) {
            return Err(Failure::usage(format!(
                "the journal {} belongs to another command: {}",
                path.display(),
                journal.job()
            ))
            .fix("resume it with that command"));
        }
        note(&format!("resuming: {} ({})", journal.job(), journal.counts()));
        note(&journals::progress(&path, left(&journal)));
        Ok(Some((path, journal)))
    }

    fn newest_unfinished(&self) -> Result<PathBuf, Failure> {
        let prefix = format!("{}-{}-", self.group.name(), self.verb);
        let mut journals = journals::all(self.context)?.into_iter();
        let unfinished = journals.find(|journal| {
            let read = || Journal::read(&journal.path).ok();
            journal.begins_with(&prefix) && read().is_some_and(|journal| left(&journal) > 0)
        });
        unfinished.map(|journal| journal.path).ok_or_else(|| {
            let message = format!(
                "there is no unfinished job of {} {}",
                self.group.name(),
                self.verb
            );
            Failure::usage(message)
                .fix("name its journal with --resume FILE; if it has none, run the job again")
        })
    }

    /// Plans and runs a job. `resumed` is the journal of a resumed job. Such a job is planned again only with
    /// `--plan`. `make` creates the job, once for the plan and once for the run.
    pub(crate) async fn run(
        &self,
        resumed: Option<(PathBuf, Journal)>,
        make: impl Fn() -> Result<GroupBulk, funnelflux::Error>,
    ) -> CommandResult {
        let output = self.context.output(self.matches, &report_view())?;
        // Without these two columns, `--ids-from` would read the originals in place of the copies.
        let column = ["copy", "outcome"]
            .into_iter()
            .find(|column| output.leaves_out(column));
        if let Some(column) = column.filter(|_| self.verb == "duplicate" && !output.leaves_out("id")) {
            let message =
                format!("--columns has id without {column}, so the originals would look like copies");
            return Err(Failure::usage(format!("{message}; nothing was sent"))
                .fix(format!("add {column} to --columns")));
        }
        check_report(self.matches)?;
        let only_plan = self.matches.get_flag("plan");
        let configured = || Ok::<_, Failure>(self.configure(make()?));
        let job = configured()?;
        if !only_plan && job.requires_acknowledgement() && !self.context.options.accept_inferred {
            let message = format!("nothing was sent: {} is inferred, not documented", job.job());
            return Err(Failure::usage(message).fix(
                "try it on an asset that you can lose, with --accept-inferred; --plan needs no such option",
            ));
        }
        if let Some((_, journal)) = resumed.as_ref().filter(|_| !only_plan) {
            // The user confirmed the job when it began, but may have abandoned it since then. The program
            // therefore asks again.
            let handles_children = !journal.children::<String>().is_leave();
            let change = format!("continue to {}", self.change(left(journal)));
            self.context
                .confirm(&change, self.expected(handles_children), self.stdin_is_used)?;
        } else {
            let plan = job.plan().await.map_err(|error| invalid_job(&error))?;
            let failures = plan.unreadable.iter().filter_map(|(_, failure)| failure.error());
            if let Some(error) = failures.into_iter().find(|error| error.is_unauthorized()) {
                return Err(Failure::from(error));
            }
            if only_plan {
                print_plan(&plan, &output)?;
                return Ok(Exit::Done);
            }
            let _ = writeln!(io::stderr(), "{}", printable(&plan.to_string()));
            if plan.would_change.is_empty() && matches!(plan.children, Children::Untouched) {
                note("nothing to change, and nothing was sent");
                let is_complete = plan.missing.is_empty() && plan.unreadable.is_empty();
                return Ok(if is_complete { Exit::Done } else { Exit::Failed });
            }
            if self.verb == "delete" {
                note("a deletion cannot be undone");
            }
            self.confirm(&plan)?;
        }
        let name = format!("{}-{}", self.group.name(), self.verb);
        let path = match resumed {
            Some((path, _)) => Some(path),
            None => journal_path(self.matches, self.context, &name)?,
        };
        let report = self.send(configured()?, path.as_deref()).await?;
        self.finish(&report, path.as_deref(), &output)
    }

    fn configure(&self, job: GroupBulk) -> GroupBulk {
        let number = |name: &str| self.matches.get_one::<u32>(name).map(|number| *number as usize);
        // A proxy may have answered instead of the service, so changes are always read back.
        let mut job = job.concurrency(self.context.jobs()).verify(true);
        if let Some(ids) = number("chunk-size") {
            job = job.chunk_size(ids);
        }
        if let Some(failed) = number("stop-after") {
            job = job.stop_after(failed);
        }
        job
    }

    fn confirm(&self, plan: &Plan<String>) -> Result<(), Failure> {
        let handles_children = !matches!(plan.children, Children::Untouched);
        let children = match plan.children {
            Children::Known { count: number } => format!(" and {}", count(number, "child", "children")),
            Children::Unknown => " and an unknown number of children".to_owned(),
            _ => String::new(),
        };
        let change = self.change(plan.would_change.len()) + &children;
        self.context
            .confirm(&change, self.expected(handles_children), self.stdin_is_used)
    }

    /// Describes the change of this number of assets.
    fn change(&self, assets: usize) -> String {
        let assets = count(assets, self.group.singular(), self.group.plural());
        format!("{} {assets}", self.verb)
    }

    /// Returns the answer that confirms the change.
    fn expected(&self, handles_children: bool) -> Expected<'static> {
        if self.verb == "delete" && handles_children {
            Expected::Word("delete")
        } else {
            Expected::Yes
        }
    }

    async fn send(&self, job: GroupBulk, journal: Option<&Path>) -> Result<Report<String>, Failure> {
        let display = LineDisplay::new();
        let shown = display.clone();
        let mut job = job
            .on_progress(move |progress| shown.update_job(progress))
            .cancel_when(stop_signal()?);
        if self.context.options.accept_inferred {
            job = job.acknowledge_inferred();
        }
        if let Some(path) = journal {
            job = job.undoable_journal(path);
        }
        let report = job.send().await;
        display.finish();
        report.map_err(|error| match error {
            GroupJobError::Invalid(error) => invalid_job(&error),
            error => Failure::usage(error.to_string()),
        })
    }

    fn finish(&self, report: &Report<String>, journal: Option<&Path>, output: &Output) -> CommandResult {
        print_report(self.context, report);
        let unfinished = report.entries().iter().any(|entry| entry.outcome.is_unfinished());
        if let (true, Some(path)) = (unfinished, journal) {
            let words = [
                self.group.name(),
                self.verb,
                "--resume",
                &journals::argument(path),
            ];
            let command = self.context.command_line(&words);
            note(&format!("continue with: {command}"));
        } else if let Some(path) = journal
            && let Some(command) =
                undo_job_command(self.context, path, self.verb, Some(self.group), report.counts())
        {
            note(&format!("undo with: {command}"));
        }
        let written = write_report(report, self.matches, output);
        if self.verb == "duplicate" && !output.is_explicit() {
            let copies = report.entries().iter().filter_map(|entry| entry.copy());
            write_out(|out| copies.into_iter().try_for_each(|id| writeln!(out, "{id}")))?;
        }
        written?;
        Ok(exit_of(report))
    }
}

/// ID of an asset in a report. If the report can have assets of several groups, the ID also contains the name
/// of the asset's group.
pub(crate) trait ReportId: fmt::Display {
    /// Returns the ID of the asset.
    fn id(&self) -> &str;

    /// Returns the name of the group, if the report can have assets of several groups.
    fn group(&self) -> Option<&str>;
}

impl ReportId for String {
    fn id(&self) -> &str {
        self
    }

    fn group(&self) -> Option<&str> {
        None
    }
}

impl ReportId for AssetKey {
    fn id(&self) -> &str {
        &self.id
    }

    fn group(&self) -> Option<&str> {
        Some(&self.group)
    }
}

/// Prints a report to stderr. With `--errors json`, each failed asset is a JSON object on a line.
pub(crate) fn print_report<I: ReportId>(context: &Context, report: &Report<I>) {
    let as_json = context.options.errors_as_json;
    let text = if as_json {
        format!("{}: {}", report.job(), report.counts())
    } else {
        report.to_string()
    };
    // If stderr is closed, the error is ignored.
    let _ = writeln!(io::stderr(), "{}", printable(&of_library(&text)));
    let exit = exit_of(report);
    for entry in report.iter().filter(|_| as_json) {
        if let Some(failure) = failure_of(entry) {
            failure.with_exit(exit).report(true);
        }
    }
}

/// Returns the failure of an asset, with the ID and the outcome of the asset.
fn failure_of<I: ReportId>(entry: &Entry<I>) -> Option<Failure> {
    let failure = entry.outcome.failure()?;
    let shown = Failure::failed(failure.to_string());
    let shown = match failure.error() {
        Some(error) => shown.error_properties(error),
        None => shown,
    };
    let shown = match entry.id.group() {
        Some(group) => shown.property("group", group),
        None => shown,
    };
    Some(
        shown
            .property("id", entry.id.id())
            .property("outcome", name_of(&entry.outcome)),
    )
}

/// Writes the outcomes of a report to stdout if the user chose a format, and to the file that `--report`
/// names. Because writing can fail, callers first print everything that the user must know.
pub(crate) fn write_report<I: ReportId + Serialize>(
    report: &Report<I>,
    matches: &ArgMatches,
    output: &Output,
) -> Result<(), Failure> {
    let written = match matches.get_one::<PathBuf>("report") {
        Some(path) => write_report_file(path, report),
        None => Ok(()),
    };
    if output.is_explicit() {
        output.print_rows(report.entries().iter().map(row).collect(), &report_view())?;
    }
    written
}

/// Returns the exit code for a report. A job in which the program itself rejected an asset, for example a
/// stale one, has failed: the service has not refused it.
pub(crate) fn exit_of<I>(report: &Report<I>) -> Exit {
    use funnelflux::ext::Reason;
    let counts = report.counts();
    let reasons = || {
        report
            .entries()
            .iter()
            .filter_map(|entry| entry.outcome.failure())
    };
    let is_cancelled = reasons().any(|failure| failure.reason() == Reason::Cancelled);
    let is_refused =
        counts.rejected == counts.total() && reasons().all(|failure| failure.reason() == Reason::Refused);
    let is_unauthorized =
        reasons().any(|failure| failure.error().is_some_and(funnelflux::Error::is_unauthorized));
    match (counts.done + counts.already, counts.total()) {
        (good, total) if good == total => Exit::Done,
        _ if is_cancelled => Exit::Cancelled,
        (0, _) if is_unauthorized => Exit::Authentication,
        (0, _) if is_refused => Exit::Refused,
        (0, _) => Exit::Failed,
        _ => Exit::Partly,
    }
}

/// Returns the number of IDs of a job for which the outcome is not yet known.
pub(crate) fn left(journal: &Journal) -> usize {
    let counts = journal.counts();
    let settled = counts.total() - counts.unknown;
    journal.ids::<String>().len().saturating_sub(settled)
}

/// Returns the name of the command that makes this kind of change.
pub(crate) fn verb_of(change: &ChangeRecord) -> Option<&'static str> {
    match change {
        ChangeRecord::Archive { .. } => Some("archive"),
        ChangeRecord::Unarchive => Some("unarchive"),
        ChangeRecord::Delete { .. } => Some("delete"),
        ChangeRecord::MoveToCategory { .. } => Some("move"),
        ChangeRecord::Duplicate { .. } => Some("duplicate"),
        _ => None,
    }
}

fn invalid_job(error: &InvalidJob) -> Failure {
    match error {
        InvalidJob::Journal(journal) => {
            Failure::library_file(error, journal.io_error()).or_fix("name another file with --journal")
        }
        _ => Failure::usage(error.to_string()),
    }
}

fn print_plan(plan: &Plan<String>, output: &Output) -> Result<(), Failure> {
    if output.is_explicit() && output.format() != Format::Table {
        let value = serde_json::to_value(plan).unwrap_or_default();
        return output.print_value(value, &View::default());
    }
    write_out(|out| writeln!(out, "{plan}"))
}

pub(crate) fn report_view() -> View {
    let column = |name| (name, JsonPath::of_pointer(name));
    View {
        id: Some(JsonPath::of_pointer("id")),
        columns: ["id", "outcome", "copy", "message"].map(column).into(),
    }
}

/// Returns the name of an outcome in reports.
const fn name_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done { confirmed: true } => "done",
        Outcome::Done { confirmed: false } => "done, not read back",
        Outcome::AlreadySo { .. } => "already so",
        Outcome::Rejected { .. } => "rejected",
        Outcome::Unknown { .. } => "unknown",
        Outcome::NotSent { .. } => "not sent",
        _ => "other",
    }
}

/// Returns the row for an entry of a report. It contains the ID, the outcome, the ID of a copy, the message
/// of a failure, and the group if the report can have assets of several groups.
fn row<I: ReportId>(entry: &Entry<I>) -> Value {
    let outcome = name_of(&entry.outcome);
    let message = entry.outcome.failure().map(ToString::to_string);
    let copy = entry.copy().map(ReportId::id);
    let mut row = json!({ "id": entry.id.id(), "outcome": outcome, "copy": copy, "message": message });
    if let (Some(group), Value::Object(row)) = (entry.id.group(), &mut row) {
        row.insert("group".to_owned(), json!(group));
    }
    row
}

/// Returns true if an outcome in a report means that the asset is in the state that the job requested. The
/// outcome is spelled as in [`row`] (CSV and NDJSON) or as in the JSON of [`Outcome`].
pub(crate) fn is_success(outcome: &str) -> bool {
    matches!(
        outcome,
        "done" | "done, not read back" | "already so" | "already_so"
    )
}

/// Writes the outcome of every ID to a file. The extension of the file determines the format.
fn write_report_file<I: ReportId + Serialize>(path: &Path, report: &Report<I>) -> Result<(), Failure> {
    let rows: Vec<Value> = report.entries().iter().map(row).collect();
    let failed = |error: String| Failure::failed(format!("the report cannot be written: {error}"));
    let content = match ReportFormat::of(path)? {
        ReportFormat::Csv => {
            let mut writer = csv::Writer::from_writer(Vec::new());
            let mut write = |cells: [&str; 4]| {
                writer
                    .write_record(cells)
                    .map_err(|error| failed(error.to_string()))
            };
            write(["id", "outcome", "copy", "message"])?;
            for row in &rows {
                let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
                write([text("id"), text("outcome"), text("copy"), text("message")])?;
            }
            writer.into_inner().map_err(|error| failed(error.to_string()))?
        }
        ReportFormat::Lines => rows
            .iter()
            .flat_map(|row| format!("{row}\n").into_bytes())
            .collect(),
        ReportFormat::Json => serde_json::to_vec_pretty(report).map_err(|error| failed(error.to_string()))?,
    };
    write_whole(path, &content)
}
