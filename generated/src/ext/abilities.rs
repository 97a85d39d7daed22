//! Traits whose methods create bulk jobs, for example a job that archives many assets. [`Handle`] implements
//! such a trait if its kind of asset supports the change. The traits are sealed.

use super::bulk::{Archiving, Bulk, Deleting, MovingToCategory, Unarchiving};
use super::cascade::Cascade;
use super::resource::{Archive, Categorised, Delete, Handle, Resource, Unarchive};
use crate::Client;

/// A handle on a kind of asset. Other crates cannot implement this trait, because this module is private.
pub trait Assets {
    /// The kind of asset.
    type Resource: Resource;
    /// The client of this handle.
    fn assets(&self) -> &Client;
}

impl<R: Resource> Assets for Handle<R> {
    type Resource = R;

    fn assets(&self) -> &Client {
        self.client()
    }
}

/// Change that archives assets of the kind `R`. If the archiving call is inferred, the second type argument
/// of `Archiving` is `Inferred`, and the job cannot be sent without an acknowledgement.
type ArchivingOf<R> = Archiving<<R as Resource>::Id, <R as Archive>::Acknowledgement>;
/// Change that deletes assets of the kind `R`. If the deleting call is inferred, the second type argument of
/// `Deleting` is `Inferred`, and the job cannot be sent without an acknowledgement.
type DeletingOf<R> = Deleting<<R as Resource>::Id, <R as Delete>::Acknowledgement>;

/// ID type of a handle's assets.
pub(super) type IdOf<T> = <<T as Assets>::Resource as Resource>::Id;

/// Archives many assets.
///
/// ```no_run
/// use funnelflux::{Client, ext::*};
///
/// async fn archive(client: &Client, ids: &[String]) -> Result<(), Box<dyn std::error::Error>> {
///     let report = client
///         .offer_sources()
///         .bulk_archive(ids.iter().map(String::as_str))
///         .children(Cascade::move_to("2nIemJxCKbFX"))
///         .on_progress(|progress| eprintln!("{progress}"))
///         .send()
///         .await?;
///     println!("{report}");
///     Ok(())
/// }
/// ```
pub trait BulkArchive: Assets<Resource: Archive> {
    /// Creates a job that archives these assets.
    ///
    /// The children of the assets stay unchanged, unless you call `children` on the job. The job has the
    /// method `children` only if the operation of the service has an option for children. If the operation
    /// is inferred (not documented by the vendor), call `acknowledge_inferred` on the job before you send it.
    fn bulk_archive<I: Into<IdOf<Self>>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Bulk<Self::Resource, ArchivingOf<Self::Resource>> {
        let change = Archiving::new(Cascade::leave());
        Bulk::new(self.assets(), ids, change)
    }
}

impl<R: Archive> BulkArchive for Handle<R> {}

/// Restores many assets from the archive.
///
/// Children that a cascade archived together with their parent probably stay archived when the parent is
/// restored. The vendor does not document this.
///
/// ```no_run
/// use funnelflux::{Client, ext::*, types::StatusFilter};
///
/// async fn restore_all(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
///     let archived = client.list_offer_sources(StatusFilter::Archived, None).await?;
///     let ids = archived.iter().map(|source| &source.id_offer_source);
///     let report = client.offer_sources().bulk_unarchive(ids).send().await?;
///     println!("{} restored", report.counts().done);
///     Ok(())
/// }
/// ```
pub trait BulkUnarchive: Assets<Resource: Unarchive> {
    /// Creates a job that restores these assets. An active asset has the outcome *already so*, and a deleted
    /// asset is rejected.
    fn bulk_unarchive<I: Into<IdOf<Self>>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Bulk<Self::Resource, Unarchiving> {
        Bulk::new(self.assets(), ids, Unarchiving)
    }
}

impl<R: Unarchive> BulkUnarchive for Handle<R> {}

/// Deletes many assets.
///
/// After the deletion, the job reads the assets back, unless [`Bulk::verify`](super::Bulk::verify) is off. An
/// asset counts as deleted if its status is *deleted* or if a successful response omits it. The vendor does
/// not document which of the two happens. If a successful response omits an asset *before* the deletion, the
/// asset was deleted earlier or never existed, so its ID is rejected with
/// [`Reason::Gone`](super::Reason::Gone).
///
/// ```no_run
/// use funnelflux::{Client, ext::*};
///
/// async fn delete(client: &Client, ids: &[String]) -> Result<(), Box<dyn std::error::Error>> {
///     let ids = ids.iter().map(String::as_str);
///     let job = || client.offer_sources().bulk_delete(ids.clone()).children(Cascade::cascade());
///     println!("{}", job().plan().await?); // changes nothing
///     let report = job().journal("deletions.jsonl").send().await?;
///     for entry in report.entries() {
///         println!("{}: {:?}", entry.id, entry.outcome);
///     }
///     Ok(())
/// }
/// ```
pub trait BulkDelete: Assets<Resource: Delete> {
    /// Creates a job that deletes these assets.
    ///
    /// The children of the assets stay unchanged, unless you call `children` on the job. The job has the
    /// method `children` only if the operation of the service has an option for children. If the operation
    /// is inferred (not documented by the vendor), call `acknowledge_inferred` on the job before you send it.
    fn bulk_delete<I: Into<IdOf<Self>>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Bulk<Self::Resource, DeletingOf<Self::Resource>> {
        let change = Deleting::new(Cascade::leave());
        Bulk::new(self.assets(), ids, change)
    }
}

impl<R: Delete> BulkDelete for Handle<R> {}

/// Moves many assets to a category.
///
/// ```no_run
/// use funnelflux::{Client, ext::*};
///
/// async fn categorise(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
///     let sources = client.offer_sources();
///     let ids = ["2nIemJxCKbFX", "2n5JuOKWLTzd"];
///     println!("{}", sources.move_to_category(ids, "2n5JuOKWLTzf").send().await?);
///     println!("{}", sources.move_to_category(ids, "").send().await?); // removes them from it again
///     Ok(())
/// }
/// ```
pub trait MoveToCategory: Assets<Resource: Categorised> {
    /// Creates a job that moves these assets to `category`. An empty `category` removes the assets from their
    /// current category, as the vendor documents.
    ///
    /// The vendor does not document what happens if the category does not exist.
    fn move_to_category<I: Into<IdOf<Self>>>(
        &self,
        ids: impl IntoIterator<Item = I>,
        category: impl Into<<Self::Resource as Categorised>::Category>,
    ) -> Bulk<Self::Resource, MovingToCategory> {
        let category = category.into().to_string();
        Bulk::new(self.assets(), ids, MovingToCategory { category })
    }
}

impl<R: Categorised> MoveToCategory for Handle<R> {}
