//! Time of the last attempt of a call.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Period during which one attempt was in flight, by the clock of the client.
///
/// The attempt loop itself measures this period. Therefore, the period includes neither waits for a token,
/// for the rate limiter or for a retry, nor the time after the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AttemptTime {
    sent: SystemTime,
    ended: SystemTime,
}

impl AttemptTime {
    /// Creates the period from the two times in a journal.
    pub(crate) fn from_journal(sent: SystemTime, ended: SystemTime) -> Self {
        Self { sent, ended }
    }

    pub(crate) fn sent(self) -> SystemTime {
        self.sent
    }

    pub(crate) fn ended(self) -> SystemTime {
        self.ended
    }
}

/// Receives the [`AttemptTime`] of the last attempt of a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastAttempt(Arc<Mutex<Option<AttemptTime>>>);

impl LastAttempt {
    /// Returns the time of the last attempt; `None` if no attempt has ended.
    pub(crate) fn time(&self) -> Option<AttemptTime> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn record(&self, sent: SystemTime, ended: SystemTime) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(AttemptTime { sent, ended });
    }
}
