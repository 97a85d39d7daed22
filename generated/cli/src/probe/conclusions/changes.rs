//! Findings about the responses to changes, and about the assets after changes.

use super::{mismatch, open, shown, surprise, undescribed, value};
use crate::probe::experiment::{Answer, Finding, Observation, Slot};
use crate::probe::scene::Known;
use funnelflux::ext::AssetStatus;
use funnelflux_fake::{
    DeletedAssets, EntryPolicy, ExistingOnCreate, SaveMeaning, SuccessBody, SuccessStatus,
};
use serde_json::Value;
use std::collections::HashSet;

pub(in super::super) fn save(known: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [
        Observation::Asset(Some(before)),
        Observation::Answer(answer),
        Observation::Asset(Some(after)),
    ] = observations
    else {
        return mismatch();
    };
    let Some((property, sent)) = known.extra() else {
        return vec![open("no property can be omitted")];
    };
    if before.get(property) != Some(sent) {
        return vec![undescribed(format!("create does not store {property}"))];
    }
    if !answer.is_success() {
        return vec![surprise(format!("a save of an own asset got {}", answer.status))];
    }
    if known.group.name_of(before) == known.group.name_of(after) {
        return vec![surprise(format!(
            "a save got {}, and saved nothing",
            answer.status
        ))];
    }
    vec![match after.get(property) {
        Some(value_after) if value_after == sent => {
            value(SaveMeaning::Merge, format!("{property} stays when it is omitted"))
        }
        _ => value(
            SaveMeaning::Replace,
            format!("{property} is reset when it is omitted"),
        ),
    }]
}

pub(in super::super) fn existing_on_create(known: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [Observation::Answer(answer), Observation::Asset(Some(asset))] = observations else {
        return mismatch();
    };
    let is_replaced = known
        .group
        .name_of(asset)
        .is_some_and(|name| name.ends_with(" again"));
    let detail = format!(
        "got {}, and the asset is {}",
        answer.status,
        if is_replaced { "replaced" } else { "as it was" }
    );
    vec![match (answer.status, is_replaced) {
        (409, false) => value(ExistingOnCreate::Conflict, detail),
        (400, false) => value(ExistingOnCreate::BadRequest, detail),
        (_, true) if answer.is_success() => value(ExistingOnCreate::Overwrite, detail),
        (_, false) => undescribed(detail),
        (_, true) => surprise(detail),
    }]
}

pub(in super::super) fn success(_: &Known, observations: &[Observation]) -> Vec<Finding> {
    let mut answers = Vec::new();
    for observation in observations {
        match observation {
            Observation::Answer(answer) if answer.is_success() => answers.push(answer),
            Observation::Answer(answer) => {
                return vec![surprise(format!(
                    "a change of an own asset got {}",
                    answer.status
                ))];
            }
            _ => return mismatch(),
        }
    }
    let statuses: HashSet<u16> = answers.iter().map(|answer| answer.status).collect();
    let detail = format!("{} changes got {}", answers.len(), list(&statuses));
    let is = |status| statuses.iter().all(|other| *other == status);
    let status = if is(200) {
        value(SuccessStatus::Ok, detail)
    } else if is(201) {
        value(SuccessStatus::Created, detail)
    } else if is(204) {
        value(SuccessStatus::NoContent, detail)
    } else {
        undescribed(detail)
    };
    if is(204) {
        return vec![status, open("a response with the status 204 has no body")];
    }
    let bodies: Vec<Option<SuccessBody>> = answers.iter().map(|answer| success_body(answer)).collect();
    let body = match bodies.as_slice() {
        [Some(first), rest @ ..] if rest.iter().all(|other| *other == Some(*first)) => {
            value(*first, format!("the same after {} changes", bodies.len()))
        }
        _ => {
            let bodies: Vec<String> = answers.iter().map(|answer| shown(&answer.body)).collect();
            undescribed(format!("{bodies:?}"))
        }
    };
    vec![status, body]
}

fn success_body(answer: &Answer) -> Option<SuccessBody> {
    if answer.body.iter().all(u8::is_ascii_whitespace) {
        return Some(SuccessBody::Nothing);
    }
    match answer.json()? {
        Value::Null => Some(SuccessBody::Null),
        Value::Object(object) if object.is_empty() => Some(SuccessBody::EmptyObject),
        Value::Object(object) if object.len() == 1 && object.contains_key("message") => {
            Some(SuccessBody::Message)
        }
        _ => None,
    }
}

fn list(statuses: &HashSet<u16>) -> String {
    let mut statuses: Vec<String> = statuses.iter().map(u16::to_string).collect();
    statuses.sort_unstable();
    statuses.join(", ")
}

/// Concludes how the service treats an ID that it cannot archive, in a list with other IDs. In the observed
/// call, the second of three IDs was unknown or already archived.
pub(in super::super) fn bad_entry(known: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [
        Observation::Answer(answer),
        Observation::Asset(first),
        Observation::Asset(last),
    ] = observations
    else {
        return mismatch();
    };
    let (first, last) = (
        known.is_archived(first.as_ref()),
        known.is_archived(last.as_ref()),
    );
    let word = |is_archived| if is_archived { "archived" } else { "as it was" };
    let detail = format!(
        "got {}; the entry before is {}, the one after it is {}",
        answer.status,
        word(first),
        word(last)
    );
    vec![match (answer.refusal(), first, last) {
        (None, true, true) if answer.is_success() => value(EntryPolicy::ignore(), detail),
        (Some(status), false, false) => value(EntryPolicy::refuse_all(status), detail),
        (Some(status), true, true) => value(EntryPolicy::apply_good(status), detail),
        (Some(status), true, false) => value(EntryPolicy::stop_at_bad(status), detail),
        _ => surprise(detail),
    }]
}

pub(in super::super) fn refused_target(known: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [Observation::Answer(answer), Observation::Asset(parent)] = observations else {
        return mismatch();
    };
    let is_archived = known.is_archived(parent.as_ref());
    let word = if is_archived { "archived" } else { "as it was" };
    let detail = format!("got {}, and the parent is {word}", answer.status);
    vec![match (answer.refusal(), is_archived) {
        (Some(status), false) => value(Some(status), detail),
        (None, true) if answer.is_success() => value(None::<u16>, detail),
        _ => surprise(detail),
    }]
}

pub(in super::super) fn unknown_category(known: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [
        Observation::Answer(answer),
        Observation::Asset(Some(asset)),
        Observation::Answer(back),
    ] = observations
    else {
        return mismatch();
    };
    let category = known.group.summary(asset).category;
    let is_moved = category == known.id(Slot::Unknown);
    let detail = format!("got {}, and the category is {category:?}", answer.status);
    if !back.is_success() {
        return vec![surprise(format!("a move to no category got {}", back.status))];
    }
    vec![match (answer.refusal(), is_moved) {
        (Some(status), false) => value(Some(status), detail),
        (None, true) if answer.is_success() => value(None::<u16>, detail),
        (None, false) => undescribed(detail),
        _ => surprise(detail),
    }]
}

pub(in super::super) fn cascade_of_already(known: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [
        Observation::Answer(first),
        Observation::Asset(before),
        Observation::Answer(second),
        Observation::Asset(after),
    ] = observations
    else {
        return mismatch();
    };
    if !first.is_success() {
        return vec![surprise(format!(
            "the archiving of an own asset got {}",
            first.status
        ))];
    }
    if known.is_archived(before.as_ref()) {
        return vec![undescribed(
            "archiving a parent archives its children without being asked",
        )];
    }
    let is_archived = known.is_archived(after.as_ref());
    vec![match (second.refusal(), is_archived) {
        (Some(status), false) => open(format!("the second call is refused with {status}")),
        (Some(status), true) => surprise(format!("the second call got {status}, and archived the child")),
        // A successful response that differs from the first one may report an error.
        _ if (first.status, &first.body) != (second.status, &second.body) => {
            undescribed(format!("got {} with {:?}", second.status, shown(&second.body)))
        }
        (None, true) => value(true, "the second call archived the child"),
        (None, false) => value(false, "the second call left the child as it was"),
    }]
}

pub(in super::super) fn deleted_in_category(known: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [
        Observation::Answer(moved),
        Observation::Answer(before),
        Observation::Answer(deleted),
        Observation::Asset(asset),
        Observation::Answer(after),
    ] = observations
    else {
        return mismatch();
    };
    if let Some(failed) = [moved, deleted].into_iter().find(|answer| !answer.is_success()) {
        return vec![surprise(format!(
            "a change of an own asset got {}",
            failed.status
        ))];
    }
    let status = asset.as_ref().map(|asset| known.group.summary(asset).status);
    if status.is_some_and(|status| status != AssetStatus::Deleted) {
        return vec![surprise("a deletion is a success and deletes nothing")];
    }
    let contains = |answer: &Answer| {
        let rows = answer.rows().filter(|_| answer.is_success())?;
        Some(known.has(&rows, Slot::C))
    };
    vec![match (contains(before), contains(after)) {
        (Some(true), Some(is_included)) => {
            let word = if is_included { "still there" } else { "gone" };
            value(is_included, format!("after its deletion an asset is {word}"))
        }
        _ => undescribed("find by category does not return the asset that was moved there"),
    }]
}

pub(in super::super) fn deleted(known: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [Observation::Asset(asset), Observation::Answer(listed)] = observations else {
        return mismatch();
    };
    let readable = match asset {
        Some(_) => value(
            DeletedAssets::Readable,
            "find by ID returned it with the status deleted",
        ),
        None => value(DeletedAssets::Gone, "find by ID did not return it"),
    };
    let listed = match listed.rows().filter(|_| listed.is_success()) {
        Some(rows) => {
            let is_listed = known.has(&rows, Slot::C);
            value(is_listed, format!("a list of {} assets", rows.len()))
        }
        None => undescribed(format!("the list got {}", listed.status)),
    };
    vec![readable, listed]
}
