//! Changelog: what a new document means, joined from the comparison of the documents and that of the generated code.

use std::fmt::Write as _;

use crate::{
    api::Changes,
    diff::{Change, Impact, Report, rules},
    lock::sha256,
};

const HEAD: &str = "# Changelog of the generated code\n\n\
                    Written by `cargo xtask generate` when the document has changed; the wording may be edited.\n";

const UNRELEASED: &str = "## Unreleased";

const SECTION: &str = "### Schema drift";

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
    let mut entry = format!(
        "{mark}\nDue: **{}**.\n\nThe document:\n\n",
        due(report, api)
    );
    // On what something is known matters to users where it changes an item, which is told below.
    let is_mark = |change: &&Change| {
        change.id == rules::EXTENSION_CHANGED.id && change.crate_impact <= Impact::Patch
    };
    let (marks, changes): (Vec<&Change>, Vec<&Change>) = report.changes.iter().partition(is_mark);
    for change in changes {
        // Writing to a string cannot fail.
        let _ = writeln!(
            entry,
            "- {}, {}: {} (`{}`)",
            change.level, change.direction, change.what, change.id
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

/// Puts the entry at the top of the section, and makes the section where there is none.
fn insert(changelog: &str, entry: &str) -> String {
    let (head, unreleased) = match changelog.split_once(UNRELEASED) {
        Some((head, rest)) => (head, rest),
        None => match changelog.find("\n## ") {
            Some(at) => changelog.split_at(at + 1),
            None => (changelog, ""),
        },
    };
    let is_open = changelog.contains(UNRELEASED);
    // The section must be one of the unreleased part, not one of an earlier release.
    let (own, released) = match unreleased.find("\n## ") {
        _ if !is_open => ("", unreleased),
        Some(at) => unreleased.split_at(at + 1),
        None => (unreleased, ""),
    };
    let (before, after) = own.split_once(SECTION).unwrap_or((own, ""));
    let parts = [
        head.trim_end(),
        UNRELEASED,
        before.trim(),
        SECTION,
        entry.trim(),
        after.trim(),
        released.trim(),
    ];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}\n", parts.join("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Source, api, diff, read};
    use std::collections::BTreeMap;

    fn drift() -> (Report, Changes) {
        let document = |text| {
            read::parse(Source {
                name: "a.json",
                text,
            })
            .unwrap()
        };
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
        (
            report,
            api::compare(&surface(""), &surface("pub struct A;")),
        )
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
        assert!(
            new.ends_with("## 0.1.0\n\n### Schema drift\n\nold\n"),
            "{new}"
        );
        assert!(new.find("## Unreleased").unwrap() < new.find("## 0.1.0").unwrap());
    }

    #[test]
    fn without_drift_nothing_is_told() {
        let (mut report, api) = drift();
        report.changes.clear();
        assert_eq!(add(None, ("1", "2"), &report, &api), None);
    }
}
