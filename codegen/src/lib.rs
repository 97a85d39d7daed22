//! Turns the API document into the Rust crate `funnelflux`: text in, files and findings out, no input or output.

pub mod document;
pub mod finding;
pub mod pointer;
mod positions;
pub mod read;

pub use document::{Document, Source};
pub use finding::{Finding, Findings, Location, Severity, Stage};
