//! Tests snapshots against a fake in the same process: exports under faults and crashes, references,
//! comparison, bad input.
//!
//! The accounts use names of IDs and fields that our transcription of the vendor's page infers.
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
