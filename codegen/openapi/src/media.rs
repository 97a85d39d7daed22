//! Media types, and the JSON form of a body.

use serde_json::{Map, Value};

/// Media type of the runtime's bodies.
pub const JSON: &str = "application/json";

/// Returns a media type without its parameters.
#[must_use]
pub fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

/// Returns the key of the JSON form in a `content`: `application/json`, or else a range that covers it.
#[must_use]
pub fn json(content: &Map<String, Value>) -> Option<&str> {
    [JSON, "application/*", "*/*"]
        .iter()
        .find_map(|wanted| {
            content
                .keys()
                .find(|key| essence(key).eq_ignore_ascii_case(wanted))
        })
        .map(String::as_str)
}

/// Returns true for a status whose responses have no body (RFC 9110).
#[must_use]
pub fn has_no_body(status: &str) -> bool {
    matches!(status, "204" | "205")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn the_json_form_is_found_by_name_before_range() {
        for (content, expected) in [
            (json!({}), None),
            (json!({"text/csv": {}, "application/hal+json": {}}), None),
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
}
