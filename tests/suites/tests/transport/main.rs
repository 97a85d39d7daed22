//! Connections over real sockets: the runtime that drives them, and the certificates that they trust.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod certificates;
mod runtimes;
