//! Tests the guarantees of the client's calls against a fake in the same process and in virtual time. Some
//! tests use real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod accounts;
mod auth;
mod blocking;
mod bodies;

mod create;
mod errors;
mod hooks;
mod random_service;
mod rate_limit;
mod retry;
mod sockets;

use funnelflux_fake::{Fake, Fault, Rule};
use funnelflux_suites::{LARGE, faults};
use std::time::Duration;
use tokio::time::Instant;

const LIST: &str = "GET /offersource/list/";
const CREATE: &str = "POST /offersource/save/";
const SAVE: &str = "PUT /offersource/save/";
const DUPLICATE: &str = "POST /offersource/duplicate/";
const ARCHIVE: &str = "PUT /offersource/archive/";
const FIND: &str = "GET /offersource/find/byId/";
const RENEW: &str = "POST /auth/validate";

/// Number of requests for an operation that the fake has received.
fn count(fake: &Fake, operation: &str) -> usize {
    let log = fake.log();
    log.iter()
        .filter(|entry| entry.operation == Some(operation))
        .count()
}

fn inject(fake: &Fake, operation: &str, fault: Fault, times: u64) {
    fake.inject(Rule::new(fault).on(operation).times(times));
}

/// Awaits a call, and returns its result and the virtual time that it took.
async fn timed<F: IntoFuture>(call: F) -> (F::Output, Duration) {
    let start = Instant::now();
    let outcome = call.await;
    (outcome, start.elapsed())
}
