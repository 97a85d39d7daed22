//! The part of a response that an error keeps.

use super::message;
use crate::runtime::{auth::Redactor, retry::DEFAULT_STATUSES};
use bytes::Bytes;
use std::time::Duration;

/// Maximum number of body bytes that an error keeps.
pub(crate) const BODY_BYTES: usize = 64 * 1024;

/// Common headers for a request ID, the most common first. It is not documented whether the service sends one
/// of these headers.
static REQUEST_ID_HEADERS: [http::HeaderName; 6] = [
    http::HeaderName::from_static("x-request-id"),
    http::HeaderName::from_static("request-id"),
    http::HeaderName::from_static("x-correlation-id"),
    http::HeaderName::from_static("x-amzn-requestid"),
    http::HeaderName::from_static("x-amz-cf-id"),
    http::HeaderName::from_static("cf-ray"),
];

/// Copy of a response, of limited length and with known secrets redacted.
pub(crate) struct ResponseSnapshot {
    pub(crate) status: http::StatusCode,
    pub(crate) request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) location: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) body: Bytes,
    /// True if the retry policy retries this status.
    pub(crate) transient: bool,
}

impl ResponseSnapshot {
    pub(crate) fn new(
        status: http::StatusCode,
        headers: &http::HeaderMap,
        body: &Bytes,
        retry_after: Option<Duration>,
        redactor: &Redactor,
    ) -> Self {
        let text = |name: http::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let body = body.slice(..body.len().min(BODY_BYTES));
        let body = redactor.redact(&body).unwrap_or(body);
        let location = text(http::header::LOCATION);
        Self {
            status,
            request_id: request_id(headers, redactor),
            retry_after,
            location: location.map(|url| message::excerpt(&redactor.redact_text(url), 200)),
            message: message::message(text(http::header::CONTENT_TYPE), &body),
            body,
            transient: DEFAULT_STATUSES.contains(&status.as_u16()),
        }
    }
}

/// Request ID in the headers.
pub(crate) fn request_id(headers: &http::HeaderMap, redactor: &Redactor) -> Option<String> {
    REQUEST_ID_HEADERS
        .iter()
        .filter_map(|name| headers.get(name)?.to_str().ok())
        .map(|id| message::excerpt(&redactor.redact_text(id), 100))
        .find(|id| !id.is_empty())
}
