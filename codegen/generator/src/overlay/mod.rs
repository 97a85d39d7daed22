//! Applies our deviations from the vendor's document. They are written as `OpenAPI` Overlays (1.0 or 1.1).
//!
//! An action that matches nothing is reported as an error at its line, so stale overlays are noticed. An
//! action without a reason (`description`) is also an error. The crate `serde_json_path` evaluates the
//! JSONPath queries (RFC 9535). The crate `roas-overlay` is unsuitable for applying the actions, because it
//! works on plain values and records neither locations nor changes. This module records for each value the
//! action that added the value, so that later diagnostics name the line in the overlay.

mod apply;
mod edit;
mod structure;
mod trim;

use funnelflux_openapi::{Diagnostics, Document, Source, read};

pub use apply::{Action, Applied, apply};
pub(crate) use edit::remove;
pub use trim::{Trimmed, trim};

/// Reads overlays. Each returned document stores the warnings from reading it, and [`apply`] reports them.
///
/// # Errors
/// Returns located diagnostics for each text that is neither YAML nor JSON.
pub fn read(sources: &[Source<'_>]) -> Result<Vec<Document>, Diagnostics> {
    let mut overlays = Vec::new();
    let mut diagnostics = Diagnostics::default();
    for source in sources {
        match read::parse(*source) {
            Ok(overlay) => overlays.push(overlay),
            Err(errors) => diagnostics.extend(errors),
        }
    }
    diagnostics.unless_errors(overlays).map(|(overlays, _)| overlays)
}

#[cfg(test)]
mod tests;
