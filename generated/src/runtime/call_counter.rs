//! Counts the calls of a client, so that a job can check that no other call ran during its own call.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the calls of a client, of its clones and of the clients derived from it.
#[derive(Debug, Default)]
pub(crate) struct CallCounter {
    begun: AtomicU64,
    ended: AtomicU64,
}

/// A call in progress, until this value is dropped.
pub(crate) struct CallInProgress<'c>(&'c CallCounter);

impl CallCounter {
    /// Counts a call that begins.
    pub(crate) fn begin(&self) -> CallInProgress<'_> {
        self.begun.fetch_add(1, Ordering::AcqRel);
        CallInProgress(self)
    }

    /// Returns the number of calls that have begun.
    pub(crate) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Acquire)
    }

    /// Returns true if no call is in progress.
    pub(crate) fn is_idle(&self) -> bool {
        // `ended` is loaded first, so that a call that begins in the meantime counts as in progress.
        let ended = self.ended.load(Ordering::Acquire);
        ended == self.begun()
    }
}

impl Drop for CallInProgress<'_> {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::AcqRel);
    }
}
