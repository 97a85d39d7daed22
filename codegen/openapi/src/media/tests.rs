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
        (json!({"text/json": {}, "text/csv": {}}), Some("text/json")),
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

#[test]
fn a_range_is_no_media_type_of_a_request() {
    for (media_type, expected) in [
        ("text/json", Some("text/json")),
        (
            "application/merge-patch+json",
            Some("application/merge-patch+json"),
        ),
        ("application/*+json", None),
        ("application/json", None),
        ("*/*", None),
    ] {
        let content = json!({media_type: {}});
        assert_eq!(super::other_json(content.as_object().unwrap()), expected);
    }
}
