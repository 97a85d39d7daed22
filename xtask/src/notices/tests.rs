//! Tests of grouping similar notices.

use funnelflux_openapi::Location;

use super::*;

#[test]
fn like_notices_are_one() {
    let notice = |code, pointer: &str, message: &str| {
        Diagnostic::new(Severity::Notice, Stage::Lint, code, pointer, message).fix("read it")
    };
    let path = |number: usize| format!("/paths/~1a{number}/get");
    let mut notices: Vec<Diagnostic> = (0..7)
        .map(|number| notice("word", &path(number), &format!("the word `{number}` is unknown")))
        .collect();
    notices.insert(3, notice("word", "/info", "the word is missing"));
    insta::assert_snapshot!(grouped(&notices).join("\n"), @r"
    7 × notice[lint::word]: the word `…` is unknown
      GET /a0, GET /a1, GET /a2, GET /a3, GET /a4 and 2 more
      fix: read it
    notice[lint::word] at /info: the word is missing
      fix: read it
    ");
}

#[test]
fn errors_come_before_the_warnings_that_explain_them() {
    let diagnostic = |severity, pointer: &str, line| {
        let location = Location {
            file: "a.json".to_owned(),
            line,
            column: 3,
        };
        Diagnostic::new(
            severity,
            Stage::Lint,
            "word",
            pointer,
            "expected a list, found null",
        )
        .operations(&["GET /a".to_owned()])
        .at(Some(location))
    };
    let diagnostics = Diagnostics(vec![
        diagnostic(Severity::Warning, "/components/schemas/A/required", 5),
        diagnostic(Severity::Warning, "/components/schemas/B/required", 7),
        diagnostic(Severity::Error, "/paths", 9),
    ]);
    insta::assert_snapshot!(errors_first(&diagnostics), @r"
    a.json:9:3: error[lint::word] at /paths (GET /a): expected a list, found null
    2 × warning[lint::word]: expected a list, found null
      GET /a; first at a.json:5:3, /components/schemas/A/required
    1 error, 2 warnings
    ");
}
