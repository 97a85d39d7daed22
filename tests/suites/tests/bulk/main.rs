//! Tests the guarantees of bulk jobs against a fake in the same process, with random settings and faults.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod accounts;
mod behaviour;
mod contract;
mod duplicates;
mod gateway;
mod lost_copies;
mod odd_answers;
mod other_abilities;
mod scenario;
mod service;
mod swapped_copies;
mod texts;
mod waiting;
