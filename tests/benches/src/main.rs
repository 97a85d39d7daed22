//! `cargo figures`: measures, prints the tables, and with `--write` puts them into the README.
//!
//! Every figure is one that other load on the machine hardly moves: instructions, CPU time, or a ratio of times that were
//! taken in turn. A part is one file, and each has its own table.

mod builds;
mod bulk;
mod calls;
mod commands;
mod machine;
mod memory;
mod page;
mod peers;
mod processes;

use clap::{Parser, Subcommand, ValueEnum};
use funnelflux_benches::{
    service,
    workload::{self, By, Work, Worker},
};
use std::{error::Error, path::PathBuf, process::ExitCode, time::Duration};

/// Why something could not be measured.
type Failure = Box<dyn Error>;

/// Measures what this crate and its tools cost, beside others.
#[derive(Parser)]
#[command(name = "cargo figures", bin_name = "cargo figures")]
struct Arguments {
    /// Only these parts; without any, all of them.
    #[arg(value_enum)]
    parts: Vec<Part>,
    /// Puts the tables into the README.
    #[arg(long)]
    write: bool,
    /// A large public document of another API, for `commands`.
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What a part measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Instructions of calls and of decoding, beside a client written by hand. Needs valgrind.
    Calls,
    /// Time of bulk jobs, beside a loop written by hand and the ideal.
    Bulk,
    /// Memory of bulk jobs.
    Memory,
    /// CPU time of `generate` and `check`.
    Commands,
    /// CPU time and crates of building this client and those that other generators make.
    Builds,
}

/// What the program does in the processes that it starts.
#[derive(Subcommand)]
enum Command {
    /// Answers requests until it is ended; prints its base URL first.
    #[command(hide = true)]
    Serve {
        #[arg(long, default_value_t = 0)]
        latency: u64,
    },
    /// Does some work so many times, and prints the seconds that it took.
    #[command(hide = true)]
    Work {
        #[arg(long)]
        base_url: String,
        #[arg(long)]
        by: By,
        #[arg(long)]
        work: Work,
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
        Some(Command::Work {
            base_url,
            by,
            work,
            ids,
            times,
        }) => do_work(&base_url, by, work, ids, times),
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

fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let all = Part::value_variants();
    let parts = match arguments.parts.as_slice() {
        [] => all,
        some => some,
    };
    let machine = machine::describe()?;
    let mut readme = arguments
        .write
        .then(|| page::Readme::open(&machine, parts.len() == all.len()))
        .transpose()?;
    println!("{machine}\n");
    for part in parts {
        let table = match part {
            Part::Calls => calls::measure()?,
            Part::Bulk => bulk::measure()?,
            Part::Memory => memory::measure()?,
            Part::Commands => commands::measure(arguments.document.as_deref())?,
            Part::Builds => builds::measure()?,
        };
        println!("{table}");
        // What is measured is kept, whatever becomes of the next part.
        if let (Some(readme), Some(name)) = (&mut readme, part.to_possible_value()) {
            readme.put(name.get_name(), &table)?;
        }
    }
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    Ok(builder.enable_all().build()?)
}

fn serve(latency: Duration) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        println!("http://{}/v1", listener.local_addr()?);
        Ok(service::serve(listener, latency).await?)
    })
}

fn do_work(base_url: &str, by: By, work: Work, ids: usize, times: usize) -> Result<(), Failure> {
    let ids = workload::ids(ids);
    runtime()?.block_on(async {
        let worker = Worker::new(by, base_url)?;
        // The connection is made before the time runs.
        let first = ids.get(..1).unwrap_or_default();
        worker.once(Work::Find, first).await?;
        let start = std::time::Instant::now();
        for _ in 0..times {
            let done = worker.once(work, &ids).await?;
            if done == 0 {
                return Err("the service did not do it".into());
            }
        }
        println!("{}", start.elapsed().as_secs_f64());
        println!("{}", machine::peak_memory()?);
        Ok(())
    })
}
