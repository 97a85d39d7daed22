//! When a call is tried again, and after which wait.

mod after;
mod budget;

pub(crate) use after::retry_after;
pub use budget::RetryBudget;
pub(crate) use budget::Tokens;

use super::{error::Kind, operation::Repeat, transport::TransportErrorKind};
use std::time::Duration;

/// How often a call is tried, and how long it waits in between. Per client ([`ClientBuilder::retry`](crate::ClientBuilder::retry))
/// and per call ([`Call::retry`](crate::Call::retry)).
///
/// Tried again are 429, 500, 502, 503, 504, failed and broken connections, and tries that ran out of time; and only if the
/// operation allows it ([`Repeat`](crate::operations::Repeat)): a duplicate never, once the service may have received it.
///
/// The wait is what the service asks for in `Retry-After` (seconds, an HTTP date, or `retry-after-ms`), and up to a tenth more so that
/// many callers do not come back in the same instant. Where it asks for nothing, or for no time at all, the wait is drawn evenly
/// between zero and `base_delay` × 2ⁿ (full jitter), never more than `max_delay`.
///
/// ```
/// use funnelflux::RetryPolicy;
/// use std::time::Duration;
///
/// let patient = RetryPolicy::new().max_tries(10).max_retry_after(Duration::from_secs(600));
/// # let client = funnelflux::Client::builder().build()?;
/// # let call = client.list_offer_sources(funnelflux::types::StatusFilter::All, None);
/// let call = call.retry(patient);
/// # Ok::<(), funnelflux::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max_tries: u32,
    base_delay: Duration,
    max_delay: Duration,
    max_retry_after: Duration,
}

impl RetryPolicy {
    /// The defaults: 5 tries, a base delay of 500 ms, at most 20 s between two tries, and at most 60 s of `Retry-After`.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_tries: 5,
            base_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(20),
            max_retry_after: Duration::from_mins(1),
        }
    }

    /// One try only.
    #[must_use]
    pub const fn none() -> Self {
        Self::new().max_tries(1)
    }

    /// How often a call is sent at most, the first time included. Default 5; zero counts as one.
    #[must_use]
    pub const fn max_tries(mut self, tries: u32) -> Self {
        self.max_tries = if tries == 0 { 1 } else { tries };
        self
    }

    /// The longest wait before the second try; it doubles with each further one. Default 500 ms.
    #[must_use]
    pub const fn base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = delay;
        self
    }

    /// The longest wait before any try, where the service asks for none. Default 20 s.
    #[must_use]
    pub const fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// The longest wait that the service may ask for. If it asks for more, the call ends with an error whose
    /// [`retry_after`](crate::Error::retry_after) says how long. Default 60 s.
    #[must_use]
    pub const fn max_retry_after(mut self, wait: Duration) -> Self {
        self.max_retry_after = wait;
        self
    }

    /// What follows a try that failed: the wait before the next one, or why there is none.
    pub(crate) fn next(
        &self,
        repeat: Repeat,
        tries: u32,
        failure: &Kind,
        random: &mut fastrand::Rng,
    ) -> Next {
        if !failure.is_transient() {
            return Next::Stop(None);
        }
        let not_received =
            matches!(failure, Kind::Transport(error) if error.kind() == TransportErrorKind::Connect);
        if repeat == Repeat::Never && !not_received {
            return Next::Stop(Some("not sent again, because twice would make two"));
        }
        if tries >= self.max_tries {
            return Next::Stop(None);
        }
        let asked = match failure {
            Kind::Status(reply) if matches!(reply.status.as_u16(), 429 | 503) => reply.retry_after,
            _ => None,
        };
        match asked {
            Some(wait) if wait > self.max_retry_after => {
                Next::Stop(Some("longer than max_retry_after allows"))
            }
            Some(wait) if !wait.is_zero() => {
                Next::Wait(wait.saturating_add(wait.mul_f64(0.1 * random.f64())))
            }
            // A date that has passed is no reason to come back at once.
            _ => {
                let doublings = 2u32.saturating_pow(tries.saturating_sub(1));
                let ceiling = self.base_delay.saturating_mul(doublings).min(self.max_delay);
                Next::Wait(ceiling.mul_f64(random.f64()))
            }
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// What follows a try that failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another one, after this wait.
    Wait(Duration),
    /// None, and what the error should say about it.
    Stop(Option<&'static str>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::{
        auth::Secrets,
        error::{Limit, reply::Reply},
        transport::TransportError,
    };
    use bytes::Bytes;

    fn status(status: u16, retry_after: Option<u64>) -> Kind {
        let status = http::StatusCode::from_u16(status).unwrap();
        let wait = retry_after.map(Duration::from_secs);
        let headers = http::HeaderMap::new();
        Kind::Status(Reply::new(status, &headers, &Bytes::new(), wait, &Secrets::default()).into())
    }

    fn transport(kind: TransportErrorKind) -> Kind {
        Kind::Transport(TransportError::new(kind, "reset"))
    }

    fn next(repeat: Repeat, tries: u32, failure: &Kind) -> Next {
        RetryPolicy::new().next(repeat, tries, failure, &mut fastrand::Rng::with_seed(1))
    }

    #[test]
    fn what_is_repeated_depends_on_the_operation_and_on_the_failure() {
        let timeout = Kind::Timeout {
            limit: Limit::Try,
            after: Duration::from_secs(1),
        };
        let failures = [
            (status(429, None), true, false),
            (status(500, None), true, false),
            (status(502, None), true, false),
            (status(503, None), true, false),
            (status(504, None), true, false),
            (timeout, true, false),
            (transport(TransportErrorKind::Interrupted), true, false),
            (transport(TransportErrorKind::Connect), true, true),
            (transport(TransportErrorKind::Request), false, false),
            (status(400, None), false, false),
            (status(404, None), false, false),
            (status(409, Some(1)), false, false),
            (status(501, None), false, false),
        ];
        for (failure, repeatable, never) in &failures {
            for repeat in [Repeat::Read, Repeat::Idempotent, Repeat::ClientId] {
                assert_eq!(
                    matches!(next(repeat, 1, failure), Next::Wait(_)),
                    *repeatable,
                    "{repeat:?} {failure}"
                );
            }
            assert_eq!(
                matches!(next(Repeat::Never, 1, failure), Next::Wait(_)),
                *never,
                "{failure}"
            );
            assert!(
                matches!(next(Repeat::Read, 5, failure), Next::Stop(_)),
                "{failure}"
            );
        }
    }

    #[test]
    fn the_service_is_waited_for_as_long_as_it_asks_up_to_the_cap() {
        for seed in 0..100 {
            let mut random = fastrand::Rng::with_seed(seed);
            let policy = RetryPolicy::new();
            let Next::Wait(wait) = policy.next(Repeat::Read, 1, &status(503, Some(2)), &mut random) else {
                panic!("seed {seed}: no wait");
            };
            assert!(
                wait >= Duration::from_secs(2) && wait < Duration::from_millis(2_201),
                "seed {seed}: {wait:?}"
            );
        }
        assert!(matches!(
            next(Repeat::Read, 1, &status(429, Some(61))),
            Next::Stop(Some(_))
        ));
        // Nothing to wait for is no leave to hammer.
        let waits = (0..10).map(|seed| {
            let random = &mut fastrand::Rng::with_seed(seed);
            RetryPolicy::new().next(Repeat::Read, 1, &status(429, Some(0)), random)
        });
        assert!(waits.into_iter().any(|next| next != Next::Wait(Duration::ZERO)));
        // Only these two carry a meaning of Retry-After that is a wait.
        let Next::Wait(wait) = next(Repeat::Read, 1, &status(500, Some(30))) else {
            panic!("no wait")
        };
        assert!(wait <= Duration::from_millis(500));
    }

    proptest::proptest! {
        #[test]
        fn waits_stay_below_the_doubling_ceiling(seed: u64, tries in 1u32..40, base in 0u64..10_000, max in 0u64..100_000) {
            let policy = RetryPolicy::new().max_tries(100)
                .base_delay(Duration::from_millis(base)).max_delay(Duration::from_millis(max));
            let ceiling = Duration::from_millis(base.saturating_mul(1 << (tries - 1).min(32)).min(max));
            match policy.next(Repeat::Read, tries, &status(500, None), &mut fastrand::Rng::with_seed(seed)) {
                Next::Wait(wait) => proptest::prop_assert!(wait <= ceiling, "{wait:?} > {ceiling:?}"),
                Next::Stop(why) => proptest::prop_assert!(false, "{why:?}"),
            }
        }
    }
}
