//! A report as text for a terminal, JSON for programs, markdown for a pull request, or annotations for a GitHub workflow.

use std::fmt::Write as _;

use serde::{Serialize, Serializer};
use serde_json::Value;

use funnelflux_openapi::text::{markdown as cell, one_line};
use funnelflux_openapi::{Location, Severity};

use super::{Change, Direction, Impact, Level, Reach, Report, Side, Summary};

/// How many ways to a place are told in full.
const MOST_WAYS: usize = 6;

impl Report {
    /// For a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for change in &self.changes {
            // Writing to a `String` cannot fail.
            let _ = write_text(&mut text, change);
            text.push('\n');
        }
        text.push_str(&self.last_line());
        text.push('\n');
        text
    }

    /// For programs; [`super::REPORT_SCHEMA`] describes it.
    #[must_use]
    pub fn json(&self) -> Value {
        // Texts, numbers and lists of them: making a value of them cannot fail.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// For a pull request.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "## Drift of the API: {} → {}\n\n{}\n",
            cell(&format!("`{}`", self.old)),
            cell(&format!("`{}`", self.new)),
            self.last_line()
        );
        let groups = [
            (Level::Breaking, "Breaking on the wire"),
            (Level::Warning, "To be judged by a person"),
            (Level::Info, "Harmless on the wire"),
            (Level::Docs, "Words"),
        ];
        for (level, title) in groups {
            let changes: Vec<&Change> = self
                .changes
                .iter()
                .filter(|change| change.level == level)
                .collect();
            if changes.is_empty() {
                continue;
            }
            let _ = write!(
                text,
                "\n### {title} ({})\n\n| change | operations | crate | rule, fingerprint |\n|---|---|---|---|\n",
                changes.len()
            );
            for change in changes {
                let _ = writeln!(
                    text,
                    "| {}.<br>{} {} | {} | **{}**: {} | `{}`<br>`{}` |",
                    cell(&change.what),
                    cell(change.meaning),
                    cell(change.action),
                    operations(change),
                    change.crate_impact,
                    cell(&change.crate_reason),
                    change.id,
                    change.fingerprint
                );
            }
        }
        text
    }

    /// For a GitHub workflow: one annotation a change, on the line of the new document.
    #[must_use]
    pub fn github(&self) -> String {
        let mut text = String::new();
        for change in &self.changes {
            let severity = match change.level {
                Level::Breaking => Severity::Error,
                Level::Warning => Severity::Warning,
                Level::Info | Level::Docs => Severity::Notice,
            };
            let title = format!("{} ({}, crate: {})", change.id, change.level, change.crate_impact);
            let message = format!(
                "{}\nCrate: {}: {}\nFingerprint: {}",
                change.message(),
                change.crate_impact,
                change.crate_reason,
                change.fingerprint
            );
            text.push_str(&annotation(
                severity,
                change.new_location.as_ref(),
                &title,
                &message,
            ));
            text.push('\n');
        }
        text
    }

    fn last_line(&self) -> String {
        let summary = self.summary();
        if self.is_empty() {
            return "no changes".to_owned();
        }
        let counts: Vec<String> = [
            (summary.breaking, "breaking"),
            (summary.warning, "warning"),
            (summary.info, "info"),
            (summary.docs, "docs"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
        let due = match summary.crate_impact {
            Impact::None => "none",
            Impact::Patch => "patch",
            Impact::Minor => "minor",
            Impact::Major => "major",
        };
        let changes = if self.changes.len() == 1 {
            "1 change"
        } else {
            &format!("{} changes", self.changes.len())
        };
        format!("{changes}: {}; for the crate: {due}", counts.join(", "))
    }
}

/// One line by which a GitHub workflow puts a message on a line of a file.
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

fn write_text(text: &mut String, change: &Change) -> std::fmt::Result {
    writeln!(text, "{:<9} {}", change.level, one_line(&change.what))?;
    writeln!(text, "     rule {} ({})", change.id, change.direction)?;
    let place = change
        .location
        .as_ref()
        .map(|location| format!("{location} "))
        .unwrap_or_default();
    let pointer = one_line(&change.pointer);
    let gone = if change.side == Side::Old { " (before)" } else { "" };
    writeln!(
        text,
        "       at {place}{}{gone}",
        if change.pointer.is_empty() { "/" } else { &pointer }
    )?;
    write_reach(text, &change.reach)?;
    writeln!(text, "     wire {}", change.meaning)?;
    writeln!(
        text,
        "    crate {}: {}",
        change.crate_impact,
        one_line(&change.crate_reason)
    )?;
    writeln!(text, "       do {}", change.action)?;
    writeln!(text, "       id {}", change.fingerprint)
}

/// The ways to the place, as a tree: an operation, below it each way from it.
fn write_reach(text: &mut String, reach: &[Reach]) -> std::fmt::Result {
    let shown = reach.get(..reach.len().min(MOST_WAYS)).unwrap_or_default();
    let mut operations: Vec<&str> = shown.iter().map(|reach| reach.operation.as_str()).collect();
    operations.dedup();
    for operation in operations {
        writeln!(text, "  used by {}", one_line(operation))?;
        let ways: Vec<&Reach> = shown
            .iter()
            .filter(|reach| reach.operation == operation && !reach.path.is_empty())
            .collect();
        for (index, way) in ways.iter().enumerate() {
            let branch = if index + 1 == ways.len() {
                "└─"
            } else {
                "├─"
            };
            let way = way.path.join(" → ");
            writeln!(text, "          {branch} {}", one_line(&way))?;
        }
    }
    if reach.len() > shown.len() {
        writeln!(text, "          and {} more", reach.len() - shown.len())?;
    }
    Ok(())
}

/// As JSON it can be written piece by piece: between large documents it is far longer than they are.
impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Json<'a> {
            old: &'a str,
            new: &'a str,
            changes: &'a [Change],
            summary: Summary,
        }
        let json = Json {
            old: &self.old,
            new: &self.new,
            changes: &self.changes,
            summary: self.summary(),
        };
        json.serialize(serializer)
    }
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Json<'a> {
            id: &'a str,
            level: Level,
            direction: Direction,
            operation: Option<&'a String>,
            operations: &'a [String],
            side: Side,
            pointer: &'a str,
            file: Option<&'a str>,
            line: Option<usize>,
            column: Option<usize>,
            reach: &'a [Reach],
            message: String,
            what: &'a str,
            meaning: &'a str,
            action: &'a str,
            crate_impact: Impact,
            crate_reason: &'a str,
            fingerprint: &'a str,
        }
        let place = self.location.as_ref();
        let json = Json {
            id: &self.id,
            level: self.level,
            direction: self.direction,
            operation: self.operations.first(),
            operations: &self.operations,
            side: self.side,
            pointer: &self.pointer,
            file: place.map(|place| place.file.as_str()),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            reach: &self.reach,
            message: self.message(),
            what: &self.what,
            meaning: self.meaning,
            action: self.action,
            crate_impact: self.crate_impact,
            crate_reason: &self.crate_reason,
            fingerprint: &self.fingerprint,
        };
        json.serialize(serializer)
    }
}

fn operations(change: &Change) -> String {
    let shown: Vec<String> = change
        .operations
        .iter()
        .take(MOST_WAYS)
        .map(|name| cell(&format!("`{name}`")))
        .collect();
    let more = change.operations.len().saturating_sub(shown.len());
    let text = shown.join("<br>");
    if more > 0 {
        format!("{text}<br>and {more} more")
    } else {
        text
    }
}

/// The message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
