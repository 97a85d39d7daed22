//! The fault matrix. It combines every fault of the fake with every operation of the OpenAPI document, with
//! every ability of `ext`, and with jobs that have a journal. An ability is a method that a trait of `ext`
//! provides, such as `bulk_archive`.
//!
//! A cell is one fault in one call, ability or job. For a call, the suite predicts the class of the result,
//! the number of attempts, the duration, and the effect on the server. For an ability, it predicts the
//! outcomes of the IDs and the maximum duration. The predictions are derived from the guarantees of the
//! crate, not from recorded results. The suite checks all cells and compares them with `MATRIX.md`. If that
//! page is stale, the suite fails; with `FUNNELFLUX_UPDATE=1`, it rewrites the page.
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
mod gateway;
mod jobs;
mod page;
mod requests;

use funnelflux_fake::Fake;
use funnelflux_suites::faults;
use std::time::Duration;

/// Number of requests that get the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Occurrence {
    /// One request gets the fault, and later requests succeed.
    Once,
    /// Every request gets the fault.
    Always,
}

/// Maximum virtual duration of a cell. A cell that runs longer counts as hanging.
const TEST_TIMEOUT: Duration = Duration::from_hours(24);

/// Runs a cell on virtual time.
fn run<T>(cell: impl Future<Output = T>) -> T {
    let cell = async { tokio::time::timeout(TEST_TIMEOUT, cell).await };
    funnelflux_suites::run(cell).expect("the test hangs")
}

/// Maps items on all cores and returns the results in order.
fn on_all_cores<T: Sync, U: Send>(items: &[T], map: impl Fn(&T) -> U + Sync) -> Vec<U> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = items.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let threads: Vec<_> = items
            .chunks(share)
            .map(|items| scope.spawn(|| items.iter().map(&map).collect::<Vec<U>>()))
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

/// Panics with the first failures, if there are any.
fn assert_no_failures<'a>(failures: impl Iterator<Item = &'a String>) {
    let failures: Vec<&str> = failures.map(String::as_str).collect();
    let shown = failures.iter().take(20).copied().collect::<Vec<_>>();
    assert!(
        failures.is_empty(),
        "{} cells differ from the expectation:\n{}",
        failures.len(),
        shown.join("\n")
    );
}

#[test]
fn every_cell_is_as_expected_and_the_page_is_fresh() {
    let abilities = abilities::matrix();
    let calls = calls::matrix();
    let jobs = jobs::matrix();
    if funnelflux_suites::document::is_transcription() {
        page::compare(&calls, &abilities, &jobs);
    }
}

#[test]
fn the_list_of_faults_is_complete() {
    assert!(faults().count() >= 38);
    // The generator may leave operations out.
    assert!((12..=Fake::operations().len()).contains(&requests::all().len()));
}
