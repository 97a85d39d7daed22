//! Creating what does not exist and saving what does, in one.
//!
//! Creating under a new ID is [`Client::create`](crate::Client::create), which also settles a lost answer by reading the ID.

use super::abilities::{Assets, IdOf};
use super::read::{Reader, Seen, URL_LENGTH};
use super::resource::{Handle, Resource, Save};
use super::update::{Absent, differences, json};
use crate::runtime::managed::Managed;
use crate::types::Status;
use crate::{Client, Error};

/// Creates an asset under an ID that the client has chosen, or saves it where that ID exists.
///
/// ```no_run
/// use funnelflux::{Client, ext::*, types::OfferSource};
///
/// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
/// let stored = client
///     .offer_sources()
///     .create_or_save(OfferSource::new("2nIemJxCKbFX", "MaxBounty"))
///     .await?;
/// println!("{stored:?}");
/// # Ok(())
/// # }
/// ```
pub trait CreateOrSave: Assets<Resource: Save> {
    /// Creates the asset if its ID does not exist, else saves it if it differs from what is there.
    ///
    /// The asset replaces what is there; to change single fields and keep the others use [`Update`](super::Update). Running it
    /// again does nothing: so a script can hold what ought to be. A field that is left out is the same as an empty one, and a status
    /// that is left out is not compared, unless the asset there is deleted: that always differs. Nor is compared what only the service
    /// sets (such as the hash of a script). A secret cannot be compared, so that an asset with one is always saved.
    ///
    /// # Errors
    /// When it was neither created nor saved, or nobody knows; see [`StoreError`].
    fn create_or_save(
        &self,
        asset: <Self::Resource as Resource>::Asset,
    ) -> impl Future<Output = Result<Stored, StoreError<IdOf<Self>>>> + Send + use<Self> {
        let client = self.assets().clone();
        async move { create_or_save::<Self::Resource>(&client, &asset).await }
    }
}

impl<R: Save> CreateOrSave for Handle<R> {}

/// What [`CreateOrSave::create_or_save`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stored {
    /// The ID did not exist: it was created.
    Created,
    /// It existed and differed: it was saved.
    Saved,
    /// It existed and was the same: nothing was sent.
    Unchanged,
}

/// Why an asset was neither created nor saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError<I> {
    /// Whether the ID exists could not be read. Nothing was sent.
    #[error("whether {id} exists could not be read, so nothing was sent: {error}")]
    Find {
        /// The ID.
        id: I,
        /// Why.
        #[source]
        error: Error,
    },
    /// The service refused it, or never received it. Nothing was created or saved under this ID.
    #[error("{id} was not stored: {error}")]
    Refused {
        /// The ID.
        id: I,
        /// Why.
        #[source]
        error: Error,
    },
    /// No trustworthy answer came, and reading the ID did not settle it. Read it before you try again.
    #[error("whether {id} was stored is not known; read it before you try again: {error}")]
    Unknown {
        /// The ID.
        id: I,
        /// Why.
        #[source]
        error: Error,
    },
}

async fn create_or_save<R: Save>(client: &Client, asset: &R::Asset) -> Result<Stored, StoreError<R::Id>> {
    let id = R::id(asset).clone();
    match read::<R>(client, &id).await {
        Seen::Found(found) if is_stored::<R>(asset, &found) => return Ok(Stored::Unchanged),
        Seen::Found(_) => {}
        Seen::Missing => {
            let error = match R::CREATE(client, asset).await {
                Ok(()) => return Ok(Stored::Created),
                Err(error) if error.may_have_been_applied() => {
                    return Err(StoreError::Unknown { id, error });
                }
                Err(error) => error,
            };
            // Somebody else may have created it meanwhile.
            if !matches!(read::<R>(client, &id).await, Seen::Found(_)) {
                return Err(StoreError::Refused { id, error });
            }
        }
        Seen::Unreadable(error) => return Err(StoreError::Find { id, error }),
    }
    match R::SAVE(client, asset).await {
        Ok(()) => Ok(Stored::Saved),
        Err(error) if !error.may_have_been_applied() => Err(StoreError::Refused { id, error }),
        Err(error) => match read::<R>(client, &id).await {
            Seen::Found(found) if is_stored::<R>(asset, &found) => Ok(Stored::Saved),
            _ => Err(StoreError::Unknown { id, error }),
        },
    }
}

/// Whether saving the one over the other would change nothing that can be seen: the service may show what the asset leaves out as
/// empty, makes of some fields what only it can, and gives the asset a status, which saving is not known to change. A secret is
/// always new, since no read shows one.
fn is_stored<R: Resource>(asset: &R::Asset, found: &R::Asset) -> bool {
    let managed = Managed::of(R::NAMES.segment);
    let asset = json(asset);
    if managed.tells_a_secret(&asset) {
        return false;
    }
    let is_new = |pointer: &str| pointer != "/status" || R::sight(found).status == Status::Deleted;
    let says_status = asset.get("status").is_some();
    let (asset, found) = (managed.shown(asset), managed.shown(json(found)));
    differences(&asset, &found, Absent::MayBeEmpty)
        .iter()
        .all(|pointer| !says_status && !is_new(pointer))
}

async fn read<R: Resource>(client: &Client, id: &R::Id) -> Seen<R::Asset> {
    let reader = Reader::<R>::new(client.clone(), URL_LENGTH);
    let seen = reader.assets(std::slice::from_ref(id)).await;
    seen.into_iter().next().unwrap_or(Seen::Missing)
}
