//! Formats of a report: text for a terminal, JSON for programs, markdown for a pull request, and annotations
//! for a GitHub workflow.

use std::fmt::Write as _;

use serde_json::{Value, json};

use funnelflux_openapi::text::{markdown, one_line};
use funnelflux_openapi::{Location, Severity};

use crate::{
    level::Level,
    report::{Change, Report, Side, Summary, Usage},
};

/// Maximum number of listed usages per place.
const MOST_USAGES: usize = 6;

/// The meaning of a change for one audience, such as the users of a client library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// Size of the impact in one word.
    pub impact: &'static str,
    /// Reason for it.
    pub reason: &'static str,
    /// Advice.
    pub action: &'static str,
}

/// The meaning of a whole report for one audience.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// Names the audience in every format, such as `crate`.
    pub name: &'static str,
    /// The consequence of each change, in the order of the report.
    pub consequences: Vec<Consequence>,
    /// The largest impact.
    pub impact: &'static str,
}

/// A report to be formatted, perhaps for an audience.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    report: &'a Report,
    audience: Option<&'a Audience>,
}

/// A change with its consequence.
struct Entry<'a> {
    change: &'a Change,
    consequence: Option<(&'static str, Consequence)>,
}

impl Report {
    /// Prepares the report for formatting, without an audience.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View {
            report: self,
            audience: None,
        }
    }

    /// Prepares the report for formatting with the consequences for an audience.
    #[must_use]
    pub fn view_for<'a>(&'a self, audience: &'a Audience) -> View<'a> {
        View {
            report: self,
            audience: Some(audience),
        }
    }
}

impl<'a> View<'a> {
    fn entries(self) -> impl Iterator<Item = Entry<'a>> {
        self.report
            .changes
            .iter()
            .enumerate()
            .map(move |(index, change)| Entry {
                change,
                consequence: self
                    .audience
                    .and_then(|audience| Some((audience.name, *audience.consequences.get(index)?))),
            })
    }

    /// For a terminal.
    #[must_use]
    pub fn text(self) -> String {
        let mut text = String::new();
        for entry in self.entries() {
            // Writing to a `String` cannot fail.
            let _ = write_text(&mut text, &entry);
            text.push('\n');
        }
        text.push_str(&self.summary_line());
        text.push('\n');
        text
    }

    /// For programs; [`crate::REPORT_SCHEMA`] describes it.
    #[must_use]
    pub fn json(self) -> Value {
        let mut summary = json!(self.report.summary());
        if let (Some(audience), Some(members)) = (self.audience, summary.as_object_mut()) {
            members.insert(format!("{}_impact", audience.name), audience.impact.into());
        }
        json!({
            "old": self.report.old,
            "new": self.report.new,
            "changes": self.entries().map(|entry| entry.json()).collect::<Vec<_>>(),
            "summary": summary,
        })
    }

    /// For a pull request.
    #[must_use]
    pub fn markdown(self) -> String {
        let [old, new] = [&self.report.old, &self.report.new].map(|name| markdown(&format!("`{name}`")));
        let mut text = format!("## Drift of the API: {old} → {new}\n\n{}\n", self.summary_line());
        let column = self
            .audience
            .map(|audience| format!(" {} |", audience.name))
            .unwrap_or_default();
        let line = if self.audience.is_some() { "---|" } else { "" };
        for (level, title) in [
            (Level::Breaking, "Breaking on the wire"),
            (Level::Warning, "To be judged by a person"),
            (Level::Info, "Harmless on the wire"),
            (Level::Docs, "Documentation"),
        ] {
            let entries: Vec<_> = self
                .entries()
                .filter(|entry| entry.change.level == level)
                .collect();
            if entries.is_empty() {
                continue;
            }
            let count = entries.len();
            let _ = write!(
                text,
                "\n### {title} ({count})\n\n\
                 | change | operations |{column} rule, fingerprint |\n|---|---|{line}---|\n",
            );
            for entry in entries {
                let Change {
                    id,
                    fingerprint,
                    meaning,
                    ..
                } = entry.change;
                let consequence = entry.consequence.map(|(_, consequence)| consequence);
                let action = consequence
                    .map(|consequence| format!(" {}", consequence.action))
                    .unwrap_or_default();
                let column = consequence.map(|Consequence { impact, reason, .. }| {
                    format!(" **{impact}**: {} |", markdown(reason))
                });
                let _ = writeln!(
                    text,
                    "| {}.<br>{}{} | {} |{} `{id}`<br>`{fingerprint}` |",
                    markdown(&entry.change.what),
                    markdown(meaning),
                    markdown(&action),
                    operations(entry.change),
                    column.unwrap_or_default(),
                );
            }
        }
        text
    }

    /// For a GitHub workflow: one annotation per change, on the line of the new document.
    #[must_use]
    pub fn github(self) -> String {
        let mut text = String::new();
        for entry in self.entries() {
            let Change {
                id,
                level,
                fingerprint,
                ..
            } = entry.change;
            let severity = match level {
                Level::Breaking => Severity::Error,
                Level::Warning => Severity::Warning,
                Level::Info | Level::Docs => Severity::Notice,
            };
            let mut title = format!("{id} ({level}");
            let mut message = entry.message();
            if let Some((name, Consequence { impact, reason, .. })) = entry.consequence {
                let _ = write!(title, ", {name}: {impact}");
                let _ = write!(message, "\nImpact on the {name}: {impact}: {reason}");
            }
            title.push(')');
            let _ = write!(message, "\nFingerprint: {fingerprint}");
            let location = Some(&entry.change.new_location);
            text.push_str(&annotation(severity, location, &title, &message));
            text.push('\n');
        }
        text
    }

    fn summary_line(self) -> String {
        if self.report.is_empty() {
            return "no changes".to_owned();
        }
        let Summary {
            breaking,
            warning,
            info,
            docs,
        } = self.report.summary();
        let counts = [
            (breaking, "breaking"),
            (warning, "warning"),
            (info, "info"),
            (docs, "docs"),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, name)| format!("{count} {name}")).collect();
        let changes = match self.report.changes.len() {
            1 => "1 change".to_owned(),
            count => format!("{count} changes"),
        };
        let impact = self
            .audience
            .map(|Audience { name, impact, .. }| format!("; for the {name}: {impact}"));
        format!("{changes}: {}{}", counts.join(", "), impact.unwrap_or_default())
    }
}

impl Entry<'_> {
    /// The difference, its meaning and the action in one line.
    fn message(&self) -> String {
        let Change { what, meaning, .. } = self.change;
        match self.consequence {
            Some((_, Consequence { action, .. })) => format!("{what}. {meaning} {action}"),
            None => format!("{what}. {meaning}"),
        }
    }

    fn json(&self) -> Value {
        let change = self.change;
        let mut json = json!({
            "id": change.id,
            "level": change.level,
            "direction": change.direction,
            "operation": change.operations.first(),
            "operations": change.operations,
            "side": change.side,
            "pointer": change.pointer,
            "file": change.location.file,
            "line": change.location.line,
            "column": change.location.column,
            "usages": change.usages,
            "message": self.message(),
            "what": change.what,
            "meaning": change.meaning,
            "fingerprint": change.fingerprint,
        });
        if let (Some((name, consequence)), Some(members)) = (self.consequence, json.as_object_mut()) {
            let Consequence {
                impact,
                reason,
                action,
            } = consequence;
            members.insert("action".to_owned(), action.into());
            members.insert(format!("{name}_impact"), impact.into());
            members.insert(format!("{name}_reason"), reason.into());
        }
        json
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

fn write_text(text: &mut String, entry: &Entry<'_>) -> std::fmt::Result {
    let change = entry.change;
    writeln!(text, "{:<9} {}", change.level, one_line(&change.what))?;
    writeln!(text, "     rule {} ({})", change.id, change.direction)?;
    let pointer = one_line(change.pointer.as_str());
    let pointer = if change.pointer.is_root() { "/" } else { &pointer };
    let gone = if change.side == Side::Old { " (before)" } else { "" };
    writeln!(text, "       at {} {pointer}{gone}", change.location)?;
    write_usages(text, &change.usages)?;
    writeln!(text, "     wire {}", change.meaning)?;
    if let Some((
        name,
        Consequence {
            impact,
            reason,
            action,
        },
    )) = entry.consequence
    {
        writeln!(text, "{name:>9} {impact}: {reason}")?;
        writeln!(text, "       do {action}")?;
    }
    writeln!(text, "       id {}", change.fingerprint)
}

/// Writes the usages as a tree: an operation, and below it each path from it.
fn write_usages(text: &mut String, usages: &[Usage]) -> std::fmt::Result {
    let shown = usages.get(..usages.len().min(MOST_USAGES)).unwrap_or_default();
    for group in shown.chunk_by(|left, right| left.operation == right.operation) {
        let operation = group.first().map_or("", |usage| &usage.operation);
        writeln!(text, "  used by {}", one_line(operation))?;
        let paths: Vec<&Usage> = group.iter().filter(|usage| !usage.path.is_empty()).collect();
        for (index, usage) in paths.iter().enumerate() {
            let branch = if index + 1 == paths.len() {
                "└─"
            } else {
                "├─"
            };
            writeln!(text, "          {branch} {}", one_line(&usage.path.join(" → ")))?;
        }
    }
    if usages.len() > shown.len() {
        writeln!(text, "          and {} more", usages.len() - shown.len())?;
    }
    Ok(())
}

fn operations(change: &Change) -> String {
    let shown = change.operations.iter().take(MOST_USAGES);
    let shown: Vec<String> = shown.map(|name| markdown(&format!("`{name}`"))).collect();
    let text = shown.join("<br>");
    match change.operations.len() - shown.len() {
        0 => text,
        more => format!("{text}<br>and {more} more"),
    }
}

/// Escapes the message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
