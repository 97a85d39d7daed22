//! Predicts the result of a call with a fault from the guarantees of the operation, and from the fault as the
//! client sees it.

use crate::Occurrence;
use funnelflux::operations::Repeat;
use funnelflux_fake::{Fault, RetryAfter};
use std::{fmt, time::Duration};

/// Timeout of one attempt: the documented default.
const ATTEMPT_TIMEOUT: Duration = Duration::from_mins(1);
/// Maximum time that the client waits for the rest of the body of an error response.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(10);
/// Timeout of a call: the documented default.
const CALL_TIMEOUT: Duration = Duration::from_mins(5);
/// Time that a create reserves for the read-back: a fifth of its timeout, but not more than the timeout of an
/// attempt.
const READ_BACK_RESERVE: Duration = Duration::from_mins(1);
/// Maximum number of attempts: the documented default.
const MAX_ATTEMPTS: u32 = 5;
/// Maximum `Retry-After` that the client waits for: the documented default.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// A fault as the client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VisibleFault {
    /// The correct response, except for its content type, a byte order mark, or doubled or reversed rows.
    RightResponse,
    /// A success with a body in a form that the operation never returns.
    WrongBody,
    /// An HTML page with status 200.
    HtmlPage,
    /// An object with status 200 that reports an error.
    ReportedError,
    /// A success with more bytes than the client accepts.
    TooLarge,
    /// A transient status, and the wait that `Retry-After` asks for.
    Status(u16, Option<Duration>),
    /// A redirect, which the client does not follow.
    Redirect(u16),
    /// No connection was established, so the service has not received the request.
    NoConnection,
    /// The connection broke before a response arrived.
    Broken,
    /// The connection broke in the body of a response.
    BrokenBody,
    /// No response arrived before the timeout.
    NoResponse,
    /// The service refused the token.
    TokenRefused,
}

impl VisibleFault {
    pub(crate) fn of(fault: &Fault) -> Self {
        match fault {
            Fault::RefuseConnection => Self::NoConnection,
            // Without a socket, only the timeout of the attempt ends `StallConnect`, so the client cannot
            // distinguish it from a missing response.
            Fault::StallConnect | Fault::StallHeaders { .. } | Fault::StallBody => Self::NoResponse,
            Fault::ResetBeforeReading
            | Fault::ResetAfterReading
            | Fault::ResetAfterApplying
            | Fault::CloseWithoutAnswer { .. } => Self::Broken,
            // A stream that cannot be decompressed may have ended too early.
            Fault::ResetInBody | Fault::CloseInBody | Fault::GzipGarbage => Self::BrokenBody,
            Fault::TruncatedJson | Fault::WrongJson | Fault::Repeated { .. } => Self::WrongBody,
            Fault::Html { .. } => Self::HtmlPage,
            Fault::Oversized { .. } => Self::TooLarge,
            Fault::WrongContentType
            | Fault::HtmlContentType
            | Fault::ByteOrderMark
            | Fault::DuplicateRows
            | Fault::ReverseRows => Self::RightResponse,
            Fault::ReportedError { .. } => Self::ReportedError,
            Fault::Status {
                status, retry_after, ..
            } => Self::Status(
                *status,
                match retry_after {
                    RetryAfter::Absent | RetryAfter::Text(_) => None,
                    RetryAfter::Seconds(seconds) => Some(Duration::from_secs(*seconds)),
                    RetryAfter::Date(from_now) => Some(*from_now),
                },
            ),
            Fault::Gateway { status, .. } => Self::Status(*status, None),
            Fault::Redirect { status, .. } => Self::Redirect(*status),
            Fault::Unauthorized | Fault::ExpireToken => Self::TokenRefused,
        }
    }

    /// Returns true if a later attempt may succeed.
    pub(crate) fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Status(..) | Self::NoConnection | Self::Broken | Self::BrokenBody | Self::NoResponse
        )
    }

    /// Returns true if the service asks for a longer wait than the client accepts.
    pub(crate) fn waits_too_long(self) -> bool {
        matches!(self, Self::Status(_, Some(wait)) if wait > LONGEST_WAIT)
    }

    /// Returns true if the client cannot know whether the request was applied.
    pub(crate) fn is_ambiguous(self, guarantees: Guarantees) -> bool {
        match self {
            Self::WrongBody => guarantees.returns_data,
            Self::Status(status, _) => status != 429,
            Self::HtmlPage
            | Self::ReportedError
            | Self::TooLarge
            | Self::Broken
            | Self::BrokenBody
            | Self::NoResponse => true,
            Self::RightResponse | Self::Redirect(_) | Self::NoConnection | Self::TokenRefused => false,
        }
    }

    /// Returns true if the client treats the fault as a success.
    pub(crate) fn is_success(self, guarantees: Guarantees) -> bool {
        self == Self::RightResponse || (self == Self::WrongBody && !guarantees.returns_data)
    }

    /// Returns true if the client sends the request again.
    pub(crate) fn is_repeated(self, repeat: Repeat) -> bool {
        match self {
            Self::NoConnection | Self::TokenRefused => true,
            visible => visible.is_transient() && repeat != Repeat::Never && !visible.waits_too_long(),
        }
    }
}

/// Guarantees of an operation: whether its request may be repeated, and whether it returns data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Guarantees {
    pub(crate) repeat: Repeat,
    /// `true` if the operation returns data, which must decode.
    pub(crate) returns_data: bool,
}

impl Guarantees {
    pub(crate) fn writes(self) -> bool {
        self.repeat != Repeat::Read
    }

    /// Returns true if the client reads the asset back. It does so for operations that create an asset with
    /// an ID that the client chooses.
    fn reads_back(self) -> bool {
        self.repeat == Repeat::ClientId
    }
}

/// Result of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResultClass {
    Ok,
    Status(u16),
    NoConnection,
    Broken,
    Timeout,
    HtmlPage,
    DecodeError,
    TooLarge,
    LoginRequired,
}

impl fmt::Display for ResultClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => formatter.write_str("ok"),
            Self::Status(status) => write!(formatter, "{status}"),
            Self::NoConnection => formatter.write_str("no connection"),
            Self::Broken => formatter.write_str("broken connection"),
            Self::Timeout => formatter.write_str("timeout"),
            Self::HtmlPage => formatter.write_str("HTML page"),
            Self::DecodeError => formatter.write_str("decode error"),
            Self::TooLarge => formatter.write_str("too large"),
            Self::LoginRequired => formatter.write_str("login required"),
        }
    }
}

/// Expected result of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) class: ResultClass,
    /// Number of attempts.
    pub(crate) attempts: u32,
    pub(crate) min_time: Duration,
    pub(crate) max_time: Duration,
    /// `true` if the server has applied the request exactly once.
    pub(crate) applied: bool,
    /// `true` if the error reports that the request may have been applied.
    pub(crate) may_have_been_applied: bool,
    /// `true` if the error reports that a later call may succeed and will not apply a change twice.
    pub(crate) retryable: bool,
}

/// Returns the expected result of one call.
pub(crate) fn expected_result(fault: &Fault, guarantees: Guarantees, occurrence: Occurrence) -> Expected {
    let visible = VisibleFault::of(fault);
    let applied = guarantees.writes() && fault.applies();
    let may_have_been_applied = guarantees.writes() && visible.is_ambiguous(guarantees);
    let mut time = CallTime::new(guarantees);
    let mut attempts = 0;
    let repeated = visible.is_repeated(guarantees.repeat);
    let max_attempts = match (repeated, visible, occurrence) {
        // The service refuses the second attempt, because the ID exists. This refusal counts even if its body
        // is incomplete, provided that the fault does not hide its status.
        (true, VisibleFault::BrokenBody, Occurrence::Always)
            if guarantees.reads_back() && fault.breaks().is_some() =>
        {
            2
        }
        // The second attempt gets the same refusal, but its body does not end.
        (true, VisibleFault::NoResponse, Occurrence::Always)
            if guarantees.reads_back() && matches!(fault, Fault::StallBody) =>
        {
            2
        }
        // The renewed token gets one attempt.
        (true, VisibleFault::TokenRefused, Occurrence::Always) => 2,
        (true, _, Occurrence::Always) => MAX_ATTEMPTS,
        (false, ..) | (true, _, Occurrence::Once) => 1,
    };
    while attempts < max_attempts {
        attempts += 1;
        if visible == VisibleFault::NoResponse {
            if attempts == 2 && max_attempts == 2 {
                time.refusal_without_end();
            } else if time.no_response() {
                break;
            }
        }
        if attempts < max_attempts || (repeated && occurrence == Occurrence::Once) {
            time.wait(visible, attempts);
        }
    }
    if visible.is_success(guarantees) {
        return time.finish(ResultClass::Ok, attempts, guarantees.writes(), false, false);
    }
    if occurrence == Occurrence::Once && repeated {
        // The next attempt succeeds. A create gets a response that its ID exists, and reads the asset back.
        return time.finish(ResultClass::Ok, attempts + 1, guarantees.writes(), false, false);
    }
    if guarantees.reads_back() && may_have_been_applied && applied {
        return time.finish(ResultClass::Ok, attempts, true, false, false);
    }
    let class = match visible {
        VisibleFault::RightResponse | VisibleFault::WrongBody | VisibleFault::ReportedError => {
            ResultClass::DecodeError
        }
        VisibleFault::HtmlPage => ResultClass::HtmlPage,
        VisibleFault::TooLarge => ResultClass::TooLarge,
        VisibleFault::Status(status, _) | VisibleFault::Redirect(status) => ResultClass::Status(status),
        VisibleFault::NoConnection => ResultClass::NoConnection,
        VisibleFault::Broken | VisibleFault::BrokenBody => ResultClass::Broken,
        VisibleFault::NoResponse => ResultClass::Timeout,
        VisibleFault::TokenRefused => ResultClass::LoginRequired,
    };
    let retryable = visible.is_transient() && !(guarantees.repeat == Repeat::Never && may_have_been_applied);
    time.finish(class, attempts, applied, may_have_been_applied, retryable)
}

/// Minimum and maximum duration of a call so far.
struct CallTime {
    min_time: Duration,
    max_time: Duration,
    limit: Duration,
}

impl CallTime {
    fn new(guarantees: Guarantees) -> Self {
        Self {
            min_time: Duration::ZERO,
            max_time: Duration::ZERO,
            limit: if guarantees.reads_back() {
                CALL_TIMEOUT.saturating_sub(READ_BACK_RESERVE)
            } else {
                CALL_TIMEOUT
            },
        }
    }

    /// Adds an attempt without a response. Returns true if the timeout of the call has then passed.
    fn no_response(&mut self) -> bool {
        self.min_time = (self.min_time + ATTEMPT_TIMEOUT).min(self.limit);
        self.max_time = (self.max_time + ATTEMPT_TIMEOUT).min(self.limit);
        self.min_time == self.limit
    }

    /// Adds an attempt with a refusal whose body does not end. The client waits a while for the body.
    fn refusal_without_end(&mut self) {
        self.min_time += REFUSAL_TIMEOUT;
        self.max_time += REFUSAL_TIMEOUT;
    }

    /// Adds the wait after an attempt. If the service requests a wait, the client waits for this time plus up
    /// to a tenth. Otherwise, its wait has full jitter.
    fn wait(&mut self, visible: VisibleFault, attempts: u32) {
        let (min, max) = match visible {
            VisibleFault::TokenRefused => (Duration::ZERO, Duration::ZERO),
            VisibleFault::Status(429 | 503, Some(wait)) => (wait, wait.mul_f64(1.1)),
            _ => (
                Duration::ZERO,
                Duration::from_millis(500) * 2_u32.pow(attempts - 1),
            ),
        };
        self.min_time += min;
        self.max_time += max;
    }

    fn finish(
        self,
        class: ResultClass,
        attempts: u32,
        applied: bool,
        may_have_been_applied: bool,
        retryable: bool,
    ) -> Expected {
        Expected {
            class,
            attempts,
            min_time: self.min_time,
            max_time: self.max_time,
            applied,
            may_have_been_applied,
            retryable,
        }
    }
}
