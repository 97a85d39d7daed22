//! Traits that connect each kind of asset to the generated client. Each operation, such as archiving, has a
//! small trait. A kind of asset implements the traits of the operations that it supports.
//!
//! Users work with [`Handle`] and with its traits, such as `BulkArchive`. Other crates cannot implement the
//! traits of this module, because the module is private. The generated code implements a trait only if the
//! OpenAPI document has the operation. The implementations call methods of the client.

use super::cascade::Cascade;
use super::read::{ReadResult, Reader, URL_LENGTH};
use super::read_calls::ReadCalls;
use crate::runtime::acknowledgement::EvidenceState;
use crate::runtime::operation::Operation;
use crate::runtime::server_managed::ServerManagedFields;
use crate::transport::BoxFuture;
use crate::{Call, Client};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::fmt::{Debug, Display};
use std::{hash::Hash, marker::PhantomData};

/// Handle on one kind of asset, bound to a client. For example, `client.offer_sources()` returns a handle.
///
/// Most operations on the kind are methods of traits; `use funnelflux::ext::*` brings these traits into
/// scope. A handle is cheap to create and to clone, because it shares all its state with its client.
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

    /// Returns the client of this handle.
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

/// Combines the traits that every kind of asset requires of its ID type.
pub trait AssetId:
    Clone
    + Debug
    + Display
    + Eq
    + Hash
    + Ord
    + AsRef<str>
    + From<String>
    + for<'a> From<&'a str>
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
        + for<'a> From<&'a str>
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
    /// Path segment that only the operations of this kind have, such as `offersource`.
    pub segment: &'static str,
    /// Name of the property that contains the ID of an asset, such as `idOfferSource`.
    pub id: &'static str,
    /// Name of the property that contains the ID of an asset's category, such as `idCategory`; `None` if
    /// assets of this kind have no category.
    pub category: Option<&'static str>,
    /// Name of one asset in messages, such as `offer source`.
    pub singular: &'static str,
    /// Name of several assets in messages, such as `offer sources`.
    pub plural: &'static str,
}

/// Status of an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssetStatus {
    /// The asset is in use.
    Active,
    /// The asset is archived.
    Archived,
    /// The asset is deleted, but the service still lists or returns it.
    Deleted,
    /// A status that this version of the crate does not define.
    Other(String),
}

/// Status and category of an asset. Bulk jobs need no other properties.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AssetSummary {
    /// Status of the asset. An asset without a status is active (documented default).
    pub status: AssetStatus,
    /// ID of the asset's category; empty if the asset has no category.
    pub category: String,
}

impl AssetSummary {
    pub(crate) fn new(status: Option<&str>, category: Option<&str>) -> Self {
        Self {
            status: match status {
                None | Some("active") => AssetStatus::Active,
                Some("archived") => AssetStatus::Archived,
                Some("deleted") => AssetStatus::Deleted,
                Some(other) => AssetStatus::Other(other.to_owned()),
            },
            category: category.unwrap_or_default().to_owned(),
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
    /// Status and category of the asset.
    pub summary: AssetSummary,
}

impl<I: AssetId> ListRow<I> {
    pub(crate) fn untyped(self) -> ListRow<String> {
        ListRow {
            id: self.id.as_ref().to_owned(),
            name: self.name,
            summary: self.summary,
        }
    }
}

/// Client method that finds one asset.
pub(crate) type FindById<R> = fn(&Client, &<R as Resource>::Id) -> Call<<R as Resource>::Asset>;
/// Client method that finds many assets by ID.
pub(crate) type FindByIds<R> = fn(&Client, &[<R as Resource>::Id]) -> Call<Vec<<R as Resource>::Asset>>;
/// Client method that lists all assets, whatever their status.
pub(crate) type ListCall<R> = fn(&Client) -> Call<Vec<ListRow<<R as Resource>::Id>>>;
/// Client method that creates or saves an asset.
pub(crate) type StoreCall<R> = fn(&Client, &<R as Resource>::Asset) -> Call<()>;
/// Client method that duplicates an asset and returns the ID of the copy.
pub(crate) type DuplicateCall<R> =
    fn(&Client, &<R as Resource>::Id, &<R as Duplicate>::Request) -> Call<Option<String>>;
/// Function that counts the children of the given parents; returns `None` if the children cannot be counted.
pub(crate) type CountChildren<R> =
    fn(Client, HashSet<<R as Resource>::Id>) -> BoxFuture<'static, Option<usize>>;

/// Place of the list of IDs in a request.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "the document decides which places there are")]
pub(crate) enum Place {
    /// The body is the list.
    Body,
    /// The list is the value of the body property with this name.
    Property(&'static str),
    /// The list is the value of the query parameter with this name.
    Query(&'static str),
}

/// Names of two properties of a request body: the action for the children of the assets, and the ID of the
/// new parent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChildrenProperties {
    /// Name of the property that contains the action.
    pub(crate) action: &'static str,
    /// Name of the property that contains the ID of the new parent.
    pub(crate) target: &'static str,
}

/// A call that changes a list of assets.
#[derive(Clone, Copy, Debug)]
pub struct EntriesCall {
    pub(crate) operation: &'static Operation,
    pub(crate) entries: Place,
    pub(crate) children: Option<ChildrenProperties>,
}

impl EntriesCall {
    /// Creates the call for the assets with the IDs `entries`. `more` contains additional properties of the
    /// body; they are sent only if `self.entries` is [`Place::Property`].
    pub(crate) fn call<'a>(
        &self,
        client: &Client,
        entries: Vec<String>,
        more: impl IntoIterator<Item = (&'static str, &'a str)>,
    ) -> Call<()> {
        let unsent = client.call(self.operation);
        let properties = |entry: Option<(&'static str, Value)>| {
            let more = more.into_iter().map(|(name, value)| (name, Value::from(value)));
            let all = entry.into_iter().chain(more);
            all.map(|(name, value)| (name.to_owned(), value))
                .collect::<Map<_, _>>()
        };
        match self.entries {
            Place::Body => unsent.body(&entries),
            Place::Property(name) => unsent.body(&properties(Some((name, Value::from(entries))))),
            Place::Query(name) => unsent.query_list(name, &entries),
        }
        .empty()
    }

    /// Creates the call for the parents with the IDs `entries`. Unless `children` is [`Cascade::leave`], the
    /// request contains the action for the children of these parents.
    pub(crate) fn with_children<I: AsRef<str>>(
        &self,
        client: &Client,
        entries: Vec<String>,
        children: &Cascade<I>,
    ) -> Call<()> {
        let more = self.children.into_iter().flat_map(|names| {
            let (action, target) = children.values();
            let values = [(names.action, action), (names.target, target)];
            values
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
        });
        self.call(client, entries, more)
    }
}

/// Form of the rows in a list of children.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "the document decides where children name their parents")]
pub(crate) enum ChildRows {
    /// Each row contains the ID of the parent.
    NameParents,
    /// Each row contains only the ID of the child, at this JSON pointer. The child itself contains the ID of
    /// the parent.
    HaveIds(&'static str),
}

/// A query for the children of some parents.
#[allow(dead_code, reason = "the document decides whether there are children")]
pub(crate) struct ChildQuery {
    pub(crate) list: Call<Vec<Value>>,
    pub(crate) rows: ChildRows,
    /// JSON pointers at which a child may hold the ID of its parent. The first pointer that leads to a string
    /// is used.
    pub(crate) parents: &'static [&'static str],
}

#[allow(dead_code, reason = "the document decides whether there are children")]
impl ChildQuery {
    /// Counts the children of `parents`. The children are assets of the kind `C`. Returns `None` if the
    /// children cannot be listed, or if a child cannot be read. Also returns `None` if there are children,
    /// but none has any of the properties in `self.parents`, because the service may use other names for
    /// these properties.
    pub(crate) async fn count<C: Resource>(
        self,
        client: Client,
        parents: &HashSet<impl AssetId>,
    ) -> Option<usize> {
        let parents: HashSet<&str> = parents.iter().map(AsRef::as_ref).collect();
        // Returns `None` if the child has no property for its parent.
        let belongs = |child: &Value| {
            let values = || self.parents.iter().filter_map(|pointer| child.pointer(pointer));
            match values().find_map(Value::as_str) {
                Some(parent) => Some(parents.contains(parent)),
                None => values().any(Value::is_null).then_some(false),
            }
        };
        let total = |children: &[Option<bool>]| {
            let is_known = children.is_empty() || children.iter().any(Option::is_some);
            let count = children.iter().filter(|belongs| **belongs == Some(true)).count();
            is_known.then_some(count)
        };
        let rows = self.list.await.ok()?;
        let pointer = match self.rows {
            ChildRows::NameParents => return total(&rows.iter().map(belongs).collect::<Vec<_>>()),
            ChildRows::HaveIds(pointer) => pointer,
        };
        let ids = rows
            .iter()
            .map(|row| Some(row.pointer(pointer)?.as_str()?.to_owned()));
        let ids: Vec<String> = ids.collect::<Option<_>>()?;
        let mut children = Vec::new();
        let reader = Reader::new(ReadCalls::of::<C>(), client, URL_LENGTH);
        for ids in ids.chunks(100) {
            for result in reader.assets::<C::Asset>(ids).await {
                match result {
                    ReadResult::Found(asset) => {
                        children.push(belongs(&serde_json::to_value(asset).ok()?));
                    }
                    ReadResult::Missing => {}
                    ReadResult::Odd(_) | ReadResult::Unreadable(_) => return None,
                }
            }
        }
        total(&children)
    }
}

/// A kind of asset that can be read by ID.
pub trait Resource: Sized + Send + Sync + 'static {
    /// Type of the IDs of this kind.
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
    /// Counts children; `None` if the kind has no children that can be read.
    const COUNT_CHILDREN: Option<CountChildren<Self>> = None;
    /// Properties that the service changes when it stores an asset.
    const SERVER_MANAGED: ServerManagedFields;

    /// Returns the ID of an asset.
    fn id(asset: &Self::Asset) -> Option<&Self::Id>;
    /// Returns the status and category of an asset.
    fn summary(asset: &Self::Asset) -> AssetSummary;
}

/// A kind of asset that can be archived.
pub trait Archive: Resource {
    /// States whether the call is documented or inferred.
    type Acknowledgement: EvidenceState;
    /// Archives assets.
    const ARCHIVE: EntriesCall;
}

/// A kind of asset whose archiving call can handle children.
pub trait ArchiveChildren: Archive {}

/// A kind of asset that can be restored from the archive.
pub trait Unarchive: Resource {
    /// Restores assets from the archive.
    const UNARCHIVE: EntriesCall;
}

/// A kind of asset that can be deleted.
pub trait Delete: Resource {
    /// States whether the call is documented or inferred.
    type Acknowledgement: EvidenceState;
    /// Deletes assets.
    const DELETE: EntriesCall;
}

/// A kind of asset whose deleting call can handle children.
pub trait DeleteChildren: Delete {}

/// A kind of asset that can be moved to a category.
pub trait Categorised: Resource {
    /// Type of the ID of a category.
    type Category: AssetId;
    /// Moves assets to a category. An empty ID removes the assets from their current category.
    const MOVE_TO_CATEGORY: EntriesCall;
    /// Name of the body property that contains the ID of the category.
    const CATEGORY: &'static str;
}

/// A kind of asset that can be duplicated.
pub trait Duplicate: Resource {
    /// Request body that describes a copy.
    type Request: Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// Duplicates an asset.
    const DUPLICATE: DuplicateCall<Self>;

    /// Returns the name of the copy.
    fn copy_name(request: &Self::Request) -> &str;
}

/// A kind of asset whose copies can differ from the original.
pub trait OverrideCopy: Duplicate {
    /// Adds `updates` to a request: the properties in which the copy differs from the original.
    fn add_updates(request: &mut Self::Request, updates: Map<String, Value>);
}

/// A kind of asset that can be created and saved.
pub trait Save: Resource {
    /// Creates an asset.
    const CREATE: StoreCall<Self>;
    /// Saves an existing asset.
    const SAVE: StoreCall<Self>;
}
