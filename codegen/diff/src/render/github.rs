//! Annotations for a GitHub workflow.

use std::fmt::Write as _;

use funnelflux_openapi::{Location, Severity};

use super::view::{Consequence, View};
use crate::{level::Level, report::Change};

impl View<'_> {
    /// Renders the report for a GitHub workflow: one annotation per change, on the changed line of the new
    /// document.
    #[must_use]
    pub fn github(self) -> String {
        let mut text = String::new();
        for entry in self.entries() {
            let Change { id, level, .. } = entry.change;
            let severity = match level {
                Level::Breaking => Severity::Error,
                Level::Warning => Severity::Warning,
                Level::Info | Level::Docs => Severity::Notice,
            };
            let mut title = format!("{id} ({level}");
            let mut message = entry.message();
            if let Some(proof) = entry.proof() {
                let _ = write!(message, "\nProof: {proof}");
            }
            if let Some((name, Consequence { impact, reason, .. })) = entry.consequence {
                let _ = write!(title, ", {name}: {impact}");
                let _ = write!(message, "\nImpact on the {name}: {impact}: {reason}");
            }
            title.push(')');
            let _ = write!(message, "\nFingerprint: {}", entry.change.fingerprint);
            let location = Some(&entry.change.new_location);
            text.push_str(&annotation(severity, location, &title, &message));
            text.push('\n');
        }
        text
    }
}

/// Writes the workflow command that attaches a message to a line of a file on GitHub.
#[must_use]
pub fn annotation(severity: Severity, location: Option<&Location>, title: &str, message: &str) -> String {
    let kind = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Notice => "notice",
    };
    let place = location.map_or_else(String::new, |Location { file, line, column }| {
        format!("file={},line={line},col={column},", property(file))
    });
    format!("::{kind} {place}title={}::{}", property(title), data(message))
}

/// Escapes the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
