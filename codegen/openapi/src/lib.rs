//! Reads OpenAPI documents and answers questions about them. The input is text. The output is values, and
//! diagnostics with locations.
//!
//! [`read`] turns a text into a [`Document`], and [`normalise`] converts any supported version to OpenAPI
//! 3.0.3.

#![allow(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "only this workspace calls the crate"
)]

pub mod base_path;
mod diagnostic;
pub mod digest;
mod document;
pub mod evidence;
mod limits;
pub mod media;
pub mod normalise;
pub mod number;
pub mod openapi_model;
pub mod operations;
pub mod pointer;
pub mod read;
pub mod references;
mod source_map;
pub mod text;

pub use diagnostic::{Diagnostic, Diagnostics, Location, Severity, Stage};
pub use document::{Document, Place, Provenance, Source};
