//! Hooks, with which a program observes every request and adds headers.

use super::operation::RequestTarget;
use crate::auth::AccountId;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use std::time::{Duration, SystemTime};

/// Observes every request before it is sent, every response after it has arrived, and renewals of tokens.
///
/// For hooks, each retry and each token renewal is a separate request. Hooks run on the task that makes the
/// call, in the order in which they were added with [`ClientBuilder::hook`](crate::ClientBuilder::hook). A
/// hook must not block. Hooks never see the client's tokens: the client adds `Authorization` after the hooks
/// have run, and the views of a token renewal have no bodies. If a hook or
/// [`Call::header`](crate::Call::header) has set `Authorization`, the client sends that header instead of its
/// own token. If the service rejects such a header, the client does not renew its tokens. A renewal always
/// carries the client's token.
///
/// ```
/// use funnelflux::{Client, hook::{Hook, RequestView, ResponseView}, http::HeaderValue};
///
/// struct Audit;
///
/// impl Hook for Audit {
///     fn before_request(&self, request: &mut RequestView<'_>) {
///         request.headers.insert("x-team", HeaderValue::from_static("media-buying"));
///     }
///
///     fn after_response(&self, response: &ResponseView<'_>) {
///         println!("{} attempt {}: {:?}", response.operation, response.attempt_number, response.status);
///     }
/// }
///
/// let client = Client::builder().hook(Audit).build()?;
/// # Ok::<(), funnelflux::Error>(())
/// ```
pub trait Hook: Send + Sync + 'static {
    /// Runs before a request is sent, and may change the headers of the request.
    fn before_request(&self, request: &mut RequestView<'_>) {
        let _ = request;
    }

    /// Runs after the complete response has arrived, or after the attempt has failed without a complete
    /// response.
    fn after_response(&self, response: &ResponseView<'_>) {
        let _ = response;
    }

    /// Runs after the client has renewed its tokens, on the task of the renewal. Does not run after a renewal
    /// that only confirms the tokens in use. To keep renewed tokens, use a
    /// [`TokenStore`](crate::auth::TokenStore).
    fn tokens_renewed(&self, renewal: &RenewalView<'_>) {
        let _ = renewal;
    }
}

/// A request that is about to be sent.
#[derive(Debug)]
#[non_exhaustive]
pub struct RequestView<'a> {
    /// Name of the operation.
    pub operation: &'a str,
    /// Number of the attempt within the call, from 1.
    pub attempt_number: u32,
    /// HTTP method.
    pub method: &'a Method,
    /// URI with its query.
    pub uri: &'a Uri,
    /// Headers without the client's `Authorization`.
    pub headers: &'a mut HeaderMap,
    /// Body; `None` if the request has no body or renews tokens.
    pub body: Option<&'a Bytes>,
}

/// The outcome of an attempt.
#[derive(Debug)]
#[non_exhaustive]
pub struct ResponseView<'a> {
    /// Name of the operation.
    pub operation: &'a str,
    /// Number of the attempt within the call, from 1.
    pub attempt_number: u32,
    /// Status; `None` if no complete response arrived.
    pub status: Option<StatusCode>,
    /// Headers; `None` if no complete response arrived.
    pub headers: Option<&'a HeaderMap>,
    /// Body; `None` if no complete response arrived, or if the request renews tokens. The body of an error
    /// response may be truncated.
    pub body: Option<&'a Bytes>,
    /// Duration of the attempt.
    pub duration: Duration,
}

/// A renewal of the tokens.
#[derive(Debug)]
#[non_exhaustive]
pub struct RenewalView<'a> {
    /// Account of the new token, if it is known.
    pub account: Option<&'a AccountId>,
    /// Expiry of the new token, if it is known.
    pub expires_at: Option<SystemTime>,
    /// Reason why the new tokens could not be stored, if storing failed.
    pub storage_error: Option<&'a str>,
}

/// Hooks of a client.
#[derive(Default)]
pub(crate) struct Hooks(pub(crate) Vec<Box<dyn Hook>>);

impl Hooks {
    pub(crate) fn before(
        &self,
        target: &RequestTarget,
        attempt_number: u32,
        uri: &Uri,
        headers: &mut HeaderMap,
        body: Option<&Bytes>,
    ) {
        let mut view = RequestView {
            operation: target.id,
            attempt_number,
            method: &target.method,
            uri,
            headers,
            body,
        };
        for hook in &self.0 {
            hook.before_request(&mut view);
        }
    }

    pub(crate) fn renewed(&self, view: &RenewalView<'_>) {
        for hook in &self.0 {
            hook.tokens_renewed(view);
        }
    }

    pub(crate) fn after(
        &self,
        target: &RequestTarget,
        attempt_number: u32,
        duration: Duration,
        head: Option<(StatusCode, &HeaderMap)>,
        body: Option<&Bytes>,
    ) {
        let view = ResponseView {
            operation: target.id,
            attempt_number,
            status: head.map(|(status, _)| status),
            headers: head.map(|(_, headers)| headers),
            body,
            duration,
        };
        for hook in &self.0 {
            hook.after_response(&view);
        }
    }
}
