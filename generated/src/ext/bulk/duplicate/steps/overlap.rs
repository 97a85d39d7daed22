//! Tracks which requests for copies overlap in time. A gateway may swap the responses to such requests.
//!
//! If an acceptance and a refusal are swapped, the acceptance names a copy that does not have the requested
//! name. Therefore, after a refusal, the job reads back the copies of the overlapping requests. If it finds
//! such a copy, it treats the refusal as a lost response. For this check, a request waits until the
//! overlapping requests have ended.
//!
//! If the responses of two accepted requests are swapped, only reading the copies back reveals the swap.

use crate::ext::bulk::stop::StopSignal;
use futures_util::future::{Either, select};
use std::collections::BTreeMap;
use std::pin::pin;
use tokio::sync::watch;

/// Requests that have begun and have not ended (see [`Flight`]).
#[derive(Debug, Default)]
pub(super) struct Overlaps(watch::Sender<Requests>);

#[derive(Debug, Default)]
struct Requests {
    last: u64,
    open: BTreeMap<u64, Request>,
}

#[derive(Debug)]
struct Request {
    stage: Stage,
    /// True if an overlapping request made no copy according to its response, or if the result of an
    /// overlapping request is unclear.
    has_failed_overlap: bool,
    /// True if it is unclear whether an overlapping request made a copy, or which copy it made.
    has_unclear_overlap: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// No response has arrived.
    InFlight,
    /// The response names a copy. This copy may belong to another request.
    Made,
    /// The response says that no copy was made, or the result of the request is unclear.
    NotMade,
}

/// A request that has begun and whose result is not final: it is in flight, or its response waits for
/// overlapping requests. Dropping this value ends the request.
#[derive(Debug)]
pub(super) struct Flight<'o> {
    number: u64,
    overlaps: &'o Overlaps,
}

impl Overlaps {
    /// Records the start of a request.
    pub(super) fn begin(&self) -> Flight<'_> {
        let mut number = 0;
        self.0.send_modify(|requests| {
            requests.last += 1;
            number = requests.last;
            let request = Request {
                stage: Stage::InFlight,
                has_failed_overlap: false,
                has_unclear_overlap: false,
            };
            requests.open.insert(number, request);
        });
        Flight {
            number,
            overlaps: self,
        }
    }
}

impl Flight<'_> {
    /// Records that the response names a copy. Returns true if the copy must be read back: if `always` is
    /// true, if an overlapping request was not accepted or has an unclear result, or if the job stops while
    /// overlapping requests are in flight.
    pub(super) async fn was_made(&self, always: bool, stop: &StopSignal) -> bool {
        self.respond(Stage::Made, |_| {});
        if always {
            return true;
        }
        let ended = self.wait(|stage| stage == Stage::InFlight);
        match select(pin!(ended), pin!(stop.wait())).await {
            Either::Left(_) => self.get(|request| request.has_failed_overlap),
            Either::Right(_) => true,
        }
    }

    /// Records that no copy was made, according to the response. Returns true if the response may belong to
    /// an overlapping request.
    pub(super) async fn was_not_made(&self) -> bool {
        self.respond(Stage::NotMade, |other| other.has_failed_overlap = true);
        self.wait(|stage| stage != Stage::NotMade).await;
        self.get(|request| request.has_unclear_overlap)
    }

    /// Records that it is unclear whether the request made a copy, or which copy it made.
    pub(super) fn is_unclear(&self) {
        self.respond(Stage::NotMade, |other| {
            other.has_failed_overlap = true;
            other.has_unclear_overlap = true;
        });
    }

    /// Sets the stage of the request, and applies `change` to the overlapping requests.
    fn respond(&self, stage: Stage, change: impl Fn(&mut Request)) {
        self.overlaps.0.send_modify(|requests| {
            for (number, request) in &mut requests.open {
                if *number == self.number {
                    request.stage = stage;
                } else {
                    change(request);
                }
            }
        });
    }

    /// Waits until `in_stage` returns false for the stages of all overlapping requests.
    async fn wait(&self, in_stage: impl Fn(Stage) -> bool) {
        let mut receiver = self.overlaps.0.subscribe();
        // Requests that begin later do not overlap.
        let last = receiver.borrow().last;
        let ended = receiver.wait_for(|requests| {
            let mut others = requests.open.iter().filter(|(number, _)| **number != self.number);
            !others.any(|(number, request)| *number <= last && in_stage(request.stage))
        });
        // This fails only if the sender was dropped, but `self` borrows the sender.
        let _ = ended.await;
    }

    fn get(&self, flag: impl Fn(&Request) -> bool) -> bool {
        self.overlaps.0.borrow().open.get(&self.number).is_some_and(flag)
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.overlaps.0.send_modify(|requests| {
            requests.open.remove(&self.number);
        });
    }
}
