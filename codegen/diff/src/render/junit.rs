//! `JUnit` XML for test reports. Each change is a test case, and a breaking change is a failed test case.

use maud::{Markup, PreEscaped, html};

use funnelflux_openapi::text::one_line;

use super::view::{Entry, View};
use crate::{level::Level, report::Summary};

impl View<'_> {
    /// Renders the report as `JUnit` XML.
    #[must_use]
    pub fn junit(self) -> String {
        let Summary { breaking, .. } = self.report.summary();
        let name = one_line(&format!("{} → {}", self.report.old, self.report.new)).into_owned();
        let xml = html! {
            (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
            testsuite name=(name) tests=(self.report.changes.len()) failures=(breaking) {
                @for entry in self.entries() { "\n  " (test_case(&entry)) }
                "\n"
            }
            "\n"
        };
        xml.into_string()
    }
}

fn test_case(entry: &Entry<'_>) -> Markup {
    let change = entry.change;
    let lines = [
        Some(entry.message()),
        entry.proof(),
        Some(change.location.to_string()),
    ];
    let lines: Vec<_> = lines.iter().flatten().map(|line| one_line(line)).collect();
    let text = lines.join("\n");
    html! {
        testcase classname=(change.id) name={ (one_line(&change.what)) " (" (change.fingerprint) ")" } {
            "\n    "
            @if change.level == Level::Breaking { failure { (text) } } @else { system-out { (text) } }
            "\n  "
        }
    }
}
