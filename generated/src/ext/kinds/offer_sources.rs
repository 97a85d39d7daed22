//! Bulk abilities of offer sources.

use crate::Client;
use crate::ext::evidence::Documented;
#[cfg(feature = "pages")]
use crate::ext::resource::CountChildren;
use crate::ext::resource::{
    Archive, ArchiveCall, AssetSummary, Categorised, Delete, DeleteCall, Duplicate, DuplicateCall, FindById,
    FindByIds, Handle, ListCall, ListRow, MoveCall, Resource, ResourceNames, Save, StoreCall, Unarchive,
    UnarchiveCall,
};
use crate::types::{
    DuplicateRequest, OfferSource, OfferSourceId, OfferSourceInfo, ParentMutationRequest, StatusFilter,
};

/// Offer sources: the kind of asset behind [`Client::offer_sources`].
#[derive(Debug)]
pub enum OfferSources {}

impl Client {
    /// Operations on many offer sources: bulk jobs, search by ID, safe updates.
    ///
    /// ```no_run
    /// use funnelflux::{Client, ext::*};
    ///
    /// async fn archive(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    ///     let report = client
    ///         .offer_sources()
    ///         .bulk_archive(["2nIemJxCKbFX", "2n5JuOKWLTzd"])
    ///         .children(Cascade::orphan())
    ///         .send()
    ///         .await?;
    ///     println!("{report}");
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn offer_sources(&self) -> Handle<OfferSources> {
        Handle::new(self.clone())
    }
}

impl Resource for OfferSources {
    type Id = OfferSourceId;
    type Asset = OfferSource;
    const NAMES: ResourceNames = ResourceNames {
        segment: "offersource",
        singular: "offer source",
        plural: "offer sources",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_offer_source_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_offer_sources_by_ids);
    const LIST: Option<ListCall<Self>> = Some(|client| {
        let call = client.list_offer_sources(StatusFilter::All, None);
        call.map(|rows| rows.into_iter().map(row).collect())
    });
    #[cfg(feature = "pages")]
    const COUNT_CHILDREN: Option<CountChildren<Self>> = Some(super::pages::count_offers);

    fn id(asset: &OfferSource) -> &OfferSourceId {
        &asset.id_offer_source
    }

    fn summary(asset: &OfferSource) -> AssetSummary {
        AssetSummary::new(asset.status.as_ref(), asset.id_category.as_ref())
    }
}

fn row(info: OfferSourceInfo) -> ListRow<OfferSourceId> {
    ListRow {
        summary: AssetSummary::new(Some(&info.status), info.id_category.as_ref()),
        id: info.id_offer_source,
        name: info.offer_source_name,
    }
}

impl Archive for OfferSources {
    type Request = ParentMutationRequest;
    type Acknowledgement = Documented;
    const ARCHIVE: ArchiveCall<Self> = |client, request, _| client.archive_offer_sources(request);
}

impl Unarchive for OfferSources {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_offer_sources;
}

impl Delete for OfferSources {
    type Request = ParentMutationRequest;
    type Acknowledgement = Documented;
    const DELETE: DeleteCall<Self> = |client, id, request, _| client.delete_offer_sources(id, request);
}

impl Categorised for OfferSources {
    const MOVE_TO_CATEGORY: MoveCall = Client::move_offer_sources_to_category;
}

impl Duplicate for OfferSources {
    type Request = DuplicateRequest;
    const DUPLICATE: DuplicateCall<Self> = Client::duplicate_offer_source;
}

impl Save for OfferSources {
    const CREATE: StoreCall<Self> = Client::create_offer_source;
    const SAVE: StoreCall<Self> = Client::save_offer_source;
}
