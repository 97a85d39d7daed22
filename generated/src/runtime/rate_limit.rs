//! The client-side rate limit of the feature `rate-limit`, and an empty stand-in without it.

#[cfg(feature = "rate-limit")]
pub use imp::RateLimit;
pub(crate) use imp::{Limiter, Permit};

#[cfg(feature = "rate-limit")]
mod imp {
    use std::{
        num::NonZeroU32,
        sync::{Mutex, PoisonError},
        time::Duration,
    };
    use tokio::time::Instant;

    /// Rate at which a client and all its clones send requests. Every attempt counts as a request.
    ///
    /// The service does not publish its limits, so there is no default. Without this setting, requests are
    /// sent immediately, and each call waits only after its own 429s. With this setting, the client adapts
    /// its rate to the service, up to the configured rate:
    ///
    /// - The first 429 halves the rate. Further 429s within a second change nothing.
    /// - If requests are still refused after a second, the client lowers the rate below the rate that the
    ///   service accepted, but not below one request in two seconds.
    /// - Successes restore the rate: slowly near the last refused rate, then faster.
    /// - A 429 pauses all requests for as long as the service asks, at most 60 s.
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

        /// Number of requests that may be sent at once after an idle period, unless the service has refused
        /// requests recently. Default 1.
        #[must_use]
        pub const fn burst(mut self, requests: NonZeroU32) -> Self {
            self.burst = requests;
            self
        }

        fn max(self) -> f64 {
            self.per_second.get().into()
        }
    }

    /// Minimum time between two decreases, in seconds.
    const DECREASE_INTERVAL: f64 = 1.0;
    /// Minimum number of requests between two decreases at a slow rate, to rule out chance.
    const MIN_SAMPLE: f64 = 4.0;
    /// Rate after a decrease, as a fraction of the accepted rate.
    const DECREASE: f64 = 0.9;
    /// Minimum number of requests for which even a period of less than a second counts as evidence.
    const MANY_REQUESTS: u32 = 20;
    /// Lowest rate, in requests per second.
    const MIN_RATE: f64 = 0.5;
    /// Longest pause of all requests after a 429.
    const MAX_PAUSE: Duration = Duration::from_mins(1);
    /// Resolution of Tokio's timer in seconds. A request may be sent early by this time.
    const RESOLUTION: f64 = 0.001;

    /// Permission to send one request. The value identifies the period in which it was granted.
    #[derive(Clone, Copy, Debug, Default)]
    pub(crate) struct Permit(u64);

    /// Rate limiter of a client.
    #[derive(Debug)]
    pub(crate) struct Limiter {
        limit: RateLimit,
        /// Created by the first request, because a Tokio runtime with a clock is only available then.
        pace: Mutex<Option<Pace>>,
    }

    /// Rate in effect. Times are in seconds since `created`.
    #[derive(Debug)]
    struct Pace {
        limit: RateLimit,
        created: Instant,
        rate: f64,
        /// Time at which the next request is due if requests are evenly spread.
        due: f64,
        paused_until: f64,
        /// Earliest time of the next decrease.
        next_decrease: f64,
        /// Last rate that the service refused, or the rate that it accepted at that time.
        ceiling: f64,
        last_success: f64,
        /// Requests since the last decrease.
        period: Period,
        /// Requests before the last decrease, whose outcomes may still arrive.
        previous: Period,
    }

    /// Outcomes of the requests between two decreases.
    #[derive(Clone, Copy, Debug)]
    struct Period {
        number: u64,
        start: f64,
        /// Rate at the end of the period.
        rate: f64,
        sent: u32,
        accepted: u32,
        refused: u32,
    }

    impl Period {
        /// Estimates the rate that the service accepts, and the rate that it certainly refuses.
        fn estimate(&self) -> (f64, f64) {
            let (accepted, refused) = (f64::from(self.accepted), f64::from(self.refused));
            // The 429 that triggers this estimate counts half.
            let share = accepted / (accepted + refused - 0.5).max(1.0);
            match share {
                // The service accepted as many requests as it can, whether the rate was far too high or only
                // slightly too high.
                share if !(0.45..0.8).contains(&share) => (self.rate * share, self.rate * share),
                // A service without bursts refuses every other request at a rate that is a little too high.
                share => (self.rate * share.sqrt(), self.rate),
            }
        }
    }

    impl Limiter {
        pub(crate) fn new(limit: RateLimit) -> Self {
            Self {
                limit,
                pace: Mutex::new(None),
            }
        }

        /// Creates a new limiter with the same limit.
        pub(crate) fn fresh(&self) -> Self {
            Self::new(self.limit)
        }

        fn with_pace<T>(&self, change: impl FnOnce(&mut Pace, f64) -> T) -> T {
            let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
            let pace = pace.get_or_insert_with(|| Pace::new(self.limit));
            let now = pace.created.elapsed().as_secs_f64();
            change(pace, now)
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

        /// Records a success.
        pub(crate) fn success(&self, permit: Permit) {
            self.with_pace(|pace, now| pace.success(permit, now));
        }

        /// Records a 429.
        pub(crate) fn throttled(&self, permit: Permit, retry_after: Option<Duration>) {
            let pause = retry_after.unwrap_or_default().min(MAX_PAUSE);
            self.with_pace(|pace, now| pace.throttled(permit, pause.as_secs_f64(), now));
        }
    }

    impl Pace {
        fn new(limit: RateLimit) -> Self {
            let period = Period {
                number: 0,
                start: 0.0,
                rate: limit.max(),
                sent: 0,
                accepted: 0,
                refused: 0,
            };
            Self {
                limit,
                created: Instant::now(),
                rate: limit.max(),
                due: 0.0,
                paused_until: 0.0,
                next_decrease: 0.0,
                ceiling: f64::INFINITY,
                last_success: 0.0,
                period,
                previous: period,
            }
        }

        /// Permits a request now, or returns the wait until a request may be due.
        fn request(&mut self, now: f64) -> Result<Permit, Duration> {
            let is_throttled = self.rate < self.limit.max();
            let burst = if is_throttled { 1 } else { self.limit.burst.get() };
            let early = (f64::from(burst - 1) / self.rate).max(RESOLUTION);
            let wait = (self.due - early).max(self.paused_until) - now;
            if wait > 0.0 {
                return Err(Duration::from_secs_f64(wait.max(RESOLUTION)));
            }
            // A request that the timer delayed does not delay the next one.
            self.due = self.due.max(now - RESOLUTION) + 1.0 / self.rate;
            self.period.sent = self.period.sent.saturating_add(1);
            Ok(Permit(self.period.number))
        }

        fn success(&mut self, permit: Permit, now: f64) {
            if let Some(period) = self.period_of(permit) {
                period.accepted = period.accepted.saturating_add(1);
            }
            // Idle time does not restore the rate. At a slow rate, the intervals between successes are long.
            let seconds = (now - self.last_success).min(1.0 + 1.0 / self.rate);
            self.last_success = now;
            let max = self.limit.max();
            // Successes between refusals do not restore the rate either.
            let is_refused = self.period.refused > 0 && now < self.next_decrease;
            if self.rate < max && !is_refused {
                // The rate grows with each second or, at a slow rate, with each success.
                let growth = match self.rate / self.ceiling {
                    near if near > 1.1 => (0.05 * self.rate).min(0.25),
                    near if near > 0.85 => (0.005 * self.rate).min(0.01),
                    near if near > 0.5 => (0.05 * self.rate).min(0.1),
                    _ => 0.4,
                };
                self.rate = (self.rate * (1.0 + growth).powf(seconds)).min(max);
            }
        }

        fn throttled(&mut self, permit: Permit, pause: f64, now: f64) {
            let was_paused_until = self.paused_until;
            if pause > 0.0 {
                self.paused_until = was_paused_until.max(now + pause);
            }
            if let Some(period) = self.period_of(permit) {
                period.refused = period.refused.saturating_add(1);
            }
            if permit.0 != self.period.number {
                let previous = self.previous;
                let rate = previous.estimate().0 * DECREASE;
                if previous.refused >= MANY_REQUESTS
                    && previous.refused > previous.accepted.saturating_mul(2)
                    && rate < self.rate
                {
                    self.set_rate(rate);
                    self.begin_period(now);
                }
                return;
            }
            if now < self.next_decrease {
                return;
            }
            self.period.rate = self.rate;
            let length = now - self.period.start.max(was_paused_until);
            let accepted = f64::from(self.period.accepted);
            if length + RESOLUTION < DECREASE_INTERVAL || accepted == 0.0 {
                // A short period is weak evidence: the service may have accepted a burst.
                self.ceiling = self.rate;
                if self.period.sent >= MANY_REQUESTS {
                    // The program or the latency may keep the actual rate below the limit.
                    self.ceiling = self
                        .ceiling
                        .min(f64::from(self.period.sent) / length.max(RESOLUTION));
                }
                let mut rate = self.ceiling / 2.0;
                if was_paused_until > self.period.start && accepted > 0.0 {
                    // The true rate is between the rate with the pause and the rate without it.
                    let with_pause = accepted / (now - self.period.start);
                    rate = (self.ceiling * with_pause).sqrt().min(self.ceiling) * DECREASE;
                }
                self.set_rate(rate);
            } else {
                let (rate, ceiling) = self.period.estimate();
                self.ceiling = ceiling;
                self.set_rate(rate * DECREASE);
            }
            self.previous = self.period;
            self.begin_period(now);
            let interval = (MIN_SAMPLE / self.rate).max(DECREASE_INTERVAL);
            self.next_decrease = self.paused_until.max(now + interval);
            self.due = self.due.max(now + 1.0 / self.rate);
        }

        /// Restarts counting, because the rate has changed.
        fn begin_period(&mut self, now: f64) {
            self.period = Period {
                number: self.period.number + 1,
                start: now,
                rate: self.rate,
                sent: 0,
                accepted: 0,
                refused: 0,
            };
        }

        fn set_rate(&mut self, rate: f64) {
            self.rate = rate.max(MIN_RATE).min(self.limit.max());
        }

        fn period_of(&mut self, permit: Permit) -> Option<&mut Period> {
            [&mut self.period, &mut self.previous]
                .into_iter()
                .find(|period| period.number == permit.0)
        }
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

        fn rate(limiter: &Limiter) -> f64 {
            limiter.with_pace(|pace, _| pace.rate)
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
        }

        #[tokio::test(start_paused = true)]
        async fn refusals_within_a_second_halve_the_rate_once_and_successes_restore_it() {
            let limiter = limiter(10, 1);
            let permits = [limiter.ready().await, limiter.ready().await];
            for permit in permits {
                limiter.throttled(permit, None);
            }
            let later = limiter.ready().await;
            limiter.throttled(later, None);
            assert!((rate(&limiter) - 5.0).abs() < 1e-9, "{}", rate(&limiter));
            let time = duration_of(&limiter, 10).await;
            assert!(about(time, 2.0), "{time:?}");
            let start = Instant::now();
            while rate(&limiter) < 10.0 {
                let permit = limiter.ready().await;
                limiter.success(permit);
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
                    limiter.throttled(permit, None);
                    tokio::time::advance(Duration::from_secs(50)).await;
                }
                assert!((rate(&limiter) - MIN_RATE).abs() < 1e-9, "{}", rate(&limiter));
                let permit = limiter.ready().await;
                limiter.success(permit);
                assert!(rate(&limiter) > MIN_RATE);
            }
        }

        #[tokio::test(start_paused = true)]
        async fn no_request_is_sent_during_the_requested_pause() {
            let limiter = limiter(1_000, 10);
            let permits = [limiter.ready().await, limiter.ready().await];
            limiter.throttled(permits[0], Some(Duration::from_secs(2)));
            limiter.throttled(permits[1], Some(Duration::from_secs(1)));
            assert!((rate(&limiter) - 500.0).abs() < 1e-9);
            assert!(duration_of(&limiter, 1).await >= Duration::from_secs(2));
        }
    }
}

#[cfg(not(feature = "rate-limit"))]
mod imp {
    use std::{convert::Infallible, time::Duration};

    /// Stand-in without the feature.
    #[derive(Clone, Copy, Debug, Default)]
    pub(crate) struct Permit(());

    /// Stand-in without the feature; no value of it exists.
    #[derive(Debug)]
    pub(crate) struct Limiter(Infallible);

    impl Limiter {
        pub(crate) fn fresh(&self) -> Self {
            match self.0 {}
        }

        pub(crate) fn ready(&self) -> std::future::Ready<Permit> {
            match self.0 {}
        }

        pub(crate) fn success(&self, _: Permit) {
            match self.0 {}
        }

        pub(crate) fn throttled(&self, _: Permit, _: Option<Duration>) {
            match self.0 {}
        }
    }
}
