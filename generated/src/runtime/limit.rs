//! The client-side rate limit; without the feature, none.

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

    /// How far a 429 can slow a client down: to this part of the set rate.
    const FLOOR: f64 = 1.0 / 16.0;
    /// What a 429 leaves of the rate.
    const SLOW_DOWN: f64 = 0.5;
    /// What a success adds, as a part of the set rate: after a 429, twenty successes bring back the full rate.
    const SPEED_UP: f64 = 1.0 / 40.0;

    /// At which rate a client and all its clones send requests, each try counted.
    ///
    /// The service's own limits are not published, so there is no default: without this setting nothing is held back, and a
    /// 429 is waited out by each call alone. With it, a 429 halves the rate (down to a sixteenth), holds all requests back for as
    /// long as the service asks (at most 60 s), and each success brings a fortieth of the set rate back.
    ///
    /// ```
    /// use funnelflux::{Client, RateLimit};
    /// use std::num::NonZeroU32;
    ///
    /// let ten = NonZeroU32::new(10).expect("not zero");
    /// let client = Client::builder().rate_limit(RateLimit::per_second(ten)).build()?;
    /// # Ok::<(), funnelflux::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct RateLimit {
        per_second: NonZeroU32,
        burst: NonZeroU32,
    }

    impl RateLimit {
        /// So many requests in a second, evenly spread.
        #[must_use]
        pub const fn per_second(requests: NonZeroU32) -> Self {
            Self {
                per_second: requests,
                burst: NonZeroU32::MIN,
            }
        }

        /// How many requests may go out at once after a pause. Default 1.
        #[must_use]
        pub const fn burst(mut self, requests: NonZeroU32) -> Self {
            self.burst = requests;
            self
        }
    }

    /// How long 429s count as one: those of requests that were under way together.
    const SETTLE: Duration = Duration::from_secs(1);

    /// The longest time that a 429 holds back all requests.
    const LONGEST_HOLD: Duration = Duration::from_mins(1);

    type Governor = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>;

    /// Tokio's clock, so that tests can move it.
    #[derive(Clone, Debug)]
    struct TokioClock(Instant);

    impl Clock for TokioClock {
        type Instant = Duration;

        fn now(&self) -> Duration {
            self.0.elapsed()
        }
    }

    /// The limiter of a client.
    #[derive(Debug)]
    pub(crate) struct Limiter {
        limit: RateLimit,
        /// Made with the first request, which is when there is a runtime with a clock.
        state: Mutex<Option<State>>,
    }

    #[derive(Debug)]
    struct State {
        clock: TokioClock,
        governor: Governor,
        /// Which part of the set rate holds now.
        share: f64,
        held_until: Duration,
        /// When the next 429 counts.
        settled_at: Duration,
    }

    impl Limiter {
        pub(crate) fn new(limit: RateLimit) -> Self {
            Self {
                limit,
                state: Mutex::new(None),
            }
        }

        fn with_state<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            change(state.get_or_insert_with(|| {
                let clock = TokioClock(Instant::now());
                State {
                    governor: governor(self.limit, 1.0, &clock),
                    clock,
                    share: 1.0,
                    held_until: Duration::ZERO,
                    settled_at: Duration::ZERO,
                }
            }))
        }

        /// Resolves when the next request may go out.
        pub(crate) async fn ready(&self) {
            loop {
                let wait = self.with_state(|state| {
                    let now = state.clock.now();
                    if state.held_until > now {
                        return Some(state.held_until.saturating_sub(now));
                    }
                    state
                        .governor
                        .check()
                        .err()
                        .map(|not_until| not_until.wait_time_from(now))
                });
                match wait {
                    // The clock of the timer counts in milliseconds.
                    Some(wait) => tokio::time::sleep(wait.max(Duration::from_millis(1))).await,
                    None => return,
                }
            }
        }

        /// The service accepted a request.
        pub(crate) fn success(&self) {
            self.with_state(|state| {
                if state.share < 1.0 {
                    state.set_share(self.limit, (state.share + SPEED_UP).min(1.0));
                }
            });
        }

        /// The service answered 429.
        pub(crate) fn limited(&self, retry_after: Option<Duration>) {
            self.with_state(|state| {
                let hold = retry_after.unwrap_or_default().min(LONGEST_HOLD);
                let now = state.clock.now();
                state.held_until = state.held_until.max(now + hold);
                if state.settled_at <= now {
                    state.set_share(self.limit, (state.share * SLOW_DOWN).max(FLOOR));
                }
                state.settled_at = state.held_until.max(now + SETTLE);
            });
        }

        #[cfg(test)]
        fn share(&self) -> f64 {
            self.with_state(|state| state.share)
        }
    }

    impl State {
        fn set_share(&mut self, limit: RateLimit, share: f64) {
            self.share = share;
            self.governor = governor(limit, share, &self.clock);
            // A new limiter would let a burst through.
            let _ = self.governor.check_n(limit.burst);
        }
    }

    fn governor(limit: RateLimit, share: f64, clock: &TokioClock) -> Governor {
        let interval = Duration::from_secs_f64(1.0 / (f64::from(limit.per_second.get()) * share));
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

        async fn time_of(limiter: &Limiter, requests: u32) -> Duration {
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
            assert_eq!(time_of(&limiter, 5).await, Duration::ZERO);
            let time = time_of(&limiter, 20).await;
            assert!(about(time, 2.0), "{time:?}");
        }

        #[tokio::test(start_paused = true)]
        async fn a_429_halves_the_rate_and_success_recovers_it() {
            let limiter = limiter(10, 1);
            limiter.ready().await;
            limiter.limited(None);
            let time = time_of(&limiter, 10).await;
            assert!(about(time, 2.0), "{time:?}");
            for _ in 0..20 {
                limiter.success();
            }
            assert!(limiter.share() > 0.99, "{}", limiter.share());
            let time = time_of(&limiter, 10).await;
            assert!(about(time, 1.0), "{time:?}");
            for _ in 0..20 {
                limiter.limited(None);
                tokio::time::advance(SETTLE).await;
            }
            assert!((limiter.share() - FLOOR).abs() < 1e-9, "{}", limiter.share());
        }

        #[tokio::test(start_paused = true)]
        async fn a_rate_without_bounds_is_slowed_down_like_any_other() {
            for (per_second, burst) in [(1, u32::MAX), (u32::MAX, 1), (u32::MAX, u32::MAX)] {
                let limiter = limiter(per_second, burst);
                limiter.ready().await;
                limiter.limited(None);
                assert!((limiter.share() - SLOW_DOWN).abs() < 1e-9);
                limiter.success();
                limiter.ready().await;
            }
        }

        #[tokio::test(start_paused = true)]
        async fn nobody_sends_before_the_time_that_the_service_asked_for() {
            let limiter = limiter(1_000, 10);
            limiter.limited(Some(Duration::from_secs(2)));
            limiter.limited(Some(Duration::from_secs(1)));
            // The second one belongs to the same moment.
            assert!((limiter.share() - SLOW_DOWN).abs() < 1e-9);
            assert!(time_of(&limiter, 1).await >= Duration::from_secs(2));
        }
    }
}

#[cfg(not(feature = "rate-limit"))]
mod imp {
    use std::{convert::Infallible, time::Duration};

    /// There is no limiter without the feature.
    #[derive(Debug)]
    pub(crate) struct Limiter(Infallible);

    impl Limiter {
        pub(crate) fn ready(&self) -> std::future::Ready<()> {
            match self.0 {}
        }

        pub(crate) fn success(&self) {
            match self.0 {}
        }

        pub(crate) fn limited(&self, _: Option<Duration>) {
            match self.0 {}
        }
    }
}
