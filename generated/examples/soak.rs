//! Endurance: many calls and a bulk job of many IDs against the embedded fake, watched for memory and sockets that do not come back.
//!
//! ```sh
//! cargo run --release -p funnelflux --example soak                                     # a few seconds
//! cargo run --release -p funnelflux --example soak -- --calls 1000000 --ids 100000     # the long run
//! ```
//!
//! Ends with 1 where memory or sockets grew more than they may. Linux tells of both; elsewhere only the calls are checked.

use clap::Parser;
use funnelflux::{Client, ext::BulkArchive as _, types::OfferSourceId};
use funnelflux_fake::{Fake, LogRetention, Settings, Status};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::{error::Error, fs, process::ExitCode, time::Instant};

/// How much more memory than after the first tenth the calls may take, in KiB: a leak of 16 bytes a call shows in a million.
const MAY_GROW: u64 = 16 * 1024;

/// Makes many calls and archives many IDs, and shows what memory and sockets do.
#[derive(Parser)]
struct Arguments {
    /// Calls to make
    #[arg(long, default_value_t = 2_000)]
    calls: usize,
    /// IDs to archive in one bulk job
    #[arg(long, default_value_t = 500)]
    ids: usize,
    /// Calls, and requests of the bulk job, on their way at once
    #[arg(long, default_value_t = 8)]
    concurrency: usize,
}

/// What the process holds.
#[derive(Clone, Copy)]
struct Held {
    /// Resident memory in KiB.
    memory: Option<u64>,
    /// Open files, sockets included.
    files: Option<usize>,
}

impl Held {
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

impl std::fmt::Display for Held {
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
    // The fake shares the process: what it keeps of each request would look like a leak.
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

    let grown = |before: Option<u64>, after: Option<u64>| match (before, after) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => 0,
    };
    let calls_grew = grown(after_tenth.memory, after_calls.memory);
    // Each connection has two ends in this process.
    let most_files = after_tenth.files.map(|files| files + 2 * arguments.concurrency);
    let sockets_leak = after_job.files > most_files;
    if calls_grew > MAY_GROW || sockets_leak {
        println!("grew: {calls_grew} KiB by calls; sockets leak: {sockets_leak}");
        return Ok(ExitCode::FAILURE);
    }
    println!("flat: {calls_grew} KiB more after nine tenths of the calls, no socket more");
    Ok(ExitCode::SUCCESS)
}

/// What is held after a tenth of the calls, and after all.
async fn calls(
    client: &Client,
    ids: &[String],
    arguments: &Arguments,
) -> Result<(Held, Held), Box<dyn Error>> {
    let start = Instant::now();
    let mut first = None;
    let mut last = Held::now();
    println!("{:>9} calls  {last}", 0);
    for tenth in 1..=10 {
        let numbers = arguments.calls * (tenth - 1) / 10..arguments.calls * tenth / 10;
        stream::iter(numbers.zip(ids.iter().cycle()))
            .map(|(_, id)| async move {
                let id = OfferSourceId::from(id.as_str());
                let found = client.find_offer_source_by_id(&id).await?;
                (found.id_offer_source == id)
                    .then_some(())
                    .ok_or_else(|| Box::<dyn Error>::from(format!("asked for {id}")))
            })
            .buffer_unordered(arguments.concurrency)
            .try_collect::<()>()
            .await?;
        last = Held::now();
        first.get_or_insert(last);
        println!("{:>9} calls  {last}", arguments.calls * tenth / 10);
    }
    println!("{:.1?}", start.elapsed());
    Ok((first.unwrap_or(last), last))
}

/// What is held after a bulk job, whose report is dropped by then.
async fn bulk(
    client: &Client,
    fake: &Fake,
    ids: &[String],
    arguments: &Arguments,
) -> Result<Held, Box<dyn Error>> {
    let start = Instant::now();
    let report = client
        .offer_sources()
        .bulk_archive(ids.iter().map(String::as_str))
        .concurrency(arguments.concurrency)
        .send()
        .await?;
    println!("{:>9} IDs    {}", ids.len(), Held::now());
    println!("{report}");
    if report.counts().done != ids.len() {
        return Err("not all were archived".into());
    }
    let state = fake.state();
    for id in ids {
        let source = state.offer_source(id);
        if source.is_none_or(|source| source.status != Status::Archived) {
            return Err(format!("{id} is not archived at the service").into());
        }
    }
    drop((report, state));
    let held = Held::now();
    println!("afterwards       {held}");
    println!("{:.1?}", start.elapsed());
    Ok(held)
}
