//! Archives many offer sources and prints a report. `--children` chooses what happens to their pages.
//!
//! ```text
//! cargo run -p funnelflux --example bulk_archive                        # on an embedded fake
//! cargo run -p funnelflux --example bulk_archive -- --help
//! FUNNELFLUX_ACCESS_TOKEN=… cargo run -p funnelflux --example bulk_archive -- \
//!     --live --ids-from dead.txt --children move:2nIemJxCKbFX --journal archive.journal
//! ```

mod common;
#[path = "common/signals.rs"]
mod signals;

use clap::Parser;
use common::{Account, AccountArguments};
use funnelflux::ext::{BulkArchive as _, Cascade, Journal};
use funnelflux::types::{OfferSourceId, StatusFilter};
use indicatif::{ProgressBar, ProgressStyle};
use signals::stop_signal;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Archives many offer sources. Uses an embedded fake of the service unless --live is given.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    account: AccountArguments,
    /// IDs of the offer sources. Without --live, the default is all offer sources
    ids: Vec<String>,
    /// File with one ID per line
    #[arg(long, value_name = "FILE")]
    ids_from: Option<PathBuf>,
    /// Treatment of the offer sources' pages: leave, cascade, orphan, or move:ID
    #[arg(long, value_name = "CHOICE", default_value = "leave", value_parser = parse_children)]
    children: Cascade<OfferSourceId>,
    /// Write a journal, or resume the job of an existing journal
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Preview the changes without making them
    #[arg(long)]
    plan: bool,
    /// Confirm the change; required with --live
    #[arg(long)]
    yes: bool,
    /// Number of IDs per request
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    chunk_size: usize,
    /// Maximum number of concurrent requests
    #[arg(long, value_name = "NUMBER", default_value_t = 4)]
    concurrency: usize,
}

fn parse_children(text: &str) -> Result<Cascade<OfferSourceId>, String> {
    match (text, text.strip_prefix("move:")) {
        ("leave", _) => Ok(Cascade::leave()),
        ("cascade", _) => Ok(Cascade::cascade()),
        ("orphan", _) => Ok(Cascade::orphan()),
        (_, Some(target)) if !target.is_empty() => Ok(Cascade::move_to(target)),
        _ => Err("expected leave, cascade, orphan, or move:ID with the ID of another offer source".into()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs the job, or only prints its plan. After a job on a live account, returns false unless every offer
/// source is known to be archived.
async fn run(arguments: Arguments) -> Result<bool, Box<dyn Error>> {
    let account = arguments.account.open().await?;
    let earlier = match &arguments.journal {
        Some(path) if path.exists() => Some(Journal::read(path)?),
        _ => None,
    };
    // Without IDs on the command line, the job continues with the IDs of the journal.
    let (ids, children) = match &earlier {
        Some(journal) if arguments.ids.is_empty() && arguments.ids_from.is_none() => {
            eprintln!("Resuming: {} ({}).", journal.job(), journal.counts());
            (journal.ids(), journal.children())
        }
        _ => (
            ids_to_archive(&arguments, &account).await?,
            arguments.children.clone(),
        ),
    };
    let job = || {
        account
            .client
            .offer_sources()
            .bulk_archive(&ids)
            .children(children.clone())
            .chunk_size(arguments.chunk_size)
            .concurrency(arguments.concurrency)
    };

    if earlier.is_none() {
        println!("{}", job().plan().await?);
    }
    if arguments.plan {
        return Ok(true);
    }
    if arguments.account.live && !arguments.yes {
        eprintln!("Nothing was changed. Add --yes to apply the change.");
        return Ok(true);
    }

    let bar = ProgressBar::new(ids.len() as u64);
    bar.set_style(ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}")?);
    let shown = bar.clone();
    let mut job = job()
        .on_progress(move |progress| {
            shown.set_position(progress.finished() as u64);
            shown.set_message(progress.counts.to_string());
        })
        // Ctrl-C and SIGTERM stop the job. Requests in flight get a little time to finish. A second signal
        // ends the process immediately.
        .cancel_when(stop_signal()?)
        .cancel_grace(Duration::from_millis(800));
    if let Some(path) = &arguments.journal {
        job = job.journal(path);
    }
    let report = job.send().await?;
    bar.finish_and_clear();

    println!("{report}");
    if let (Some(_), Some(path)) = (report.unfinished().next(), &arguments.journal) {
        println!("Continue with --journal {}", path.display());
    }
    // On the fake, rejections do not count as a failure, because the fake rejects some IDs on purpose.
    Ok(report.is_success() || account.fake.is_some())
}

/// Returns the IDs to archive.
async fn ids_to_archive(
    arguments: &Arguments,
    account: &Account,
) -> Result<Vec<OfferSourceId>, Box<dyn Error>> {
    let mut ids: Vec<OfferSourceId> = arguments.ids.iter().map(|id| id.as_str().into()).collect();
    if let Some(path) = &arguments.ids_from {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        ids.extend(lines.map(OfferSourceId::from));
    }
    if ids.is_empty() && account.fake.is_some() {
        let sources = account
            .client
            .list_offer_sources(StatusFilter::NotDeleted, None)
            .await?;
        ids.extend(sources.into_iter().map(|source| source.id_offer_source));
    }
    if ids.is_empty() {
        return Err("no offer sources to archive; fix: pass their IDs, or a file with --ids-from".into());
    }
    Ok(ids)
}
