//! Media types of bodies.

use serde_json::{Map, Value};

/// Media type of request and response bodies in the runtime.
pub const JSON: &str = "application/json";

/// Returns a media type without its parameters.
pub fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

/// Returns the key of the JSON entry in a `content` object. The first of these that exists is returned:
/// `application/json`, a range such as `*/*` that covers it, a type such as `application/hal+json`.
pub fn json(content: &Map<String, Value>) -> Option<&str> {
    let named = [JSON, "application/*", "*/*"].iter().find_map(|wanted| {
        let mut keys = content.keys();
        keys.find(|key| essence(key).eq_ignore_ascii_case(wanted))
    });
    let is_json = |key: &&String| {
        let essence = essence(key).to_ascii_lowercase();
        essence.starts_with("application/") && essence.ends_with("+json")
    };
    named.or_else(|| content.keys().find(is_json)).map(String::as_str)
}

/// Returns the JSON media type of a `content` object if it is a type such as `application/merge-patch+json`.
pub fn other_json(content: &Map<String, Value>) -> Option<&str> {
    json(content).filter(|key| essence(key).to_ascii_lowercase().ends_with("+json"))
}

/// Returns the media type of a body that is sent or returned as a whole: text or bytes, but not a form.
pub fn raw(content: &Map<String, Value>) -> Option<&str> {
    let is_form = |key: &str| {
        let essence = essence(key).to_ascii_lowercase();
        essence.starts_with("multipart/") || essence == "application/x-www-form-urlencoded"
    };
    let mut types = content.keys().map(String::as_str);
    types.find(|key| !is_form(key) && key.bytes().all(|byte| matches!(byte, b' '..=b'~')))
}

/// Returns true for text: `text/csv`, XML and the like.
pub fn is_text(media_type: &str) -> bool {
    let essence = essence(media_type).to_ascii_lowercase();
    essence.starts_with("text/") || essence.ends_with("xml") || essence.ends_with("yaml")
}

/// Returns true for a status whose responses have no body (RFC 9110).
pub fn has_no_body(status: &str) -> bool {
    matches!(status, "204" | "205")
}

#[cfg(test)]
mod tests;
