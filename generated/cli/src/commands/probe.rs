//! `funnelflux probe`: runs experiments on an account to answer questions that the documentation leaves open.

use crate::confirm::Expected;
use crate::context::{Context, note};
use crate::exit::{CommandResult, Exit, Failure, file_failure};
use crate::output::{View, row_arguments};
use crate::path::JsonPath;
use crate::probe::{self, RemainingState, Remains, Report};
use crate::signals::stop_signal;
use crate::text::count;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use funnelflux::Credentials;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use secrecy::ExposeSecret as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub(crate) fn command() -> Command {
    Command::new("probe")
        .about("Runs experiments on an account to answer open questions about the service")
        .long_about(format!(
            "Runs experiments on an account to answer questions that the documentation leaves open. For \
             example: Does one unknown ID make a whole call fail? Does a save replace the whole asset, or \
             only the fields sent? Which statuses and bodies do responses have?\n\n\
             The probe creates the assets that it needs, with names such as {:?}, and deletes them at the \
             end. It changes no other asset. If a response prevents the probe from continuing, the probe \
             stops, and lists the assets that it has created and not deleted. The service may keep deleted \
             assets, with the status deleted.\n\n\
             Each result confirms what this project inferred (shown as \"settled\"), contradicts it (shown \
             as \"contradicts our inference\"), or leaves the question open (shown as \"still open\"). With \
             --settings FILE, the probe writes its results as settings of the fake. To make \
             the fake behave like the account, run: funnelflux fake --settings FILE",
            format!("{} …", probe::NAME)
        ))
        .after_help("Try it without an account: funnelflux --fake probe --yes -o table")
        .args([
            Arg::new("live")
                .long("live")
                .action(ArgAction::SetTrue)
                .help("Allow the experiments on a real account"),
            Arg::new("plan")
                .long("plan")
                .action(ArgAction::SetTrue)
                .help("Print the experiments and send nothing"),
            Arg::new("settings")
                .long("settings")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Write the results to a new file, as settings for funnelflux fake"),
            Arg::new("pause")
                .long("pause")
                .value_name("MILLISECONDS")
                .value_parser(value_parser!(u64))
                .default_value("200")
                .help("Pause between repeated reads, while the probe waits for a new asset or a change"),
        ])
        .args(row_arguments())
}

fn view(columns: &'static [&'static str]) -> View {
    let path = |name: &&'static str| (*name, JsonPath::root().child(name));
    View {
        id: None,
        columns: columns.iter().map(path).collect(),
    }
}

pub(crate) async fn run(matches: &ArgMatches, context: &Context) -> CommandResult {
    let accepts_inferred = context.options.accept_inferred;
    if matches.get_flag("plan") {
        let view = view(&["setting", "question", "group", "steps"]);
        let output = context.output(matches, &view)?;
        output.print_rows(probe::plan(accepts_inferred), &view)?;
        return Ok(Exit::Done);
    }
    let view = view(&["result", "setting", "found", "inferred", "detail"]);
    let output = context.output(matches, &view)?;
    if !context.options.fake && !matches.get_flag("live") {
        let message =
            "nothing was sent: the probe creates, changes and deletes assets of its own on the account";
        return Err(Failure::usage(message)
            .fix("add --live; --plan shows the experiments, and --fake runs them in memory"));
    }
    let file = matches.get_one::<PathBuf>("settings").map(PathBuf::as_path);
    let file = file.map(NewFile::create).transpose()?;
    // The tokens only serve to notice a renewal. If they cannot be read, the client reports the error.
    let stored = || async { context.stored_tokens().await.ok().flatten() };
    let tokens = stored().await;
    let client = context.client()?;
    let account = match client.account().await? {
        Some(account) => format!(" (account {account})"),
        None => String::new(),
    };
    let assets = count(probe::asset_count(accepts_inferred), "asset", "assets");
    let question = format!(
        "create {assets} on {}{account}, change and delete them",
        client.base_url()
    );
    context.confirm(&question, Expected::Yes, false)?;
    let pause = matches.get_one::<u64>("pause").copied().unwrap_or_default();
    let options = probe::Options {
        accepts_inferred,
        pause: Duration::from_millis(pause),
    };
    let mut report = with_progress(|progress, stopped| {
        probe::run(
            &client,
            options,
            move || stopped.load(Ordering::Relaxed),
            progress,
        )
    })
    .await?;
    if let (Some(before), Some(after)) = (tokens, stored().await)
        && before.access_token().expose_secret() != after.access_token().expose_secret()
    {
        let refresh = |tokens: &Credentials| {
            tokens
                .refresh_token()
                .map(|token| token.expose_secret().to_owned())
        };
        report.renewed(refresh(&before) != refresh(&after));
    }
    if let Some(file) = file {
        file.write(&report.settings()?)?;
    }
    output.print_rows(report.rows(), &view)?;
    conclude(&report)
}

/// Runs the probe, and shows a progress bar on a terminal. Ctrl-C stops the probe after the current
/// experiment.
async fn with_progress<F: Future<Output = Result<Report, Failure>>>(
    run: impl FnOnce(Box<dyn FnMut(usize, usize, &str)>, Arc<AtomicBool>) -> F,
) -> Result<Report, Failure> {
    // The bar is hidden if stderr is not a terminal.
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {msg}") {
        bar.set_style(style);
    }
    let stopped = Arc::new(AtomicBool::new(false));
    let signal = stop_signal()?;
    let flag = Arc::clone(&stopped);
    let waiting = tokio::spawn(async move {
        signal.await;
        flag.store(true, Ordering::Relaxed);
    });
    let shown = bar.clone();
    let progress = move |done: usize, total: usize, question: &str| {
        shown.set_length(total as u64);
        shown.set_position(done as u64);
        shown.set_message(question.to_owned());
    };
    let report = run(Box::new(progress), stopped).await;
    waiting.abort();
    bar.finish_and_clear();
    report
}

/// Prints the number of answers per verdict, and the assets that remain, to stderr. Returns the exit code.
fn conclude(report: &Report) -> CommandResult {
    let [settled, contradicts, open] = report.counts();
    note(&format!(
        "{settled} settled, {contradicts} contradict our inference, {open} still open"
    ));
    note(&remaining(&report.remains));
    let left: Vec<String> = report
        .left_behind()
        .map(|(remains, reason)| format!("{} {}: {reason}", remains.group.singular(), remains.id))
        .collect();
    for line in &left {
        note(&format!("left behind: {line}"));
    }
    if let Some(surprise) = &report.surprise {
        return Err(Failure::failed(format!("stopped at a surprise: {surprise}"))
            .fix("the rows that are settled hold; report the surprise, with the table"));
    }
    if report.is_cancelled {
        return Err(Failure::new(
            Exit::Cancelled,
            "cancelled: the other questions were not asked",
        ));
    }
    Ok(if left.is_empty() { Exit::Done } else { Exit::Partly })
}

/// Returns a line with the numbers of the probe's assets: all assets, deleted assets and missing assets.
fn remaining(remains: &[Remains]) -> String {
    let number = |state: &RemainingState| remains.iter().filter(|asset| asset.state == *state).count();
    let deleted = number(&RemainingState::Deleted);
    let gone = number(&RemainingState::Gone);
    let text = match (deleted, gone) {
        (0, 0) => "none is deleted".to_owned(),
        (0, gone) => format!("{gone} can no longer be read"),
        (deleted, 0) => format!("{deleted} remain with the status deleted"),
        (deleted, gone) => format!("{deleted} remain with the status deleted, {gone} can no longer be read"),
    };
    let assets = count(remains.len(), "asset", "assets");
    format!("{assets} of the probe: {text}")
}

/// New file. It appears at its path only when its content is complete.
struct NewFile<'p> {
    path: &'p Path,
    file: tempfile::NamedTempFile,
}

impl<'p> NewFile<'p> {
    /// Checks that the file does not exist and can be written. The check runs before the experiments.
    fn create(path: &'p Path) -> Result<Self, Failure> {
        if path.exists() {
            let message = format!("{} exists; nothing was sent", path.display());
            return Err(Failure::usage(message).fix("choose another file, or remove this one"));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
            .map_err(|error| file_failure("write", path, &error))?;
        Ok(Self { path, file })
    }

    fn write(mut self, text: &str) -> Result<(), Failure> {
        let failed = |error: io::Error| file_failure("write", self.path, &error);
        self.file.write_all(text.as_bytes()).map_err(failed)?;
        self.file
            .persist_noclobber(self.path)
            .map_err(|error| file_failure("write", self.path, &error.error))?;
        Ok(())
    }
}
