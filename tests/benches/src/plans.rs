//! Measures the duration of an export and of a plan over a slow network, as a multiple of the ideal duration.

use crate::{
    BoxError, Size,
    processes::{ServiceProcess, output},
    workspace,
};
use funnelflux::{
    Client,
    ext::{plan::ChangePlan, snapshot::Snapshot},
    transport::{HttpTransport, Transport as _, from_fn},
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
const JOBS: [JobRow; 3] = [
    JobRow {
        name: "export into a folder",
        job: "folder",
        latency: Duration::from_millis(250),
    },
    JobRow {
        name: "export into a `.tar.gz` file",
        job: "archive",
        latency: Duration::from_millis(250),
    },
    JobRow {
        name: "apply a change of each asset",
        job: "apply",
        latency: Duration::from_millis(50),
    },
];

/// A row of the table.
struct JobRow {
    name: &'static str,
    /// Value of the option `--job` of the child process.
    job: &'static str,
    /// Latency of each request.
    latency: Duration,
}

/// Default number of concurrent requests, both for exports and for plans.
const CONCURRENCY: u32 = 4;

pub(crate) fn measure(size: Size) -> Result<String, BoxError> {
    let assets = size.of(10_000);
    let mut table =
        "| job | request latency | requests | elapsed ÷ ideal | target |\n|---|---:|---:|---:|---:|\n"
            .to_owned();
    // All files are kept until the end, in a different place than the files of other programs. For minutes
    // after files were deleted, ext4 without a journal needs twenty times as long to create a file in the
    // same place.
    let folder = tempfile::tempdir_in(workspace::target())?;
    for JobRow { name, job, latency } in JOBS {
        let service = ServiceProcess::start_fake(assets)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["plan", "--base-url", &service.base_url, "--job", job]);
        let milliseconds = latency.as_millis().to_string();
        command.args(["--latency", &milliseconds]);
        command.env("TMPDIR", folder.path());
        let (stdout, _) = output(&mut command)?;
        let (requests, seconds) = stdout
            .trim()
            .split_once(' ')
            .ok_or("the job printed too little")?;
        let (requests, seconds): (u32, f64) = (requests.parse()?, seconds.parse()?);
        let ideal = latency * requests.div_ceil(CONCURRENCY);
        let ratio = seconds / ideal.as_secs_f64();
        writeln!(
            table,
            "| {name}, {assets} assets | {milliseconds} ms | {requests} | {ratio:.2} | 1.15 |"
        )?;
    }
    Ok(table)
}

/// Runs a job in this process, and prints the number of its requests and the elapsed seconds.
pub(crate) fn run(base_url: &str, job: &str, latency: Duration) -> Result<(), BoxError> {
    crate::runtime()?.block_on(async {
        let requests = Arc::new(AtomicU32::new(0));
        let (http, counter) = (Arc::new(HttpTransport::new()?), Arc::clone(&requests));
        let transport = from_fn(move |request| {
            counter.fetch_add(1, Ordering::Relaxed);
            let http = Arc::clone(&http);
            async move {
                tokio::time::sleep(latency).await;
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
        if job == "folder" {
            export.to_folder(folder.join("backup")).await?;
        } else if job == "archive" {
            export.to_archive(folder.join("backup.tar.gz")).await?;
        } else {
            let report = plan.apply(&client).journal(folder.join("journal")).send().await?;
            if !report.is_success() {
                return Err(report.to_string().into());
            }
        }
        println!(
            "{} {}",
            requests.load(Ordering::Relaxed),
            start.elapsed().as_secs_f64()
        );
        Ok(())
    })
}
