//! A request that the attempt loop sends, with the options of its call.

use super::{
    attempt_time::LastAttempt,
    auth::BearerToken,
    creatable::ReadBack,
    operation::{Repeat, RequestTarget},
    retry::RetryPolicy,
    transport::BoxFuture,
};
use bytes::Bytes;
use http::HeaderMap;
use std::{fmt, sync::Arc, time::Duration};
use tokio::sync::watch;

/// A request with all data that an attempt needs.
pub(crate) struct PreparedRequest {
    pub(crate) target: RequestTarget,
    /// Encoded query without the question mark.
    pub(crate) query: String,
    pub(crate) body: Option<Bytes>,
    pub(crate) options: CallOptions,
    pub(crate) authorization: Authorization,
    /// True if the bodies of request and response contain tokens. Hooks and errors must not see such bodies.
    pub(crate) confidential: bool,
    /// True if a response may have any content type, including HTML.
    pub(crate) any_content: bool,
    /// True if no data is expected. A successful response may then have any body except an HTML page or an
    /// error message.
    pub(crate) no_content: bool,
    pub(crate) read_back: Option<ReadBack>,
}

/// Options that a caller sets on one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) headers: HeaderMap,
    /// Stop signal. Once its value is `true`, the request is not sent again.
    pub(crate) stop: Option<watch::Receiver<bool>>,
    /// Check that runs directly before the request is sent again.
    pub(crate) repeat_check: Option<RepeatCheck>,
    pub(crate) last_attempt: Option<LastAttempt>,
}

/// Checks whether a request may be sent again. The check runs before each repetition.
#[derive(Clone)]
pub(crate) struct RepeatCheck(pub(crate) Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>);

impl fmt::Debug for RepeatCheck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RepeatCheck")
    }
}

/// The token that a request carries.
pub(crate) enum Authorization {
    /// The client's token, which the attempt loop may renew.
    Client,
    /// A token that the attempt loop must not renew.
    Fixed(Arc<BearerToken>),
}

impl PreparedRequest {
    pub(crate) fn new(target: RequestTarget) -> Self {
        Self {
            target,
            query: String::new(),
            body: None,
            options: CallOptions::default(),
            authorization: Authorization::Client,
            confidential: false,
            any_content: false,
            no_content: false,
            read_back: None,
        }
    }

    pub(crate) fn writes(&self) -> bool {
        self.target.repeat != Repeat::Read
    }

    /// ID of the asset that this request creates; `None` if the request is not a create.
    pub(crate) fn asset_id(&self) -> Option<String> {
        self.read_back?.asset_id(self.body.as_ref()?)
    }
}
