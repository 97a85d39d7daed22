//! Log of requests, for tests that check the requests of a client. It contains no tokens.

use std::{collections::VecDeque, time::SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header::AUTHORIZATION};
use serde_json::Value;

use crate::{
    auth::VALIDATE_PATH,
    fault::{Break, Fault, Stage},
    responses::Violation,
    settings::LogRetention,
    validate::query_pairs,
};

/// Text that replaces a token in the log.
const REDACTED: &str = "[redacted]";

/// One request and its result.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// Number of the request, counted from 1.
    pub number: u64,
    /// Time of the request on the fake's clock.
    pub at: SystemTime,
    /// Method and path as in the document, such as `PUT /offersource/archive/`. For the renewal of tokens, it
    /// is `POST /auth/validate`. For an unknown operation, it is `None`.
    pub operation: Option<&'static str>,
    /// The method.
    pub method: Method,
    /// The path, as sent.
    pub path: String,
    /// The query string, as sent.
    pub query: String,
    /// The headers, in which the token is redacted.
    pub headers: HeaderMap,
    /// The body, as sent. In a renewal of tokens, the refresh token is redacted.
    pub body: Bytes,
    /// Places at which the request violates the document.
    pub violations: Vec<Violation>,
    /// The response.
    pub verdict: Verdict,
    /// The fault that was injected into this request.
    pub fault: Option<Fault>,
    /// `true` if the request changed the state or renewed the tokens.
    pub applied: bool,
}

/// Response to a logged request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The fake sent a response with this status.
    Answered(u16),
    /// The fake sent no response, or an incomplete response.
    Broken(Break, Stage),
}

impl LogEntry {
    /// Returns the body, parsed as JSON.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Returns the first value of a query parameter, decoded.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<String> {
        query_pairs(&self.query, &mut Vec::new())
            .into_iter()
            .find(|(parameter, _)| parameter == name)
            .map(|(_, value)| value)
    }

    /// Returns the IDs in the property `entries` of the body.
    #[must_use]
    pub fn entries(&self) -> Vec<String> {
        let body = self.json().unwrap_or_default();
        let list = body.get("entries").and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }
}

/// Requests that the log retains.
#[derive(Debug, Default)]
pub(crate) struct Log(VecDeque<LogEntry>);

impl Log {
    pub(crate) fn push(&mut self, entry: impl FnOnce() -> LogEntry, retention: LogRetention) {
        if let LogRetention::Last(count) = retention {
            if count == 0 {
                return;
            }
            while self.0.len() >= count {
                self.0.pop_front();
            }
        }
        self.0.push_back(entry());
    }

    pub(crate) fn entries(&self) -> Vec<LogEntry> {
        self.0.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Redacts the token in the headers. The authorization header and its scheme stay in the headers.
pub(crate) fn redact_headers(mut headers: HeaderMap) -> HeaderMap {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let scheme = value
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .map(|(scheme, _)| scheme);
        let text = scheme.map_or_else(|| REDACTED.to_owned(), |scheme| format!("{scheme} {REDACTED}"));
        // `insert` also removes repeated values of the header.
        headers.insert(
            AUTHORIZATION,
            HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(REDACTED)),
        );
    }
    headers
}

/// Redacts the refresh token in the body.
pub(crate) fn redact_body(path: &str, body: Bytes) -> Bytes {
    if !path.ends_with(VALIDATE_PATH) || body.is_empty() {
        return body;
    }
    match serde_json::from_slice::<Value>(&body) {
        Ok(mut value) => {
            if let Some(token) = value.get_mut("refresh_token") {
                *token = Value::from(REDACTED);
            }
            value.to_string().into()
        }
        Err(_) => Bytes::from_static(REDACTED.as_bytes()),
    }
}
