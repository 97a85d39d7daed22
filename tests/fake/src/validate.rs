//! Validation of the query, content type and body of a request against the document. One response lists all
//! violations.

use bytes::Bytes;
use http::{HeaderMap, header::CONTENT_TYPE};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::{
    document::Operation,
    error_responses::Refusal,
    responses::Violation,
    schemas::{Location, Notation, Parameter},
    settings::Settings,
};

/// Maximum number of characters of a wrong value in a message.
pub(crate) const VALUE_LENGTH: usize = 60;

/// Request that satisfies the document.
#[derive(Debug)]
pub(crate) struct Valid {
    /// Parameters in the path and the query.
    parameters: Vec<(String, String)>,
    /// Names of the list parameters that occur once per element.
    repeated: Vec<String>,
    pub(crate) body: Option<Value>,
}

impl Valid {
    /// Returns all parameters in the path and the query.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.parameters
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let pairs = self
            .parameters
            .iter()
            .filter(move |(parameter, _)| parameter == name);
        pairs.map(|(_, value)| value.as_str())
    }

    /// Returns the elements of a list parameter. The parameter occurs once per element, or commas separate
    /// the elements.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        if self.repeated.iter().any(|repeated| repeated == name) {
            return self.values(name).collect();
        }
        self.values(name).flat_map(|list| list.split(',')).collect()
    }
}

pub(crate) fn validate(
    operation: &Operation,
    path: &[(String, String)],
    query: &str,
    headers: &HeaderMap,
    body: &Bytes,
    settings: &Settings,
) -> Result<Valid, Refusal> {
    let mut violations = Vec::new();
    let query = query_pairs(query, &mut violations);
    check_query(operation, &query, settings, &mut violations);
    for parameter in &operation.parameters {
        let values: Vec<&str> = match parameter.location {
            Location::Query => continue,
            Location::Path => path
                .iter()
                .filter(|(name, _)| *name == parameter.name)
                .map(|(_, value)| value.as_str())
                .collect(),
            Location::Header => headers
                .get_all(&parameter.name)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .collect(),
        };
        check_parameter(parameter, &values, &mut violations);
    }
    let body = check_body(operation, headers, body, &mut violations);
    if violations.is_empty() {
        let repeated = operation
            .query()
            .filter(|parameter| parameter.notation == Notation::Repeated);
        Ok(Valid {
            parameters: path.iter().cloned().chain(query).collect(),
            repeated: repeated.map(|parameter| parameter.name.clone()).collect(),
            body,
        })
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
    for parameter in operation.query() {
        let values: Vec<&str> = query
            .iter()
            .filter(|(name, _)| *name == parameter.name)
            .map(|(_, value)| value.as_str())
            .collect();
        check_parameter(parameter, &values, violations);
    }
    if settings.refuse_unknown_query {
        let unknown = query
            .iter()
            .filter(|(name, _)| operation.query().all(|parameter| parameter.name != *name));
        violations.extend(unknown.map(|(name, _)| Violation {
            part: "query",
            name: name.clone(),
            message: "is not a parameter of this operation".to_owned(),
        }));
    }
}

/// Checks the values of a parameter. `values` contains them in the order in which they were sent.
fn check_parameter(parameter: &Parameter, values: &[&str], violations: &mut Vec<Violation>) {
    let mut report = |message: String| {
        violations.push(Violation {
            part: match parameter.location {
                Location::Query => "query",
                Location::Path => "path",
                Location::Header => "header",
            },
            name: parameter.name.clone(),
            message,
        });
    };
    let Some(first) = values.first() else {
        if parameter.required {
            report("is required".to_owned());
        }
        return;
    };
    let value = match parameter.notation {
        Notation::Text => Value::from(*first),
        Notation::Json => serde_json::from_str(first).unwrap_or_else(|_| Value::from(*first)),
        Notation::Commas => first.split(',').collect(),
        Notation::Repeated => values.iter().copied().collect(),
    };
    for error in parameter.validator.errors(&value) {
        report(error.message);
    }
    if values.len() > 1 && parameter.notation != Notation::Repeated {
        report("is given more than once".to_owned());
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
            for error in body.validator.errors(&value) {
                report("body", &error.pointer, error.message);
            }
            Some(value)
        }
    }
}

/// Returns `text`. If it has more than `length` characters, cuts it after `length` characters and adds an
/// ellipsis.
pub(crate) fn bounded(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
