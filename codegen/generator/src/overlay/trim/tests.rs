//! Tests of removing parts from the text of an overlay.

use super::*;
use crate::overlay;
use std::fmt::Write as _;

fn trimmed(text: &str, parts: &[&'static str]) -> Option<Trimmed> {
    let source = Source { name: "a.yaml", text };
    let overlay = overlay::read(&[source]).unwrap().remove(0);
    let parts = parts.iter().map(|part| Pointer::from_static(part).to_buf());
    trim(source, &overlay, &parts.collect())
}

const OVERLAY: &str = "\
# About the file.
overlay: 1.0.0
x-used: &used {a: 1}
actions:
  # About the first action.
  - target: $.a   # a target
    update:
      # About one.
      one:
        - 1
        # Inside one.

      # About two.
      \"/two\": >-
        text

        # no comment
      three: *used

  # About the second action.
  - target: $.b
    update:
    - 1
    - {c: 2, d: 3}
  # The end.
";

#[test]
fn the_rest_keeps_comments_order_and_layout() {
    let mut all = String::new();
    for parts in [
        ["/actions/0/update/one", "/actions/1"],
        ["/actions/0", "/actions/1/update/0"],
        ["/actions/0/update/~1two", "/actions/1/update"],
    ] {
        let Some(Trimmed::Text(text)) = trimmed(OVERLAY, &parts) else {
            panic!("{parts:?} are not removed");
        };
        let _ = write!(all, "==== without {}\n{text}", parts.join(" and "));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_part_without_lines_of_its_own_is_not_removed() {
    for part in ["/actions/1/update/1/c", "/actions/0/target", "/nothing"] {
        assert_eq!(trimmed(OVERLAY, &[part]), None, "{part}");
    }
    assert_eq!(trimmed(OVERLAY, &["", "/actions/0"]), Some(Trimmed::Empty));
    // The part defines an anchor that another part refers to.
    assert_eq!(trimmed(OVERLAY, &["/x-used"]), None);
}

#[test]
fn json_is_written_again() {
    let json = trimmed(r#"{"b":1,"a":[1,2]}"#, &["/a/0"]);
    let expected = "{\n  \"b\": 1,\n  \"a\": [\n    2\n  ]\n}\n";
    assert_eq!(json, Some(Trimmed::Text(expected.to_owned())));
}
