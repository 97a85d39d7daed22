//! What an error keeps of the answer that it is about.

use super::message;
use crate::runtime::auth::Secrets;
use bytes::Bytes;
use std::{fmt, time::Duration};

/// How many bytes of a body an error keeps.
pub(crate) const BODY_BYTES: usize = 64 * 1024;

/// How many characters of a body `Debug` shows.
const DEBUG_CHARACTERS: usize = 400;

/// Headers that services use for the ID of a request, the most common first. Which one this service sends is unknown.
static REQUEST_ID_HEADERS: [http::HeaderName; 6] = [
    http::HeaderName::from_static("x-request-id"),
    http::HeaderName::from_static("request-id"),
    http::HeaderName::from_static("x-correlation-id"),
    http::HeaderName::from_static("x-amzn-requestid"),
    http::HeaderName::from_static("x-amz-cf-id"),
    http::HeaderName::from_static("cf-ray"),
];

/// The answer that an error is about, bounded and without secrets.
pub(crate) struct Reply {
    pub(crate) status: http::StatusCode,
    pub(crate) request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) location: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn new(
        status: http::StatusCode,
        headers: &http::HeaderMap,
        body: &Bytes,
        retry_after: Option<Duration>,
        secrets: &Secrets,
    ) -> Self {
        let text = |name: http::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        // What is cut off anyway is not searched, and a secret across the cut is found all the same.
        let body = body.slice(..body.len().min(2 * BODY_BYTES));
        let body = secrets.blot_out(&body).unwrap_or(body);
        let location = text(http::header::LOCATION);
        Self {
            status,
            request_id: request_id(headers, secrets),
            retry_after,
            location: location.map(|to| message::excerpt(&secrets.clean(to), 200)),
            message: message::message(text(http::header::CONTENT_TYPE), &body),
            body: body.slice(..body.len().min(BODY_BYTES)),
        }
    }
}

/// The ID that the service gave to a request, for its support to find it again.
pub(crate) fn request_id(headers: &http::HeaderMap, secrets: &Secrets) -> Option<String> {
    REQUEST_ID_HEADERS
        .iter()
        .filter_map(|name| headers.get(name)?.to_str().ok())
        .map(|id| message::excerpt(&secrets.clean(id), 100))
        .find(|id| !id.is_empty())
}

impl fmt::Debug for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = message::excerpt(&String::from_utf8_lossy(&self.body), DEBUG_CHARACTERS);
        formatter
            .debug_struct("Reply")
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .field("retry_after", &self.retry_after)
            .field("message", &self.message)
            .field("body", &body)
            .finish_non_exhaustive()
    }
}
