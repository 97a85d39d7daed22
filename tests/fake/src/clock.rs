//! The fake's own clock, so that tests never wait. It stays between 1970 and 9999, the range of HTTP dates.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::settings::ClockSource;

#[derive(Debug)]
pub(crate) struct Clock {
    /// Time of a stopped clock, before `ahead` is added; `None` if the clock follows the system clock.
    still: Option<SystemTime>,
    ahead: Duration,
}

impl Clock {
    pub(crate) fn new(source: ClockSource) -> Self {
        let still = match source {
            ClockSource::Still { unix_seconds } => Some(UNIX_EPOCH + Duration::from_secs(unix_seconds)),
            ClockSource::Wall => None,
        };
        Self {
            still,
            ahead: Duration::ZERO,
        }
    }

    pub(crate) fn now(&self) -> SystemTime {
        later(
            self.still.unwrap_or_else(SystemTime::now).max(UNIX_EPOCH),
            self.ahead,
        )
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.ahead = self.ahead.saturating_add(by);
    }

    pub(crate) fn set(&mut self, now: SystemTime) {
        self.still = Some(now);
        self.ahead = Duration::ZERO;
    }
}

/// Time 9999-12-31T23:59:59Z, in seconds since 1970.
const LAST_SECOND: u64 = 253_402_300_799;

/// Adds a duration to a time. The result is at most the end of the year 9999.
pub(crate) fn later(time: SystemTime, by: Duration) -> SystemTime {
    let last = UNIX_EPOCH + Duration::from_secs(LAST_SECOND);
    time.checked_add(by).map_or(last, |time| time.min(last))
}

/// Returns the whole seconds since 1970. Earlier times count as 0.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
