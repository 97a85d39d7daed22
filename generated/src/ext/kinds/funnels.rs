//! The abilities of funnels.

use crate::ext::resource::{
    Archive, ArchiveCall, CopyRequest, Delete, DeleteCall, Duplicate, DuplicateCall, FindById, FindByIds,
    Handle, List, Names, Resource, Row, Save, Sight, Store, Unarchive, UnarchiveCall,
};
use crate::types::{Funnel, FunnelDuplicateRequest, FunnelId, FunnelInfo, StatusFilter, StringList};
use crate::{Client, Unverified};
#[cfg(feature = "funnel-groups")]
use crate::{transport::BoxFuture, types::FunnelGroupId};
#[cfg(feature = "funnel-groups")]
use std::collections::HashSet;

/// **Deduced.** Funnels: the kind of assets that [`Client::funnels`] handles.
#[derive(Debug)]
pub enum Funnels {}

impl Client {
    /// **Deduced.** Funnels as a whole: bulk jobs, find many, read-change-save and the like.
    ///
    /// The vendor's index lists the operations by title and method; their paths and bodies follow the pattern of offer sources. So
    /// what removes is sent only after `unverified`.
    ///
    /// A copy needs a funnel group to be in (documented: `FunnelDuplicateRequest::parent_id`). How a funnel is moved is not known, so
    /// that only [`Client::move_funnel`] is there, with an open body.
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let job = || client.funnels().bulk_archive(["2nIemJxCKbFX", "2n5JuOKWLTzd"]);
    /// println!("{}", job().plan().await?);
    /// let report = job().unverified(Unverified::acknowledge()).send().await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn funnels(&self) -> Handle<Funnels> {
        Handle::new(self.clone())
    }
}

/// How many funnels that are not deleted are in one of these groups; `None` where they cannot be read.
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
    const NAMES: Names = Names {
        segment: "funnel",
        singular: "funnel",
        plural: "funnels",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_funnel_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_funnels_by_ids);
    const LIST: Option<List<Self>> = Some(|client| {
        let call = client.list_funnels(StatusFilter::All, None);
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &Funnel) -> &FunnelId {
        &asset.id_funnel
    }

    fn sight(asset: &Funnel) -> Sight {
        Sight::new(asset.status.as_ref(), None)
    }
}

fn row(info: FunnelInfo) -> Row<FunnelId> {
    Row {
        sight: Sight::new(Some(&info.status), None),
        id: info.id_funnel,
        name: info.funnel_name,
    }
}

impl Archive for Funnels {
    type Request = StringList;
    type Word = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_funnels;
}

impl Unarchive for Funnels {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_funnels;
}

impl Delete for Funnels {
    type Request = StringList;
    type Word = Unverified;
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
    const CREATE: Store<Self> = Client::create_funnel;
    const SAVE: Store<Self> = Client::save_funnel;
}
