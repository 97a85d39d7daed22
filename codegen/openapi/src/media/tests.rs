//! Choice of the JSON media type.

use serde_json::json;

#[test]
fn the_json_form_is_found_by_name_before_range() {
    for (content, expected) in [
        (json!({}), None),
        (json!({"text/csv": {}}), None),
        (
            json!({"text/csv": {}, "application/hal+json": {}}),
            Some("application/hal+json"),
        ),
        (json!({"*/*": {}}), Some("*/*")),
        (
            json!({"*/*": {}, "application/*; q=1": {}}),
            Some("application/*; q=1"),
        ),
        (
            json!({"*/*": {}, "Application/JSON;charset=utf-8": {}}),
            Some("Application/JSON;charset=utf-8"),
        ),
    ] {
        let content = content.as_object().unwrap();
        assert_eq!(super::json(content), expected, "{content:?}");
    }
}
