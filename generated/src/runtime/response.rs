//! A decoded response with its status and headers.

use std::time::Duration;

/// A decoded response with its status and headers, returned by [`Call::response`](crate::Call::response).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response<T> {
    /// Status of the response; always a 2xx.
    pub status: http::StatusCode,
    /// Headers of the response.
    pub headers: http::HeaderMap,
    /// The decoded body.
    pub value: T,
    /// Number of attempts.
    pub attempts: u32,
    /// Duration of the call, including all attempts and waits.
    pub elapsed: Duration,
}
