//! Changelog: what a new document means, joined from the comparison of the documents and that of the generated code.

use std::{collections::HashSet, fmt::Write as _};

use semver::Version;

use crate::api::Changes;
use funnelflux_diff::{Change, Impact, Report};
use funnelflux_openapi::digest::sha256;
use funnelflux_openapi::text::markdown;

const HEAD: &str = "# Changelog\n\n\
                    Written by `cargo xtask generate` when the document has changed, and by `cargo xtask release`; the wording may \
                    be edited.\n";

const UNRELEASED: &str = "## Unreleased";

const SECTION: &str = "### Schema drift";

/// What no entry has told.
const REST: &str = "### Else in the public interface";

/// The bump that is due: what the code says, and at least a patch where anything has changed at all. Where the code is
/// the same, nobody's build breaks, whatever the document's comparison fears.
#[must_use]
pub fn due(report: &Report, api: &Changes) -> Impact {
    match (api.impact(), report.summary().crate_impact) {
        (Impact::None, Impact::None) => Impact::None,
        (api, _) => api.max(Impact::Patch),
    }
}

/// The changelog with one more entry: that the effective document went from `before` to `after`.
///
/// `None` if there is nothing to tell, or if it has been told.
#[must_use]
pub fn add(
    changelog: Option<&str>,
    (before, after): (&str, &str),
    report: &Report,
    api: &Changes,
) -> Option<String> {
    let short = |text: &str| sha256(text).chars().take(12).collect::<String>();
    let mark = format!("<!-- document {} to {} -->", short(before), short(after));
    let changelog = changelog.unwrap_or(HEAD);
    if report.is_empty() || changelog.contains(&mark) {
        return None;
    }
    let mut entry = format!("{mark}\nDue: **{}**.\n\nThe document:\n\n", due(report, api));
    // On what something is known matters to users where it changes an item, which is told below.
    let is_mark = |change: &&Change| change.id == "extension-changed" && change.crate_impact <= Impact::Patch;
    let (marks, changes): (Vec<&Change>, Vec<&Change>) = report.changes.iter().partition(is_mark);
    for change in changes {
        // Writing to a string cannot fail.
        let _ = writeln!(
            entry,
            "- {}, {}: {} (`{}`)",
            change.level,
            change.direction,
            markdown(&change.what),
            change.id
        );
    }
    if let Some(mark) = marks.first() {
        let places = match marks.len() {
            1 => "one place".to_owned(),
            count => format!("{count} places"),
        };
        let _ = writeln!(
            entry,
            "- {}: `x-` fields, which say on what evidence something is known, changed in {places} (`{}`)",
            mark.level, mark.id
        );
    }
    entry.push_str("\nThe public interface:\n\n");
    let interface = api.to_string();
    entry.push_str(if interface.is_empty() {
        "- unchanged\n"
    } else {
        &interface
    });
    Some(insert(changelog, &entry))
}

/// The changelog with its unreleased part closed as that of `version`. What has changed since the last release and is not
/// told there, such as hand-written code and features, is added; without `changes` it is the first release.
///
/// A part that has been closed stays as it is, so that an interrupted release can be repeated.
#[must_use]
pub fn close(changelog: Option<&str>, version: &Version, changes: Option<&Changes>) -> String {
    let changelog = changelog.unwrap_or(HEAD);
    let heading = format!("## {version}");
    if changelog.lines().any(|line| line.trim_end() == heading) {
        return changelog.to_owned();
    }
    let (head, own, released) = unreleased(changelog);
    let rest = match changes {
        None => "The first release.".to_owned(),
        Some(changes) => {
            let changes = changes.to_string();
            // By what they are about: the wording of an entry may have been edited.
            let item = |line: &str| line.split('`').nth(1).map(str::to_owned);
            let told: HashSet<String> = own.lines().filter_map(item).collect();
            let is_new = |line: &&str| item(line).is_none_or(|item| !told.contains(&item));
            let lines: Vec<&str> = changes.lines().filter(is_new).collect();
            match lines.as_slice() {
                [] => String::new(),
                lines => format!("{REST}\n\n{}", lines.join("\n")),
            }
        }
    };
    sections(&[head, &heading, own, &rest, released])
}

/// What stands before the unreleased part, what it holds, and the releases after it.
fn unreleased(changelog: &str) -> (&str, &str, &str) {
    let next = |text: &str| text.find("\n## ").map_or(text.len(), |at| at + 1);
    if let Some((head, rest)) = changelog.split_once(UNRELEASED) {
        let (own, released) = rest.split_at(next(rest));
        (head, own, released)
    } else {
        let (head, released) = changelog.split_at(next(changelog));
        (head, "", released)
    }
}

/// The parts that hold something, an empty line apart.
fn sections(parts: &[&str]) -> String {
    let parts = parts.iter().map(|part| part.trim());
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    format!("{}\n", parts.join("\n\n"))
}

/// Puts the entry at the top of the section, and makes the section where there is none.
fn insert(changelog: &str, entry: &str) -> String {
    let (head, own, released) = unreleased(changelog);
    let (before, after) = own.split_once(SECTION).unwrap_or((own, ""));
    sections(&[head, UNRELEASED, before, SECTION, entry, after, released])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api;
    use funnelflux_diff as diff;
    use funnelflux_openapi::{Source, read};
    use std::collections::BTreeMap;

    fn drift() -> (Report, Changes) {
        let document = |text| read::parse(Source { name: "a.json", text }).unwrap();
        let report = diff::compare(
            &document(r#"{"openapi":"3.0.3","info":{"title":"a","version":"1"},"paths":{}}"#),
            &document(
                r#"{"openapi":"3.0.3","info":{"title":"a","version":"1"},"paths":{},"components":{"schemas":{"A":{"type":"object"}}}}"#,
            ),
        );
        let surface = |text: &str| {
            api::surface(&BTreeMap::from([(
                "lib.rs".to_owned(),
                format!("pub mod types {{ {text} }}"),
            )]))
            .unwrap()
        };
        (report, api::compare(&surface(""), &surface("pub struct A;")))
    }

    #[test]
    fn entries_go_to_the_top_of_the_unreleased_section() {
        let (report, api) = drift();
        let first = add(None, ("1", "2"), &report, &api).unwrap();
        let second = add(Some(&first), ("2", "3"), &report, &api).unwrap();
        insta::assert_snapshot!(second);
        // An interrupted run that is repeated tells nothing twice.
        assert_eq!(add(Some(&second), ("2", "3"), &report, &api), None);
    }

    /// A name of the document closes no part and opens none.
    #[test]
    fn names_of_the_document_are_no_headings() {
        let (mut report, api) = drift();
        for change in &mut report.changes {
            change.what = "the schema `a\n## 0.2.0\n` was added".to_owned();
        }
        let text = add(None, ("1", "2"), &report, &api).unwrap();
        assert!(!text.contains("\n## 0.2.0"), "{text}");
    }

    #[test]
    fn marks_of_evidence_are_counted() {
        let document = |text: String| {
            read::parse(Source {
                name: "a.json",
                text: &text,
            })
            .unwrap()
        };
        let with = |kind: &str| {
            document(format!(
                r#"{{"openapi":"3.0.3","info":{{"title":"a","version":"1"}},"paths":{{}},"components":{{"schemas":{{
                "A":{{"type":"object","x-evidence":{{"kind":"{kind}"}}}},"B":{{"x-evidence":{{"kind":"{kind}"}}}}}}}}}}"#
            ))
        };
        let report = diff::compare(&with("pattern"), &with("page"));
        let text = add(None, ("1", "2"), &report, &Changes::default()).unwrap();
        assert!(
            text.contains("\n- info: `x-` fields, which say on what evidence something is known, changed in 2 places (`extension-changed`)\n"),
            "{text}"
        );
        assert!(text.contains("Due: **patch**."), "{text}");
    }

    #[test]
    fn what_was_released_stays_as_it_is() {
        let (report, api) = drift();
        let old = "# Changelog\n\n## 0.1.0\n\n### Schema drift\n\nold\n";
        let new = add(Some(old), ("1", "2"), &report, &api).unwrap();
        assert!(new.ends_with("## 0.1.0\n\n### Schema drift\n\nold\n"), "{new}");
        assert!(new.find("## Unreleased").unwrap() < new.find("## 0.1.0").unwrap());
    }

    #[test]
    fn a_release_tells_what_no_entry_told() {
        let (report, api) = drift();
        let first = close(None, &Version::new(0, 1, 0), None);
        let drifted = add(Some(&first), ("1", "2"), &report, &api).unwrap();
        let surface =
            |text: &str| api::surface(&BTreeMap::from([("lib.rs".to_owned(), text.to_owned())])).unwrap();
        // The entry has told of `types::A`; `by_hand` is in no document.
        let since = api::compare(
            &surface("pub mod types {}"),
            &surface("pub mod types { pub struct A; } pub fn by_hand() {}"),
        );
        let version = Version::new(0, 2, 0);
        let closed = close(Some(&drifted), &version, Some(&since));
        insta::assert_snapshot!(closed);
        assert_eq!(close(Some(&closed), &version, Some(&since)), closed);
        // An edited line has told it, too.
        let edited = drifted.replace("- added `types::A`: `struct`", "- `types::A` is new");
        assert_ne!(edited, drifted);
        assert!(!close(Some(&edited), &version, Some(&since)).contains("added `types::A`"));
        let nothing = close(Some(&first), &version, Some(&Changes::default()));
        assert!(nothing.contains("## 0.2.0\n\n## 0.1.0\n"), "{nothing}");
    }

    #[test]
    fn without_drift_nothing_is_told() {
        let (mut report, api) = drift();
        report.changes.clear();
        assert_eq!(add(None, ("1", "2"), &report, &api), None);
    }
}
