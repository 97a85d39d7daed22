//! Connections over real sockets: which runtime drives them, and whom they trust.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod certificates;
mod runtimes;
