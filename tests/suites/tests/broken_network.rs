//! Runs jobs through a proxy on real sockets that breaks connections after any byte. The program
//! `broken_network` runs more jobs.
//!
//! `FUNNELFLUX_SEED` sets the seed of the first job, and `FUNNELFLUX_JOBS` the number of jobs.

use funnelflux_suites::broken_network::run_jobs;

/// Default number of jobs.
const JOBS: u64 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_job_through_a_broken_network_reports_anything_false() {
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    let seed = number("FUNNELFLUX_SEED").unwrap_or_else(|| fastrand::u64(..u64::MAX / 2));
    let jobs = number("FUNNELFLUX_JOBS").unwrap_or(JOBS);
    let summary = run_jobs(seed, jobs).await;
    assert_eq!(summary.jobs, jobs);
    assert!(
        summary.contradictions.is_empty(),
        "repeat with FUNNELFLUX_SEED={seed}:\n{}",
        summary.contradictions.join("\n")
    );
    // Asserts that the network does break connections.
    assert!(summary.faults >= jobs, "{summary:?}");
}
