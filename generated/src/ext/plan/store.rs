//! Creates or saves one asset, as JSON: reads the asset, compares it with the plan, stores it, and reads it
//! back.

use super::difference::{fingerprint, same, same_at, status_of};
use super::entry::{Action, PlanEntry, PlanStep, STATUS};
use super::journal::Before;
use crate::ext::asset_group::GroupReader;
use crate::ext::bulk::{Failure, Outcome, Reason};
use crate::ext::error_class::{ErrorClass, exceeds_max_wait, not_about_the_asset};
use crate::ext::read::is_not_found;
use crate::ext::snapshot::pointer;
use crate::ext::update::empty_form;
use crate::ext::{AssetGroup, AssetStatus, FoundAsset};
use crate::{Client, Error};
use serde_json::Value;
use std::time::Duration;

/// Pause before an asset is read back a second time. The pause doubles before each further read.
const PAUSE: Duration = Duration::from_millis(500);
/// Maximum number of times that a stored asset is read back.
const READS: u32 = 4;

/// Result of storing an asset.
#[derive(Debug)]
pub(super) struct StoreResult {
    pub(super) outcome: Outcome,
    /// True if the service processed all requests, and their results are known.
    pub(super) answered: bool,
    /// Failure that ends the job, because all further requests would currently fail as well.
    pub(super) ends_the_job: Option<Failure>,
}

impl StoreResult {
    pub(super) fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            answered: true,
            ends_the_job: None,
        }
    }

    fn failed(outcome: Outcome, error: &Error) -> Self {
        let failure = Failure::of(Reason::NotProcessed, error);
        let ends = ErrorClass::of(error) == ErrorClass::Unauthorized || exceeds_max_wait(error);
        Self {
            outcome,
            answered: false,
            ends_the_job: ends.then_some(failure),
        }
    }
}

/// Result of comparing an asset with the entry that changes it.
#[derive(Debug)]
pub(super) enum Freshness {
    /// The entry can be applied. Either the asset is unchanged since the plan was made, or a run of the plan
    /// has already made a part of the changes, or the policy accepts the changes of someone else.
    Fresh,
    /// The asset already has the state that the plan requires.
    Satisfied,
    /// The asset has changed since the plan was made. Contains a description of the change.
    Stale(String),
}

/// Policy for assets that have changed since the plan was made.
#[derive(Clone, Copy, Debug)]
pub(super) struct StalePolicy {
    /// True to accept assets that have changed only at paths that the plan does not change. A deletion
    /// changes every path.
    pub(super) rebase: bool,
    /// True if an earlier run, or this run, may already have made a part of the change.
    pub(super) is_begun: bool,
}

/// Compares an asset with the entry that changes or deletes it.
pub(super) fn freshness(
    group: AssetGroup,
    entry: &PlanEntry,
    current: &Value,
    policy: StalePolicy,
) -> Freshness {
    let (mut old, mut new) = (0, 0);
    let mut before = current.clone();
    for change in entry.changes() {
        let actual = current.pointer(&change.path);
        if same_at(&change.path, actual, change.new.as_ref()) {
            new += 1;
        } else if same_at(&change.path, actual, change.old.as_ref()) {
            old += 1;
        } else {
            let shown = actual.map_or("absent".to_owned(), Value::to_string);
            return Freshness::Stale(format!("{} is now {shown}", change.path));
        }
        if actual != change.old.as_ref() && !pointer::put(&mut before, &change.path, change.old.clone()) {
            return Freshness::Stale(format!("{} has no place any more", change.path));
        }
    }
    if old == 0 && new > 0 {
        return Freshness::Satisfied;
    }
    let is_unchanged = Some(fingerprint(group, &before)) == entry.was;
    // A deletion concerns every path, so it is in conflict with any change.
    let is_rebased = policy.rebase && entry.action != Action::Delete;
    if is_rebased || is_unchanged && (new == 0 || policy.is_begun) {
        return Freshness::Fresh;
    }
    Freshness::Stale(if is_unchanged {
        "a part of the change was made by someone else".to_owned()
    } else {
        "other fields of it differ".to_owned()
    })
}

/// Returns the outcome of an asset that has changed since the plan was made. `was_sent` is true if an earlier
/// run may have made a part of the change.
pub(super) fn stale(entry: &PlanEntry, reason: &str, was_sent: bool) -> Outcome {
    if was_sent {
        let message =
            format!("an earlier run may have changed it, and someone else has changed it since: {reason}");
        let failure = Failure::new(Reason::Stale, message);
        return Outcome::Unknown { failure };
    }
    let rebase = match entry.action {
        Action::Delete => "",
        _ => ", or rebase it if the changes do not touch the same paths",
    };
    let message = format!(
        "the asset has changed since the plan was made ({reason}), so nothing was sent; fix: make the plan \
         again{rebase}"
    );
    Outcome::Rejected {
        failure: Failure::new(Reason::Stale, message),
    }
}

/// Runs the step *save* of an entry: sends the changes that belong to this step. If the journal has other
/// values than the read directly before the save, sends nothing and returns the current asset as an error.
/// `before` is the state in the journal.
pub(super) async fn save(
    client: &Client,
    reader: &GroupReader,
    entry: &PlanEntry,
    before: Option<&Before>,
    policy: StalePolicy,
    was_sent: bool,
) -> Result<StoreResult, Value> {
    let group = reader.group();
    let id = entry.key.id.as_str();
    let current = match reader.find_one(id).await {
        FoundAsset::Found(current) => current,
        FoundAsset::Missing => return Ok(StoreResult::new(missing(group, was_sent))),
        FoundAsset::Unreadable(failure) => return Ok(unreadable(failure)),
    };
    if is_deleted(group, &current) {
        return Ok(StoreResult::new(deleted(group, entry)));
    }
    let change = Saving { reader, entry };
    if change.is_saved(&current) {
        let outcome = if was_sent {
            Outcome::CONFIRMED
        } else {
            Outcome::ALREADY
        };
        return Ok(StoreResult::new(outcome));
    }
    // If the step was sent earlier, a part of its change may be the result.
    let agrees = |before: &Before| before.agrees(entry.changes_of(PlanStep::Save), &current);
    if !was_sent && !before.is_none_or(agrees) {
        return Err(current);
    }
    if let Freshness::Stale(reason) = freshness(group, entry, &current, policy) {
        return Ok(StoreResult::new(stale(entry, &reason, was_sent)));
    }
    Ok(send(client, change, current).await)
}

/// Saves the asset `current` with its new values, and finds out whether the service has saved it.
async fn send(client: &Client, change: Saving<'_>, current: Value) -> StoreResult {
    let Saving { reader, entry } = change;
    let group = reader.group();
    let id = entry.key.id.as_str();
    let result = change.send(client, &current, false).await;
    let Err(error) = result else {
        return change.verify(client, &current).await;
    };
    if !error.may_have_been_applied() {
        if ErrorClass::of(&error) != ErrorClass::Refused {
            return StoreResult::failed(not_processed(&error), &error);
        }
        // The service may have saved the asset all the same: a gateway may have sent the response to another
        // request, or may have forwarded the request and answered *not found* itself.
        return match reader.find_one(id).await {
            FoundAsset::Found(current) if change.is_saved(&current) => StoreResult::new(Outcome::CONFIRMED),
            read if !is_not_found(&error) => refused(&read, &error),
            FoundAsset::Missing => StoreResult::new(missing(group, false)),
            // The asset exists or cannot be read, so the *not found* response need not be about the asset.
            _ => StoreResult::failed(not_processed(&error), &error),
        };
    }
    let note = match change.read_back().await {
        FoundAsset::Found(asset) if change.is_saved(&asset) => return StoreResult::new(Outcome::CONFIRMED),
        FoundAsset::Found(asset) if fingerprint(group, &asset) == fingerprint(group, &current) => {
            "read back afterwards, it was unchanged; the request may still be in flight"
        }
        FoundAsset::Found(_) => {
            "read back afterwards, it has other values, so someone else may have changed it"
        }
        FoundAsset::Missing | FoundAsset::Unreadable(_) => "it could not be read back",
    };
    let failure = Failure::of(Reason::NoAnswer, &error).because(Reason::NoAnswer, note);
    StoreResult::failed(Outcome::Unknown { failure }, &error)
}

/// Returns the result of a refused request. `read` is the state of the asset afterwards. If the asset could
/// not be read, the outcome is *unknown*, because a gateway may have swapped the refusal with the response to
/// another request.
fn refused(read: &FoundAsset, error: &Error) -> StoreResult {
    let failure = Failure::of(Reason::Refused, error);
    if matches!(read, FoundAsset::Unreadable(_)) {
        let failure = failure.because(Reason::NotReadable, "it could not be read back");
        return StoreResult::failed(Outcome::Unknown { failure }, error);
    }
    StoreResult::new(Outcome::Rejected { failure })
}

/// Returns the outcome of an entry whose asset is deleted.
pub(super) fn deleted(group: AssetGroup, entry: &PlanEntry) -> Outcome {
    let consequence = match entry.action {
        Action::Create(_) => ", and its ID cannot be used again; fix: make the plan again",
        Action::Change(_) | Action::Delete => "",
    };
    let message = format!("this {} is deleted{consequence}", group.singular());
    Outcome::Rejected {
        failure: Failure::new(Reason::Deleted, message),
    }
}

/// Returns true if the status of the asset is *deleted*.
pub(super) fn is_deleted(group: AssetGroup, asset: &Value) -> bool {
    group.summary(asset).status == AssetStatus::Deleted
}

fn missing(group: AssetGroup, was_sent: bool) -> Outcome {
    let message = format!("no {} with this ID can be read", group.singular());
    let failure = Failure::new(Reason::NotFound, message);
    if was_sent {
        let note = "an earlier request may have changed it";
        let failure = failure.because(Reason::NotReadable, note);
        return Outcome::Unknown { failure };
    }
    Outcome::Rejected { failure }
}

fn unreadable(failure: Failure) -> StoreResult {
    match failure.error().cloned() {
        Some(error) => StoreResult::failed(Outcome::NotSent { failure }, &error),
        None => StoreResult::new(Outcome::NotSent { failure }),
    }
}

fn not_processed(error: &Error) -> Outcome {
    let failure = Failure::of(Reason::NotProcessed, error);
    Outcome::NotSent {
        failure: if is_not_found(error) {
            failure.because(Reason::NotProcessed, not_about_the_asset(error))
        } else {
            failure
        },
    }
}

/// The changes that the step *save* of an entry makes.
struct Saving<'e> {
    reader: &'e GroupReader,
    entry: &'e PlanEntry,
}

impl Saving<'_> {
    /// Returns true if the asset has the new values, as far as the service shows them.
    fn is_saved(&self, current: &Value) -> bool {
        self.unsaved(current).is_empty()
    }

    /// Returns the paths at which the asset does not have the new values.
    fn unsaved(&self, current: &Value) -> Vec<&str> {
        let managed = self.reader.group().managed_fields();
        let wanted = managed.as_stored(self.wanted(current, false));
        let current = managed.as_stored(current.clone());
        let changes = self.entry.changes_of(PlanStep::Save);
        changes
            .filter(|change| {
                !same_at(
                    &change.path,
                    wanted.pointer(&change.path),
                    current.pointer(&change.path),
                )
            })
            .map(|change| change.path.as_str())
            .collect()
    }

    /// Returns the asset with the new values. With `empties`, a removed value that has an empty form becomes
    /// empty instead of absent.
    fn wanted(&self, current: &Value, empties: bool) -> Value {
        let mut wanted = current.clone();
        for change in self.entry.changes_of(PlanStep::Save) {
            let removed = current.pointer(&change.path).filter(|_| empties);
            let new = change.new.clone().or_else(|| empty_form(removed?));
            pointer::put(&mut wanted, &change.path, new);
        }
        wanted
    }

    /// Saves the asset `current` with the new values. Repeats a failed request only if another read returns
    /// the asset unchanged.
    async fn send(&self, client: &Client, current: &Value, empties: bool) -> Result<(), Error> {
        let group = self.reader.group();
        let (reader, id) = (self.reader.clone(), self.entry.key.id.clone());
        let base = fingerprint(group, current);
        let save = group.save_call(client, &in_request(&self.wanted(current, empties)))?;
        save.repeat_if(move || {
            let (reader, id) = (reader.clone(), id.clone());
            async move {
                let read = reader.find_one(&id).await;
                matches!(read, FoundAsset::Found(asset) if fingerprint(group, &asset) == base)
            }
        })
        .await
    }

    /// Reads the asset back after a save with an unknown result, until the asset has the new values, at most
    /// [`READS`] times. Returns the result of the last read.
    async fn read_back(&self) -> FoundAsset {
        let id = &self.entry.key.id;
        let mut read = self.reader.find_one(id).await;
        let mut pause = PAUSE;
        for _ in 1..READS {
            if matches!(&read, FoundAsset::Found(asset) if self.is_saved(asset)) {
                break;
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
            read = self.reader.find_one(id).await;
        }
        read
    }

    /// Reads the asset back after the service has accepted the save. If the service kept values that the plan
    /// removes, saves the asset once more, with empty values instead of absent ones. If the values are kept
    /// even then, the outcome is *unknown*, because a gateway may have accepted the saves instead of the
    /// service.
    async fn verify(&self, client: &Client, before: &Value) -> StoreResult {
        let mut pause = PAUSE;
        let mut are_empties_sent = false;
        let mut unsaved = "all fields, because it is missing".to_owned();
        let mut is_kept = false;
        for read in 1..=READS {
            match self.reader.find_one(&self.entry.key.id).await {
                FoundAsset::Found(current) => {
                    let paths = self.unsaved(&current);
                    if paths.is_empty() {
                        return StoreResult::new(Outcome::CONFIRMED);
                    }
                    unsaved = paths.join(", ");
                    // The service may keep a value that a save omits.
                    is_kept = self.keeps_omitted(&paths, &current, before);
                    if !are_empties_sent && is_kept {
                        are_empties_sent = true;
                        // The result is ignored, because the next read shows the effect of this save.
                        let _ = self.send(client, &current, true).await;
                        continue;
                    }
                }
                FoundAsset::Unreadable(failure) if read == READS => {
                    let message =
                        format!("the service accepted it, but it could not be read back: {failure}");
                    let failure = Failure::new(Reason::NotReadable, message);
                    return StoreResult::new(Outcome::Unknown { failure });
                }
                FoundAsset::Missing | FoundAsset::Unreadable(_) => {}
            }
            if read < READS {
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2);
            }
        }
        let message = if is_kept {
            format!(
                "the service accepted it, but keeps {unsaved}, which the plan removes; if another run does \
                 not help either, remove it by hand"
            )
        } else {
            format!("the service accepted it, but reading it back shows other values of {unsaved}")
        };
        let failure = Failure::new(Reason::NotApplied, message);
        StoreResult::new(Outcome::Unknown { failure })
    }

    /// Returns true if the plan removes all the values at the paths `unsaved`, and the service has kept these
    /// values.
    fn keeps_omitted(&self, unsaved: &[&str], current: &Value, before: &Value) -> bool {
        let mut changes = self.entry.changes_of(PlanStep::Save);
        let are_removals =
            changes.all(|change| !unsaved.contains(&change.path.as_str()) || same(change.new.as_ref(), None));
        are_removals
            && unsaved
                .iter()
                .all(|path| same(current.pointer(path), before.pointer(path)))
    }
}

/// Creates the asset of an entry.
pub(super) async fn create(
    client: &Client,
    reader: &GroupReader,
    entry: &PlanEntry,
    was_sent: bool,
) -> StoreResult {
    let group = reader.group();
    let Action::Create(value) = &entry.action else {
        return StoreResult::new(Outcome::ALREADY);
    };
    let id = entry.key.id.as_str();
    match reader.find_one(id).await {
        FoundAsset::Missing => {}
        FoundAsset::Found(current) => {
            return StoreResult::new(existing(group, entry, value, &current, was_sent));
        }
        FoundAsset::Unreadable(failure) => {
            if !is_missing_in_unlisted(group, &failure) {
                return unreadable(failure);
            }
        }
    }
    let error = match group.create(client, &in_request(&as_created(value))).await {
        Ok(()) => return StoreResult::new(created(reader, entry, value).await),
        Err(error) => error,
    };
    let read = match reader.find_one(id).await {
        FoundAsset::Unreadable(failure) if is_missing_in_unlisted(group, &failure) => FoundAsset::Missing,
        read => read,
    };
    let is_refused = ErrorClass::of(&error) == ErrorClass::Refused && !is_not_found(&error);
    match (read, error.may_have_been_applied()) {
        // The asset was missing before the request, so this request has created it, whatever the response.
        (FoundAsset::Found(current), _) => StoreResult::new(existing(group, entry, value, &current, true)),
        (_, true) => {
            let failure = Failure::of(Reason::NoAnswer, &error);
            StoreResult::failed(Outcome::Unknown { failure }, &error)
        }
        (read, false) if is_refused => refused(&read, &error),
        (_, false) => StoreResult::failed(
            Outcome::NotSent {
                failure: Failure::of(Reason::NotProcessed, &error),
            },
            &error,
        ),
    }
}

/// Returns true if the failure means that the asset is missing. In a group that cannot be listed, the service
/// answers a read of a missing ID with an error.
fn is_missing_in_unlisted(group: AssetGroup, failure: &Failure) -> bool {
    !group.abilities().list && failure.error().is_some_and(is_not_found)
}

/// Returns the outcome of a creation if an asset with the same ID already exists.
fn existing(group: AssetGroup, entry: &PlanEntry, value: &Value, current: &Value, was_sent: bool) -> Outcome {
    if is_deleted(group, current) {
        return deleted(group, entry);
    }
    let differing = differing(group, value, current);
    match (differing.as_slice(), was_sent) {
        ([], true) => Outcome::CONFIRMED,
        ([], false) => Outcome::ALREADY,
        (paths, _) => {
            let message = format!("an asset with this ID exists and differs at {}", paths.join(", "));
            if was_sent {
                let failure = Failure::new(Reason::NotApplied, message);
                return Outcome::Unknown { failure };
            }
            let failure = Failure::new(Reason::Stale, message);
            let note = "nothing was sent; fix: make the plan again";
            let failure = failure.because(Reason::Stale, note);
            Outcome::Rejected { failure }
        }
    }
}

/// Reads a created asset back. If the asset differs from the asset that was sent, the outcome is *done*
/// without confirmation, because the service has accepted the asset. If the asset is missing, the outcome is
/// *unknown*, because a gateway may have accepted it instead of the service.
async fn created(reader: &GroupReader, entry: &PlanEntry, value: &Value) -> Outcome {
    let group = reader.group();
    let mut pause = PAUSE;
    let mut failure = Failure::new(
        Reason::NotApplied,
        "the service accepted it, but it is not there when it is read back".to_owned(),
    );
    for read in 1..=READS {
        match reader.find_one(&entry.key.id).await {
            FoundAsset::Found(current) if is_deleted(group, &current) => return deleted(group, entry),
            FoundAsset::Found(current) => {
                return Outcome::Done {
                    confirmed: differing(group, value, &current).is_empty(),
                };
            }
            FoundAsset::Missing => {}
            FoundAsset::Unreadable(problem) => {
                let message = format!("the service accepted it, but it could not be read back: {problem}");
                failure = Failure::new(Reason::NotReadable, message);
            }
        }
        if read < READS {
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
    }
    Outcome::Unknown { failure }
}

/// Returns the paths at which an asset differs from the asset to create, except for managed fields. An active
/// asset may still be archived by a later step.
fn differing(group: AssetGroup, value: &Value, current: &Value) -> Vec<String> {
    let fields = group.managed_fields();
    let wanted = fields.as_stored(in_request(&as_created(value)));
    let current = fields.as_stored(current.clone());
    let members = wanted.as_object().into_iter().flatten();
    let managed = super::difference::managed(group);
    let status = status_of(current.pointer(STATUS));
    let is_status_expected = status == AssetStatus::Active || status == status_of(value.pointer(STATUS));
    members
        .map(|(name, value)| (pointer::join("", name), value))
        .filter(|(path, _)| !managed.contains(&path.as_str()))
        .filter(|(path, value)| !same(Some(value), current.pointer(path)))
        .map(|(path, _)| path)
        .chain((!is_status_expected).then(|| STATUS.to_owned()))
        .collect()
}

/// Returns an asset in the form in which a request sends it: without members that are `null`. The service may
/// show absent properties as `null`, but may refuse `null` in requests.
fn in_request(asset: &Value) -> Value {
    let mut asset = asset.clone();
    if let Some(members) = asset.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    asset
}

/// Returns the asset `value` without its status, so that the service creates the asset as active. If the plan
/// wants an archived asset, a later step archives it.
fn as_created(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(members) = value.as_object_mut() {
        members.remove("status");
    }
    value
}
