//! A complete response, before its body is decoded.

use super::{
    auth::Redactor,
    error::{AttemptStats, Error, ErrorKind, response_snapshot::ResponseSnapshot},
    prepared_request::PreparedRequest,
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use std::time::Duration;

/// A complete response.
#[derive(Debug)]
pub(crate) struct ReceivedResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) stats: AttemptStats,
    pub(crate) redactor: Redactor,
    /// True if the body contains new tokens, which the redactor does not have. An error must not contain any
    /// part of such a body.
    pub(crate) confidential: bool,
}

impl ReceivedResponse {
    pub(crate) fn attempts(&self) -> u32 {
        self.stats.attempts
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.stats.elapsed
    }

    /// The part of this response that an error keeps.
    pub(crate) fn snapshot(&self, retry_after: Option<Duration>) -> ResponseSnapshot {
        let empty = Bytes::new();
        let body = if self.confidential { &empty } else { &self.body };
        ResponseSnapshot::new(self.status, &self.headers, body, retry_after, &self.redactor)
    }

    /// Creates the error of a call whose response body is unusable for the reason in `kind`.
    pub(crate) fn fail(&self, request: &PreparedRequest, kind: ErrorKind) -> Error {
        let mut stats = self.stats;
        stats.may_have_been_applied |= request.writes() && kind.may_have_been_applied();
        Error::after(Some(&request.target), kind, stats, None)
    }

    /// Error for a body that does not decode, with secrets redacted.
    pub(crate) fn decode_error(&self, path: &str, error: &serde_json::Error) -> ErrorKind {
        let reason = if self.body.is_empty() {
            "the body is empty".to_owned()
        } else {
            error.to_string()
        };
        self.unusable(path, reason)
    }

    /// Error for a body that is unusable for the given reason, with secrets redacted.
    pub(crate) fn unusable(&self, path: &str, reason: String) -> ErrorKind {
        let redacted = self.redactor.redact(reason.as_bytes());
        ErrorKind::Decode {
            response: self.snapshot(None).into(),
            // Property names come from the response and may contain a secret.
            path: self.redactor.redact_text(path).into_owned(),
            reason: redacted.map_or(reason, |text| String::from_utf8_lossy(&text).into_owned()),
        }
    }
}
