//! Endurance test: makes many calls and runs a large bulk job against an embedded fake. Looks for leaks of
//! memory and sockets.
//!
//! ```sh
//! cargo run --release -p funnelflux --example soak                                    # a few seconds
//! cargo run --release -p funnelflux --example soak -- --calls 1000000 --ids 100000    # a long run
//! ```
//!
//! The exit code is 1 if memory or sockets leak. Leaks are measured only on Linux; on other systems, only the
//! results of the calls are checked.

use clap::Parser;
use funnelflux::{Client, ext::BulkArchive as _, types::OfferSourceId};
use funnelflux_fake::{Fake, LogRetention, Settings, Status};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::{error::Error, fs, process::ExitCode, time::Instant};

/// Allowed growth of memory after the first tenth of the calls, in KiB. In a run of a million calls, this
/// limit detects a leak of 19 bytes per call.
const MAX_GROWTH: u64 = 16 * 1024;

/// Makes many calls, archives many IDs and reports leaks of memory and sockets.
#[derive(Parser)]
struct Arguments {
    /// Number of calls
    #[arg(long, default_value_t = 2_000)]
    calls: usize,
    /// Number of IDs in the bulk job
    #[arg(long, default_value_t = 500)]
    ids: usize,
    /// Maximum number of concurrent requests
    #[arg(long, default_value_t = 8)]
    concurrency: usize,
}

/// Memory and files that the process uses.
#[derive(Clone, Copy)]
struct Usage {
    /// Resident memory in KiB.
    memory: Option<u64>,
    /// Open files, including sockets.
    files: Option<usize>,
}

impl Usage {
    fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").ok();
        let memory = status.as_deref().and_then(|status| {
            let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
            line.split_whitespace().nth(1)?.parse().ok()
        });
        Self {
            memory,
            files: fs::read_dir("/proc/self/fd").ok().map(Iterator::count),
        }
    }
}

impl std::fmt::Display for Usage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |value: Option<u64>| value.map_or("?".to_owned(), |value| value.to_string());
        let files = self.files.and_then(|files| u64::try_from(files).ok());
        write!(
            formatter,
            "{:>8} KiB  {:>3} files",
            text(self.memory),
            text(files)
        )
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    // The fake runs in this process, so its log would look like a leak.
    let fake = Fake::new(Settings {
        log: LogRetention::Last(0),
        ..Settings::default()
    });
    let ids = fake.seed_many(arguments.ids.max(1));
    let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
    let client = Client::builder()
        .base_url(server.base_url())
        .bearer_token(fake.access_token())
        .build()?;

    let (after_tenth, after_calls) = calls(&client, &ids, &arguments).await?;
    let after_job = bulk(&client, &fake, &ids, &arguments).await?;

    let growth = |before: Option<u64>, after: Option<u64>| match (before, after) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => 0,
    };
    let calls_growth = growth(after_tenth.memory, after_calls.memory);
    // Each connection has two ends in this process.
    let max_files = after_tenth.files.map(|files| files + 2 * arguments.concurrency);
    let sockets_leak = after_job.files > max_files;
    if calls_growth > MAX_GROWTH || sockets_leak {
        println!("leak: calls grew by {calls_growth} KiB; sockets leak: {sockets_leak}");
        return Ok(ExitCode::FAILURE);
    }
    println!("no leak: calls grew by {calls_growth} KiB, sockets by 0");
    Ok(ExitCode::SUCCESS)
}

/// Makes the calls. Returns the memory and files in use after a tenth of the calls and after all calls.
async fn calls(
    client: &Client,
    ids: &[String],
    arguments: &Arguments,
) -> Result<(Usage, Usage), Box<dyn Error>> {
    let start = Instant::now();
    let mut first = None;
    let mut last = Usage::now();
    println!("{:>9} calls  {last}", 0);
    for tenth in 1..=10 {
        let numbers = arguments.calls * (tenth - 1) / 10..arguments.calls * tenth / 10;
        stream::iter(numbers.zip(ids.iter().cycle()))
            .map(|(_, id)| async move {
                let id = OfferSourceId::from(id.as_str());
                let found = client.find_offer_source_by_id(&id).await?;
                (found.id_offer_source == id).then_some(()).ok_or_else(|| {
                    Box::<dyn Error>::from(format!("expected {id}, actual {}", found.id_offer_source))
                })
            })
            .buffer_unordered(arguments.concurrency)
            .try_collect::<()>()
            .await?;
        last = Usage::now();
        first.get_or_insert(last);
        println!("{:>9} calls  {last}", arguments.calls * tenth / 10);
    }
    println!("{:.1?}", start.elapsed());
    Ok((first.unwrap_or(last), last))
}

/// Runs the bulk job. Returns the memory and files in use after the report of the job is dropped.
async fn bulk(
    client: &Client,
    fake: &Fake,
    ids: &[String],
    arguments: &Arguments,
) -> Result<Usage, Box<dyn Error>> {
    let start = Instant::now();
    let report = client
        .offer_sources()
        .bulk_archive(ids.iter().map(String::as_str))
        .concurrency(arguments.concurrency)
        .send()
        .await?;
    println!("{:>9} IDs    {}", ids.len(), Usage::now());
    println!("{report}");
    if report.counts().done != ids.len() {
        return Err("some offer sources were not archived".into());
    }
    let state = fake.state();
    for id in ids {
        let source = state.offer_source(id);
        if source.is_none_or(|source| source.status != Status::Archived) {
            return Err(format!("{id} is not archived on the fake").into());
        }
    }
    drop((report, state));
    let usage = Usage::now();
    println!("afterwards       {usage}");
    println!("{:.1?}", start.elapsed());
    Ok(usage)
}
