//! A response with its status and headers, for those who want more than the value.

use std::time::Duration;

/// What the service answered: the decoded value with the status and the headers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response<T> {
    /// Status of the response; always a 2xx.
    pub status: http::StatusCode,
    /// Headers of the response.
    pub headers: http::HeaderMap,
    /// The decoded body.
    pub value: T,
    /// How often the request was sent.
    pub tries: u32,
    /// How long the call took, with all tries and waits.
    pub elapsed: Duration,
}
