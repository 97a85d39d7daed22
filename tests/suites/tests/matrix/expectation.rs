//! What the crate promises of a call that meets a fault, as a model: from what a client can see of the fault, and from what the
//! operation allows.

use crate::Script;
use funnelflux::operations::Repeat;
use funnelflux_fake::{Fault, RetryAfter};
use std::{fmt, time::Duration};

/// How long one try may take: the documented default.
const TRY: Duration = Duration::from_mins(1);
/// How long a call may take: the documented default.
const CALL: Duration = Duration::from_mins(5);
/// What a create keeps of its time for reading back: a fifth, at most one try.
const RESERVE: Duration = Duration::from_mins(1);
/// How often a call is sent at most: the documented default.
const TRIES: u32 = 5;
/// The longest `Retry-After` that is waited for: the documented default.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// What a client can see of a request that met a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The right answer, if oddly dressed.
    Answer,
    /// A success whose body is not what the operation returns.
    Nonsense,
    /// A page for people under 200.
    Page,
    /// A success with more bytes than the client accepts.
    TooLarge,
    /// A status that says that it will pass, and how long the service asks to wait.
    Status(u16, Option<Duration>),
    /// A redirect, which is not followed.
    Moved(u16),
    /// No connection came about: the service has not seen the request.
    NoConnection,
    /// The connection broke afterwards, before an answer.
    Broken,
    /// It broke in the body of an answer, after the status.
    CutShort,
    /// Nothing, until the time of the try is up.
    Silence,
    /// The token is refused.
    TokenRefused,
}

impl Seen {
    pub(crate) fn of(fault: &Fault) -> Self {
        match fault {
            Fault::RefuseConnection => Self::NoConnection,
            // In process nobody but the clock of the try ends it, so nobody knows that it was the connecting.
            Fault::StallConnect | Fault::StallHeaders { .. } | Fault::StallBody => Self::Silence,
            Fault::ResetBeforeReading
            | Fault::ResetAfterReading
            | Fault::ResetAfterApplying
            | Fault::CloseWithoutAnswer { .. } => Self::Broken,
            // A stream that cannot be unpacked has no end that could be trusted.
            Fault::ResetInBody | Fault::CloseInBody | Fault::GzipGarbage => Self::CutShort,
            Fault::TruncatedJson | Fault::WrongJson => Self::Nonsense,
            Fault::Html { .. } => Self::Page,
            Fault::Oversized { .. } => Self::TooLarge,
            Fault::WrongContentType | Fault::DuplicateRows | Fault::ReverseRows => Self::Answer,
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
            Fault::Redirect { status, .. } => Self::Moved(*status),
            Fault::Unauthorized | Fault::ExpireToken => Self::TokenRefused,
        }
    }

    /// It may pass by itself.
    pub(crate) fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Status(..) | Self::NoConnection | Self::Broken | Self::CutShort | Self::Silence
        )
    }

    /// The service asks for a wait that is longer than the client waits.
    pub(crate) fn waits_too_long(self) -> bool {
        matches!(self, Self::Status(_, Some(wait)) if wait > LONGEST_WAIT)
    }

    /// Nobody who sees this knows whether the request was applied.
    pub(crate) fn leaves_doubt(self, promise: Promise) -> bool {
        match self {
            Self::Nonsense => promise.data,
            Self::Status(status, _) => status != 429,
            Self::Page | Self::TooLarge | Self::Broken | Self::CutShort | Self::Silence => true,
            Self::Answer | Self::Moved(_) | Self::NoConnection | Self::TokenRefused => false,
        }
    }

    /// The answer is taken for a success.
    pub(crate) fn is_success(self, promise: Promise) -> bool {
        self == Self::Answer || (self == Self::Nonsense && !promise.data)
    }

    /// The client sends the request again by itself.
    pub(crate) fn is_repeated(self, repeat: Repeat) -> bool {
        match self {
            Self::NoConnection | Self::TokenRefused => true,
            seen => seen.is_transient() && repeat != Repeat::Never && !seen.waits_too_long(),
        }
    }
}

/// What an operation allows, and what it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Promise {
    pub(crate) repeat: Repeat,
    /// Whether it returns data that must fit.
    pub(crate) data: bool,
}

impl Promise {
    pub(crate) fn writes(self) -> bool {
        self.repeat != Repeat::Read
    }

    /// What is created under an ID of the client is read back.
    fn reads_back(self) -> bool {
        self.repeat == Repeat::ClientId
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Ok,
    Status(u16),
    NoConnection,
    Broken,
    Timeout,
    Page,
    Misfit,
    TooLarge,
    Login,
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => formatter.write_str("ok"),
            Self::Status(status) => write!(formatter, "{status}"),
            Self::NoConnection => formatter.write_str("no connection"),
            Self::Broken => formatter.write_str("broken"),
            Self::Timeout => formatter.write_str("timeout"),
            Self::Page => formatter.write_str("page"),
            Self::Misfit => formatter.write_str("misfit"),
            Self::TooLarge => formatter.write_str("too large"),
            Self::Login => formatter.write_str("login"),
        }
    }
}

/// How a cell must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) class: Class,
    /// How often the request is sent.
    pub(crate) tries: u32,
    pub(crate) least: Duration,
    pub(crate) most: Duration,
    /// Whether the server has done it, once.
    pub(crate) applied: bool,
    /// Whether the error says that it may have been applied.
    pub(crate) doubt: bool,
    /// Whether the error says that the same call may succeed later and does nothing twice.
    pub(crate) retryable: bool,
}

/// What is promised of one call.
pub(crate) fn of_call(fault: &Fault, promise: Promise, script: Script) -> Expected {
    let seen = Seen::of(fault);
    let applied = promise.writes() && fault.applies();
    let doubt = promise.writes() && seen.leaves_doubt(promise);
    let mut time = Time::new(promise);
    let mut tries = 0;
    let repeated = seen.is_repeated(promise.repeat);
    let most_tries = match (repeated, seen, script) {
        // The second one is told that the ID exists: a refusal counts although its text is cut. (Garbage hides the status, too.)
        (true, Seen::CutShort, Script::Always) if promise.reads_back() && fault.breaks().is_some() => 2,
        // The renewed token is tried once.
        (true, Seen::TokenRefused, Script::Always) => 2,
        (true, _, Script::Always) => TRIES,
        (false, ..) | (true, _, Script::Once) => 1,
    };
    while tries < most_tries {
        tries += 1;
        if seen == Seen::Silence && time.silence() {
            break;
        }
        if tries < most_tries || (repeated && script == Script::Once) {
            time.wait(seen, tries);
        }
    }
    if seen.is_success(promise) {
        return time.ends(Class::Ok, tries, promise.writes(), false, false);
    }
    if script == Script::Once && repeated {
        // The fault is over: the next one goes through. A create that meets its own work is told so, and reads it back.
        return time.ends(Class::Ok, tries + 1, promise.writes(), false, false);
    }
    if promise.reads_back() && doubt && applied {
        return time.ends(Class::Ok, tries, true, false, false);
    }
    let class = match seen {
        Seen::Answer | Seen::Nonsense => Class::Misfit,
        Seen::Page => Class::Page,
        Seen::TooLarge => Class::TooLarge,
        Seen::Status(status, _) | Seen::Moved(status) => Class::Status(status),
        Seen::NoConnection => Class::NoConnection,
        Seen::Broken | Seen::CutShort => Class::Broken,
        Seen::Silence => Class::Timeout,
        Seen::TokenRefused => Class::Login,
    };
    let retryable = seen.is_transient() && !(promise.repeat == Repeat::Never && doubt);
    time.ends(class, tries, applied, doubt, retryable)
}

/// What a call may have taken so far, at least and at most.
struct Time {
    least: Duration,
    most: Duration,
    limit: Duration,
}

impl Time {
    fn new(promise: Promise) -> Self {
        Self {
            least: Duration::ZERO,
            most: Duration::ZERO,
            limit: if promise.reads_back() {
                CALL.saturating_sub(RESERVE)
            } else {
                CALL
            },
        }
    }

    /// A try that gets no answer; says whether the time of the call is up with it.
    fn silence(&mut self) -> bool {
        self.least = (self.least + TRY).min(self.limit);
        self.most = (self.most + TRY).min(self.limit);
        self.least == self.limit
    }

    /// The wait after so many tries: what the service asks for and a tenth more, or full jitter.
    fn wait(&mut self, seen: Seen, tries: u32) {
        let (least, most) = match seen {
            Seen::TokenRefused => (Duration::ZERO, Duration::ZERO),
            Seen::Status(429 | 503, Some(asked)) => (asked, asked.mul_f64(1.1)),
            _ => (Duration::ZERO, Duration::from_millis(500) * 2_u32.pow(tries - 1)),
        };
        self.least += least;
        self.most += most;
    }

    fn ends(self, class: Class, tries: u32, applied: bool, doubt: bool, retryable: bool) -> Expected {
        Expected {
            class,
            tries,
            least: self.least,
            most: self.most,
            applied,
            doubt,
            retryable,
        }
    }
}
