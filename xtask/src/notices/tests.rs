//! Tests of grouping similar notices.

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
