//! Text for a terminal: every change with its place, usages, meaning and fingerprint.

use std::fmt::Write as _;

use funnelflux_openapi::text::one_line;

use super::view::{Entry, MOST_USAGES, View};
use crate::{
    level::Side,
    report::{Report, Usage},
};

impl View<'_> {
    /// Renders the verdict, then each change in full.
    #[must_use]
    pub fn text(self) -> String {
        if self.report.is_empty() {
            return format!("{}\n", self.verdict());
        }
        let mut text = format!("{}\n{}\n", self.verdict(), self.counts());
        for entry in self.entries() {
            text.push('\n');
            // Writing to a `String` cannot fail.
            let _ = write_entry(&mut text, self.report, &entry);
        }
        text
    }
}

fn write_entry(text: &mut String, report: &Report, entry: &Entry<'_>) -> std::fmt::Result {
    let change = entry.change;
    writeln!(text, "{:<9} {}", change.level, one_line(&change.what))?;
    writeln!(text, "     rule {} ({})", change.id, change.direction)?;
    let pointer = match change.source_pointer.as_str() {
        "" => "/",
        pointer => pointer,
    };
    let pointer = one_line(pointer);
    let gone = if change.side == Side::Old { " (before)" } else { "" };
    writeln!(text, "       at {} {pointer}{gone}", change.location)?;
    let (usages, all) = report.usages(change, MOST_USAGES);
    write_usages(text, &usages, all)?;
    writeln!(text, "     wire {}", change.meaning)?;
    if let Some(proof) = entry.proof() {
        writeln!(text, "    proof {proof}")?;
    }
    if let Some((name, consequence)) = entry.consequence {
        writeln!(text, "{name:>9} {}: {}", consequence.impact, consequence.reason)?;
        writeln!(text, "       do {}", consequence.action)?;
    }
    writeln!(text, "       id {}", change.fingerprint)
}

/// Writes the usages as a tree. Each operation is followed by the paths that lead from the operation to the
/// changed part.
fn write_usages(text: &mut String, usages: &[Usage], all: usize) -> std::fmt::Result {
    for group in usages.chunk_by(|left, right| left.operation == right.operation) {
        let operation = group.first().map_or("", |usage| &usage.operation);
        writeln!(text, "  used by {}", one_line(operation))?;
        let paths: Vec<&Usage> = group.iter().filter(|usage| !usage.path.is_empty()).collect();
        for (index, usage) in paths.iter().enumerate() {
            let is_last = index + 1 == paths.len();
            let branch = if is_last { "└─" } else { "├─" };
            writeln!(text, "          {branch} {}", one_line(&usage.path.join(" → ")))?;
        }
    }
    if all > usages.len() {
        writeln!(text, "          and {} more", all - usages.len())?;
    }
    Ok(())
}
