//! The measured workloads, for this crate and for a hand-written client, and the service that both call.

pub mod hand_written;
pub mod service;
pub mod workload;
