//! Turns the API document into the Rust crate `funnelflux`: text in, files and findings out, no input or output.
//!
//! [`generate`] ties the stages together: [`read`] → [`normalise`] → [`overlay`] → [`lint`] → [`prepare`] → [`emit`] →
//! [`passes`] → [`render`] → [`lock`].

pub mod changelog;
pub mod coverage;
pub mod diff;
pub mod document;
pub mod emit;
pub mod finding;
mod generate;
pub mod lint;
pub mod lock;
mod media;
pub mod naming;
pub mod normalise;
mod number;
pub mod overlay;
pub mod passes;
pub mod pointer;
mod positions;
pub mod prepare;
mod prose;
pub mod read;
pub mod render;
mod shape;
mod steps;
#[cfg(test)]
mod testing;

pub use coverage::COVERAGE;
pub use document::{Document, Source};
pub use finding::{Finding, Findings, Location, Severity, Stage};
pub use generate::{EFFECTIVE, Input, Output, generate, generate_any, generate_watched};
pub use lock::Lock;
pub use steps::{StageReport, StepReport};
