//! Hooks: a program's own eyes, and its own headers, on every request.

use super::operation::Target;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use std::time::Duration;

/// Sees every request before it is sent and every answer after it arrived, each try by itself, token renewals included.
///
/// Hooks run in the order in which they were given to [`ClientBuilder::hook`](crate::ClientBuilder::hook), on the task that makes the
/// call: they must not block. They never see the client's tokens: the `Authorization` header is added after them (one that a hook or
/// [`Call::header`](crate::Call::header) sets is kept), and renewals show no bodies.
///
/// ```
/// use funnelflux::hook::{Hook, RequestView, ResponseView};
///
/// struct Audit;
///
/// impl Hook for Audit {
///     fn before_request(&self, request: &mut RequestView<'_>) {
///         request.headers.insert("x-team", http::HeaderValue::from_static("media-buying"));
///     }
///
///     fn after_response(&self, response: &ResponseView<'_>) {
///         println!("{} try {}: {:?}", response.operation, response.try_number, response.status);
///     }
/// }
///
/// let client = funnelflux::Client::builder().hook(Audit).build()?;
/// # Ok::<(), funnelflux::Error>(())
/// ```
pub trait Hook: Send + Sync + 'static {
    /// Before a request is sent; its headers can be changed.
    fn before_request(&self, request: &mut RequestView<'_>) {
        let _ = request;
    }

    /// After the whole answer arrived, or none did.
    fn after_response(&self, response: &ResponseView<'_>) {
        let _ = response;
    }
}

/// A request that is about to be sent.
#[derive(Debug)]
#[non_exhaustive]
pub struct RequestView<'a> {
    /// Name of the operation.
    pub operation: &'a str,
    /// Which try of the call it is, from 1.
    pub try_number: u32,
    /// HTTP method.
    pub method: &'a Method,
    /// Address, with the query.
    pub uri: &'a Uri,
    /// Headers, without the client's own `Authorization`.
    pub headers: &'a mut HeaderMap,
    /// Body; `None` where there is none and for token renewals.
    pub body: Option<&'a Bytes>,
}

/// What came of a request.
#[derive(Debug)]
#[non_exhaustive]
pub struct ResponseView<'a> {
    /// Name of the operation.
    pub operation: &'a str,
    /// Which try of the call it was, from 1.
    pub try_number: u32,
    /// Status; `None` where no answer arrived.
    pub status: Option<StatusCode>,
    /// Headers of the answer; `None` where none arrived.
    pub headers: Option<&'a HeaderMap>,
    /// Body of the answer as far as it was read; `None` where none arrived and for token renewals.
    pub body: Option<&'a Bytes>,
    /// How long this try took.
    pub duration: Duration,
}

/// All hooks of a client.
#[derive(Default)]
pub(crate) struct Hooks(pub(crate) Vec<Box<dyn Hook>>);

impl Hooks {
    pub(crate) fn before(
        &self,
        target: &Target,
        try_number: u32,
        uri: &Uri,
        headers: &mut HeaderMap,
        body: Option<&Bytes>,
    ) {
        let mut view = RequestView {
            operation: target.id,
            try_number,
            method: &target.method,
            uri,
            headers,
            body,
        };
        for hook in &self.0 {
            hook.before_request(&mut view);
        }
    }

    pub(crate) fn after(
        &self,
        target: &Target,
        try_number: u32,
        duration: Duration,
        answer: Option<(StatusCode, &HeaderMap)>,
        body: Option<&Bytes>,
    ) {
        let view = ResponseView {
            operation: target.id,
            try_number,
            status: answer.map(|(status, _)| status),
            headers: answer.map(|(_, headers)| headers),
            body,
            duration,
        };
        for hook in &self.0 {
            hook.after_response(&view);
        }
    }
}
