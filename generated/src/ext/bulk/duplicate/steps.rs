//! Steps of a duplication: reading the original, sending the request, and checking the copy that the response
//! names.

mod lost_copies;
mod overlap;

use super::{CopyRequests, OverrideProblem};
use crate::Error;
use crate::ext::bulk::engine::{
    EarlierRequest, Item, JobSettings, JobSteps, ScheduledStep, SettleCause, Shared, StepResult, Task,
    ends_the_job, pause, pause_after,
};
use crate::ext::bulk::journal::CopyRequest;
use crate::ext::bulk::{Entry, Failure, Outcome, Reason};
use crate::ext::error_class::{ErrorClass, exceeds_max_wait, has_json_object, not_about_the_asset};
use crate::ext::read::{ReadResult, is_not_found, odd_failure};
use crate::ext::resource::ListRow;
use crate::runtime::attempt_time::{AttemptTime, LastAttempt};
use crate::transport::BoxFuture;
use overlap::{Flight, Overlaps};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// Maximum number of times that the list is read to find a copy after a lost response. This is also the
/// maximum number of times that a copy is read back.
const LIST_READS: u32 = 4;

/// Assets that are known to exist. A search for a lost copy ignores the assets in `before` and `copies`.
struct KnownAssets {
    /// IDs of all assets before the first request; `None` if the assets could not be listed.
    before: Option<HashSet<String>>,
    /// IDs of the copies that the job has made.
    copies: HashSet<String>,
    /// IDs that responses named, but whose assets do not have the requested name or could not be read. A
    /// gateway may have swapped the responses, so such an asset can be the copy that another request made.
    unclaimed: HashSet<String>,
}

pub(super) struct DuplicationSteps {
    shared: Shared,
    /// Requested names of the copies.
    names: HashSet<String>,
    overlaps: Overlaps,
    /// True once a response ends the job.
    is_ending: AtomicBool,
    requests: Mutex<Box<dyn CopyRequests>>,
    has_overrides: bool,
    known: Mutex<KnownAssets>,
    /// Requests for copies, keyed by the ID of the original. The results of these requests are unknown.
    unknown: Mutex<HashMap<String, CopyRequest>>,
}

impl JobSteps for DuplicationSteps {
    fn settings(&self) -> &JobSettings {
        &self.shared.settings
    }

    fn chunk_size(&self) -> usize {
        1
    }

    fn prepares(&self) -> bool {
        true
    }

    fn first_task(&self, sent: bool) -> Task {
        if sent {
            Task::Settle(SettleCause::Lost)
        } else if self.has_overrides {
            Task::Look
        } else {
            Task::Send { for_children: false }
        }
    }

    fn copy_time(&self) -> Option<SystemTime> {
        Some(self.shared.client.now())
    }

    fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    fn run(self: Arc<Self>, mut step: ScheduledStep) -> BoxFuture<'static, StepResult> {
        Box::pin(async move {
            if !self.shared.begin(&mut step).await {
                return StepResult::not_run(step);
            }
            let mut result = StepResult::new();
            match step.task {
                Task::Prepare => return self.prepare().await,
                Task::Settle(_) => self.find_copies(step.items, &mut result).await,
                task => {
                    for item in step.items {
                        // If a request for an ID may have been received, the ID is never sent again.
                        if item.earlier_request == EarlierRequest::Unanswered {
                            result.lost.push(item);
                        } else if matches!(task, Task::Look) {
                            self.look(item, step.attempts, &mut result).await;
                        } else {
                            self.send(item, step.attempts, &mut result).await;
                        }
                    }
                }
            }
            result
        })
    }
}

impl DuplicationSteps {
    pub(super) fn new(mut shared: Shared, requests: Box<dyn CopyRequests>) -> Self {
        let before = shared.seen.take();
        let unknown = std::mem::take(&mut shared.copy_requests);
        let unclaimed = unknown.values().filter_map(|request| request.copy.clone());
        let known = KnownAssets {
            before,
            copies: std::mem::take(&mut shared.copies),
            unclaimed: unclaimed.collect(),
        };
        Self {
            names: requests.names(),
            overlaps: Overlaps::default(),
            is_ending: AtomicBool::new(false),
            has_overrides: requests.has_overrides(),
            requests: Mutex::new(requests),
            known: Mutex::new(known),
            unknown: Mutex::new(unknown),
            shared,
        }
    }

    fn known(&self) -> MutexGuard<'_, KnownAssets> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn requests(&self) -> MutexGuard<'_, Box<dyn CopyRequests>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unknown(&self) -> MutexGuard<'_, HashMap<String, CopyRequest>> {
        self.unknown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn name(&self, id: &str) -> String {
        let requests = self.requests();
        requests.name(id).map(str::to_owned).unwrap_or_default()
    }

    /// Checks the account, and lists the assets before the first request. If an earlier run already sent
    /// requests whose results are unknown, nothing is listed, because a list could contain the copies of
    /// these requests.
    async fn prepare(&self) -> StepResult {
        let mut result = self.shared.check_account().await;
        let is_listed = self.known().before.is_some() || !self.unknown().is_empty();
        if result.fatal.is_some() || result.other_account.is_some() || is_listed {
            return result;
        }
        match self.list().await {
            Some(Ok(rows)) => {
                let before: Vec<String> = rows.into_iter().map(|row| row.id).collect();
                self.known().before = Some(before.iter().cloned().collect());
                result.seen = Some(before);
            }
            Some(Err(error)) if exceeds_max_wait(&error) => {
                result.fatal = Some(Failure::of(Reason::NotProcessed, &error));
            }
            Some(Err(_)) | None => {}
        }
        result
    }

    /// Lists all assets; returns `None` if assets of this kind cannot be listed.
    async fn list(&self) -> Option<Result<Vec<ListRow<String>>, Error>> {
        self.shared.reader.list_rows().await
    }

    /// Records that the response to a request is lost.
    fn lose(&self, mut item: Item, attempt: Option<AttemptTime>, result: &mut StepResult) {
        item.attempt = attempt;
        let request = CopyRequest {
            attempt,
            ..CopyRequest::default()
        };
        self.unknown().insert(item.id.to_string(), request);
        result.lost.push(item);
    }

    /// Reads the original and adds the overrides to the request.
    async fn look(&self, item: Item, attempts: u32, result: &mut StepResult) {
        let read = self.shared.reader.texts(&[item.id.to_string()]).await;
        let not_sent = |failure| Outcome::NotSent { failure };
        match read.into_iter().next() {
            Some(ReadResult::Found(original)) => {
                let added = self.requests().add_overrides(&item.id, &original);
                match added {
                    Ok(()) => {
                        result.answered = Some(true);
                        result.then(Task::Send { for_children: false }, vec![item]);
                    }
                    Err(OverrideProblem::Odd(problem)) => result.end(item, not_sent(odd_failure(problem))),
                    Err(OverrideProblem::Refused(message)) => {
                        let failure = Failure::new(Reason::Refused, message);
                        result.end(item, Outcome::Rejected { failure });
                    }
                }
            }
            Some(ReadResult::Odd(failure)) => result.end(item, not_sent(failure)),
            Some(ReadResult::Unreadable(error)) if self.shared.may_retry(attempts, &error) => {
                result.then_after(
                    pause_after(attempts, &error),
                    attempts + 1,
                    Task::Look,
                    vec![item],
                );
            }
            Some(ReadResult::Unreadable(error)) => {
                let message = format!("the original could not be read: {error}");
                let failure = Failure::with_error(Reason::NotLookedAt, message, &error);
                result.fatal = ends_the_job(&error).then(|| failure.clone());
                result.answered = Some(false);
                result.end(item, not_sent(failure));
            }
            Some(ReadResult::Missing) | None => {
                result.end(item, missing(self.shared.reader.names().singular));
            }
        }
    }

    async fn send(&self, mut item: Item, attempts: u32, result: &mut StepResult) {
        let shared = &self.shared;
        let last_attempt = LastAttempt::default();
        let call = self.requests().call(&shared.client, &item.id).map(|call| {
            let call = call.stop_with(shared.stop_signal.receiver());
            let call = call.record_in(last_attempt.clone());
            match &shared.settings.retry_policy {
                Some(policy) => call.retry(policy.clone()),
                None => call,
            }
        });
        let Some(call) = call else {
            return;
        };
        let flight = self.overlaps.begin();
        let response = call.await;
        let attempt = last_attempt.time();
        let error = match response {
            Ok(Some(copy)) if !copy.is_empty() => {
                result.answered = Some(true);
                return self.answered(item, copy, attempt, flight, result).await;
            }
            Ok(_) => {
                let message = "the service accepted it, but its response does not name the copy";
                result.answered = Some(true);
                item.failure = Some(Failure::new(Reason::NoAnswer, message));
                flight.is_unclear();
                return self.lose(item, attempt, result);
            }
            Err(error) => error,
        };
        let ends = end_job(&error, result);
        self.is_ending.fetch_or(ends, Ordering::Relaxed);
        let class = ErrorClass::of(&error);
        let is_missing = class == ErrorClass::Refused && is_not_found(&error);
        // A gateway may forward a request and still respond with a page that says *not found*.
        let is_forwarded = is_missing && !has_json_object(&error);
        if class == ErrorClass::Ambiguous || is_forwarded {
            flight.is_unclear();
        } else if flight.was_not_made().await {
            let note = "this may be the answer to another request that was sent at the same time";
            item.failure = Some(Failure::of(Reason::NoAnswer, &error).because(Reason::NoAnswer, note));
            return self.lose(item, attempt, result);
        }
        let original = if is_missing {
            shared.reader.summaries(&[item.id.to_string()]).await.pop()
        } else {
            None
        };
        if let Some(ReadResult::Unreadable(error)) = &original {
            end_job(error, result);
        }
        let is_refused =
            class == ErrorClass::Refused && (!is_missing || matches!(original, Some(ReadResult::Missing)));
        // A lost response counts as unanswered, so that the job stops after several lost responses. Each
        // further request could make another copy that is not recognised.
        result.answered = Some(is_refused);
        let retry = attempts < shared.settings.retries && !shared.stop_signal.is_set() && !ends;
        if is_refused {
            let failure = Failure::of(Reason::Refused, &error);
            result.end(item, Outcome::Rejected { failure });
        } else if is_forwarded {
            let note = "a gateway may have given this answer and forwarded the request";
            item.failure = Some(Failure::of(Reason::NoAnswer, &error).because(Reason::NoAnswer, note));
            self.lose(item, attempt, result);
        } else if class == ErrorClass::Ambiguous {
            item.failure = Some(Failure::of(Reason::NoAnswer, &error));
            self.lose(item, attempt, result);
        } else if retry && !is_missing {
            result.answered = None;
            let task = Task::Send { for_children: false };
            result.then_after(pause_after(attempts, &error), attempts + 1, task, vec![item]);
        } else {
            let mut failure = Failure::of(Reason::NotProcessed, &error);
            if let Some(ReadResult::Found(_) | ReadResult::Odd(_)) = original {
                failure = failure.because(Reason::NotProcessed, not_about_the_asset(&error));
            }
            result.end(item, Outcome::NotSent { failure });
        }
    }

    /// Processes a response with the ID of a copy.
    async fn answered(
        &self,
        mut item: Item,
        copy: String,
        attempt: Option<AttemptTime>,
        flight: Flight<'_>,
        result: &mut StepResult,
    ) {
        let is_new = {
            let mut known = self.known();
            let existed = known.before.as_ref().is_some_and(|ids| ids.contains(&copy));
            let is_named = existed || known.unclaimed.contains(&copy) || self.requests().contains(&copy);
            !is_named && known.copies.insert(copy.clone())
        };
        if !is_new {
            let message =
                format!("its answer names {copy}, which is not a new copy, so it belongs to another request");
            item.failure = Some(Failure::new(Reason::NoAnswer, message));
            flight.is_unclear();
            return self.lose(item, attempt, result);
        }
        let verifies = self.shared.settings.verify == Some(true);
        if !flight.was_made(verifies, &self.shared.stop_signal).await {
            return result.end_with_copy(item, copy, Outcome::DONE);
        }
        match self.verify(&copy, &self.name(&item.id), result).await {
            CopyCheck::Confirmed => result.end_with_copy(item, copy, Outcome::CONFIRMED),
            CopyCheck::Other(failure) => {
                flight.is_unclear();
                item.failure = Some(failure);
                self.lose(item, attempt, result);
            }
            CopyCheck::Unread(failure) => {
                flight.is_unclear();
                result.end_with_copy(item, copy, Outcome::Unknown { failure });
            }
        }
    }

    /// Reads back a copy that a response named, and records whether this copy belongs to the request.
    async fn verify(&self, copy: &String, name: &str, result: &mut StepResult) -> CopyCheck {
        let check = self.check_name(copy, name, result).await;
        let mut known = self.known();
        if matches!(check, CopyCheck::Confirmed) {
            known.unclaimed.remove(copy);
            known.copies.insert(copy.clone());
        } else {
            known.copies.remove(copy);
            known.unclaimed.insert(copy.clone());
        }
        check
    }

    async fn check_name(&self, copy: &String, name: &str, result: &mut StepResult) -> CopyCheck {
        let mut problem = String::new();
        for attempt in 0..LIST_READS {
            let read = self.shared.reader.rows(std::slice::from_ref(copy)).await.pop();
            let mut is_last = attempt + 1 == LIST_READS;
            problem = match read {
                Some(ReadResult::Found(row)) if has_name(&row.value, name) => return CopyCheck::Confirmed,
                Some(ReadResult::Found(_)) => {
                    let message = format!(
                        "its answer names {copy}, which has another name, so it belongs to another request"
                    );
                    return CopyCheck::Other(Failure::new(Reason::NoAnswer, message));
                }
                Some(ReadResult::Odd(failure)) => failure.to_string(),
                Some(ReadResult::Unreadable(error)) => {
                    is_last |= end_job(&error, result);
                    error.to_string()
                }
                Some(ReadResult::Missing) | None => "no asset with this ID can be read".to_owned(),
            };
            if is_last {
                break;
            }
            self.shared.stop_signal.sleep(pause(attempt)).await;
        }
        let message = format!("the service made the copy {copy}, but it could not be read back: {problem}");
        CopyCheck::Unread(Failure::new(Reason::NotReadable, message))
    }
}

/// Result of reading back a copy that a response named.
enum CopyCheck {
    /// The copy has the requested name.
    Confirmed,
    /// The copy has another name, so it belongs to another request.
    Other(Failure),
    /// The copy could not be read.
    Unread(Failure),
}

impl StepResult {
    /// Ends an item for which a copy is known.
    fn end_with_copy(&mut self, item: Item, copy: String, outcome: Outcome) {
        let entry = Entry::new(item.id, item.position, outcome);
        self.entries.push(entry.with_copy(Some(copy.into())));
    }
}

/// Ends the job if the service rejected the credentials, or asks for a longer wait than a job accepts.
/// Returns true in these cases.
fn end_job(error: &Error, result: &mut StepResult) -> bool {
    let ends = ends_the_job(error);
    if ends {
        let failure = || Failure::of(Reason::NotProcessed, error);
        result.fatal.get_or_insert_with(failure);
    }
    ends
}

/// Returns true if a property of the asset equals this name.
fn has_name(asset: &serde_json::Value, name: &str) -> bool {
    let mut properties = asset.as_object().into_iter().flatten();
    properties.any(|(_, value)| value == name)
}

fn missing(asset: &str) -> Outcome {
    let message = format!("no {asset} with this ID can be read");
    let failure = Failure::new(Reason::NotFound, message);
    Outcome::Rejected { failure }
}
