//! Runs jobs through a network that breaks connections:
//! `cargo run -p funnelflux-suites --bin broken_network -- [JOBS [SEED]]`.

use funnelflux_suites::broken_network::run_jobs;
use std::process::ExitCode;

/// Number of jobs to run if no argument is given.
const JOBS: u64 = 1_000;

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let (Ok(jobs), Ok(seed)) = (
        numbers.next().unwrap_or(Ok(JOBS)),
        numbers
            .next()
            .unwrap_or_else(|| Ok(fastrand::u64(..u64::MAX / 2))),
    ) else {
        eprintln!("error: the arguments are numbers\nfix: broken_network [JOBS [SEED]]");
        return ExitCode::from(2);
    };
    println!("{jobs} jobs, the first with the seed {seed}");
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start the runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let summary = runtime.block_on(run_jobs(seed, jobs));
    println!(
        "{} jobs, {} done at the first attempt, {} broken connections, {} requests: {} contradictions",
        summary.jobs,
        summary.done_at_once,
        summary.faults,
        summary.requests,
        summary.contradictions.len()
    );
    for contradiction in &summary.contradictions {
        eprintln!("error: {contradiction}");
    }
    if summary.contradictions.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
