//! The abilities of traffic sources.

use crate::ext::resource::{
    Archive, ArchiveCall, Categorised, Delete, DeleteCall, Duplicate, DuplicateCall, FindById, FindByIds,
    Handle, List, MoveCall, Names, Resource, Row, Save, Sight, Store, Unarchive, UnarchiveCall,
};
use crate::types::{
    DuplicateRequest, StatusFilter, StringList, TrafficSource, TrafficSourceId, TrafficSourceInfo,
};
use crate::{Client, Unverified};

/// **Deduced.** Traffic sources: the kind of assets that [`Client::traffic_sources`] handles.
#[derive(Debug)]
pub enum TrafficSources {}

impl Client {
    /// **Deduced.** Traffic sources as a whole: bulk jobs, find many, read-change-save and the like.
    ///
    /// The vendor's index lists the operations by title and method; their paths and bodies follow the pattern of offer sources. So
    /// what removes is sent only after `unverified`.
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let job = || client.traffic_sources().bulk_archive(["2nIemJxCKbFX", "2n5JuOKWLTzd"]);
    /// println!("{}", job().plan().await?);
    /// let report = job().unverified(Unverified::acknowledge()).send().await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn traffic_sources(&self) -> Handle<TrafficSources> {
        Handle::new(self.clone())
    }
}

impl Resource for TrafficSources {
    type Id = TrafficSourceId;
    type Asset = TrafficSource;
    const NAMES: Names = Names {
        segment: "trafficsource",
        singular: "traffic source",
        plural: "traffic sources",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_traffic_source_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_traffic_sources_by_ids);
    const LIST: Option<List<Self>> = Some(|client| {
        let call = client.list_traffic_sources(StatusFilter::All, None);
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &TrafficSource) -> &TrafficSourceId {
        &asset.id_traffic_source
    }

    fn sight(asset: &TrafficSource) -> Sight {
        Sight::new(asset.status.as_ref(), asset.id_category.as_ref())
    }
}

fn row(info: TrafficSourceInfo) -> Row<TrafficSourceId> {
    Row {
        sight: Sight::new(Some(&info.status), info.id_category.as_ref()),
        id: info.id_traffic_source,
        name: info.traffic_source_name,
    }
}

impl Archive for TrafficSources {
    type Request = StringList;
    type Word = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_traffic_sources;
}

impl Unarchive for TrafficSources {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_traffic_sources;
}

impl Delete for TrafficSources {
    type Request = StringList;
    type Word = Unverified;
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
    const CREATE: Store<Self> = Client::create_traffic_source;
    const SAVE: Store<Self> = Client::save_traffic_source;
}
