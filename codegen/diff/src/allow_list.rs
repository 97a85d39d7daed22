//! Allow lists: changes that somebody has looked at and accepted, each with a reason and an end.

use std::fmt;

use serde_json::Value;

use super::Report;
use funnelflux_openapi::{Diagnostic, Diagnostics, Document, Severity, Source, Stage, read};

/// A day of the calendar. Compares in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day that `text` names as `YYYY-MM-DD`; `None` if that is no day of the calendar.
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

    /// The day that is so many days after 1970-01-01; `None` after the year 9999.
    #[must_use]
    pub fn from_days(days: u64) -> Option<Self> {
        // Years are counted from March, so that a leap day is the last of its year; 400 of them have 146097 days.
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

/// One accepted change.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    fingerprint: String,
    expires: Date,
    pointer: String,
}

/// A list of accepted changes: `{"allow": [{"fingerprint": …, "reason": …, "expires": "YYYY-MM-DD"}]}`, JSON or YAML.
#[derive(Clone, Debug)]
pub struct AllowList {
    document: Document,
    entries: Vec<Entry>,
}

/// A report without what has been accepted.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// What is left.
    pub report: Report,
    /// How many changes were accepted.
    pub accepted: usize,
    /// Entries that have expired (errors: the change counts again) and entries that match nothing (warnings).
    pub diagnostics: Diagnostics,
}

impl AllowList {
    /// Reads a list. The last day on which an entry holds is its `expires`.
    ///
    /// # Errors
    /// Located diagnostics for what is no such list: an entry without reason or expiry, an unknown key, a fingerprint that
    /// stands there twice.
    pub fn read(source: Source<'_>) -> Result<Self, Diagnostics> {
        let document = read::parse(source)?;
        let mut diagnostics = Diagnostics::new();
        let mut entries: Vec<Entry> = Vec::new();
        let error = |code: &'static str, pointer: String, message: String| {
            document.error(Stage::Diff, code, pointer, message).fix(
                "an entry is {\"fingerprint\": \"…\", \"reason\": \"why this is accepted\", \"expires\": \"YYYY-MM-DD\"}",
            )
        };
        let list = match document.value().as_object() {
            Some(members) if members.len() == 1 => members.get("allow").and_then(Value::as_array),
            _ => None,
        };
        let Some(list) = list else {
            return Err(error(
                "allow-list",
                String::new(),
                "this is no allow list: it holds `allow`, a list of entries, and nothing else".to_owned(),
            )
            .into());
        };
        for (index, entry) in list.iter().enumerate() {
            let pointer = format!("/allow/{index}");
            let text = |key: &str| {
                entry
                    .get(key)
                    .and_then(Value::as_str)
                    .map(str::trim)
                    .filter(|text| !text.is_empty())
            };
            for key in entry.as_object().into_iter().flat_map(serde_json::Map::keys) {
                if !["fingerprint", "reason", "expires"].contains(&key.as_str()) {
                    diagnostics.push(error(
                        "allow-unknown-key",
                        format!("{pointer}/{key}"),
                        format!("an entry has no `{key}`"),
                    ));
                }
            }
            if text("reason").is_none() {
                diagnostics.push(error(
                    "allow-reason",
                    pointer.clone(),
                    "the entry gives no reason".to_owned(),
                ));
            }
            let expires = text("expires").and_then(Date::parse);
            if expires.is_none() {
                diagnostics.push(error(
                    "allow-expiry",
                    pointer.clone(),
                    "the entry has no `expires` that is a day, YYYY-MM-DD".to_owned(),
                ));
            }
            let Some(fingerprint) = text("fingerprint") else {
                diagnostics.push(error(
                    "allow-fingerprint",
                    pointer.clone(),
                    "the entry has no fingerprint".to_owned(),
                ));
                continue;
            };
            if entries.iter().any(|other| other.fingerprint == fingerprint) {
                diagnostics.push(error(
                    "allow-twice",
                    pointer.clone(),
                    format!("`{fingerprint}` stands in the list twice"),
                ));
            }
            if let Some(expires) = expires {
                entries.push(Entry {
                    fingerprint: fingerprint.to_owned(),
                    expires,
                    pointer,
                });
            }
        }
        diagnostics
            .unless_errors(entries)
            .map(|(entries, _)| Self { document, entries })
    }

    /// Takes the accepted changes out of a report.
    #[must_use]
    pub fn apply(&self, mut report: Report, today: Date) -> Allowed {
        let mut diagnostics = Diagnostics::new();
        let mut accepted = 0;
        for entry in &self.entries {
            let matches = report
                .changes
                .iter()
                .any(|change| change.fingerprint == entry.fingerprint);
            if !matches {
                diagnostics.push(self.diagnostic(
                    Severity::Warning,
                    "allow-unused",
                    entry,
                    "matches no change",
                    "remove it: the change is gone, or it is another one now",
                ));
            } else if today > entry.expires {
                let message = format!("expired on {}, so the change counts again", entry.expires);
                diagnostics.push(self.diagnostic(
                    Severity::Error,
                    "allow-expired",
                    entry,
                    &message,
                    "deal with the change, or give a new day and say why it takes longer",
                ));
            } else {
                accepted += 1;
                report
                    .changes
                    .retain(|change| change.fingerprint != entry.fingerprint);
            }
        }
        Allowed {
            report,
            accepted,
            diagnostics,
        }
    }

    fn diagnostic(
        &self,
        severity: Severity,
        code: &'static str,
        entry: &Entry,
        message: &str,
        help: &str,
    ) -> Diagnostic {
        let message = format!("the entry `{}` {message}", entry.fingerprint);
        self.document
            .diagnostic(severity, Stage::Diff, code, entry.pointer.clone(), message)
            .fix(help)
    }
}
