//! The pace of a rate-limited client: which rate the service accepts, inferred from its responses.
//!
//! # Principle
//! Token buckets, fixed windows and sliding windows have one thing in common: from one moment at which the
//! limit is exhausted to the next, the service accepts exactly its rate times the elapsed time, however
//! many requests it receives. BBR measures traffic policers in this way. So:
//!
//! - **Measure.** A [`Sample`] lasts from the first success after a refusal to the next such success, and at
//!   least a second, because most services count per second. Its accepted requests per second are the new
//!   rate. Where a refusal asked for a pause, the truth is between the rate with and without the pause, and
//!   the geometric mean is used. A rate that passed a whole [`Step`] without a refusal counts as a lower
//!   bound.
//! - **Brake.** Until a sample is complete, a rate at which nothing is accepted is halved per round trip.
//! - **Search.** After a decrease, the rate approaches the rate at the last refusal (the `ceiling`), and
//!   later exceeds it, first by 2 %, then by more.
//! - **Pay.** Each refusal has to be paid with 12 successes, and each second of pause with ten seconds of
//!   successes, before the rate may exceed the ceiling. This keeps refusals well below a tenth.
//!
//! The constants are not delicate: the simulation in `simulation` passes with each of them changed by a
//! third.

#[cfg(test)]
mod simulation;

use std::time::Duration;

/// Minimum time for a measurement of the service's rate (a sample), and between two increases (a step), in
/// seconds.
const MIN_LENGTH: f64 = 1.0;
/// Minimum number of responses in a sample or a step, for services slower than this many per second.
const MIN_OUTCOMES: f64 = 4.0;
/// Fraction of the measured rate of the service at which the client sends after a sample.
const MARGIN: f64 = 0.95;
/// Successes that pay for one refusal.
const SUCCESSES_PER_REFUSAL: f64 = 12.0;
/// Seconds with successes after which a refusal may cost one more second of pause.
const SECONDS_PER_PAUSE: f64 = 10.0;
/// Time without a success, in seconds, after which the rate is resumed instead of measured.
const INTERRUPTION: f64 = 10.0;
/// First and greatest growth beyond the ceiling, as a fraction of the rate per step. The growth doubles with
/// each step.
const GROWTH: (f64, f64) = (0.02, 0.7);
/// Lowest rate, in requests per second.
pub(super) const MIN_RATE: f64 = 0.25;
/// Longest pause of all requests after a 429.
const MAX_PAUSE: f64 = 60.0;
/// Resolution of Tokio's timer in seconds. A request may be sent this long before it is due.
pub(super) const RESOLUTION: f64 = 0.001;

/// Permission to send one request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Permit {
    epoch: u64,
    sent: f64,
}

/// Rate in effect. Times are in seconds since an origin of the caller, rates in requests per second.
#[derive(Debug)]
pub(super) struct Pace {
    /// Configured rate.
    max: f64,
    burst: u32,
    rate: f64,
    /// Time at which an evenly spread request would be due.
    due: f64,
    paused_until: f64,
    /// Period between two decreases. A refusal from an earlier epoch is no reason for another decrease.
    epoch: Epoch,
    sample: Sample,
    step: Step,
    previous_step: Step,
    /// Rate after the last decrease.
    base: f64,
    /// Rate at the time of the last refusal.
    ceiling: f64,
    /// Rate of the last complete step. A decrease uses and clears it.
    proven: f64,
    /// Rate at which the sample began.
    sample_rate: f64,
    /// Number of successes that are still required before the rate may exceed the ceiling.
    debt: f64,
    growth: f64,
    last_success: f64,
    /// Smoothed time from a request to its outcome.
    round_trip: f64,
}

/// Outcomes of the requests since the last decrease.
#[derive(Debug, Default)]
struct Epoch {
    number: u64,
    accepted: f64,
    refused: f64,
}

/// Outcomes from which the service's rate is measured.
#[derive(Debug, Default)]
struct Sample {
    start: f64,
    accepted: f64,
    refused: f64,
    /// Seconds of pause that the service asked for.
    paused: f64,
}

/// A period without a refusal.
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
            // Epoch 0 is that of a default permit, which no request has.
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

    /// Permits a request now, or returns the time to wait before the next attempt.
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
        // Idle time restores nothing; at a slow rate, there are long intervals between successes.
        let since_last = permit.sent - self.last_success;
        let seconds = since_last.clamp(0.0, MIN_LENGTH.max(1.0 / self.rate));
        self.last_success = self.last_success.max(permit.sent);
        if permit.sent < self.sample.start {
            return;
        }
        if self.sample.refused > 0.0 {
            if is_current && self.sample.is_complete(permit.sent) {
                // No limit for which this model is meant lets nothing pass for so long.
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

    /// Records a 429. `pause` is the pause that it asks for, in seconds; zero if it asks for none.
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

    /// Ends a sample: continues with the measured rate.
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
            // Counts vary by their square root. At a rate up to twice the limit, a service that permits no
            // bursts refuses every other request, so that its limit is up to twice the measured rate; the
            // higher the rate, the smaller is this loss.
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

    /// Increases the rate after `steps` without a refusal.
    fn grow(&mut self, steps: f64) {
        if self.debt > 0.0 {
            // Halves the distance with each step, on a logarithmic scale, at most by a factor of two.
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

    /// Starts an epoch with this rate.
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
    /// Returns true if the sample suffices for a measurement at this time.
    fn is_complete(&self, now: f64) -> bool {
        now - self.start >= MIN_LENGTH && (self.paused > 0.0 || self.accepted + self.refused >= MIN_OUTCOMES)
    }
}
