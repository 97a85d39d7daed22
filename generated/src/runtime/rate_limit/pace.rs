//! Pace of a rate-limited client: infers from the responses how many requests per second the service accepts.
//!
//! # Principle
//! Token buckets, fixed windows and sliding windows have one thing in common. Take a period that begins and
//! ends at moments when the limit is exhausted. In this period, the number of accepted requests is exactly
//! the rate of the service times the length of the period. The number of refused requests has no influence.
//! The congestion control BBR measures traffic policers in the same way. This module uses that property as
//! follows:
//!
//! - **Measure.** A [`Sample`] begins with a success. It ends with the first success that follows a refusal,
//!   but lasts at least a second, because most services count per second. The measured rate is the number of
//!   accepted requests, divided by the length of the sample. The client's new rate is slightly lower. If a
//!   refusal asked for a pause, two rates are measured: one with the pause as a part of the length, the other
//!   without it. The rate of the service is between the two, and the estimate is their geometric mean. If the
//!   sample contains a complete [`Step`], the client's rate in that step is a lower bound for the estimate.
//! - **Brake.** Until a sample is complete, the rate is halved once per round trip if the service accepts
//!   nothing, or refuses more than two thirds of the requests.
//! - **Search.** After a decrease, the rate approaches the `ceiling`, the rate at which the refusals began.
//!   Later, the rate exceeds the ceiling, first by 2 %, then by more.
//! - **Pay.** Before the rate may exceed the ceiling, each refusal must be paid for with 12 successes, and
//!   each second of pause with ten seconds of successes. This keeps refusals well below a tenth of the
//!   requests.
//!
//! The exact constants do not matter: the test in `simulation` passes even if one of them is changed by a
//! third.

#[cfg(test)]
mod simulation;

use std::time::Duration;

/// Minimum length of a [`Sample`] and of a [`Step`], in seconds.
const MIN_LENGTH: f64 = 1.0;
/// Minimum number of responses in a step, and in a sample without a pause. At a rate below this number per
/// second, such steps and samples are longer than [`MIN_LENGTH`].
const MIN_OUTCOMES: f64 = 4.0;
/// Rate of the client after a sample, as a fraction of the measured rate of the service.
const MARGIN: f64 = 0.95;
/// Number of successes required for each refusal, before the rate may exceed the ceiling again.
const SUCCESSES_PER_REFUSAL: f64 = 12.0;
/// Seconds of successes required for each second of pause, before the rate may exceed the ceiling again.
const SECONDS_PER_PAUSE: f64 = 10.0;
/// Time without a success, in seconds, that counts as an outage. After an outage, the new rate is at least
/// about half of the rate at the start of the sample, even if the measured rate is lower.
const INTERRUPTION: f64 = 10.0;
/// First and greatest growth beyond the ceiling, as a fraction of the rate per step. The growth doubles with
/// each step.
const GROWTH: (f64, f64) = (0.02, 0.7);
/// Lowest rate to which refusals reduce the rate of the client, in requests per second.
pub(super) const MIN_RATE: f64 = 0.25;
/// Longest time for which a 429 pauses all requests, in seconds.
const MAX_PAUSE: f64 = 60.0;
/// Resolution of Tokio's timer in seconds. A request may be sent early by at most this time.
pub(super) const RESOLUTION: f64 = 0.001;

/// Permission to send one request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Permit {
    epoch: u64,
    sent: f64,
}

/// The rate in effect, and the measurements that determine it. Times are in seconds since an origin that the
/// caller chooses. Rates are in requests per second.
#[derive(Debug)]
pub(super) struct Pace {
    /// Configured rate.
    max: f64,
    burst: u32,
    rate: f64,
    /// Time at which the next request is due if requests are spread evenly.
    due: f64,
    paused_until: f64,
    /// Period since the rate was last lowered. If the service refuses a request from an earlier epoch, the
    /// rate is not lowered again.
    epoch: Epoch,
    sample: Sample,
    step: Step,
    previous_step: Step,
    /// Rate that was set at the end of the last sample.
    base: f64,
    /// Rate at the first refusal of a sample. A measurement may lower this value.
    ceiling: f64,
    /// Rate of the last complete step. At the end of a sample, this rate is a lower bound for the estimate,
    /// and is then reset to zero.
    proven: f64,
    /// Rate of the client at the start of the sample.
    sample_rate: f64,
    /// Number of successes that are still required before the rate may rise above `ceiling`.
    debt: f64,
    growth: f64,
    last_success: f64,
    /// Smoothed time from a request to its outcome.
    round_trip: f64,
}

/// Outcomes of the requests that were sent since the rate was last lowered.
#[derive(Debug, Default)]
struct Epoch {
    number: u64,
    accepted: f64,
    refused: f64,
}

/// Outcomes from which the rate of the service is measured.
#[derive(Debug, Default)]
struct Sample {
    start: f64,
    accepted: f64,
    refused: f64,
    /// Seconds of pause that the service asked for.
    paused: f64,
}

/// A period without a refusal, and the rate at its start.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    start: f64,
    rate: f64,
    accepted: f64,
}

impl Pace {
    pub(super) fn new(max: f64, burst: u32) -> Self {
        let step = Step {
            rate: max,
            ..Step::default()
        };
        Self {
            max,
            burst,
            rate: max,
            due: 0.0,
            paused_until: 0.0,
            // Epoch 0 belongs to the default permit, which no request has.
            epoch: Epoch {
                number: 1,
                ..Epoch::default()
            },
            sample: Sample::default(),
            step,
            previous_step: step,
            base: max,
            ceiling: f64::INFINITY,
            proven: 0.0,
            sample_rate: max,
            debt: 0.0,
            growth: 0.0,
            last_success: 0.0,
            round_trip: 0.0,
        }
    }

    /// Rate in effect.
    #[cfg(test)]
    pub(super) fn rate(&self) -> f64 {
        self.rate
    }

    /// Permits a request now, or returns the time to wait before calling this function again.
    pub(super) fn request(&mut self, now: f64) -> Result<Permit, Duration> {
        let burst = if self.rate < self.max { 1 } else { self.burst };
        let early = (f64::from(burst.saturating_sub(1)) / self.rate).max(RESOLUTION);
        let wait = (self.due - early).max(self.paused_until) - now;
        if wait > 0.0 {
            return Err(Duration::from_secs_f64(wait.max(RESOLUTION)));
        }
        // A request that the timer delayed does not delay the next one.
        self.due = self.due.max(now - RESOLUTION) + 1.0 / self.rate;
        Ok(Permit {
            epoch: self.epoch.number,
            sent: now,
        })
    }

    /// Records that the service accepted a request.
    pub(super) fn accepted(&mut self, permit: Permit, now: f64) {
        self.record_round_trip(permit, now);
        let is_current = permit.epoch == self.epoch.number;
        if is_current {
            self.epoch.accepted += 1.0;
        }
        // Idle time must not raise the rate, so the interval is capped. The cap is longer at a low rate, at
        // which the intervals between successes are long.
        let since_last = permit.sent - self.last_success;
        let seconds = since_last.clamp(0.0, MIN_LENGTH.max(1.0 / self.rate));
        self.last_success = self.last_success.max(permit.sent);
        if permit.sent < self.sample.start {
            return;
        }
        if self.sample.refused > 0.0 {
            if is_current && self.sample.is_complete(permit.sent) {
                // No bucket or window refuses every request for so long, so there was an outage.
                if since_last >= INTERRUPTION {
                    self.proven = self.proven.max(0.5 * self.base);
                }
                self.conclude(permit.sent, now);
            } else {
                self.sample.accepted += 1.0;
            }
            return;
        }
        self.sample.accepted += 1.0;
        self.step.accepted += 1.0;
        self.debt -= 1.0;
        let length = self.step_length();
        if permit.sent - self.step.start >= length {
            self.proven = self.step.rate;
            self.previous_step = self.step;
            self.step = self.step_at(permit.sent);
        }
        if self.rate < self.max {
            self.grow(seconds / length);
        }
    }

    /// Records a 429. `pause` is the requested pause in seconds; zero if the response does not request a
    /// pause.
    pub(super) fn refused(&mut self, permit: Permit, pause: f64, now: f64) {
        self.record_round_trip(permit, now);
        let until = now + pause.min(MAX_PAUSE);
        let further = until - self.paused_until.max(now);
        if further > 0.0 {
            self.sample.paused += further;
            self.paused_until = until;
        }
        let is_current = permit.epoch == self.epoch.number;
        // A request sent before the last decrease shows nothing about the rate since then.
        let is_late = !is_current && self.sample.refused == 0.0;
        if permit.sent < self.sample.start || is_late {
            return;
        }
        self.sample.refused += 1.0;
        if !is_current {
            return;
        }
        self.epoch.refused += 1.0;
        if self.sample.refused <= 1.0 {
            self.ceiling = self.rate;
            self.slow_down(0.9 * self.rate, now);
        } else if self.epoch.accepted == 0.0 || self.epoch.refused > 2.0 * self.epoch.accepted + 2.0 {
            self.slow_down(0.5 * self.rate, now);
        }
    }

    /// Ends the sample, and continues with a rate slightly below the measured rate.
    fn conclude(&mut self, sent: f64, now: f64) {
        let sample = std::mem::take(&mut self.sample);
        let length = sent - sample.start;
        let paused = sample.paused.min(length);
        let measured = sample.accepted.max(1.0) / length;
        let estimate = if paused > 0.0 {
            let without_pause = sample.accepted / (length - paused).max(RESOLUTION);
            let without_pause = without_pause.min(self.ceiling).max(measured);
            self.ceiling = self.ceiling.min((2.0 * without_pause).max(self.proven));
            (measured * without_pause).sqrt()
        } else {
            // A count of n requests varies by √n. If the client sends at up to twice the limit, a service
            // that permits no bursts may refuse every other request. The limit is then up to twice the
            // measured rate. This error (`loss`) shrinks as the client's rate grows.
            let varied = (sample.accepted + sample.accepted.sqrt()) / length;
            let loss = (2.0 * measured / self.rate).min(1.0);
            self.ceiling = self.ceiling.min((varied * (1.0 + loss)).max(self.proven));
            measured
        };
        let rate = (MARGIN * estimate.max(self.proven)).min(MARGIN * self.ceiling);
        self.slow_down(rate, now);
        self.base = self.rate;
        self.sample_rate = self.rate;
        self.growth = 0.0;
        self.proven = 0.0;
        // All requests of one round trip may be refused before the first refusal is known.
        let refused = sample.refused.min(1.0 + self.rate * self.round_trip);
        self.debt =
            SUCCESSES_PER_REFUSAL * refused + SECONDS_PER_PAUSE * paused.min(INTERRUPTION) * self.rate;
        self.sample = Sample {
            start: sent,
            accepted: 1.0,
            ..Sample::default()
        };
        self.step = self.step_at(sent);
        self.previous_step = self.step;
    }

    /// Increases the rate after a time without a refusal. `steps` is that time, divided by the length of a
    /// step. The quotient is usually less than one.
    fn grow(&mut self, steps: f64) {
        if self.debt > 0.0 {
            // Each step halves the distance to the target on a logarithmic scale, and at most doubles the
            // rate.
            let target = self.base.powf(0.25) * (0.97 * self.ceiling).powf(0.75);
            let distance = (target / self.rate).clamp(1.0, 4.0);
            self.rate *= distance.powf(1.0 - 0.5_f64.powf(steps));
        } else {
            let (first, last) = GROWTH;
            self.growth = (self.growth.max(first) * 2.0_f64.powf(steps)).min(last);
            self.rate *= 1.0 + self.growth * steps;
        }
        self.rate = self.rate.min(self.max);
        if self.rate > 1.5 * self.sample_rate && self.previous_step.start > self.sample.start {
            // Older outcomes would make the measured rate too low.
            self.sample_rate = self.sample_rate.max(self.proven);
            self.sample.start = self.previous_step.start;
            self.sample.accepted = self.previous_step.accepted + self.step.accepted;
        }
    }

    /// Starts a new epoch with this rate.
    fn slow_down(&mut self, rate: f64, now: f64) {
        self.rate = rate.max(MIN_RATE).min(self.max);
        self.due = self.due.max(now + 1.0 / self.rate);
        self.epoch = Epoch {
            number: self.epoch.number + 1,
            ..Epoch::default()
        };
    }

    fn record_round_trip(&mut self, permit: Permit, now: f64) {
        let round_trip = now - permit.sent;
        self.round_trip = if self.round_trip == 0.0 {
            round_trip
        } else {
            0.9 * self.round_trip + 0.1 * round_trip
        };
    }

    fn step_length(&self) -> f64 {
        MIN_LENGTH.max(MIN_OUTCOMES / self.rate)
    }

    fn step_at(&self, start: f64) -> Step {
        Step {
            start,
            rate: self.rate,
            accepted: 0.0,
        }
    }
}

impl Sample {
    /// Returns true if a sample that ends at `now` suffices for a measurement.
    fn is_complete(&self, now: f64) -> bool {
        now - self.start >= MIN_LENGTH && (self.paused > 0.0 || self.accepted + self.refused >= MIN_OUTCOMES)
    }
}
