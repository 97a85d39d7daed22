//! The measured workloads, a hand-written client to compare `funnelflux` with, and the service that both
//! clients call.

pub mod hand_written;
pub mod service;
pub mod workload;
