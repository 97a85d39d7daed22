//! Media types of bodies.

use serde_json::{Map, Value};

/// Media type of JSON in request and response bodies.
pub const JSON: &str = "application/json";

/// Returns a media type without its parameters.
pub fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

/// Returns the key of the JSON entry in a `content` object. Looks for `application/json`, then for a range
/// that includes it (such as `*/*`), then for a type such as `application/hal+json` or `text/json`.
pub fn json(content: &Map<String, Value>) -> Option<&str> {
    let named = [JSON, "application/*", "*/*"].iter().find_map(|wanted| {
        let mut keys = content.keys().map(String::as_str);
        keys.find(|key| essence(key).eq_ignore_ascii_case(wanted))
    });
    named.or_else(|| content.keys().map(String::as_str).find(|key| is_other_json(key)))
}

/// Returns the JSON media type of a `content` object, such as `application/merge-patch+json`. Returns `None`
/// for `application/json` and for ranges.
pub fn other_json(content: &Map<String, Value>) -> Option<&str> {
    json(content).filter(|key| is_other_json(key) && !essence(key).contains('*'))
}

fn is_other_json(key: &str) -> bool {
    let essence = essence(key).to_ascii_lowercase();
    essence == "text/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Returns the first media type of a `content` object. Skips forms, and keys with characters other than
/// printable ASCII. Bodies of the returned type are sent and received as a whole, as text or bytes.
pub fn raw(content: &Map<String, Value>) -> Option<&str> {
    let is_form = |key: &str| {
        let essence = essence(key).to_ascii_lowercase();
        essence.starts_with("multipart/") || essence == "application/x-www-form-urlencoded"
    };
    let mut types = content.keys().map(String::as_str);
    types.find(|key| !is_form(key) && key.bytes().all(|byte| matches!(byte, b' '..=b'~')))
}

/// Returns true if a media type is text, such as `text/csv`, XML or YAML.
pub fn is_text(media_type: &str) -> bool {
    let essence = essence(media_type).to_ascii_lowercase();
    essence.starts_with("text/") || essence.ends_with("xml") || essence.ends_with("yaml")
}

/// Returns true for the success statuses whose responses have no body (RFC 9110): 204 and 205.
pub fn has_no_body(status: &str) -> bool {
    matches!(status, "204" | "205")
}

#[cfg(test)]
mod tests;
