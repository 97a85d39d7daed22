//! Allow lists: accepted changes, each with a reason and an expiry date.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use funnelflux_openapi::{
    Diagnostic, Diagnostics, Document, Severity, Source, Stage,
    pointer::{PointerBuf, ToPointer},
    read,
};

use crate::report::{Change, Report};

const DAY: Duration = Duration::from_hours(24);

/// An accepted change.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    fingerprint: String,
    /// The last day on which the entry is valid.
    expires: String,
    /// The end of the day `expires` in UTC.
    end: SystemTime,
    pointer: PointerBuf,
}

/// A list of accepted changes, which is read from JSON or YAML:
/// `{"allow": [{"fingerprint": …, "reason": …, "expires": "YYYY-MM-DD"}]}`.
#[derive(Clone, Debug)]
pub struct AllowList {
    document: Document,
    entries: Vec<Entry>,
}

/// A report from which the accepted changes have been removed.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// The remaining changes.
    pub report: Report,
    /// Number of accepted changes.
    pub accepted: usize,
    /// Errors for expired entries (their changes stay in the report), and warnings for entries that match no
    /// change.
    pub diagnostics: Diagnostics,
}

impl AllowList {
    /// Reads a list. An entry is valid up to and including the day in `expires`.
    ///
    /// # Errors
    /// Returns located diagnostics if the text has a wrong structure, an entry lacks its fingerprint, reason
    /// or expiry, a key is unknown, or a fingerprint is repeated.
    pub fn read(source: Source<'_>) -> Result<Self, Diagnostics> {
        let document = read::parse(source)?;
        let list = match document.value().as_object() {
            Some(members) if members.len() == 1 => members.get("allow").and_then(Value::as_array),
            _ => None,
        };
        let Some(list) = list else {
            let message = "an allow list has one member, `allow`, which is a list of entries";
            return Err(error(&document, "allow-list", PointerBuf::new(), message).into());
        };
        let mut diagnostics = Diagnostics::default();
        let mut entries: Vec<Entry> = Vec::new();
        for (index, value) in list.iter().enumerate() {
            let pointer = PointerBuf::from_tokens(["allow", &index.to_string()]);
            let Some(entry) = read_entry(&document, pointer.clone(), value, &mut diagnostics) else {
                continue;
            };
            if entries.iter().any(|other| other.fingerprint == entry.fingerprint) {
                let message = format!("the fingerprint `{}` is repeated", entry.fingerprint);
                diagnostics.push(error(&document, "allow-twice", pointer, message));
            }
            entries.push(entry);
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
        for entry in &self.entries {
            let (fingerprint, expires) = (&entry.fingerprint, &entry.expires);
            let is_accepted = |change: &Change| change.fingerprint == *fingerprint;
            let mut report_entry = |severity, code, message, fix: &str| {
                let document = &self.document;
                let diagnostic = document.diagnostic(severity, Stage::Diff, code, &entry.pointer, message);
                diagnostics.push(diagnostic.fix(fix));
            };
            if !report.changes.iter().any(is_accepted) {
                let message = format!("no change has the fingerprint `{fingerprint}`");
                report_entry(Severity::Warning, "allow-unused", message, "remove the entry");
            } else if now >= entry.end {
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

/// Reads an entry and reports each of its errors. Returns `None` if the fingerprint or the expiry is missing.
fn read_entry(
    document: &Document,
    pointer: PointerBuf,
    value: &Value,
    diagnostics: &mut Diagnostics,
) -> Option<Entry> {
    for key in value.as_object().into_iter().flat_map(Map::keys) {
        if !["fingerprint", "reason", "expires"].contains(&key.as_str()) {
            let message = format!("unknown key `{key}`");
            let at = pointer.with_trailing_token(key);
            diagnostics.push(error(document, "allow-unknown-key", at, message));
        }
    }
    let text = |key: &str| {
        let text = value.get(key).and_then(Value::as_str).map(str::trim);
        text.filter(|text| !text.is_empty())
    };
    let fingerprint = text("fingerprint");
    let end = text("expires").and_then(|day| {
        let start = humantime::parse_rfc3339(&format!("{day}T00:00:00Z")).ok()?;
        Some((day, start + DAY))
    });
    let mut require = |is_there: bool, code, message| {
        diagnostics.extend((!is_there).then(|| error(document, code, &pointer, message)));
    };
    require(
        text("reason").is_some(),
        "allow-reason",
        "the entry has no reason",
    );
    require(end.is_some(), "allow-expiry", "the entry has no date `expires`");
    let message = "the entry has no fingerprint";
    require(fingerprint.is_some(), "allow-fingerprint", message);
    let (expires, end) = end?;
    Some(Entry {
        fingerprint: fingerprint?.to_owned(),
        expires: expires.to_owned(),
        end,
        pointer,
    })
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
