//! Changelog: writes the vendor's changes, with their meaning for users, under `## [Unreleased]`.
//!
//! The format is Keep a Changelog. Wording and order may be edited by hand; an entry is written once.

use crate::impact::{self, Impact};
use funnelflux_diff::{Change, ChangeKind, Report, Side};
use funnelflux_openapi::{
    digest::sha256,
    text::{counted, markdown},
};

const HEAD: &str = "# Changelog\n\n\
                    The format is based on [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).\n";

const UNRELEASED: &str = "## [Unreleased]";

/// Start of the comment that records which change of the document was written last.
const MARK: &str = "<!-- effective document: ";

/// Sections of a release in the order of Keep a Changelog.
const SECTIONS: [&str; 6] = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

/// Returns the changelog with the changes from the effective document `before` to `after`.
///
/// `None` if nothing changed, or if the last run wrote these changes already.
#[must_use]
pub fn add(changelog: Option<&str>, (before, after): (&str, &str), report: &Report) -> Option<String> {
    let short = |text: &str| sha256(text).chars().take(12).collect::<String>();
    let mark = format!("{MARK}{} to {} -->", short(before), short(after));
    let (head, unreleased, released) = split(changelog.unwrap_or(HEAD));
    if report.is_empty() || unreleased.lines().any(|line| line.trim() == mark) {
        return None;
    }
    let (introduction, mut sections) = read_sections(unreleased);
    for (title, entry) in entries(report) {
        match sections.iter_mut().find(|section| section.title == title) {
            Some(section) => section.lines.push(entry),
            None => sections.push(Section {
                title: title.to_owned(),
                lines: vec![entry],
            }),
        }
    }
    sections.sort_by_key(|section| {
        let place = SECTIONS.iter().position(|title| *title == section.title);
        place.unwrap_or(SECTIONS.len())
    });
    let mut parts = vec![head.to_owned(), format!("{UNRELEASED}\n\n{mark}"), introduction];
    parts.extend(sections.iter().map(Section::text));
    parts.push(released.to_owned());
    Some(join(&parts))
}

/// Part of a release below a `###` heading.
struct Section {
    title: String,
    lines: Vec<String>,
}

impl Section {
    fn text(&self) -> String {
        format!("### {}\n\n{}", self.title, self.lines.join("\n").trim())
    }
}

/// Splits a changelog into the text before the unreleased part, its content, and the releases after it.
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

/// Reads the sections of a release and the text before the first, without the mark of an earlier change.
fn read_sections(release: &str) -> (String, Vec<Section>) {
    let mut introduction = Vec::new();
    let mut sections: Vec<Section> = Vec::new();
    for line in release.lines().filter(|line| !line.starts_with(MARK)) {
        if let Some(title) = line.strip_prefix("### ") {
            sections.push(Section {
                title: title.trim().to_owned(),
                lines: Vec::new(),
            });
        } else {
            let lines = sections
                .last_mut()
                .map_or(&mut introduction, |section| &mut section.lines);
            lines.push(line.to_owned());
        }
    }
    for section in &mut sections {
        while section.lines.pop_if(|line| line.trim().is_empty()).is_some() {}
    }
    (introduction.join("\n"), sections)
}

/// Entries of a report, each with the title of its section.
fn entries(report: &Report) -> impl Iterator<Item = (&'static str, String)> {
    // Evidence matters to users only where it changes an item.
    let is_evidence = |change: &&Change| {
        change.kind == ChangeKind::ExtensionChanged && impact::of(change).0 <= Impact::Patch
    };
    let (evidence, changes): (Vec<&Change>, Vec<&Change>) = report.changes.iter().partition(is_evidence);
    let evidence = (!evidence.is_empty()).then(|| {
        let entry = format!(
            "- `x-` fields, which record the evidence for a part of the document, changed in {}",
            counted(evidence.len(), "place")
        );
        ("Changed", entry)
    });
    changes
        .into_iter()
        .map(|change| (section(change), entry(change)))
        .chain(evidence)
}

/// Title of the section that a change belongs to, as users of the crate see it.
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
    format!(
        "- {}. {} (crate: {impact}, wire: {}, `{}`)",
        markdown(&change.what),
        markdown(reason),
        change.level,
        change.id
    )
}

/// Joins the parts that are not empty, an empty line apart.
fn join(parts: &[String]) -> String {
    let parts: Vec<&str> = parts.iter().map(|part| part.trim()).collect();
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}\n", parts.join("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use funnelflux_diff as diff;
    use funnelflux_openapi::{Source, read};

    /// Compares two documents of which each has these components and operations.
    fn compare(old: &str, new: &str) -> Report {
        let document = |rest: &str| {
            let text = format!(r#"{{"openapi":"3.0.3","info":{{"title":"a","version":"1"}},{rest}}}"#);
            read::parse(Source {
                name: "a.json",
                text: &text,
            })
            .unwrap()
        };
        diff::compare(&document(old), &document(new))
    }

    const NOTHING: &str = r#""paths":{}"#;
    const SCHEMA: &str = r#""paths":{},"components":{"schemas":{"A":{"type":"object"}}}"#;
    const OPERATION: &str = r#""paths":{"/a/":{"get":{"responses":{"200":{"description":"d"}}}}}"#;

    #[test]
    fn entries_go_to_their_sections_once() {
        let added = compare(NOTHING, SCHEMA);
        let first = add(None, ("1", "2"), &added).unwrap();
        let second = add(Some(&first), ("2", "3"), &compare(OPERATION, NOTHING)).unwrap();
        insta::assert_snapshot!(second);
        assert_eq!(add(Some(&second), ("2", "3"), &added), None, "a repeated run");
        assert!(
            add(Some(&second), ("1", "2"), &added).is_some(),
            "the same change once more"
        );
    }

    #[test]
    fn hand_written_text_is_kept() {
        let old = "# Changelog\n\n## [Unreleased]\n\nWords.\n\n### Fixed\n\n- a\n  b\n\n\
                   ## [0.1.0] - 2026-01-01\n\n\
                   ### Added\n\n- old\n";
        let new = add(Some(old), ("1", "2"), &compare(NOTHING, SCHEMA)).unwrap();
        assert!(new.contains("\n\nWords.\n\n### Added\n\n- "), "{new}");
        assert!(
            new.ends_with("\n### Fixed\n\n- a\n  b\n\n## [0.1.0] - 2026-01-01\n\n### Added\n\n- old\n"),
            "{new}"
        );
        let released = "# Changelog\n\n## [0.1.0]\n";
        let new = add(Some(released), ("1", "2"), &compare(NOTHING, SCHEMA)).unwrap();
        assert!(
            new.find(UNRELEASED).unwrap() < new.find("## [0.1.0]").unwrap(),
            "{new}"
        );
    }

    /// A name in the document cannot start a section or a release.
    #[test]
    fn names_in_the_document_are_not_headings() {
        let mut report = compare(NOTHING, SCHEMA);
        for change in &mut report.changes {
            change.what = "the schema `a\n## 0.2.0\n` was added".to_owned();
        }
        let text = add(None, ("1", "2"), &report).unwrap();
        assert!(!text.contains("\n## 0.2.0"), "{text}");
    }

    #[test]
    fn changes_of_evidence_are_counted() {
        let with = |kind: &str| {
            format!(
                r#""paths":{{}},"components":{{"schemas":{{
                "A":{{"type":"object","x-evidence":{{"kind":"{kind}"}}}},
                "B":{{"x-evidence":{{"kind":"{kind}"}}}}}}}}"#
            )
        };
        let text = add(None, ("1", "2"), &compare(&with("pattern"), &with("page"))).unwrap();
        let entry =
            "- `x-` fields, which record the evidence for a part of the document, changed in 2 places\n";
        assert!(text.ends_with(entry), "{text}");
    }

    #[test]
    fn without_changes_nothing_is_written() {
        assert_eq!(add(None, ("1", "2"), &compare(SCHEMA, SCHEMA)), None);
    }
}
