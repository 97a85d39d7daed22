//! Snapshots, against the fake in process: exports under faults and crashes, references, comparison, bad
//! input.
//!
//! The accounts are written with the names of IDs and fields that our transcription infers.
#![cfg(transcription)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod account;
#[cfg(unix)]
mod bad_input;
mod behaviour;
mod brute_force;
mod properties;
mod writer;
