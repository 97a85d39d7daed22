//! The commands as a person or a CI job runs them: exit codes, messages, and the files afterwards.
//!
//! Each test has a workspace of its own, generated from a small document, so that the texts here change with
//! the commands and not with the API.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod check;
mod crashes;
mod drift;
#[cfg(unix)]
mod interrupted;
mod style;
mod support;
#[cfg(unix)]
mod workflow;
