//! Allow lists: accepted changes, each with a reason and an expiry date.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::Value;

use funnelflux_openapi::{
    Diagnostic, Diagnostics, Document, Severity, Source, Stage,
    pointer::{PointerBuf, ToPointer},
    read,
};

use crate::report::{Change, Report};

/// An entry of an allow list. It accepts one change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fingerprint: String,
    reason: String,
    /// The last day on which the entry is valid.
    expires: String,
}

/// The top-level object of an allow list, with entries that are not checked yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    allow: Vec<Value>,
}

/// A list of accepted changes. Its source is JSON or YAML of this form:
/// `{"allow": [{"fingerprint": …, "reason": …, "expires": "YYYY-MM-DD"}]}`.
#[derive(Clone, Debug)]
pub struct AllowList {
    document: Document,
    /// The entries, each with its JSON pointer in `document`.
    entries: Vec<(PointerBuf, Entry)>,
}

/// A report from which the accepted changes have been removed.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// The remaining changes.
    pub report: Report,
    /// Number of entries of the allow list that accepted a change.
    pub accepted: usize,
    /// Errors for expired entries (their changes stay in the report), and warnings for entries that match no
    /// change.
    pub diagnostics: Diagnostics,
}

impl AllowList {
    /// Reads a list. An entry is valid up to and including the day in `expires`.
    ///
    /// # Errors
    /// Returns a located diagnostic for each invalid entry: one that lacks its fingerprint or reason, has no
    /// valid expiry date, has an unknown key, or repeats the fingerprint of another entry. If the file itself
    /// is malformed, returns only the errors of the file.
    pub fn read(source: Source<'_>) -> Result<Self, Diagnostics> {
        let document = read::parse(source)?;
        // The file must contain an object, but `serde` would also read the struct from a list.
        let list = document
            .value()
            .is_object()
            .then(|| List::deserialize(document.value()));
        let Some(Ok(List { allow })) = list else {
            let message = "an allow list has one member, `allow`, which is a list of entries";
            return Err(error(&document, "allow-list", PointerBuf::new(), message).into());
        };
        let mut diagnostics = Diagnostics::default();
        let mut entries: Vec<(PointerBuf, Entry)> = Vec::new();
        for (index, value) in allow.iter().enumerate() {
            let pointer = PointerBuf::from_tokens(["allow", &index.to_string()]);
            let message = match Entry::deserialize(value) {
                _ if !value.is_object() => "an entry is an object".to_owned(),
                Err(error) => error.to_string(),
                Ok(entry) if entry.fingerprint.trim().is_empty() => "the entry has no fingerprint".to_owned(),
                Ok(entry) if entry.reason.trim().is_empty() => "the entry has no reason".to_owned(),
                Ok(entry) if end_of(&entry.expires).is_none() => {
                    format!("`{}` is not a date", entry.expires)
                }
                Ok(entry)
                    if entries
                        .iter()
                        .any(|(_, other)| other.fingerprint == entry.fingerprint) =>
                {
                    format!("the fingerprint `{}` is repeated", entry.fingerprint)
                }
                Ok(entry) => {
                    entries.push((pointer, entry));
                    continue;
                }
            };
            diagnostics.push(error(&document, "allow-entry", pointer, message));
        }
        diagnostics
            .unless_errors(entries)
            .map(|(entries, _)| Self { document, entries })
    }

    /// Removes the accepted changes from a report.
    #[must_use]
    pub fn apply(&self, mut report: Report, now: SystemTime) -> Allowed {
        let mut diagnostics = Diagnostics::default();
        let mut accepted = 0;
        for (pointer, entry) in &self.entries {
            let (fingerprint, expires) = (&entry.fingerprint, &entry.expires);
            let is_accepted = |change: &Change| change.fingerprint == *fingerprint;
            let mut report_entry = |severity, code, message, fix: &str| {
                let document = &self.document;
                let diagnostic = document.diagnostic(severity, Stage::Diff, code, pointer, message);
                diagnostics.push(diagnostic.fix(fix));
            };
            if !report.changes.iter().any(is_accepted) {
                let message = format!("no change has the fingerprint `{fingerprint}`");
                report_entry(Severity::Warning, "allow-unused", message, "remove the entry");
            } else if end_of(expires).is_none_or(|end| now >= end) {
                let message =
                    format!("the entry `{fingerprint}` expired on {expires}, so its change counts again");
                let fix = "handle the change, or extend the entry with a reason";
                report_entry(Severity::Error, "allow-expired", message, fix);
            } else {
                accepted += 1;
                report.changes.retain(|change| !is_accepted(change));
            }
        }
        Allowed {
            report,
            accepted,
            diagnostics,
        }
    }
}

/// Returns the end of the day (`YYYY-MM-DD`) in UTC, or `None` if `day` is not a date.
fn end_of(day: &str) -> Option<SystemTime> {
    let start = humantime::parse_rfc3339(&format!("{day}T00:00:00Z")).ok()?;
    Some(start + Duration::from_hours(24))
}

fn error<'a>(
    document: &Document,
    code: &'static str,
    pointer: impl ToPointer<'a>,
    message: impl Into<String>,
) -> Diagnostic {
    const FIX: &str =
        "write {\"fingerprint\": \"…\", \"reason\": \"why it is accepted\", \"expires\": \"YYYY-MM-DD\"}";
    document.error(Stage::Diff, code, pointer, message).fix(FIX)
}
