//! What the abilities need to know of a kind of assets: one small trait per ability, implemented per resource in a few lines.
//!
//! A user meets the [`Handle`] and the traits of the abilities; the traits of this module are the seam between the two, sealed
//! by this module being private.

use super::cascade::Cascade;
use crate::types::{CategoryId, DuplicateRequest, DuplicateResponse, Status};
use crate::{Call, Client};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::{Debug, Display};
use std::{hash::Hash, marker::PhantomData};

/// One kind of assets of one client: `client.offer_sources()`.
///
/// Its abilities are traits: bring them into scope with `use funnelflux::ext::*`.
/// Cheap to make and to clone; it shares everything with its client.
pub struct Handle<R> {
    client: Client,
    resource: PhantomData<fn() -> R>,
}

impl<R> Handle<R> {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            resource: PhantomData,
        }
    }

    /// The client that it belongs to.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }
}

impl<R> Clone for Handle<R> {
    fn clone(&self) -> Self {
        Self::new(self.client.clone())
    }
}

impl<R: Resource> Debug for Handle<R> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Handle({})", R::NAMES.plural)
    }
}

/// What IDs of all kinds can do.
pub trait AssetId:
    Clone
    + Debug
    + Display
    + Eq
    + Hash
    + Ord
    + AsRef<str>
    + From<String>
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + Unpin
    + 'static
{
}

impl<T> AssetId for T where
    T: Clone
        + Debug
        + Display
        + Eq
        + Hash
        + Ord
        + AsRef<str>
        + From<String>
        + Serialize
        + DeserializeOwned
        + Send
        + Sync
        + Unpin
        + 'static
{
}

/// How a resource is called.
#[derive(Debug)]
pub struct Names {
    /// First segment of its paths: `offersource`.
    pub segment: &'static str,
    /// In a sentence: `offer source`.
    pub singular: &'static str,
    /// In a sentence: `offer sources`.
    pub plural: &'static str,
}

/// What the bulk jobs look at in an asset.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// Its status; active where it says nothing, which is the documented default.
    pub status: Status,
    /// Its category; empty where it has none.
    pub category: CategoryId,
}

impl Sight {
    pub(crate) fn new(status: Option<&Status>, category: Option<&CategoryId>) -> Self {
        Self {
            status: status.cloned().unwrap_or(Status::Active),
            category: category.cloned().unwrap_or_else(|| CategoryId::from("")),
        }
    }
}

/// One row of a list.
#[derive(Clone, Debug)]
pub struct Row<I> {
    /// Its ID.
    pub id: I,
    /// Its name.
    pub name: String,
}

/// A kind of assets that can be read by ID, by ID list, and as a list.
pub trait Resource: Send + Sync + 'static {
    /// Its ID.
    type Id: AssetId;
    /// An asset with all its fields.
    type Asset: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// An asset as lists show it.
    type Info: Send + 'static;
    /// How it is called.
    const NAMES: Names;

    /// ID of an asset.
    fn id(asset: &Self::Asset) -> &Self::Id;
    /// What the bulk jobs look at.
    fn sight(asset: &Self::Asset) -> Sight;
    /// A row of a list.
    fn row(info: Self::Info) -> Row<Self::Id>;
    /// The call that finds one.
    fn find_by_id(client: &Client, id: &Self::Id) -> Call<Self::Asset>;
    /// The call that finds many by ID.
    fn find_by_ids(client: &Client, ids: &[Self::Id]) -> Call<Vec<Self::Asset>>;
    /// The call that lists all, whatever their status.
    fn list(client: &Client) -> Call<Vec<Self::Info>>;
}

/// Its assets have children, which archiving and deleting may handle.
pub trait Parent: Resource {}

/// It can be archived.
pub trait Archive: Resource {
    /// The call.
    fn archive(client: &Client, entries: Vec<String>, children: &Cascade<Self::Id>) -> Call<()>;
}

/// It can be brought back from the archive.
pub trait Unarchive: Resource {
    /// The call.
    fn unarchive(client: &Client, entries: Vec<String>) -> Call<()>;
}

/// It can be deleted.
pub trait Delete: Resource {
    /// The call.
    fn delete(client: &Client, entries: Vec<String>, children: &Cascade<Self::Id>) -> Call<()>;
}

/// It can be put into a category.
pub trait Categorised: Resource {
    /// The call; an empty category takes the assets out of theirs.
    fn move_to_category(client: &Client, entries: Vec<String>, category: &CategoryId) -> Call<()>;
}

/// It can be duplicated.
pub trait Duplicate: Resource {
    /// The call.
    fn duplicate(
        client: &Client,
        id: &Self::Id,
        request: &DuplicateRequest,
    ) -> Call<DuplicateResponse>;
}

/// It can be created and saved.
pub trait Save: Resource {
    /// The call that creates.
    fn create(client: &Client, asset: &Self::Asset) -> Call<()>;
    /// The call that saves.
    fn save(client: &Client, asset: &Self::Asset) -> Call<()>;
}
