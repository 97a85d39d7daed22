//! Trait for generic code that works with any kind of asset.

use super::resource::{AssetId, AssetStatus, Handle, ListRow, Resource};
use crate::transport::BoxFuture;
use crate::{Client, Error};
use futures_core::Stream;
use futures_util::{StreamExt as _, TryFutureExt as _, stream};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// A kind of asset, for code that works with any kind. The trait is sealed; every kind of asset implements
/// it.
///
/// ```
/// use funnelflux::{Client, Error, ext::{AssetKind, AssetStatus, Handle}};
///
/// /// Prints the archived assets of any kind.
/// async fn print_archived<K: AssetKind>(assets: &Handle<K>) -> Result<(), Error> {
///     for row in assets.list().await? {
///         if row.status == AssetStatus::Archived {
///             println!("{} {} {}", K::SINGULAR, row.id, row.name);
///         }
///     }
///     Ok(())
/// }
///
/// async fn example(client: Client) -> Result<(), Error> {
///     print_archived(&client.offer_sources()).await
/// }
/// ```
///
/// If a function needs only one operation, such as archiving, require the trait of that operation instead, as
/// in `fn archive_old(assets: &impl BulkArchive)`.
pub trait AssetKind: sealed::Sealed + Sized + Send + Sync + 'static {
    /// Type of the IDs of this kind.
    type Id: AssetId;
    /// Type of an asset with all its fields.
    type Asset: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// Name of one asset in messages, such as `offer source`.
    const SINGULAR: &'static str;
    /// Name of several assets in messages, such as `offer sources`.
    const PLURAL: &'static str;

    /// Returns the ID of an asset; `None` if the asset has no ID.
    fn id(asset: &Self::Asset) -> Option<&Self::Id>;

    /// Returns the status of an asset. An asset without a status is active (documented default).
    fn status(asset: &Self::Asset) -> AssetStatus;

    #[doc(hidden)]
    fn list(client: &Client) -> BoxFuture<'static, Result<Vec<AssetRow<Self::Id>>, Error>>;
}

mod sealed {
    pub trait Sealed {}
}

/// Row of an asset in the list of all assets of its kind.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AssetRow<I> {
    /// ID of the asset.
    pub id: I,
    /// Name of the asset.
    pub name: String,
    /// Status of the asset.
    pub status: AssetStatus,
    /// ID of the asset's category; empty if the asset has no category.
    pub category: String,
}

impl<R: Resource> sealed::Sealed for R {}

impl<R: Resource> AssetKind for R {
    type Id = R::Id;
    type Asset = R::Asset;
    const SINGULAR: &'static str = R::NAMES.singular;
    const PLURAL: &'static str = R::NAMES.plural;

    fn id(asset: &R::Asset) -> Option<&R::Id> {
        R::id(asset)
    }

    fn status(asset: &R::Asset) -> AssetStatus {
        R::summary(asset).status
    }

    fn list(client: &Client) -> BoxFuture<'static, Result<Vec<AssetRow<R::Id>>, Error>> {
        let Some(list) = R::LIST else {
            let plural = R::NAMES.plural;
            let problem = format!("{plural} cannot be listed: the vendor's index has no such operation");
            return Box::pin(async { Err(Error::configuration(problem)) });
        };
        let row = |row: ListRow<R::Id>| AssetRow {
            id: row.id,
            name: row.name,
            status: row.summary.status,
            category: row.summary.category,
        };
        let rows = list(client).into_future();
        Box::pin(rows.map_ok(move |rows| rows.into_iter().map(row).collect()))
    }
}

impl<K: AssetKind> Handle<K> {
    /// Lists all assets of the kind, whatever their status.
    ///
    /// # Errors
    /// Returns an error if the call fails, or if the vendor's index has no operation that lists the kind.
    /// Only settings of AI nodes lack such an operation.
    pub async fn list(&self) -> Result<Vec<AssetRow<K::Id>>, Error> {
        K::list(self.client()).await
    }

    /// Streams all assets of the kind, whatever their status. The first poll of the stream requests the whole
    /// list.
    pub fn stream(&self) -> impl Stream<Item = Result<AssetRow<K::Id>, Error>> + Send + Unpin + use<K> {
        let rows = K::list(self.client());
        Box::pin(stream::once(rows).flat_map(|rows| {
            let (rows, error) = match rows {
                Ok(rows) => (rows, None),
                Err(error) => (Vec::new(), Some(Err(error))),
            };
            stream::iter(rows.into_iter().map(Ok).chain(error))
        }))
    }
}
