//! Tests of the location of a value that the parser rejects.

use super::*;
use serde_json::json;

#[test]
fn the_innermost_cause_is_named() {
    let document = json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {},
        "components": {"schemas": {"A": {"type": "object", "properties": {
            "b": {"type": "string", "maxLength": 1.5},
        }}}},
    });
    let (pointer, _) = failure(&document).unwrap();
    assert_eq!(pointer, "/components/schemas/A/properties/b/maxLength");
}
