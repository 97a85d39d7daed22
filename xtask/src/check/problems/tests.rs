//! Tests of finding the first line that differs between two texts.

use super::*;

#[test]
fn the_first_differing_line_is_found() {
    for (actual, expected, difference) in [
        ("a\nb\n", "a\nb\n", None),
        ("a\nb\n", "a\nc\n", Some((2, Some("b\n"), Some("c\n")))),
        ("a\n", "a\nc\n", Some((2, None, Some("c\n")))),
        ("a\nb\n", "a\n", Some((2, Some("b\n"), None))),
        ("", "a", Some((1, None, Some("a")))),
        // A line ending is part of its line.
        ("a\r\n", "a\n", Some((1, Some("a\r\n"), Some("a\n")))),
        ("a", "a\n", Some((1, Some("a"), Some("a\n")))),
        ("", "", None),
    ] {
        assert_eq!(first_difference(actual, expected), difference);
    }
}
