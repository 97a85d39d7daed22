//! The abilities of funnel groups.

#[cfg(feature = "funnels")]
use crate::ext::resource::CountChildren;
use crate::ext::resource::{
    Archive, ArchiveCall, Delete, DeleteCall, Duplicate, DuplicateCall, FindById, FindByIds, Handle, List,
    Names, Resource, Row, Save, Sight, Store, Unarchive, UnarchiveCall,
};
use crate::types::{
    DuplicateRequest, FunnelGroup, FunnelGroupId, FunnelGroupInfo, ParentMutationRequest, StatusFilter,
};
use crate::{Client, Unverified};

/// **Deduced.** Funnel groups: the kind of assets that [`Client::funnel_groups`] handles.
#[derive(Debug)]
pub enum FunnelGroups {}

impl Client {
    /// **Deduced.** Funnel groups as a whole: bulk jobs, find many, read-change-save and the like.
    ///
    /// The vendor's index lists the operations by title and method; their paths and bodies follow the pattern of offer sources. So
    /// what removes is sent only after `unverified`.
    ///
    /// They go by the listing `/funnelgroup/`, since only it has a way back from the archive; which of the two listings of the vendor's
    /// index is the older one, `/campaign/`, is not documented. Their children are the funnels in them: that archiving and deleting
    /// can handle those rests on the general wording of the type `ParentMutationRequest`.
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let job = || client.funnel_groups().bulk_archive(["2nIemJxCKbFX", "2n5JuOKWLTzd"]);
    /// println!("{}", job().plan().await?);
    /// let report = job().unverified(Unverified::acknowledge()).send().await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn funnel_groups(&self) -> Handle<FunnelGroups> {
        Handle::new(self.clone())
    }
}

impl Resource for FunnelGroups {
    type Id = FunnelGroupId;
    type Asset = FunnelGroup;
    const NAMES: Names = Names {
        segment: "funnelgroup",
        singular: "funnel group",
        plural: "funnel groups",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_funnel_group_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_funnel_groups_by_ids);
    const LIST: Option<List<Self>> = Some(|client| {
        let call = client.list_funnel_groups(StatusFilter::All);
        call.map(|rows| rows.into_iter().map(row).collect())
    });
    #[cfg(feature = "funnels")]
    const COUNT_CHILDREN: Option<CountChildren<Self>> = Some(super::funnels::count_in);

    fn id(asset: &FunnelGroup) -> &FunnelGroupId {
        &asset.id_funnel_group
    }

    fn sight(asset: &FunnelGroup) -> Sight {
        Sight::new(asset.status.as_ref(), None)
    }
}

fn row(info: FunnelGroupInfo) -> Row<FunnelGroupId> {
    Row {
        sight: Sight::new(Some(&info.status), None),
        id: info.id_funnel_group,
        name: info.funnel_group_name,
    }
}

impl Archive for FunnelGroups {
    type Request = ParentMutationRequest;
    type Word = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_funnel_groups;
}

impl Unarchive for FunnelGroups {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_funnel_groups;
}

impl Delete for FunnelGroups {
    type Request = ParentMutationRequest;
    type Word = Unverified;
    const DELETE: DeleteCall<Self> = Client::delete_funnel_groups;
}

impl Duplicate for FunnelGroups {
    type Request = DuplicateRequest;
    const DUPLICATE: DuplicateCall<Self> = Client::duplicate_funnel_group;
}

impl Save for FunnelGroups {
    const CREATE: Store<Self> = Client::create_funnel_group;
    const SAVE: Store<Self> = Client::save_funnel_group;
}
