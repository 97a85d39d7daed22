//! Bulk abilities of funnel groups.

#[cfg(feature = "funnels")]
use crate::ext::resource::CountChildren;
use crate::ext::resource::{
    Archive, ArchiveCall, AssetSummary, Delete, DeleteCall, Duplicate, DuplicateCall, FindById, FindByIds,
    Handle, ListCall, ListRow, Resource, ResourceNames, Save, StoreCall, Unarchive, UnarchiveCall,
};
use crate::types::{
    DuplicateRequest, FunnelGroup, FunnelGroupId, FunnelGroupInfo, ParentMutationRequest, StatusFilter,
};
use crate::{Client, Unverified};

/// **Inferred.** Funnel groups: the kind of asset behind [`Client::funnel_groups`].
#[derive(Debug)]
pub enum FunnelGroups {}

impl Client {
    /// **Inferred.** Operations on many funnel groups: bulk jobs, search by ID, safe updates.
    ///
    /// The vendor's index lists these operations by title and method only. Paths and bodies follow the
    /// pattern of offer sources. Archiving and deleting must therefore be acknowledged with `unverified`.
    ///
    /// The calls use the paths under `/funnelgroup/`. The vendor's index also lists `/campaign/`, which has
    /// no operation to unarchive; which of the two is older is not documented.
    ///
    /// The children of a funnel group are the funnels in it. The general wording of `ParentMutationRequest`
    /// suggests that archiving and deleting can handle them.
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// async fn archive(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    ///     let funnel_groups = client.funnel_groups();
    ///     let ids = ["2nIemJxCKbFX", "2n5JuOKWLTzd"];
    ///     println!("{}", funnel_groups.bulk_archive(ids).plan().await?);
    ///     let job = funnel_groups.bulk_archive(ids).unverified(Unverified::acknowledge());
    ///     println!("{}", job.send().await?);
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn funnel_groups(&self) -> Handle<FunnelGroups> {
        Handle::new(self.clone())
    }
}

impl Resource for FunnelGroups {
    type Id = FunnelGroupId;
    type Asset = FunnelGroup;
    const NAMES: ResourceNames = ResourceNames {
        segment: "funnelgroup",
        singular: "funnel group",
        plural: "funnel groups",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_funnel_group_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_funnel_groups_by_ids);
    const LIST: Option<ListCall<Self>> = Some(|client| {
        let call = client.list_funnel_groups(StatusFilter::All);
        call.map(|rows| rows.into_iter().map(row).collect())
    });
    #[cfg(feature = "funnels")]
    const COUNT_CHILDREN: Option<CountChildren<Self>> = Some(super::funnels::count_in);

    fn id(asset: &FunnelGroup) -> &FunnelGroupId {
        &asset.id_funnel_group
    }

    fn summary(asset: &FunnelGroup) -> AssetSummary {
        AssetSummary::new(asset.status.as_ref(), None)
    }
}

fn row(info: FunnelGroupInfo) -> ListRow<FunnelGroupId> {
    ListRow {
        summary: AssetSummary::new(Some(&info.status), None),
        id: info.id_funnel_group,
        name: info.funnel_group_name,
    }
}

impl Archive for FunnelGroups {
    type Request = ParentMutationRequest;
    type Acknowledgement = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_funnel_groups;
}

impl Unarchive for FunnelGroups {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_funnel_groups;
}

impl Delete for FunnelGroups {
    type Request = ParentMutationRequest;
    type Acknowledgement = Unverified;
    const DELETE: DeleteCall<Self> = Client::delete_funnel_groups;
}

impl Duplicate for FunnelGroups {
    type Request = DuplicateRequest;
    const DUPLICATE: DuplicateCall<Self> = Client::duplicate_funnel_group;
}

impl Save for FunnelGroups {
    const CREATE: StoreCall<Self> = Client::create_funnel_group;
    const SAVE: StoreCall<Self> = Client::save_funnel_group;
}
