//! Read, change, save: without losing what somebody else does meanwhile, nor fields that this crate does not know.

use super::abilities::{Assets, IdOf};
use super::resource::{Handle, Resource, Save};
use crate::runtime::server_managed::ServerManagedFields;
use crate::{Client, Error};
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// The wait before an asset is read back once more; it doubles each time.
const PAUSE: Duration = Duration::from_millis(500);
/// How often a saved asset is read back before the change counts as lost.
const READS: u32 = 4;

/// Changes one asset: reads it, changes it, saves it, and reads it back.
///
/// ```no_run
/// use funnelflux::{Client, ext::*};
///
/// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
/// let updated = client
///     .offer_sources()
///     .update("2nIemJxCKbFX", |source| source.postback_tx_id = Some("txid".into()))
///     .send()
///     .await?;
/// println!("{} is saved", updated.after.offer_source_name);
/// # Ok(())
/// # }
/// ```
pub trait Update: Assets<Resource: Save> {
    /// A change of one asset, to be sent.
    ///
    /// All fields that the service sent go back to it, also those that this version of the crate does not know. `change` may be
    /// called more than once, each time on what was read last.
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

/// A change of one asset, to be set up and sent.
///
/// # Conflicts
///
/// The API has no version to compare, so this is what can be done: right before saving, the asset is read once more. If it
/// differs from what the change is based on, nothing is saved, and the error says what differs; or the change is made again on
/// the newer asset, if [`repeat_on_conflict`](Self::repeat_on_conflict) allows. A change by somebody else in the short time
/// between that reading and the saving goes unseen, and is overwritten where both touch the same asset.
///
/// What was saved is read back up to four times, 0.5 s, 1 s and 2 s apart, since the service may be late. Of a secret, reading back
/// shows only that there is one.
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
    /// The asset as it was when the change was decided on, such as minutes ago in a form. If it reads differently now, that is a
    /// conflict. Default: what is read when the update is sent.
    pub fn based_on(mut self, asset: R::Asset) -> Self {
        self.based_on = Some(asset);
        self
    }

    /// How often the change is made again on a newer asset when somebody else has changed it. Default 0: a conflict is an error.
    pub fn repeat_on_conflict(mut self, times: u32) -> Self {
        self.repetitions = times;
        self
    }

    /// Reads, changes, saves, and reads back.
    ///
    /// # Errors
    /// See [`UpdateError`]: each says whether the asset was changed.
    pub async fn send(mut self) -> Result<Updated<R::Asset>, UpdateError<R::Asset>> {
        let mut base = match self.based_on.take() {
            Some(asset) => asset,
            None => self.find().await.map_err(UpdateError::Find)?,
        };
        loop {
            let mut wanted = base.clone();
            (self.change)(&mut wanted);
            if *R::id(&wanted) != self.id {
                return Err(UpdateError::OtherId {
                    id: self.id.to_string(),
                    other: R::id(&wanted).to_string(),
                });
            }
            let current = self.find().await.map_err(UpdateError::Find)?;
            if current != base {
                if self.repetitions == 0 {
                    return Err(UpdateError::Conflict {
                        fields: differences(&json(&base), &json(&current), Absent::Differs),
                        current: Box::new(current),
                    });
                }
                self.repetitions -= 1;
                base = current;
                continue;
            }
            let changed = differences(&json(&base), &json(&wanted), Absent::Differs);
            if changed.is_empty() {
                return Ok(Updated {
                    before: base.clone(),
                    after: base,
                    changed,
                    otherwise: Vec::new(),
                });
            }
            return self.save(base, &wanted, changed).await;
        }
    }

    async fn find(&self) -> Result<R::Asset, Error> {
        R::FIND_BY_ID(&self.client, &self.id).await
    }

    async fn save(
        &self,
        before: R::Asset,
        wanted: &R::Asset,
        changed: Vec<String>,
    ) -> Result<Updated<R::Asset>, UpdateError<R::Asset>> {
        // No read shows a secret.
        let managed = ServerManagedFields::for_segment(R::NAMES.segment);
        let shown = |asset: &R::Asset| managed.with_masked_secrets(json(asset));
        let asked = json(wanted);
        let emptied = managed.empty_secrets(&asked);
        let wanted_shown = managed.with_masked_secrets(asked);
        let unseen = shown(&before) == wanted_shown;
        let unanswered = match R::SAVE(&self.client, wanted).await {
            Ok(()) => None,
            // Reading back cannot tell.
            Err(error) if unseen && error.may_have_been_applied() => {
                return Err(UpdateError::Unknown(error));
            }
            // A refusal may be that of a second try, whose first one was applied.
            Err(error) if error.may_have_been_applied() => Some(error),
            Err(error) => return Err(UpdateError::Refused(error)),
        };
        let mut pause = PAUSE;
        let mut reads = 0;
        loop {
            let after = match (self.find().await, &unanswered) {
                (Ok(after), _) => after,
                (Err(_), Some(error)) => return Err(UpdateError::Unknown(error.clone())),
                (Err(error), None) => return Err(UpdateError::NotReadBack(error)),
            };
            let after_shown = shown(&after);
            let otherwise = differences(&wanted_shown, &after_shown, Absent::MayBeEmpty);
            // The service keeps a secret that is only left out.
            let kept = emptied
                .iter()
                .copied()
                .filter(|secret| after_shown.pointer(secret).is_some());
            let not_so: Vec<&str> = otherwise.iter().map(String::as_str).chain(kept).collect();
            let lost: Vec<String> = changed
                .iter()
                .filter(|field| not_so.iter().any(|other| overlap(field, other)))
                .cloned()
                .collect();
            if lost.is_empty() {
                return Ok(Updated {
                    before,
                    after,
                    changed,
                    otherwise,
                });
            }
            reads += 1;
            if reads == READS {
                return Err(match unanswered {
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

/// An asset that was updated.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Updated<A> {
    /// The asset before.
    pub before: A,
    /// The asset as it reads now.
    pub after: A,
    /// The fields that the change touched, as JSON pointers. None: there was nothing to change, and nothing was saved.
    pub changed: Vec<String>,
    /// Other fields that read differently from what was saved, as JSON pointers: what the service sets itself, or somebody
    /// changed right afterwards, or a field that was taken out and that the service keeps.
    pub otherwise: Vec<String>,
}

/// Why an asset was not updated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError<A> {
    /// It could not be read. Nothing was saved.
    #[error("it could not be read, so nothing was saved: {0}")]
    Find(#[source] Error),
    /// The change gave it another ID, which the service does not allow. Nothing was saved.
    #[error("the change would give {id} the ID {other}, and an ID cannot be changed; nothing was saved")]
    OtherId {
        /// The ID.
        id: String,
        /// The ID after the change.
        other: String,
    },
    /// Somebody else has changed it meanwhile. Nothing was saved.
    #[error("somebody else has changed it meanwhile ({}); nothing was saved; make the change again on what it is now", .fields.join(", "))]
    Conflict {
        /// The fields that differ, as JSON pointers.
        fields: Vec<String>,
        /// The asset as it reads now.
        current: Box<A>,
    },
    /// The service refused to save it. Nothing was saved.
    #[error("it was not saved: {0}")]
    Refused(#[source] Error),
    /// The service accepted it, and reading it back shows other values: somebody changed the same fields right afterwards, or
    /// the service does not keep them.
    #[error("it was saved, but these fields read differently now: {}", .fields.join(", "))]
    Lost {
        /// The fields of the change that read differently, as JSON pointers.
        fields: Vec<String>,
        /// The asset as it reads now.
        current: Box<A>,
    },
    /// The service accepted it, and it could not be read back.
    #[error("it was saved, but it could not be read back: {0}")]
    NotReadBack(#[source] Error),
    /// No trustworthy answer came, and reading it back does not show the change: it may be saved or not.
    #[error("whether it was saved is not known; read it before you try again: {0}")]
    Unknown(#[source] Error),
}

/// What a property that only one of two assets has means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// They differ.
    Differs,
    /// They differ unless the other says nothing by it: `null`, an empty text, list or object. The service may show what it does
    /// not have in one of these forms (documented: the defaults of texts are empty).
    MayBeEmpty,
}

/// An asset as JSON, which each is.
pub(super) fn json(asset: &impl Serialize) -> Value {
    serde_json::to_value(asset).unwrap_or_default()
}

/// Where two assets differ, as JSON pointers; lists are compared as a whole.
pub(super) fn differences(one: &Value, other: &Value, absent: Absent) -> Vec<String> {
    let mut found = Vec::new();
    compare(one, other, absent, "", &mut found);
    found
}

fn compare(one: &Value, other: &Value, absent: Absent, pointer: &str, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let added = other.keys().filter(|name| !one.contains_key(*name));
            for name in one.keys().chain(added) {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                let pointer = format!("{pointer}/{escaped}");
                match (one.get(name), other.get(name)) {
                    (Some(one), Some(other)) => compare(one, other, absent, &pointer, found),
                    (Some(alone), None) | (None, Some(alone))
                        if absent == Absent::MayBeEmpty && is_empty(alone) => {}
                    _ => found.push(pointer),
                }
            }
        }
        (one, other) if one == other => {}
        _ => found.push(pointer.to_owned()),
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

/// Whether one pointer is at or below the other.
fn overlap(one: &str, other: &str) -> bool {
    let (shorter, longer) = if one.len() < other.len() {
        (one, other)
    } else {
        (other, one)
    };
    longer
        .strip_prefix(shorter)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn differences_are_named_by_pointer() {
        let one = json!({"a": 1, "b": {"c": [1], "d/e": 2}, "gone": null});
        let other = json!({"b": {"c": [1, 2], "d/e": 3}, "a": 1, "new": null});
        assert_eq!(
            differences(&one, &other, Absent::Differs),
            ["/b/c", "/b/d~1e", "/gone", "/new"]
        );
        assert_eq!(differences(&one, &other, Absent::MayBeEmpty), ["/b/c", "/b/d~1e"]);
        assert!(differences(&one, &one, Absent::Differs).is_empty());
        assert!(overlap("/a", "/a/b") && overlap("/a/b", "/a") && !overlap("/a", "/ab"));
    }
}
