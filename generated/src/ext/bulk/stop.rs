//! Stops a job early: counts failures, keeps the first reason to stop, and signals the stop to the requests
//! in flight.

use super::outcome::{Failure, Outcome, Reason};
use futures_util::future::select;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::watch;

/// Number of consecutive requests without a response after which the job stops.
const MAX_UNANSWERED: u32 = 5;
/// Number of IDs after which the job stops, if the service refused each of them with 403, and no ID was
/// changed. An ID counts only if it was alone in a request, because a request for several IDs may be refused
/// for one of them.
const MAX_FORBIDDEN: u32 = 10;
/// First words of the failure message that the remaining IDs of a stopped job get.
pub(in crate::ext) const STOPPED: &str = "the job stopped";

/// Decides when a job stops.
#[derive(Debug)]
pub(in crate::ext) struct StopControl {
    /// The first reason to stop, if any.
    reason: Option<Failure>,
    sender: watch::Sender<bool>,
    unanswered_in_a_row: u32,
    /// Number of IDs that the service refused with 403; `None` once an ID was changed.
    forbidden: Option<u32>,
    failed: usize,
    /// Number of failed IDs after which the job stops.
    stop_after: Option<usize>,
}

impl StopControl {
    pub(in crate::ext) fn new(stop_after: Option<usize>) -> Self {
        Self {
            reason: None,
            sender: watch::Sender::new(false),
            unanswered_in_a_row: 0,
            forbidden: Some(0),
            failed: 0,
            stop_after,
        }
    }

    /// Returns the reason to stop, if any. Once there is a reason, no further change is sent.
    pub(in crate::ext) fn reason(&self) -> Option<&Failure> {
        self.reason.as_ref()
    }

    /// Returns the signal that is set once the job stops. Requests in flight watch it.
    pub(in crate::ext) fn signal(&self) -> StopSignal {
        StopSignal(self.sender.subscribe())
    }

    /// Stops the job because of `failure`. If the job was stopped before, keeps the earlier reason.
    pub(in crate::ext) fn stop(&mut self, failure: Failure) {
        if self.reason.is_none() {
            self.reason = Some(failure);
            self.sender.send_replace(true);
        }
    }

    /// Stops the job at the request of the user.
    pub(in crate::ext) fn cancel(&mut self) {
        let message = "the job was cancelled before its turn";
        self.stop(Failure::new(Reason::Cancelled, message));
    }

    /// Records the result of a request. Stops the job if too many consecutive requests got no response, or if
    /// too many IDs have failed. `answered` is true if the service responded, and `None` if this is unknown.
    /// `failed` is the number of IDs that failed in this request, and `cause` is the failure of one of them.
    pub(in crate::ext) fn record(&mut self, answered: Option<bool>, failed: usize, cause: Option<&Failure>) {
        match answered {
            Some(true) => self.unanswered_in_a_row = 0,
            Some(false) => self.unanswered_in_a_row += 1,
            None => {}
        }
        self.failed += failed;
        let occasion = if self.unanswered_in_a_row >= MAX_UNANSWERED {
            format!("{STOPPED}, because the service gave no answer {MAX_UNANSWERED} times in a row")
        } else if self.stop_after.is_some_and(|limit| self.failed >= limit) {
            format!("{STOPPED} after {} failed", self.failed)
        } else {
            return;
        };
        self.stop(match cause {
            Some(cause) => stopped_because(&occasion, cause),
            None => Failure::new(Reason::Stopped, occasion),
        });
    }

    /// Records an outcome. Stops the job if the service refuses too many IDs with 403 before it changes any
    /// ID, because the account may be suspended.
    pub(super) fn settled(&mut self, outcome: &Outcome) {
        if let Outcome::Done { .. } = outcome {
            self.forbidden = None;
        }
        let Some(forbidden) = &mut self.forbidden else {
            return;
        };
        if let Some(failure) = refused_with_403(outcome) {
            *forbidden += 1;
            if *forbidden >= MAX_FORBIDDEN {
                let occasion = format!(
                    "{STOPPED}, because the service refused the first {MAX_FORBIDDEN} IDs with 403, and the \
                     account may be suspended"
                );
                self.stop(stopped_because(&occasion, failure));
            }
        }
    }
}

/// Returns the failure of an ID that the service refused with 403; `None` for other outcomes.
pub(super) fn refused_with_403(outcome: &Outcome) -> Option<&Failure> {
    let failure = outcome.failure().filter(|_| !outcome.is_unfinished())?;
    let is_forbidden = failure.status() == Some(http::StatusCode::FORBIDDEN);
    (is_forbidden && failure.reason() == Reason::Refused).then_some(failure)
}

/// Returns true if earlier runs with these outcomes stopped because the service refused too many IDs with
/// status 403. These refusals are about the account, so a resumed job sends these IDs again.
pub(super) fn stopped_by_403<'o>(outcomes: impl Iterator<Item = &'o Outcome>) -> bool {
    let mut forbidden = 0;
    for outcome in outcomes {
        match outcome {
            Outcome::Done { .. } => return false,
            outcome => forbidden += u32::from(refused_with_403(outcome).is_some()),
        }
    }
    forbidden >= MAX_FORBIDDEN
}

/// Creates the failure of a job that stopped because of the failure `cause`. The message begins with
/// `occasion`.
pub(in crate::ext) fn stopped_because(occasion: &str, cause: &Failure) -> Failure {
    let message = format!("{occasion}: {cause}");
    match cause.error() {
        Some(error) => Failure::with_error(Reason::Stopped, message, error),
        None => Failure::new(Reason::Stopped, message),
    }
}

/// Removes the prefix that [`stopped_because`] adds to the message of a failure. Returns any other message
/// unchanged.
pub(in crate::ext) fn cause_of_stop(message: &str) -> &str {
    let cause = message
        .strip_prefix(STOPPED)
        .and_then(|rest| rest.split_once(": "));
    cause.map_or(message, |(_, cause)| cause)
}

/// Signal that a job is to stop.
#[derive(Clone, Debug)]
pub(in crate::ext) struct StopSignal(watch::Receiver<bool>);

impl StopSignal {
    pub(in crate::ext) fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Completes once the signal is set.
    pub(in crate::ext) async fn wait(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|is_set| *is_set).await.is_err() {
            // The job was dropped, so nothing waits for its steps any more.
            std::future::pending::<()>().await;
        }
    }

    /// Sleeps for `duration`, or until the signal is set.
    pub(in crate::ext) async fn sleep(&self, duration: Duration) {
        if !duration.is_zero() {
            select(pin!(tokio::time::sleep(duration)), pin!(self.wait())).await;
        }
    }

    /// Returns the receiver that makes a call stop retrying.
    pub(in crate::ext) fn receiver(&self) -> watch::Receiver<bool> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(stop: &StopControl) -> Option<String> {
        stop.reason().map(ToString::to_string)
    }

    #[test]
    fn unanswered_requests_count_only_in_a_row() {
        let mut stop = StopControl::new(None);
        for answered in [false, false, false, false, true, false, false, false, false] {
            stop.record(Some(answered), 1, None);
            stop.record(None, 1, None);
        }
        assert_eq!(reason(&stop), None);
        assert!(!stop.signal().is_set());
        let cause = Failure::new(Reason::NoAnswer, "connection refused");
        stop.record(Some(false), 0, Some(&cause));
        let message = reason(&stop).unwrap();
        let expected =
            "the job stopped, because the service gave no answer 5 times in a row: connection refused";
        assert_eq!(message, expected);
        assert_eq!(cause_of_stop(&message), "connection refused");
        assert_eq!(cause_of_stop("403: a: b"), "403: a: b");
        assert!(stop.signal().is_set());
        // The first reason is kept.
        stop.cancel();
        assert_eq!(reason(&stop), Some(message));
    }

    #[test]
    fn a_job_stops_after_the_given_number_of_failures() {
        let mut stop = StopControl::new(Some(3));
        stop.record(Some(true), 2, None);
        assert_eq!(reason(&stop), None);
        stop.record(None, 1, None);
        assert!(reason(&stop).unwrap().contains("after 3 failed"));
    }

    fn refused(status: u16) -> Outcome {
        let failure = serde_json::json!({"reason": "refused", "status": status, "message": "no"});
        let failure = serde_json::from_value(failure).unwrap();
        Outcome::Rejected { failure }
    }

    #[test]
    fn a_job_stops_if_the_service_forbids_every_change() {
        let (mut stop, mut working) = (StopControl::new(None), StopControl::new(None));
        working.settled(&Outcome::DONE);
        for _ in 0..9 {
            stop.settled(&refused(403));
            stop.settled(&refused(400));
            working.settled(&refused(403));
        }
        assert_eq!(reason(&stop), None);
        stop.settled(&refused(403));
        working.settled(&refused(403));
        assert!(reason(&stop).unwrap().contains("the first 10 IDs with 403"));
        assert_eq!(reason(&working), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_all_waits() {
        let mut stop = StopControl::new(None);
        let signal = stop.signal();
        let start = tokio::time::Instant::now();
        signal.sleep(Duration::from_secs(5)).await;
        assert_eq!(start.elapsed(), Duration::from_secs(5));
        stop.cancel();
        signal.sleep(Duration::from_secs(5)).await;
        assert_eq!(start.elapsed(), Duration::from_secs(5));
    }
}
