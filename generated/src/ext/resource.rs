//! Traits that connect each kind of asset to the generated client: one small trait per ability, implemented
//! for each kind.
//!
//! Users work with [`Handle`] and the ability traits. The traits in this module are sealed because the module
//! is private. Their constants are methods of the generated client, with their exact types. If a new document
//! changes the body of an operation, the kinds that use the operation no longer compile until they are
//! adapted.

use super::cascade::Cascade;
use super::evidence::RequiredAcknowledgement;
use crate::transport::BoxFuture;
use crate::types::{
    CategoryId, DuplicateRequest, DuplicateResponse, MoveCategoryRequest, ParentMutationRequest, Status,
    StringList,
};
use crate::{Call, Client};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::HashSet;
use std::fmt::{Debug, Display};
use std::{hash::Hash, marker::PhantomData};

/// One kind of asset of one client: `client.offer_sources()`.
///
/// The abilities of a kind are traits; `use funnelflux::ext::*` brings them into scope. A handle is cheap to
/// create and clone, because it shares everything with its client.
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

    /// The client of this handle.
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

/// Capabilities shared by the IDs of all kinds.
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

/// Names of a kind of asset.
#[derive(Debug)]
pub struct ResourceNames {
    /// First segment of its paths, such as `offersource`.
    pub segment: &'static str,
    /// Singular for messages, such as `offer source`.
    pub singular: &'static str,
    /// Plural for messages, such as `offer sources`.
    pub plural: &'static str,
}

/// The properties of an asset that bulk jobs compare.
#[derive(Clone, Debug, PartialEq)]
pub struct AssetSummary {
    /// Status; active if absent, which is the documented default.
    pub status: Status,
    /// Category; empty if it has none.
    pub category: CategoryId,
}

impl AssetSummary {
    pub(crate) fn new(status: Option<&Status>, category: Option<&CategoryId>) -> Self {
        Self {
            status: status.cloned().unwrap_or(Status::Active),
            category: category.cloned().unwrap_or_else(|| CategoryId::from("")),
        }
    }
}

/// One row of a list of assets.
#[derive(Clone, Debug)]
pub struct ListRow<I> {
    /// ID of the asset.
    pub id: I,
    /// Name of the asset.
    pub name: String,
    /// The properties that bulk jobs compare.
    pub summary: AssetSummary,
}

/// Client method that finds one asset.
pub(super) type FindById<R> = fn(&Client, &<R as Resource>::Id) -> Call<<R as Resource>::Asset>;
/// Client method that finds many assets by ID.
pub(super) type FindByIds<R> = fn(&Client, &[<R as Resource>::Id]) -> Call<Vec<<R as Resource>::Asset>>;
/// Client method that lists the assets of every status.
pub(super) type ListCall<R> = fn(&Client) -> Call<Vec<ListRow<<R as Resource>::Id>>>;
/// Client method that creates or saves an asset.
pub(super) type StoreCall<R> = fn(&Client, &<R as Resource>::Asset) -> Call<()>;
/// Client method that archives assets.
pub(super) type ArchiveCall<R> =
    fn(&Client, &<R as Archive>::Request, <R as Archive>::Acknowledgement) -> Call<()>;
/// Client method that restores assets from the archive.
pub(super) type UnarchiveCall = fn(&Client, &StringList) -> Call<()>;
/// Client method that deletes assets. The ID is an older query parameter and stays unused.
pub(super) type DeleteCall<R> = fn(
    &Client,
    Option<&<R as Resource>::Id>,
    Option<&<R as Delete>::Request>,
    <R as Delete>::Acknowledgement,
) -> Call<()>;
/// Client method that moves assets to a category. An empty category removes them from their current one.
pub(super) type MoveCall = fn(&Client, &MoveCategoryRequest) -> Call<()>;
/// Client method that duplicates an asset.
pub(super) type DuplicateCall<R> =
    fn(&Client, &<R as Resource>::Id, &<R as Duplicate>::Request) -> Call<DuplicateResponse>;
/// Function that counts the children of some parents; `None` if they cannot be counted.
pub(super) type CountChildren<R> =
    fn(Client, HashSet<<R as Resource>::Id>) -> BoxFuture<'static, Option<usize>>;

/// A kind of asset that can be read by ID.
pub trait Resource: Sized + Send + Sync + 'static {
    /// Type of its IDs.
    type Id: AssetId;
    /// Type of an asset with all its fields.
    type Asset: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// Names of the kind.
    const NAMES: ResourceNames;
    /// Finds one asset.
    const FIND_BY_ID: FindById<Self>;
    /// Finds many assets by ID; `None` if the vendor's index has no such operation.
    const FIND_BY_IDS: Option<FindByIds<Self>>;
    /// Lists all assets; `None` if the vendor's index has no such operation.
    const LIST: Option<ListCall<Self>>;
    /// Counts children; `None` if the kind has none that can be read.
    const COUNT_CHILDREN: Option<CountChildren<Self>> = None;

    /// Returns the ID of an asset.
    fn id(asset: &Self::Asset) -> &Self::Id;
    /// Returns the properties that bulk jobs compare.
    fn summary(asset: &Self::Asset) -> AssetSummary;
}

/// A request body that names the assets to archive or delete.
pub trait EntriesRequest<I> {
    /// Builds the body for these assets. Includes `children` if the body has a field for them.
    fn new(entries: Vec<String>, children: &Cascade<I>) -> Self;
}

impl<I> EntriesRequest<I> for StringList {
    fn new(entries: Vec<String>, _: &Cascade<I>) -> Self {
        Self::new(entries)
    }
}

impl<I: AsRef<str>> EntriesRequest<I> for ParentMutationRequest {
    fn new(entries: Vec<String>, children: &Cascade<I>) -> Self {
        children.request(entries)
    }
}

/// A kind of asset that can be archived.
pub trait Archive: Resource {
    /// Request body. Only [`ParentMutationRequest`] can handle children.
    type Request: EntriesRequest<Self::Id>;
    /// The acknowledgement that the call requires.
    type Acknowledgement: RequiredAcknowledgement;
    /// Archives assets.
    const ARCHIVE: ArchiveCall<Self>;
}

/// A kind of asset that can be restored from the archive.
pub trait Unarchive: Resource {
    /// Restores assets from the archive.
    const UNARCHIVE: UnarchiveCall;
}

/// A kind of asset that can be deleted.
pub trait Delete: Resource {
    /// Request body. Only [`ParentMutationRequest`] can handle children.
    type Request: EntriesRequest<Self::Id>;
    /// The acknowledgement that the call requires.
    type Acknowledgement: RequiredAcknowledgement;
    /// Deletes assets.
    const DELETE: DeleteCall<Self>;
}

/// A kind of asset that can be put into a category.
pub trait Categorised: Resource {
    /// Moves assets to a category.
    const MOVE_TO_CATEGORY: MoveCall;
}

/// A request body that describes a copy.
pub trait CopyRequest: Clone + Debug + Serialize + Send + Sync + 'static {
    /// Name of the copy.
    fn name(&self) -> &str;
}

impl CopyRequest for DuplicateRequest {
    fn name(&self) -> &str {
        &self.name
    }
}

/// A kind of asset that can be duplicated.
pub trait Duplicate: Resource {
    /// Request body.
    type Request: CopyRequest;
    /// Duplicates an asset.
    const DUPLICATE: DuplicateCall<Self>;
}

/// A kind of asset that can be created and saved.
pub trait Save: Resource {
    /// Creates an asset.
    const CREATE: StoreCall<Self>;
    /// Saves an existing asset.
    const SAVE: StoreCall<Self>;
}
