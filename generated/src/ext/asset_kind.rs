//! Kinds of assets in generic code.

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
/// If a function needs only one ability, let it require that ability instead, as in `fn archive_old(assets:
/// &impl BulkArchive)`.
pub trait AssetKind: sealed::Sealed + Sized + Send + Sync + 'static {
    /// Type of the IDs of this kind.
    type Id: AssetId;
    /// Type of an asset with all its fields.
    type Asset: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// Singular in messages, such as `offer source`.
    const SINGULAR: &'static str;
    /// Plural in messages, such as `offer sources`.
    const PLURAL: &'static str;

    /// ID of an asset; `None` if the asset has none.
    fn id(asset: &Self::Asset) -> Option<&Self::Id>;

    /// Status of an asset; active if the asset has none (documented default).
    fn status(asset: &Self::Asset) -> AssetStatus;

    #[doc(hidden)]
    fn list(client: &Client) -> BoxFuture<'static, Result<Vec<AssetRow<Self::Id>>, Error>>;
}

mod sealed {
    pub trait Sealed {}
}

/// An asset in the list of its kind.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AssetRow<I> {
    /// ID of the asset.
    pub id: I,
    /// Name of the asset.
    pub name: String,
    /// Status of the asset.
    pub status: AssetStatus,
    /// ID of the category of the asset; empty if the asset has none.
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
    /// When the call fails, or when the vendor's index has no operation that lists this kind (settings of AI
    /// nodes).
    pub async fn list(&self) -> Result<Vec<AssetRow<K::Id>>, Error> {
        K::list(self.client()).await
    }

    /// Streams all assets of the kind, whatever their status. The first poll lists them in one request.
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
