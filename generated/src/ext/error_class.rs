//! Classifies the errors of requests by what the service did with the request.

use crate::Error;
use http::StatusCode;
use std::time::Duration;

/// Longest `Retry-After` after which a bulk job or a plan continues. Equals the default of
/// `RetryPolicy::max_retry_after`.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// Class of an error. The class states what the service did with the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorClass {
    /// The service rejected the credentials, so further requests fail too.
    Unauthorized,
    /// The service did not process the request.
    NotProcessed,
    /// The service processed the request and refused all or part of it.
    Refused,
    /// The request may or may not have been applied.
    Ambiguous,
}

impl ErrorClass {
    pub(crate) fn of(error: &Error) -> Self {
        let status = error.status();
        let not_processed = [
            StatusCode::UNAUTHORIZED,
            // A proxy requires credentials (407), or the connection belongs to another host (421).
            StatusCode::PROXY_AUTHENTICATION_REQUIRED,
            StatusCode::MISDIRECTED_REQUEST,
            // A write that failed with this status may have been applied; see below.
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::TOO_EARLY,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        let refused =
            status.is_some_and(|status| status.is_client_error() && !not_processed.contains(&status));
        if refused && !error.is_unauthorized() {
            Self::Refused
        } else if error.may_have_been_applied() {
            // An earlier attempt may have been applied, even if the service did not process the last attempt.
            Self::Ambiguous
        } else if error.is_unauthorized() {
            Self::Unauthorized
        } else {
            Self::NotProcessed
        }
    }
}

/// Returns the wait that the service asks for (`Retry-After`), if the status is 429 or 503.
pub(crate) fn requested_wait(error: &Error) -> Option<Duration> {
    let busy = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
    error
        .retry_after()
        .filter(|_| error.status().is_some_and(|status| busy.contains(&status)))
}

/// Returns true if the service asks for a longer wait than a job accepts. The job then sends nothing more,
/// because the service suspends accounts that send too many requests.
pub(crate) fn exceeds_max_wait(error: &Error) -> bool {
    requested_wait(error).is_some_and(|wait| wait > MAX_WAIT)
}

/// Returns true if the body of the response is a JSON object, like the body of the service's own errors. Most
/// gateways respond with an error page in HTML or text, and few respond with JSON.
pub(crate) fn has_json_object(error: &Error) -> bool {
    let body = error.body().unwrap_or_default();
    serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(body).is_ok()
}

/// Explains a *not found* response to a request whose asset exists.
pub(crate) fn not_about_the_asset(error: &Error) -> &'static str {
    if has_json_object(error) {
        "the asset exists, so this is about something else in the request; fix: check that the category or \
         the parent in the request exists, and run the job again"
    } else {
        "the asset exists, so this is probably the answer of a gateway"
    }
}
