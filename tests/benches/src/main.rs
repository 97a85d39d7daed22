//! The command `cargo figures`. It prints tables of measurements. With `--write`, it also stores the tables
//! in `tests/benches/README.md`.
//!
//! The figures are instruction counts, CPU times, and ratios of interleaved runs, so that other load on the
//! machine hardly affects them. Each part of the figures has its own module and its own table.

mod builds;
mod bulk;
mod calls;
mod commands;
mod machine;
mod memory;
mod page;
mod peers;
mod plans;
mod processes;
mod program;
mod workspace;

use clap::{Parser, Subcommand, ValueEnum};
use funnelflux_benches::{
    service,
    workload::{self, BenchClient, ClientKind, Workload},
};
use funnelflux_fake::{Fake, LogRetention, Settings};
use std::{error::Error, path::PathBuf, process::ExitCode, time::Duration};

/// The cause of a failed measurement.
type BoxError = Box<dyn Error>;

/// Measures time, instructions and memory of the client and its tools, and compares them with alternatives.
#[derive(Parser)]
#[command(name = "cargo figures", bin_name = "cargo figures")]
struct Arguments {
    /// Parts to measure. By default, all parts are measured.
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Also writes the tables to tests/benches/README.md.
    #[arg(long)]
    write: bool,
    /// Measures a hundredth of the assets, to check that everything runs. The figures mean nothing.
    #[arg(long, conflicts_with = "write")]
    quick: bool,
    /// OpenAPI document of another API. The part `commands` also measures the time to process it.
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
    /// Two OpenAPI documents of another API. The part `commands` also measures the comparison of both
    /// documents.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
    pair: Vec<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Access token that the fake service accepts.
const FAKE_TOKEN: &str = "fake-access-token";

/// Size of the measured work.
#[derive(Clone, Copy)]
enum Size {
    Full,
    /// A hundredth of the full size.
    Quick,
}

impl Size {
    const fn of(self, full: usize) -> usize {
        match self {
            Self::Full => full,
            Self::Quick => full / 100,
        }
    }
}

impl Arguments {
    const fn size(&self) -> Size {
        if self.quick { Size::Quick } else { Size::Full }
    }
}

/// A part of the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Instruction counts of calls and decoding, compared with a hand-written client. Requires valgrind.
    Calls,
    /// Duration of bulk jobs, compared with a hand-written loop and with the ideal duration.
    Bulk,
    /// Peak memory of bulk jobs.
    Memory,
    /// Duration of an export, a plan and a duplication, compared with the ideal duration.
    Plans,
    /// CPU time of the program, compared with `curl | jq` and with a hand-written loop. Requires curl and jq.
    Program,
    /// CPU time of `generate`, `check`, `fetch` and `diff`. The command `diff` is compared with other tools.
    Commands,
    /// CPU time of builds and number of crates, for this client and for clients that other generators write.
    Builds,
}

/// Commands with which this program starts itself as a child process.
#[derive(Subcommand)]
enum Command {
    /// Serves requests until killed. Prints the base URL first.
    #[command(hide = true)]
    Serve {
        #[arg(long, default_value_t = 0)]
        latency: u64,
    },
    /// Serves a fake of the FunnelFlux service until killed. Prints the base URL first.
    #[command(hide = true)]
    ServeFake {
        #[arg(long)]
        assets: usize,
    },
    /// Runs an export or a plan, and prints the number of requests and the seconds.
    #[command(hide = true)]
    Plan {
        #[arg(long)]
        base_url: String,
        #[arg(long)]
        job: String,
        #[arg(long)]
        latency: u64,
    },
    /// Runs a workload several times, and prints the seconds and the peak memory in KiB.
    #[command(hide = true)]
    Work {
        #[arg(long)]
        base_url: String,
        #[arg(long)]
        kind: ClientKind,
        #[arg(long)]
        workload: Workload,
        #[arg(long)]
        ids: usize,
        #[arg(long)]
        times: usize,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Some(Command::Serve { latency }) => serve(Duration::from_millis(latency)),
        Some(Command::ServeFake { assets }) => serve_fake(assets),
        Some(Command::Plan {
            base_url,
            job,
            latency,
        }) => plans::run(&base_url, &job, Duration::from_millis(latency)),
        Some(Command::Work {
            base_url,
            kind,
            workload,
            ids,
            times,
        }) => run_workload(&base_url, kind, workload, ids, times),
        None => measure(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<(), BoxError> {
    let parts = match arguments.parts.as_slice() {
        [] => Part::value_variants(),
        selected => selected,
    };
    let machine = machine::describe()?;
    println!("{machine}\n");
    for part in parts {
        let table = match part {
            Part::Calls => calls::measure()?,
            Part::Bulk => bulk::measure()?,
            Part::Memory => memory::measure()?,
            Part::Plans => plans::measure(arguments.size())?,
            Part::Program => program::measure(arguments.size())?,
            Part::Commands => commands::measure(arguments.document.as_deref(), &arguments.pair)?,
            Part::Builds => builds::measure()?,
        };
        if let Some(value) = part.to_possible_value() {
            println!("{}: {}\n", value.get_name(), value.get_help().unwrap_or_default());
        }
        println!("{table}");
        // Each table is written immediately, so that it is kept if a later part fails.
        if let (true, Some(name)) = (arguments.write, part.to_possible_value()) {
            page::put(name.get_name(), &table, &machine)?;
        }
    }
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime, BoxError> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    Ok(builder.enable_all().build()?)
}

fn serve(latency: Duration) -> Result<(), BoxError> {
    runtime()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        println!("http://{}/v1", listener.local_addr()?);
        Ok(service::serve(listener, latency).await?)
    })
}

fn serve_fake(assets: usize) -> Result<(), BoxError> {
    runtime()?.block_on(async {
        let fake = Fake::new(Settings {
            log: LogRetention::Last(0),
            access_token: FAKE_TOKEN.to_owned(),
            ..Settings::default()
        });
        fake.seed_many(assets);
        let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
        println!("{}", server.base_url());
        std::future::pending().await
    })
}

fn run_workload(
    base_url: &str,
    kind: ClientKind,
    workload: Workload,
    ids: usize,
    times: usize,
) -> Result<(), BoxError> {
    let ids = workload::ids(ids);
    runtime()?.block_on(async {
        let client = BenchClient::new(kind, base_url)?;
        // A first call opens the connection before the time starts.
        let first = ids.get(..1).unwrap_or_default();
        client.run(Workload::Find, first).await?;
        let start = std::time::Instant::now();
        for _ in 0..times {
            let assets = client.run(workload, &ids).await?;
            if assets == 0 {
                return Err("the service returned no asset".into());
            }
        }
        println!("{}", start.elapsed().as_secs_f64());
        println!("{}", machine::peak_memory()?);
        Ok(())
    })
}
