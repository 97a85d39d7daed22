//! Summary for a terminal, on one screen.

use std::{collections::BTreeMap, fmt::Write as _};

use indexmap::IndexMap;

use funnelflux_openapi::text::{SENTENCE, one_line, shorten};

use super::{
    groups::Group,
    view::{Entry, MOST_OPERATIONS, View, title},
};
use crate::{level::Level, proof::Proof};

/// Maximum number of rules that are named in the line about hidden changes.
const MOST_KINDS: usize = 3;

impl View<'_> {
    /// Renders the verdict, then each change in full. Returns `None` if this text has more than `most_lines`
    /// lines.
    #[must_use]
    pub fn short_text(self, most_lines: usize) -> Option<String> {
        /// Minimum number of lines of a change in full.
        const FEWEST: usize = 5;
        let may_fit = self.report.changes.len() * FEWEST <= most_lines;
        may_fit
            .then(|| self.text())
            .filter(|text| text.lines().count() <= most_lines)
    }

    /// Renders the verdict, then groups of similar changes. Breaking changes come first, then warnings, then
    /// some harmless changes: those that concern the [`Audience`](crate::Audience) or, without an audience,
    /// those of the level `info`. If the full text of all changes has at most `most_lines`
    /// lines, returns the full text instead.
    #[must_use]
    pub fn summary(self, most_lines: usize) -> String {
        if let Some(text) = self.short_text(most_lines) {
            return text;
        }
        let groups = self.groups();
        let mut sections: IndexMap<String, Vec<&Group<'_>>> = IndexMap::new();
        let mut hidden: BTreeMap<&str, usize> = BTreeMap::new();
        for group in &groups {
            let Some(title) = self.heading(group) else {
                for entry in &group.entries {
                    *hidden.entry(&entry.change.id).or_default() += 1;
                }
                continue;
            };
            sections.entry(title).or_default().push(group);
        }
        let hidden = not_shown(hidden);
        let mut lines = vec![self.verdict(), self.counts()];
        let mut sections_left = sections.len();
        for (title, groups) in sections {
            let free = most_lines.saturating_sub(lines.len() + hidden.len());
            // A section gets at most two thirds of the free lines if less severe sections follow.
            let room = if sections_left > 1 { free * 2 / 3 } else { free };
            lines.extend(section(title, &groups, room));
            sections_left -= 1;
        }
        lines.extend(hidden);
        lines.join("\n") + "\n"
    }

    /// Returns the heading for a group, or `None` if the summary only counts the group.
    fn heading(self, group: &Group<'_>) -> Option<String> {
        match (group.level(), self.audience) {
            (level @ (Level::Breaking | Level::Warning), _) => Some(title(level).to_owned()),
            (_, Some(audience)) if group.concerns() => Some(format!(
                "Harmless on the wire, noticed by users of the {}",
                audience.name
            )),
            (Level::Info, None) => Some(title(Level::Info).to_owned()),
            _ => None,
        }
    }
}

/// Writes an empty line, the title, as many groups as fit, and the number of changes that do not fit.
fn section(title: String, groups: &[&Group<'_>], room: usize) -> Vec<String> {
    let mut lines = vec![String::new(), title];
    for (index, group) in groups.iter().enumerate() {
        let block = block(group);
        let rest = groups.get(index..).unwrap_or_default();
        let is_last = rest.len() == 1;
        if lines.len() + block.len() + usize::from(!is_last) > room {
            let count: usize = rest.iter().map(|group| group.entries.len()).sum();
            match (lines.as_mut_slice(), index) {
                ([.., title], 0) => *title = format!("{title} ({count})"),
                _ => lines.push(format!("{count:>5} more")),
            }
            break;
        }
        lines.extend(block);
    }
    lines
}

/// Writes a group of similar changes: the sentence, the affected operations, and the location of the first
/// change. If the changes are breaking, adds the action and the counterexample.
fn block(group: &Group<'_>) -> Vec<String> {
    const INDENT: &str = "        ";
    let sentence = group.sentence();
    let sentence = one_line(&sentence);
    let sentence = shorten(&sentence, SENTENCE);
    let Entry { change, consequence } = group.first;
    let mut block = vec![match group.entries.len() {
        1 => format!("{INDENT}{sentence}"),
        count => format!("{count:>5} × {sentence} ({})", change.id),
    }];
    let operations = group.operations();
    let shown = operations.iter().take(MOST_OPERATIONS).map(|name| one_line(name));
    let mut shown = shown.collect::<Vec<_>>().join(", ");
    if operations.len() > MOST_OPERATIONS {
        let _ = write!(shown, " and {} more", operations.len() - MOST_OPERATIONS);
    }
    let location = &change.location;
    let place = if group.entries.len() > 1 { "first at" } else { "at" };
    block.push(match shown.as_str() {
        "" => format!("{INDENT}{place} {location}"),
        _ => format!("{INDENT}{shown}; {place} {location}"),
    });
    if group.level() == Level::Breaking {
        let action = consequence.map(|(_, consequence)| format!("do: {}", consequence.action));
        let is_refuted = matches!(change.proof, Proof::Counterexample { .. });
        let example = group.first.proof().filter(|_| is_refuted);
        let example = example.map(|example| shorten(&example, SENTENCE).into_owned());
        let parts: Vec<String> = action.into_iter().chain(example).collect();
        if !parts.is_empty() {
            block.push(format!("{INDENT}{}", parts.join(" Example, ")));
        }
    }
    block
}

/// Writes an empty line, and a line with the number of hidden changes, in total and for the most frequent
/// rules. If no change is hidden, writes nothing.
fn not_shown(hidden: BTreeMap<&str, usize>) -> Vec<String> {
    let all: usize = hidden.values().sum();
    if all == 0 {
        return Vec::new();
    }
    let mut kinds: Vec<_> = hidden.into_iter().collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let rest = kinds.split_off(kinds.len().min(MOST_KINDS));
    let kinds = kinds.iter().map(|(id, count)| format!("{count} × {id}"));
    let mut kinds: Vec<String> = kinds.collect();
    if !rest.is_empty() {
        let count: usize = rest.iter().map(|(_, count)| count).sum();
        kinds.push(format!("{count} × other rules"));
    }
    vec![String::new(), format!("Not shown ({all}): {}", kinds.join(", "))]
}
