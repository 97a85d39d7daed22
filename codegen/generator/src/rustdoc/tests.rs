//! Tests of making text safe for rustdoc, and of wrapping lines.

use super::*;

#[test]
fn prose_is_made_safe() {
    for (text, expected) in [
        ("The idCategory of it.", "The `idCategory` of it."),
        (
            "(see offerParams.idOfferSource)",
            "(see `offerParams.idOfferSource`)",
        ),
        (
            "Known `idCategory` stays [x] <b>",
            "Known `idCategory` stays \\[x\\] \\<b\\>",
        ),
        (
            "FunnelFlux keeps snake_case, too",
            "FunnelFlux keeps `snake_case`, too",
        ),
        ("See https://x.example/a_b.", "See <https://x.example/a_b>."),
        ("an odd ` backtick", "an odd \\` backtick"),
        ("*strong* and _soft_", "*strong* and _soft_"),
        ("```\nlet x: Foo<Bar>;\n```", "```text\nlet x: Foo<Bar>;\n```"),
        ("```json\n{}", "```text\n{}\n```"),
        ("It's e.g. 3.5 GB/s", "It's e.g. 3.5 GB/s"),
        (
            "[link](https://x.example y) [a][b]",
            "\\[link\\](<https://x.example> y) \\[a\\]\\[b\\]",
        ),
        ("<https://x.example y>", "\\<<https://x.example> y\\>"),
        ("[<b>](https://x.example)", "[\\<b\\>](https://x.example)"),
        ("[`code`](https://x.example)", "\\[`code`\\](<https://x.example>)"),
        ("[https://x.example]", "\\[<https://x.example>\\]"),
        ("a\tb\n-\tc\n- \td", "a    b\n-    c\n-    d"),
    ] {
        assert_eq!(sanitise(text), expected);
    }
}

#[test]
fn safe_prose_stays_as_it_is() {
    for text in [
        "Sets `idCategory` to <https://x.example/>",
        "See [the text](https://x.example/a_b) and `a_b`",
        "See [the text](https://x.example/a_b \"its title\")",
    ] {
        assert_eq!(sanitise(text), text);
    }
}

#[test]
fn long_lines_are_wrapped_and_blocks_are_not() {
    // A minus or a number at the start of a line would begin a list.
    let lines = wrap(&format!("- {}- 5 tail", "word ".repeat(18)));
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1], "  tail");
    let lines = wrap(&format!("- {}- 5 tail", "word ".repeat(19)));
    assert_eq!(lines[1], "  word - 5 tail");
    let lines = wrap(&format!("- {}", "word ".repeat(30).trim_end()));
    assert_eq!(lines.len(), 2);
    assert!(lines[1].starts_with("  word"));
    assert!(lines.iter().all(|line| line.chars().count() <= WIDTH));
    let code = format!("```text\n{}\n```", "x ".repeat(90));
    assert_eq!(wrap(&code).len(), 3);
}

#[test]
fn sentences_end_and_begin() {
    assert_eq!(sentence("A list"), "A list.");
    assert_eq!(sentence("A list."), "A list.");
    assert_eq!(sentence("Default: `x`"), "Default: `x`.");
    assert_eq!(uncapitalised("Manage offers"), "manage offers");
    assert_eq!(uncapitalised("ID of it"), "ID of it");
    assert_eq!(uncapitalised(""), "");
    assert_eq!(capitalised("default `x`."), "Default `x`.");
    assert_eq!(capitalised("`x` it is"), "`x` it is");
}
