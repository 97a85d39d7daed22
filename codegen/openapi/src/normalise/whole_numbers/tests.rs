//! Only numbers that must be integers are rewritten. The rest of a document stays unchanged.

use super::*;
use serde_json::json;

#[test]
fn only_integers_are_rewritten() {
    let schema = |value: Value| {
        json!({"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {},
            "components": {"schemas": {"A": value}}})
    };
    let mut document = schema(json!({
        "type": "object",
        "properties": {
            "a": {"type": "string", "maxLength": 100.0, "minLength": 1.5, "example": 1.0},
            "b": {"type": "integer", "maximum": 1e2, "enum": [1.0, 2], "default": -3.0},
            "c": {"type": "number", "maximum": 100.0},
        },
    }));
    write_as_integers(&mut document);
    let expected = schema(json!({
        "type": "object",
        "properties": {
            "a": {"type": "string", "maxLength": 100, "minLength": 1.5, "example": 1.0},
            "b": {"type": "integer", "maximum": 100, "enum": [1, 2], "default": -3},
            "c": {"type": "number", "maximum": 100.0},
        },
    }));
    assert_eq!(document, expected);
}
