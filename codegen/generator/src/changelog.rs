//! Adds the vendor's changes, with their meaning for users, to the changelog under `## [Unreleased]`.
//!
//! The format is Keep a Changelog. Each entry is written only once, so its wording and position may be edited
//! by hand afterwards.

use crate::impact::{self, Impact};
use crate::rustdoc::capitalised;
use funnelflux_diff::{Change, ChangeKind, Report, Side};
use funnelflux_openapi::{
    digest::sha256,
    text::{counted, markdown},
};

const HEAD: &str = "# Changelog\n\n\
                    The format is based on [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).\n";

const UNRELEASED: &str = "## [Unreleased]";

/// Prefix of an HTML comment in the changelog. The rest of the comment has the checksums of the two documents
/// whose differences were added last.
const MARK: &str = "<!-- effective document: ";

/// Section titles of a release, in the order of Keep a Changelog.
const SECTIONS: [&str; 6] = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

/// Returns the changelog with new entries for the changes from `before` to `after`, which are the texts of
/// two effective documents.
///
/// Returns `None` if nothing changed, or if the last run already wrote the entries for these changes.
pub fn add(changelog: Option<&str>, (before, after): (&str, &str), report: &Report) -> Option<String> {
    let short = |text: &str| sha256(text).chars().take(12).collect::<String>();
    let mark = format!("{MARK}{} to {} -->", short(before), short(after));
    let (head, unreleased, released) = split(changelog.unwrap_or(HEAD));
    if report.is_empty() || unreleased.lines().any(|line| line.trim() == mark) {
        return None;
    }
    let (introduction, mut sections) = read_sections(unreleased);
    for (title, entry) in entries(report) {
        match sections.iter_mut().find(|(known, _)| known == title) {
            Some((_, text)) => *text = format!("{}\n{entry}", text.trim_end()),
            None => sections.push((title.to_owned(), entry)),
        }
    }
    sections.sort_by_key(|(title, _)| {
        let place = SECTIONS.iter().position(|section| section == title);
        place.unwrap_or(SECTIONS.len())
    });
    let mut parts = vec![head.to_owned(), format!("{UNRELEASED}\n\n{mark}"), introduction];
    parts.extend(
        sections
            .iter()
            .map(|(title, text)| format!("### {title}\n\n{}", text.trim())),
    );
    parts.push(released.to_owned());
    Some(join(&parts))
}

/// Splits a changelog into the text before the unreleased section, the unreleased section, and the releases
/// after it.
fn split(changelog: &str) -> (&str, &str, &str) {
    let next = |text: &str| text.find("\n## ").map_or(text.len(), |at| at + 1);
    if let Some((head, rest)) = changelog.split_once(UNRELEASED) {
        let (unreleased, released) = rest.split_at(next(rest));
        (head, unreleased, released)
    } else {
        let (head, released) = changelog.split_at(next(changelog));
        (head, "", released)
    }
}

/// Splits the text of a release into its introduction and its sections. The introduction is the text before
/// the first section, and a section is a pair of title and text. Drops the comment that begins with `MARK`.
fn read_sections(release: &str) -> (String, Vec<(String, String)>) {
    let lines: Vec<&str> = release.lines().filter(|line| !line.starts_with(MARK)).collect();
    let text = lines.join("\n");
    let mut parts = text.split("\n### ");
    let introduction = parts.next().unwrap_or_default().to_owned();
    let sections = parts.map(|part| {
        let (title, text) = part.split_once('\n').unwrap_or((part, ""));
        (title.trim().to_owned(), text.to_owned())
    });
    (introduction, sections.collect())
}

/// Returns the changelog entries for a report. Each entry comes with the title of its section.
fn entries(report: &Report) -> impl Iterator<Item = (&'static str, String)> {
    // Changes of `x-` fields share one entry, which states their number. A change that affects the interface
    // has its own entry.
    let is_evidence = |change: &&Change| {
        change.kind == ChangeKind::ExtensionChanged && impact::of(change).0 <= Impact::Patch
    };
    let (evidence, changes): (Vec<&Change>, Vec<&Change>) = report.changes.iter().partition(is_evidence);
    let evidence = (!evidence.is_empty()).then(|| {
        let places = counted(evidence.len(), "place");
        let fields = "`x-` fields, which record the evidence for a part of the document";
        ("Changed", format!("- {fields}, changed in {places}"))
    });
    let changes = changes.into_iter().map(|change| (section(change), entry(change)));
    changes.chain(evidence)
}

/// Returns the title of the changelog section for a change, from the perspective of users of the crate.
fn section(change: &Change) -> &'static str {
    match (impact::of(change).0, change.side) {
        _ if change.id.ends_with("-deprecated") => "Deprecated",
        (Impact::Minor, _) => "Added",
        (Impact::Major, Side::Old) => "Removed",
        _ => "Changed",
    }
}

fn entry(change: &Change) -> String {
    let (impact, reason) = impact::of(change);
    let (what, reason) = (capitalised(&markdown(&change.what)), markdown(reason));
    let Change { level, id, .. } = change;
    format!("- {what}. {reason} (crate: {impact}, wire: {level}, `{id}`)")
}

/// Joins the parts that are not empty, with an empty line between them.
fn join(parts: &[String]) -> String {
    let parts = parts.iter().map(|part| part.trim());
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    format!("{}\n", parts.join("\n\n"))
}

#[cfg(test)]
mod tests;
