//! Creates an asset under a chosen ID, or saves the asset if the ID exists.
//!
//! To create an asset under a new ID, use [`Client::create`](crate::Client::create).

use super::abilities::{Assets, IdOf};
use super::bulk::Failure;
use super::read::{ReadResult, Reader, URL_LENGTH, is_not_found};
use super::read_calls::ReadCalls;
use super::resource::{Handle, Resource, Save};
use super::update::{self, Absent, differences, is_deleted};
use crate::values::object::fits_strictly;
use crate::{Client, Error};
use serde_json::{Value, json};
use std::fmt;

/// Creates an asset under a chosen ID, or saves the asset if that ID exists.
///
/// ```no_run
/// use funnelflux::{Client, ext::*, types::OfferSource};
///
/// async fn store(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
///     let source = OfferSource::new("2nIemJxCKbFX", "MaxBounty");
///     let stored = client.offer_sources().create_or_save(source).await?;
///     println!("{stored:?}");
///     Ok(())
/// }
/// ```
pub trait CreateOrSave: Assets<Resource: Save> {
    /// Creates the asset if its ID does not exist; otherwise saves the asset if it differs from the stored
    /// asset.
    ///
    /// A save replaces the whole stored asset. To change single fields and keep the other fields, use
    /// [`Update`](super::Update). If the stored asset is equal to the given asset, no change is sent, so a
    /// script can declare the assets that should exist. The two assets are compared by these rules:
    ///
    /// - An absent field is equal to an empty field.
    /// - If the given asset has no status, any stored status except *deleted* counts as equal.
    /// - Fields that only the service sets, such as the hash of a script, are not compared. Fields that this
    ///   version of the crate does not define are compared only if the given asset contains them. The same
    ///   applies to `meta` and its members, which belong to the vendor's user interface.
    /// - Secrets cannot be compared, so an asset with a secret is always saved.
    ///
    /// A second call with the same asset saves the asset again if the service did not store it as it was
    /// sent. For example, the service may keep a field that a save omits, or replace the members of `meta`.
    /// The vendor documents neither behaviour.
    ///
    /// # Errors
    /// Returns a [`StoreError`] if the asset was neither created nor saved, or if the result is unknown.
    fn create_or_save(
        &self,
        asset: <Self::Resource as Resource>::Asset,
    ) -> impl Future<Output = Result<Stored, StoreError<IdOf<Self>>>> + Send + use<Self> {
        let client = self.assets().clone();
        async move { create_or_save::<Self::Resource>(&client, &asset).await }
    }
}

impl<R: Save> CreateOrSave for Handle<R> {}

/// Effect of [`CreateOrSave::create_or_save`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stored {
    /// The ID did not exist, so the asset was created.
    Created,
    /// The stored asset differed, so the asset was saved.
    Saved,
    /// The stored asset was equal, so no change was sent.
    Unchanged,
}

/// Error of [`CreateOrSave::create_or_save`].
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum StoreError<I> {
    /// The ID could not be looked up, so the asset was not sent.
    #[error("could not look up {id}, so nothing was sent: {error}")]
    Find {
        /// The ID.
        id: I,
        /// Error of the call.
        error: Error,
    },
    /// The service returned the asset in a form that this version of the crate cannot read. Nothing was sent.
    #[error("could not read {id}, so nothing was sent: {failure}")]
    Odd {
        /// The ID.
        id: I,
        /// The problem.
        failure: Failure,
    },
    /// The asset is deleted. Nothing was saved.
    #[error("{id} is deleted, so the asset was not saved; fix: create it under a new ID")]
    Deleted {
        /// The ID.
        id: I,
    },
    /// The service refused the request, or did not process it. Nothing was created or saved under this ID.
    #[error("{id} was not stored: {error}")]
    Refused {
        /// The ID.
        id: I,
        /// Error of the call.
        error: Error,
    },
    /// No trustworthy response arrived, so the asset may or may not be stored. If the request was a save, the
    /// client also read the asset, but could not confirm the save.
    #[error("it is unknown whether {id} was stored: {error}; fix: read it before you try again")]
    Unknown {
        /// The ID.
        id: I,
        /// Error of the call.
        error: Error,
    },
}

crate::runtime::error::debug_as_display!(StoreError<I>, I: fmt::Display);

async fn create_or_save<R: Save>(client: &Client, asset: &R::Asset) -> Result<Stored, StoreError<R::Id>> {
    let id = R::id(asset).cloned();
    // The service refuses an empty ID. The lookup then reports an error.
    let id = id.unwrap_or_else(|| R::Id::from(String::new()));
    let base = match read::<R>(client, &id).await {
        ReadResult::Found(found) if is_stored::<R>(asset, &found) => return Ok(Stored::Unchanged),
        ReadResult::Found(found) => found,
        // If assets of the kind cannot be listed, only the creation itself shows whether the ID exists.
        ReadResult::Unreadable(error) if !(R::LIST.is_none() && is_not_found(&error)) => {
            return Err(StoreError::Find { id, error });
        }
        ReadResult::Missing | ReadResult::Unreadable(_) => {
            let error = match R::CREATE(client, asset).await {
                Ok(()) => return Ok(Stored::Created),
                Err(error) if error.may_have_been_applied() => {
                    return Err(StoreError::Unknown { id, error });
                }
                Err(error) => error,
            };
            // Another client may have created the asset in the meantime.
            match read::<R>(client, &id).await {
                ReadResult::Found(found) => found,
                _ => return Err(StoreError::Refused { id, error }),
            }
        }
        ReadResult::Odd(failure) => return Err(StoreError::Odd { id, failure }),
    };
    if is_deleted::<R>(&base) {
        return Err(StoreError::Deleted { id });
    }
    // A repetition of the save must not undo a change that someone else has made since the asset was read.
    let is_unchanged = {
        let (client, id) = (client.clone(), id.clone());
        move || {
            let (client, id, base) = (client.clone(), id.clone(), base.clone());
            async move { matches!(read::<R>(&client, &id).await, ReadResult::Found(found) if found == base) }
        }
    };
    match R::SAVE(client, asset).repeat_if(is_unchanged).await {
        Ok(()) => Ok(Stored::Saved),
        Err(error) if !error.may_have_been_applied() => Err(StoreError::Refused { id, error }),
        Err(error) => match read::<R>(client, &id).await {
            ReadResult::Found(found) if is_stored::<R>(asset, &found) => Ok(Stored::Saved),
            _ => Err(StoreError::Unknown { id, error }),
        },
    }
}

/// Returns true if saving `asset` would change nothing visible in the stored asset `found`.
///
/// The comparison tolerates that the service shows absent fields as empty, sets some fields itself, and keeps
/// the old status if the save has none. A secret always counts as a change, because the service never shows
/// secrets.
fn is_stored<R: Resource>(asset: &R::Asset, found: &R::Asset) -> bool {
    let managed = R::SERVER_MANAGED;
    let asset = update::json(asset);
    if managed.contains_secret(&asset) {
        return false;
    }
    let has_status = asset.get("status").is_some();
    let is_deleted = is_deleted::<R>(found);
    let (asset, found) = (managed.as_stored(asset), managed.as_stored(update::json(found)));
    differences(&asset, &found, Absent::MayBeEmpty)
        .iter()
        .all(|pointer| {
            let is_given = asset.pointer(pointer).is_some();
            match pointer.as_str() {
                "/status" => !has_status && !is_deleted,
                // The service may add members to `meta` for its user interface.
                pointer if pointer == "/meta" || pointer.starts_with("/meta/") => !is_given,
                pointer => !is_given && !is_known::<R>(&asset, pointer),
            }
        })
}

/// Returns true if the type of the asset has a field for the property at `pointer`, which `asset` lacks. The
/// function sets the property to values of two types: a property without a field accepts both values, and a
/// field rejects at least one of them.
fn is_known<R: Resource>(asset: &Value, pointer: &str) -> bool {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return true;
    };
    let name = name.replace("~1", "/").replace("~0", "~");
    let takes = |value: Value| {
        let mut asset = asset.clone();
        if let Some(parent) = asset.pointer_mut(parent).and_then(Value::as_object_mut) {
            parent.insert(name.clone(), value);
        }
        fits_strictly::<R::Asset>(asset)
    };
    !(takes(json!(true)) && takes(json!([[0]])))
}

async fn read<R: Resource>(client: &Client, id: &R::Id) -> ReadResult<R::Asset> {
    let reader = Reader::new(ReadCalls::of::<R>(), client.clone(), URL_LENGTH);
    let results = reader.assets(std::slice::from_ref(id)).await;
    results.into_iter().next().unwrap_or(ReadResult::Missing)
}
