//! The log of every request, for tests that assert what a client sent. Tokens are not in it.

use std::{collections::VecDeque, time::SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header::AUTHORIZATION};
use serde_json::Value;

use crate::{
    auth::VALIDATE_PATH,
    fault::{Break, Fault, Stage},
    settings::LogRetention,
    validate::{Violation, query_pairs},
};

/// What stands in the log in place of a token.
const REDACTED: &str = "[redacted]";

/// One request and what became of it.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// Counts the requests from 1.
    pub number: u64,
    /// The fake's time.
    pub at: SystemTime,
    /// Method and path as in the document, such as `PUT /offersource/archive/`; `POST /auth/validate` for the renewal; `None` for what the fake does not know.
    pub operation: Option<&'static str>,
    /// The method.
    pub method: Method,
    /// The path, as sent.
    pub path: String,
    /// The query string, as sent.
    pub query: String,
    /// The headers, the token replaced.
    pub headers: HeaderMap,
    /// The body as sent; of a renewal the refresh token is replaced.
    pub body: Bytes,
    /// How the request violates the document.
    pub violations: Vec<Violation>,
    /// What went back.
    pub verdict: Verdict,
    /// The fault that the request met.
    pub fault: Option<Fault>,
    /// Whether the request changed the state (or renewed the token).
    pub applied: bool,
}

/// What went back for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// An answer with this status.
    Answered(u16),
    /// None, or not a whole one.
    Broken(Break, Stage),
}

impl LogEntry {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The first value of a query parameter, decoded.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<String> {
        query_pairs(&self.query, &mut Vec::new())
            .into_iter()
            .find(|(of, _)| of == name)
            .map(|(_, value)| value)
    }

    /// The IDs that the body lists under `entries`.
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

/// The kept entries.
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

/// The headers without the token; whether there was one stays visible.
pub(crate) fn redact_headers(mut headers: HeaderMap) -> HeaderMap {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let scheme = value
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .map(|(scheme, _)| scheme);
        let text = scheme.map_or_else(|| REDACTED.to_owned(), |scheme| format!("{scheme} {REDACTED}"));
        // `insert` also drops further values of the header.
        headers.insert(
            AUTHORIZATION,
            HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(REDACTED)),
        );
    }
    headers
}

/// The body without the refresh token.
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
