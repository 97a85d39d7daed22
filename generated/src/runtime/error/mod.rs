//! The one error type of every call.

pub(crate) mod message;
pub(crate) mod reply;

use super::operation::{Repeat, Target};
use super::transport::{TransportError, TransportErrorKind};
use reply::Reply;
use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

/// Why a call failed.
///
/// The type is opaque; ask it. Its text is one line that says which operation failed, why in the service's own words where it
/// gave any, how many tries over how long it took, and the ID of the request:
///
/// ```text
/// list_offer_sources (GET /offersource/list/): 503 Service Unavailable: back at noon (5 tries in 6.2 s, request ID 81af)
/// ```
///
/// | question | answer |
/// |---|---|
/// | what was called | [`operation`](Self::operation), [`method`](Self::method), [`path`](Self::path), [`asset_id`](Self::asset_id) |
/// | what did the service say | [`status`](Self::status), [`message`](Self::message), [`body`](Self::body), [`request_id`](Self::request_id) |
/// | which field did not fit | [`json_path`](Self::json_path) |
/// | what was tried | [`tries`](Self::tries), [`elapsed`](Self::elapsed) |
/// | what now | the predicates, and [`retry_after`](Self::retry_after) |
///
/// It never contains a token, also where the service sends one back. It is cheap to clone.
///
/// ```
/// # fn handle(error: funnelflux::Error) {
/// if error.is_unauthorized() {
///     eprintln!("{error}"); // says where to get new tokens
/// } else if let Some(wait) = error.retry_after() {
///     eprintln!("the service asks to wait {wait:?}");
/// } else if error.may_have_been_applied() {
///     eprintln!("look before you send it again: {error}");
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    target: Option<Target>,
    kind: Kind,
    effort: Effort,
    /// What else a person should know, such as why it was not tried again.
    note: Option<String>,
    /// The ID under which something was to be created.
    asset_id: Option<String>,
}

/// What was done before a call failed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Effort {
    pub(crate) tries: u32,
    pub(crate) elapsed: Duration,
    pub(crate) may_have_been_applied: bool,
}

/// Which limit of time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Try,
    Call,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// The settings of the client cannot work.
    Configuration(String),
    /// The arguments or options of the call cannot work.
    Argument(String),
    /// The request body cannot be written as JSON.
    Encode(serde_json::Error),
    /// No whole answer arrived.
    Transport(TransportError),
    /// No whole answer arrived in time.
    Timeout { limit: Limit, after: Duration },
    /// The answer is larger than the client accepts.
    TooLarge { status: http::StatusCode, limit: usize },
    /// The service refused.
    Status(Box<Reply>),
    /// A success whose body is a page for humans.
    Page(Box<Reply>),
    /// A success whose body does not fit.
    Decode {
        reply: Box<Reply>,
        path: String,
        reason: String,
        /// Left out where it could quote a secret.
        source: Option<serde_json::Error>,
    },
    /// The access token is refused and there is no other.
    Login { reason: String, cause: Option<Error> },
}

impl Error {
    pub(crate) fn new(target: Option<&Target>, kind: Kind) -> Self {
        Self::after(target, kind, Effort::default(), None)
    }

    pub(crate) fn after(target: Option<&Target>, kind: Kind, effort: Effort, note: Option<String>) -> Self {
        Self(Arc::new(Inner {
            target: target.cloned(),
            kind,
            effort,
            note,
            asset_id: None,
        }))
    }

    /// Names what was to be created.
    pub(crate) fn about(mut self, asset_id: Option<String>) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.asset_id = asset_id;
        }
        self
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::new(None, Kind::Configuration(message.into()))
    }

    /// Name of the operation, such as `list_offer_sources`; `request` for a path of your own. `None` when no call was made.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        self.0.target.as_ref().map(|target| target.id)
    }

    /// HTTP method of the call.
    #[must_use]
    pub fn method(&self) -> Option<&http::Method> {
        self.0.target.as_ref().map(|target| &target.method)
    }

    /// Path of the call below the base URL.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.0.target.as_ref().map(|target| &*target.path)
    }

    /// ID under which a create was to make its asset, so that none is lost with its error: the asset exists now, or may, where
    /// [`may_have_been_applied`](Self::may_have_been_applied) says so. `None` for every other call.
    #[must_use]
    pub fn asset_id(&self) -> Option<&str> {
        self.0.asset_id.as_deref()
    }

    fn reply(&self) -> Option<&Reply> {
        match &self.0.kind {
            Kind::Status(reply) | Kind::Page(reply) | Kind::Decode { reply, .. } => Some(reply),
            Kind::Login {
                cause: Some(cause), ..
            } => cause.reply(),
            _ => None,
        }
    }

    /// Status of the last answer, where there was one. A success where the body is what was wrong.
    #[must_use]
    pub fn status(&self) -> Option<http::StatusCode> {
        match &self.0.kind {
            Kind::TooLarge { status, .. } => Some(*status),
            _ => self.reply().map(|reply| reply.status),
        }
    }

    /// What the service says in the answer, found in JSON, plain text or HTML, on one line of at most 400 characters.
    /// Which form its errors have is unknown; the documentation shows none.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.reply()?.message.as_deref()
    }

    /// The ID that the service gave to the request, for its support. Read from `x-request-id`, `request-id`,
    /// `x-correlation-id` and the headers of the usual proxies; which of them the service sends is unknown.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.reply()?.request_id.as_deref()
    }

    /// Body of the answer, its first 64 KiB, with known tokens blotted out.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.reply().map(|reply| &*reply.body)
    }

    /// Where in the answer the field stands that did not decode: `[3].offerSourceName`; `.` is the whole answer.
    #[must_use]
    pub fn json_path(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Decode { path, .. } => Some(path),
            _ => None,
        }
    }

    /// How often the request was sent. Zero when it never was.
    #[must_use]
    pub fn tries(&self) -> u32 {
        self.0.effort.tries
    }

    /// How long the call took, with all tries and waits.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.effort.elapsed
    }

    /// How long the service asks to wait before the next try: its `Retry-After`, from when the answer arrived.
    ///
    /// Calls wait by themselves; an error with this value means that the wait is longer than
    /// [`RetryPolicy::max_retry_after`](crate::RetryPolicy::max_retry_after) or than what is left of the call's time,
    /// or that no try was left.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.reply()?.retry_after
    }

    /// The service limits the rate of calls (429).
    ///
    /// # Troubleshooting
    /// The limits are not published. The call was repeated as often as its policy allows before you saw this. Send less: fewer
    /// calls at once, one call with many IDs instead of many with one, or a client-side limit (`ClientBuilder::rate_limit`,
    /// feature `rate-limit`), which slows down by itself. The vendor suspends accounts that hammer on; wait at least
    /// [`retry_after`](Self::retry_after).
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        self.status() == Some(http::StatusCode::TOO_MANY_REQUESTS)
    }

    /// The service does not accept the access token (401, or a 400 that says so), and it could not be renewed.
    ///
    /// # Troubleshooting
    /// An access token lives for 72 hours (documented). Give the client the refresh token too
    /// ([`Credentials::with_refresh_token`](crate::Credentials::with_refresh_token)) and it renews by itself. Where it has one and
    /// you still see this, the refresh token has ended: log in to FunnelFlux and make new tokens under settings → API access.
    /// The API is for active accounts only.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        match &self.0.kind {
            // A renewal that may work in a minute is no reason to log in.
            Kind::Login { .. } => !self.0.kind.is_transient(),
            _ => self.status() == Some(http::StatusCode::UNAUTHORIZED),
        }
    }

    /// The service does not know what was asked for (404).
    ///
    /// # Troubleshooting
    /// Look at the ID first: it is case-sensitive and belongs to one account. If every call ends so, the base URL is wrong, or an
    /// operation that was deduced and not documented does not exist. How the service answers an unknown ID is not documented;
    /// another status is possible.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(http::StatusCode::NOT_FOUND)
    }

    /// Time ran out on this side: of connecting, of one try, or of the whole call.
    ///
    /// # Troubleshooting
    /// The text says which limit it was. Connecting: a firewall or a proxy is in the way. One try: the answer is large or the
    /// service slow; raise [`ClientBuilder::try_timeout`](crate::ClientBuilder::try_timeout) or ask for less at once. The whole
    /// call: the tries and waits together took longer than [`ClientBuilder::timeout`](crate::ClientBuilder::timeout). A write
    /// may have been applied all the same; see [`may_have_been_applied`](Self::may_have_been_applied).
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match &self.0.kind {
            Kind::Timeout { .. } => true,
            Kind::Transport(error) => error.is_timeout(),
            Kind::Login {
                cause: Some(cause), ..
            } => cause.is_timeout(),
            _ => false,
        }
    }

    /// The same call may succeed later, and sending it again cannot do anything twice.
    ///
    /// # Troubleshooting
    /// True for 429, 500, 502, 503 and 504, for broken connections and for timeouts, unless the operation makes something new
    /// each time (duplicate) and may have been applied. The call was repeated already as its policy allows: wait longer than the
    /// policy does, or queue the work. If it stays so, the service is down; its support will want
    /// [`request_id`](Self::request_id).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        let never = self
            .0
            .target
            .as_ref()
            .is_none_or(|target| target.repeat == Repeat::Never);
        self.0.kind.is_transient() && !(never && self.may_have_been_applied())
    }

    /// The service may have done what was asked, although the call failed. Never true for calls that only read.
    ///
    /// # Troubleshooting
    /// True when the request may have arrived and no trustworthy refusal came back: after a broken connection, a timeout, a 5xx,
    /// a page where JSON belongs, or an answer that does not decode, in any of the tries. Read the asset back before you send a
    /// duplicate again; everything else may simply be sent again. A refusal (4xx) counts as *not applied*; for calls with a list
    /// of IDs nobody documents whether some may have been applied before the refusal, and the bulk calls in
    /// [`ext`](crate::ext) read back for that reason.
    #[must_use]
    pub fn may_have_been_applied(&self) -> bool {
        self.0.effort.may_have_been_applied
    }
}

impl Kind {
    /// Status of the answer that refused.
    pub(crate) fn status(&self) -> Option<http::StatusCode> {
        match self {
            Self::Status(reply) => Some(reply.status),
            _ => None,
        }
    }

    /// Whether the same request may succeed later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Status(reply) => matches!(reply.status.as_u16(), 429 | 500 | 502 | 503 | 504),
            Self::Transport(error) => error.kind() != TransportErrorKind::Request,
            Self::Timeout { .. } => true,
            Self::Login {
                cause: Some(cause), ..
            } => cause.0.kind.is_transient(),
            _ => false,
        }
    }

    /// Whether the service may have applied the request that ended so.
    pub(crate) fn may_have_been_applied(&self) -> bool {
        match self {
            Self::Status(reply) => reply.status.is_server_error(),
            Self::Transport(error) => error.kind() == TransportErrorKind::Interrupted,
            Self::Timeout { .. } | Self::TooLarge { .. } | Self::Page(_) | Self::Decode { .. } => true,
            Self::Configuration(_) | Self::Argument(_) | Self::Encode(_) | Self::Login { .. } => false,
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(target) = &inner.target {
            write!(formatter, "{target}: ")?;
        }
        write!(formatter, "{}", inner.kind)?;
        let mut remarks = Vec::new();
        match inner.effort.tries {
            0 => {}
            1 if inner.effort.elapsed < Duration::from_secs(1) => {}
            1 => remarks.push(format!("1 try in {}", seconds(inner.effort.elapsed))),
            tries => remarks.push(format!("{tries} tries in {}", seconds(inner.effort.elapsed))),
        }
        remarks.extend(inner.note.clone());
        if let Some(wait) = self.retry_after() {
            remarks.push(format!("the service asks to wait {}", seconds(wait)));
        }
        if self.may_have_been_applied() {
            remarks.push(match self.asset_id() {
                Some(id) => format!("it may have been applied, under the ID {id}"),
                None => "it may have been applied".to_owned(),
            });
        }
        if let Some(id) = self.request_id() {
            remarks.push(format!("request ID {id}"));
        }
        if !remarks.is_empty() {
            write!(formatter, " ({})", remarks.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(message) | Self::Argument(message) => formatter.write_str(message),
            Self::Encode(error) => {
                write!(formatter, "the request body cannot be written as JSON: {error}")
            }
            Self::Transport(error) => write!(formatter, "{error}"),
            Self::Timeout { limit, after } => match limit {
                Limit::Try => write!(
                    formatter,
                    "no whole answer within {}, the time limit of one try",
                    seconds(*after)
                ),
                Limit::Call => write!(
                    formatter,
                    "not done within {}, the time limit of the whole call",
                    seconds(*after)
                ),
            },
            Self::TooLarge { status, limit } => write!(
                formatter,
                "the answer ({}) is larger than {limit} bytes, the limit that ClientBuilder::max_response_bytes sets",
                status.as_u16()
            ),
            Self::Status(reply) => {
                write!(formatter, "{}", Status(reply.status))?;
                if let Some(to) = &reply.location
                    && reply.status.is_redirection()
                {
                    return write!(
                        formatter,
                        ": redirected to {to}, which is not followed; is the base URL right?"
                    );
                }
                match &reply.message {
                    Some(message) => write!(formatter, ": {message}"),
                    None => formatter.write_str(", and the body says nothing"),
                }
            }
            Self::Page(reply) => {
                write!(
                    formatter,
                    "an HTML page came back where JSON belongs ({})",
                    Status(reply.status)
                )?;
                if let Some(message) = &reply.message {
                    write!(formatter, ": {message}")?;
                }
                formatter.write_str("; a login or maintenance page, or a wrong base URL")
            }
            Self::Decode {
                reply, path, reason, ..
            } => {
                write!(formatter, "the answer ({}) does not fit", Status(reply.status))?;
                // Names and values of the answer may hold line breaks, and be long.
                let (path, reason) = (message::excerpt(path, 300), message::excerpt(reason, 500));
                match path.as_str() {
                    "." => write!(formatter, ": {reason}"),
                    path => write!(formatter, " at {path}: {reason}"),
                }
            }
            Self::Login { reason, cause } => {
                formatter.write_str(reason)?;
                if let Some(cause) = cause {
                    write!(formatter, ": {cause}")?;
                }
                if self.is_transient() {
                    return Ok(());
                }
                formatter.write_str("; log in to FunnelFlux and make new tokens under settings → API access")
            }
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.kind {
            Kind::Encode(error) => Some(error),
            Kind::Transport(error) => Some(error),
            Kind::Decode { source, .. } => source.as_ref().map(|error| error as _),
            Kind::Login { cause, .. } => cause.as_ref().map(|error| error as _),
            _ => None,
        }
    }
}

/// A status with its standard name, without a placeholder where it has none.
struct Status(http::StatusCode);

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.canonical_reason() {
            Some(reason) => write!(formatter, "{} {reason}", self.0.as_u16()),
            None => write!(formatter, "{}", self.0.as_u16()),
        }
    }
}

/// A duration as a person says it.
pub(crate) fn seconds(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else if duration < Duration::from_mins(1) && duration.subsec_millis() >= 50 {
        format!("{:.1} s", duration.as_secs_f64())
    } else if duration < Duration::from_hours(2) {
        format!("{} s", duration.as_secs())
    } else {
        format!("{} h", duration.as_secs() / 3_600)
    }
}
