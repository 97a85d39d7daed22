//! Bulk abilities of pages.

use crate::ext::find::FindMany as _;
use crate::ext::resource::{
    Archive, ArchiveCall, AssetSummary, Categorised, Delete, DeleteCall, Duplicate, DuplicateCall, FindById,
    FindByIds, Handle, ListCall, ListRow, MoveCall, Resource, ResourceNames, Save, StoreCall, Unarchive,
    UnarchiveCall,
};
use crate::transport::BoxFuture;
use crate::types::{DuplicateRequest, OfferSourceId, Page, PageId, PageInfo, StatusFilter, StringList};
use crate::{Client, Unverified};
use std::collections::HashSet;

/// **Inferred.** Pages: the kind of asset behind [`Client::pages`].
#[derive(Debug)]
pub enum Pages {}

impl Client {
    /// **Inferred.** Operations on many pages: bulk jobs, search by ID, safe updates.
    ///
    /// The vendor's index lists these operations by title and method only. Paths and bodies follow the
    /// pattern of offer sources. Archiving and deleting must therefore be acknowledged with `unverified`.
    ///
    /// Pages are landers and offers; an offer belongs to an offer source.
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// async fn archive(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    ///     let pages = client.pages();
    ///     let ids = ["2nIemJxCKbFX", "2n5JuOKWLTzd"];
    ///     println!("{}", pages.bulk_archive(ids).plan().await?);
    ///     let job = pages.bulk_archive(ids).unverified(Unverified::acknowledge());
    ///     println!("{}", job.send().await?);
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn pages(&self) -> Handle<Pages> {
        Handle::new(self.clone())
    }
}

/// Counts the pages of these offer sources that are not deleted; `None` if some of them cannot be read.
///
/// Inferred: the calls follow the pattern of offer sources. Only two facts are known: lists show pages of
/// both kinds, and a page names its offer source in `offerParams.idOfferSource`. Lists omit that property, so
/// each page is read.
pub(super) fn count_offers(
    client: Client,
    parents: HashSet<OfferSourceId>,
) -> BoxFuture<'static, Option<usize>> {
    Box::pin(async move {
        let rows = client.list_pages(StatusFilter::NotDeleted, None).await.ok()?;
        if rows.is_empty() {
            return Some(0);
        }
        let ids = rows.into_iter().map(|info| info.id_page);
        let found = client.pages().find_many(ids).send().await.ok()?;
        let belongs = |page: &&Page| {
            let params = page.offer_params.as_ref();
            let parent = params.and_then(|params| params.id_offer_source.as_ref());
            parent.is_some_and(|parent| parents.contains(parent))
        };
        let count = found.assets.iter().filter(belongs).count();
        found.unreadable.is_empty().then_some(count)
    })
}

impl Resource for Pages {
    type Id = PageId;
    type Asset = Page;
    const NAMES: ResourceNames = ResourceNames {
        segment: "page",
        singular: "page",
        plural: "pages",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_page_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_pages_by_ids);
    const LIST: Option<ListCall<Self>> = Some(|client| {
        let call = client.list_pages(StatusFilter::All, None);
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &Page) -> &PageId {
        &asset.id_page
    }

    fn summary(asset: &Page) -> AssetSummary {
        AssetSummary::new(asset.status.as_ref(), asset.id_category.as_ref())
    }
}

fn row(info: PageInfo) -> ListRow<PageId> {
    ListRow {
        summary: AssetSummary::new(Some(&info.status), info.id_category.as_ref()),
        id: info.id_page,
        name: info.page_name,
    }
}

impl Archive for Pages {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_pages;
}

impl Unarchive for Pages {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_pages;
}

impl Delete for Pages {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const DELETE: DeleteCall<Self> = Client::delete_pages;
}

impl Categorised for Pages {
    const MOVE_TO_CATEGORY: MoveCall = Client::move_pages_to_category;
}

impl Duplicate for Pages {
    type Request = DuplicateRequest;
    const DUPLICATE: DuplicateCall<Self> = Client::duplicate_page;
}

impl Save for Pages {
    const CREATE: StoreCall<Self> = Client::create_page;
    const SAVE: StoreCall<Self> = Client::save_page;
}
