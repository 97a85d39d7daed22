//! Generates the Rust crate `funnelflux` from the API document. The input is text, the output is files and
//! diagnostics in memory, and no function does I/O.
//!
//! [`generate`] runs the stages: read → normalise → [`supersede`] → [`overlay`] → [`lint`] →
//! `transform` → [`progenitor`] → `rewrite` → `resources` → `render` → `lock`.

#![allow(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "only this workspace calls the crate"
)]

mod base_path;
mod base_url;
pub mod changelog;
mod coverage;
mod generate;
pub mod impact;
mod json;
mod left_out;
pub mod lint;
mod lock;
mod method_names;
pub mod naming;
pub mod overlay;
pub mod progenitor;
mod render;
mod resources;
mod rewrite;
mod rustdoc;
mod schemas;
mod security;
mod server;
mod steps;
pub mod supersede;
#[cfg(test)]
mod testing;
mod transform;
mod unions;

pub use coverage::COVERAGE;
pub use generate::{EFFECTIVE, GroupFeature, Input, NO_OPERATIONS, Options, Output, generate};
pub use left_out::LeftOut;
pub use lock::Lock;
pub use steps::{StageReport, StepReport};
