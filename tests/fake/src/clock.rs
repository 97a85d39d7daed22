//! The fake's own time, so that a test never waits.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::settings::ClockSource;

#[derive(Debug)]
pub(crate) struct Clock {
    /// `None`: the machine's clock.
    still: Option<SystemTime>,
    ahead: Duration,
}

impl Clock {
    pub(crate) fn new(source: ClockSource) -> Self {
        let still = match source {
            ClockSource::Still { unix_seconds } => {
                Some(UNIX_EPOCH + Duration::from_secs(unix_seconds))
            }
            ClockSource::Wall => None,
        };
        Self {
            still,
            ahead: Duration::ZERO,
        }
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.still.unwrap_or_else(SystemTime::now) + self.ahead
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.ahead += by;
    }

    pub(crate) fn set(&mut self, now: SystemTime) {
        self.still = Some(now);
        self.ahead = Duration::ZERO;
    }
}

/// Whole seconds since 1970; times before it count as 0.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
