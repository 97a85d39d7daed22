//! `JUnit` XML for test reports: a test case for each change, which fails if the change breaks.

use std::fmt::Write as _;

use funnelflux_openapi::text::one_line;

use super::{
    html::escape,
    text::with_example,
    view::{View, proof},
};
use crate::{level::Level, report::Summary};

impl View<'_> {
    /// Renders the report as `JUnit` XML.
    #[must_use]
    pub fn junit(self) -> String {
        let attribute = |text: &str| escape(&one_line(text));
        let Summary { breaking, .. } = self.report.summary();
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuite name=\"{}\" tests=\"{}\" failures=\"{breaking}\">\n",
            attribute(&format!("{} → {}", self.report.old, self.report.new)),
            self.report.changes.len(),
        );
        for entry in self.entries() {
            let change = entry.change;
            let mut message = entry.message();
            if let Some((sentence, example)) = proof(&change.proof) {
                let _ = write!(message, "\n{}", with_example(sentence, example.as_deref()));
            }
            let element = if change.level == Level::Breaking {
                "failure"
            } else {
                "system-out"
            };
            let _ = writeln!(
                text,
                "  <testcase classname=\"{}\" name=\"{} ({})\">\n    \
                 <{element}>{}\n{}</{element}>\n  </testcase>",
                attribute(&change.id),
                attribute(&change.what),
                change.fingerprint,
                message.lines().map(attribute).collect::<Vec<_>>().join("\n"),
                attribute(&change.location.to_string()),
            );
        }
        text.push_str("</testsuite>\n");
        text
    }
}
