//! Shortened, escaped and joined texts.

use super::*;

#[test]
fn texts_are_cut_between_characters() {
    for (text, start, most, expected) in [
        ("äöü", 0, 3, "äöü"),
        ("äöü", 0, 2, "äö…"),
        ("äöü", 1, 2, "…öü"),
        ("äöü", 1, 1, "…ö…"),
        ("äöü", 3, 1, "…"),
        ("äöü", 9, 9, "…"),
        ("", 0, 0, ""),
        ("", 1, 1, ""),
    ] {
        assert_eq!(excerpt(text, start, most), expected, "{text} {start} {most}");
    }
}

#[test]
fn two_long_texts_show_their_difference() {
    assert_eq!(shorten_pair("a", "b"), ("a".to_owned(), "b".to_owned()));
    let (front, back) = ("ä".repeat(100), "ö".repeat(100));
    let (near, far) = ("ä".repeat(60), "ö".repeat(60));
    let (left, right) = shorten_pair(&format!("{front}1{back}"), &format!("{front}234{back}"));
    assert_eq!(
        (left, right),
        (format!("…{near}1{far}…"), format!("…{near}234{far}…"))
    );
    let many = "x".repeat(2_000);
    let (left, right) = shorten_pair(&many, "");
    assert_eq!((left, right), (format!("{}…", "x".repeat(1_200)), String::new()));
}

#[test]
fn commands_and_characters_that_xml_forbids_are_escaped() {
    assert_eq!(one_line("a\nb"), r"a\nb");
    assert_eq!(
        one_line("\u{1b}\u{202e}\u{fffe}\u{ffff}"),
        r"\u{1b}\u{202e}\u{fffe}\u{ffff}"
    );
    assert_eq!(one_line("\u{fffd}\u{fdd0}"), "\u{fffd}\u{fdd0}");
}

#[test]
fn like_sentences_differ_in_quotations_only() {
    let like = ["the `a` of `x` was removed", "the `b` of `x` was removed"];
    assert_eq!(unquoted(like[0]), ["the ", " of ", " was removed"]);
    assert_eq!(unquoted(like[0]), unquoted(like[1]));
    assert_eq!(shared_sentence(like.into_iter()), "the `…` of `x` was removed");
    assert_eq!(unquoted("a ` b"), ["a ` b"]);
}

#[test]
fn counts_have_the_right_plural() {
    assert_eq!(counted(1, "path"), "1 path");
    assert_eq!(counted(0, "path"), "0 paths");
}
