//! The abilities of a kind of assets that change many at once: one sealed trait each, written once for all kinds.

use super::bulk::{Archiving, Bulk, Deleting, MovingToCategory, Unarchiving};
use super::cascade::Cascade;
use super::evidence::Word;
use super::resource::{Archive, Categorised, Delete, Handle, Resource, Unarchive};
use crate::Client;
use crate::types::CategoryId;

/// A handle of a kind of assets. Sealed: this module is private.
pub trait Assets {
    /// The kind.
    type Resource: Resource;
    /// The client that it belongs to.
    fn assets(&self) -> &Client;
}

impl<R: Resource> Assets for Handle<R> {
    type Resource = R;

    fn assets(&self) -> &Client {
        self.client()
    }
}

/// Archiving assets of the kind `R`, before the caller has said what he has to.
type ArchivingOf<R> = Archiving<<R as Resource>::Id, <<R as Archive>::Word as Word>::Unsaid>;
/// Deleting assets of the kind `R`, before the caller has said what he has to.
type DeletingOf<R> = Deleting<<R as Resource>::Id, <<R as Delete>::Word as Word>::Unsaid>;

/// The ID of a handle's assets.
pub(super) type IdOf<T> = <<T as Assets>::Resource as Resource>::Id;

/// Archives many assets.
///
/// ```no_run
/// use funnelflux::{Client, ext::*};
///
/// # async fn run(client: Client, ids: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
/// let report = client
///     .offer_sources()
///     .bulk_archive(ids)
///     .children(Cascade::move_to("2nIemJxCKbFX"))
///     .on_progress(|progress| eprintln!("{progress}"))
///     .send()
///     .await?;
/// println!("{report}");
/// let left: Vec<_> = report.unfinished().collect();
/// # Ok(())
/// # }
/// ```
pub trait BulkArchive: Assets<Resource: Archive> {
    /// A job that archives these assets. Their children stay as they are, unless `children` says otherwise (for kinds that have
    /// any). Where the call is deduced, the job can be sent only after `unverified`.
    fn bulk_archive<I: Into<IdOf<Self>>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Bulk<Self::Resource, ArchivingOf<Self::Resource>> {
        let change = Archiving {
            children: Cascade::leave(),
            word: <Self::Resource as Archive>::Word::UNSAID,
        };
        Bulk::new(self.assets(), ids, change)
    }
}

impl<R: Archive> BulkArchive for Handle<R> {}

/// Brings many assets back from the archive.
///
/// Whether children that a cascade has archived come back with their parent is not documented; nothing suggests it.
///
/// ```no_run
/// use funnelflux::{Client, ext::*, types::StatusFilter};
///
/// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
/// let archived = client.list_offer_sources(StatusFilter::Archived, None).await?;
/// let report = client
///     .offer_sources()
///     .bulk_unarchive(archived.iter().map(|source| &source.id_offer_source))
///     .send()
///     .await?;
/// println!("{} are in use again", report.counts().done);
/// # Ok(())
/// # }
/// ```
pub trait BulkUnarchive: Assets<Resource: Unarchive> {
    /// A job that brings these assets back. One that is active counts as so already; a deleted one is rejected.
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
/// Deletion is read back unless that is switched off: an asset counts as deleted when it reads so, or cannot be read any more
/// (which of the two the service does is not documented). An ID that cannot be read *before* is rejected as not found: it may
/// have been deleted earlier, or never have been.
///
/// ```no_run
/// use funnelflux::{Client, ext::*};
///
/// # async fn run(client: Client, ids: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
/// let ids = ids.iter().map(String::as_str);
/// let job = || client.offer_sources().bulk_delete(ids.clone()).children(Cascade::cascade());
/// println!("{}", job().plan().await?); // nothing is sent yet
/// let report = job().journal("deletions.jsonl").send().await?;
/// for entry in report.entries() {
///     println!("{}: {:?}", entry.id, entry.outcome);
/// }
/// # Ok(())
/// # }
/// ```
pub trait BulkDelete: Assets<Resource: Delete> {
    /// A job that deletes these assets. Their children stay as they are, unless `children` says otherwise (for kinds that have
    /// any). Where the call is deduced, the job can be sent only after `unverified`.
    fn bulk_delete<I: Into<IdOf<Self>>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Bulk<Self::Resource, DeletingOf<Self::Resource>> {
        let change = Deleting {
            children: Cascade::leave(),
            word: <Self::Resource as Delete>::Word::UNSAID,
        };
        Bulk::new(self.assets(), ids, change)
    }
}

impl<R: Delete> BulkDelete for Handle<R> {}

/// Puts many assets into a category.
///
/// ```no_run
/// use funnelflux::{Client, ext::*};
///
/// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
/// let sources = client.offer_sources();
/// let ids = ["2nIemJxCKbFX", "2n5JuOKWLTzd"];
/// println!("{}", sources.move_to_category(ids, "2n5JuOKWLTzf").send().await?);
/// println!("{}", sources.move_to_category(ids, "").send().await?); // out of it again
/// # Ok(())
/// # }
/// ```
pub trait MoveToCategory: Assets<Resource: Categorised> {
    /// A job that puts these assets into `category`. The empty one takes them out of theirs (documented).
    ///
    /// What the service does with a category that does not exist is not documented.
    fn move_to_category<I: Into<IdOf<Self>>>(
        &self,
        ids: impl IntoIterator<Item = I>,
        category: impl Into<CategoryId>,
    ) -> Bulk<Self::Resource, MovingToCategory> {
        let category = category.into();
        Bulk::new(self.assets(), ids, MovingToCategory { category })
    }
}

impl<R: Categorised> MoveToCategory for Handle<R> {}
