//! What ends a job before its time: the first reason, the signal for what is on its way, and the count of what went wrong.

use super::outcome::{Failure, Reason};
use futures_util::future::select;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::watch;

/// How many requests in a row may end without an answer before the job stops.
const SILENT: u32 = 5;

/// Stops a job.
#[derive(Debug)]
pub(in crate::ext) struct Brakes {
    /// Why nothing more is sent.
    stop: Option<Failure>,
    signal: watch::Sender<bool>,
    /// What a request without an answer means.
    silence: &'static str,
    silent: u32,
    failed: usize,
    /// After how many failed IDs the job stops.
    stop_after: Option<usize>,
}

impl Brakes {
    /// `silence` says in words what has happened when the service does not answer.
    pub(in crate::ext) fn new(stop_after: Option<usize>, silence: &'static str) -> Self {
        Self {
            stop: None,
            signal: watch::Sender::new(false),
            silence,
            silent: 0,
            failed: 0,
            stop_after,
        }
    }

    /// Why nothing more is sent, if so.
    pub(in crate::ext) fn stopped(&self) -> Option<&Failure> {
        self.stop.as_ref()
    }

    /// How what is on its way gets to know.
    pub(in crate::ext) fn stopping(&self) -> Stopping {
        Stopping(self.signal.subscribe())
    }

    /// Sends nothing more from now on. The first reason stays.
    pub(in crate::ext) fn stop(&mut self, failure: Failure) {
        if self.stop.is_none() {
            self.stop = Some(failure);
            self.signal.send_replace(true);
        }
    }

    /// The user wants no more.
    pub(in crate::ext) fn cancel(&mut self) {
        let message = "the job was cancelled before its turn";
        self.stop(Failure::new(Reason::Cancelled, message));
    }

    /// Takes note of a request: whether the service answered, where that is to be said, and how many IDs failed by it.
    pub(in crate::ext) fn note(&mut self, answered: Option<bool>, failed: usize) {
        match answered {
            Some(true) => self.silent = 0,
            Some(false) => self.silent += 1,
            None => {}
        }
        self.failed += failed;
        let message = if self.silent >= SILENT {
            format!("the job stopped: {} {SILENT} times in a row", self.silence)
        } else if self.stop_after.is_some_and(|limit| self.failed >= limit) {
            format!("the job stopped after {} failed", self.failed)
        } else {
            return;
        };
        self.stop(Failure::new(Reason::Stopped, message));
    }
}

/// Whether a job is to stop.
#[derive(Clone, Debug)]
pub(in crate::ext) struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Whether it is so by now.
    pub(in crate::ext) fn is_told(&self) -> bool {
        *self.0.borrow()
    }

    /// Completes once it is.
    pub(in crate::ext) async fn told(&self) {
        let mut stopping = self.0.clone();
        if stopping.wait_for(|stopping| *stopping).await.is_err() {
            // The job is gone, and nobody waits for its steps.
            std::future::pending::<()>().await;
        }
    }

    /// Waits; whoever stops the job does not wait for its pauses.
    pub(in crate::ext) async fn rest(&self, wait: Duration) {
        if !wait.is_zero() {
            select(pin!(tokio::time::sleep(wait)), pin!(self.told())).await;
        }
    }

    /// For a call, which is not sent again then.
    pub(in crate::ext) fn signal(&self) -> watch::Receiver<bool> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stopped(brakes: &Brakes) -> Option<String> {
        brakes.stopped().map(ToString::to_string)
    }

    #[test]
    fn silence_counts_only_in_a_row() {
        let mut brakes = Brakes::new(None, "it was silent");
        for answered in [false, false, false, false, true, false, false, false, false] {
            brakes.note(Some(answered), 1);
            brakes.note(None, 1);
        }
        assert_eq!(stopped(&brakes), None);
        assert!(!brakes.stopping().is_told());
        brakes.note(Some(false), 0);
        let why = stopped(&brakes).unwrap();
        assert!(why.contains("it was silent 5 times in a row"), "{why}");
        assert!(brakes.stopping().is_told());
        // The first reason stays.
        brakes.cancel();
        assert_eq!(stopped(&brakes), Some(why));
    }

    #[test]
    fn it_stops_after_as_many_as_it_is_told() {
        let mut brakes = Brakes::new(Some(3), "");
        brakes.note(Some(true), 2);
        assert_eq!(stopped(&brakes), None);
        brakes.note(None, 1);
        assert!(stopped(&brakes).unwrap().contains("after 3 failed"));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_once_it_stops() {
        let mut brakes = Brakes::new(None, "");
        let stopping = brakes.stopping();
        let began = tokio::time::Instant::now();
        stopping.rest(Duration::from_secs(5)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(5));
        brakes.cancel();
        stopping.rest(Duration::from_secs(5)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(5));
    }
}
