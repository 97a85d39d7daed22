//! Validation of requests against the document: query, content type, body. One response lists all violations.

use bytes::Bytes;
use http::{HeaderMap, header::CONTENT_TYPE};
use jsonschema::{ValidationError, error::ValidationErrorKind};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::{document::Operation, refusals::Refusal, responses::Violation, settings::Settings};

/// Maximum number of characters of a wrong value in a message.
const VALUE_LENGTH: usize = 60;

/// A request that satisfies the document.
#[derive(Debug)]
pub(crate) struct Valid {
    query: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
}

impl Valid {
    /// All parameters of the query.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.query
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(parameter, _)| parameter == name)
            .map(|(_, value)| value.as_str())
    }
}

pub(crate) fn validate(
    operation: &Operation,
    query: &str,
    headers: &HeaderMap,
    body: &Bytes,
    settings: &Settings,
) -> Result<Valid, Refusal> {
    let mut violations = Vec::new();
    let query = query_pairs(query, &mut violations);
    check_query(operation, &query, settings, &mut violations);
    let body = check_body(operation, headers, body, &mut violations);
    if violations.is_empty() {
        Ok(Valid { query, body })
    } else {
        Err(Refusal::invalid(violations))
    }
}

/// Decodes the parameters of a query string.
pub(crate) fn query_pairs(query: &str, violations: &mut Vec<Violation>) -> Vec<(String, String)> {
    let mut decode = |text: &str, name: &str| {
        let spaced = text.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8();
        if let Ok(decoded) = decoded {
            return decoded.into_owned();
        }
        let message = "is not UTF-8 once its percent escapes are decoded".to_owned();
        violations.push(Violation {
            part: "query",
            name: name.to_owned(),
            message,
        });
        text.to_owned()
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name, name), decode(value, name))
        })
        .collect()
}

fn check_query(
    operation: &Operation,
    query: &[(String, String)],
    settings: &Settings,
    violations: &mut Vec<Violation>,
) {
    let mut report = |name: &str, message: String| {
        violations.push(Violation {
            part: "query",
            name: name.to_owned(),
            message,
        });
    };
    for parameter in &operation.parameters {
        let mut values = query
            .iter()
            .filter(|(name, _)| *name == parameter.name)
            .map(|(_, value)| value.as_str());
        match values.next() {
            None if parameter.required => report(&parameter.name, "is required".to_owned()),
            None => {}
            Some(text) => {
                let value = if parameter.text {
                    Value::from(text)
                } else {
                    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
                };
                for error in parameter.validator.get().iter_errors(&value) {
                    report(&parameter.name, describe(&error));
                }
            }
        }
        if values.next().is_some() {
            report(&parameter.name, "is given more than once".to_owned());
        }
    }
    if settings.refuse_unknown_query {
        for (name, _) in query.iter().filter(|(name, _)| {
            operation
                .parameters
                .iter()
                .all(|parameter| parameter.name != *name)
        }) {
            report(name, "is not a parameter of this operation".to_owned());
        }
    }
}

fn check_body(
    operation: &Operation,
    headers: &HeaderMap,
    bytes: &Bytes,
    violations: &mut Vec<Violation>,
) -> Option<Value> {
    let mut report = |part: &'static str, name: &str, message: String| {
        violations.push(Violation {
            part,
            name: name.to_owned(),
            message,
        });
    };
    let Some(body) = &operation.body else {
        if !bytes.is_empty() {
            report("body", "", "this operation has no body".to_owned());
        }
        return None;
    };
    if bytes.is_empty() {
        if body.required {
            report("body", "", "is required".to_owned());
        }
        return None;
    }
    let content_type = headers
        .get(CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let essence = content_type
        .as_deref()
        .map(|value| value.split(';').next().unwrap_or(value).trim());
    if essence.is_none_or(|essence| !essence.eq_ignore_ascii_case("application/json")) {
        report(
            "header",
            "content-type",
            format!(
                "expected application/json, actual {}",
                bounded(content_type.as_deref().unwrap_or("missing"), VALUE_LENGTH)
            ),
        );
    }
    match serde_json::from_slice(bytes) {
        Err(error) => {
            report("body", "", format!("is not JSON: {error}"));
            None
        }
        Ok(value) => {
            for error in body.validator.get().iter_errors(&value) {
                report("body", &error.instance_path().to_string(), describe(&error));
            }
            Some(value)
        }
    }
}

/// Describes a validation error in one line of limited length.
pub(crate) fn describe(error: &ValidationError<'_>) -> String {
    let value = bounded(&error.instance().to_string(), VALUE_LENGTH);
    match error.kind() {
        ValidationErrorKind::Enum {
            options: Value::Array(options),
        } => {
            let options: Vec<String> = options.iter().map(Value::to_string).collect();
            format!("{value} is not one of {}", options.join(", "))
        }
        _ => error.masked_with(value).to_string(),
    }
}

fn bounded(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
