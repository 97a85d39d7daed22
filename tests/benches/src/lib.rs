//! The work that is measured, for this crate and for a client written by hand, and the service that both call.

pub mod hand_written;
pub mod service;
pub mod workload;
