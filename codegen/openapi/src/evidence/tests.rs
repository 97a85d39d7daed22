//! Parsing of the extension `x-evidence`.

use serde_json::json;

use super::*;

#[test]
fn evidence_is_parsed_by_name() {
    for kind in Evidence::ALL {
        assert_eq!(Evidence::of(&json!({KEY: {"kind": kind.name()}})), Some(kind));
    }
    assert_eq!(
        Evidence::of(&json!({KEY: {"kind": "hearsay"}})),
        Some(Evidence::Unknown)
    );
    for part in [
        json!({}),
        json!({KEY: "page"}),
        json!({KEY: {"source": "x"}}),
        json!(1),
    ] {
        assert_eq!(Evidence::of(&part), None, "{part}");
    }
}
