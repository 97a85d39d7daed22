//! Runs the commands as a person or a CI job would, and checks exit codes, messages and files.
//!
//! Each test has its own workspace, generated from a small document. The expected texts therefore depend on
//! the commands, not on the API.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod account;
mod check;
mod crashes;
mod drift;
#[cfg(unix)]
mod interrupted;
mod overlays;
mod style;
mod support;
#[cfg(unix)]
mod workflow;
