//! Text form and JSON form of diagnostics.

use super::*;

fn sample() -> Diagnostic {
    Diagnostic::new(
        Severity::Error,
        Stage::Lint,
        "parameter-style",
        "/paths/~1offersource~1save~1/put/parameters/0",
        "the parameter `filter` has the unsupported style `deepObject`",
    )
    .fix("let an overlay split it into single parameters\nor remove it")
    .at(Some(Location {
        file: "spec/upstream.json".into(),
        line: 12,
        column: 5,
    }))
}

#[test]
fn a_diagnostic_prints_location_message_and_fix() {
    assert_eq!(
        sample().to_string(),
        "spec/upstream.json:12:5: error[lint::parameter-style] at \
         /paths/~1offersource~1save~1/put/parameters/0 (PUT /offersource/save/): \
         the parameter `filter` has the unsupported style `deepObject`\n  \
         fix: let an overlay split it into single parameters\n       or remove it"
    );
}

#[test]
fn a_diagnostic_on_the_whole_document_prints_no_pointer() {
    let diagnostic = Diagnostic::new(
        Severity::Notice,
        Stage::Normalise,
        "webhooks",
        "",
        "webhooks are left out",
    );
    assert_eq!(
        diagnostic.to_string(),
        "notice[normalise::webhooks]: webhooks are left out"
    );
}

#[test]
fn diagnostics_are_counted_at_the_end() {
    let mut diagnostics = Diagnostics::from(sample());
    diagnostics.push(sample());
    diagnostics.push(Diagnostic::new(Severity::Warning, Stage::Read, "x", "", "y"));
    assert!(diagnostics.has_errors());
    assert!(
        diagnostics
            .to_string()
            .ends_with("\nwarning[read::x]: y\n2 errors, 1 warning")
    );
    assert_eq!(Diagnostics::default().to_string(), "nothing found");
}

#[test]
fn a_diagnostic_is_json() {
    assert_eq!(
        serde_json::to_value(sample()).unwrap(),
        serde_json::json!({
            "severity": "error",
            "stage": "lint",
            "code": "parameter-style",
            "message": "the parameter `filter` has the unsupported style `deepObject`",
            "fix": "let an overlay split it into single parameters\nor remove it",
            "location": {"file": "spec/upstream.json", "line": 12, "column": 5},
            "pointer": "/paths/~1offersource~1save~1/put/parameters/0",
            "operation": "PUT /offersource/save/",
        })
    );
}
