//! Client-side rate limit (feature `rate-limit`). Without the feature, this module contains stand-in types
//! that do nothing.

#[cfg(feature = "rate-limit")]
pub use imp::RateLimit;
pub(crate) use imp::{Limiter, Permit};

#[cfg(feature = "rate-limit")]
mod pace;

#[cfg(feature = "rate-limit")]
mod imp {
    pub(crate) use super::pace::Permit;

    use super::pace::Pace;
    use std::{
        num::NonZeroU32,
        sync::{Mutex, PoisonError},
        time::Duration,
    };
    use tokio::time::Instant;

    /// Maximum rate at which a client and all its clones send requests. Every attempt counts as a request.
    ///
    /// The service does not publish its limits, so there is no default. Without this setting, requests are
    /// sent immediately, and a 429 delays only the call that received it. With this setting, the client never
    /// exceeds the configured rate. There is one exception: a repeated save waits for its turn, but is then
    /// sent only after a read that looks for concurrent changes. If the service accepts fewer requests, the
    /// client finds the lower rate:
    ///
    /// - The client measures how many requests per second the service accepts between refusals, and sends
    ///   slightly fewer.
    /// - The client exceeds a refused rate again only after 12 successes for each refusal.
    /// - A 429 pauses all requests for as long as the service asks, at most 60 s.
    /// - Refusals do not lower the rate below one request in four seconds.
    ///
    /// The limiter was simulated with services that accept `r` requests per second, where `r` is between 0.5
    /// and 1,000. Their limits were token buckets, fixed windows and sliding windows. Let `m` be the lower of
    /// `r` and the configured rate. Once five seconds have passed, such a service refuses at most a tenth of
    /// the requests, and accepts on average at least 0.7 times `m` requests per second. If `m` is below one,
    /// this holds only after `5 / m` seconds.
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
        requests: NonZeroU32,
        /// Period to which `requests` applies, in seconds.
        seconds: u8,
        burst: NonZeroU32,
    }

    impl RateLimit {
        /// Limits the number of requests per second. The requests are spread evenly.
        #[must_use]
        pub const fn per_second(requests: NonZeroU32) -> Self {
            Self {
                requests,
                seconds: 1,
                burst: NonZeroU32::MIN,
            }
        }

        /// Limits the number of requests per minute. The requests are spread evenly.
        ///
        /// ```
        /// use funnelflux::RateLimit;
        /// use std::num::NonZeroU32;
        ///
        /// // One request every two seconds.
        /// let limit = RateLimit::per_minute(const { NonZeroU32::new(30).unwrap() });
        /// ```
        #[must_use]
        pub const fn per_minute(requests: NonZeroU32) -> Self {
            Self {
                requests,
                seconds: 60,
                burst: NonZeroU32::MIN,
            }
        }

        /// Sets the number of requests that may be sent at once after an idle period. Default 1. While
        /// refusals keep the rate below the configured rate, there are no bursts.
        #[must_use]
        pub const fn burst(mut self, requests: NonZeroU32) -> Self {
            self.burst = requests;
            self
        }

        fn pace(self) -> Pace {
            let rate = f64::from(self.requests.get()) / f64::from(self.seconds);
            Pace::new(rate, self.burst.get())
        }
    }

    /// Rate limiter of a client.
    #[derive(Debug)]
    pub(crate) struct Limiter {
        limit: RateLimit,
        /// Time of the first request, and the pace since then. The first request creates this value, because
        /// only then is a Tokio runtime with a clock available.
        pace: Mutex<Option<(Instant, Pace)>>,
    }

    impl Limiter {
        pub(crate) fn new(limit: RateLimit) -> Self {
            Self {
                limit,
                pace: Mutex::new(None),
            }
        }

        /// Creates a limiter with the same limit and without a history.
        pub(crate) fn fresh(&self) -> Self {
            Self::new(self.limit)
        }

        fn with_pace<T>(&self, change: impl FnOnce(&mut Pace, f64) -> T) -> T {
            let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
            let (origin, pace) = pace.get_or_insert_with(|| (Instant::now(), self.limit.pace()));
            change(pace, origin.elapsed().as_secs_f64())
        }

        /// Waits for permission to send the next request.
        pub(crate) async fn ready(&self) -> Permit {
            loop {
                match self.with_pace(Pace::request) {
                    Ok(permit) => return permit,
                    Err(wait) => tokio::time::sleep(wait).await,
                }
            }
        }

        /// Records a response that is neither a 429 nor a server error.
        pub(crate) fn accepted(&self, permit: Permit) {
            self.with_pace(|pace, now| pace.accepted(permit, now));
        }

        /// Records a 429.
        pub(crate) fn refused(&self, permit: Permit, retry_after: Option<Duration>) {
            let pause = retry_after.unwrap_or_default().as_secs_f64();
            self.with_pace(|pace, now| pace.refused(permit, pause, now));
        }
    }

    #[cfg(test)]
    mod tests {
        use super::super::pace::MIN_RATE;
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

        fn rate(limiter: &Limiter) -> f64 {
            limiter.with_pace(|pace, _| pace.rate())
        }

        #[tokio::test(start_paused = true)]
        async fn requests_are_spread_after_the_burst() {
            let slow = limiter(10, 5);
            assert!(duration_of(&slow, 5).await <= Duration::from_millis(1));
            let time = duration_of(&slow, 20).await;
            assert!(about(time, 2.0), "{time:?}");
            // The timer's resolution does not limit the rate.
            let time = duration_of(&limiter(20_000, 1), 4_000).await;
            assert!(about(time, 0.2), "{time:?}");
            let per_minute = Limiter::new(RateLimit::per_minute(NonZeroU32::new(30).unwrap()));
            let time = duration_of(&per_minute, 11).await;
            assert!(about(time, 20.0), "{time:?}");
        }

        #[tokio::test(start_paused = true)]
        async fn refusals_at_once_slow_down_once_and_successes_restore_the_rate() {
            let limiter = limiter(10, 1);
            let permits = [limiter.ready().await, limiter.ready().await];
            for permit in permits {
                limiter.refused(permit, None);
            }
            assert!((rate(&limiter) - 9.0).abs() < 1e-9, "{}", rate(&limiter));
            let start = Instant::now();
            while rate(&limiter) < 10.0 {
                let permit = limiter.ready().await;
                limiter.accepted(permit);
                assert!(start.elapsed() < Duration::from_secs(30), "{}", rate(&limiter));
            }
            let time = duration_of(&limiter, 10).await;
            assert!(about(time, 1.0), "{time:?}");
        }

        #[tokio::test(start_paused = true)]
        async fn the_rate_has_a_minimum() {
            for (per_second, burst) in [(1, u32::MAX), (u32::MAX, 1), (u32::MAX, u32::MAX)] {
                let limiter = limiter(per_second, burst);
                for _ in 0..60 {
                    let permit = limiter.ready().await;
                    limiter.refused(permit, None);
                    tokio::time::advance(Duration::from_secs(50)).await;
                }
                assert!((rate(&limiter) - MIN_RATE).abs() < 1e-9, "{}", rate(&limiter));
                let permit = limiter.ready().await;
                limiter.accepted(permit);
                assert!(rate(&limiter) > MIN_RATE);
            }
        }

        #[tokio::test(start_paused = true)]
        async fn no_request_is_sent_during_the_requested_pause() {
            let limiter = limiter(1_000, 10);
            let permits = [limiter.ready().await, limiter.ready().await];
            limiter.refused(permits[0], Some(Duration::from_secs(2)));
            limiter.refused(permits[1], Some(Duration::from_secs(1)));
            assert!(duration_of(&limiter, 1).await >= Duration::from_secs(2));
            // An excessive pause is shortened to 60 s.
            let permit = limiter.ready().await;
            limiter.refused(permit, Some(Duration::MAX));
            let time = duration_of(&limiter, 1).await;
            assert!(about(time, 60.0), "{time:?}");
        }
    }
}

#[cfg(not(feature = "rate-limit"))]
mod imp {
    use std::{convert::Infallible, time::Duration};

    /// Stand-in that is used if the feature `rate-limit` is off.
    #[derive(Clone, Copy, Debug, Default)]
    pub(crate) struct Permit(());

    /// Stand-in that is used if the feature `rate-limit` is off. This type has no values, because there is no
    /// limiter.
    #[derive(Debug)]
    pub(crate) struct Limiter(Infallible);

    impl Limiter {
        pub(crate) fn fresh(&self) -> Self {
            match self.0 {}
        }

        pub(crate) fn ready(&self) -> std::future::Ready<Permit> {
            match self.0 {}
        }

        pub(crate) fn accepted(&self, _: Permit) {
            match self.0 {}
        }

        pub(crate) fn refused(&self, _: Permit, _: Option<Duration>) {
            match self.0 {}
        }
    }
}
