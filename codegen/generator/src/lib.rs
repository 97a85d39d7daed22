//! Turns the API document into the Rust crate `funnelflux`: text in, files and diagnostics out, no input or output.
//!
//! [`generate`] ties the stages together: read → normalise → [`overlay`] → [`lint`] → [`transform`] →
//! [`progenitor`] → [`rewrite`] → [`render`] → [`lock`].

pub mod changelog;
pub mod coverage;
mod generate;
pub mod impact;
pub mod lint;
pub mod lock;
pub mod naming;
pub mod overlay;
pub mod progenitor;
mod prose;
pub mod render;
pub mod rewrite;
mod steps;
#[cfg(test)]
mod testing;
pub mod transform;

pub use coverage::COVERAGE;
pub use generate::{EFFECTIVE, Input, Output, generate, generate_any, generate_watched};
pub use lock::Lock;
pub use steps::{StageReport, StepReport};
