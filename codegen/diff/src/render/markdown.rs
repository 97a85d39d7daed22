//! Markdown for a pull request: a table for each level, with similar changes in one row.

use std::fmt::Write as _;

use funnelflux_openapi::text::markdown;

use super::{
    groups::Group,
    view::{MOST_OPERATIONS, View, proof, title, with_example},
};
use crate::report::Change;

impl View<'_> {
    /// Renders the report for a pull request.
    #[must_use]
    pub fn markdown(self) -> String {
        let [old, new] = [&self.report.old, &self.report.new].map(|name| markdown(&format!("`{name}`")));
        let mut text = format!("## Drift of the API: {old} → {new}\n\n**{}**", self.verdict());
        if !self.report.is_empty() {
            let _ = write!(text, "\n\n{}", self.counts());
        }
        text.push('\n');
        let column = self
            .audience
            .map(|audience| format!(" {} |", audience.name))
            .unwrap_or_default();
        let line = if self.audience.is_some() { "---|" } else { "" };
        let groups = self.groups();
        for groups in groups.chunk_by(|left, right| left.level() == right.level()) {
            let title = groups.first().map_or("", |group| title(group.level()));
            let count: usize = groups.iter().map(|group| group.entries.len()).sum();
            let _ = write!(
                text,
                "\n### {title} ({count})\n\n\
                 | change | operations |{column} rule, fingerprint |\n|---|---|{line}---|\n",
            );
            text.extend(groups.iter().map(row));
        }
        text
    }
}

fn row(group: &Group<'_>) -> String {
    let entry = group.first;
    let Change { id, meaning, .. } = entry.change;
    let fingerprint = format!("`{}`", entry.change.fingerprint);
    let (count, fingerprint) = match group.entries.len() {
        1 => (String::new(), fingerprint),
        count => (
            format!("{count} × "),
            format!("{fingerprint} and {} more", count - 1),
        ),
    };
    let (action, column) = match entry.consequence {
        Some((_, consequence)) => {
            let (impact, reason) = (consequence.impact, markdown(consequence.reason));
            (
                format!(" {}", consequence.action),
                format!(" **{impact}**: {reason} |"),
            )
        }
        None => (String::new(), String::new()),
    };
    let proof = proof(&entry.change.proof)
        .map(|(sentence, example)| {
            let example = example.map(|example| format!("`{}`", example.replace('`', "\\u0060")));
            format!("<br>{}", markdown(&with_example(sentence, example.as_deref())))
        })
        .unwrap_or_default();
    format!(
        "| {count}{}.<br>{}{}{proof} | {} |{} `{id}`<br>{fingerprint} |\n",
        markdown(&group.sentence()),
        markdown(meaning),
        markdown(&action),
        operations(group),
        column,
    )
}

fn operations(group: &Group<'_>) -> String {
    let operations = group.operations();
    let shown = operations.iter().take(MOST_OPERATIONS);
    let mut shown: Vec<String> = shown.map(|name| markdown(&format!("`{name}`"))).collect();
    if operations.len() > shown.len() {
        shown.push(format!("and {} more", operations.len() - shown.len()));
    }
    shown.join("<br>")
}
