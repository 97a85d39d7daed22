//! Measures the duration of an export, a plan and a duplication over a slow network, as a multiple of the
//! ideal duration.

use crate::{
    BoxError, Size,
    processes::{ServiceProcess, output},
    workspace,
};
use funnelflux::{
    Client,
    ext::{DuplicateMany as _, plan::ChangePlan, snapshot::Snapshot},
    transport::{HttpTransport, Transport as _, from_fn},
    types::{DuplicateRequest, OfferSourceId},
};
use funnelflux_benches::{
    hand_written::HandWrittenClient,
    workload::{CHUNK_SIZE, CONCURRENCY},
};
use std::{
    fmt::Write as _,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

/// The measured jobs. An export sends few requests, each for many assets. With a short latency, its duration
/// would mainly depend on the disk.
const JOBS: [JobRow; 4] = [
    JobRow {
        name: "export into a folder",
        job: "folder",
        hand_written: "read-all",
        assets: 10_000,
        latency: Duration::from_millis(250),
        target: "1.15",
    },
    JobRow {
        name: "export into a `.tar.gz` file",
        job: "archive",
        hand_written: "read-all",
        assets: 10_000,
        latency: Duration::from_millis(250),
        target: "1.15",
    },
    JobRow {
        name: "apply a change of each asset",
        job: "apply",
        hand_written: "save-all",
        assets: 10_000,
        latency: Duration::from_millis(50),
        target: "1.15",
    },
    JobRow {
        name: "duplicate each asset",
        job: "duplicate",
        hand_written: "duplicate-all",
        assets: 2_000,
        latency: Duration::from_millis(50),
        target: "–",
    },
];

/// A row of the table.
struct JobRow {
    name: &'static str,
    /// Value of the option `--job` of the child process.
    job: &'static str,
    /// Value of the option `--job` for the hand-written loop.
    hand_written: &'static str,
    assets: usize,
    /// Latency of each request; see [`delay`].
    latency: Duration,
    /// Maximum ratio of `funnelflux` to the ideal duration.
    target: &'static str,
}

pub(crate) fn measure(size: Size) -> Result<String, BoxError> {
    let mut table = "| job | request latency | requests | hand-written loop | funnelflux | target |\n\
        |---|---:|---:|---:|---:|---:|\n"
        .to_owned();
    // All files are kept until the end, away from the files of other programs. The reason is ext4 without a
    // journal: for minutes after files were deleted, creating a file in the same place takes twenty times as
    // long.
    let folder = tempfile::tempdir_in(workspace::target())?;
    for row in JOBS {
        let JobRow { name, latency, .. } = row;
        let assets = size.of(row.assets);
        let milliseconds = latency.as_millis().to_string();
        let run = |job| -> Result<(u32, f64), BoxError> {
            let service = ServiceProcess::start_fake(assets)?;
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["plan", "--base-url", &service.base_url, "--job", job]);
            command.args(["--latency", &milliseconds]);
            command.env("TMPDIR", folder.path());
            let (stdout, _) = output(&mut command)?;
            let (requests, seconds) = stdout
                .trim()
                .split_once(' ')
                .ok_or("the job printed too little")?;
            let requests: u32 = requests.parse()?;
            let ideal = latency * requests.div_ceil(u32::try_from(CONCURRENCY)?);
            Ok((requests, seconds.parse::<f64>()? / ideal.as_secs_f64()))
        };
        let (_, hand_written) = run(row.hand_written)?;
        let (requests, ours) = run(row.job)?;
        writeln!(
            table,
            "| {name}, {assets} assets | {milliseconds} ms | {requests} | {hand_written:.2} | {ours:.2} \
             | {} |",
            row.target
        )?;
    }
    table.push_str(
        "\nThe hand-written loop sends the same requests to the same service, but writes no files and no \
         journal, and compares nothing. For the duplication, the latency varies between a half and one and a \
         half of the given one. The result of a duplication counts only when the requests that were in \
         flight at the same time have ended, so requests with a short latency wait for others.\n",
    );
    Ok(table)
}

/// Runs a job in this process, and prints the number of its requests and the elapsed seconds.
pub(crate) fn run(base_url: &str, job: &str, latency: Duration) -> Result<(), BoxError> {
    let (requests, elapsed) = crate::runtime()?.block_on(async {
        match job {
            "read-all" | "save-all" | "duplicate-all" => by_hand(base_url, job, latency).await,
            _ => with_crate(base_url, job, latency).await,
        }
    })?;
    println!("{requests} {}", elapsed.as_secs_f64());
    Ok(())
}

/// Returns the latency of a request. For a duplication, it varies between 0.5 and 1.5 times the given
/// latency, because a duplication waits for all requests that are in flight at the same time.
fn delay(job: &str, latency: Duration, number: u32) -> Duration {
    if job.starts_with("duplicate") {
        latency / 2 + latency * (number * 5 % 9) / 8
    } else {
        latency
    }
}

/// Runs a hand-written loop with the requests of the job. It keeps nothing and checks nothing.
async fn by_hand(base_url: &str, job: &str, latency: Duration) -> Result<(u32, Duration), BoxError> {
    let client = HandWrittenClient::new(base_url, crate::FAKE_TOKEN)?;
    let requests = AtomicU32::new(0);
    let wait = async || {
        let number = requests.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(delay(job, latency, number)).await;
    };
    let mut start = Instant::now();
    let mut sources = client.read_all(CHUNK_SIZE, CONCURRENCY, &wait).await?;
    if job == "duplicate-all" {
        requests.store(0, Ordering::Relaxed);
        start = Instant::now();
        client.duplicate_all(&sources, CONCURRENCY, &wait).await?;
    } else if job == "save-all" {
        for source in &mut sources {
            source.postback_tx_id = Some("changed".to_owned());
        }
        client.save_all(&sources, CONCURRENCY, &wait).await?;
    }
    Ok((requests.load(Ordering::Relaxed), start.elapsed()))
}

async fn with_crate(base_url: &str, job: &str, latency: Duration) -> Result<(u32, Duration), BoxError> {
    let requests = Arc::new(AtomicU32::new(0));
    let (http, counter) = (Arc::new(HttpTransport::new()?), Arc::clone(&requests));
    let name = job.to_owned();
    let transport = from_fn(move |request| {
        let number = counter.fetch_add(1, Ordering::Relaxed);
        let delay = delay(&name, latency, number);
        let http = Arc::clone(&http);
        async move {
            tokio::time::sleep(delay).await;
            http.send(request).await
        }
    });
    let client = Client::builder()
        .base_url(base_url)
        .bearer_token(crate::FAKE_TOKEN);
    let client = client.transport(transport).build()?;
    let folder = tempfile::tempdir()?.keep();
    let groups = ["offer-sources"];
    let plan = ChangePlan::set("/postbackTxId", Some("changed".into()));
    let plan = plan.groups(groups).plan(&client).await?;
    requests.store(0, Ordering::Relaxed);
    let start = Instant::now();
    let export = Snapshot::export(&client).groups(groups);
    let journal = folder.join("journal");
    let failure = match job {
        "folder" => export.to_folder(folder.join("backup")).await.map(|_| None)?,
        "archive" => export
            .to_archive(folder.join("backup.tar.gz"))
            .await
            .map(|_| None)?,
        "duplicate" => {
            let ids: Vec<String> = plan
                .entries()
                .iter()
                .map(|entry| entry.key().id.clone())
                .collect();
            let copy = |id: &OfferSourceId| DuplicateRequest::new(format!("Copy of {id}"));
            let copies = client.offer_sources().duplicate_many(ids, copy);
            let report = copies.concurrency(CONCURRENCY).journal(journal).send().await?;
            (!report.is_success()).then(|| report.to_string())
        }
        _ => {
            let report = plan.apply(&client).journal(journal).send().await?;
            (!report.is_success()).then(|| report.to_string())
        }
    };
    if let Some(failure) = failure {
        return Err(failure.into());
    }
    Ok((requests.load(Ordering::Relaxed), start.elapsed()))
}
