//! The fault matrix: every fault that the fake can act out × every operation of the document × every ability of `ext`.
//!
//! Each cell says, before the call is made, how it must end: the class of the result, the number of tries, the time that it may
//! take, and what the server holds afterwards. What is said comes from `promise`, which is written from what the crate promises
//! (which operation may be repeated, what a fault lets a client see), and from nothing that was recorded. What is the case is
//! then printed to `MATRIX.md`, where a person can read it; the suite fails when that page is not what it would print, and
//! rewrites it when `FUNNELFLUX_UPDATE=1` is set.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod abilities;
mod calls;
mod expectation;
mod page;
mod requests;

use funnelflux_suites::faults;
use std::time::Duration;

/// How often a cell's operation meets the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    /// One request meets it, all others go through.
    Once,
    /// Every request meets it.
    Always,
}

/// Longer than anything may take: what is not over by then hangs.
const HANGS: Duration = Duration::from_hours(24);

/// Runs a cell on virtual time.
fn run<T>(cell: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async { tokio::time::timeout(HANGS, cell).await.expect("it hangs") })
}

/// Does the same with each of many things, on all cores, and returns what came out in their order.
fn on_all_cores<T: Sync, U: Send>(things: &[T], work: impl Fn(&T) -> U + Sync) -> Vec<U> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = things.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let threads: Vec<_> = things
            .chunks(share)
            .map(|things| scope.spawn(|| things.iter().map(&work).collect::<Vec<U>>()))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| match thread.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

/// Fails with the first of those that are wrong.
fn none_is_wrong<'a>(wrong: impl Iterator<Item = &'a String>) {
    let wrong: Vec<&str> = wrong.map(String::as_str).collect();
    let shown = wrong.iter().take(20).copied().collect::<Vec<_>>();
    assert!(
        wrong.is_empty(),
        "{} cells are wrong:\n{}",
        wrong.len(),
        shown.join("\n")
    );
}

#[test]
fn every_cell_is_as_promised_and_the_page_shows_it() {
    let abilities = abilities::matrix();
    let calls = calls::matrix();
    page::holds(&calls, &abilities);
}

#[test]
fn the_list_of_faults_is_complete() {
    assert!(faults().count() >= 38);
    assert_eq!(requests::all().len(), 161);
}
