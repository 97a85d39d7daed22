//! Bulk abilities of traffic sources.

use crate::ext::resource::{
    Archive, ArchiveCall, AssetSummary, Categorised, Delete, DeleteCall, Duplicate, DuplicateCall, FindById,
    FindByIds, Handle, ListCall, ListRow, MoveCall, Resource, ResourceNames, Save, StoreCall, Unarchive,
    UnarchiveCall,
};
use crate::types::{
    DuplicateRequest, StatusFilter, StringList, TrafficSource, TrafficSourceId, TrafficSourceInfo,
};
use crate::{Client, Unverified};

/// **Inferred.** Traffic sources: the kind of asset behind [`Client::traffic_sources`].
#[derive(Debug)]
pub enum TrafficSources {}

impl Client {
    /// **Inferred.** Operations on many traffic sources: bulk jobs, search by ID, safe updates.
    ///
    /// The vendor's index lists these operations by title and method only. Paths and bodies follow the
    /// pattern of offer sources. Archiving and deleting must therefore be acknowledged with `unverified`.
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// async fn archive(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    ///     let traffic_sources = client.traffic_sources();
    ///     let ids = ["2nIemJxCKbFX", "2n5JuOKWLTzd"];
    ///     println!("{}", traffic_sources.bulk_archive(ids).plan().await?);
    ///     let job = traffic_sources.bulk_archive(ids).unverified(Unverified::acknowledge());
    ///     println!("{}", job.send().await?);
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn traffic_sources(&self) -> Handle<TrafficSources> {
        Handle::new(self.clone())
    }
}

impl Resource for TrafficSources {
    type Id = TrafficSourceId;
    type Asset = TrafficSource;
    const NAMES: ResourceNames = ResourceNames {
        segment: "trafficsource",
        singular: "traffic source",
        plural: "traffic sources",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_traffic_source_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_traffic_sources_by_ids);
    const LIST: Option<ListCall<Self>> = Some(|client| {
        let call = client.list_traffic_sources(StatusFilter::All, None);
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &TrafficSource) -> &TrafficSourceId {
        &asset.id_traffic_source
    }

    fn summary(asset: &TrafficSource) -> AssetSummary {
        AssetSummary::new(asset.status.as_ref(), asset.id_category.as_ref())
    }
}

fn row(info: TrafficSourceInfo) -> ListRow<TrafficSourceId> {
    ListRow {
        summary: AssetSummary::new(Some(&info.status), info.id_category.as_ref()),
        id: info.id_traffic_source,
        name: info.traffic_source_name,
    }
}

impl Archive for TrafficSources {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_traffic_sources;
}

impl Unarchive for TrafficSources {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_traffic_sources;
}

impl Delete for TrafficSources {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const DELETE: DeleteCall<Self> = Client::delete_traffic_sources;
}

impl Categorised for TrafficSources {
    const MOVE_TO_CATEGORY: MoveCall = Client::move_traffic_sources_to_category;
}

impl Duplicate for TrafficSources {
    type Request = DuplicateRequest;
    const DUPLICATE: DuplicateCall<Self> = Client::duplicate_traffic_source;
}

impl Save for TrafficSources {
    const CREATE: StoreCall<Self> = Client::create_traffic_source;
    const SAVE: StoreCall<Self> = Client::save_traffic_source;
}
