//! SARIF 2.1.0 for code scanning.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::view::{Entry, View};
use crate::level::Level;

impl View<'_> {
    /// Renders the report for code scanning, as SARIF 2.1.0: a result for each change, at its place in the
    /// new document.
    #[must_use]
    pub fn sarif(self) -> Value {
        let changes = self.report.changes.iter();
        let rules: BTreeMap<_, _> = changes.map(|change| (&change.id, change.meaning)).collect();
        let rules = rules.into_iter();
        let rules = rules.map(|(id, meaning)| json!({"id": id, "shortDescription": {"text": meaning}}));
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {"name": "funnelflux-diff", "rules": rules.collect::<Vec<_>>()}},
                "results": self.entries().map(|entry| result(&entry)).collect::<Vec<_>>(),
            }],
        })
    }
}

fn result(entry: &Entry<'_>) -> Value {
    let change = entry.change;
    let level = match change.level {
        Level::Breaking => "error",
        Level::Warning => "warning",
        Level::Info | Level::Docs => "note",
    };
    let mut message = entry.message();
    if let Some(proof) = entry.proof() {
        message = format!("{message} {proof}");
    }
    let location = &change.new_location;
    json!({
        "ruleId": change.id,
        "level": level,
        "message": {"text": message},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": location.file},
            "region": {"startLine": location.line, "startColumn": location.column},
        }}],
        "partialFingerprints": {"change/v1": change.fingerprint},
    })
}
