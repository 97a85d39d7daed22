//! Bulk abilities of page groups.

use crate::ext::resource::{
    Archive, ArchiveCall, AssetSummary, Categorised, Delete, DeleteCall, Duplicate, DuplicateCall, FindById,
    FindByIds, Handle, ListCall, ListRow, MoveCall, Resource, ResourceNames, Save, StoreCall, Unarchive,
    UnarchiveCall,
};
use crate::types::{DuplicateRequest, PageGroup, PageGroupId, PageGroupInfo, StatusFilter, StringList};
use crate::{Client, Unverified};

/// **Inferred.** Page groups: the kind of asset behind [`Client::page_groups`].
#[derive(Debug)]
pub enum PageGroups {}

impl Client {
    /// **Inferred.** Operations on many page groups: bulk jobs, search by ID, safe updates.
    ///
    /// The vendor's index lists these operations by title and method only. Paths and bodies follow the
    /// pattern of offer sources. Archiving and deleting must therefore be acknowledged with `unverified`.
    ///
    /// Only global page groups can be put into a category (documented).
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// async fn archive(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    ///     let page_groups = client.page_groups();
    ///     let ids = ["2nIemJxCKbFX", "2n5JuOKWLTzd"];
    ///     println!("{}", page_groups.bulk_archive(ids).plan().await?);
    ///     let job = page_groups.bulk_archive(ids).unverified(Unverified::acknowledge());
    ///     println!("{}", job.send().await?);
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn page_groups(&self) -> Handle<PageGroups> {
        Handle::new(self.clone())
    }
}

impl Resource for PageGroups {
    type Id = PageGroupId;
    type Asset = PageGroup;
    const NAMES: ResourceNames = ResourceNames {
        segment: "pagegroup",
        singular: "page group",
        plural: "page groups",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_page_group_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_page_groups_by_ids);
    const LIST: Option<ListCall<Self>> = Some(|client| {
        let call = client.list_page_groups(StatusFilter::All, None);
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &PageGroup) -> &PageGroupId {
        &asset.id_page_group
    }

    fn summary(asset: &PageGroup) -> AssetSummary {
        AssetSummary::new(asset.status.as_ref(), asset.id_category.as_ref())
    }
}

fn row(info: PageGroupInfo) -> ListRow<PageGroupId> {
    ListRow {
        summary: AssetSummary::new(Some(&info.status), info.id_category.as_ref()),
        id: info.id_page_group,
        name: info.page_group_name,
    }
}

impl Archive for PageGroups {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_page_groups;
}

impl Unarchive for PageGroups {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_page_groups;
}

impl Delete for PageGroups {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const DELETE: DeleteCall<Self> = Client::delete_page_groups;
}

impl Categorised for PageGroups {
    const MOVE_TO_CATEGORY: MoveCall = Client::move_page_groups_to_category;
}

impl Duplicate for PageGroups {
    type Request = DuplicateRequest;
    const DUPLICATE: DuplicateCall<Self> = Client::duplicate_page_group;
}

impl Save for PageGroups {
    const CREATE: StoreCall<Self> = Client::create_page_group;
    const SAVE: StoreCall<Self> = Client::save_page_group;
}
