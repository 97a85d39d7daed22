//! Reads, changes and saves an asset. Checks for concurrent changes, and keeps unknown fields.

use super::abilities::{Assets, IdOf};
use super::resource::{AssetStatus, Handle, Resource, Save};
use crate::values::exact_json;
use crate::{Client, Error};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Wait before an asset is read back a second time. The wait doubles before each further read.
const PAUSE: Duration = Duration::from_millis(500);
/// Number of times that a saved asset is read back before the change counts as lost.
const READS: u32 = 4;

/// JSON pointer to the status of an asset.
const STATUS: &str = "/status";

/// Changes one asset: reads it, changes it, saves it and reads it back.
///
/// ```no_run
/// use funnelflux::{Client, ext::*};
///
/// async fn set_postback(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
///     let updated = client
///         .offer_sources()
///         .update("2nIemJxCKbFX", |source| source.postback_tx_id = Some("txid".into()))
///         .send()
///         .await?;
///     println!("{} is saved", updated.after.offer_source_name);
///     Ok(())
/// }
/// ```
pub trait Update: Assets<Resource: Save> {
    /// Creates an update of one asset.
    ///
    /// All fields that the service sent are sent back, including fields that this version of the crate does
    /// not define. `change` may run more than once: after a conflict, it runs again on the asset as last
    /// read.
    fn update<F>(&self, id: impl Into<IdOf<Self>>, change: F) -> UpdateOne<Self::Resource, F>
    where
        F: FnMut(&mut <Self::Resource as Resource>::Asset) + Send,
    {
        UpdateOne {
            client: self.assets().clone(),
            id: id.into(),
            change,
            based_on: None,
            repetitions: 0,
        }
    }
}

impl<R: Save> Update for Handle<R> {}

/// Builder of an update of one asset.
///
/// # Conflicts
///
/// The API compares no versions, so it does not detect concurrent changes. Instead, the asset is read again
/// right before it is saved. If the asset then differs from the asset on which the change is based, nothing
/// is saved, and the error lists the differences. With [`repeat_on_conflict`](Self::repeat_on_conflict), the
/// change is repeated on the newer asset. A concurrent change between this second read and the save goes
/// unnoticed and is overwritten. If the save fails and is repeated, the asset is read again directly before
/// each repetition. If this read finds a concurrent change, there is a conflict, unless an earlier attempt
/// may still be applied. In that case, the result is [unknown](UpdateError::Unknown).
///
/// # Reading back
///
/// If the service keeps a text, list or object that the change removes, the asset is saved once more, with an
/// empty text, list or object in the same place.
///
/// The saved asset is read back up to four times, because the service may apply the change with a delay. The
/// waits between the reads are 0.5 s, 1 s and 2 s. A secret cannot be read back; the service shows only that
/// a secret is stored.
#[must_use = "an update does nothing until it is sent"]
pub struct UpdateOne<R: Resource, F> {
    client: Client,
    id: R::Id,
    change: F,
    based_on: Option<R::Asset>,
    repetitions: u32,
}

impl<R: Resource, F> fmt::Debug for UpdateOne<R, F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "UpdateOne({} {})", R::NAMES.singular, self.id)
    }
}

impl<R, F> UpdateOne<R, F>
where
    R: Save,
    F: FnMut(&mut R::Asset) + Send,
{
    /// Sets the asset on which the change is based, such as an asset that a form has shown for minutes. If
    /// the stored asset no longer equals this asset, there is a conflict. Default: the asset that
    /// [`send`](Self::send) reads.
    pub fn based_on(mut self, asset: R::Asset) -> Self {
        self.based_on = Some(asset);
        self
    }

    /// Sets the number of times that the change is repeated on a newer asset after a conflict. Default: 0,
    /// which reports every conflict.
    pub fn repeat_on_conflict(mut self, times: u32) -> Self {
        self.repetitions = times;
        self
    }

    /// Reads, changes and saves the asset, and reads it back.
    ///
    /// # Errors
    /// Returns an [`UpdateError`]. Its variant states whether the change was saved.
    pub async fn send(mut self) -> Result<Updated<R::Asset>, UpdateError<R::Asset>> {
        let mut base = match self.based_on.take() {
            Some(asset) => asset,
            None => self.find().await.map_err(UpdateError::Find)?,
        };
        loop {
            let mut wanted = base.clone();
            (self.change)(&mut wanted);
            let new_id = R::id(&wanted);
            if new_id != Some(&self.id) {
                return Err(UpdateError::IdChanged {
                    id: self.id.to_string(),
                    new_id: new_id.map(ToString::to_string).unwrap_or_default(),
                });
            }
            let current = self.find().await.map_err(UpdateError::Find)?;
            if is_deleted::<R>(&current) {
                let id = self.id.to_string();
                return Err(UpdateError::Deleted { id });
            }
            let result = if current == base {
                self.save(base, &wanted).await
            } else {
                Err(conflict(&base, current))
            };
            match result {
                Err(UpdateError::Conflict { current, .. }) if self.repetitions > 0 => {
                    self.repetitions -= 1;
                    base = *current;
                }
                result => return result,
            }
        }
    }

    async fn find(&self) -> Result<R::Asset, Error> {
        R::FIND_BY_ID(&self.client, &self.id).await
    }

    /// Sends `wanted`, which was computed from the asset `base`. The request is repeated only if a new read
    /// shows that the stored asset still equals `base`.
    async fn send_save(&self, base: &R::Asset, wanted: &R::Asset) -> Result<(), SaveFailure<R::Asset>> {
        let (client, id, base) = (self.client.clone(), self.id.clone(), base.clone());
        let newer = Arc::new(Mutex::new(None));
        let read = Arc::clone(&newer);
        let save = R::SAVE(&self.client, wanted).repeat_if(move || {
            let (find, base, newer) = (R::FIND_BY_ID(&client, &id), base.clone(), Arc::clone(&read));
            async move {
                let Ok(asset) = find.await else {
                    return false;
                };
                let is_unchanged = asset == base;
                if !is_unchanged {
                    *newer.lock().unwrap_or_else(PoisonError::into_inner) = Some(asset);
                }
                is_unchanged
            }
        });
        save.await.map_err(|error| SaveFailure {
            error,
            newer: newer.lock().unwrap_or_else(PoisonError::into_inner).take(),
        })
    }

    async fn save(
        &self,
        before: R::Asset,
        wanted: &R::Asset,
    ) -> Result<Updated<R::Asset>, UpdateError<R::Asset>> {
        let changed = differences(&json(&before), &json(wanted), Absent::Differs);
        if changed.is_empty() {
            return Ok(Updated {
                before: before.clone(),
                after: before,
                changed,
                unexpected: Vec::new(),
            });
        }
        // The service never shows secrets, so the assets are compared with masked secrets.
        let managed = R::SERVER_MANAGED;
        let shown = |asset: &R::Asset| managed.with_masked_secrets(json(asset));
        let asked = json(wanted);
        let emptied = managed.empty_secrets(&asked);
        let wanted_shown = managed.with_masked_secrets(asked);
        let before_shown = shown(&before);
        let unseen = before_shown == wanted_shown;
        let unanswered = match self.send_save(&before, wanted).await {
            Ok(()) => None,
            Err(SaveFailure { error, newer }) => match (error.may_have_been_applied(), newer) {
                // The change affects only secrets, so no read can show whether it was applied.
                (true, _) if unseen => return Err(UpdateError::Unknown(error)),
                // Even if the last attempt was refused or not sent, an earlier attempt may have been applied.
                (true, _) => Some(error),
                (false, Some(newer)) => return Err(conflict(&before, newer)),
                (false, None) => return Err(UpdateError::Refused(error)),
            },
        };
        let mut pause = PAUSE;
        let mut reads = 0;
        let mut are_empties_sent = false;
        loop {
            let after = match (self.find().await, &unanswered) {
                (Ok(after), _) => after,
                (Err(_), Some(error)) => return Err(UpdateError::Unknown(error.clone())),
                (Err(error), None) => return Err(UpdateError::NotReadBack(error)),
            };
            let after_shown = shown(&after);
            let unexpected = differences(&wanted_shown, &after_shown, Absent::MayBeEmpty);
            // The service may keep a secret that the saved asset lacks.
            let kept = emptied
                .iter()
                .copied()
                .filter(|secret| after_shown.pointer(secret).is_some());
            let differing: Vec<&str> = unexpected.iter().map(String::as_str).chain(kept).collect();
            let mut lost: Vec<String> = changed
                .iter()
                .filter(|field| differing.iter().any(|pointer| overlap(field, pointer)))
                .cloned()
                .collect();
            if lost.is_empty() && is_deleted::<R>(&after) && !is_deleted::<R>(wanted) {
                lost.push(STATUS.to_owned());
            }
            if lost.is_empty() {
                return Ok(Updated {
                    before,
                    after,
                    changed,
                    unexpected,
                });
            }
            // The service may keep a value that a save omits.
            let is_kept = |field: &String| {
                !emptied.contains(&field.as_str())
                    && wanted_shown.pointer(field).is_none()
                    && before_shown.pointer(field) == after_shown.pointer(field)
            };
            if unanswered.is_none()
                && !are_empties_sent
                && lost.iter().all(is_kept)
                && let Some(emptied) = with_empties::<R>(&after, &lost)
            {
                are_empties_sent = true;
                // The result is ignored, because the next read shows the effect of this save.
                let _ = self.send_save(&after, &emptied).await;
                continue;
            }
            reads += 1;
            if reads == READS {
                let is_at_base = |field: &String| before_shown.pointer(field) == after_shown.pointer(field);
                return Err(match unanswered {
                    // The request may still be in flight, so this is no conflict.
                    Some(error) if after != before && changed.iter().all(is_at_base) => {
                        UpdateError::Unknown(error.with_note(
                            "read back, the asset has other changes instead, probably by someone else",
                        ))
                    }
                    Some(error) => UpdateError::Unknown(error),
                    None => UpdateError::Lost {
                        fields: lost,
                        current: Box::new(after),
                    },
                });
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
    }
}

/// Failure of a save that is repeated only if the stored asset is unchanged.
struct SaveFailure<A> {
    error: Error,
    /// The stored asset with the change that prevented a repetition; `None` if no such change was found.
    newer: Option<A>,
}

/// Result of an update.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Updated<A> {
    /// The asset before the update.
    pub before: A,
    /// The asset after the update, as the service returned it.
    pub after: A,
    /// JSON pointers to the changed fields. If the list is empty, nothing had to change, and nothing was
    /// saved.
    pub changed: Vec<String>,
    /// JSON pointers to fields that the update did not change, but that have other values in the asset that
    /// was read back. The service may set these fields itself, or another client may have changed them right
    /// after the save.
    pub unexpected: Vec<String>,
}

/// Error of an update.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError<A> {
    /// The asset could not be read. Nothing was saved.
    #[error("the asset could not be read, so nothing was saved: {0}")]
    Find(Error),
    /// The change replaced the ID, which the service does not allow. Nothing was saved.
    #[error("the change replaces the ID {id} by {new_id}, and an ID cannot change; nothing was saved")]
    IdChanged {
        /// The ID before the change.
        id: String,
        /// The ID after the change.
        new_id: String,
    },
    /// The asset is deleted. Nothing was saved.
    #[error("{id} is deleted, so nothing was saved")]
    Deleted {
        /// ID of the asset.
        id: String,
    },
    /// The stored asset differs from the asset on which the change is based. Nothing was saved: the request
    /// was not sent, or the service has refused it.
    #[error(
        "the asset was changed in the meantime ({}), so nothing was saved; \
         fix: repeat the change on the current asset",
        .fields.join(", ")
    )]
    Conflict {
        /// JSON pointers to the fields that differ.
        fields: Vec<String>,
        /// The asset as it was last read.
        current: Box<A>,
    },
    /// The service refused the request, or did not process it. Nothing was saved.
    #[error("the asset was not saved: {0}")]
    Refused(Error),
    /// The service accepted the asset, but the asset that was read back has other values. Either another
    /// client changed the same fields immediately afterwards, or the service does not keep the values.
    #[error("the asset was saved, but reading it back shows other values of {}", .fields.join(", "))]
    Lost {
        /// JSON pointers to the changed fields that have other values in the asset that was read back.
        fields: Vec<String>,
        /// The asset as it was last read.
        current: Box<A>,
    },
    /// The service accepted the asset, but it could not be read back.
    #[error("the asset was saved, but could not be read back: {0}")]
    NotReadBack(Error),
    /// No trustworthy response arrived, and the change could not be confirmed by reading the asset back. The
    /// asset may or may not be saved. The request may still be in flight, and may even overwrite a change
    /// that someone else has made since.
    #[error("it is unknown whether the asset was saved: {0}; fix: read it before you try again")]
    Unknown(Error),
}

crate::runtime::error::debug_as_display!(UpdateError<A>, A);

/// Treatment of a property that only one of two assets has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// The assets differ.
    Differs,
    /// The assets differ, unless the value of the property is empty: `null`, or an empty string, list or
    /// object. The service may show an absent value in one of these forms. The vendor documents this only for
    /// strings, which default to the empty string.
    MayBeEmpty,
}

/// Returns the asset with empty values at these JSON pointers. Returns `None` if a value is absent or has no
/// empty form, or if a [`Value`] would round a number of the asset.
fn with_empties<R: Resource>(asset: &R::Asset, pointers: &[String]) -> Option<R::Asset> {
    let text = serde_json::to_string(asset).ok()?;
    if !exact_json::is_exact(&text) {
        return None;
    }
    let mut asset: Value = serde_json::from_str(&text).ok()?;
    for pointer in pointers {
        let value = asset.pointer_mut(pointer)?;
        *value = empty_form(value)?;
    }
    serde_json::from_value(asset).ok()
}

/// Returns the empty value to save instead of a removed value, because the service may keep a value that a
/// save omits. Returns `None` if the value has no empty form.
pub(super) fn empty_form(removed: &Value) -> Option<Value> {
    match removed {
        Value::String(_) => Some(Value::from("")),
        Value::Array(_) => Some(Value::Array(Vec::new())),
        Value::Object(_) => Some(Value::Object(Map::new())),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Returns the error for an asset that was changed in the meantime.
fn conflict<A: Serialize>(base: &A, current: A) -> UpdateError<A> {
    UpdateError::Conflict {
        fields: differences(&json(base), &json(&current), Absent::Differs),
        current: Box::new(current),
    }
}

pub(super) fn is_deleted<R: Resource>(asset: &R::Asset) -> bool {
    R::summary(asset).status == AssetStatus::Deleted
}

/// Converts an asset to JSON for comparisons. A number that a [`Value`] would round becomes a string.
pub(super) fn json(asset: &impl Serialize) -> Value {
    let text = serde_json::to_string(asset).unwrap_or_default();
    exact_json::show(&text).unwrap_or_else(|_| text.into())
}

/// Returns JSON pointers to the values in which two assets differ. Arrays are compared as a whole.
pub(super) fn differences(left: &Value, right: &Value, absent: Absent) -> Vec<String> {
    let mut pointers = Vec::new();
    compare(left, right, absent, "", &mut pointers);
    pointers
}

fn compare(left: &Value, right: &Value, absent: Absent, pointer: &str, pointers: &mut Vec<String>) {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let added = right.keys().filter(|name| !left.contains_key(*name));
            for name in left.keys().chain(added) {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                let pointer = format!("{pointer}/{escaped}");
                match (left.get(name), right.get(name)) {
                    (Some(left), Some(right)) => compare(left, right, absent, &pointer, pointers),
                    (Some(alone), None) | (None, Some(alone))
                        if absent == Absent::MayBeEmpty && is_empty(alone) => {}
                    _ => pointers.push(pointer),
                }
            }
        }
        (left, right) if left == right => {}
        _ => pointers.push(pointer.to_owned()),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Returns true if the pointers are equal, or if one pointer leads to a value inside the value at the other
/// pointer.
fn overlap(left: &str, right: &str) -> bool {
    let contains = |parent: &str, pointer: &str| {
        let rest = pointer.strip_prefix(parent);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    contains(left, right) || contains(right, left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn differences_are_named_by_pointer() {
        let left = json!({"a": 1, "b": {"c": [1], "d/e": 2}, "gone": null});
        let right = json!({"b": {"c": [1, 2], "d/e": 3}, "a": 1, "new": null});
        assert_eq!(
            differences(&left, &right, Absent::Differs),
            ["/b/c", "/b/d~1e", "/gone", "/new"]
        );
        assert_eq!(
            differences(&left, &right, Absent::MayBeEmpty),
            ["/b/c", "/b/d~1e"]
        );
        assert!(differences(&left, &left, Absent::Differs).is_empty());
        assert!(overlap("/a", "/a/b") && overlap("/a/b", "/a") && !overlap("/a", "/ab"));
    }
}
