//! Tests of the conversion of code blocks to the language `text`.

use super::*;

#[test]
fn every_code_block_becomes_text() {
    for (text, expected) in [
        ("```rust\nx\n```", "```text\nx\n```"),
        ("```\nx\n```\n\nMore.", "```text\nx\n```\n\nMore."),
        ("```json\nx", "```text\nx\n```"),
        ("````rust\n```\n````", "````text\n```\n````"),
        ("~~~ rust,no_run\nx\n~~~", "~~~text\nx\n~~~"),
        ("A:\n\n    x\n\nB", "```text\nA:\n\n    x\n\nB\n```"),
        ("- a\n\n  ```rust\n  x\n  ```", "- a\n\n  ```text\n  x\n  ```"),
        ("- ```rust\n  x", "- ```text\n  x"),
        ("> ```rust\n> x\n> ```", "> ```text\n> x\n> ```"),
        ("> ```rust\n> x\n\nB", "> ```text\n> x\n\nB"),
        ("- a\n\n      x", "```text\n- a\n\n      x\n```"),
        ("a ```rust x``` b", "a ```rust x``` b"),
    ] {
        let changed = as_text(text);
        assert_eq!(changed, expected, "{text:?}");
        assert!(are_text(&changed), "{text:?}");
    }
}
