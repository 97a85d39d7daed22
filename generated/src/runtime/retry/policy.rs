//! The retry policy: decides whether and when to retry after a failed attempt.

use crate::runtime::{error::ErrorKind, operation::Repeat, transport::TransportErrorKind};
use std::{borrow::Cow, time::Duration};

/// Number of attempts of a call, and the waits between them.
///
/// Set a policy per client ([`ClientBuilder::retry`](crate::ClientBuilder::retry)) or per call
/// ([`Call::retry`](crate::Call::retry)).
///
/// The client makes another attempt after a response with one of the [statuses](Self::statuses) of an
/// overloaded or unavailable service, after a failed or broken connection, and after a timeout. An untrusted
/// certificate does not cause a retry. The operation must also allow the retry
/// ([`Repeat`](crate::operations::Repeat)): a duplication is never sent again once the service may have
/// received the request.
///
/// After a 429 or 503, the client waits for the time in `Retry-After` (seconds or an HTTP date) or
/// `retry-after-ms`. Up to a tenth of that time is added, so that many callers do not return in the same
/// instant. After other failures, or if `Retry-After` is absent or zero, the wait is random between zero and
/// `base_delay` × 2ⁿ (full jitter), at most `max_delay`. Here, n is the number of earlier retries.
///
/// ```
/// use funnelflux::{Client, RetryPolicy};
/// use std::time::Duration;
///
/// let policy = RetryPolicy::new().max_attempts(10).max_retry_after(Duration::from_secs(600));
/// let client = Client::builder().retry(policy).build()?;
/// # Ok::<(), funnelflux::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max_attempts: u32,
    base_delay: Duration,
    max_delay: Duration,
    max_retry_after: Duration,
    statuses: Cow<'static, [u16]>,
}

/// Statuses that are retried by default: timeouts and overload (408, 425, 429, 529), and failures of the
/// service (500), of a gateway (502 to 504) or of Cloudflare (520 to 524, 530).
pub(crate) const DEFAULT_STATUSES: &[u16] = &[
    408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 530,
];

impl RetryPolicy {
    /// Creates the default policy: 5 attempts, a base delay of 500 ms, at most 20 s between attempts, at most
    /// 60 s of `Retry-After`, and the default [`statuses`](Self::statuses).
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_attempts: 5,
            base_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(20),
            max_retry_after: Duration::from_mins(1),
            statuses: Cow::Borrowed(DEFAULT_STATUSES),
        }
    }

    /// Creates a policy with a single attempt.
    #[must_use]
    pub const fn none() -> Self {
        Self::new().max_attempts(1)
    }

    /// Sets the maximum number of attempts, including the first. Default 5; zero counts as one.
    #[must_use]
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = if attempts == 0 { 1 } else { attempts };
        self
    }

    /// Sets the longest wait before the second attempt if the service does not ask for a wait. This maximum
    /// doubles with each further attempt, up to [`max_delay`](Self::max_delay). Default 500 ms.
    #[must_use]
    pub const fn base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = delay;
        self
    }

    /// Sets the longest wait before an attempt if the service does not ask for a wait. Default 20 s.
    #[must_use]
    pub const fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// Sets the longest `Retry-After` that a call accepts. Default 60 s.
    ///
    /// If the service asks for a longer wait, the call fails, and
    /// [`Error::retry_after`](crate::Error::retry_after) returns the requested wait.
    #[must_use]
    pub const fn max_retry_after(mut self, wait: Duration) -> Self {
        self.max_retry_after = wait;
        self
    }

    /// Sets the statuses after which an attempt is retried, and for which
    /// [`Error::is_retryable`](crate::Error::is_retryable) is true. Default: 408, 425, 429, 500, 502 to 504,
    /// 520 to 524, 529 and 530.
    ///
    /// ```
    /// use funnelflux::RetryPolicy;
    ///
    /// // 500 indicates a bug, which a retry does not fix.
    /// let policy = RetryPolicy::new().statuses([408, 425, 429, 502, 503, 504]);
    /// ```
    #[must_use]
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.statuses = statuses.into_iter().collect();
        self
    }

    /// Returns true if an attempt with this status is retried.
    pub(crate) fn retries(&self, status: http::StatusCode) -> bool {
        self.statuses.contains(&status.as_u16())
    }

    /// Decides how to react to a failed attempt.
    pub(crate) fn decide(
        &self,
        repeat: Repeat,
        attempts: u32,
        failure: &ErrorKind,
        random: &mut fastrand::Rng,
    ) -> RetryDecision {
        if !failure.is_transient() {
            return RetryDecision::GiveUp(None);
        }
        let not_received =
            matches!(failure, ErrorKind::Transport(error) if error.kind() == TransportErrorKind::Connect);
        if repeat == Repeat::Never && !not_received {
            let twice = "not sent again, because the service could apply it twice";
            return RetryDecision::GiveUp(failure.may_have_been_applied().then_some(twice));
        }
        if attempts >= self.max_attempts {
            return RetryDecision::GiveUp(None);
        }
        let requested = match failure {
            ErrorKind::Status(response) if matches!(response.status.as_u16(), 429 | 503) => {
                response.retry_after
            }
            _ => None,
        };
        match requested {
            Some(wait) if wait > self.max_retry_after => {
                RetryDecision::GiveUp(Some("the requested wait exceeds max_retry_after"))
            }
            Some(wait) if !wait.is_zero() => {
                RetryDecision::RetryAfter(wait.saturating_add(wait.mul_f64(0.1 * random.f64())))
            }
            // A `Retry-After` of zero, or with a date in the past, must not cause an immediate retry.
            _ => {
                let doublings = 2u32.saturating_pow(attempts.saturating_sub(1));
                let ceiling = self.base_delay.saturating_mul(doublings).min(self.max_delay);
                RetryDecision::RetryAfter(ceiling.mul_f64(random.f64()))
            }
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// Reaction to a failed attempt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RetryDecision {
    /// Make another attempt after this wait.
    RetryAfter(Duration),
    /// Make no further attempt. Contains an additional remark for the error, if any.
    GiveUp(Option<&'static str>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::{
        auth::Redactor,
        error::{TimeLimit, response_snapshot::ResponseSnapshot},
        transport::TransportError,
    };
    use bytes::Bytes;

    fn status(status: u16, retry_after: Option<u64>) -> ErrorKind {
        let status = http::StatusCode::from_u16(status).unwrap();
        let wait = retry_after.map(Duration::from_secs);
        let headers = http::HeaderMap::new();
        ErrorKind::Status(
            ResponseSnapshot::new(status, &headers, &Bytes::new(), wait, &Redactor::default()).into(),
        )
    }

    fn transport(kind: TransportErrorKind) -> ErrorKind {
        ErrorKind::Transport(TransportError::new(kind, "reset"))
    }

    fn decide(repeat: Repeat, attempts: u32, failure: &ErrorKind) -> RetryDecision {
        RetryPolicy::new().decide(repeat, attempts, failure, &mut fastrand::Rng::with_seed(1))
    }

    #[test]
    fn a_retry_depends_on_the_operation_and_on_the_failure() {
        let timeout = ErrorKind::Timeout {
            limit: TimeLimit::Attempt,
            after: Duration::from_secs(1),
        };
        let failures = [
            (status(429, None), true, false),
            (status(500, None), true, false),
            (status(502, None), true, false),
            (status(503, None), true, false),
            (status(504, None), true, false),
            (status(408, None), true, false),
            (status(425, None), true, false),
            (status(520, None), true, false),
            (status(524, None), true, false),
            (status(525, None), false, false),
            (status(529, None), true, false),
            (status(530, None), true, false),
            (transport(TransportErrorKind::Certificate), false, false),
            (timeout, true, false),
            (transport(TransportErrorKind::Interrupted), true, false),
            (transport(TransportErrorKind::Connect), true, true),
            (transport(TransportErrorKind::Request), false, false),
            (status(400, None), false, false),
            (status(404, None), false, false),
            (status(409, Some(1)), false, false),
            (status(501, None), false, false),
        ];
        for (failure, retried, retried_if_never) in &failures {
            for repeat in [Repeat::Read, Repeat::Idempotent, Repeat::ClientId] {
                assert_eq!(
                    matches!(decide(repeat, 1, failure), RetryDecision::RetryAfter(_)),
                    *retried,
                    "{repeat:?} {failure}"
                );
            }
            assert_eq!(
                matches!(decide(Repeat::Never, 1, failure), RetryDecision::RetryAfter(_)),
                *retried_if_never,
                "{failure}"
            );
            assert!(
                matches!(decide(Repeat::Read, 5, failure), RetryDecision::GiveUp(_)),
                "{failure}"
            );
        }
    }

    #[test]
    fn retry_after_is_honoured_up_to_the_limit() {
        for seed in 0..100 {
            let mut random = fastrand::Rng::with_seed(seed);
            let policy = RetryPolicy::new();
            let RetryDecision::RetryAfter(wait) =
                policy.decide(Repeat::Read, 1, &status(503, Some(2)), &mut random)
            else {
                panic!("seed {seed}: no wait");
            };
            assert!(
                wait >= Duration::from_secs(2) && wait < Duration::from_millis(2_201),
                "seed {seed}: {wait:?}"
            );
        }
        assert!(matches!(
            decide(Repeat::Read, 1, &status(429, Some(61))),
            RetryDecision::GiveUp(Some(_))
        ));
        // A requested wait of zero does not cause an immediate retry.
        let waits = (0..10).map(|seed| {
            let random = &mut fastrand::Rng::with_seed(seed);
            RetryPolicy::new().decide(Repeat::Read, 1, &status(429, Some(0)), random)
        });
        assert!(
            waits
                .into_iter()
                .any(|decision| decision != RetryDecision::RetryAfter(Duration::ZERO))
        );
        // The client honours `Retry-After` only after a 429 or 503.
        let RetryDecision::RetryAfter(wait) = decide(Repeat::Read, 1, &status(500, Some(30))) else {
            panic!("no wait")
        };
        assert!(wait <= Duration::from_millis(500));
    }

    #[test]
    fn only_a_request_that_may_have_been_applied_could_be_applied_twice() {
        let twice = |code| {
            let decision = decide(Repeat::Never, 1, &status(code, None));
            matches!(decision, RetryDecision::GiveUp(Some(_)))
        };
        assert!(twice(408) && twice(503));
        assert!(!twice(429) && !twice(425));
    }

    proptest::proptest! {
        #[test]
        fn waits_stay_below_the_doubling_ceiling(
            seed: u64, attempts in 1u32..40, base in 0u64..10_000, max in 0u64..100_000
        ) {
            let policy = RetryPolicy::new().max_attempts(100)
                .base_delay(Duration::from_millis(base)).max_delay(Duration::from_millis(max));
            let ceiling = Duration::from_millis(base.saturating_mul(1 << (attempts - 1).min(32)).min(max));
            let mut random = fastrand::Rng::with_seed(seed);
            match policy.decide(Repeat::Read, attempts, &status(500, None), &mut random) {
                RetryDecision::RetryAfter(wait) => {
                    proptest::prop_assert!(wait <= ceiling, "{wait:?} > {ceiling:?}");
                }
                RetryDecision::GiveUp(note) => proptest::prop_assert!(false, "{note:?}"),
            }
        }
    }
}
