//! The error type of all calls.

mod display;
pub(crate) mod message;
pub(crate) mod response_snapshot;

pub(crate) use display::{debug_as_display, seconds, without_attempts};

use super::auth::Redactor;
use super::operation::{Operation, Repeat, RequestTarget};
use super::retry::retry_after;
use super::transport::{TransportError, TransportErrorKind};
use crate::values::id::ClockOutOfRange;
use bytes::Bytes;
use response_snapshot::ResponseSnapshot;
use std::{
    error::Error as StdError,
    sync::Arc,
    time::{Duration, SystemTime},
};

/// Error of a call.
///
/// The type is opaque. The text of an error is one line with the operation, the cause, the number of attempts
/// with their total time, and the request ID if there is one. If the service sent a message, the cause quotes
/// this message. For example:
///
/// ```text
/// list_offer_sources (GET /offersource/list/): 503 Service Unavailable: back at noon (5 attempts in 6.2 s)
/// ```
///
/// | question | methods |
/// |---|---|
/// | which call? | [`operation`], [`method`], [`path`], [`asset_id`] |
/// | which class of errors? | [`error_type`] |
/// | which response? | [`status`], [`message`], [`body`], [`request_id`], or [`transport_error`] |
/// | which field did not decode? | [`json_path`] |
/// | which attempts? | [`attempts`], [`elapsed`] |
/// | which reaction? | [`is_retryable`] and other predicates, [`may_have_been_applied`], [`retry_after`] |
///
/// [`operation`]: Self::operation
/// [`method`]: Self::method
/// [`path`]: Self::path
/// [`asset_id`]: Self::asset_id
/// [`status`]: Self::status
/// [`message`]: Self::message
/// [`body`]: Self::body
/// [`request_id`]: Self::request_id
/// [`error_type`]: Self::error_type
/// [`transport_error`]: Self::transport_error
/// [`json_path`]: Self::json_path
/// [`attempts`]: Self::attempts
/// [`elapsed`]: Self::elapsed
/// [`is_retryable`]: Self::is_retryable
/// [`may_have_been_applied`]: Self::may_have_been_applied
/// [`retry_after`]: Self::retry_after
///
/// `Debug` prints the same line, so a `main` that returns an error shows this line. No error contains a
/// token, even if the service returns one. Cloning is cheap.
///
/// ```
/// # fn handle(error: funnelflux::Error) {
/// if error.is_unauthorized() {
///     eprintln!("{error}"); // contains instructions for getting new tokens
/// } else if let Some(wait) = error.retry_after() {
///     eprintln!("the service asks to wait {wait:?}");
/// } else if error.may_have_been_applied() {
///     eprintln!("read the asset back before sending the call again: {error}");
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    target: Option<RequestTarget>,
    kind: ErrorKind,
    stats: AttemptStats,
    /// Additional remark for the text, such as the reason why there was no retry.
    note: Option<String>,
    /// ID of the asset that was to be created.
    asset_id: Option<String>,
}

/// Statistics about the attempts of a call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AttemptStats {
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    pub(crate) may_have_been_applied: bool,
}

/// Time limit of an attempt or of a whole call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeLimit {
    Attempt,
    Call,
}

/// Cause of an error.
pub(crate) enum ErrorKind {
    /// A setting of the client is invalid.
    Configuration(String),
    /// An argument or option of the call is invalid.
    Argument(String),
    /// The request body cannot be serialised as JSON.
    Encode(serde_json::Error),
    /// No complete response arrived.
    Transport(TransportError),
    /// No complete response arrived in time.
    Timeout { limit: TimeLimit, after: Duration },
    /// The response is larger than the client accepts.
    TooLarge { status: http::StatusCode, limit: usize },
    /// The status is not a success.
    Status(Box<ResponseSnapshot>),
    /// The status is a success, but the body is an HTML page.
    Page(Box<ResponseSnapshot>),
    /// The status is a success, but the body does not decode.
    Decode {
        response: Box<ResponseSnapshot>,
        path: String,
        reason: String,
    },
    /// There is no valid access token.
    Login { reason: String, cause: Option<Error> },
    /// The service rejected the access token and then renewed or confirmed it, but the request was not sent
    /// again.
    TokenReplaced,
}

impl From<ClockOutOfRange> for Error {
    fn from(error: ClockOutOfRange) -> Self {
        Self::configuration(error.to_string())
    }
}

impl Error {
    pub(crate) fn new(target: Option<&RequestTarget>, kind: ErrorKind) -> Self {
        Self::after(target, kind, AttemptStats::default(), None)
    }

    pub(crate) fn after(
        target: Option<&RequestTarget>,
        kind: ErrorKind,
        stats: AttemptStats,
        note: Option<String>,
    ) -> Self {
        Self(Arc::new(Inner {
            target: target.cloned(),
            kind,
            stats,
            note,
            asset_id: None,
        }))
    }

    /// Creates the error that a call of `operation` returns after this response, for tests of your own code.
    ///
    /// ```
    /// use funnelflux::{Error, http, operations::offer_sources::FIND_OFFER_SOURCE_BY_ID};
    ///
    /// let response = http::Response::builder().status(404).body(r#"{"error":"unknown ID"}"#)?;
    /// let error = Error::from_response(&FIND_OFFER_SOURCE_BY_ID, response);
    /// assert!(error.is_not_found());
    /// assert_eq!(error.message(), Some("unknown ID"));
    /// # Ok::<(), http::Error>(())
    /// ```
    #[must_use]
    pub fn from_response(operation: &'static Operation, response: http::Response<impl Into<Bytes>>) -> Self {
        let (head, body) = response.into_parts();
        let body = body.into();
        let wait = retry_after(&head.headers, SystemTime::now());
        let response = ResponseSnapshot::new(head.status, &head.headers, &body, wait, &Redactor::default());
        let kind = if head.status.is_success() {
            ErrorKind::Decode {
                response: response.into(),
                path: ".".to_owned(),
                reason: "it has an unexpected form".to_owned(),
            }
        } else {
            ErrorKind::Status(response.into())
        };
        Self::of_attempt(operation, kind)
    }

    /// Creates the error that a call of `operation` returns after this failure of the transport, for tests of
    /// your own code.
    ///
    /// ```
    /// use funnelflux::{Error, operations::offer_sources::DUPLICATE_OFFER_SOURCE};
    /// use funnelflux::transport::{TransportError, TransportErrorKind};
    ///
    /// let timeout = TransportError::new(TransportErrorKind::Interrupted, "no answer").timed_out();
    /// let error = Error::from_transport(&DUPLICATE_OFFER_SOURCE, timeout);
    /// assert!(error.is_timeout() && error.may_have_been_applied() && !error.is_retryable());
    /// ```
    #[must_use]
    pub fn from_transport(operation: &'static Operation, error: TransportError) -> Self {
        Self::of_attempt(operation, ErrorKind::Transport(error))
    }

    fn of_attempt(operation: &'static Operation, kind: ErrorKind) -> Self {
        let target = RequestTarget::from(operation);
        let writes = target.repeat != Repeat::Read;
        let stats = AttemptStats {
            attempts: 1,
            elapsed: Duration::ZERO,
            may_have_been_applied: writes && kind.may_have_been_applied(),
        };
        Self::after(Some(&target), kind, stats, None)
    }

    /// Adds the ID of the asset that was to be created.
    pub(crate) fn with_asset_id(mut self, asset_id: Option<String>) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.asset_id = asset_id;
        }
        self
    }

    /// Adds a remark to the text of an error that has not been cloned.
    pub(crate) fn with_note(mut self, note: &str) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.note = Some(match inner.note.take() {
                Some(first) => format!("{first}, {note}"),
                None => note.to_owned(),
            });
        }
        self
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(None, ErrorKind::Configuration(message.into()))
    }

    /// Name of the operation, such as `list_offer_sources`, or `request` for
    /// [`Client::request`](crate::Client::request).
    ///
    /// `None` if the error is not about a call.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        self.0.target.as_ref().map(|target| target.id)
    }

    /// HTTP method of the call.
    #[must_use]
    pub fn method(&self) -> Option<&http::Method> {
        self.0.target.as_ref().map(|target| &target.method)
    }

    /// Path of the call, relative to the base URL.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.0.target.as_ref().map(|target| &*target.path)
    }

    /// ID of the asset that was to be created; `None` for any call other than a create.
    ///
    /// The asset may exist if [`may_have_been_applied`](Self::may_have_been_applied) is true.
    #[must_use]
    pub fn asset_id(&self) -> Option<&str> {
        self.0.asset_id.as_deref()
    }

    fn response(&self) -> Option<&ResponseSnapshot> {
        match &self.0.kind {
            ErrorKind::Status(response) | ErrorKind::Page(response) | ErrorKind::Decode { response, .. } => {
                Some(response)
            }
            ErrorKind::Login {
                cause: Some(cause), ..
            } => cause.response(),
            _ => None,
        }
    }

    /// Status of the response that caused the error. If the status is a success, the body was unusable.
    #[must_use]
    pub fn status(&self) -> Option<http::StatusCode> {
        match &self.0.kind {
            ErrorKind::TooLarge { status, .. } => Some(*status),
            _ => self.response().map(|response| response.status),
        }
    }

    /// The service's own message, taken from JSON, plain text or HTML, as one line. A message of more than
    /// 400 characters is truncated and ends with an ellipsis.
    ///
    /// The format of the service's errors is not documented.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.response()?.message.as_deref()
    }

    /// Request ID for the vendor's support, from `x-request-id`, `request-id`, `x-correlation-id` or a header
    /// of a common proxy.
    ///
    /// It is not documented whether the service sends one of these headers.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.response()?.request_id.as_deref()
    }

    /// First 64 KiB of the response body, with known tokens redacted.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.response().map(|response| &*response.body)
    }

    /// Path of the field that did not decode, such as `[3].offerSourceName`; `.` means the whole response.
    #[must_use]
    pub fn json_path(&self) -> Option<&str> {
        match &self.0.kind {
            ErrorKind::Decode { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Class of the error for metrics and logs, as in OpenTelemetry's attribute `error.type`. The class is a
    /// status, such as `503`, or a word, such as `timeout`, `connect` or `decode`.
    #[must_use]
    pub fn error_type(&self) -> &str {
        self.0.kind.error_type()
    }

    /// Transport error that prevented a complete response to the last attempt, if any.
    #[must_use]
    pub fn transport_error(&self) -> Option<&TransportError> {
        match &self.0.kind {
            ErrorKind::Transport(error) => Some(error),
            ErrorKind::Login {
                cause: Some(cause), ..
            } => cause.transport_error(),
            _ => None,
        }
    }

    /// Number of attempts; zero if the request was never sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.stats.attempts
    }

    /// Duration of the call, including all attempts and waits.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.stats.elapsed
    }

    /// Wait that the service asked for in `Retry-After`, counted from the response.
    ///
    /// A call waits automatically before it is retried. An error contains the requested wait if the call
    /// failed instead: because it could not be retried, or because the wait exceeds the remaining time of the
    /// call or [`RetryPolicy::max_retry_after`](crate::RetryPolicy::max_retry_after).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.response()?.retry_after
    }

    /// Returns true if the service limited the rate of calls (429).
    ///
    /// # Troubleshooting
    /// The call has already been retried as its policy allows. To send fewer requests, make fewer concurrent
    /// calls, make one call with many IDs instead of many calls with one ID, or set a client-side limit,
    /// which adapts to 429s (`ClientBuilder::rate_limit`, feature `rate-limit`). Wait at least
    /// [`retry_after`](Self::retry_after). The limits are not published, and the vendor suspends accounts
    /// that ignore them.
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        self.status() == Some(http::StatusCode::TOO_MANY_REQUESTS)
    }

    /// Returns true if the service rejected the access token and the client could not renew it. The service
    /// rejects a token with a 401, or with a 400 whose message is about the token.
    ///
    /// # Troubleshooting
    /// An access token is valid for 72 hours (documented). With a refresh token
    /// ([`Credentials::with_refresh_token`](crate::Credentials::with_refresh_token)) the client renews the
    /// access token automatically. If the client has a refresh token, this error usually means that the
    /// service did not accept the refresh token, for example because it has expired. In that case, log in to
    /// FunnelFlux and create new tokens under settings → API access. The API is for active accounts only.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        match &self.0.kind {
            // If a renewal may succeed later, no login is required.
            ErrorKind::Login { .. } => !self.0.kind.is_transient(),
            _ => self.status() == Some(http::StatusCode::UNAUTHORIZED),
        }
    }

    /// Returns true if the service did not find the asset or the path (404).
    ///
    /// # Troubleshooting
    /// Check the ID first: it is case-sensitive and belongs to one account. If all calls fail this way, the
    /// base URL is wrong. If all calls of an inferred operation fail this way, this operation probably does
    /// not exist. The response to an unknown ID is not documented; the service may use another status.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(http::StatusCode::NOT_FOUND)
    }

    /// Returns true if a time limit was exceeded: for connecting, for one attempt or for the whole call.
    ///
    /// # Troubleshooting
    /// The text states which limit was exceeded. If the limit for connecting was exceeded, check firewall and
    /// proxy. If the limit for an attempt was exceeded, the response is large or the service is slow: raise
    /// [`ClientBuilder::attempt_timeout`](crate::ClientBuilder::attempt_timeout), or request fewer assets. If
    /// the limit for the call was exceeded, its attempts and waits together took longer than
    /// [`ClientBuilder::timeout`](crate::ClientBuilder::timeout). A write may still have been applied; see
    /// [`may_have_been_applied`](Self::may_have_been_applied).
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match &self.0.kind {
            ErrorKind::Timeout { .. } => true,
            ErrorKind::Transport(error) => error.is_timeout(),
            ErrorKind::Login {
                cause: Some(cause), ..
            } => cause.is_timeout(),
            _ => false,
        }
    }

    /// Returns true if the same call may succeed later, and sending it again cannot apply anything twice.
    ///
    /// # Troubleshooting
    /// The result is true for the [statuses that are retried](crate::RetryPolicy::statuses), for connection
    /// errors and for timeouts. It is false for a certificate that is not trusted. It is also false if the
    /// call may have been applied and its operation has [`Repeat::Never`](crate::operations::Repeat::Never).
    /// The call has already been retried as its policy allows: wait longer, or queue the work. If the error
    /// persists, the service is down; send the [`request_id`](Self::request_id) to the vendor's support.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        let never = self
            .0
            .target
            .as_ref()
            .is_none_or(|target| target.repeat == Repeat::Never);
        self.0.kind.is_transient() && !(never && self.may_have_been_applied())
    }

    /// Returns true if the service may have applied the call although it failed; always false for calls that
    /// only read.
    ///
    /// # Troubleshooting
    /// The result is true if at least one request may have arrived and was not clearly rejected. Examples are
    /// a broken connection, a timeout, a 408, a 5xx, an HTML page, and a response that is too large or cannot
    /// be decoded. Any other rejection (4xx) counts as *not applied*. It is not documented whether a call
    /// with a list of IDs can be applied in part before it is rejected. Therefore, the bulk calls in
    /// [`ext`](crate::ext) read the assets back.
    ///
    /// If the operation has [`Repeat::Never`](crate::operations::Repeat::Never), like a duplication, look for
    /// the new asset before you send the call again. All other calls can be sent again safely.
    #[must_use]
    pub fn may_have_been_applied(&self) -> bool {
        self.0.stats.may_have_been_applied
    }
}

impl ErrorKind {
    /// Status of an error response.
    pub(crate) fn status(&self) -> Option<http::StatusCode> {
        match self {
            Self::Status(response) => Some(response.status),
            _ => None,
        }
    }

    /// Value of OpenTelemetry's attribute `error.type`: the status, or a word for the class of the error.
    pub(crate) fn error_type(&self) -> &str {
        match self {
            Self::Status(response) => response.status.as_str(),
            Self::Login { cause, .. } => cause.as_ref().map_or("login", |cause| cause.error_type()),
            Self::Configuration(_) => "configuration",
            Self::Argument(_) => "argument",
            Self::Encode(_) => "encode",
            Self::Transport(error) => match error.kind() {
                TransportErrorKind::Connect => "connect",
                TransportErrorKind::Interrupted => "interrupted",
                TransportErrorKind::Certificate => "certificate",
                TransportErrorKind::Request => "request",
            },
            Self::Timeout { .. } => "timeout",
            Self::TooLarge { .. } => "too_large",
            Self::Page(_) => "html_page",
            Self::Decode { .. } => "decode",
            Self::TokenReplaced => "token_replaced",
        }
    }

    /// Returns true if the same request may succeed later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Status(response) => response.transient,
            Self::Transport(error) => matches!(
                error.kind(),
                TransportErrorKind::Connect | TransportErrorKind::Interrupted
            ),
            Self::Timeout { .. } => true,
            Self::Login {
                cause: Some(cause), ..
            } => cause.0.kind.is_transient(),
            _ => false,
        }
    }

    /// Returns true if the service may have applied a request that failed in this way.
    pub(crate) fn may_have_been_applied(&self) -> bool {
        match self {
            Self::Status(response) => {
                response.status.is_server_error() || response.status == http::StatusCode::REQUEST_TIMEOUT
            }
            Self::Transport(error) => error.kind() == TransportErrorKind::Interrupted,
            Self::Timeout { .. } | Self::TooLarge { .. } | Self::Page(_) | Self::Decode { .. } => true,
            Self::Configuration(_)
            | Self::Argument(_)
            | Self::Encode(_)
            | Self::Login { .. }
            | Self::TokenReplaced => false,
        }
    }
}

/// Does not implement [`source`](StdError::source), because the text contains every cause.
impl StdError for Error {}
