//! The client-side rate limit of the feature `rate-limit`, and an empty stand-in without it.

pub(crate) use imp::Limiter;
#[cfg(feature = "rate-limit")]
pub use imp::RateLimit;

#[cfg(feature = "rate-limit")]
mod imp {
    use governor::{
        Quota, RateLimiter,
        clock::Clock,
        middleware::NoOpMiddleware,
        state::{InMemoryState, NotKeyed},
    };
    use std::{
        num::NonZeroU32,
        sync::{Mutex, PoisonError},
        time::Duration,
    };
    use tokio::time::Instant;

    /// Lowest fraction of the configured rate that 429s lead to.
    const MIN_FRACTION: f64 = 1.0 / 16.0;
    /// Factor that a 429 multiplies the rate by.
    const DECREASE_FACTOR: f64 = 0.5;
    /// Fraction of the configured rate that a success adds: after a 429, twenty successes restore the full
    /// rate.
    const INCREASE: f64 = 1.0 / 40.0;

    /// Rate at which a client and all its clones send requests. Every attempt counts.
    ///
    /// The service does not publish its limits, so there is no default: without this setting requests are
    /// sent at once, and each call waits for its own 429s. With it, a 429 halves the rate (down to a
    /// sixteenth) and pauses all requests for as long as the service asks (at most 60 s). Each success
    /// restores a fortieth of the configured rate.
    ///
    /// ```
    /// use funnelflux::{Client, RateLimit};
    /// use std::num::NonZeroU32;
    ///
    /// let limit = RateLimit::per_second(const { NonZeroU32::new(10).unwrap() });
    /// let client = Client::builder().rate_limit(limit).build()?;
    /// # Ok::<(), funnelflux::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct RateLimit {
        per_second: NonZeroU32,
        burst: NonZeroU32,
    }

    impl RateLimit {
        /// Limits requests per second, evenly spread.
        #[must_use]
        pub const fn per_second(requests: NonZeroU32) -> Self {
            Self {
                per_second: requests,
                burst: NonZeroU32::MIN,
            }
        }

        /// Number of requests that may be sent at once after an idle time. Default 1.
        #[must_use]
        pub const fn burst(mut self, requests: NonZeroU32) -> Self {
            self.burst = requests;
            self
        }
    }

    /// Minimum time between two decreases: requests in flight together often receive a 429 each.
    const DECREASE_INTERVAL: Duration = Duration::from_secs(1);

    /// Longest pause of all requests after a 429.
    const MAX_PAUSE: Duration = Duration::from_mins(1);

    type Governor = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>;

    /// Tokio's clock, which tests can control.
    #[derive(Clone, Debug)]
    struct TokioClock(Instant);

    impl Clock for TokioClock {
        type Instant = Duration;

        fn now(&self) -> Duration {
            self.0.elapsed()
        }
    }

    /// Rate limiter of a client.
    #[derive(Debug)]
    pub(crate) struct Limiter {
        limit: RateLimit,
        /// Created by the first request, because only then is there a Tokio runtime with a clock.
        state: Mutex<Option<LimiterState>>,
    }

    #[derive(Debug)]
    struct LimiterState {
        clock: TokioClock,
        governor: Governor,
        /// Fraction of the configured rate in effect.
        fraction: f64,
        paused_until: Duration,
        /// Earliest time of the next decrease.
        next_decrease_at: Duration,
    }

    impl Limiter {
        pub(crate) fn new(limit: RateLimit) -> Self {
            Self {
                limit,
                state: Mutex::new(None),
            }
        }

        fn with_state<T>(&self, change: impl FnOnce(&mut LimiterState) -> T) -> T {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            change(state.get_or_insert_with(|| {
                let clock = TokioClock(Instant::now());
                LimiterState {
                    governor: governor(self.limit, 1.0, &clock),
                    clock,
                    fraction: 1.0,
                    paused_until: Duration::ZERO,
                    next_decrease_at: Duration::ZERO,
                }
            }))
        }

        /// Waits until the next request may be sent.
        pub(crate) async fn ready(&self) {
            loop {
                let wait = self.with_state(|state| {
                    let now = state.clock.now();
                    if state.paused_until > now {
                        return Some(state.paused_until.saturating_sub(now));
                    }
                    state
                        .governor
                        .check()
                        .err()
                        .map(|not_until| not_until.wait_time_from(now))
                });
                match wait {
                    // Tokio's timer has a resolution of one millisecond.
                    Some(wait) => tokio::time::sleep(wait.max(Duration::from_millis(1))).await,
                    None => return,
                }
            }
        }

        /// Records a success.
        pub(crate) fn success(&self) {
            self.with_state(|state| {
                if state.fraction < 1.0 {
                    state.set_fraction(self.limit, (state.fraction + INCREASE).min(1.0));
                }
            });
        }

        /// Records a 429.
        pub(crate) fn throttled(&self, retry_after: Option<Duration>) {
            self.with_state(|state| {
                let pause = retry_after.unwrap_or_default().min(MAX_PAUSE);
                let now = state.clock.now();
                state.paused_until = state.paused_until.max(now + pause);
                if state.next_decrease_at <= now {
                    state.set_fraction(self.limit, (state.fraction * DECREASE_FACTOR).max(MIN_FRACTION));
                }
                state.next_decrease_at = state.paused_until.max(now + DECREASE_INTERVAL);
            });
        }

        #[cfg(test)]
        fn fraction(&self) -> f64 {
            self.with_state(|state| state.fraction)
        }
    }

    impl LimiterState {
        fn set_fraction(&mut self, limit: RateLimit, fraction: f64) {
            self.fraction = fraction;
            self.governor = governor(limit, fraction, &self.clock);
            // A new governor starts with a full burst; use it up.
            let _ = self.governor.check_n(limit.burst);
        }
    }

    fn governor(limit: RateLimit, fraction: f64, clock: &TokioClock) -> Governor {
        let interval = Duration::from_secs_f64(1.0 / (f64::from(limit.per_second.get()) * fraction));
        let quota = Quota::with_period(interval)
            .unwrap_or_else(|| Quota::per_second(limit.per_second))
            .allow_burst(limit.burst);
        RateLimiter::direct_with_clock(quota, clock.clone())
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn limiter(per_second: u32, burst: u32) -> Limiter {
            let number = |number| NonZeroU32::new(number).unwrap();
            Limiter::new(RateLimit::per_second(number(per_second)).burst(number(burst)))
        }

        async fn duration_of(limiter: &Limiter, requests: u32) -> Duration {
            let start = Instant::now();
            for _ in 0..requests {
                limiter.ready().await;
            }
            start.elapsed()
        }

        fn about(actual: Duration, seconds: f64) -> bool {
            (actual.as_secs_f64() - seconds).abs() < 0.1 + seconds * 0.05
        }

        #[tokio::test(start_paused = true)]
        async fn requests_are_spread_after_the_burst() {
            let limiter = limiter(10, 5);
            assert_eq!(duration_of(&limiter, 5).await, Duration::ZERO);
            let time = duration_of(&limiter, 20).await;
            assert!(about(time, 2.0), "{time:?}");
        }

        #[tokio::test(start_paused = true)]
        async fn a_429_halves_the_rate_and_success_recovers_it() {
            let limiter = limiter(10, 1);
            limiter.ready().await;
            limiter.throttled(None);
            let time = duration_of(&limiter, 10).await;
            assert!(about(time, 2.0), "{time:?}");
            for _ in 0..20 {
                limiter.success();
            }
            assert!(limiter.fraction() > 0.99, "{}", limiter.fraction());
            let time = duration_of(&limiter, 10).await;
            assert!(about(time, 1.0), "{time:?}");
            for _ in 0..20 {
                limiter.throttled(None);
                tokio::time::advance(DECREASE_INTERVAL).await;
            }
            assert!(
                (limiter.fraction() - MIN_FRACTION).abs() < 1e-9,
                "{}",
                limiter.fraction()
            );
        }

        #[tokio::test(start_paused = true)]
        async fn extreme_rates_are_decreased_like_any_other() {
            for (per_second, burst) in [(1, u32::MAX), (u32::MAX, 1), (u32::MAX, u32::MAX)] {
                let limiter = limiter(per_second, burst);
                limiter.ready().await;
                limiter.throttled(None);
                assert!((limiter.fraction() - DECREASE_FACTOR).abs() < 1e-9);
                limiter.success();
                limiter.ready().await;
            }
        }

        #[tokio::test(start_paused = true)]
        async fn no_request_is_sent_during_the_requested_pause() {
            let limiter = limiter(1_000, 10);
            limiter.throttled(Some(Duration::from_secs(2)));
            limiter.throttled(Some(Duration::from_secs(1)));
            // The second 429 comes within the interval and decreases nothing.
            assert!((limiter.fraction() - DECREASE_FACTOR).abs() < 1e-9);
            assert!(duration_of(&limiter, 1).await >= Duration::from_secs(2));
        }
    }
}

#[cfg(not(feature = "rate-limit"))]
mod imp {
    use std::{convert::Infallible, time::Duration};

    /// Stand-in without the feature; no value of it exists.
    #[derive(Debug)]
    pub(crate) struct Limiter(Infallible);

    impl Limiter {
        pub(crate) fn ready(&self) -> std::future::Ready<()> {
            match self.0 {}
        }

        pub(crate) fn success(&self) {
            match self.0 {}
        }

        pub(crate) fn throttled(&self, _: Option<Duration>) {
            match self.0 {}
        }
    }
}
