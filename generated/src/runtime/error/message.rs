//! Extracts the service's message from the body of an error response: JSON, plain text or HTML.

use memchr::memmem;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::{fmt, sync::LazyLock};

/// Byte order mark of UTF-8, which some servers write before JSON.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Maximum length of a message in characters, without the ellipsis after a truncated message.
pub(crate) const MESSAGE_CHARACTERS: usize = 400;

/// Maximum number of problems that a message quotes from a list.
const PROBLEMS: usize = 3;

/// JSON properties that contain a sentence about the error, the most specific first.
const SENTENCES: &[&str] = &[
    "message",
    "error_description",
    "errorMessage",
    "error_message",
    "detail",
    "description",
    "title",
    "reason",
];
/// Properties that contain a code or a name of the error.
const CODES: &[&str] = &["error", "code", "errorCode", "error_code"];
/// Properties that contain a list of problems.
const LISTS: &[&str] = &["violations", "errors", "details"];
/// Other properties that an error object may have.
const ENVELOPE: &[&str] = &[
    "data",
    "ok",
    "requestId",
    "request_id",
    "status",
    "statusCode",
    "success",
];
/// Properties that name the field with the problem.
const LOCATIONS: &[&str] = &["field", "name", "path", "property", "param"];

/// Extracts the message from a body, as one line. A message of more than [`MESSAGE_CHARACTERS`] characters is
/// truncated.
pub(crate) fn message(content_type: Option<&str>, body: &[u8]) -> Option<String> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let text = String::from_utf8_lossy(body);
    let found = if is_html(content_type, body) {
        from_html(&text)
    } else if let Ok(value) = serde_json::from_slice::<Value>(body) {
        from_json(&value)?
    } else {
        text.into_owned()
    };
    let line = excerpt(&found, MESSAGE_CHARACTERS);
    (!line.is_empty()).then_some(line)
}

/// An error in a response with a success status.
pub(crate) struct ReportedError {
    /// The service's message, in full length, because redaction would miss a secret that is cut off.
    pub(crate) text: String,
    /// True if the response contains only the error. If false, the response may be an asset with a property
    /// named `error`.
    pub(crate) is_alone: bool,
}

/// Finds an error in a JSON object: a non-empty property `error` or `errors`.
pub(crate) fn reported_error(body: &[u8]) -> Option<ReportedError> {
    // Responses without such a property are not parsed, because parsing would be half of the cost of a call.
    static NAME: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new("\"error"));
    let is_object = body.trim_ascii_start().starts_with(b"{");
    // A name that is written with escapes contains a backslash.
    if !is_object || NAME.find(body).is_none() && memchr::memchr(b'\\', body).is_none() {
        return None;
    }
    let value = serde_json::from_slice::<Value>(body).ok()?;
    let object = value.as_object()?;
    let reports = ["error", "errors"].iter().any(|name| match object.get(*name) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Bool(true) | Value::Number(_)) => true,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(object)) => !object.is_empty(),
    });
    let text = from_json(&value).filter(|_| reports)?;
    let words = [SENTENCES, CODES, LISTS, ENVELOPE].concat();
    Some(ReportedError {
        text,
        is_alone: object.keys().all(|key| words.contains(&key.as_str())),
    })
}

/// Recognises an HTML page by its content type or by its first character, since no JSON text begins with `<`.
/// A JSON body counts as JSON even if its content type is HTML.
pub(crate) fn is_html(content_type: Option<&str>, body: &[u8]) -> bool {
    let declared = content_type.is_some_and(|kind| {
        ["text/html", "application/xhtml"].iter().any(|html| {
            let begin = kind.as_bytes().get(..html.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(html.as_bytes()))
        })
    });
    let body = body
        .strip_prefix(BYTE_ORDER_MARK)
        .unwrap_or(body)
        .trim_ascii_start();
    let is_json = || serde_json::from_slice::<IgnoredAny>(body).is_ok();
    body.starts_with(b"<") || (declared && !body.is_empty() && !is_json())
}

/// Collapses text into one line without control characters. If the line has more than the given number of
/// characters, it is truncated and ends with an ellipsis.
pub(crate) fn excerpt(text: &str, characters: usize) -> String {
    let mut line = String::new();
    let mut count = 0;
    let mut gap = false;
    for character in text.chars() {
        if character.is_whitespace() || character.is_control() {
            gap = !line.is_empty();
            continue;
        }
        if count + usize::from(gap) >= characters {
            line.push('…');
            break;
        }
        if gap {
            line.push(' ');
            count += 1;
            gap = false;
        }
        line.push(character);
        count += 1;
    }
    line
}

/// Collapses the text of an error into one line, because the text may quote several lines of a file.
pub(crate) fn one_line(text: &impl fmt::Display) -> String {
    excerpt(&text.to_string(), usize::MAX)
}

fn from_json(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(problems) => {
            let shown: Vec<String> = problems.iter().filter_map(from_json).take(PROBLEMS).collect();
            let more = problems.len().saturating_sub(PROBLEMS);
            (!shown.is_empty()).then(|| match more {
                0 => shown.join("; "),
                more => format!("{}; and {more} more", shown.join("; ")),
            })
        }
        Value::Object(object) => {
            let text = |names: &[&str]| {
                names.iter().find_map(|name| match object.get(*name) {
                    Some(Value::String(text)) if !text.trim().is_empty() => Some(text.clone()),
                    Some(Value::Number(number)) => Some(number.to_string()),
                    _ => None,
                })
            };
            // A nested error object is more specific than the properties around it.
            if let Some(inner @ (Value::Object(_) | Value::Array(_))) = object.get("error") {
                return from_json(inner);
            }
            let location = text(LOCATIONS);
            let head: Vec<String> = [location, text(CODES), text(SENTENCES)]
                .into_iter()
                .flatten()
                .collect();
            let problems = LISTS
                .iter()
                .filter_map(|name| object.get(*name))
                .find_map(|list| match list {
                    Value::Object(by_field) => Some(
                        by_field
                            .iter()
                            .take(PROBLEMS)
                            .filter_map(|(field, problem)| Some(format!("{field}: {}", from_json(problem)?)))
                            .collect::<Vec<_>>()
                            .join("; "),
                    ),
                    list => from_json(list),
                })
                .filter(|problems| !problems.is_empty());
            match (head.is_empty(), problems) {
                (false, Some(problems)) => Some(format!("{} ({problems})", head.join(": "))),
                (false, None) => Some(head.join(": ")),
                (true, Some(problems)) => Some(problems),
                (true, None) if object.is_empty() => None,
                (true, None) => Some(value.to_string()),
            }
        }
    }
}

/// Returns the title of a page, followed by the visible text of the page.
fn from_html(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let title = element(page, &lower, "title").unwrap_or_default();
    let mut text = String::new();
    let mut position = 0;
    while let Some(open) = lower
        .get(position..)
        .and_then(|rest| rest.find('<'))
        .map(|at| position + at)
    {
        text.push_str(page.get(position..open).unwrap_or_default());
        text.push(' ');
        let tag = lower.get(open..).unwrap_or_default();
        // The content of these elements is not visible text.
        let end = ["script", "style", "title"]
            .iter()
            .find(|name| tag.get(1..).is_some_and(|tag| tag.starts_with(**name)))
            .map_or(">".to_owned(), |name| format!("</{name}>"));
        let Some(at) = tag.find(&end) else {
            position = page.len();
            break;
        };
        position = open + at + end.len();
    }
    text.push_str(page.get(position..).unwrap_or_default());
    let title = excerpt(&entities(title), MESSAGE_CHARACTERS);
    let text = excerpt(&entities(&text), MESSAGE_CHARACTERS);
    match (title.is_empty(), text.is_empty()) {
        (false, false) if text.starts_with(&title) => text,
        (false, false) => format!("{title}: {text}"),
        (false, true) => title,
        (true, _) => text,
    }
}

fn element<'a>(page: &'a str, lower: &str, name: &str) -> Option<&'a str> {
    let start = lower.find(&format!("<{name}"))?;
    let start = start + lower.get(start..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find(&format!("</{name}"))?;
    page.get(start..end)
}

fn entities(text: &str) -> String {
    [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (entity, character)| {
        text.replace(entity, character)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(body: &str) -> Option<String> {
        message(Some("application/json"), body.as_bytes())
    }

    #[test]
    fn messages_are_found_in_every_json_format() {
        for (body, expected) in [
            (
                r#"{"error":"invalid_request","error_description":"no such ID"}"#,
                "invalid_request: no such ID",
            ),
            (r#"{"error":{"message":"deep","code":7}}"#, "7: deep"),
            (r#"{"message":"plain"}"#, "plain"),
            (r#""a string""#, "a string"),
            (
                r#"{"errors":[{"field":"name","message":"too long"},{"message":"b"},"c","d","e"]}"#,
                "name: too long; b; c; and 2 more",
            ),
            (
                r#"{"title":"Invalid","errors":{"name":["is empty"]}}"#,
                "Invalid (name: is empty)",
            ),
            (r#"{"ok":false}"#, r#"{"ok":false}"#),
        ] {
            assert_eq!(json(body).as_deref(), Some(expected), "{body}");
        }
        for body in ["", "   ", "null", "{}", "[]"] {
            assert_eq!(json(body), None, "{body:?}");
        }
    }

    #[test]
    fn the_visible_text_of_a_page_is_extracted() {
        let page = "<!DOCTYPE html><html><head><title>Down &amp; out</title><style>b{}</style></head>\
            <body><script>let a = '<b>';</script><h1>Maintenance</h1>\n<p>Back at <b>noon</b></p>";
        assert_eq!(
            message(None, page.as_bytes()).as_deref(),
            Some("Down & out: Maintenance Back at noon")
        );
        assert_eq!(
            message(Some("text/html"), b"<p>unclosed <"),
            Some("unclosed".to_owned())
        );
    }

    #[test]
    fn a_page_is_recognised_by_its_content_type_or_first_character() {
        assert!(is_html(None, b"\xef\xbb\xbf \n<!DOCTYPE html>"));
        assert!(is_html(Some("text/html; charset=utf-8"), b"Login"));
        let late = format!("{}<!-- generated --><HTML>", "\n  ".repeat(1_000));
        assert!(is_html(Some("text/plain"), late.as_bytes()));
        assert!(is_html(None, b"<head><title>Sorry</title>"));
        assert!(!is_html(Some("text/html"), b""));
        assert!(!is_html(Some("application/json"), b"{}"));
        assert!(!is_html(Some("text/html"), b"\xef\xbb\xbf[{\"a\": 1}]"));
    }

    #[test]
    fn an_error_in_a_success_is_recognised() {
        for (body, expected) in [
            (
                r#"{"error":"denied","error_description":"no access"}"#,
                Some("denied: no access"),
            ),
            (r#"{"error":{"message":"deep"}}"#, Some("deep")),
            (
                r#"{"errors":[{"field":"name","message":"too long"}]}"#,
                Some("name: too long"),
            ),
            (r#"{"error":null,"message":"done"}"#, None),
            (r#"{"error":"","errors":[]}"#, None),
            (r#"{"message":"done"}"#, None),
            (r#"{"\u0065rror":"denied"}"#, Some("denied")),
            (r#"[{"error":"a row"}]"#, None),
            ("null", None),
        ] {
            let text = reported_error(body.as_bytes()).map(|error| error.text);
            assert_eq!(text.as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn an_asset_may_have_a_property_named_error() {
        let is_alone = |body: &[u8]| reported_error(body).map(|error| error.is_alone);
        assert_eq!(
            is_alone(br#"{"success":false,"error":"denied","data":null}"#),
            Some(true)
        );
        assert_eq!(is_alone(br#"{"idPage":"1","error":"denied"}"#), Some(false));
    }

    #[test]
    fn text_is_one_bounded_line() {
        let long = "é\n".repeat(10_000);
        let line = message(Some("text/plain"), long.as_bytes()).unwrap();
        assert_eq!(line.chars().count(), MESSAGE_CHARACTERS);
        assert!(line.ends_with('…') && !line.contains('\n'), "{line}");
        assert_eq!(excerpt("a\u{1b}[31m b", 10), "a [31m b");
    }

    proptest::proptest! {
        #[test]
        fn every_body_gives_a_bounded_line(
            body in proptest::collection::vec(proptest::num::u8::ANY, 0..300), html: bool
        ) {
            let kind = if html { "text/html" } else { "application/json" };
            if let Some(line) = message(Some(kind), &body) {
                proptest::prop_assert!(line.chars().count() <= MESSAGE_CHARACTERS + 1);
            }
        }

        #[test]
        fn no_page_causes_a_panic(page in "[<>/a-z &;!İ\"=]{0,200}") {
            from_html(&page);
        }
    }
}
