//! Tests of connections over real sockets: the Tokio runtimes that drive them, and untrusted certificates.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod certificates;
mod runtimes;
