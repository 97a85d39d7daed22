//! The abilities of page groups.

use crate::ext::resource::{
    Archive, ArchiveCall, Categorised, Delete, DeleteCall, Duplicate, DuplicateCall, FindById, FindByIds,
    Handle, List, MoveCall, Names, Resource, Row, Save, Sight, Store, Unarchive, UnarchiveCall,
};
use crate::types::{DuplicateRequest, PageGroup, PageGroupId, PageGroupInfo, StatusFilter, StringList};
use crate::{Client, Unverified};

/// **Deduced.** Page groups: the kind of assets that [`Client::page_groups`] handles.
#[derive(Debug)]
pub enum PageGroups {}

impl Client {
    /// **Deduced.** Page groups as a whole: bulk jobs, find many, read-change-save and the like.
    ///
    /// The vendor's index lists the operations by title and method; their paths and bodies follow the pattern of offer sources. So
    /// what removes is sent only after `unverified`.
    ///
    /// Only global ones can be put into a category (documented).
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let job = || client.page_groups().bulk_archive(["2nIemJxCKbFX", "2n5JuOKWLTzd"]);
    /// println!("{}", job().plan().await?);
    /// let report = job().unverified(Unverified::acknowledge()).send().await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn page_groups(&self) -> Handle<PageGroups> {
        Handle::new(self.clone())
    }
}

impl Resource for PageGroups {
    type Id = PageGroupId;
    type Asset = PageGroup;
    const NAMES: Names = Names {
        segment: "pagegroup",
        singular: "page group",
        plural: "page groups",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_page_group_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_page_groups_by_ids);
    const LIST: Option<List<Self>> = Some(|client| {
        let call = client.list_page_groups(StatusFilter::All, None);
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &PageGroup) -> &PageGroupId {
        &asset.id_page_group
    }

    fn sight(asset: &PageGroup) -> Sight {
        Sight::new(asset.status.as_ref(), asset.id_category.as_ref())
    }
}

fn row(info: PageGroupInfo) -> Row<PageGroupId> {
    Row {
        sight: Sight::new(Some(&info.status), info.id_category.as_ref()),
        id: info.id_page_group,
        name: info.page_group_name,
    }
}

impl Archive for PageGroups {
    type Request = StringList;
    type Word = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_page_groups;
}

impl Unarchive for PageGroups {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_page_groups;
}

impl Delete for PageGroups {
    type Request = StringList;
    type Word = Unverified;
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
    const CREATE: Store<Self> = Client::create_page_group;
    const SAVE: Store<Self> = Client::save_page_group;
}
