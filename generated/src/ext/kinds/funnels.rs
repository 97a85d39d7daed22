//! Bulk abilities of funnels.

use crate::ext::resource::{
    Archive, ArchiveCall, AssetSummary, CopyRequest, Delete, DeleteCall, Duplicate, DuplicateCall, FindById,
    FindByIds, Handle, ListCall, ListRow, Resource, ResourceNames, Save, StoreCall, Unarchive, UnarchiveCall,
};
use crate::types::{Funnel, FunnelDuplicateRequest, FunnelId, FunnelInfo, StatusFilter, StringList};
use crate::{Client, Unverified};
#[cfg(feature = "funnel-groups")]
use crate::{transport::BoxFuture, types::FunnelGroupId};
#[cfg(feature = "funnel-groups")]
use std::collections::HashSet;

/// **Inferred.** Funnels: the kind of asset behind [`Client::funnels`].
#[derive(Debug)]
pub enum Funnels {}

impl Client {
    /// **Inferred.** Operations on many funnels: bulk jobs, search by ID, safe updates.
    ///
    /// The vendor's index lists these operations by title and method only. Paths and bodies follow the
    /// pattern of offer sources. Archiving and deleting must therefore be acknowledged with `unverified`.
    ///
    /// A copy needs a funnel group (documented: `FunnelDuplicateRequest::parent_id`). The request that moves
    /// a funnel is unknown, so moving is available only as [`Client::move_funnel`] with a free-form body.
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// async fn archive(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    ///     let funnels = client.funnels();
    ///     let ids = ["2nIemJxCKbFX", "2n5JuOKWLTzd"];
    ///     println!("{}", funnels.bulk_archive(ids).plan().await?);
    ///     let job = funnels.bulk_archive(ids).unverified(Unverified::acknowledge());
    ///     println!("{}", job.send().await?);
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn funnels(&self) -> Handle<Funnels> {
        Handle::new(self.clone())
    }
}

/// Counts the funnels of these groups that are not deleted; `None` if they cannot be read.
#[cfg(feature = "funnel-groups")]
pub(super) fn count_in(client: Client, groups: HashSet<FunnelGroupId>) -> BoxFuture<'static, Option<usize>> {
    Box::pin(async move {
        let call = client.list_funnels(StatusFilter::NotDeleted, None);
        let belongs = |info: &&FunnelInfo| {
            let group = info.id_funnel_group.as_ref();
            group.is_some_and(|group| groups.contains(group))
        };
        Some(call.await.ok()?.iter().filter(belongs).count())
    })
}

impl Resource for Funnels {
    type Id = FunnelId;
    type Asset = Funnel;
    const NAMES: ResourceNames = ResourceNames {
        segment: "funnel",
        singular: "funnel",
        plural: "funnels",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_funnel_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_funnels_by_ids);
    const LIST: Option<ListCall<Self>> = Some(|client| {
        let call = client.list_funnels(StatusFilter::All, None);
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &Funnel) -> &FunnelId {
        &asset.id_funnel
    }

    fn summary(asset: &Funnel) -> AssetSummary {
        AssetSummary::new(asset.status.as_ref(), None)
    }
}

fn row(info: FunnelInfo) -> ListRow<FunnelId> {
    ListRow {
        summary: AssetSummary::new(Some(&info.status), None),
        id: info.id_funnel,
        name: info.funnel_name,
    }
}

impl Archive for Funnels {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_funnels;
}

impl Unarchive for Funnels {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_funnels;
}

impl Delete for Funnels {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const DELETE: DeleteCall<Self> = Client::delete_funnels;
}

impl CopyRequest for FunnelDuplicateRequest {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Duplicate for Funnels {
    type Request = FunnelDuplicateRequest;
    const DUPLICATE: DuplicateCall<Self> = Client::duplicate_funnel;
}

impl Save for Funnels {
    const CREATE: StoreCall<Self> = Client::create_funnel;
    const SAVE: StoreCall<Self> = Client::save_funnel;
}
