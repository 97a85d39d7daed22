//! Allow lists: accepted changes, each with a reason and an expiry.

use std::fmt;

use serde_json::{Map, Value};

use funnelflux_openapi::{
    Diagnostic, Diagnostics, Document, Severity, Source, Stage,
    pointer::{PointerBuf, ToPointer},
    read,
};

use crate::report::{Change, Report};

/// A calendar day, ordered by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Parses `YYYY-MM-DD`; `None` if the calendar does not have that day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let shaped = parts.next().is_none() && (year.len(), month.len(), day.len()) == (4, 2, 2);
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !shaped || ![year, month, day].into_iter().all(digits) {
            return None;
        }
        let date = Self {
            year: year.parse().ok()?,
            month: month.parse().ok()?,
            day: day.parse().ok()?,
        };
        let leap =
            date.year.is_multiple_of(4) && (!date.year.is_multiple_of(100) || date.year.is_multiple_of(400));
        let days = match date.month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        (1..=days).contains(&date.day).then_some(date)
    }

    /// Returns the day that is this number of days after 1970-01-01; `None` after the year 9999.
    #[must_use]
    pub fn from_days(days: u64) -> Option<Self> {
        // With years from March, a leap day is the last day of its year. 400 years have 146097 days.
        let days = days.checked_add(719_468)?;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let (month, next) = if from_march < 10 {
            (from_march + 3, 0)
        } else {
            (from_march - 9, 1)
        };
        let year = u16::try_from(era * 400 + year_of_era + next).ok()?;
        (year <= 9999).then_some(Self {
            year,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day).ok()?,
        })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// An accepted change.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    fingerprint: String,
    expires: Date,
    pointer: PointerBuf,
}

/// Accepted changes, as JSON or YAML: `{"allow": [{"fingerprint": …, "reason": …, "expires":
/// "YYYY-MM-DD"}]}`.
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
    /// Errors for expired entries, whose changes count again, and warnings for entries that match no change.
    pub diagnostics: Diagnostics,
}

impl AllowList {
    /// Reads a list. An entry is valid up to and including the day in `expires`.
    ///
    /// # Errors
    /// Located diagnostics for a wrong structure, entries without fingerprint, reason or expiry, unknown
    /// keys, and repeated fingerprints.
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
    pub fn apply(&self, mut report: Report, today: Date) -> Allowed {
        let mut diagnostics = Diagnostics::default();
        let mut accepted = 0;
        for entry in &self.entries {
            let Entry {
                fingerprint,
                expires,
                pointer,
            } = entry;
            let is_accepted = |change: &Change| change.fingerprint == *fingerprint;
            let (severity, code, message, fix) = if !report.changes.iter().any(is_accepted) {
                let message = format!("no change has the fingerprint `{fingerprint}`");
                (Severity::Warning, "allow-unused", message, "remove the entry")
            } else if today > *expires {
                let message =
                    format!("the entry `{fingerprint}` expired on {expires}, so its change counts again");
                (
                    Severity::Error,
                    "allow-expired",
                    message,
                    "handle the change, or extend the entry with a reason",
                )
            } else {
                accepted += 1;
                report.changes.retain(|change| !is_accepted(change));
                continue;
            };
            let diagnostic = self
                .document
                .diagnostic(severity, Stage::Diff, code, pointer, message);
            diagnostics.push(diagnostic.fix(fix));
        }
        Allowed {
            report,
            accepted,
            diagnostics,
        }
    }
}

/// Reads an entry; `None` if it is incomplete, which is reported.
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
    let (fingerprint, expires) = (text("fingerprint"), text("expires").and_then(Date::parse));
    for (is_missing, code, message) in [
        (
            text("reason").is_none(),
            "allow-reason",
            "the entry has no reason",
        ),
        (
            expires.is_none(),
            "allow-expiry",
            "the entry has no date `expires`",
        ),
        (
            fingerprint.is_none(),
            "allow-fingerprint",
            "the entry has no fingerprint",
        ),
    ] {
        if is_missing {
            diagnostics.push(error(document, code, &pointer, message));
        }
    }
    Some(Entry {
        fingerprint: fingerprint?.to_owned(),
        expires: expires?,
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
