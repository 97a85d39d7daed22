//! What the abilities need to know of a kind of assets: one small trait per ability, implemented per kind in a few lines.
//!
//! A user meets the [`Handle`] and the traits of the abilities; the traits of this module are the seam between the two, sealed
//! by this module being private. What they ask for are methods of the generated client, with their types: where a new document
//! gives an operation another body, the kind that uses it does not compile until it is looked at.

use super::cascade::Cascade;
use super::evidence::Word;
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
    /// What the bulk jobs look at.
    pub sight: Sight,
}

/// The call that finds one asset.
pub(super) type FindById<R> = fn(&Client, &<R as Resource>::Id) -> Call<<R as Resource>::Asset>;
/// The call that finds many assets by ID.
pub(super) type FindByIds<R> = fn(&Client, &[<R as Resource>::Id]) -> Call<Vec<<R as Resource>::Asset>>;
/// The call that lists all assets, whatever their status.
pub(super) type List<R> = fn(&Client) -> Call<Vec<Row<<R as Resource>::Id>>>;
/// The call that stores an asset.
pub(super) type Store<R> = fn(&Client, &<R as Resource>::Asset) -> Call<()>;
/// The call that archives.
pub(super) type ArchiveCall<R> = fn(&Client, &<R as Archive>::Request, <R as Archive>::Word) -> Call<()>;
/// The call that brings back from the archive.
pub(super) type UnarchiveCall = fn(&Client, &StringList) -> Call<()>;
/// The call that deletes. The ID, which goes into the query, is an older way and not used.
pub(super) type DeleteCall<R> = fn(
    &Client,
    Option<&<R as Resource>::Id>,
    Option<&<R as Delete>::Request>,
    <R as Delete>::Word,
) -> Call<()>;
/// The call that puts into a category; an empty one takes out.
pub(super) type MoveCall = fn(&Client, &MoveCategoryRequest) -> Call<()>;
/// The call that duplicates.
pub(super) type DuplicateCall<R> =
    fn(&Client, &<R as Resource>::Id, &<R as Duplicate>::Request) -> Call<DuplicateResponse>;
/// Counts the children of some parents, as far as they can be read; `None`: how many there are is not known.
pub(super) type CountChildren<R> =
    fn(Client, HashSet<<R as Resource>::Id>) -> BoxFuture<'static, Option<usize>>;

/// A kind of assets that can be read by ID.
pub trait Resource: Sized + Send + Sync + 'static {
    /// Its ID.
    type Id: AssetId;
    /// An asset with all its fields.
    type Asset: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// How it is called.
    const NAMES: Names;
    /// Finds one.
    const FIND_BY_ID: FindById<Self>;
    /// Finds many by ID. `None`: the vendor's index has no such operation.
    const FIND_BY_IDS: Option<FindByIds<Self>>;
    /// Lists all. `None`: the vendor's index has no such operation.
    const LIST: Option<List<Self>>;
    /// Counts children. `None`: what the children are, or how they are read, is not known.
    const COUNT_CHILDREN: Option<CountChildren<Self>> = None;

    /// ID of an asset.
    fn id(asset: &Self::Asset) -> &Self::Id;
    /// What the bulk jobs look at.
    fn sight(asset: &Self::Asset) -> Sight;
}

/// A body that names the assets to archive or delete.
pub trait Entries<I> {
    /// The body for these assets. What becomes of the children is in it where the body has a place for it.
    fn new(entries: Vec<String>, children: &Cascade<I>) -> Self;
}

impl<I> Entries<I> for StringList {
    fn new(entries: Vec<String>, _: &Cascade<I>) -> Self {
        Self::new(entries)
    }
}

impl<I: AsRef<str>> Entries<I> for ParentMutationRequest {
    fn new(entries: Vec<String>, children: &Cascade<I>) -> Self {
        children.request(entries)
    }
}

/// It can be archived.
pub trait Archive: Resource {
    /// The body. With [`ParentMutationRequest`] the children can be handled.
    type Request: Entries<Self::Id>;
    /// What the caller has to say before it is sent.
    type Word: Word;
    /// The call.
    const ARCHIVE: ArchiveCall<Self>;
}

/// It can be brought back from the archive.
pub trait Unarchive: Resource {
    /// The call.
    const UNARCHIVE: UnarchiveCall;
}

/// It can be deleted.
pub trait Delete: Resource {
    /// The body. With [`ParentMutationRequest`] the children can be handled.
    type Request: Entries<Self::Id>;
    /// What the caller has to say before it is sent.
    type Word: Word;
    /// The call.
    const DELETE: DeleteCall<Self>;
}

/// It can be put into a category.
pub trait Categorised: Resource {
    /// The call.
    const MOVE_TO_CATEGORY: MoveCall;
}

/// A body that says how a copy is to be.
pub trait CopyRequest: Send + 'static {
    /// Name of the copy.
    fn name(&self) -> &str;
}

impl CopyRequest for DuplicateRequest {
    fn name(&self) -> &str {
        &self.name
    }
}

/// It can be duplicated.
pub trait Duplicate: Resource {
    /// The body.
    type Request: CopyRequest;
    /// The call.
    const DUPLICATE: DuplicateCall<Self>;
}

/// It can be created and saved.
pub trait Save: Resource {
    /// The call that creates.
    const CREATE: Store<Self>;
    /// The call that saves.
    const SAVE: Store<Self>;
}
