//! Tests snapshots against a fake in the same process: exports under faults and crashes, references,
//! comparison, bad input.
//!
//! The accounts use inferred names of IDs and fields, which only our transcription of the vendor's page has.
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
